"""Persons at rest: sealed and opened a second, and a new root key for all while others work.

    python -m tests.bench.bench_identity [KEYS]

The rotation runs in a process of its own that is killed twice on its way (SECURITY, KEY-1).
"""

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from integrations.vault import Identities, Place, SubjectKeys
from models.base import new_id, new_ids
from models.cards.persons import SealedPerson
from tests.bench.figures import Figure, keep
from tests.persons import person, resident

SEALS: Final = 5_000
"""Persons a second in lots, each with a key of their own, three cells and an index."""
OPENS: Final = 500
SECONDS_A_KEY: Final = 600 / 1_000_000
P99: Final = 300
_LOT: Final = 1_000
_SAMPLE: Final = 500
_TABLE: Final = "card_users"
_KILLS: Final = 2
_WRITES: Final = 50
"""A second, beside the rotation."""
_ROTATE: Final = (
    "import sys; from pathlib import Path; from integrations.vault import SubjectKeys;"
    "keys = SubjectKeys(Path(sys.argv[1])); keys.begin_rotation();"
    "print('begun', flush=True); sum(keys.rewrap()); assert keys.end_rotation()"
)


def sealed(vault: Identities, tenant: UUID, serials: range) -> list[tuple[Place, SealedPerson]]:
    made: list[tuple[Place, SealedPerson]] = []
    for at in range(0, len(serials), _LOT):
        lot = serials[at : at + _LOT]
        rows = list(
            zip(new_ids(len(lot)), (person(document_no=number(one)) for one in lot), strict=True)
        )
        found = vault.seal(tenant, _TABLE, rows)
        made += [
            (Place(tenant, _TABLE, row, one.subject_id), one)
            for (row, _), one in zip(rows, found, strict=True)
        ]
    return made


def number(serial: int) -> str:
    """Another for each; regions are not looked up."""
    return resident(serial % 1_000, region=f"{110_000 + serial // 1_000}")


def witnessed() -> None:
    """The record of deeds is measured elsewhere."""


def opened(vault: Identities, rows: Sequence[tuple[Place, SealedPerson]]) -> float:
    """Processor seconds, so that a neighbour's work does not count."""
    began = time.process_time()
    for place, one in rows:
        vault.open(place, one, witnessed)
    return time.process_time() - began


def rotated(data: Path, tenant: UUID) -> tuple[float, list[float]]:
    """Seconds of the rotation, with its two deaths, and milliseconds of each write beside it."""
    vault, waits, serial, chance = Identities(data), list[float](), 10_000_000, random.Random(6)  # noqa: S311
    began = time.perf_counter()
    for at in range(_KILLS + 1):
        child = subprocess.Popen(
            [sys.executable, "-c", _ROTATE, str(data)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        child.stdout.readline()
        dies = time.perf_counter() + chance.uniform(0.2, 0.6) if at < _KILLS else None
        while child.poll() is None:
            if dies is not None and time.perf_counter() > dies:
                child.kill()
            serial, start = serial + 1, time.perf_counter()
            vault.seal(tenant, _TABLE, [(new_id(), person(document_no=number(serial)))])
            waits.append((time.perf_counter() - start) * 1_000)
            time.sleep(max(0.0, start + 1 / _WRITES - time.perf_counter()))
        child.stdout.close()
        assert child.returncode == (0 if dies is None else -signal.SIGKILL)
    return time.perf_counter() - began, sorted(waits)


def run(count: int, data: Path) -> list[Figure]:
    vault, tenant = Identities(data), uuid4()
    began = time.process_time()
    rows = sealed(vault, tenant, range(count))
    seals = count / (time.process_time() - began)
    sample = random.Random(7).sample(rows, _SAMPLE)  # noqa: S311
    opens = _SAMPLE / opened(vault, sample)
    old = (data / "keys/identity-1.key").read_bytes()
    seconds, waits = rotated(data, tenant)
    worst = waits[int(len(waits) * 0.99)]
    opened(vault, sample)
    left = SubjectKeys(data).of(tenant, [place.subject for place, _ in rows])
    is_gone = not any(path.read_bytes() == old for path in (data / "keys").glob("identity-*"))
    most = count * SECONDS_A_KEY
    return [
        Figure("identity", "persons sealed, in lots of 1,000", f"{seals:,.0f} a second and core",
               f"≥ {SEALS:,}", seals >= SEALS, "a key, three cells and a blind index each"),
        Figure("identity", "persons opened, one by one", f"{opens:,.0f} a second and core",
               f"≥ {OPENS:,}", opens >= OPENS, "a connection to the store of keys each"),
        Figure("identity", f"a new root key for {count:,} persons, {_WRITES} a second sealed too",
               f"{seconds:.1f} s", f"≤ {most:.0f} s, all readable, the old key gone",
               seconds <= most and is_gone and len(left) == count,
               f"killed {_KILLS} times; {len(waits):,} sealed meanwhile"),
        Figure("identity", "one person sealed while a rotation runs, p99", f"{worst:.0f} ms",
               f"≤ {P99} ms", worst <= P99, f"p50 {waits[len(waits) // 2]:.1f} ms"),
    ]  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("keys", type=int, nargs="?", default=100_000)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        keep("identity", run(given.keys, Path(folder)))


if __name__ == "__main__":
    main()
