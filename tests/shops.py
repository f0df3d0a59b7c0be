"""Small shops on loopback, each of another make, all selling the same seven goods."""

import gzip
import json
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from threading import Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx
from PIL import Image

from integrations.marketplaces.base import Page, Unreachable

KEY = "k-7f3a-very-secret"
PAGE_SIZE = 3


@dataclass(frozen=True)
class Good:
    no: int
    title: str
    fen: int
    sales: str
    shop: str
    shop_id: str

    @property
    def yuan(self) -> str:
        return f"{self.fen // 100:,}.{self.fen % 100:02}"


GOODS = [
    Good(
        1, "大流量卡 全国通用 无需合约 官方正品 首月免费体验套餐", 1990, "1.2万+", "星河通信", "s-1"
    ),
    Good(2, "儿童手表电话卡", 2900, "321", "星河通信", "s-1"),
    Good(3, "物联网卡 工业级 <10 张起>", 123456, "7", "北辰物联", "s-2"),
    Good(4, "手机壳", 1500, "88", "小城数码", "s-3"),
    Good(5, "校园卡 & 校园网", 990, "1,024", "小城数码", "s-3"),
    Good(6, "随身WiFi", 19900, "64", "北辰物联", "s-2"),
    Good(7, "充电器", 4500, "0", "小城数码", "s-3"),
]


@dataclass
class Call:
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Answer:
    body: bytes | str | dict[str, Any]
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])


Shop = Callable[[Call], Answer]


@dataclass
class Stand:
    """An open shop: where it is, and what it was asked."""

    url: str
    calls: list[Call]

    @property
    def asked(self) -> list[str]:
        return [call.path for call in self.calls]


@contextmanager
def open_shop(shop: Shop) -> Generator[Stand]:
    calls: list[Call] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            call = Call(self.command, parts.path, query, headers, body)
            calls.append(call)
            answer = shop(call)
            sent = _bytes(answer.body)
            self.send_response(answer.status)
            kind = "application/json" if isinstance(answer.body, dict) else "text/html"
            for name, value in {"Content-Type": kind, **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = _answer  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Stand(f"http://127.0.0.1:{server.server_address[1]}", calls)
        finally:
            server.shutdown()
            thread.join()


def _bytes(body: bytes | str | dict[str, Any]) -> bytes:
    if isinstance(body, dict):
        body = json.dumps(body, ensure_ascii=False)
    return body.encode() if isinstance(body, str) else body


class Visitor:
    """An asker without a guard, for loopback only."""

    def __init__(self) -> None:
        self._http = httpx.Client(trust_env=False, follow_redirects=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def ask(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Page:
        try:
            answer = self._http.request(method, url, headers=headers, content=body)
        except httpx.TransportError as error:
            raise Unreachable("no_answer", url=url) from error
        kept = {name.lower(): value for name, value in answer.headers.items()}
        return Page(str(answer.url), answer.status_code, kept, answer.content, "urn:uuid:1")


def _cut(title: str) -> str:
    return title if len(title) <= 12 else title[:11] + "…"


def _not_found() -> Answer:
    return Answer("<h1>404</h1>", 404)


def _good(path: str) -> Good | None:
    return next((good for good in GOODS if path == f"/shop/item-{good.no}/"), None)


def _cards(goods: list[Good]) -> str:
    return "".join(
        f'<li class="card"><a href="/shop/item-{good.no}/" title="{escape(good.title)}">'
        f"{escape(_cut(good.title))}</a></li>"
        for good in goods
    )


def plain_shop(call: Call) -> Answer:
    """HTML without structured data; past its last page it answers 404."""
    token = f'<input type="hidden" name="csrf" value="{id(call)}">'
    if call.path == "/shop/":
        number = int(call.query.get("page", "1"))
        goods = GOODS[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
        if not goods:
            return _not_found()
        menu = '<a href="/shop/category-1/">电话卡</a>'
        return Answer(f"<form>{token}</form>{menu}<ul>{menu_card()}{_cards(goods)}</ul>")
    if call.path.startswith("/pics/"):
        return Answer(a_picture(), headers={"Content-Type": "image/png"})
    good = _good(call.path)
    if good is None:
        return _not_found()
    return Answer(
        f"<html><body>{token}<h1>{escape(good.title)}</h1>"
        f'<p class="price">¥{good.yuan}</p><script>var price = "¥1.00"</script>'
        f"<table><tr><th>货号</th><td>G-{good.no}</td></tr>"
        f"<tr><th>月销量：</th><td>{good.sales}</td></tr></table>"
        f"<dl><dt>店铺编号</dt><dd>{good.shop_id}</dd></dl>"
        f"<div><span>店铺：</span><span>{good.shop}</span></div>"
        f'<img class="main" src="/pics/{good.no}.jpg"></body></html>'
    )


@cache
def a_picture() -> bytes:
    """A plain picture with no code on it."""
    drawn = BytesIO()
    Image.new("RGB", (64, 64), "orange").save(drawn, "PNG")
    return drawn.getvalue()


def menu_card() -> str:
    """A category that looks like an item."""
    return '<li class="card"><a href="/shop/category-9/">更多</a></li>'


def jsonld_shop(call: Call) -> Answer:
    """A packed sitemap under an index, and schema.org data in JSON-LD."""
    host = f"http://{call.headers['host']}"
    space = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
    if call.path == "/sitemap.xml":
        inner = f"<sitemap><loc>{host}/goods.xml.gz</loc></sitemap>"
        return Answer(f"<sitemapindex {space}>{inner}</sitemapindex>")
    if call.path == "/goods.xml.gz":
        places = [f"{host}/shop/item-{good.no}/" for good in GOODS] + [f"{host}/shop/about/"]
        inner = "".join(f"<url><loc>{place}</loc></url>" for place in places)
        return Answer(gzip.compress(f"<urlset {space}>{inner}</urlset>".encode()))
    good = _good(call.path)
    if good is None:
        return Answer("<h1>about us</h1>") if call.path == "/shop/about/" else _not_found()
    thing = {
        "@context": "https://schema.org",
        "@graph": [
            {"@type": "WebSite", "name": "a shop"},
            {
                "@type": ["Product"],
                "sku": f"G-{good.no}",
                "name": good.title,
                "image": [f"/pics/{good.no}.jpg"],
                "offers": [
                    {
                        "@type": "Offer",
                        "price": good.fen / 100,
                        "priceCurrency": "CNY",
                        "seller": {"name": good.shop, "identifier": good.shop_id},
                    }
                ],
            },
        ],
    }
    script = '<script type="application/ld+json">{}</script>'
    data = json.dumps(thing).replace("<", "\\u003c")
    return Answer("<body>" + script.format("{ broken") + script.format(data) + "</body>")


def microdata_shop(call: Call) -> Answer:
    """Categories, pages in GBK, and schema.org data in microdata."""
    if call.path == "/":
        return Answer('<nav><a href="/c/1/">a</a><a href="/c/2/">b</a></nav>')
    if call.path in {"/c/1/", "/c/2/"}:
        goods = GOODS[:4] if call.path == "/c/1/" else GOODS[3:]
        return Answer(f"<ul>{_cards(goods)}</ul>")
    good = _good(call.path)
    if good is None:
        return _not_found()
    text = (
        f'<body><div itemscope itemtype="https://schema.org/Product">'
        f'<h1 itemprop="name">{escape(good.title)}</h1><meta itemprop="sku" content="G-{good.no}">'
        f'<div itemprop="offers" itemscope itemtype="https://schema.org/Offer">'
        f'<span itemprop="price" content="{good.fen / 100}">￥</span>'
        f'<div itemprop="seller" itemscope><b itemprop="name">{good.shop}</b>'
        f'<meta itemprop="identifier" content="{good.shop_id}"></div></div></div></body>'
    )
    return Answer(text.encode("gbk"), headers={"Content-Type": "text/html; charset=gb2312"})


def rest_shop(call: Call) -> Answer:
    """A key in a header, page numbers, prices in fen, errors with HTTP 200."""
    if call.headers.get("x-api-key") != KEY:
        said = call.headers.get("x-api-key")
        return Answer({"code": 4001, "message": f"key {said} 无效", "data": None})
    number = int(call.query.get("pageNo", "1"))
    goods = GOODS[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    items = [
        {
            "id": good.no,
            "name": good.title,
            "link": f"https://m.example/g/{good.no}",
            "priceFen": good.fen,
            "sold": good.sales,
            "attributes": [
                {"name": "颜色", "value": "白"},
                {"name": "店铺编号", "value": good.shop_id},
                {"name": "店铺", "value": good.shop},
            ],
        }
        for good in goods
    ]
    return Answer({"code": 0, "data": {"items": items, "total": len(GOODS)}})


def graphql_shop(call: Call) -> Answer:
    """Cursors, prices in minor units, errors in a list of their own."""
    asked = json.loads(call.body)
    after = asked["variables"]["after"]
    if after is not None and not isinstance(after, str):
        return Answer({"errors": [{"message": "after must be a string"}]})
    begin = int(after or 0)
    nodes = [
        {
            "id": f"UHJvZHVjdDo{good.no}",
            "name": good.title,
            "slug": f"g-{good.no}",
            "price": {"value": good.fen, "currencyCode": "CNY", "exponent": 2},
            "seller": {"id": good.shop_id, "name": good.shop},
            "metadata": json.dumps({"sold": good.sales}),
        }
        for good in GOODS[begin : begin + asked["variables"]["first"]]
    ]
    end = begin + len(nodes)
    info = {"hasNextPage": end < len(GOODS), "endCursor": str(end)}
    edges = [{"node": node} for node in nodes]
    return Answer({"data": {"products": {"edges": edges, "pageInfo": info}}})
