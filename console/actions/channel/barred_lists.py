"""Lists of barred parties that were brought as files: confirmed by a second approver, given out."""

import os
import tempfile
from collections.abc import Generator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, update
from sqlmodel import col, select

from console.actions.channel.held import must_say_why
from console.actions.channel.restricted import years_after
from console.actions.files import Download
from console.desk import PAGE, Desk, Order, Slice, Work
from console.i18n import t
from integrations.sheets import write_csv
from models.channel.agents import Blacklisted
from models.channel.imports import Import, ImportKind, ImportState
from models.channel.restricted import RestrictedParty
from models.permissions import Permission
from models.refusals import Conflict, NotAllowed, NotFound
from models.rules import china_day, parameter
from models.staff import Organisation

Barred = type[Blacklisted] | type[RestrictedParty]
TABLES: Final[dict[ImportKind, Barred]] = {
    ImportKind.BLACKLIST: Blacklisted,
    ImportKind.RESTRICTED: RestrictedParty,
}
_ROWS_AT_ONCE: Final = 1000
_TERMS: Final = ("joint_punishment", "joint_punishment_convicted", "joint_punishment_cap")
_LISTED: Final = (
    "name", "uscc", "person", "kind", "reason", "begins_on", "until", "source", "carrier", "state",
)  # fmt: skip
_BOUND: Final = (
    "name", "uscc", "authority", "document_no", "basis", "begins_on", "until", "term", "term_rule",
    "appeal_to", "carrier", "state",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BroughtList:
    """A list, and how many of its rows wait for a second approver."""

    brought: Import
    waiting: int


def brought_lists(
    desk: Desk, *, after: str | None = None, limit: int = PAGE
) -> tuple[Slice[Import], dict[UUID, int]]:
    """Lists of the own organisation, the latest first; with the rows that wait of each."""
    with desk.begin(Permission.BLACKLIST_READ) as work:
        query = work.select(Import).where(col(Import.kind).in_(TABLES))
        part = work.slice(query, Order.by(Import.created_at), after, limit)
        return part, _waiting(work, [one.id for one in part.rows])


def brought_list(desk: Desk, import_id: UUID | str) -> BroughtList:
    with desk.begin(Permission.BLACKLIST_READ) as work:
        brought = _the_list(work, import_id)
        return BroughtList(brought, _waiting(work, [brought.id]).get(brought.id, 0))


def lists_to_confirm(desk: Desk, most: int) -> Sequence[Import]:
    """Lists that somebody else has brought and that wait, the oldest first."""
    with desk.begin(Permission.BLACKLIST_READ) as work:
        ids = {
            one
            for table in TABLES.values()
            for one in work.session.exec(
                select(table.import_id)
                .where(col(table.is_proposed).is_(True), col(table.import_id).is_not(None))
                .where(col(table.carrier_id).in_(work.actor.organisations))
                .distinct()
                .limit(most)
            ).all()
        }
        rows = work.all(work.select(Import).where(col(Import.id).in_(ids)).order_by(col(Import.id)))
    mine = str(desk.actor.id)
    return [one for one in rows if one.actor.get("id") != mine and one.state is ImportState.DONE]


def confirm_list(desk: Desk, import_id: UUID | str) -> BroughtList:
    """From now on its rows hold. Never by who brought it."""
    with desk.begin(Permission.BLACKLIST_EDIT) as work:
        brought, table = _to_decide(work, import_id)
        done = work.session.exec(
            update(table)
            .where(col(table.import_id) == brought.id, col(table.is_proposed).is_(True))
            .values(is_proposed=False)
        ).rowcount
        if not done:
            raise Conflict("blacklist.nothing_waits", file=brought.file_name)
        work.record("blacklist.list_confirmed", brought, rows=done, sha256=brought.sha256)
        return BroughtList(brought, 0)


def refuse_list(desk: Desk, import_id: UUID | str, reason: str) -> BroughtList:
    """Its rows never held, and go; the file and this reason stay."""
    why = must_say_why(reason)
    with desk.begin(Permission.BLACKLIST_EDIT) as work:
        brought, table = _to_decide(work, import_id)
        done = work.session.exec(
            delete(table).where(
                col(table.import_id) == brought.id, col(table.is_proposed).is_(True)
            )
        ).rowcount
        if not done:
            raise Conflict("blacklist.nothing_waits", file=brought.file_name)
        work.record("blacklist.list_refused", brought, rows=done, reason=why, sha256=brought.sha256)
        return BroughtList(brought, 0)


def _to_decide(work: Work, import_id: UUID | str) -> tuple[Import, Barred]:
    brought = _the_list(work, import_id)
    if not work.actor.is_house and brought.organisation_id not in work.actor.carriers:
        raise NotAllowed("channel.not_your_carrier", title=brought.file_name)
    if brought.actor.get("id") == str(work.actor.id):
        raise NotAllowed("blacklist.same_person", file=brought.file_name)
    if brought.state in {ImportState.WAITING, ImportState.RUNNING}:
        raise Conflict("blacklist.still_read", file=brought.file_name)
    return brought, TABLES[brought.kind]


def _the_list(work: Work, import_id: UUID | str) -> Import:
    brought = work.get(Import, import_id)
    if brought.kind not in TABLES:
        raise NotFound("row.not_found", table="Import")
    return brought


def _waiting(work: Work, ids: Sequence[UUID]) -> dict[UUID, int]:
    counts: dict[UUID, int] = {}
    for table in TABLES.values():
        rows = work.session.exec(
            select(table.import_id, func.count())
            .where(col(table.import_id).in_(ids), col(table.is_proposed).is_(True))
            .group_by(col(table.import_id))
        ).all()
        counts |= {one: count for one, count in rows if one is not None}
    return counts


def export_barred(desk: Desk, kind: ImportKind) -> Download:
    """Every entry that the reader may know of, as CSV that no program runs, and can be brought
    again; who took it is on record.
    """
    descriptor, name = tempfile.mkstemp(prefix="barred-", suffix=".csv")
    os.close(descriptor)
    path, names = Path(name), _LISTED if kind is ImportKind.BLACKLIST else _BOUND
    with ExitStack() as failed:
        failed.callback(path.unlink, missing_ok=True)
        count = _written(desk, kind, path, names)
        with desk.begin(Permission.ACCOUNT_USE) as work:
            own = work.session.get(Organisation, desk.actor.organisation_id)
            if own is not None:
                work.record("blacklist.exported", own, kind=kind.value, rows=count)
            else:
                work.no_deed()
        failed.pop_all()
    shown = f"{kind.value}-{china_day(desk.now()).isoformat()}.csv"
    return Download(shown, "text/csv; charset=utf-8", path, is_temporary=True)


def _written(desk: Desk, kind: ImportKind, path: Path, names: Sequence[str]) -> int:
    count = 0

    def counted() -> Generator[list[str]]:
        nonlocal count
        for row in _rows(desk, kind):
            count += 1
            yield row

    write_csv(path, [t(f"barred_column.{one}") for one in names], counted())
    return count


def _rows(desk: Desk, kind: ImportKind) -> Generator[list[str]]:
    """Screen by screen, so that no list is ever whole in memory."""
    table, last, today = TABLES[kind], None, china_day(desk.now())
    with desk.begin(Permission.BLACKLIST_READ) as work:
        carriers = dict(work.session.exec(select(Organisation.id, Organisation.name)).all())
    while True:
        with desk.begin(Permission.BLACKLIST_READ) as work:
            query = work.select(table).order_by(col(table.id)).limit(_ROWS_AT_ONCE)
            if last is not None:
                query = query.where(col(table.id) > last)
            rows = work.session.exec(query).all()
        for row in rows:
            carrier = carriers.get(row.carrier_id, "")
            yield (
                _bound(row, carrier, today)
                if isinstance(row, RestrictedParty)
                else _listed(row, carrier, today)
            )
        if len(rows) < _ROWS_AT_ONCE:
            return
        last = rows[-1].id


def _listed(row: Blacklisted, carrier: str, today: date) -> list[str]:
    kind = "firm" if row.uscc else "person"
    begins = row.begins_on or china_day(row.created_at)
    return [
        row.name, row.uscc, row.person, t(f"barred_kind.{kind}"), row.reason, begins.isoformat(),
        row.until.isoformat() if row.until else t("barred_kind.no_term"), row.source, carrier,
        t(f"blacklist_state.{row.state_on(today)}"),
    ]  # fmt: skip


def _bound(row: RestrictedParty, carrier: str, today: date) -> list[str]:
    years, rule = term_of(row.begins_on, row.until, today)
    return [
        row.name, row.uscc, row.authority, row.document_no, row.basis, row.begins_on.isoformat(),
        row.until.isoformat(), t("barred_kind.years", n=years) if years else "", rule,
        row.appeal_to, carrier, t(f"blacklist_state.{row.state_on(today)}"),
    ]  # fmt: skip


def term_of(begins_on: date, until: date, on: date) -> tuple[int, str]:
    """The years of a usual term and the rule that sets it: two, three, or five at most."""
    for code in _TERMS:
        rule = parameter(code, on)
        if until == years_after(begins_on, rule.value) - timedelta(days=1):
            return rule.value, rule.version
    return 0, ""
