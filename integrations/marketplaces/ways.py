"""Where one value of a listing stands, as a mapping says it: the ways, and the fields of them."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Final, TypeAlias, cast
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from integrations.marketplaces.paths import path_of
from integrations.marketplaces.patterns import why_bad

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


class Unit(StrEnum):
    MAJOR = "major"
    MINOR = "minor"


def wrong(problem: str, **facts: object) -> PydanticCustomError:
    return PydanticCustomError(cast("Any", problem), "{problem}", {"problem": problem, **facts})


def good_selector(text: str) -> str:
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


def good_path(text: str) -> str:
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


def good_headers(headers: dict[str, str]) -> dict[str, str]:
    for name in headers:
        if name.lower() in _NOT_OURS_TO_SEND or not re.fullmatch(r"[A-Za-z0-9-]{1,64}", name):
            raise wrong("header_forbidden", given=name)
    return headers


Selector: TypeAlias = Annotated[str, AfterValidator(good_selector)]
Pattern: TypeAlias = Annotated[str, AfterValidator(_pattern)]
JsonPath: TypeAlias = Annotated[str, AfterValidator(good_path)]
Address: TypeAlias = Annotated[str, AfterValidator(_address)]
Scalar: TypeAlias = str | int | bool


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Way(Strict):
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


def as_ways(given: object) -> object:
    return cast("object", given) if isinstance(given, list) else [given]


Ways: TypeAlias = Annotated[tuple[Way, ...], BeforeValidator(as_ways), Field(min_length=1)]


class Fields(Strict):
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
