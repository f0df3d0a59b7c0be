"""What a worker is told once, and tables as the bytes that go to and from it."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from typing import Final, TypeAlias

import pyarrow as pa

Part: TypeAlias = Callable[[bytes], bytes]
"""A batch in, its answer out."""
_AT_HAND: Final = 2


@dataclass(frozen=True, slots=True)
class Setup:
    """All that a worker needs beside the batches, whichever engine it works for."""

    work: str
    """A function of this house by module and name; what is given makes a `Part` of it."""
    given: tuple[bytes, ...] = field(compare=False, repr=False)
    digest: str
    """Stands for what is given."""

    @classmethod
    def of(cls, work: Callable[..., Part], *given: bytes) -> "Setup":
        name = f"{work.__module__}:{work.__qualname__}"
        digest = hashlib.sha256()
        for one in given:
            digest.update(len(one).to_bytes(8, "big") + one)
        return cls(name, given, digest.hexdigest())

    def made(self) -> Part:
        module, _, name = self.work.partition(":")
        return getattr(import_module(module), name)(*self.given)

    def answer(self, part: bytes) -> bytes:
        return _made(self)(part)


@lru_cache(maxsize=_AT_HAND)
def _made(setup: Setup) -> Part:
    """Once in each process that works for an engine."""
    return setup.made()


def packed(*tables: pa.Table | pa.RecordBatch) -> bytes:
    """As Arrow streams, one behind the other."""
    out = io.BytesIO()
    for table in tables:
        with pa.ipc.new_stream(out, table.schema) as stream:
            stream.write(table)
    return out.getvalue()


def unpacked(body: bytes) -> pa.Table:
    (table,) = unpacked_all(body)
    return table


def unpacked_all(body: bytes) -> list[pa.Table]:
    reader = pa.BufferReader(pa.py_buffer(body))
    tables: list[pa.Table] = []
    while reader.tell() < len(body):
        with pa.ipc.open_stream(reader) as stream:
            tables.append(stream.read_all())
    return tables
