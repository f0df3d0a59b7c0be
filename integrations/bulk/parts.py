"""One batch of listings screened: the function that every engine runs, wherever it runs."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from integrations.bulk.setups import Part, Setup, packed, unpacked
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


def screening(model: Model, agents: pa.Table | None) -> Setup:
    """`agents` are those of the register."""
    return Setup.of(
        screener, model.to_bytes(), packed(AgentIndex([]).table if agents is None else agents)
    )


def screener(model: bytes, agents: bytes) -> Part:
    """A batch as an Arrow stream in, its `RESULT` in the same order out."""
    words, matcher = Model.from_bytes(model), Matcher(AgentIndex(unpacked(agents)))

    def screened(listings: bytes) -> bytes:
        return packed(_screened(unpacked(listings), words, matcher))

    return screened


def _screened(listings: pa.Table, model: Model, matcher: Matcher) -> pa.Table:
    batch = listings.combine_chunks().to_batches()[0]
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
    return pa.table(cast, RESULT)
