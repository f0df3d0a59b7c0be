"""How risky a purchaser and its use are: none is sold to unassessed (Anti-Fraud Law art. 12)."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Index
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, new_id, words
from models.cards.of_batch import of_batch
from models.staff import Actor


class AssessmentVerdict(StrEnum):
    PASSED = "passed"
    FAILED = "failed"


class RiskAssessment(Table, table=True):
    """One filled form; the newest of a batch counts."""

    __table_args__ = (Index("ix_risk_assessments_batch", "batch_id", "id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    batch_id: UUID = Field(foreign_key="industry_batches.id")
    form_version: str = Field(max_length=64)
    answers: dict[str, str] = Field(sa_type=JSON)
    """By question the code of its answer."""
    score: float
    """From 0, no risk, to 10."""
    barred_by: list[str] = Field(default_factory=list, sa_type=JSON)
    verdict: AssessmentVerdict = Field(sa_type=words(AssessmentVerdict))
    reason: str = Field(default="", max_length=2000)
    is_yearly: bool = Field(default=False)
    """Of a batch in use, once more."""
    assessed_by: UUID | None = Field(default=None)
    assessed_at: datetime = Field(sa_type=UtcDateTime)
    valid_until: date | None = Field(default=None)
    """The last day of a passed one."""
    rule_version: str = Field(default="", max_length=64)

    def holds(self, on: date) -> bool:
        return (
            self.verdict is AssessmentVerdict.PASSED
            and self.valid_until is not None
            and on <= self.valid_until
        )

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_batch(actor, col(cls.batch_id))
