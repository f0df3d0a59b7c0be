"""Numbers that a carrier gives itself: to agents and to licences. Never given twice.

Agent: `{carrier}-{province}-{year}-{serial}-{check}`, as `CT-44-2026-000123-1`; a licence has
`L-` before it. The check is Luhn over the digits; the carrier's letters are outside it.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from models.formats.text import Fault, luhn_digit, without_blanks
from models.provinces import Province, province_of_code
from models.refusals import Invalid

_AGENT: Final = re.compile(r"([A-Z]{2,4})-([0-9]{2})-(20[0-9]{2})-([0-9]{6})-([0-9])")
_LICENCE_MARK: Final = "L-"
_SERIALS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class IssuedNumber:
    text: str
    carrier: str
    province: Province
    year: int
    serial: int


def make_agent_number(carrier: str, province: str, year: int, serial: int) -> str:
    """Invalid when a part does not fit: the serial is 1 to 999999 within carrier and year."""
    if not 0 < serial < _SERIALS:
        raise Invalid("number.serial_out_of_range", serial=serial)
    if not _can_begin(carrier, province, year):
        raise Invalid("number.cannot_be_made", carrier=carrier, province=province, year=year)
    digits = f"{province}{year:04d}{serial:06d}"
    return f"{carrier}-{province}-{year:04d}-{serial:06d}-{luhn_digit(digits)}"


@cache
def _can_begin(carrier: str, province: str, year: int) -> bool:
    digits = f"{province}{year:04d}000001"
    if not digits.isdecimal():
        return False
    text = f"{carrier}-{province}-{year:04d}-000001-{luhn_digit(digits)}"
    return not isinstance(_read(text), Fault)


def check_agent_number(text: str) -> IssuedNumber | Fault:
    return _read(without_blanks(text))


def make_licence_number(carrier: str, province: str, year: int, serial: int) -> str:
    return _LICENCE_MARK + make_agent_number(carrier, province, year, serial)


def check_licence_number(text: str) -> IssuedNumber | Fault:
    number = without_blanks(text)
    if not number.startswith(_LICENCE_MARK):
        return Fault.FORMAT
    read = _read(number.removeprefix(_LICENCE_MARK))
    if isinstance(read, Fault):
        return read
    return IssuedNumber(number, read.carrier, read.province, read.year, read.serial)


def _read(number: str) -> IssuedNumber | Fault:
    match = _AGENT.fullmatch(number)
    province = province_of_code(match[2]) if match else None
    if match is None or province is None:
        return Fault.FORMAT
    if luhn_digit(match[2] + match[3] + match[4]) != match[5]:
        return Fault.CHECKSUM
    return IssuedNumber(number, match[1], province, int(match[3]), int(match[4]))
