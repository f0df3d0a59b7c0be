"""Complaints as they are read: lists, one with its history and files, figures, and late ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, TypeVar
from uuid import UUID

from sqlalchemy import and_, func
from sqlmodel import col, select

from console.actions.audit import history
from console.actions.cases.complaints.device_cards import DeviceCard, device_card
from console.actions.files import Download, put_on_record, whole
from console.desk import PAGE, Desk, Order, Slice, Work
from integrations.evidence import Digest
from models.audit import AuditEntry
from models.cases.cases import Case
from models.cases.complaints import OPEN, Complaint, ComplaintKind, ComplaintState, Fault
from models.patrol.findings import Finding
from models.patrol.shops import Shop
from models.permissions import Permission
from models.refusals import Invalid, NotFound
from models.rules import end_of
from models.staff import Organisation, User

Linked = TypeVar("Linked", Case, Finding, Shop)
_AT_ONCE: Final = 300
_A_MILLION: Final = 1_000_000
_FIRST_DAY: Final = date(2000, 1, 1)
_LAST_DAY: Final = date(2100, 12, 31)


@dataclass(frozen=True, slots=True)
class ComplaintRecord:
    complaint: Complaint
    organisation: Organisation
    handler: User | None
    about: User | None
    case: Case | None
    """None also of a case that the reader may not know of; so is the finding, and the shop."""
    finding: Finding | None
    shop: Shop | None
    card: DeviceCard | None
    """Whose the card is; None also for who may not know of batches."""
    deeds: Sequence[AuditEntry]


@dataclass(frozen=True, slots=True)
class ComplaintFigures:
    """Complaints received within some days, for the overview."""

    by_state: Mapping[ComplaintState, int]
    late: int
    """Unanswered past their due date, or answered after it."""
    not_counted: int
    """About re-registration and without fault of ours: outside the rate (004-4.2-c)."""
    per_million: float | None
    """Of a million users, those that count; None where nobody said how many users there are."""

    @property
    def received(self) -> int:
        return sum(self.by_state.values())

    @property
    def counted(self) -> int:
        return self.received - self.not_counted


def list_complaints(  # noqa: PLR0913 - the filters of a list
    desk: Desk,
    *,
    state: ComplaintState | None = None,
    kind: ComplaintKind | None = None,
    late: bool | None = None,
    mine: bool = False,
    words: str = "",
    after: str | None = None,
    limit: int = PAGE,
    order: Order | None = None,
) -> Slice[Complaint]:
    """The newest first; `words` is the beginning of a number."""
    with desk.begin(Permission.COMPLAINT_READ) as work:
        query = work.select(Complaint)
        if state is not None:
            query = query.where(Complaint.state == state)
        if kind is not None:
            query = query.where(Complaint.kind == kind)
        if late is not None:
            query = query.where(col(Complaint.is_late).is_(late))
        if mine:
            query = query.where(Complaint.handler_id == work.actor.id)
        if words.strip():
            start = words.strip().upper()[:40]
            query = query.where(col(Complaint.number).startswith(start, autoescape=True))
        return work.slice(query, order or Order.by(Complaint.id), after, limit)


def complaint_record(desk: Desk, complaint_id: UUID | str) -> ComplaintRecord:
    with desk.begin(Permission.COMPLAINT_READ) as work:
        row = work.get(Complaint, complaint_id)
        may_see_who = work.actor.is_house or row.organisation_id in work.actor.organisations
        return ComplaintRecord(
            complaint=row,
            organisation=work.session.get_one(Organisation, row.organisation_id),
            handler=_person(work, row.handler_id),
            about=_person(work, row.about_id) if may_see_who else None,
            case=_known(work, Case, row.case_id),
            finding=_known(work, Finding, row.finding_id),
            shop=_known(work, Shop, row.shop_id),
            card=device_card(work, row),
            deeds=history(work, row),
        )


def _person(work: Work, user_id: UUID | None) -> User | None:
    return None if user_id is None else work.session.get(User, user_id)


def _known(work: Work, table: type[Linked], row_id: UUID | None) -> Linked | None:
    if row_id is None:
        return None
    return work.session.exec(work.select(table).where(col(table.id) == row_id)).first()


def complaint_file(desk: Desk, complaint_id: UUID | str, sha256: str) -> Download:
    """What a reporter sent along, checked again; the look is on record."""
    with desk.begin(Permission.COMPLAINT_READ) as work:
        row = work.get(Complaint, complaint_id)
        found = next((one for one in row.files if one["sha256"] == sha256), None)
        if found is None:
            raise NotFound("file.not_found")
    path = whole(desk.house.evidence, Digest(found["sha256"]))
    with put_on_record(desk, "complaint.file_looked_at", row, sha256=sha256):
        pass
    return Download(found["name"], found["media_type"], data=path.read_bytes())


def complaint_figures(
    desk: Desk, since: date, until: date, *, users: int | None = None
) -> ComplaintFigures:
    """Of both days and those between; `users` makes the rate of 百万用户申诉率."""
    if not _FIRST_DAY <= since <= until <= _LAST_DAY:
        raise Invalid(
            "complaint.bad_days", first=_FIRST_DAY.isoformat(), last=_LAST_DAY.isoformat()
        )
    exempt = and_(
        col(Complaint.kind) == ComplaintKind.RE_REGISTRATION, col(Complaint.fault) == Fault.NONE
    )
    within = and_(
        col(Complaint.created_at) >= end_of(since - timedelta(days=1)),
        col(Complaint.created_at) < end_of(until),
    )
    with desk.begin(Permission.COMPLAINT_READ) as work:
        late = and_(col(Complaint.due_at) <= work.at, col(Complaint.state).in_(OPEN))
        rows = work.session.exec(
            select(
                Complaint.state,
                func.count(),
                func.count().filter(col(Complaint.is_late).is_(True) | late),
                func.count().filter(exempt),
            )
            .where(Complaint.seen_by(work.actor), within)
            .group_by(col(Complaint.state))
        ).all()
    counted = {state: count for state, count, _, _ in rows}
    left_out = sum(row[3] for row in rows)
    kept = sum(counted.values()) - left_out
    return ComplaintFigures(
        by_state={state: counted[state] for state in ComplaintState if state in counted},
        late=sum(row[2] for row in rows),
        not_counted=left_out,
        per_million=kept * _A_MILLION / users if users else None,
    )
