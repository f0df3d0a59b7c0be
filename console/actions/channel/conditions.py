"""Conditions A and B, signed line by line, each with the paper that shows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col, select

from console.actions.channel.held import Done, each, held
from console.actions.channel.papers import PaperForm, bring, file_paper, sum_up
from console.desk import Desk, Work
from models.channel.agents import Agent
from models.channel.conditions import Condition, condition_lines
from models.channel.papers import AgentPaper, PaperKind
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
        _sign(work, agent, lines)
        return agent


def _sign(work: Work, agent: Agent, lines: Sequence[SignedLine]) -> None:
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
    sum_up(work, agent)
    agent.version += 1
    signed = {one.line: one.is_met for one in lines}
    work.record("agent.conditions_signed", agent, lines=signed)


def _must_have_evidence(work: Work, agent: Agent, one: SignedLine) -> None:
    if one.paper_id is None:
        if one.is_met:
            raise Invalid("admission.evidence_needed", line=one.line)
        return
    paper = work.get(AgentPaper, one.paper_id)
    if paper.agent_id != agent.id or paper.withdrawn_at or paper.attempt != agent.attempt:
        raise Conflict("admission.not_the_agents_paper", line=one.line)


@dataclass(frozen=True, slots=True)
class Report:
    """One file that shows the same lines of several agents, as a visit to all of them does."""

    file_name: str
    content: bytes
    number: str = ""


def sign_conditions_of_many(
    desk: Desk, agent_ids: Sequence[UUID], lines: Sequence[str], report: Report, remark: str = ""
) -> list[Done]:
    """Sign the same lines as met for several agents with one report; each by itself.

    The file is kept once by its digest, and filed for each of them.
    """
    if not lines:
        raise Invalid("admission.no_lines")

    form = PaperForm(PaperKind.CONDITION_EVIDENCE, report.number)
    brought = bring(desk, report.file_name, report.content)

    def sign(own: Desk, agent_id: UUID) -> UUID:
        with own.begin(Permission.PAPER_EDIT) as work:
            agent = held(work, Agent, agent_id, None)
            paper = file_paper(work, agent, form, brought)
            work.session.flush()
            _sign(
                work,
                agent,
                [SignedLine(line, is_met=True, paper_id=paper.id, remark=remark) for line in lines],
            )
            return agent.id

    return each(desk, Permission.PAPER_EDIT, agent_ids, sign)


def conditions_of(work: Work, agent: Agent) -> Sequence[Condition]:
    """What was signed for the agent's present application."""
    return work.session.exec(
        select(Condition)
        .where(Condition.agent_id == agent.id, Condition.attempt == agent.attempt)
        .order_by(col(Condition.id))
    ).all()
