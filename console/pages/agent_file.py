"""The file of an agent on its page: papers with what they show, checklists, names, old files."""

from collections.abc import Sequence
from uuid import UUID

import streamlit as st

from console.actions.channel.admission import AgentFile, Attempt
from console.actions.channel.appeals import APPEALABLE, lodge_appeal
from console.actions.channel.conditions import sign_conditions
from console.actions.channel.papers import add_paper, withdraw_paper
from console.actions.channel.review import clear_name
from console.desk import Desk
from console.i18n import t
from console.pages.channel_forms import unpacked
from console.pages.channel_words import TONES, move_of
from console.pages.file_forms import (
    Given,
    appeal_fields,
    paper_fields,
    paper_form,
    paper_word,
    sign_fields,
    signed_lines,
    withdraw_fields,
)
from console.pages.frame import plain
from console.pages.kit import Column, Kind, Next, moment, record_table, section
from models.channel.agents import AgentState
from models.channel.appeals import Appeal, AppealState
from models.channel.conditions import Checklist, Condition, ConditionLine
from models.channel.papers import AgentPaper
from models.permissions import Permission
from models.rules import china_day

P = Permission
_ENDED = (AgentState.EXITED,)


def file_moves_of(desk: Desk, file: AgentFile) -> list[Next]:
    """What is done with papers, checklists, names and appeals."""
    return [*_paper_moves(desk, file), *_standing_moves(desk, file)]


def _paper_moves(desk: Desk, file: AgentFile) -> list[Next]:
    agent, papers, given = file.agent, file.present.papers, Given()
    live = [one for one in papers if one.withdrawn_at is None]

    def add(words: str) -> None:
        form, replaces = paper_form(words)
        ((name, content),) = given.files
        add_paper(desk, agent.id, form, name, content, replaces=replaces)

    def withdraw(words: str) -> None:
        values = unpacked(words)
        withdraw_paper(desk, values["paper"], reason=values["reason"])

    return [
        move_of(
            "file_page.add",
            add,
            P.PAPER_EDIT,
            "note_add",
            when=agent.state not in _ENDED,
            ask=lambda key: paper_fields(key, given, papers),
        ),
        move_of(
            "file_page.sign",
            lambda words: sign_conditions(desk, agent.id, signed_lines(words), agent.version),
            P.PAPER_EDIT,
            "checklist",
            when=agent.state not in _ENDED and bool(live),
            ask=lambda key: sign_fields(key, file),
        ),
        move_of(
            "file_page.withdraw",
            withdraw,
            P.PAPER_EDIT,
            "scan_delete",
            when=bool(live),
            ask=lambda key: withdraw_fields(key, papers),
        ),
    ]


def _standing_moves(desk: Desk, file: AgentFile) -> list[Next]:
    """About lists that its names stand on, and against what was decided on it."""
    agent, papers = file.agent, file.present.papers
    open_hits = [hit for hit in file.hits if not hit.is_cleared]

    def appeal(words: str) -> None:
        values = unpacked(words)
        lodge_appeal(desk, agent, ground=values["ground"], paper_id=values["paper"])

    return [
        move_of(
            "file_page.clear",
            lambda why: clear_name(desk, agent.id, statement=why, version=agent.version),
            P.AGENT_REVIEW,
            "person_check",
            when=bool(open_hits) and agent.submitted_by != desk.actor.id,
            reason=True,
        ),
        move_of(
            "file_page.lodge",
            appeal,
            P.APPEAL_LODGE,
            "balance",
            when=agent.state in APPEALABLE and not _open_appeal(file.appeals),
            ask=lambda key: appeal_fields(key, papers),
        ),
    ]


def _open_appeal(appeals: Sequence[Appeal]) -> bool:
    return any(one.state is AppealState.LODGED for one in appeals)


def show_lacking(file: AgentFile) -> None:
    """Every ground at once, each with its rule."""
    if file.lacking:
        lines = [
            t("file_page.rule_of", reason=plain(t(f"agent_reason.{one}")),
              rule=plain(t(f"agent_reason_rule.{one}")))
            for one in file.lacking
        ]  # fmt: skip
        words = "\n".join(f"- {line}" for line in lines)
        st.info(f"{t('file_page.lacking')}\n{words}", icon=":material/rule:")


def show_hits(file: AgentFile) -> None:
    if not file.hits:
        return
    section(t("file_page.hits"))
    for hit in file.hits:
        words = t("file_page.hit", title=plain(hit.title), source=plain(hit.source))
        reason = plain(t(f"agent_reason.{hit.reason}"))
        if hit.is_cleared:
            st.success(f"{words} — {t('file_page.cleared')}", icon=":material/person_check:")
        else:
            st.warning(f"{reason}：{words}", icon=":material/person_alert:")


def show_papers(desk: Desk, attempt: Attempt, key: str = "papers") -> None:
    section(t("file_page.papers"))
    if not attempt.papers:
        st.caption(t("file_page.no_papers"))
        return
    today = china_day(desk.now())

    def state(paper: AgentPaper) -> str:
        if paper.withdrawn_at is not None:
            return t("file_page.out_of_force")
        return t("file_page.in_force" if paper.is_in_force(today) else "file_page.over")

    columns = [
        Column[AgentPaper](t("file_page.kind"), lambda row: t(f"paper_kind.{row.kind}"), width=130),
        Column[AgentPaper](t("file_page.file_name"), lambda row: row.file_name, width=180),
        Column[AgentPaper](t("file_page.number"), lambda row: row.number, width=130),
        Column[AgentPaper](t("file_page.state"), state, width=90),
        Column[AgentPaper](t("file_page.until"), lambda row: row.valid_until, Kind.DATE),
        Column[AgentPaper](t("file_page.filed"), lambda row: row.created_at, Kind.MOMENT),
    ]
    record_table(attempt.papers, columns, key=f"agent:{key}", opens=False)
    _look(attempt.papers, key)


def _look(papers: Sequence[AgentPaper], key: str) -> None:
    """One paper at a time: a picture in the page, a PDF in a window of its own."""
    by_id = {str(one.id): one for one in papers}
    chosen = st.selectbox(
        t("file_page.look"),
        list(by_id),
        index=None,
        key=f"look:{key}",
        format_func=lambda word: paper_word(by_id[word]),
        placeholder=t("file_page.look"),
    )
    if chosen is None:
        return
    paper = by_id[chosen]
    address = f"/files/papers/{paper.id}"
    if paper.media_type.startswith("image/"):
        st.html(f'<img src="{address}" alt="" style="max-width:100%;height:auto">')
    st.link_button(t("file_page.open"), address, icon=":material/open_in_new:")
    st.caption(t("file_page.sha256", digest=paper.sha256))
    if paper.clauses:
        st.caption("；".join(t(f"clause.{one}") for one in paper.clauses))


def show_conditions(file: AgentFile) -> None:
    section(t("file_page.conditions"))
    signed = {one.line: one for one in file.present.conditions}
    papers = {one.id: one.file_name for one in file.present.papers}
    for checklist in Checklist:
        lines = [line for line in file.lines if line.checklist is checklist]
        met = sum(1 for line in lines if line.code in signed and signed[line.code].is_met)
        st.markdown(f"**{t(f'checklist.{checklist}')}**（{met}/{len(lines)}）")
        _lines(lines, signed, papers, checklist)


def _lines(
    lines: Sequence[ConditionLine],
    signed: dict[str, Condition],
    papers: dict[UUID, str],
    checklist: Checklist,
) -> None:
    def state(line: ConditionLine) -> str:
        one = signed.get(line.code)
        if one is None:
            return t("file_page.not_signed")
        return t("file_page.met" if one.is_met else "file_page.not_met")

    def of(line: ConditionLine, name: str) -> str:
        one = signed.get(line.code)
        if one is None:
            return ""
        words = {
            "signer": one.signer,
            "at": moment(one.signed_at),
            "paper": papers.get(one.paper_id, "") if one.paper_id else "",
        }
        return words[name]

    columns = [
        Column[ConditionLine](
            t("file_page.line"), lambda row: t(f"condition_line.{row.code}"), width=300
        ),
        Column[ConditionLine](t("file_page.state"), state, width=90),
        Column[ConditionLine](t("file_page.evidence"), lambda row: of(row, "paper"), width=160),
        Column[ConditionLine](t("file_page.signed_by"), lambda row: of(row, "signer"), width=100),
        Column[ConditionLine](t("file_page.signed_at"), lambda row: of(row, "at"), width=150),
    ]
    record_table(
        lines,
        columns,
        key=f"agent:lines:{checklist}",
        opens=False,
        identity=lambda line: line.code,
    )


def show_appeals(file: AgentFile) -> None:
    if not file.appeals:
        return
    section(t("file_page.appeals"))
    columns = [
        Column[Appeal](t("appeals_page.measure"), lambda row: deed_of(row.measure), width=160),
        Column[Appeal](
            t("appeals_page.state"), lambda row: row.state, Kind.STATE, "appeal_state", TONES, 110
        ),
        Column[Appeal](t("appeals_page.due"), lambda row: row.due_at, Kind.DUE),
        Column[Appeal](t("appeals_page.ground"), lambda row: row.ground, width=240),
    ]
    record_table(file.appeals, columns, key="agent:appeals", open_page="appeals")


def deed_of(measure: str) -> str:
    return t(f"deed.{measure.replace('.', '_')}")


def show_old(desk: Desk, file: AgentFile) -> None:
    """What was filed for earlier applications; it is read and not changed."""
    for attempt in file.old:
        with st.expander(t("file_page.old", n=attempt.number)):
            show_papers(desk, attempt, f"papers:{attempt.number}")
            for one in attempt.conditions:
                word = t("file_page.met" if one.is_met else "file_page.not_met")
                line = t(f"condition_line.{one.line}")
                st.caption(f"{line} · {word} · {plain(one.signer)} · {moment(one.signed_at)}")
