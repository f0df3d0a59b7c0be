"""Forms of instructions: to enter one, to report back, to say what more is asked."""

from datetime import date
from typing import Final
from uuid import UUID

import streamlit as st

from console.actions.cases.authorities.instructions import InstructionForm, attachable_cases
from console.actions.cases.authorities.kept import Brought
from console.desk import Desk
from console.i18n import Language, spoken, t
from console.pages.channel_forms import FIRST_DAY, LAST_DAY, packed
from console.pages.file_forms import Given
from console.pages.frame import plain
from models.cases.instructions import Instruction, Jurisdiction
from models.permissions import Permission
from models.provinces import province_of_code, provinces

LONGEST: Final = 4000


def authority_word(code: str) -> str:
    """广东省通信管理局（CA-44）."""
    province = province_of_code(code)
    if province is None:
        return code
    if spoken.get() is Language.ZH:
        return f"{province.authority_zh}（{code}）"
    return f"{province.authority_en} ({code})"


def one_file(given: Given) -> Brought | None:
    return Brought(*given.files[0]) if given.files else None


def entering(desk: Desk, key: str) -> tuple[InstructionForm | None, Brought | None]:
    """What the document says; no form while something of it is missing."""
    codes = [one.authority for one in provinces().values()]
    authority = st.selectbox(
        t("instructions_page.authority"), codes, index=None, key=f"{key}:authority",
        format_func=authority_word, placeholder="",
    )  # fmt: skip
    basis = st.selectbox(
        t("instructions_page.jurisdiction"), [one.value for one in Jurisdiction], index=None,
        key=f"{key}:basis", format_func=lambda word: t(f"jurisdiction.{word}"), placeholder="",
    )  # fmt: skip
    number = st.text_input(t("instructions_page.document_no"), key=f"{key}:no", max_chars=64)
    left, right = st.columns(2)
    with left:
        issued = _day(t("instructions_page.issued"), f"{key}:issued")
    with right:
        due = _day(t("instructions_page.due"), f"{key}:due")
    subject = st.text_input(t("instructions_page.subject"), key=f"{key}:subject", max_chars=500)
    wanted = st.text_area(t("instructions_page.wanted"), key=f"{key}:wanted", max_chars=LONGEST)
    case_id = None
    if authority and basis and desk.actor.may(Permission.CASE_READ):
        case_id = case_choice(desk, key, authority, Jurisdiction(basis))
    given = Given()
    given.ask(t("instructions_page.document_file"), f"{key}:file")
    said = all(one.strip() for one in (number, subject, wanted))
    if not (authority and basis and issued and due and said):
        return None, None
    form = InstructionForm(
        authority, Jurisdiction(basis), number, issued, due, subject, wanted, case_id
    )
    return form, one_file(given)


def case_choice(
    desk: Desk, key: str, authority: str, jurisdiction: Jurisdiction, *, optional: bool = True
) -> UUID | None:
    names = dict(attachable_cases(desk, authority, jurisdiction))
    if not names:
        st.caption(t("instructions_page.no_cases"))
        return None
    options: list[UUID | None] = [*([None] if optional else []), *names]
    label = "instructions_page.case_choice" if optional else "instructions_page.case"
    return st.selectbox(
        t(label), options, key=f"{key}:case",
        format_func=lambda one: plain(names[one]) if one else t("instructions_page.no_case"),
    )  # fmt: skip


def attach_fields(desk: Desk, key: str, row: Instruction) -> str:
    chosen = case_choice(desk, key, row.authority, row.jurisdiction, optional=False)
    return str(chosen or "")


def report_fields(key: str, given: Given) -> str:
    report = st.text_area(
        t("instructions_page.report_words"), key=f"{key}:words", max_chars=LONGEST
    )
    has_file = given.ask(t("instructions_page.report_file"), f"{key}:file")
    receipt = st.text_input(
        t("instructions_page.receipt"), key=f"{key}:receipt", max_chars=200,
        help=t("instructions_page.receipt_later"),
    )  # fmt: skip
    return packed(report=report, receipt=receipt) if report.strip() and has_file else ""


def more_fields(key: str) -> str:
    reason = st.text_area(t("console.reason"), key=f"{key}:reason", max_chars=LONGEST)
    due = _day(t("instructions_page.new_due"), f"{key}:due")
    return packed(reason=reason, due=due.isoformat() if due else "") if reason.strip() else ""


def close_fields(key: str, row: Instruction) -> str:
    receipt = st.text_input(
        t("instructions_page.receipt"), row.receipt, key=f"{key}:receipt", max_chars=200
    )
    return packed(receipt=receipt) if receipt.strip() else ""


def _day(label: str, key: str) -> date | None:
    chosen = st.date_input(label, None, key=key, min_value=FIRST_DAY, max_value=LAST_DAY)
    return chosen if isinstance(chosen, date) else None
