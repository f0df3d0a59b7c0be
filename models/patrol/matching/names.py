"""Names by the column: folded code points side by side, and hashes of their shortened forms.

A hash is a sum over letters, each by its place, so that the hash of a name without one letter
follows from two sums before and behind it: no shortened name is ever built.
"""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

from dataclasses import dataclass
from functools import cache, cached_property
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from models.patrol.screening.letters import Classes, tables

Points = NDArray[np.uint32]
Keys = NDArray[np.uint64]
Rows = NDArray[np.int64]

LONGEST: Final = 60
"""Letters of a name that count."""
_BASE: Final = 0x9E37_79B9_7F4A_7C15
_MODULUS: Final = 1 << 64
_UNBASE: Final = np.uint64(pow(_BASE, -1, _MODULUS))
_POWERS: Final = np.array([pow(_BASE, at, _MODULUS) for at in range(LONGEST + 1)], np.uint64)
_CONTINUES: Final = (0xC0, 0x80)
"""An octet of UTF-8 that begins no letter: mask and value."""
_MIX: Final = (np.uint64(0xBF58_476D_1CE4_E5B9), np.uint64(0x94D0_49BB_1331_11EB))


@dataclass(frozen=True)
class Names:
    """Names as code points in one array; name `n` is `points[starts[n]:starts[n + 1]]`."""

    points: Points
    starts: Rows

    def __len__(self) -> int:
        return len(self.starts) - 1

    def text(self, row: int) -> str:
        return self.points[self.starts[row] : self.starts[row + 1]].tobytes().decode("utf-32-le")

    def take(self, rows: Rows) -> "Names":
        lengths = self.lengths[rows]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        at = np.arange(starts[-1]) - np.repeat(starts[:-1] - self.starts[rows], lengths)
        return Names(self.points[at], starts)

    def through(self, table: Points) -> "Names":
        """Each letter as the table has it; letters that become 0 fall away."""
        found = table[np.minimum(self.points, len(table) - 1)]
        found = np.where(self.points < len(table), found, self.points)
        kept = found != 0
        before = np.concatenate([[0], np.cumsum(kept)])
        return Names(found[kept].astype(np.uint32), before[self.starts].astype(np.int64))

    @cached_property
    def lengths(self) -> Rows:
        return np.diff(self.starts)

    @cached_property
    def rows(self) -> Rows:
        """Of each letter, whose it is."""
        return np.repeat(np.arange(len(self)), self.lengths)

    @cached_property
    def places(self) -> Rows:
        """Of each letter, where in its name it stands."""
        return np.arange(len(self.points)) - self.starts[self.rows]

    @cached_property
    def _sums(self) -> Keys:
        """Before each letter, over all names; the end too."""
        mixed = self.points.astype(np.uint64) * _MIX[0]
        mixed ^= mixed >> np.uint64(29)
        mixed *= _MIX[1]
        mixed ^= mixed >> np.uint64(32)
        mixed *= _POWERS[self.places]
        return np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed, dtype=np.uint64)])

    @cached_property
    def whole(self) -> Keys:
        """A hash of each name."""
        return self._sums[self.starts[1:]] - self._sums[self.starts[:-1]]

    def without_one(self) -> Keys:
        """For each letter, the hash of its name without it."""
        sums, rows = self._sums, self.rows
        before = sums[:-1] - sums[self.starts[rows]]
        behind = sums[self.starts[rows + 1]] - sums[1:]
        return before + behind * _UNBASE

    def begins(self, cut: int, shortest: int) -> tuple[Keys, Rows]:
        """Hashes of the names without their last `cut` letters, and whose they are."""
        rows = np.flatnonzero(self.lengths >= shortest + cut)
        ends = self.starts[rows + 1] - cut
        return self._sums[ends] - self._sums[self.starts[rows]], rows


def names_of(texts: pa.Array | pa.ChunkedArray) -> Names:
    """The letters of a column as they stand; a name is cut where it gets too long."""
    flat = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    flat = pc.utf8_slice_codeunits(pc.fill_null(flat.cast(pa.large_string()), ""), 0, LONGEST)
    _, offsets, data = flat.buffers()
    ends = np.frombuffer(offsets, np.int64)[flat.offset : flat.offset + len(flat) + 1]
    if not len(flat) or data is None:
        return Names(np.zeros(0, np.uint32), np.zeros(len(flat) + 1, np.int64))
    octets = np.frombuffer(data, np.uint8)[ends[0] : ends[-1]]
    begun = np.concatenate([[0], np.cumsum((octets & _CONTINUES[0]) != _CONTINUES[1])])
    points = np.frombuffer(bytes(octets).decode().encode("utf-32-le"), np.uint32)
    return Names(points, begun[ends - ends[0]].astype(np.int64))


@cache
def folding() -> Points:
    """What each letter stands for, as screening reads it; 0 for those that say nothing."""
    return tables().fold.astype(np.uint32)


@cache
def sounds() -> Points:
    """One letter for all that sound like it, by folded letter."""
    return tables().sound.astype(np.uint32)


def kind_of(letter: str) -> Classes:
    classes = tables().classes
    return Classes(classes[ord(letter)]) if ord(letter) < len(classes) else Classes.NONE
