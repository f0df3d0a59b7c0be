"""What Streamlit itself says is in the language of whoever reads the page, and `lang` says so."""

import asyncio
import re
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from console.web.compress import Bundles, bundles_of_streamlit
from console.web.guard.headers import streamlit_index

INDEX = "/console/"


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Bundles:
    """Streamlit's own files behind ours; a header says how the reader is spoken to."""

    async def page(_request: Request) -> Response:
        return FileResponse(streamlit_index())

    async def spoken_to(scope: Scope) -> str:
        return dict(scope["headers"])[b"x-spoken-to"].decode()

    files = StaticFiles(directory=bundles_of_streamlit())
    app = Starlette(routes=[Route(INDEX, page), Mount("/console/static", files)])
    return Bundles(app, Path(tmp_path_factory.mktemp("bundles")), spoken_to=spoken_to)


def got(bundles: Bundles, path: str, language: str, packed: str = "gzip") -> httpx.Response:
    async def once() -> httpx.Response:
        transport = httpx.ASGITransport(bundles)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            headers = {"accept": "text/html", "x-spoken-to": language, "accept-encoding": packed}
            return await http.get(path, headers=headers)

    return asyncio.run(once())


@pytest.mark.parametrize(
    ("language", "tag", "says", "does_not_say"),
    [("zh", "zh-CN", "跳到正文", "Skip to main"), ("en", "en", "Skip to main content", "跳到正文")],
)
def test_a_reader_gets_the_page_and_its_bundles_in_their_language(
    bundles: Bundles, language: str, tag: str, says: str, does_not_say: str
) -> None:
    page = got(bundles, INDEX, language).text
    assert f'<html lang="{tag}">' in page
    script = re.search(r'src="\.(/static/[^"]+index[^"]+\.js)"', page)
    assert script is not None
    bundle = got(bundles, f"/console{script[1]}", language)
    assert bundle.headers["content-encoding"] == "gzip"
    assert "immutable" in bundle.headers["cache-control"]
    assert says in bundle.text
    assert does_not_say not in bundle.text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_has_no_copy_of_ours_is_streamlits_own_file(bundles: Bundles, language: str) -> None:
    font = next((bundles_of_streamlit() / "media").glob("*.woff2"))
    found = got(bundles, f"/console/static/{language}/media/{font.name}", language)
    assert found.content == font.read_bytes()


def test_a_browser_that_takes_no_gzip_gets_the_bare_bundle(bundles: Bundles) -> None:
    name = next((bundles_of_streamlit() / "js").glob("index.*.js")).name
    found = got(bundles, f"/console/static/en/js/{name}", "en", packed="identity")
    assert found.is_success
    assert "content-encoding" not in found.headers
