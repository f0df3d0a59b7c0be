"""How grave a case is: by its kind, by what went before, and by whoever reviews it (DOMAIN 4.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlmodel import col, or_, select

from console.actions.cases.orders import family_of, has_no_choice, head_of, kinds_of
from console.actions.cases.words import written
from console.actions.channel.blacklist import must_name_nobodys_number
from console.desk import Desk, Work
from models.cases.cases import ENDED, UNDECIDED, Case, CaseState, TierBasis
from models.patrol.findings import Finding, FindingState
from models.patrol.shops import Shop
from models.permissions import Permission, Role
from models.refusals import Conflict, Invalid, NotAllowed, Refusal
from models.rules import Tier, china_day, package_rules, parameter
from models.rules.parameters import months_before
from models.staff import Actor

COUNTED: Final = (
    FindingState.CONFIRMED,
    FindingState.RECTIFYING,
    FindingState.IN_CASE,
    FindingState.CLOSED,
)
"""What adds up: confirmed once, whatever became of it since."""
LOWERED_IN: Final = UNDECIDED
_ADDED_UP: Final = (TierBasis.KIND, TierBasis.MINOR_REPEATED, TierBasis.GENERAL_REPEATED)
RULES: Final = (
    "escalation_minor_count",
    "escalation_minor_window",
    "escalation_general_count",
    "escalation_general_window",
)


@dataclass(frozen=True, slots=True)
class Escalated:
    tier: Tier
    basis: TierBasis


def escalated(
    work: Work, shops: Sequence[Shop], findings: Sequence[Finding], on: date | None = None
) -> Escalated:
    """The tier of findings after what was found at their shops, and at their agents' others."""
    gravest = max(findings, key=lambda one: one.tier.rank)
    today = on or china_day(work.at)
    history = _history(work, shops, gravest.id, today)
    tier = package_rules().escalated(gravest.tier, today, history)
    if tier is gravest.tier:
        return Escalated(tier, TierBasis.KIND)
    by_general = tier is Tier.SERIOUS
    return Escalated(tier, TierBasis.GENERAL_REPEATED if by_general else TierBasis.MINOR_REPEATED)


def _history(work: Work, shops: Sequence[Shop], but: UUID, today: date) -> list[tuple[Tier, date]]:
    """Of the same organisation's patrols; what was dismissed, merged or taken back by an appeal
    counts for nothing.
    """
    months = parameter("escalation_general_window", today).value
    owner = shops[0].organisation_id
    agents = {one.agent_id for one in shops if one.agent_id is not None}
    theirs = select(Shop.id).where(Shop.organisation_id == owner, col(Shop.agent_id).in_(agents))
    same = col(Finding.shop_id).in_([one.id for one in shops])
    if agents:
        same = or_(same, col(Finding.shop_id).in_(theirs))
    taken_back = select(Case.id).where(Case.state == CaseState.REVERSED)
    stands = or_(col(Finding.case_id).is_(None), col(Finding.case_id).not_in(taken_back))
    rows = work.session.exec(
        select(Finding.tier, Finding.created_at)
        .where(same, Finding.id != but, Finding.organisation_id == owner)
        .where(col(Finding.state).in_(COUNTED), col(Finding.merged_into_id).is_(None), stands)
        .where(col(Finding.tier).in_([Tier.MINOR, Tier.GENERAL]))
    ).all()
    since = months_before(today, months)
    days = [(Tier(tier), china_day(at)) for tier, at in rows]
    return [(tier, day) for tier, day in days if day >= since]


def add_up(work: Work, main: Case) -> None:
    """What goes on in one case counts together: three minor findings of it make a general one."""
    together = _together(work, main)
    if together is not None and together.tier > main.tier:
        _raise(work, main, together.tier, together.basis, "")


def fall_back(work: Work, main: Case, reason: str) -> None:
    """What a merger alone had added up ends with it."""
    together = _together(work, main)
    if together is None or together.tier >= main.tier or main.tier_basis is TierBasis.KIND:
        return
    before, main.tier, main.tier_basis = main.tier, together.tier, together.basis
    main.version += 1
    work.record(
        "case.tier_lowered", main, tier=main.tier.value, tier_before=before.value, reason=reason
    )


def _together(work: Work, main: Case) -> Escalated | None:
    """By all findings that go on in the case, as of the latest of them; None where people have
    said otherwise, or it is decided.
    """
    if main.tier_basis not in _ADDED_UP or main.state not in LOWERED_IN:
        return None
    findings = work.session.exec(
        select(Finding).where(col(Finding.case_id).in_(family_of(work, main)))
    ).all()
    ids = {one.shop_id for one in findings}
    shops = work.session.exec(select(Shop).where(col(Shop.id).in_(ids))).all()
    return escalated(work, shops, findings, _latest(findings)) if findings else None


def _latest(findings: Sequence[Finding]) -> date:
    return max(china_day(one.created_at) for one in findings)


def raise_for(work: Work, case: Case, basis: TierBasis) -> bool:
    """One tier up for what happened in the case, once for each reason; whether it was raised.

    For whoever notes a refusal to correct or a second due date missed, in a transaction of their
    own. An ended case stays as it is; a merged one raises the case that goes on for it.
    """
    head = head_of(work, case)
    if head.state in ENDED or head.tier is Tier.SERIOUS or head.tier_basis is basis:
        return False
    _raise(work, head, head.tier.raised(), basis, "")
    return True


def raise_by_kind(work: Work, case: Case, tier: Tier) -> None:
    """What has come into the case since is graver than all before."""
    if tier > case.tier:
        _raise(work, case, tier, TierBasis.KIND, "")


def _raise(work: Work, case: Case, tier: Tier, basis: TierBasis, reason: str) -> None:
    before = case.tier
    case.tier, case.tier_basis, case.tier_reason = tier, basis, reason
    case.tier_asked = case.tier_asked_by = None
    case.version += 1
    work.record(
        "case.tier_raised", case, tier=tier.value, tier_before=before.value, basis=basis.value,
        reason=reason,
    )  # fmt: skip


def raise_tier(desk: Desk, case_id: UUID | str, tier: Tier, reason: str) -> Case:
    """A reviewer alone makes it graver; a lowering that waits is thereby over."""
    words = written(reason, "reason")
    must_name_nobodys_number(desk, words)
    with desk.begin(Permission.CASE_CLOSE) as work:
        case = _going_on(work, case_id)
        if tier <= case.tier:
            raise Invalid("case_tier.not_higher", reference=case.reference, tier=case.tier)
        _raise(work, case, tier, TierBasis.RAISED, words)
        return case


def lower_tier(desk: Desk, case_id: UUID | str, tier: Tier, reason: str) -> Case:
    """Ask for a lower one; another, who approves, decides on it. Of four offences nobody asks."""
    words = written(reason, "reason")
    must_name_nobodys_number(desk, words)
    with desk.begin(Permission.CASE_CLOSE) as work:
        case = _going_on(work, case_id)
        if (no := why_not_lower(work, case)) is not None:
            raise no
        if tier >= case.tier:
            raise Invalid("case_tier.not_lower", reference=case.reference, tier=case.tier)
        case.tier_asked, case.tier_asked_by, case.tier_reason = tier, work.actor.id, words
        case.version += 1
        work.record(
            "case.tier_lowering_asked", case, tier=tier.value, tier_before=case.tier.value,
            reason=words,
        )  # fmt: skip
        return case


def why_not_lower(work: Work, case: Case) -> Refusal | None:
    """Why nobody can ask for a lower tier; None when one may be asked for."""
    if has_no_choice(kinds_of(work, case)):
        return NotAllowed("case_tier.mandatory", reference=case.reference, tier=case.tier)
    if case.state not in LOWERED_IN:
        return Conflict("case_tier.decided", reference=case.reference, state=case.state)
    if case.tier_asked is not None:
        return Conflict("case_tier.asked_already", reference=case.reference, tier=case.tier_asked)
    return None


def why_not_decide_tier(actor: Actor, case: Case) -> Refusal | None:
    """Why this person can't decide on the lowering; None when they can."""
    if case.tier_asked_by == actor.id:
        return NotAllowed("case_tier.same_person", reference=case.reference)
    if not actor.roles & {Role.APPROVER, Role.HOUSE}:
        return NotAllowed("case.approver_needed", reference=case.reference)
    return None


def decide_tier(desk: Desk, case_id: UUID | str, *, granted: bool, reason: str) -> Case:
    """Lower it as asked, or leave it; never by who asked."""
    words = written(reason, "reason")
    must_name_nobodys_number(desk, words)
    with desk.begin(Permission.CASE_CLOSE) as work:
        case = _going_on(work, case_id)
        asked = case.tier_asked
        if asked is None:
            raise Conflict("case_tier.nothing_asked", reference=case.reference)
        if (no := why_not_decide_tier(work.actor, case)) is not None:
            raise no
        if has_no_choice(kinds_of(work, case)):
            # A finding of the four came in by a merger since it was asked.
            raise NotAllowed("case_tier.mandatory", reference=case.reference, tier=case.tier)
        before = case.tier
        case.tier_asked = case.tier_asked_by = None
        case.version += 1
        if granted:
            case.tier, case.tier_basis = asked, TierBasis.LOWERED
        work.record(
            "case.tier_lowered" if granted else "case.tier_kept", case, tier=case.tier.value,
            tier_before=before.value, reason=words,
        )  # fmt: skip
        return case


def _going_on(work: Work, case_id: UUID | str) -> Case:
    case = work.get(Case, case_id)
    if case.merged_into_id is not None:
        raise Conflict("case.merged", reference=case.reference)
    if case.state in ENDED:
        raise Conflict("case.ended", reference=case.reference, state=case.state)
    return case
