"""The process that holds the browser. It is told what to show, and asks for all that it needs.

    python -m integrations.browser.child /usr/bin/chromium

Everything a page wants comes by `ask` messages from the other end of the pipe. Chromium itself is
given a proxy at a dead port and no names, so that what slips by the gate goes nowhere.
"""

import asyncio
import os
import sys
from base64 import b64decode, b64encode
from contextlib import suppress
from itertools import count
from threading import Thread
from time import monotonic
from typing import Any, BinaryIO, Final

from playwright.async_api import (
    Browser,
    BrowserContext,
    Dialog,
    Download,
    Error,
    Page,
    Playwright,
    Request,
    Route,
    WebSocketRoute,
    async_playwright,
)
from playwright.async_api import TimeoutError as SlowError

from integrations.browser.pipe import Message, packed, receive

WIDTH: Final = 1280
_HEIGHT: Final = 900
MOST_HEIGHT: Final = 12_000
_REST_SECONDS: Final = 6.0
"""At most, for what a page asks after it was read."""
_QUIET_SECONDS: Final = 0.5
_LARGEST: Final = 20 << 20
_NOWHERE: Final = "http://127.0.0.1:9"
"""The discard port: nobody answers there, and a guard that let it through would be seen to."""
_OFF: Final = (
    "NetworkPrediction", "Prerender2", "SpeculationRulesPrefetchFuture", "WebTransport",
    "DnsOverHttps", "MediaRouter", "OptimizationHints", "AutofillServerCommunication", "Translate",
)  # fmt: skip
_FLAGS: Final = (
    f"--proxy-server={_NOWHERE}",
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    f"--disable-features={','.join(_OFF)}",
    "--dns-prefetch-disable",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-breakpad",
    "--disable-gpu",
    "--disable-sync",
    "--no-pings",
    "--no-first-run",
    "--mute-audio",
    "--block-new-web-contents",
    "--js-flags=--max-old-space-size=256",
    "--disk-cache-size=1",
)
_TAKEN_AWAY: Final = """
for (const name of ["RTCPeerConnection", "webkitRTCPeerConnection", "WebTransport", "Worker",
    "SharedWorker", "WebSocketStream"]) {
  try { Object.defineProperty(window, name, {value: undefined}); } catch (error) {}
}
window.print = () => {}; window.open = () => null;
"""
_SCROLL: Final = "document.documentElement ? document.documentElement.scrollHeight : 0"


class Pipe:
    """The other end: questions go out with a number, answers come back under it."""

    def __init__(self, source: BinaryIO, out: BinaryIO) -> None:
        self._source = source
        self._out = out
        self._loop = asyncio.get_running_loop()
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self.orders: asyncio.Queue[Message | None] = asyncio.Queue()
        Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while message := receive(self._source):
            self._loop.call_soon_threadsafe(self._take, message)
        self._loop.call_soon_threadsafe(self.orders.put_nowait, None)

    def _take(self, message: Message) -> None:
        if "number" not in message:
            self.orders.put_nowait(message)
            return
        waiting = self._waiting.pop(message["number"], None)
        if waiting is not None and not waiting.done():
            waiting.set_result(message)

    def tell(self, message: Message) -> None:
        self._out.write(packed(message))
        self._out.flush()

    async def ask(self, message: Message) -> Message:
        number = next(self._numbers)
        self._waiting[number] = self._loop.create_future()
        self.tell({**message, "number": number})
        return await self._waiting[number]

    def forget(self) -> None:
        for waiting in self._waiting.values():
            waiting.cancel()
        self._waiting.clear()


class Gate:
    """Every request of one page, handed out and answered from what was fetched for it."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self.busy = 0
        self.last = monotonic()

    async def open(self, context: BrowserContext) -> None:
        await context.route("**/*", self._answer)
        await context.route_web_socket("**/*", _no_socket)

    async def _answer(self, route: Route, request: Request) -> None:
        self.busy += 1
        try:
            await self._fulfil(route, request)
        except Error:
            pass  # the page has gone meanwhile
        finally:
            self.busy -= 1
            self.last = monotonic()

    async def _fulfil(self, route: Route, request: Request) -> None:
        body = request.post_data_buffer
        answer = await self._pipe.ask(
            {
                "do": "ask",
                "url": request.url,
                "method": request.method,
                "headers": request.headers,
                "body": b64encode(body).decode() if body else "",
                "main": request.is_navigation_request(),
            }
        )
        if "status" not in answer:
            await route.abort("blockedbyclient")
            return
        content = b64decode(answer["body"])
        await route.fulfill(status=answer["status"], headers=answer["headers"], body=content)

    async def rest(self, until: float) -> None:
        """Wait till nothing has been asked for a while, or no time is left."""
        while monotonic() < until and (self.busy or monotonic() - self.last < _QUIET_SECONDS):  # noqa: ASYNC110 - quiet is no event
            await asyncio.sleep(0.05)


async def _no_socket(socket: WebSocketRoute) -> None:
    await socket.close()


async def _dismiss(dialog: Dialog) -> None:
    with suppress(Error):
        await dialog.dismiss()


async def _cancel(download: Download) -> None:
    with suppress(Error):
        await download.cancel()


async def _shoot(browser: Browser, pipe: Pipe, order: Message) -> Message:
    context = await browser.new_context(
        viewport={"width": WIDTH, "height": _HEIGHT},
        java_script_enabled=order["javascript"],
        service_workers="block",
        accept_downloads=False,
        locale="zh-CN",
        user_agent=order["agent"] or None,
        permissions=[],
    )
    gate = Gate(pipe)
    try:
        await context.add_init_script(_TAKEN_AWAY)
        await gate.open(context)
        page = await context.new_page()
        context.on("page", lambda other: other.close() if other is not page else None)
        page.on("dialog", _dismiss)
        page.on("download", _cancel)
        return await _looked_at(page, gate, order)
    finally:
        pipe.forget()
        with suppress(Error, TimeoutError):
            await asyncio.wait_for(context.close(), 2)


async def _looked_at(page: Page, gate: Gate, order: Message) -> Message:
    seconds: float = order["seconds"]
    until = monotonic() + seconds * 0.7
    await page.goto(order["url"], wait_until="domcontentloaded", timeout=seconds * 1000)
    await gate.rest(min(until, monotonic() + _REST_SECONDS))
    height = max(_HEIGHT, min(int(await page.evaluate(_SCROLL) or 0), MOST_HEIGHT))
    await page.set_viewport_size({"width": WIDTH, "height": height})
    await gate.rest(min(until, monotonic() + _REST_SECONDS / 3))
    whole = int(await page.evaluate(_SCROLL) or 0)
    png = await page.screenshot(type="png", animations="disabled", caret="hide")
    told: Message = {
        "url": page.url,
        "title": (await page.title())[:500],
        "width": WIDTH,
        "height": height,
        "cut": whole > MOST_HEIGHT,
        "png": b64encode(png).decode() if len(png) <= _LARGEST else "",
        "mhtml": "",
    }
    session = await page.context.new_cdp_session(page)
    snapshot: dict[str, Any] = await session.send(  # pyright: ignore[reportUnknownMemberType,reportUnknownVariableType]
        "Page.captureSnapshot", {"format": "mhtml"}
    )
    mhtml = str(snapshot["data"]).encode()
    if len(mhtml) <= _LARGEST:
        told["mhtml"] = b64encode(mhtml).decode()
    return told


async def _launch(playwright: Playwright, executable: str) -> Browser:
    return await playwright.chromium.launch(
        executable_path=executable,
        headless=True,
        args=list(_FLAGS),
        chromium_sandbox=os.geteuid() != 0,  # Chromium refuses to build its sandbox as root
        env={**_environment(), "LANG": "zh_CN.UTF-8"},
    )


def _environment() -> dict[str, str | float | bool]:
    """None of the house's settings: a key in the environment is no browser's business."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}


async def _serve(executable: str, out: BinaryIO) -> None:
    pipe = Pipe(sys.stdin.buffer, out)
    async with async_playwright() as playwright:
        browser = await _launch(playwright, executable)
        pipe.tell({"ready": browser.version})
        while order := await pipe.orders.get():
            try:
                shown = await asyncio.wait_for(_shoot(browser, pipe, order), order["seconds"])
            except (TimeoutError, SlowError):
                shown = {"hung": True}
            except Error as error:
                shown = {"failed": str(error)[:300]}
            pipe.tell({"shown": shown})
        await browser.close()


def main() -> None:
    # What libraries print is no message.
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    asyncio.run(_serve(sys.argv[1], out))


if __name__ == "__main__":
    main()
