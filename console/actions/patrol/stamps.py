"""Promised stamps are asked for by themselves, again and again, with no transaction open."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.patrol.custody import index_of, manifests_of_run, note_custody
from console.desk import Desk, House
from integrations.evidence import Digest
from integrations.fetch import Fetcher, FetchSettings
from integrations.marketplaces.base import SourceError, Unreachable
from integrations.timestamps import Answered, stamp
from models.patrol.custody import CustodyAct, EvidenceStamp, StampMove, StampState
from models.patrol.runs import PatrolRun
from models.permissions import Permission

NO_AUTHORITY: Final = "no_authority"
"""The problem of a stamp that nobody was to be asked for."""
MOST_TRIES: Final = 12
_FIRST_PAUSE: Final = timedelta(minutes=1)
_LONGEST_PAUSE: Final = timedelta(hours=12)
_BATCH: Final = 50


@dataclass(frozen=True, slots=True)
class _Asked:
    """What came of one try: an answer that is kept, or why there was none."""

    answered: Answered | None
    digest: Digest | None
    problem: str
    again: bool


def waiting_stamps(desk: Desk) -> Sequence[UUID]:
    """Stamps whose next try has come."""
    with desk.begin(Permission.PATROL_READ) as work:
        return work.session.exec(
            select(EvidenceStamp.id)
            .where(EvidenceStamp.seen_by(work.actor))
            .where(EvidenceStamp.state == StampState.PROMISED)
            .where(col(EvidenceStamp.next_try_at) <= work.at)
            .order_by(col(EvidenceStamp.next_try_at))
            .limit(_BATCH)
        ).all()


def advance_stamp(desk: Desk, stamp_id: UUID) -> bool:
    """One try. Never more to do at once: the next has its own time."""
    with desk.begin(Permission.PATROL_READ) as work:
        row = work.get(EvidenceStamp, stamp_id)
        if row.state is not StampState.PROMISED:
            return False
        index = index_of(work, work.session.get_one(PatrolRun, row.run_id))
    digest = desk.house.evidence.keep(index)
    asked = _asked(desk.house, index)
    _settled(desk, stamp_id, digest, asked)
    return False


def _asked(house: House, index: bytes) -> _Asked:
    settings = house.settings
    if settings.tsa_url is None:
        return _Asked(None, None, NO_AUTHORITY, again=False)
    root = None
    if settings.tsa_root is not None:
        try:
            root = settings.tsa_root.read_bytes()
        except OSError as error:
            return _Asked(None, None, f"tsa_root: {error.strerror}", again=True)
    fetcher = Fetcher(
        FetchSettings(
            agent=settings.agent,
            allowed_networks=settings.fetch_allowed_networks,
            pace_seconds=0.0,
            invited=True,
        )
    )
    try:
        answered = stamp(index, settings.tsa_url, fetcher.ask, root)
    except SourceError as no:
        return _Asked(None, None, str(no.reason), again=isinstance(no, Unreachable))
    return _Asked(answered, house.evidence.keep(answered.raw), answered.problem, again=False)


def _settled(desk: Desk, stamp_id: UUID, index: Digest, asked: _Asked) -> None:
    with desk.begin(Permission.SWEEP) as work:
        row = work.get(EvidenceStamp, stamp_id)
        if row.state is not StampState.PROMISED:
            return  # done by another worker meanwhile
        run = work.session.get_one(PatrolRun, row.run_id)
        row.index_sha256 = run.evidence_index = index
        row.tsa, row.problem = (desk.house.settings.tsa_url or "")[:300], asked.problem[:500]
        row.tries += 1
        if asked.answered is None:
            if asked.again and row.tries < MOST_TRIES:
                row.next_try_at = work.at + pause_after(row.tries)
                work.record("stamp.not_reached", run, problem=row.problem, tries=row.tries)
                return
            row.move(StampMove.GIVE_UP)
            row.next_try_at = None
            work.record("stamp.given_up", run, problem=row.problem, index=index)
            return
        row.answer_sha256, row.next_try_at = asked.digest, None
        row.checked_by, row.stamped_at = asked.answered.checked_by, asked.answered.at
        row.move(StampMove.GRANT if asked.answered.is_granted else StampMove.REFUSE)
        facts = {"index": index, "answer": asked.digest, "problem": row.problem, "tsa": row.tsa}
        work.record(f"stamp.{row.state}", run, **facts)
        if asked.answered.is_granted:
            for manifest in manifests_of_run(work, run.id):
                note_custody(work, run, manifest, CustodyAct.STAMPED, f"{row.tsa} {index}")


def pause_after(tries: int) -> timedelta:
    """Twice as long after each failed try, at most half a day: some four days in all."""
    return min(_FIRST_PAUSE * 4 ** min(tries - 1, 10), _LONGEST_PAUSE)


def ask_again(desk: Desk, stamp_id: UUID | str) -> EvidenceStamp:
    """Promise another stamp over the same list: a person has seen to what was in the way."""
    with desk.begin(Permission.PATROL_RUN) as work:
        old = work.get(EvidenceStamp, stamp_id)
        run = work.get(PatrolRun, old.run_id)
        fresh = work.add(
            EvidenceStamp(
                organisation_id=old.organisation_id,
                run_id=old.run_id,
                index_sha256=old.index_sha256,
                tsa="",
                next_try_at=work.at,
                created_at=work.at,
            )
        )
        work.record("stamp.asked_again", run, before=str(old.id))
        return fresh
