"""What a trace has brought out, for whoever decides on the case."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.cases.orders import wanted_of
from console.desk import Work
from models.cards.stock import SourceChannel
from models.cases.cases import Case
from models.cases.traces import OutflowTrace, TracedCard, TraceState
from models.refusals import Conflict, Refusal
from models.rules import Outcome

ENDED: Final = (TraceState.TRACED, TraceState.NOT_TRACEABLE)


def trace_of(work: Work, case: Case) -> OutflowTrace | None:
    """The trace of a case that the actor was given."""
    return work.session.exec(select(OutflowTrace).where(OutflowTrace.case_id == case.id)).first()


def why_not_traced(work: Work, case: Case) -> Refusal | None:
    """Why nothing can be proposed yet: its kinds want a trace, and there is no outcome of one.

    Of some cases that is known already.
    """
    if is_source_known(case) or Outcome.TRACE_CHANNEL not in wanted_of(work, case):
        return None
    trace = trace_of(work, case)
    if trace is not None and trace.state in ENDED:
        return None
    return Conflict("case.not_traced", reference=case.reference)


def is_source_known(case: Case) -> bool:
    """It is against a source channel itself, or about a batch whose purchaser is on file."""
    return case.channel_id is not None or case.industry_batch_id is not None


def traced_channels(work: Work, case: Case) -> Sequence[SourceChannel]:
    """The channels that the case's cards were given to, once the trace has an outcome.

    Where some cards led nowhere, those that others led to are known all the same.
    """
    trace = trace_of(work, case)
    if trace is None or trace.state not in ENDED:
        return []
    ids = select(TracedCard.channel_id).where(TracedCard.trace_id == trace.id).distinct()
    return work.session.exec(
        select(SourceChannel)
        .where(col(SourceChannel.id).in_(ids))
        .order_by(col(SourceChannel.code), col(SourceChannel.id))
    ).all()


def source_cases(work: Work, case: Case) -> Sequence[Case]:
    """The cases against source channels that came of this one."""
    return work.session.exec(
        select(Case)
        .where(Case.parent_id == case.id, col(Case.channel_id).is_not(None))
        .order_by(col(Case.id))
    ).all()


def channels_without_case(work: Work, case: Case) -> Sequence[SourceChannel]:
    """Traced channels that nobody has opened a case against: each is a task of the decision."""
    opened: set[UUID | None] = {one.channel_id for one in source_cases(work, case)}
    return [one for one in traced_channels(work, case) if one.id not in opened]
