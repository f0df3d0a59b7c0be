"""What either side may do about a notice: receive, act and answer, write, ask again, end it."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

import streamlit as st

from console.actions.cases.extensions import ask_extension, decide_extension
from console.actions.cases.notices.answers import MOST_PROOFS, acknowledge, answer, answering
from console.actions.cases.notices.delivering import note_mailed, retry_notice
from console.actions.cases.notices.threads import LONGEST, ask_again, close_thread, say, take_note
from console.actions.cases.notices.writing import (
    LONGEST_BODY,
    LONGEST_SUBJECT,
    edit_notice,
    send_draft,
)
from console.desk import Desk
from console.i18n import t
from console.pages.channel_forms import packed, unpacked
from console.pages.channel_words import move_of
from console.pages.frame import plain
from console.pages.kit import Next, next_moves
from models.cases.extensions import Extension, ExtensionState
from models.cases.notices import (
    OUTCOMES,
    Answer,
    AnswerOutcome,
    Notice,
    NoticeChannel,
    NoticeKind,
    NoticeMove,
    NoticeState,
)
from models.cases.outgoing import OutgoingMessage
from models.permissions import Permission
from models.rules import china_day

P, S = Permission, NoticeState
_READY = "ready"
"""What a form answers when it is filled in; `Next.ask` takes nothing else for an answer."""
_WAITS = (S.SENT, S.ACKNOWLEDGED)
_HEARD = (S.SENT, S.ACKNOWLEDGED, S.ANSWERED)
_AT_ONCE = "violation_stop/"
_LONGEST_WAIT = timedelta(days=60)


def is_ours(desk: Desk, notice: Notice) -> bool:
    return notice.organisation_id in desk.actor.organisations


def is_to_us(desk: Desk, notice: Notice) -> bool:
    return notice.recipient_id in desk.actor.organisations


def notice_moves(
    desk: Desk,
    notice: Notice,
    answers: Sequence[Answer] = (),
    extensions: Sequence[Extension] = (),
    outgoing: Sequence[OutgoingMessage] = (),
) -> None:
    moves: list[Next] = []
    if is_to_us(desk, notice):
        moves += [*_receiving(desk, notice), _asking_time(desk, notice, extensions)]
    if is_ours(desk, notice):
        moves += [*_drafting(desk, notice), *_delivering(desk, notice, outgoing),
                  *_ending(desk, notice, answers), *_deciding_time(desk, extensions)]  # fmt: skip
    if is_ours(desk, notice) or is_to_us(desk, notice):
        moves.append(
            _writing("notice_moves.say", lambda words: say(desk, notice.id, words), "chat",
                     when=notice.state in _HEARD)
        )  # fmt: skip
    with st.container(horizontal=True, gap="small"):
        next_moves(desk, moves, notice.id)


def _writing(text: str, act: Callable[[str], object], icon: str, *, when: bool) -> Next:
    def ask(key: str) -> str:
        return st.text_area(t("notice_moves.words"), key=key, max_chars=LONGEST).strip()

    return move_of(text, act, P.NOTICE_WRITE, icon, when=when, ask=ask)


# The recipient


def _receiving(desk: Desk, notice: Notice) -> list[Next]:
    def acknowledged(_: str) -> None:
        acknowledge(desk, notice.id)

    number = plain(notice.number)
    return [
        Next("acknowledge", t("case_page.acknowledge"),
             t("case_page.acknowledge_will", number=number), acknowledged, answering(desk),
             is_open=notice.state is S.SENT, icon=":material/mark_email_read:", main=True),
        _answering(desk, notice),
    ]  # fmt: skip


def _answering(desk: Desk, notice: Notice) -> Next:
    given: dict[str, str] = {}
    files: list[tuple[str, bytes]] = []

    is_over = notice.state is S.CLOSED

    def ask(key: str) -> str:
        if is_over:
            st.caption(t("notice_moves.late_answer"))
        given["outcome"] = st.selectbox(
            t("case_page.outcome"),
            [one.value for one in OUTCOMES[notice.kind]],
            key=f"{key}:outcome",
            format_func=lambda value: t(f"answer_outcome.{value}"),
        )
        given["words"] = st.text_area(t("case_page.words"), key=f"{key}:words", max_chars=4000)
        chosen = st.file_uploader(
            t("case_page.files"),
            type=["png", "jpg", "jpeg", "pdf"],
            accept_multiple_files=True,
            key=f"{key}:files",
            max_upload_size=10,
        )
        files[:] = [(one.name, one.getvalue()) for one in chosen[: MOST_PROOFS + 1]]
        return _READY

    def act(_: str) -> str:
        answer(desk, notice.id, AnswerOutcome(given["outcome"]), given["words"], files)
        said = "notice_moves.answered_late" if is_over else "case_page.answered"
        return t(said, number=plain(notice.number))

    return Next(
        "answer", t("case_page.answer"), plain(notice.subject), act, answering(desk),
        is_open=notice.state in _WAITS or is_over, ask=ask, icon=":material/reply:",
        main=notice.state is S.ACKNOWLEDGED,
    )  # fmt: skip


def _asking_time(desk: Desk, notice: Notice, extensions: Sequence[Extension]) -> Next:
    due = notice.answer_due_at
    waits = any(one.state is ExtensionState.ASKED for one in extensions)
    is_open = (
        notice.state in _WAITS and due is not None and desk.now() < due and not waits
        and _AT_ONCE not in notice.rule_version
    )  # fmt: skip
    first = china_day(due) if due else china_day(desk.now())

    def ask(key: str) -> str:
        until = st.date_input(
            t("notice_moves.until"), first, key=f"{key}:until", min_value=first,
            max_value=first + _LONGEST_WAIT,
        )  # fmt: skip
        reason = st.text_area(t("console.reason"), key=f"{key}:why", max_chars=2000)
        return packed(until=until, reason=reason) if reason.strip() else ""

    def act(words: str) -> None:
        said = unpacked(words)
        ask_extension(desk, "Notice", notice.id, date.fromisoformat(said["until"]), said["reason"])

    return move_of(
        "notice_moves.ask_time", act, P.EXTENSION_ASK, "more_time", when=is_open, ask=ask
    )


# The sender


def _drafting(desk: Desk, notice: Notice) -> list[Next]:
    is_draft = notice.state is S.DRAFT

    def ask(key: str) -> str:
        subject = st.text_input(
            t("case_page.subject"), notice.subject, key=f"{key}:subject", max_chars=LONGEST_SUBJECT
        )
        body = st.text_area(
            t("notice_moves.body"), notice.body, key=f"{key}:body", max_chars=LONGEST_BODY,
            height=360,
        )  # fmt: skip
        return packed(subject=subject, body=body) if subject.strip() and body.strip() else ""

    def edited(words: str) -> None:
        edit_notice(desk, notice.id, **unpacked(words))

    def sent(_: str) -> str:
        return said_of(send_draft(desk, notice.id))

    number = plain(notice.number)
    return [
        move_of("notice_moves.edit", edited, P.NOTICE_WRITE, "edit", when=is_draft, ask=ask),
        Next("send_draft", t("notice_moves.send_draft"), t("notice_moves.send_draft_will",
             number=number), sent, P.NOTICE_WRITE, icon=":material/send:", main=True,
             is_open=notice.kind is not NoticeKind.CASE and notice.state in {S.DRAFT,
                                                                             S.TURNED_DOWN}),
    ]  # fmt: skip


def _delivering(desk: Desk, notice: Notice, outgoing: Sequence[OutgoingMessage]) -> list[Next]:
    """Of the notice, or of a lifting that no server took."""
    left = [one for one in outgoing if one.is_left_to_people]
    by_mail = notice.channel is NoticeChannel.MAIL
    on_its_way = notice.state is S.SENDING
    has_file = bool(left) or (by_mail and (on_its_way or notice.state in _WAITS))
    not_taken = any(one.channel is NoticeChannel.PUSH for one in left)

    def retried(_: str) -> str:
        if not_taken:
            retry_notice(desk, notice.id)
            return t("notice_moves.lifting_again", number=plain(notice.number))
        return said_of(retry_notice(desk, notice.id))

    if has_file and desk.actor.may(P.NOTICE_WRITE):
        st.link_button(
            t("notice_moves.mail_file"), f"/files/notices/{notice.id}.eml", icon=":material/mail:"
        )
    return [
        Next("retry", t("case_page.retry"), t("case_page.retry_will", number=plain(notice.number)),
             retried, P.NOTICE_WRITE, is_open=not_taken or (on_its_way and not by_mail)),
        _writing("notice_moves.mailed", lambda words: note_mailed(desk, notice.id, words),
                 "outgoing_mail", when=bool(left) or (by_mail and on_its_way)),
    ]  # fmt: skip


def _ending(desk: Desk, notice: Notice, answers: Sequence[Answer]) -> list[Next]:
    unread = any(one.is_late and one.seen_at is None for one in answers)
    may_end = notice.case_id is None or notice.state is S.DRAFT
    return [
        _writing("notice_moves.ask_again", lambda words: ask_again(desk, notice.id, words),
                 "help", when=NoticeMove.ASK_AGAIN in notice.open_moves()),
        move_of("notice_moves.close", lambda _: close_thread(desk, notice.id), P.NOTICE_WRITE,
                "task_alt", when=may_end and NoticeMove.CLOSE in notice.open_moves()),
        move_of("notice_moves.take_note", lambda _: take_note(desk, notice.id), P.NOTICE_WRITE,
                "visibility", when=unread),
    ]  # fmt: skip


def _deciding_time(desk: Desk, extensions: Sequence[Extension]) -> list[Next]:
    waiting = next((one for one in extensions if one.state is ExtensionState.ASKED), None)
    if waiting is None or waiting.asked_by == desk.actor.id:
        return []

    def decided(*, grant: bool) -> Callable[[str], object]:
        return lambda why: decide_extension(desk, waiting.id, grant=grant, answer=why)

    return [
        move_of("notice_moves.grant_time", decided(grant=True), P.EXTENSION_GRANT, "check",
                when=True, reason=True, main=True),
        move_of("notice_moves.refuse_time", decided(grant=False), P.EXTENSION_GRANT, "close",
                when=True, reason=True),
    ]  # fmt: skip


def said_of(notice: Notice) -> str:
    """What became of a delivery, in a sentence."""
    number, words = plain(notice.number), plain(notice.last_words)
    match notice.state:
        case NoticeState.SENDING if notice.channel is NoticeChannel.MAIL:
            return t("notice_moves.by_mail", number=number)
        case NoticeState.SENDING:
            key = "send_sending" if notice.next_try_at else "send_looked"
        case NoticeState.TURNED_DOWN:
            key = "send_turned_down"
        case _:
            return t("case_page.send_sent", number=number, receipt=plain(notice.receipt))
    return t(f"case_page.{key}", number=number, words=words)
