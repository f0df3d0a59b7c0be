"""Text of strangers without the identity numbers and the marks that they may have put into it."""

import re
import unicodedata
from datetime import date
from typing import Final

from models.formats.people import mask_resident_id

_SEPARATED: Final = r"[ \u00a0\u3000\-\u2010-\u2015\u2212._\u00b7\u200b-\u200d\u2060\ufeff]{0,2}"
_DIGIT: Final = "[0-9\uff10-\uff19]"
_LAST: Final = "[0-9\uff10-\uff19Xx\uff38\uff58\u00d7]"
_LONG: Final = re.compile(
    rf"(?<!{_DIGIT})(?:{_DIGIT}{_SEPARATED}){{17}}{_LAST}(?!{_DIGIT})|"
    rf"(?<!{_DIGIT})(?:{_DIGIT}{_SEPARATED}){{14}}{_DIGIT}(?!{_DIGIT})"
)
"""Eighteen places (GB 11643), or the fifteen of the first generation."""
_FIRST_GENERATION: Final = 15
_HOST: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
_SHORTEST_NUMBER: Final = 7
"""Digits of a telephone's."""
_TURNING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
_NOT_TEXT: Final = frozenset({"Cc", "Cs", "Co", "Cn"})


def plain_text(text: str) -> str:
    """Without control characters but line ends, halves of characters, and turns of direction."""
    lined = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(
        one
        for one in lined
        if one == "\n" or (unicodedata.category(one) not in _NOT_TEXT and one not in _TURNING)
    ).strip()


def without_identities(text: str, on: date) -> tuple[str, int]:
    """The text with identity numbers masked, and how many there were.

    What a person mistyped is theirs all the same: a number counts by its place for a birthday,
    whether its check character holds or not. Serial numbers of cards are longer and stay.
    """
    found = 0

    def masked(match: re.Match[str]) -> str:
        nonlocal found
        number = _bare(match[0])
        if not _has_birthday(number, on):
            return match[0]
        found += 1
        return mask_resident_id(number)

    return _LONG.sub(masked, text), found


def _bare(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).upper().replace("\u00d7", "X")
    return "".join(one for one in plain if one.isdecimal() or one == "X")


def _has_birthday(number: str, on: date) -> bool:
    if number[0] == "0":
        return False
    born = f"19{number[6:12]}" if len(number) == _FIRST_GENERATION else number[6:14]
    try:
        day = date(int(born[:4]), int(born[4:6]), int(born[6:]))
    except ValueError:
        return False
    return date(1900, 1, 1) <= day <= on


def contact_mask(contact: str) -> str:
    """`138****0000`, `z***@example.com`, `张**`: enough to tell two apart, too little to use."""
    name, _, behind = contact.partition("@")
    host = _HOST.match(behind)  # and nothing that was written behind the address
    if name and host and sum(map(str.isdecimal, host[0])) < _SHORTEST_NUMBER:
        return f"{name[0]}***@{host[0]}"[:64]
    digits = "".join(one for one in contact if one.isdecimal())
    if len(digits) >= _SHORTEST_NUMBER:
        return f"{digits[:3]}****{digits[-4:]}" if len(digits) >= 11 else f"****{digits[-2:]}"  # noqa: PLR2004
    return f"{contact[:1]}**"
