"""Use of industry cards beyond their scope: what was found, why, and what becomes of it."""

from collections.abc import Sequence
from uuid import UUID

import streamlit as st

from console.actions.cards.industry.cases import (
    MOST_FINDINGS,
    add_to_case,
    case_to_join,
    confirmed_of,
    open_industry_case,
)
from console.actions.cards.industry.findings import (
    UsageFindingRecord,
    confirm_usage_finding,
    confirm_usage_findings,
    dismiss_usage_finding,
    dismiss_usage_findings,
    list_usage_findings,
    usage_finding_record,
)
from console.actions.cards.industry.notices import fact_of
from console.actions.cards.industry.watch import add_watch
from console.i18n import t
from console.pages.channel_parts import show_refused, told
from console.pages.channel_words import move_of
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.industry_parts import paper_links, show_scope
from console.pages.industry_words import TONES
from console.pages.kit import (
    choice,
    cursor,
    day,
    empty,
    facts,
    filters,
    flag,
    labelled,
    last_day,
    link_to,
    list_or_record,
    list_tools,
    next_moves,
    open_record,
    page_head,
    record_head,
    record_table,
    section,
    timeline,
    two_columns,
)
from console.pages.kit.records import LONGEST_REASON, Next
from console.pages.order_forms import order_move
from console.pages.usage_words import finding_columns, what_word
from models.cards.monitoring import FoundBy, UsageFinding, UsageFindingMove, UsageFindingState
from models.cards.usage_rules import UsageRule
from models.permissions import Permission

P, M, S = Permission, UsageFindingMove, UsageFindingState


def show_list() -> None:
    with page_head(t("usage_page.title"), t("usage_page.hint")):
        link_to(t("usage_page.to_runs"), "monitoring", key="usage:runs")
    with filters():
        state = choice(
            "state", t("usage_page.state"), labelled("usage_finding_state", list(UsageFindingState))
        )
        rule = choice("rule", t("usage_page.rule"), labelled("usage_rule", list(UsageRule)))
        found_by = choice("found_by", t("usage_page.found_by"), labelled("found_by", list(FoundBy)))
        late = flag("late", t("industry_page.late_only"))
    with refusals_shown():
        tools = list_tools(desk, "usage_findings")
        found = list_usage_findings(
            desk,
            state=UsageFindingState(state) if state else None,
            rule=UsageRule(rule) if rule else None,
            found_by=FoundBy(found_by) if found_by else None,
            late=late,
            after=cursor("usage", state, rule, found_by, late, tools.sort),
            order=tools.order,
        )
        if not found.rows:
            key = "none_found" if state or rule or found_by or late else "none"
            empty(t(f"usage_page.{key}"), t(f"usage_page.{key}_next"))
            return
        may = desk.actor.may(P.USAGE_JUDGE)
        chosen = record_table(found.rows, tools.shown(finding_columns()), key="usage", select=may)
        tools.pager(found, "usage")
        if may:
            judging(chosen)


def judging(chosen: Sequence[UUID]) -> None:
    """Confirm or dismiss all that are ticked; each is decided by itself."""
    if not chosen:
        st.caption(t("usage_page.tick"))
        return
    with st.container(horizontal=True, gap="small"):
        st.markdown(t("agents_page.ticked", n=len(chosen)), width="content")
        if st.button(t("usage_page.confirm"), key="usage:confirm", type="primary"):
            told(confirm_usage_findings(desk, chosen))
        with st.popover(t("usage_page.dismiss"), key="usage:dismiss"):
            reason = st.text_area(
                t("console.reason"), key="usage:dismiss:why", max_chars=LONGEST_REASON
            )
            if st.button(t("usage_page.dismiss"), key="usage:dismiss:sure") and reason.strip():
                told(dismiss_usage_findings(desk, chosen, reason))


def show_record(finding_id: str) -> None:
    record = usage_finding_record(desk, finding_id)
    row = record.finding
    with record_head(
        row.number, what_word(row), area="usage_finding_state", state=row.state, tones=TONES
    ):
        next_moves(desk, moves(record), f"{row.id}:{row.version}")
    if row.rule or row.state not in {S.OPEN, S.DISMISSED}:  # a report alone is no fact yet
        st.markdown(f"**{plain(fact_of(row))}**")
    left, right = two_columns()
    with left:
        links(record)
        facts(
            {
                t("usage_page.card"): row.iccid or t("usage_page.whole_batch"),
                t("usage_page.kind"): t(f"finding_kind.{row.kind}"),
                t("usage_page.found_by"): t(f"found_by.{row.found_by}"),
                t("usage_page.tier"): t(f"tier.{row.tier}"),
                t("usage_page.days"): f"{day(row.first_day)} – {day(row.last_day)}",
                t("usage_page.times"): row.times,
                t("industry_page.due"): last_day(row.due_at),
                t("usage_page.rule_version"): row.rule_version,
            }
        )
        told_by_hand(row)
        section(t("usage_page.scope"))
        show_scope(record.scope, record.batch.card_class, ())
        if record.others:
            section(t("usage_page.others"))
            record_table(record.others, finding_columns(short=True), key="usage:others")
    with right:
        timeline(record.deeds)


def links(record: UsageFindingRecord) -> None:
    with st.container(horizontal=True, gap="small"):
        link_to(record.batch.number, "industry", record.batch.id, key="usage:batch")
        if card := record.finding.iccid:
            of_card = {"tab": "use", "card": card}
            link_to(t("card_page.open"), "industry", record.batch.id, key="usage:card", **of_card)
        if record.run is not None:
            link_to(record.run.number, "monitoring", record.run.id, key="usage:run")
        if record.case is not None:
            link_to(record.case.reference, "cases", record.case.id, key="usage:case")


def told_by_hand(row: UsageFinding) -> None:
    """What somebody said of it, and what it was when it was dismissed before."""
    said = {
        t("usage_page.who"): row.facts.get("who", ""),
        t("usage_page.said"): row.facts.get("said", ""),
        t("usage_page.earlier"): row.facts.get("earlier", ""),
    }
    if any(said.values()):
        facts({label: words for label, words in said.items() if words})
    if papers := row.facts.get("papers"):
        section(t("usage_page.papers_of"))
        at = f"/files/usage-findings/{row.id}"
        paper_links({f"{at}/{one['sha256']}": one["name"] for one in papers})
    if row.reason:
        st.info(plain(row.reason))


def moves(record: UsageFindingRecord) -> list[Next]:
    row = record.finding
    is_open, is_own = M.CONFIRM in row.open_moves(), row.reported_by == desk.actor.id
    is_confirmed = row.state is S.CONFIRMED
    return [
        move_of(
            "usage_page.confirm",
            lambda why: confirm_usage_finding(desk, row.id, reason=why, version=row.version),
            P.USAGE_JUDGE,
            "check_circle",
            when=is_open and not is_own,
            reason=True,
            main=True,
        ),
        move_of(
            "usage_page.dismiss",
            lambda why: dismiss_usage_finding(desk, row.id, why, version=row.version),
            P.USAGE_JUDGE,
            "cancel",
            when=is_open and not is_own,
            reason=True,
        ),
        order_move(desk, record.batch, [row], when=is_confirmed),
        case_move(row),
        move_of(
            "usage_page.watch",
            lambda why: add_watch(desk, record.batch.id, row.iccid, reason=why),
            P.USAGE_JUDGE,
            "visibility",
            when=row.state is not S.DISMISSED,
            reason=True,
        ),
    ]


def case_move(row: UsageFinding) -> Next:
    """It joins the batch's case while that is not decided, or opens one with all that stands."""
    is_confirmed = row.state is S.CONFIRMED

    def to_case(_: str) -> None:
        everything = dict.fromkeys([row.id, *confirmed_of(desk, row.batch_id)])
        open_record("cases", open_industry_case(desk, list(everything)[:MOST_FINDINGS]).id)

    case = case_to_join(desk, row.batch_id) if is_confirmed else None
    if case is None:
        return move_of("usage_page.open_case", to_case, P.CASE_OPEN, "gavel", when=is_confirmed)
    case_id = case.id

    def join(_: str) -> None:
        open_record("cases", add_to_case(desk, case_id, [row.id]).id)

    return Next(
        "add_to_case",
        t("usage_page.add_to_case", reference=case.reference),
        t("usage_page.add_to_case_will", reference=case.reference),
        join,
        P.CASE_OPEN,
        icon=":material/gavel:",
    )


desk = my_desk()
show_refused()
list_or_record(show_list, show_record)
