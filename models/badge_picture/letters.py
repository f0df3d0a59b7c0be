"""The letters of the house's own font: which it has, how wide they are, how they look."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO
from typing import Any, Final

from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.ttLib import TTFont

FONT_FILE: Final = "NotoSansCJKsc-Regular.otf"
FONT_FAMILY: Final = "Noto Sans CJK SC"
UNITS: Final = 1000
"""Of the font, in one em."""
_KEPT: Final = 8192
"""Letters whose outlines are remembered: all that names of firms are usually written with."""
_NOT_FIRST: Final = frozenset("，。、；：？！）》】”’,.;:?!)]}%·…")
_NOT_LAST: Final = frozenset("（《【“‘([{")
_LATIN: Final = 0x2E80
"""Below it letters make words that are not broken; from it on a line may end anywhere."""
_ELLIPSIS: Final = "…"


@dataclass(frozen=True, slots=True)
class Glyph:
    path: str
    """In the font's units, upwards; empty of a space."""
    advance: int


@dataclass(frozen=True, slots=True)
class _Font:
    glyphs: Any
    names: Mapping[int, str]


@cache
def _font() -> _Font:
    data = files("models").joinpath("data", FONT_FILE).read_bytes()
    opened: Any = TTFont(BytesIO(data), lazy=True)
    return _Font(opened.getGlyphSet(), opened.getBestCmap())


@lru_cache(_KEPT)
def glyph(letter: str) -> Glyph:
    font = _font()
    drawn: Any = font.glyphs[font.names[ord(letter)]]
    pen: Any = SVGPathPen(font.glyphs, ntos=lambda number: str(round(number)))
    drawn.draw(pen)
    return Glyph(pen.getCommands(), round(drawn.width))


def lacking(text: str) -> str:
    """The first character that the font has no letter for; empty when it has all."""
    names = _font().names
    return next((letter for letter in text if ord(letter) not in names), "")


def width(text: str, size: float) -> float:
    """Of the text as one line, in the unit of `size`."""
    return sum(glyph(letter).advance for letter in text) * size / UNITS


@dataclass(frozen=True, slots=True)
class Lines:
    """A text that was made to fit: its lines, and how large they are."""

    lines: tuple[str, ...]
    size: float
    is_whole: bool = True

    @property
    def leading(self) -> float:
        return round(self.size * 1.28, 2)

    @property
    def height(self) -> float:
        return self.leading * len(self.lines)


Steps = Sequence[tuple[float, int]]
"""Sizes from the largest down, each with how many lines it may take."""


def fitted(text: str, room: float, steps: Steps, shorter: str = "") -> Lines:
    """The text in the largest size that holds it; else `shorter`, else as much as goes in."""
    for wanted in filter(None, (text, shorter)):
        for size, most in steps:
            lines = wrapped(wanted, size, room)
            if len(lines) <= most:
                return Lines(tuple(lines), size)
    size, most = steps[-1]
    lines = wrapped(text, size, room)[:most]
    return Lines((*lines[:-1], _cut(lines[-1], size, room)), size, is_whole=False)


def wrapped(text: str, size: float, room: float) -> list[str]:
    lines: list[str] = []
    line, used = "", 0.0
    for piece in _pieces(text):
        taken = width(piece, size)
        if line and used + taken > room:
            lines.append(line.rstrip())
            line, used = "", 0.0
            piece = piece.lstrip()  # noqa: PLW2901 - a space ends its line
            taken = width(piece, size)
        if taken > room:
            *whole, piece = _broken(piece, size, room)  # noqa: PLW2901
            lines += whole
            taken = width(piece, size)
        line, used = line + piece, used + taken
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _pieces(text: str) -> Iterable[str]:
    """What is not parted at the end of a line: words, and signs with what they belong to."""
    piece = ""
    for letter in " ".join(text.split()):
        if piece and _may_part(piece[-1], letter):
            yield piece
            piece = ""
        piece += letter
    if piece:
        yield piece


def _may_part(before: str, after: str) -> bool:
    if after in _NOT_FIRST or before in _NOT_LAST or after == " ":
        return False
    return before == " " or ord(before) >= _LATIN or ord(after) >= _LATIN


def _broken(piece: str, size: float, room: float) -> list[str]:
    """A word longer than a line, cut where the line ends."""
    parts: list[str] = [""]
    for letter in piece:
        if parts[-1] and width(parts[-1] + letter, size) > room:
            parts.append("")
        parts[-1] += letter
    return parts


def _cut(line: str, size: float, room: float) -> str:
    while line and width(line + _ELLIPSIS, size) > room:
        line = line[:-1]
    return line + _ELLIPSIS
