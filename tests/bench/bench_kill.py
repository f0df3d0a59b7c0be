"""Twenty times kill -9 under write load: nothing acknowledged is lost, and the record is whole."""

import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from sqlmodel import select

from console.actions.audit import seal, verify
from console.actions.staff.people import add_organisation
from console.database import migrate
from console.desk import House
from console.settings import Settings
from models.permissions import Permission
from models.refusals import Conflict
from models.staff import Organisation, OrganisationKind
from tests.bench.figures import Figure, keep

ROUNDS = 20
WRITERS = 4


def house_in(folder: str) -> House:
    return House.open(Settings(data=Path(folder)))


def write_on(folder: str, round_: int) -> None:
    """Add organisations from several threads, and say each one's code once it is kept."""
    house = house_in(folder)

    def add(writer: int) -> None:
        count = 0
        while True:
            code = f"R{round_}-{writer}-{count}"
            add_organisation(house.desk(), code=code, kind=OrganisationKind.RESELLER, name=code)
            os.write(1, f"{code}\n".encode())
            count += 1

    for writer in range(WRITERS):
        threading.Thread(target=add, args=(writer,), daemon=True).start()
    while True:
        seal(house.desk())
        time.sleep(0.1)


def killed(folder: str, round_: int, chance: random.Random) -> list[str]:
    """What a process acknowledged before it was killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.bench_kill", folder, str(round_)],
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(chance.uniform(0.1, 1.0))
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read()
    process.wait()
    whole = (first + rest).decode().splitlines(keepends=True)
    return [line.strip() for line in whole if line.endswith("\n")]


def kept(house: House) -> set[str]:
    with house.desk().begin(Permission.RULE_READ) as work:
        return set(work.session.exec(select(Organisation.code)))


def main() -> None:
    chance = random.Random(20261121)  # noqa: S311 - when to kill
    lost: list[str] = []
    faults: list[str] = []
    acknowledged = 0
    with tempfile.TemporaryDirectory() as folder:
        house = house_in(folder)
        migrate(house.engine)
        begun = time.perf_counter()
        for round_ in range(ROUNDS):
            said = killed(folder, round_, chance)
            acknowledged += len(said)
            lost += sorted(set(said) - kept(house))
            verdict = verify(house.desk())
            faults += [verdict.fault] if verdict.fault else []
        seal(house.desk())
        last = verify(house.desk())
        spent = time.perf_counter() - begun
        faults += [last.fault] if last.fault else []
        rate = deeds_a_second(house)
    keep(
        "kill",
        [
            Figure(
                "kill",
                f"acknowledged writes lost in {ROUNDS} rounds of kill -9",
                f"{len(lost)} of {acknowledged}",
                "0",
                not lost and acknowledged > 0,
                f"{last.entries} entries verified, {len(faults)} faults, {spent:.0f} s",
            ),
            Figure(
                "kill", "record verifies after each round", f"{len(faults)} faults", "0", not faults
            ),
            Figure("kill", "deeds on SQLite with FULL", f"{rate:.0f}/s", "≥ 300/s", rate >= 300),
        ],
    )
    if lost or faults:
        raise SystemExit(1)


def deeds_a_second(house: House) -> float:
    """One person after the other, each deed in its own transaction."""
    desk, count, begun = house.desk(), 0, time.perf_counter()
    while time.perf_counter() - begun < 3:
        try:
            add_organisation(desk, code=f"D{count}", kind=OrganisationKind.RESELLER, name="d")
        except Conflict:
            raise SystemExit(1) from None
        count += 1
    return count / (time.perf_counter() - begun)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        write_on(sys.argv[1], int(sys.argv[2]))
    main()
