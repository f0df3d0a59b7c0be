"""What time does to spot checks: sessions end, and raw reads are purged.

No raw read outlives its term, whatever became of its check: one that was refused goes as well, and
one that belongs to no check. What is left is hash, receipt, and what a card without a holder said.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, exists, select

from console.actions.checks.sealed_reads import shred_check
from console.actions.checks.spot_findings import reads_of
from console.actions.checks.spot_lists import without_marks
from console.actions.checks.spot_moves import break_off, is_open
from console.desk import Desk, Work
from integrations.vault import StoreRead
from models.checks.devices import ReaderDevice
from models.checks.reads import CardRead, ReadChallenge, ReadKind, ReadState
from models.checks.spot_checks import CheckMove, CheckState, SpotCheck
from models.permissions import Permission
from models.rules import china_day, parameter

_AT_ONCE: Final = 100


def sweep_checks(desk: Desk) -> int:
    """Break off what was never read, and purge what was read long ago; how many."""
    ended = sum(_timed_out(desk, one) for one in _over(desk))
    purged = sum(_purged(desk, one) for one in _old(desk))
    return ended + purged + sum(_reads_purged(desk, *one) for one in _old_reads(desk))


def _over(desk: Desk) -> list[UUID]:
    """Sessions that ended with nothing read, and of which no trip without a network is under way.

    One that has reads waits for whoever sends it in.
    """
    with desk.begin(Permission.SPOT_CHECK_READ) as work:
        read = exists().where(
            col(CardRead.check_id) == col(SpotCheck.id),
            col(CardRead.state) == ReadState.ACCEPTED,
        )
        away = exists().where(
            col(ReadChallenge.check_id) == col(SpotCheck.id),
            col(ReadChallenge.is_offline).is_(True),
            col(ReadChallenge.until) > work.at,
        )
        return list(
            work.session.exec(
                select(SpotCheck.id)
                .where(SpotCheck.state == CheckState.READING)
                .where(col(SpotCheck.session_until) <= work.at, ~read, ~away)
                .order_by(col(SpotCheck.session_until))
                .limit(_AT_ONCE)
            ).all()
        )


def _timed_out(desk: Desk, check_id: UUID) -> int:
    with desk.begin(Permission.SWEEP) as work:
        row = work.get(SpotCheck, check_id)
        is_over = row.session_until is not None and row.session_until <= work.at
        if row.state is not CheckState.READING or not is_over or reads_of(work, row):
            return 0
        break_off(work, row, CheckMove.TIMEOUT)
        work.record("spot_check.timed_out", row, until=str(row.session_until))
        return 1


def _old(desk: Desk) -> list[UUID]:
    with desk.begin(Permission.SPOT_CHECK_READ) as work:
        return list(
            work.session.exec(
                select(SpotCheck.id)
                .where(SpotCheck.state == CheckState.CLOSED)
                .where(col(SpotCheck.session_until) <= _kept_since(work))
                .order_by(col(SpotCheck.session_until))
                .limit(_AT_ONCE)
            ).all()
        )


def _kept_since(work: Work) -> datetime:
    return work.at - timedelta(days=parameter("raw_read_retention", china_day(work.at)).value)


def _purged(desk: Desk, check_id: UUID) -> int:
    """All of a closed check go at once; evidence of a finding stays."""
    with desk.begin(Permission.SWEEP) as work:
        row = work.get(SpotCheck, check_id)
        if row.state is not CheckState.CLOSED:
            return 0
        row.move(CheckMove.PURGE)
        reads = work.session.exec(select(CardRead).where(CardRead.check_id == row.id)).all()
        _empty(work, reads)
        work.record("spot_check.purged", row, reads=[one.sha256 for one in reads])
        return _key_gone(desk, work, row)


def _old_reads(desk: Desk) -> list[tuple[UUID | None, UUID]]:
    """Checks and devices of raw reads that are past their term."""
    with desk.begin(Permission.SPOT_CHECK_READ) as work:
        found = work.session.exec(
            select(CardRead.check_id, CardRead.device_id)
            .where(_is_old(work))
            .order_by(col(CardRead.received_at))
            .limit(_AT_ONCE)
        ).all()
        return list(dict.fromkeys(found))


def _is_old(work: Work) -> ColumnElement[bool]:
    return and_(
        col(CardRead.state).in_((ReadState.ACCEPTED, ReadState.REFUSED)),
        col(CardRead.received_at) <= _kept_since(work),
        col(CardRead.purged_at).is_(None),
    )


def _reads_purged(desk: Desk, check_id: UUID | None, device_id: UUID) -> int:
    """On record with the check, or with the device where they belong to none."""
    with desk.begin(Permission.SWEEP) as work:
        row = work.get(SpotCheck, check_id) if check_id else None
        reads = work.session.exec(
            select(CardRead)
            .where(_is_old(work), CardRead.check_id == check_id, CardRead.device_id == device_id)
            .order_by(col(CardRead.id))
            .limit(_AT_ONCE)
        ).all()
        if not reads:
            return 0
        _empty(work, reads)
        about = row or work.get(ReaderDevice, device_id)
        work.record("card_read.purged", about, reads=[one.sha256 for one in reads])
        work.session.flush()
        return _without_reads(desk, work, row) if row else 1


def _without_reads(desk: Desk, work: Work, row: SpotCheck) -> int:
    """With the last of its raw reads goes the key of a check that nobody reads for any more.

    One that was never sent in has nothing left to compare: it is broken off, to be repeated.
    """
    left = exists().where(col(CardRead.check_id) == row.id, col(CardRead.purged_at).is_(None))
    if work.session.exec(select(left)).one() or is_open(row, work.at):
        return 1
    if row.state is CheckState.READING:
        break_off(work, row, CheckMove.TIMEOUT)
        work.record("spot_check.timed_out", row, until=str(row.session_until))
    return _key_gone(desk, work, row)


def _empty(work: Work, reads: Sequence[CardRead]) -> None:
    """Tokens and marks go, and all that was read of a person; hashes and receipts stay."""
    for one in reads:
        one.token, one.purged_at = b"", one.purged_at or work.at
        one.facts = {} if one.kind is ReadKind.ID else dict(without_marks(one))
        if one.state is ReadState.ACCEPTED:
            one.state = ReadState.PURGED


def _key_gone(desk: Desk, work: Work, row: SpotCheck) -> int:
    """The key goes before the rows are committed: to break off between leaves what nobody can
    read, and the next round finishes it.
    """
    row.salt, row.purged_at = b"", row.purged_at or work.at
    work.session.flush()
    try:
        shred_check(desk.house, row)
    except StoreRead:
        work.session.rollback()
        return 0
    return 1
