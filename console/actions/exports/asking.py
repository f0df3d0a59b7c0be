"""A list with many rows: asked for with a reason, and decided by somebody else of the house."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, or_
from sqlmodel import col, select

from console.actions.audit import history
from console.actions.channel.blacklist import must_name_nobodys_number
from console.actions.channel.held import must_say_why
from console.actions.deadlines import deadline
from console.actions.exports.taking import asked_for, free_rows, most_rows
from console.desk import PAGE, Desk, Order, Slice, Work
from console.i18n import spoken
from models.audit import AuditEntry
from models.oversight.exports import ExportFormat, ExportMove, ExportState, ListExport
from models.permissions import Permission
from models.refusals import Conflict, NotAllowed
from models.staff import User

_OPEN: Final = (ExportState.ASKED, ExportState.APPROVED)
_READ: Final = Permission.RULE_READ
"""Everybody's: whose requests one may know of is said by the table, and no row is held."""


@dataclass(frozen=True, slots=True)
class ExportRecord:
    export: ListExport
    asked_by: str
    decided_by: str
    deeds: tuple[AuditEntry, ...]


def ask_export(desk: Desk, page: str, query: str, kind: ExportFormat, reason: str) -> ListExport:
    """Ask for more rows than one may take alone; Conflict where nobody has to be asked."""
    desk.must(Permission.EXPORT_ASK)
    why = must_say_why(reason)
    listed, asked = asked_for(desk, page, query)
    must_name_nobodys_number(desk, why)
    most = most_rows(desk)
    count = listed.count(desk, asked, most + 1)
    if count <= free_rows(desk):
        raise Conflict("export.not_needed", rows=count)
    if count > most:
        raise Conflict("export.too_many", most=most)
    with desk.begin(Permission.EXPORT_ASK) as work:
        _must_be_first(work, page, asked.query)
        assert work.actor.id is not None  # noqa: S101 - `asked_for` refuses who is nobody
        assert work.actor.organisation_id is not None  # noqa: S101
        row = work.add(
            ListExport(
                organisation_id=work.actor.organisation_id,
                user_id=work.actor.id,
                page=page,
                query=asked.query,
                format=kind,
                language=spoken.get().value,
                rows=count,
                reason=why,
                state=ExportState.ASKED,
                asked_at=work.at,
                until=deadline(work, "export_request").at,
            )
        )
        work.record(
            "export.asked", row, page=page, filter=row.query, format=kind.value, rows=count,
            reason=why,
        )  # fmt: skip
        return row


def approve_export(desk: Desk, export_id: UUID | str, version: int) -> ListExport:
    """It may be taken once within the time of the rule; never approved by who asked."""
    with desk.begin(Permission.EXPORT_APPROVE) as work:
        row = _to_decide(work, export_id, version)
        row.move(ExportMove.APPROVE)
        row.until = deadline(work, "export_approval").at
        row.decided_at, row.decided_by = work.at, work.actor.id
        work.record("export.approved", row, page=row.page, rows=row.rows)
        return row


def refuse_export(desk: Desk, export_id: UUID | str, version: int, reason: str) -> ListExport:
    why = must_say_why(reason)
    with desk.begin(Permission.EXPORT_APPROVE) as work:
        row = _to_decide(work, export_id, version)
        row.move(ExportMove.REFUSE)
        row.note, row.until = why, None
        row.decided_at, row.decided_by = work.at, work.actor.id
        work.record("export.refused", row, page=row.page, rows=row.rows, reason=why)
        return row


def list_exports(
    desk: Desk, *, waiting: bool = False, after: str | None = None, limit: int = PAGE
) -> Slice[ListExport]:
    """One's own, the newest first; `waiting` those of colleagues that one may decide."""
    with desk.begin(_READ) as work:
        query = work.select(ListExport)
        own = col(ListExport.user_id) == work.actor.id
        if waiting:
            if not work.actor.may(Permission.EXPORT_APPROVE):
                return Slice((), None)
            query = query.where(~own, ListExport.state == ExportState.ASKED, _still(work.at))
        else:
            query = query.where(own)
        return work.slice(query, Order.by(ListExport.id), after, limit)


def export_record(desk: Desk, export_id: UUID | str) -> ExportRecord:
    with desk.begin(_READ) as work:
        row = work.look(ListExport, export_id)
        names = dict(
            work.session.exec(
                select(User.id, User.name).where(col(User.id).in_([row.user_id, row.decided_by]))
            ).all()
        )
        decider = names.get(row.decided_by, "") if row.decided_by else ""
        return ExportRecord(row, names.get(row.user_id, ""), decider, tuple(history(work, row)))


def expire_exports(desk: Desk) -> int:
    """What nobody decided, and what nobody took, ends with its time."""
    with desk.begin(Permission.SWEEP) as work:
        rows = work.all(
            work.select(ListExport)
            .where(col(ListExport.state).in_(_OPEN), col(ListExport.until) <= work.at)
            .order_by(col(ListExport.id))
            .with_for_update()
        )
        for row in rows:
            row.move(ExportMove.EXPIRE)
            work.record("export.expired", row, page=row.page)
        return len(rows)


def _still(at: datetime) -> ColumnElement[bool]:
    return or_(col(ListExport.until).is_(None), col(ListExport.until) > at)


def _to_decide(work: Work, export_id: UUID | str, version: int) -> ListExport:
    row = work.get(ListExport, export_id)
    if row.user_id == work.actor.id:
        raise NotAllowed("export.same_person")
    if row.version != version:
        raise Conflict("row.done_meanwhile")
    if row.until is not None and row.until <= work.at and row.state is ExportState.ASKED:
        raise Conflict("export.expired")
    return row


def _must_be_first(work: Work, page: str, query: str) -> None:
    """The same list is not asked for twice while the first request is open."""
    open_ = work.session.exec(
        select(ListExport.id).where(
            ListExport.user_id == work.actor.id,
            ListExport.page == page,
            ListExport.query == query,
            col(ListExport.state).in_(_OPEN),
            _still(work.at),
        )
    ).first()
    if open_ is not None:
        raise Conflict("export.asked_already")
