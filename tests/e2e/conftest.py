"""A server as people start it, a shop that we did not write, and a real browser."""

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser

from tests.e2e.actors import Album
from tests.e2e.world import ADMIN_PASSWORD, Market, Offer, Served
from tests.guard_app.house import chromium
from tests.patrol.walks import plain_cards, shop_open
from tests.serving import free_port, running

ROOT: Final = Path(__file__).parents[2]
OSCAR: Final = ROOT.parent / "shared/targets/oscar/run.sh"
STATE: Final = ROOT / ".tools/oscar"
PICTURES: Final = ROOT / "test-output/e2e"
SLOWEST_SHOP: Final = 280


def oscar_at(port: int) -> Market:
    mapping = (ROOT / "docs/sources/oscar.toml").read_text("utf-8")
    return Market(
        mapping.replace("127.0.0.1:18801", f"127.0.0.1:{port}"),
        listings=200,
        licensed=Offer("shop-s03", "华东通信授权专营店"),
        turned_away=Offer("shop-s08", "优享网卡专营"),
        stranger="shop-s05",
    )


@contextmanager
def oscar_shop() -> Generator[Market]:
    port = free_port()
    # Workers that run side by side have a server each; its libraries are made once.
    own = STATE / os.environ.get("PYTEST_XDIST_WORKER", "alone")
    own.mkdir(parents=True, exist_ok=True)
    env = {**os.environ, "STATE": str(own), "PORT": str(port), "SCHEMA": ""}
    env["VENV"] = str(STATE / "venv")
    command = ["bash", str(OSCAR)]
    with (STATE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        subprocess.run(
            command, env=env, check=True, timeout=SLOWEST_SHOP, stdout=subprocess.DEVNULL
        )
    try:
        yield oscar_at(port)
    finally:
        subprocess.run([*command, "stop"], env=env, check=True, timeout=30)


@contextmanager
def small_shop() -> Generator[Market]:
    mapping = (ROOT / "docs/sources/plain.toml").read_text("utf-8")
    with shop_open(plain_cards) as stand:
        start = re.sub(r"(?m)^start = .*$", f'start = ["{stand.url}/shop/"]', mapping)
        start = re.sub(r"(?m)^platform = .*$", 'platform = "oscar"', start)
        start = start.replace("pace = 2", "pace = 0")
        yield Market(start, 7, Offer("s-2", "北辰物联"), Offer("s-3", "小城数码"), "s-1")


@pytest.fixture(scope="session")
def oscar() -> Iterator[Market]:
    """django-oscar with 200 listings of 20 shops, made once under `.tools/`."""
    if not OSCAR.exists():
        pytest.skip(
            f"{OSCAR} is not there: the story on a shop that we did not write can't run here; "
            "it is told on the small shop of tests/shops.py alone"
        )
    with oscar_shop() as market:
        yield market


@pytest.fixture
def small() -> Iterator[Market]:
    with small_shop() as market:
        yield market


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A module's own: what drives it keeps an event loop in its thread for as long as it lives."""
    with chromium() as found:
        yield found


@contextmanager
def serving(folder: Path, database: str) -> Generator[Served]:
    settings = {
        "CHANNEL_DATABASE_URL": database,
        "CHANNEL_FETCH_ALLOWED_NETWORKS": "127.0.0.0/8",
        "CHANNEL_FETCH_PACE": "0",
        "CHANNEL_ADMIN_PASSWORD": ADMIN_PASSWORD,
    }
    if database.startswith("sqlite"):
        del settings["CHANNEL_DATABASE_URL"]  # out of the box
    with running(folder, **settings) as base:
        yield Served(base, folder, settings)


@pytest.fixture
def served(database: str, tmp_path: Path) -> Iterator[Served]:
    """`channel serve` on an empty database, as it is out of the box or by one setting."""
    with serving(tmp_path, database) as found:
        yield found


@pytest.fixture
def albums() -> Callable[[str], Album]:
    def album(name: str) -> Album:
        folder = PICTURES / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return Album(folder)

    return album
