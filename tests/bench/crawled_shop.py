"""A shop of some thousand pages on loopback, quick enough that a crawler is what is measured.

python -m tests.bench.crawled_shop GOODS    prints its port, and serves until it is ended
"""

import asyncio
import sys
from functools import partial
from typing import Final

A_LIST: Final = 50
_FILLER: Final = "".join(
    f"<li class=x{n}><a href='/about/{n}'>关于我们 {n}</a><span>客服电话 400-{n:07d}</span></li>"
    for n in range(70)
)


def listed(page: int, goods: int) -> str:
    first = (page - 1) * A_LIST
    cards = "".join(
        f"<li class=card><a href='/goods/{n}.html' title='流量卡 {n}'>流量卡 {n}</a></li>"
        for n in range(first, min(first + A_LIST, goods))
    )
    onward = f"<a rel=next href='/list/{page + 1}'>下一页</a>" if first + A_LIST < goods else ""
    return f"<!doctype html><title>全部商品</title><ul>{cards}</ul>{onward}"


def detailed(number: int) -> str:
    return (
        f"<!doctype html><html><head><title>流量卡 {number}</title></head><body>"
        f"<ul class=menu>{_FILLER}</ul><h1>流量卡 {number} 号 正规可查</h1>"
        f"<p class=price>¥{number % 90 + 9}.00</p><p class=sku>G-{number}</p>"
        f"<p class=shop data-id=s-{number % 20}>星河通信{number % 20}</p>"
        f"<p class=sold>已售 {number % 700}</p>"
        f"<div class=text>{'全国通用，限速不断网。' * 30}</div>"
        f"<ul class=foot>{_FILLER}</ul></body></html>"
    )


def answer_to(path: str, goods: int) -> tuple[str, str]:
    _, kind, *rest = path.split("/")
    match kind, rest:
        case "list", [page]:
            return "200 OK", listed(int(page), goods)
        case "goods", [name]:
            return "200 OK", detailed(int(name.removesuffix(".html")))
        case _:
            return "404 Not Found", ""


async def _serve(goods: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            status, text = answer_to(head.split(b" ", 2)[1].decode(), goods)
            body = text.encode()
            closing = b"connection: close" in head.lower()
            writer.write(
                f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n"
                f"Content-Length: {len(body)}\r\n"
                f"Connection: {'close' if closing else 'keep-alive'}\r\n\r\n".encode()
            )
            writer.write(body)
            await writer.drain()
            if closing:
                break
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


async def main(goods: int) -> None:
    server = await asyncio.start_server(partial(_serve, goods), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
