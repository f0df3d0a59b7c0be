"""What was to be reported or changed by a day and was not: lists of it, and a deed of each, once.

A batch has one due moment of its own. A maker's months and an announced change have theirs beside
it, and so are not marked with all else that is late.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from console.actions.cards.industry.downstream import (
    DueReport,
    downstream_due,
    last_moment,
    overdue_month,
)
from console.desk import LONGEST_PAGE, PAGE, Desk, Order, Slice, Work
from models.audit import AuditEntry
from models.cards.downstream import DownstreamReport
from models.cards.industry import LIVE, BatchState, IndustryBatch
from models.cards.purchasers import Purchaser
from models.permissions import Permission
from models.staff import CARRIERS, Organisation

_BY: Final = Order.by(IndustryBatch.id)


@dataclass(frozen=True, slots=True)
class OverdueReports:
    """Batches whose makers owe a month, and by batch the first month that they owe."""

    batches: Slice[IndustryBatch]
    due: Mapping[UUID, DueReport]


@dataclass(frozen=True, slots=True)
class _Kind:
    deed: str
    late: Callable[[Work], SelectOfScalar[IndustryBatch]]
    facts: Callable[[Work, Sequence[IndustryBatch]], Mapping[UUID, dict[str, Any]]]
    """What is overdue of each: the same facts are put on record once."""


def overdue_reports(desk: Desk, *, after: str | None = None, limit: int = PAGE) -> OverdueReports:
    """Batches in use, the newest first, whose maker has not reported a month that was due."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        found = work.slice(_unreported(work), _BY, after, limit)
        return OverdueReports(found, downstream_due(work, found.rows))


def overdue_changes(
    desk: Desk, *, after: str | None = None, limit: int = PAGE
) -> Slice[IndustryBatch]:
    """Live batches, the newest first, for which nobody new was registered in time."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        return work.slice(_unchanged(work), _BY, after, limit)


def sweep_overdue(desk: Desk) -> int:
    """Put on record what has become overdue since the last time; how much."""
    return sum(_sweep(desk, kind) for kind in _KINDS)


def _sweep(desk: Desk, kind: _Kind) -> int:
    done, after = 0, None
    while True:
        with desk.begin(Permission.INDUSTRY_READ) as work:
            found = work.slice(kind.late(work), _BY, after, LONGEST_PAGE)
        if found.rows:
            with desk.begin(Permission.SWEEP) as work:
                done += _note(work, kind, [one.id for one in found.rows])
        if found.next is None:
            return done
        after = found.next


def _note(work: Work, kind: _Kind, ids: Sequence[UUID]) -> int:
    """Those that are still late now that they are held, and of which nothing is on record yet."""
    held = kind.late(work).where(col(IndustryBatch.id).in_(ids)).with_for_update()
    batches = work.session.exec(held).all()
    noted, facts = _noted(work, kind.deed, batches), kind.facts(work, batches)
    new = [one for one in batches if (str(one.id), facts[one.id]["due_at"]) not in noted]
    for batch in new:
        work.record(kind.deed, batch, **facts[batch.id])
    if not new:
        work.no_deed()
    return len(new)


def _noted(work: Work, deed: str, batches: Sequence[IndustryBatch]) -> set[tuple[str, str]]:
    entries = work.session.exec(
        select(AuditEntry)
        .where(AuditEntry.subject_kind == IndustryBatch.__name__)
        .where(col(AuditEntry.subject_id).in_([str(one.id) for one in batches]))
        .where(AuditEntry.deed == deed)
    ).all()
    return {(one.subject_id, str(one.facts["due_at"])) for one in entries}


def _unreported(work: Work) -> SelectOfScalar[IndustryBatch]:
    """Months are reported in order: who reported the last that is overdue has reported all.

    Makers are few and found by their carrier, for the house as well, which sees all of them.
    """
    due = overdue_month(work)
    carriers = select(Organisation.id).where(col(Organisation.kind).in_(CARRIERS))
    makers = work.select(Purchaser).where(
        col(Purchaser.carrier_id).in_(carriers), col(Purchaser.is_device_maker).is_(True)
    )
    report = select(DownstreamReport.id).where(
        DownstreamReport.batch_id == col(IndustryBatch.id), DownstreamReport.month == due.month
    )
    return work.select(IndustryBatch).where(
        col(IndustryBatch.purchaser_id).in_(makers.with_only_columns(col(Purchaser.id))),
        col(IndustryBatch.state) == BatchState.IN_USE,
        col(IndustryBatch.activated_at) <= last_moment(due.month),
        ~report.exists(),
    )


def _months(work: Work, batches: Sequence[IndustryBatch]) -> Mapping[UUID, dict[str, Any]]:
    """The first month of each: the next one is on record once this is reported and that is due."""
    return {
        batch_id: {
            "month": due.month,
            "due_at": due.deadline.at.isoformat(),
            "rule": due.deadline.version,
        }
        for batch_id, due in downstream_due(work, batches).items()
    }


def _unchanged(work: Work) -> SelectOfScalar[IndustryBatch]:
    return work.select(IndustryBatch).where(
        col(IndustryBatch.change_due_at) <= work.at, col(IndustryBatch.state).in_(LIVE)
    )


def _changes(_: Work, batches: Sequence[IndustryBatch]) -> Mapping[UUID, dict[str, Any]]:
    return {
        one.id: {"due_at": one.change_due_at.isoformat(), "reason": one.change_reason}
        for one in batches
        if one.change_due_at is not None
    }


_KINDS: Final = (
    _Kind("downstream.overdue", _unreported, _months),
    _Kind("accountable.change_overdue", _unchanged, _changes),
)
