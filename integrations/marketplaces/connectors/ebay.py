"""eBay's Browse API. A search shows 10,000 offers at most, so a larger one is asked by prices."""

from base64 import b64encode
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from itertools import pairwise
from typing import Final
from urllib.parse import urlencode, urlsplit

from integrations.marketplaces.base import Page, Reason
from integrations.marketplaces.connectors.base import (
    FORM,
    Connector,
    Keys,
    Means,
    Onward,
    Refused,
    number_at,
    text_at,
)
from integrations.marketplaces.connectors.tokens import TICKET
from integrations.marketplaces.mapping import Source
from integrations.marketplaces.paging import Held
from integrations.marketplaces.parse import json_page
from integrations.marketplaces.paths import Json, find
from integrations.marketplaces.request import Question, must_be_answer
from integrations.marketplaces.steps import Step

SIZE: Final = 200
MOST: Final = 10_000
_SCOPE: Final = "https://api.ebay.com/oauth/api_scope"
_TOKENS: Final = "/identity/v1/oauth2/token"
_LADDER: Final = ("0", "1", "5", "10", "20", "50", "100", "200", "500", "10000000")
_FINEST: Final = Decimal("0.02")
_STEEP: Final = 4
_CENT: Final = Decimal("0.01")
_TOO_LARGE: Final = "12023"
_FINE: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN,
                          HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS})  # fmt: skip
"""States of HTTP that come with a code of theirs."""
_MEANS: Final = {
    "1001": Means.REAUTHORISE,
    "1002": Means.REAUTHORISE,
    "1003": Means.REAUTHORISE,
    "1100": Means.PERMISSION,
    "2001": Means.QUOTA,
    "12000": Means.RETRY,
    **dict.fromkeys(("12001", "12002", "12003", "12004", "12005", "12006", "12007"), Means.STOP),
    **dict.fromkeys(("12008", "12009", "12012", "12013", "12019"), Means.STOP),
}
_MONEY: Final = {
    "EBAY_US": "USD", "EBAY_GB": "GBP", "EBAY_AU": "AUD", "EBAY_CA": "CAD", "EBAY_HK": "HKD",
    "EBAY_SG": "SGD", "EBAY_CH": "CHF", "EBAY_PL": "PLN",
    **dict.fromkeys(("EBAY_DE", "EBAY_FR", "EBAY_IT", "EBAY_ES", "EBAY_AT", "EBAY_BE", "EBAY_NL",
                     "EBAY_IE"), "EUR"),
}  # fmt: skip
_USUAL: Final = "EBAY_US"


def _question(source: Source, step: Step, keys: Keys, _at: datetime) -> Question:
    api, market = source.api, source.api.marketplace or _USUAL
    filters = [
        *([f"itemLocationCountry:{api.country}"] if api.country else ()),
        *(_priced(step.within, market) if step.within else ()),
    ]
    asked = {
        "q": step.query,
        "category_ids": ",".join(api.categories),
        "filter": ",".join(filters),
        "sort": "newlyListed",
        "limit": str(min(api.size or SIZE, SIZE)),
        "offset": str(step.offset),
    }
    query = urlencode({name: value for name, value in asked.items() if value})
    headers = {"Authorization": f"Bearer {keys[TICKET]}", "X-EBAY-C-MARKETPLACE-ID": market}
    return Question(f"{step.url}?{query}", headers=headers)


def _priced(within: str, market: str) -> tuple[str, str]:
    return f"price:[{within}]", f"priceCurrency:{_MONEY.get(market, 'USD')}"


def _token(source: Source, keys: Keys) -> Question:
    parts = urlsplit(source.start[0])
    pair = b64encode(f"{keys['client_id']}:{keys['client_secret']}".encode()).decode()
    body = urlencode({"grant_type": "client_credentials", "scope": _SCOPE}).encode()
    headers = {"Authorization": f"Basic {pair}", "Content-Type": FORM}
    return Question(f"{parts.scheme}://{parts.netloc}{_TOKENS}", "POST", body, headers)


def _opened(_step: Step, page: Page) -> Json:
    if page.status not in _FINE:
        must_be_answer(page)
    value = json_page(page)
    if text_at(value, "errors[*].errorId") == _TOO_LARGE:
        return {"total": MOST + 1, "itemSummaries": []}
    return value


def _refused(value: Json) -> Refused | None:
    if not find(value, "errors[*]"):
        return None
    code = text_at(value, "errors[*].errorId")
    words = text_at(value, "errors[*].longMessage") or text_at(value, "errors[*].message")
    return Refused(code, words, _MEANS.get(code))


def _nothing(value: Json) -> bool:
    return number_at(value, "total") == 0


def _onward(_source: Source, step: Step, value: Json, held: Held) -> Onward:
    total = number_at(value, "total")
    warned = tuple(_warned(value, step))
    if total is not None and total > MOST and step.offset == 0:
        narrower = _narrower(step)
        if narrower:
            return Onward(narrower, warned, whole=False)
        limit = Reason("limit_set", {"url": step.url, "query": _named(step), "most": MOST,
                                     "total": total or 0})  # fmt: skip
        warned = (*warned, limit)
    offset = step.offset + held.count
    if not held.count or offset >= min(total if total is not None else MOST, MOST):
        return Onward((), warned)
    onward = replace(step, turn=step.turn + 1, offset=offset, count=step.count + held.count)
    return Onward((onward,), warned)


def _narrower(step: Step) -> tuple[Step, ...]:
    """The same search by parts of its prices; empty where it cannot be cut finer."""
    if not step.within:
        rungs = list(map(Decimal, _LADDER))
    else:
        low, _, high = step.within.partition("..")
        rungs = _halves(Decimal(low), Decimal(high))
    parts = [f"{low:f}..{high:f}" for low, high in pairwise(rungs)]
    return tuple(replace(step, within=part, turn=0, offset=0, count=0) for part in parts)


def _halves(low: Decimal, high: Decimal) -> list[Decimal]:
    if high - low <= _FINEST:
        return []
    steep = low > 0 and high / low > _STEEP
    middle = (low * high).sqrt() if steep else (low + high) / 2
    return [low, middle.quantize(_CENT), high]


def _warned(value: Json, step: Step) -> list[Reason]:
    """What they left out of the question, such as a filter that they did not take."""
    return [
        Reason("warned", {"url": step.url, "query": _named(step),
                          "code": text_at(one, "errorId"), "words": text_at(one, "message")[:300]})
        for one in find(value, "warnings[*]")[:5]
    ]  # fmt: skip


def _named(step: Step) -> str:
    return f"{step.query} {step.within}".strip()


EBAY: Final = Connector(_question, _refused, _onward, _opened, _nothing, _token)
