"""Instructions of communications administrations: the list, and one with its report."""

from datetime import date

import streamlit as st

from console.actions.cases.authorities.instructions import (
    InstructionRecord,
    accept_instruction,
    ask_more,
    attach_instruction,
    begin_instruction,
    close_instruction,
    detach_instruction,
    enter_instruction,
    instruction_record,
    list_instructions,
    report_back,
)
from console.i18n import t
from console.pages.channel_forms import unpacked
from console.pages.channel_words import move_of
from console.pages.file_forms import Given
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.instruction_forms import (
    attach_fields,
    authority_word,
    close_fields,
    entering,
    more_fields,
    one_file,
    report_fields,
)
from console.pages.jurisdiction_parts import TONES, show_competent
from console.pages.kit import (
    Column,
    Kind,
    Next,
    choice,
    cursor,
    day,
    empty,
    facts,
    filters,
    flag,
    flash,
    labelled,
    last_day,
    link_to,
    list_or_record,
    list_tools,
    moment,
    next_moves,
    open_record,
    page_head,
    record_head,
    record_table,
    search,
    section,
    timeline,
    two_columns,
)
from models.cases.instructions import Instruction, InstructionMove, InstructionState
from models.permissions import Permission

P = Permission
M = InstructionMove


def show_list() -> None:
    watches = bool(desk.actor.provinces)
    hint = "instructions_page.hint_regulator" if watches else "instructions_page.hint"
    with page_head(t("instructions_page.title"), t(hint)):
        if desk.actor.may(P.INSTRUCTION_EDIT) and desk.actor.organisation_id is not None:
            adding()
    with filters():
        words = search(t("instructions_page.search"))
        state = choice(
            "state",
            t("instructions_page.state"),
            labelled("instruction_state", list(InstructionState)),
        )
        late = flag("overdue", t("instructions_page.overdue_only"))
    with refusals_shown():
        show_rows(words, state, late=late)


def adding() -> None:
    round_ = int(st.session_state.get("instructions:round", 0))
    key = f"instructions:add:{round_}"
    with st.popover(t("instructions_page.enter"), icon=":material/add:", type="primary", key=key):
        st.caption(t("instructions_page.enter_hint"))
        with refusals_shown():
            form, document = entering(desk, key)
        if not st.button(t("instructions_page.enter"), key="instructions:sure", type="primary"):
            return
        if form is None:
            st.error(t("console.fill_in"))
            return
        with refusals_shown():
            row = enter_instruction(desk, form, document)
            st.session_state["instructions:round"] = round_ + 1
            flash(t("instructions_page.entered", number=row.number))
            open_record(None, row.id)


def due_word(row: Instruction) -> str:
    late = f" · {t('instructions_page.late')}" if row.is_overdue(desk.now()) else ""
    return f"{last_day(row.due_at)}{late}"


def show_rows(words: str, state: str | None, *, late: bool) -> None:
    tools = list_tools(desk, "instructions")
    found = list_instructions(
        desk,
        state=InstructionState(state) if state else None,
        overdue=late,
        q=words,
        after=cursor("instructions", words, state, late, tools.sort),
        order=tools.order,
    )
    if not found.rows:
        next_ = "none_next_regulator" if desk.actor.provinces else "none_next"
        is_narrow = bool(words or state or late)
        title = "none" if is_narrow else "none_yet"
        hint = "case_pages.none_narrow_any" if is_narrow else f"instructions_page.{next_}"
        empty(t(f"instructions_page.{title}"), t(hint))
        return
    columns = [
        Column[Instruction](t("instructions_page.document_no"), lambda row: row.document_no,
                            width=165),
        Column[Instruction](t("instructions_page.state"), lambda row: row.state, Kind.STATE,
                            "instruction_state", TONES, 85),
        Column[Instruction](t("instructions_page.due"), due_word, width=125),
        Column[Instruction](t("instructions_page.subject"), lambda row: row.subject, width=210),
        Column[Instruction](t("instructions_page.authority"),
                            lambda row: authority_word(row.authority), width=180),
        Column[Instruction](t("instructions_page.jurisdiction"),
                            lambda row: [t(f"jurisdiction.{row.jurisdiction}")], Kind.WORDS,
                            width=105),
        Column[Instruction](t("instructions_page.number"), lambda row: row.number, width=125),
    ]  # fmt: skip
    record_table(found.rows, tools.shown(columns), key="instructions")
    tools.pager(found, "instructions")


def moves_of(row: Instruction) -> list[Next]:
    open_, me = row.open_moves(), desk.actor.id
    given = Given()

    def reported(words: str) -> None:
        values = unpacked(words)
        report_back(desk, row.id, values["report"], one_file(given), values["receipt"])

    def more(words: str) -> None:
        values = unpacked(words)
        due = date.fromisoformat(values["due"]) if values["due"] else None
        ask_more(desk, row.id, values["reason"], due)

    over = row.state is InstructionState.CLOSED
    return [
        move_of("instructions_page.accept", lambda _: accept_instruction(desk, row.id),
                P.INSTRUCTION_CONFIRM, "task_alt", when=M.ACCEPT in open_ and row.entered_by != me,
                main=True),
        move_of("instructions_page.begin", lambda _: begin_instruction(desk, row.id),
                P.INSTRUCTION_EDIT, "play_arrow", when=M.BEGIN in open_, main=True),
        move_of("instructions_page.report", reported, P.INSTRUCTION_EDIT, "outgoing_mail",
                when=M.REPORT_BACK in open_, ask=lambda key: report_fields(key, given), main=True),
        move_of("instructions_page.close",
                lambda words: close_instruction(desk, row.id, unpacked(words)["receipt"]),
                P.INSTRUCTION_CONFIRM, "done_all", when=M.CLOSE in open_ and row.reported_by != me,
                ask=lambda key: close_fields(key, row), main=True),
        move_of("instructions_page.ask_more", more, P.INSTRUCTION_EDIT, "reply",
                when=M.ASK_MORE in open_, ask=more_fields),
        move_of("instructions_page.attach",
                lambda words: attach_instruction(desk, row.id, words), P.INSTRUCTION_EDIT, "link",
                when=not over and row.case_id is None,
                ask=lambda key: attach_fields(desk, key, row)),
        move_of("instructions_page.detach",
                lambda why: detach_instruction(desk, row.id, why), P.INSTRUCTION_EDIT, "link_off",
                when=not over and row.case_id is not None, reason=True),
    ]  # fmt: skip


def show_instruction(instruction_id: str) -> None:
    record = instruction_record(desk, instruction_id)
    row = record.instruction
    own = desk.actor.is_house or row.organisation_id in desk.actor.organisations
    with record_head(
        row.number, row.subject, area="instruction_state", state=row.state, tones=TONES
    ):
        if own:
            next_moves(desk, moves_of(row), f"{row.id}:{row.version}")
    if not own:
        st.caption(t("instructions_page.read_only"))
    if row.is_overdue(desk.now()):
        said = "late_words" if own else "late_words_read"
        st.warning(
            t(f"instructions_page.{said}", due=last_day(row.due_at)), icon=":material/schedule:"
        )
    left, right = two_columns()
    with left:
        show_document(record)
        show_report(row)
        show_case(record)
    with right:
        timeline(record.deeds)


def show_document(record: InstructionRecord) -> None:
    row = record.instruction
    facts(
        {
            t("instructions_page.document_no"): row.document_no,
            t("instructions_page.authority"): authority_word(row.authority),
            t("instructions_page.jurisdiction"): t(f"jurisdiction.{row.jurisdiction}"),
            t("instructions_page.receiver"): record.receiver.name,
            t("instructions_page.issued"): day(row.issued_on),
            t("instructions_page.due"): due_word(row),
        }
    )
    with st.container(border=True):
        st.markdown(f"**{t('instructions_page.wanted')}**")
        st.markdown(plain(row.wanted))
    address = f"/files/instructions/{row.id}/document"
    st.link_button(t("instructions_page.document"), address, icon=":material/download:")


def show_report(row: Instruction) -> None:
    section(t("instructions_page.reports"))
    if not row.reported_at:
        st.caption(t("instructions_page.not_reported"))
        return
    late = f" · {t('instructions_page.was_late')}" if row.is_late else ""
    facts(
        {
            t("instructions_page.reported_at"): f"{moment(row.reported_at)}{late}",
            t("instructions_page.receipt"): row.receipt,
        }
    )
    with st.container(border=True):
        st.markdown(plain(row.report))
    address = f"/files/instructions/{row.id}/report"
    st.link_button(t("instructions_page.proof"), address, icon=":material/download:")


def show_case(record: InstructionRecord) -> None:
    row, case = record.instruction, record.case
    if row.case_id is None:
        return
    section(t("instructions_page.case"))
    if case is None:
        st.caption(t("instructions_page.case_hidden"))
        return
    link_to(f"{case.reference} {case.shop_name}", "cases", case.id, key="instruction:case")
    st.caption(t("instructions_page.competent_hint"))
    show_competent(record.competent, record.missing)


desk = my_desk()
list_or_record(show_list, show_instruction)
