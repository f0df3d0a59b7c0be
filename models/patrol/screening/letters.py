"""The tables that folding reads: what every code point stands for, and how it sounds.

They are made by `make model` and shipped; running needs numpy alone.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.data import packaged_bytes

CODES: Final = 0x20000
"""Code points beyond these are one rare letter, the last of the tables."""
BOUND: Final = 1
"""The symbol that stands before every title."""
SOUNDS_FROM: Final = 0xE100
MOST_PARTS: Final = 6

Symbols = NDArray[np.uint16]


class Classes(IntEnum):
    """How a letter is disguised, or what it does between others."""

    NONE = 0
    SEPARATOR = 1
    SIGN = 2
    HIDDEN = 3
    WIDE = 4
    LOOK_ALIKE = 5
    TRADITIONAL = 6
    PICTURE = 7


@dataclass(frozen=True)
class Tables:
    """`raw`, `fold`, `classes` by code point; `sound` by folded symbol."""

    raw: Symbols
    fold: Symbols
    """0 where nothing is left of the letter; the first of its `parts` where it is several."""
    classes: NDArray[np.uint8]
    parts: Mapping[int, tuple[int, ...]]
    sound: Symbols
    syllables: Mapping[int, int]
    splits: Mapping[tuple[int, ...], tuple[int, ...]]

    @cached_property
    def split_flags(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Whether a symbol begins a character that was taken apart; whether one is its second."""
        heads, seconds = np.zeros(0x10000, np.bool_), np.zeros(0x10000, np.bool_)
        heads[[key[0] for key in self.splits]] = True
        seconds[[key[1] for key in self.splits]] = True
        return heads, seconds

    @cached_property
    def spelled(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The keys of all syllables in order, and their sounds."""
        keys = sorted(self.syllables)
        return np.array(keys, np.int64), np.array([self.syllables[one] for one in keys], np.int64)

    def to_bytes(self) -> bytes:
        out = io.BytesIO()
        np.savez_compressed(
            out,
            raw=self.raw,
            fold=self.fold,
            classes=self.classes,
            sound=self.sound,
            parts=_rows({(code,): symbols for code, symbols in self.parts.items()}),
            syllables=np.array(sorted(self.syllables.items()), np.int64),
            splits=_rows(self.splits),
        )
        return out.getvalue()

    @classmethod
    def from_bytes(cls, body: bytes) -> "Tables":
        with np.load(io.BytesIO(body), allow_pickle=False) as kept:
            return cls(
                raw=kept["raw"],
                fold=kept["fold"],
                classes=kept["classes"],
                parts={key[0]: value for key, value in _pairs(kept["parts"])},
                sound=kept["sound"],
                syllables={int(key): int(value) for key, value in kept["syllables"]},
                splits=dict(_pairs(kept["splits"])),
            )


def _rows(pairs: Mapping[tuple[int, ...], tuple[int, ...]]) -> NDArray[np.int32]:
    """Key and value of at most `MOST_PARTS` codes each, filled up with zeros."""
    rows = np.zeros((len(pairs), 2 * MOST_PARTS), np.int32)
    for at, (key, value) in enumerate(sorted(pairs.items())):
        rows[at, : len(key)] = key
        rows[at, MOST_PARTS : MOST_PARTS + len(value)] = value
    return rows


def _pairs(rows: NDArray[Any]) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    split = [(row[:MOST_PARTS].tolist(), row[MOST_PARTS:].tolist()) for row in rows]
    return [(tuple(filter(None, key)), tuple(filter(None, value))) for key, value in split]


def syllable_key(text: str) -> int:
    """Up to six Latin letters as one number."""
    key = 0
    for letter in text:
        key = key * 27 + ord(letter) - ord("a") + 1
    return key


@cache
def tables() -> Tables:
    return Tables.from_bytes(packaged_bytes("screening-tables.npz"))
