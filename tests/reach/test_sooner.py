"""What a browser asks for at a first load, and how Streamlit's page is told to draw."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Final

import httpx
import pytest
from playwright.sync_api import Browser, Page, Response
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse
from starlette.routing import Route

from console.web.compress import Bundles, bundles_of_streamlit
from console.web.guard.headers import streamlit_index
from console.web.sooner import NEEDED, asked_for_at_once, mended, needed_scripts
from tests.reach.walk import Look, comes_in, context_of, settled
from tests.reach.world import World

MENDED: Final = (".slice(-2)", "sansSerif:`sans-serif`", "this.hear=e=>")
SCRIPTS = bundles_of_streamlit() / "js"
LINKED = re.compile(r'href="\./static/js/([^"]+)"')


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the copies are, made once."""
    return tmp_path_factory.mktemp("copies")


@pytest.fixture
def heard(world: World, browser: Browser) -> Iterator[tuple[Page, list[Response]]]:
    """A page of a manager's in a browser that was never here, and all that it is answered."""
    context = context_of(browser, world.base, Look())
    comes_in(world.house, context, world.base, "chen.ming", Look())
    page, answers = context.new_page(), list[Response]()
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - wants a name
    yield page, answers
    context.close()


def test_what_we_mend_is_found_in_this_streamlit_once() -> None:
    """Pinned: where its words are others, pages would be slow again and nobody would know."""
    places: Counter[str] = Counter()
    for path in SCRIPTS.glob("*.js"):
        before = path.read_text("utf-8")
        if (after := mended(before)) != before:
            places.update({words: after.count(words) - before.count(words) for words in MENDED})
    assert places == dict.fromkeys(MENDED, 1)


def test_a_page_asks_for_all_that_it_needs_at_once() -> None:
    page = asked_for_at_once(streamlit_index().read_bytes(), needed_scripts(SCRIPTS)).decode()
    linked = LINKED.findall(page)
    assert len(linked) == len(set(linked))
    assert all((SCRIPTS / name).is_file() for name in linked)
    assert {name.partition(".")[0] for name in linked} >= set(NEEDED)
    assert 'as="font"' not in page


def test_a_page_that_loads_no_bundles_stays_as_it_is(folder: Path) -> None:
    said = "<html><head></head><body>there is no such page</body></html>"

    async def page(_request: Request) -> HTMLResponse:
        return HTMLResponse(said, HTTPStatus.NOT_FOUND)

    routes = [Route("/console/nowhere", page)]
    bundles = Bundles(Starlette(routes=routes), folder, style="/assets/console.css")
    assert asyncio.run(_got(bundles, "/console/nowhere")).text == said


def test_small_scripts_and_typefaces_are_kept_for_ever_too(folder: Path) -> None:
    """Streamlit's own answers, of which a first load has sixty, each cost the server 2 ms."""

    async def refused(_request: Request) -> FileResponse:
        raise AssertionError("asked Streamlit")

    bundles = Bundles(Starlette(routes=[Route("/console/static/{rest:path}", refused)]), folder)
    small = min(SCRIPTS.glob("*.js"), key=lambda path: path.stat().st_size)
    font = next((SCRIPTS.parent / "media").glob("MaterialSymbols*"))
    for path in (small, font):
        found = asyncio.run(_got(bundles, f"/console/static/zh/{path.parent.name}/{path.name}"))
        assert found.content == path.read_bytes()
        assert "immutable" in found.headers["cache-control"]
        assert "content-encoding" not in found.headers


def test_our_sheet_comes_after_all_that_streamlit_writes_into_the_head(
    world: World, heard: tuple[Page, list[Response]]
) -> None:
    page, _ = heard
    page.goto(f"{world.base}/console/agents")
    settled(page)
    last = page.locator("style, link[rel=stylesheet]").last
    assert re.fullmatch(r"/assets/console\.\w+\.css", str(last.get_attribute("href")))
    assert last.evaluate("one => one.sheet.cssRules.length") > 0


def test_a_first_load_asks_for_nothing_in_vain(
    world: World, heard: tuple[Page, list[Response]]
) -> None:
    page, answers = heard
    wanted = list[str]()
    page.on("request", lambda request: wanted.append(request.url))
    page.goto(f"{world.base}/console/agents")
    settled(page)
    assert [one.url for one in answers if one.status != HTTPStatus.OK] == []
    asked = [one.url for one in answers]
    assert not [url for url in asked if "SourceSans" in url]
    assert len(asked) == len(set(asked))
    ahead = next(at for at, url in enumerate(wanted) if url.endswith("/_stcore/host-config"))
    assert [url for url in wanted[ahead:] if url.endswith(".js")] == []


def test_a_run_is_drawn_at_once_and_not_message_by_message(
    world: World, heard: tuple[Page, list[Response]]
) -> None:
    page, _ = heard
    page.add_init_script(_WATCH)
    page.goto(f"{world.base}/console/agents")
    settled(page)
    page.evaluate("window.drawn = [], window.times = []")
    page.locator("[data-testid=stSidebarNavLink][href$=licences]").click()
    page.wait_for_url("**/licences")
    settled(page)
    drawn, times = page.evaluate("[[...new Set(drawn)], times]")
    held = (times[-1] - times[0]) / _HELD_FOR
    assert len(times) > _MANY
    assert len([count for count in drawn if count]) <= _AT_ONCE + held


_HELD_FOR: Final = 200
"""Milliseconds after which a run that goes on shows itself."""
_MANY, _AT_ONCE = 20, 2
_WATCH: Final = """
window.times = []; window.drawn = [];
window.WebSocket = class extends WebSocket {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", () => times.push(performance.now()));
  }
};
addEventListener("DOMContentLoaded", () => new MutationObserver(() => drawn.push(times.length))
  .observe(document.body, {subtree: true, childList: true}));
"""
"""When each message came, and after how many of them something was drawn."""


async def _got(bundles: Bundles, path: str) -> httpx.Response:
    transport = httpx.ASGITransport(bundles)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        headers = {"accept": "text/html", "accept-encoding": "gzip"}
        return await http.get(path, headers=headers)
