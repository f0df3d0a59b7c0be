"""Shopee's affiliates: `productOfferV2`, one question signed to the byte."""

import json
from datetime import datetime
from typing import Final

from integrations.marketplaces.connectors.base import (
    Connector,
    Keys,
    Means,
    Onward,
    Refused,
    text_at,
)
from integrations.marketplaces.connectors.paged import next_page, page_of
from integrations.marketplaces.connectors.signing import shopee_sign
from integrations.marketplaces.mapping import Source
from integrations.marketplaces.paging import Held
from integrations.marketplaces.paths import Json, find
from integrations.marketplaces.request import Question
from integrations.marketplaces.steps import Step

SIZE: Final = 50
_ANSWER: Final = "data.productOfferV2"
_WANTED: Final = (
    "nodes{itemId productName productLink shopId shopName shopType priceMin priceMax sales "
    "ratingStar imageUrl} pageInfo{page limit hasNextPage}"
)
_MEANS: Final = {
    "10000": Means.RETRY,
    "10010": Means.STOP,
    "10020": Means.REAUTHORISE,
    "10030": Means.QUOTA,
    "10031": Means.PERMISSION,
    "10032": Means.PERMISSION,
    "10033": Means.PERMISSION,
    "10034": Means.PERMISSION,
    "10035": Means.PERMISSION,
}


def _question(source: Source, step: Step, keys: Keys, at: datetime) -> Question:
    words = json.dumps(step.query, ensure_ascii=False)
    size = min(source.api.size or SIZE, SIZE)
    asked = f"{{productOfferV2(keyword:{words},page:{page_of(step)},limit:{size}){{{_WANTED}}}}}"
    body = json.dumps({"query": asked}, ensure_ascii=False, separators=(",", ":")).encode()
    now = int(at.timestamp())
    sign = shopee_sign(keys["app_id"], now, body, keys["secret"])
    pass_ = f"SHA256 Credential={keys['app_id']}, Timestamp={now}, Signature={sign}"
    headers = {"Content-Type": "application/json", "Authorization": pass_}
    return Question(source.start[0], "POST", body, headers)


def _refused(value: Json) -> Refused | None:
    if not find(value, "errors[*]"):
        return None
    code = text_at(value, "errors[*].extensions.code")
    words = text_at(value, "errors[*].extensions.message") or text_at(value, "errors[*].message")
    return Refused(code, words, _MEANS.get(code))


def _onward(_source: Source, step: Step, value: Json, held: Held) -> Onward:
    return next_page(step, held, more=text_at(value, f"{_ANSWER}.pageInfo.hasNextPage") == "true")


SHOPEE: Final = Connector(_question, _refused, _onward)
