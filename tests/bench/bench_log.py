"""The public log: appended in batches, verified whole, proved, exported as tiles.

The limits are those of the prototype on this kind of machine (BADGE 4): 60,000 entries a second
appended and sealed, 80,000 verified.
"""

import os
import tempfile
import time
from pathlib import Path
from statistics import median

from console.actions import tree_check, trees
from console.actions.audit import DEEDS
from console.actions.channel.log import (
    PUBLIC,
    append_entries,
    bundle,
    extension,
    newest_head,
    proved_entry,
    seal_logs,
    tile,
)
from console.database import migrate
from console.desk import Desk, House
from console.settings import Settings
from models.audit import AuditEntry
from models.base import utc_now
from models.channel.log import LogKind, NewEntry
from models.permissions import Permission
from models.staff import HOUSE
from models.tiles import WIDTH, Part
from tests.bench.figures import Figure, keep

BATCH = 5_000
BATCHES = 40
PROOFS = 300
DEEDS_KEPT = 40_000


def prepared(serial: int) -> list[NewEntry]:
    """Badges issued, as a large grant of licences makes them."""
    drawn, at = os.urandom(40 * BATCH), utc_now()
    return [
        NewEntry.of(
            LogKind.BADGE_ISSUED,
            at,
            "house",
            {
                "carrier": "CT-44",
                "agent_no": f"A2026{serial:07d}",
                "licence_no": f"L-CT44-2026-{serial:06d}",
                "badge_id": drawn[place : place + 8].hex(),
                "status_index": place,
                "shop_hash": drawn[place : place + 8].hex(),
                "token_sha256": drawn[place + 8 : place + 40].hex(),
            },
        )
        for place in range(0, 40 * BATCH, 40)
    ]


def append_all(desk: Desk) -> tuple[float, float]:
    """Entries a second by the clock on the wall, and by the processor's time."""
    wall = spent = 0.0
    for serial in range(BATCHES):
        entries = prepared(serial)
        begun, cpu = time.perf_counter(), time.process_time()
        with desk.begin(Permission.BADGE_ISSUE) as work:
            work.no_deed()
            append_entries(desk, work, entries)
        wall += time.perf_counter() - begun
        spent += time.process_time() - cpu
    return BATCH * BATCHES / wall, BATCH * BATCHES / spent


def deeds(desk: Desk, count: int) -> None:
    """Deeds of the usual size, for the other log."""
    with desk.begin(Permission.BADGE_ISSUE) as work:
        work.no_deed()
        for serial in range(count):
            work.session.add(
                AuditEntry.of(
                    at=work.at, actor=HOUSE, deed="badge.issued", kind="Badge",
                    id=f"0192f3c4-0000-7000-8000-{serial:012d}", name=f"{serial:016x}",
                    province="44", facts={"licence": "L-CT44-2026-000001", "shop": "龙腾专营店"},
                )
            )  # fmt: skip
    seal_logs(desk)


def verified(desk: Desk, log: trees.Log) -> tuple[int, float, float]:
    begun, cpu = time.perf_counter(), time.process_time()
    verdict = tree_check.verify(desk, log)
    assert verdict.fault is None, verdict.fault
    wall, spent = time.perf_counter() - begun, time.process_time() - cpu
    return verdict.entries, verdict.entries / wall, verdict.entries / spent


def asked(house: House) -> tuple[float, float, float]:
    """Milliseconds of an inclusion proof and of a consistency proof, seconds of all tiles."""
    size = newest_head(house).size
    places = [int.from_bytes(os.urandom(4)) % size for _ in range(PROOFS)]
    inclusion, consistency = list[float](), list[float]()
    for place in places:
        begun = time.perf_counter()
        proved_entry(house, place)
        inclusion.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        extension(house, place)
        consistency.append(time.perf_counter() - begun)
    begun = time.perf_counter()
    for number in range(size // WIDTH):
        tile(house, 0, Part(number))
        bundle(house, Part(number))
    exported = time.perf_counter() - begun
    return median(inclusion) * 1000, median(consistency) * 1000, exported


def run() -> list[Figure]:
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as folder:
        house = House.open(Settings(data=Path(folder)))
        migrate(house.engine)
        desk = house.desk()
        append, append_cpu = append_all(desk)
        size, verify, verify_cpu = verified(desk, PUBLIC)
        inclusion, consistency, exported = asked(house)
        deeds(desk, DEEDS_KEPT)
        _, audit, audit_cpu = verified(desk, DEEDS)
        house.engine.dispose()
    rate = "{:,.0f}/s".format
    busy = "by the processor's time {}/s".format
    return [
        Figure(
            "log", f"public log: {size:,} entries appended and sealed, in batches of {BATCH:,}",
            rate(append), "≥ 60,000/s", append >= 60_000, busy(f"{append_cpu:,.0f}"),
        ),
        Figure(
            "log", "public log: every entry hashed anew and every head verified",
            rate(verify), "≥ 80,000/s", verify >= 80_000, busy(f"{verify_cpu:,.0f}"),
        ),
        Figure(
            "log", "record of deeds: verified", rate(audit), "≥ 100,000/s", audit >= 100_000,
            busy(f"{audit_cpu:,.0f}"),
        ),
        Figure(
            "log", "public log: an entry and its inclusion proof", f"{inclusion:.1f} ms", "≤ 10 ms",
            inclusion <= 10,
        ),
        Figure(
            "log", "public log: a consistency proof", f"{consistency:.1f} ms", "≤ 10 ms",
            consistency <= 10,
        ),
        Figure(
            "log", f"public log: all full tiles and bundles of {size:,} entries read",
            f"{exported:.1f} s", "≤ 10 s", exported <= 10,
        ),
    ]  # fmt: skip


if __name__ == "__main__":
    keep("log", run())
