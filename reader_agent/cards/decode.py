"""Bytes of a SIM card as values: ICCID, IMSI, names and numbers, what a SELECT answers.

Every function takes what a card gave, so anything at all: it returns a value, None where the card
says that there is none, or raises `Undecodable`. TS 102 221 (UICC), TS 31.102 (USIM),
TS 51.011 (2G), TS 24.008 10.5 (numbers).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

ICCID_SIZE: Final = 10
IMSI_SIZE: Final = 9
_ICCID_PLACES: Final = (18, 19, 20)
_ICCID_ALPHABET: Final = frozenset("0123456789ABCDE")
_IMSI_LENGTHS: Final = range(6, 16)
_MNC_LENGTHS: Final = (2, 3)
_NUMBER_SIZE: Final = 14
"""Of the fixed end of an EF_MSISDN record (TS 31.102 4.2.26); a name of any length goes before."""
_NUMBER_DIGITS: Final = "0123456789*#abc"
_INTERNATIONAL: Final = 1
_PIN1: Final = 0x01

_GSM: Final = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The default alphabet (TS 23.038 6.2.1), a byte a letter."""


class Undecodable(ValueError):
    pass


@dataclass(frozen=True)
class FileControl:
    """What a UICC says of a file when it is selected (TS 102 221 11.1.1.3)."""

    fid: str
    size: int | None
    sfi: int | None
    is_pin1_on: bool | None
    """None where it names no PIN1."""


@dataclass(frozen=True)
class GsmFile:
    """What a 2G card says of a file (TS 51.011 9.2.1)."""

    fid: str
    size: int
    record_size: int | None
    is_pin1_on: bool | None
    """Of directories; None of files."""
    pin1_tries: int | None


def iccid(raw: bytes) -> str | None:
    """Ten bytes of EF_ICCID as 18 to 20 places of `0-9A-E`; None of a blank card.

    Operators put letters into place 8 and 13, so these are no digits. Fewer bytes are no identity.
    """
    if len(raw) != ICCID_SIZE:
        raise Undecodable("ICCID of another size")
    text = _swapped(raw).rstrip("F")
    if not text:
        return None
    if len(text) not in _ICCID_PLACES or not _ICCID_ALPHABET.issuperset(text):
        raise Undecodable("not an ICCID")
    return text


def luhn(text: str) -> bool | None:
    """Whether the last digit checks the others (ISO/IEC 7812-1 annex B); None with letters."""
    if not text.isdecimal():
        return None
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in text[-2::-2])
    return (sum(doubled) + sum(int(digit) for digit in text[::-2])) % 10 == 0


def imsi(raw: bytes) -> str | None:
    """EF_IMSI: a length, then digits of which the first nibble only says odd or even."""
    if not raw.strip(b"\xff"):
        return None
    text = _swapped(raw[1 : 1 + raw[0]])[1:].removesuffix("F")
    if not text.isdecimal() or len(text) not in _IMSI_LENGTHS:
        raise Undecodable("not an IMSI")
    return text


def mnc_length(raw: bytes) -> int | None:
    """The fourth byte of EF_AD; cards from before that byte don't say."""
    length = raw[3] & 0x0F if raw[3:] else 0
    return length if length in _MNC_LENGTHS else None


def operator_name(raw: bytes) -> str | None:
    """EF_SPN: a byte of display flags, then the name. Only what can be shown is kept."""
    name = "".join(letter for letter in _name(raw[1:]) if letter.isprintable()).strip()
    return name or None


def msisdn(record: bytes) -> str | None:
    """The number of an EF_MSISDN record: whatever somebody once wrote there."""
    if len(record) < _NUMBER_SIZE:
        raise Undecodable("record too short")
    size, kind, *digits = record[-_NUMBER_SIZE:]
    if size == 0xFF or size < 2:  # noqa: PLR2004 - the kind's byte and one of digits
        return None
    text = _swapped(bytes(digits[: min(size - 1, 10)])).partition("F")[0]
    number = "".join(_NUMBER_DIGITS[int(nibble, 16)] for nibble in text)
    return ("+" if kind >> 4 & 7 == _INTERNATIONAL else "") + number if number else None


def file_control(raw: bytes) -> FileControl:
    template = dict(_objects(raw)).get(0x62)
    if template is None:
        raise Undecodable("no FCP")
    inner = dict(_objects(template))
    size, sfi = inner.get(0x80), inner.get(0x88)
    return FileControl(
        fid=inner.get(0x83, b"").hex().upper(),
        size=None if size is None else int.from_bytes(size, "big"),
        sfi=sfi[0] >> 3 if sfi else None,
        is_pin1_on=_is_pin1_on(inner.get(0xC6, b"")),
    )


def _is_pin1_on(template: bytes) -> bool | None:
    """PS_DO, whose first bit is of the first key reference, and so on (TS 102 221 9.5.2)."""
    bits = b""
    at = 0
    for tag, value in _objects(template):
        if tag == 0x90:  # noqa: PLR2004 - PS_DO
            bits = value
        elif tag == 0x83:  # noqa: PLR2004 - a key reference
            if value == bytes([_PIN1]) and at < 8 * len(bits):
                return bool(bits[at // 8] & 0x80 >> at % 8)
            at += 1
    return None


def gsm_file(raw: bytes) -> GsmFile:
    if len(raw) < 14:  # noqa: PLR2004 - as far as a file's own description goes
        raise Undecodable("answer too short")
    is_directory = raw[6] in {1, 2}
    states = raw[18] if is_directory and len(raw) > 18 else None  # noqa: PLR2004
    return GsmFile(
        fid=raw[4:6].hex().upper(),
        size=int.from_bytes(raw[2:4], "big"),
        record_size=(raw[14] or None) if not is_directory and raw[14:] else None,
        is_pin1_on=not raw[13] & 0x80 if is_directory else None,
        pin1_tries=None if states is None else states & 0x0F,
    )


def application(record: bytes) -> tuple[str, str] | None:
    """AID in hex and label of a record of EF_DIR (TS 102 221 13.1); None of an empty one."""
    inner = dict(_objects(dict(_objects(record)).get(0x61, b"")))
    aid = inner.get(0x4F, b"")
    return (aid.hex().upper(), inner.get(0x50, b"").decode("ascii", "replace")) if aid else None


def _swapped(raw: bytes) -> str:
    """Semi-octets: of each byte the low nibble comes first."""
    return "".join(f"{byte & 0x0F:X}{byte >> 4:X}" for byte in raw)


def _name(raw: bytes) -> str:
    """An alpha identifier in whichever of its four codings (TS 102 221 annex A)."""
    match raw[:1]:
        case b"\x80":
            pairs = (raw[at : at + 2] for at in range(1, len(raw) - 1, 2))
            used = b"".join(pair for pair in pairs if pair != b"\xff\xff")
            return used.decode("utf-16-be", "ignore")
        case b"\x81" if len(raw) > 3:  # noqa: PLR2004 - its head
            return _compressed(raw[3 : 3 + raw[1]], raw[2] << 7)
        case b"\x82" if len(raw) > 4:  # noqa: PLR2004 - its head
            return _compressed(raw[4 : 4 + raw[1]], int.from_bytes(raw[2:4], "big"))
        case _:
            return _compressed(raw.rstrip(b"\xff"), 0)


def _compressed(raw: bytes, base: int) -> str:
    """Letters of the default alphabet, and above 0x7F those of a half page of UCS2."""
    letters = (chr((base + byte - 0x80) & 0xFFFF) if byte > 0x7F else _GSM[byte] for byte in raw)  # noqa: PLR2004
    return "".join(letters).encode("utf-16-be", "ignore").decode("utf-16-be")


def _objects(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Tags of one byte and their values, as far as they are whole; padding is passed over."""
    at = 0
    while at + 1 < len(raw) and raw[at] not in {0x00, 0xFF}:
        tag, size, at = raw[at], raw[at + 1], at + 2
        if size == 0x81 and at < len(raw):  # noqa: PLR2004 - the length in a byte of its own
            size, at = raw[at], at + 1
        if at + size > len(raw):
            return
        yield tag, raw[at : at + size]
        at += size
