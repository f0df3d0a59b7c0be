"""The measures of a case: which it has, which it must have, and how they begin and end."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from sqlmodel import col, or_, select

from console.desk import Work
from models.cards.monitoring import UsageFinding
from models.cases.cases import Case
from models.cases.measures import (
    BY_PLATFORM,
    RESTRICTS_CARDS,
    CaseMeasure,
    Measure,
    MeasureMove,
    MeasureState,
    outcomes_of,
)
from models.patrol.findings import Finding
from models.rules import FindingKind, Outcome, Tier, package_rules

IN_FORCE: Final = (MeasureState.IN_FORCE, MeasureState.CARRIED_OUT)


def head_of(work: Work, case: Case) -> Case:
    """The case that goes on for this one, held: itself, or what it was merged into."""
    if case.merged_into_id is None:
        return case
    query = select(Case).where(Case.id == case.merged_into_id)
    return work.session.exec(query if work.only_reads else query.with_for_update()).one()


def merged_into(work: Work, case: Case) -> Sequence[Case]:
    """The cases that go on in this one."""
    return work.session.exec(
        select(Case).where(Case.merged_into_id == case.id).order_by(col(Case.id))
    ).all()


def family_of(work: Work, case: Case) -> list[UUID]:
    """The case, and those that go on in it."""
    return [case.id, *(one.id for one in merged_into(work, case))]


def kinds_of(work: Work, case: Case) -> list[FindingKind]:
    """What was found, in the cases that go on in this one too; the case's own kind first."""
    own = [case.kind, *(one.kind for one in merged_into(work, case))]
    merged = select(Case.id).where(Case.merged_into_id == case.id)
    found = work.session.exec(
        select(Finding.kind).where(
            or_(col(Finding.case_id) == case.id, col(Finding.case_id).in_(merged))
        )
    ).all()
    used = work.session.exec(
        select(UsageFinding.kind).where(
            or_(col(UsageFinding.case_id) == case.id, col(UsageFinding.case_id).in_(merged))
        )
    ).all()
    return list(dict.fromkeys([*own, *map(FindingKind, (*found, *used))]))


def batches_of(work: Work, case: Case) -> list[UUID]:
    """The batches of industry cards that the case is about, and those that go on in it."""
    ids = [one.industry_batch_id for one in (case, *merged_into(work, case))]
    return list(dict.fromkeys(one for one in ids if one is not None))


def wanted_of(work: Work, case: Case) -> list[Outcome]:
    """The outcomes that the rules want of the case."""
    all_of = [case, *merged_into(work, case)]
    return outcomes_of(
        kinds_of(work, case),
        has_agent=any(one.agent_id is not None for one in all_of),
        has_shop=any(one.shop_id is not None for one in all_of),
    )


def tier_floor(kinds: Iterable[FindingKind]) -> Tier:
    """How grave the gravest of these is, where nobody has said otherwise."""
    return max(package_rules().finding(kind).tier for kind in kinds)


def has_no_choice(kinds: Iterable[FindingKind]) -> bool:
    """One of the four offences whose outcome nobody may lower."""
    return any(package_rules().finding(kind).cannot_be_lowered for kind in kinds)


def without_choice(work: Work, case: Case) -> list[Outcome]:
    """What of the outcomes that the rules want stands for the four offences."""
    rules = map(package_rules().finding, kinds_of(work, case))
    fixed = {one for rule in rules if rule.cannot_be_lowered for one in rule.outcomes}
    return [one for one in wanted_of(work, case) if one in fixed]


def measures_of(work: Work, case: Case, *states: MeasureState) -> Sequence[CaseMeasure]:
    query = select(CaseMeasure).where(CaseMeasure.case_id == case.id)
    if states:
        query = query.where(col(CaseMeasure.state).in_(states))
    return work.session.exec(query.order_by(col(CaseMeasure.id))).all()


def asked_of_platform(work: Work, case: Case) -> list[CaseMeasure]:
    """What a notice asks for, the gravest last; what was decided before what was interim."""
    held = sorted(measures_of(work, case, *IN_FORCE), key=lambda one: one.is_interim)
    found = {one.measure: one for one in reversed(held) if one.measure in BY_PLATFORM}
    return sorted(found.values(), key=lambda one: BY_PLATFORM.index(one.measure))


def order(  # noqa: PLR0913 - what whoever it falls on is told
    work: Work,
    case: Case,
    measures: Iterable[Measure],
    *,
    reason: str,
    remedy: str,
    papers: str,
    rules: Sequence[str],
    interim: bool = False,
) -> list[CaseMeasure]:
    """Write the measures down; proposed ones wait for the decision, interim ones hold at once."""
    state = MeasureState.IN_FORCE if interim else MeasureState.PROPOSED
    return [
        work.add(
            CaseMeasure(
                case_id=case.id,
                measure=measure,
                state=state,
                is_interim=interim,
                reason=reason,
                remedy=remedy,
                papers=papers,
                rules=" ".join(rules)[:300],
                is_emergency_exempt=measure in RESTRICTS_CARDS,
                ordered_by=work.actor.id if interim else None,
                ordered_at=work.at if interim else None,
            )
        )
        for measure in measures
    ]


def drop_proposed(work: Work, case: Case) -> None:
    for one in measures_of(work, case, MeasureState.PROPOSED):
        one.move(MeasureMove.DROP)


def impose_proposed(work: Work, case: Case) -> list[CaseMeasure]:
    """What was proposed holds from now on; what held in the meantime is settled by it."""
    imposed = list(measures_of(work, case, MeasureState.PROPOSED))
    for one in imposed:
        one.move(MeasureMove.IMPOSE)
        one.ordered_by, one.ordered_at = work.actor.id, work.at
    return imposed


def held_in_family(work: Work, case: Case) -> Sequence[CaseMeasure]:
    """What holds in the case and in those that go on in it."""
    return work.session.exec(
        select(CaseMeasure)
        .where(col(CaseMeasure.case_id).in_(family_of(work, case)))
        .where(CaseMeasure.state == MeasureState.IN_FORCE)
        .order_by(col(CaseMeasure.id))
    ).all()


def carry_out(work: Work, case: Case) -> None:
    for one in held_in_family(work, case):
        one.move(MeasureMove.CARRY_OUT)
