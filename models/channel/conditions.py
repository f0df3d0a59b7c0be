"""Conditions of admission, line by line: A real-name, B protection (004-3.1-c, 004-3.1-d)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, UniqueConstraint
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, new_id, words
from models.data import packaged
from models.staff import Actor, of_carrier


class Checklist(StrEnum):
    REAL_NAME = "real_name"
    PROTECTION = "protection"


@dataclass(frozen=True, slots=True)
class ConditionLine:
    """One line of a checklist. Its words are in console/texts under `condition_line`."""

    code: str
    checklist: Checklist
    version: str
    source: str
    valid_from: date


class Condition(Table, table=True):
    """A line that somebody has signed for an agent, with what proves it."""

    __table_args__ = (UniqueConstraint("agent_id", "attempt", "line"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    agent_id: UUID = Field(foreign_key="agents.id")
    carrier_id: UUID = Field(foreign_key="organisations.id")
    province: str = Field(max_length=2)
    attempt: int = Field(default=1, sa_type=Integer)
    checklist: Checklist = Field(sa_type=words(Checklist))
    line: str = Field(max_length=32)
    is_met: bool
    remark: str = Field(default="", max_length=1000)
    paper_id: UUID | None = Field(default=None, foreign_key="agent_papers.id")
    """The evidence; a line that is met has one."""
    rule_version: str = Field(max_length=64)
    signed_by: UUID | None = Field(default=None)
    signer: str = Field(max_length=64)
    signed_at: datetime = Field(sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_carrier(actor, col(cls.carrier_id), col(cls.province))

    @property
    def title(self) -> str:
        return self.line

    @property
    def belongs_to(self) -> UUID | None:
        return self.carrier_id

    @property
    def place(self) -> str | None:
        return self.province


@cache
def _all_lines() -> Sequence[ConditionLine]:
    found = packaged("checklists.toml")
    return [
        ConditionLine(line["code"], checklist, row["version"], line["source"], row["valid_from"])
        for checklist in Checklist
        for row in found[checklist]
        for line in row["lines"]
    ]


def condition_lines(on: date, checklist: Checklist | None = None) -> list[ConditionLine]:
    """The lines that hold on that day, in the checklist's order."""
    return [
        line
        for line in _all_lines()
        if line.valid_from <= on
        and checklist in {None, line.checklist}
        and not any(
            other.checklist is line.checklist and line.valid_from < other.valid_from <= on
            for other in _all_lines()
        )
    ]


def missing_conditions(signed: Iterable[Condition], on: date) -> list[ConditionLine]:
    """Lines that nobody has signed as met with evidence; none when admission may go on."""
    met = {one.line for one in signed if one.is_met and one.paper_id is not None}
    return [line for line in condition_lines(on) if line.code not in met]
