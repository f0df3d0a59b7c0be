"""Lines of work in a real browser: where they lead, by mouse and by keys, and what they show."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from console.actions.staff.people import add_organisation, add_user
from console.i18n import Language
from models.staff import OrganisationKind
from tests.reach.walk import NARROW, PATIENCE, Look, comes_in, context_of, settled
from tests.reach.world import World

HOSTILE = '<img src=x onerror="document.body.dataset.broken=1"><b>甲</b>'
Opened = Callable[[str, Look], Page]


@pytest.fixture
def opened(world: World, browser: Browser) -> Iterator[Opened]:
    """The work list of whoever is named."""
    contexts: list[BrowserContext] = []

    def come(login: str, look: Look) -> Page:
        context = context_of(browser, world.base, look)
        contexts.append(context)
        comes_in(world.house, context, world.base, login, look)
        page = context.new_page()
        page.goto(f"{world.base}/console/work_list")
        page.locator("li.line").first.wait_for()
        settled(page)
        return page

    yield come
    for context in contexts:
        context.close()


@pytest.mark.parametrize("by", ["mouse", "keys"])
def test_a_line_opens_its_record_and_nothing_is_loaded_anew(opened: Opened, by: str) -> None:
    page = opened("chen.ming", Look())
    page.evaluate("document.body.dataset.same = 'yes'")
    way = page.locator("li.line").get_by_role("link").first
    address = str(way.get_attribute("href"))
    if by == "mouse":
        way.click()
    else:
        way.focus()
        page.keyboard.press("Enter")
    page.wait_for_url(f"**{address}", timeout=PATIENCE)
    settled(page)
    assert page.evaluate("document.body.dataset.same") == "yes"
    expect(page.locator("[class*=st-key-page_head_record]").first).to_be_visible(timeout=PATIENCE)


def test_another_tab_may_have_it(opened: Opened) -> None:
    page = opened("chen.ming", Look())
    before = page.url
    way = page.locator("li.line").get_by_role("link").first
    with page.context.expect_page() as tab:
        way.click(modifiers=["Control"])
    tab.value.wait_for_url(f"**{way.get_attribute('href')}", timeout=PATIENCE)
    assert page.url == before


def test_words_from_outside_stay_words(world: World, opened: Opened) -> None:
    desk = world.house.desk()
    add_organisation(desk, code="hostile", kind=OrganisationKind.RESELLER, name=HOSTILE)
    add_user(desk, organisation="hostile", login="hostile.one", name="一", password="long enough 1")
    page = opened("security", Look())
    line = page.locator("li.line").filter(has_text=HOSTILE)
    expect(line.locator("strong")).to_have_text(HOSTILE)
    assert line.locator("img, b").count() == 0
    assert page.evaluate("document.body.dataset.broken === undefined")


def test_on_a_phone_every_way_is_large_enough_and_nothing_sticks_out(opened: Opened) -> None:
    page = opened("chen.ming", Look(language=Language.EN, dark=True, width=NARROW))
    for way in page.locator("li.line, li.rest").get_by_role("link").all():
        box = way.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24
        assert box["x"] + box["width"] <= NARROW
