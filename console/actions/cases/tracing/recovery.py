"""Unsold cards called back: what was ordered, what came, and why the rest did not (004-3.4-c)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

from sqlmodel import col, func, select

from console.actions.cases.orders import family_of
from console.actions.cases.tasks import prove, tasks_of
from console.actions.channel.blacklist import must_name_nobodys_number
from console.desk import Desk, Work
from models.cases.cases import Case
from models.cases.tasks import CaseTask, Recovery, TaskKind, TaskState
from models.permissions import Permission
from models.refusals import Conflict, Invalid

MOST_CARDS: Final = 2**31 - 1
LONGEST_WHY: Final = 2000
_MOST_NOTES: Final = 200


class Counted(NamedTuple):
    ordered: int
    recovered: int
    missing: int


@dataclass(frozen=True, slots=True)
class RecoveryRecord:
    case: Case
    notes: Sequence[Recovery]
    counted: Counted
    task: CaseTask | None
    """Open: what has to come back, or to be explained, before the case can go on."""


def note_recovery(  # noqa: PLR0913 - what a note says
    desk: Desk,
    case_id: UUID | str,
    ordered: int,
    recovered: int,
    missing_why: str = "",
    *,
    is_last: bool = True,
) -> Recovery:
    """What became of cards that were ordered back; notes of one case add up.

    The last note finishes the task: all that was ordered has come, or is explained. None at all can
    be ordered back where no channel is known: that too is said in words.
    """
    why = missing_why.strip()
    _must_add_up(ordered, recovered, why)
    must_name_nobodys_number(desk, why)
    with desk.begin(Permission.TRACE_EDIT) as work:
        case = work.get(Case, case_id)
        task = _task(work, case)
        note = work.add(
            Recovery(
                case_id=case.id,
                task_id=task.id,
                ordered=ordered,
                recovered=recovered,
                missing_why=why,
                at=work.at,
                noted_by=work.actor.id,
            )
        )
        work.session.flush()
        work.record(
            "recovery.noted", case, ordered=ordered, recovered=recovered, missing=note.missing,
            reason=why,
        )  # fmt: skip
        counted = recovered_of(work, case)
        if counted.ordered > MOST_CARDS:
            raise Invalid("recovery.too_many", most=MOST_CARDS)
        if is_last:
            prove(work, case.id, task.kind, target=task.target, **counted._asdict())
        return note


def _must_add_up(ordered: int, recovered: int, why: str) -> None:
    if not 0 <= ordered <= MOST_CARDS:
        raise Invalid("recovery.too_many", most=MOST_CARDS)
    if not 0 <= recovered <= ordered:
        raise Invalid("recovery.does_not_add_up", ordered=ordered, recovered=recovered)
    if not why and (recovered < ordered or not ordered):
        raise Invalid("recovery.why_needed", missing=ordered - recovered)
    if len(why) > LONGEST_WHY:
        raise Invalid("recovery.why_too_long", most=LONGEST_WHY)


def _task(work: Work, case: Case) -> CaseTask:
    """The case's open task; the case's row is held, so that its notes come one after another."""
    tasks = tasks_of(work, case, TaskState.OPEN)
    task = next((one for one in tasks if one.kind is TaskKind.RECOVER_CARDS), None)
    if task is None:
        raise Conflict("recovery.nothing_ordered", reference=case.reference)
    return task


def recovered_of(work: Work, case: Case) -> Counted:
    """Ordered, recovered and missing, over all notes of a case that the actor was given, and of
    those that go on in it.
    """
    ordered, recovered = work.session.exec(
        select(
            func.coalesce(func.sum(Recovery.ordered), 0),
            func.coalesce(func.sum(Recovery.recovered), 0),
        ).where(col(Recovery.case_id).in_(family_of(work, case)))
    ).one()
    return Counted(int(ordered), int(recovered), int(ordered) - int(recovered))


def recovery_record(desk: Desk, case_id: UUID | str) -> RecoveryRecord:
    """The notes of a case, for whoever sees what the carrier does about it."""
    with desk.begin(Permission.CASE_READ) as work:
        case = work.get(Case, case_id)
        notes = work.select(Recovery).where(col(Recovery.case_id).in_(family_of(work, case)))
        rows = work.session.exec(notes.order_by(col(Recovery.id)).limit(_MOST_NOTES)).all()
        own = work.select(CaseTask).where(
            CaseTask.case_id == case.id,
            CaseTask.kind == TaskKind.RECOVER_CARDS,
            CaseTask.state == TaskState.OPEN,
        )
        task = work.session.exec(own).first()
        counted = recovered_of(work, case) if rows else Counted(0, 0, 0)
        return RecoveryRecord(case, rows, counted, task)
