"""What waits for somebody: every area says what of its own is due, late or waiting."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.desk import Desk
from models.permissions import Permission, Role
from models.staff import CARRIERS, ApiClient, Organisation, User, UserRole

KEY_ENDS_SOON: Final = timedelta(days=30)
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


class WorkState(StrEnum):
    OVERDUE = "overdue"
    DUE = "due"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One thing to do. `kind` names the text `work.<kind>`, which says what to do with `title`."""

    kind: str
    title: str
    state: WorkState
    page: str
    """The page where it is done, by its file's name: `"agents"`."""
    id: UUID | None = None
    """The record there; None is the list."""
    due: datetime | None = None


def due_state(due: datetime | None, now: datetime) -> WorkState:
    """Where an item with a deadline stands."""
    if due is None:
        return WorkState.WAITING
    return WorkState.OVERDUE if due < now else WorkState.DUE


def work_items(desk: Desk) -> list[WorkItem]:
    """What waits for the actor, the latest first: late, then due by deadline, then waiting."""
    found = [item for source in SOURCES for item in source(desk)]
    order = list(WorkState)
    return sorted(found, key=lambda item: (order.index(item.state), item.due or _NEVER, item.title))


def _administrators(desk: Desk) -> Iterator[WorkItem]:
    """Accounts, rights and record are kept by three people (GB/T 22239-2019 8.1.4)."""
    if not desk.actor.roles & {Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN}:
        return
    with desk.begin(Permission.STAFF_READ) as work:
        rows = work.session.exec(
            select(UserRole.role, User.login)
            .join(User, col(User.id) == col(UserRole.user_id))
            .where(col(User.disabled_at).is_(None))
        ).all()
    holders: dict[Role, set[str]] = {}
    for role, login in rows:
        holders.setdefault(Role(role), set()).add(login)
    accounts = holders.get(Role.SYSTEM_ADMIN, set())
    for login in sorted(accounts & holders.get(Role.SECURITY_ADMIN, set())):
        yield WorkItem("admins_not_apart", login, WorkState.OVERDUE, "staff")
    if not holders.get(Role.AUDIT_ADMIN):
        yield WorkItem("no_audit_admin", "", WorkState.OVERDUE, "staff")


def _people(desk: Desk) -> Iterator[WorkItem]:
    """Accounts that can do nothing yet, and carriers where nobody can approve."""
    if not desk.actor.may(Permission.STAFF_GRANT):
        return
    with desk.begin(Permission.STAFF_READ) as work:
        idle = work.all(
            work.select(User)
            .where(col(User.disabled_at).is_(None))
            .where(col(User.id).not_in(select(UserRole.user_id)))
            .order_by(col(User.login))
        )
        approving = (
            select(User.organisation_id)
            .join(UserRole, col(UserRole.user_id) == col(User.id))
            .where(UserRole.role == Role.APPROVER, col(User.disabled_at).is_(None))
        )
        alone = work.all(
            work.select(Organisation)
            .where(col(Organisation.kind).in_(CARRIERS), col(Organisation.disabled_at).is_(None))
            .where(col(Organisation.id).in_(select(User.organisation_id)))
            .where(col(Organisation.id).not_in(approving))
            .order_by(col(Organisation.code))
        )
    for user in idle:
        yield WorkItem("no_role", user.login, WorkState.WAITING, "staff", user.id)
    for organisation in alone:
        yield WorkItem("no_approver", organisation.name, WorkState.WAITING, "staff")


def _keys(desk: Desk) -> Iterator[WorkItem]:
    """Keys of programs that end soon, or have ended without being taken away."""
    if not desk.actor.may(Permission.CLIENT_READ):
        return
    now = desk.now()
    with desk.begin(Permission.CLIENT_READ) as work:
        ending = work.all(
            work.select(ApiClient)
            .where(col(ApiClient.revoked_at).is_(None))
            .where(col(ApiClient.expires_at) < now + KEY_ENDS_SOON)
            .order_by(col(ApiClient.expires_at))
        )
    for client in ending:
        state = due_state(client.expires_at, now)
        yield WorkItem("key_ends", client.name, state, "clients", due=client.expires_at)


SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (
    _administrators,
    _people,
    _keys,
)
"""Each area adds one; a source asks `may` first, so that looking for work is never a denial."""
