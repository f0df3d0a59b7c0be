"""What of instructions and of appeals against cases waits for the actor."""

from collections.abc import Callable, Iterator
from typing import Final

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from console.actions.cases.hands import has_had_a_hand
from console.actions.waiting import Shown, WorkItem, items
from console.desk import Desk, Work
from models.cases.appeals import CaseAppeal, CaseAppealState
from models.cases.cases import Case
from models.cases.instructions import Instruction, InstructionState
from models.permissions import Permission

_TO_REPORT: Final = (InstructionState.ACCEPTED, InstructionState.IN_PROGRESS)
_I: Final = Instruction
_DUE: Final = Shown("instructions", _I.id, _I.document_no, _I.due_at)
_REPORTED: Final = Shown("instructions", _I.id, _I.document_no)
"""What was reported in time is late no more, however long its receipt takes."""
_APPEAL: Final = Shown("cases", CaseAppeal.case_id, CaseAppeal.number, CaseAppeal.due_at)


def _to_confirm(desk: Desk) -> Iterator[WorkItem]:
    """Documents that another entered, and reports that another made."""
    if not desk.actor.may(Permission.INSTRUCTION_CONFIRM):
        return
    steps = [
        ("instruction_accept", InstructionState.RECEIVED, col(_I.entered_by), _DUE),
        ("instruction_close", InstructionState.REPORTED_BACK, col(_I.reported_by), _REPORTED),
    ]
    with desk.begin(Permission.INSTRUCTION_READ) as work:
        for kind, state, first, shown in steps:
            another = first.is_distinct_from(work.actor.id)
            yield from items(work, _own(work).where(_I.state == state, another), kind, shown)


def _to_report(desk: Desk) -> Iterator[WorkItem]:
    """What was accepted and is not reported back."""
    if not desk.actor.may(Permission.INSTRUCTION_EDIT):
        return
    with desk.begin(Permission.INSTRUCTION_READ) as work:
        accepted = _own(work).where(col(_I.state).in_(_TO_REPORT))
        yield from items(work, accepted, "instruction_report", _DUE)


def _own(work: Work) -> SelectOfScalar[Instruction]:
    own = col(_I.organisation_id).in_(work.actor.organisations)
    return select(_I).where(own).order_by(col(_I.due_at))


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
            query = (
                select(CaseAppeal)
                .join(Case, col(Case.id) == col(CaseAppeal.case_id))
                .where(col(CaseAppeal.organisation_id).in_(actor.organisations))
                .where(CaseAppeal.state == state, *who)
                .order_by(col(CaseAppeal.due_at))
            )
            yield from items(work, query, kind, _APPEAL)


ORDER_SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (
    _to_confirm,
    _to_report,
    _appeals,
)
