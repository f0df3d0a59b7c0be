"""Forms of an agent's file: papers, checklists, suspension, exit, appeal.

Each draws its inputs and answers with them as one JSON text; an empty answer lacks something.
Files are taken by the form's holder, for they are no text.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

import streamlit as st

from console.actions.channel.admission import AgentFile
from console.actions.channel.agents import HandBack, UsersData
from console.actions.channel.conditions import SignedLine
from console.actions.channel.papers import PaperForm
from console.i18n import t
from console.pages.channel_forms import FIRST_DAY, LAST_DAY, packed, unpacked
from models.channel.conditions import ConditionLine
from models.channel.papers import AgentPaper, Clause, PaperKind

_LONGEST: Final = 500
TYPES: Final = ("png", "jpg", "jpeg", "pdf")
MEGABYTES: Final = 10


@dataclass(slots=True)
class Given:
    """What files a form was given, for as long as the page runs."""

    files: list[tuple[str, bytes]] = field(default_factory=list[tuple[str, bytes]])

    def ask(self, label: str, key: str) -> bool:
        chosen = st.file_uploader(label, type=list(TYPES), key=key, max_upload_size=MEGABYTES)
        self.files = [] if chosen is None else [(chosen.name, chosen.getvalue())]
        return bool(self.files)

    def ask_several(self, label: str, key: str) -> None:
        """Any number, none too."""
        chosen = st.file_uploader(
            label,
            type=list(TYPES),
            accept_multiple_files=True,
            key=key,
            max_upload_size=MEGABYTES,
        )
        self.files = [(one.name, one.getvalue()) for one in chosen]


def paper_word(paper: AgentPaper) -> str:
    return " · ".join(filter(None, [t(f"paper_kind.{paper.kind}"), paper.number, paper.file_name]))


def in_force(papers: Sequence[AgentPaper]) -> dict[str, str]:
    return {str(one.id): paper_word(one) for one in papers if one.withdrawn_at is None}


def paper_fields(key: str, given: Given, papers: Sequence[AgentPaper]) -> str:
    kind = st.selectbox(
        t("file_page.kind"),
        [one.value for one in PaperKind],
        key=f"{key}:kind",
        format_func=lambda word: t(f"paper_kind.{word}"),
    )
    has_file = given.ask(t("file_page.file"), f"{key}:file")
    number = st.text_input(t("file_page.number"), key=f"{key}:number", max_chars=64)
    clauses: list[str] = []
    if kind == PaperKind.AGREEMENT:
        clauses = st.multiselect(
            t("file_page.clauses"),
            [one.value for one in Clause],
            key=f"{key}:clauses",
            format_func=lambda word: t(f"clause.{word}"),
        )
    first = _day(t("file_page.from"), f"{key}:from")
    last = _day(t("file_page.until"), f"{key}:until", t("agents_page.until_help"))
    same = in_force([one for one in papers if one.kind == kind])
    replaces = st.selectbox(
        t("file_page.replaces"),
        ["", *same],
        key=f"{key}:replaces",
        format_func=lambda word: same.get(word, t("file_page.replaces_none")),
    )
    if not has_file:
        return ""
    return packed(
        kind=kind,
        number=number,
        clauses=clauses,
        valid_from=first,
        valid_until=last,
        replaces=replaces or None,
    )


def _day(label: str, key: str, hint: str | None = None) -> str | None:
    chosen = st.date_input(label, None, key=key, min_value=FIRST_DAY, max_value=LAST_DAY, help=hint)
    return chosen.isoformat() if isinstance(chosen, date) else None


def _as_day(word: str | None) -> date | None:
    return date.fromisoformat(word) if word else None


def paper_form(words: str) -> tuple[PaperForm, UUID | None]:
    values = unpacked(words)
    form = PaperForm(
        PaperKind(values["kind"]),
        values["number"],
        [Clause(one) for one in values["clauses"]],
        _as_day(values["valid_from"]),
        _as_day(values["valid_until"]),
    )
    return form, UUID(values["replaces"]) if values["replaces"] else None


def withdraw_fields(key: str, papers: Sequence[AgentPaper]) -> str:
    live = in_force(papers)
    paper = st.selectbox(
        t("file_page.withdrawn_paper"),
        list(live),
        key=f"{key}:paper",
        format_func=live.__getitem__,
    )
    reason = st.text_area(t("console.reason"), key=f"{key}:reason", max_chars=_LONGEST)
    return packed(paper=paper, reason=reason) if paper and reason.strip() else ""


def line_word(line: ConditionLine) -> str:
    short = "A" if line.checklist == "real_name" else "B"
    return f"{short} · {t(f'condition_line.{line.code}')}"


def line_choice(key: str, label: str, lines: Sequence[ConditionLine]) -> list[str]:
    names = {line.code: line_word(line) for line in lines}
    return st.multiselect(label, list(names), key=key, format_func=names.__getitem__)


def sign_fields(key: str, file: AgentFile) -> str:
    met = line_choice(f"{key}:met", t("file_page.lines_met"), file.lines)
    live = in_force(file.present.papers)
    paper = st.selectbox(
        t("file_page.evidence"), list(live), key=f"{key}:paper", format_func=live.__getitem__
    )
    rest = [line for line in file.lines if line.code not in met]
    unmet = line_choice(f"{key}:unmet", t("file_page.lines_not_met"), rest)
    remark = st.text_area(t("file_page.remark"), key=f"{key}:remark", max_chars=_LONGEST)
    if not (met or unmet) or (met and not paper):
        return ""
    return packed(met=met, unmet=unmet, paper=paper, remark=remark)


def signed_lines(words: str) -> list[SignedLine]:
    values = unpacked(words)
    remark = values["remark"]
    met = [SignedLine(one, True, UUID(values["paper"]), remark) for one in values["met"]]  # noqa: FBT003
    return met + [SignedLine(one, False, None, remark) for one in values["unmet"]]  # noqa: FBT003


def suspension_fields(key: str) -> str:
    """Reason, where to appeal, and which papers that takes (Anti-Fraud Law art. 32)."""
    reason = st.text_area(t("console.reason"), key=f"{key}:one", max_chars=_LONGEST)
    remedy = st.text_area(t("file_page.remedy"), key=f"{key}:two", max_chars=_LONGEST)
    papers = st.text_area(t("file_page.papers_needed"), key=f"{key}:three", max_chars=_LONGEST)
    if not (reason.strip() and remedy.strip() and papers.strip()):
        return ""
    return packed(reason=reason, remedy=remedy, papers=papers)


def exit_fields(key: str) -> str:
    reason = st.text_area(t("console.reason"), key=f"{key}:reason", max_chars=_LONGEST)
    data = st.selectbox(
        t("file_page.data"),
        [one.value for one in UsersData],
        key=f"{key}:data",
        format_func=lambda word: t(f"users_data.{word}"),
    )
    cards = st.number_input(t("file_page.cards"), min_value=0, step=1, key=f"{key}:cards")
    notice = _day(t("file_page.notice_on"), f"{key}:notice", t("file_page.notice_help"))
    if not reason.strip():
        return ""
    return packed(reason=reason, data=data, cards=int(cards), notice_on=notice)


def hand_back(words: str) -> HandBack:
    values: dict[str, Any] = unpacked(words)
    return HandBack(
        values["reason"],
        UsersData(values["data"]),
        values["cards"],
        _as_day(values["notice_on"]),
    )


def appeal_fields(key: str, papers: Sequence[AgentPaper]) -> str:
    live = in_force([one for one in papers if one.kind is PaperKind.APPEAL])
    if not live:
        st.caption(t("file_page.no_paper_yet"))
        return ""
    paper = st.selectbox(
        t("paper_kind.appeal"), list(live), key=f"{key}:paper", format_func=live.__getitem__
    )
    ground = st.text_area(t("file_page.ground"), key=f"{key}:ground", max_chars=2000)
    return packed(paper=paper, ground=ground) if ground.strip() else ""
