"""One batch of listings screened: the function that every engine runs, wherever it runs."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

import hashlib
import io
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from models.patrol.matching import AgentIndex, Matcher
from models.patrol.screening import Model, screen_batch

READ: Final = ("title", "description", "platform", "shop_id", "shop_name", "shop_url")
"""The columns that screening reads; all but the first may be missing."""
RESULT: Final = pa.schema(
    [
        ("label", pa.string()),
        ("kind", pa.string()),
        ("score", pa.float32()),
        ("reasons", pa.list_(pa.string())),
        ("shop_match", pa.string()),
        ("agent_no", pa.string()),
        ("severity", pa.int16()),
        ("shop_reason", pa.string()),
    ]
)
_ENGINES: Final = 2


@dataclass(frozen=True, slots=True)
class Setup:
    """All that a worker needs beside the listings; the digest stands for the rest."""

    model: bytes = field(compare=False, repr=False)
    agents: bytes = field(compare=False, repr=False)
    """An Arrow stream of the register's agents."""
    digest: str

    @classmethod
    def of(cls, model: Model, agents: pa.Table | None) -> "Setup":
        body = model.to_bytes()
        stream = packed(agents if agents is not None else AgentIndex([]).table)
        return cls(body, stream, hashlib.sha256(body + stream).hexdigest())


def screen_part(listings: bytes, setup: Setup) -> bytes:
    """A batch as an Arrow stream in, its `RESULT` in the same order out."""
    model, matcher = _engine(setup)
    batch = unpacked(listings).combine_chunks().to_batches()[0]
    screened = screen_batch(batch, model)
    shops = matcher.match(batch)
    columns = {
        "label": screened.column("label"),
        "kind": screened.column("kind"),
        "score": screened.column("score"),
        "reasons": screened.column("reasons"),
        "shop_match": shops.column("shop_match"),
        "agent_no": shops.column("agent_no"),
        "severity": screened.column("severity"),
        "shop_reason": shops.column("reason"),
    }
    cast = [pc.cast(column, RESULT.field(name).type) for name, column in columns.items()]
    return packed(pa.table(cast, RESULT))


@lru_cache(maxsize=_ENGINES)
def _engine(setup: Setup) -> tuple[Model, Matcher]:
    """Made once in each process."""
    return Model.from_bytes(setup.model), Matcher(AgentIndex(unpacked(setup.agents)))


def packed(table: pa.Table | pa.RecordBatch) -> bytes:
    out = io.BytesIO()
    with pa.ipc.new_stream(out, table.schema) as stream:
        stream.write(table)
    return out.getvalue()


def unpacked(body: bytes) -> pa.Table:
    with pa.ipc.open_stream(pa.py_buffer(body)) as stream:
        return stream.read_all()
