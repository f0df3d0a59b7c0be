"""Papers of an agent: filed by their bytes, and proof of what a licence needs."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlmodel import col, select

from console.actions.brought import clean_name, media_type_of
from console.actions.channel.held import held
from console.desk import Desk, Work
from models.channel.agents import Agent
from models.channel.papers import AgentPaper, Clause, PaperKind
from models.permissions import Permission
from models.refusals import Conflict, Invalid


@dataclass(frozen=True, slots=True)
class PaperForm:
    """What is said of a file: its kind, its own number, and how long it holds."""

    kind: PaperKind
    number: str = ""
    clauses: Collection[Clause] = ()
    valid_from: date | None = None
    valid_until: date | None = None
    """The last day; None: without term."""


def add_paper(
    desk: Desk, agent_id: UUID | str, form: PaperForm, file_name: str, content: bytes
) -> AgentPaper:
    """File a PNG, JPEG or PDF for an agent. The date of a business licence is the agent's."""
    media_type = media_type_of(file_name, content)
    if form.valid_from and form.valid_until and form.valid_from > form.valid_until:
        raise Invalid("channel.ends_before_it_begins")
    with desk.begin(Permission.PAPER_EDIT) as work:  # before anything is written to disk
        held(work, Agent, agent_id, None)
    digest = desk.house.evidence.keep(content)
    with desk.begin(Permission.PAPER_EDIT) as work:
        agent = held(work, Agent, agent_id, None)
        paper = work.add(
            AgentPaper(
                agent_id=agent.id,
                carrier_id=agent.carrier_id,
                province=agent.province,
                attempt=agent.attempt,
                kind=form.kind,
                number=form.number.strip(),
                sha256=digest,
                file_name=clean_name(file_name),
                media_type=media_type,
                size=len(content),
                clauses=[clause.value for clause in Clause if clause in form.clauses],
                valid_from=form.valid_from,
                valid_until=form.valid_until,
                added_by=work.actor.id,
                created_at=work.at,
            )
        )
        if form.kind is PaperKind.BUSINESS_LICENCE:
            agent.business_licence_until = form.valid_until
        work.record("paper.filed", paper, agent_no=agent.agent_no, kind=form.kind, sha256=digest)
        return paper


def withdraw_paper(desk: Desk, paper_id: UUID | str, *, reason: str) -> AgentPaper:
    """Take a paper out of force; the file stays on record."""
    if not reason.strip():
        raise Invalid("channel.reason_needed")
    with desk.begin(Permission.PAPER_EDIT) as work:
        paper = work.get(AgentPaper, paper_id)
        held(work, Agent, paper.agent_id, None)
        if paper.withdrawn_at is not None:
            raise Conflict("admission.paper_withdrawn", title=paper.title)
        paper.withdrawn_at = work.at
        work.record("paper.withdrawn", paper, reason=reason.strip())
        return paper


def papers_of(work: Work, agent: Agent) -> Sequence[AgentPaper]:
    """The papers of the agent's present application, oldest first."""
    return work.session.exec(
        select(AgentPaper)
        .where(AgentPaper.agent_id == agent.id, AgentPaper.attempt == agent.attempt)
        .order_by(col(AgentPaper.id))
    ).all()
