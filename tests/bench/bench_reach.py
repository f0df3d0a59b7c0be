"""When something stands on the screen, on loopback and on a slow line, and what was fetched.

A fresh browser profile each time, so that nothing is kept from before; the slow line is 400 kbit/s
with 400 ms on the way, as in a lift or a village. Served with the sample, without bulk.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, BrowserContext, Page

from tests.bench.figures import Figure, keep
from tests.guard_app.house import chromium
from tests.reach.walk import Look, comes_in, context_of
from tests.reach.world import World, world_in

_BYTES: Final = 1_600_000
_KBIT: Final = 400
_AWAY_MS: Final = 400
_PATIENCE: Final = 180_000
_HEADING: Final = "main h1, [data-testid=stMain] h1"
_NOW: Final = "performance.now() / 1000"
_PAINTED: Final = """
new Promise((told) => new PerformanceObserver((seen) => {
  const [first] = seen.getEntriesByName('first-contentful-paint');
  if (first) told(first.startTime / 1000);
}).observe({type: 'paint', buffered: true}))
"""
"""A heading may stand in the page before anything of it is seen."""
LOOK: Final = Look()


@dataclass(slots=True)
class Cost:
    """What a page took: seconds to its first paint and to its heading, and what was fetched."""

    painted: float = 0
    usable: float = 0
    requests: int = 0
    size: int = 0
    """Bytes over the wire, as they were packed."""


def visited(page: Page, address: str, *, is_slow: bool = False) -> Cost:
    cost = Cost()
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")  # pyright: ignore[reportUnknownMemberType]
    if is_slow:
        speed = _KBIT * 1000 / 8
        conditions = {"offline": False, "latency": _AWAY_MS, "downloadThroughput": speed}
        line.send("Network.emulateNetworkConditions", {**conditions, "uploadThroughput": speed})  # pyright: ignore[reportUnknownMemberType]

    def arrived(event: dict[str, float]) -> None:
        cost.requests += 1
        cost.size += int(event["encodedDataLength"])

    line.on("Network.loadingFinished", arrived)
    page.goto(address, timeout=_PATIENCE, wait_until="commit")
    page.locator(_HEADING).first.wait_for(timeout=_PATIENCE)
    cost.usable = page.evaluate(_NOW)
    cost.painted = page.evaluate(_PAINTED)
    page.wait_for_load_state("networkidle", timeout=_PATIENCE)
    line.detach()
    return cost


def signed_in(browser: Browser, world: World) -> BrowserContext:
    context = context_of(browser, world.base, LOOK)
    comes_in(world.house, context, world.base, "li.hua", LOOK)
    return context


def on_loopback(browser: Browser, world: World) -> list[Figure]:
    found: list[Figure] = []
    visited(browser.new_page(), f"{world.base}/signin")  # how a browser starts is not ours
    for name, path in (("landing page", "/"), ("sign-in page", "/signin")):
        context = context_of(browser, world.base, LOOK)
        cost = visited(context.new_page(), world.base + path)
        context.close()
        found.append(_painted(f"{name}, first contentful paint", cost, 0.3))
    context = signed_in(browser, world)
    cost = visited(context.new_page(), f"{world.base}/console/")
    context.close()
    told = f"{cost.requests} requests, first paint after {cost.painted:.1f} s"
    size = f"{cost.size / 1e6:.2f} MB"
    return [
        *found,
        Figure("reach", "work list, cold, to its heading", f"{cost.usable:.1f} s", "≤ 2.5 s",
               cost.usable <= 2.5, told),
        Figure("reach", "work list, cold, over the wire", size, "≤ 1.6 MB", cost.size <= _BYTES),
    ]  # fmt: skip


def on_a_slow_line(browser: Browser, world: World) -> list[Figure]:
    stranger = context_of(browser, world.base, LOOK)
    first = visited(stranger.new_page(), f"{world.base}/signin", is_slow=True)
    stranger.close()
    context = signed_in(browser, world)
    page = context.new_page()
    cold = visited(page, f"{world.base}/console/", is_slow=True)
    again = visited(page, f"{world.base}/console/", is_slow=True)
    triage = visited(page, f"{world.base}/console/triage", is_slow=True)
    context.close()
    line = f"at {_KBIT} kbit/s, {_AWAY_MS} ms away"
    return [
        _usable(f"sign-in page {line}", first, 3),
        _usable(f"work list, first visit {line}", cold, 60),
        _usable(f"work list, next visit {line}", again, 15),
        _usable(f"triage, next visit {line}", triage, 15),
    ]


def _painted(what: str, cost: Cost, most: float) -> Figure:
    told = f"{cost.requests} requests, {cost.size / 1e3:.0f} kB"
    return Figure("reach", what, f"{cost.painted:.2f} s", f"≤ {most} s", cost.painted <= most, told)


def _usable(what: str, cost: Cost, most: float) -> Figure:
    told = f"first paint after {cost.painted:.1f} s, {cost.size / 1e6:.2f} MB"
    return Figure("reach", what, f"{cost.usable:.1f} s", f"≤ {most} s", cost.usable <= most, told)


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        world_in(Path(folder)) as world,
        chromium() as browser,
    ):
        keep("reach", [*on_loopback(browser, world), *on_a_slow_line(browser, world)])


if __name__ == "__main__":
    main()
