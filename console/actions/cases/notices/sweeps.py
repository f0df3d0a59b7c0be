"""What notices owe by the clock: reminders by another channel, escalation, and their end.

Each row is marked once and its deed recorded once, some hundred in a transaction.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, exists, or_, select

from console.actions.batches import in_batches
from console.actions.cases.notices.delivering import WAITS
from console.actions.cases.notices.threads import close
from console.actions.cases.tiers import raise_for
from console.desk import Desk, Work
from models.cases.cases import ENDED, Case, CaseState, TierBasis
from models.cases.notices import (
    Answer,
    AnswerOutcome,
    Mailbox,
    Notice,
    NoticeChannel,
    NoticeKind,
    NoticeState,
)
from models.channel.licences import Ground
from models.patrol.shops import Shop, ShopMove, ShopState
from models.rules import china_day, end_of, parameter
from models.rules.tables import CalendarDay, office_calendar

_LONGEST_HOLIDAY: Final = 30
"""Days to look back for the last due date that has been missed for long enough."""
_LOOKED_BACK: Final = timedelta(days=90)
"""An answer that refused is escalated within this time, or has been dealt with otherwise."""
_A_SECOND: Final = timedelta(seconds=1)
_OPEN: Final = tuple(state for state in NoticeState if state is not NoticeState.CLOSED)
_UNLICENSED: Final = frozenset(
    {Ground.NO_BUSINESS_LICENCE, Ground.NO_DELEGATION, Ground.NOT_BEGUN, Ground.EXPIRED,
     Ground.NOT_IN_FORCE}
)  # fmt: skip
Held = TypeVar("Held", Case, Shop)
ALLOWED_UNLICENSED: Final = "platform_allowed_unlicensed"
FAILED_TO_STOP: Final = "platform_failed_to_stop"


def sweep_notices(desk: Desk) -> int:
    """All that became due since the last time; how much it was."""
    return remind_notices(desk) + escalate_notices(desk) + close_ended(desk)


def remind_notices(desk: Desk) -> int:
    """Once when it is not acknowledged in time, and once when it is not answered in time."""
    return in_batches(desk, partial(_all, _to_remind, _remind))


def escalate_notices(desk: Desk) -> int:
    """Not removed for so long after the answer was due that the administrations are told."""
    return in_batches(desk, partial(_all, _to_escalate, _escalate))


def close_ended(desk: Desk) -> int:
    """Threads of cases that have ended."""
    return in_batches(desk, partial(_all, _to_close, _close))


def _all(
    due: Callable[[Work], ColumnElement[bool]],
    mark: Callable[[Work, Sequence[Notice]], None],
    work: Work,
    limit: int,
) -> int:
    rows = _next(work, due(work), limit)
    mark(work, rows)
    return len(rows)


def _next(work: Work, is_due: ColumnElement[bool], limit: int) -> Sequence[Notice]:
    """Held, and those left out that somebody else has in hand."""
    return work.session.exec(
        select(Notice).where(is_due).limit(limit).with_for_update(skip_locked=True)
    ).all()


def _to_remind(work: Work) -> ColumnElement[bool]:
    def missed(due: datetime | None) -> ColumnElement[bool]:
        never = col(Notice.reminded_at).is_(None)
        return and_(col(due) <= work.at, or_(never, col(Notice.reminded_at) < col(due)))

    unseen = and_(Notice.state == NoticeState.SENT, missed(Notice.acknowledge_due_at))
    return or_(unseen, and_(col(Notice.state).in_(WAITS), missed(Notice.answer_due_at)))


def _remind(work: Work, notices: Sequence[Notice]) -> None:
    """By another channel: pushed where it waits in the console, else by mail of the sender."""
    boxes = set(work.session.exec(select(Mailbox.organisation_id)).all())
    for notice in notices:
        notice.reminders += 1
        notice.reminded_at = work.at
        pushes = notice.channel is not NoticeChannel.PUSH and notice.recipient_id in boxes
        if pushes:
            notice.channel, notice.next_try_at = NoticeChannel.PUSH, work.at
        by = NoticeChannel.PUSH if pushes else NoticeChannel.MAIL
        work.record("notice.reminded", notice, by=by.value, reminder=notice.reminders)


def _to_escalate(work: Work) -> ColumnElement[bool]:
    kept = exists().where(
        col(Answer.notice_id) == col(Notice.id), col(Answer.outcome) == AnswerOutcome.KEPT
    )
    due, last = col(Notice.answer_due_at), _missed_since(work)
    refused = and_(
        Notice.state == NoticeState.ANSWERED, due > last - _LOOKED_BACK, kept,
        col(Notice.case_id).in_(select(Case.id).where(Case.state == CaseState.EXECUTING)),
    )  # fmt: skip
    goes_on = select(Case.id).where(col(Case.state).not_in(ENDED))
    return and_(
        Notice.kind == NoticeKind.CASE,
        col(Notice.escalated_at).is_(None),
        due <= last,
        or_(and_(col(Notice.state).in_(WAITS), col(Notice.case_id).in_(goes_on)), refused),
    )


def _missed_since(work: Work) -> datetime:
    """The newest due moment after which the working days of the rule have passed by now."""
    calendar = office_calendar(work.session.exec(select(CalendarDay)).all())
    today = china_day(work.at)
    for back in range(_LONGEST_HOLIDAY):
        due = end_of(today - timedelta(days=back))
        rule = parameter("platform_escalation", china_day(due - _A_SECOND))
        if rule.deadline(due - _A_SECOND, calendar).at <= work.at:
            return due
    return end_of(today - timedelta(days=_LONGEST_HOLIDAY))


def _escalate(work: Work, notices: Sequence[Notice]) -> None:
    """The ground for the administration of the platform's place, and for the market regulator."""
    rule = parameter("platform_escalation", china_day(work.at))
    cases = _held(work, Case, [one.case_id for one in notices])
    shops = _held(work, Shop, [one.shop_id for one in cases.values()])
    for notice in notices:
        case = cases[notice.case_id]
        unlicensed = case.ground in _UNLICENSED
        notice.escalated_at = work.at
        notice.escalated_ground = ALLOWED_UNLICENSED if unlicensed else FAILED_TO_STOP
        work.record(
            "notice.escalated", notice, ground=notice.escalated_ground, case=case.reference,
            rule=rule.version,
        )  # fmt: skip
        raise_for(work, case, TierBasis.DUE_MISSED)
        shop = shops.get(case.shop_id) if notice.platform == case.platform else None
        if shop is not None and shop.state is ShopState.PLATFORM_NOTIFIED:
            shop.move(ShopMove.NOT_REMOVED)
            work.record("shop.moved", shop, move=ShopMove.NOT_REMOVED.value, case=case.reference)


def _held(work: Work, table: type[Held], ids: Sequence[UUID | None]) -> dict[UUID | None, Held]:
    """Rows by their ids, held in the order of these."""
    wanted = {one for one in ids if one is not None}
    rows = work.session.exec(
        select(table).where(col(table.id).in_(wanted)).order_by(col(table.id)).with_for_update()
    ).all()
    return {row.id: row for row in rows}


def _close(work: Work, notices: Sequence[Notice]) -> None:
    for notice in notices:
        close(work, notice)


def _to_close(work: Work) -> ColumnElement[bool]:  # noqa: ARG001 - as the others
    over = select(Case.id).where(col(Case.state).in_(ENDED))
    merged = select(Case.id).where(col(Case.merged_into_id).in_(over))
    case = col(Notice.case_id)
    return and_(col(Notice.state).in_(_OPEN), or_(case.in_(over), case.in_(merged)))
