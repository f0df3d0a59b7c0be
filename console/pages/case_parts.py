"""The sections of a case's record: facts, parties, measures, tasks, looks, routers, links."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import streamlit as st

from console.actions.cases.assigning import owners_for
from console.actions.cases.lists import CaseRecord
from console.desk import Desk
from console.i18n import Language, listed, spoken, t
from console.pages.case_words import (
    CASES,
    MEASURES,
    TASKS,
    UNDER_WAY,
    against,
    place,
    proof_words,
    rule_name,
)
from console.pages.frame import plain
from console.pages.jurisdiction_parts import show_jurisdiction
from console.pages.kit import (
    Column,
    Kind,
    facts,
    last_day,
    link_to,
    moment,
    record_table,
    section,
    state_pill,
)
from console.pages.kit.layout import box
from console.pages.moves.parties import parties_moves, party_moves
from console.pages.moves.tasks import task_moves
from console.pages.patrol_words import FINDINGS, TIERS
from models.cases.measures import Measure, MeasureState
from models.cases.parties import CaseParty
from models.cases.tasks import BY_MEASURE, CaseTask, TaskKind, TaskState
from models.channel.public import shop_number
from models.patrol.findings import Finding
from models.patrol.shops import SeenListing
from models.permissions import Permission
from models.rules import rule_refs

_DIGEST: Final = 12
_WHERE: Final[Mapping[TaskKind, str]] = {
    TaskKind.REVOKE_LICENCE: "licences",
    TaskKind.SUSPEND_LICENCE: "licences",
    TaskKind.REVOKE_BADGE: "badges",
    TaskKind.BLACKLIST: "blacklist",
    TaskKind.PUBLICATION: "publications",
    TaskKind.RECTIFICATION: "rectifications",
}
"""The page where it is done; all else is done on the case itself."""


def show_facts(desk: Desk, record: CaseRecord, names: dict[str, str]) -> None:
    case = record.case
    shop = f"{case.shop_name}（{shop_number(case.shop_key)}）" if case.shop_id else against(case)
    kinds = list(dict.fromkeys([case.kind, *(one.kind for one in record.findings)]))
    pairs: dict[str, object] = {
        t("case_pages.against"): shop,
        t("case_page.platform"): names.get(case.platform, case.platform),
        t("case_page.kind"): listed(t(f"finding_kind.{one}") for one in kinds),
        t("case_page.opened"): moment(case.created_at),
    }
    if case.shop_id:  # the ground is what its platform is told
        pairs[t("case_page.ground")] = t(f"notice_ground.{case.ground}")
    if record.owner:
        pairs[t("case_page.owner")] = record.owner
    if record.wanted:
        pairs[t("case_pages.wanted")] = listed(t(f"outcome.{one}") for one in record.wanted)
    if case.closed_at:
        pairs[t("case_page.closed")] = moment(case.closed_at)
    facts(pairs, t("case_page.facts"))
    if case.facts and desk.actor.platform is None:  # a platform is told by its notice
        st.markdown(f"> {plain(case.facts)}")


# Parties


def show_parties(desk: Desk, record: CaseRecord) -> None:
    section(t("case_pages.parties"), t("case_pages.parties_hint"))
    for party in record.parties:
        _party(desk, record, party)
    if not record.parties:
        st.caption(t("case_pages.no_parties"))
    with st.container(horizontal=True):
        parties_moves(desk, record)


def _party(desk: Desk, record: CaseRecord, party: CaseParty) -> None:
    with box("kit_party", border=True, gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.badge(t(f"party_role.{party.role}"), color="gray")
            st.markdown(f"**{plain(party.name)}**", width="content")
            st.badge(t("case_pages.share_of", n=party.share), icon=":material/pie_chart:",
                     color="blue")  # fmt: skip
            if party.statement:
                st.badge(t("case_pages.heard"), icon=":material/check_circle:", color="green")
            else:
                st.badge(t("case_pages.not_heard"), icon=":material/hearing:", color="orange")
        factors = {
            t("case_pages.nature"): party.nature,
            t("case_pages.circumstance"): party.circumstance,
            t("case_pages.result"): party.result,
        }
        told = [
            t("case_pages.factor", factor=label, words=plain(words))
            for label, words in factors.items()
            if words
        ]
        if party.uscc:
            told.insert(0, plain(party.uscc))
        if told:
            st.caption(" · ".join(told))
        if party.statement:
            st.markdown(f"> {plain(party.statement)}")
            st.caption(t("case_pages.heard_at", at=moment(party.heard_at)))
        with st.container(horizontal=True):
            party_moves(desk, record.case, party)


# Measures


def show_measures(record: CaseRecord) -> None:
    if not record.measures:
        return
    section(t("case_pages.measures"), t("case_pages.measures_hint"))
    told: set[tuple[str, str, str]] = set()
    with box("kit_list", border=True):
        for one in record.measures:
            with box("kit_line", gap=None):
                with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                    st.markdown(f"**{t(f'measure.{one.measure}')}**", width="content")
                    state_pill("measure_state", one.state, MEASURES)
                    if one.is_interim:
                        st.badge(t("case_pages.interim"), icon=":material/bolt:", color="orange")
                    if one.is_emergency_exempt:
                        st.badge(t("case_pages.emergency"), color="gray")
                    if one.ordered_at is not None:
                        st.caption(moment(one.ordered_at), width="content")
                if one.state is MeasureState.LIFTED:
                    st.caption(
                        t("case_pages.lifted", at=moment(one.lifted_at), why=plain(one.lifted_why))
                    )
                told.add((one.reason, one.remedy, one.papers))
    for reason, remedy, papers in sorted(told):
        facts(
            {
                t("case_page.reason"): reason,
                t("case_page.remedy"): remedy,
                t("case_page.papers"): papers,
            },
            t("case_pages.told"),
        )


# Tasks


def show_tasks(desk: Desk, record: CaseRecord) -> None:
    if not record.tasks:
        return
    done = sum(one.state is not TaskState.OPEN for one in record.tasks)
    section(t("case_pages.tasks"), t("case_pages.tasks_hint", done=done, n=len(record.tasks)))
    people = _people(desk, record)
    with box("kit_list", border=True):
        for task in record.tasks:
            _task(desk, record, task, people)


def _people(desk: Desk, record: CaseRecord) -> dict[str, str]:
    """Who may be given a task, asked for only where one can be given."""
    is_open = any(one.state is TaskState.OPEN for one in record.tasks)
    if not is_open or not desk.actor.may(Permission.CASE_OPEN):
        return {}
    return {str(one.id): one.name for one in owners_for(desk, record.case.id)}


def _task(desk: Desk, record: CaseRecord, task: CaseTask, people: Mapping[str, str]) -> None:
    is_open = task.state is TaskState.OPEN
    with box("kit_line", gap=None):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            sign = ":gray[:material/check_box_outline_blank:]"
            st.markdown(sign if is_open else ":green[:material/check_box:]", width="content")
            st.markdown(f"**{task_words(task)}**", width="stretch")
            if task.is_mandatory:
                st.badge(t("case_pages.mandatory"), icon=":material/lock:", color="gray")
            if is_open:
                late = desk.now() >= task.due_at
                st.badge(last_day(task.due_at), icon=":material/schedule:",
                         color="red" if late else "gray")  # fmt: skip
            else:
                state_pill("task_state", task.state, TASKS)
        if is_open:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                _where(record, task)
                if (name := people.get(str(task.assignee_id))) is not None:
                    st.caption(f":material/person: {plain(name)}", width="content")
                task_moves(desk, record.case, task, people)
        else:
            _proof(task)


def task_words(task: CaseTask) -> str:
    """`通报平台：蓝海商城`; what the house has no hand of its own for is called by its measure."""
    name = plain(task.target_name)
    if task.kind in BY_MEASURE and task.target in set(Measure):
        name = t(f"measure.{task.target}")
    words = t(f"task_kind.{task.kind}")
    return t("case_pages.task_of", task=words, target=name) if name else words


def _where(record: CaseRecord, task: CaseTask) -> None:
    """How it is done: by a page, by hand, or by the answer that is waited for."""
    page = _WHERE.get(task.kind)
    told = {one.notice.platform for one in record.notices if one.notice.state in UNDER_WAY}
    if task.kind is TaskKind.NOTIFY_PLATFORM and task.target in told:
        st.caption(t("case_pages.waits_for_answer"), width="content")
    elif page is None:
        st.caption(t(f"task_how.{task.kind}"), width="content")
    else:
        link_to(t(f"task_how.{task.kind}"), page, _uuid(task.target), key=f"task:{task.id}")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _proof(task: CaseTask) -> None:
    """What the proof is, by its words and what the house noted with it."""
    words = " · ".join(filter(None, [task.words_given, *proof_words(task.facts)]))
    st.caption(" · ".join(filter(None, [moment(task.done_at), plain(words)])))
    if task.facts.get("sha256"):
        name = plain(task.facts.get("file") or t("case_pages.task_paper"))
        st.link_button(name, f"/files/tasks/{task.id}", icon=":material/attach_file:")


# Looks


def show_looks(desk: Desk, record: CaseRecord) -> None:
    if not record.looks:
        return
    section(t("case_pages.looks"), t("case_pages.looks_hint"))
    with box("kit_list", border=True):
        for look in record.looks:
            with box("kit_line", horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(t("case_pages.look_of", round=look.round, n=look.number),
                            width="content")  # fmt: skip
                if look.done_at is None:
                    late = desk.now() >= look.due_at
                    st.badge(last_day(look.due_at), icon=":material/event:",
                             color="red" if late else "gray")  # fmt: skip
                    continue
                clean = bool(look.is_clean)
                st.badge(t("case_pages.look_clean" if clean else "case_pages.look_dirty"),
                         icon=":material/check_circle:" if clean else ":material/cancel:",
                         color="green" if clean else "red")  # fmt: skip
                st.caption(f"{moment(look.done_at)} · {plain(look.words_given)}")


# What was found


def show_found(record: CaseRecord) -> None:
    if record.findings:
        section(t("case_page.findings"))
        columns: list[Column[Finding]] = [
            Column(t("case_page.finding_number"), lambda row: row.number, width=170),
            Column(t("case_page.state"), lambda row: row.state, Kind.STATE, "finding_state",
                   FINDINGS, 100),
            Column(t("case_page.kind"), lambda row: [t(f"finding_kind.{row.kind}")], Kind.WORDS),
            Column(t("case_page.tier"), lambda row: row.tier, Kind.STATE, "tier", TIERS, 90),
        ]  # fmt: skip
        record_table(record.findings, columns, key="case_findings", open_page="findings")
    if record.listings:
        section(t("case_page.listings"), t("case_pages.listings_hint"))
        seen: list[Column[SeenListing]] = [
            Column(t("case_page.listing_title"), lambda row: row.title_seen, width=240),
            Column(t("case_page.url"), lambda row: row.url, width=200),
            Column(t("case_page.seen"), lambda row: row.seen_at, Kind.MOMENT, width=130),
            Column(
                t("case_page.evidence"),
                lambda row: (row.evidence_sha256 or "")[:_DIGEST],
                width=115,
            ),
        ]
        record_table(record.listings, seen, key="case_listings", opens=False)


# At the right


def show_routers(desk: Desk, record: CaseRecord) -> None:
    """The three places of a case, and who of them is competent for which of the measures."""
    case = record.case
    places = {
        "filing_place": case.filing_place,
        "card_home": case.card_home,
        "platform_home": case.platform_home,
    }
    told = {
        t(f"case_page.{name}"): place(code) or t("case_pages.place_unknown")
        for name, code in places.items()
    }
    facts(told, t("case_page.jurisdiction"), abreast=1)
    if desk.actor.platform is None:
        show_jurisdiction(desk, case)


def show_rules(record: CaseRecord) -> None:
    """What the decision rests on, each rule with its clause."""
    if not record.case.rules:
        return
    known, is_zh = rule_refs(), spoken.get() is Language.ZH
    with box("kit_rules", border=True, gap="small"):
        st.markdown(f"**{t('case_pages.rules')}**")
        for one in record.case.rules:
            ref = known.get(one)
            st.badge(plain(rule_name(one)), color="gray")
            if ref is not None:
                st.caption(plain(ref.zh if is_zh else ref.en))


def show_linked(desk: Desk, record: CaseRecord) -> None:
    case = record.case
    with st.container(gap=None):
        if case.shop_id is not None and desk.actor.platform is None:
            link_to(t("case_pages.to_shop"), "shops", case.shop_id, key="to:shop")
        if case.agent_id is not None and desk.actor.platform is None:
            link_to(t("case_pages.to_agent"), "agents", case.agent_id, key="to:agent")
    if not record.linked:
        return
    st.markdown(f"**{t('case_pages.linked')}**")
    for one in record.linked:
        why = (
            "parent" if one.id == case.parent_id
            else "goes_on" if one.id == case.merged_into_id
            else "former" if one.id == case.former_id
            else "again" if one.former_id == case.id
            else "child" if one.parent_id == case.id
            else "merged"
        )  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(t(f"case_link.{why}"), width="content")
            state_pill("case_state", one.state, CASES)
        link_to(f"{one.reference} {against(one)}", "cases", one.id, key=f"linked:{one.id}")
