"""What may be done next about a case or a notice, with the forms that ask for it."""

from collections.abc import Callable

import streamlit as st

from console.actions.cases.answers import MOST_PROOFS, acknowledge, answer
from console.actions.cases.decide import (
    approve,
    measures_for,
    propose,
    return_to_owner,
    why_not_decide,
)
from console.actions.cases.notices import retry_notice, send_notice
from console.actions.cases.recheck import has_had_a_hand, recheck
from console.desk import Desk
from console.i18n import t
from console.pages.frame import plain
from console.pages.kit import Next, next_moves
from models.cases.cases import Case, CaseMove, CaseState, Measure
from models.cases.notices import AnswerOutcome, Notice, NoticeState
from models.permissions import Permission

_READY = "ready"
"""What a form answers when it is filled in; `Next.ask` takes nothing else for an answer."""


def case_moves(desk: Desk, case: Case, last: Notice | None) -> None:
    """Buttons for the moves that are open, to whoever may take them."""
    open_ = case.open_moves()
    measure = t(f"measure.{case.measure}") if case.measure else ""

    def approved(_: str) -> None:
        approve(desk, case.id)

    def returned(reason: str) -> None:
        return_to_owner(desk, case.id, reason)

    def sent(_: str) -> str:
        return said_of(send_notice(desk, case.id))

    def looked(*, clean: bool) -> Callable[[str], None]:
        def look(reason: str) -> None:
            recheck(desk, case.id, clean=clean, reason=reason)

        return look

    p = Permission
    decides = why_not_decide(desk.actor, case) is None
    looks = not has_had_a_hand(desk.actor, case)
    next_moves(
        desk,
        [
            _proposing(desk, case),
            Next("approve", t("case_page.approve"), t("case_page.approve_will", measure=measure),
                 approved, p.CASE_CLOSE, is_open=decides and CaseMove.APPROVE in open_, main=True),
            Next("return", t("case_page.return"), t("case_page.return_will"), returned,
                 p.CASE_CLOSE, is_open=decides and CaseMove.RETURN in open_, reason=True),
            Next("send", t("case_page.send"),
                 t("case_page.send_will", platform=plain(case.platform)), sent, p.CASE_SEND,
                 is_open=_may_be_sent(case, last), icon=":material/send:", main=True),
            Next("clean", t("case_page.clean"), t("case_page.clean_will"), looked(clean=True),
                 p.CASE_CLOSE, is_open=looks and CaseMove.RECHECK_OK in open_, reason=True,
                 main=True),
            Next("dirty", t("case_page.dirty"), t("case_page.dirty_will"), looked(clean=False),
                 p.CASE_CLOSE, is_open=looks and CaseMove.RECHECK_BAD in open_, reason=True),
        ],
        case.id,
    )  # fmt: skip


def _may_be_sent(case: Case, last: Notice | None) -> bool:
    ended = {NoticeState.TURNED_DOWN, NoticeState.ANSWERED}
    return case.state in {CaseState.DECIDED, CaseState.EXECUTING} and (
        last is None or last.state in ended
    )


def _proposing(desk: Desk, case: Case) -> Next:
    given: dict[str, str] = {}

    def ask(key: str) -> str:
        measures = [one.value for one in measures_for([case.kind])]
        given["measure"] = st.selectbox(
            t("case_page.measure"),
            measures,
            key=f"{key}:measure",
            format_func=lambda value: t(f"measure.{value}"),
        )
        given["reason"] = st.text_area(
            t("case_page.reason"), key=f"{key}:reason", max_chars=2000
        ).strip()
        given["remedy"] = st.text_area(
            t("case_page.remedy"), t("case_page.remedy_default"), key=f"{key}:remedy",
            max_chars=2000,
        ).strip()  # fmt: skip
        return _READY if given["reason"] and given["remedy"] else ""

    def act(_: str) -> None:
        propose(desk, case.id, Measure(given["measure"]), given["reason"], given["remedy"])

    return Next(
        "propose",
        t("case_page.propose"),
        t("case_page.propose_will"),
        act,
        Permission.CASE_OPEN,
        is_open=CaseMove.PROPOSE in case.open_moves(),
        ask=ask,
        main=True,
    )


def notice_moves(desk: Desk, notice: Notice) -> None:
    """A platform's own moves, and a carrier's when delivery is stuck."""

    def acknowledged(_: str) -> None:
        acknowledge(desk, notice.id)

    def retried(_: str) -> str:
        return said_of(retry_notice(desk, notice.id))

    number, p = plain(notice.number), Permission
    with st.container(horizontal=True):
        next_moves(
            desk,
            [
                Next("acknowledge", t("case_page.acknowledge"),
                     t("case_page.acknowledge_will", number=number), acknowledged, p.CASE_ANSWER,
                     is_open=notice.state is NoticeState.SENT),
                _answering(desk, notice),
                Next("retry", t("case_page.retry"), t("case_page.retry_will", number=number),
                     retried, p.CASE_SEND, is_open=notice.state is NoticeState.SENDING),
            ],
            notice.id,
        )  # fmt: skip


def _answering(desk: Desk, notice: Notice) -> Next:
    given: dict[str, str] = {}
    files: list[tuple[str, bytes]] = []

    def ask(key: str) -> str:
        given["outcome"] = st.selectbox(
            t("case_page.outcome"),
            [one.value for one in AnswerOutcome],
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
        return t("case_page.answered", number=plain(notice.number))

    return Next(
        "answer",
        t("case_page.answer"),
        plain(notice.subject),
        act,
        Permission.CASE_ANSWER,
        is_open=notice.state in {NoticeState.SENT, NoticeState.ACKNOWLEDGED},
        ask=ask,
        main=True,
    )


def said_of(notice: Notice) -> str:
    """What became of a delivery, in a sentence."""
    number, words = plain(notice.number), plain(notice.last_words)
    match notice.state:
        case NoticeState.SENDING:
            key = "send_sending" if notice.next_try_at else "send_looked"
        case NoticeState.TURNED_DOWN:
            key = "send_turned_down"
        case _:
            return t("case_page.send_sent", number=number, receipt=plain(notice.receipt))
    return t(f"case_page.{key}", number=number, words=words)
