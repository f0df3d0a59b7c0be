"""What is to be done about a case: proposed by one person, approved by another."""

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from sqlmodel import select

from console.actions.deadlines import deadline
from console.desk import Desk, Work
from models.cases.cases import Case, CaseMove, Measure
from models.patrol.findings import Finding
from models.permissions import Permission, Role
from models.refusals import Conflict, Invalid, NotAllowed, Refusal
from models.rules import FindingKind, Outcome, Tier, package_rules
from models.staff import Actor

LONGEST_WORDS: Final = 2000
_ANY_STOP: Final = frozenset({Measure.REMOVE_LISTINGS, Measure.REMOVE_SHOP, Measure.STOP_SERVICE})
MEETS: Final[Mapping[Outcome, frozenset[Measure]]] = {
    Outcome.STOP_SERVICE: frozenset({Measure.STOP_SERVICE}),
    Outcome.REMOVE_SHOP: frozenset({Measure.REMOVE_SHOP, Measure.STOP_SERVICE}),
    Outcome.DELIST: _ANY_STOP,
    Outcome.STOP_SALE: _ANY_STOP,
    Outcome.CANCEL_DELEGATION: _ANY_STOP,
    Outcome.BLACKLIST: _ANY_STOP,
}
"""What a platform must at least be asked for; outcomes not here are other people's to bring."""


def measures_for(kinds: Iterable[FindingKind]) -> list[Measure]:
    """The measures that meet every mandatory outcome of these kinds (DOMAIN 4.2)."""
    wanted = [MEETS[one] for kind in kinds for one in _outcomes(kind) if one in MEETS]
    return [measure for measure in Measure if all(measure in enough for enough in wanted)]


def _outcomes(kind: FindingKind) -> tuple[Outcome, ...]:
    return package_rules().finding(kind).outcomes


def why_not_decide(actor: Actor, case: Case) -> Refusal | None:
    """Why this person can't decide as proposed; None when they can."""
    if case.proposed_by == actor.id:
        return NotAllowed("case.same_person", reference=case.reference)
    if case.tier is Tier.SERIOUS and not actor.roles & {Role.APPROVER, Role.HOUSE}:
        return NotAllowed("case.approver_needed", reference=case.reference)
    return None


def propose(desk: Desk, case_id: UUID | str, measure: Measure, reason: str, remedy: str) -> Case:
    """Say what the platform shall do, why, and how the shop may object."""
    with desk.begin(Permission.CASE_OPEN) as work:
        case = work.get(Case, case_id)
        case.move(CaseMove.PROPOSE)
        case.reason = _written(reason, "reason")
        case.remedy = _written(remedy, "remedy")
        case.measure = measure
        _must_meet(work, case, measure)
        case.proposed_by = work.actor.id
        _due(work, case, "case_decision")
        work.record("case.proposed", case, measure=measure.value, reason=case.reason)
        return case


def approve(desk: Desk, case_id: UUID | str) -> Case:
    """Decide as proposed. Who proposed does not decide, and a serious case needs an approver."""
    with desk.begin(Permission.CASE_CLOSE) as work:
        case = work.get(Case, case_id)
        case.move(CaseMove.APPROVE)
        _must_decide(work, case)
        if case.measure is None:
            raise Conflict("case.nothing_proposed", reference=case.reference)
        _must_meet(work, case, case.measure)
        case.decided_by = work.actor.id
        _due(work, case, "platform_notification")
        work.record("case.decided", case, measure=case.measure.value)
        return case


def return_to_owner(desk: Desk, case_id: UUID | str, reason: str) -> Case:
    """Not as proposed: the owner looks at it again."""
    with desk.begin(Permission.CASE_CLOSE) as work:
        case = work.get(Case, case_id)
        case.move(CaseMove.RETURN)
        _must_decide(work, case)
        words = _written(reason, "reason")
        _due(work, case, "case_investigation")
        work.record("case.returned", case, reason=words)
        return case


def _must_decide(work: Work, case: Case) -> None:
    if (no := why_not_decide(work.actor, case)) is not None:
        raise no


def _must_meet(work: Work, case: Case, measure: Measure) -> None:
    kinds = work.session.exec(select(Finding.kind).where(Finding.case_id == case.id)).all()
    enough = measures_for([case.kind, *map(FindingKind, kinds)])
    if measure not in enough:
        raise Conflict(
            "case.measure_too_weak",
            reference=case.reference,
            measure=measure,
            least=enough,
        )


def _due(work: Work, case: Case, code: str) -> None:
    due = deadline(work, code)
    case.due_at, case.rule_version = due.at, due.version


def _written(words: str, field: str) -> str:
    words = words.strip()
    if not words or len(words) > LONGEST_WORDS:
        raise Invalid("case.words_needed", field=field, most=LONGEST_WORDS)
    return words
