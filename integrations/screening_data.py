"""Makes what screening ships: its tables of letters, and the model learned from the shipped titles.

`make model` runs this file. OpenCC and pypinyin are asked here alone; a running console needs
neither of them.
"""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

import csv
import io
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np
import opencc  # pyright: ignore[reportMissingTypeStubs]
from pypinyin import Style, pinyin
from pypinyin.constants import PINYIN_DICT

from models.data import packaged, packaged_bytes
from models.patrol.screening.disguises import disguised
from models.patrol.screening.labels import Label
from models.patrol.screening.letters import (
    BOUND,
    CODES,
    MOST_PARTS,
    SOUNDS_FROM,
    Classes,
    Tables,
    syllable_key,
    tables,
)
from models.patrol.screening.model import Model
from models.patrol.screening.training import Example, train

_MERGED: Final = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ng", "n"))
"""Sounds that dialects, and sellers, do not tell apart."""
_RARE: Final = 0xE000
AUTHORS: Final = (
    *("a", "b"),
    *("m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9"),
    *("n1", "n2", "n3", "n4", "n5", "n6", "n7", "n8"),
    *("o1", "o2", "o3", "o4", "o5"),
)
"""Whose titles are shipped, one file an author; docs/screening.md says who they are."""
OWN: Final = "m9"
"""Written after the errors on m1 to m8 were read: learned from, never measured on."""
WORDS: Final = "words"
_WORD_WEIGHT: Final = 0.075
_WORD_DISGUISES: Final = 2
_DISGUISED_WEIGHT: Final = 0.05
_COMPANIES: Final = 2
_COMPANY_WEIGHT: Final = 0.075
_HERE: Final = Path(__file__).parents[1] / "models" / "data"


def titles_of(author: str) -> list[Example]:
    """The labelled titles of one author."""
    text = packaged_bytes(f"titles-{author}.csv").decode()
    return [
        Example(row["title"], Label(row["label"]), row["kind"], row["evasion"], author)
        for row in csv.DictReader(io.StringIO(text))
    ]


def words_of_the_field() -> list[Example]:
    """Every word of screening-words.toml as a title that counts little."""
    data: dict[str, Any] = packaged("screening-words.toml")
    found: dict[str, Example] = {}
    for label in Label:
        for kind, words in data[label.value].items():
            for word in _words(words, kind):
                named = "" if kind == "foreign" else kind
                for text, weight in (*_in_disguise(word), *_in_company(word)):
                    found.setdefault(
                        text, Example(text, label, named, "none", WORDS, weight=weight)
                    )
    return list(found.values())


def _in_disguise(word: str) -> list[tuple[str, float]]:
    """Goods are disguised as often as cards, so that a disguise alone convicts nobody."""
    made = disguised(word, _WORD_DISGUISES)
    return [(word, _WORD_WEIGHT), *((text, _DISGUISED_WEIGHT) for text in made)]


def _in_company(word: str) -> list[tuple[str, float]]:
    """With what every seller says of any goods, on both sides alike: such words convict nobody."""
    said: Sequence[str] = packaged("screening.toml")["company"]
    drawn = sha256(word.encode()).digest()
    some = [said[byte % len(said)] for byte in drawn[: 2 * _COMPANIES]]
    return [
        (f"{one} {word} {other}", _COMPANY_WEIGHT)
        for one, other in zip(some[::2], some[1::2], strict=True)
    ]


def _words(text: str, kind: str) -> list[str]:
    """Foreign words stand between bars, Chinese ones between blanks, Latin neighbours together."""
    if kind == "foreign":
        return [one.strip() for line in text.splitlines() for one in line.split("|") if one.strip()]
    words = list[str]()
    for one in text.split():
        if words and one.isascii() and words[-1].isascii():
            words[-1] += f" {one}"
        else:
            words.append(one)
    return words


def shipped_examples() -> list[Example]:
    """All that the shipped model is learned from."""
    titles = [one for author in AUTHORS for one in titles_of(author)]
    return titles + words_of_the_field()


def make_model() -> Model:
    """The shipped model: the same bytes from the same files."""
    return train(shipped_examples())


def main() -> None:
    """Write the tables, then the model that reads with them."""
    (_HERE / "screening-tables.npz").write_bytes(make_tables().to_bytes())
    tables.cache_clear()
    model = make_model()
    (_HERE / "screening-model.npz").write_bytes(model.to_bytes())
    sys.stdout.write(f"{model.version} {model.sha256}\n")


def make_tables() -> Tables:
    """The run-time tables from the Unicode database, OpenCC, pypinyin and screening.toml."""
    signs: dict[str, Any] = packaged("screening.toml")
    odd = {odd: plain for plain, odds in signs["look_alikes"].items() for odd in odds}
    words = {
        sign[0]: word for sign, word in signs["signs"].items() if len(sign.rstrip("\ufe0f")) == 1
    }
    simple = opencc.OpenCC("t2s")
    fold = np.zeros(CODES, np.uint16)
    raw = np.zeros(CODES, np.uint16)
    classes = np.zeros(CODES, np.uint8)
    parts: dict[int, list[int]] = {}
    for code in range(CODES):
        letter = chr(code)
        raw[code] = _raw(code)
        folded, classes[code] = _folded(letter, odd, words, simple)
        symbols = [_symbol(ord(one)) for one in folded]
        if len(symbols) == 1:
            fold[code] = symbols[0]
        elif symbols:
            parts[code] = symbols[:MOST_PARTS]
            fold[code] = symbols[0]
    fold[-1] = _RARE
    raw[-1] = _RARE
    sound, sounds = _sounds(signs["shapes"])
    return Tables(
        raw=raw,
        fold=fold,
        classes=classes,
        parts={code: tuple(symbols) for code, symbols in parts.items()},
        sound=sound,
        syllables={syllable_key(text): sounds[merged] for text, merged in _syllables(sounds)},
        splits={
            tuple(map(ord, pieces)): tuple(map(ord, whole))
            for pieces, whole in signs["splits"].items()
        },
    )


def _raw(code: int) -> int:
    """The letter itself; pictures beyond the first plane in the room of the surrogates."""
    if code in {0, BOUND}:
        return 0
    if code < 0x10000:  # noqa: PLR2004 - the first plane
        return 0x20 if chr(code).isspace() else code
    return 0xD800 + (code & 0x0FFF)


def _symbol(code: int) -> int:
    return code if code < 0x10000 else _RARE  # noqa: PLR2004 - the first plane


def _folded(
    letter: str, odd: Mapping[str, str], words: Mapping[str, str], simple: opencc.OpenCC
) -> tuple[str, int]:
    """What a letter stands for (nothing, for a separator), and how it was disguised."""
    if letter in words:
        return words[letter], Classes.PICTURE
    category = unicodedata.category(letter)
    if category in {"Cf", "Mn", "Me", "Cc", "Cs", "Cn", "Co"} and letter not in "\t\n\r":
        return "", Classes.HIDDEN if category in {"Cf", "Mn"} else Classes.NONE
    if letter in odd:
        return odd[letter], Classes.LOOK_ALIKE
    once = unicodedata.normalize("NFKC", letter).casefold()
    plain = unicodedata.normalize("NFKC", once)
    kept = "".join(odd.get(one, one) for one in plain if one.isalnum())
    if not kept:
        return "", Classes.SEPARATOR if category != "So" else Classes.SIGN
    simplified = simple.convert(kept)
    if plain != letter.casefold() and kept.isascii():
        return simplified, Classes.WIDE if 0xFF00 <= ord(letter) <= 0xFFEF else Classes.LOOK_ALIKE  # noqa: PLR2004
    return simplified, Classes.TRADITIONAL if simplified != kept else Classes.NONE


def _merged(syllable: str) -> str:
    for full, plain in _MERGED:
        syllable = syllable.replace(full, plain)
    return syllable.replace("ü", "v")


def _sounds(shapes: Mapping[str, str]) -> tuple[np.ndarray[Any, Any], dict[str, int]]:
    """For every symbol the symbol of its sound; digits sound alike; others stay themselves."""
    table = np.arange(0x10000, dtype=np.uint16)
    known: dict[str, int] = {}
    heard: dict[int, str] = {}
    for code in sorted(PINYIN_DICT):
        if code < 0x10000:  # noqa: PLR2004 - the first plane
            read = pinyin(chr(code), style=Style.NORMAL)[0][0]
            if read.isascii() and read.isalpha():
                heard[code] = _merged(read)
    for like, odds in shapes.items():
        for one in odds:
            if ord(like[0]) in heard and len(like) == 1:
                heard[ord(one)] = heard[ord(like)]
    for syllable in sorted(set(heard.values())):
        known[syllable] = SOUNDS_FROM + len(known)
    for code, syllable in heard.items():
        table[code] = known[syllable]
    table[ord("0") : ord("9") + 1] = ord("0")
    return table, known


@cache
def _readings() -> frozenset[str]:
    """All syllables of two letters and more, as people type them."""
    found: set[str] = set()
    for code in range(0x4E00, 0x9FA6):
        for read in pinyin(chr(code), style=Style.NORMAL, heteronym=True)[0]:
            plain = read.replace("ü", "v")
            if plain.isascii() and plain.isalpha() and 2 <= len(plain) <= 6:  # noqa: PLR2004
                found.add(plain)
    return frozenset(found)


def _syllables(sounds: Mapping[str, int]) -> list[tuple[str, str]]:
    return [(text, _merged(text)) for text in sorted(_readings()) if _merged(text) in sounds]


if __name__ == "__main__":
    main()
