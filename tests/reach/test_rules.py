"""No page breaks a rule of WCAG 2.2 AA that axe-core counts as serious, however it is looked at.

Each page of the console and each page for anyone, in a real browser: by day in one look, at night
in all of them. What Streamlit's own markup breaks stands in streamlits_own.py.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from itertools import product

import pytest
from playwright.sync_api import Browser, Page

from console.i18n import Language
from console.pages.navigation import PAGES
from tests.reach.axe import Fault, faults
from tests.reach.public_walk import OWN as ACCOUNT
from tests.reach.public_walk import addresses
from tests.reach.records import record_addresses
from tests.reach.streamlits_own import OWN
from tests.reach.walk import NARROW, WIDE, Look, comes_in, context_of, has_heading, settled, walked
from tests.reach.world import World

TAGS = {Language.ZH: "zh-CN", Language.EN: "en"}
LOOKS = [
    Look(language, dark, width)
    for language, dark, width in product(Language, (False, True), (WIDE, NARROW))
]
DAILY = LOOKS[0]
EACH_LOOK = [
    pytest.param(look, marks=[pytest.mark.nightly] if look != DAILY else [], id=str(look))
    for look in LOOKS
]


@dataclass(slots=True)
class Seen:
    """What was found on the pages of a walk."""

    pages: set[str] = field(default_factory=set[str])
    ours: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """Of each fault of ours, the pages that have it."""
    owned: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """Of Streamlit's own, the rule and the selector of what occurred."""
    sideways: dict[str, int] = field(default_factory=dict[str, int])
    """By how many pixels a page is wider than its window."""
    tags: set[str] = field(default_factory=set[str])
    """What the pages say that their language is."""

    def look_at(self, name: str, page: Page) -> None:
        self.pages.add(name)
        if "/console/" in page.url and not has_heading(page):
            self.ours.setdefault("the page broke off", []).append(name)
        self._sort(name, faults(page, OWN))
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if over > 0:
            self.sideways[name] = over
        self.tags.add(page.evaluate("document.documentElement.lang"))

    def _sort(self, name: str, found: Iterable[Fault]) -> None:
        for fault in found:
            self.owned |= {(fault.rule, at) for at in fault.owned_by}
            if not fault.owned_by:
                self.ours.setdefault(str(fault), []).append(name)

    def is_well(self, look: Look) -> None:
        told = [f"{', '.join(sorted(set(on)))}: {what}" for what, on in self.ours.items()]
        assert not told, "\n".join(told)
        assert self.sideways == {}
        assert self.tags == {TAGS[look.language]}


@pytest.fixture(scope="module")
def seen(world: World, browser: Browser) -> Callable[[Look], Seen]:
    """What a walk through the console found, in each look walked once."""

    @cache
    def walk(look: Look) -> Seen:
        found = Seen()
        for entry, page in walked(world.house, browser, world.base, look):
            found.look_at(entry.name, page)
        return found

    return walk


@pytest.mark.parametrize("look", EACH_LOOK)
def test_no_page_of_the_console_keeps_anybody_out(seen: Callable[[Look], Seen], look: Look) -> None:
    found = seen(look)
    assert found.pages == {entry.name for entry in PAGES if entry.file.exists()}
    found.is_well(look)


def test_what_is_listed_as_streamlits_own_still_occurs(seen: Callable[[Look], Seen]) -> None:
    gone = [one for one in OWN if (one.rule, one.at) not in seen(DAILY).owned]
    assert gone == []


@pytest.mark.parametrize("look", EACH_LOOK)
def test_no_page_for_anyone_keeps_anybody_out(world: World, browser: Browser, look: Look) -> None:
    found = Seen()
    context = context_of(browser, world.base, look)
    page = context.new_page()
    for address in addresses(world.house):
        page.goto(world.base + address)
        found.look_at(address, page)
    comes_in(world.house, context, world.base, "chen.ming", look)
    for address in ACCOUNT:
        page.goto(world.base + address)
        found.look_at(address, page)
    context.close()
    found.is_well(look)
    assert found.owned == set()


@pytest.mark.nightly
@pytest.mark.parametrize("look", LOOKS, ids=str)
def test_no_open_record_keeps_anybody_out(world: World, browser: Browser, look: Look) -> None:
    found = Seen()
    for login in ("chen.ming", "gd.jianguan"):
        context = context_of(browser, world.base, look)
        comes_in(world.house, context, world.base, login, look)
        page = context.new_page()
        for address in record_addresses(world.house, login):
            page.goto(f"{world.base}/console/{address}")
            settled(page)
            found.look_at(address.partition("?")[0], page)
        context.close()
    assert len(found.pages) > 10
    found.is_well(look)
