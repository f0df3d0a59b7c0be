"""What of rectification notices waits for whom: the unit, its issuer, a second person."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, or_, select

from console.actions.waiting import WorkItem, WorkState, due_state
from console.desk import Desk
from models.cases.extensions import Extension, ExtensionState
from models.cases.rectifications import AT_THE_UNIT, Rectification, RectificationState
from models.permissions import Permission
from models.staff import among

_MOST: Final = 100
_S: Final = RectificationState
_R: Final = Rectification


def _rows(desk: Desk, *conditions: ColumnElement[bool]) -> Sequence[Rectification]:
    """Of one side and one state, so that an index gives their order."""
    with desk.begin(Permission.RECTIFICATION_READ) as work:
        query = select(_R).where(*conditions).order_by(col(_R.due_at), col(_R.id))
        return work.session.exec(query.limit(_MOST)).all()


def _to_answer(desk: Desk) -> Iterator[WorkItem]:
    """For the unit; of one that does not work here, for the issuer's people who enter it."""
    actor = desk.actor
    if not actor.may(Permission.RECTIFICATION_ANSWER) or actor.organisation_id is None:
        return
    own = among(col(_R.organisation_id), actor.organisations)
    units = [col(_R.unit_id) == actor.organisation_id]
    if own is not None:
        units.append(and_(own, col(_R.unit_id).is_(None)))
    for unit in units:
        for state in AT_THE_UNIT:
            for row in _rows(desk, unit, col(_R.state) == state):
                yield _answering(row, desk)


def _answering(row: Rectification, desk: Desk) -> WorkItem:
    is_new = row.state is _S.ISSUED
    kind = "rectification_acknowledge" if is_new else "rectification_submit"
    if row.state is _S.OVERDUE:
        kind = "rectification_overdue"
    due = row.acknowledge_due_at if is_new else row.due_at
    return WorkItem(kind, row.title, due_state(due, desk.now()), "rectifications", row.id, due)


def _to_issue(desk: Desk) -> Iterator[WorkItem]:
    """Drafts to issue, and second notices that have to go."""
    actor = desk.actor
    own = among(col(_R.organisation_id), actor.organisations)
    if not actor.may(Permission.RECTIFICATION_ISSUE) or own is None:
        return
    for row in _rows(desk, own, col(_R.state) == _S.DRAFTED):
        yield WorkItem(
            "rectification_issue", row.title, WorkState.WAITING, "rectifications", row.id
        )
    unanswered = and_(col(_R.state) == _S.ISSUED, col(_R.is_reminder_due).is_(True))
    for row in _rows(desk, own, unanswered):
        due = row.reminder_due_at
        state = due_state(due, desk.now())
        yield WorkItem("rectification_remind", row.title, state, "rectifications", row.id, due)
    reported = and_(col(_R.state) == _S.CLOSED, col(_R.instruction_id).is_not(None))
    for row in _rows(desk, own, reported):
        state = due_state(row.due_at, desk.now())
        yield WorkItem(
            "rectification_report", row.title, state, "rectifications", row.id, row.due_at
        )


def _to_check(desk: Desk) -> Iterator[WorkItem]:
    """Corrections to look at, by somebody else; and overdue ones to take further."""
    actor = desk.actor
    own = among(col(_R.organisation_id), actor.organisations)
    if not actor.may(Permission.RECTIFICATION_RECHECK) or own is None:
        return
    others = and_(
        col(_R.issued_by).is_distinct_from(actor.id),
        col(_R.submitted_by_id).is_distinct_from(actor.id),
    )
    for row in _rows(desk, own, col(_R.state) == _S.SUBMITTED, others):
        due = row.recheck_due_at
        state = due_state(due, desk.now())
        yield WorkItem("rectification_recheck", row.title, state, "rectifications", row.id, due)
    for row in _rows(desk, own, col(_R.state) == _S.OVERDUE):
        yield WorkItem(
            "rectification_escalate", row.title, WorkState.OVERDUE, "rectifications", row.id,
            row.due_at,
        )  # fmt: skip


def _extensions(desk: Desk) -> Iterator[WorkItem]:
    """Questions for more time that somebody else has asked."""
    actor = desk.actor
    own = among(col(Extension.decider_id), actor.organisations)
    if not actor.may(Permission.EXTENSION_GRANT) or own is None:
        return
    with desk.begin(Permission.RECTIFICATION_READ) as work:
        rows = work.session.exec(
            select(Extension)
            .where(own, Extension.state == ExtensionState.ASKED)
            .where(Extension.subject_kind == "Rectification")
            .where(or_(col(Extension.asked_by).is_(None), Extension.asked_by != actor.id))
            .order_by(col(Extension.old_due_at))
            .limit(_MOST)
        ).all()
    for row in rows:
        state = due_state(row.old_due_at, desk.now())
        yield WorkItem(
            "extension_decide", row.title, state, "rectifications", row.subject_id, row.old_due_at
        )


RECTIFICATION_SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (
    _to_answer,
    _to_issue,
    _to_check,
    _extensions,
)
