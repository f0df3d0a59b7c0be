"""What stands before the reader's wire: strangers shut nobody out, and no page gets in."""

import asyncio
import time
from typing import Any

import httpx

from tests.checks.laptops import Laptop, approved
from tests.checks.test_reader_wire import V1, Wire, bearer, told, wire
from tests.conftest import ONLY_SQLITE, Desks

__all__ = ["wire"]
pytestmark = ONLY_SQLITE


def test_rubbish_under_other_names_shuts_out_no_laptop_behind_the_same_address(
    desks: Desks, wire: Wire
) -> None:
    honest = approved(desks)
    stranger = Laptop(desks.house.house)
    for _ in range(60):
        told(wire.token("token", stranger.assertion()), 401, "device_unknown")
    told(wire.token("token", stranger.assertion()), 429, "later")
    assert wire.token("token", honest.assertion()).status_code == 200


def test_a_web_page_is_not_answered(desks: Desks, wire: Wire) -> None:
    approved(desks)
    answer = wire.ask("GET", "now", headers={"origin": "https://evil.example"})
    assert answer.status_code in {403, 421}
    told(wire.ask("GET", "now", headers={"origin": "http://127.0.0.1:8501"}), 403, "no_pages")


def test_of_two_polls_of_one_laptop_the_newer_waits(desks: Desks, wire: Wire) -> None:
    given = approved(desks).own_pass()

    async def both(client: httpx.AsyncClient) -> Any:  # noqa: ANN401
        tag = (await client.get(f"{V1}/tasks", headers=bearer(given))).json()["tag"]
        path = f"{V1}/tasks?wait=20&seen={tag}"
        older = asyncio.create_task(client.get(path, headers=bearer(given)))
        await asyncio.sleep(0)
        newer = asyncio.create_task(client.get(path, headers=bearer(given)))
        begun = time.monotonic()
        done, _ = await asyncio.wait({older, newer}, return_when=asyncio.FIRST_COMPLETED)
        newer.cancel()
        older.cancel()
        return done, time.monotonic() - begun

    done, took = wire.within(both)
    assert len(done) == 1
    assert took < 10
