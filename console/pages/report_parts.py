"""Reports to authorities on a case's page: what was reported, what came back, and the transfer."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Final

import streamlit as st

from console.actions.cases.authorities.reports import (
    LONGEST_WORDS,
    ReportForm,
    add_feedback,
    note_report,
    report_evidence,
    reports_of,
    takes_reports,
    transfer_case,
)
from console.desk import Desk
from console.i18n import t
from console.pages.channel_forms import FIRST_DAY, packed, unpacked
from console.pages.channel_words import move_of
from console.pages.file_forms import Given
from console.pages.frame import plain
from console.pages.instruction_forms import one_file
from console.pages.kit import Absent, Next, facts, moment, next_moves, section
from models.cases.cases import Case, CaseMove
from models.cases.reports import AuthorityReport, Organ
from models.permissions import Permission
from models.rules import CHINA, china_day

_DIGEST: Final = 12


def show_reports(desk: Desk, case: Case) -> Absent | None:
    """The section of a case's page, with its moves; a platform has no part in it."""
    if desk.actor.platform is not None or not desk.actor.may(Permission.CASE_READ):
        return None
    reports = reports_of(desk, case.id)
    own = desk.actor.is_house or case.organisation_id in desk.actor.organisations
    may = own and desk.actor.may(Permission.CASE_TRANSFER)

    def begin() -> None:
        if may and takes_reports(desk, case.id):
            next_moves(desk, _moves(desk, case), f"{case.id}:{case.version}:{len(reports)}")

    if not reports:
        return Absent(t("report_part.title"), begin)
    section(t("report_part.title"), t("report_part.hint"))
    with st.container(horizontal=True, gap="small"):
        begin()
    for report in reports:
        _show(desk, report, may=may)
    return None


def _show(desk: Desk, report: AuthorityReport, *, may: bool) -> None:
    kind = "is_transfer" if report.is_transfer else "is_report"
    facts(
        {
            t("report_part.report_no"): report.report_no,
            t("report_part.reported_on"): moment(report.reported_at),
            t("report_part.words"): report.words_given,
            t("report_part.evidence"): len(report.evidence) or "",
            t("report_part.feedback"): report.feedback or t("report_part.no_feedback"),
        },
        f"{t(f'report_part.{kind}')} · {t(f'organ.{report.organ}')} · {plain(report.organ_name)}",
    )
    with st.container(horizontal=True, gap="small"):
        st.link_button(
            t("report_part.receipt"), f"/files/reports/{report.id}", icon=":material/download:"
        )
        if may:
            feedback = move_of(
                "report_part.add_feedback",
                lambda words: add_feedback(desk, report.id, words),
                Permission.CASE_TRANSFER,
                "rate_review",
                when=True,
                ask=_feedback_fields,
            )
            feedback_at = report.feedback_at.timestamp() if report.feedback_at else 0
            next_moves(desk, [feedback], f"{report.id}:{feedback_at}")


def _feedback_fields(key: str) -> str:
    words = st.text_area(t("report_part.feedback"), key=f"{key}:words", max_chars=LONGEST_WORDS)
    return words.strip()


def _moves(desk: Desk, case: Case) -> list[Next]:
    noted, moved = Given(), Given()
    evidence = report_evidence(desk, case.id)

    def note(words: str) -> None:
        note_report(desk, case.id, _form(words), one_file(noted))

    def transfer(words: str) -> None:
        transfer_case(desk, case.id, _form(words), one_file(moved))

    return [
        move_of(
            "report_part.note", note, Permission.CASE_TRANSFER, "local_police", when=True,
            ask=lambda key: _fields(desk, key, noted, evidence),
        ),
        move_of(
            "report_part.transfer", transfer, Permission.CASE_TRANSFER, "move_up",
            when=CaseMove.TRANSFER in case.open_moves(),
            ask=lambda key: _fields(desk, key, moved, evidence),
        ),
    ]  # fmt: skip


def _fields(desk: Desk, key: str, given: Given, evidence: Sequence[str]) -> str:
    organ = st.selectbox(
        t("report_part.organ"), [one.value for one in Organ], key=f"{key}:organ",
        format_func=lambda word: t(f"organ.{word}"),
    )  # fmt: skip
    name = st.text_input(t("report_part.organ_name"), key=f"{key}:name", max_chars=200)
    number = st.text_input(t("report_part.report_no"), key=f"{key}:no", max_chars=64)
    left, right = st.columns(2)
    today = china_day(desk.now())
    on = left.date_input(
        t("report_part.reported_on"), today, key=f"{key}:on", min_value=FIRST_DAY, max_value=today
    )
    at = right.time_input(t("report_part.reported_time"), time(), key=f"{key}:at")
    words = st.text_area(t("report_part.words"), key=f"{key}:words", max_chars=LONGEST_WORDS)
    names = {
        digest: t("report_part.evidence_n", n=place, digest=digest[:_DIGEST])
        for place, digest in enumerate(evidence, 1)
    }
    sent = st.multiselect(
        t("report_part.evidence"), list(names), list(names), key=f"{key}:evidence",
        format_func=names.__getitem__,
    )  # fmt: skip
    has_file = given.ask(t("report_part.receipt_file"), f"{key}:file")
    if not (name.strip() and number.strip() and has_file):
        return ""
    moment_ = datetime.combine(on, at or time(), CHINA).isoformat()
    return packed(organ=organ, name=name, number=number, at=moment_, words=words, evidence=sent)


def _form(words: str) -> ReportForm:
    values = unpacked(words)
    return ReportForm(
        Organ(values["organ"]),
        values["name"],
        values["number"],
        datetime.fromisoformat(values["at"]),
        values["words"],
        values["evidence"],
    )
