"""What the purchaser signs before a card is handed over (004-2.3-f)."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, Index
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, new_id
from models.cards.of_batch import of_batch
from models.staff import Actor


class IndustryClause(StrEnum):
    """Whoever files the agreement vouches for each; all are needed."""

    NO_RESALE = "no_resale"
    """No secondary sale (004-2.3-f)."""
    REAL_NAME_DUTY = "real_name_duty"
    """Real-name duty, and penalties for its breach (MIIT notice of 2018-11)."""
    MONITORING_CONSENT = "monitoring_consent"
    """The use is watched, and acted on (Anti-Fraud Law art. 12)."""


class IndustryAgreement(Table, table=True):
    __table_args__ = (
        Index("ix_industry_agreements_batch", "batch_id", "id"),
        Index("ix_industry_agreements_until", "superseded_at", "valid_until"),
        CheckConstraint("no_resale IS TRUE", "no_resale"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    batch_id: UUID = Field(foreign_key="industry_batches.id")
    number: str = Field(max_length=64)
    """The document's own."""
    no_resale: bool
    real_name_duty: bool
    monitoring_consent: bool
    signed_on: date
    valid_until: date | None = Field(default=None)
    sha256: str = Field(max_length=64)
    file_name: str = Field(max_length=200)
    media_type: str = Field(max_length=64)
    filed_by: UUID | None = Field(default=None)
    filed_at: datetime = Field(sa_type=UtcDateTime)
    superseded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """Another was filed in its place."""

    def holds(self, on: date) -> bool:
        ended = self.valid_until is not None and self.valid_until < on
        whole = self.no_resale and self.real_name_duty and self.monitoring_consent
        return whole and self.superseded_at is None and self.signed_on <= on and not ended

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_batch(actor, col(cls.batch_id))

    @property
    def title(self) -> str:
        return self.number
