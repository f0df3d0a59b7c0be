"""Appeals against a refusal or a measure: lodged with a paper, answered by two, lifted at once.

Anti-Fraud Law art. 32. Whoever took the measure does not decide on the appeal against it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.audit import history
from console.actions.channel.agents import begin_anew
from console.actions.channel.badges import finish_badges
from console.actions.channel.blacklist import lift_all_of, must_name_nobodys_number
from console.actions.channel.endings import change
from console.actions.channel.held import held, must_be_another, must_say_why
from console.actions.deadlines import deadline
from console.desk import PAGE, Desk, Order, Slice, Work
from models.audit import AuditEntry
from models.channel.agents import Agent, AgentMove, AgentState
from models.channel.appeals import Appeal, AppealMove, AppealState
from models.channel.licences import Licence, LicenceMove, LicenceState
from models.channel.papers import AgentPaper
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from models.rules import china_day

Subject = Agent | Licence
_A, _L = AgentState, LicenceState
APPEALABLE: Final[Mapping[AgentState | LicenceState, Sequence[str]]] = {
    _A.SUSPENDED: ("agent.suspended",),
    _A.REJECTED: ("agent.refused_finally", "agent.final_refusal_asked", "agent.lapsed"),
    _A.BLACKLISTED: ("agent.blacklisted", "agent.blacklisting_asked"),
}
"""For each state of an agent the deeds that led to it; the first that is found is the measure."""
APPEALABLE_LICENCES: Final[Mapping[LicenceState, Sequence[str]]] = {
    _L.SUSPENDED: ("licence.suspended",),
    _L.REVOKED: ("licence.revoked", "licence.revocation_asked"),
}
_LONGEST: Final = 2000


@dataclass(frozen=True, slots=True)
class AppealRecord:
    appeal: Appeal
    paper: AgentPaper | None
    deeds: Sequence[AuditEntry]


def lodge_appeal(
    desk: Desk, subject: Subject, *, ground: str, paper_id: UUID | str | None = None
) -> Appeal:
    """Bring an appeal on the agent's behalf, with the paper that it was made in."""
    why = must_say_why(ground)
    if len(why) > _LONGEST:
        raise Invalid("channel.field_too_long", field="reason", most=_LONGEST)
    must_name_nobodys_number(desk, why)
    with desk.begin(Permission.APPEAL_LODGE) as work:
        row: Subject = _held(work, type(subject).__name__, subject.id)
        taken = _measures(work, row)
        if not taken:
            raise Conflict("appeal.nothing_to_appeal", title=row.title, state=row.state)
        if _open_appeal(work, row) is not None:
            raise Conflict("appeal.open_already", title=row.title)
        paper = None if paper_id is None else _paper(work, row, paper_id)
        if paper is None:
            raise Conflict("appeal.paper_needed", title=row.title)
        due = deadline(work, "blacklist_appeal_answer")
        appeal = work.add(
            Appeal(
                subject_kind=type(row).__name__,
                subject_id=row.id,
                subject_name=row.title,
                measure=taken[0].deed,
                carrier_id=row.carrier_id,
                province=row.province,
                ground=why,
                paper_id=paper.id,
                due_at=due.at,
                rule_version=due.version,
                created_at=work.at,
            )
        )
        work.record("appeal.lodged", appeal, reason=why, measure=appeal.measure, rule=due.version)
        return appeal


def _held(work: Work, kind: str, row_id: UUID) -> Subject:
    if kind == Licence.__name__:
        return held(work, Licence, row_id, None)
    return held(work, Agent, row_id, None)


def _measures(work: Work, row: Subject) -> list[AuditEntry]:
    """The latest deed of each kind that led to where the subject stands; the measure first."""
    deeds = (
        APPEALABLE.get(row.state, ())
        if isinstance(row, Agent)
        else APPEALABLE_LICENCES.get(row.state, ())
    )
    found = [_latest(work, row, deed) for deed in deeds]
    return [one for one in found if one is not None]


def _latest(work: Work, row: Subject, deed: str) -> AuditEntry | None:
    return work.session.exec(
        select(AuditEntry)
        .where(AuditEntry.subject_kind == type(row).__name__)
        .where(AuditEntry.subject_id == str(row.id), AuditEntry.deed == deed)
        .order_by(col(AuditEntry.seq).desc())
        .limit(1)
    ).first()


def _open_appeal(work: Work, row: Subject) -> Appeal | None:
    return work.session.exec(
        select(Appeal).where(
            Appeal.subject_kind == type(row).__name__,
            Appeal.subject_id == row.id,
            Appeal.state == AppealState.LODGED,
        )
    ).first()


def _paper(work: Work, row: Subject, paper_id: UUID | str) -> AgentPaper:
    paper = work.get(AgentPaper, paper_id)
    agent_id = row.id if isinstance(row, Agent) else row.agent_id
    if paper.agent_id != agent_id or paper.withdrawn_at is not None:
        raise Conflict("appeal.not_its_paper", title=paper.title)
    return paper


def decide_appeal(desk: Desk, appeal_id: UUID | str, move: AppealMove, *, decision: str) -> Appeal:
    """Uphold or reject. The first approver proposes, another does it; neither took the measure.

    What is upheld is lifted in the same transaction.
    """
    why = must_say_why(decision)
    must_name_nobodys_number(desk, why)
    with desk.begin(Permission.APPEAL_DECIDE) as work:
        appeal = _own(work, appeal_id)
        if move not in {AppealMove.UPHOLD, AppealMove.REJECT} or move not in appeal.open_moves():
            appeal.move(move)
            raise Invalid("appeal.not_a_decision")
        row = _held(work, appeal.subject_kind, appeal.subject_id)
        if work.actor.id in {one.actor_id for one in _measures(work, row)}:
            raise NotAllowed("appeal.same_person", title=appeal.title)
        if appeal.proposal is not move:
            _ask(work, appeal, move, why)
            return appeal
        must_be_another(work, appeal.proposed_by, appeal.title)
        appeal.move(move)
        appeal.proposal = None
        appeal.decision, appeal.decided_by, appeal.decided_at = why, work.actor.id, work.at
        work.record(f"appeal.{appeal.state.value}", appeal, reason=why, measure=appeal.measure)
        if move is AppealMove.UPHOLD:
            _lift(work, row, why)
    finish_badges(desk)
    return appeal


def _ask(work: Work, appeal: Appeal, move: AppealMove, why: str) -> None:
    """Propose, or say otherwise than whoever proposed before: then the other waits."""
    appeal.proposal, appeal.proposed_by, appeal.decision = move, work.actor.id, why
    work.record("appeal.decision_asked", appeal, reason=why, move=move.value)


def _lift(work: Work, row: Subject, why: str) -> None:
    """At once, and as the machine of the subject says (law art. 32)."""
    if isinstance(row, Licence):
        lift_licence(work, row, why)
        return
    lifted: Mapping[AgentState, Callable[[], None]] = {
        AgentState.SUSPENDED: lambda: _restore(work, row, why),
        AgentState.BLACKLISTED: lambda: take_off(work, row, why),
        AgentState.REJECTED: lambda: _reopen(work, row, why),
    }
    if row.state in lifted:
        lifted[row.state]()


def _restore(work: Work, agent: Agent, why: str) -> None:
    """The agent, and what was suspended with it on the same day for the same reason."""
    ground = agent.remark
    agent.move(AgentMove.RESTORE)
    agent.remark = ""
    work.record("agent.restored", agent, reason=why)
    licences = work.session.exec(
        select(Licence).where(
            Licence.agent_id == agent.id,
            Licence.state == LicenceState.SUSPENDED,
            Licence.reason == ground,
        )
    ).all()
    for licence in licences:
        lift_licence(work, licence, why)


def take_off(work: Work, agent: Agent, why: str) -> None:
    agent.move(AgentMove.APPEAL_UPHELD)
    agent.reasons, agent.remark = [], why
    agent.proposal = agent.proposed_by = None
    work.record("agent.appeal_upheld", agent, reason=why)
    lift_all_of(work, agent)


def _reopen(work: Work, agent: Agent, why: str) -> None:
    """The application stands again as a draft, with the papers that it had."""
    agent.move(AgentMove.REAPPLY)
    begin_anew(agent)
    work.record("agent.appeal_upheld", agent, reason=why)


def lift_licence(work: Work, licence: Licence, why: str) -> None:
    """A suspended licence holds again. A revoked one stays ended: a new one may be drafted."""
    if licence.state is not LicenceState.SUSPENDED or licence.ends_on < china_day(work.at):
        return
    change(work, licence, LicenceMove.RESUME, why)
    licence.reason = licence.remedy = ""
    licence.revocation_asked_by = None


def withdraw_appeal(desk: Desk, appeal_id: UUID | str, *, reason: str) -> Appeal:
    """The firm takes it back."""
    why = must_say_why(reason)
    with desk.begin(Permission.APPEAL_LODGE) as work:
        appeal = _own(work, appeal_id)
        appeal.move(AppealMove.WITHDRAW)
        appeal.proposal = appeal.proposed_by = None
        work.record("appeal.withdrawn", appeal, reason=why)
        return appeal


def _own(work: Work, appeal_id: UUID | str) -> Appeal:
    appeal = work.get(Appeal, appeal_id)
    if not work.actor.is_house and appeal.carrier_id not in work.actor.carriers:
        raise NotAllowed("channel.not_your_carrier", title=appeal.title)
    return appeal


def list_appeals(
    desk: Desk, state: AppealState | None = None, *, after: str | None = None, limit: int = PAGE
) -> Slice[Appeal]:
    """The most urgent first."""
    with desk.begin(Permission.APPEAL_READ) as work:
        query = work.select(Appeal)
        if state is not None:
            query = query.where(Appeal.state == state)
        return work.slice(query, Order.by(Appeal.due_at, descending=False), after, limit)


def appeal_record(desk: Desk, appeal_id: UUID | str) -> AppealRecord:
    with desk.begin(Permission.APPEAL_READ) as work:
        appeal = work.get(Appeal, appeal_id)
        paper = None if appeal.paper_id is None else work.session.get(AgentPaper, appeal.paper_id)
        return AppealRecord(appeal, paper, history(work, appeal))
