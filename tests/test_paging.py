"""Lists that go on by page, offset, cursor or link, and how their end is known."""

import json
from collections import Counter
from decimal import Decimal

import pytest

from integrations.marketplaces.mapping import source_from
from integrations.marketplaces.walk import walk
from tests.shops import GOODS, Answer, Call, Visitor, graphql_shop, open_shop, plain_shop
from tests.test_walk import sorted_out, written


def test_a_shop_that_shows_its_last_page_for_ever_comes_to_an_end() -> None:
    def shop(call: Call) -> Answer:
        if int(call.query.get("page", "1")) > 3:
            call.query = {"page": "3"}
        return plain_shop(call)

    with open_shop(shop) as stand, Visitor() as visitor:
        listings, faults = sorted_out(walk(written("plain", stand, "/shop/"), visitor))

    assert (len(listings), faults) == (len(GOODS), [])
    assert stand.asked.count("/shop/") == 4


def test_a_cursor_that_does_not_move_is_a_fault() -> None:
    def shop(call: Call) -> Answer:
        answer = graphql_shop(call)
        assert isinstance(answer.body, dict)
        info = {"hasNextPage": True, "endCursor": "3"}
        answer.body["data"]["products"]["pageInfo"] = info
        return answer

    with open_shop(shop) as stand, Visitor() as visitor:
        listings, faults = sorted_out(walk(written("graphql", stand, "/gql"), visitor))

    assert len(listings) == 6
    assert [fault.reason.word for fault in faults] == ["paging_loops"]


def offsets(call: Call) -> Answer:
    begin = int(call.query["start"])
    goods = GOODS[begin : begin + 3]
    items = [{"id": good.no, "t": good.title, "u": "/g"} for good in goods]
    onward = f'</l?start={begin + 3}>; rel="next"' if begin + 3 < len(GOODS) else ""
    return Answer({"items": items}, headers={"Link": onward} if onward else {})


@pytest.mark.parametrize(
    ("start", "paging"),
    [
        ("/l", 'by = "offset", param = "start", size = 5'),
        ("/l?start={offset}", 'by = "offset", size = 5'),
        ("/l?start=0", 'by = "link-header"'),
    ],
)
def test_a_list_goes_on_by_offset_or_link_header_and_by_what_the_shop_really_gave(
    start: str, paging: str
) -> None:
    mapping = """
platform = "o"
kind = "json"
start = ["{start}"]
[list]
items = "items[*]"
paging = {{ {paging} }}
[list.fields]
listing_id = "id"
title = "t"
url = "u"
"""
    with open_shop(offsets) as stand, Visitor() as visitor:
        source = source_from(mapping.format(start=stand.url + start, paging=paging), file="o")
        listings, faults = sorted_out(walk(source, visitor))

    assert [one.listing_id for one in listings] == [str(good.no) for good in GOODS]
    assert faults == []


def by_number(call: Call) -> Answer:
    """A list by POST with typed offsets; price and shop on each good's own answer."""
    if call.path == "/search":
        asked = json.loads(call.body)
        if not isinstance(asked["skip"], int) or call.headers["content-type"] != "application/json":
            return Answer({"error": {"text": "skip must be a number"}}, 400)
        goods = GOODS[asked["skip"] : asked["skip"] + asked["take"]]
        items = [{"no": good.no, "handle": f"h {good.no}"} for good in goods]
        return Answer({"result": {"items": items, "count": len(GOODS)}})
    good = next((one for one in GOODS if call.path == f"/goods/h%20{one.no}"), None)
    if good is None:
        return Answer({}, 404)
    detail = {"name": good.title, "amount": good.yuan, "html": f"<p>店铺编号：{good.shop_id}</p>"}
    return Answer({"result": [detail]})


BY_NUMBER = """
platform = "n"
kind = "json"
start = ["{url}/search"]
currency = "CNY"
[list]
items = "result.items[*]"
body = {{ skip = "{{offset}}", take = "{{size}}", note = "from {{offset}}" }}
paging = {{ by = "offset", size = 3, total = "result.count" }}
[list.fields]
listing_id = "no"
url = {{ template = "https://m.example/{{handle}}" }}
extra = {{ handle = "handle" }}
[detail]
url = "/goods/{{handle}}"
item = "result[0]"
[detail.fields]
title = "name"
price = "amount"
shop_id = {{ path = "html", table = "店铺编号" }}
"""


def test_a_list_asked_by_post_leads_to_answers_of_the_single_goods() -> None:
    with open_shop(by_number) as stand, Visitor() as visitor:
        source = source_from(BY_NUMBER.format(url=stand.url), file="n")
        listings, faults = sorted_out(walk(source, visitor))

    assert faults == []
    assert [(one.listing_id, one.price, one.shop_id) for one in listings] == [
        (str(good.no), Decimal(good.fen) / 100, good.shop_id) for good in GOODS
    ]
    assert listings[0].url == "https://m.example/h%201"
    assert json.loads(stand.calls[0].body)["note"] == "from 0"
    assert stand.asked.count("/search") == 3


def test_a_cursor_that_is_a_number_goes_back_as_a_number() -> None:
    def shop(call: Call) -> Answer:
        since = json.loads(call.body)["since"]
        if not isinstance(since, int | None):
            return Answer("no", 400)
        goods = [good for good in GOODS if good.no > (since or 0)][:3]
        items = [{"no": good.no, "t": good.title, "u": "/g"} for good in goods]
        return Answer({"items": items, "last": goods[-1].no if goods else None})

    mapping = """
platform = "n"
kind = "json"
start = ["{url}/s"]
[list]
items = "items[*]"
body = {{ since = "{{cursor}}" }}
paging = {{ by = "cursor", cursor = "last" }}
fields = {{ listing_id = "no", title = "t", url = "u" }}
"""
    with open_shop(shop) as stand, Visitor() as visitor:
        source = source_from(mapping.format(url=stand.url), file="n")
        listings, faults = sorted_out(walk(source, visitor))

    assert (len(listings), faults) == (len(GOODS), [])


def test_a_shop_that_leads_back_to_its_first_page_with_a_fresh_token_comes_to_an_end() -> None:
    tokens = Counter[str]()

    def shop(call: Call) -> Answer:
        if call.path != "/shop/":
            return plain_shop(call)
        if int(call.query.get("page", "1")) > 3:
            return Answer("", 302, {"Location": "/shop/"})
        tokens["shown"] += 1
        body = str(plain_shop(call).body)
        return Answer(body.replace("</a></li>", f"</a><i data-csrf='{tokens['shown']}'></i></li>"))

    with open_shop(shop) as stand, Visitor() as visitor:
        listings, faults = sorted_out(walk(written("plain", stand, "/shop/"), visitor))

    assert (len(listings), faults) == (len(GOODS), [])
    assert stand.asked.count("/shop/") == 5


def test_pages_that_hold_nothing_wanted_do_not_end_a_list() -> None:
    def shop(call: Call) -> Answer:
        number = int(call.query.get("page", "1"))
        if call.path == "/shop/" and number < 4:
            return Answer(f'<li class="card"><a href="/shop/advert-{number}/">a</a></li>')
        if call.path == "/shop/":
            call.query = {"page": str(number - 3)}
        return plain_shop(call)

    with open_shop(shop) as stand, Visitor() as visitor:
        listings, faults = sorted_out(walk(written("plain", stand, "/shop/"), visitor))

    assert (len(listings), faults) == (len(GOODS), [])
