"""Shops of several makes, walked by nothing but a mapping file."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from integrations.marketplaces.listing import Listing, SalesKind
from integrations.marketplaces.mapping import Source, source_from
from integrations.marketplaces.preview import preview
from integrations.marketplaces.steps import Fault, Step, StepKind
from integrations.marketplaces.walk import do, first_steps, walk
from tests.shops import (
    GOODS,
    KEY,
    Answer,
    Call,
    Shop,
    Stand,
    Visitor,
    graphql_shop,
    jsonld_shop,
    microdata_shop,
    open_shop,
    plain_shop,
    rest_shop,
)

DOCS = Path(__file__).parents[1] / "docs" / "sources"
SCHEMA_FIELDS = """
listing_id = {{ {way} = "sku" }}
title = {{ {way} = "name" }}
price = {{ {way} = "offers.price" }}
shop_id = {{ {way} = "offers.seller.identifier" }}
shop_name = {{ {way} = "offers.seller.name" }}
"""
SITEMAP = """
platform = "ld"
kind = "html"
start = ["{url}/"]
[list]
sitemap = ["/sitemap.xml"]
include = ['/shop/']
[detail]
only = 'script[type="application/ld+json"]'
[detail.fields]
images = {{ jsonld = "image" }}
currency = {{ jsonld = "offers.priceCurrency" }}
""" + SCHEMA_FIELDS.format(way="jsonld").replace("{", "{{").replace("}", "}}")
CATEGORIES = """
platform = "md"
kind = "html"
start = ["{url}/"]
[list]
items = "li.card"
categories = "nav a"
[detail.fields]
""" + SCHEMA_FIELDS.format(way="microdata").replace("{", "{{").replace("}", "}}")


def written(name: str, stand: Stand, place: str) -> Source:
    """A mapping of the documentation, set on a shop of ours."""
    text = (DOCS / f"{name}.toml").read_text("utf-8")
    start = text.split('start = ["')[1].split('"')[0]
    return source_from(text.replace(start, stand.url + place), file=name)


def sorted_out(news: Iterator[Listing | Fault]) -> tuple[list[Listing], list[Fault]]:
    kept = list(news)
    return (
        [one for one in kept if isinstance(one, Listing)],
        [one for one in kept if isinstance(one, Fault)],
    )


@dataclass
class Case:
    shop: Shop
    source: Callable[[Stand], Source]
    prefix: str = "G-"


CASES = {
    "plain": Case(plain_shop, lambda stand: written("plain", stand, "/shop/")),
    "sitemap and JSON-LD": Case(
        jsonld_shop, lambda stand: source_from(SITEMAP.format(url=stand.url), file="ld")
    ),
    "categories and microdata": Case(
        microdata_shop, lambda stand: source_from(CATEGORIES.format(url=stand.url), file="md")
    ),
    "REST": Case(rest_shop, lambda stand: written("rest", stand, "/goods"), ""),
    "GraphQL": Case(graphql_shop, lambda stand: written("graphql", stand, "/gql"), "UHJvZHVjdDo"),
}


@pytest.mark.parametrize("name", list(CASES))
def test_every_good_of_a_shop_is_found_once_with_title_price_and_shop(name: str) -> None:
    case = CASES[name]
    with open_shop(case.shop) as stand, Visitor() as visitor:
        listings, faults = sorted_out(walk(case.source(stand), visitor, secrets={"rest": KEY}))

    assert faults == []
    found = {one.listing_id: one for one in listings}
    assert len(found) == len(listings)
    assert {
        (one.listing_id, one.title, one.price, one.shop_id, one.shop_name) for one in listings
    } == {
        (f"{case.prefix}{good.no}", good.title, Decimal(good.fen) / 100, good.shop_id, good.shop)
        for good in GOODS
    }
    assert all(one.raw_ref == "urn:uuid:1" for one in listings)


@pytest.mark.parametrize("name", ["plain", "REST", "GraphQL"])
def test_sales_are_numbers_and_a_rounded_number_says_so(name: str) -> None:
    case = CASES[name]
    with open_shop(case.shop) as stand, Visitor() as visitor:
        listings, _ = sorted_out(walk(case.source(stand), visitor, secrets={"rest": KEY}))

    sales = {one.title: (one.sales, one.sales_kind is SalesKind.TIP_TEXT) for one in listings}
    assert [sales[good.title] for good in GOODS] == [
        (12000, True),
        (321, False),
        (7, False),
        (88, False),
        (1024, False),
        (64, False),
        (0, False),
    ]


def test_each_value_tells_where_it_was_read() -> None:
    with open_shop(plain_shop) as stand, Visitor() as visitor:
        listing = next(walk(written("plain", stand, "/shop/"), visitor))

    assert isinstance(listing, Listing)
    assert listing.sources["shop_id"] == "detail.fields.shop_id.0: table=店铺编号"
    assert listing.images == (f"{stand.url}/pics/1.jpg",)


def test_a_walk_kept_as_json_between_its_steps_finds_the_same() -> None:
    with open_shop(plain_shop) as stand, Visitor() as visitor:
        source = written("plain", stand, "/shop/")
        kept = [step.as_json() for step in first_steps(source)]
        found: list[str] = []
        while kept:
            step = Step.from_json(json.loads(json.dumps(kept.pop())))
            done = do(source, step, visitor)
            assert done.faults == ()
            found += [listing.listing_id for listing in done.listings]
            kept += [after.as_json() for after in done.next_steps]

    assert sorted(found) == [f"G-{good.no}" for good in GOODS]


def test_a_walk_taken_up_again_reads_only_the_rest() -> None:
    with open_shop(plain_shop) as stand, Visitor() as visitor:
        source = written("plain", stand, "/shop/")
        seen: set[str] = set()
        broken_off = walk(source, visitor, seen=seen)
        first = [next(broken_off) for _ in range(4)]
        rest, faults = sorted_out(walk(source, visitor, seen=seen))

    assert (len(first), len(rest), faults) == (4, 3, [])


def test_one_broken_page_is_a_fault_and_the_walk_goes_on() -> None:
    def shop(call: Call) -> Answer:
        return Answer("<h1>broken</h1>") if call.path == "/shop/item-2/" else plain_shop(call)

    with open_shop(shop) as stand, Visitor() as visitor:
        listings, faults = sorted_out(walk(written("plain", stand, "/shop/"), visitor))

    assert len(listings) == len(GOODS) - 1
    assert [fault.reason.word for fault in faults] == ["field_missing"]
    assert faults[0].reason.facts == {
        "url": f"{stand.url}/shop/item-2/",
        "field": "listing_id",
        "tried": "table=货号",
    }


@pytest.mark.parametrize("place", ["/shop/", "/shop/item-2/"])
def test_what_may_pass_later_is_asked_once_more_behind_all_that_waits(place: str) -> None:
    def busy_at_first(call: Call) -> Answer:
        asked.append(call.path)
        is_busy = call.path == place and asked.count(place) == 1
        return Answer("", 503) if is_busy else plain_shop(call)

    asked: list[str] = []
    with open_shop(plain_shop) as stand, Visitor() as visitor:
        list(walk(written("plain", stand, "/shop/"), visitor))
    calm = [call.path for call in stand.calls]
    with open_shop(busy_at_first) as stand, Visitor() as visitor:
        listings, faults = sorted_out(walk(written("plain", stand, "/shop/"), visitor))

    assert len(listings) == len(GOODS)
    assert [fault.reason.word for fault in faults] == ["their_fault"]
    assert asked == ([place, *calm] if place == calm[0] else [*calm, place])


def test_what_fails_twice_is_left() -> None:
    def shop(call: Call) -> Answer:
        return Answer("", 503) if call.path == "/shop/item-2/" else plain_shop(call)

    with open_shop(shop) as stand, Visitor() as visitor:
        listings, faults = sorted_out(walk(written("plain", stand, "/shop/"), visitor))

    assert len(listings) == len(GOODS) - 1
    assert [fault.reason.word for fault in faults] == ["their_fault"] * 2


def test_a_link_that_is_no_address_is_a_fault_and_costs_nothing_else() -> None:
    def shop(call: Call) -> Answer:
        answer = plain_shop(call)
        if not isinstance(answer.body, str):
            return answer
        odd = '<base href="http://["><ul><li class="card"><a href="http://[">更多</a></li></ul>'
        return Answer(odd + answer.body + '<img class="main" src="http://[">', answer.status)

    with open_shop(shop) as stand, Visitor() as visitor:
        listings, faults = sorted_out(walk(written("plain", stand, "/shop/"), visitor))

    assert len(listings) == len(GOODS)
    assert {fault.reason.facts["field"] for fault in faults} == {"link"}
    assert all(one.images == (f"{stand.url}/pics/{one.listing_id[2:]}.jpg",) for one in listings)


def test_a_list_of_another_shape_stops_and_counts_as_implausible() -> None:
    with open_shop(lambda _: Answer("<ul><li>new design</li></ul>")) as stand, Visitor() as visitor:
        listings, faults = sorted_out(walk(written("plain", stand, "/shop/"), visitor))

    assert listings == []
    assert [fault.reason.word for fault in faults] == ["shape_unknown", "implausible"]
    assert faults[0].reason.facts["tried"] == "li.card"
    assert len(stand.calls) == 1


def test_an_error_with_http_200_is_told_in_their_words_and_without_our_key() -> None:
    wrong = "another-secret-key"
    with open_shop(rest_shop) as stand, Visitor() as visitor:
        source = written("rest", stand, "/goods")
        _, faults = sorted_out(walk(source, visitor, secrets={"rest": wrong}))

    fault = faults[0]
    assert fault.reason.word == "their_error"
    assert (fault.reason.facts["code"], fault.again) == ("4001", False)
    assert fault.reason.facts["words"] == "key *** 无效"
    assert wrong not in repr(faults)


@pytest.mark.parametrize(
    ("answer", "word", "again"),
    [
        (Answer("busy", 429, {"Retry-After": "7"}), "slow_down", True),
        (Answer("oops", 503), "their_fault", True),
        (Answer("no", 403), "status", False),
        (Answer({"code": 4290, "message": "太快"}), "their_error", True),
        (Answer("<html>", 200), "not_json", False),
        (Answer("[" * 100_000, 200), "json_too_deep", False),
        (Answer({"code": 0, "data": {"goods": []}}), "shape_unknown", False),
        (Answer(b"\xff\xff", 200), "encoding_broken", False),
        (Answer("{}", headers={"Content-Type": "x; charset=zip"}), "encoding_unknown", False),
    ],
)
def test_what_is_no_answer_is_a_fault_that_says_whether_to_ask_again(
    answer: Answer,
    word: str,
    again: bool,
) -> None:
    with open_shop(lambda _: answer) as stand, Visitor() as visitor:
        source = written("rest", stand, "/goods")
        done = do(source, first_steps(source)[0], visitor, secrets={"rest": KEY})

    assert [(fault.reason.word, fault.again) for fault in done.faults] == [(word, again)]
    assert done.next_steps == ()


def test_an_empty_list_is_an_answer() -> None:
    empty = Answer({"code": 0, "data": {"items": [], "total": 0}})
    with open_shop(lambda _: empty) as stand, Visitor() as visitor:
        source = written("rest", stand, "/goods")
        done = do(source, first_steps(source)[0], visitor, secrets={"rest": KEY})

    assert (done.listings, done.faults, done.next_steps) == ((), (), ())


def test_a_graphql_error_is_told_in_their_words() -> None:
    said = Answer({"errors": [{"message": "Access denied"}], "data": None})
    with open_shop(lambda _: said) as stand, Visitor() as visitor:
        _, faults = sorted_out(walk(written("graphql", stand, "/gql"), visitor))

    assert faults[0].reason.facts["words"] == "Access denied"


def test_a_key_goes_to_no_host_that_the_mapping_does_not_name() -> None:
    def lure(other: Stand) -> Shop:
        return lambda _: Answer({"items": [{"id": 1, "t": "x", "u": "http://x/"}], "n": other.url})

    mapping = """
platform = "n"
kind = "json"
start = ["{url}/a"]
[headers]
Authorization = "Bearer {{secret:n}}"
[list]
items = "items[*]"
paging = {{ by = "next", next = "n" }}
[list.fields]
listing_id = "id"
title = "t"
url = "u"
"""
    with open_shop(plain_shop) as other, open_shop(lure(other)) as stand, Visitor() as visitor:
        source = source_from(mapping.format(url=stand.url), file="n")
        listings, faults = sorted_out(walk(source, visitor, secrets={"n": KEY}))

    assert stand.calls[0].headers["authorization"] == f"Bearer {KEY}"
    assert other.calls == []
    assert (len(listings), [fault.reason.word for fault in faults]) == (1, ["host_not_ours"])


@pytest.mark.parametrize(
    ("limits", "word"),
    [("pages = 1", "limit_pages"), ("listings = 2", "limit_listings")],
)
def test_a_limit_that_cuts_a_walk_is_told(limits: str, word: str) -> None:
    with open_shop(rest_shop) as stand, Visitor() as visitor:
        source = written("rest", stand, "/goods")
        name, _, most = limits.partition(" = ")
        cut = source.limits.model_copy(update={name: int(most)})
        source = source.model_copy(update={"limits": cut})
        _, faults = sorted_out(walk(source, visitor, secrets={"rest": KEY}))

    assert [fault.reason.word for fault in faults] == [word, "implausible"]


def test_a_walk_gives_up_on_a_shop_that_only_fails() -> None:
    shop: Mapping[str, Answer] = {"/shop/": plain_shop(Call("GET", "/shop/", {}, {}, b""))}
    with (
        open_shop(lambda call: shop.get(call.path, Answer("", 503))) as stand,
        Visitor() as visitor,
    ):
        source = written("plain", stand, "/shop/")
        few = source.limits.model_copy(update={"failures": 2})
        _, faults = sorted_out(walk(source.model_copy(update={"limits": few}), visitor))

    assert [fault.reason.word for fault in faults][:3] == ["their_fault", "their_fault", "gave_up"]
    assert len(stand.calls) == 3


def test_a_preview_shows_a_few_and_what_of_the_mapping_did_nothing() -> None:
    with open_shop(plain_shop) as stand, Visitor() as visitor:
        source = written("plain", stand, "/shop/")
        province = source_from(
            DOCS.joinpath("plain.toml").read_text("utf-8")
            + 'province = [{ table = "发货地" }, "p.nowhere"]\n',
            file="plain",
        )
        assert province.detail
        source = source.model_copy(update={"detail": province.detail})
        shown = preview(source, visitor, listings=2)

    assert [one.listing_id for one in shown.listings] == ["G-1", "G-2"]
    assert (shown.empty["province"], shown.empty["price"]) == (2, 0)
    assert shown.found_by["price"] == {"detail.fields.price.0: css=p.price": 2}
    assert set(shown.idle) == {"detail.fields.province.0", "detail.fields.province.1"}
    assert (shown.asked, shown.left_out) == (3, 1)


def test_a_first_step_is_a_list_or_a_sitemap() -> None:
    with open_shop(jsonld_shop) as stand:
        steps = first_steps(CASES["sitemap and JSON-LD"].source(stand))

    assert steps == [Step(StepKind.SITEMAP, f"{stand.url}/sitemap.xml")]


def test_a_good_that_two_lists_show_is_found_once() -> None:
    with open_shop(rest_shop) as stand, Visitor() as visitor:
        source = written("rest", stand, "/goods")
        twice = (*source.start, f"{stand.url}/goods-on-sale")
        both = source.model_copy(update={"start": twice})
        listings, faults = sorted_out(walk(both, visitor, secrets={"rest": KEY}))

    assert (len(listings), faults) == (len(GOODS), [])
    assert "/goods-on-sale" in stand.asked
