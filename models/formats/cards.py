"""Numbers of cards and lines: ICCID (ITU-T E.118, TS 102 221 clause 13.2) and MSISDN."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Final

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass as checked_dataclass

from models.data import packaged
from models.formats.text import Fault, compact, luhn_holds
from models.refusals import Invalid

EF_ICCID_BYTES: Final = 10
_ICCID: Final = re.compile(r"8986[0-9]{2}[0-9A-F]{12}(?:[0-9A-F]{1,2}|[0-9A-F][A-Z])")
_PHONE: Final = re.compile(r"(?:\+?86|0086)?(1[0-9]{10}|1[0-9]{12})")
_ON_CHIP: Final = re.compile(r"[0-9A-F]{19,20}")


class Carrier(StrEnum):
    CMCC = "cmcc"
    CUCC = "cucc"
    CTCC = "ctcc"
    CBN = "cbn"
    UNKNOWN = "unknown"


class Luhn(StrEnum):
    """Only some issuers keep the check digit (of 24 real numbers 15 held): it may but warn."""

    OK = "ok"
    WARN = "warn"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Iccid:
    text: str
    issuer: Carrier
    """A hint from the first six digits; the home place comes from the batch record."""
    luhn: Luhn

    @property
    def key(self) -> str:
        """The first 19 characters, on which printed and chip numbers agree."""
        return self.text[:19]


class PhoneUse(StrEnum):
    MOBILE = "mobile"
    RESELLER = "reseller"
    IOT = "iot"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Phone:
    number: str
    """11 or 13 digits, without the country code."""
    carrier: Carrier
    """A hint: numbers move between carriers."""
    use: PhoneUse


def check_iccid(text: str) -> Iccid | Fault:
    """A Chinese ICCID of 19 or 20 characters; letters occur in chips and in print."""
    number = compact(text)
    if not _ICCID.fullmatch(number):
        return Fault.FORMAT
    issuer = _iccid_issuers().get(number[:6], Carrier.UNKNOWN)
    if not number.isdigit():
        return Iccid(number, issuer, Luhn.NOT_APPLICABLE)
    return Iccid(number, issuer, Luhn.OK if luhn_holds(number) else Luhn.WARN)


def iccid_from_ef(raw: bytes) -> str:
    """The text in EF_ICCID (2FE2): two swapped nibbles a byte, `F` where the 20th is unused.

    A number that really ends in F reads one shorter: keep the raw bytes beside the text.
    """
    if len(raw) != EF_ICCID_BYTES:
        raise Invalid("iccid.not_ten_bytes", length=len(raw))
    text = "".join(f"{byte & 15:X}{byte >> 4:X}" for byte in raw)
    return text.removesuffix("F")


def iccid_to_ef(text: str) -> bytes:
    number = compact(text)
    if not _ON_CHIP.fullmatch(number):
        raise Invalid("iccid.not_on_a_chip", length=len(number))
    padded = number.ljust(2 * EF_ICCID_BYTES, "F")
    return bytes.fromhex("".join(padded[at + 1] + padded[at] for at in range(0, len(padded), 2)))


def check_phone(text: str, on: date) -> Phone | Fault:
    """A mainland mobile number (11 digits) or IoT number (13). An unknown prefix is no fault."""
    match = _PHONE.fullmatch(compact(text))
    if not match:
        return Fault.FORMAT
    number = match[1]
    for length in range(len(number), 0, -1):
        rows = _phone_prefixes().get((len(number), number[:length]))
        if rows:
            row = next((one for one in reversed(rows) if one.valid_from <= on), rows[0])
            return Phone(number, row.carrier, row.use)
    return Phone(number, Carrier.UNKNOWN, PhoneUse.UNKNOWN)


@checked_dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class _PrefixRow:
    carrier: Carrier
    use: PhoneUse
    digits: int
    valid_from: date
    prefixes: tuple[str, ...]


@cache
def _iccid_issuers() -> Mapping[str, Carrier]:
    rows = packaged("numbers.toml")["iccid_issuers"]
    return {prefix: Carrier(carrier) for prefix, carrier in rows.items()}


@cache
def _phone_prefixes() -> Mapping[tuple[int, str], list[_PrefixRow]]:
    """Rows by length and prefix, oldest first."""
    rows = [_PrefixRow(**row) for row in packaged("numbers.toml")["prefixes"]]
    found: dict[tuple[int, str], list[_PrefixRow]] = {}
    for row in sorted(rows, key=lambda one: one.valid_from):
        for prefix in row.prefixes:
            found.setdefault((row.digits, prefix), []).append(row)
    return found
