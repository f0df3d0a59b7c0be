"""What a person waits for in a real browser: a page until it is painted, with what it fetched."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.bench.big_world import MANAGER, BigWorld

_GRID: Final = "[data-testid=stDataFrame] canvas"

_WATCH: Final = """words => { window.painted = new Promise(done => {
  let begun = 0;
  addEventListener('click', event => { begun = event.timeStamp; }, {capture: true, once: true});
  const says = node => node.textContent.includes(words);
  const watch = new MutationObserver(changes => {
    if (!changes.some(one => one.addedNodes.length ? [...one.addedNodes].some(says)
        : one.type === 'characterData' && says(one.target))) return;
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - begun)));
  });
  watch.observe(document.body, {subtree: true, childList: true, characterData: true});
}); }"""


@dataclass(frozen=True)
class Loaded:
    page: Page
    seconds: float
    size: float
    """Bytes as sent."""
    requests: int


@contextmanager
def chromium() -> Generator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        try:
            yield browser
        finally:
            browser.close()


def timed(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def loaded(context: BrowserContext, act: Callable[[Page], object]) -> Loaded:
    """A new page that `act` opens until it is painted."""
    page = context.new_page()
    wire: Any = context.new_cdp_session(page)
    sizes: list[float] = []

    def note(told: dict[str, float]) -> None:
        sizes.append(told["encodedDataLength"])

    wire.send("Network.enable")
    wire.on("Network.loadingFinished", note)
    took = timed(lambda: act(page))
    page.wait_for_load_state("networkidle")
    return Loaded(page, took, sum(sizes), len(sizes))


def agents_loaded(browser: Browser, base: str, world: BigWorld) -> Loaded:
    """The console's list of agents, in a browser that has never been here."""

    def opened(page: Page) -> None:
        page.goto(f"{base}/console/agents")
        page.locator(_GRID).first.wait_for(state="visible")

    context = browser.new_context()
    context.add_cookies([{"name": "channel", "value": world.token(MANAGER), "url": base}])
    return loaded(context, opened)


def next_agents(page: Page, number: int) -> float:
    """Seconds from the click to the frame that shows the screen of that number.

    Both are told by the page's own clock. Playwright's would count with them how it makes ready
    to click, and its search for the words through the whole page at each frame, which costs the
    page about as much as drawing.
    """
    button = page.get_by_role("button", name="下一页").last
    button.scroll_into_view_if_needed()
    page.locator("[data-test-script-state=notRunning]").wait_for()
    page.evaluate(_WATCH, f"第 {number} 页")
    button.click()
    return float(page.evaluate("painted")) / 1000
