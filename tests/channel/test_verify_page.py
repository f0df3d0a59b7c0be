"""The verify page in a buyer's hand: a small page, one tap, and the carrier knows."""

import time
from typing import Any

import httpx
import pytest
from playwright.sync_api import sync_playwright

from console.actions.channel.signals import list_signals
from console.actions.work import work_items
from console.desk import House
from console.web.assets import STATIC
from console.web.report import TRAP
from models.channel.signals import Signal, SignalKind
from tests.browser import set_cookies
from tests.conftest import Clock, Desks
from tests.public.doors import Public
from tests.serving import served

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SLOW = {
    "offline": False,
    "latency": 200,
    "downloadThroughput": 400_000 / 8,
    "uploadThroughput": 400_000 / 8,
}
"""A slow link: 400 kbit/s, and 200 ms to each answer."""
PATIENCE = 3.0
on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def public(house: House, desks: Desks) -> Public:
    return Public.with_an_agent(house, desks)


def signals(public: Public) -> list[Signal]:
    return list(list_signals(public.desks.manager).rows)


def report(public: Public, **fields: str) -> httpx.Response:
    public.visitor.get(f"/b/{public.digits}")
    return public.visitor.send_form(**fields)


def test_one_tap_reaches_the_carriers_work_list(public: Public) -> None:
    answer = report(public)
    assert answer.status_code == 303
    thanks = public.visitor.get(answer.headers["location"])
    assert (thanks.status_code, "已收到，谢谢" in thanks.text) == (200, True)
    assert set_cookies(answer) == set_cookies(thanks) == {}

    (signal,) = signals(public)
    assert (signal.kind, signal.times) == (SignalKind.REPORTED, 1)
    assert signal.badge_name == public.badge.badge_id
    for desk in (public.desks.manager, public.desks.approver):
        (item,) = [one for one in work_items(desk) if one.kind == "signal_reported"]
        assert (item.page, item.id) == ("signals", signal.id)
    assert not [one for one in work_items(public.desks.other_manager) if one.page == "signals"]
    english = public.page(f"/b/{public.digits}/reported", "en")
    assert "Received, thank you" in english.text


def test_what_is_said_beside_it_is_kept_short_and_without_numbers_of_people(
    public: Public,
) -> None:
    report(public, platform="淘宝", shop="特价靓号店", words="卖家让我打13800138000" + "长" * 300)
    report(public, words="身份证11010519491231002X")
    (signal,) = signals(public)
    assert signal.times == 2
    first, second = signal.facts["shops"]
    assert (first["platform"], first["shop"]) == ("淘宝", "特价靓号店")
    assert len(first["words"]) <= 200
    assert "138" not in first["words"]
    assert second["words"] == "身份证•••"


def test_a_report_changes_no_verdict(public: Public) -> None:
    before = public.json(f"/b/{public.digits}")
    for _ in range(4):
        report(public)
    assert public.json(f"/b/{public.digits}") == before


def test_a_page_of_another_site_cannot_report(public: Public) -> None:
    path = f"/b/{public.digits}/report"
    for headers in (
        {"origin": "https://evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"origin": "null"},
    ):
        assert public.visitor.post(path, data={"words": "x"}, headers=headers).status_code == 403
    json_form = public.visitor.post(path, json={"words": "x"})
    assert json_form.status_code == 415
    assert signals(public) == []
    own = {"origin": "http://127.0.0.1:8501", "sec-fetch-site": "same-origin"}
    assert public.visitor.post(path, data={"words": "x"}, headers=own).status_code == 303
    assert len(signals(public)) == 1


def test_a_program_that_fills_every_field_is_thanked_and_not_believed(public: Public) -> None:
    answer = report(public, **{TRAP: "https://spam.example", "words": "buy"})
    assert answer.headers["location"].endswith("/reported")
    assert signals(public) == []


def test_nobody_reports_without_end(public: Public, clock: Clock) -> None:
    codes = [report(public).status_code for _ in range(7)]
    assert codes == [303] * 5 + [429] * 2
    assert "反映过于频繁" in public.visitor.open_page
    assert signals(public)[0].times == 5
    clock.pass_(hours=1, seconds=1)
    assert report(public).status_code == 303


@pytest.mark.parametrize("digits", ["1", "9" * 1200, "x"])
def test_what_nobody_signed_cannot_be_reported(public: Public, digits: str) -> None:
    answer = public.visitor.post(f"/b/{digits}/report", data={"words": "x"})
    assert answer.headers["location"] == f"/b/{digits}"
    assert public.visitor.get(f"/b/{digits}/report").status_code == 303
    assert signals(public) == []


def test_the_page_is_small(public: Public) -> None:
    """Page, style sheets and mark, none of it compressed."""
    page = len(public.page(f"/b/{public.digits}").content)
    names = ("site.css", "public.css", "mark.svg")
    around = sum((STATIC / name).stat().st_size for name in names)
    assert page + around < 32 * 1024


@pytest.mark.requirement("004-3.1-k")
@on_sqlite
def test_a_phone_without_scripts_on_a_slow_link_reports_with_one_tap(
    public: Public, house: House
) -> None:
    with served(house) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for scheme, language in (("light", "zh-CN"), ("dark", "en")):
            phone = browser.new_context(
                viewport={"width": 390, "height": 844},
                java_script_enabled=False,
                color_scheme=scheme,  # pyright: ignore[reportArgumentType]
                locale=language,
            )
            page = phone.new_page()
            link: Any = phone.new_cdp_session(page)
            link.send("Network.enable")
            link.send("Network.emulateNetworkConditions", SLOW)
            begun = time.monotonic()
            page.goto(f"{base}/b/{public.digits}")
            assert time.monotonic() - begun < PATIENCE
            assert page.locator(".shop-name").inner_text() == "龙腾专营店1001"
            assert page.locator(".whose a").get_attribute("href")
            assert page.locator("html").evaluate("page => page.scrollWidth") <= 390
            page.locator("form button").click()
            page.wait_for_url("**/reported")
            assert page.locator(".verdict.neutral").count() == 1
            assert phone.cookies() == []
        browser.close()
    (signal,) = signals(public)
    assert signal.times == 2
    assert [one.id for one in work_items(public.desks.manager) if one.page == "signals"] == [
        signal.id
    ]
