"""Pinduoduo: the affiliates' search `pdd.ddk.goods.search`."""

from datetime import datetime
from typing import Final

from integrations.marketplaces.connectors.base import (
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

METHOD: Final = "pdd.ddk.goods.search"
SIZE: Final = 100
_BY_SALES: Final = "6"
_ANSWER: Final = "goods_search_response"
_MEANS: Final = {
    "10019": Means.REAUTHORISE,
    "20004": Means.REAUTHORISE,
    "30000": Means.PERMISSION,
    "50000": Means.RETRY,
    "52101": Means.RETRY,
    "52102": Means.RETRY,
    "52103": Means.RETRY,
    "70031": Means.RETRY,
}


def _question(source: Source, step: Step, keys: Keys, at: datetime) -> Question:
    params = {
        "type": METHOD,
        "client_id": keys["client_id"],
        "timestamp": str(int(at.timestamp())),
        "data_type": "JSON",
        "version": "V1",
        "keyword": step.query,
        "page": str(page_of(step)),
        "page_size": str(max(10, min(source.api.size or SIZE, SIZE))),
        "sort_type": _BY_SALES,
        "pid": source.api.pid or "",
        "custom_parameters": source.api.custom_parameters or "",
    }
    if step.cursor is not None:
        params["list_id"] = str(step.cursor)
    return form(source, {**params, "sign": top_sign(params, keys["client_secret"])})


def _refused(value: Json) -> Refused | None:
    if not find(value, "error_response"):
        return None
    code = text_at(value, "error_response.error_code")
    words = [text_at(value, f"error_response.{name}") for name in ("error_msg", "sub_msg")]
    return Refused(code, " ".join(filter(None, words)), _MEANS.get(code))


def _onward(_source: Source, step: Step, value: Json, held: Held) -> Onward:
    total = number_at(value, f"{_ANSWER}.total_count")
    return next_page(
        step,
        held,
        more=total is None or step.count + held.count < total,
        cursor=text_at(value, f"{_ANSWER}.list_id") or None,
    )


PDD: Final = Connector(_question, _refused, _onward)
