"""What each kind of source asks for: keys, options, and what it lets us see."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Final, cast

from pydantic import Field

from integrations.marketplaces.ways import Strict


class Kind(StrEnum):
    HTML = "html"
    JSON = "json"
    GRAPHQL = "graphql"
    SITE = "site"
    """A shop of its own, of which nothing but the address is known."""
    SHOPIFY = "shopify"
    EBAY = "ebay"
    TAOBAO = "taobao"
    JD = "jd"
    PDD = "pdd"
    SHOPEE = "shopee"


class SignMethod(StrEnum):
    MD5 = "md5"
    HMAC_SHA256 = "hmac-sha256"


Word = Annotated[str, Field(pattern=r"^[^\s\x00-\x1f]{1,200}$")]


class Api(Strict):
    """What a platform's own interface has to be told beside the words that are searched for."""

    size: Annotated[int, Field(ge=1, le=250)] | None = None
    """Offers on one page."""
    marketplace: Annotated[str, Field(pattern=r"^EBAY_[A-Z]{2,8}$")] | None = None
    categories: tuple[Annotated[str, Field(pattern=r"^\d{1,20}$")], ...] = ()
    country: Annotated[str, Field(pattern="^[A-Z]{2}$")] | None = None
    adzone_id: Annotated[str, Field(pattern=r"^\d{1,20}$")] | None = None
    """The last part of `mm_x_x_adzone`."""
    place: Annotated[str, Field(max_length=40)] | None = None
    sign_method: SignMethod | None = None
    scene_id: Annotated[int, Field(ge=1, le=99)] | None = None
    pid: Word | None = None
    custom_parameters: Annotated[str, Field(max_length=400)] | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    secrets: tuple[str, ...] = ()
    secrets_beside: tuple[str, ...] = ()
    """Keys that may be given and need not."""
    needs: tuple[str, ...] = ()
    """Options of `[api]` without which the platform gives nothing."""
    takes: tuple[str, ...] = ()
    searches: bool = True
    """It is asked for words, and shows nothing else."""
    is_sample: bool = False
    """Only goods whose sellers pay commission: a part of the market, and not a fair one."""
    daily: int | None = None
    """Calls that the platform allows in a day."""


TERMS: Final[Mapping[Kind, Terms]] = {
    Kind.SITE: Terms(searches=False),
    Kind.SHOPIFY: Terms(takes=("size",), searches=False),
    Kind.EBAY: Terms(
        secrets=("client_id", "client_secret"),
        takes=("size", "marketplace", "categories", "country"),
        daily=5_000,
    ),
    Kind.TAOBAO: Terms(
        secrets=("app_key", "app_secret"),
        secrets_beside=("session",),
        needs=("adzone_id",),
        takes=("size", "place", "sign_method"),
        is_sample=True,
    ),
    Kind.JD: Terms(
        secrets=("app_key", "app_secret"),
        takes=("size", "scene_id"),
        is_sample=True,
        daily=10_000,
    ),
    Kind.PDD: Terms(
        secrets=("client_id", "client_secret"),
        needs=("pid", "custom_parameters"),
        takes=("size",),
        is_sample=True,
        daily=100_000,
    ),
    Kind.SHOPEE: Terms(secrets=("app_id", "secret"), takes=("size",), is_sample=True),
}
"""The kinds whose pages we know; of the others a mapping tells everything."""


def _read(name: str) -> dict[str, Any]:
    folder = files("integrations.marketplaces.connectors")
    return tomllib.loads((folder / name).read_text("utf-8"))


@cache
def packaged(kind: Kind) -> Mapping[str, Any]:
    """The mapping that comes with a kind; what a user writes stands before it."""
    return _read(f"{kind}.toml")


@cache
def packaged_queries(kind: Kind) -> tuple[str, ...]:
    """The words of this field: Chinese for Chinese platforms, English for the others."""
    lists = _read("queries.toml")
    return tuple(cast("list[str]", lists.get(kind.value) or lists["zh"]))
