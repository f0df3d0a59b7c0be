"""JD: the affiliates' search `jd.union.open.goods.query`. Its answer is JSON inside JSON."""

import json
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

METHOD: Final = "jd.union.open.goods.query"
SIZE: Final = 30
_INNER: Final = "[*].queryResult.(json)"
_GOOD: Final = frozenset({"0", "200"})
_GATEWAY: Final = {
    "2": Means.PERMISSION,
    "3": Means.PERMISSION,
    "12": Means.REAUTHORISE,
    "19": Means.REAUTHORISE,
    "20": Means.REAUTHORISE,
    "21": Means.REAUTHORISE,
    "43": Means.RETRY,
}
_QUERY: Final = {"403": Means.PERMISSION, "411": Means.STOP}


def _question(source: Source, step: Step, keys: Keys, at: datetime) -> Question:
    asked = {
        "goodsReqDTO": {
            "keyword": step.query,
            "pageIndex": page_of(step),
            "pageSize": min(source.api.size or SIZE, SIZE),
            "sceneId": source.api.scene_id or 1,
            "sortName": "inOrderCount30Days",
            "sort": "desc",
        }
    }
    params = {
        "method": METHOD,
        "app_key": keys["app_key"],
        "timestamp": f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}",
        "format": "json",
        "v": "1.0",
        "sign_method": "md5",
        "360buy_param_json": json.dumps(asked, ensure_ascii=False, separators=(",", ":")),
    }
    return form(source, {**params, "sign": top_sign(params, keys["app_secret"])})


def _refused(value: Json) -> Refused | None:
    if find(value, "error_response"):
        code = text_at(value, "error_response.code")
        words = text_at(value, "error_response.zh_desc") or text_at(value, "error_response.en_desc")
        return Refused(code, words, _GATEWAY.get(code))
    outer = text_at(value, "[*].code")
    if outer and outer not in _GOOD:
        return Refused(outer, text_at(value, "[*].message"), _GATEWAY.get(outer))
    inner = text_at(value, f"{_INNER}.code")
    if inner and inner not in _GOOD:
        return Refused(inner, text_at(value, f"{_INNER}.message"), _QUERY.get(inner))
    return None


def _nothing(value: Json) -> bool:
    return number_at(value, f"{_INNER}.totalCount") == 0


def _onward(_source: Source, step: Step, value: Json, held: Held) -> Onward:
    more = text_at(value, f"{_INNER}.hasMore")
    total = number_at(value, f"{_INNER}.totalCount")
    left = total is None or step.count + held.count < total
    return next_page(step, held, more=more != "false" and (more == "true" or left))


JD: Final = Connector(_question, _refused, _onward, nothing=_nothing)
