"""A hundred people clicking every five seconds on one core, and their return after a restart."""

import json
import subprocess
import sys
from collections.abc import Sequence

from models.permissions import Role
from tests.bench.big_world import big_world
from tests.bench.figures import Figure, keep
from tests.serving import free_port, running

USERS, SECONDS, THINK = 100, 60, 5
JITTER = 8
"""Seconds over which tabs come back after a restart (console/web/coming_back)."""
LIMIT_MS = 300
RETURN_LIMIT_MS = 2000
SERVER_CORE, CLIENT_CORE = ("taskset", "-c", "0"), ("taskset", "-c", "1")


def crowd(base: str, tokens: Sequence[str], seconds: float, jitter: float) -> dict[str, float]:
    program = [sys.executable, "-m", "tests.bench.crowd", base, str(len(tokens)), str(seconds)]
    done = subprocess.run(
        [*CLIENT_CORE, *program, str(THINK), str(jitter)],
        input=json.dumps(list(tokens)), capture_output=True, text=True, check=True,
    )  # fmt: skip
    print(done.stderr, file=sys.stderr)
    return json.loads(done.stdout)


def main() -> None:
    with big_world() as world:
        tokens = [
            *world.crowd("CT-44", Role.CHANNEL_MANAGER, USERS - 30),
            *world.crowd("lanhai", Role.PLATFORM_OFFICER, 20),
            *world.crowd("CA-44", Role.REGULATOR, 10),
        ]
        settings = {"CHANNEL_PORT": str(free_port()), "CHANNEL_WORKER": "false"}
        with running(world.folder, under=SERVER_CORE, **settings) as base:
            seen = crowd(base, tokens, SECONDS, 0)
        with running(world.folder, under=SERVER_CORE, **settings) as base:
            back = crowd(base, tokens, 10, JITTER)
    keep("crowd", [*clicking(seen), *returning(back)])


def clicking(seen: dict[str, float]) -> list[Figure]:
    told = (
        f"p50 {seen['click_p50']:.0f} ms, max {seen['click_max']:.0f} ms, {seen['clicks']} clicks; "
        f"arrival within 15 s before: p50 {seen['first_p50']:.0f}, p95 {seen['first_p95']:.0f} ms"
    )
    return [
        Figure("crowd", f"{USERS} people, a click each {THINK} s, server on one core, p95",
               f"{seen['click_p95']:.0f} ms", f"≤ {LIMIT_MS} ms",
               seen["click_p95"] <= LIMIT_MS, told),
        Figure("crowd", "of them dropped", str(seen["dropped"]), "0", seen["dropped"] == 0),
    ]  # fmt: skip


def returning(back: dict[str, float]) -> list[Figure]:
    return [
        Figure("crowd", f"{USERS} tabs back within {JITTER} s of a restart, first run p95",
               f"{back['first_p95']:.0f} ms", f"≤ {RETURN_LIMIT_MS} ms",
               back["first_p95"] <= RETURN_LIMIT_MS and back["dropped"] == 0,
               f"p50 {back['first_p50']:.0f} ms, {back['dropped']} dropped"),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
