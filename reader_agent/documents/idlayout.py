"""What stands where in the 256 bytes of text of an identity card (READER C.4).

UTF-16LE, padded with blanks. Four documents share the block and are told apart by the letter at
byte 248. A field is decoded when it is asked for, so that nobody holds more than they wanted.
"""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Final

Block = bytes | bytearray | memoryview
_SIZE: Final = 256
_LETTER: Final = slice(248, 250)
_PADDING: Final = " \x00"
_LOST: Final = "\ufffd"


class Doc(StrEnum):
    RESIDENT = "resident"
    PERMIT = "J"
    """Residence permit of people from Hong Kong, Macao and Taiwan."""
    FOREIGN_2017 = "I"
    FOREIGN_2023 = "Y"


class Unreadable(ValueError):
    """Not a card's text. Its message is the name of a field and never what stood there."""


_LETTERS: Final[Mapping[str, Doc]] = {
    "": Doc.RESIDENT,
    "J": Doc.PERMIT,
    "I": Doc.FOREIGN_2017,
    "Y": Doc.FOREIGN_2023,
}

_Places = Mapping[str, tuple[slice, ...]]


def _laid_out(widths: str) -> _Places:
    """From names and widths in bytes; a name that comes twice goes on in a second place."""
    places: dict[str, tuple[slice, ...]] = {}
    at = 0
    words = widths.split()
    for name, width in zip(words[::2], map(int, words[1::2]), strict=True):
        places[name] = (*places.get(name, ()), slice(at, at + width))
        at += width
    return places


_RESIDENT: Final = "name 30 sex 2 nation 4 birth 16 address 70 no 36 issuer 30 start 16 end 16"
LAYOUTS: Final[Mapping[Doc, _Places]] = {
    Doc.RESIDENT: _laid_out(f"{_RESIDENT} reserved 36"),
    Doc.PERMIT: _laid_out(f"{_RESIDENT} passno 18 signcount 4 reserved 6 letter 2 reserved 6"),
    Doc.FOREIGN_2017: _laid_out(
        "enname 120 sex 2 no 30 country 6 name 30 start 16 end 16 birth 16 version 4 orgcode 8"
        " letter 2 reserved 6"
    ),
    Doc.FOREIGN_2023: _laid_out(
        "name 30 sex 2 changes 4 birth 16 enname 70 no 36 reserved 30 start 16 end 16 enname 22"
        " country 6 letter 2 assoc 6"
    ),
}

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_PERIOD: Final = (7, 3, 1)


def doc_of(block: Block) -> Doc:
    """Which document it is. Raises `Unreadable` at a letter that no rule knows."""
    if len(block) != _SIZE:
        raise Unreadable("size")
    doc = _LETTERS.get(_decoded(block, (_LETTER,), "letter"))
    if doc is None:
        raise Unreadable("letter")
    return doc


def word(block: Block, doc: Doc, field: str) -> str:
    """One field without its padding. Raises `Unreadable` where it is not UTF-16."""
    return _decoded(block, LAYOUTS[doc][field], field)


def day(text: str, field: str) -> date | None:
    """A date of validity; none where the document is valid for a long time (长期)."""
    if text == "长期":
        return None
    if len(text) != len("20260101") or not (text.isascii() and text.isdigit()):
        raise Unreadable(field)
    try:
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007 - a day on a card
    except ValueError:
        raise Unreadable(field) from None


def check_holds(doc: Doc, number: str) -> bool:
    """Whether the number's last character follows from the others. False is shown, not hidden."""
    if doc is Doc.FOREIGN_2017:
        return _ends_as_icao(number)
    if len(number) != len(_WEIGHTS) + 1 or not _is_digits(number[:-1]):
        return False
    total = sum(int(one) * weight for one, weight in zip(number, _WEIGHTS, strict=False))
    return number[-1].upper() == "10X98765432"[total % 11]  # GB 11643, MOD 11-2


def _ends_as_icao(number: str) -> bool:
    """Three letters and twelve digits, the last as in ICAO Doc 9303-3, 4.9 (weights 7 3 1).

    No published rule of ours says so; two public programs and the specimen agree (READER C.5).
    """
    letters, digits = number[:3], number[3:]
    if len(digits) != 12 or not _is_digits(digits):  # noqa: PLR2004 - 15 places
        return False
    if not (letters.isascii() and letters.isalpha() and letters.isupper()):
        return False
    values = [int(one, 36) for one in number[:-1]]
    total = sum(value * _PERIOD[at % 3] for at, value in enumerate(values))
    return int(number[-1]) == total % 10


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _decoded(block: Block, places: tuple[slice, ...], field: str) -> str:
    # A decoding error would carry the whole block in it: a bad place is found by its mark instead.
    text = b"".join(block[place] for place in places).decode("utf-16-le", "replace")
    if _LOST in text:
        raise Unreadable(field)
    return text.rstrip(_PADDING)
