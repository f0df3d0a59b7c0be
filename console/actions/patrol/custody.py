"""Evidence of a run: whose hands it went through, and the list of it all that is stamped."""

import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from console.desk import Work
from models.canonical import canonical
from models.patrol.custody import CustodyAct, CustodyEntry, EvidenceStamp, StampState
from models.patrol.findings import Finding
from models.patrol.pictures import SeenPicture
from models.patrol.runs import PatrolRun
from models.patrol.shops import SeenListing, Shop
from models.staff import Actor

INDEX_FORMAT = "channel-evidence-index/1"


def note_custody(
    work: Work, run: PatrolRun, manifest: str, act: CustodyAct, note: str = ""
) -> CustodyEntry:
    """One line more in an item's custody, in the transaction of what is told of it."""
    return work.add(
        CustodyEntry(
            organisation_id=run.organisation_id,
            run_id=run.id,
            manifest_sha256=manifest,
            act=act,
            actor=who(work.actor),
            note=note[:500],
            at=work.at,
        )
    )


def look_note(shop_key: str) -> str:
    """The note of a capture that is a look at one shop, by which findings come by it."""
    return f"look {shop_key}"[:500]


def looks_at(work: Work, run_id: UUID, shop: Shop) -> Sequence[str]:
    """Manifests of a run's looks at a shop, whether there were pictures to see or not."""
    return work.session.exec(
        select(CustodyEntry.manifest_sha256)
        .where(CustodyEntry.run_id == run_id, CustodyEntry.act == CustodyAct.CAPTURED)
        .where(CustodyEntry.note == look_note(shop.shop_key))
        .order_by(col(CustodyEntry.id))
    ).all()


def evidence_behind(work: Work, finding: Finding) -> list[str]:
    """Manifests of all that a finding rests on: its offers', the look at its shop, its check's."""
    if finding.run_id is None:
        return list(finding.evidence)
    looks = looks_at(work, finding.run_id, work.session.get_one(Shop, finding.shop_id))
    return list(dict.fromkeys([*looks, *finding.evidence]))


def who(actor: Actor) -> dict[str, Any]:
    """Whoever had it in hand, as it is told to third parties."""
    return {
        "id": str(actor.id) if actor.id else None,
        "name": actor.name,
        "organisation": actor.organisation,
        "door": actor.door.value,
    }


def close_evidence(work: Work, run: PatrolRun) -> None:
    """No capture comes to this run any more: list them all, and promise the list a stamp.

    The list itself is put into the store by whoever keeps the promise (`stamps.advance_stamp`).
    """
    digest = hashlib.sha256(index_of(work, run)).hexdigest()
    waiting = work.session.exec(
        select(EvidenceStamp)
        .where(EvidenceStamp.run_id == run.id, EvidenceStamp.state == StampState.PROMISED)
        .with_for_update()
    ).first()
    run.evidence_index = digest
    if waiting is not None:
        waiting.index_sha256 = digest
        return
    work.add(
        EvidenceStamp(
            organisation_id=run.organisation_id,
            run_id=run.id,
            index_sha256=digest,
            tsa="",
            next_try_at=work.at,
            created_at=work.at,
        )
    )


def index_of(work: Work, run: PatrolRun) -> bytes:
    """All manifests of a run that was given, in one form: what a timestamp is asked for."""
    return canonical(
        {
            "format": INDEX_FORMAT,
            "run": run.number,
            "register_sha256": run.register_sha256,
            "manifests": manifests_of_run(work, run.id),
        }
    )


def manifests_of_run(work: Work, run_id: UUID) -> list[str]:
    """In order; of a run whose listings came in a file, that file."""
    found: set[str | None] = set()
    for query in (
        select(CustodyEntry.manifest_sha256).where(
            CustodyEntry.run_id == run_id, CustodyEntry.act == CustodyAct.CAPTURED
        ),
        select(SeenListing.evidence_sha256).where(SeenListing.run_id == run_id),
        select(SeenPicture.evidence_sha256).where(SeenPicture.run_id == run_id),
    ):
        found |= set(work.session.exec(query.distinct()).all())
    return sorted(filter(None, found))
