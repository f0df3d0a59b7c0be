"""Unified social credit codes, GB 32100-2015 (统一社会信用代码)."""

import re
from dataclasses import dataclass
from enum import StrEnum
from operator import mul
from string import ascii_uppercase, digits
from typing import Final

from models.formats.text import Fault, compact

ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""No I, O, Z, S, V: they look like digits, or are not used."""
_WEIGHTS: Final = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_SHAPE: Final = re.compile(rf"[{ALPHABET}]{{2}}[0-9]{{6}}[{ALPHABET}]{{10}}")


class UsccKind(StrEnum):
    """Whom the first two characters name."""

    ENTERPRISE = "enterprise"
    INDIVIDUAL_BUSINESS = "individual_business"
    FARMERS_COOPERATIVE = "farmers_cooperative"
    OTHER = "other"


_KINDS: Final = {
    "91": UsccKind.ENTERPRISE,
    "92": UsccKind.INDIVIDUAL_BUSINESS,
    "93": UsccKind.FARMERS_COOPERATIVE,
}


_VALUES: Final = {letter: value for value, letter in enumerate(ALPHABET)}
_BASE_36: Final = {letter: int(letter, 36) for letter in digits + ascii_uppercase}


@dataclass(frozen=True, slots=True)
class Uscc:
    code: str
    """18 characters, upper case."""
    kind: UsccKind

    @property
    def organisation_code_warning(self) -> bool:
        """The organisation code inside (GB 11714) fails its own check. Not a reason to refuse."""
        return organisation_check_character(self.code[8:16]) != self.code[16]

    @property
    def region(self) -> str:
        """Six digits of GB/T 2260, of the place of registration."""
        return self.code[2:8]

    @property
    def organisation_code(self) -> str:
        return self.code[8:17]

    @property
    def is_business_licence(self) -> bool:
        """Given by a market regulator, so it stands on a business licence (营业执照)."""
        return self.code[0] == "9"


def check_uscc(text: str) -> Uscc | Fault:
    code = compact(text)
    if not _SHAPE.fullmatch(code):
        return Fault.FORMAT
    if uscc_check_character(code[:17]) != code[17]:
        return Fault.CHECKSUM
    return Uscc(code, _KINDS.get(code[:2], UsccKind.OTHER))


def is_business_licence_holder(text: str) -> bool:
    """A well-formed code whose first character is 9 (notice 182, 三(一): 营业执照)."""
    checked = check_uscc(text)
    return isinstance(checked, Uscc) and checked.is_business_licence


def uscc_check_character(body: str) -> str:
    """The 18th character for the first 17 (MOD 31-3)."""
    total = sum(map(mul, map(_VALUES.__getitem__, body), _WEIGHTS))
    return ALPHABET[-total % 31]


def organisation_check_character(body: str) -> str:
    """The 9th character of an organisation code for the first 8 (GB 11714, MOD 11)."""
    total = sum(map(mul, map(_BASE_36.__getitem__, body), _ORGANISATION_WEIGHTS))
    return "0123456789X"[-total % 11]
