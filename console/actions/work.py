"""What waits for somebody: every area says what of its own is due, late or waiting."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import null
from sqlmodel import col, select

from console.actions.cards.industry.waiting import INDUSTRY_SOURCES
from console.actions.cases.authorities.waiting import ORDER_SOURCES
from console.actions.cases.complaints.waiting import COMPLAINT_SOURCES
from console.actions.cases.notices.waiting import NOTICE_SOURCES
from console.actions.cases.rectifications.waiting import RECTIFICATION_SOURCES
from console.actions.cases.tracing.waiting import TRACE_SOURCES
from console.actions.cases.waiting import CASE_SOURCES
from console.actions.channel.waiting import CHANNEL_SOURCES
from console.actions.channel.waiting_barred import BARRED_SOURCES
from console.actions.checks.waiting import CHECK_SOURCES
from console.actions.deadlines import warned_until
from console.actions.exports.waiting import EXPORT_SOURCES
from console.actions.patrol.waiting import PATROL_SOURCES
from console.actions.patrol.waiting_evidence import EVIDENCE_SOURCES
from console.actions.patrol.waiting_links import LINK_SOURCES
from console.actions.waiting import MOST_ALIKE, Shown, WorkItem, WorkState, items, only
from console.desk import Desk
from models.patrol.findings import Finding, FindingState
from models.permissions import Permission, Role
from models.staff import CARRIERS, ApiClient, Organisation, User, UserRole

KEY_ENDS_SOON: Final = timedelta(days=30)
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
_KEY: Final = Shown("clients", null(), ApiClient.name, ApiClient.expires_at)
_FINDING: Final = Shown("findings", Finding.id, Finding.number, Finding.look_due_at)


@dataclass(frozen=True, slots=True)
class WorkCount:
    """How much of a kind waits, and where the most urgent of it stands."""

    kind: str
    state: WorkState
    count: int
    is_more: bool
    """There are at least so many: nobody counts further."""


def work_items(desk: Desk) -> list[WorkItem]:
    """What waits for the actor: late first, then due soon, due by deadline, and waiting."""
    with desk.reading() as together:
        found = _warned(together, [item for source in SOURCES for item in source(together)])
    order = {state: place for place, state in enumerate(WorkState)}
    return sorted(found, key=lambda item: (order[item.state], item.due or _NEVER, item.title))


def work_counts(desk: Desk) -> list[WorkCount]:
    """The same by kinds, the most urgent first."""
    by_kind: dict[str, list[WorkItem]] = {}
    for item in work_items(desk):
        by_kind.setdefault(item.kind, []).append(item)
    return [
        WorkCount(kind, items[0].state, min(len(items), MOST_ALIKE), len(items) >= MOST_ALIKE)
        for kind, items in by_kind.items()
    ]


def _warned(desk: Desk, items: list[WorkItem]) -> list[WorkItem]:
    """What is due within the days of the warning is due soon."""
    if all(item.state is not WorkState.DUE for item in items):
        return items
    with desk.begin(Permission.RULE_READ) as work:
        until = warned_until(work)
    return [
        replace(item, state=WorkState.WARNING)
        if item.state is WorkState.DUE and item.due is not None and item.due <= until
        else item
        for item in items
    ]


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
        idle = only(
            work,
            work.select(User)
            .where(col(User.disabled_at).is_(None))
            .where(col(User.id).not_in(select(UserRole.user_id)))
            .order_by(col(User.login)),
            User.id,
            User.login,
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
    with desk.begin(Permission.CLIENT_READ) as work:
        ending = (
            work.select(ApiClient)
            .where(col(ApiClient.revoked_at).is_(None))
            .where(col(ApiClient.expires_at) < work.at + KEY_ENDS_SOON)
            .order_by(col(ApiClient.expires_at))
        )
        yield from items(work, ending, "key_ends", _KEY)


def _findings(desk: Desk) -> Iterator[WorkItem]:
    """Findings that somebody else has made, to be looked at a second time."""
    if not desk.actor.may(Permission.FINDING_CONFIRM):
        return
    with desk.begin(Permission.FINDING_READ) as work:
        found = (
            work.select(Finding)
            .where(Finding.state == FindingState.OPEN, col(Finding.merged_into_id).is_(None))
            .where(col(Finding.found_by).is_distinct_from(desk.actor.id))
            .order_by(col(Finding.look_due_at))
        )
        yield from items(work, found, "finding_look", _FINDING)


SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (
    _administrators,
    _people,
    _keys,
    _findings,
    *CASE_SOURCES,
    *NOTICE_SOURCES,
    *CHANNEL_SOURCES,
    *PATROL_SOURCES,
    *EVIDENCE_SOURCES,
    *LINK_SOURCES,
    *ORDER_SOURCES,
    *TRACE_SOURCES,
    *COMPLAINT_SOURCES,
    *RECTIFICATION_SOURCES,
    *BARRED_SOURCES,
    *CHECK_SOURCES,
    *INDUSTRY_SOURCES,
    *EXPORT_SOURCES,
)
"""Each area adds one; a source asks `may` first, so that looking for work is never a denial."""
