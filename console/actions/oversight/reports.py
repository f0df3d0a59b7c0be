"""Pictures that are kept as they were at the end of a week or month, under their own digest."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import exists
from sqlalchemy.orm import InstrumentedAttribute, defer
from sqlmodel import col, select

from console.actions.oversight.pictures import Picture, figures_of, put_together
from console.desk import PAGE, Desk, Slice, Work
from models.canonical import canonical
from models.oversight.figures import (
    Cut,
    Indicator,
    OversightFigure,
    OversightPicture,
    OversightReport,
    ReportPeriod,
)
from models.permissions import Permission
from models.refusals import Invalid
from models.rules import CHINA, china_day
from models.staff import Organisation

LATEST: Final = timedelta(days=3)
"""What was counted later than that after a period's end is no picture of it."""
FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Report:
    kept: OversightReport
    organisation: str
    """Whose picture it is, by name."""
    picture: Picture
    is_whole: bool
    """The kept figures are those that the digest was taken of."""


@dataclass(frozen=True, slots=True)
class _Ended:
    period: ReportPeriod
    name: str
    at: datetime
    """The first moment after it."""


def keep_reports(desk: Desk) -> int:
    """Keep what was counted right after the end of a week or month, once; how many were kept.

    A picture that was counted before the end is waited for: the next one comes within the hour.
    """
    return sum(_keep_each(desk, ended) for ended in _ended(desk.now()))


def _ended(now: datetime) -> Sequence[_Ended]:
    today = china_day(now)
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    year, week, _ = (monday - timedelta(days=1)).isocalendar()
    month = first - timedelta(days=1)
    return (
        _Ended(ReportPeriod.WEEK, f"{year}-W{week:02}", _midnight(monday)),
        _Ended(ReportPeriod.MONTH, f"{month:%Y-%m}", _midnight(first)),
    )


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=CHINA)


def _keep_each(desk: Desk, ended: _Ended) -> int:
    with desk.begin(Permission.OVERVIEW_READ) as work:
        kept = exists().where(
            col(OversightReport.organisation_id) == col(OversightPicture.organisation_id),
            col(OversightReport.period) == ended.period,
            col(OversightReport.name) == ended.name,
        )
        wanting = work.session.exec(
            select(OversightPicture.organisation_id)
            .where(col(OversightPicture.made_at).between(ended.at, ended.at + LATEST))
            .where(~kept)
        ).all()
    return sum(_keep(desk, organisation_id, ended) for organisation_id in wanting)


def _keep(desk: Desk, organisation_id: UUID, ended: _Ended) -> bool:
    with desk.begin(Permission.SWEEP) as work:
        head = work.session.get(OversightPicture, organisation_id, with_for_update=True)
        known = work.session.exec(
            select(OversightReport.id)
            .where(OversightReport.organisation_id == organisation_id)
            .where(OversightReport.period == ended.period, OversightReport.name == ended.name)
        ).first()
        if head is None or known is not None:
            return False
        owner = work.session.get_one(Organisation, organisation_id)
        text = canonical(_written(work, owner, head, ended)).decode()
        report = OversightReport(
            organisation_id=organisation_id,
            period=ended.period,
            name=ended.name,
            made_at=work.at,
            counted_at=head.made_at,
            figures=text,
            sha256=sha256(text.encode()).hexdigest(),
        )
        work.add(report)
        work.record(
            "oversight.report_kept", report, period=ended.period.value, sha256=report.sha256
        )
        return True


def _written(
    work: Work, owner: Organisation, head: OversightPicture, ended: _Ended
) -> Mapping[str, object]:
    """`figures` are rows of indicator, cut, name, month, count, base, median and p90 in seconds."""
    rows = [
        [
            one.indicator.value, one.cut.value, one.name, one.month,
            one.count, one.base, one.median_s, one.p90_s,
        ]
        for one in figures_of(work, owner.id)
    ]  # fmt: skip
    return {
        "format": FORMAT,
        "organisation": owner.code,
        "period": ended.period.value,
        "name": ended.name,
        "counted_at": head.made_at.isoformat(),
        "figures": sorted(rows, key=lambda row: row[:4]),
    }


def list_reports(desk: Desk, after: str | None = None, limit: int = PAGE) -> Slice[OversightReport]:
    """The newest first, without their figures."""
    with desk.begin(Permission.OVERVIEW_READ) as work:
        figures = cast("InstrumentedAttribute[Any]", OversightReport.figures)
        query = work.select(OversightReport).options(defer(figures, raiseload=True))
        if after is not None:
            query = query.where(col(OversightReport.id) < _place(after))
        newest = query.order_by(col(OversightReport.id).desc()).limit(limit + 1)
        rows = work.session.exec(newest).all()
    return Slice(rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else None)


def _place(after: str) -> UUID:
    try:
        return UUID(after)
    except ValueError:
        raise Invalid("api.bad_cursor") from None


def report(desk: Desk, report_id: UUID | str) -> Report:
    """One report with its figures as they were kept."""
    with desk.begin(Permission.OVERVIEW_READ) as work:
        row = work.get(OversightReport, report_id)
        owner = work.session.get_one(Organisation, row.organisation_id)
    is_whole = sha256(row.figures.encode()).hexdigest() == row.sha256
    return Report(row, owner.name, _read(row), is_whole)


def _read(row: OversightReport) -> Picture:
    figures = [
        OversightFigure(
            organisation_id=row.organisation_id,
            indicator=Indicator(indicator),
            cut=Cut(cut),
            name=name,
            month=month,
            count=count,
            base=base,
            median_s=median_s,
            p90_s=p90_s,
        )
        for indicator, cut, name, month, count, base, median_s, p90_s in json.loads(row.figures)[
            "figures"
        ]
    ]
    return put_together(row.counted_at, figures)
