"""How things stood for an organisation when they were last counted: indicators by cuts.

A job counts with the scope of the organisation's own people, so a figure and the list behind it
speak of the same rows; pages only read what was counted.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Index, UniqueConstraint, true
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, new_id, words
from models.staff import Actor

FEW: Final = 20
"""A share of fewer says little: it is shown with its counts and ranked apart."""


class Indicator(StrEnum):
    """What is counted; definition and counting method are texts, `indicator.<word>_definition`."""

    LISTS_CURRENT = "lists_current"
    """Published lists in time, of those that must be published (004-3.2)."""
    LICENSED_AGENTS = "licensed_agents"
    LICENSED_SHOPS = "licensed_shops"
    BADGES_SHOWN = "badges_shown"
    """Licensed shops whose badge was found displayed, of those looked at."""
    UNLICENSED_LIVE = "unlicensed_live"
    UNLICENSED_NEW = "unlicensed_new"
    UNLICENSED_RELISTED = "unlicensed_relisted"
    UNLICENSED_GONE = "unlicensed_gone"
    TIME_TO_FINDING = "time_to_finding"
    """From the first sight of a listing to its finding."""
    TIME_TO_NOTICE = "time_to_notice"
    """From the finding to the notice that was sent."""
    TIME_TO_GONE = "time_to_gone"
    """From the notice to a shop that is gone."""
    FOUND_BEFORE_REPORT = "found_before_report"
    CASES_OPENED = "cases_opened"
    CASES_OPEN = "cases_open"
    CASES_SERIOUS = "cases_serious"
    CASES_CLOSED = "cases_closed"
    CASES_TRUE = "cases_true"
    """Closed cases that were borne out, of those closed: their precision."""
    OVERDUE = "overdue"
    SPOT_CHECKS_PASSED = "spot_checks_passed"
    INDUSTRY_COMPLETE = "industry_complete"
    """Industry-card batches with a scope and an accountable party, of those in use."""
    INDUSTRY_BREACHES = "industry_breaches"
    CARDS_RECOVERED = "cards_recovered"
    """Cards that came back, of those ordered to be recovered."""
    REAL_NAME = "real_name"
    """Test purchases that were asked for an identity, of those where that is known."""
    FINDINGS = "findings"
    NOTICES = "notices"


class Cut(StrEnum):
    """By what a figure is parted."""

    WHOLE = "whole"
    PLATFORM = "platform"
    """By the code of the platform."""
    PROVINCE = "province"
    """By GB/T 2260's two digits."""
    CARRIER = "carrier"
    """By the code of the organisation."""


class OversightFigure(Table, table=True):
    """One indicator of one organisation's picture, for one cut and month."""

    __table_args__ = (
        UniqueConstraint("organisation_id", "indicator", "cut", "name", "month"),
        Index("ix_oversight_figures_read", "organisation_id", "cut", "month"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisations.id")
    """Whose picture it is."""
    indicator: Indicator = Field(sa_type=words(Indicator))
    cut: Cut = Field(sa_type=words(Cut))
    name: str = Field(default="", max_length=32)
    """Of the platform, province or carrier; empty for the whole."""
    month: str = Field(default="", max_length=7)
    """`2026-11` in China; empty for how things stand now, or over the past year where it passes."""
    count: int
    base: int | None = Field(default=None)
    """Of how many, where the figure is a share; of a time, how many were measured."""
    median_s: int | None = Field(default=None)
    p90_s: int | None = Field(default=None)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        if actor.is_house:
            return true()
        return col(cls.organisation_id) == actor.organisation_id

    @property
    def share(self) -> float | None:
        return self.count / self.base if self.base else None

    @property
    def is_few(self) -> bool:
        """Too few to be compared."""
        return self.base is not None and self.base < FEW

    @property
    def median(self) -> timedelta | None:
        return None if self.median_s is None else timedelta(seconds=self.median_s)

    @property
    def p90(self) -> timedelta | None:
        return None if self.p90_s is None else timedelta(seconds=self.p90_s)


class OversightPicture(Table, table=True):
    """When an organisation's figures were last counted, and how long that took."""

    organisation_id: UUID = Field(foreign_key="organisations.id", primary_key=True)
    made_at: datetime = Field(sa_type=UtcDateTime)
    took_ms: int

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        if actor.is_house:
            return true()
        return col(cls.organisation_id) == actor.organisation_id


class ReportPeriod(StrEnum):
    WEEK = "week"
    MONTH = "month"


class OversightReport(Table, table=True):
    """How things stood at the end of a week or month, kept as it was; its files are made anew."""

    __table_args__ = (
        UniqueConstraint("organisation_id", "period", "name"),
        Index("ix_oversight_reports_listed", "organisation_id", "made_at", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisations.id")
    period: ReportPeriod = Field(sa_type=words(ReportPeriod))
    name: str = Field(max_length=8)
    """`2026-11`, or the ISO week `2026-W47`."""
    made_at: datetime = Field(sa_type=UtcDateTime)
    counted_at: datetime = Field(sa_type=UtcDateTime)
    figures: str
    """The picture's rows as canonical JSON; `sha256` is over these very bytes."""
    sha256: str = Field(max_length=64)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        if actor.is_house:
            return true()
        return col(cls.organisation_id) == actor.organisation_id

    @property
    def title(self) -> str:
        return self.name
