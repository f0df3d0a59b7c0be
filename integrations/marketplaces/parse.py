"""Bytes of strangers into pages that can be searched, within bounds of size, depth and encoding."""

import codecs
import re
import unicodedata
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse
from selectolax.lexbor import LexborHTMLParser, LexborNode

from integrations.marketplaces.base import Page, SourceError, Unreadable
from integrations.marketplaces.links import joined
from integrations.marketplaces.paths import Json, json_of

MAX_BYTES: Final = 4_000_000
MAX_SITEMAP_BYTES: Final = 52_428_800
MAX_DEPTH: Final = 2_000
_MAX_PLACES: Final = 50_000
"""Of one sitemap, as its protocol has it."""
_PIECE: Final = 64 * 1024
_MAX_PROPS: Final = 5_000
_MAX_SCRIPTS: Final = 50

# The Encoding Standard of WHATWG, the labels met on shops. A label that is not here is not tried:
# Python knows codecs (`zip`, `unicode_escape`, `utf-7`) that are no encodings of text.
_LABELS: Final = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    **dict.fromkeys(("gb2312", "gbk", "gb_2312-80", "x-gbk", "gb18030", "chinese"), "gb18030"),
    **dict.fromkeys(("big5", "big5-hkscs", "cn-big5", "x-x-big5"), "big5hkscs"),
    **dict.fromkeys(("iso-8859-1", "latin1", "us-ascii", "ascii", "windows-1252"), "cp1252"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "windows-31j"), "cp932"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987", "windows-949"), "cp949"),
    **{f"windows-{n}": f"cp{n}" for n in (1250, 1251, 1253, 1254, 1255, 1256, 1257, 1258)},
    **{f"iso-8859-{n}": f"iso8859-{n}" for n in (2, 3, 4, 5, 6, 7, 8, 10, 13, 14, 15, 16)},
    "iso-8859-9": "cp1254",
    "euc-jp": "euc_jp",
    "koi8-r": "koi8_r",
    "utf-16": "utf-16-le",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)

_TAG: Final = re.compile(r"<(?:(!--)|(/?)([a-zA-Z][^\s/>]*))")
_COMMENT_END: Final = re.compile(r"--!?>")
_RAW: Final = frozenset(
    {"script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes"}
)
_FLAT: Final = frozenset(  # void, or closed by the parser when the next of their kind opens
    re.findall(
        r"\w+",
        "area base br col embed hr img input link meta param source track wbr "
        "li p dt dd td th tr tbody thead tfoot option optgroup html head body",
    )
)
_FIRM: Final = frozenset(  # a stray end tag does not reach past these
    re.findall(
        r"\w+",
        "table template button object select svg math applet marquee caption "
        "a b big code em font i nobr s small strike strong tt u",
    )
)
_REACH: Final = 8


def text_of(page: Page) -> str:
    """The body as text: by its mark, header or own word; Unreadable rather than mended."""
    if len(page.body) > MAX_BYTES:
        raise Unreadable("too_large", url=page.url, bytes=len(page.body), most=MAX_BYTES)
    for mark, codec in _BOMS:
        if page.body.startswith(mark):
            return _decoded(page, page.body[len(mark) :], (codec,))
    said = _CHARSET.findall(page.headers.get("content-type", ""))
    own = _CHARSET.findall(page.body[:2048].decode("latin-1"))[:1]
    labels = [label.lower() for label in (*said, *own)] or ["utf-8"]
    tried = [_LABELS[label] for label in labels if label in _LABELS]
    if not tried:
        raise Unreadable("encoding_unknown", url=page.url, charset=labels[0])
    return _decoded(page, page.body, tried)


def _decoded(page: Page, body: bytes, tried: Iterable[str]) -> str:
    for codec in tried:
        try:
            return body.decode(codec)
        except UnicodeDecodeError:
            continue
    raise Unreadable("encoding_broken", url=page.url, tried=", ".join(tried))


def json_page(page: Page) -> Json:
    try:
        return json_of(text_of(page))
    except SourceError as no:
        raise no.__class__(no.reason.word, **{"url": page.url, **no.reason.facts}) from None


def depth_of(text: str) -> int:
    """How deep the elements nest, at least as deep as a parser would see it. One pass."""
    deepest, at, stack = 0, 0, list[str]()
    while tag := _TAG.search(text, at):
        at = tag.end()
        if tag[1]:
            at = _after_comment(text, at)
            continue
        name = tag[3].lower()
        if tag[2]:
            _close(stack, name)
        elif name in _RAW:
            end = re.compile(f"</{name}", re.IGNORECASE).search(text, at)
            at = end.start() + 2 if end else len(text)
        elif name not in _FLAT:
            stack.append(name)
            deepest = max(deepest, len(stack))
            if deepest > MAX_DEPTH:
                break
    return deepest


def _after_comment(text: str, at: int) -> int:
    if text.startswith(">", at):
        return at + 1
    if text.startswith("->", at):
        return at + 2
    end = _COMMENT_END.search(text, at)
    return end.end() if end else len(text)


def _close(stack: list[str], name: str) -> None:
    for back in range(1, min(_REACH, len(stack)) + 1):
        if stack[-back] == name:
            del stack[-back:]
            return
        if stack[-back] in _FIRM:
            return


def tidy(text: str) -> str:
    return " ".join(text.split())


def label_of(text: str) -> str:
    """A label as it is compared: widths folded, blanks and the colon gone."""
    return tidy(unicodedata.normalize("NFKC", text)).rstrip(": ").casefold()


@dataclass(frozen=True)
class Html:
    """A page of HTML, parsed once."""

    url: str
    text: str

    def __post_init__(self) -> None:
        if self.text.count("<") > MAX_DEPTH < depth_of(self.text):
            raise Unreadable("html_too_deep", url=self.url, most=MAX_DEPTH)

    @cached_property
    def raw(self) -> LexborHTMLParser:
        return LexborHTMLParser(self.text)

    @cached_property
    def clean(self) -> LexborHTMLParser:
        """Without what a visitor does not read."""
        tree = LexborHTMLParser(self.text)
        tree.strip_tags(["script", "style", "template", "noscript"])
        return tree

    @cached_property
    def base(self) -> str:
        found = self.clean.css_first("base[href]")
        named = found.attributes.get("href") if found else None
        return (joined(self.url, named) or self.url) if named else self.url

    @cached_property
    def things(self) -> list[Json]:
        """What the page says of itself in JSON-LD. A broken block is as good as none."""
        found: list[Json] = []
        for script in self.raw.css('script[type="application/ld+json"]')[:_MAX_SCRIPTS]:
            try:
                found.extend(_graph(json_of(script.text(deep=True))))
            except SourceError:
                continue
        return found

    @cached_property
    def items(self) -> list[Json]:
        """What the page says of itself in microdata."""
        return _microdata(self.raw, self.base)


def html_page(page: Page) -> Html:
    return Html(page.url, text_of(page))


def _graph(value: Json) -> list[Json]:
    match value:
        case list():
            return [thing for member in value for thing in _graph(member)]
        case {"@graph": list() as graph}:
            return [value, *graph]
        case _:
            return [value]


def _microdata(tree: LexborHTMLParser, base: str) -> list[Json]:
    scopes: dict[int, dict[str, Json]] = {}
    tops: list[Json] = []
    for node in tree.css("[itemscope]")[:_MAX_PROPS]:
        kind = (node.attributes.get("itemtype") or "").rstrip("/").rsplit("/", 1)[-1]
        scopes[node.mem_id] = {"@type": kind}
        if node.attributes.get("itemprop") is None:
            tops.append(scopes[node.mem_id])
    for node in tree.css("[itemprop]")[:_MAX_PROPS]:
        owner = _owner(node, scopes)
        if owner is not None:
            value = scopes.get(node.mem_id)
            for name in (node.attributes.get("itemprop") or "").split():
                values = owner.setdefault(name, [])
                if isinstance(values, list):
                    values.append(value if value is not None else _prop(node, base))
    return tops


def _owner(node: LexborNode, scopes: dict[int, dict[str, Json]]) -> dict[str, Json] | None:
    above = node.parent
    while above is not None:
        if above.mem_id in scopes:
            return scopes[above.mem_id]
        above = above.parent
    return None


def _prop(node: LexborNode, base: str) -> str:
    for name in ("content", "datetime", "value"):
        if given := node.attributes.get(name):
            return given.strip()
    for name in ("href", "src", "data"):
        if given := node.attributes.get(name):
            return joined(base, given.strip())
    return tidy(node.text(separator=" "))


@dataclass(frozen=True, slots=True)
class Sitemap:
    pages: tuple[str, ...] = ()
    maps: tuple[str, ...] = ()


def sitemap_page(page: Page) -> Sitemap:
    """A sitemap or an index of sitemaps, packed or plain; read piece by piece and never whole."""
    kind, places = "", list[str]()
    try:
        for event, node in iterparse(_Unpacked(page), ("start", "end"), forbid_dtd=True):
            name = node.tag.rsplit("}", 1)[-1]
            kind = kind or name
            if event == "end" and name == "loc" and len(places) < _MAX_PLACES:
                places.append((node.text or "").strip())
            if event == "end" and name in {"url", "sitemap"}:
                node.clear()
    except (ParseError, DefusedXmlException, ValueError, LookupError, zlib.error) as error:
        raise Unreadable("not_sitemap", url=page.url, problem=str(error)[:200]) from None
    found = tuple(place for place in places if place)
    if kind == "sitemapindex":
        return Sitemap(maps=found)
    if kind == "urlset":
        return Sitemap(pages=found)
    raise Unreadable("not_sitemap", url=page.url, problem=f"the root is <{kind[:40]}>")


class _Unpacked:
    """The body of a page as a file that gives it unpacked, a piece at a time."""

    def __init__(self, page: Page) -> None:
        packed = page.body.startswith(b"\x1f\x8b")
        self._page = page
        self._inflater = zlib.decompressobj(47) if packed else None
        self._rest = memoryview(page.body)
        self._given = 0

    def read(self, size: int = -1) -> bytes:
        size = size if size > 0 else _PIECE
        if self._inflater is None:
            piece, self._rest = bytes(self._rest[:size]), self._rest[size:]
        else:
            piece = self._inflater.decompress(self._rest, size)
            self._rest = memoryview(self._inflater.unconsumed_tail)
        self._given += len(piece)
        if self._given > MAX_SITEMAP_BYTES:
            facts = {"bytes": self._given, "most": MAX_SITEMAP_BYTES}
            raise Unreadable("too_large", url=self._page.url, **facts)
        return piece
