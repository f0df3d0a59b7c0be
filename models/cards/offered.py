"""Whose industry cards an offer shows: numbers of cards and batches, and names, in its words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

import numpy as np

from models.formats import Fault, Iccid, check_iccid, compact, normalise
from models.patrol.matching.names import folding

SHORTEST_NAME: Final = 4
"""Han letters: shorter names are everybody's words."""
MOST_CARDS: Final = 50
"""Cards that are looked at in one offer's words."""
_BETWEEN: Final = r"[\s‐‑‒–—−﹣-]{0,2}"
_CARD: Final = re.compile(
    rf"(?<![0-9])8{_BETWEEN}9{_BETWEEN}8{_BETWEEN}6(?:{_BETWEEN}[0-9]){{2}}"
    rf"(?:{_BETWEEN}[0-9A-F]){{13}}(?:{_BETWEEN}[0-9A-Z](?![0-9A-Z]))?(?![0-9])"
)
"""DOMAIN 3.3 as people write it: blanks and dashes between, words close by."""
_BATCH: Final = re.compile(
    rf"IOT{_BETWEEN}([0-9]{{2}}){_BETWEEN}(20[0-9]{{2}}){_BETWEEN}([0-9]{{6}})(?![0-9])"
)
_AROUND: Final = 12
_HAN: Final = re.compile(r"[㐀-鿿]")
_LEGAL_FORM: Final = re.compile(
    r"(?:有限责任公司|股份有限公司|集团有限公司|有限公司|股份公司|公司|集团)$"
)


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A card's number in an offer, with the words around it."""

    card: Iccid
    said: str


def cards_in(text: str) -> Sequence[ShownCard]:
    """Every card that is named, once, by the first 19 characters of its number."""
    plain = normalise(text)
    found: dict[str, ShownCard] = {}
    for hit in _CARD.finditer(plain):
        card = _card(compact(hit[0]))
        if card is not None and card.key not in found:
            around = plain[max(0, hit.start() - _AROUND) : hit.end() + _AROUND]
            found[card.key] = ShownCard(card, " ".join(around.split()))
        if len(found) == MOST_CARDS:
            break
    return list(found.values())


def _card(number: str) -> Iccid | None:
    """What follows a number of 19 characters may have been taken for its twentieth."""
    for one in (number, number[:-1]):
        card = check_iccid(one)
        if not isinstance(card, Fault):
            return card
    return None


def batch_numbers_in(text: str) -> Sequence[str]:
    """Numbers of batches as we write them."""
    hits = _BATCH.finditer(normalise(text))
    return list(dict.fromkeys("IOT-" + "-".join(hit.groups()) for hit in hits))


def folded(text: str) -> str:
    """As screening reads: one letter for all that are written for it, none for signs between."""
    return text.translate(_letters())


@cache
def _letters() -> Mapping[int, str]:
    """What becomes of a letter, where something does."""
    read = folding()
    changed = np.flatnonzero(read != np.arange(len(read), dtype=np.uint32)).tolist()
    return {code: chr(read[code]) if read[code] else "" for code in changed}


@lru_cache(maxsize=1 << 17)
def telling(name: str) -> str:
    """By which folded words a unit's name is told, without its legal form; "" says nothing."""
    bare = folded(_LEGAL_FORM.sub("", name.strip()))
    return bare if len(_HAN.findall(bare)) >= SHORTEST_NAME else ""
