"""A real Chromium looks at hostile pages: it is back in time, and nothing gets by our guard."""

import os
import quopri
import socket
import time
from collections.abc import Iterator
from email import message_from_bytes
from io import BytesIO
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from warcio.archiveiterator import ArchiveIterator

from integrations.browser import Browser, NotShown, Shot, find_chromium
from integrations.browser.processes import family_of
from integrations.evidence import Capture, Store
from integrations.fetch import Fetcher, FetchSettings
from integrations.marketplaces.base import Page
from tests.hostile import HostileServer, Route, page, redirect

HOST = "127.77.0.1"
pytestmark = pytest.mark.allow_hosts([HOST, "127.0.0.1"])
SETTINGS = FetchSettings(
    agent="ChannelPatrol/1 (+mailto:patrol@carrier.example)",
    allowed_networks=(ip_network("127.77.0.0/16"),),
    total_seconds=5.0,
    pace_seconds=0.0,
)
HTML = "Content-Type: text/html; charset=utf-8\r\n"
SECONDS = 24.0
PNG_START = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def chromium() -> Path:
    found = find_chromium()
    if found is None:
        pytest.fail("Chromium is missing, so nothing here can run: `make test` installs it")
    return found


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    """Patient, so that a busy machine is no fault of a page's."""
    one = Browser(chromium, seconds=90)
    yield one
    one.close()


@pytest.fixture(scope="module")
def brisk(chromium: Path) -> Iterator[Browser]:
    """For pages that use up whatever time they are given."""
    one = Browser(chromium, seconds=SECONDS)
    yield one
    one.close()


@pytest.fixture
def shop() -> Iterator[HostileServer]:
    with HostileServer(HOST) as server:
        yield server


@pytest.fixture
def canary(shop: HostileServer) -> Iterator[HostileServer]:
    """On an address that nobody may ask, at the shop's own port."""
    with HostileServer("127.0.0.1", shop.port) as server:
        yield server


def html(text: str) -> Route:
    return page(f"<!doctype html><meta charset=utf-8>{text}".encode(), headers=HTML)


def serve(shop: HostileServer, **pages: str) -> None:
    shop.routes |= {f"/{name}": html(text) for name, text in pages.items()}


def test_a_page_is_seen_as_people_see_it_and_all_of_it_is_in_the_record(
    browser: Browser, shop: HostileServer, tmp_path: Path
) -> None:
    picture = BytesIO()
    Image.new("RGB", (40, 40), (200, 30, 30)).save(picture, "PNG")
    serve(
        shop,
        item="<title>流量卡</title><link rel=stylesheet href=/s.css><h1 id=t>?</h1><img src=/p.png>"
        "<script>t.textContent = '流量卡 19元'</script><div style='height:3000px'></div>",
    )
    shop.routes |= {
        "/": redirect("/item"),
        "/p.png": page(picture.getvalue(), headers="Content-Type: image/png\r\n"),
        "/s.css": page(b"body{background:#eef}", headers="Content-Type: text/css\r\n"),
    }
    store = Store(tmp_path / "evidence")
    with Capture(store, "look", shop.url()) as capture:
        ask = Fetcher(SETTINGS).recording(capture.recorder).ask
        shot = browser.shoot(shop.url(), ask)
        capture.attach("page.png", shot.png)
        capture.attach("page.mhtml", shot.mhtml)
        capture.note(browser=dict(shot.facts), browser_reason="")
        bundle = capture.bundle({}, b"{}")
        kept = {file.name: store.open(file.sha256) for file in bundle.files}

    assert shot.url == shop.url("/item")
    image = Image.open(BytesIO(shot.png))
    assert image.width == 1280
    assert image.height > 3000
    assert (200, 30, 30) in {colour for _, colour in image.convert("RGB").getcolors(1 << 24) or []}
    assert shot.facts["scripts"] is True
    assert shot.facts["title"] == "流量卡"
    assert str(shot.facts["chromium"])[0].isdigit()
    saved = message_from_bytes(shot.mhtml)
    assert {part.get("Content-Location") for part in saved.walk()} >= {shop.url("/p.png")}
    records: Any = ArchiveIterator(BytesIO(kept["page.warc.gz"]))
    asked = {
        r.rec_headers.get_header("WARC-Target-URI") for r in records if r.rec_type == "response"
    }
    assert asked >= {shop.url(path) for path in ("/", "/item", "/p.png", "/s.css")}
    assert {request.headers["user-agent"] for request in shop.asked} == {SETTINGS.agent}


def seen(browser: Browser, url: str) -> tuple[Shot | None, str]:
    """The picture, or the word why there is none."""
    try:
        return browser.shoot(url, Fetcher(SETTINGS).ask), ""
    except NotShown as no:
        return None, no.word


ESCAPES = {
    "image": "<img src=//127.0.0.1:{port}/beacon>",
    "script": "<script src=http://127.0.0.1:{port}/beacon></script>",
    "fetch": "<script>fetch('http://127.0.0.1:{port}/beacon', {{mode: 'no-cors'}})</script>",
    "beacon": "<script>navigator.sendBeacon('http://127.0.0.1:{port}/beacon', 'x')</script>",
    "own_beacon": "<script>navigator.sendBeacon('/posted', 'x')</script>",
    "socket": "<script>new WebSocket('ws://127.0.0.1:{port}/beacon')</script>",
    "events": "<script>new EventSource('http://127.0.0.1:{port}/beacon')</script>",
    "frame": "<iframe src=http://127.0.0.1:{port}/beacon></iframe>",
    "inner": "<iframe srcdoc=\"<script>fetch('http://127.0.0.1:{port}/beacon')</script>\"></iframe>",
    "hints": "<link rel=preconnect href=http://127.0.0.1:{port}><link rel=prefetch "
    "href=http://127.0.0.1:{port}/beacon><link rel=dns-prefetch href=//127.0.0.1:{port}>",
    "speculation": '<script type=speculationrules>{{"prerender":[{{"source":"list","urls":'
    '["http://127.0.0.1:{port}/beacon"]}}]}}</script>',
    "worker": "<script>try {{ new Worker(URL.createObjectURL(new Blob(["
    "\"fetch('http://127.0.0.1:{port}/beacon')\"]))) }} catch (e) {{}}</script>",
    "service_worker": "<script>navigator.serviceWorker && "
    "navigator.serviceWorker.register('/sw.js')</script>",
    "ping": "<a id=a ping=http://127.0.0.1:{port}/beacon href=#x>x</a><script>a.click()</script>",
    "form": "<form id=f method=post action=http://127.0.0.1:{port}/beacon></form>"
    "<script>f.submit()</script>",
    "popup": "<script>window.open('http://127.0.0.1:{port}/beacon')</script>",
    "download": "<a id=a download href=http://127.0.0.1:{port}/beacon>x</a>"
    "<script>a.click()</script>",
    "away": "<script>location = 'http://127.0.0.1:{port}/beacon'</script>",
    "refresh": "<meta http-equiv=refresh content='0;url=http://127.0.0.1:{port}/beacon'>",
    "file": "<script>location = 'file:///etc/passwd'</script>",
    "metadata": "<iframe src=http://169.254.169.254/latest/meta-data></iframe>",
    "rtc": "<script>try {{ const c = new RTCPeerConnection({{iceServers: [{{urls: "
    "'stun:127.0.0.1:{port}'}}]}}); c.createDataChannel('x'); c.createOffer().then("
    "o => c.setLocalDescription(o)) }} catch (e) {{}}</script>",
}


def test_no_page_reaches_what_our_guard_refuses(
    browser: Browser, shop: HostileServer, canary: HostileServer
) -> None:
    shop.routes["/sw.js"] = page(
        b"self.addEventListener('install', () => fetch('http://127.0.0.1:9/x'))",
        headers="Content-Type: text/javascript\r\n",
    )
    serve(shop, **{name: f"<title>{name}</title><h1>{name}</h1>" + text.format(port=shop.port)
                   for name, text in ESCAPES.items()})  # fmt: skip
    tried = set[str]()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", shop.port))
        udp.settimeout(0)
        for name in ESCAPES:
            shot, why = seen(browser, shop.url(f"/{name}"))
            if shot is None:
                assert why == "browser", name  # it went away from its own page
                continue
            assert shot.png.startswith(PNG_START), name
            assert "127.0.0.1" not in shot.url, name
            assert b"root:" not in shot.mhtml, name
            if f"address http://127.0.0.1:{shop.port}/beacon" in shot.facts["refused"]:  # type: ignore[operator]
                tried.add(name)
        with pytest.raises(BlockingIOError):
            udp.recv(1)
    assert tried >= {"image", "script", "fetch", "frame", "inner"}
    assert canary.connections == 0
    assert "/posted" not in shop.pages()
    assert {request.method for request in shop.asked} == {"GET"}


HUNG = {
    "loop": "<h1>流量卡 19元</h1><script>for (;;) {}</script>",
    "late_loop": "<h1>流量卡 19元</h1><script>setTimeout(() => {for (;;) {}}, 200)</script>",
}
QUIET = {
    "dialogs": "<h1>x</h1><script>setInterval(() => { alert(1); prompt(2) }, 1)</script>",
    "leaving": "<script>onbeforeunload = e => { e.preventDefault(); return 'stay' }</script><h1>x",
    "printing": "<script>onload = () => { for (let i = 0; i < 9; i++) print() }</script><h1>x",
    "windows": "<script>for (let i = 0; i < 50; i++) open('/windows')</script><h1>x",
    "canvas": "<canvas id=c width=32767 height=32767></canvas><script>"
    "c.getContext('2d').fillRect(0, 0, 32767, 32767)</script><h1>x",
    "tall": "<div style='height:10000000px'>x</div>",
    "requests": "<h1>x</h1><script>for (let i = 0; i < 2000; i++) new Image().src = '/none?' + i"
    "</script>",
    "full_screen": "<script>document.documentElement.requestFullscreen()</script><h1>x",
}


def test_a_page_whose_scripts_never_rest_is_shown_without_them(
    brisk: Browser, shop: HostileServer
) -> None:
    serve(shop, **HUNG, after="<h1>calm</h1>")
    for name in HUNG:
        began = time.monotonic()
        shot = brisk.shoot(shop.url(f"/{name}"), Fetcher(SETTINGS).ask)
        assert time.monotonic() - began < SECONDS + 1
        assert shot.facts["scripts"] is False
        assert "流量卡 19元".encode() in quopri.decodestring(shot.mhtml)
    assert brisk.shoot(shop.url("/after"), Fetcher(SETTINGS).ask).facts["scripts"] is True
    assert shop.pages().count("/loop") == 1


def test_pages_that_pester_cost_no_more_than_their_time(
    brisk: Browser, shop: HostileServer
) -> None:
    serve(shop, **QUIET)
    for name in QUIET:
        began = time.monotonic()
        shot, why = seen(brisk, shop.url(f"/{name}"))
        if shot is None:
            assert why in {"deadline", "memory", "browser", "gone"}, name
        else:
            assert Image.open(BytesIO(shot.png)).height <= 12_000
        assert time.monotonic() - began < SECONDS + 1, name
    assert len(shop.asked) < 500


def test_a_page_that_eats_memory_ends_its_browser_and_nothing_else(
    chromium: Path, shop: HostileServer
) -> None:
    serve(
        shop,
        greedy="<h1>x</h1><script>const all = []; setInterval(() => {"
        "for (let i = 0; i < 40; i++) all.push(new Uint8Array(1 << 20).fill(7)) }, 10)</script>",
        calm="<h1>calm</h1>",
    )
    small = Browser(chromium, seconds=SECONDS, most_memory=600 << 20)
    before = set(family_of(os.getpid()))
    try:
        with pytest.raises(NotShown) as no:
            small.shoot(shop.url("/greedy"), Fetcher(SETTINGS).ask)
        assert no.value.word in {"memory", "browser", "deadline"}
        assert small.shoot(shop.url("/calm"), Fetcher(SETTINGS).ask).png.startswith(PNG_START)
    finally:
        small.close()
    assert set(family_of(os.getpid())) <= before


def test_a_page_that_is_not_to_be_had_has_no_picture(browser: Browser, shop: HostileServer) -> None:
    shop.routes["/robots.txt"] = page(b"User-agent: *\nDisallow: /")
    serve(shop, item="<h1>x</h1>")
    for url in (shop.url("/item"), "http://127.0.0.1/", "file:///etc/passwd", "http://10.0.0.1/"):
        with pytest.raises(NotShown) as no:
            browser.shoot(url, Fetcher(SETTINGS).ask)
        assert no.value.word == "page"
    assert shop.pages() == []


def test_without_a_chromium_there_is_none_to_be_found(tmp_path: Path) -> None:
    assert find_chromium(tmp_path / "none") is None
    no_browser = tmp_path / "no-browser"
    no_browser.write_text("#!/bin/sh\nexit 3\n", "ascii")
    no_browser.chmod(0o755)

    def ask(url: str) -> Page:
        return Page(url, 200, {}, b"x")

    with pytest.raises(NotShown) as no:
        Browser(no_browser).shoot("http://127.77.0.1/", ask)
    assert no.value.word == "not_started"
