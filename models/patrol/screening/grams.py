"""Runs of symbols as places in a table of weights: hashed, without a dictionary."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.patrol.screening.letters import BOUND
from models.patrol.screening.views import View, Views

BITS: Final = 20
SLOTS: Final = 1 << BITS
_SHIFT: Final = np.uint32(32 - BITS)
_STEP: Final = np.uint32(0x01000193)
_MIX: Final = np.uint32(0x9E3779B1)
NOTHING: Final = 0
"""The slot of no run at all; its weight is 0."""
FAMILIES: Final = (
    ("raw", 1), ("raw", 2),
    ("folded", 1), ("folded", 2), ("folded", 3),
    ("heard", 1), ("heard", 2), ("heard", 3),
)  # fmt: skip


CLASS_FAMILIES: Final = frozenset({("folded", 1), ("folded", 2), ("folded", 3), ("heard", 2)})
"""What labels and kinds are told by; the flag reads all families."""


@dataclass(frozen=True, slots=True)
class Grams:
    """Slots of all runs of one length in one view, by the place where a run begins."""

    view: View
    name: str
    length: int
    slots: NDArray[np.uint32]


def grams(views: Views, families: Collection[tuple[str, int]] = FAMILIES) -> Iterator[Grams]:
    """Every family in turn; runs that would reach into the next title are `NOTHING`."""
    for number, name in enumerate(("raw", "folded", "heard")):
        lengths = [length for one, length in FAMILIES if one == name and (one, length) in families]
        if lengths:
            view: View = getattr(views, name)
            yield from _of_view(view, name, number, lengths)


def _of_view(view: View, name: str, number: int, lengths: list[int]) -> Iterator[Grams]:
    # The last title ends as the others do, so that no answer hangs on what stands behind it.
    ended = np.append(view.symbols, np.uint16(BOUND))
    size = len(ended)
    symbols = ended.astype(np.uint32)
    salt = np.uint32(0x811C9DC5 + 7919 * number)
    key = (salt ^ symbols) * _STEP
    bound = ended == BOUND
    across = np.zeros(size, np.bool_)
    for length in range(1, max(lengths) + 1):
        if length > 1:
            if length > 2:  # noqa: PLR2004 - the inner letters begin with the second
                across[: size - length + 2] |= bound[length - 2 : size]
            key = key[:-1] if len(key) else key
            key = (key ^ symbols[length - 1 :]) * _STEP
        if length in lengths:
            slots = (key * _MIX) >> _SHIFT
            slots[across[: len(slots)]] = NOTHING
            if length == 1:
                slots[bound] = NOTHING
            yield Grams(view, name, length, slots[: len(view.symbols)])
