"""Cards as people name them: one a line, lists, and ranges from a card to a card."""

import re
from collections.abc import Iterator
from typing import Final

from models.cards.numbers import CardFault, card_key, card_of, range_of
from models.formats import Iccid, compact, normalise
from models.refusals import Invalid

MOST_CARDS: Final = 1_000
"""Cards that one call may name, those of a range counted each."""
LONGEST_TEXT: Final = 100_000
_LINES: Final = re.compile(r"[\n\r,;、]+")
_FROM_TO: Final = re.compile(r"~|至|到|\.\.\.?|…")
_DASH: Final = re.compile(r"[‐‑‒–—−﹣-]")


def cards_named(text: str) -> list[str]:
    """ICCIDs as they were named, each once; those of a range by their first 19 characters."""
    if len(text) > LONGEST_TEXT:
        raise Invalid("trace.too_many_cards", most=MOST_CARDS)
    found: dict[str, str] = {}
    for number, line in enumerate(filter(str.strip, _LINES.split(normalise(text))), 1):
        for card in _cards_of(line, number):
            found.setdefault(card[:19], card)
            if len(found) > MOST_CARDS:
                raise Invalid("trace.too_many_cards", most=MOST_CARDS)
    if not found:
        raise Invalid("trace.no_cards_named")
    return list(found.values())


def _cards_of(line: str, number: int) -> Iterator[str]:
    whole = card_of(line)
    if isinstance(whole, Iccid):
        yield whole.text
        return
    words = [card_of(word) for word in line.split()]
    cards = [one for one in words if isinstance(one, Iccid)]
    if len(words) > 1 and len(cards) == len(words):
        yield from (one.text for one in cards)
        return
    ends = _ends(line)
    if ends is None:
        fault = whole if whole is CardFault.ROUNDED else CardFault.FORMAT
        raise Invalid(f"trace.{fault}", line=number, value=line.strip()[:60])
    held = range_of(*ends)
    if isinstance(held, CardFault):
        code = "too_many_cards" if held is CardFault.TOO_LARGE else held.value
        raise Invalid(f"trace.{code}", line=number, value=line.strip()[:60], most=MOST_CARDS)
    if held.cards > MOST_CARDS:
        raise Invalid("trace.too_many_cards", most=MOST_CARDS)
    yield from map(card_key, range(held.first, held.last + 1))


def _ends(line: str) -> tuple[Iccid, Iccid] | None:
    """Both ends of a range; a dash may stand between them, and inside of them too."""
    parts = _FROM_TO.split(line)
    pairs = [(parts[0], parts[1])] if len(parts) == 2 else []  # noqa: PLR2004 - from and to
    pairs += [(line[: dash.start()], line[dash.end() :]) for dash in _DASH.finditer(line)]
    for first, last in pairs:
        ends = card_of(compact(first)), card_of(compact(last))
        if isinstance(ends[0], Iccid) and isinstance(ends[1], Iccid):
            return ends[0], ends[1]
    return None
