"""Numbers of persons. They are checked and masked here, and stored nowhere in clear."""

import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from models.formats.text import Fault, normalise

_SHAPE: Final = re.compile(r"[1-9][0-9]{16}[0-9X]")
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_PERMIT_REGIONS: Final = ("810000", "820000", "830000")


class IdKind(StrEnum):
    RESIDENT = "resident"
    HMT_PERMIT = "hmt_permit"  # residence permit for people of Hong Kong, Macao, Taiwan
    FOREIGN_PERMANENT = "foreign_permanent"  # permanent residence card of 2023-12-01


@dataclass(frozen=True, slots=True)
class ResidentId:
    number: str = field(repr=False)
    kind: IdKind
    born: date = field(repr=False)

    @property
    def masked(self) -> str:
        return mask_resident_id(self.number)


def check_resident_id(text: str, today: date) -> ResidentId | Fault:
    """GB 11643: form, MOD 11-2, a real birth date that is not to come.

    First-generation numbers (15 digits) are a fault of form. County codes are abolished and
    merged, so none is looked up.
    """
    number = normalise(text)
    if not _SHAPE.fullmatch(number):
        return Fault.FORMAT
    if resident_check_character(number[:17]) != number[17]:
        return Fault.CHECKSUM
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return Fault.DATE
    if born > today:
        return Fault.FUTURE
    return ResidentId(number, _kind(number), born)


def resident_check_character(body: str) -> str:
    """The 18th character for the first 17 (MOD 11-2)."""
    total = sum(int(one) * weight for one, weight in zip(body, _WEIGHTS, strict=True))
    return "10X98765432"[total % 11]


def mask_resident_id(number: str) -> str:
    """`110105********002X`. Anything of another length is hidden whole."""
    if len(number) != 18:  # noqa: PLR2004 - GB 11643
        return "*" * len(number)
    return f"{number[:6]}********{number[14:]}"


def _kind(number: str) -> IdKind:
    if number[0] == "9":
        return IdKind.FOREIGN_PERMANENT
    if number[:6] in _PERMIT_REGIONS:
        return IdKind.HMT_PERMIT
    return IdKind.RESIDENT
