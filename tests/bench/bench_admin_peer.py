"""The list of agents here and in Django's admin, over one database, in one run."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from playwright.sync_api import Browser, BrowserContext, Page

from tests.bench.big_world import BigWorld, big_world
from tests.bench.figures import Figure, keep
from tests.bench.painted import Loaded, agents_loaded, chromium, loaded, next_agents, timed
from tests.serving import free_port, running

CLICKS = 12
_TICK = os.sysconf("SC_CLK_TCK")
_PEER = {"login": "peer", "password": "peer-peer-peer"}
FEATURES = (
    "both: search, filters, paging, a record with its history, permissions, two languages; "
    "here besides: scope by organisation and province, keyset paging, columns and sort in the "
    "address, saved views, export with a second person, deadlines, charts, work lists"
)


@dataclass(frozen=True)
class Seen:
    """Of one of the two: seconds, bytes, requests, milliseconds of the server's processor."""

    load: float
    size: float
    requests: int
    click: float
    cpu_ms: float


@contextmanager
def admin(world: BigWorld, folder: Path) -> Generator[tuple[str, int]]:
    """Django's admin behind gunicorn, one process of four threads; its address and process."""
    port = free_port()
    env = {
        **os.environ,
        "PEER_FOLDER": str(folder),
        "PEER_DATABASE": str(world.folder / "channel.db"),
        "DJANGO_SETTINGS_MODULE": "tests.bench.admin_peer.settings",
        "DJANGO_SUPERUSER_PASSWORD": _PEER["password"],
    }
    django = [sys.executable, "-m", "django"]
    subprocess.run([*django, "migrate", "-v0"], env=env, check=True)
    asked = ["createsuperuser", "--noinput", "--username", "peer", "--email", "p@peer.example"]
    subprocess.run([*django, *asked], env=env, check=True, capture_output=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-w1", "--threads=4", f"-b127.0.0.1:{port}",
         "--log-level=error", "django.core.wsgi:get_wsgi_application()"],
        env=env,
    )  # fmt: skip
    try:
        _wait(f"http://127.0.0.1:{port}/admin/login/")
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait(20)


def _wait(url: str) -> None:
    ends = time.monotonic() + 30
    while time.monotonic() < ends:
        try:
            if httpx.get(url).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(url)


def cpu_ms(pids: list[int]) -> float:
    total = 0.0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / _TICK * 1000
    return total


def children(pid: int) -> list[int]:
    told = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [pid, *map(int, told.split())]


def seen_here(browser: Browser, base: str, world: BigWorld, pids: list[int]) -> Seen:
    load = agents_loaded(browser, base, world)
    before = cpu_ms(pids)
    clicks = [next_agents(load.page, number) for number in range(2, CLICKS + 2)]
    spent = (cpu_ms(pids) - before) / CLICKS
    return seen(load, clicks, spent)


def seen(load: Loaded, clicks: list[float], spent: float) -> Seen:
    return Seen(load.seconds, load.size, load.requests, statistics.median(clicks), spent)


def let_in(browser: Browser, base: str) -> BrowserContext:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{base}/admin/login/")
    page.fill("#id_username", _PEER["login"])
    page.fill("#id_password", _PEER["password"])
    page.click("[type=submit]")
    page.wait_for_url("**/admin/")
    page.close()
    return context


def seen_there(context: BrowserContext, base: str, pid: int) -> Seen:
    url = f"{base}/admin/register/agent/"
    rows = "#result_list tbody tr"

    def opened(page: Page) -> None:
        page.goto(url)
        page.locator(rows).first.wait_for()

    def on(number: int) -> None:
        page.goto(f"{url}?p={number}")
        page.locator(rows).first.wait_for()

    load = loaded(context, opened)
    page, pids = load.page, children(pid)
    before = cpu_ms(pids)
    clicks = [timed(lambda n=number: on(n)) for number in range(2, CLICKS + 2)]
    spent = (cpu_ms(pids) - before) / CLICKS
    return seen(load, clicks, spent)


def compared(here: Seen, there: Seen) -> list[Figure]:
    def row(what: str, ours: float, theirs: float, unit: str) -> Figure:
        measured = f"{ours:.3g} {unit} = {ours / theirs:.0%} of the peer"
        against = f"Django admin {theirs:.3g} {unit}"
        whole = f"list of agents, {what}"
        return Figure("admin_peer", whole, measured, "-", is_met=True, against=against)

    return [
        row("first load", here.load, there.load, "s"),
        row("bytes of a first load", here.size / 1e6, there.size / 1e6, "MB"),
        row("requests of a first load", here.requests, there.requests, ""),
        row("next page, click to painted", here.click * 1000, there.click * 1000, "ms"),
        row("server's processor for a click", here.cpu_ms, there.cpu_ms, "ms"),
        Figure("admin_peer", "features", "see beside", "-", is_met=True, against=FEATURES),
    ]


def main() -> None:
    with big_world() as world, chromium() as browser:
        with running(world.folder, CHANNEL_WORKER="false") as base:
            here = seen_here(browser, base, world, [_serving(base)])
        with admin(world, world.folder) as (base, pid):
            there = seen_there(let_in(browser, base), base, pid)
    keep("admin_peer", compared(here, there))


def _serving(base: str) -> int:
    """The process that answers there."""
    port = base.rpartition(":")[2]
    told = subprocess.run(
        ["ss", "-ltnpH", f"sport = :{port}"], capture_output=True, text=True, check=True
    )
    return int(told.stdout.partition("pid=")[2].partition(",")[0])


if __name__ == "__main__":
    main()
