"""The case against the channel that cards came from, linked to the one they were found in."""

from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.cases.assigning import must_see_channels
from console.actions.cases.hands import note_hand
from console.actions.cases.open import case_reference
from console.actions.cases.tasks import prove
from console.actions.cases.tracing.traced import trace_of
from console.actions.deadlines import deadline
from console.desk import Desk, Work
from models.cards.stock import SourceChannel
from models.cases.cases import Case, CaseMove
from models.cases.parties import CaseParty, PartyRole
from models.cases.tasks import TaskKind
from models.cases.traces import TracedCard
from models.channel.agents import Agent
from models.permissions import Permission
from models.refusals import Conflict
from models.rules import FindingKind, package_rules
from models.search import sought_text

_OF_INDUSTRY: Final = frozenset(
    {FindingKind.IOT_CARD_ONLINE, FindingKind.IOT_RESALE, FindingKind.IOT_SCOPE_BREACH}
)
_WHOLE: Final = 100


def open_source_case(desk: Desk, case_id: UUID | str, channel_id: UUID | str) -> Case:
    """Once a case and channel; whoever opens it owns it (004-3.3-i, 004-3.4-e).

    The channel passed on cards that it was given to sell itself. That is resale (二次转卖),
    whatever was found at the shop that sold them in the end; of industry cards it is theirs.
    """
    with desk.begin(Permission.CASE_OPEN) as work:
        must_see_channels(work)
        parent = work.get(Case, case_id)
        channel = work.get(SourceChannel, channel_id)
        _must_be_traced(work, parent, channel)
        _must_be_the_only_one(work, parent, channel)
        case = work.add(_case_against(work, parent, channel))
        case.move(CaseMove.ASSIGN)
        work.session.flush()
        _name_party(work, case, channel)
        note_hand(work, case)
        work.record(
            "case.opened", case, parent=parent.reference, channel=channel.code, tier=case.tier.value
        )
        work.record("case.source_opened", parent, case=case.reference, channel=channel.code)
        prove(work, parent.id, TaskKind.SOURCE_CASE, target=str(channel.id), source=case.reference)
        return case


def _must_be_traced(work: Work, parent: Case, channel: SourceChannel) -> None:
    """The channel stands in the chain of a card of the case."""
    if parent.merged_into_id is not None:
        raise Conflict("case.merged", reference=parent.reference)
    trace = trace_of(work, parent)
    cards = work.session.exec(
        select(TracedCard).where(
            TracedCard.trace_id == (trace.id if trace else None),
            col(TracedCard.channel_id).is_not(None),
        )
    ).all()
    found = any(str(channel.id) == one["id"] for card in cards for one in card.chain)
    if not found:
        raise Conflict("trace.channel_not_found", reference=parent.reference, code=channel.code)


def _must_be_the_only_one(work: Work, parent: Case, channel: SourceChannel) -> None:
    """The parent's row is held, so that two officers can't open two cases at the same moment."""
    other = work.session.exec(
        select(Case.reference).where(Case.parent_id == parent.id, Case.channel_id == channel.id)
    ).first()
    if other is not None:
        raise Conflict("trace.source_case_there", reference=other, code=channel.code)


def _case_against(work: Work, parent: Case, channel: SourceChannel) -> Case:
    of_industry = parent.kind in _OF_INDUSTRY
    kind = FindingKind.IOT_RESALE if of_industry else FindingKind.SECONDARY_RESALE
    due = deadline(work, "case_investigation")
    reference = case_reference(work)
    return Case(
        reference=reference,
        search_text=sought_text(reference, channel.name),
        organisation_id=channel.carrier_id,
        parent_id=parent.id,
        channel_id=channel.id,
        agent_id=channel.agent_id,
        shop_name=channel.name,
        kind=kind,
        ground=parent.ground,
        tier=package_rules().finding(kind).tier,
        card_home=channel.province,
        owner_id=work.actor.id,
        due_at=due.at,
        rule_version=due.version,
        created_at=work.at,
    )


def _name_party(work: Work, case: Case, channel: SourceChannel) -> None:
    agent = work.session.get(Agent, channel.agent_id) if channel.agent_id else None
    work.add(
        CaseParty(
            case_id=case.id,
            role=PartyRole.SOURCE_CHANNEL,
            name=channel.name,
            uscc=channel.uscc or (agent.uscc if agent else ""),
            agent_id=channel.agent_id,
            share=_WHOLE,
        )
    )
