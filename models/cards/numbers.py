"""Cards by number: the first 19 characters of an ICCID as one integer, so that a range is two.

Numbers of digits are what they are. Letters occur (DOMAIN 3.3): such a number lies below zero, by
where its last letter stands, so that the digits behind that letter count on like any others.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import Final

from models.formats import Carrier, Fault, Iccid, check_iccid, compact

KEY: Final = 19
MOST_IN_RANGE: Final = 100_000_000
"""Cards of one range: more is a slip of a digit."""
_COUNTRY: Final = "8986"
_TAIL: Final = KEY - len(_COUNTRY)
_ISSUER: Final = 2
"""Characters of the issuer behind the country's; they are digits always."""
_BELOW: Final = 1 << 61
_LETTER: Final = re.compile(r"[A-F](?=[0-9]*$)")
_ROUNDED: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?E\+?[0-9]+", re.IGNORECASE)
_SIZES: Final = [
    10**_ISSUER * 16 ** (at - _ISSUER + 1) * 10 ** (_TAIL - 1 - at) for at in range(_ISSUER, _TAIL)
]
"""How many numbers have their last letter there."""
_STARTS: Final = [0, *accumulate(_SIZES)]


class CardFault(StrEnum):
    """What is wrong with a card's number, or with a range of them."""

    FORMAT = "iccid_format"
    ROUNDED = "iccid_rounded"  # a sheet has made a number of it, and lost its last digits
    BACKWARDS = "range_backwards"
    APART = "range_apart"  # the ends differ before their digits: no row of cards lies between
    TOO_LARGE = "range_too_large"


@dataclass(frozen=True, slots=True)
class CardRange:
    first: int
    last: int
    issuer: Carrier

    @property
    def cards(self) -> int:
        return self.last - self.first + 1


def card_number(key: str) -> int:
    """The number of a card by the first 19 characters of its ICCID, as `check_iccid` gave it."""
    tail = key[len(_COUNTRY) : KEY]
    letter = _LETTER.search(tail)
    if letter is None:
        return int(key[:KEY])
    at = letter.start()
    head = int(tail[:_ISSUER]) * 16 ** (at - _ISSUER + 1) + int(tail[_ISSUER : at + 1], 16)
    behind = _TAIL - 1 - at
    return _STARTS[at - _ISSUER] + head * 10**behind + int(tail[at + 1 :] or 0) - _BELOW


def card_key(number: int) -> str:
    """The 19 characters that `card_number` was given."""
    if number >= 0:
        return str(number)
    value = number + _BELOW
    at = next(place for place, size in enumerate(_SIZES) if value < _STARTS[place] + size)
    value, at = value - _STARTS[at], at + _ISSUER
    behind = _TAIL - 1 - at
    head, rest = divmod(value, 10**behind)
    issuer, letters = divmod(head, 16 ** (at - _ISSUER + 1))
    digits = f"{rest:0{behind}d}" if behind else ""
    return f"{_COUNTRY}{issuer:02}{letters:0{at - _ISSUER + 1}X}{digits}"


def card_of(text: str) -> Iccid | CardFault:
    found = check_iccid(text)
    if not isinstance(found, Fault):
        return found
    return CardFault.ROUNDED if _ROUNDED.fullmatch(compact(text)) else CardFault.FORMAT


def range_of(first: Iccid, last: Iccid) -> CardRange | CardFault:
    """The cards from one to the other. With letters only the digits behind them may differ."""
    numbers = card_number(first.key), card_number(last.key)
    heads = [_head(one.key) for one in (first, last)]
    if heads[0] != heads[1]:
        return CardFault.APART
    if numbers[1] < numbers[0]:
        return CardFault.BACKWARDS
    found = CardRange(*numbers, first.issuer)
    return CardFault.TOO_LARGE if found.cards > MOST_IN_RANGE else found


def _head(key: str) -> str:
    """What the ends of a range share: the issuer, and all up to the last letter."""
    letter = _LETTER.search(key)
    return key[: letter.end() if letter else len(_COUNTRY) + _ISSUER]


def ranges_of(cards: Iterable[Iccid]) -> Sequence[CardRange]:
    """Cards named one by one, as few ranges as hold them; a card named twice is in twice."""
    found: list[CardRange] = []
    for number, issuer in sorted((card_number(one.key), one.issuer) for one in cards):
        if found and number == found[-1].last + 1 and issuer is found[-1].issuer:
            found[-1] = CardRange(found[-1].first, number, issuer)
        else:
            found.append(CardRange(number, number, issuer))
    return found
