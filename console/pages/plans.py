"""Plans: which source is patrolled when, and by whom; what became of their runs."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import streamlit as st

from console.actions.patrol.plans import (
    PlanRecord,
    add_plan,
    edit_plan,
    list_plans,
    pause_plan,
    plan_record,
    possible_assignees,
    resume_plan,
)
from console.actions.patrol.sources import list_sources
from console.actions.patrol.starting import run_plan_now
from console.i18n import t
from console.pages.channel_forms import unpacked
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    Next,
    Tone,
    choice,
    cursor,
    day,
    empty,
    facts,
    filters,
    flash,
    link_to,
    list_or_record,
    list_tools,
    moment,
    next_moves,
    open_record,
    page_head,
    pager,
    record_head,
    record_table,
    section,
    stacked_chart,
    timeline,
    two_columns,
)
from console.pages.plan_forms import plan_fields, terms_of
from models.patrol.plans import PatrolPlan, at_hour
from models.patrol.runs import PatrolRun
from models.permissions import Permission
from models.rules import china_day

P = Permission
STATES = {"on": Tone.GOOD, "late": Tone.BAD, "paused": Tone.OVER}


def state_of(plan: PatrolPlan) -> str:
    """On, late (its turn has passed and nothing began), or paused."""
    if plan.paused_at is not None:
        return "paused"
    return "late" if china_day(plan.next_at) < china_day(desk.now()) else "on"


def show_list() -> None:
    with page_head(t("plans_page.title"), t("plans_page.hint")):
        next_moves(desk, [adding()], "plans")
    with filters():
        options = {word: t(f"plan_state.{word}") for word in ("on", "paused")}
        state = choice("state", t("plans_page.state"), options)
    with refusals_shown():
        wanted = None if state is None else state == "paused"
        list_tools(desk, "plans")
        found = list_plans(desk, cursor("plans", state), paused=wanted)
        if not found.rows:
            empty(t("plans_page.none"), t("plans_page.none_next"))
            return
        sources = {row.id: row.name for row in list_sources(desk, limit=200).rows}
        columns = [
            Column[PatrolPlan](t("plans_page.name"), lambda row: row.name, width=200),
            Column[PatrolPlan](
                t("plans_page.source"), lambda row: sources.get(row.source_id), width=160
            ),
            Column[PatrolPlan](
                t("plans_page.state"), state_of, Kind.STATE, "plan_state", STATES, 100
            ),
            Column[PatrolPlan](
                t("plans_page.cadence"), lambda row: t(f"cadence.{row.cadence}"), width=90
            ),
            Column[PatrolPlan](t("plans_page.share_short"), lambda row: f"{row.share} %", width=90),
            Column[PatrolPlan](t("plans_page.next"), lambda row: row.next_at, Kind.MOMENT),
            Column[PatrolPlan](t("plans_page.hours"), hours_of, width=120),
        ]
        record_table(found.rows, columns, key="plans")
        pager(found, "plans")


def hours_of(plan: PatrolPlan) -> str:
    if (plan.from_hour, plan.until_hour) == (0, 24):
        return t("plans_page.all_day")
    return f"{plan.from_hour:02d}:00–{plan.until_hour:02d}:00"


def begins_at(words: str) -> datetime | None:
    """When the day that was chosen begins, at the window's hour; None for today: at once."""
    given = unpacked(words)
    if not given["next"] or given["next"] == "None":
        return None
    wanted = date.fromisoformat(given["next"])
    if wanted <= china_day(desk.now()):
        return None
    return at_hour(wanted, int(given["begins"]))


def adding() -> Next:
    def ask(key: str) -> str:
        sources = {
            row.name: row.id
            for row in list_sources(desk, limit=200).rows
            if row.disabled_at is None
        }
        if not sources:
            st.caption(t("patrols_page.no_source"))
            return ""
        today = china_day(desk.now())
        return plan_fields(key, sources, possible_assignees(desk), first=today)

    def add(words: str) -> None:
        given = unpacked(words)
        plan = add_plan(
            desk, given["name"], given["source"], terms_of(words), first_at=begins_at(words)
        )
        flash(t("plans_page.added", name=plain(plan.name)))
        open_record(None, plan.id)

    return Next("add", t("plans_page.add"), t("plans_page.add_will"), add, P.PLAN_EDIT,
                ask=ask, icon=":material/add:", main=True)  # fmt: skip


def show_plan(plan_id: str) -> None:
    record = plan_record(desk, plan_id)
    plan = record.plan
    with record_head(
        record.source.name, plan.name, area="plan_state", state=state_of(plan), tones=STATES
    ):
        next_moves(desk, moves(plan), plan.id)
    left, right = two_columns()
    with left:
        for warning in record.warnings:
            st.warning(t(f"plan_warning.{warning}"), icon=":material/warning:")
        if plan.pause_reason:
            st.info(plain(plan.pause_reason), icon=":material/pause_circle:")
        show_facts(record)
        show_runs(record.runs)
    with right:
        link_to(record.source.name, "sources", record.source.id, key="to:source")
        timeline(record.deeds)


def show_facts(record: PlanRecord) -> None:
    plan, people = record.plan, record.people

    def name_of(user_id: UUID | None) -> str | None:
        return people[user_id].name if user_id is not None and user_id in people else None

    facts(
        {
            t("plans_page.next"): moment(plan.next_at),
            t("plans_page.cadence"): t(f"cadence.{plan.cadence}"),
            t("plans_page.hours"): hours_of(plan),
            t("plans_page.share"): f"{plan.share} %",
            t("plans_page.assignee"): name_of(plan.assignee_id) or t("plans_page.assignee_none"),
            t("plans_page.substitute"): name_of(plan.substitute_id)
            or t("plans_page.substitute_none"),
            t("plans_page.planner"): name_of(plan.planned_by),
            t("plans_page.since"): day(plan.created_at),
        }
    )


def show_runs(runs: Sequence[PatrolRun]) -> None:
    section(t("plans_page.runs"), t("plans_page.runs_hint"))
    if not runs:
        empty(t("plans_page.no_runs"), t("plans_page.no_runs_next"))
        return
    if len(runs) > 1:
        in_order = list(reversed(runs))
        parts = {
            t("plans_page.held_against"): [
                one.flagged_shops - one.licensed_shops for one in in_order
            ],
            t("plans_page.lawful"): [one.licensed_shops for one in in_order],
        }
        names = [f"{day(one.created_at)[5:]} {one.number[-6:]}" for one in in_order]
        stacked_chart(t("plans_page.chart"), names, parts, key="plan:runs")
    columns = [
        Column[PatrolRun](t("patrols_page.number"), lambda row: row.number, width=150),
        Column[PatrolRun](
            t("patrols_page.state"), lambda row: row.state, Kind.STATE, "run_state", width=110
        ),
        Column[PatrolRun](t("patrols_page.planned_at"), lambda row: row.created_at, Kind.MOMENT),
        Column[PatrolRun](t("patrols_page.listings"), lambda row: row.listings, Kind.NUMBER),
        Column[PatrolRun](t("run_stage.flagged"), lambda row: row.flagged, Kind.NUMBER),
        Column[PatrolRun](t("patrols_page.findings"), lambda row: row.findings, Kind.NUMBER),
    ]
    record_table(runs, columns, key="plan:runs:table", open_page="patrols")


def moves(plan: PatrolPlan) -> list[Next]:
    is_mine = desk.actor.is_house or plan.organisation_id in desk.actor.organisations
    is_on = plan.paused_at is None

    def ask(key: str) -> str:
        return plan_fields(key, {}, possible_assignees(desk), plan)

    def edit(words: str) -> None:
        given = unpacked(words)
        edit_plan(desk, plan.id, terms_of(words), name=given["name"], next_at=begins_at(words),
                  version=plan.version)  # fmt: skip

    def pause(reason: str) -> None:
        pause_plan(desk, plan.id, reason, version=plan.version)

    def resume(_reason: str) -> None:
        resume_plan(desk, plan.id, version=plan.version)

    def now(_reason: str) -> None:
        run = run_plan_now(desk, plan.id)
        flash(t("patrols_page.planned", number=run.number))
        open_record("patrols", run.id)

    return [
        Next("now", t("plans_page.now"), t("plans_page.now_will"), now, P.PATROL_RUN,
             is_open=is_mine, icon=":material/play_arrow:", main=is_on),
        Next("edit", t("plans_page.edit"), t("plans_page.edit_will"), edit, P.PLAN_EDIT,
             is_open=is_mine, ask=ask, icon=":material/edit:"),
        Next("pause", t("plans_page.pause"), t("plans_page.pause_will"), pause, P.PLAN_EDIT,
             is_open=is_mine and is_on, reason=True, icon=":material/pause:",
             undo=lambda now: resume_plan(now, plan.id)),
        Next("resume", t("plans_page.resume"), t("plans_page.resume_will"), resume, P.PLAN_EDIT,
             is_open=is_mine and not is_on, icon=":material/play_circle:", main=True),
    ]  # fmt: skip


desk = my_desk()
list_or_record(show_list, show_plan)
