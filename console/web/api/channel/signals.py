"""Signals by API: what buyers and scans say of badges, and what came of it."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from console.actions.channel.signals import close_signal, get_signal, list_signals
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from console.web.api.channel.shapes import In, Out, shapes_of
from models.channel.signals import SignalKind, SignalOutcome, SignalState

router = APIRouter()


class SignalOut(Out):
    """A reason to look at a badge; never a verdict on it."""

    id: UUID
    badge_id: UUID
    badge_name: str
    agent_id: UUID
    platform: str
    kind: SignalKind
    state: SignalState
    times: int
    facts: dict[str, Any]
    """Of scans: the score and its provinces; of reports: the shops that were named."""
    first_at: datetime
    last_at: datetime
    outcome: SignalOutcome | None
    remark: str
    closed_at: datetime | None


class CloseIn(In):
    outcome: SignalOutcome
    remark: Annotated[str, Field(max_length=1000)]
    """Where it was seen, or what was looked at."""


def _signal(desk: Desk, signal_id: UUID) -> SignalOut:
    return SignalOut.model_validate(get_signal(desk, signal_id))


shown("Signal")(_signal)


@router.get("/signals")
def signals(
    desk: Reading,
    state: SignalState | None = None,
    kind: SignalKind | None = None,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[SignalOut]:
    """Those that were heard of last first."""
    part = list_signals(desk, state=state, kind=kind, after=after, limit=limit)
    return Page(items=shapes_of(SignalOut, part.rows), next=part.next)


@router.get("/signals/{signal_id}")
def signal(desk: Reading, signal_id: UUID) -> SignalOut:
    return _signal(desk, signal_id)


@router.post("/signals/{signal_id}/close")
def close(desk: Writing, signal_id: UUID, body: CloseIn) -> SignalOut:
    """`copied` makes the badge void at once; `nothing` closes the matter."""
    return SignalOut.model_validate(close_signal(desk, signal_id, body.outcome, body.remark))
