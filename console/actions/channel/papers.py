"""Papers of an agent: filed by their bytes, shown again, and proof of what a licence needs."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlmodel import col, select

from console.actions.brought import clean_name, media_type_of
from console.actions.channel.held import held, must_say_why
from console.desk import Desk, Work
from models.channel.agents import Agent
from models.channel.conditions import Checklist, Condition, missing_conditions
from models.channel.papers import AgentPaper, Clause, PaperKind
from models.permissions import Permission
from models.refusals import Conflict, Invalid
from models.rules import china_day, parameter

_LONGEST_NUMBER = 64
_LOOKED_AT = frozenset({PaperKind.BUSINESS_LICENCE, PaperKind.AUTHORITY_RESULT})
"""Kinds that show that somebody has looked at the business licence again."""


@dataclass(frozen=True, slots=True)
class PaperForm:
    """What is said of a file: its kind, its own number, and how long it holds."""

    kind: PaperKind
    number: str = ""
    clauses: Collection[Clause] = ()
    valid_from: date | None = None
    valid_until: date | None = None
    """The last day; None: without term."""


@dataclass(frozen=True, slots=True)
class Brought:
    """A file that was taken in: checked by its bytes and kept by its digest."""

    file_name: str
    media_type: str
    size: int
    sha256: str


def bring(desk: Desk, file_name: str, content: bytes) -> Brought:
    """Take a PNG, JPEG or PDF of at most 10 MB in; whoever may not is refused before."""
    media_type = media_type_of(file_name, content)
    with desk.begin(Permission.PAPER_EDIT):
        pass
    return Brought(
        clean_name(file_name), media_type, len(content), desk.house.evidence.keep(content)
    )


def add_paper(  # noqa: PLR0913 - a file, and what it stands in for
    desk: Desk,
    agent_id: UUID | str,
    form: PaperForm,
    file_name: str,
    content: bytes,
    *,
    replaces: UUID | None = None,
) -> AgentPaper:
    """File a paper for an agent. The date of a business licence is the agent's.

    The paper that it `replaces` goes out of force in the same moment.
    """
    _must_be_sound(form)
    media_type_of(file_name, content)
    with desk.begin(Permission.PAPER_EDIT) as work:  # before anything is written to disk
        held(work, Agent, agent_id, None)
    brought = bring(desk, file_name, content)
    with desk.begin(Permission.PAPER_EDIT) as work:
        agent = held(work, Agent, agent_id, None)
        old = None if replaces is None else _replaced(work, agent, replaces, form.kind)
        return file_paper(work, agent, form, brought, old)


def _must_be_sound(form: PaperForm) -> None:
    if form.valid_from and form.valid_until and form.valid_from > form.valid_until:
        raise Invalid("channel.ends_before_it_begins")
    if len(form.number.strip()) > _LONGEST_NUMBER:
        raise Invalid("channel.field_too_long", field="number", most=_LONGEST_NUMBER)


def file_paper(
    work: Work, agent: Agent, form: PaperForm, brought: Brought, old: AgentPaper | None = None
) -> AgentPaper:
    paper = work.add(
        AgentPaper(
            agent_id=agent.id,
            carrier_id=agent.carrier_id,
            province=agent.province,
            attempt=agent.attempt,
            kind=form.kind,
            number=form.number.strip(),
            sha256=brought.sha256,
            file_name=brought.file_name,
            media_type=brought.media_type,
            size=brought.size,
            clauses=[clause.value for clause in Clause if clause in form.clauses],
            valid_from=form.valid_from,
            valid_until=form.valid_until,
            added_by=work.actor.id,
            created_at=work.at,
        )
    )
    _take_from(work, agent, form)
    facts = {"kind": form.kind, "sha256": brought.sha256, "replaces": old and str(old.id)}
    work.record("paper.filed", paper, agent_no=agent.agent_no, **facts)
    return paper


def _replaced(work: Work, agent: Agent, paper_id: UUID, kind: PaperKind) -> AgentPaper:
    old = work.get(AgentPaper, paper_id)
    if old.agent_id != agent.id or old.kind is not kind:
        raise Conflict("admission.replaces_another", title=old.title)
    _out_of_force(work, agent, old)
    return old


def _take_from(work: Work, agent: Agent, form: PaperForm) -> None:
    """What a paper says of the agent: how long its business licence holds, and a look at it."""
    today = china_day(work.at)
    if form.kind is PaperKind.BUSINESS_LICENCE:
        agent.business_licence_until = form.valid_until
    if form.kind in _LOOKED_AT:
        again = parameter("business_licence_recheck", today)
        agent.recheck_on = today + timedelta(days=again.value)


def withdraw_paper(desk: Desk, paper_id: UUID | str, *, reason: str) -> AgentPaper:
    """Take a paper out of force; the file stays on record. Lines that it proved are open again."""
    why = must_say_why(reason)
    with desk.begin(Permission.PAPER_EDIT) as work:
        paper = work.get(AgentPaper, paper_id)
        agent = held(work, Agent, paper.agent_id, None)
        lines = _out_of_force(work, agent, paper)
        agent.version += 1
        work.record("paper.withdrawn", paper, reason=why, lines=lines)
        return paper


def _out_of_force(work: Work, agent: Agent, paper: AgentPaper) -> list[str]:
    """The lines of the checklists that lose their evidence with it."""
    if paper.withdrawn_at is not None:
        raise Conflict("admission.paper_withdrawn", title=paper.title)
    paper.withdrawn_at = work.at
    open_again = work.session.exec(
        select(Condition).where(Condition.paper_id == paper.id, Condition.attempt == agent.attempt)
    ).all()
    for one in open_again:
        one.is_met = False
    if paper.attempt == agent.attempt:
        work.session.flush()
        sum_up(work, agent)
    return [one.line for one in open_again]


def sum_up(work: Work, agent: Agent) -> None:
    """The two conditions are the result of what was signed line by line."""
    signed = work.session.exec(
        select(Condition).where(Condition.agent_id == agent.id, Condition.attempt == agent.attempt)
    ).all()
    lacking = {line.checklist for line in missing_conditions(signed, china_day(work.at))}
    agent.is_realname_ready = Checklist.REAL_NAME not in lacking
    agent.is_protection_ready = Checklist.PROTECTION not in lacking


def papers_of(work: Work, agent: Agent) -> Sequence[AgentPaper]:
    """The papers of the agent's present application, oldest first."""
    return work.session.exec(
        select(AgentPaper)
        .where(AgentPaper.agent_id == agent.id, AgentPaper.attempt == agent.attempt)
        .order_by(col(AgentPaper.id))
    ).all()


def business_licence_of(work: Work, agent: Agent) -> AgentPaper | None:
    """The newest business licence in force that is on file for the present application."""
    today = china_day(work.at)
    found = [
        paper
        for paper in papers_of(work, agent)
        if paper.kind is PaperKind.BUSINESS_LICENCE and paper.is_in_force(today)
    ]
    return found[-1] if found else None


def list_papers(desk: Desk, agent_id: UUID | str) -> Sequence[AgentPaper]:
    """Every paper of an agent that the actor may know of, of all attempts, oldest first."""
    with desk.begin(Permission.PAPER_READ) as work:
        agent = work.get(Agent, agent_id)
        papers = work.select(AgentPaper).where(AgentPaper.agent_id == agent.id)
        return work.all(papers.order_by(col(AgentPaper.id)))


def the_paper(desk: Desk, paper_id: UUID | str) -> AgentPaper:
    with desk.begin(Permission.PAPER_READ) as work:
        return work.get(AgentPaper, paper_id)
