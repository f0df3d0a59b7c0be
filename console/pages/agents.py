"""Agents: who applied, who is admitted, who is licensed; one agent with all that hangs on it."""

from collections.abc import Sequence
from uuid import UUID

import streamlit as st

from console.actions.channel.agents import (
    AgentRecord,
    AgentSort,
    add_agent,
    agent_record,
    is_own,
    list_agents,
)
from console.actions.channel.held import Done
from console.actions.channel.review import review_agents
from console.actions.staff.people import list_organisations
from console.i18n import t
from console.pages.agent_moves import file_moves, measure_moves, review_moves, scope_moves
from console.pages.channel_forms import (
    agent_fields,
    agent_form,
    province_word,
    refusal_fields,
    unpacked,
)
from console.pages.channel_words import TONES
from console.pages.frame import my_desk, plain, refusal_text, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    choice,
    chosen_id,
    cursor,
    day,
    empty,
    facts,
    filters,
    flash,
    labelled,
    last_day,
    moment,
    next_moves,
    open_record,
    page_head,
    pager,
    record_head,
    record_table,
    search,
    section,
    timeline,
    two_columns,
)
from models.channel.agents import Agent, AgentReason, AgentState
from models.channel.badges import Badge
from models.channel.licences import Licence
from models.channel.public import shop_number
from models.channel.shops import AuthorisedShop
from models.permissions import Permission
from models.provinces import provinces
from models.staff import CARRIERS, OrganisationKind
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
        sort = choice("sort", t("agents_page.sort"), labelled("agent_sort", list(AgentSort)))
    with refusals_shown():
        show_rows(words, state, province, sort)


def show_rows(words: str, state: str | None, province: str | None, sort: str | None) -> None:
    found = list_agents(
        desk,
        words,
        state=AgentState(state) if state else None,
        province=province,
        after=cursor("agents", words, state, province, sort),
        sort=AgentSort(sort) if sort else AgentSort.NEWEST,
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
    may_review = desk.actor.may(P.AGENT_REVIEW)
    chosen = record_table(found.rows, columns, key="agents", select=may_review)
    pager(found, "agents")
    if may_review:
        deciding(chosen)


def adding() -> None:
    round_ = int(st.session_state.get("agents:round", 0))
    with st.popover(
        t("agents_page.add"), icon=":material/add:", type="primary", key=f"agents:add:{round_}"
    ):
        words = agent_fields(f"agents:add:{round_}", carriers=carrier_codes())
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


def carrier_codes() -> list[str]:
    """Of somebody who works for more than one carrier, as a group's people do."""
    own = desk.actor.carriers
    rows = [row for row in list_organisations(desk) if row.id in own and row.kind in CARRIERS]
    return [row.code for row in rows] if len(rows) > 1 else []


def deciding(chosen: Sequence[UUID]) -> None:
    """Pass or send back all that are ticked; each is decided by itself."""
    if not chosen:
        st.caption(t("agents_page.tick"))
        return
    with st.container(horizontal=True, gap="small"):
        st.markdown(t("agents_page.ticked", n=len(chosen)), width="content")
        if st.button(t("agents_page.pass"), key="bulk:pass", type="primary"):
            told(review_agents(desk, chosen, passed=True))
        with st.popover(t("agents_page.refuse"), key="bulk:refuse"):
            words = refusal_fields("bulk:refuse:words")
            if st.button(t("agents_page.refuse"), key="bulk:refuse:sure") and words:
                values = unpacked(words)
                reasons = [AgentReason(one) for one in values["reasons"]]
                told(
                    review_agents(
                        desk, chosen, passed=False, reasons=reasons, remark=values["remark"]
                    )
                )


def told(done: Sequence[Done]) -> None:
    """What became of each; those that were refused stay on the page with the ground."""
    refused = [one.refusal for one in done if one.refusal is not None]
    st.session_state["bulk:refused"] = [refusal_text(no) for no in refused]
    flash(t("agents_page.decided", n=len(done) - len(refused), refused=len(refused)))
    st.rerun()


def show_refused() -> None:
    for words in st.session_state.pop("bulk:refused", []):
        st.warning(words, icon=":material/block:")


# One agent


def show_agent(agent_id: str) -> None:
    record = agent_record(desk, agent_id)
    agent = record.agent
    with record_head(
        agent.agent_no, agent.name, area="agent_state", state=agent.state, tones=TONES
    ):
        moves = [*review_moves(desk, record), *file_moves(desk, record)]
        moves += [*scope_moves(desk, record, platforms()), *measure_moves(desk, record)]
        if is_own(desk.actor, agent):
            next_moves(desk, moves, f"{agent.id}:{agent.version}")
    notes(agent)
    left, right = two_columns()
    with left:
        show_facts(record)
        show_licences(record.licences)
        show_shops(record.shops)
        show_badges(record.badges)
    with right:
        timeline(record.deeds)


def platforms() -> dict[str, str]:
    return {
        row.code: row.name
        for row in list_organisations(desk)
        if row.kind is OrganisationKind.PLATFORM and row.disabled_at is None
    }


def notes(agent: Agent) -> None:
    """What the reader must know before anything else."""
    if agent.reasons and agent.state is not AgentState.ELIGIBLE:
        reasons = "；".join(t(f"agent_reason.{one}") for one in agent.reasons)
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


def show_shops(shops: Sequence[AuthorisedShop]) -> None:
    section(t("agents_page.shops"))
    if not shops:
        st.caption(t("agents_page.no_shops"))
        return
    names = platforms() | {OWN_SITE: t("agents_page.own_site")}
    columns = [
        Column[AuthorisedShop](
            t("agents_page.platform"), lambda row: names.get(row.platform, row.platform), width=110
        ),
        Column[AuthorisedShop](
            t("agents_page.shop_number"), lambda row: shop_number(row.shop_key), width=170
        ),
        Column[AuthorisedShop](t("agents_page.shop_name"), lambda row: row.name, width=200),
        Column[AuthorisedShop](t("agents_page.since"), lambda row: row.created_at, Kind.DATE),
        Column[AuthorisedShop](t("agents_page.ended"), lambda row: row.ended_at, Kind.DATE),
    ]
    record_table(shops, columns, key="agent:shops", opens=False)


def show_badges(badges: Sequence[Badge]) -> None:
    section(t("agents_page.badges"))
    if not badges:
        st.caption(t("agents_page.no_badges"))
        return
    columns = [
        Column[Badge](t("badges_page.number"), lambda row: row.badge_id, width=170),
        Column[Badge](
            t("agents_page.state"), lambda row: row.state, Kind.STATE, "badge_state", TONES, 110
        ),
        Column[Badge](t("badges_page.issued"), lambda row: row.issued_at, Kind.MOMENT),
        Column[Badge](t("badges_page.expires"), lambda row: row.expires_at, Kind.MOMENT),
    ]
    record_table(badges, columns, key="agent:badges", open_page="badges")


desk = my_desk()
show_refused()
if (agent_id := chosen_id()) is None:
    show_list()
else:
    with refusals_shown():
        show_agent(agent_id)
