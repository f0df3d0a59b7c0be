"""The mapping file: what it may say, how it refuses, and what it reads out of pages."""

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from integrations.marketplaces.base import Page, Unreadable
from integrations.marketplaces.extract import (
    Ground,
    InJson,
    OnHtml,
    amount_of,
    read,
    sales_of,
)
from integrations.marketplaces.mapping import Source, Way, source_from
from integrations.marketplaces.parse import (
    MAX_BYTES,
    MAX_DEPTH,
    Html,
    depth_of,
    html_page,
    sitemap_page,
)
from integrations.marketplaces.paths import find, json_of
from integrations.marketplaces.request import keys_of
from models.refusals import Invalid

DOCS = Path(__file__).parents[1] / "docs"
TOP = 'platform = "x"\nkind = "html"\nstart = ["https://x.example/"]\n'
WHOLE = (
    TOP
    + """
[list]
items = "li"
[list.fields]
listing_id = { address = '(\\d+)' }
title = "h3@title"
"""
)
REST = WHOLE.replace('"html"', '"json"').replace('"h3@title"', '"t"') + 'url = "u"\n'


def source(text: str) -> Source:
    return source_from(text, file="x.toml")


@pytest.mark.parametrize("path", sorted((DOCS / "sources").glob("*.toml")), ids=lambda p: p.stem)
def test_every_mapping_of_the_documentation_is_one(path: Path) -> None:
    assert source_from(path.read_text("utf-8"), file=path.name).platform == path.stem


def test_the_examples_in_the_text_of_the_documentation_are_mappings() -> None:
    blocks = (DOCS / "sources.md").read_text("utf-8").split("```toml\n")[1:]
    whole = [text.split("```")[0] for text in blocks if text.startswith("platform")]

    assert len(whole) >= 3
    for text in whole:
        source(text)


def test_a_bare_text_is_a_selector_on_html_and_a_path_in_json() -> None:
    title = source(WHOLE).listed.fields.title
    path = source(REST).listed.fields.title

    assert title is not None
    assert (title[0].css, title[0].attr) == ("h3", "title")
    assert path is not None
    assert path[0].path == "t"


@pytest.mark.parametrize(
    ("text", "code", "key"),
    [
        ("x = ", "source.not_toml", None),
        (WHOLE + 'titel = "h1"\n', "source.unknown_key", "list.fields.titel"),
        (WHOLE.replace('platform = "x"\n', ""), "source.missing_key", "platform"),
        (WHOLE.replace('"li"', '"li["'), "source.bad_selector", "list.items"),
        (WHOLE.replace("h3@title", "h3 >>"), "source.bad_selector", "list.fields.title.0.css"),
        (WHOLE.replace("(\\d+)", "(\\d+"), "source.bad_pattern", None),
        (REST.replace('"u"', '"a[["'), "source.bad_path", "list.fields.url.0.path"),
        (WHOLE.replace("https://", "file://"), "source.bad_address", "start.0"),
        (WHOLE.replace("example/", "example/?k={secret:k}"), "source.secret_in_address", "start.0"),
        (WHOLE.replace('"h3@title"', '{ css = "a", table = "b" }'), "source.one_place", None),
        (
            WHOLE.replace('"h3@title"', '{ table = "b", attr = "c" }'),
            "source.attr_without_css",
            None,
        ),
        (WHOLE.replace('title = "h3@title"\n', ""), "source.field_needed", "-"),
        (WHOLE.replace('items = "li"', ""), "source.items_needed", "-"),
        (WHOLE.replace("items", 'sitemap = ["/s"]\nitems'), "source.sitemap_needs_detail", "-"),
        (WHOLE + 'price = { path = "a" }\n', "source.path_on_html", "list.fields.price"),
        (REST + 'price = { css = "a" }\n', "source.selector_on_json", "list.fields.price"),
        (REST.replace('"json"', '"graphql"'), "source.query_needed", "-"),
        (REST + '[detail.fields]\nprice = "p"\n', "source.detail_needs_address", "-"),
        (WHOLE + '[list.paging]\nby = "next"\n', "source.paging_needs", "list.paging"),
        (WHOLE + '[headers]\nCookie = "a=b"\n', "source.header_forbidden", "headers"),
        (WHOLE + "[limits]\npages = 0\n", "source.bad_value", "limits.pages"),
        ("#" * 200_000, "source.too_large", None),
    ],
)
def test_a_wrong_mapping_is_refused_by_file_and_key(text: str, code: str, key: str | None) -> None:
    with pytest.raises(Invalid) as no:
        source(text)

    assert (no.value.code, no.value.facts["file"]) == (code, "x.toml")
    if key is not None:
        assert no.value.facts["key"] == key


def test_a_misspelt_key_is_met_with_the_likely_one() -> None:
    with pytest.raises(Invalid) as no:
        source(WHOLE + 'shop_nmae = "h1"\n')

    assert "shop_name" in str(no.value.facts["near"])


def test_a_key_that_nobody_gave_is_asked_for_by_name() -> None:
    with pytest.raises(Invalid) as no:
        keys_of(source(WHOLE + '[headers]\nX-Key = "secret:mall"\n'), {})

    assert (no.value.code, no.value.facts["secret"]) == ("source.secret_unknown", "mall")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a.b[*].c", ["1", "2"]),
        ("a.b[-1].c", ["2"]),
        ("a.b[n.k=店铺编号].c", ["2"]),
        ('a["x.y"]', ["3"]),
        ("a.t.(json).z", ["4"]),
        ("$.a.nothing[*]", []),
        ("a.m[*]", ["5", "6"]),
    ],
)
def test_a_path_finds_what_stands_there(path: str, found: list[str]) -> None:
    value = json_of(
        '{"a": {"b": [{"c": 1}, {"c": 2, "n": {"k": "店铺编号"}}], "x.y": 3,'
        ' "t": "{\\"z\\": 4}", "m": {"p": 5, "q": 6}}}'
    )

    assert [str(one) for one in find(value, path)] == found


def test_json_keeps_its_numbers_exact() -> None:
    assert json_of("[0.1, 1e2]") == [Decimal("0.1"), Decimal("1E+2")]


@pytest.mark.parametrize("text", ["[" * 10_000, "NaN", "9" * 5_000, "{", '{"a":' * 50_000])
def test_odd_json_is_unreadable_and_nothing_worse(text: str) -> None:
    with pytest.raises(Unreadable):
        json_of(text)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("¥31.66", "31.66"),
        ("CN¥1,234.50", "1234.50"),
        ("１２．５元", "12.5"),
        ("￥9.90 - ￥19.90", "9.90"),
        ("12,50", None),
        ("现价 9.9 原价 19.9", None),
        ("-5.00", None),
        ("免费", None),
        ("1.234.5", None),
    ],
)
def test_a_price_is_read_or_left_open_and_never_guessed(text: str, amount: str | None) -> None:
    assert amount_of(text) == (None if amount is None else Decimal(amount))


def test_a_price_with_a_decimal_comma_is_read_where_the_mapping_says_so() -> None:
    assert amount_of("1.234,50 €", decimal=",") == Decimal("1234.50")
    assert amount_of("1\u202f234,50 €", decimal=",") == Decimal("1234.50")


@pytest.mark.parametrize(
    ("text", "sales"),
    [
        ("123", (123, False)),
        ("已售1.2万+", (12000, True)),
        ("2k sold", (2000, True)),
        ("1,024", (1024, False)),
        ("月销 100+ 件", (100, True)),
        ("", None),
        ("3 of 4", None),
    ],
)
def test_sales_are_read_with_the_words_of_shops(text: str, sales: tuple[int, bool] | None) -> None:
    assert sales_of(text) == sales


def on(html: str) -> Ground:
    return OnHtml(Html("https://x.example/a/7/", f"<body>{html}</body>"))


@pytest.mark.parametrize(
    "html",
    [
        "<table><tr><th>店铺编号</th><td>s-1</td></tr></table>",
        "<table><tr><td>店铺编号：</td><td> s-1 </td></tr></table>",
        "<table><tr><th>店铺</th><th>店铺编号</th></tr><tr><td>a</td><td>s-1</td></tr></table>",
        "<table><tr><td>店铺</td><td><b>店铺编号：s-1</b></td></tr></table>",
        "<dl><dt>店铺编号</dt>\n<dd>s-1</dd></dl>",
        "<p>a<br>店铺编号：s-1<br>b</p>",
        "<div><span>店铺编号：</span><span>s-1</span></div>",
        "<div><div>店铺编号</div><div>s-1</div></div>",
    ],
)
def test_a_label_finds_its_value_however_the_shop_lays_it_out(html: str) -> None:
    reading = read("shop_id", [Way(table="店铺编号")], on(html), "k")

    assert reading is not None
    assert reading.text == "s-1"


@pytest.mark.parametrize(
    ("way", "text"),
    [
        (Way(address=r"/(\d+)/$"), "7"),
        (Way(meta="og:title"), "标题"),
        (Way(css="script#s", path="a.shop"), "s-9"),
        (Way(css="script#j", regex=r"= (\{.*\});", path="b"), "5"),
        (Way(const="c"), "c"),
        (Way(css="p", regex=r"编号(\w+)"), "77"),
    ],
)
def test_each_way_leads_to_its_value(way: Way, text: str) -> None:
    html = (
        '<meta property="og:title" content="标题"><p>无</p><p>编号77</p>'
        '<script id="s" type="application/json">{"a": {"shop": "s-9"}}</script>'
        '<script id="j">var state = {"b": 5};</script>'
    )
    reading = read("shop_id", [way], on(html), "k")

    assert reading is not None
    assert reading.text == text


def test_a_table_inside_the_html_of_a_json_field_is_read() -> None:
    ground = InJson({"body": "<p>店铺编号：s-1</p><script>x</script>"}, "https://x.example")
    shop = read("shop_id", [Way(path="body", table="店铺编号")], ground, "k")
    text = read("description", [Way(path="body", html=True)], ground, "k")

    assert shop is not None
    assert text is not None
    assert (shop.text, text.text) == ("s-1", "店铺编号：s-1")


def test_ways_are_tried_in_order_until_one_gives_a_price_that_can_be_read() -> None:
    ways = [Way(css=".no"), Way(css=".old"), Way(css=".new")]
    html = '<b class="old">9.9 / 19.9</b><b class="new">8.80</b>'
    found = read("price", ways, on(html), "price")
    doubtful = read("price", ways[:2], on(html), "price")

    assert found is not None
    assert (found.text, found.key) == ("8.80", "price.2")
    assert doubtful is not None
    assert doubtful.problem == "price_unreadable"


def test_a_page_that_nests_too_deep_is_refused_before_it_is_parsed() -> None:
    for bomb in (
        "<div>" * 100_000,
        "<div></span>" * 50_000,
        "<div><table><td></div></table>" * 20_000,
        "<!-->" + "<i>" * 20_000,
        "<p><b x=1></p>" * 20_000,
    ):
        with pytest.raises(Unreadable) as no:
            Html("u", bomb)
        assert no.value.reason.word == "html_too_deep"


def test_a_long_flat_page_is_not_deep() -> None:
    row = "<tr><td><p>a<br><b>b</b><li>c<img></tr><!-- <div> --><script>'<div>'</script>"

    assert depth_of("<table>" + row * 20_000 + "</table>") < 10
    assert MAX_DEPTH == 2_000


@pytest.mark.parametrize(
    ("header", "body"),
    [
        ("text/html; charset=GB2312", "编号㐀".encode("gb18030")),
        ("text/html", '<meta charset="gbk">编号㐀'.encode("gb18030")),
        ("text/html; charset=utf-8", '<meta charset="gbk">编号㐀'.encode("gb18030")),
        ("text/html; charset=gbk", b"\xef\xbb\xbf" + "编号㐀".encode()),
        ("text/html", "编号㐀".encode()),
    ],
)
def test_a_page_is_read_in_the_encoding_that_it_declares(header: str, body: bytes) -> None:
    assert "编号㐀" in html_page(Page("u", 200, {"content-type": header}, body)).text


@pytest.mark.parametrize(
    ("header", "body", "word"),
    [
        ("text/html; charset=unicode_escape", b"a", "encoding_unknown"),
        ("text/html; charset=utf-7", b"a", "encoding_unknown"),
        ("text/html; charset=utf-8", b"\xc4\xe3", "encoding_broken"),
        ("text/html", b"a" * (MAX_BYTES + 1), "too_large"),
    ],
)
def test_a_page_whose_letters_are_in_doubt_is_not_read(header: str, body: bytes, word: str) -> None:
    with pytest.raises(Unreadable) as no:
        html_page(Page("u", 200, {"content-type": header}, body))

    assert no.value.reason.word == word


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE x [<!ENTITY a "b">]><urlset><url><loc>&a;</loc></url></urlset>',
        b"<html></html>",
        b"<urlset>",
        b"\x1f\x8bnothing",
    ],
)
def test_what_is_no_sitemap_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable) as no:
        sitemap_page(Page("u", 200, {}, body))

    assert no.value.reason.word == "not_sitemap"


def test_every_mapping_of_the_documentation_is_small() -> None:
    for path in (DOCS / "sources").glob("*.toml"):
        assert len(path.read_text("utf-8").splitlines()) < 50
        assert tomllib.loads(path.read_text("utf-8"))
