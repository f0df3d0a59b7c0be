"""What waits for somebody: every area says what of its own is due, late or waiting."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlmodel import and_, col, or_, select

from console.actions.cases.lists import notice_is_overdue
from console.actions.channel.waiting import CHANNEL_SOURCES
from console.actions.patrol.waiting import PATROL_SOURCES
from console.actions.patrol.waiting_evidence import EVIDENCE_SOURCES
from console.actions.patrol.waiting_links import LINK_SOURCES
from console.actions.waiting import WorkItem, WorkState, due_state
from console.desk import Desk
from models.cases.cases import Case, CaseState
from models.cases.notices import Notice, NoticeState
from models.patrol.findings import Finding, FindingState
from models.permissions import Permission, Role
from models.rules import Tier
from models.staff import CARRIERS, ApiClient, Organisation, User, UserRole

KEY_ENDS_SOON: Final = timedelta(days=30)
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


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


def _cases(desk: Desk) -> Iterator[WorkItem]:
    """The next step of each case, for whoever may take it."""
    actor, now = desk.actor, desk.now()
    opens, sends, closes = map(
        actor.may, (Permission.CASE_OPEN, Permission.CASE_SEND, Permission.CASE_CLOSE)
    )
    if not (opens or sends or closes):
        return
    mine = col(Case.owner_id) == actor.id
    not_settled = select(Notice.case_id).where(col(Notice.state) != NoticeState.ANSWERED)
    decides = [
        Case.state == CaseState.DECISION_PROPOSED,
        col(Case.proposed_by).is_distinct_from(actor.id),
    ]
    if Role.APPROVER not in actor.roles:
        decides.append(col(Case.tier) != Tier.SERIOUS)
    uninvolved = [
        column.is_distinct_from(actor.id)
        for column in (col(Case.owner_id), col(Case.proposed_by), col(Case.decided_by))
    ]
    steps = [
        ("case_propose", opens, [Case.state == CaseState.INVESTIGATING, mine]),
        ("case_approve", closes, decides),
        ("case_send", sends, [Case.state == CaseState.DECIDED, mine]),
        ("case_again", sends, [Case.state == CaseState.EXECUTING, mine]),
        ("case_recheck", closes, [Case.state == CaseState.WAITING_RECHECK, *uninvolved]),
    ]
    with desk.begin(Permission.CASE_READ) as work:
        for kind, may, conditions in steps:
            query = work.select(Case).where(*conditions).order_by(col(Case.due_at))
            if kind in {"case_send", "case_again"}:
                query = query.where(col(Case.id).not_in(not_settled))
            for case in work.all(query) if may else ():
                state = due_state(case.due_at, now)
                yield WorkItem(kind, case.reference, state, "cases", case.id, case.due_at)


def _notices(desk: Desk) -> Iterator[WorkItem]:
    """For carriers what did not arrive or is late, for platforms what waits for them."""
    now, sends = desk.now(), desk.actor.may(Permission.CASE_SEND)
    if not (sends or desk.actor.may(Permission.CASE_ANSWER)):
        return
    stuck = or_(
        Notice.state == NoticeState.TURNED_DOWN,
        and_(Notice.state == NoticeState.SENDING, col(Notice.next_try_at).is_(None)),
    )
    waits = col(Notice.state).in_([NoticeState.SENT, NoticeState.ACKNOWLEDGED])
    with desk.begin(Permission.CASE_READ) as work:
        query = work.select(Notice).order_by(col(Notice.id))
        found = work.all(query.where(or_(stuck, notice_is_overdue(now)) if sends else waits))
    for notice in found:
        is_new = notice.state is NoticeState.SENT
        due = notice.acknowledge_due_at if is_new else notice.answer_due_at
        if sends:
            kind = "notice_late" if notice.is_overdue(now) else "notice_look"
        else:
            kind = "notice_acknowledge" if is_new else "notice_answer"
        state = due_state(due, now)
        yield WorkItem(kind, notice.number, state, "cases", notice.case_id, due)


def _findings(desk: Desk) -> Iterator[WorkItem]:
    """Findings that somebody else has made, to be looked at a second time."""
    if not desk.actor.may(Permission.FINDING_CONFIRM):
        return
    with desk.begin(Permission.FINDING_READ) as work:
        found = work.all(
            work.select(Finding)
            .where(Finding.state == FindingState.OPEN, col(Finding.merged_into_id).is_(None))
            .where(col(Finding.found_by).is_distinct_from(desk.actor.id))
            .order_by(col(Finding.look_due_at))
        )
    for row in found:
        state = due_state(row.look_due_at, desk.now())
        yield WorkItem("finding_look", row.number, state, "findings", row.id, row.look_due_at)


SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (
    _administrators,
    _people,
    _keys,
    _cases,
    _notices,
    _findings,
    *CHANNEL_SOURCES,
    *PATROL_SOURCES,
    *EVIDENCE_SOURCES,
    *LINK_SOURCES,
)
"""Each area adds one; a source asks `may` first, so that looking for work is never a denial."""
