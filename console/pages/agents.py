"""Agents: who applied, who is admitted, who is licensed; one agent with all that hangs on it."""

from collections.abc import Sequence
from uuid import UUID

import streamlit as st

from console.actions.channel.admission import AgentFile, agent_file
from console.actions.channel.agents import (
    AgentRecord,
    AgentSort,
    add_agent,
    agent_record,
    is_own,
    list_agents,
)
from console.actions.channel.conditions import Report, sign_conditions_of_many
from console.actions.channel.review import review_agents
from console.actions.staff.people import list_organisations
from console.i18n import t
from console.pages.agent_file import (
    file_moves_of,
    show_appeals,
    show_conditions,
    show_hits,
    show_lacking,
    show_old,
    show_papers,
)
from console.pages.agent_moves import file_moves, measure_moves, review_moves, scope_moves
from console.pages.channel_forms import (
    agent_fields,
    agent_form,
    late_field,
    province_word,
    refusal_fields,
    unpacked,
)
from console.pages.channel_parts import own_carriers, show_badges, show_refused, show_shops, told
from console.pages.channel_words import TONES
from console.pages.file_forms import Given, line_choice
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    choice,
    cursor,
    day,
    empty,
    facts,
    filters,
    flash,
    labelled,
    last_day,
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
from models.channel.admission import BY_NAME
from models.channel.agents import Agent, AgentReason, AgentState
from models.channel.conditions import condition_lines
from models.channel.licences import Licence
from models.permissions import Permission
from models.provinces import provinces
from models.rules import china_day
from models.staff import OrganisationKind
from models.tokens import OWN_SITE

P = Permission

# The list


def show_list() -> None:
    with page_head(t("agents_page.title"), t("agents_page.hint")):
        if desk.actor.may(P.AGENT_EDIT):
            adding()
    with filters():
        words = search(t("agents_page.search"))
        state = choice("state", t("agents_page.state"), labelled("agent_state", list(AgentState)))
        places = {code: province_word(code) for code in provinces()}
        province = choice("province", t("agents_page.province"), places)
    with refusals_shown():
        show_rows(words, state, province)


def show_rows(words: str, state: str | None, province: str | None) -> None:
    tools = list_tools(desk, "agents")
    found = list_agents(
        desk,
        words,
        state=AgentState(state) if state else None,
        province=province,
        after=cursor("agents", words, state, province, tools.sort),
        sort=AgentSort(tools.sort) if tools.sort else AgentSort.NEWEST,
    )
    if not found.rows:
        is_filtered = bool(words or state or province)
        empty(
            t("agents_page.none_found" if is_filtered else "agents_page.none"),
            t("agents_page.none_found_next" if is_filtered else "agents_page.none_next"),
        )
        return
    columns = [
        Column[Agent](t("agents_page.number"), lambda agent: agent.agent_no, width=190),
        Column[Agent](t("agents_page.name"), lambda agent: agent.name, width=260),
        Column[Agent](
            t("agents_page.state"), lambda agent: agent.state, Kind.STATE, "agent_state", TONES, 110
        ),
        Column[Agent](t("agents_page.uscc"), lambda agent: agent.uscc, width=180),
        Column[Agent](
            t("agents_page.province"), lambda agent: province_word(agent.province), width=110
        ),
        Column[Agent](t("agents_page.due"), lambda agent: agent.review_due_at, Kind.DUE),
    ]
    may_review, may_sign = desk.actor.may(P.AGENT_REVIEW), desk.actor.may(P.PAPER_EDIT)
    chosen = record_table(
        found.rows, tools.shown(columns), key="agents", select=may_review or may_sign
    )
    tools.pager(found, "agents")
    if may_review:
        deciding(chosen)
    elif may_sign and chosen:
        signing(chosen)


def adding() -> None:
    round_ = int(st.session_state.get("agents:round", 0))
    with st.popover(
        t("agents_page.add"), icon=":material/add:", type="primary", key=f"agents:add:{round_}"
    ):
        words = agent_fields(f"agents:add:{round_}", carriers=list(own_carriers(desk)))
        if not st.button(t("agents_page.add"), key="agents:add:sure", type="primary"):
            return
        if not words:
            st.error(t("console.fill_in"))
            return
        with refusals_shown():
            agent = add_agent(desk, *agent_form(words))
            st.session_state["agents:round"] = round_ + 1
            flash(t("agents_page.added", number=agent.agent_no))
            open_record(None, agent.id)


def deciding(chosen: Sequence[UUID]) -> None:
    """Pass or send back all that are ticked; each is decided by itself."""
    if not chosen:
        st.caption(t("agents_page.tick"))
        return
    with st.container(horizontal=True, gap="small"):
        st.markdown(t("agents_page.ticked", n=len(chosen)), width="content")
        if st.button(t("agents_page.pass"), key="bulk:pass", type="primary"):
            late = str(st.session_state.get("bulk:late", ""))
            told(review_agents(desk, chosen, passed=True, late_reason=late))
        with st.popover(t("agents_page.refuse"), key="bulk:refuse"):
            words = refusal_fields("bulk:refuse:words")
            if st.button(t("agents_page.refuse"), key="bulk:refuse:sure") and words:
                values = unpacked(words)
                reasons = [AgentReason(one) for one in values["reasons"]]
                told(
                    review_agents(
                        desk,
                        chosen,
                        passed=False,
                        reasons=reasons,
                        remark=values["remark"],
                        late_reason=values["late_reason"],
                    )
                )
    late_field("bulk")


def signing(chosen: Sequence[UUID]) -> None:
    """Sign the same lines for all that are ticked, with one report."""
    given = Given()
    round_ = int(st.session_state.get("sign:round", 0))
    with st.popover(t("file_page.bulk_sign"), icon=":material/checklist:", key=f"sign:{round_}"):
        st.caption(t("file_page.sign_will"))
        today = china_day(desk.now())
        lines = line_choice("sign:lines", t("file_page.lines_met"), condition_lines(today))
        has_file = given.ask(t("file_page.report"), f"sign:file:{round_}")
        if st.button(t("file_page.bulk_sign"), key="sign:sure", type="primary"):
            if not (lines and has_file):
                st.error(t("console.fill_in"))
                return
            with refusals_shown():
                done = sign_conditions_of_many(desk, chosen, lines, Report(*given.files[0]))
                st.session_state["sign:round"] = round_ + 1
                told(done, "file_page.bulk_signed")


# One agent


def show_agent(agent_id: str) -> None:
    record = agent_record(desk, agent_id)
    agent = record.agent
    file = agent_file(desk, agent_id) if desk.actor.may(P.PAPER_READ) else None
    with record_head(
        agent.agent_no, agent.name, area="agent_state", state=agent.state, tones=TONES
    ):
        moves = [*review_moves(desk, record), *file_moves(desk, record)]
        moves += [*scope_moves(desk, record, platforms()), *measure_moves(desk, record)]
        moves += file_moves_of(desk, file) if file is not None else []
        if is_own(desk.actor, agent):
            next_moves(desk, moves, f"{agent.id}:{agent.version}")
    notes(agent)
    if file is not None:
        show_lacking(file)
    left, right = two_columns()
    with left:
        show_facts(record)
        if file is not None:
            show_file(file)
        show_licences(record.licences)
        names = platforms() | {OWN_SITE: t("agents_page.own_site")}
        show_shops(record.shops, t("agents_page.shops"), key="agent", platforms=names)
        show_badges(record.badges, key="agent")
        if file is not None:
            show_old(desk, file)
    with right:
        timeline(record.deeds)


def show_file(file: AgentFile) -> None:
    show_hits(file)
    show_conditions(file)
    show_papers(desk, file.present)
    show_appeals(file)


def platforms() -> dict[str, str]:
    return {
        row.code: row.name
        for row in list_organisations(desk)
        if row.kind is OrganisationKind.PLATFORM and row.disabled_at is None
    }


def notes(agent: Agent) -> None:
    """What the reader must know before anything else."""
    only_names = agent.state is AgentState.VERIFYING and BY_NAME.issuperset(agent.reasons)
    if agent.reasons and agent.state is not AgentState.ELIGIBLE and not only_names:
        reasons = "；".join(
            t(
                "file_page.rule_of",
                reason=plain(t(f"agent_reason.{one}")),
                rule=plain(t(f"agent_reason_rule.{one}")),
            )
            for one in agent.reasons
        )
        st.warning(t("agents_page.told", reasons=reasons, remark=plain(agent.remark)))
    elif agent.remark:
        st.info(plain(agent.remark))
    if agent.proposal is not None:
        st.info(t("agents_page.proposed", move=t(f"agent_move.{agent.proposal}")))
    if agent.state is AgentState.VERIFYING and agent.submitted_by == desk.actor.id:
        st.caption(t("agents_page.another_person"))


def show_facts(record: AgentRecord) -> None:
    agent, yes_no = record.agent, {True: t("agents_page.yes"), False: t("agents_page.no")}
    facts(
        {
            t("agents_page.uscc"): agent.uscc,
            t("agents_page.province"): province_word(agent.province),
            t("agents_page.representative"): record.legal_representative,
            t("agents_page.contact"): record.contact,
            t("agents_page.until"): day(agent.business_licence_until)
            if agent.business_licence_until
            else t("agents_page.no_term"),
            t("agents_page.due"): last_day(agent.review_due_at),
            t("agents_page.condition_a"): yes_no[agent.is_realname_ready],
            t("agents_page.condition_b"): yes_no[agent.is_protection_ready],
            t("agents_page.submitted"): moment(agent.submitted_at),
            t("agents_page.failures"): agent.failures,
            t("file_page.recheck"): day(agent.recheck_on),
            t("file_page.attempt"): agent.attempt,
            **({t("file_page.late"): agent.late_reason} if agent.late_reason else {}),
        }
    )


def show_licences(licences: Sequence[Licence]) -> None:
    section(t("agents_page.licences"))
    if not licences:
        st.caption(t("agents_page.no_licences"))
        return
    columns = [
        Column[Licence](t("licences_page.number"), lambda row: row.number, width=210),
        Column[Licence](
            t("agents_page.state"), lambda row: row.state, Kind.STATE, "licence_state", TONES, 110
        ),
        Column[Licence](t("licences_page.begins"), lambda row: row.begins_on, Kind.DATE),
        Column[Licence](t("licences_page.ends"), lambda row: row.ends_on, Kind.DATE),
    ]
    record_table(licences, columns, key="agent:licences", open_page="licences")


desk = my_desk()
show_refused()
list_or_record(show_list, show_agent)
