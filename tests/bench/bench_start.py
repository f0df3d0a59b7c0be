"""How long `channel serve` takes, from its start as a process, until it answers /healthz.

    python -m tests.bench.bench_start

On an empty data folder (it migrates, makes keys and the first administrator) and on one that was
used before.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from tests.bench.figures import Figure, keep

PORT = 8596
LIMIT = 60.0
TARGET = 5.0
ROUNDS = 3


def started(folder: Path) -> float:
    """Seconds until the first answer of 200."""
    settings = {
        "CHANNEL_DATA": str(folder),
        "CHANNEL_PORT": str(PORT),
        "CHANNEL_PUBLIC_URL": f"http://127.0.0.1:{PORT}",
        "CHANNEL_ADMIN_PASSWORD": "a password for the bench",
    }
    command = [str(Path(sys.executable).parent / "channel"), "serve"]
    begun = time.perf_counter()
    with subprocess.Popen(
        command, env={**os.environ, **settings}, stdout=subprocess.DEVNULL
    ) as process:
        try:
            return _answered(process, begun)
        finally:
            process.terminate()
            process.wait(30)


def _answered(process: subprocess.Popen[bytes], begun: float) -> float:
    with httpx.Client(trust_env=False) as client:
        while (spent := time.perf_counter() - begun) < LIMIT:
            if process.poll() is not None:
                raise SystemExit("channel serve ended")
            try:
                if client.get(f"http://127.0.0.1:{PORT}/healthz").is_success:
                    return time.perf_counter() - begun
            except httpx.TransportError:
                time.sleep(0.02)
    raise SystemExit(f"no answer in {spent:.0f} s")


def main() -> None:
    first: list[float] = []
    again: list[float] = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            first.append(started(Path(folder) / "var"))
            again.append(started(Path(folder) / "var"))
    keep("start", [_figure("an empty", first), _figure("a migrated", again)])


def _figure(folder: str, took: list[float]) -> Figure:
    median = statistics.median(took)
    return Figure(
        "start",
        f"`channel serve` to its first /healthz, {folder} data folder",
        f"{median:.1f} s",
        f"≤ {TARGET:.0f} s",
        median <= TARGET,
        f"{min(took):.1f} to {max(took):.1f} s, {ROUNDS} starts",
    )


if __name__ == "__main__":
    main()
