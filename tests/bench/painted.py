"""What a person waits for in a real browser: a page until it is painted, with what it fetched."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.bench.big_world import MANAGER, BigWorld

_GRID: Final = "[data-testid=stDataFrame] canvas"


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
    """Seconds from the click to the screen of that number."""

    def on() -> None:
        page.get_by_role("button", name="下一页").last.click()
        page.get_by_text(f"第 {number} 页").first.wait_for(state="visible")

    return timed(on)
