"""Machine-made disguises for training: what evaders do to a title, done to every title alike.

Innocent titles are disguised as often as others, so that a disguise alone convicts nobody.
"""

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from models.patrol.screening.letters import Classes, Tables, tables

_SEPARATORS: Final = " -./·|_*~丨^+"
_HIDDEN: Final = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_SIGNS: Final = "🔥✨🌟💥❗🎉💯🐛🍉⭐"
_HAN: Final = range(0x4E00, 0x9FA6)


@dataclass(frozen=True, slots=True)
class _Inverse:
    """The tables of letters read backwards."""

    traditional: dict[str, str]
    alike: dict[str, str]
    """Every character of a common sound, by that sound's symbol."""
    sounds: dict[int, str]
    spelled: dict[int, str]
    pieces: dict[str, str]
    pictures: dict[str, str]


@cache
def _inverse() -> _Inverse:
    known: Tables = tables()
    traditional: dict[str, str] = {}
    alike: dict[str, str] = {}
    for code, kind in enumerate(known.classes.tolist()):
        plain = int(known.fold[code])
        if kind == Classes.TRADITIONAL and code in _HAN:
            traditional.setdefault(chr(plain), chr(code))
        elif kind == Classes.LOOK_ALIKE and code not in known.parts and chr(plain).isascii():
            alike[chr(plain)] = alike.get(chr(plain), "") + chr(code)
    sounds: dict[int, str] = {}
    for code in _HAN:
        if int(known.fold[code]) == code:
            sound = int(known.sound[code])
            sounds[sound] = sounds.get(sound, "") + chr(code)
    spelled: dict[int, str] = {}
    from_key = {sound: key for key, sound in sorted(known.syllables.items())}
    for sound, key in from_key.items():
        spelled[sound] = _letters(key)
    pieces = {
        "".join(map(chr, whole)): "".join(map(chr, parts))
        for parts, whole in known.splits.items()
        if len(whole) == 1
    }
    pictures = {
        "".join(map(chr, parts)): chr(code)
        for code, parts in known.parts.items()
        if known.classes[code] == Classes.PICTURE
    }
    return _Inverse(traditional, alike, sounds, spelled, pieces, pictures)


def _letters(key: int) -> str:
    out = ""
    while key:
        key, rest = divmod(key, 27)
        out = chr(rest + 96) + out
    return out


def _each(text: str, chance: random.Random, share: float, change: Callable[[str], str]) -> str:
    return "".join(change(one) if chance.random() < share else one for one in text)


def _wide(text: str, chance: random.Random) -> str:
    share = chance.choice((0.5, 1.0))
    return _each(
        text, chance, share, lambda one: chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one
    )


def _hidden(text: str, chance: random.Random) -> str:
    return _each(text, chance, 0.35, lambda one: one + chance.choice(_HIDDEN))


def _separated(text: str, chance: random.Random) -> str:
    sign = chance.choice(_SEPARATORS)
    return _each(text, chance, chance.choice((0.4, 0.7, 1.0)), lambda one: one + sign)


def _decorated(text: str, chance: random.Random) -> str:
    return _each(text, chance, 0.25, lambda one: one + chance.choice(_SIGNS))


def _pictured(text: str, chance: random.Random) -> str:
    for word, sign in _inverse().pictures.items():
        if word in text and chance.random() < 0.8:  # noqa: PLR2004 - most of them
            text = text.replace(word, sign)
    return _decorated(text, chance) if chance.random() < 0.3 else text  # noqa: PLR2004


def _traditional(text: str, chance: random.Random) -> str:
    del chance
    return "".join(_inverse().traditional.get(one, one) for one in text)


def _homophone(text: str, chance: random.Random) -> str:
    known, sound = _inverse(), tables().sound

    def change(one: str) -> str:
        choices = known.sounds.get(int(sound[ord(one)]), one) if ord(one) in _HAN else one
        return chance.choice(choices)

    return _each(text, chance, chance.choice((0.3, 0.5, 0.7)), change)


def _spelled(text: str, chance: random.Random) -> str:
    known, sound = _inverse(), tables().sound

    def change(one: str) -> str:
        return known.spelled.get(int(sound[ord(one)]), one) if ord(one) in _HAN else one

    return _each(text, chance, chance.choice((0.3, 0.6, 1.0)), change)


def _initials(text: str, chance: random.Random) -> str:
    """Runs of two to four characters as the first letters of their sounds: llk for 流量卡."""
    known, sound = _inverse(), tables().sound
    out, at = "", 0
    while at < len(text):
        size = chance.choice((2, 3, 4))
        run = text[at : at + size]
        if chance.random() < 0.4 and all(ord(one) in _HAN for one in run):  # noqa: PLR2004
            out += "".join(known.spelled.get(int(sound[ord(one)]), one)[:1] for one in run)
        else:
            out += run
        at += size
    return out


def _split(text: str, chance: random.Random) -> str:
    return _each(text, chance, 0.9, lambda one: _inverse().pieces.get(one, one))


def _look_alike(text: str, chance: random.Random) -> str:
    def change(one: str) -> str:
        choices = _inverse().alike.get(one.casefold())
        return chance.choice(choices) if choices else one

    return _each(text, chance, 0.5, change)


def _reversed(text: str, chance: random.Random) -> str:
    if chance.random() < 0.5:  # noqa: PLR2004 - the whole, or every word for itself
        return text[::-1]
    return " ".join(word[::-1] for word in text.split(" "))


WAYS: Final = (
    _wide, _hidden, _separated, _separated, _pictured, _traditional, _homophone, _homophone,
    _spelled, _initials, _split, _look_alike, _reversed,
)  # fmt: skip


def disguised(title: str, most: int) -> Sequence[str]:
    """Up to `most` disguises of a title, other than it; the same for the same title."""
    chance = random.Random(hashlib.sha256(title.encode("utf-8", "replace")).digest())  # noqa: S311
    out: dict[str, None] = {}
    for way in chance.sample(WAYS, len(WAYS)):
        if len(out) >= most:
            break
        text = way(title, chance)
        if text != title:
            out[text] = None
    return list(out)
