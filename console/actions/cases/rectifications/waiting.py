"""What of rectification notices waits for whom: the unit, its issuer, a second person."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from sqlalchemy import ColumnElement, func
from sqlmodel import and_, col, or_, select

from console.actions.waiting import Shown, WorkItem, WorkState, items
from console.desk import Desk
from models.cases.extensions import Extension, ExtensionState
from models.cases.rectifications import AT_THE_UNIT, Rectification, RectificationState
from models.permissions import Permission
from models.staff import among

_MOST: Final = 100
_S: Final = RectificationState
_R: Final = Rectification
_TITLE: Final = func.coalesce(func.nullif(col(_R.number), ""), _R.subject)
"""What `Rectification.title` says, as the database does."""
_PLAIN: Final = Shown("rectifications", _R.id, _TITLE)
_DUE: Final = replace(_PLAIN, due=_R.due_at)
_TO_ACKNOWLEDGE: Final = replace(_PLAIN, due=_R.acknowledge_due_at)
_TO_REMIND: Final = replace(_PLAIN, due=_R.reminder_due_at)
_TO_RECHECK: Final = replace(_PLAIN, due=_R.recheck_due_at)
_AT_THE_UNIT: Final = {
    _S.ISSUED: ("rectification_acknowledge", _TO_ACKNOWLEDGE),
    _S.OVERDUE: ("rectification_overdue", _DUE),
}
_EXTENSION: Final = Shown(
    "rectifications", Extension.subject_id, Extension.subject_name, Extension.old_due_at
)


def _rows(
    desk: Desk, kind: str, shown: Shown, *conditions: ColumnElement[bool]
) -> Iterator[WorkItem]:
    """Of one side and one state, so that an index gives their order."""
    with desk.begin(Permission.RECTIFICATION_READ) as work:
        query = select(_R).where(*conditions).order_by(col(_R.due_at), col(_R.id))
        yield from items(work, query, kind, shown, _MOST)


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
            kind, shown = _AT_THE_UNIT.get(state, ("rectification_submit", _DUE))
            yield from _rows(desk, kind, shown, unit, col(_R.state) == state)


def _to_issue(desk: Desk) -> Iterator[WorkItem]:
    """Drafts to issue, and second notices that have to go."""
    actor = desk.actor
    own = among(col(_R.organisation_id), actor.organisations)
    if not actor.may(Permission.RECTIFICATION_ISSUE) or own is None:
        return
    yield from _rows(desk, "rectification_issue", _PLAIN, own, col(_R.state) == _S.DRAFTED)
    unanswered = and_(col(_R.state) == _S.ISSUED, col(_R.is_reminder_due).is_(True))
    yield from _rows(desk, "rectification_remind", _TO_REMIND, own, unanswered)
    reported = and_(col(_R.state) == _S.CLOSED, col(_R.instruction_id).is_not(None))
    yield from _rows(desk, "rectification_report", _DUE, own, reported)


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
    corrected = and_(col(_R.state) == _S.SUBMITTED, others)
    yield from _rows(desk, "rectification_recheck", _TO_RECHECK, own, corrected)
    for one in _rows(desk, "rectification_escalate", _DUE, own, col(_R.state) == _S.OVERDUE):
        yield replace(one, state=WorkState.OVERDUE)


def _extensions(desk: Desk) -> Iterator[WorkItem]:
    """Questions for more time that somebody else has asked."""
    actor = desk.actor
    own = among(col(Extension.decider_id), actor.organisations)
    if not actor.may(Permission.EXTENSION_GRANT) or own is None:
        return
    with desk.begin(Permission.RECTIFICATION_READ) as work:
        asked = (
            select(Extension)
            .where(own, Extension.state == ExtensionState.ASKED)
            .where(Extension.subject_kind == "Rectification")
            .where(or_(col(Extension.asked_by).is_(None), Extension.asked_by != actor.id))
            .order_by(col(Extension.old_due_at))
        )
        yield from items(work, asked, "extension_decide", _EXTENSION, _MOST)


RECTIFICATION_SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (
    _to_answer,
    _to_issue,
    _to_check,
    _extensions,
)
