"""The mapping file: how one source is walked and read, as a user writes it. See docs/sources.md."""

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from enum import StrEnum
from typing import Annotated, Any, Final, TypeAlias, cast
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from integrations.marketplaces.listing import SalesKind
from integrations.marketplaces.terms import TERMS, Api, Kind, Terms, packaged, packaged_queries
from integrations.marketplaces.ways import (
    SECRET,
    Address,
    Fields,
    JsonPath,
    Pattern,
    Scalar,
    Selector,
    Strict,
    Way,
    as_ways,
    good_headers,
    good_path,
    good_selector,
    wrong,
)
from models.refusals import Invalid

MAX_FILE: Final = 100_000
PAGING_BLANKS: Final = frozenset({"page", "offset", "cursor", "size"})


class By(StrEnum):
    """How a list goes on."""

    PAGE = "page"
    OFFSET = "offset"
    CURSOR = "cursor"
    NEXT = "next"
    LINK_HEADER = "link-header"


class Paging(Strict):
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


class _Request(Strict):
    method: Annotated[str, Field(pattern="^(GET|POST)$")] | None = None
    query: str | None = None
    variables: dict[str, Any] = Field(default_factory=dict[str, Any])
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


class Errors(Strict):
    """How they say no inside an answer with HTTP 200."""

    path: JsonPath
    good: tuple[Scalar, ...] = ()
    message: JsonPath | None = None
    retry: tuple[Scalar, ...] = ()


class Plausible(Strict):
    least: Annotated[int, Field(ge=0)] = 1
    most: Annotated[int, Field(ge=1)] = 1_000_000


class Limits(Strict):
    pages: Annotated[int, Field(ge=1, le=100_000)] = 2_000
    listings: Annotated[int, Field(ge=1, le=1_000_000)] = 50_000
    depth: Annotated[int, Field(ge=0, le=10)] = 3
    failures: Annotated[int, Field(ge=1, le=1_000)] = 10
    daily: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    """Questions in a day, over all runs of the source."""


Query: TypeAlias = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]


class Source(Strict):
    platform: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,39}$")]
    kind: Kind
    start: Annotated[tuple[Address, ...], Field(min_length=1, max_length=500)]
    hosts: tuple[str, ...] = ()
    pace: Annotated[float, Field(ge=0, le=3600)] = 1.0
    concurrency: Annotated[int, Field(ge=1, le=32)] = 8
    """Questions under way together, where the pace is 0 and the network one of ours."""
    headers: Annotated[dict[str, str], AfterValidator(good_headers)] = Field(
        default_factory=dict[str, str]
    )
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = ""
    sales_kind: SalesKind = SalesKind.UNKNOWN
    queries: Annotated[tuple[Query, ...], Field(max_length=500)] = ()
    api: Api = Api()
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
    def _on_its_terms(self) -> "Source":
        given = {name for name in Api.model_fields if getattr(self.api, name) not in {None, ()}}
        for name in sorted(given - {*self.terms.needs, *self.terms.takes}):
            raise wrong("option_unknown", key=f"api.{name}", kind=self.kind.value)
        for name in self.terms.needs:
            if name not in given:
                raise wrong("option_needed", key=f"api.{name}", kind=self.kind.value)
        if self.queries and not (self.kind in TERMS and self.terms.searches):
            raise wrong("queries_unused", key="queries", kind=self.kind.value)
        return self

    @model_validator(mode="after")
    def _places_suit_the_pages(self) -> "Source":
        if self.kind is Kind.SITE:
            return self
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
    def terms(self) -> Terms:
        return TERMS.get(self.kind, Terms())

    @property
    def is_sample(self) -> bool:
        """What it shows is a part of the market, and not a fair one."""
        return self.terms.is_sample

    @property
    def words(self) -> tuple[str, ...]:
        """What is searched for where nothing but the answers to words is shown."""
        return self.queries or packaged_queries(self.kind)

    @property
    def daily(self) -> int | None:
        return self.limits.daily or self.terms.daily

    @property
    def reach(self) -> frozenset[str]:
        """Where its keys may go: origins of its lists, and further hosts."""
        origins = {f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, self.start)}
        return frozenset(origins | set(self.hosts))

    @property
    def own_hosts(self) -> frozenset[str]:
        return frozenset({*(urlsplit(url).netloc for url in self.start), *self.hosts})

    def secrets_named(self) -> frozenset[str]:
        found = (SECRET.finditer(value) for value in self.headers.values())
        in_headers = (hit[1] or hit[2] for hits in found for hit in hits)
        return frozenset({*in_headers, *self.terms.secrets})

    def secrets_taken(self) -> frozenset[str]:
        """The keys that it needs, and those that it can do without."""
        return self.secrets_named() | {*self.terms.secrets_beside}


def check_place(key: str, place: str | None, kind: Kind) -> None:
    """A place to look at is a selector on HTML and a path in JSON."""
    if place is None:
        return
    try:
        good_selector(place) if kind is Kind.HTML else good_path(place)
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
        return source_of(given)
    except ValidationError as error:
        raise _refusal(error, file) from None


def source_of(given: dict[str, Any]) -> Source:
    """The mapping that a table says; pydantic's own error where it says none."""
    return Source.model_validate(_spelt_out(_with_packaged(given)))


def _with_packaged(given: dict[str, Any]) -> dict[str, Any]:
    """The mapping that comes with its kind, where the user says nothing else."""
    kind = given.get("kind")
    if kind not in {one.value for one in TERMS}:
        return given
    whole = _over(packaged(Kind(kind)), given)
    if kind == Kind.SHOPIFY.value and "start" in given:
        whole["start"] = _products(given["start"])
    return whole


def _products(start: object) -> object:
    """A shop's address, or that of its list, as the address of its list."""
    if not isinstance(start, list):
        return start
    return [
        f"{shop.partition('?')[0].rstrip('/').removesuffix('/products.json')}/products.json"
        if isinstance(shop, str)
        else shop
        for shop in cast("list[object]", start)
    ]


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    whole = dict(below)
    for name, value in above.items():
        under = whole.get(name)
        both = isinstance(under, dict) and isinstance(value, dict)
        whole[name] = (
            _over(cast("dict[str, Any]", under), cast("dict[str, Any]", value)) if both else value
        )
    return whole


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
        else [_long(way, kind) for way in cast("list[Any]", as_ways(value))]
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


_MODELS: Final = (
    Source, ListStage, DetailStage, Paging, Fields, Way, Errors, Plausible, Limits, Api,
)  # fmt: skip
_KEYS: Final = sorted({*(name for model in _MODELS for name in model.model_fields), "list"})


def _near(key: str) -> str:
    return ", ".join(get_close_matches(key.rsplit(".", 1)[-1], _KEYS, n=3)) or "-"
