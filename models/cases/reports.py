"""What went to the police or another authority, and what came back (004-3.3-p; Anti-Fraud 26)."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Index
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, new_id, words
from models.cases.scope import of_own_case
from models.staff import Actor


class Organ(StrEnum):
    POLICE = "police"
    COMMUNICATIONS = "communications"
    MARKET_REGULATION = "market_regulation"
    OTHER = "other"


class AuthorityReport(Table, table=True):
    """A report or a transfer. Its receipt is the proof; the organ's feedback is added to it."""

    __table_args__ = (Index("ix_authority_reports_case", "case_id", "id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    case_id: UUID = Field(foreign_key="cases.id")
    organ: Organ = Field(sa_type=words(Organ))
    organ_name: str = Field(max_length=200)
    is_transfer: bool = Field(default=False)
    """The whole matter went there, and the case ends here."""
    report_no: str = Field(max_length=64)
    reported_at: datetime = Field(sa_type=UtcDateTime)
    """When the organ took it, by its receipt."""
    words_given: str = Field(default="", max_length=4000)
    evidence: list[str] = Field(default_factory=list, sa_type=JSON)
    """Manifests that went with it."""
    receipt_sha256: str = Field(default="", max_length=64)
    receipt_name: str = Field(default="", max_length=200)
    noted_by: UUID | None = Field(default=None)
    created_at: datetime = Field(sa_type=UtcDateTime)
    feedback: str = Field(default="", max_length=4000)
    feedback_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_own_case(actor, col(cls.case_id))

    @property
    def title(self) -> str:
        return self.report_no
