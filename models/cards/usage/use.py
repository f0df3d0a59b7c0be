"""What some cards did, in order of card and day, and the groups that rules look at."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
import pyarrow as pa

from models.cards.usage.codes import NONE, devices_of
from models.cards.usage.records import DAY_BITS, DAYS, ordered
from models.cards.usage.scopes import Scopes
from models.cards.usage.shape import UsageLimits
from models.cards.usage.targets import within

_HUNDRED: Final = 100


@dataclass(frozen=True)
class Measure:
    """All that records are judged by."""

    scopes: Scopes
    limits: UsageLimits
    bindings: pa.Table | None = None
    watched: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    """Numbers of cards."""

    @cached_property
    def watched_places(self) -> np.ndarray:
        places, _ = self.scopes.places(self.watched)
        return np.unique(places[places != NONE])

    @cached_property
    def bound(self) -> "Bound":
        return Bound(self.scopes, self.bindings)

    def lowered(self, threshold: np.ndarray | int, is_watched: np.ndarray) -> np.ndarray:
        left = _HUNDRED - self.limits.watch_percent
        return np.where(is_watched, threshold * left // _HUNDRED, threshold)


class Bound:
    """The devices that cards are bound to."""

    def __init__(self, scopes: Scopes, bindings: pa.Table | None) -> None:
        none = np.zeros(0, np.int64)
        places, devices = none, none
        if bindings is not None and bindings.num_rows:
            places, _ = scopes.places(bindings["card"].to_numpy().astype(np.int64))
            devices = devices_of(bindings["device"].combine_chunks().cast(pa.string()))
            held = (places != NONE) & (devices != NONE)
            places, devices = places[held], devices[held]
        self._cards, self._devices = np.unique(places), np.unique(devices)
        self._pairs = np.unique(self._pair(places, devices))

    def _pair(self, places: np.ndarray, devices: np.ndarray) -> np.ndarray:
        card = np.searchsorted(self._cards, places)
        return card * len(self._devices) + np.searchsorted(self._devices, devices)

    def know(self, places: np.ndarray) -> np.ndarray:
        return within(self._cards, places)

    def hold(self, places: np.ndarray, devices: np.ndarray) -> np.ndarray:
        known = within(self._cards, places) & within(self._devices, devices)
        return known & within(self._pairs, self._pair(places, devices))


@dataclass(frozen=True, slots=True)
class Runs:
    """Records that follow each other and say the same of the same card."""

    starts: np.ndarray
    """The first of each, as rows."""
    cards: np.ndarray
    codes: np.ndarray
    lengths: np.ndarray
    ends: np.ndarray
    """The last of each, as rows."""


class Use:
    """Records in order, with their columns as arrays; rows, card-days and cards are counted."""

    def __init__(self, records: pa.Table, measure: Measure) -> None:
        records = ordered(records)
        self.measure = measure
        self.key = records["key"].to_numpy()
        self.bytes = records["bytes"].to_numpy()
        self.voice = records["voice"].to_numpy()
        self.sms = records["sms"].to_numpy()
        self.device = records["device"].to_numpy()
        self.region = records["region"].to_numpy()
        self.outside: Any = records["outside"].combine_chunks()
        self.day = (self.key & (DAYS - 1)).astype(np.int32)
        place = self.key >> DAY_BITS
        begins = changes(place)
        self.first_rows = np.flatnonzero(begins)
        """Of each card."""
        self.card = np.cumsum(begins) - 1
        """Of each row."""
        self.places = place[self.first_rows]
        self.batch = measure.scopes.batches(self.places)
        """Of each card."""
        self.is_watched = measure.scopes.is_watched[self.batch] | within(
            measure.watched_places, self.places
        )

    @cached_property
    def day_rows(self) -> np.ndarray:
        """The first row of each card-day."""
        return np.flatnonzero(changes(self.key))

    @cached_property
    def day_bytes(self) -> np.ndarray:
        return self.per_day(self.bytes)

    def per_day(self, column: np.ndarray) -> np.ndarray:
        return summed(column, self.day_rows)

    def device_runs(self) -> Runs:
        return self._runs(self.device)

    def region_runs(self) -> Runs:
        return self._runs(self.region)

    def _runs(self, codes: np.ndarray) -> Runs:
        """Of records that have a code."""
        rows = np.flatnonzero(codes >= 0)
        cards, codes = self.card[rows], codes[rows]
        begins = np.flatnonzero(changes(cards) | changes(codes))
        lengths = np.diff(begins, append=len(rows))
        ends = rows[begins + lengths - 1]
        return Runs(rows[begins], cards[begins], codes[begins], lengths, ends)


def changes(column: np.ndarray) -> np.ndarray:
    """Where a value differs from that before; the first always."""
    found = np.ones(len(column), bool)
    np.not_equal(column[1:], column[:-1], out=found[1:])
    return found


def summed(column: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Sums from each start to the next."""
    if len(starts) == len(column):
        return column.astype(np.int64)
    return np.add.reduceat(column, starts, dtype=np.int64)
