"""Conditions A and B, signed line by line, each with the paper that shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select

from console.actions.channel.held import held
from console.desk import Desk, Work
from models.channel.agents import Agent
from models.channel.conditions import Checklist, Condition, condition_lines, missing_conditions
from models.channel.papers import AgentPaper
from models.permissions import Permission
from models.refusals import Conflict, Invalid
from models.rules import china_day


@dataclass(frozen=True, slots=True)
class SignedLine:
    """What somebody vouches for: a line of a checklist, met or not, and its evidence."""

    line: str
    is_met: bool
    paper_id: UUID | None = None
    remark: str = ""


def sign_conditions(
    desk: Desk, agent_id: UUID | str, lines: Sequence[SignedLine], version: int | None = None
) -> Agent:
    """Sign lines for an agent; a line that is met names its evidence. Signed again, it is new."""
    with desk.begin(Permission.PAPER_EDIT) as work:
        agent = held(work, Agent, agent_id, version)
        known = {line.code: line for line in condition_lines(china_day(work.at))}
        before = {one.line: one for one in conditions_of(work, agent)}
        for one in lines:
            if one.line not in known:
                raise Invalid("admission.no_such_condition", line=one.line)
            _must_have_evidence(work, agent, one)
            row = before.get(one.line) or work.add(
                Condition(
                    agent_id=agent.id,
                    carrier_id=agent.carrier_id,
                    province=agent.province,
                    attempt=agent.attempt,
                    checklist=known[one.line].checklist,
                    line=one.line,
                    is_met=one.is_met,
                    rule_version="",
                    signer="",
                    signed_at=work.at,
                )
            )
            row.is_met, row.paper_id, row.remark = one.is_met, one.paper_id, one.remark.strip()
            row.rule_version = f"checklist/{known[one.line].version}"
            row.signed_by, row.signer, row.signed_at = work.actor.id, work.actor.name, work.at
        work.session.flush()
        _sum_up(work, agent)
        agent.version += 1
        signed = {one.line: one.is_met for one in lines}
        work.record("agent.conditions_signed", agent, lines=signed)
        return agent


def _must_have_evidence(work: Work, agent: Agent, one: SignedLine) -> None:
    if one.paper_id is None:
        if one.is_met:
            raise Invalid("admission.evidence_needed", line=one.line)
        return
    paper = work.get(AgentPaper, one.paper_id)
    if paper.agent_id != agent.id or paper.withdrawn_at is not None:
        raise Conflict("admission.not_the_agents_paper", line=one.line)


def _sum_up(work: Work, agent: Agent) -> None:
    missing = missing_conditions(conditions_of(work, agent), china_day(work.at))
    lacking = {line.checklist for line in missing}
    agent.is_realname_ready = Checklist.REAL_NAME not in lacking
    agent.is_protection_ready = Checklist.PROTECTION not in lacking


def conditions_of(work: Work, agent: Agent) -> Sequence[Condition]:
    """What was signed for the agent's present application."""
    return work.session.exec(
        select(Condition)
        .where(Condition.agent_id == agent.id, Condition.attempt == agent.attempt)
        .order_by(col(Condition.id))
    ).all()
