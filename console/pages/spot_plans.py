"""Plans of spot checks: a sample drawn by seed and frame, that anybody can draw again."""

import streamlit as st

from console.actions.checks.spot_plans import PlanRecord, list_plans, make_plan, plan_record
from console.i18n import listed, t
from console.pages.channel_forms import province_word
from console.pages.channel_parts import platform_names
from console.pages.frame import my_desk, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    Next,
    cursor,
    day,
    empty,
    facts,
    figures,
    list_or_record,
    next_moves,
    page_head,
    pager,
    record_head,
    record_table,
    section,
    timeline,
    two_columns,
)
from console.pages.spot_forms import plan_fields, plan_of
from console.pages.spot_words import CHECKS, VERDICTS
from models.checks.spot_checks import SpotCheck, SpotCheckPlan
from models.permissions import Permission

P = Permission


def show_list() -> None:
    with page_head(t("spot_plans.title"), t("spot_plans.hint")):
        draw = Next(
            "draw", t("spot_plans.draw"), t("spot_plans.draw_will"), drawn, P.SPOT_CHECK_PLAN,
            ask=lambda key: plan_fields(desk, key), icon=":material/casino:", main=True,
        )  # fmt: skip
        next_moves(desk, [draw], "spot_plans")
    with refusals_shown():
        found = list_plans(desk, cursor("spot_plans"))
        if not found.rows:
            may = desk.actor.may(P.SPOT_CHECK_PLAN)
            empty(t("spot_plans.none"), t("spot_plans.none_next" if may else "spot_plans.none_yet"))
            return
        record_table(found.rows, columns(), key="spot_plans")
        pager(found, "spot_plans")


def drawn(words: str) -> str:
    plan = make_plan(desk, plan_of(words))
    st.query_params["id"] = str(plan.id)  # the run that follows shows the draw
    return t("spot_plans.drawn", number=plan.number, n=plan.size, frame=plan.frame_size)


def columns() -> list[Column[SpotCheckPlan]]:
    return [
        Column(t("spot_page.number"), lambda row: row.number, width=140),
        Column(t("spot_plans.name"), lambda row: row.name, width=260),
        Column(t("spot_page.purpose"), lambda row: t(f"check_purpose.{row.purpose}"), width=130),
        Column(t("spot_plans.size"), lambda row: row.size, Kind.NUMBER, width=90),
        Column(t("spot_plans.frame_size"), lambda row: row.frame_size, Kind.NUMBER, width=110),
        Column(t("spot_plans.begins"), lambda row: row.begins_on, Kind.DATE, width=110),
        Column(t("spot_plans.ends"), lambda row: row.ends_on, Kind.DATE, width=110),
    ]


def show_record(plan_id: str) -> None:
    record = plan_record(desk, plan_id)
    plan = record.plan
    with record_head(plan.number, plan.name):
        pass
    left, right = two_columns()
    with left:
        show_progress(record)
        show_draw(record)
        section(t("spot_plans.checks"))
        record_table(record.checks, check_columns(), key="plan:checks", open_page="spot_checks")
    with right:
        show_plan(record)
        timeline(record.deeds)


def show_progress(record: PlanRecord) -> None:
    judged = [one for one in record.checks if one.verdict is not None]
    passed = sum(one.verdict == "passed" for one in judged)
    figures(
        {
            t("spot_plans.size"): record.plan.size,
            t("spot_plans.done"): len(judged),
            t("spot_plans.passed"): passed,
            t("spot_plans.left"): len(record.checks) - len(judged),
        }
    )


def show_draw(record: PlanRecord) -> None:
    """What anybody needs to draw the sample again, and whether it comes out the same."""
    plan = record.plan
    section(t("spot_plans.sample"), t("spot_plans.sample_hint"))
    match record.is_same:
        case True:
            st.success(t("spot_plans.same"), icon=":material/verified:")
        case False:
            st.error(t("spot_plans.not_same"), icon=":material/error:")
        case None:
            st.warning(t("spot_plans.no_frame"), icon=":material/folder_off:")
    facts(
        {
            t("spot_plans.seed_drawn"): plan.seed,
            t("spot_plans.frame_digest"): plan.frame_sha256,
            t("spot_plans.frame_size"): f"{plan.frame_size:,}",
            t("spot_plans.rule"): t("spot_plans.rule_words"),
        },
        abreast=1,
    )


def show_plan(record: PlanRecord) -> None:
    plan, names = record.plan, platform_names(desk)
    platforms = listed(names.get(one, one) for one in plan.platforms)
    facts(
        {
            t("spot_page.purpose"): t(f"check_purpose.{plan.purpose}"),
            t("spot_page.basis"): plan.basis,
            t("spot_page.platforms"): platforms or t("spot_plans.all"),
            t("spot_page.provinces"): listed(province_word(one) for one in plan.provinces)
            or t("spot_plans.all"),
            t("spot_page.wants"): wants_word(plan),
            t("spot_plans.days"): f"{day(plan.begins_on)} – {day(plan.ends_on)}",
            t("spot_plans.maker"): record.maker.name if record.maker else "",
            t("spot_page.carrier"): record.carrier.name,
        },
        abreast=1,
    )


def wants_word(plan: SpotCheckPlan) -> str:
    wanted = {"wants_card": plan.wants_card, "wants_identity": plan.wants_identity}
    return listed(t(f"spot_page.{name}") for name, is_wanted in wanted.items() if is_wanted)


def check_columns() -> list[Column[SpotCheck]]:
    return [
        Column(t("spot_page.number"), lambda row: row.number, width=140),
        Column(t("spot_page.subject"), lambda row: row.subject, width=160),
        Column(t("spot_page.state"), lambda row: row.state, Kind.STATE, "check_state", CHECKS, 120),
        Column(t("spot_page.verdict"), lambda row: row.verdict or "", Kind.STATE, "verdict",
               VERDICTS, 110),
        Column(t("spot_page.planned_for"), lambda row: row.planned_for, Kind.DATE, width=110),
    ]  # fmt: skip


desk = my_desk()
list_or_record(show_list, show_record)
