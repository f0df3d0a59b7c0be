"""Reads of many laptops: how many a second one process takes, by itself and through its door.

    python -m tests.bench.bench_reads [READS] [--only sqlite|postgresql]

Every read was signed beforehand; it is on the disk when it is answered. The door is the whole
server with one worker, and a client of its own process asks it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx

from console.actions.checks.card_reads import accept_read
from console.actions.checks.challenges import new_challenge
from console.actions.checks.reader_keys import own_side
from console.actions.staff.people import add_organisation, add_user
from console.database import migrate
from console.desk import Desk, House, Work
from console.settings import Settings
from models.base import new_id
from models.checks.devices import DeviceState, ReaderDevice
from models.checks.reads import ReadKind
from models.checks.spot_checks import CheckPurpose, CheckState, SpotCheck
from models.permissions import Permission
from models.staff import OrganisationKind, User
from tests.bench.figures import Figure, keep
from tests.bench.servers import postgres
from tests.checks.laptops import Laptop, when

RATE: Final = 200
PORT: Final = 8598
EACH: Final = 40
"""Reads of one laptop, two seconds apart by its clock."""
CONNECTIONS: Final = 8
SECONDS: Final = 4


def signed(house: House, count: int) -> list[str]:
    """Reads of many laptops whose sessions are open, those of one laptop in the order of its chain
    and far from each other.
    """
    desk = house.desk()
    carrier = add_organisation(
        desk, code=f"R-{new_id().hex[-8:]}", kind=OrganisationKind.BASIC_CARRIER_PROVINCE,
        name="中国电信广东", province="44",
    )  # fmt: skip
    holder, _ = add_user(
        desk, organisation=carrier.code, login=new_id().hex, name="z", elsewhere=True
    )
    own_side(house)
    chains: list[list[str]] = []
    while len(chains) * EACH < count:
        chains.append(chain(desk, holder))
    return [token for turn in zip(*chains, strict=True) for token in turn][:count]


def chain(desk: Desk, holder: User) -> list[str]:
    laptop, tokens = Laptop(desk.house), list[str]()
    with desk.begin(Permission.DEVICE_EDIT) as work:
        device, check = opened(work, laptop, holder)
        for turn in range(EACH):
            one = new_challenge(work, device, check, ReadKind.SIM)
            told = {"task": str(check), "challenge": one.value, "kind": "sim"}
            at = when(work.at + timedelta(seconds=2 * turn))
            tokens.append(laptop.read(told, captured_at=at))
        work.no_deed()
    return tokens


def opened(work: Work, laptop: Laptop, holder: User) -> tuple[UUID, UUID]:
    device = work.add(
        ReaderDevice(
            number=f"RD-{new_id().hex}", organisation_id=holder.organisation_id, kid=laptop.kid,
            public_key=laptop.jwk["x"], fingerprint="ABCD-EFGH", host="x", holder_id=holder.id,
            state=DeviceState.ACTIVE, agent_version="0.1.0", last_seen_at=work.at,
            created_at=work.at,
        )
    )  # fmt: skip
    work.session.flush()
    check = work.add(
        SpotCheck(
            number=f"SC-{new_id().hex}", carrier_id=holder.organisation_id, subject="x",
            purpose=CheckPurpose.ROUTINE, basis="x", state=CheckState.READING, device_id=device.id,
            session_until=work.at + timedelta(minutes=15), created_at=work.at,
        )
    )  # fmt: skip
    work.session.flush()
    return device.id, check.id


def by_itself(house: House, tokens: Sequence[str]) -> tuple[float, float]:
    """Reads a second by the clock, and processor milliseconds of one."""
    began, spent = time.perf_counter(), time.process_time()
    assert all(accept_read(house, token).is_new for token in tokens)
    spent, took = time.process_time() - spent, time.perf_counter() - began
    return len(tokens) / took, spent / len(tokens) * 1000


@contextmanager
def server(folder: Path, database: str | None) -> Generator[int]:
    """The whole server, and its process."""
    url = f"http://127.0.0.1:{PORT}"
    env = os.environ | {"CHANNEL_DATA": str(folder), "CHANNEL_WORKER": "false",
                        "CHANNEL_PUBLIC_URL": url, "CHANNEL_PORT": str(PORT)}  # fmt: skip
    if database:
        env["CHANNEL_DATABASE_URL"] = database
    command = [str(Path(sys.executable).parent / "channel"), "serve", "--no-console"]
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None and not _answers(url):
            time.sleep(0.1)
        try:
            yield process.pid
        finally:
            process.terminate()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/reader/v1/now").is_success
    except httpx.TransportError:
        return False


def through_the_door(folder: Path, database: str | None, tokens: Sequence[str]) -> dict[str, Any]:
    requests = [("POST", "/reader/v1/reads", "application/json", one) for one in tokens]
    load = [sys.executable, "-m", "tests.bench.load", *map(str, (PORT, SECONDS, CONNECTIONS, 0))]
    with server(folder, database) as pid:
        before = _spent(pid)
        ran = subprocess.run(
            load, input=json.dumps(requests), capture_output=True, text=True, check=True
        )
        found = json.loads(ran.stdout)
        found["cpu_ms"] = (_spent(pid) - before) / found["count"] * 1000
    return found


def _spent(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run(count: int, database: str | None) -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"http://127.0.0.1:{PORT}"
        house = House.open(Settings(data=folder, database_url=database, public_url=url))
        migrate(house.engine)
        by_itself(house, signed(house, EACH))
        rate, cpu = by_itself(house, signed(house, count))
        tokens = signed(house, 4 * RATE * SECONDS)
        house.engine.dispose()
        told = through_the_door(folder, database, tokens)
    kind = "PostgreSQL" if database else "SQLite"
    is_whole = set(told["statuses"]) == {"201"}
    return [
        Figure("reads", f"Signed reads accepted one after another on {kind}",
               f"{1000 / cpu:.0f} reads/s/core", f"≥ {RATE}", cpu <= 1000 / RATE,
               f"{rate:.0f} a second by the clock, each with its own fsync"),
        Figure("reads", f"Signed reads accepted over HTTP by one process on {kind}",
               f"{told['per_second']:.0f} a second", f"≥ {RATE}",
               is_whole and told["per_second"] >= RATE,
               f"{told['cpu_ms']:.1f} ms of a processor each; p50 {told['p50_ms']:.0f} ms,"
               f" p99 {told['p99_ms']:.0f} ms; {told['statuses']}"),
    ]  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("reads", type=int, nargs="?", default=2_000)
    options.add_argument("--only", choices=["sqlite", "postgresql"])
    given = options.parse_args()
    figures: list[Figure] = []
    if given.only != "postgresql":
        figures += run(given.reads, None)
    if given.only != "sqlite":
        with postgres() as url:
            figures += run(given.reads, url)
    keep("reads", figures)


if __name__ == "__main__":
    main()
