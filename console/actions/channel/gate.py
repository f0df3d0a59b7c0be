"""The gate that signing passes and that whoever halts it, or declares a key lost, shuts.

SQLite has one writer at a time, so there it needs no lock of its own.
"""

from typing import Final

from sqlalchemy import func
from sqlmodel import select

from console.desk import Work

_GATE: Final = 0x155E


def pass_gate(work: Work) -> None:
    """Any number pass at once, and hold it open until their work ends."""
    if work.session.get_bind().dialect.name == "postgresql":
        work.session.exec(select(func.pg_advisory_xact_lock_shared(_GATE)))


def shut_gate(work: Work) -> None:
    """Wait for those who are passing; nobody passes until this work ends."""
    if work.session.get_bind().dialect.name == "postgresql":
        work.session.exec(select(func.pg_advisory_xact_lock(_GATE)))
