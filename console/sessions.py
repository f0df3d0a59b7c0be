"""Database sessions that know what is done through them."""

from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import Final

from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, UOWTransaction
from sqlmodel import Session

from models.audit import AuditCheckpoint, AuditEntry, AuditTile, DoneOnce
from models.refusals import Invalid

_RECORD: Final = (AuditEntry, AuditTile, AuditCheckpoint, DoneOnce)


class WatchedSession(Session):
    """A session that knows whether anything but the record was changed through it."""


@event.listens_for(WatchedSession, "before_flush")
def _watch_rows(session: Session, _context: UOWTransaction, _instances: object) -> None:
    touched = (*session.new, *session.dirty, *session.deleted)
    if any(not isinstance(row, _RECORD) for row in touched):
        session.info["changed"] = True
    for row in (*session.new, *session.dirty):
        _refuse_nul(row)


def _refuse_nul(row: object) -> None:
    """SQLite keeps such text and PostgreSQL does not: it is no text to either."""
    for name, value in vars(row).items():
        if isinstance(value, str) and "\0" in value:
            raise Invalid("row.not_storable", field=name)


@event.listens_for(WatchedSession, "do_orm_execute")
def _watch_statements(state: ORMExecuteState) -> None:
    if not state.is_select:
        state.session.info["changed"] = True


@contextmanager
def lent(session: Session) -> Generator[None]:
    """For one read, of whose rows the next knows nothing. A failure ends the transaction with all
    that was done in it, and whatever is read afterwards has its own.
    """
    session.info["lent"] = True
    with ExitStack() as failed:
        failed.callback(session.close)
        yield
        failed.pop_all()
    session.expunge_all()
    session.info.clear()
