"""Pages of strangers, read in a process that may die of them: what they cost, and what is said."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import pytest

from integrations.child import Died, Pool
from integrations.marketplaces import reading
from integrations.marketplaces.base import Page
from integrations.marketplaces.mapping import Source, source_from
from integrations.marketplaces.reading import read_apart
from integrations.marketplaces.steps import Done, Step, StepKind
from integrations.marketplaces.visit import read_here
from tests.fetch.words import CHARSETS, HTML, Coded

AT = datetime(2026, 11, 22, 4, tzinfo=UTC)
SHOP = "https://shop.example/"
MAPPING = """
platform = "shop"
kind = "html"
start = ["https://shop.example/"]
[list]
items = "li.card"
link = "a"
[detail.fields]
listing_id = { address = "([0-9]+)" }
title = "p"
description = { css = "body", regex = "(a+)+$" }
"""


@pytest.fixture(scope="module")
def source() -> Source:
    return source_from(MAPPING, file="shop.toml")


def page(body: bytes, said: str = "text/html", url: str = f"{SHOP}1") -> Page:
    return Page(url, 200, {"content-type": said}, body)


def words(done: Done) -> list[str]:
    return [fault.reason.word for fault in done.faults]


def detail(source: Source, given: Page) -> Done:
    return read_apart(source, Step(StepKind.DETAIL, f"{SHOP}1"), given, AT)


@pytest.mark.parametrize("name", HTML)
def test_a_page_made_to_break_the_parser_costs_its_own_place_alone(
    source: Source, name: str
) -> None:
    detail(source, page(b"<p>warm</p>"))
    began = monotonic()
    done = detail(source, page(HTML[name]))

    assert monotonic() - began < 10
    assert done.listings or words(done)
    after = detail(source, page("<p>流量卡</p>".encode()))
    assert [one.title for one in after.listings] == ["流量卡"]


def test_what_is_too_heavy_says_so(source: Source) -> None:
    done = detail(source, page(HTML["attributes"]))

    assert words(done) == ["page_too_heavy"]
    assert done.faults[0].url == f"{SHOP}1"
    assert not done.faults[0].again


def test_a_reader_that_is_late_may_be_asked_again(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurried = Pool("integrations.marketplaces.reading_child", 0.0)
    monkeypatch.setattr(reading, "readers", lambda: hurried)
    done = detail(source, page(HTML["attributes"]))
    hurried.close()

    assert [(fault.reason.word, fault.again) for fault in done.faults] == [("reader_late", True)]


@pytest.mark.parametrize(("said", "coded"), CHARSETS.items())
def test_a_text_is_read_as_it_was_written_or_not_at_all(
    source: Source, said: str, coded: Coded
) -> None:
    done = detail(source, page(coded.body, said))

    assert [one.title for one in done.listings] == ([coded.text] if coded.text else [])
    assert bool(words(done)) is (coded.text is None)


@pytest.mark.parametrize("file", sorted(Path("docs/sources").glob("*.toml")), ids=str)
def test_a_source_is_the_same_on_the_other_side(file: Path) -> None:
    source = source_from(file.read_text("utf-8"), file=file.name)
    told = source.model_dump_json(by_alias=True, exclude_unset=True)

    assert Source.model_validate_json(told) == source


def test_both_processes_read_the_same(source: Source) -> None:
    cards = "".join(f"<li class=card><a href=/{n}>卡{n}</a></li>" for n in range(30))
    given = page(f"<ul>{cards}</ul>".encode(), url=SHOP)
    step = Step(StepKind.LIST, SHOP)
    done = read_apart(source, step, given, AT)

    assert len(done.next_steps) == 30
    assert done == read_here(source, step, given, AT)


def test_a_reader_that_dies_is_replaced() -> None:
    pool = Pool("tests.fetch.mortal", seconds=2.0)
    answers, late = list[str](), list[str]()
    for asked in (b"hello", b"die", b"hello", b"hang", b"hello", b"grow", b"hello", b"raise"):
        try:
            answers.append(pool.ask(asked).decode())
        except Died as died:
            answers.append(f"({died})")
            late += [asked.decode()] * died.is_late
    pool.close()

    greetings: Sequence[str] = [answers[at] for at in (0, 2, 4, 6)]
    assert greetings == ["hello"] * 4
    assert answers[1::2] == ["(gone)", "(time)", "(MemoryError)", "(ZeroDivisionError)"]
    assert late == ["hang"]


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (Page(f"{SHOP}login?next=/1", 200, {}, b"<p>Sign in</p>"), "sign_in"),
        (Page("https://passport.shop.example/", 200, {}, b"<p>x</p>"), "sign_in"),
        (Page(f"{SHOP}_____tmd_____/punish?x5=1", 200, {}, b"<p>x</p>"), "captcha"),
        (Page(f"{SHOP}1", 401, {}, b""), "sign_in"),
        (Page(f"{SHOP}1", 403, {}, b""), "forbidden"),
        (page("<div>请完成验证后继续访问</div>".encode()), "captcha"),
        (page(b"<form><input name=u><input type=password></form>"), "sign_in"),
        (page(b"<div class=g-recaptcha></div>"), "captcha"),
    ],
)
def test_a_door_is_noticed_and_left_alone(source: Source, given: Page, kind: str) -> None:
    done = detail(source, given)

    assert words(done) == ["login_wall"]
    assert done.faults[0].reason.facts["kind"] == kind
    assert not done.faults[0].again


def test_a_shop_with_a_sign_in_form_in_its_corner_is_no_door(source: Source) -> None:
    done = detail(source, page(b"<input type=password><p>a card</p><p>captcha</p>"))

    assert [one.title for one in done.listings] == ["a card"]
