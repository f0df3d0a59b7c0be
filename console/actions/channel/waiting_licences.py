"""What waits of changes of scope, and of what platforms are told."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import aliased
from sqlmodel import col, or_, select

from console.actions.waiting import WorkItem, WorkState, due_state, only
from console.desk import Desk, Work
from models.channel.licences import Licence, LicenceState
from models.channel.tellings import Telling
from models.channel.versions import LicenceVersion, VersionState
from models.permissions import Permission

_LATER: Final = aliased(LicenceVersion)


def _amendments(desk: Desk) -> Iterator[WorkItem]:
    """Changes of scope that somebody else has asked for."""
    if not desk.actor.may(Permission.LICENCE_APPROVE):
        return
    with desk.begin(Permission.LICENCE_READ) as work:
        query = (
            work.select(LicenceVersion)
            .where(LicenceVersion.state == VersionState.PENDING)
            .where(col(LicenceVersion.asked_by).is_distinct_from(desk.actor.id))
            .order_by(col(LicenceVersion.due_at))
        )
        found = only(work, query, LicenceVersion.licence_id, LicenceVersion.due_at)
        numbers = _numbers(work, found)
    for licence_id, due in found:
        state = due_state(due, desk.now())
        yield WorkItem("amendment_approve", numbers[licence_id], state, "licences", licence_id, due)


def _returned(desk: Desk) -> Iterator[WorkItem]:
    """Changes of scope that were turned down, until another is asked for."""
    if not desk.actor.may(Permission.LICENCE_EDIT):
        return
    newer = (
        select(_LATER.id)
        .where(_LATER.licence_id == LicenceVersion.licence_id)
        .where(_LATER.number > LicenceVersion.number)
        .exists()
    )
    active = select(Licence.id).where(Licence.state == LicenceState.ACTIVE)
    with desk.begin(Permission.LICENCE_READ) as work:
        query = (
            work.select(LicenceVersion)
            .where(LicenceVersion.state == VersionState.RETURNED, ~newer)
            .where(col(LicenceVersion.licence_id).in_(active))
            .order_by(col(LicenceVersion.id))
        )
        found = only(work, query, LicenceVersion.licence_id)
        numbers = _numbers(work, found)
    for row in found:
        number, licence_id = numbers[row.licence_id], row.licence_id
        yield WorkItem("amendment_mend", number, WorkState.WAITING, "licences", licence_id)


def _tellings(desk: Desk) -> Iterator[WorkItem]:
    """For a platform what it has not acknowledged; for the carrier what is late or stuck."""
    actor, now = desk.actor, desk.now()
    is_platform = actor.platform is not None and actor.may(Permission.CASE_ANSWER)
    if not (is_platform or actor.may(Permission.LICENCE_EDIT)):
        return
    with desk.begin(Permission.LICENCE_READ) as work:
        query = work.select(Telling).where(col(Telling.acknowledged_at).is_(None))
        if is_platform:
            query = query.where(Telling.platform == actor.platform)
        else:
            refused = (col(Telling.last_words) != "") & col(Telling.next_push_at).is_(None)
            query = query.where(or_(col(Telling.due_at) <= now, refused))
        query = query.order_by(col(Telling.due_at))
        found = only(work, query, Telling.id, Telling.licence_id, Telling.due_at)
        numbers = _numbers(work, found)
    for row in found:
        is_late = row.due_at <= now
        state = WorkState.OVERDUE if is_late else WorkState.DUE
        kind = "telling_late" if is_late else "telling_look"
        if is_platform:
            kind = "telling_acknowledge"
        yield WorkItem(kind, numbers[row.licence_id], state, "tellings", row.id, row.due_at)


def _numbers(work: Work, found: Sequence[Row[Any]]) -> dict[UUID, str]:
    ids = {row.licence_id for row in found}
    query = select(Licence.id, Licence.number).where(col(Licence.id).in_(ids))
    return dict(work.session.exec(query).all()) if ids else {}


LICENCE_SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (
    _amendments,
    _returned,
    _tellings,
)
