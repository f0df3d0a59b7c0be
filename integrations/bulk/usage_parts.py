"""Records of a day that came in parts, put together into one file of the day."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from integrations.bulk.tables import written
from models.cards.usage import MOST_REACHED, USAGE
from models.cards.usage.codes import cards_of

ROWS: Final = 500_000
"""That are summed at once; of more, some cards after the others."""
_ADDED: Final = {"bytes": (1 << 63) - 1, "voice": (1 << 31) - 1, "sms": (1 << 31) - 1}
"""Each with the most that a record can say."""
_KEPT: Final = ("iccid", "day", "device", "region")


def put_together(parts: Sequence[Path], day: date, target: Path) -> int:
    """The parts' records of a day, those of a card in one device and region as one; how many.

    Volume, calls and messages are added, targets are named once each. Records below zero are left
    out: they were counted as bad with their part. The parts are read one after another.
    """
    rows = sum(pq.read_metadata(path).num_rows for path in parts)
    made = 0
    with (
        tempfile.TemporaryDirectory(prefix="parts-", dir=target.parent) as folder,
        written(target, USAGE) as out,
    ):
        for share in _shares(parts, day, Path(folder), rows // ROWS + 1):
            together = summed(pq.read_table(share))
            made += together.num_rows
            for batch in together.to_batches():
                out.write(batch)
    return made


def summed(records: pa.Table) -> pa.Table:
    """One record for each card, day, device and region, in the order in which they are first."""
    records = records.combine_chunks()
    if not records.num_rows:
        return records
    said = pc.binary_join_element_wise(
        *(pc.fill_null(records[name].cast(pa.string()), "") for name in _KEPT), "\n"
    ).combine_chunks()
    group = said.dictionary_encode().indices.to_numpy()
    order = np.argsort(group, kind="stable")
    starts = np.flatnonzero(np.diff(group[order], prepend=-1))
    first = records.take(pa.array(order[starts]))
    columns = {name: first[name].combine_chunks() for name in _KEPT}
    columns["targets"] = _targets(records["targets"].combine_chunks(), group, len(starts))
    for name, most in _ADDED.items():
        column = records[name].to_numpy()[order]
        sums = np.add.reduceat(column, starts, dtype=np.int64)
        is_beyond = np.add.reduceat(column, starts, dtype=np.float64) >= most
        columns[name] = pa.array(np.where(is_beyond, most, sums)).cast(USAGE.field(name).type)
    return pa.table({name: columns[name] for name in USAGE.names}, USAGE)


def _targets(column: pa.Array, group: np.ndarray, groups: int) -> pa.Array:
    """The different targets of each group, the first of them where there are more than one record
    may have: each part was judged with all of its own.
    """
    words = column.flatten().dictionary_encode()
    count = max(len(words.dictionary), 1)
    of_group = group[pc.list_parent_indices(column).to_numpy()].astype(np.int64)
    pairs = np.unique(of_group * count + words.indices.to_numpy())
    place = np.arange(len(pairs)) - np.searchsorted(pairs // count, pairs // count)
    pairs = pairs[place < MOST_REACHED]
    ends = np.searchsorted(pairs // count, np.arange(groups + 1))
    texts = words.dictionary.take(pa.array(pairs % count))
    return pa.ListArray.from_arrays(pa.array(ends.astype(np.int32)), texts)


def _shares(parts: Sequence[Path], day: date, folder: Path, count: int) -> list[Path]:
    """The day's records in so many files, those of a card in the same."""
    paths = [folder / f"{at}.parquet" for at in range(count)]
    with ExitStack() as stack:
        files = [stack.enter_context(pq.ParquetWriter(path, USAGE)) for path in paths]
        for some in _of_day(parts, day):
            cards = cards_of(some["iccid"].combine_chunks())
            for at, file in enumerate(files):
                file.write_table(some.filter(pa.array(cards % count == at)))
    return paths


def _of_day(parts: Sequence[Path], day: date) -> Iterator[pa.Table]:
    """About `ROWS` at a time."""
    some: list[pa.RecordBatch] = []
    rows = 0
    for path in parts:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(use_threads=False):
                kept = batch.cast(USAGE).filter(_is_good(batch, day))
                some.append(kept)
                rows += kept.num_rows
        if rows >= ROWS:
            yield pa.Table.from_batches(some, USAGE)
            some, rows = [], 0
    yield pa.Table.from_batches(some, USAGE)


def _is_good(batch: pa.RecordBatch, day: date) -> pa.Array:
    is_good = pc.equal(batch["day"], pa.scalar(day, pa.date32()))
    for name in _ADDED:
        is_good = pc.and_(is_good, pc.greater_equal(batch[name], 0))
    return pc.fill_null(is_good, fill_value=False)
