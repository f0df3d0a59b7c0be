"""On a phone and over a slow line: nothing is cut off, and what is pressed is large enough."""

from collections.abc import Iterator
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.reach.walk import NARROW, PATIENCE, Look, comes_in, context_of, has_heading, settled
from tests.reach.world import World

_LEAST: Final = 24
"""CSS pixels: WCAG 2.5.8."""
_SMALL: Final = f"""
() => [...document.querySelectorAll("[data-testid=stMain] :is(button, input, select, textarea)")]
  .filter(one => one.checkVisibility() && one.type !== "hidden" && !one.closest("[aria-hidden]"))
  .map(one => [one.closest("label") || one, one.getAttribute("aria-label") || one.innerText])
  .filter(([one]) => {{
    const {{width, height}} = one.getBoundingClientRect();
    return width > 1 && height > 1 && (width < {_LEAST} || height < {_LEAST});
  }})
  .map(([, name]) => name)
"""
_CUT: Final = """
() => [...document.querySelectorAll("[data-testid=stMain] :is(h1, h2, h3, p, button)")]
  .filter(one => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 1)
  .filter(one => !one.closest("[data-testid=stDataFrame], [style*=overflow]"))
  .filter(one => {
    for (let at = one.parentElement; at; at = at.parentElement)
      if (/auto|scroll/.test(getComputedStyle(at).overflowX)
          && at.scrollWidth > at.clientWidth && at.dataset.testid !== "stMain") return false;
    return true;
  })
  .map(one => one.innerText)
"""
_SLOW: Final = {
    "offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000,
}  # fmt: skip
_LONG: Final = 120_000


@pytest.fixture
def phone(world: World, browser: Browser) -> Iterator[Page]:
    look = Look(width=NARROW)
    context = context_of(browser, world.base, look)
    comes_in(world.house, context, world.base, "li.hua", look)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", ["", "triage", "licences", "cases", "overview"])
def test_a_phone_shows_all_of_a_page_and_can_press_it(world: World, phone: Page, path: str) -> None:
    phone.goto(f"{world.base}/console/{path}")
    settled(phone)
    assert has_heading(phone)
    assert phone.evaluate("document.documentElement.scrollWidth") <= NARROW
    assert phone.evaluate(_SMALL) == []
    assert phone.evaluate(_CUT) == []


@pytest.mark.nightly
def test_a_slow_line_gets_there(world: World, browser: Browser) -> None:
    """A minute for the first visit, which fetches all; a quarter of it from then on."""
    look = Look()
    context = context_of(browser, world.base, look)
    page = context.new_page()
    line = context.new_cdp_session(page)
    line.send("Network.enable")  # pyright: ignore[reportUnknownMemberType]
    line.send("Network.emulateNetworkConditions", _SLOW)  # pyright: ignore[reportUnknownMemberType]
    page.goto(f"{world.base}/signin", timeout=_LONG)
    expect(page.locator("input[name=login]")).to_be_visible(timeout=PATIENCE)
    comes_in(world.house, context, world.base, "li.hua", look)
    page.goto(f"{world.base}/console/", timeout=_LONG, wait_until="commit")
    expect(page.locator("[data-testid=stMain] h1").first).to_be_visible(timeout=_LONG)
    page.goto(f"{world.base}/console/triage", timeout=_LONG, wait_until="commit")
    button = page.locator(".st-key-triage-next button")
    expect(button).to_be_visible(timeout=PATIENCE)
    context.close()
