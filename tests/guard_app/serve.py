"""`python -m tests.guard_app.serve PORT DATA`: composed as `console/app.py` is."""

import sys
from pathlib import Path
from typing import Final

import uvicorn
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from streamlit.starlette import App

from console.web import streamlit_setup
from console.web.compress import Bundles
from console.web.guard import Door, Guard, GuardRules, Login, hide_session_ids

PORT: Final = int(sys.argv[1])
PUBLIC_URL: Final = f"http://127.0.0.1:{PORT}"
LOGINS: Final = {
    f"{name}-token-0123456789": Login(f"{name}-session", name)
    for name in ("alice", "bob", "carol", "dave", "erin", "frank", "gina")
}
TOUCHED: Final[list[str]] = []


def token(request: Request) -> str:
    return str(request.state.token or "")


async def me(request: Request) -> Response:
    login = LOGINS.get(token(request))
    return JSONResponse({"user": login.user}) if login else JSONResponse({}, 401)


async def sign_out(request: Request) -> Response:
    if request.headers.get("x-channel") != "1":
        return JSONResponse({}, 403)
    login = LOGINS.pop(token(request), None)
    if login:
        guard.close(login.session)
    return JSONResponse({})


async def revoke(request: Request) -> Response:
    """A login ends without anyone telling the guard."""
    LOGINS.pop(request.query_params["token"], None)
    return JSONResponse({})


async def touched(_request: Request) -> Response:
    return JSONResponse(TOUCHED)


async def echo(request: Request) -> Response:
    return JSONResponse(
        {"size": len(await request.body()), "headers": sorted(request.headers.keys())},
        headers={"x-powered-by": "us"},
    )


async def public_page(_request: Request) -> Response:
    return HTMLResponse("<!doctype html><title>hall</title><script>window.ran = 1</script>hall")


async def boom(_request: Request) -> Response:
    raise RuntimeError("secret-11010119900307")


streamlit_setup.apply(streamlit_setup.options_for(PUBLIC_URL))
streamlit_app = App(
    Path(__file__).with_name("page.py"),
    routes=[
        Route("/", public_page),
        Route("/signin", public_page),
        Route("/signout", sign_out, methods=["POST"]),
        Route("/api/v1/me", me),
        Route("/echo", echo, methods=["POST"]),
        Route("/big", echo, methods=["POST"]),
        Route("/boom", boom),
        Route("/test/revoke", revoke, methods=["POST"]),
        Route("/test/touched", touched),
    ],
)
guard = Guard(
    Bundles(streamlit_app, Path(sys.argv[2])),
    Door(LOGINS.get, TOUCHED.append),
    GuardRules(
        PUBLIC_URL,
        body_limits={"/big": 4 * 1024 * 1024},
        sockets_per_address=20,
        touch_every=0.5,
    ),
)

if __name__ == "__main__":
    problems = streamlit_setup.unmet(streamlit_setup.options_for(PUBLIC_URL))
    if problems:
        raise SystemExit("\n".join(problems))
    hide_session_ids()
    uvicorn.run(
        guard, host="127.0.0.1", port=PORT, server_header=False, ws_max_size=4 * 1024 * 1024
    )
