"""What of notices waits for the actor, on either side of them."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from sqlalchemy import ColumnElement, Row
from sqlmodel import and_, col, exists, or_, select

from console.actions.cases.lists import notice_is_overdue
from console.actions.cases.notices.answers import answering
from console.actions.cases.notices.delivering import WAITS
from console.actions.waiting import Shown, WorkItem, due_state, items, only
from console.desk import Desk, Work
from models.cases.extensions import Extension, ExtensionState
from models.cases.notices import Answer, Notice, NoticeChannel, NoticeKind, NoticeState
from models.cases.outgoing import OutgoingMessage
from models.permissions import Permission
from models.staff import among

_EXTENSION: Final = Shown(
    "notices", Extension.subject_id, Extension.subject_name, Extension.old_due_at
)
_TOLD: Final = (
    Notice.id, Notice.number, Notice.kind, Notice.state, Notice.case_id,
    Notice.acknowledge_due_at, Notice.answer_due_at,
)  # fmt: skip


def _to_answer(desk: Desk) -> Iterator[WorkItem]:
    """What was sent to the actor's organisation, to be acknowledged and then answered."""
    actor = desk.actor
    mine = among(col(Notice.recipient_id), actor.organisations)
    if mine is None or not actor.may(answering(desk)):
        return
    with desk.begin(Permission.CASE_READ) as work:
        waits = (
            select(Notice)
            .where(mine, col(Notice.state).in_(WAITS), Notice.of_matter(actor))
            .order_by(col(Notice.answer_due_at))
        )
        for row in only(work, waits, *_TOLD):
            is_new = row.state is NoticeState.SENT
            yield _item(work, "notice_acknowledge" if is_new else "notice_answer", row)


def _of_ours(desk: Desk) -> Iterator[WorkItem]:
    """What the actor's organisation has sent, or means to, and nobody else goes on with."""
    actor = desk.actor
    mine = among(col(Notice.organisation_id), actor.organisations)
    if mine is None or not actor.may(Permission.NOTICE_WRITE):
        return
    state, now = col(Notice.state), desk.now()
    is_mail = col(Notice.channel) == NoticeChannel.MAIL
    stands = and_(state == NoticeState.SENDING, col(Notice.next_try_at).is_(None))
    late = exists().where(
        col(Answer.notice_id) == col(Notice.id), col(Answer.is_late), col(Answer.seen_at).is_(None)
    )
    own_end = col(Notice.kind).in_([one for one in NoticeKind if one is not NoticeKind.CASE])
    steps: list[tuple[str, ColumnElement[bool]]] = [
        ("notice_look", or_(state == NoticeState.TURNED_DOWN, and_(stands, ~is_mail))),
        ("notice_mail", and_(stands, is_mail)),
        ("notice_late", and_(state.in_(WAITS), notice_is_overdue(now))),
        ("notice_draft", state == NoticeState.DRAFT),
        ("notice_answered", and_(state == NoticeState.ANSWERED, own_end)),
        ("notice_late_answer", late),
    ]
    with desk.begin(Permission.CASE_READ) as work:
        for kind, condition in steps:
            # The condition before the matter: SQLite asks in this order, and few rows meet it.
            ours = select(Notice).where(mine, condition, Notice.of_matter(actor))
            for row in only(work, ours.order_by(col(Notice.id)), *_TOLD):
                yield _item(work, kind, row)


def _liftings(desk: Desk) -> Iterator[WorkItem]:
    """What the other side has to be told to undo, and no server has taken."""
    actor = desk.actor
    mine = among(col(OutgoingMessage.organisation_id), actor.organisations)
    if mine is None or not actor.may(Permission.NOTICE_WRITE):
        return
    with desk.begin(Permission.CASE_READ) as work:
        query = (
            select(OutgoingMessage)
            .join(Notice, col(Notice.id) == col(OutgoingMessage.notice_id))
            .where(mine, OutgoingMessage.waits_for_a_person(), Notice.of_matter(actor))
            .order_by(col(OutgoingMessage.id))
        )
        by = Notice.id, Notice.number, OutgoingMessage.channel, OutgoingMessage.promised_at
        rows = only(work, query, *by)
    for notice_id, number, channel, promised_at in rows:
        kind = "lifting_mail" if channel is NoticeChannel.MAIL else "lifting_look"
        state = due_state(promised_at, desk.now())
        yield WorkItem(kind, number, state, "notices", notice_id, promised_at)


def _extensions(desk: Desk) -> Iterator[WorkItem]:
    """More time that a recipient asks for, to be decided by another than who asked."""
    actor = desk.actor
    mine = among(col(Extension.decider_id), actor.organisations)
    if mine is None or not actor.may(Permission.EXTENSION_GRANT):
        return
    with desk.begin(Permission.CASE_READ) as work:
        asked = (
            select(Extension)
            .where(mine, Extension.state == ExtensionState.ASKED)
            .where(Extension.subject_kind == Notice.__name__)
            .where(col(Extension.asked_by).is_distinct_from(actor.id))
            .order_by(col(Extension.id))
        )
        yield from items(work, asked, "notice_extension", _EXTENSION)


def _item(work: Work, kind: str, row: Row[Any]) -> WorkItem:
    """Of a row of `_TOLD`."""
    due = row.acknowledge_due_at if row.state is NoticeState.SENT else row.answer_due_at
    due = due if row.state in WAITS else None
    is_case = row.kind is NoticeKind.CASE
    page, record = ("cases", row.case_id) if is_case else ("notices", row.id)
    return WorkItem(kind, row.number, due_state(due, work.at), page, record, due)


NOTICE_SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (
    _to_answer,
    _of_ours,
    _liftings,
    _extensions,
)
