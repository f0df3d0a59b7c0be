"""Lists that somebody wants to take out and that wait for a second person."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from sqlalchemy import ColumnElement
from sqlmodel import col, or_

from console.actions.exports.registry import list_word
from console.actions.waiting import WorkItem, WorkState, due_state, only
from console.desk import Desk
from console.i18n import t
from models.oversight.exports import ExportState, ListExport
from models.permissions import Permission

_TOLD: Final = (ListExport.id, ListExport.page, ListExport.rows, ListExport.until)


def _to_decide(desk: Desk) -> Iterator[WorkItem]:
    """Of colleagues; until its day, where one was given."""
    if not desk.actor.may(Permission.EXPORT_APPROVE) or desk.actor.is_house:
        return
    until = col(ListExport.until)
    yield from _items(
        desk,
        "export_decide",
        col(ListExport.user_id) != desk.actor.id,
        col(ListExport.state) == ExportState.ASKED,
        or_(until.is_(None), until > desk.now()),
    )


def _to_take(desk: Desk) -> Iterator[WorkItem]:
    """One's own."""
    if not desk.actor.may(Permission.EXPORT_READ) or desk.actor.is_house:
        return
    approved = _items(
        desk,
        "export_take",
        col(ListExport.user_id) == desk.actor.id,
        col(ListExport.state) == ExportState.APPROVED,
        col(ListExport.until) > desk.now(),
    )
    for one in approved:
        yield replace(one, state=WorkState.WAITING)


def _items(desk: Desk, kind: str, *conditions: ColumnElement[bool]) -> Iterator[WorkItem]:
    with desk.begin(Permission.RULE_READ) as work:
        query = work.select(ListExport).where(*conditions).order_by(col(ListExport.id).desc())
        found = only(work, query, *_TOLD)
    for row_id, page, rows, until in found:
        title = t("exports_page.item", name=list_word(page), rows=f"{rows:,}")
        state = due_state(until, desk.now())
        yield WorkItem(kind, title, state, "exports", row_id, until)


EXPORT_SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (_to_decide, _to_take)
