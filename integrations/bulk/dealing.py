"""Records dealt out by card, so that all of a card are together: in memory, or in files."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import pyarrow as pa

from integrations.bulk.setups import packed
from models.cards.usage.records import DAY_BITS, RECORDS

_BLOCK_BITS: Final = DAY_BITS + 12
"""Cards that follow each other stay together, 4,096 of them, so that most batches stay whole."""
_A_PART: Final = 500_000
_MOST: Final = 256

Dealt = Sequence[tuple[int, pa.RecordBatch]]
"""Records with the number of their part."""


def parts_for(rows: int) -> int:
    return min(max(1, rows // _A_PART), _MOST)


def dealt(records: pa.RecordBatch, parts: int) -> Dealt:
    if parts == 1 or not records.num_rows:
        return [(0, records)]
    part = ((records.column("key").to_numpy() >> _BLOCK_BITS) % parts).astype(np.uint16)
    order = np.argsort(part, kind="stable")
    edges = np.searchsorted(part[order], np.arange(parts + 1))
    sorted_records = records.take(pa.array(order))
    return [
        (at, sorted_records.slice(begin, end - begin))
        for at, (begin, end) in enumerate(pairwise(edges))
        if end > begin
    ]


class Deal:
    """What was put down so far."""

    def __init__(self, parts: int, files: ExitStack, folder: Path | None) -> None:
        self.parts = parts
        self._kept: list[pa.RecordBatch] = []
        self._paths = [folder / f"{at}.arrows" for at in range(parts)] if folder else []
        self._streams: list[Any] = [
            files.enter_context(pa.ipc.new_stream(files.enter_context(path.open("wb")), RECORDS))
            for path in self._paths
        ]
        self._files = files

    def put(self, some: Dealt) -> None:
        for at, records in some:
            if self._streams:
                self._streams[at].write_batch(records)
            else:
                self._kept.append(records)

    def each(self) -> Iterator[bytes]:
        """The parts as streams, each given away once."""
        if not self._paths:
            kept, self._kept = self._kept, []
            yield packed(pa.Table.from_batches(kept, RECORDS))
            return
        self._files.close()
        for path in self._paths:
            yield path.read_bytes()
            path.unlink()


@contextmanager
def open_deal(beside: Path, parts: int) -> Generator[Deal]:
    """Files, where there are several parts, stand in a folder of their own beside that path."""
    with ExitStack() as stack:
        folder = None
        if parts > 1:
            name = TemporaryDirectory(dir=beside.parent, prefix=f".{beside.name}.")
            folder = Path(stack.enter_context(name))
        files = stack.enter_context(ExitStack())
        yield Deal(parts, files, folder)
