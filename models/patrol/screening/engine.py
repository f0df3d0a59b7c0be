"""Does an offer sell a telephone card? A screen by words: what speaks for it, what against.

Words are compared after folding: width, case, look-alike letters, signs and pictures, blanks
between letters, traditional characters; and once more by sound. See `models/data/card_words.toml`.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from models.data import packaged
from models.patrol.screening.labels import Label, OfferKind

CARD_FROM: Final = 3.0
"""The score from which an offer counts as a card."""
_TITLE: Final = 300
_DESCRIPTION: Final = 2000
_DESCRIPTION_SHARE: Final = 0.6
_MOST_REASONS: Final = 12
_BY_SOUND: Final = "sound:"
_LATIN: Final = re.compile(r"[a-z]+")
_PINYIN: Final = {
    "liang": "量", "shang": "上", "wang": "网", "lian": "联", "dian": "电", "shou": "手",
    "liu": "流", "hua": "话", "hao": "号", "ka": "卡", "ji": "机", "wu": "物", "ma": "码",
}  # fmt: skip
_SYLLABLE: Final = re.compile("|".join(_PINYIN))
_SYLLABLES: Final = re.compile(r"[a-z]{2,}")


@dataclass(frozen=True, slots=True)
class Screened:
    """What the engine says of one offer, and why."""

    label: Label
    kind: OfferKind
    score: float
    """How sure the engine is that something is offered that is flagged, from 0 to 1."""
    severity: int
    """From 0 to 100: what is offered, how sure, and how disguised."""
    reasons: tuple[str, ...]
    """The words that counted, with their weight; `sound:` before those found by sound."""
    is_disguised: bool = False

    @property
    def is_card(self) -> bool:
        return self.label is Label.SELLS_CARD

    @property
    def is_flagged(self) -> bool:
        return self.label is not Label.NOT_CARD


@dataclass(frozen=True, slots=True)
class _Words:
    """The lexicon, folded as texts are."""

    names: Mapping[str, float]
    hints: Mapping[str, float]
    accessories: Mapping[str, float]
    without: tuple[str, ...]
    placeholders: tuple[str, ...]
    latin: Mapping[str, float]
    patterns: tuple[tuple[str, re.Pattern[str], float], ...]
    sounds: Mapping[int, str]
    by_sound: Mapping[str, float]
    look_alikes: Mapping[int, str]


@cache
def _words() -> _Words:
    data: dict[str, Any] = packaged("card_words.toml")
    sounds = {ord(one): group[0] for group in data["sounds"] for one in group}
    looks = {ord(odd): plain for plain, odds in data["look_alikes"].items() for odd in odds}
    looks |= {ord(sign): word for sign, word in data["signs"].items()}
    names = data["names"]
    heard = {
        name.translate(sounds): weight
        for name, weight in names.items()
        if name not in data["not_by_sound"]
    }
    return _Words(
        names=names,
        hints=data["hints"],
        accessories=data["accessories"],
        without=tuple(data["without"]),
        placeholders=tuple(data["placeholders"]),
        latin=data["latin"],
        patterns=tuple(
            (name, re.compile(one["pattern"]), one["weight"])
            for name, one in data["patterns"].items()
        ),
        sounds=sounds,
        by_sound=heard,
        look_alikes=looks,
    )


def screen(title: str, description: str = "") -> Screened:
    """Judge an offer by its title, and where that leaves doubt by its description too."""
    first = _scored(title[:_TITLE])
    if first.without or first.score >= CARD_FROM or not description:
        return _screened(first.score, first.reasons)
    rest = description[:_DESCRIPTION].replace(title, " ")
    second = _scored(rest)
    if second.without:
        return _screened(min(first.score, 0.0), (*first.reasons, *second.reasons))
    share = 1.0 if first.says_nothing else _DESCRIPTION_SHARE if first.score >= 0 else 0.0
    score = first.score + share * max(0.0, second.score)
    return _screened(score, (*first.reasons, *second.reasons))


def _screened(score: float, reasons: tuple[str, ...]) -> Screened:
    is_card = score >= CARD_FROM
    sure = 1 / (1 + math.exp(CARD_FROM - score))
    return Screened(
        label=Label.SELLS_CARD if is_card else Label.NOT_CARD,
        kind=OfferKind.PHONE_CARD if is_card else OfferKind.OTHER,
        score=round(sure, 3),
        severity=round(60 * sure) if is_card else 0,
        reasons=reasons[:_MOST_REASONS],
    )


@dataclass(frozen=True, slots=True)
class _Score:
    score: float
    reasons: tuple[str, ...]
    without: bool = False
    says_nothing: bool = False
    """A title such as 补差价链接: what is sold stands in the description, if anywhere."""


def _scored(text: str) -> _Score:
    words = _words()
    spaced = fold(text)
    plain = "".join(letter for letter in spaced if letter.isalnum())
    without = [word for word in words.without if word in plain]
    if without:
        return _Score(-5.0, tuple(f"{word} -5" for word in without), without=True)
    found = dict(_found(words.names, plain))
    heard = _SYLLABLES.sub(_spoken, plain).translate(words.sounds)
    if not found:
        found = {_BY_SOUND + word: by for word, by in _found(words.by_sound, heard)}
    latin = "".join(_LATIN.findall(spaced))
    found |= dict(_found(words.latin, latin))
    against = {word: -weight for word, weight in _found(words.accessories, plain)}
    hints = dict(_found(words.hints, plain))
    hints |= {name: weight for name, one, weight in words.patterns if one.search(spaced)}
    best = max(found.values(), default=0.0)
    score = best + min(sum(hints.values()), 3.0 if best else 4.0) + min(against.values(), default=0)
    counted = found | hints | against
    reasons = tuple(f"{word} {weight:+g}" for word, weight in counted.items())
    return _Score(score, reasons, says_nothing=any(one in plain for one in words.placeholders))


def _spoken(run: re.Match[str]) -> str:
    """Pinyin of the trade's words as characters; other Latin letters stay."""
    syllables = _SYLLABLE.findall(run[0])
    return "".join(_PINYIN[one] for one in syllables) if "".join(syllables) == run[0] else run[0]


def _found(words: Mapping[str, float], text: str) -> Iterable[tuple[str, float]]:
    return ((word, weight) for word, weight in words.items() if word in text)


def fold(text: str) -> str:
    """One width, case and script; look-alike letters and signs as what they stand for."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_words().look_alikes)
    return "".join(letter for letter in folded if unicodedata.category(letter) not in {"Cf", "Mn"})
