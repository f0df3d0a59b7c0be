"""What may be done next about a rectification notice, with the forms that ask for it."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Final

import streamlit as st

from console.actions.cases.extensions import ask_extension, decide_extension
from console.actions.cases.rectifications.answers import (
    IssueAnswer,
    acknowledge_rectification,
    submit_rectification,
)
from console.actions.cases.rectifications.issuing import (
    escalate,
    is_issuer,
    is_unit,
    issue_rectification,
    remind,
    report_back,
)
from console.actions.cases.rectifications.lists import RectificationRecord
from console.actions.cases.rectifications.rechecks import (
    IssueVerdict,
    has_had_a_hand,
    recheck_rectification,
)
from console.desk import Desk
from console.i18n import t
from console.pages.channel_forms import packed, unpacked
from console.pages.channel_words import move_of
from console.pages.file_forms import MEGABYTES, TYPES
from console.pages.frame import plain
from console.pages.kit import Next, next_moves
from models.cases.extensions import Extension, ExtensionState
from models.cases.rectifications import (
    Delivery,
    Rectification,
    RectificationIssue,
    RectificationMove,
    RectificationState,
)
from models.permissions import Permission
from models.rules import china_day

_P: Final = Permission
_M: Final = RectificationMove
Files = dict[int, tuple[str, bytes]]


def rectification_moves(desk: Desk, record: RectificationRecord) -> None:
    """Buttons for the moves that are open, to whoever may take them."""
    row = record.row
    steps: list[Next] = []
    if is_issuer(desk.actor, row):
        steps += [_issuing(desk, row), _reminding(desk, row), _reporting(desk, row)]
        steps += [_rechecking(desk, record), _escalating(desk, row)]
        steps += _deciding(desk, record.extensions)
    if is_unit(desk.actor, row):
        steps += [_acknowledging(desk, row), _submitting(desk, record), _asking(desk, record)]
    next_moves(desk, steps, f"{row.id}:{row.version}")


def _open(row: Rectification, move: RectificationMove) -> bool:
    return move in row.open_moves()


def _issuing(desk: Desk, row: Rectification) -> Next:
    def ask(key: str) -> str:
        words = st.text_input(t("rectifications_page.proof"), key=key, max_chars=300,
                              help=t("rectifications_page.proof_help"))  # fmt: skip
        return words.strip()

    return move_of(
        "rectifications_page.issue",
        lambda proof: issue_rectification(desk, row.id, proof=proof, version=row.version),
        _P.RECTIFICATION_ISSUE, "send", when=_open(row, _M.ISSUE), main=True,
        ask=None if row.delivery is Delivery.PORTAL else ask,
    )  # fmt: skip


def _reminding(desk: Desk, row: Rectification) -> Next:
    others = [
        one.value for one in Delivery
        if one is not row.delivery and (one is not Delivery.PORTAL or row.unit_id is not None)
    ]  # fmt: skip

    def ask(key: str) -> str:
        how = st.selectbox(
            t("rectifications_page.delivery"), others, key=f"{key}:how",
            format_func=lambda one: t(f"delivery.{one}"),
        )  # fmt: skip
        proof = st.text_input(t("rectifications_page.proof"), key=f"{key}:proof", max_chars=300)
        return packed(how=how, proof=proof) if proof.strip() else ""

    def act(words: str) -> None:
        said = unpacked(words)
        remind(desk, row.id, Delivery(said["how"]), said["proof"], version=row.version)

    return move_of(
        "rectifications_page.remind", act, _P.RECTIFICATION_ISSUE, "notifications",
        when=_open(row, _M.REMIND), ask=ask, main=row.is_reminder_due,
    )  # fmt: skip


def _reporting(desk: Desk, row: Rectification) -> Next:
    def ask(key: str) -> str:
        words = st.text_input(t("rectifications_page.receipt"), key=key, max_chars=200)
        return words.strip()

    return move_of(
        "rectifications_page.report",
        lambda receipt: report_back(desk, row.id, receipt, version=row.version),
        _P.RECTIFICATION_ISSUE, "outgoing_mail",
        when=_open(row, _M.REPORT_BACK) and row.instruction_id is not None, ask=ask, main=True,
    )  # fmt: skip


def _escalating(desk: Desk, row: Rectification) -> Next:
    return move_of(
        "rectifications_page.escalate",
        lambda why: escalate(desk, row.id, why, version=row.version),
        _P.RECTIFICATION_RECHECK, "report", reason=True,
        when=row.state is RectificationState.OVERDUE,
    )  # fmt: skip


def _rechecking(desk: Desk, record: RectificationRecord) -> Next:
    row = record.row
    waiting = [one for one in record.issues if one.is_good is not True]

    def ask(key: str) -> str:
        said = [_verdict(key, one) for one in waiting]
        result = st.text_area(t("rectifications_page.result"), key=f"{key}:result", max_chars=2000)
        return packed(said=said, result=result)

    def act(words: str) -> None:
        told = unpacked(words)
        verdicts = [IssueVerdict(*one) for one in told["said"]]
        recheck_rectification(desk, row.id, verdicts, result=told["result"], version=row.version)

    return move_of(
        "rectifications_page.recheck", act, _P.RECTIFICATION_RECHECK, "rule", ask=ask, main=True,
        when=_open(row, _M.RECHECK_PASS) and not has_had_a_hand(desk.actor, row),
    )  # fmt: skip


def _verdict(key: str, issue: RectificationIssue) -> tuple[int, bool, str]:
    st.markdown(f"**{issue.number}. {plain(issue.what)}**")
    good = st.checkbox(t("rectifications_page.is_good"), key=f"{key}:good:{issue.number}")
    remark = st.text_input(
        t("rectifications_page.remark"), key=f"{key}:remark:{issue.number}", max_chars=1000
    )
    return issue.number, good, remark


def _acknowledging(desk: Desk, row: Rectification) -> Next:
    files: Files = {}

    def ask(key: str) -> str:
        by = st.text_input(t("rectifications_page.received_by"), key=f"{key}:by", max_chars=64)
        _file(files, 0, t("rectifications_page.receipt_paper"), f"{key}:file")
        return by.strip() if files else ""

    def act(by: str) -> None:
        acknowledge_rectification(desk, row.id, by=by, paper=files.get(0), version=row.version)

    name = "acknowledge" if row.unit_id is not None else "acknowledge_for"
    return move_of(
        f"rectifications_page.{name}", act, _P.RECTIFICATION_ANSWER, "mark_email_read",
        when=_open(row, _M.ACKNOWLEDGE), ask=None if row.unit_id is not None else ask, main=True,
    )  # fmt: skip


def _submitting(desk: Desk, record: RectificationRecord) -> Next:
    row, files = record.row, Files()
    waiting = [one for one in record.issues if one.is_good is not True]

    def ask(key: str) -> str:
        said = [_answer(key, one, files) for one in waiting]
        return packed(said=said)

    def act(words: str) -> None:
        answers = [
            IssueAnswer(number, done, files.get(number), is_refused=refused)
            for number, done, refused in unpacked(words)["said"]
        ]
        submit_rectification(desk, row.id, answers, version=row.version)

    return move_of(
        "rectifications_page.submit", act, _P.RECTIFICATION_ANSWER, "upload_file",
        when=_open(row, _M.SUBMIT), ask=ask, main=True,
    )  # fmt: skip


def _answer(key: str, issue: RectificationIssue, files: Files) -> tuple[int, str, bool]:
    st.markdown(f"**{issue.number}. {plain(issue.what)}**")
    done = st.text_area(
        t("rectifications_page.done"), key=f"{key}:done:{issue.number}", max_chars=2000, height=80
    )
    refused = st.checkbox(t("rectifications_page.refused"), key=f"{key}:refused:{issue.number}")
    _file(files, issue.number, t("rectifications_page.proof_file"), f"{key}:file:{issue.number}")
    return issue.number, done, refused


def _file(files: Files, number: int, label: str, key: str) -> None:
    chosen = st.file_uploader(label, type=list(TYPES), key=key, max_upload_size=MEGABYTES)
    files.pop(number, None)
    if chosen is not None:
        files[number] = (chosen.name, chosen.getvalue())


def _asking(desk: Desk, record: RectificationRecord) -> Next:
    row = record.row
    waits = any(one.state is not ExtensionState.REFUSED for one in record.extensions)
    first = china_day(row.due_at)

    def ask(key: str) -> str:
        until = st.date_input(
            t("rectifications_page.until"), first, key=f"{key}:until", min_value=first,
            max_value=first + timedelta(days=60),
        )  # fmt: skip
        reason = st.text_area(t("rectifications_page.why"), key=f"{key}:why", max_chars=2000)
        return packed(until=until, reason=reason) if reason.strip() else ""

    def act(words: str) -> None:
        said = unpacked(words)
        ask_extension(
            desk, "Rectification", row.id, date.fromisoformat(said["until"]), said["reason"]
        )

    return move_of(
        "rectifications_page.ask", act, _P.EXTENSION_ASK, "more_time", ask=ask,
        when=_open(row, _M.EXTEND) and desk.now() < row.due_at and row.instruction_id is None
        and not waits,
    )  # fmt: skip


def _deciding(desk: Desk, extensions: Sequence[Extension]) -> list[Next]:
    waiting = next((one for one in extensions if one.state is ExtensionState.ASKED), None)
    if waiting is None or waiting.asked_by == desk.actor.id:
        return []
    asked = waiting

    def decided(*, grant: bool) -> Callable[[str], object]:
        return lambda why: decide_extension(desk, asked.id, grant=grant, answer=why)

    return [
        move_of("rectifications_page.grant", decided(grant=True), _P.EXTENSION_GRANT,
                "event_available", when=True, reason=True, main=True),
        move_of("rectifications_page.refuse", decided(grant=False), _P.EXTENSION_GRANT,
                "event_busy", when=True, reason=True),
    ]  # fmt: skip
