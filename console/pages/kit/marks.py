"""Words that counted, marked inside words from outside; neither is ever rendered.

Text comes in, text goes out: `plain` escapes every part, and the mark round a part is the
theme's own `:orange-background[…]` with bold letters, so that it is seen without colour too.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from console.pages.frame import plain

LONGEST_MARKED: Final = 1000
"""Characters of a text that are looked through and shown."""
_BY_SOUND: Final = "sound:"
_COUNTS: Final = 0.5


def marked(text: str, words: Iterable[str]) -> str:
    """The text as `plain` shows it, on one line, with the parts that the words name marked.

    Words are found as the screen finds them: of one width and case, over signs and blanks that
    stand between letters. A word found by its sound alone stands nowhere, and marks nothing.
    """
    line = " ".join(text.split())[:LONGEST_MARKED]
    parts: list[str] = []
    end = 0
    for start, stop in _places(line, words):
        parts += [_escaped(line[end:start]), f":orange-background[**{plain(line[start:stop])}**]"]
        end = stop
    return "".join([*parts, _escaped(line[end:])])


def counted(reasons: Iterable[str]) -> list[tuple[str, str]]:
    """Of the screen's reasons (`手机卡 +3`): each word and its weight, the weight empty if none."""
    found: list[tuple[str, str]] = []
    for reason in reasons:
        word, _, weight = reason.rpartition(" ")
        is_weight = bool(word) and weight[:1] in {"+", "-"}
        found.append((word, weight) if is_weight else (reason, ""))
    return found


def words_of(reasons: Iterable[str]) -> list[str]:
    """What of the reasons may stand in a title and speaks for the label with some weight."""
    return [
        word.removeprefix(_BY_SOUND)
        for word, weight in counted(reasons)
        if not weight or _weight(weight) >= _COUNTS
    ]


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _escaped(part: str) -> str:
    """`plain` takes blanks at the ends away; between two parts of a line they stay."""
    if not part.strip():
        return " " if part else ""
    before = " " if part[0].isspace() else ""
    after = " " if part[-1].isspace() else ""
    return f"{before}{plain(part)}{after}"


def _places(line: str, words: Iterable[str]) -> Sequence[tuple[int, int]]:
    """Where the words stand, joined where they touch, in order."""
    folded, at = _folded(line)
    found: list[tuple[int, int]] = []
    for word in dict.fromkeys(words):
        wanted, _ = _folded(word)
        place = folded.find(wanted) if wanted else -1
        while place >= 0:
            found.append((at[place], at[place + len(wanted) - 1] + 1))
            place = folded.find(wanted, place + 1)
    return _joined(sorted(found))


def _folded(text: str) -> tuple[str, Sequence[int]]:
    """Letters and digits of one width and case, and where each of them stands in the text."""
    letters: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        for one in unicodedata.normalize("NFKC", letter).casefold():
            if one.isalnum():
                letters.append(one)
                places.append(place)
    return "".join(letters), places


def _joined(places: Sequence[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, stop in places:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        else:
            joined.append((start, stop))
    return joined
