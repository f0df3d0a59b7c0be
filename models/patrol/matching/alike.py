"""Names that are an agent's, or nearly: found by shared hashes, then compared letter by letter."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA
from rapidfuzz.process import cpdist

from models.patrol.matching.index import SHORTEST, AgentIndex
from models.patrol.matching.likeness import Bits
from models.patrol.matching.names import Names, Rows, folding, kind_of, sounds
from models.patrol.screening.letters import Classes

_LONGEST_TAIL: Final = 4
_DECIMALS: Final = 6
_BRANCH: Final = re.compile(
    r"(?:第?[0-9一二三四五六七八九十]{1,2}[号部]?(?:分?店)?|[总分]店|正品|正版|官方|官网)"
)
"""What a shop writes behind a name to pass for another house of the same firm."""

# In bits: what it takes to write the difference down, if the name was taken on purpose.
_KIND: Final = 3.0
_LETTER: Final = 11.0
_HOMOPHONE: Final = 1.0
"""For each letter: another one of the same sound."""
_TAIL: Final = 6.0
_DISGUISED: Final = 4.0
"""Nobody writes another script, or a sign between letters, without a purpose."""
_BRANCHED: Final = 8.0


class Reason(StrEnum):
    """How a shop's name comes from an agent's."""

    SAME_NAME = "same_name"
    ONE_CHANGED = "one_changed"
    ONE_ADDED = "one_added"
    ONE_DROPPED = "one_dropped"
    SWAPPED = "swapped"
    TRADITIONAL = "traditional"
    SUFFIX = "suffix"
    SOUND = "sound"
    LOOKALIKE = "lookalike"


@dataclass(frozen=True)
class Pairs:
    """A shop's name beside a name of the register that it may come from; a row each."""

    shops: Rows
    names: Rows
    likeness: Bits
    odds: Bits
    """In bits: how much likelier it is that the name was taken than that it is chance."""
    reasons: NDArray[np.object_]

    @classmethod
    def none(cls) -> "Pairs":
        rows, bits = np.zeros(0, np.int64), np.zeros(0)
        return cls(rows, rows, bits, bits, np.zeros(0, object))


@dataclass(frozen=True)
class _Compared:
    shops: Rows
    names: Rows
    theirs: list[str]
    ours: list[str]
    apart: NDArray[np.int32]
    """Letters changed, added, dropped or swapped; 2 where there are more than one."""
    heard: NDArray[np.bool_]
    tails: NDArray[np.bool_]

    def __getitem__(self, kept: NDArray[np.bool_]) -> "_Compared":
        at = np.flatnonzero(kept)
        return _Compared(
            self.shops[at],
            self.names[at],
            [self.theirs[row] for row in at.tolist()],
            [self.ours[row] for row in at.tolist()],
            self.apart[at],
            self.heard[at],
            self.tails[at],
        )


def alike(raw: Names, index: AgentIndex) -> Pairs:
    """Every pair that is one edit apart, or sounds the same, or has a tail behind the name."""
    if not len(index.names):
        return Pairs.none()
    folded = raw.through(folding())
    pairs = _compared(folded, index, *_joined(folded, index))
    pairs = pairs[(pairs.apart <= 1) | pairs.heard | pairs.tails]
    reasons = _reasons(pairs, raw, index)
    lengths = folded.lengths[pairs.shops], index.names.lengths[pairs.names]
    odds = _odds(pairs, folded, index, reasons)
    distance = np.where(pairs.heard | (pairs.apart <= 1), np.minimum(pairs.apart, 1), 0)
    distance = np.where(pairs.tails, np.abs(lengths[0] - lengths[1]), distance)
    likeness = 1.0 - distance / np.maximum(np.maximum(*lengths), 1)
    # The last digits of a sum hang on the company that a name is weighed in; the answer must not.
    return Pairs(pairs.shops, pairs.names, likeness, np.round(odds, _DECIMALS), reasons)


def _joined(folded: Names, index: AgentIndex) -> tuple[Rows, Rows]:
    """Pairs that share a hash: whole, without a letter, without a tail, or by sound."""
    every = np.arange(len(folded))
    long = folded.lengths[folded.rows] >= SHORTEST
    found = [
        index.shortened.join(folded.whole, every),
        index.shortened.join(folded.without_one()[long], folded.rows[long]),
        index.sounds.join(folded.through(sounds()).whole, every),
        *(index.wholes.join(*folded.begins(cut, SHORTEST)) for cut in range(1, _LONGEST_TAIL + 1)),
    ]
    shops = np.concatenate([pair[0] for pair in found])
    names = np.concatenate([pair[1] for pair in found])
    both = np.unique(shops * np.int64(len(index.names)) + names)
    return both // len(index.names), both % len(index.names)


def _compared(folded: Names, index: AgentIndex, shops: Rows, names: Rows) -> _Compared:
    theirs = [folded.text(row) for row in shops.tolist()]
    ours = [index.names.text(row) for row in names.tolist()]
    apart = cast(
        "NDArray[np.int32]",
        cpdist(theirs, ours, scorer=OSA.distance, score_cutoff=1, dtype=np.int32),
    )
    heard = folded.through(sounds()).whole[shops] == index.sound_of[names]
    heard &= (folded.lengths[shops] >= SHORTEST) & (apart > 0)
    tails = np.fromiter(
        (
            len(mine) >= SHORTEST and 1 <= len(their) - len(mine) <= _LONGEST_TAIL
            and their.startswith(mine)
            for their, mine in zip(theirs, ours, strict=True)
        ),
        bool,
        len(theirs),
    )  # fmt: skip
    return _Compared(shops, names, theirs, ours, apart, heard, tails)


def _odds(pairs: _Compared, folded: Names, index: AgentIndex, reasons: NDArray[np.object_]) -> Bits:
    """The surprise is that of the shop's whole name, but of a tail only what stands before it."""
    lengths = folded.lengths[pairs.shops]
    shown = folded.take(pairs.shops)
    ours = index.names.take(pairs.names)
    surprise = np.where(
        pairs.tails,
        index.followers.surprise(ours, pairs.names),
        index.followers.surprise(shown, pairs.names),
    )
    longer = lengths - index.names.lengths[pairs.names]
    edit = np.log2(np.maximum(lengths, 2)) + np.where(longer == -1, 0.0, _LETTER)
    cost = _KIND + np.where(pairs.apart == 0, 0.0, edit)
    cost = np.where(pairs.heard, _KIND + _HOMOPHONE * lengths, cost)
    branched = [
        is_tail and _BRANCH.fullmatch(their, len(mine)) is not None
        for their, mine, is_tail in zip(pairs.theirs, pairs.ours, pairs.tails.tolist(), strict=True)
    ]
    cost = np.where(pairs.tails, _KIND + _TAIL - _BRANCHED * np.array(branched, float), cost)
    disguised = (pairs.apart == 0) & (reasons != Reason.SAME_NAME.value)
    return surprise - cost + _DISGUISED * disguised - np.log2(max(2, len(index.names)))


def _reasons(pairs: _Compared, raw: Names, index: AgentIndex) -> NDArray[np.object_]:
    rows = zip(pairs.shops.tolist(), pairs.names.tolist(), strict=True)
    said = [
        _same(raw.text(shop), index.written(name))
        if pairs.apart[at] == 0
        else _edit(pairs.theirs[at], pairs.ours[at], is_heard=bool(pairs.heard[at]),
                   is_tail=bool(pairs.tails[at]))
        for at, (shop, name) in enumerate(rows)
    ]  # fmt: skip
    found = np.empty(len(said), object)
    found[:] = [reason.value for reason in said]
    return found


def _same(their: str, ours: frozenset[str]) -> Reason:
    """Two names that are folded alike: written alike, in another script, or with odd letters."""
    plain = unicodedata.normalize("NFKC", their).casefold().strip()
    if plain in ours or their in ours:
        return Reason.SAME_NAME
    letters = "".join(filter(str.isalnum, plain))
    bare = {"".join(filter(str.isalnum, our)) for our in ours}
    if letters in bare:
        return Reason.ONE_ADDED if len(plain) > len(letters) else Reason.SAME_NAME
    kinds = {kind_of(letter) for letter in set(letters) - set("".join(ours))}
    return Reason.TRADITIONAL if kinds <= {Classes.TRADITIONAL} else Reason.LOOKALIKE


def _edit(their: str, mine: str, *, is_heard: bool, is_tail: bool) -> Reason:
    if is_heard:
        return Reason.SOUND
    if is_tail:
        return Reason.SUFFIX
    if len(their) != len(mine):
        return Reason.ONE_ADDED if len(their) > len(mine) else Reason.ONE_DROPPED
    return Reason.SWAPPED if sorted(their) == sorted(mine) else Reason.ONE_CHANGED
