"""What is to be done about a case: proposed by one person, approved by another (DOMAIN 4.9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.cards.industry.case_orders import impose_orders
from console.actions.cases.hands import note_hand
from console.actions.cases.orders import (
    drop_proposed,
    family_of,
    has_no_choice,
    impose_proposed,
    kinds_of,
    measures_of,
    merged_into,
    order,
    tier_floor,
    wanted_of,
)
from console.actions.cases.settling import settle_interim
from console.actions.cases.tasks import make_tasks, move_on, tasks_of
from console.actions.cases.tracing.traced import why_not_traced
from console.actions.cases.words import written
from console.actions.channel.blacklist import must_name_nobodys_number
from console.actions.deadlines import deadline
from console.desk import Desk, Work
from models.cases.cases import Case, CaseMove, CaseState, TierBasis
from models.cases.measures import MEETS, Measure, MeasureState, not_met
from models.cases.parties import CaseParty
from models.cases.tasks import TaskState
from models.permissions import Permission, Role
from models.refusals import Conflict, Invalid, NotAllowed, Refusal
from models.rules import Tier, rule_refs
from models.staff import Actor

LONGEST_PAPERS: Final = 1000
LONGEST_FACTS: Final = 4000
MOST_RULES: Final = 20
_WHOLE: Final = 100


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is ordered, and what those it falls on are told (Anti-Fraud Law art. 32)."""

    measures: Sequence[Measure]
    reason: str
    remedy: str
    """Where and until when to appeal."""
    papers: str
    """What to bring."""
    facts: str = ""
    """What was established, in the owner's words."""
    rules: Sequence[str] = ()
    """Ids of duties and clauses that it rests on."""


def why_not_decide(actor: Actor, case: Case) -> Refusal | None:
    """Why this person can't decide as proposed; None when they can."""
    if case.proposed_by == actor.id:
        return NotAllowed("case.same_person", reference=case.reference)
    if case.tier is Tier.SERIOUS and not actor.roles & {Role.APPROVER, Role.HOUSE}:
        return NotAllowed("case.approver_needed", reference=case.reference)
    return None


def propose(desk: Desk, case_id: UUID | str, proposal: Proposal) -> Case:
    """Say what shall be done and why, how to object, and with which papers."""
    reason = written(proposal.reason, "reason")
    remedy = written(proposal.remedy, "remedy")
    papers = written(proposal.papers, "papers", LONGEST_PAPERS)
    facts = proposal.facts.strip()
    if len(facts) > LONGEST_FACTS:
        raise Invalid("case.words_needed", field="facts", most=LONGEST_FACTS)
    must_name_nobodys_number(desk, reason, remedy, papers, facts)
    must_be_rules(proposal.rules)
    measures = [one for one in Measure if one in set(proposal.measures)]
    with desk.begin(Permission.CASE_OPEN) as work:
        case = work.get(Case, case_id)
        case.move(CaseMove.PROPOSE)
        if (no := why_not_ready(work, case)) is not None:
            raise no
        must_meet(work, case, measures)
        case.proposed_by, case.rules = work.actor.id, list(proposal.rules)
        case.facts = facts
        note_hand(work, case)
        drop_proposed(work, case)
        order(
            work, case, measures,
            reason=reason, remedy=remedy, papers=papers, rules=proposal.rules,
        )  # fmt: skip
        set_due(work, case, "case_decision")
        work.record(
            "case.proposed", case, measures=[one.value for one in measures], reason=reason,
            rules=case.rules,
        )  # fmt: skip
        return case


def why_not_ready(work: Work, case: Case) -> Refusal | None:
    """What has to be established before anything is proposed: the parties, then the trace."""
    everybody = work.session.exec(
        select(CaseParty)
        .where(col(CaseParty.case_id).in_(family_of(work, case)))
        .where(col(CaseParty.removed_at).is_(None))
    ).all()
    unheard = [one.name for one in everybody if not one.statement]
    if unheard:
        return Conflict("case.party_not_heard", reference=case.reference, party=unheard[0])
    parties = [one for one in everybody if one.case_id == case.id]
    shares = sum(one.share for one in parties)
    if parties and shares != _WHOLE:
        return Conflict("case.shares_not_whole", reference=case.reference, sum=shares)
    return why_not_traced(work, case)


def approve(desk: Desk, case_id: UUID | str) -> Case:
    """Decide as proposed. Who proposed does not decide, and a serious case needs an approver."""
    with desk.begin(Permission.CASE_CLOSE) as work:
        case = work.get(Case, case_id)
        case.move(CaseMove.APPROVE)
        _must_decide(work, case)
        if case.tier_asked is not None:
            raise Conflict("case.tier_waits", reference=case.reference)
        proposed = [one.measure for one in measures_of(work, case, MeasureState.PROPOSED)]
        if not proposed:
            raise Conflict("case.nothing_proposed", reference=case.reference)
        must_meet(work, case, proposed)
        _must_be_grave_enough(work, case)
        case.decided_by, case.decided_at = work.actor.id, work.at
        note_hand(work, case)
        set_due(work, case, "platform_notification")
        work.record("case.decided", case, measures=[one.value for one in proposed])
        imposed = impose_proposed(work, case)
        case.reason = imposed[0].reason
        impose_orders(work, case, imposed)
        make_tasks(work, case, imposed)
        settle_interim(work, case, proposed)
        work.session.flush()
        if not tasks_of(work, case, TaskState.OPEN):
            move_on(work, case)  # what was ordered at once had done all of it
        return case


def _must_be_grave_enough(work: Work, case: Case) -> None:
    """At least as its kinds are, unless a second person has let it be lowered (DOMAIN 4.9)."""
    least = tier_floor(kinds_of(work, case))
    if case.tier < least and case.tier_basis is not TierBasis.LOWERED:
        raise Conflict("case.tier_too_low", reference=case.reference, tier=case.tier, least=least)


def return_to_owner(desk: Desk, case_id: UUID | str, reason: str) -> Case:
    """Not as proposed: the owner looks at it again."""
    words = written(reason, "reason")
    must_name_nobodys_number(desk, words)
    with desk.begin(Permission.CASE_CLOSE) as work:
        case = work.get(Case, case_id)
        case.move(CaseMove.RETURN)
        _must_decide(work, case)
        set_due(work, case, "case_investigation")
        work.record("case.returned", case, reason=words)
        return case


def _must_decide(work: Work, case: Case) -> None:
    """What a case that goes on in this one proposes is decided with it."""
    if (no := why_not_decide(work.actor, case)) is not None:
        raise no
    for one in merged_into(work, case):
        if one.state is CaseState.DECISION_PROPOSED and one.proposed_by == work.actor.id:
            raise NotAllowed("case.same_person", reference=one.reference)


def must_meet(work: Work, case: Case, measures: Sequence[Measure]) -> None:
    """Every outcome that the rules want is brought about; of four offences nobody takes any off."""
    missing = not_met(wanted_of(work, case), measures)
    if not missing:
        return
    least = [sorted(MEETS[one], key=list(Measure).index) for one in missing]
    facts = {"reference": case.reference, "missing": missing, "least": least}
    if has_no_choice(kinds_of(work, case)):
        raise NotAllowed("case.mandatory", **facts)
    raise Conflict("case.measure_too_weak", **facts)


def must_be_rules(rules: Sequence[str]) -> None:
    """Ids of the rule library: nothing else stands in a decision as its ground."""
    if len(rules) > MOST_RULES:
        raise Invalid("case.too_many_rules", most=MOST_RULES)
    if unknown := [one for one in rules if one not in rule_refs()]:
        raise Invalid("case.no_such_rule", rule=unknown[0][:64])


def set_due(work: Work, case: Case, code: str) -> None:
    due = deadline(work, code)
    case.due_at, case.rule_version = due.at, due.version
