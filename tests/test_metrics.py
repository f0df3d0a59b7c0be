"""Figures are local, and tell of nobody."""

import asyncio

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from console.web.metrics import Measured, room_of
from tests.serving import free_port


def test_answers_are_counted_by_room_and_status_and_by_nothing_of_anybody() -> None:
    async def agent(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("ok")

    port = free_port()
    app = Measured(Starlette(routes=[Route("/agents/{number}", agent)]), port)

    async def ask() -> None:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            await client.get("/agents/CT-44-2026-000001-8")
            await client.get("/nothing/here")

    asyncio.run(ask())
    figures = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    app.server.shutdown()
    app.server.server_close()

    assert 'channel_answers_total{method="GET",room="agents",status="200"} 1.0' in figures
    assert 'channel_answers_total{method="GET",room="other",status="404"} 1.0' in figures
    assert "CT-44" not in figures


def test_a_path_that_is_not_ours_is_not_named() -> None:
    assert [room_of(path) for path in ("/", "/agents", "/b/123", "/x/secret")] == [
        "other", "agents", "b", "other",
    ]  # fmt: skip
