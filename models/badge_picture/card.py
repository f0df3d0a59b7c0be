"""The card of a badge, with the six things that notice 182 三(一) asks for (004-3.1-f)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from models.badge_picture.code import Code
from models.badge_picture.drawing import Anchor, Canvas, Drawing, Ink, Letters
from models.badge_picture.letters import Steps, fitted, lacking
from models.badge_picture.logo import accent_of
from models.refusals import Conflict

_INK: Final = "#10262b"
_SOFT: Final = "#51666e"
_HAIR: Final = "#d3dde0"


class Style(StrEnum):
    CARD = "card"
    COMPACT = "compact"
    QR = "qr"


@dataclass(frozen=True, slots=True)
class CardWords:
    """What stands on a card beside the facts, in one language."""

    title: str
    agent: str
    agent_no: str
    scope: str
    shop: str
    until: str
    licence: str
    scan: str
    beware: str
    """With the host in it."""
    no_logo: str


@dataclass(frozen=True, slots=True)
class Card:
    code: Code
    carrier: str
    logo: bytes | None
    """A PNG; without it a card says that it is only a draft."""
    agent: str
    agent_no: str
    products: str
    provinces: str
    provinces_short: str
    """When there is no room for the names of all."""
    platform: str
    shop: str
    valid: str
    licence_no: str
    words: CardWords

    @property
    def scope(self) -> str:
        return f"{self.products} · {self.provinces}"

    @property
    def scope_short(self) -> str:
        return f"{self.products} · {self.provinces_short}"

    @property
    def where(self) -> str:
        return f"{self.platform} · {self.shop}"

    def facts(self) -> Mapping[str, str]:
        """What others wrote, by the name of the field."""
        return {
            "carrier": self.carrier,
            "agent": self.agent,
            "agent_no": self.agent_no,
            "scope": f"{self.scope}{self.provinces_short}",
            "platform": self.platform,
            "shop_name": self.shop,
            "licence": self.licence_no,
            "verify_host": self.words.beware,
        }


def check_letters(facts: Mapping[str, str]) -> None:
    """Conflict for the first character that our font cannot show: no box stands for a name."""
    for field, text in facts.items():
        if letter := lacking(text):
            shown = letter if letter.isprintable() else ""
            code = f"U+{ord(letter):04X}"
            raise Conflict("pictures.no_letter", field=field, letter=shown, code=code)


def draw(card: Card, style: Style = Style.CARD, letters: Letters = Letters.OUTLINE) -> Drawing:
    """The picture of a badge; the same card gives the same bytes."""
    if style is Style.QR:
        return _only_code(card, letters)
    check_letters(card.facts())
    return _landscape(card, letters) if style is Style.CARD else _compact(card, letters)


def _only_code(card: Card, letters: Letters) -> Drawing:
    side = card.code.side * 4
    canvas = Canvas(side, side, card.words.title, letters)
    canvas.code(0, 0, side, card.code)
    return canvas.finished()


def _title(card: Card) -> str:
    return f"{card.words.title} · {card.carrier} · {card.agent} · {card.agent_no}"


def _ground(canvas: Canvas, accent: str, waves: tuple[float, float, float, int]) -> None:
    """White paper in a frame, with fine waves as banknotes have them behind the text."""
    wide, high = canvas.width, canvas.height
    canvas.rect((0, 0, wide, high), "#fff")
    left, top, right, rows = waves
    periods = round((right - left) / 36)
    wave = f"M0 0q9 -13 18 0t18 0{'t18 0' * (2 * periods - 2)}"
    canvas.add(f'<defs><path id="wave" d="{wave}"/></defs>')
    canvas.add(f'<g fill="none" stroke="{accent}" stroke-width=".5" stroke-opacity=".16">')
    for row in range(rows):
        shift = (row * 9) % 18
        y = top + row * 16
        canvas.add(f'<use xlink:href="#wave" x="{left + shift:g}" y="{y:g}"/>')
        canvas.add(f'<use xlink:href="#wave" transform="matrix(1 0 0 -1 {left + shift:g} {y:g})"/>')
    canvas.add("</g>")
    frame = f' rx="13" stroke="{accent}" stroke-width="2"'
    canvas.rect((1, 1, wide - 2, high - 2), "none", frame)


def _logo(canvas: Canvas, card: Card, box: tuple[float, float, float, float]) -> None:
    x, y, wide, high = box
    canvas.rect(box, "#fff", ' rx="7"')
    if card.logo is not None:
        inside = (x + 5, y + 4, wide - 10, high - 8)
        canvas.picture(inside, card.logo)
        return
    dashes = f' rx="5" stroke="{_SOFT}" stroke-dasharray="4 3"'
    canvas.rect((x + 3, y + 3, wide - 6, high - 6), "none", dashes)
    text = fitted(card.words.no_logo, wide - 10, ((11, 2), (9, 3), (7.5, 4)))
    foot = y + (high - text.height) / 2
    canvas.lines(x + wide / 2, foot, text, Ink(0, _SOFT, anchor=Anchor.MIDDLE))


@dataclass(frozen=True, slots=True)
class _Row:
    label: str
    text: str
    steps: Steps
    shorter: str = ""
    is_bold: bool = False


@dataclass(frozen=True, slots=True)
class _Column:
    """Rows under each other, each label at the left of its value."""

    x: float
    value_x: float
    room: float
    label_size: float
    gaps: tuple[float, float]
    """The least and the most of white between two rows."""

    def draw(self, canvas: Canvas, y: float, rows: tuple[_Row, ...], foot: float = 0) -> float:
        """The rows from `y` on, spread down to `foot` as far as that looks well."""
        size, label_room = self.label_size, self.value_x - self.x - 6
        steps = ((size, 1), (size * 0.86, 1), (size * 0.8, 2))
        labels = [fitted(row.label, label_room, steps) for row in rows]
        texts = [fitted(row.text, self.room, row.steps, row.shorter) for row in rows]
        fitting = list(zip(rows, labels, texts, strict=True))
        used = sum(max(label.height, text.height) for _, label, text in fitting)
        least, most = self.gaps
        gap = min(max((foot - y - used) / len(rows), least), most)
        for row, label, text in fitting:
            canvas.lines(self.x, y + max(0, 0.92 * (text.size - label.size)), label, Ink(0, _SOFT))
            canvas.lines(self.value_x, y, text, Ink(0, _INK, row.is_bold))
            y += max(text.height, label.height) + gap
        return y


_CARD: Final = (720, 452)
_BAND: Final = 88
_CODE: Final = 260
_NAME_SIZES: Final = ((26, 1), (22, 1), (21, 2), (18, 3), (15, 4), (11, 8))
"""The last holds 200 characters: a name is one of the six fields and is never cut."""


def _landscape(card: Card, letters: Letters) -> Drawing:
    canvas = Canvas(*_CARD, _title(card), letters)
    accent = accent_of(card.logo)
    _ground(canvas, accent, (20, 112, 416, 21))
    band = f"M0 {_BAND}V14a14 14 0 0 1 14 -14h692a14 14 0 0 1 14 14V{_BAND}z"
    canvas.add(f'<path fill="{accent}" d="{band}"/>')
    canvas.rect((0, _BAND, 720, 3), accent, ' opacity=".45"')
    _logo(canvas, card, (24, 14, 96, 60))
    carrier = fitted(card.carrier, 560, ((25, 1), (19, 1), (13, 2), (10, 3)))
    top = 17 if len(carrier.lines) == 1 else 8
    canvas.lines(136, top, carrier, Ink(0, "#fff", is_bold=True))
    title = fitted(card.words.title, 560, ((16, 1), (12, 1)))
    canvas.lines(136, 54, title, Ink(0, "#fff"))
    words = card.words
    column = _Column(28, 108, 310, 12.5, (8, 24))
    rows = (
        _Row(
            words.agent,
            card.agent,
            ((26, 1), (22, 1), (21, 2), (18, 3), (15, 4), (11, 8)),
            is_bold=True,
        ),
        _Row(words.agent_no, card.agent_no, ((20, 1), (14, 1), (10, 2)), is_bold=True),
        _Row(words.scope, card.scope, ((17, 3), (14, 4), (12, 5), (11, 6)), card.scope_short),
        _Row(words.shop, card.where, ((17, 1), (14.5, 1), (14, 2), (12, 2))),
    )
    rule = max(column.draw(canvas, 108, rows, 374), 376)
    canvas.add(f'<path stroke="{_HAIR}" d="M28 {rule:.1f}H418"/>')
    column.draw(
        canvas,
        rule + 9,
        (
            _Row(words.until, card.valid, ((13, 1), (11, 1))),
            _Row(words.licence, card.licence_no, ((13, 1), (10, 2))),
        ),
    )
    _code(canvas, card, accent)
    return canvas.finished()


def _code(canvas: Canvas, card: Card, accent: str) -> None:
    x, y = 440, 104
    canvas.rect((x - 3, y - 3, _CODE + 6, _CODE + 6), "#fff", f' rx="6" stroke="{_HAIR}"')
    canvas.code(x, y, _CODE, card.code)
    middle = x + _CODE / 2
    scan = fitted(card.words.scan, _CODE, ((15, 1), (12, 1), (10, 2)))
    canvas.lines(middle, y + _CODE + 10, scan, Ink(0, _INK, anchor=Anchor.MIDDLE))
    host = fitted(card.words.beware, _CODE, ((19, 1), (15, 1), (12, 2), (10, 3)))
    ink = Ink(0, accent, is_bold=True, anchor=Anchor.MIDDLE)
    canvas.lines(middle, y + _CODE + 34, host, ink)


_BANNER: Final = (640, 252)


def _compact(card: Card, letters: Letters) -> Drawing:
    canvas = Canvas(*_BANNER, _title(card), letters)
    accent = accent_of(card.logo)
    side = 208
    _ground(canvas, accent, (12, 66, 408, 11))
    canvas.add(f'<path fill="{accent}" d="M0 48V14a14 14 0 0 1 14 -14H420V48z"/>')
    _logo(canvas, card, (12, 6, 58, 36))
    carrier = fitted(card.carrier, 336, ((17, 1), (13, 1), (9, 2)))
    canvas.lines(80, 4 if len(carrier.lines) > 1 else 7, carrier, Ink(0, "#fff", is_bold=True))
    canvas.lines(80, 30, fitted(card.words.title, 336, ((10.5, 1), (8, 1))), Ink(0, "#fff"))
    words = card.words
    rows = (
        _Row(words.agent, card.agent, ((20, 1), (16, 1), (14, 2), (10, 4), (8, 5)), is_bold=True),
        _Row(words.agent_no, card.agent_no, ((15, 1), (10, 1)), is_bold=True),
        _Row(words.scope, card.scope, ((13, 2), (11, 3), (9.5, 4), (8.5, 4)), card.scope_short),
        _Row(words.shop, card.where, ((13, 1), (11, 1), (9.5, 2))),
        _Row(words.until, card.valid, ((11, 1), (9.5, 1))),
        _Row(words.licence, card.licence_no, ((11, 1), (9, 1))),
    )
    _Column(14, 82, 330, 10.5, (3, 11)).draw(canvas, 57, rows, 246)
    canvas.code(426, 5, side, card.code)
    host = fitted(words.beware, 208, ((13, 1), (10.5, 1), (8.5, 2)))
    ink = Ink(0, accent, is_bold=True, anchor=Anchor.MIDDLE)
    canvas.lines(426 + side / 2, 5 + side + 6, host, ink)
    return canvas.finished()
