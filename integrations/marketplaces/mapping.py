"""The mapping file: how one source is walked and read, as a user writes it. See docs/sources.md."""

import re
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, Any, Final, TypeAlias, cast
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic_core import PydanticCustomError
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from integrations.marketplaces.listing import SalesKind
from integrations.marketplaces.paths import path_of
from integrations.marketplaces.patterns import why_bad
from models.refusals import Invalid

MAX_FILE: Final = 100_000
SECRET: Final = re.compile(r"\{secret:([\w.-]+)\}|^secret:([\w.-]+)$")
BLANK: Final = re.compile(r"\{([a-z_]+)\}")
_NOT_OURS_TO_SEND: Final = frozenset(
    {"cookie", "host", "content-length", "transfer-encoding", "connection", "user-agent"}
    | {"accept-encoding", "proxy-authorization", "te", "upgrade", "trailer"}
)
WORDS: Final = (
    "listing_id", "title", "url", "shop_id", "shop_name", "price", "currency", "sales",
    "province", "description", "images", "licence_no",
)  # fmt: skip
PAGING_BLANKS: Final = frozenset({"page", "offset", "cursor", "size"})


class Kind(StrEnum):
    HTML = "html"
    JSON = "json"
    GRAPHQL = "graphql"


class Unit(StrEnum):
    MAJOR = "major"
    MINOR = "minor"


class By(StrEnum):
    """How a list goes on."""

    PAGE = "page"
    OFFSET = "offset"
    CURSOR = "cursor"
    NEXT = "next"
    LINK_HEADER = "link-header"


def wrong(problem: str, **facts: object) -> PydanticCustomError:
    return PydanticCustomError(cast("Any", problem), "{problem}", {"problem": problem, **facts})


def _selector(text: str) -> str:
    try:
        LexborHTMLParser("<p>").css(text)
    except SelectolaxError:
        raise wrong("bad_selector", given=text) from None
    return text


def _pattern(text: str) -> str:
    why = why_bad(text)
    if why is not None:
        raise wrong("bad_pattern", given=text, why=why)
    return text


def _path(text: str) -> str:
    try:
        path_of(text)
    except ValueError as error:
        raise wrong("bad_path", given=text, why=str(error)) from None
    return text


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        raise wrong("bad_address", given=text)
    if SECRET.search(text):
        raise wrong("secret_in_address")
    return text


def _header(headers: dict[str, str]) -> dict[str, str]:
    for name in headers:
        if name.lower() in _NOT_OURS_TO_SEND or not re.fullmatch(r"[A-Za-z0-9-]{1,64}", name):
            raise wrong("header_forbidden", given=name)
    return headers


Selector: TypeAlias = Annotated[str, AfterValidator(_selector)]
Pattern: TypeAlias = Annotated[str, AfterValidator(_pattern)]
JsonPath: TypeAlias = Annotated[str, AfterValidator(_path)]
Address: TypeAlias = Annotated[str, AfterValidator(_address)]
Scalar: TypeAlias = str | int | bool


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Way(_Strict):
    """One way to a value. Exactly one place to look, then what is made of what stands there."""

    css: Selector | None = None
    attr: str | None = None
    table: str | None = None
    jsonld: JsonPath | None = None
    microdata: JsonPath | None = None
    meta: str | None = None
    path: JsonPath | None = None
    address: Pattern | None = None
    const: str | None = None
    template: str | None = None
    regex: Pattern | None = None
    html: bool = False
    unit: Unit = Unit.MAJOR
    decimals: Annotated[int, Field(ge=0, le=6)] | JsonPath = 2
    decimal: Annotated[str, Field(pattern=r"^[.,]$")] = "."

    @model_validator(mode="after")
    def _one_place(self) -> "Way":
        places = [name for name in PLACES if getattr(self, name) is not None]
        beside = set(places) - {"path"}
        if not places or len(beside) > 1 or ("path" in places and beside - {"css", "table"}):
            raise wrong("one_place", given=", ".join(places) or "-", places=", ".join(PLACES))
        if self.attr and self.css is None:
            raise wrong("attr_without_css")
        return self

    def __str__(self) -> str:
        shown = {name: getattr(self, name) for name in (*PLACES, "attr", "regex")}
        return " ".join(f"{name}={value}" for name, value in shown.items() if value is not None)


PLACES: Final = (
    "css", "table", "jsonld", "microdata", "meta", "path", "address", "const", "template",
)  # fmt: skip


def _ways(given: object) -> object:
    return cast("object", given) if isinstance(given, list) else [given]


Ways: TypeAlias = Annotated[tuple[Way, ...], BeforeValidator(_ways), Field(min_length=1)]


class Fields(_Strict):
    listing_id: Ways | None = None
    title: Ways | None = None
    url: Ways | None = None
    shop_id: Ways | None = None
    shop_name: Ways | None = None
    price: Ways | None = None
    currency: Ways | None = None
    sales: Ways | None = None
    province: Ways | None = None
    description: Ways | None = None
    images: Ways | None = None
    licence_no: Ways | None = None
    extra: dict[str, Ways] = {}

    def named(self) -> Mapping[str, tuple[Way, ...]]:
        own = {word: getattr(self, word) for word in WORDS if getattr(self, word)}
        return {**own, **{f"extra.{name}": ways for name, ways in self.extra.items()}}


class Paging(_Strict):
    by: By
    param: str | None = None
    first: int = 1
    size: Annotated[int, Field(ge=1, le=10_000)] | None = None
    size_param: str | None = None
    next: str | None = None
    cursor: JsonPath | None = None
    more: JsonPath | None = None
    last: JsonPath | None = None
    total: JsonPath | None = None

    @model_validator(mode="after")
    def _whole(self) -> "Paging":
        if self.by is By.NEXT and not self.next:
            raise wrong("paging_needs", by=self.by.value, needs="next")
        if self.by is By.CURSOR and not self.cursor:
            raise wrong("paging_needs", by=self.by.value, needs="cursor")
        if self.by is By.OFFSET and not self.size:
            raise wrong("paging_needs", by=self.by.value, needs="size")
        return self


class _Request(_Strict):
    method: Annotated[str, Field(pattern="^(GET|POST)$")] | None = None
    query: str | None = None
    variables: dict[str, Any] = {}
    body: dict[str, Any] | None = None


class ListStage(_Request):
    items: str = ""
    link: str | None = None
    fields: Fields = Fields()
    categories: Selector | None = None
    sitemap: tuple[str, ...] = ()
    include: tuple[Pattern, ...] = ()
    exclude: tuple[Pattern, ...] = ()
    paging: Paging | None = None


class DetailStage(_Request):
    kind: Kind | None = None
    url: str | None = None
    item: str = ""
    only: str | None = None
    fields: Fields = Fields()


class Errors(_Strict):
    """How they say no inside an answer with HTTP 200."""

    path: JsonPath
    good: tuple[Scalar, ...] = ()
    message: JsonPath | None = None
    retry: tuple[Scalar, ...] = ()


class Plausible(_Strict):
    least: Annotated[int, Field(ge=0)] = 1
    most: Annotated[int, Field(ge=1)] = 1_000_000


class Limits(_Strict):
    pages: Annotated[int, Field(ge=1, le=100_000)] = 2_000
    listings: Annotated[int, Field(ge=1, le=1_000_000)] = 50_000
    depth: Annotated[int, Field(ge=0, le=10)] = 3
    failures: Annotated[int, Field(ge=1, le=1_000)] = 10


class Source(_Strict):
    platform: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,39}$")]
    kind: Kind
    start: Annotated[tuple[Address, ...], Field(min_length=1, max_length=500)]
    hosts: tuple[str, ...] = ()
    pace: Annotated[float, Field(ge=0, le=3600)] = 1.0
    headers: Annotated[dict[str, str], AfterValidator(_header)] = {}
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = ""
    sales_kind: SalesKind = SalesKind.UNKNOWN
    errors: Errors | None = None
    listed: Annotated[ListStage, Field(alias="list")]
    detail: DetailStage | None = None
    plausible: Plausible = Plausible()
    limits: Limits = Limits()

    @model_validator(mode="after")
    def _reaches_the_mandatory(self) -> "Source":
        known = {*self.listed.fields.named(), *(self.detail.fields.named() if self.detail else ())}
        implied = {"url"} if self.kind is Kind.HTML else set[str]()
        for word in ("listing_id", "title", "url"):
            if word not in known | implied:
                raise wrong("field_needed", field=word)
        return self

    @model_validator(mode="after")
    def _places_suit_the_pages(self) -> "Source":
        if not self.listed.items and not self.listed.sitemap:
            raise wrong("items_needed")
        if self.listed.sitemap and (self.kind is not Kind.HTML or self.detail is None):
            raise wrong("sitemap_needs_detail")
        check_place("list.items", self.listed.items or None, self.kind)
        check_place("list.link", self.listed.link, self.kind)
        if self.listed.paging and self.listed.paging.by is By.NEXT:
            check_place("list.paging.next", self.listed.paging.next, self.kind)
        check_fields("list.fields", self.listed.fields, self.kind)
        if self.detail:
            check_place("detail.only", self.detail.only, self.detail_kind)
            check_fields("detail.fields", self.detail.fields, self.detail_kind)
            if self.kind is not Kind.HTML and not (self.detail.url or self.listed.link):
                raise wrong("detail_needs_address")
        if self.kind is Kind.GRAPHQL and not self.listed.query:
            raise wrong("query_needed")
        return self

    @property
    def detail_kind(self) -> Kind:
        return (self.detail.kind if self.detail else None) or self.kind

    @property
    def own_hosts(self) -> frozenset[str]:
        return frozenset({*(urlsplit(url).netloc for url in self.start), *self.hosts})

    def secrets_named(self) -> frozenset[str]:
        found = (SECRET.finditer(value) for value in self.headers.values())
        return frozenset(hit[1] or hit[2] for hits in found for hit in hits)


def check_place(key: str, place: str | None, kind: Kind) -> None:
    """A place to look at is a selector on HTML and a path in JSON."""
    if place is None:
        return
    try:
        _selector(place) if kind is Kind.HTML else _path(place)
    except PydanticCustomError as error:
        facts = {name: fact for name, fact in (error.context or {}).items() if name != "problem"}
        raise wrong(error.type, **{**facts, "key": key}) from None


def check_fields(key: str, fields: Fields, kind: Kind) -> None:
    for word, ways in fields.named().items():
        for way in ways:
            on_page = bool(way.css or way.table)
            tree = bool(way.jsonld or way.microdata or way.meta)
            if kind is Kind.HTML and way.path is not None and not on_page:
                raise wrong("path_on_html", key=f"{key}.{word}")
            if kind is not Kind.HTML and (tree or (on_page and way.path is None)):
                raise wrong("selector_on_json", key=f"{key}.{word}")


def source_from(text: str, *, file: str) -> Source:
    """Read a mapping file, or refuse it by file, key, what is wrong and what would do."""
    if len(text) > MAX_FILE:
        raise Invalid("source.too_large", file=file, most=MAX_FILE)
    try:
        given = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise Invalid("source.not_toml", file=file, problem=str(error)) from None
    try:
        return Source.model_validate(_spelt_out(given))
    except ValidationError as error:
        raise _refusal(error, file) from None


def _spelt_out(given: dict[str, Any]) -> dict[str, Any]:
    """A bare text for a field is a selector on HTML (`h1@title`: an attribute), else a path."""
    detail = given.get("detail")
    kinds = {"list": given.get("kind"), "detail": given.get("kind")}
    if isinstance(detail, dict):
        kinds["detail"] = cast("dict[str, Any]", detail).get("kind", given.get("kind"))
    whole = dict(given)
    for stage, kind in kinds.items():
        part: Any = given.get(stage)
        table = cast("dict[str, Any]", part) if isinstance(part, dict) else {}
        if isinstance(table.get("fields"), dict):
            whole[stage] = {**table, "fields": _long_fields(table["fields"], str(kind))}
    return whole


def _long_fields(fields: dict[str, Any], kind: str) -> dict[str, Any]:
    return {
        name: _long_fields(cast("dict[str, Any]", value), kind)
        if name == "extra" and isinstance(value, dict)
        else [_long(way, kind) for way in cast("list[Any]", _ways(value))]
        for name, value in fields.items()
    }


def _long(way: object, kind: str) -> object:
    if not isinstance(way, str):
        return way
    if kind != Kind.HTML.value:
        return {"path": way}
    selector, at, attr = way.rpartition("@")
    return {"css": selector, "attr": attr} if at else {"css": way}


def _refusal(error: ValidationError, file: str) -> Invalid:
    first = error.errors(include_url=False, include_input=False)[0]
    facts: dict[str, Any] = dict(first.get("ctx") or {})
    key = str(facts.pop("key", None) or ".".join(str(part) for part in first["loc"]) or "-")
    more = error.error_count() - 1
    if first["type"] == "extra_forbidden":
        return Invalid("source.unknown_key", file=file, key=key, near=_near(key), more=more)
    if first["type"] == "missing":
        return Invalid("source.missing_key", file=file, key=key, more=more)
    if "problem" in facts:
        facts.pop("problem")
        return Invalid(f"source.{first['type']}", file=file, key=key, more=more, **facts)
    return Invalid("source.bad_value", file=file, key=key, problem=first["msg"], more=more)


_MODELS: Final = (Source, ListStage, DetailStage, Paging, Fields, Way, Errors, Plausible, Limits)
_KEYS: Final = sorted({*(name for model in _MODELS for name in model.model_fields), "list"})


def _near(key: str) -> str:
    return ", ".join(get_close_matches(key.rsplit(".", 1)[-1], _KEYS, n=3)) or "-"
