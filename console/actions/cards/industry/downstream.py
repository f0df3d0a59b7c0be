"""What makers of devices report each month of the cards in them (Anti-Fraud Law art. 12 para 2).

Sold, in stock and registered add up to what was issued. What is missing is explained, and stays an
alarm until a later report, or the corrected one, has no gap.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Row, Select, func, text
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from console.actions.cards.industry.files import held_batch, written
from console.actions.deadlines import deadline
from console.actions.waiting import MOST_ALIKE, WorkItem, due_state
from console.desk import Desk, Work
from models.cards.downstream import HAS_GAP, DownstreamReport
from models.cards.industry import BatchMove, BatchState, IndustryBatch
from models.cards.purchasers import Purchaser
from models.permissions import Permission
from models.refusals import Conflict, Invalid
from models.rules import CHINA, Deadline, china_day

_Made = tuple[UUID, str, BatchState, datetime | None]
_MONTH: Final = re.compile(r"20[0-9]{2}-(?:0[1-9]|1[0-2])")
_MOST: Final = 2_000_000_000
_NEWER: Final = aliased(DownstreamReport)


@dataclass(frozen=True, slots=True)
class Downstream:
    """What a batch's maker has reported, the newest month first."""

    reports: Sequence[DownstreamReport]
    due: "DueReport | None"
    """The next that is missing; None: all months that are over are reported, or none has to be."""

    @property
    def is_alarm(self) -> bool:
        """The newest report leaves cards that nobody has accounted for."""
        return bool(self.reports and self.reports[0].gap)


class DueReport(NamedTuple):
    month: str
    deadline: Deadline


def report_downstream(  # noqa: PLR0913 - what is reported
    desk: Desk,
    batch_id: UUID | str,
    month: str,
    *,
    sold: int,
    in_stock: int,
    registered: int,
    explanation: str = "",
    version: int | None = None,
) -> DownstreamReport:
    """Enter the report of a month that is over; a second one of the month replaces the first.

    Months are reported one after the other, from the batch's activation on.
    """
    counts: dict[str, Any] = {"sold": sold, "in_stock": in_stock, "registered": registered}
    if min(counts.values()) < 0 or max(counts.values()) > _MOST:
        raise Invalid("industry.bad_counts", most=_MOST)
    why = written(desk, "explanation", explanation, 1000, needed=False)
    with desk.begin(Permission.INDUSTRY_EDIT) as work:
        batch = held_batch(work, batch_id, version)
        _must_report(work, batch)
        before = _report_of(work, batch, month)
        if before is None:
            _must_be_next(work, batch, month)
        was, is_alarm_before = _facts(before), _is_alarm(work, batch)
        report = before or DownstreamReport(
            batch_id=batch.id, month=month, issued=0, **counts, reported_at=work.at, version=0
        )
        report.sqlmodel_update({**counts, "issued": batch.cards, "explanation": why})
        if report.gap and not why:
            raise Invalid("industry.gap_unexplained", month=month, n=report.gap)
        report.reported_by, report.reported_at = work.actor.id, work.at
        report.version += 1
        work.add(report)
        work.session.flush()
        is_late = batch.is_late
        batch.move(BatchMove.DOWNSTREAM_REPORT)
        batch.is_late = is_late
        facts = {"month": month, **_facts(report), **({"before": was} if was else {})}
        work.record("downstream.reported", batch, **facts)
        _record_alarm(work, batch, is_before=is_alarm_before)
        return report


def downstream_of(desk: Desk, batch_id: UUID | str) -> Downstream:
    with desk.begin(Permission.INDUSTRY_READ) as work:
        batch = work.get(IndustryBatch, batch_id)
        reports = work.all(
            work.select(DownstreamReport)
            .where(DownstreamReport.batch_id == batch.id)
            .order_by(col(DownstreamReport.month).desc())
        )
        is_maker = work.session.get_one(Purchaser, batch.purchaser_id).is_device_maker
        due = downstream_due(work, [batch]).get(batch.id) if is_maker else None
        return Downstream(reports, due)


def downstream_due(
    work: Work, batches: Sequence[IndustryBatch | Row[*_Made]]
) -> Mapping[UUID, DueReport]:
    """Of makers' batches in use the first month that is over and not reported."""
    newest = dict(
        work.session.exec(
            select(DownstreamReport.batch_id, func.max(DownstreamReport.month))
            .where(col(DownstreamReport.batch_id).in_([one.id for one in batches]))
            .group_by(col(DownstreamReport.batch_id))
        ).all()
    )
    months: dict[UUID, str] = {}
    for batch in batches:
        month = _next_month(batch, newest.get(batch.id))
        if batch.state is BatchState.IN_USE and month is not None and month < _month(work.at):
            months[batch.id] = month
    due = {
        month: DueReport(month, deadline(work, "iot_downstream_report", last_moment(month)))
        for month in set(months.values())
    }
    return {batch_id: due[month] for batch_id, month in months.items()}


def overdue_month(work: Work) -> DueReport:
    """The newest month whose report is overdue by now, whoever owes it."""
    month = _month(work.at)
    while True:
        month = _month(_start_of(date.fromisoformat(f"{month}-01")) - timedelta(seconds=1))
        due = DueReport(month, deadline(work, "iot_downstream_report", last_moment(month)))
        if due.deadline.at <= work.at:
            return due


def waiting_downstream(desk: Desk) -> Iterator[WorkItem]:
    """Months that makers have not reported, and cards that nobody has accounted for."""
    if not desk.actor.may(Permission.INDUSTRY_EDIT):
        return
    with desk.begin(Permission.INDUSTRY_READ) as work:
        asked = work.session.connection().execute
        silent = asked(_silent(work)).all()
        due = downstream_due(work, silent)
        alarms = asked(_alarms(work)).all()
    for one in silent:
        if one.id in due:
            at = due[one.id].deadline.at
            state = due_state(at, desk.now())
            yield WorkItem("downstream_report", one.number, state, "industry", one.id, at)
    for one in alarms:
        state = due_state(None, desk.now())
        yield WorkItem("downstream_gap", one.number, state, "industry", one.id)


def _silent(work: Work) -> Select[*_Made]:
    """Batches of makers, in use since before this month, whose last month is not reported.

    Months are reported in order: who reported that one has reported all.
    """
    this_month = _start_of(china_day(work.at))
    of_last = select(_NEWER.id).where(
        _NEWER.batch_id == col(IndustryBatch.id),
        _NEWER.month == _month(this_month - timedelta(seconds=1)),
    )
    return _made(work, BatchState.IN_USE).where(
        col(IndustryBatch.activated_at) < this_month, ~of_last.exists()
    )


def _alarms(work: Work) -> Select[*_Made]:
    """Those whose newest report has a gap: it is not gone when the batch is restricted."""
    report = DownstreamReport
    replaced = select(_NEWER.id).where(
        _NEWER.batch_id == col(report.batch_id), _NEWER.month > col(report.month)
    )
    # Gaps are few, which no database can tell from three columns.
    with_gap = select(report.batch_id).where(text(HAS_GAP), ~replaced.exists()).cte()
    return _made(work, BatchState.IN_USE, BatchState.RESTRICTED).join(
        with_gap.prefix_with("MATERIALIZED"), with_gap.c.batch_id == col(IndustryBatch.id)
    )


def _made(work: Work, *states: BatchState) -> Select[*_Made]:
    """Batches that makers among the actor's purchasers have: makers are few, batches many."""
    batch = IndustryBatch
    makers = work.select(Purchaser).where(
        col(Purchaser.carrier_id).in_(work.actor.carriers), col(Purchaser.is_device_maker).is_(True)
    )
    # These columns alone: an index has them, and no batch is read.
    by = col(batch.id), col(batch.number), col(batch.state), col(batch.activated_at)
    return (
        select(*by)
        .where(
            col(batch.purchaser_id).in_(makers.with_only_columns(col(Purchaser.id))),
            col(batch.state).in_(states),
        )
        .order_by(col(batch.activated_at), col(batch.id))
        .limit(MOST_ALIKE)
    )


def _must_report(work: Work, batch: IndustryBatch) -> None:
    if not work.session.get_one(Purchaser, batch.purchaser_id).is_device_maker:
        raise Conflict("industry.no_device_maker", number=batch.number)
    if batch.state is not BatchState.IN_USE:
        raise Conflict("industry.not_in_use", number=batch.number, state=batch.state)


def _must_be_next(work: Work, batch: IndustryBatch, month: str) -> None:
    if not _MONTH.fullmatch(month):
        raise Invalid("industry.bad_month", value=month[:20])
    if month >= _month(work.at):
        raise Conflict("industry.month_not_over", month=month)
    due = downstream_due(work, [batch]).get(batch.id)
    if due is None or month < due.month:
        raise Conflict("industry.month_before_use", number=batch.number, month=month)
    if month != due.month:
        raise Conflict("industry.month_missing", number=batch.number, month=due.month)


def _report_of(work: Work, batch: IndustryBatch, month: str) -> DownstreamReport | None:
    return work.session.exec(
        select(DownstreamReport).where(
            DownstreamReport.batch_id == batch.id, DownstreamReport.month == month
        )
    ).first()


def _is_alarm(work: Work, batch: IndustryBatch) -> bool:
    newest = work.session.exec(
        select(DownstreamReport)
        .where(DownstreamReport.batch_id == batch.id)
        .order_by(col(DownstreamReport.month).desc())
    ).first()
    return newest is not None and newest.gap != 0


def _record_alarm(work: Work, batch: IndustryBatch, *, is_before: bool) -> None:
    is_now = _is_alarm(work, batch)
    if is_now and not is_before:
        work.record("downstream.gap_found", batch)
    if is_before and not is_now:
        work.record("downstream.gap_closed", batch)


def _facts(report: DownstreamReport | None) -> dict[str, object]:
    if report is None:
        return {}
    return {
        "issued": report.issued,
        "sold": report.sold,
        "in_stock": report.in_stock,
        "registered": report.registered,
        "gap": report.gap,
        "explanation": report.explanation,
    }


def _month(at: datetime) -> str:
    return china_day(at).strftime("%Y-%m")


def _next_month(batch: IndustryBatch | Row[*_Made], newest: str | None) -> str | None:
    """What is to be reported next: the month of activation, or that behind the newest report."""
    if newest is None:
        return _month(batch.activated_at) if batch.activated_at else None
    return _month(last_moment(newest) + timedelta(seconds=1))


def last_moment(month: str) -> datetime:
    first = date.fromisoformat(f"{month}-01")
    return _start_of(first + timedelta(days=31)) - timedelta(seconds=1)


def _start_of(day: date) -> datetime:
    """When the day's month began."""
    return datetime(day.year, day.month, 1, tzinfo=CHINA).astimezone(UTC)
