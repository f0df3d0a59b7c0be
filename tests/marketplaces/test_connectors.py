"""Each platform is asked as it wants to be, read to the end, and understood when it says no."""

from decimal import Decimal
from typing import Any

import pytest

from integrations.marketplaces.connectors import CONNECTORS, ebay, shopify
from integrations.marketplaces.listing import SalesKind
from integrations.marketplaces.mapping import source_from
from integrations.marketplaces.preview import preview
from integrations.marketplaces.terms import TERMS, Kind
from models.refusals import Invalid
from tests.marketplaces import replay
from tests.marketplaces.asked import KEYS, source_to, text_of, walked, words
from tests.marketplaces.replay import Replay, Ware, replayed, wares
from tests.shops import Answer, Visitor

SEARCHED = ["taobao", "jd", "pdd", "shopee", "ebay"]


@pytest.mark.parametrize("kind", SEARCHED)
def test_a_search_is_signed_and_read_to_its_last_page(kind: str) -> None:
    goods = wares(25 if kind == "pdd" else 5)
    with replayed(getattr(replay, kind), Replay(goods)) as (stand, state):
        listings, faults = walked(source_to(kind, stand))

    assert faults == []
    assert [one.title for one in listings] == [ware.title for ware in goods]
    assert len({one.listing_id for one in listings}) == len(goods)
    assert {one.shop_id for one in listings} == (
        {f"u-{no}" for no in (880, 881, 882)} if kind == "ebay" else {"880", "881", "882"}
    )
    assert listings[0].price == Decimal("9.9")
    assert all(one.url.startswith("http") for one in listings)
    assert all(picture.startswith("http") for one in listings for picture in one.images)
    assert state.signed == 3
    assert all("list.fields.shop_id" in one.sources["shop_id"] for one in listings)


@pytest.mark.parametrize("kind", SEARCHED)
def test_a_wrong_key_is_told_and_ends_the_walk(kind: str) -> None:
    wrong = {name: f"{value}-x" for name, value in KEYS[kind].items()}
    more = 'queries = ["流量卡", "电话卡"]'
    with replayed(getattr(replay, kind)) as (stand, state):
        text = text_of(kind, stand).replace('queries = ["流量卡"]', more)
        listings, faults = walked(source_from(text, file="x.toml"), wrong)

    assert listings == []
    assert words(faults) == ["reauthorise", "implausible"]
    assert state.signed == 0
    assert len([call for call in stand.calls if "token" not in call.path]) <= 2
    assert not any(value in str(fault) for fault in faults for value in wrong.values())


@pytest.mark.parametrize(
    ("kind", "said", "word"),
    [
        ("taobao", replay.top_error(15, "Remote service error", "9100", "请求过于频繁"), "retry"),
        ("taobao", replay.top_error(15, "x", "isp.remote-service-timeout"), "retry"),
        ("taobao", replay.top_error(7, "x", "y", "This ban will last for 1 more seconds"), "retry"),
        ("taobao", replay.top_error(7, "App Call Limited"), "quota"),
        ("taobao", replay.top_error(11, "x", "isv.permission-api-package-limit"), "permission"),
        ("taobao", replay.top_error(27, "Invalid session"), "reauthorise"),
        ("taobao", replay.top_error(41, "x", "isv.invalid-parameter"), "stop"),
        ("taobao", replay.top_error(15, "x", "isv.something-else"), "stop"),
        ("taobao", replay.top_error(90210, "未知"), "code_unknown"),
        ("jd", replay.jd_error("43", "系统处理错误"), "retry"),
        ("jd", replay.jd_error("19", "token已过期"), "reauthorise"),
        ("jd", replay.jd_error("90210", "未知"), "code_unknown"),
        ("jd", replay.jd_answer({"code": 403, "message": "无访问权限"}), "permission"),
        ("jd", replay.jd_answer({"code": 411, "message": "sceneId mismatch"}), "stop"),
        ("jd", replay.jd_answer({"code": 90210, "message": "未知"}), "code_unknown"),
        ("pdd", replay.pdd_error(70031, "调用过于频繁"), "retry"),
        ("pdd", replay.pdd_error(10019, "access_token已过期"), "reauthorise"),
        ("pdd", replay.pdd_error(30000, "没有调用此target接口权限"), "permission"),
        ("pdd", replay.pdd_error(90210, "未知"), "code_unknown"),
        ("shopee", replay.shopee_error(10000, "system error"), "retry"),
        ("shopee", replay.shopee_error(10030, "rate limit"), "quota"),
        ("shopee", replay.shopee_error(10035, "no access"), "permission"),
        ("shopee", replay.shopee_error(90210, "?"), "code_unknown"),
        ("ebay", replay.ebay_error(500, 12000, "internal"), "their_fault"),
        ("ebay", replay.ebay_error(429, 2001, "Too many requests"), "quota"),
        ("ebay", replay.ebay_error(403, 1100, "Access denied"), "permission"),
        ("ebay", replay.ebay_error(400, 12002, "bad filter"), "stop"),
        ("ebay", replay.ebay_error(400, 90210, "?"), "code_unknown"),
    ],
)  # fmt: skip
def test_what_a_platform_says_is_known_for_what_it_means(
    kind: str, said: dict[str, Any] | Answer, word: str
) -> None:
    with replayed(getattr(replay, kind), Replay(troubles=[said])) as (stand, state):
        listings, faults = walked(source_to(kind, stand))

    may_pass = word in {"retry", "their_fault"}
    assert words(faults)[0] == word
    assert len(listings) == (5 if may_pass else 0)
    assert faults[0].again == may_pass
    assert faults[0].ends == (word in {"stop", "quota", "reauthorise", "permission"})
    assert state.signed == 1 or may_pass
    assert faults[0].reason.facts["query" if word != "their_fault" else "status"]


@pytest.mark.parametrize("kind", SEARCHED)
def test_throttled_once_the_same_question_passes_at_the_end(kind: str) -> None:
    said = {
        "taobao": replay.top_error(15, "x", "9100"), "jd": replay.jd_error("43", "x"),
        "pdd": replay.pdd_error(70031, "x"), "shopee": replay.shopee_error(10000, "x"),
        "ebay": Answer("busy", 503),
    }[kind]  # fmt: skip
    with replayed(getattr(replay, kind), Replay(troubles=[said])) as (stand, _):
        listings, faults = walked(source_to(kind, stand))

    assert len(listings) == 5
    assert [fault.again for fault in faults] == [True]


def test_an_unknown_shape_is_unreadable_and_never_a_guess() -> None:
    with replayed(replay.taobao, Replay(troubles=[{"result": []}])) as (stand, _):
        listings, faults = walked(source_to("taobao", stand))

    assert listings == []
    assert words(faults)[0] == "shape_unknown"


@pytest.mark.parametrize("kind", SEARCHED)
def test_a_search_without_results_is_no_fault(kind: str) -> None:
    with replayed(getattr(replay, kind), Replay(goods=[])) as (stand, state):
        listings, faults = walked(source_to(kind, stand))

    assert listings == []
    assert words(faults) == ["implausible"]
    assert state.signed == 1


# What each platform has for itself


def test_taobaos_new_answer_gives_opaque_ids_place_and_sales_of_thirty_days() -> None:
    with replayed(replay.taobao) as (stand, _):
        listings, _ = walked(source_to("taobao", stand))
    first = listings[0]

    assert first.listing_id == "xQ7001-AbCdEfGh7001"
    assert first.province == "广东 深圳"
    assert (first.sales, first.sales_kind) == (125_000, SalesKind.SOLD_30D)
    assert first.url == "http://s.click.example/t?e=7001"
    assert first.images == ("http://img.example/i1/7001.jpg", "http://img.example/i2/7001.jpg")
    assert first.currency == "CNY"


def test_taobaos_flat_answer_of_before_is_read_too() -> None:
    with replayed(replay.taobao_flat) as (stand, _):
        listings, faults = walked(source_to("taobao", stand))

    assert faults == []
    assert (listings[0].listing_id, listings[0].price) == ("7001", Decimal("16.8"))
    assert listings[0].shop_name == "星河通信0号店"
    assert listings[0].province == "浙江 温州"


def test_taobao_may_be_signed_by_hmac_and_with_a_session() -> None:
    options = 'adzone_id = "300"\nsign_method = "hmac-sha256"\nplace = "广东"'
    with replayed(replay.taobao) as (stand, _):
        source = source_to("taobao", stand, options=options)
        listings, faults = walked(source, {**KEYS["taobao"], "session": replay.SESSION})
        asked = replay.fields_of(stand.calls[0])

    assert faults == []
    assert len(listings) == 5
    assert (asked["session"], asked["itemloc"], asked["page_size"]) == (
        replay.SESSION, "广东", "100",
    )  # fmt: skip


def test_jds_answer_is_unpacked_twice_and_its_sales_are_affiliates_orders() -> None:
    with replayed(replay.jd) as (stand, _):
        listings, _ = walked(source_to("jd", stand))

    assert [one.listing_id for one in listings[:2]] == ["aB_7001", "7002"]
    assert listings[0].sales_kind is SalesKind.AFFILIATE_ORDERS
    assert listings[0].url == "http://item.example/7001.html"
    assert listings[0].province == ""


def test_a_broken_inner_answer_of_jd_is_unreadable() -> None:
    broken = {"jd_union_open_goods_query_responce": {"code": "0", "queryResult": "{"}}
    with replayed(replay.jd, Replay(troubles=[broken])) as (stand, _):
        _, faults = walked(source_to("jd", stand))

    assert words(faults)[0] == "not_json"


def test_pdd_counts_in_fen_says_sales_as_a_text_and_carries_its_list_on() -> None:
    with replayed(replay.pdd, Replay(wares(25))) as (stand, _):
        listings, faults = walked(source_to("pdd", stand))
        asked = [replay.fields_of(call).get("list_id") for call in stand.calls]

    assert faults == []
    assert (listings[1].price, listings[1].sales) == (Decimal("10.90"), 125_000)
    assert listings[1].sales_kind is SalesKind.TIP_TEXT
    assert listings[1].listing_id == "E97002_sign"
    assert asked == [None, "list-1", "list-2"]


def test_ebays_token_is_asked_for_once_and_again_when_it_is_refused() -> None:
    with replayed(replay.ebay) as (stand, state):
        source = source_to("ebay", stand)
        walked(source)
        assert state.tokens_given == 1

    refused = Replay(troubles=[replay.ebay_error(401, 1001, "expired")])
    with replayed(replay.ebay, refused) as (stand, state):
        listings, faults = walked(source_to("ebay", stand))

    assert faults == []
    assert len(listings) == 5
    assert state.tokens_given == 2


def test_a_token_that_is_about_to_end_is_asked_for_anew() -> None:
    with replayed(replay.ebay, Replay(token_lasts=30)) as (stand, state):
        listings, _ = walked(source_to("ebay", stand))

    assert len(listings) == 5
    assert state.tokens_given == 3


def test_ebay_shops_go_by_their_id() -> None:
    with replayed(replay.ebay) as (stand, _):
        listings, _ = walked(source_to("ebay", stand))

    assert listings[0].listing_id == "v1|7001|0"
    assert listings[0].shop_id == "u-880"
    assert (listings[0].currency, listings[0].province) == ("USD", "CN")


def test_more_than_ebay_shows_at_once_is_asked_by_prices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert ebay.MOST == 10_000
    monkeypatch.setattr(ebay, "MOST", 100)
    goods = [Ware(no, f"sim {no}", 50 + 17 * no, 1, 1, "s") for no in range(430)]
    with replayed(replay.ebay, Replay(goods)) as (stand, _):
        listings, faults = walked(source_to("ebay", stand, options="size = 50"))

    assert faults == []
    assert len(listings) == len(goods)
    asked = [call.query.get("filter", "") for call in stand.calls if "filter" in call.query]
    assert asked
    assert all("priceCurrency:USD" in text for text in asked)


def test_what_cannot_be_cut_finer_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ebay, "MOST", 4)
    goods = [Ware(no, f"sim {no}", 250, 1, 1, "s") for no in range(9)]
    with replayed(replay.ebay, Replay(goods)) as (stand, _):
        listings, faults = walked(source_to("ebay", stand))

    assert "limit_set" in words(faults)
    limit = next(fault for fault in faults if fault.reason.word == "limit_set")
    assert limit.reason.facts["total"] == 9
    assert 4 <= len(listings) < 9


def test_a_filter_that_ebay_did_not_take_is_a_fault() -> None:
    item = {"itemId": "v1|1|0", "title": "sim", "itemWebUrl": "https://x.example/1",
            "seller": {"username": "u"}}  # fmt: skip
    warned = {"total": 1, "itemSummaries": [item],
              "warnings": [{"errorId": 12002, "message": "The filter is invalid"}]}  # fmt: skip
    with replayed(replay.ebay, Replay(troubles=[warned])) as (stand, _):
        listings, faults = walked(source_to("ebay", stand))

    assert len(listings) == 1
    assert words(faults) == ["warned"]


def test_a_shopify_shop_is_read_until_a_page_is_empty() -> None:
    with replayed(replay.shopify, Replay(wares(600))) as (stand, state):
        listings, faults = walked(source_to("shopify", stand))

    assert faults == []
    assert len(listings) == 600
    assert state.signed == 4
    host = stand.url.removeprefix("http://")
    assert (listings[0].shop_id, listings[0].extra["brand"]) == (host, "某品牌")
    assert listings[0].url == f"{stand.url}/products/p-7001"
    assert listings[0].description == "资费 7001"


def test_a_shopify_shop_past_its_limit_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shopify.MOST == Replay().most == 25_000
    monkeypatch.setattr(shopify, "MOST", 500)
    with replayed(replay.shopify, Replay(wares(510), most=500)) as (stand, _):
        listings, faults = walked(source_to("shopify", stand))

    assert len(listings) == 500
    assert words(faults) == ["limit_set"]


# Mappings


def test_affiliate_pools_are_a_sample_and_the_others_are_not() -> None:
    samples = {kind for kind, terms in TERMS.items() if terms.is_sample}

    assert samples == {Kind.TAOBAO, Kind.JD, Kind.PDD, Kind.SHOPEE}
    assert set(CONNECTORS) | {Kind.SITE} == set(TERMS)


def test_words_are_packaged_and_ones_own_stand_instead() -> None:
    text = 'platform = "jd"\nkind = "jd"\n'

    assert "流量卡" in source_from(text, file="x").words
    assert source_from(text + 'queries = ["靓号"]\n', file="x").words == ("靓号",)
    assert source_from(text, file="x").start == ("https://api.jd.com/routerjson",)


@pytest.mark.parametrize(
    ("text", "code", "key"),
    [
        ('kind = "taobao"', "source.option_needed", "api.adzone_id"),
        ('kind = "pdd"\n[api]\npid = "1_2"', "source.option_needed", "api.custom_parameters"),
        ('kind = "jd"\n[api]\npid = "1_2"', "source.option_unknown", "api.pid"),
        ('kind = "shopee"', "source.missing_key", "start"),
        ('kind = "shopify"', "source.missing_key", "start"),
        ('kind = "site"', "source.missing_key", "start"),
        ('kind = "site"\nstart = ["https://x.example/"]\nqueries = ["a"]', "source.queries_unused",
         "queries"),
        ('kind = "ebay"\n[api]\nmarketplace = "US"', "source.bad_value", "api.marketplace"),
        ('kind = "alibaba"', "source.bad_value", "kind"),
    ],
)  # fmt: skip
def test_a_mapping_that_a_platform_would_refuse_is_refused_here(
    text: str, code: str, key: str
) -> None:
    with pytest.raises(Invalid) as no:
        source_from(f'platform = "x"\n{text}\n', file="x.toml")

    assert (no.value.code, no.value.facts["key"]) == (code, key)


def test_a_preview_of_a_connector_says_where_each_field_came_from() -> None:
    with replayed(replay.taobao) as (stand, _), Visitor() as visitor:
        shown = preview(
            source_to("taobao", stand), visitor, secrets=KEYS["taobao"], now=lambda: replay.NOW
        )

    assert len(shown.listings) == 5
    assert shown.faults == ()
    assert "path=item_basic_info.seller_id" in next(iter(shown.found_by["shop_id"]))
    assert set(shown.empty.values()) == {0}
