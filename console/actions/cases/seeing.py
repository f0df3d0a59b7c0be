"""Tasks whose proof the house sees itself: what was done elsewhere, looked for in its own rows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import col, or_, select

from console.actions.cards.industry.case_orders import is_carried_out, orders_of_task
from console.desk import Work
from models.cards.card_orders import CardOrder
from models.cases.cases import Case
from models.cases.measures import CaseMeasure
from models.cases.parties import CaseParty
from models.cases.rectifications import Rectification, RectificationState
from models.cases.reports import AuthorityReport, Organ
from models.cases.tasks import CaseTask, TaskKind
from models.cases.traces import OutflowTrace, TraceState
from models.channel.agents import Agent, AgentState, Blacklisted
from models.channel.badges import LIVE, Badge
from models.channel.licences import Licence, LicenceState
from models.channel.publications import Publication
from models.rules import china_day

Facts = dict[str, Any]
_ENDED: Final = (LicenceState.REVOKED, LicenceState.EXPIRED, LicenceState.TERMINATED)
_STOPPED: Final = (*_ENDED, LicenceState.SUSPENDED)
_CONCLUDED: Final = (TraceState.TRACED, TraceState.NOT_TRACEABLE)
_MENDED: Final = (RectificationState.CLOSED, RectificationState.REPORTED)
_SOURCE: Final = aliased(Case)


@dataclass(frozen=True, slots=True)
class Sight:
    """How a kind of task shows that it is done."""

    maybe: Callable[[], ColumnElement[bool]]
    """For the sweep: joined to `CaseTask` and to the `Case` that it was made in, whether there is
    anything to look at."""
    seen: Callable[[Work, Case, CaseTask], Facts | None]
    """The proof, of one task and its own case; None where it is not done."""


def proof_of(work: Work, task: CaseTask) -> Facts | None:
    """What of it has been done elsewhere; None for nothing, or where only people can tell."""
    sight = SIGHTS.get(task.kind)
    if sight is None:
        return None
    case = work.session.get_one(Case, task.origin_id or task.case_id)
    return sight.seen(work, case, task)


def _target(task: CaseTask) -> UUID | None:
    try:
        return UUID(task.target)
    except ValueError:
        return None


def _cases(task: CaseTask) -> list[UUID]:
    return [one for one in (task.case_id, task.origin_id) if one is not None]


def _licence_in(states: tuple[LicenceState, ...]) -> Sight:
    def maybe() -> ColumnElement[bool]:
        return (
            select(Licence.id)
            .where(Licence.agent_id == Case.agent_id, Licence.carrier_id == Case.organisation_id)
            .where(col(Licence.state).in_(states))
            .exists()
        )

    def seen(work: Work, _case: Case, task: CaseTask) -> Facts | None:
        licence = work.session.get(Licence, _target(task))
        if licence is None or licence.state not in states:
            return None
        return {"licence": licence.number, "state": licence.state.value}

    return Sight(maybe, seen)


def _maybe_badge() -> ColumnElement[bool]:
    query = select(Badge.id).where(Badge.agent_id == Case.agent_id)
    return query.where(col(Badge.state).not_in(LIVE)).exists()


def _badge(work: Work, _case: Case, task: CaseTask) -> Facts | None:
    badge = work.session.get(Badge, _target(task))
    if badge is None or badge.state in LIVE:
        return None
    return {"badge": badge.badge_id, "state": badge.state.value}


def _maybe_listed() -> ColumnElement[bool]:
    by_party = (
        select(Blacklisted.id)
        .join(CaseParty, col(CaseParty.uscc) == col(Blacklisted.uscc))
        .where(CaseParty.case_id == Case.id, CaseParty.uscc != "")
        .where(Blacklisted.carrier_id == Case.organisation_id)
        .where(col(Blacklisted.lifted_at).is_(None), col(Blacklisted.is_proposed).is_(False))
    )
    agent = select(Agent.id).where(Agent.id == Case.agent_id)
    return or_(by_party.exists(), agent.where(Agent.state == AgentState.BLACKLISTED).exists())


def _listed(work: Work, case: Case, _task: CaseTask) -> Facts | None:
    agent = work.session.get(Agent, case.agent_id) if case.agent_id else None
    if agent is not None and agent.state is AgentState.BLACKLISTED:
        return {"agent": agent.agent_no}
    entries = work.session.exec(
        select(Blacklisted)
        .join(CaseParty, col(CaseParty.uscc) == col(Blacklisted.uscc))
        .where(CaseParty.case_id == case.id, CaseParty.uscc != "")
        .where(Blacklisted.carrier_id == case.organisation_id)
        .where(col(Blacklisted.lifted_at).is_(None), col(Blacklisted.is_proposed).is_(False))
    ).all()
    today = china_day(work.at)
    stands = next((one for one in entries if one.is_in_force(today)), None)
    if stands is None:
        return None
    is_own = case.decided_at is not None and stands.created_at >= case.decided_at
    return {"entry": stands.name} | ({"entry_id": str(stands.id)} if is_own else {})


def _maybe_published() -> ColumnElement[bool]:
    query = select(Publication.id).where(Publication.carrier_id == Case.organisation_id)
    return query.where(
        col(Publication.published_at).is_not(None), col(Publication.created_at) >= Case.decided_at
    ).exists()


def _published(work: Work, case: Case, task: CaseTask) -> Facts | None:
    """An edition that was begun after the decision and has come out."""
    head = work.session.get_one(Case, task.case_id)
    decided_at = case.decided_at or head.decided_at
    if decided_at is None:
        return None
    number = work.session.exec(
        select(Publication.number)
        .where(Publication.carrier_id == case.organisation_id)
        .where(col(Publication.published_at).is_not(None))
        .where(col(Publication.created_at) >= decided_at)
        .order_by(col(Publication.published_at))
    ).first()
    return {"publication": number} if number else None


def _report(*, to_police: bool) -> Sight:
    def organ() -> ColumnElement[bool]:
        police = col(AuthorityReport.organ) == Organ.POLICE
        return police if to_police else ~police

    def maybe() -> ColumnElement[bool]:
        case_ids = or_(
            col(AuthorityReport.case_id) == CaseTask.case_id,
            col(AuthorityReport.case_id) == Case.id,
        )
        return select(AuthorityReport.id).where(case_ids, organ()).exists()

    def seen(work: Work, _case: Case, task: CaseTask) -> Facts | None:
        number = work.session.exec(
            select(AuthorityReport.report_no).where(
                col(AuthorityReport.case_id).in_(_cases(task)), organ()
            )
        ).first()
        return {"report": number} if number else None

    return Sight(maybe, seen)


def _maybe_traced() -> ColumnElement[bool]:
    query = select(OutflowTrace.id).where(OutflowTrace.case_id == Case.id)
    return query.where(col(OutflowTrace.state).in_(_CONCLUDED)).exists()


def _traced(work: Work, case: Case, _task: CaseTask) -> Facts | None:
    state = work.session.exec(
        select(OutflowTrace.state).where(OutflowTrace.case_id == case.id)
    ).first()
    return {"trace": state.value} if state and state in _CONCLUDED else None


def _maybe_source() -> ColumnElement[bool]:
    return select(_SOURCE.id).where(_SOURCE.parent_id == Case.id).exists()


def _source(work: Work, case: Case, task: CaseTask) -> Facts | None:
    """Of the channel that the task names, or of any where it names none."""
    query = select(Case.reference).where(Case.parent_id == case.id)
    if task.target:
        query = query.where(Case.channel_id == _target(task))
    reference = work.session.exec(query).first()
    return {"source": reference} if reference else None


def _maybe_mended() -> ColumnElement[bool]:
    query = select(Rectification.id).where(
        or_(
            col(Rectification.case_id) == CaseTask.case_id,
            col(Rectification.case_id) == Case.id,
        )
    )
    return query.where(col(Rectification.state).in_(_MENDED)).exists()


def _mended(work: Work, _case: Case, task: CaseTask) -> Facts | None:
    number = work.session.exec(
        select(Rectification.number)
        .where(col(Rectification.case_id).in_(_cases(task)))
        .where(col(Rectification.state).in_(_MENDED))
    ).first()
    return {"rectification": number} if number else None


def _maybe_ordered() -> ColumnElement[bool]:
    query = select(CardOrder.id).join(
        CaseMeasure, col(CaseMeasure.id) == col(CardOrder.case_measure_id)
    )
    own = or_(CaseMeasure.case_id == CaseTask.case_id, CaseMeasure.case_id == Case.id)
    return query.where(own, col(CardOrder.told_at).is_not(None)).exists()


def _ordered(work: Work, _case: Case, task: CaseTask) -> Facts | None:
    """Every order of the measure has been told to its holder and set on the network."""
    orders = orders_of_task(work, task)
    if not orders or not all(is_carried_out(one) for one in orders):
        return None
    return {"orders": [one.number for one in orders]}


SIGHTS: Final[Mapping[TaskKind, Sight]] = {
    TaskKind.REVOKE_LICENCE: _licence_in(_ENDED),
    TaskKind.SUSPEND_LICENCE: _licence_in(_STOPPED),
    TaskKind.REVOKE_BADGE: Sight(_maybe_badge, _badge),
    TaskKind.BLACKLIST: Sight(_maybe_listed, _listed),
    TaskKind.PUBLICATION: Sight(_maybe_published, _published),
    TaskKind.POLICE_REPORT: _report(to_police=True),
    TaskKind.AUTHORITY_REPORT: _report(to_police=False),
    TaskKind.TRACE: Sight(_maybe_traced, _traced),
    TaskKind.SOURCE_CASE: Sight(_maybe_source, _source),
    TaskKind.RECTIFICATION: Sight(_maybe_mended, _mended),
    TaskKind.CARD_ORDER: Sight(_maybe_ordered, _ordered),
}
