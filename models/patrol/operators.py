"""Who stands behind several shops: what they share, weighed by how rarely shops share it.

A link's score is a sum that anybody can follow: each shared trait adds its weight in nats, from
which stands off how seldom any two shops are one operator's. Traits of one kind are not
independent, so each further one counts less.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import exp, log
from typing import Final

from models.patrol.links import TraitKind

Trait = tuple[TraitKind, str]
"""A kind and the value that is compared."""

SUGGESTED: Final = 0.5
"""From this score on a link is put before people."""
_PRIOR: Final = 5.0
_FURTHER: Final = 0.6
"""What each further trait of one kind counts of the one before it."""


@dataclass(frozen=True, slots=True)
class _Weighing:
    trust: float
    """How much of its rarity a kind's evidence is worth."""
    universe: int
    """So many shops there are at least, however few were seen."""
    stock: float
    """How much faster it is worth less when many show it: pictures are bought, wordings copied."""
    most: float
    """What all traits of the kind may add together."""


_WEIGHINGS: Final[Mapping[TraitKind, _Weighing]] = {
    TraitKind.CONTACT: _Weighing(1.0, 100_000, 0.05, 12.0),
    TraitKind.PAYEE: _Weighing(1.0, 100_000, 0.05, 12.0),
    TraitKind.FILING: _Weighing(1.0, 100_000, 0.05, 12.0),
    TraitKind.PICTURE: _Weighing(0.7, 1_000, 1.0, 8.0),
    TraitKind.LICENCE: _Weighing(0.5, 1_000, 1.0, 3.0),  # a number that one thief took, others take
    TraitKind.TEXT: _Weighing(0.5, 200, 1.0, 3.0),
}
_ALL_PAIRS: Final = 8
"""So many sharers are linked each with each; more of them each with the first alone."""
_MOST_SHARERS: Final = 500
"""What more shops than this share leads nowhere."""
_NEAR: Final = 6
"""Bits of 64 in which two hashes of one picture may differ once it was encoded anew."""
_HASH: Final = 16
_BAND: Final = 16
_SHADE: Final = 8
"""Of 255, by which the colour of a quarter of the picture may differ."""


@dataclass(frozen=True, slots=True)
class Shared:
    """One reason of a link."""

    kind: TraitKind
    value: str
    sharers: int
    weight: float


@dataclass(frozen=True, slots=True)
class Linked:
    one: str
    other: str
    score: float
    reasons: tuple[Shared, ...]
    """The heaviest first."""


def weight_of(kind: TraitKind, sharers: int, shops: int) -> float:
    """Of one trait that so many of so many shops share, in nats."""
    weighing = _WEIGHINGS[kind]
    universe = max(shops, weighing.universe)
    rarity = weighing.trust * log(universe / max(2, sharers))
    return max(0.0, rarity - weighing.stock * log(max(2, sharers) / 2))


def links_of(
    sharers: Mapping[Trait, Mapping[str, float]],
    shops: int,
    *,
    at_least: float = SUGGESTED,
    about: Collection[str] | None = None,
) -> list[Linked]:
    """Pairs of shops that seem to be one operator's, the surest first.

    `sharers`: each trait and the shops that show it, in the order in which they were met, with how
    much it is the shop's own, from 0 to 1. A wording is copied with the contact that stands in it.
    `about`: only pairs with one of these shops in it.
    """
    shared = defaultdict[tuple[str, str], list[Shared]](list)
    for (kind, value), found in sharers.items():
        if not 1 < len(found) <= _MOST_SHARERS:
            continue
        weight = weight_of(kind, len(found), shops)
        for pair in _pairs(list(found), about) if weight > 0 else ():
            own = min(found[pair[0]], found[pair[1]])
            shared[pair].append(Shared(kind, value, len(found), weight * own))
    links = (_linked(pair, reasons) for pair, reasons in shared.items())
    return sorted(
        (link for link in links if link.score >= at_least),
        key=lambda link: (-link.score, link.one, link.other),
    )


def _pairs(keys: Sequence[str], about: Collection[str] | None) -> Iterator[tuple[str, str]]:
    found = combinations(keys, 2) if len(keys) <= _ALL_PAIRS else ((keys[0], k) for k in keys[1:])
    for one, other in found:
        if about is None or one in about or other in about:
            yield (one, other) if one < other else (other, one)


def _linked(pair: tuple[str, str], reasons: Sequence[Shared]) -> Linked:
    heaviest = sorted(reasons, key=lambda one: (-one.weight, one.kind, one.value))
    total = sum(_of_kind(kind, heaviest) for kind in TraitKind)
    return Linked(*pair, round(1 / (1 + exp(_PRIOR - total)), 4), tuple(heaviest))


def _of_kind(kind: TraitKind, heaviest: Sequence[Shared]) -> float:
    weights = [one.weight for one in heaviest if one.kind is kind]
    total = sum(weight * _FURTHER**place for place, weight in enumerate(weights))
    return min(total, _WEIGHINGS[kind].most)


def clusters_of(pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Shops that hang together, the largest cluster first."""
    above = dict[str, str]()

    def top(key: str) -> str:
        above.setdefault(key, key)
        while above[key] != key:
            above[key] = above[above[key]]
            key = above[key]
        return key

    for one, other in pairs:
        first, second = sorted((top(one), top(other)))
        above[second] = first
    found = defaultdict[str, list[str]](list)
    for key in sorted(above):
        found[top(key)].append(key)
    return sorted(found.values(), key=lambda keys: (-len(keys), keys))


def is_same_picture(one: str, other: str) -> bool:
    """Whether two likenesses are of one picture, but for how it was encoded."""
    bits = int(one[:_HASH], 16) ^ int(other[:_HASH], 16)
    shades = zip(bytes.fromhex(one[_HASH:]), bytes.fromhex(other[_HASH:]), strict=False)
    return bits.bit_count() <= _NEAR and all(abs(a - b) <= _SHADE for a, b in shades)


def same_pictures(likenesses: Iterable[str]) -> dict[str, str]:
    """Each likeness and the one that stands for all that are the same picture.

    Two that differ in few bits agree in one of four bands, so that each is compared with a few.
    """
    bands = defaultdict[tuple[int, int], list[str]](list)
    found = dict[str, str]()
    for likeness in sorted(set(likenesses)):
        keys = [(at, int(likeness[:_HASH], 16) >> at & 0xFFFF) for at in range(0, 64, _BAND)]
        near = (known for key in keys for known in bands[key] if is_same_picture(known, likeness))
        first = next(near, None)
        found[likeness] = likeness if first is None else first
        if first is None:
            for key in keys:
                bands[key].append(likeness)
    return found
