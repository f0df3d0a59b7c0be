"""Columns of numbers that come as text, as whole numbers: cards, devices, regions.

Almost all are digits of one width, which eight at a time are one word of the machine; the few
others are read one by one.
"""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

import re
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.cards.numbers import card_key, card_number
from models.formats import Fault, check_iccid, compact
from models.formats.text import luhn_digit

NO_CARD: Final = np.iinfo(np.int64).min
NONE: Final = -1
"""A device or region that is not known."""
SERIALS: Final = 1_000_000
"""Devices of one type: what a device's number is divided by to give its TAC."""
_COUNTRY: Final = int.from_bytes(b"8986", "little")
_CARD_WIDTHS: Final = (20, 19)
_DEVICE_WIDTHS: Final = (15, 14, 16)
_SERIAL: Final = 14
"""Digits that name a device; behind them stand a check digit or the version of its software."""
_ZEROS: Final = np.uint64(0x3030303030303030)
_HIGH: Final = np.uint64(0xF0F0F0F0F0F0F0F0)
_SIX: Final = np.uint64(0x0606060606060606)
_STEPS: Final = (
    (0x0F0F0F0F0F0F0F0F, 10 * 256 + 1, 8),
    (0x00FF00FF00FF00FF, 100 * 65536 + 1, 16),
    (0x0000FFFF0000FFFF, 10_000 * 4_294_967_296 + 1, 32),
)
_MEID: Final = re.compile(r"(?=.*[A-F])[0-9A-F]{14}[0-9A-F]?")
_MEID_FLAG: Final = 1 << 60
_REGION: Final = re.compile(r"[1-9][0-9](?:[0-9]{4})?")
_PROVINCE: Final = 10_000


def cards_of(column: pa.Array) -> np.ndarray:
    """`card_number` of each ICCID; NO_CARD where it is none."""
    numbers = np.full(len(column), NO_CARD, np.int64)
    for rows, data, width in _by_width(column, _CARD_WIDTHS):
        lead = np.ndarray((len(data) // width,), "<u4", data, 0, (width,))
        high, high_is = _eight(data, 3, width)
        low, low_is = _eight(data, 11, width)
        held = (lead == _COUNTRY) & high_is & low_is
        if width > _CARD_WIDTHS[1]:
            end = data[width - 1 :: width]
            held &= (end - ord("0") < 10) | (end - ord("A") < 26)  # noqa: PLR2004 - of a byte
        # The country's first three digits, and twice eight.
        number = 898 * 10**16 + high.astype(np.int64) * 10**8 + low.astype(np.int64)
        numbers[rows] = np.where(held, number, NO_CARD)
    return _others(column, numbers, NO_CARD, _card_of)


def _card_of(text: str) -> int:
    found = check_iccid(text)
    return NO_CARD if isinstance(found, Fault) else card_number(found.key)


def keys_of(cards: np.ndarray) -> pa.Array:
    """The first 19 characters of the ICCIDs of these numbers."""
    texts = pa.array(cards).cast(pa.string())
    lettered = np.flatnonzero(cards < 0)
    if not len(lettered):
        return texts
    mask = np.zeros(len(cards), bool)
    mask[lettered] = True
    keys = [card_key(int(cards[at])) for at in lettered]
    return pc.replace_with_mask(texts, pa.array(mask), pa.array(keys, pa.string()))


def devices_of(column: pa.Array) -> np.ndarray:
    """A number for each device, NONE where there is none that can be read."""
    numbers = np.full(len(column), NONE, np.int64)
    for rows, data, width in _by_width(column, _DEVICE_WIDTHS):
        first, first_is = _eight(data, 0, width)
        rest, rest_is = _eight(data, 6, width)
        number = first.astype(np.int64) * SERIALS + rest.astype(np.int64) % SERIALS
        numbers[rows] = np.where(first_is & rest_is & (number > 0), number, NONE)
    return _others(column, numbers, NONE, _device_of)


def _device_of(text: str) -> int:
    """An IMEI with dashes between, or a MEID (hexadecimal, 3GPP2 S.R0048)."""
    plain = compact(text)
    if _MEID.fullmatch(plain):
        return _MEID_FLAG | int(plain[:_SERIAL], 16)
    if plain.isdecimal() and plain.isascii() and len(plain) in _DEVICE_WIDTHS:
        return int(plain[:_SERIAL]) or NONE
    return NONE


def device_text(number: int) -> str:
    """As it is printed on the device."""
    if number >= _MEID_FLAG:
        return f"{number - _MEID_FLAG:0{_SERIAL}X}"
    digits = f"{number:0{_SERIAL}d}"
    return digits + luhn_digit(digits)


def regions_of(column: pa.Array) -> np.ndarray:
    """Six digits each, a province's followed by zeros; NONE where there is none to be read."""
    words = column if isinstance(column, pa.DictionaryArray) else column.dictionary_encode()
    known = [_region_of(text) for text in words.dictionary.to_pylist()]
    codes = np.array([*known, NONE], np.int32)
    return codes[pc.fill_null(words.indices, len(known)).to_numpy(zero_copy_only=False)]


def _region_of(text: str | None) -> int:
    plain = compact(text or "")
    return int(plain.ljust(6, "0")) if _REGION.fullmatch(plain) else NONE


def region_text(number: int) -> str:
    province, rest = divmod(number, _PROVINCE)
    return f"{number:06}" if rest else f"{province:02}"


def _by_width(
    column: pa.Array, widths: tuple[int, ...]
) -> Iterator[tuple[np.ndarray | slice, np.ndarray, int]]:
    """For each width: the rows that have it, their bytes in a row, and the width."""
    if not len(column):
        return
    lengths = pc.fill_null(pc.binary_length(column), 0).to_numpy(zero_copy_only=False)
    for width in widths:
        held = lengths == width
        if held.all():
            yield slice(None), _bytes_of(column, width), width
            return
        if held.any():
            yield np.flatnonzero(held), _bytes_of(column.filter(pa.array(held)), width), width


def _bytes_of(column: pa.Array, width: int) -> np.ndarray:
    _, offsets, data = column.buffers()
    wide = np.int64 if pa.types.is_large_string(column.type) else np.int32
    begin = int(np.frombuffer(offsets, wide, 1, column.offset * np.dtype(wide).itemsize)[0])
    return np.frombuffer(data, np.uint8, len(column) * width, begin)


def _eight(data: np.ndarray, at: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The number that eight digits make, in each row from there, and whether they are digits."""
    word = np.ndarray((len(data) // width,), "<u8", data, at, (width,)).copy()
    are_digits = ((word & _HIGH) == _ZEROS) & (((word + _SIX) & _HIGH) == _ZEROS)
    for mask, factor, shift in _STEPS:
        word &= np.uint64(mask)
        word *= np.uint64(factor)
        word >>= np.uint64(shift)
    return word, are_digits


def _others(
    column: pa.Array, numbers: np.ndarray, none: int, read: Callable[[str], int]
) -> np.ndarray:
    """What was not digits of a usual width, each text read once."""
    left = np.flatnonzero(numbers == none)
    if len(left):
        words = column.take(pa.array(left)).dictionary_encode()
        codes = np.array([*map(read, words.dictionary.to_pylist()), none], np.int64)
        known = len(words.dictionary)
        numbers[left] = codes[pc.fill_null(words.indices, known).to_numpy(zero_copy_only=False)]
    return numbers
