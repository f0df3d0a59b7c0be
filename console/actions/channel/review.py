"""Who decides on agents: review by a second person, suspension, blacklisting, appeals."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.channel.agents import check_now
from console.actions.channel.blacklist import entry, lift_all_of
from console.actions.channel.conditions import conditions_of
from console.actions.channel.endings import end_all_of, suspend_all_of
from console.actions.channel.held import Done, deadline, held, must_be_another
from console.desk import LONGEST_PAGE, Desk, Work
from models.channel.admission import is_final
from models.channel.agents import Agent, AgentMove, AgentReason, AgentState
from models.channel.conditions import missing_conditions
from models.channel.licences import LicenceMove
from models.permissions import Permission
from models.refusals import Conflict, Invalid, Refusal
from models.rules import china_day, parameter

_MOST_AT_ONCE: Final = LONGEST_PAGE


def review_agent(  # noqa: PLR0913 - a decision's parts
    desk: Desk,
    agent_id: UUID | str,
    *,
    passed: bool,
    reasons: Sequence[AgentReason] = (),
    remark: str = "",
    version: int | None = None,
) -> Agent:
    """Decide on an application, by another person than handed it in (001-G1-7).

    A refusal that ends the application waits for a second approver to say the same.
    """
    if not passed and not reasons:
        raise Invalid("channel.reason_needed")
    with desk.begin(Permission.AGENT_REVIEW) as work:
        agent = held(work, Agent, agent_id, version)
        if agent.state is not AgentState.VERIFYING:
            raise Conflict("channel.not_in_review", agent_no=agent.agent_no)
        must_be_another(work, agent.submitted_by, agent.title)
        if passed:
            _pass(work, agent, remark)
        else:
            _fail(work, agent, reasons, remark)
        return agent


def _pass(work: Work, agent: Agent, remark: str) -> None:
    lacking = missing_conditions(conditions_of(work, agent), china_day(work.at))
    if lacking:
        raise Conflict(
            "channel.conditions_missing",
            agent_no=agent.agent_no,
            lines=[line.code for line in lacking],
        )
    found = check_now(work, agent)
    if found:
        raise Conflict("channel.not_in_order", agent_no=agent.agent_no, reasons=found)
    agent.move(AgentMove.VERIFY_PASS)
    _decided(work, agent, [], remark)
    work.record("agent.passed", agent, rule=agent.rule_version)


def _fail(work: Work, agent: Agent, reasons: Sequence[AgentReason], remark: str) -> None:
    limit = parameter("verify_failure_limit", china_day(work.at))
    facts = {"reasons": _values(reasons), "reason": remark.strip()}
    if is_final(reasons, agent.failures + 1, limit.value):
        if not _is_second(work, agent, AgentMove.VERIFY_FAIL_FINAL):
            agent.reasons = _values(reasons)
            agent.remark = remark.strip()
            work.record("agent.final_refusal_asked", agent, **facts)
            return
        agent.move(AgentMove.VERIFY_FAIL_FINAL)
        deed = "agent.refused_finally"
    else:
        agent.move(AgentMove.VERIFY_FAIL)
        deed = "agent.refused"
    agent.failures += 1
    _decided(work, agent, reasons, remark)
    if agent.state is AgentState.NEEDS_CORRECTION:
        due = deadline(work, "resubmission")
        agent.review_due_at, agent.rule_version = due.at, due.version
    work.record(deed, agent, failures=agent.failures, limit=limit.version, **facts)


def _decided(work: Work, agent: Agent, reasons: Sequence[AgentReason], remark: str) -> None:
    agent.reviewed_by, agent.review_due_at = work.actor.id, None
    agent.reasons, agent.remark = _values(reasons), remark.strip()
    agent.proposal = agent.proposed_by = None


def _is_second(work: Work, agent: Agent, move: AgentMove) -> bool:
    """Whether another approver has asked for this move before; else it is now asked for."""
    if agent.proposal is move:
        must_be_another(work, agent.proposed_by, agent.title)
        return True
    agent.proposal, agent.proposed_by = move, work.actor.id
    agent.version += 1
    return False


def _values(reasons: Iterable[AgentReason]) -> list[str]:
    return [AgentReason(one).value for one in reasons]


def review_agents(
    desk: Desk,
    agent_ids: Sequence[UUID],
    *,
    passed: bool,
    reasons: Sequence[AgentReason] = (),
    remark: str = "",
) -> list[Done]:
    """Decide on several, each by itself: one that is refused leaves the others decided."""
    if len(agent_ids) > _MOST_AT_ONCE:
        raise Invalid("channel.too_many", most=_MOST_AT_ONCE)
    done: list[Done] = []
    for agent_id in dict.fromkeys(agent_ids):
        try:
            review_agent(desk, agent_id, passed=passed, reasons=reasons, remark=remark)
            done.append(Done(agent_id))
        except Refusal as no:
            done.append(Done(agent_id, no))
    return done


def suspend_agent(
    desk: Desk, agent_id: UUID | str, *, reason: str, remedy: str, version: int | None = None
) -> Agent:
    """Stop an agent with all its licences and badges; it is told why and where to appeal."""
    if not (reason.strip() and remedy.strip()):
        raise Invalid("channel.reason_and_remedy")
    with desk.begin(Permission.AGENT_REVIEW) as work:
        agent = held(work, Agent, agent_id, version)
        agent.move(AgentMove.SUSPEND)
        agent.remark = reason.strip()
        work.record("agent.suspended", agent, reason=reason.strip(), remedy=remedy.strip())
        suspend_all_of(work, agent, reason.strip(), remedy.strip())
        return agent


def restore_agent(
    desk: Desk, agent_id: UUID | str, *, proof: str, version: int | None = None
) -> Agent:
    """The cause is gone. Its licences are resumed one by one, each on its own ground."""
    if not proof.strip():
        raise Invalid("channel.reason_needed")
    with desk.begin(Permission.AGENT_REVIEW) as work:
        agent = held(work, Agent, agent_id, version)
        agent.move(AgentMove.RESTORE)
        found = check_now(work, agent)
        if found:
            raise Conflict("channel.not_in_order", agent_no=agent.agent_no, reasons=found)
        agent.remark = ""
        work.record("agent.restored", agent, reason=proof.strip())
        return agent


def blacklist_agent(
    desk: Desk, agent_id: UUID | str, *, reason: str, source: str, version: int | None = None
) -> Agent:
    """Keep a firm out for good. The first approver asks; the second does it.

    Its licences and badges are revoked in the same transaction (MIIT opinions of 2016-11 (五)).
    """
    if not (reason.strip() and source.strip()):
        raise Invalid("channel.reason_needed")
    with desk.begin(Permission.BLACKLIST_EDIT) as work:
        agent = held(work, Agent, agent_id, version)
        facts = {"reason": reason.strip(), "source": source.strip()}
        if not _is_second(work, agent, AgentMove.BLACKLIST):
            if AgentMove.BLACKLIST not in agent.open_moves():
                agent.move(AgentMove.BLACKLIST)
            work.record("agent.blacklisting_asked", agent, **facts)
            return agent
        agent.move(AgentMove.BLACKLIST)
        _decided(work, agent, [AgentReason.BLACKLIST_HIT], facts["reason"])
        work.record("agent.blacklisted", agent, **facts)
        entry(
            work,
            agent.carrier_id,
            uscc=agent.uscc,
            name=agent.name,
            reason=facts["reason"],
            source=facts["source"],
        )
        end_all_of(work, agent, LicenceMove.REVOKE, facts["reason"])
        return agent


def uphold_appeal(
    desk: Desk, agent_id: UUID | str, *, decision: str, version: int | None = None
) -> Agent:
    """Take a firm off the blacklist after its appeal, by two approvers as well."""
    if not decision.strip():
        raise Invalid("channel.reason_needed")
    with desk.begin(Permission.BLACKLIST_EDIT) as work:
        agent = held(work, Agent, agent_id, version)
        if agent.state is not AgentState.BLACKLISTED:
            agent.move(AgentMove.APPEAL_UPHELD)
        if not _is_second(work, agent, AgentMove.APPEAL_UPHELD):
            work.record("agent.appeal_asked", agent, reason=decision.strip())
            return agent
        agent.move(AgentMove.APPEAL_UPHELD)
        _decided(work, agent, [], decision)
        work.record("agent.appeal_upheld", agent, reason=decision.strip())
        lift_all_of(work, agent)
        return agent


def withdraw_proposal(desk: Desk, agent_id: UUID | str) -> Agent:
    """Take back what a first approver has asked for: by that person, or by another who says no."""
    with desk.begin(Permission.AGENT_REVIEW) as work:
        agent = held(work, Agent, agent_id, None)
        if agent.proposal is None:
            raise Conflict("channel.nothing_asked", agent_no=agent.agent_no)
        asked = agent.proposal
        agent.proposal = agent.proposed_by = None
        agent.version += 1
        work.record("agent.proposal_withdrawn", agent, move=asked.value)
        return agent


def sweep_lapsed(desk: Desk) -> int:
    """Reject applications that nobody corrected in time (4.3 `lapse`); how many."""
    with desk.begin(Permission.AGENT_READ) as work:
        late = work.session.exec(
            select(Agent.id)
            .where(Agent.state == AgentState.NEEDS_CORRECTION)
            .where(col(Agent.review_due_at) < work.at)
            .limit(1_000)
        ).all()
    lapsed = 0
    for agent_id in late:
        with desk.begin(Permission.SWEEP) as work:
            agent = work.get(Agent, agent_id)
            due = agent.review_due_at
            if agent.state is AgentState.NEEDS_CORRECTION and due is not None and due < work.at:
                agent.move(AgentMove.LAPSE)
                agent.review_due_at = None
                work.record("agent.lapsed", agent, rule=agent.rule_version)
                lapsed += 1
    return lapsed
