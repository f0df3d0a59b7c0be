"""How text from people and files is made comparable before any format is asked about."""

import re
import unicodedata
from enum import StrEnum
from typing import Final

_BLANKS: Final = re.compile(r"\s+")
_DASHES: Final = re.compile(r"[‐‑‒–—−﹣-]")

_DOUBLED: Final = str.maketrans("0123456789", "0246813579")
"""Twice a digit; the two digits of ten and more are added up."""


class Fault(StrEnum):
    """Why a number is not well formed."""

    FORMAT = "format"
    CHECKSUM = "checksum"
    DATE = "date"
    FUTURE = "future"


def normalise(text: str) -> str:
    """NFKC (full-width letters and digits become plain), no invisible marks, upper case."""
    if text.isascii():  # nothing to fold, and no invisible marks
        return text.strip().upper()
    plain = unicodedata.normalize("NFKC", text)
    seen = "".join(one for one in plain if unicodedata.category(one) != "Cf")
    return seen.strip().upper()


def without_blanks(text: str) -> str:
    """Normalised, blanks taken out, every kind of dash made the plain one."""
    return _DASHES.sub("-", _BLANKS.sub("", normalise(text)))


def compact(text: str) -> str:
    """Normalised, blanks and dashes taken out."""
    if text.isascii() and text.isalnum():
        return text.upper()
    return without_blanks(text).replace("-", "")


def luhn_holds(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B over the whole number, its check digit last."""
    return _luhn_sum(digits) % 10 == 0


def luhn_digit(digits: str) -> str:
    """The digit that makes the number hold when put at its end."""
    return str(-_luhn_sum(digits + "0") % 10)


def _luhn_sum(digits: str) -> int:
    added = digits[-1::-2] + digits[-2::-2].translate(_DOUBLED)
    return sum(added.encode()) - ord("0") * len(added)
