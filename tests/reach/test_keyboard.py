"""Without a mouse: findings are triaged and a licence is approved, by the keys alone."""

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlmodel import select

from console.desk import House
from models.channel.licences import Licence, LicenceState
from models.patrol.findings import Finding, FindingState
from models.permissions import Permission
from tests.reach.walk import PATIENCE, Look, comes_in, context_of, has_heading, settled
from tests.reach.world import World

_FAR: Final = 150
"""Presses of the tab key after which nobody would still go on."""


@pytest.fixture
def page(world: World, browser: Browser) -> Iterator[Page]:
    """Where an approver works."""
    look = Look()
    context = context_of(browser, world.base, look)
    comes_in(world.house, context, world.base, "li.hua", look)
    yield context.new_page()
    context.close()


def go(page: Page, address: str) -> None:
    page.goto(address)
    settled(page)
    assert has_heading(page)


def reach(page: Page, wanted: Locator) -> None:
    """Go on from field to field until the wanted one has the focus, and shows that it has."""
    wanted.wait_for()
    for _ in range(_FAR):
        page.keyboard.press("Tab")
        if wanted.evaluate("wanted => wanted === wanted.getRootNode().activeElement"):
            break
    else:
        raise AssertionError(f"the tab key never comes to {wanted}")
    assert wanted.evaluate(
        "at => [getComputedStyle(at)].some(look => look.outlineStyle !== 'none'"
        " || look.boxShadow !== 'none')"
    ), "nobody sees where they are"


def finding_numbered(house: House, number: str) -> Finding:
    with house.desk().begin(Permission.FINDING_READ) as work:
        return work.session.exec(select(Finding).where(Finding.number == number)).one()


def waiting_licence(house: House) -> Licence:
    with house.desk().begin(Permission.LICENCE_READ) as work:
        waits = Licence.state == LicenceState.PENDING_APPROVAL
        return work.session.exec(select(Licence).where(waits)).first() or pytest.fail("none waits")


def on_card(page: Page) -> str:
    """The number of the finding that is looked at."""
    card = page.locator("[class*=st-key-kit_card] p").first
    expect(card).to_be_visible(timeout=PATIENCE)
    return card.inner_text()


def press(page: Page, key: str, before: str) -> str:
    """Press one key; the number on the card that comes."""
    page.keyboard.press(key)
    card = page.locator("[class*=st-key-kit_card] p").first
    expect(card).not_to_have_text(before, timeout=PATIENCE)
    settled(page)
    return card.inner_text()


def test_findings_are_confirmed_and_dismissed_by_one_key_each(world: World, page: Page) -> None:
    go(page, f"{world.base}/console/triage")
    first = on_card(page)
    for key, letter in (("confirm", "Y"), ("no_cards", "2"), ("next", "J"), ("previous", "K")):
        button = page.locator(f".st-key-triage-{key} button")
        expect(button).to_contain_text(letter)
    second = press(page, "y", first)
    third = press(page, "2", second)
    fourth = press(page, "j", third)
    assert press(page, "k", fourth) == third
    assert finding_numbered(world.house, first).state == FindingState.CONFIRMED
    assert finding_numbered(world.house, second).state == FindingState.FALSE_POSITIVE
    assert finding_numbered(world.house, third).state == FindingState.OPEN


def test_a_licence_is_approved_from_the_work_list(world: World, page: Page) -> None:
    licence = waiting_licence(world.house)
    go(page, f"{world.base}/console/")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("跳到正文")
    page.keyboard.press("Enter")
    line = page.locator("li.line").filter(has_text=licence.number)
    reach(page, line.get_by_role("link"))
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/licences?id={licence.id}")
    settled(page)
    reach(page, page.locator(f"[class*='st-key-move-approve-{licence.id}'] button").first)
    page.keyboard.press("Enter")
    body = page.locator("[data-testid=stPopoverBody]")
    reach(page, body.get_by_role("button", name="确认"))
    page.keyboard.press("Enter")
    expect(page.locator("[data-testid=stToast]").first).to_be_visible(timeout=PATIENCE)
    with world.house.desk().begin(Permission.LICENCE_READ) as work:
        assert work.get(Licence, licence.id).state == LicenceState.ACTIVE
