"""One process, one port: the console, the API, the public pages and the durable work."""

import asyncio
import gc
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import anyio.to_thread
import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Scope
from streamlit.starlette import App

from console.actions.channel.editions import newest_list
from console.actions.channel.scan_counts import FLUSHED_EACH, Tally
from console.actions.staff.sign_in import looked_at_by_door, touch_session
from console.desk import House
from console.i18n import language_of
from console.jobs import engine
from console.pages import frame
from console.pages.navigation import LANDING, import_parts, landing_of
from console.web import (
    account,
    files,
    health,
    landing,
    oidc,
    public,
    reader,
    sign_in,
    streamlit_setup,
)
from console.web.api import app as api
from console.web.compress import Bundles
from console.web.errors import LastDoor, handlers
from console.web.guard import Door, Guard, GuardRules, Login, keep_quiet
from console.web.metrics import Measured
from console.web.run_threads import put_in_line
from console.web.session import signed_in_of
from console.web.site import Published, Site
from models.refusals import Refusal

SCRIPT: Final = Path(frame.__file__).parent / "main.py"
MIB: Final = 1024 * 1024
BODY_LIMITS: Final = {
    "/api/v1/badges/check-picture": 11 * MIB,
    "/api/v1/card-orders": 11 * MIB,
    "/api/v1/case-tasks": 11 * MIB,
    "/api/v1/cases": 11 * MIB,
    "/api/v1/imports": 512 * MIB,
    "/api/v1/industry-batches": 11 * MIB,
    "/api/v1/instructions": 11 * MIB,
    "/api/v1/notices": 25 * MIB,
    "/api/v1/persons": 65 * MIB,
    "/api/v1/purchasers": 11 * MIB,
    "/api/v1/rectifications": 25 * MIB,
    "/api/v1/usage": 8 * MIB,
    "/api/v1/usage-findings": 25 * MIB,
    "/api/v1/usage/files": 512 * MIB,
    "/reader/v1": 16 * 1024,
    "/report": 32 * MIB,
}
_THREADS: Final = 40
_TURN_SECONDS: Final = 0.0005

Lifespan = Callable[[Any], AbstractAsyncContextManager[dict[str, Any]]]


def served(house: House, *, console: bool = True) -> ASGIApp:
    """What `channel serve` listens with: the server, counted when a port for figures is set."""
    guard = build(house, console=console, worker=house.settings.worker)
    port = house.settings.metrics_port
    return Measured(guard, port) if port else guard


def build(house: House, *, console: bool = True, worker: bool = True) -> Guard:
    """The whole server as one ASGI application behind the guard."""
    keep_quiet()
    guards: list[Guard] = []
    tally = Tally.of(house)
    site = Site.of(
        house,
        newest_list=lambda: _newest_list(house),
        close_sockets=lambda session: guards[0].close(str(session)),
        scanned=tally.count,
    )
    working: list[engine.Engine] = []
    routes = _routes(house, site, lambda: not worker or bool(working))
    lifespan = _lifespan(house, tally, working, worker=worker)
    within = _with_console if console else _bare
    inner = within(house, site, routes, lifespan)
    rules = GuardRules(
        house.settings.public_url,
        more_origins=_also_local(house.settings.public_url),
        body_limits=BODY_LIMITS,
    )
    guard = Guard(inner, Door(_login_of(house), _touch(house)), rules)
    guards.append(guard)
    return guard


def _newest_list(house: House) -> Published | None:
    """As people read it: the agents' own pages, and not the signed files for programs."""
    found = newest_list(house)
    if found is None:
        return None
    return Published(found.publisher, found.number, found.at, found.agents, "/agents")


def _also_local(public_url: str) -> tuple[str, ...]:
    """On a laptop `localhost` and `127.0.0.1` are the same place to people."""
    if urlsplit(public_url).hostname != "localhost":
        return ()
    return (public_url.replace("localhost", "127.0.0.1"),)


def _routes(house: House, site: Site, is_working: Callable[[], bool]) -> list[BaseRoute]:
    return [
        *health.routes(house, is_working),
        *landing.routes(site),
        *sign_in.routes(site),
        *oidc.routes(site),
        *account.routes(site),
        Route("/console/", partial(_home, house)),
        *files.routes(site),
        *public.routes(site),
        *reader.routes(house),
        *site.assets.routes(),
        Mount("/api/v1", api.build(house)),
    ]


def _home(house: House, request: Request) -> RedirectResponse:
    """To where this person's day begins; from a page of the console it would take a run more."""
    person = signed_in_of(house, request, touch=False)
    page = landing_of(person.actor) if person else LANDING
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/console/{page}{query}")


def _with_console(house: House, site: Site, routes: list[BaseRoute], lifespan: Lifespan) -> ASGIApp:
    options = streamlit_setup.options_for(house.settings.public_url)
    streamlit_setup.apply(options)
    put_in_line()
    frame.open_at(house)
    import_parts()
    app = App(
        SCRIPT,
        routes=routes,
        middleware=[Middleware(LastDoor, site=site)],
        lifespan=lifespan,
        exception_handlers=handlers(site),
        on_script_error=_log_script_error,
    )
    style = site.assets.address("console.css")
    return Bundles(app, house.settings.data, spoken_to=_spoken_to(house), style=style)


def _spoken_to(house: House) -> Callable[[Scope], Awaitable[str]]:
    """As the console's own pages find it: the language that whoever is signed in has chosen."""

    async def spoken_to(scope: Scope) -> str:
        here = HTTPConnection(scope)
        person = await anyio.to_thread.run_sync(partial(signed_in_of, house, here, touch=False))
        return language_of(person.language if person else house.settings.language)

    return spoken_to


def _bare(_house: House, site: Site, routes: list[BaseRoute], lifespan: Lifespan) -> ASGIApp:
    return Starlette(
        routes=routes,
        middleware=[Middleware(LastDoor, site=site)],
        lifespan=lifespan,
        exception_handlers=handlers(site),
    )


def _log_script_error(error: BaseException) -> bool:
    """Where a page broke, without the words of the error: they may quote identity data."""
    structlog.get_logger(__name__).error("page_fault", kind=type(error).__name__, exc_info=False)
    return True


def _lifespan(
    house: House, tally: Tally, working: list[engine.Engine], *, worker: bool
) -> Lifespan:
    @asynccontextmanager
    async def run(_app: object) -> AsyncGenerator[dict[str, Any]]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = _THREADS
        if worker:
            working.append(await anyio.to_thread.run_sync(engine.start, house))
        _settle()
        counting = asyncio.create_task(_keep_counting(tally))
        try:
            yield {}
        finally:
            counting.cancel()
            await anyio.to_thread.run_sync(_flush, tally)
            for one in working:
                await anyio.to_thread.run_sync(one.stop)
            working.clear()

    return run


def _settle() -> None:
    """Once all is there, the process is set for many short runs at the same time.

    A full look for garbage over what is there by now takes a quarter of a second: it is not looked
    at again, and the rest after ten million new things instead of 70,000. With turns of 5 ms the
    thread that holds the sockets would come too late between two runs.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)
    sys.setswitchinterval(_TURN_SECONDS)


async def _keep_counting(tally: Tally) -> None:
    while True:
        await asyncio.sleep(FLUSHED_EACH.total_seconds())
        await anyio.to_thread.run_sync(_flush, tally)


def _flush(tally: Tally) -> None:
    """What could not be kept stays in the tally for the next time."""
    try:
        tally.flush()
    except (Refusal, SQLAlchemyError):
        structlog.get_logger(__name__).exception("scans.not_kept")


def _login_of(house: House) -> Callable[[str], Login | None]:
    def login_of(token: str) -> Login | None:
        found = looked_at_by_door(house, token)
        if found is None:
            return None
        rights = ",".join(sorted(found.actor.roles))
        return Login(str(found.session_id), str(found.actor.id), rights)

    return login_of


def _touch(house: House) -> Callable[[str], None]:
    return lambda session: touch_session(house, UUID(session))
