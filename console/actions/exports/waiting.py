"""Lists that somebody wants to take out and that wait for a second person."""

from collections.abc import Callable, Iterator
from typing import Final

from console.actions.exports.asking import list_exports
from console.actions.exports.registry import list_word
from console.actions.waiting import MOST_ALIKE, WorkItem, WorkState, due_state
from console.desk import Desk
from console.i18n import t
from models.oversight.exports import ExportState
from models.permissions import Permission


def _to_decide(desk: Desk) -> Iterator[WorkItem]:
    if not desk.actor.may(Permission.EXPORT_APPROVE) or desk.actor.is_house:
        return
    for row in list_exports(desk, waiting=True, limit=MOST_ALIKE).rows:
        state = due_state(row.until, desk.now())
        title = t("exports_page.item", name=list_word(row.page), rows=f"{row.rows:,}")
        yield WorkItem("export_decide", title, state, "exports", row.id, row.until)


def _to_take(desk: Desk) -> Iterator[WorkItem]:
    if not desk.actor.may(Permission.EXPORT_READ) or desk.actor.is_house:
        return
    for row in list_exports(desk).rows:
        if row.state is ExportState.APPROVED and row.until and row.until > desk.now():
            title = t("exports_page.item", name=list_word(row.page), rows=f"{row.rows:,}")
            yield WorkItem("export_take", title, WorkState.WAITING, "exports", row.id, row.until)


EXPORT_SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (_to_decide, _to_take)
