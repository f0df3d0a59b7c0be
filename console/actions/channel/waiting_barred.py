"""Lists of barred parties that wait for a second approver."""

from collections.abc import Callable, Iterator
from typing import Final

from console.actions.channel.barred_lists import lists_to_confirm
from console.actions.waiting import WorkItem, WorkState
from console.desk import Desk
from models.permissions import Permission

_MOST: Final = 50


def _lists(desk: Desk) -> Iterator[WorkItem]:
    if not desk.actor.may(Permission.BLACKLIST_EDIT) or desk.actor.is_house:
        return
    for one in lists_to_confirm(desk, _MOST):
        yield WorkItem("barred_list", one.file_name, WorkState.WAITING, "blacklist")


BARRED_SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (_lists,)
