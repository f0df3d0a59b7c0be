"""Many people at the console at once, as raw websockets, in a process of their own.

    python -m tests.bench.crowd BASE USERS SECONDS THINK JITTER < tokens.json

Each signs in with a token of its own, opens a page, and clicks on after an exponential pause of
THINK seconds on the average. Connections begin 0.15 s apart on the page where a day begins, or
within JITTER seconds of each other where that is not 0, as after a restart, on any page. What is
clicked counts once all have been there for some seconds. Prints one JSON object.
"""

import asyncio
import json
import random
import sys
import time
from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin, Subprotocol

INTERRUPTED = ForwardMsg.FINISHED_EARLY_FOR_RERUN
"""Another run follows by itself, as where a page leads on to another."""
_STEP = 0.15
_SETTLES = 15.0
"""Seconds after the last one has come, until clicks count."""
_LONGEST = 60.0
CLICKS = (
    ("work_list", ""),
    ("agents", ""),
    ("agents", "?q=通信"),
    ("agents", "?state=active"),
    ("cases", ""),
    ("cases", "?view=cases"),
    ("findings", ""),
    ("shops", ""),
    ("overview", ""),
)


@dataclass
class Told:
    """Seconds of each run, the first ones apart; who was dropped."""

    first: list[float] = field(default_factory=list[float])
    clicks: list[float] = field(default_factory=list[float])
    dropped: int = 0
    size: int = 0


async def run(
    line: ClientConnection, told: Told, pages: dict[str, str], page: str = "", query: str = ""
) -> float:
    """One rerun, to its end."""
    state = ClientState(query_string=query, page_script_hash=pages.get(page, ""))
    if not state.page_script_hash:
        state.page_name = page
    begun = time.perf_counter()
    await line.send(BackMsg(rerun_script=state).SerializeToString())
    while True:
        data = await asyncio.wait_for(line.recv(), _LONGEST)
        assert isinstance(data, bytes)
        told.size += len(data)
        if len(data) > 200_000:
            continue
        message = ForwardMsg.FromString(data)
        kind = message.WhichOneof("type")
        if kind == "navigation":
            for one in message.navigation.app_pages:
                pages[one.url_pathname] = one.page_script_hash
        if kind == "script_finished" and message.script_finished != INTERRUPTED:
            return time.perf_counter() - begun


@dataclass(frozen=True)
class Habits:
    base: str
    counts: float
    ends: float
    think: float
    first: tuple[str, ...]
    """Pages on which people come in, by chance."""


async def person(habits: Habits, token: str, begins: float, told: Told) -> None:
    await asyncio.sleep(begins)
    base = habits.base
    dice = random.Random(token)  # noqa: S311 - pauses
    pages: dict[str, str] = {}
    try:
        async with connect(
            base.replace("http", "ws", 1) + "/console/_stcore/stream",
            origin=Origin(base),
            additional_headers={"Cookie": f"channel={token}"},
            subprotocols=[Subprotocol("streamlit"), Subprotocol("PLACEHOLDER_AUTH_TOKEN")],
            max_size=None,
            open_timeout=_LONGEST,
        ) as line:
            told.first.append(await run(line, told, pages, dice.choice(habits.first)))
            while time.perf_counter() < habits.ends:
                await asyncio.sleep(dice.expovariate(1 / habits.think))
                page, query = dice.choice(CLICKS)
                clicked = time.perf_counter()
                took = await run(line, told, pages, page, query)
                if clicked >= habits.counts:
                    told.clicks.append(took)
    except (WebSocketException, TimeoutError, OSError) as error:
        told.dropped += 1
        print(repr(error), file=sys.stderr)


async def crowd(base: str, tokens: list[str], seconds: float, think: float, jitter: float) -> Told:
    told = Told()
    ramp = jitter or _STEP * len(tokens)
    counts = time.perf_counter() + ramp + _SETTLES
    first = tuple(page for page, _ in CLICKS) if jitter else ("work_list",)
    habits = Habits(base, counts, counts + seconds, think, first)
    dice = random.Random(7)  # noqa: S311 - pauses
    begins = [dice.uniform(0, jitter) if jitter else at * _STEP for at in range(len(tokens))]
    await asyncio.gather(
        *(person(habits, token, begin, told) for token, begin in zip(tokens, begins, strict=True))
    )
    return told


def _at(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def main() -> None:
    base, users, seconds, think, jitter = sys.argv[1], *map(float, sys.argv[2:])
    tokens = json.load(sys.stdin)[: int(users)]
    told = asyncio.run(crowd(base, tokens, seconds, think, jitter))
    found = {
        f"{name}_{word}": round(_at(values, share) * 1000, 1)
        for name, values in (("first", told.first), ("click", told.clicks))
        for word, share in (("p50", 0.5), ("p95", 0.95), ("max", 1.0))
    }
    counts = {"clicks": len(told.clicks), "dropped": told.dropped, "bytes": told.size}
    print(json.dumps({**found, **counts}))


if __name__ == "__main__":
    main()
