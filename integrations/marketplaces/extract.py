"""Values out of a page by the ways of a mapping, each with the way that gave it."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Final, TypeAlias
from urllib.parse import quote

from selectolax.lexbor import LexborNode

from integrations.marketplaces.base import SourceError
from integrations.marketplaces.links import joined
from integrations.marketplaces.parse import Html, label_of, tidy
from integrations.marketplaces.paths import Json, find, json_of, texts_of
from integrations.marketplaces.patterns import first
from integrations.marketplaces.ways import BLANK, Fields, Unit, Way

MAX_TEXT: Final = 100_000
MAX_TEXTS: Final = 50
_MAX_LINES: Final = 20_000
_NUMBER: Final = re.compile(r"\d[\d.,]*\d|\d")
_GROUPED: Final = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_TIMES: Final = {"万": 10_000, "w": 10_000, "亿": 100_000_000, "千": 1_000, "k": 1_000}
_COUNT: Final = re.compile(
    r"(\d+(?:[,\d]*\d)?(?:\.\d+)?)\s*([万亿千wk](?![a-z]))?\s*(\+)?", re.IGNORECASE
)
_MANY_DIGITS: Final = 15


@dataclass(frozen=True, slots=True)
class Reading:
    """What one field said."""

    texts: tuple[str, ...]
    way: str
    key: str
    """The key of the mapping, such as `detail.fields.price.0`."""
    problem: str | None = None

    @property
    def text(self) -> str:
        return self.texts[0] if self.texts else ""


@dataclass(frozen=True, slots=True)
class OnHtml:
    """A page of HTML, or one item of its list."""

    page: Html
    node: LexborNode | None = None

    @property
    def url(self) -> str:
        return self.page.url

    @property
    def base(self) -> str:
        return self.page.base

    def select(self, selector: str) -> list[LexborNode]:
        if self.node is not None:
            return self.node.css(selector)
        return self.page.clean.css(selector) or self.page.raw.css(selector)

    def lines(self) -> list[str]:
        root = self.node or self.page.clean.body
        text = root.text(separator="\n") if root else ""
        return [line for raw in text.splitlines()[:_MAX_LINES] if (line := tidy(raw))]


@dataclass(frozen=True, slots=True)
class InJson:
    """An answer in JSON, or one item of its list."""

    value: Json
    url: str

    @property
    def base(self) -> str:
        return self.url


Ground: TypeAlias = OnHtml | InJson


def read_fields(fields: Fields, ground: Ground, stage: str) -> dict[str, Reading]:
    """All fields of a stage that say something here."""
    found: dict[str, Reading] = {}
    for word, ways in fields.named().items():
        reading = read(word, ways, ground, f"{stage}.fields.{word}")
        if reading is not None:
            found[word] = reading
    return found


def read(word: str, ways: Sequence[Way], ground: Ground, key: str) -> Reading | None:
    """The first way that gives something; a price that cannot be read yields to the next way."""
    if word == "images":
        return _all_images(ways, ground, key)
    doubtful: Reading | None = None
    for number, way in enumerate(ways):
        texts = tuple(text for text in texts_by(way, ground) if text)[:MAX_TEXTS]
        if not texts:
            continue
        reading = Reading(texts, str(way), f"{key}.{number}")
        if word == "price":
            reading = _priced(reading, way, ground)
        elif word == "url":
            links = tuple(filter(None, (joined(ground.base, text) for text in texts)))
            if not links:
                continue
            reading = replace(reading, texts=links)
        if reading.problem is None:
            return reading
        doubtful = doubtful or reading
    return doubtful


def _all_images(ways: Sequence[Way], ground: Ground, key: str) -> Reading | None:
    """Pictures stand in several places of a page, and all of them count."""
    found: dict[str, int] = {}
    for number, way in enumerate(ways):
        for text in filter(None, texts_by(way, ground)):
            found.setdefault(joined(ground.base, text), number)
    found.pop("", None)
    if not found:
        return None
    used = sorted(set(found.values()))
    named = " + ".join(str(ways[number]) for number in used)
    return Reading(tuple(found)[:MAX_TEXTS], named, f"{key}.{used[0]}")


def texts_by(way: Way, ground: Ground) -> list[str]:
    if way.const is not None:
        return [way.const]
    if way.template is not None:
        return []
    if way.address is not None:
        return _cut([ground.url], way.address)
    found = _on_html(way, ground) if isinstance(ground, OnHtml) else _in_json(way, ground)
    return [tidy(_visible(text) if way.html else text)[:MAX_TEXT] for text in found]


def _on_html(way: Way, ground: OnHtml) -> list[str]:
    if way.css is not None:
        found = [_node_text(node, way.attr) for node in ground.select(way.css)]
    elif way.table is not None:
        found = labelled(ground, way.table)
    elif way.meta is not None:
        found = [
            node.attributes.get("content") or ""
            for node in ground.page.raw.css("meta")
            if way.meta in (node.attributes.get("property"), node.attributes.get("name"))
        ]
    elif way.jsonld is not None:
        found = thing(ground.page.things, way.jsonld)
    else:
        found = thing(ground.page.items, way.microdata or "")
    found = _cut(found, way.regex)
    if way.path is None:
        return found
    return [text for inner in found if inner for text in _path_in(inner, way.path)]


def _path_in(text: str, path: str) -> list[str]:
    try:
        return [text for value in find(json_of(text), path) for text in texts_of(value)]
    except SourceError:
        return []


def _in_json(way: Way, ground: InJson) -> list[str]:
    found = [text for value in find(ground.value, way.path or "") for text in texts_of(value)]
    if way.css or way.table:
        inner = way.model_copy(update={"path": None, "regex": None, "html": False})
        found = [text for html in found for text in _on_html(inner, OnHtml(Html(ground.url, html)))]
    return _cut(found, way.regex)


def _cut(texts: Sequence[str], pattern: str | None) -> list[str]:
    if pattern is None:
        return list(texts)
    hits = (first(pattern, text[:MAX_TEXT]) for text in texts)
    return [hit for hit in hits if hit is not None]


def _node_text(node: LexborNode, attr: str | None) -> str:
    if attr is not None:
        return (node.attributes.get(attr) or "").strip()
    return node.text(separator=" ", strip=True)


def _visible(html: str) -> str:
    body = Html("", html).clean.body
    return body.text(separator=" ") if body else ""


_TOPMOST: Final = ("Product", "ProductGroup", "IndividualProduct", "Offer")


def thing(things: Sequence[Json], path: str) -> list[str]:
    """A path into schema.org data. `Organization.name` begins at that type, else at the product."""
    head, _, rest = path.partition(".")
    wanted, path = ((head,), rest) if head[:1].isupper() else (_TOPMOST, path)
    for kind in wanted:
        for candidate in things:
            if kind in _types(candidate):
                values = find(candidate, path, loose=True)
                return [text for value in values for text in texts_of(value)]
    return []


def _types(value: Json) -> list[str]:
    if not isinstance(value, dict):
        return []
    return [text.rstrip("/").rsplit("/", 1)[-1] for text in texts_of(value.get("@type"))]


def labelled(ground: OnHtml, label: str) -> list[str]:
    """What stands beside a label: in a row, in a column, in a `dl`, or behind a colon."""
    wanted = label_of(label)
    for head in ground.select("th, td, dt"):
        if label_of(head.text()) == wanted and (text := _beside(head)):
            return [text]
    lines = ground.lines()
    for number, line in enumerate(lines):
        name, colon, rest = unicodedata.normalize("NFKC", line).partition(":")
        if label_of(name) != wanted:
            continue
        if rest.strip():
            return [re.split("[:：]", line, maxsplit=1)[1].strip()]
        if (colon or line == label) and number + 1 < len(lines):
            return [lines[number + 1].lstrip(":： ")]
    return []


def _beside(head: LexborNode) -> str:
    after = _element(head)
    if head.tag == "th" and after is not None and after.tag == "th":
        return _below(head)
    if after is None and head.tag == "th":
        return _below(head)
    good = after is not None and after.tag in {"td", "dd"}
    return tidy(after.text(separator=" ")) if after is not None and good else ""


def _element(node: LexborNode) -> LexborNode | None:
    after = node.next
    while after is not None and not after.is_element_node:
        after = after.next
    return after


def _below(head: LexborNode) -> str:
    """The cell under a column's head, in the first row after it that has cells of data."""
    row = head.parent
    table = row
    while table is not None and table.tag != "table":
        table = table.parent
    if row is None or table is None:
        return ""
    place = [cell.mem_id for cell in row.css("th, td")].index(head.mem_id)
    for other in table.css("tr"):
        cells = other.css("td")
        if other.mem_id != row.mem_id and len(cells) > place:
            return tidy(cells[place].text(separator=" "))
    return ""


def _priced(reading: Reading, way: Way, ground: Ground) -> Reading:
    decimals = way.decimals
    if isinstance(decimals, str):
        said = find(ground.value, decimals) if isinstance(ground, InJson) else []
        texts = [text for value in said for text in texts_of(value)]
        if not texts or not texts[0].isdigit() or len(texts[0]) > 1:
            return replace(reading, problem="price_decimals")
        decimals = int(texts[0])
    amount = amount_of(reading.text, decimal=way.decimal)
    if amount is None:
        return replace(reading, problem="price_unreadable")
    if way.unit is Unit.MINOR:
        amount = amount.scaleb(-decimals)
    return replace(reading, texts=(f"{amount:f}",))


def amount_of(text: str, *, decimal: str = ".") -> Decimal | None:
    """The one amount in a text; of a range the lower end. None where it cannot be told."""
    folded = unicodedata.normalize("NFKC", text)
    if decimal == ",":
        folded = re.sub(r"(?<=\d)[ '](?=\d{3}(?!\d))", "", folded)
    numbers = _NUMBER.findall(folded)
    is_range = len(numbers) == 2 and re.search(r"\d\s*[-–—~至]\s*\D{0,4}\d", folded)  # noqa: PLR2004
    if not numbers or (len(set(numbers)) > 1 and not is_range):
        return None
    number = numbers[0]
    if decimal == ",":
        number = number.translate(str.maketrans(".,", ",."))
    if "," in number and not _GROUPED.fullmatch(number):
        return None
    try:
        amount = Decimal(number.replace(",", ""))
    except InvalidOperation:
        return None
    minus = re.search(r"-\s*\D{0,4}\d", folded) and not is_range
    return None if minus or amount.adjusted() > _MANY_DIGITS else amount


def sales_of(text: str) -> tuple[int, bool] | None:
    """A number of sales, and whether the shop rounded it ("1.2万+")."""
    folded = unicodedata.normalize("NFKC", text)
    hits = _COUNT.findall(folded)
    if len(hits) != 1 or len(hits[0][0]) > _MANY_DIGITS:
        return None
    number, times, plus = hits[0]
    if "," in number and not _GROUPED.fullmatch(number):
        return None
    count = Decimal(number.replace(",", "")) * _TIMES.get(times.lower(), 1)
    return (int(count), bool(times or plus)) if count == int(count) else None


def filled(template: str, known: Mapping[str, str]) -> str | None:
    """A template with its blanks filled; None where one is not known."""
    if any(not known.get(name) for name in BLANK.findall(template)):
        return None
    return BLANK.sub(
        lambda blank: known[blank[1]] if blank[1] in _WHOLE else quote(known[blank[1]], safe=""),
        template,
    )


_WHOLE: Final = frozenset({"link", "url"})
