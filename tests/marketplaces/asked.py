"""Mappings of the replayed platforms, and walks of them."""

from collections.abc import Mapping

from integrations.marketplaces.listing import Listing
from integrations.marketplaces.mapping import Source, source_from
from integrations.marketplaces.steps import Fault
from integrations.marketplaces.walk import walk
from tests.marketplaces.replay import APP, NOW, SECRET
from tests.shops import Stand, Visitor

PATHS = {
    "taobao": "/router/rest", "jd": "/routerjson", "pdd": "/api/router", "shopee": "/graphql",
    "ebay": "/buy/browse/v1/item_summary/search", "shopify": "", "site": "/",
}  # fmt: skip
OPTIONS = {
    "taobao": 'adzone_id = "300"\nsize = 2',
    "jd": "size = 2",
    "pdd": 'pid = "1_2"\ncustom_parameters = "{\\"uid\\":\\"x\\"}"\nsize = 10',
    "shopee": "size = 2",
    "ebay": "size = 2",
}
KEYS: Mapping[str, Mapping[str, str]] = {
    "taobao": {"app_key": APP, "app_secret": SECRET},
    "jd": {"app_key": APP, "app_secret": SECRET},
    "pdd": {"client_id": APP, "client_secret": SECRET},
    "shopee": {"app_id": APP, "secret": SECRET},
    "ebay": {"client_id": APP, "client_secret": SECRET},
}


def text_of(kind: str, stand: Stand, *, options: str | None = None, more: str = "") -> str:
    asks = "" if kind in {"shopify", "site"} else 'queries = ["流量卡"]\n'
    lines = OPTIONS.get(kind, "") if options is None else options
    api = f"[api]\n{lines}\n" if lines else ""
    return (
        f'platform = "{kind}"\nkind = "{kind}"\npace = 0\nstart = ["{stand.url}{PATHS[kind]}"]\n'
        f"{asks}{more}\n{api}"
    )


def source_to(kind: str, stand: Stand, *, options: str | None = None, more: str = "") -> Source:
    return source_from(text_of(kind, stand, options=options, more=more), file="x.toml")


def walked(
    source: Source, secrets: Mapping[str, str] | None = None
) -> tuple[list[Listing], list[Fault]]:
    """All that a walk gave, once without its keys and once with them."""
    keys = KEYS.get(source.kind.value, {}) if secrets is None else secrets
    with Visitor() as visitor:
        news = list(walk(source, visitor, secrets=keys, now=lambda: NOW))
    listings = [one for one in news if isinstance(one, Listing)]
    return listings, [one for one in news if isinstance(one, Fault)]


def words(faults: list[Fault]) -> list[str]:
    return [fault.reason.word for fault in faults]
