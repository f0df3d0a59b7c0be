"""What of the published lists waits: to be mended, to be approved; for regulators, late ones."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row
from sqlmodel import col, select

from console.actions.waiting import Shown, WorkItem, WorkState, due_state, items, only
from console.desk import Desk, Work
from models.audit import AuditEntry
from models.channel.publications import Publication, PublicationState
from models.permissions import Permission
from models.staff import OrganisationKind

BUILT_BY_THEN: Final = timedelta(minutes=10)
_LIST: Final = Shown("publications", Publication.id, Publication.number, Publication.due_at)


def editions_of(work: Work) -> Sequence[Row[Any]]:
    """Lists of the actor's carriers that are ready or out, the newest first."""
    one = Publication
    query = (
        work.select(one)
        .where(col(one.carrier_id).in_(work.actor.carriers))
        .where(col(one.state).in_([PublicationState.READY, PublicationState.PUBLISHED]))
        .order_by(col(one.id).desc())
    )
    return only(work, query, one.id, one.number, one.carrier_id, one.state, one.due_at)


def _unbuilt(desk: Desk) -> Iterator[WorkItem]:
    """Lists of the actor's carriers that should long have been built: their rows need mending."""
    if not desk.actor.may(Permission.PUBLICATION_EDIT):
        return
    refused = (
        select(AuditEntry.seq)
        .where(AuditEntry.subject_kind == Publication.__name__)
        .where(AuditEntry.deed == "publication.refused")
        .where(AuditEntry.subject_name == col(Publication.number))
    )
    late = col(Publication.created_at) < desk.now() - BUILT_BY_THEN
    with desk.begin(Permission.PUBLICATION_READ) as work:
        query = (
            work.select(Publication)
            .where(col(Publication.carrier_id).in_(desk.actor.carriers))
            .where(Publication.state == PublicationState.BUILDING)
            .where(late | refused.exists())
            .order_by(col(Publication.id))
        )
        found = only(work, query, Publication.id, Publication.number)
    for row_id, number in found:
        yield WorkItem("list_unbuilt", number, WorkState.OVERDUE, "publications", row_id)


def _approvals(desk: Desk) -> Iterator[WorkItem]:
    """Lists that wait for an approver who did not prepare them, and who prepares none."""
    actor, now = desk.actor, desk.now()
    if not actor.may(Permission.PUBLICATION_PUBLISH) or actor.may(Permission.PUBLICATION_EDIT):
        return
    with desk.begin(Permission.PUBLICATION_READ) as work:
        found = editions_of(work)
    newest = {row.carrier_id: row for row in reversed(found)}
    dues = {row.carrier_id: row.due_at for row in found if row.due_at is not None}
    for row in newest.values():
        if row.state is PublicationState.READY:
            due = dues.get(row.carrier_id)
            state = due_state(due, now)
            yield WorkItem("list_approve", row.number, state, "publications", row.id, due)


def _late(desk: Desk) -> Iterator[WorkItem]:
    """For a regulator: lists of its province that were not renewed in time."""
    actor, now = desk.actor, desk.now()
    if actor.kind is not OrganisationKind.COMM_ADMIN or not actor.may(Permission.PUBLICATION_READ):
        return
    with desk.begin(Permission.PUBLICATION_READ) as work:
        late = (
            work.select(Publication)
            .where(Publication.state == PublicationState.PUBLISHED)
            .where(col(Publication.due_at) < now)
            .where(col(Publication.province).in_(actor.provinces))
            .order_by(col(Publication.due_at))
        )
        yield from items(work, late, "list_stale", _LIST)


PUBLICATION_SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (
    _unbuilt,
    _approvals,
    _late,
)
