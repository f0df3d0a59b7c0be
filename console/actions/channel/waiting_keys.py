"""What waits about issuing: a halt to be looked into, and keys whose end is near."""

from collections.abc import Callable, Iterator
from typing import Final

from console.actions.channel.issuing import current_halt
from console.actions.channel.keys import keys_that_end
from console.actions.waiting import WorkItem, WorkState, due_state
from console.desk import Desk
from models.permissions import Permission


def _halts(desk: Desk) -> Iterator[WorkItem]:
    """For who may resume, and for those whose badges wait meanwhile."""
    actor = desk.actor
    acts = actor.may(Permission.BADGE_HALT) or actor.may(Permission.BADGE_ISSUE)
    if not (acts and actor.may(Permission.KEY_READ)):
        return
    halt = current_halt(desk)
    if halt is None:
        return
    resumes = actor.may(Permission.BADGE_HALT) and (
        halt.halted_by is None or halt.halted_by != actor.id
    )
    kind = "issuing_resume" if resumes else "issuing_halted"
    state = WorkState.OVERDUE if resumes else WorkState.WAITING
    yield WorkItem(kind, halt.title, state, "keys")


def _keys(desk: Desk) -> Iterator[WorkItem]:
    if not desk.actor.may(Permission.KEY_EDIT):
        return
    for one in keys_that_end(desk):
        due = one.key.not_after
        state = due_state(due, desk.now())
        yield WorkItem("signing_key_ends", one.key.title, state, "keys", None, due)


KEY_SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (_halts, _keys)
