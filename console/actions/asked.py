"""What waits for others: what somebody has asked for and nobody has answered yet.

It is the other half of the work list and none of one's own work: digests, calendars and the
counts of the navigation leave it out.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement
from sqlmodel import col, or_, select

from console.actions.channel.waiting_admission import AGENT_TITLE
from console.actions.waiting import Shown, WorkItem, items
from console.desk import Desk
from models.cards.industry import BatchState, IndustryBatch
from models.cases.cases import ENDED, Case, CaseState
from models.cases.instructions import Instruction, InstructionState
from models.cases.notices import Notice, NoticeState
from models.cases.rectifications import Rectification, RectificationState
from models.channel.agents import Agent, AgentState
from models.channel.licences import Licence, LicenceState
from models.checks.test_purchases import PurchaseState, TestPurchase
from models.patrol.findings import Finding, FindingState
from models.permissions import Permission
from models.staff import Actor

MOST: Final = 50
"""Of a kind; the page behind them shows all."""
_P: Final = Permission
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
Conditions = Callable[[Actor], Sequence[ColumnElement[bool]]]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A kind of request: where it stands, and when it is this person's and unanswered."""

    kind: str
    table: type[Any]
    permission: Permission
    shown: Shown
    mine: Conditions


def asked_items(desk: Desk) -> list[WorkItem]:
    """What the actor asked of others, the latest first; each with the day by which it is due."""
    if desk.actor.id is None:
        return []
    with desk.reading() as together:
        found = [item for asked in _KINDS for item in _of_kind(together, asked)]
    return sorted(found, key=lambda one: (one.due or _NEVER, one.title))


def _of_kind(desk: Desk, asked: _Asked) -> Iterator[WorkItem]:
    if not desk.actor.may(asked.permission):
        return
    with desk.begin(asked.permission) as work:
        query = work.select(asked.table).where(*asked.mine(desk.actor))
        order = [one for one in (asked.shown.due, asked.shown.id) if one is not None]
        yield from items(work, query.order_by(*order), asked.kind, asked.shown, MOST)


def _own(column: Any, actor: Actor) -> ColumnElement[bool]:  # noqa: ANN401 - a table's column
    return column.in_(actor.organisations)


def _notices(actor: Actor) -> Sequence[ColumnElement[bool]]:
    """Sent, and not answered: of one's own cases, and those that belong to no case."""
    owned = select(Case.id).where(Case.owner_id == actor.id)
    return (
        _own(col(Notice.organisation_id), actor),
        col(Notice.state).in_([NoticeState.SENT, NoticeState.ACKNOWLEDGED]),
        or_(col(Notice.case_id).is_(None), col(Notice.case_id).in_(owned)),
    )


def _by(
    owner: object, state: object, person: object, *states: object
) -> Callable[[Actor], Sequence[ColumnElement[bool]]]:
    """Rows of the actor's organisation in these states, that the actor has made or handed in."""

    def mine(actor: Actor) -> Sequence[ColumnElement[bool]]:
        held, is_in, who = col(owner), col(state), col(person)  # pyright: ignore[reportArgumentType,reportUnknownVariableType]
        return _own(held, actor), is_in.in_(states), who == actor.id

    return mine


def _tiers(actor: Actor) -> Sequence[ColumnElement[bool]]:
    return (
        _own(col(Case.organisation_id), actor),
        col(Case.tier_asked).is_not(None),
        col(Case.tier_asked_by) == actor.id,
        col(Case.state).not_in(ENDED),
    )


_CASE: Final = Shown("cases", Case.id, Case.reference, Case.due_at)
_KINDS: Final = (
    _Asked(
        "asked_notice", Notice, _P.CASE_READ,
        Shown("notices", Notice.id, Notice.number, Notice.answer_due_at), _notices,
    ),
    _Asked(
        "asked_decision", Case, _P.CASE_READ, _CASE,
        _by(Case.organisation_id, Case.state, Case.proposed_by, CaseState.DECISION_PROPOSED),
    ),
    _Asked("asked_tier", Case, _P.CASE_READ, _CASE, _tiers),
    _Asked(
        "asked_licence", Licence, _P.LICENCE_READ,
        Shown("licences", Licence.id, Licence.number, Licence.approval_due_at),
        _by(Licence.carrier_id, Licence.state, Licence.submitted_by, LicenceState.PENDING_APPROVAL),
    ),
    _Asked(
        "asked_review", Agent, _P.AGENT_READ,
        Shown("agents", Agent.id, AGENT_TITLE, Agent.review_due_at),
        _by(Agent.carrier_id, Agent.state, Agent.submitted_by,
            AgentState.SUBMITTED, AgentState.VERIFYING),
    ),
    _Asked(
        "asked_finding", Finding, _P.FINDING_READ,
        Shown("findings", Finding.id, Finding.number, Finding.look_due_at),
        _by(Finding.organisation_id, Finding.state, Finding.found_by, FindingState.OPEN),
    ),
    _Asked(
        "asked_instruction", Instruction, _P.INSTRUCTION_READ,
        Shown("instructions", Instruction.id, Instruction.number, Instruction.due_at),
        _by(Instruction.organisation_id, Instruction.state, Instruction.entered_by,
            InstructionState.RECEIVED),
    ),
    _Asked(
        "asked_rectification", Rectification, _P.RECTIFICATION_READ,
        Shown("rectifications", Rectification.id, Rectification.number, Rectification.due_at),
        _by(Rectification.organisation_id, Rectification.state, Rectification.issued_by,
            RectificationState.ISSUED, RectificationState.ACKNOWLEDGED,
            RectificationState.OVERDUE),
    ),
    _Asked(
        "asked_purchase", TestPurchase, _P.STOCK_READ,
        Shown("test_purchases", TestPurchase.id, TestPurchase.number),
        _by(TestPurchase.carrier_id, TestPurchase.state, TestPurchase.planned_by,
            PurchaseState.PLANNED),
    ),
    _Asked(
        "asked_batch", IndustryBatch, _P.INDUSTRY_READ,
        Shown("industry", IndustryBatch.id, IndustryBatch.number, IndustryBatch.due_at),
        _by(IndustryBatch.carrier_id, IndustryBatch.state, IndustryBatch.submitted_by,
            BatchState.PURCHASER_REVIEW),
    ),
)  # fmt: skip
