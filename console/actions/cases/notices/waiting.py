"""What of notices waits for the actor, on either side of them."""

from collections.abc import Callable, Iterator
from typing import Final

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, exists, or_, select

from console.actions.cases.lists import notice_is_overdue
from console.actions.cases.notices.answers import answering
from console.actions.cases.notices.delivering import WAITS
from console.actions.waiting import MOST_ALIKE, WorkItem, due_state
from console.desk import Desk
from models.cases.extensions import Extension, ExtensionState
from models.cases.notices import Answer, Notice, NoticeChannel, NoticeKind, NoticeState
from models.cases.outgoing import OutgoingMessage
from models.permissions import Permission
from models.staff import among


def _to_answer(desk: Desk) -> Iterator[WorkItem]:
    """What was sent to the actor's organisation, to be acknowledged and then answered."""
    actor = desk.actor
    mine = among(col(Notice.recipient_id), actor.organisations)
    if mine is None or not actor.may(answering(desk)):
        return
    with desk.begin(Permission.CASE_READ) as work:
        rows = work.session.exec(
            select(Notice)
            .where(mine, col(Notice.state).in_(WAITS), Notice.of_matter(actor))
            .order_by(col(Notice.answer_due_at))
            .limit(MOST_ALIKE)
        ).all()
    for row in rows:
        is_new = row.state is NoticeState.SENT
        kind = "notice_acknowledge" if is_new else "notice_answer"
        yield _item(desk, kind, row)


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
        found = [
            (kind, row)
            for kind, condition in steps
            for row in work.session.exec(
                select(Notice)
                .where(mine, condition, Notice.of_matter(actor))
                .order_by(col(Notice.id))
                .limit(MOST_ALIKE)
            ).all()
        ]
    for kind, row in found:
        yield _item(desk, kind, row)


def _liftings(desk: Desk) -> Iterator[WorkItem]:
    """What the other side has to be told to undo, and no server has taken."""
    actor = desk.actor
    mine = among(col(OutgoingMessage.organisation_id), actor.organisations)
    if mine is None or not actor.may(Permission.NOTICE_WRITE):
        return
    with desk.begin(Permission.CASE_READ) as work:
        rows = work.session.exec(
            select(OutgoingMessage, Notice.number)
            .join(Notice, col(Notice.id) == col(OutgoingMessage.notice_id))
            .where(mine, OutgoingMessage.waits_for_a_person(), Notice.of_matter(actor))
            .order_by(col(OutgoingMessage.id))
            .limit(MOST_ALIKE)
        ).all()
    for row, number in rows:
        kind = "lifting_mail" if row.channel is NoticeChannel.MAIL else "lifting_look"
        state = due_state(row.promised_at, desk.now())
        yield WorkItem(kind, number, state, "notices", row.notice_id, row.promised_at)


def _extensions(desk: Desk) -> Iterator[WorkItem]:
    """More time that a recipient asks for, to be decided by another than who asked."""
    actor = desk.actor
    mine = among(col(Extension.decider_id), actor.organisations)
    if mine is None or not actor.may(Permission.EXTENSION_GRANT):
        return
    with desk.begin(Permission.CASE_READ) as work:
        rows = work.session.exec(
            select(Extension)
            .where(mine, Extension.state == ExtensionState.ASKED)
            .where(Extension.subject_kind == Notice.__name__)
            .where(col(Extension.asked_by).is_distinct_from(actor.id))
            .order_by(col(Extension.id))
            .limit(MOST_ALIKE)
        ).all()
    for row in rows:
        state = due_state(row.old_due_at, desk.now())
        yield WorkItem(
            "notice_extension", row.title, state, "notices", row.subject_id, row.old_due_at
        )


def _item(desk: Desk, kind: str, row: Notice) -> WorkItem:
    due = row.acknowledge_due_at if row.state is NoticeState.SENT else row.answer_due_at
    due = due if row.state in WAITS else None
    is_case = row.kind is NoticeKind.CASE
    page, record = ("cases", row.case_id) if is_case else ("notices", row.id)
    return WorkItem(kind, row.number, due_state(due, desk.now()), page, record, due)


NOTICE_SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (
    _to_answer,
    _of_ours,
    _liftings,
    _extensions,
)
