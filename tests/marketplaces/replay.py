"""Platforms on loopback that answer as the real ones do, and only who signs rightly.

What is signed is worked out here from the bytes that came, by code that shares nothing with the
connectors. The goods are made up; the shapes are the platforms' own.
"""

import hashlib
import hmac
import json
from base64 import b64decode
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from tests.shops import Answer, Call, Stand, open_shop

APP, SECRET = "12345678", "helloworld-of-tests"
SESSION = "61012f-session"
TOKEN = "v^1.1#i^1#made-up-token"
NOW = datetime(2026, 11, 22, 4, 0, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Ware:
    no: int
    title: str
    fen: int
    sold: int
    shop_no: int
    shop: str
    place: str = "广东 深圳"


def wares(count: int) -> list[Ware]:
    return [
        Ware(
            no=7001 + at,
            title=f"大流量卡 全国通用 第{at}款" if at % 2 else f"手机壳 第{at}款",
            fen=990 + 100 * at,
            sold=125_000 + at,
            shop_no=880 + at % 3,
            shop=f"星河通信{at % 3}号店",
        )
        for at in range(count)
    ]


@dataclass
class Replay:
    """A platform: its goods, and what it does before it answers rightly."""

    goods: Sequence[Ware] = field(default_factory=lambda: wares(5))
    troubles: list[dict[str, Any] | Answer] = field(default_factory=list[Any])
    """Given out, one a call, before anything else."""
    signed: int = 0
    """Questions whose signature held."""
    tokens_given: int = 0
    token_lasts: int = 7200
    most: int = 25_000
    valid_tokens: set[str] = field(default_factory=set[str])

    def trouble(self) -> Answer | None:
        if not self.troubles:
            return None
        first = self.troubles.pop(0)
        return first if isinstance(first, Answer) else Answer(first)


@contextmanager
def replayed(
    platform: Callable[[Replay, Call], Answer], replay: Replay | None = None
) -> Generator[tuple[Stand, Replay]]:
    state = replay or Replay()
    with open_shop(lambda call: platform(state, call)) as stand:
        yield stand, state


def fields_of(call: Call) -> dict[str, str]:
    assert call.method == "POST"
    assert call.headers["content-type"].startswith("application/x-www-form-urlencoded")
    return dict(parse_qsl(call.body.decode("ascii"), keep_blank_values=True, strict_parsing=True))


def top_holds(given: Mapping[str, str], secret: str) -> bool:
    """Whether the form is signed as TOP, JD and PDD want it."""
    said = given.get("sign", "")
    text = "".join(k + v for k, v in sorted((k, v) for k, v in given.items() if k != "sign"))
    if given.get("sign_method") == "hmac-sha256":
        right = hmac.new(secret.encode(), text.encode(), "sha256").hexdigest().upper()
    else:
        right = hashlib.md5((secret + text + secret).encode()).hexdigest().upper()  # noqa: S324
    return hmac.compare_digest(said, right)


def _in_time(stamp: str) -> bool:
    there = datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)  # Beijing's clock
    return abs(there - timedelta(hours=8) - NOW) < timedelta(minutes=10)


# Taobao


def top_error(code: int, msg: str, sub_code: str = "", sub_msg: str = "") -> dict[str, Any]:
    error = {"code": code, "msg": msg, "sub_code": sub_code, "sub_msg": sub_msg,
             "request_id": "made-up-1"}  # fmt: skip
    return {"error_response": error}


def taobao(state: Replay, call: Call) -> Answer:  # noqa: PLR0911 - one for each no of theirs
    given = fields_of(call)
    if given.get("app_key") != APP:
        return Answer(top_error(29, "Invalid app Key", "isv.appkey-not-exists"))
    if not top_holds(given, SECRET):
        return Answer(top_error(25, "Invalid signature"))
    if not _in_time(given["timestamp"]):
        return Answer(top_error(31, "Invalid timestamp"))
    if given.get("session", SESSION) != SESSION:
        return Answer(top_error(27, "Invalid session"))
    if not given.get("adzone_id") or not given.get("q"):
        return Answer(top_error(40, "Missing required arguments", "isv.missing-parameter"))
    state.signed += 1
    if (trouble := state.trouble()) is not None:
        return trouble
    size, page = int(given["page_size"]), int(given["page_no"])
    items = [_taobao_item(ware) for ware in state.goods[(page - 1) * size : page * size]]
    inner = {"total_results": len(state.goods), "result_list": {"map_data": items},
             "request_id": "made-up-2"}  # fmt: skip
    return Answer({"tbk_dg_material_optional_upgrade_response": inner})


def _taobao_item(ware: Ware) -> dict[str, Any]:
    return {
        "item_id": f"xQ{ware.no}-AbCdEfGh{ware.no}",
        "item_basic_info": {
            "title": ware.title,
            "sub_title": "首月免费",
            "pict_url": f"//img.example/i1/{ware.no}.jpg",
            "small_images": {"string": [f"//img.example/i2/{ware.no}.jpg"]},
            "category_name": "电话卡",
            "seller_id": ware.shop_no,
            "user_type": 0,
            "shop_title": ware.shop,
            "volume": ware.sold,
            "provcity": ware.place,
        },
        "price_promotion_info": {
            "reserve_price": f"{ware.fen * 2 / 100:.2f}",
            "zk_final_price": f"{ware.fen / 100:.2f}",
        },
        "publish_info": {"click_url": f"//s.click.example/t?e={ware.no}", "income_rate": "1.50"},
    }


def taobao_flat(state: Replay, call: Call) -> Answer:
    """The answer in the shape of before the item ids changed."""
    given = fields_of(call)
    assert top_holds(given, SECRET)
    state.signed += 1
    items = [
        {
            "num_iid": ware.no, "title": ware.title, "pict_url": f"//img.example/{ware.no}.jpg",
            "small_images": None, "item_url": f"https://item.example/{ware.no}",
            "reserve_price": "368", "zk_final_price": "16.8", "seller_id": ware.shop_no,
            "shop_title": ware.shop, "user_type": 1, "volume": ware.sold, "provcity": "浙江 温州",
        }
        for ware in state.goods
    ]  # fmt: skip
    inner = {"total_results": len(items), "result_list": {"map_data": items}}
    return Answer({"tbk_dg_material_optional_response": inner})


# JD


def jd_error(code: str, zh: str, en: str = "") -> dict[str, Any]:
    return {"error_response": {"code": code, "zh_desc": zh, "en_desc": en}}


def jd_answer(inner: dict[str, Any], code: str = "0") -> dict[str, Any]:
    told = json.dumps(inner, ensure_ascii=False)
    return {"jd_union_open_goods_query_responce": {"code": code, "queryResult": told}}


def jd(state: Replay, call: Call) -> Answer:
    given = fields_of(call)
    if given.get("app_key") != APP:
        return Answer(jd_error("21", "无效app_key"))
    if not top_holds(given, SECRET):
        return Answer(jd_error("12", "无效签名", "Invalid signature"))
    assert _in_time(given["timestamp"])
    text = given["360buy_param_json"]
    asked = json.loads(text)
    assert text == json.dumps(asked, ensure_ascii=False, separators=(",", ":"))
    state.signed += 1
    if (trouble := state.trouble()) is not None:
        return trouble
    wanted = asked["goodsReqDTO"]
    if wanted["sceneId"] != 1:
        return Answer(jd_answer({"code": 411, "message": "sceneId mismatch"}))
    size, page = wanted["pageSize"], wanted["pageIndex"]
    goods = state.goods[(page - 1) * size : page * size]
    inner = {
        "code": 200, "message": "success", "requestId": "made-up-3",
        "totalCount": len(state.goods), "hasMore": page * size < len(state.goods),
        "data": [_jd_item(ware, at) for at, ware in enumerate(goods)],
    }  # fmt: skip
    return Answer(jd_answer(inner))


def _jd_item(ware: Ware, at: int) -> dict[str, Any]:
    ident = {"skuId": ware.no} if at % 2 else {"itemId": f"aB_{ware.no}"}
    return ident | {
        "skuName": ware.title,
        "imageInfo": {"imageList": [{"url": f"//img.example/n0/{ware.no}.jpg"}]},
        "priceInfo": {"price": ware.fen / 50, "lowestPrice": ware.fen / 100},
        "shopInfo": {"shopId": ware.shop_no, "shopName": ware.shop, "shopLevel": 4.9},
        "materialUrl": f"//item.example/{ware.no}.html",
        "inOrderCount30Days": ware.sold,
        "owner": "p",
    }


# Pinduoduo


def pdd_error(code: int, msg: str, sub: str = "") -> dict[str, Any]:
    error = {"error_code": code, "error_msg": msg, "sub_code": sub, "sub_msg": sub,
             "request_id": "made-up-4"}  # fmt: skip
    return {"error_response": error}


def pdd(state: Replay, call: Call) -> Answer:
    given = fields_of(call)
    if given.get("client_id") != APP or not top_holds(given, SECRET):
        return Answer(pdd_error(20004, "签名sign校验失败"))
    assert abs(int(given["timestamp"]) - NOW.timestamp()) < 600
    if not (given.get("pid") and given.get("custom_parameters")):
        return Answer(pdd_error(50001, "业务服务错误", "请先完成备案"))
    state.signed += 1
    if (trouble := state.trouble()) is not None:
        return trouble
    size, page = int(given["page_size"]), int(given["page"])
    if page > 1 and given.get("list_id") != f"list-{page - 1}":
        return Answer(pdd_error(10000, "参数错误", "list_id"))
    goods = state.goods[(page - 1) * size : page * size]
    inner = {
        "goods_list": [_pdd_item(ware) for ware in goods], "total_count": len(state.goods),
        "list_id": f"list-{page}", "search_id": "made-up", "request_id": "made-up-5",
    }  # fmt: skip
    return Answer({"goods_search_response": inner})


def _pdd_item(ware: Ware) -> dict[str, Any]:
    return {
        "goods_id": ware.no, "goods_sign": f"E9{ware.no}_sign", "goods_name": ware.title,
        "goods_image_url": f"https://img.example/{ware.no}.jpg", "min_group_price": ware.fen,
        "min_normal_price": ware.fen + 300, "mall_id": ware.shop_no, "mall_name": ware.shop,
        "merchant_type": 3, "sales_tip": "12.5万+",
    }  # fmt: skip


# Shopee


def shopee_error(code: int, message: str) -> dict[str, Any]:
    extensions = {"code": code, "message": message}
    return {"errors": [{"message": message, "extensions": extensions}], "data": None}


def shopee(state: Replay, call: Call) -> Answer:
    head = call.headers.get("authorization", "")
    parts = dict(part.strip().split("=", 1) for part in head.removeprefix("SHA256 ").split(","))
    base = parts["Credential"].encode() + parts["Timestamp"].encode() + call.body + SECRET.encode()
    if not head.startswith("SHA256 ") or hashlib.sha256(base).hexdigest() != parts["Signature"]:
        return Answer(shopee_error(10020, "Invalid Signature"))
    assert abs(int(parts["Timestamp"]) - NOW.timestamp()) < 600
    state.signed += 1
    if (trouble := state.trouble()) is not None:
        return trouble
    query = json.loads(call.body)["query"]
    page = int(query.partition("page:")[2].partition(",")[0])
    size = int(query.partition("limit:")[2].partition(")")[0])
    nodes = [
        {
            "itemId": ware.no, "productName": ware.title, "shopId": ware.shop_no,
            "shopName": ware.shop, "productLink": f"https://shopee.example/p-{ware.no}",
            "priceMin": f"{ware.fen / 100:.2f}", "priceMax": "99", "sales": ware.sold,
            "imageUrl": f"https://img.example/{ware.no}",
        }
        for ware in state.goods[(page - 1) * size : page * size]
    ]  # fmt: skip
    info = {"page": page, "limit": size, "hasNextPage": page * size < len(state.goods)}
    return Answer({"data": {"productOfferV2": {"nodes": nodes, "pageInfo": info}}})


# eBay


def ebay_error(status: int, number: int, message: str) -> Answer:
    error = {"errorId": number, "domain": "API_BROWSE", "category": "REQUEST",
             "message": message, "longMessage": message}  # fmt: skip
    return Answer({"errors": [error]}, status)


def ebay(state: Replay, call: Call) -> Answer:
    if call.path == "/identity/v1/oauth2/token":
        return _ebay_token(state, call)
    assert call.path == "/buy/browse/v1/item_summary/search"
    shown = call.headers.get("authorization", "").removeprefix("Bearer ")
    if shown not in state.valid_tokens:
        return ebay_error(401, 1001, "Invalid access token")
    state.signed += 1
    if (trouble := state.trouble()) is not None:
        return trouble
    if not call.query.get("q"):
        return ebay_error(400, 12001, "The call must have a valid 'q'")
    limit, offset = int(call.query["limit"]), int(call.query["offset"])
    assert 1 <= limit <= 200
    assert offset + limit <= 10_000
    low, high = _prices(call.query.get("filter", ""))
    found = [ware for ware in state.goods if low <= ware.fen <= high]
    host = f"http://{call.headers['host']}"
    answer: dict[str, Any] = {"href": host, "total": len(found), "limit": limit, "offset": offset}
    items = [_ebay_item(ware) for ware in found[offset : offset + limit]]
    return Answer(answer | ({"itemSummaries": items} if items else {}))


def _prices(text: str) -> tuple[float, float]:
    if "price:[" not in text:
        return 0, float("inf")
    assert "priceCurrency:" in text
    low, _, high = text.partition("price:[")[2].partition("]")[0].partition("..")
    return float(low) * 100, float(high) * 100


def _ebay_token(state: Replay, call: Call) -> Answer:
    kind, _, pair = call.headers.get("authorization", "").partition(" ")
    if kind != "Basic" or b64decode(pair).decode() != f"{APP}:{SECRET}":
        said = {"error": "invalid_client", "error_description": "client authentication failed"}
        return Answer(said, 401)
    given = fields_of(call)
    assert given == {"grant_type": "client_credentials",
                     "scope": "https://api.ebay.com/oauth/api_scope"}  # fmt: skip
    state.tokens_given += 1
    token = f"{TOKEN}-{state.tokens_given}"
    state.valid_tokens = {token}
    given_out = {"access_token": token, "expires_in": state.token_lasts,
                 "token_type": "Application Access Token"}  # fmt: skip
    return Answer(given_out)


def _ebay_item(ware: Ware) -> dict[str, Any]:
    return {
        "itemId": f"v1|{ware.no}|0",
        "legacyItemId": str(ware.no),
        "title": ware.title,
        "price": {"value": f"{ware.fen / 100:.2f}", "currency": "USD"},
        "seller": {"username": f"u-{ware.shop_no}", "feedbackScore": 7},
        "itemLocation": {"country": "CN", "postalCode": "518***"},
        "itemWebUrl": f"https://www.ebay.example/itm/{ware.no}",
        "image": {"imageUrl": f"https://img.example/{ware.no}/s-l225.jpg"},
        "condition": "New",
    }


# A shop of its own


def shopify(state: Replay, call: Call) -> Answer:
    if call.path != "/products.json":
        return Answer("<h1>404</h1>", 404)
    limit, page = min(int(call.query.get("limit", "30")), 250), int(call.query.get("page", "1"))
    if limit * (page - 1) >= state.most:
        return Answer({"errors": "page is too large"}, 400)
    state.signed += 1
    goods = state.goods[(page - 1) * limit : page * limit]
    return Answer({"products": [_product(ware) for ware in goods]})


def _product(ware: Ware) -> dict[str, Any]:
    return {
        "id": ware.no, "title": ware.title, "handle": f"p-{ware.no}", "vendor": "某品牌",
        "body_html": f"<p>资费 <b>{ware.no}</b></p>", "product_type": "SIM",
        "variants": [{"id": 1, "price": f"{ware.fen / 100:.2f}", "available": True}],
        "images": [{"src": f"https://cdn.example/{ware.no}.jpg"}],
    }  # fmt: skip
