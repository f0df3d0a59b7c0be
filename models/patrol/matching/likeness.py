"""How unlikely it is that a name like an agent's is chance: what the register's names are made of.

A shop whose name is one edit from an agent's either took it, or has it because names of the
trade are built of few words. The names of the register say what the trade's words are: letter
after letter, how expected is the next. Whoever writes 通讯 where the agent writes 通信 chose an
ordinary word; 铜信 is no word, and 中国电信授权专营店 is everybody's name. In bits:

    odds = surprise of the shop's name as an ordinary one - cost of writing the edit down
           - log2 of the number of names it was compared with - what few shops do at all
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.patrol.matching.names import Names, Points, Rows

Bits = NDArray[np.float64]
_BEGIN: Final = 1
_WIDTH: Final = np.int64(21)
"""Bits of a code point."""
_LETTERS: Final = 4000.0
"""How many letters names are written with."""
_TRUST: Final = 1.5
"""How many times a letter must have been followed before its followers are believed half."""
_PLAIN_WEIGHT: Final = 2.0


@dataclass(frozen=True)
class Followers:
    """How often one letter follows another in the names of a register."""

    pairs: Rows
    """Two letters in one number, sorted."""
    counts: Bits
    letters: Points
    letter_counts: Bits
    own: Rows
    """A name's row with each of its pairs, sorted: what it added to the counts itself."""
    names: int

    @classmethod
    def of(cls, names: Names) -> "Followers":
        pairs = _pairs(names)
        found, counts = np.unique(pairs, return_counts=True)
        letters, letter_counts = np.unique(names.points, return_counts=True)
        own = np.unique(_owned(names.rows, pairs, found))
        return cls(
            found, counts.astype(float), letters, letter_counts.astype(float), own, len(names)
        )

    def surprise(self, names: Names, beside: Rows) -> Bits:
        """Bits that each name takes as an ordinary one, as if its row `beside` were not here."""
        pairs = _pairs(names)
        at = np.minimum(np.searchsorted(self.pairs, pairs), len(self.pairs) - 1)
        is_known = self.pairs[at] == pairs
        own = self._is_own(np.where(is_known, at, -1), beside[names.rows])
        followed = np.where(is_known, self.counts[at], 0.0) - own
        first = (pairs >> _WIDTH).astype(np.uint32)
        before = np.where(first == _BEGIN, self.names, self._count(first))
        plain = (self._count(names.points) - own + _PLAIN_WEIGHT / _LETTERS) / (
            self.letter_counts.sum() + _PLAIN_WEIGHT
        )
        chance = (followed + _TRUST * plain) / (np.maximum(before - own, followed) + _TRUST)
        bits = np.concatenate([[0.0], np.cumsum(-np.log2(chance))])
        return bits[names.starts[1:]] - bits[names.starts[:-1]]

    def _count(self, letters: Points) -> Bits:
        at = np.minimum(np.searchsorted(self.letters, letters), len(self.letters) - 1)
        return np.where(self.letters[at] == letters, self.letter_counts[at], 0.0)

    def _is_own(self, pair_at: Rows, beside: Rows) -> Bits:
        wanted = beside * np.int64(len(self.pairs)) + pair_at
        at = np.minimum(np.searchsorted(self.own, wanted), len(self.own) - 1)
        return ((self.own[at] == wanted) & (pair_at >= 0)).astype(float)


def _pairs(names: Names) -> Rows:
    """Each letter with the one before it; `_BEGIN` stands before the first."""
    before = np.concatenate([[_BEGIN], names.points[:-1]]).astype(np.int64)[: len(names.points)]
    before[names.starts[:-1][names.lengths > 0]] = _BEGIN
    return (before << _WIDTH) | names.points.astype(np.int64)


def _owned(rows: Rows, pairs: Rows, known: Rows) -> Rows:
    return rows * np.int64(len(known)) + np.searchsorted(known, pairs)
