"""Public routes at 100,000 agents against a bare Starlette JSON route of the same process.

    python -m tests.bench.bench_public [AGENTS] [SECONDS]

A server with one worker and a client of its own process. The ratio is of requests per second,
round by round beside each other; that of processor time per request is given too, for it stays
true on a machine with other work.

"Once" is cold: no item is asked for twice while the server runs, so each answer is read from the
database and made. "Again" is warm: 200 items over and over, which the server keeps for as long as
nothing in the database changes; here nothing does.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from console.database import migrate
from console.desk import House
from console.settings import Settings
from tests.bench.figures import Figure, keep
from tests.bench.register_data import PLATFORM, fill

PORT = 8597
CONNECTIONS = 16
ROUNDS = 3
PACE = 200
AGAIN = 200
RATIO = 0.5
P99_MS = 50
JSON, HTML = "application/json", "text/html"
Request = tuple[str, str, str, str]
BARE: list[Request] = [("GET", "/bare", JSON, "")]


@dataclass(frozen=True)
class Server:
    port: int
    pid: int

    def load(self, requests: list[Request], seconds: float, rate: float = 0) -> dict[str, Any]:
        """What the client found, and `cpu_us`: the server's processor time per request."""
        command = [sys.executable, "-m", "tests.bench.load"]
        command += [str(self.port), str(seconds), str(CONNECTIONS), str(rate)]
        before = self._spent()
        ran = subprocess.run(
            command, input=json.dumps(requests), capture_output=True, text=True, check=True
        )
        found: dict[str, Any] = json.loads(ran.stdout)
        found["cpu_us"] = (self._spent() - before) / found["count"] * 1e6
        return found

    def _spent(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def askable(made: dict[str, list[str]]) -> dict[str, Callable[[int], Request]]:
    """By name of the question, the request for the agent at a place of the register."""

    def get(path: str, accept: str = JSON) -> Request:
        return ("GET", path, accept, "")

    def hundred(at: int) -> Request:
        shops = (made["shop_ids"] * 2)[at : at + 100]
        pairs = [{"platform": PLATFORM, "shop": one} for one in shops]
        return ("POST", "/lookup", JSON, json.dumps({"pairs": pairs}))

    agents, shops, digits = made["agent_nos"], made["shop_ids"], made["digits"]
    return {
        "/agents/{no} JSON": lambda at: get(f"/agents/{agents[at]}"),
        "/agents/{no} HTML": lambda at: get(f"/agents/{agents[at]}", HTML),
        "/lookup JSON": lambda at: get(f"/lookup?platform={PLATFORM}&shop={quote(shops[at])}"),
        "/b/{digits} JSON": lambda at: get(f"/b/{digits[at]}"),
        "/b/{digits} HTML": lambda at: get(f"/b/{digits[at]}", HTML),
        "POST /lookup of 100": hundred,
    }


def measured(server: Server, made: dict[str, list[str]], seconds: float) -> Iterator[Figure]:
    opened = server.load([("GET", "/open/bare", JSON, "")], seconds)
    guarded = server.load(BARE, seconds)
    speed = f"{guarded['per_second']:,.0f} req/s, {guarded['cpu_us']:.0f} µs"
    without = f"{opened['per_second']:,.0f} req/s without the guard"
    yield Figure("public", "bare JSON route, guarded", speed, "—", is_met=True, against=without)
    for name, request in askable(made).items():
        places = list(range(len(made["agent_nos"])))
        random.Random(name).shuffle(places)  # noqa: S311 - a sample
        fresh = map(request, places)
        if request(0)[0] == "POST":
            yield _beside(server, name, fresh, seconds, target=0)
            continue
        yield _beside(server, f"{name}, once", fresh, seconds)
        paced = server.load(list(islice(fresh, int(PACE * seconds * 2))), seconds * 2, PACE)
        p99 = paced["p99_ms"]
        yield Figure(
            "public", f"{name}, once, p99 at {PACE}/s", f"{p99:.1f} ms", f"≤ {P99_MS} ms",
            p99 <= P99_MS, f"p50 {paced['p50_ms']:.1f} ms",
        )  # fmt: skip
        again = list(islice(fresh, AGAIN))
        server.load(again, 0.2)
        yield _beside(server, f"{name}, again", cycle(again), seconds)


def _beside(
    server: Server,
    name: str,
    requests: Iterator[Request],
    seconds: float,
    target: float = RATIO,
) -> Figure:
    """Medians over rounds, each with the bare route right before it."""
    rates, ratios, cpu = list[float](), list[float](), list[float]()
    for _ in range(ROUNDS):
        peer = server.load(BARE, seconds)
        most = int(peer["per_second"] * seconds * 1.2)
        own = server.load(list(islice(requests, most)), seconds)
        if set(own["statuses"]) != {"200"} or own["count"] > most:
            raise SystemExit(f"{own['count']} of {most} answers: {own['statuses']}")
        rates.append(own["per_second"])
        ratios.append(own["per_second"] / peer["per_second"])
        cpu.append(peer["cpu_us"] / own["cpu_us"])
    ratio = statistics.median(ratios)
    return Figure(
        "public", name, f"{ratio:.2f} of the bare route",
        f"≥ {target:.2f}" if target else "—", ratio >= target,
        f"{statistics.median(rates):,.0f} req/s; by processor time "
        f"{statistics.median(cpu):.2f}",
    )  # fmt: skip


def filled(folder: Path, count: int) -> dict[str, list[str]]:
    """The register in the folder, made when it is not there yet."""
    kept = folder / f"made-{count}.json"
    if not kept.exists():
        house = House.open(Settings(data=folder, public_url=f"http://127.0.0.1:{PORT}"))
        migrate(house.engine)
        made = fill(house, count)
        house.engine.dispose()
        kept.write_text(json.dumps(vars(made)))
    return json.loads(kept.read_text())


def main(count: int = 100_000, seconds: float = 2.0) -> None:
    kept = os.environ.get("BENCH_DATA")
    with tempfile.TemporaryDirectory() as fresh:
        folder = Path(kept or fresh)
        made = filled(folder, count)
        command = [sys.executable, "-m", "tests.bench.public_server", str(folder), str(PORT)]
        with subprocess.Popen(command) as process:
            try:
                _wait(process)
                keep("public", measured(Server(PORT, process.pid), made, seconds))
            finally:
                process.terminate()


def _wait(process: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        if process.poll() is not None:
            raise SystemExit("the server did not start")
        try:
            httpx.get(f"http://127.0.0.1:{PORT}/bare", trust_env=False).raise_for_status()
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the server does not answer")


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:2]), *(float(word) for word in sys.argv[2:3]))
