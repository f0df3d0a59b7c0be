"""Taobao and Tmall: the affiliates' search `taobao.tbk.dg.material.optional.upgrade`."""

import re
from datetime import datetime
from typing import Final

from integrations.marketplaces.connectors.base import (
    BEIJING,
    Connector,
    Keys,
    Means,
    Onward,
    Refused,
    form,
    number_at,
    text_at,
)
from integrations.marketplaces.connectors.paged import next_page, page_of
from integrations.marketplaces.connectors.signing import top_sign
from integrations.marketplaces.mapping import Source
from integrations.marketplaces.paging import Held
from integrations.marketplaces.paths import Json, find
from integrations.marketplaces.request import Question
from integrations.marketplaces.steps import Step
from integrations.marketplaces.terms import SignMethod

METHOD: Final = "taobao.tbk.dg.material.optional.upgrade"
SIZE: Final = 100
_SHORT_BAN: Final = 60
"""Seconds that a ban may last and still be waited for."""
_BAN: Final = re.compile(r"ban will last for (\d{1,9}) ")
_MEANS: Final = {
    "10": Means.RETRY,
    "11": Means.PERMISSION,
    "12": Means.PERMISSION,
    "13": Means.PERMISSION,
    "25": Means.REAUTHORISE,
    "26": Means.REAUTHORISE,
    "27": Means.REAUTHORISE,
    "28": Means.REAUTHORISE,
    "29": Means.REAUTHORISE,
    "31": Means.STOP,
    "40": Means.STOP,
    "41": Means.STOP,
}
_CALL_LIMIT: Final = "7"
_THROTTLED: Final = "9100"


def _question(source: Source, step: Step, keys: Keys, at: datetime) -> Question:
    api = source.api
    method = api.sign_method or SignMethod.MD5
    given = {
        "method": METHOD,
        "app_key": keys["app_key"],
        "timestamp": f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}",
        "format": "json",
        "v": "2.0",
        "sign_method": method.value,
        "session": keys.get("session", ""),
        "adzone_id": api.adzone_id or "",
        "q": step.query,
        "page_no": str(page_of(step)),
        "page_size": str(min(api.size or SIZE, SIZE)),
        "itemloc": api.place or "",
        "sort": "total_sales_des",
    }
    params = {name: value for name, value in given.items() if value}
    return form(source, {**params, "sign": top_sign(params, keys["app_secret"], method)})


def _refused(value: Json) -> Refused | None:
    if not find(value, "error_response"):
        return None
    code, sub = text_at(value, "error_response.code"), text_at(value, "error_response.sub_code")
    words = " ".join(
        filter(None, (sub, text_at(value, "error_response.sub_msg") or
                      text_at(value, "error_response.msg")))
    )  # fmt: skip
    return Refused(code, words, _means(code, sub, words))


def _means(code: str, sub: str, words: str) -> Means | None:
    if code == _CALL_LIMIT:
        ban = _BAN.search(words)
        return Means.RETRY if ban and int(ban[1]) <= _SHORT_BAN else Means.QUOTA
    if sub == _THROTTLED or sub.startswith("isp."):
        return Means.RETRY
    if code in _MEANS:
        return _MEANS[code]
    return Means.STOP if sub.startswith("isv.") else None


def _total(value: Json) -> int | None:
    return number_at(value, "[*].total_results")


def _nothing(value: Json) -> bool:
    return _total(value) == 0


def _onward(_source: Source, step: Step, value: Json, held: Held) -> Onward:
    total = _total(value)
    return next_page(step, held, more=total is None or step.count + held.count < total)


TAOBAO: Final = Connector(_question, _refused, _onward, nothing=_nothing)
