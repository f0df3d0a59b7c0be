"""Each night a share of the evidence is hashed again; what was damaged is told at once."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import col, or_, select

from console.actions.patrol.custody import note_custody
from console.desk import Desk, Work
from integrations.evidence import Damaged, Digest, Store
from models.patrol.custody import CustodyAct, CustodyEntry
from models.patrol.runs import PatrolRun
from models.permissions import Permission
from models.rules import CHINA

NIGHTS: Final = 32
"""After so many nights everything was looked at once."""
_HOURS: Final = range(1, 6)
_PREFIXES: Final = 256
_AT_ONCE: Final = 50
_FOUND: Final = (CustodyAct.FOUND_WHOLE, CustodyAct.FOUND_DAMAGED)


def sweep_evidence(desk: Desk) -> int:
    """Hash tonight's share again; how many captures. By day there is nothing to do."""
    now = desk.now().astimezone(CHINA)
    if now.hour not in _HOURS:
        return 0
    tonight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    done = 0
    while waiting := _waiting(desk, tonight):
        for run_id in dict.fromkeys(run_id for run_id, _ in waiting):
            hash_again(desk, run_id, [digest for one, digest in waiting if one == run_id])
        done += len(waiting)
    return done


def hash_again(desk: Desk, run_id: UUID, manifests: Sequence[Digest]) -> Sequence[Digest]:
    """Read captures of a run from first to last byte; those of which something is damaged."""
    store = desk.house.evidence
    found = {digest: _damage(store, digest) for digest in manifests}
    damaged = [digest for digest, problem in found.items() if problem]
    with desk.begin(Permission.SWEEP) as work:
        run = work.session.get_one(PatrolRun, run_id)
        for digest, problem in found.items():
            act = CustodyAct.FOUND_DAMAGED if problem else CustodyAct.FOUND_WHOLE
            note_custody(work, run, digest, act, problem)
        facts = {"captures": len(found), "damaged": damaged}
        work.record("evidence.damaged" if damaged else "evidence.hashed_again", run, **facts)
    return damaged


def damaged_captures(work: Work) -> Sequence[CustodyEntry]:
    """Where the last look found damage, as far as the actor may know of it."""
    looks = work.session.exec(
        work.select(CustodyEntry)
        .where(CustodyEntry.act == CustodyAct.FOUND_DAMAGED)
        .order_by(col(CustodyEntry.id).desc())
        .limit(_AT_ONCE)
    ).all()
    latest = {one.manifest_sha256: one for one in reversed(looks)}
    if not latest:
        return []
    mended = work.session.exec(
        work.select(CustodyEntry)
        .where(CustodyEntry.act == CustodyAct.FOUND_WHOLE)
        .where(col(CustodyEntry.manifest_sha256).in_(latest))
    ).all()
    for one in mended:
        if one.at > latest[one.manifest_sha256].at:
            latest.pop(one.manifest_sha256)
    return list(latest.values())


def _waiting(desk: Desk, tonight: datetime) -> list[tuple[UUID, Digest]]:
    """Captures whose turn it is and that were not looked at tonight."""
    share = tonight.toordinal() % NIGHTS
    starts = [f"{n:02x}" for n in range(share, _PREFIXES, NIGHTS)]
    looked = select(CustodyEntry.manifest_sha256).where(
        col(CustodyEntry.act).in_(_FOUND),
        CustodyEntry.at >= tonight,
        CustodyEntry.at < tonight + timedelta(days=1),
    )
    with desk.begin(Permission.PATROL_READ) as work:
        rows = work.session.exec(
            select(CustodyEntry.run_id, CustodyEntry.manifest_sha256)
            .where(CustodyEntry.act == CustodyAct.CAPTURED)
            .where(or_(*(col(CustodyEntry.manifest_sha256).startswith(one) for one in starts)))
            .where(col(CustodyEntry.manifest_sha256).not_in(looked))
            .order_by(col(CustodyEntry.manifest_sha256))
            .distinct()
            .limit(_AT_ONCE)
        ).all()
    return [(run_id, Digest(digest)) for run_id, digest in rows]


def _damage(store: Store, manifest: Digest) -> str:
    """What is wrong with a capture, in a word and a name; empty: nothing."""
    try:
        files = json.loads(store.open(manifest))["files"]
    except (OSError, Damaged, ValueError, KeyError, TypeError):
        return "manifest"
    broken = [file["name"] for file in files if not store.is_whole(Digest(file["sha256"]))]
    return " ".join(broken)
