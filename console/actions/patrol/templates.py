"""Mapping files for those who do not write any: a beginning for each kind, and forms into text."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from integrations.marketplaces.terms import TERMS, Kind, packaged, packaged_queries

_HTML: Final = """platform = "lanhai"
kind = "html"
start = ["https://shop.example/list"]
currency = "CNY"

[list]
items = "li.card"
paging = { by = "page", param = "page" }

[list.fields]
title = "a@title"

[detail.fields]
listing_id = { table = "货号" }
title = "h1"
price = "p.price"
shop_id = { table = "店铺编号" }
shop_name = { table = "店铺" }
"""
_JSON: Final = """platform = "lanhai"
kind = "json"
start = ["https://api.example/v1/goods"]
currency = "CNY"

[headers]
X-Api-Key = "secret:key"

[list]
items = "data.items[*]"
paging = { by = "page", param = "page", total = "data.total" }

[list.fields]
listing_id = "id"
title = "name"
url = "link"
price = { path = "priceFen", unit = "minor" }
shop_id = "shop.id"
shop_name = "shop.name"
"""
_GRAPHQL: Final = """platform = "lanhai"
kind = "graphql"
start = ["https://api.example/graphql"]
currency = "CNY"

[list]
query = "query ($first: Int!, $after: String) { products(first: $first, after: $after) { nodes { id name url price seller { id name } } pageInfo { hasNextPage endCursor } } }"
variables = { first = "{size}", after = "{cursor}" }
items = "data.products.nodes[*]"

[list.paging]
by = "cursor"
size = 50
cursor = "data.products.pageInfo.endCursor"
more = "data.products.pageInfo.hasNextPage"

[list.fields]
listing_id = "id"
title = "name"
url = "url"
price = "price"
shop_id = "seller.id"
shop_name = "seller.name"
"""  # noqa: E501 - a query is one line
FILES: Final[Mapping[Kind, str]] = {
    Kind.HTML: _HTML,
    Kind.JSON: _JSON,
    Kind.GRAPHQL: _GRAPHQL,
}
OWN_SITES: Final = frozenset({Kind.SITE, Kind.SHOPIFY})


@dataclass(frozen=True, slots=True)
class Answers:
    """What somebody says in the form of a kind; what is empty is left to the packaged mapping."""

    kind: Kind
    platform: str = ""
    start: str = ""
    queries: Sequence[str] = ()
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    currency: str = ""
    least: int = 1
    most: int = 1_000_000


def usual_platform(kind: Kind) -> str:
    return "site" if kind in OWN_SITES else kind.value


def needs_address(kind: Kind) -> bool:
    """Whether nobody but the user knows where it is."""
    return "start" not in packaged(kind)


def has_own_currency(kind: Kind) -> bool:
    """Whether offers come with their money, or the platform knows but one."""
    return "currency" in packaged(kind) or kind in {Kind.EBAY, Kind.SITE}


def packaged_words(kind: Kind) -> Sequence[str]:
    return packaged_queries(kind) if TERMS[kind].searches else ()


def mapping_text(said: Answers) -> str:
    """The mapping file that a filled form stands for."""
    lines = [f"platform = {_text(said.platform or usual_platform(said.kind))}",
             f"kind = {_text(said.kind.value)}"]  # fmt: skip
    if said.start:
        lines.append(f"start = [{', '.join(map(_text, said.start.split()))}]")
    if said.currency:
        lines.append(f"currency = {_text(said.currency.strip().upper())}")
    words = [words.strip() for words in said.queries if words.strip()]
    if words:
        lines.append(f"queries = [{', '.join(map(_text, dict.fromkeys(words)))}]")
    lines.append(f"plausible = {{ least = {said.least}, most = {said.most} }}")
    given = {name: value.strip() for name, value in said.options.items() if value.strip()}
    if given:
        lines += ["", "[api]", *(f"{name} = {_value(name, given[name])}" for name in given)]
    return "\n".join([*lines, ""])


def _value(name: str, value: str) -> str:
    if name in {"size", "scene_id"} and value.isdigit():
        return str(int(value))
    if name == "categories":
        return f"[{', '.join(map(_text, value.replace(',', ' ').split()))}]"
    return _text(value)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
