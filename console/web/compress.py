"""Streamlit's own files: compressed once, cached for ever by browsers, and in Chinese.

Streamlit sends its bundles raw (4.7 MB cold) and has no translations. Both are mended here,
on copies under our data folder, never in the installed package.
"""

import gzip
import mimetypes
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import streamlit
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.web.guard.headers import Headers, streamlit_index

RECIPE: Final = 3
"""Raise it when what is made of a bundle changes, so that old copies are not served."""
SUFFIXES: Final = frozenset({".js", ".css", ".wasm", ".json", ".svg"})
WORTH_IT: Final = 1000
FOR_EVER: Final = b"public, immutable, max-age=31536000"
LANGUAGE_TAGS: Final[Mapping[str, str]] = {"zh": "zh-CN", "en": "en"}

ZH: Final[Mapping[str, str]] = {
    "Choose options": "请选择",
    "Choose an option": "请选择",
    "Show/hide columns": "显示或隐藏列",
    "Download as CSV": "下载 CSV",
    "Fullscreen": "全屏",
    "Close fullscreen": "退出全屏",
    "Search": "搜索",
    "Clear selection": "清除选择",
    "Connection error": "连接中断",
    "Take Photo": "拍照",
    "Sort ascending": "升序",
    "Sort descending": "降序",
    "Pin column": "固定列",
    "Unpin column": "取消固定",
    "Hide column": "隐藏列",
    "Autosize": "自动列宽",
    "No results": "无结果",
    "Select all": "全选",
    "Next page": "下一页",
    "Previous page": "上一页",
    "Upload": "上传",
    "Add files": "添加文件",
    "per file": "以内（单个文件）",
    "Drag and drop a file here": "将文件拖到此处",
    "Drag and drop files here": "将文件拖到此处",
    "Link to heading": "本节链接",
    "Clear all": "全部清除",
    "Running...": "运行中……",
    "Rerun": "重新运行",
    "Show password": "显示密码",
    "Hide password": "隐藏密码",
    "Loading": "加载中",
}
CONTEXTS: Final = (
    "label:`{}`",
    "children:`{}`",
    '"aria-label":`{}`',
    "title:`{}`",
    "placeholder:`{}`",
    "`}}),`{}`",
    ":`{}`",
    "?`{}`",
    "return`{}`",
    "showError(`{}`",
    "}} {}`",
)
"""Where a literal is text for people; elsewhere the same word may be a key."""


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


def build_bundles(data: Path, language: str) -> Path:
    """The folder of compressed copies for this Streamlit and language; made at the first start."""
    folder = data / "bundles" / f"{streamlit.__version__}-{language}-{RECIPE}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".making-", dir=folder.parent))
    source = bundles_of_streamlit()
    for path in source.rglob("*"):
        if path.suffix in SUFFIXES and path.stat().st_size > WORTH_IT:
            target = fresh / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(gzip.compress(_made(path, language), 6, mtime=0))
    _put_in_place(fresh, folder)
    return folder


def _made(path: Path, language: str) -> bytes:
    if language == "zh" and path.suffix == ".js":
        return translated(path.read_text("utf-8"))[0].encode()
    return path.read_bytes()


def _put_in_place(fresh: Path, folder: Path) -> None:
    """Two processes may start at once: the first wins, the other's work is thrown away."""
    try:
        os.rename(fresh, folder)  # noqa: PTH104 - Path.rename says the same with less in view
    except OSError:
        shutil.rmtree(fresh)
        if not folder.is_dir():
            raise


class Bundles:
    """Answers for the bundles, and puts the language into the page that loads them."""

    def __init__(
        self, app: ASGIApp, data: Path, *, language: str = "zh", console: str = "/console"
    ) -> None:
        self._app = app
        self._console = f"{console}/"
        self._prefix = f"{console}/static/"
        tag = LANGUAGE_TAGS[language]
        self._lang = f'<html lang="{tag}">'.encode()
        folder = build_bundles(data, language)
        self._paths = {
            path.relative_to(folder).as_posix(): path
            for path in folder.rglob("*")
            if path.is_file()
        }
        self._read: dict[str, bytes] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        headers = dict[bytes, bytes](scope["headers"])
        name = path.removeprefix(self._prefix)
        takes_gzip = b"gzip" in headers.get(b"accept-encoding", b"")
        if path.startswith(self._prefix) and name in self._paths and takes_gzip:
            await self._answer(name, scope["method"], send)
        elif path.startswith(self._console) and b"text/html" in headers.get(b"accept", b""):
            plain = [pair for pair in scope["headers"] if pair[0] != b"accept-encoding"]
            page = Page(send, self._lang)
            await self._app({**scope, "headers": plain}, receive, page.send)
        else:
            await self._app(scope, receive, send)

    async def _answer(self, name: str, method: str, send: Send) -> None:
        body = self._read.get(name)
        if body is None:
            body = self._read[name] = self._paths[name].read_bytes()
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        headers = [
            (b"content-type", kind.encode()),
            (b"content-encoding", b"gzip"),
            (b"vary", b"accept-encoding"),
            (b"cache-control", FOR_EVER),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body if method == "GET" else b""})


class Page:
    """Holds back the head of an HTML answer until its changed body tells the length."""

    def __init__(self, send: Send, lang: bytes) -> None:
        self._send = send
        self._lang = lang
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
        body = self._body.replace(b'<html lang="en">', self._lang)
        headers: Headers = [
            pair for pair in start["headers"] if pair[0] not in {b"content-length", b"etag"}
        ]
        headers.append((b"content-length", str(len(body)).encode()))
        await self._send({**start, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})


def _is_html(headers: Headers) -> bool:
    return any(name == b"content-type" and b"text/html" in value for name, value in headers)
