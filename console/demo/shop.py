"""A fictitious marketplace on loopback, open for as long as the sample is being made."""

import io
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from PIL import Image, ImageDraw


@dataclass(frozen=True, slots=True)
class Stall:
    """A shop of the marketplace. `words` stand at each of its offers; `picture` seeds its image."""

    shop_id: str
    name: str
    offers: Sequence[str]
    licence: str = ""
    words: str = ""
    picture: int = 0


@contextmanager
def open_market(stalls: Sequence[Stall]) -> Generator[str]:
    """Its address. It has `/list`, an empty second page of it, and the pictures."""
    pages = {"/list": _page(stalls)}
    pages |= {f"/{one.picture}.png": _picture(one.picture) for one in stalls if one.picture}

    class Counter(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = pages.get(self.path)
            is_known = found is not None or self.path.startswith("/list")
            self.send_response(HTTPStatus.OK if is_known else HTTPStatus.NOT_FOUND)
            kind = "image/png" if self.path.endswith(".png") else "text/html; charset=utf-8"
            self.send_header("content-type", kind)
            self.end_headers()
            self.wfile.write(found or b"<ul></ul>")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - their name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Counter) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def _page(stalls: Sequence[Stall]) -> bytes:
    goods = [
        f'<li class="goods"><a data-id="{stall.shop_id}-{place}" data-shop="{stall.shop_id}"'
        f' href="/item/{stall.shop_id}-{place}" title="{escape(title)}">{escape(title)}</a>'
        + (f'<img src="/{stall.picture}.png" alt="">' if stall.picture else "")
        + f'<span class="shop">{escape(stall.name)}</span> <span class="price">19.90</span>'
        f'<p class="licence">{escape(stall.licence)}</p>'
        f'<p class="words">{escape(stall.words)}</p></li>'
        for stall in stalls
        for place, title in enumerate(stall.offers, 1)
    ]
    return f"<!doctype html><title>蓝海商城（示例）</title><ul>{''.join(goods)}</ul>".encode()


def _picture(seed: int) -> bytes:
    """A card on a ground; another seed gives another picture."""
    hue = seed * 67 % 360
    drawn = Image.new("RGB", (360, 240), f"hsl({hue}, 55%, 82%)")
    pen = ImageDraw.Draw(drawn)
    left, top = 30 + seed * 23 % 120, 30 + seed * 37 % 60
    pen.rounded_rectangle((left, top, left + 180, top + 112), 14, f"hsl({hue}, 60%, 40%)")
    pen.rounded_rectangle((left + 22, top + 34, left + 66, top + 70), 6, "#e8c35a")
    pen.line((0, 200 - seed * 11 % 60, 360, 130 + seed * 29 % 90), "white", 6)
    out = io.BytesIO()
    drawn.save(out, "PNG")
    return out.getvalue()
