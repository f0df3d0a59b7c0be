"""A badge inside the agent's own site: live there, and blocked everywhere else by browsers."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from urllib.parse import urlsplit

import pytest
from PIL import Image
from playwright.sync_api import sync_playwright

from console.actions.channel.badges import list_badges
from console.actions.channel.licences import approve_licence, suspend_licence
from console.actions.channel.logos import put_logo
from console.desk import House
from models.badge_reading import codes_in
from models.channel.badges import Badge
from models.channel.licences import Licence
from tests.browser import Visitor
from tests.channel.stories import admitted, licensed, pending, shop_of
from tests.channel.test_pictures import logo
from tests.conftest import Desks
from tests.guard_app.house import CHROMIUM
from tests.public.doors import visitor_of
from tests.serving import served

SITE = "https://www.longteng.example.cn/kaika/"


def of_site(desks: Desks, url: str = SITE) -> tuple[Licence, Badge]:
    """A licensed agent whose only shop is its own site."""
    put_logo(desks.manager, "CT-44", logo())
    agent = admitted(desks)
    shop = shop_of(desks.manager, agent, url, platform="site", url=url, name="龙腾官网")
    licence = approve_licence(desks.approver, pending(desks, agent, shop).id)
    return licence, list_badges(desks.manager).rows[0]


@pytest.fixture
def visitor(house: House) -> Visitor:
    return visitor_of(house)


@pytest.mark.requirement("004-3.1-e")
def test_the_badge_of_an_own_site_is_framed_there_alone(desks: Desks, visitor: Visitor) -> None:
    _, badge = of_site(desks)
    page = visitor.get(f"/embed/{badge.badge_id}")
    policy = page.headers["content-security-policy"]
    assert page.status_code == 200
    assert policy.endswith("frame-ancestors longteng.example.cn www.longteng.example.cn")
    assert "script-src" not in policy
    assert policy.startswith("default-src 'none'")
    assert page.headers["cache-control"] == "no-store"
    assert "<script" not in page.text
    assert "有效" in page.text
    assert "<svg" in page.text
    assert "2026-03-02 12:00:00" in page.text
    english = visitor.get(f"/embed/{badge.badge_id}?language=en").text
    assert "Live status" in english


def test_opened_by_itself_it_leads_to_the_verify_page(desks: Desks, visitor: Visitor) -> None:
    _, badge = of_site(desks)
    page = visitor.get(f"/embed/{badge.badge_id}", headers={"sec-fetch-dest": "document"})
    assert page.status_code == 303
    assert "/b/" in page.headers["location"]
    framed = visitor.get(f"/embed/{badge.badge_id}", headers={"sec-fetch-dest": "iframe"})
    assert framed.status_code == 200
    assert "longteng.example.cn" in framed.text


def test_what_fell_is_shown_as_fallen_and_without_a_card(desks: Desks, visitor: Visitor) -> None:
    licence, badge = of_site(desks)
    suspend_licence(desks.manager, licence.id, reason="未亮照", remedy="申诉")
    page = visitor.get(f"/embed/{badge.badge_id}")
    assert page.status_code == 200
    assert "<svg" not in page.text
    assert "frame-ancestors longteng" in page.headers["content-security-policy"]


def test_a_marketplace_shop_has_no_badge_to_embed(desks: Desks, visitor: Visitor) -> None:
    licensed(desks)
    badge = list_badges(desks.manager).rows[0]
    for unknown in (badge.badge_id, "0" * 16, "x", "%00"):
        page = visitor.get(f"/embed/{unknown}")
        assert page.status_code == 404
        assert "平台店铺请下载标识图片" in page.text


@contextmanager
def site_that_frames(address: list[str]) -> Generator[str]:
    """Somebody's web site on a port of its own, whose page frames the address."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            frame = f'<iframe id="badge" src="{address[0]}" width="760" height="600"></iframe>'
            body = f"<!doctype html><title>site</title>{frame}".encode()
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.requirement("004-3.1-e")
def test_a_browser_blocks_the_badge_on_any_other_site(desks: Desks, house: House) -> None:
    address = [""]
    with (
        site_that_frames(address) as own,
        site_that_frames(address) as foreign,
        served(house) as base,
        sync_playwright() as playwright,
    ):
        _, badge = of_site(desks, own)
        address[0] = f"{base}/embed/{badge.badge_id}"
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        page = browser.new_page()
        said: list[str] = []
        page.on("console", lambda line: said.append(line.text))

        page.goto(own)
        page.frame_locator("#badge").locator(".card svg").wait_for(timeout=10_000)
        assert "龙腾" in (page.frames[1].content())
        shot = page.frame_locator("#badge").locator("main").screenshot()
        (link,) = codes_in(Image.open(BytesIO(shot)).convert("RGB"))
        assert urlsplit(link.text).path.startswith("/b/")
        assert said == []

        localhost = own.replace("127.0.0.1", "localhost")
        for other in (foreign, localhost):
            page.goto(other)
            page.wait_for_timeout(500)
            (frame,) = page.frames[1:]
            assert frame.url.startswith("chrome-error:")
            assert frame.locator(".card").count() == 0
            assert any("frame-ancestors" in line for line in said)
            said.clear()
        browser.close()
