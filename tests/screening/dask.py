"""A Dask of its own on loopback: a scheduler and two workers, each a process."""

# pyright: basic
# Dask comes without types.

import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from distributed import Client

HOUSE = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def dask() -> Generator[tuple[str, list[int]]]:
    """The engine's name, and the processes behind it."""
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    ours = ["--host", "127.0.0.1", "--no-dashboard"]
    started = [_started("dask_scheduler", "--port", str(port), "--no-show", *ours)]
    started += [
        _started("dask_worker", address, "--nthreads", "1", "--no-nanny", *ours) for _ in range(2)
    ]
    try:
        _wait_for(address)
        yield f"dask://127.0.0.1:{port}", [one.pid for one in started]
    finally:
        for one in started:
            one.kill()
        for one in started:
            one.wait()


def _started(module: str, *given: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.{module}", *given],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(HOUSE)},
    )


def _wait_for(address: str) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            with Client(address, timeout="5s", set_as_default=False) as client:
                client.wait_for_workers(2, timeout=60)
                return
        except OSError:
            if time.monotonic() > until:
                raise
