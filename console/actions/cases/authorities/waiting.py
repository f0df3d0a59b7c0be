"""What of instructions and of appeals against cases waits for the actor."""

from collections.abc import Callable, Iterator
from typing import Final

from sqlmodel import col, select

from console.actions.cases.hands import has_had_a_hand
from console.actions.waiting import WorkItem, due_state
from console.desk import Desk
from models.cases.appeals import CaseAppeal, CaseAppealState
from models.cases.cases import Case
from models.cases.instructions import Instruction, InstructionState
from models.permissions import Permission

_MOST: Final = 200
_TO_REPORT: Final = (InstructionState.ACCEPTED, InstructionState.IN_PROGRESS)


def _to_confirm(desk: Desk) -> Iterator[WorkItem]:
    """Documents that another entered, and reports that another made."""
    if not desk.actor.may(Permission.INSTRUCTION_CONFIRM):
        return
    steps = [
        ("instruction_accept", InstructionState.RECEIVED, col(Instruction.entered_by)),
        ("instruction_close", InstructionState.REPORTED_BACK, col(Instruction.reported_by)),
    ]
    with desk.begin(Permission.INSTRUCTION_READ) as work:
        for kind, state, first in steps:
            rows = work.session.exec(
                select(Instruction)
                .where(col(Instruction.organisation_id).in_(work.actor.organisations))
                .where(Instruction.state == state, first.is_distinct_from(work.actor.id))
                .order_by(col(Instruction.due_at))
                .limit(_MOST)
            ).all()
            for row in rows:
                # What was reported in time is late no more, however long its receipt takes.
                due = row.due_at if state is InstructionState.RECEIVED else None
                yield WorkItem(
                    kind, row.document_no, due_state(due, work.at), "instructions", row.id, due
                )


def _to_report(desk: Desk) -> Iterator[WorkItem]:
    """What was accepted and is not reported back."""
    if not desk.actor.may(Permission.INSTRUCTION_EDIT):
        return
    with desk.begin(Permission.INSTRUCTION_READ) as work:
        rows = work.session.exec(
            select(Instruction)
            .where(col(Instruction.organisation_id).in_(work.actor.organisations))
            .where(col(Instruction.state).in_(_TO_REPORT))
            .order_by(col(Instruction.due_at))
            .limit(_MOST)
        ).all()
    for row in rows:
        state = due_state(row.due_at, desk.now())
        yield WorkItem(
            "instruction_report", row.document_no, state, "instructions", row.id, row.due_at
        )


def _appeals(desk: Desk) -> Iterator[WorkItem]:
    """To be accepted by any approver, to be decided by one who had no hand in the case."""
    actor = desk.actor
    if not actor.may(Permission.APPEAL_DECIDE):
        return
    others = (Case.rechecked_by, CaseAppeal.lodged_by)
    uninvolved = [
        *(col(one).is_distinct_from(actor.id) for one in others),
        ~has_had_a_hand(actor),
    ]
    steps = {
        CaseAppealState.LODGED: "case_appeal_accept",
        CaseAppealState.ACCEPTED: "case_appeal_decide",
    }
    with desk.begin(Permission.APPEAL_READ) as work:
        for state, kind in steps.items():
            who = uninvolved if state is CaseAppealState.ACCEPTED else []
            rows = work.session.exec(
                select(CaseAppeal)
                .join(Case, col(Case.id) == col(CaseAppeal.case_id))
                .where(col(CaseAppeal.organisation_id).in_(actor.organisations))
                .where(CaseAppeal.state == state, *who)
                .order_by(col(CaseAppeal.due_at))
                .limit(_MOST)
            ).all()
            for row in rows:
                due = due_state(row.due_at, work.at)
                yield WorkItem(kind, row.number, due, "cases", row.case_id, row.due_at)


ORDER_SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (
    _to_confirm,
    _to_report,
    _appeals,
)
