"""Streamlit's own files: compressed once, cached for ever by browsers, in the reader's language.

Streamlit sends its bundles raw (4.7 MB cold) and has no translations. Both are mended here,
on copies under our data folder, never in the installed package. A bundle has an address for each
language, `static/zh/js/…`, and the page that loads them says which: a browser keeps both apart.
"""

import gzip
import mimetypes
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import anyio.to_thread
import streamlit
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.web.coming_back import spread_out
from console.web.guard.headers import Headers, streamlit_index
from console.web.sooner import asked_for_at_once, dressed, mended, needed_scripts
from console.web.streamlit_words import CONTEXTS, ZH

RECIPE: Final = 6
"""Raise it when what is made of a bundle changes, so that old copies are not served."""
SUFFIXES: Final = frozenset({".js", ".css", ".wasm", ".json", ".svg"})
WORTH_IT: Final = 1000
FOR_EVER: Final = b"public, immutable, max-age=31536000"
LANGUAGE_TAGS: Final[Mapping[str, str]] = {"zh": "zh-CN", "en": "en"}


def bundles_of_streamlit() -> Path:
    return streamlit_index().parent / "static"


def translated(source: str) -> tuple[str, set[str]]:
    """A bundle with its English literals in Chinese, and which of them it held."""
    found: set[str] = set()
    for english, chinese in ZH.items():
        if f"{english}`" not in source:
            continue
        for context in CONTEXTS:
            before = context.format(english)
            if before in source:
                found.add(english)
                source = source.replace(before, context.format(chinese))
    return source, found


def untranslated() -> set[str]:
    """Literals that this Streamlit no longer has where we look for them."""
    missing = set(ZH)
    for path in (bundles_of_streamlit() / "js").glob("*.js"):
        missing -= translated(path.read_text("utf-8"))[1]
    return missing


def build_bundles(data: Path) -> Path:
    """The folder of compressed copies for this Streamlit; made at the first start.

    `zh` has those that read differently in Chinese, `all` the others.
    """
    folder = data / "bundles" / f"{streamlit.__version__}-{RECIPE}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".making-", dir=folder.parent))
    source = bundles_of_streamlit()
    for path in source.rglob("*"):
        if path.suffix in SUFFIXES and path.stat().st_size > WORTH_IT:
            body, found = path.read_bytes(), set[str]()
            if path.suffix == ".js":
                text, found = translated(mended(spread_out(body.decode())))
                body = text.encode()
            target = fresh / ("zh" if found else "all") / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(_packed(body))
    _put_in_place(fresh, folder)
    return folder


def _packed(body: bytes) -> bytes:
    return gzip.compress(body, 6, mtime=0)


def _put_in_place(fresh: Path, folder: Path) -> None:
    """Two processes may start at once: the first wins, the other's work is thrown away."""
    try:
        os.rename(fresh, folder)  # noqa: PTH104 - Path.rename says the same with less in view
    except OSError:
        shutil.rmtree(fresh)
        if not folder.is_dir():
            raise


async def _always_chinese(_scope: Scope) -> str:
    return "zh"


@dataclass(frozen=True, slots=True)
class Sent:
    """A file as it goes out."""

    body: bytes
    headers: Headers
    is_packed: bool


class Bundles:
    """Answers for the bundles, and puts the reader's language into the page that loads them.

    `spoken_to` tells from a request in which language its sender is spoken to; `style` is the
    address of our own sheet.
    """

    def __init__(
        self,
        app: ASGIApp,
        data: Path,
        *,
        spoken_to: Callable[[Scope], Awaitable[str]] = _always_chinese,
        style: str = "",
        console: str = "/console",
    ) -> None:
        self._app = app
        self._style = style
        self._console = f"{console}/"
        self._prefix = f"{console}/static/"
        self._spoken_to = spoken_to
        self._folder, bare = build_bundles(data), bundles_of_streamlit()
        own, both, chinese = map(_files_below, (bare, self._folder / "all", self._folder / "zh"))
        self._paths = {"zh": {**own, **both, **chinese}, "en": {**own, **both}}
        self._sent: dict[Path, Sent] = {}
        self._needed = needed_scripts(bare / "js")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        headers = dict[bytes, bytes](scope["headers"])
        if path.startswith(self._prefix):
            await self._bundle(scope, receive, send, headers)
        elif path.startswith(self._console) and b"text/html" in headers.get(b"accept", b""):
            plain = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
            page = Page(send, await self._spoken_to(scope), self._needed, self._style)
            await self._app({**scope, "headers": plain}, receive, page.send)
        else:
            await self._app(scope, receive, send)

    async def _bundle(
        self, scope: Scope, receive: Receive, send: Send, headers: Mapping[bytes, bytes]
    ) -> None:
        """A copy of ours, or what Streamlit has under the address without its language."""
        path: str = scope["path"]
        language, _, name = path.removeprefix(self._prefix).partition("/")
        if language not in self._paths:
            await self._app(scope, receive, send)
            return
        found = self._paths[language].get(name)
        sent = await self._file(found) if found is not None else None
        takes_packed = b"gzip" in headers.get(b"accept-encoding", b"")
        if sent is not None and (takes_packed or not sent.is_packed):
            await send({"type": "http.response.start", "status": 200, "headers": sent.headers})
            body = sent.body if scope["method"] == "GET" else b""
            await send({"type": "http.response.body", "body": body})
        else:
            bare = f"{self._prefix}{name}"
            await self._app({**scope, "path": bare, "raw_path": bare.encode()}, receive, send)

    async def _file(self, path: Path) -> Sent:
        """Read once: a first load asks for more than a hundred, most of them smaller than a page.

        What has a copy in Chinese alone is packed when it is first asked for.
        """
        if path not in self._sent:
            self._sent[path] = await anyio.to_thread.run_sync(self._made, path)
        return self._sent[path]

    def _made(self, path: Path) -> Sent:
        body = path.read_bytes()
        is_packed = path.is_relative_to(self._folder)
        if not is_packed and path.suffix == ".js":
            body = mended(spread_out(body.decode())).encode()
        if not is_packed and path.suffix in SUFFIXES and len(body) > WORTH_IT:
            body, is_packed = _packed(body), True
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        headers: Headers = [
            (b"content-type", kind.encode()),
            (b"cache-control", FOR_EVER),
            (b"content-length", str(len(body)).encode()),
        ]
        if is_packed:
            headers += [(b"content-encoding", b"gzip"), (b"vary", b"accept-encoding")]
        return Sent(body, headers, is_packed)


def _files_below(folder: Path) -> dict[str, Path]:
    return {one.relative_to(folder).as_posix(): one for one in folder.rglob("*") if one.is_file()}


class Page:
    """Holds back the head of an HTML answer until its changed body tells the length."""

    def __init__(self, send: Send, language: str, needed: Sequence[str], style: str) -> None:
        self._send = send
        self._style = style
        self._needed = needed
        self._lang = f'<html lang="{LANGUAGE_TAGS[language]}">'.encode()
        self._static = f'"./static/{language}/'.encode()
        self._start: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_html(message["headers"]):
            self._start = message
        elif message["type"] == "http.response.body" and self._start is not None:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._finish(self._start)
        else:
            await self._send(message)

    async def _finish(self, start: Message) -> None:
        body = dressed(asked_for_at_once(self._body, self._needed), self._style)
        body = body.replace(b'<html lang="en">', self._lang)
        body = body.replace(b'"./static/', self._static)
        headers: Headers = [
            pair for pair in start["headers"] if pair[0] not in {b"content-length", b"etag"}
        ]
        headers.append((b"content-length", str(len(body)).encode()))
        await self._send({**start, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


def _is_html(headers: Headers) -> bool:
    return any(name == b"content-type" and b"text/html" in value for name, value in headers)
