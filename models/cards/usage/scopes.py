"""The scopes of batches as one table, and that table ready to be asked about whole columns."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

import re
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.cards.classes import Sms, Voice
from models.cards.usage.codes import NONE, SERIALS, keys_of
from models.cards.usage.shape import SCOPES, BatchScope
from models.cards.usage.targets import Lists, Targets, within
from models.refusals import Conflict, Invalid

_TAC: Final = re.compile(r"[0-9]{8}")
_TACS: Final = 10**8
_REGION: Final = re.compile(r"[1-9][0-9](?:[0-9]{4})?")
_DIGITS: Final = 6
_REGIONS: Final = 10**_DIGITS
_SIZES: Final = (1, 100, 10_000)
"""What a region's number is rounded down to: itself, its city, its province."""


def scopes_table(rows: Iterable[BatchScope]) -> pa.Table:
    """A row for each range of each batch."""
    columns: dict[str, list[object]] = {name: [] for name in SCOPES.names}
    for row in rows:
        for first, last in row.ranges:
            for name, column in columns.items():
                column.append(
                    first if name == "first" else last if name == "last" else getattr(row, name)
                )
    return pa.table(columns, SCOPES)


class Scopes:
    """Cards get a place: their number among all cards in scope, batch by batch and in order.

    Batches are counted in the order of their names, so a place tells the batch as well.
    """

    def __init__(self, table: pa.Table) -> None:
        table = table.select(SCOPES.names).cast(SCOPES).combine_chunks()
        self._table = table.sort_by([("batch", "ascending"), ("first", "ascending")])
        self.first, self.last = (_numbers(self._table[name]) for name in ("first", "last"))
        self.names = pc.unique(self._table["batch"].combine_chunks())
        """Of the batches."""
        self._batch_of_range = _numbers(pc.index_in(self._table["batch"], self.names))
        sizes = self.last - self.first + 1
        self._range_starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self._by_card = np.argsort(self.first, kind="stable")
        self._shifts = self._range_starts[:-1] - self.first
        self._firsts = self.first[self._by_card]
        self._ends = np.stack([self.last, self._shifts], axis=1)[self._by_card]
        """Beside each other, so that both are one look into memory."""
        self._heads = np.flatnonzero(np.diff(self._batch_of_range, prepend=-1))
        """The first range of each batch."""
        self.starts = self._range_starts[self._heads]
        """The place of each batch's first card."""
        self._must_be_apart()

    def _must_be_apart(self) -> None:
        names = self._table["batch"]
        for at in np.flatnonzero(self.last < self.first)[:1]:
            raise Invalid("usage.range_backwards", batch=names[int(at)].as_py())
        for at in np.flatnonzero(self._firsts[1:] <= self._ends[:-1, 0])[:1]:
            one, other = (names[int(self._by_card[at + more])].as_py() for more in (0, 1))
            raise Conflict("usage.ranges_overlap", batch=one, other=other)

    def places(self, cards: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The place of each card, and its range by number; both NONE for one in no scope."""
        if not len(self._firsts):
            return np.full(len(cards), NONE), np.full(len(cards), NONE)
        at = np.searchsorted(self._firsts, cards, "right") - 1
        last, shift = self._ends[at].T
        known = (at >= 0) & (cards <= last)
        return np.where(known, cards + shift, NONE), np.where(known, at, NONE)

    def batches(self, places: np.ndarray) -> np.ndarray:
        return np.searchsorted(self.starts, places, "right") - 1

    def keys(self, places: np.ndarray) -> pa.Array:
        """The first 19 characters of the ICCIDs at these places."""
        ranges = np.searchsorted(self._range_starts, places, "right") - 1
        return keys_of(places - self._shifts[ranges])

    @cached_property
    def targets(self) -> Targets:
        return Targets(Lists(self._table["targets"].take(pa.array(self._by_card)).to_pylist()))

    @cached_property
    def monthly_bytes(self) -> np.ndarray:
        """Of each batch; below zero: not limited."""
        return _numbers(pc.fill_null(self._of_batch("monthly_bytes"), NONE))

    @cached_property
    def has_no_voice(self) -> np.ndarray:
        return _flags(pc.equal(self._of_batch("voice"), Voice.OFF.value))

    @cached_property
    def has_no_sms(self) -> np.ndarray:
        return _flags(pc.equal(self._of_batch("sms"), Sms.OFF.value))

    @cached_property
    def is_locked(self) -> np.ndarray:
        return _flags(self._of_batch("device_lock"))

    @cached_property
    def is_active(self) -> np.ndarray:
        return _flags(self._of_batch("is_active"))

    @cached_property
    def is_watched(self) -> np.ndarray:
        return _flags(self._of_batch("watched"))

    @cached_property
    def tacs(self) -> "Tacs":
        return Tacs(Lists(self._of_batch("tacs").to_pylist()))

    @cached_property
    def regions(self) -> "Regions":
        return Regions(Lists(self._of_batch("regions").to_pylist()))

    def _of_batch(self, name: str) -> pa.ChunkedArray:
        return self._table[name].take(pa.array(self._heads))


class Tacs:
    """Which types of device each batch lets pass, where it lets not all pass."""

    def __init__(self, lists: Lists) -> None:
        self._lists = lists.of_row
        self._pairs = _pairs(lists, _TACS, lambda text: [_number(_TAC, text)])

    def forbid(self, batches: np.ndarray, devices: np.ndarray) -> np.ndarray:
        lists, tacs = self._lists[batches], devices // SERIALS
        known = (tacs < _TACS) & within(self._pairs, lists * _TACS + tacs)
        return (lists >= 0) & ~known


class Regions:
    """Where the cards of each batch may be.

    A province holds all that is in it, a city its districts. A cell of which only the province or
    city is known is let pass where the list names some part of that.
    """

    def __init__(self, lists: Lists) -> None:
        self._lists = lists.of_row
        self._whole = _pairs(lists, _REGIONS, lambda text: [_region(text)])
        self._known = _pairs(
            lists, _REGIONS, lambda text: [_region(text) // size * size for size in _SIZES]
        )

    def forbid(self, batches: np.ndarray, regions: np.ndarray) -> np.ndarray:
        lists = self._lists[batches]
        base = lists * _REGIONS
        inside = within(self._known, base + regions)
        for size in _SIZES[1:]:
            inside |= within(self._whole, base + regions // size * size)
        return (lists >= 0) & (regions >= 0) & ~inside


def _pairs(lists: Lists, below: int, numbers: Callable[[str], Iterable[int]]) -> np.ndarray:
    """Each list with each number of its entries, as one number, in order."""
    found = {
        at * below + number
        for at, few in enumerate(lists.sets)
        for entry in few
        for number in numbers(entry)
    }
    return np.array(sorted(found), np.int64)


def _number(shape: re.Pattern[str], text: str) -> int:
    if not shape.fullmatch(text):
        raise Invalid("usage.bad_entry", value=text[:40])
    return int(text)


def _region(text: str) -> int:
    return _number(_REGION, text) * 10 ** (_DIGITS - len(text))


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
    return column.to_numpy().astype(np.int64)


def _flags(column: pa.ChunkedArray) -> np.ndarray:
    return pc.fill_null(column, fill_value=False).to_numpy()
