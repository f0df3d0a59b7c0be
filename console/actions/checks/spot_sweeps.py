"""What time does to spot checks: sessions end, and raw reads are purged."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlmodel import col, exists, select

from console.actions.checks.sealed_reads import shred_check
from console.actions.checks.spot_findings import reads_of
from console.actions.checks.spot_lists import without_marks
from console.actions.checks.spot_moves import break_off
from console.desk import Desk
from integrations.vault import StoreRead
from models.checks.reads import CardRead, ReadChallenge, ReadState
from models.checks.spot_checks import CheckMove, CheckState, SpotCheck
from models.permissions import Permission
from models.rules import china_day, parameter

_AT_ONCE: Final = 100


def sweep_checks(desk: Desk) -> int:
    """Break off what was never read, and purge what was read long ago; how many."""
    return sum(_timed_out(desk, one) for one in _over(desk)) + sum(
        _purged(desk, one) for one in _old(desk)
    )


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
        kept = timedelta(days=parameter("raw_read_retention", china_day(work.at)).value)
        return list(
            work.session.exec(
                select(SpotCheck.id)
                .where(SpotCheck.state == CheckState.CLOSED)
                .where(col(SpotCheck.session_until) <= work.at - kept)
                .order_by(col(SpotCheck.session_until))
                .limit(_AT_ONCE)
            ).all()
        )


def _purged(desk: Desk, check_id: UUID) -> int:
    """Tokens, marks and their key go; facts, hashes and receipts stay, and so does evidence."""
    with desk.begin(Permission.SWEEP) as work:
        row = work.get(SpotCheck, check_id)
        if row.state is not CheckState.CLOSED:
            return 0
        row.move(CheckMove.PURGE)
        row.salt, row.purged_at = b"", work.at
        reads = work.session.exec(select(CardRead).where(CardRead.check_id == row.id)).all()
        for one in reads:
            one.token, one.purged_at, one.facts = b"", work.at, dict(without_marks(one))
            if one.state is ReadState.ACCEPTED:
                one.state = ReadState.PURGED
        work.record("spot_check.purged", row, reads=[one.sha256 for one in reads])
        work.session.flush()
        try:
            # The key goes before the rows are committed: to break off between leaves what nobody
            # can read, and the next round finishes it.
            shred_check(desk.house, row)
        except StoreRead:
            work.session.rollback()
            return 0
        return 1
