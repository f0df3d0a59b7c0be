"""Papers of an agent: files on record, each by its digest (DOMAIN 4.3, 4.4)."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Index, Integer
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, new_id, words
from models.channel.licences import Paper
from models.staff import Actor, of_carrier


class PaperKind(StrEnum):
    BUSINESS_LICENCE = "business_licence"
    AGREEMENT = "agreement"
    COMMITMENT_LETTER = "commitment_letter"
    DATA_PROCESSING = "data_processing"
    CONDITION_EVIDENCE = "condition_evidence"
    AUTHORITY_RESULT = "authority_result"
    HAND_BACK = "hand_back"
    APPEAL = "appeal"
    OTHER = "other"


class Clause(StrEnum):
    """What an agency agreement must say. Whoever files it vouches for each."""

    REAL_NAME_DUTY = "real_name_duty"
    """The agent's responsibility for real-name registration (Anti-Fraud Law art. 9)."""
    BREACH_MEASURES = "breach_measures"
    """What follows a breach (Anti-Fraud Law art. 9)."""
    NO_SUB_AGENT = "no_sub_agent"
    """No delegation further down (MIIT opinions of 2016-11 (五))."""


ARTICLE_9: Final = frozenset({Clause.REAL_NAME_DUTY, Clause.BREACH_MEASURES})


class AgentPaper(Table, table=True):
    __table_args__ = (Index("ix_agent_papers_agent", "agent_id", "kind"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    agent_id: UUID = Field(foreign_key="agents.id")
    carrier_id: UUID = Field(foreign_key="organisations.id")
    province: str = Field(max_length=2)
    attempt: int = Field(default=1, sa_type=Integer)
    """The application that it was filed for; a later one starts with none of its own."""
    kind: PaperKind = Field(sa_type=words(PaperKind))
    number: str = Field(default="", max_length=64)
    """The document's own."""
    sha256: str = Field(max_length=64)
    file_name: str = Field(max_length=200)
    media_type: str = Field(max_length=64)
    size: int = Field(sa_type=Integer)
    clauses: list[str] = Field(default_factory=list, sa_type=JSON)
    valid_from: date | None = Field(default=None)
    valid_until: date | None = Field(default=None)
    """The last day it holds; None: without term."""
    added_by: UUID | None = Field(default=None)
    created_at: datetime = Field(sa_type=UtcDateTime)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def is_in_force(self, on: date) -> bool:
        begun = self.valid_from is None or self.valid_from <= on
        over = self.valid_until is not None and self.valid_until < on
        return self.withdrawn_at is None and begun and not over

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_carrier(actor, col(cls.carrier_id), col(cls.province))

    @property
    def title(self) -> str:
        return self.file_name

    @property
    def belongs_to(self) -> UUID | None:
        return self.carrier_id

    @property
    def place(self) -> str | None:
        return self.province


_BY_KIND: Final[Mapping[Paper, PaperKind]] = {
    Paper.AGREEMENT: PaperKind.AGREEMENT,
    Paper.NO_SUB_AGENT: PaperKind.AGREEMENT,
    Paper.COMMITMENT_LETTER: PaperKind.COMMITMENT_LETTER,
    Paper.DATA_PROCESSING: PaperKind.DATA_PROCESSING,
}
_CLAUSES: Final[Mapping[Paper, Collection[Clause]]] = {
    Paper.AGREEMENT: ARTICLE_9,
    Paper.NO_SUB_AGENT: {Clause.NO_SUB_AGENT},
}


def papers_on_file(papers: Iterable[AgentPaper], on: date) -> dict[Paper, AgentPaper]:
    """Which file proves each paper that a licence needs; the newest where several do."""
    found: dict[Paper, AgentPaper] = {}
    for one in sorted(papers, key=lambda paper: paper.created_at):
        if one.is_in_force(on):
            said = set(one.clauses)
            found |= {
                paper: one
                for paper, kind in _BY_KIND.items()
                if kind is one.kind and said.issuperset(_CLAUSES.get(paper, ()))
            }
    return found
