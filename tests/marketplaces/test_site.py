"""A shop of which nothing but the address is known: what is tried, and what is said to work."""

from dataclasses import replace

import pytest

from integrations.marketplaces.preview import preview
from tests.marketplaces.asked import source_to, walked, words
from tests.marketplaces.replay import Replay, shopify, wares
from tests.shops import GOODS, Answer, Call, Visitor, jsonld_shop, microdata_shop, open_shop


def test_a_list_of_products_is_taken_first() -> None:
    state = Replay(wares(7))
    with open_shop(lambda call: shopify(state, call)) as stand:
        listings, faults = walked(source_to("site", stand))
        with Visitor() as visitor:
            shown = preview(source_to("site", stand), visitor)

    assert faults == []
    assert len(listings) == 7
    assert shown.worked == ("site.products_json",)
    assert {call.path for call in stand.calls} == {"/products.json"}


def test_else_the_sitemap_and_what_pages_say_of_themselves() -> None:
    with open_shop(jsonld_shop) as stand:
        listings, faults = walked(source_to("site", stand))
        with Visitor() as visitor:
            shown = preview(source_to("site", stand), visitor)

    assert faults == []
    assert [one.title for one in listings] == [good.title for good in GOODS]
    assert {one.currency for one in listings} == {"CNY"}
    assert listings[0].shop_name == "星河通信"
    assert shown.worked == ("site.jsonld", "site.sitemap")
    assert "jsonld=offers.price" in next(iter(shown.found_by["price"]))


def test_the_sitemaps_that_robots_names_come_before_the_usual_place() -> None:
    def shop(call: Call) -> Answer:
        if call.path == "/robots.txt":
            elsewhere = "Sitemap: https://other.example/sitemap.xml"
            return Answer(f"User-agent: *\nDisallow:\n{elsewhere}\n sitemap : /maps/goods.xml\n")
        if call.path == "/maps/goods.xml":
            return jsonld_shop(replace(call, path="/sitemap.xml"))
        return Answer("no", 404) if call.path == "/sitemap.xml" else jsonld_shop(call)

    with open_shop(shop) as stand:
        listings, faults = walked(source_to("site", stand))

    assert (len(listings), faults) == (len(GOODS), [])
    assert "/sitemap.xml" not in {call.path for call in stand.calls}


def test_a_sitemap_that_robots_names_and_is_not_there_leads_on_to_links() -> None:
    def shop(call: Call) -> Answer:
        if call.path == "/robots.txt":
            return Answer("Sitemap: /gone.xml\nSitemap: http://[no\n")
        answer = microdata_shop(call)
        return replace(answer, body=f'{answer.body}<a href="http://[no">?</a>')

    with open_shop(shop) as stand:
        listings, faults = walked(source_to("site", stand))

    assert (len(listings), faults) == (len(GOODS), [])


def test_else_links_from_the_page_that_was_named() -> None:
    with open_shop(microdata_shop) as stand:
        listings, faults = walked(source_to("site", stand))
        with Visitor() as visitor:
            shown = preview(source_to("site", stand), visitor)

    assert faults == []
    assert sorted(one.title for one in listings) == sorted(good.title for good in GOODS)
    assert shown.worked == ("site.links", "site.microdata")


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_way_that_is_closed_is_left_for_the_next(status: int) -> None:
    def shop(call: Call) -> Answer:
        return Answer("no", status) if call.path == "/products.json" else jsonld_shop(call)

    with open_shop(shop) as stand:
        listings, faults = walked(source_to("site", stand))

    assert len(listings) == len(GOODS)
    assert faults == []


def test_a_site_that_says_nothing_of_itself_is_unreadable() -> None:
    def shop(call: Call) -> Answer:
        return Answer("<h1>欢迎</h1>") if call.path == "/" else Answer("no", 404)

    with open_shop(shop) as stand:
        listings, faults = walked(source_to("site", stand))

    assert listings == []
    assert words(faults) == ["site_says_nothing", "implausible"]


def test_a_preview_ends_even_where_no_page_offers_anything() -> None:
    def shop(call: Call) -> Answer:
        if call.path == "/sitemap.xml":
            host = f"http://{call.headers['host']}"
            places = "".join(f"<url><loc>{host}/about-{n}</loc></url>" for n in range(500))
            space = "http://www.sitemaps.org/schemas/sitemap/0.9"
            return Answer(f'<urlset xmlns="{space}">{places}</urlset>')
        return Answer("<h1>关于</h1>") if "about" in call.path else Answer("no", 404)

    with open_shop(shop) as stand, Visitor() as visitor:
        shown = preview(source_to("site", stand), visitor)

    assert shown.listings == ()
    assert len(stand.calls) == 40
    assert shown.left_out == 37
