"""The public routes and a bare JSON route in one process: `python -m tests.bench.public_server`.

/bare passes the same guard and middleware as every other route, and stands right before the
public ones; /open/… passes no guard.
"""

import gc
import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from console.desk import House
from console.settings import Settings
from console.web import landing, public
from console.web.errors import LastDoor, handlers
from console.web.guard import Door, Guard, GuardRules
from console.web.site import Site

OPEN = "/open"


async def bare(_request: Request) -> JSONResponse:
    return JSONResponse({"hello": "world"})


def served(folder: Path, port: int) -> ASGIApp:
    url = f"http://127.0.0.1:{port}"
    house = House.open(Settings(data=folder, public_url=url))
    site = Site.of(house)
    app = Starlette(
        routes=[
            *site.assets.routes(),
            *landing.routes(site),
            Route("/bare", bare),
            *public.routes(site),
        ],
        middleware=[Middleware(LastDoor, site=site)],
        exception_handlers=handlers(site),
    )
    guard = Guard(app, Door(lambda _: None, lambda _: None), GuardRules(url))

    async def choose(scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", ""))
        if path.startswith(OPEN):
            await app({**scope, "path": path.removeprefix(OPEN)}, receive, send)
        else:
            await guard(scope, receive, send)

    return choose


if __name__ == "__main__":
    port = int(sys.argv[2])
    app = served(Path(sys.argv[1]), port)
    gc.collect()
    gc.freeze()  # as `channel serve` does
    uvicorn.run(app, port=port, access_log=False, server_header=False, log_level="warning")
