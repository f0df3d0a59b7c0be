"""A drawing in SVG, whose letters are outlines or text."""

from base64 import b64encode
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from models.badge_picture.code import Code
from models.badge_picture.letters import FONT_FAMILY, UNITS, Lines, glyph, width

_BOLDER: Final = 26
"""Width of the stroke that makes outlines bolder, in units of the font."""
_FONTS: Final = (
    f" font-family=\"'{FONT_FAMILY}','Noto Sans SC','PingFang SC','Microsoft YaHei',sans-serif\""
)


class Letters(StrEnum):
    """Outlines look the same everywhere; text is smaller, and its font is the viewer's."""

    OUTLINE = "outline"
    TEXT = "text"


class Anchor(StrEnum):
    START = "start"
    MIDDLE = "middle"
    END = "end"


@dataclass(frozen=True, slots=True)
class Ink:
    size: float
    fill: str
    is_bold: bool = False
    anchor: Anchor = Anchor.START


@dataclass(frozen=True, slots=True)
class Drawing:
    """A finished drawing, and how large the code is in it."""

    svg: bytes
    width: int
    height: int
    module: float
    """Side of one module of the code, in units of the drawing."""


@dataclass(slots=True)
class Canvas:
    width: int
    height: int
    title: str
    letters: Letters
    module: float = 0.0
    parts: list[str] = field(default_factory=list[str])
    glyphs: dict[str, str] = field(default_factory=dict[str, str])
    """Letters that are used, by their id."""

    def add(self, element: str) -> None:
        """An element of ours. Nothing that others wrote goes this way."""
        self.parts.append(element)

    def rect(self, box: tuple[float, float, float, float], fill: str, more: str = "") -> None:
        x, y, wide, high = (_number(one) for one in box)
        self.add(f'<rect x="{x}" y="{y}" width="{wide}" height="{high}" fill="{fill}"{more}/>')

    def line(self, x: float, y: float, text: str, ink: Ink) -> None:
        """One line of text, its foot at `y`."""
        if self.letters is Letters.TEXT:
            self._as_text(x, y, text, ink)
            return
        shift = {Anchor.START: 0.0, Anchor.MIDDLE: 0.5, Anchor.END: 1.0}[ink.anchor]
        left = x - shift * width(text, ink.size)
        scale = _number(ink.size / UNITS, 4)
        bold = f' stroke="{ink.fill}" stroke-width="{_BOLDER}"' if ink.is_bold else ""
        place = f"translate({_number(left)} {_number(y)}) scale({scale} -{scale})"
        self.add(f'<g transform="{place}" fill="{ink.fill}"{bold}>{self._outlines(text)}</g>')

    def lines(self, x: float, y: float, text: Lines, ink: Ink) -> float:
        """Lines from `y` down, in the size that they fit in; where the next thing may stand."""
        sized = Ink(text.size, ink.fill, ink.is_bold, ink.anchor)
        for number, line in enumerate(text.lines):
            self.line(x, y + text.size + number * text.leading, line, sized)
        return y + text.height

    def picture(self, box: tuple[float, float, float, float], png: bytes) -> None:
        """A PNG, whole and in the middle of its box."""
        x, y, wide, high = (_number(one) for one in box)
        data = b64encode(png).decode()
        self.add(
            f'<image x="{x}" y="{y}" width="{wide}" height="{high}" '
            f'preserveAspectRatio="xMidYMid meet" xlink:href="data:image/png;base64,{data}"/>'
        )

    def code(self, x: float, y: float, side: float, code: Code) -> None:
        """The code with its white quiet zone, in a square of that side."""
        self.module = side / code.side
        self.rect((x, y, side, side), "#fff")
        place = f"translate({_number(x)} {_number(y)}) scale({_number(self.module, 5)})"
        self.add(
            f'<path transform="{place}" fill="#000" shape-rendering="crispEdges" d="{code.path}"/>'
        )

    def finished(self) -> Drawing:
        font = _FONTS if self.letters is Letters.TEXT else ""
        defs = "".join(f'<path id="{name}" d="{path}"/>' for name, path in self.glyphs.items())
        svg = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'viewBox="0 0 {self.width} {self.height}" width="{self.width}" '
            f'height="{self.height}"{font} role="img" aria-label={quoteattr(self.title)}>'
            f"<title>{escape(self.title)}</title>"
            f"{f'<defs>{defs}</defs>' if defs else ''}{''.join(self.parts)}</svg>\n"
        )
        return Drawing(svg.encode(), self.width, self.height, self.module)

    def _outlines(self, text: str) -> str:
        at, used = 0, list[str]()
        for letter in text:
            outline = glyph(letter)
            if outline.path:
                name = f"g{ord(letter):x}"
                self.glyphs[name] = outline.path
                used.append(f'<use xlink:href="#{name}" x="{at}"/>')
            at += outline.advance
        return "".join(used)

    def _as_text(self, x: float, y: float, text: str, ink: Ink) -> None:
        bold = ' font-weight="600"' if ink.is_bold else ""
        anchor = "" if ink.anchor is Anchor.START else f' text-anchor="{ink.anchor}"'
        self.add(
            f'<text x="{_number(x)}" y="{_number(y)}" font-size="{_number(ink.size)}" '
            f'fill="{ink.fill}"{bold}{anchor}>{escape(text)}</text>'
        )


def _number(value: float, places: int = 2) -> str:
    return f"{value:.{places}f}".rstrip("0").rstrip(".")
