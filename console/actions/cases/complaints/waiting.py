"""Complaints that wait for the actor: to be taken on, answered, or closed."""

from collections.abc import Callable, Iterator
from typing import Final

from sqlmodel import col, or_, select

from console.actions.waiting import WorkItem, WorkState, due_state, only
from console.desk import Desk
from models.cases.complaints import OPEN, Complaint, ComplaintState
from models.permissions import Permission
from models.staff import User

_TOLD: Final = (Complaint.id, Complaint.number, Complaint.state, Complaint.due_at)


def _new(desk: Desk) -> Iterator[WorkItem]:
    """Nobody's yet, or no longer anybody's."""
    if not desk.actor.may(Permission.COMPLAINT_HANDLE):
        return
    gone = select(User.id).where(col(User.disabled_at).is_not(None))
    with desk.begin(Permission.COMPLAINT_READ) as work:
        query = (
            work.select(Complaint)
            .where(col(Complaint.organisation_id).in_(work.actor.organisations))
            .where(col(Complaint.state).in_(OPEN))
            .where(or_(col(Complaint.handler_id).is_(None), col(Complaint.handler_id).in_(gone)))
            .where(col(Complaint.lodged_by).is_distinct_from(work.actor.id))
            .order_by(col(Complaint.due_at))
        )
        rows = only(work, query, *_TOLD)
    for row_id, number, stands, due in rows:
        state = due_state(due, desk.now())
        kind = "complaint_accept" if stands is ComplaintState.RECEIVED else "complaint_assign"
        yield WorkItem(kind, number, state, "complaints", row_id, due)


def _mine(desk: Desk) -> Iterator[WorkItem]:
    if not desk.actor.may(Permission.COMPLAINT_HANDLE) or desk.actor.id is None:
        return
    with desk.begin(Permission.COMPLAINT_READ) as work:
        query = (
            work.select(Complaint)
            .where(Complaint.handler_id == work.actor.id)
            .where(col(Complaint.state).in_([*OPEN, ComplaintState.ANSWERED]))
            .order_by(col(Complaint.due_at))
        )
        rows = only(work, query, *_TOLD)
    for row_id, number, stands, due in rows:
        if stands is ComplaintState.ANSWERED:
            yield WorkItem("complaint_close", number, WorkState.WAITING, "complaints", row_id)
        else:
            state = due_state(due, desk.now())
            yield WorkItem("complaint_answer", number, state, "complaints", row_id, due)


COMPLAINT_SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (_new, _mine)
