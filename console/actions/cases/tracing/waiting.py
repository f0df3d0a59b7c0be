"""What of traces waits for whom: cards to find, channels to open a case against."""

from collections.abc import Callable, Iterator
from typing import Final

from sqlalchemy import exists
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from console.actions.cases.tracing.traced import ENDED as TRACES_ENDED
from console.actions.waiting import Shown, WorkItem, items
from console.desk import Desk, Work
from models.cases.cases import ENDED, Case
from models.cases.traces import OutflowTrace, TracedCard, TraceState
from models.permissions import Permission

_MOST: Final = 100
_AGAINST: Final = aliased(Case)
_CASE: Final = Shown("cases", Case.id, Case.reference, Case.due_at)


def _open_traces(desk: Desk) -> Iterator[WorkItem]:
    """Traces of one's own cases that have no outcome."""
    if not desk.actor.may(Permission.TRACE_EDIT) or desk.actor.id is None:
        return
    with desk.begin(Permission.CASE_READ) as work:
        query = _own(work).join(OutflowTrace, col(OutflowTrace.case_id) == col(Case.id))
        untraced = query.where(OutflowTrace.state == TraceState.OPEN)
        yield from items(work, untraced, "trace_open", _CASE, _MOST)


def _own(work: Work) -> SelectOfScalar[Case]:
    return (
        select(Case)
        .where(Case.owner_id == work.actor.id, col(Case.state).not_in(ENDED))
        .where(col(Case.merged_into_id).is_(None))
        .order_by(col(Case.due_at), col(Case.id))
    )


def _source_cases(desk: Desk) -> Iterator[WorkItem]:
    """One's own cases with a channel that is known and has no case."""
    actor = desk.actor
    if not (actor.may(Permission.CASE_OPEN) and actor.sees_channels) or actor.id is None:
        return
    opened = exists().where(
        col(_AGAINST.parent_id) == col(Case.id),
        col(_AGAINST.channel_id) == col(TracedCard.channel_id),
    )
    waits = exists().where(
        col(OutflowTrace.case_id) == col(Case.id),
        col(OutflowTrace.state).in_(TRACES_ENDED),
        col(TracedCard.trace_id) == col(OutflowTrace.id),
        col(TracedCard.channel_id).is_not(None),
        ~opened,
    )
    with desk.begin(Permission.CASE_READ) as work:
        yield from items(work, _own(work).where(waits), "trace_source_case", _CASE, _MOST)


TRACE_SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (
    _open_traces,
    _source_cases,
)
