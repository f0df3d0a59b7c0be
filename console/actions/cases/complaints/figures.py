"""Complaints compared: how many came, were answered in time and late, and how long it took."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, extract, func, literal, or_
from sqlmodel import col, select

from console.desk import Desk, Work
from models.cases.complaints import OPEN, Complaint, ComplaintKind, Fault
from models.permissions import Permission
from models.rules import china_day, end_of
from models.staff import Organisation

MONTHS: Final = 12
MOST_COMPARED: Final = 12
"""Organisations beside each other in one picture; those with the most complaints."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Complaints received within some time, by whether they were answered in it."""

    in_time: int = 0
    late: int = 0
    """Answered after the due date, or unanswered when it passed."""
    waiting: int = 0
    """Not answered, and not due either."""

    @property
    def received(self) -> int:
        return self.in_time + self.late + self.waiting

    def __add__(self, other: "Answered") -> "Answered":
        return Answered(
            self.in_time + other.in_time, self.late + other.late, self.waiting + other.waiting
        )


@dataclass(frozen=True, slots=True)
class ComplaintsCompared:
    """Of the present month and the eleven before it, in China."""

    months: Mapping[str, Answered]
    """By month, `2026-11`, each of them, the oldest first."""
    organisations: Mapping[str, Answered]
    """By the name of whoever handles them, the most first."""
    median: timedelta | None
    """From receipt to the answer: a time that was really taken (the lower median)."""
    not_counted: int
    """About re-registration and without fault: outside the rate (004-4.2-c)."""

    @property
    def whole(self) -> Answered:
        return sum(self.months.values(), Answered())


def complaints_compared(desk: Desk) -> ComplaintsCompared:
    """Within the actor's scope, counted by the database."""
    with desk.begin(Permission.COMPLAINT_READ) as work:
        starts = _months(china_day(work.at))
        months = {f"{one:%Y-%m}": Answered() for one in starts[:-1]}
        by_id: dict[UUID, Answered] = {}
        for place, organisation, counts in _counted(work, starts):
            months[f"{starts[place]:%Y-%m}"] += counts
            by_id[organisation] = by_id.get(organisation, Answered()) + counts
        return ComplaintsCompared(
            months,
            _named(work, by_id),
            _median(work, _since(starts)),
            _not_counted(work, starts),
        )


def _months(today: date) -> list[date]:
    """The first days of the months that are counted, and of the month after them."""
    last = today.year * 12 + today.month - 1
    return [date(at // 12, at % 12 + 1, 1) for at in range(last - MONTHS + 1, last + 2)]


def _begin(day: date) -> datetime:
    return end_of(day - timedelta(days=1))


def _since(starts: Sequence[date]) -> ColumnElement[bool]:
    return col(Complaint.created_at) >= _begin(starts[0])


def _counted(work: Work, starts: Sequence[date]) -> Iterator[tuple[int, UUID, Answered]]:
    """Month by its place, organisation, and how its complaints stand."""
    received = col(Complaint.created_at)
    months = enumerate(pairwise(starts))
    place: Any = case(
        *[
            (and_(received >= _begin(one), received < _begin(after)), literal(at))
            for at, (one, after) in months
        ],
        else_=len(starts) - 2,
    ).label("place")
    waits = col(Complaint.state).in_(OPEN)
    late = or_(col(Complaint.is_late).is_(True), and_(waits, col(Complaint.due_at) <= work.at))
    standing: Any = case((late, "late"), (waits, "waiting"), else_="in_time").label("standing")
    organisation = col(Complaint.organisation_id)
    rows = work.session.exec(
        select(place, organisation, standing, func.count())
        .where(Complaint.seen_by(work.actor), _since(starts))
        .group_by(place, organisation, standing)
    ).all()
    for at, whose, how, count in rows:
        yield at, whose, Answered(**{how: count})


def _not_counted(work: Work, starts: Sequence[date]) -> int:
    return work.session.exec(
        select(func.count())
        .select_from(Complaint)
        .where(
            Complaint.seen_by(work.actor),
            _since(starts),
            Complaint.kind == ComplaintKind.RE_REGISTRATION,
            Complaint.fault == Fault.NONE,
        )
    ).one()


def _named(work: Work, counts: Mapping[UUID, Answered]) -> dict[str, Answered]:
    most = sorted(counts, key=lambda one: (-counts[one].received, one))[:MOST_COMPARED]
    rows = work.session.exec(select(Organisation).where(col(Organisation.id).in_(most))).all()
    names = {one.id: one.name for one in rows}
    return {names[one]: counts[one] for one in most}


def _median(work: Work, since: ColumnElement[bool]) -> timedelta | None:
    times = (
        select(
            (
                extract("epoch", col(Complaint.answered_at))
                - extract("epoch", col(Complaint.created_at))
            ).label("seconds")
        )
        .where(Complaint.seen_by(work.actor), since, col(Complaint.answered_at).is_not(None))
        .subquery()
    )
    ranked = select(
        times.c.seconds,
        func.row_number().over(order_by=times.c.seconds).label("place"),
        func.count().over().label("among"),
    ).subquery()
    middle = work.session.exec(
        select(ranked.c.seconds).where(ranked.c.place == (ranked.c.among + 1) // 2)
    ).first()
    return None if middle is None else timedelta(seconds=float(middle))
