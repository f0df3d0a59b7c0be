"""Public routes at 100,000 agents against a bare Starlette JSON route of the same process.

    python -m tests.bench.bench_public [AGENTS] [SECONDS]

A server with one worker and a client of its own process. The ratio is of requests per second,
round by round beside each other; processor time per request is given too, for it stays true on a
machine with other work. What is asked for is drawn from the whole register, so that nothing is
answered from a cache but where the name says "again".
"""

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from console.database import migrate
from console.desk import House
from console.settings import Settings
from tests.bench.register_data import PLATFORM, fill
from tests.bench.rows import Row, keep

PORT = 8597
CONNECTIONS = 16
ROUNDS = 3
PACE = 200
DRAWN = 5000
TARGET = ">= 0.50x"
JSON, HTML = "application/json", "text/html"
Request = tuple[str, str, str, str]


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


def drawn(made: dict[str, list[str]]) -> dict[str, list[Request]]:
    random.seed(7)
    places = random.sample(range(len(made["agent_nos"])), min(DRAWN, len(made["agent_nos"])))
    agents = [f"/agents/{made['agent_nos'][at]}" for at in places]
    shops = [made["shop_ids"][at] for at in places]
    badges = [f"/b/{made['digits'][at]}" for at in places]
    hundred = json.dumps({"pairs": [{"platform": PLATFORM, "shop": one} for one in shops[:100]]})
    return {
        "/agents/{no} JSON": [("GET", path, JSON, "") for path in agents],
        "/agents/{no} HTML": [("GET", path, HTML, "") for path in agents],
        "/agents/{no} HTML, again": [("GET", path, HTML, "") for path in agents[:200]],
        "/lookup JSON": [
            ("GET", f"/lookup?platform={PLATFORM}&shop={quote(one)}", JSON, "") for one in shops
        ],
        "/b/{digits} JSON": [("GET", path, JSON, "") for path in badges],
        "/b/{digits} JSON, again": [("GET", path, JSON, "") for path in badges[:200]],
        "/b/{digits} HTML, again": [("GET", path, HTML, "") for path in badges[:200]],
        "POST /lookup of 100": [("POST", "/lookup", JSON, hundred)],
    }


def measured(server: Server, made: dict[str, list[str]], seconds: float) -> list[Row]:
    bare: list[Request] = [("GET", "/bare", JSON, "")]
    opened = server.load([("GET", "/open/bare", JSON, "")], seconds)
    guarded = server.load(bare, seconds)
    rows = [
        Row("bare route, no guard", opened["per_second"], "req/s"),
        Row("bare route", guarded["per_second"], "req/s", ratio=1.0),
        Row("bare route, processor", guarded["cpu_us"], "us/req"),
    ]
    for name, requests in drawn(made).items():
        found = _beside(server, bare, requests, seconds)
        limit = "" if name.startswith("POST") else TARGET
        rows.append(Row(name, found["per_second"], "req/s", limit, found["ratio"]))
        rows.append(Row(f"{name}, processor", found["cpu_us"], "us/req", ratio=found["cpu"]))
        if name.startswith("POST"):
            continue
        paced = server.load(requests, seconds * 2, PACE)
        rows.append(Row(f"{name}, p50 at {PACE}/s", paced["p50_ms"], "ms"))
        rows.append(Row(f"{name}, p99 at {PACE}/s", paced["p99_ms"], "ms", "<= 50 ms"))
    return rows


def _beside(
    server: Server, bare: list[Request], requests: list[Request], seconds: float
) -> dict[str, float]:
    """Medians over rounds, each with the bare route right before it."""
    rates, ratios, costs, cpu = list[float](), list[float](), list[float](), list[float]()
    for _ in range(ROUNDS):
        peer, own = server.load(bare, seconds), server.load(requests, seconds)
        if set(own["statuses"]) != {"200"}:
            raise SystemExit(f"answers other than 200: {own['statuses']}")
        rates.append(own["per_second"])
        ratios.append(own["per_second"] / peer["per_second"])
        costs.append(own["cpu_us"])
        cpu.append(peer["cpu_us"] / own["cpu_us"])
    median = statistics.median
    return {
        "per_second": median(rates),
        "ratio": median(ratios),
        "cpu_us": median(costs),
        "cpu": median(cpu),
    }


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
