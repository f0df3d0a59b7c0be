"""Who decides on agents: review by a second person, suspension, blacklisting."""

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.channel.agents import check_now
from console.actions.channel.blacklist import entry, must_name_nobodys_number, name_hits
from console.actions.channel.conditions import conditions_of
from console.actions.channel.endings import end_all_of, suspend_all_of
from console.actions.channel.held import Done, each, held, must_be_another, must_say_why
from console.actions.channel.papers import business_licence_of
from console.actions.deadlines import deadline
from console.desk import Desk, Work
from models.channel.admission import BY_NAME, RULES, is_final
from models.channel.agents import Agent, AgentMove, AgentReason, AgentState
from models.channel.conditions import Checklist, ConditionLine, missing_conditions
from models.channel.licences import LicenceMove
from models.permissions import Permission
from models.refusals import Conflict, Invalid
from models.rules import china_day, parameter

_LACKING: Final = {
    Checklist.REAL_NAME: AgentReason.NOT_REALNAME_READY,
    Checklist.PROTECTION: AgentReason.NOT_PROTECTION_READY,
}


def review_agent(  # noqa: PLR0913 - a decision's parts
    desk: Desk,
    agent_id: UUID | str,
    *,
    passed: bool,
    reasons: Sequence[AgentReason] = (),
    remark: str = "",
    late_reason: str = "",
    version: int | None = None,
) -> Agent:
    """Decide on an application, by another person than handed it in (001-G1-7).

    A refusal that ends the application waits for a second approver to say the same.
    After the due date a decision says why it is late (001-10).
    """
    if not passed and not reasons:
        raise Invalid("channel.reason_needed")
    with desk.begin(Permission.AGENT_REVIEW) as work:
        agent = held(work, Agent, agent_id, version)
        if agent.state is not AgentState.VERIFYING:
            raise Conflict("channel.not_in_review", agent_no=agent.agent_no)
        must_be_another(work, agent.submitted_by, agent.title)
        _must_say_why_late(work, agent, late_reason)
        if passed:
            _pass(work, agent, remark)
        else:
            _fail(work, agent, reasons, remark)
        return agent


def _must_say_why_late(work: Work, agent: Agent, late_reason: str) -> None:
    """Whoever decides first after the due date says it; a second person need not say it again."""
    if agent.review_due_at is None or work.at < agent.review_due_at:
        return
    agent.late_reason = late_reason.strip() or agent.late_reason
    if not agent.late_reason:
        raise Invalid("admission.late_reason_needed", agent_no=agent.agent_no)


def what_is_lacking(work: Work, agent: Agent) -> tuple[list[AgentReason], list[ConditionLine]]:
    """Every reason why an agent can't be admitted now, and the lines that nobody has signed."""
    on = china_day(work.at)
    lines = missing_conditions(conditions_of(work, agent), on)
    unsigned = {_LACKING[line.checklist] for line in lines}
    found = check_now(work, agent)
    if business_licence_of(work, agent) is None:
        found.append(AgentReason.LICENCE_FILE_MISSING)
    return [*found, *(reason for reason in _LACKING.values() if reason in unsigned)], lines


def _pass(work: Work, agent: Agent, remark: str) -> None:
    found, lines = what_is_lacking(work, agent)
    if found:
        _refuse_to_pass(agent, found, lines)
    agent.move(AgentMove.VERIFY_PASS)
    _decided(work, agent, [], remark)
    work.record("agent.passed", agent, rule=agent.rule_version, late=agent.late_reason or None)


def _refuse_to_pass(
    agent: Agent, found: Sequence[AgentReason], lines: Sequence[ConditionLine]
) -> None:
    """Every ground at once, each with its rule; one kind of ground speaks under its own code."""
    facts = {
        "agent_no": agent.agent_no,
        "reasons": list(found),
        "lines": [line.code for line in lines],
        "failing": [{"code": f"agent_reason.{one.value}", "rule": RULES[one]} for one in found],
    }
    if set(found) <= set(_LACKING.values()):
        raise Conflict("channel.conditions_missing", **facts)
    if set(found) == {AgentReason.LICENCE_FILE_MISSING}:
        raise Conflict("admission.licence_file_missing", **facts)
    if BY_NAME.issuperset(found):
        raise Conflict("admission.name_not_cleared", **facts)
    raise Conflict("admission.not_in_order", **facts)


def _fail(work: Work, agent: Agent, reasons: Sequence[AgentReason], remark: str) -> None:
    limit = parameter("verify_failure_limit", china_day(work.at))
    facts = {
        "reasons": _values(reasons),
        "reason": remark.strip(),
        "late": agent.late_reason or None,
    }
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


def review_agents(  # noqa: PLR0913 - a decision's parts
    desk: Desk,
    agent_ids: Sequence[UUID],
    *,
    passed: bool,
    reasons: Sequence[AgentReason] = (),
    remark: str = "",
    late_reason: str = "",
) -> list[Done]:
    """Decide on several, each by itself: one that is refused leaves the others decided."""

    def decide(own: Desk, agent_id: UUID) -> UUID:
        return review_agent(
            own, agent_id, passed=passed, reasons=reasons, remark=remark, late_reason=late_reason
        ).id

    return each(desk, Permission.AGENT_REVIEW, agent_ids, decide)


def clear_name(
    desk: Desk, agent_id: UUID | str, *, statement: str, version: int | None = None
) -> Agent:
    """Say that entries of the representative's name are about another person, and how one knows.

    By a reviewer who did not hand the application in. Entries that come later are looked at anew.
    """
    why = must_say_why(statement)
    must_name_nobodys_number(desk, why)
    with desk.begin(Permission.AGENT_REVIEW) as work:
        agent = held(work, Agent, agent_id, version)
        must_be_another(work, agent.submitted_by, agent.title)
        hits = [hit for hit in name_hits(work, agent) if not hit.is_cleared]
        if not hits:
            raise Conflict("admission.no_name_hit", agent_no=agent.agent_no)
        agent.cleared = [*agent.cleared, *(str(hit.entry_id) for hit in hits)]
        agent.reasons = [one for one in agent.reasons if one not in BY_NAME]
        agent.version += 1
        work.record(
            "agent.name_cleared",
            agent,
            reason=why,
            reasons=sorted({hit.reason.value for hit in hits}),
            entries=[str(hit.entry_id) for hit in hits],
        )
        return agent


def suspend_agent(  # noqa: PLR0913 - what the agent is told (law art. 32)
    desk: Desk,
    agent_id: UUID | str,
    *,
    reason: str,
    remedy: str,
    papers: str = "",
    version: int | None = None,
) -> Agent:
    """Stop an agent with all its licences and badges.

    It is told why, where to appeal (`remedy`), and which `papers` that takes; where `papers` is
    empty, `remedy` names them.
    """
    if not (reason.strip() and remedy.strip()):
        raise Invalid("channel.reason_and_remedy")
    with desk.begin(Permission.AGENT_REVIEW) as work:
        agent = held(work, Agent, agent_id, version)
        agent.move(AgentMove.SUSPEND)
        agent.remark = reason.strip()
        told = {"remedy": remedy.strip(), "papers": papers.strip() or None}
        work.record("agent.suspended", agent, reason=reason.strip(), **told)
        both = f"{remedy.strip()}（{papers.strip()}）" if papers.strip() else remedy.strip()
        suspend_all_of(work, agent, reason.strip(), both)
        return agent


def restore_agent(
    desk: Desk, agent_id: UUID | str, *, proof: str, version: int | None = None
) -> Agent:
    """The cause is gone. Its licences are resumed one by one, each on its own ground."""
    why = must_say_why(proof)
    with desk.begin(Permission.AGENT_REVIEW) as work:
        agent = held(work, Agent, agent_id, version)
        agent.move(AgentMove.RESTORE)
        found = check_now(work, agent)
        if found:
            _refuse_to_pass(agent, found, [])
        agent.remark = ""
        work.record("agent.restored", agent, reason=why)
        return agent


def blacklist_agent(
    desk: Desk, agent_id: UUID | str, *, reason: str, source: str, version: int | None = None
) -> Agent:
    """Keep a firm and who runs it out for good. The first approver asks; the second does it.

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
            person=agent.legal_representative,
            reason=facts["reason"],
            source=facts["source"],
        )
        end_all_of(work, agent, LicenceMove.REVOKE, facts["reason"])
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
