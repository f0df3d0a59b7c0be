"""A real server of our own on a free loopback port, in a process of its own or in a thread."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn

from console.app import build
from console.desk import House

CHANNEL = Path(sys.executable).parent / "channel"
_SLOWEST_START = 60.0


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def wait_until_up(base: str, process: subprocess.Popen[bytes] | None = None) -> float:
    """Seconds until `/readyz` answered; fails loudly when it never does."""
    begun = time.monotonic()
    while time.monotonic() - begun < _SLOWEST_START:
        try:
            if httpx.get(f"{base}/readyz", timeout=_SLOWEST_START).is_success:
                return time.monotonic() - begun
        except httpx.TransportError:
            threading.Event().wait(0.05)
        if process is not None and process.poll() is not None:
            break
    raise AssertionError(f"no server came up at {base}")


@contextmanager
def served(house: House, port: int | None = None) -> Generator[str]:
    """API and public pages of a house, without the console and without jobs; the base address."""
    port = port or free_port()
    own = House(
        house.settings.model_copy(update={"public_url": f"http://127.0.0.1:{port}"}),
        house.engine,
        house.now,
    )
    app = build(own, console=False, worker=False)
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_level="error", server_header=False)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        wait_until_up(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(20)


@contextmanager
def running(folder: Path, *, under: Sequence[str] = (), **settings: str) -> Generator[str]:
    """`channel serve` as people start it, perhaps `under` another command; the base address."""
    port = int(settings.get("CHANNEL_PORT") or free_port())
    base = f"http://127.0.0.1:{port}"
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("CHANNEL_")},
        "CHANNEL_DATA": str(folder),
        "CHANNEL_PUBLIC_URL": base,
        "CHANNEL_PORT": str(port),
        **settings,
    }
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen([*under, CHANNEL, "serve"], env=env, stdout=log, stderr=log)
        try:
            wait_until_up(base, process)
            yield base
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
