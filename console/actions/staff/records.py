"""One account with its history, and the sessions a person has open."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col

from console.actions.audit import history
from console.desk import Desk
from models.audit import AuditEntry
from models.permissions import Permission
from models.staff import LoginSession, User


def user_and_history(desk: Desk, user_id: UUID | str) -> tuple[User, Sequence[AuditEntry]]:
    with desk.begin(Permission.STAFF_READ) as work:
        user = work.get(User, user_id)
        return user, history(work, user)


def my_sessions(desk: Desk) -> Sequence[LoginSession]:
    """One's own sessions that are still open, the last used first."""
    with desk.begin(Permission.ACCOUNT_USE) as work:
        rows = work.all(
            work.select(LoginSession)
            .where(LoginSession.user_id == desk.actor.id, col(LoginSession.ended_at).is_(None))
            .order_by(col(LoginSession.seen_at).desc())
        )
    return [row for row in rows if row.is_open(desk.now())]
