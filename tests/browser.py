"""A visitor of the web doors: keeps cookies, fills forms, follows nothing unasked."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from selectolax.lexbor import LexborHTMLParser
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from console.web import account, landing, oidc, sign_in
from console.web.errors import LastDoor, handlers
from console.web.site import Site

PUBLIC = "http://127.0.0.1:8501"


def web_app(site: Site, more: list[Route] | None = None) -> Starlette:
    doors = (landing, sign_in, account, oidc)
    routes = [route for door in doors for route in door.routes(site)]
    return Starlette(
        routes=[*routes, *site.assets.routes(), *(more or [])],
        exception_handlers=handlers(site),
        middleware=[Middleware(LastDoor, site=site)],
    )


@dataclass
class Visitor:
    app: Starlette
    base: str = PUBLIC
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    page: httpx.Response | None = None

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(
                transport=transport, base_url=self.base, cookies=self.cookies
            ) as http:
                headers = {"accept": "text/html", **self.headers, **options.pop("headers", {})}
                response = await http.request(method, path, headers=headers, **options)
                self.cookies = http.cookies
                return response

        self.page = asyncio.run(once())
        return self.page

    def get(self, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401
        return self.ask("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401
        return self.ask("POST", path, **options)

    def send_form(self, **fields: str) -> httpx.Response:
        """Fill the posting form of the page that is open, and send it."""
        action, given = form_of(self.open_page)
        return self.post(action, data={**given, **fields})

    @property
    def open_page(self) -> str:
        assert self.page is not None
        return self.page.text

    def sign_in(self, login: str, password: str, path: str = "/signin") -> httpx.Response:
        self.get(path)
        return self.send_form(login=login, password=password)


def form_of(page: str) -> tuple[str, dict[str, str]]:
    """Where the page's posting form goes, and what its fields hold."""
    form = LexborHTMLParser(page).css_first("form[method=post]")
    assert form is not None
    fields = {
        str(box.attributes["name"]): box.attributes.get("value") or ""
        for box in form.css("input[name]")
    }
    return str(form.attributes["action"]), fields


def set_cookies(response: httpx.Response) -> dict[str, set[str]]:
    """Of each cookie set: its attributes in lower case, without its value."""
    found: dict[str, set[str]] = {}
    for line in response.headers.get_list("set-cookie"):
        pair, *attributes = line.split(";")
        found[pair.split("=")[0]] = {each.strip().lower() for each in attributes}
    return found
