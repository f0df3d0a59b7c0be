"""Patrol runs: started, followed, stopped; what each read, found, drew, and could not read."""

from collections.abc import Callable

import streamlit as st

from console.actions.patrol.checks import list_checks, shops_of_checks
from console.actions.patrol.findings import list_findings, shops_of
from console.actions.patrol.following import RunRecord, follow_run, run_record
from console.actions.patrol.handing_in import explain_delay, hand_in_run
from console.actions.patrol.listings import list_listings
from console.actions.patrol.plan import list_runs, plan_run, stop_run
from console.actions.patrol.sources import list_sources
from console.i18n import t
from console.pages import run_parts
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    Next,
    choice,
    cursor,
    empty,
    facts,
    filters,
    flash,
    labelled,
    link_to,
    list_or_record,
    list_tools,
    moment,
    next_moves,
    open_record,
    page_head,
    pager,
    progress_of,
    record_head,
    record_table,
    timeline,
    two_columns,
    view,
)
from console.pages.kit.records import PAGES_FOLDER
from console.pages.patrol_words import ANSWERS, FINDINGS, GROUNDS, LABELS, TIERS
from models.patrol.checks import ITEMS, CheckAnswer, ShopCheck
from models.patrol.findings import Finding
from models.patrol.runs import PatrolRun, RunMove, RunState
from models.patrol.shops import SeenListing
from models.permissions import Permission

P = Permission
POLL = 5.0
"""Seconds between two looks at a run that is under way."""
UNDER_WAY = (RunState.PLANNED, RunState.IN_PROGRESS)
PARTS = ("findings", "flagged", "listings", "faults", "draw", "evidence")


def starting() -> None:
    sources = {row.name: row.id for row in list_sources(desk).rows if row.disabled_at is None}
    with st.popover(t("patrols_page.start"), icon=":material/play_arrow:", type="primary"):
        if not sources:
            st.caption(t("patrols_page.no_source"))
            return
        name = st.selectbox(t("sources_page.name"), list(sources), key="patrols:source")
        if st.button(t("patrols_page.start"), key="patrols:start") and name:
            with refusals_shown():
                run = plan_run(desk, sources[name])
                flash(t("patrols_page.planned", number=run.number))
                open_record(None, run.id)


def show_list() -> None:
    with page_head(t("patrols_page.title"), t("patrols_page.hint")):
        if desk.actor.may(P.PATROL_RUN):
            starting()
    with filters():
        options = labelled("run_state", list(RunState))
        state = choice("state", t("patrols_page.state"), options)
    with refusals_shown():
        wanted = RunState(state) if state else None
        tools = list_tools(desk, "patrols")
        found = list_runs(desk, cursor("runs", state, tools.sort), state=wanted, order=tools.order)
        if not found.rows:
            empty(t("patrols_page.none"), t("patrols_page.none_next"))
            return
        counted = ("listings", "flagged", "shops", "findings", "fault_count")
        columns = [
            Column[PatrolRun](t("patrols_page.number"), lambda row: row.number, width=150),
            Column[PatrolRun](t("sources_page.platform"), lambda row: row.platform, width=110),
            Column[PatrolRun](
                t("patrols_page.state"), lambda row: row.state, Kind.STATE, "run_state", width=110
            ),
            Column[PatrolRun](t("run_page.overdue"), late, Kind.WORDS, width=90),
            *(
                Column[PatrolRun](label_of(name), _count(name), Kind.NUMBER, width=90)
                for name in counted
            ),
            Column[PatrolRun](
                t("patrols_page.planned_at"), lambda row: row.created_at, Kind.MOMENT, width=150
            ),
        ]
        record_table(found.rows, tools.shown(columns), key="runs")
        tools.pager(found, "runs")


def label_of(name: str) -> str:
    return t("run_stage.flagged") if name == "flagged" else t(f"patrols_page.{name}")


def late(run: PatrolRun) -> list[str]:
    is_late = run.state in UNDER_WAY and (
        run.overdue_at is not None or (run.due_at is not None and run.due_at <= desk.now())
    )
    return [t("run_page.overdue")] if is_late else []


def _count(name: str) -> Callable[[PatrolRun], int]:
    return lambda row: getattr(row, name)


@st.fragment(run_every=POLL)
def following(run_id: str, state: RunState, drawn: int) -> None:
    """How far a run is; the whole page comes again when it goes on to something else."""
    with refusals_shown():
        seen = follow_run(desk, run_id)
        if seen.run.state is not state or seen.run.drawn != drawn:
            st.rerun(scope="app")
        run_parts.phases(seen.phases, seen.run, desk.now().timestamp())
        run_parts.headline(seen.run)


def show_run(run_id: str) -> None:
    record = run_record(desk, run_id)
    run = record.run
    with record_head(run.number, run.platform, area="run_state", state=run.state):
        next_moves(desk, moves(run), run.id)
    if record.is_sample:
        st.info(t("run_page.sample"), icon=":material/science:")
    if late(run):
        reason = plain(run.overdue_reason) if run.overdue_reason else t("run_page.say_why")
        st.warning(f"{t('run_page.overdue')} · {moment(run.due_at)} · {reason}")
    left, right = two_columns()
    with left:
        if run.state in UNDER_WAY:
            following(run_id, run.state, run.drawn)
        else:
            run_parts.headline(run)
        run_parts.news(run, run.flagged)
        run_parts.dismissed(record.dismissed)
        show_parts(record)
    with right:
        beside(record)
        timeline(record.deeds)


def beside(record: RunRecord) -> None:
    run = record.run
    run_parts.funnel(stages(record), key=f"run:funnel:{run.id}")
    facts(
        {
            t("patrols_page.by"): run.actor.get("name"),
            t("patrols_page.planned_at"): moment(run.created_at),
            t("patrols_page.started_at"): moment(run.started_at),
            t("patrols_page.ended_at"): moment(run.ended_at),
        }
    )
    if record.plan is not None:
        link_to(record.plan.name, "plans", record.plan.id, key="to:plan")


def stages(record: RunRecord) -> dict[str, int]:
    run = record.run
    pages = record.phases.get("pages", (0, 0))[0]
    found = {
        "listings": run.listings,
        "flagged": run.flagged,
        "shops": run.flagged_shops or run.shops,
        "findings": run.findings,
    }
    return ({"pages": pages} if pages else {}) | found


def show_parts(record: RunRecord) -> None:
    run = record.run
    words = {part: t(f"run_page.part_{part}") for part in PARTS}
    if run.fault_count:
        words["faults"] = f"{words['faults']} {run.fault_count:,}"
    match view(words):
        case "findings":
            show_findings(run)
        case "faults":
            run_parts.faults(run)
        case "draw":
            show_draw(run)
        case "evidence":
            run_parts.evidence(run, record.stamp)
        case part:
            show_listings(run, flagged=part == "flagged")


def show_findings(run: PatrolRun) -> None:
    found = list_findings(desk, cursor("run:findings"), run_id=run.id)
    if not found.rows:
        word = "no_findings_yet" if run.state in UNDER_WAY else "no_findings"
        empty(t(f"patrols_page.{word}"), t(f"patrols_page.{word}_next"))
        return
    if desk.actor.may(P.FINDING_CONFIRM) and st.button(
        t("run_page.triage"), key="run:triage", icon=":material/playlist_add_check:"
    ):
        st.switch_page(PAGES_FOLDER / "triage.py", query_params={"run": str(run.id)})
    shops = shops_of(desk, found.rows)
    columns = [
        Column[Finding](t("findings_page.shop"), lambda row: shops[row.shop_id].name, width=200),
        Column[Finding](
            t("findings_page.ground"), lambda row: row.ground, Kind.STATE, "ground", GROUNDS, 150
        ),
        Column[Finding](
            t("findings_page.tier"), lambda row: row.tier, Kind.STATE, "tier", TIERS, 80
        ),
        Column[Finding](t("triage_page.risk"), lambda row: row.risk, Kind.NUMBER, width=70),
        Column[Finding](
            t("findings_page.state"),
            lambda row: row.state, Kind.STATE, "finding_state", FINDINGS, 100,
        ),
        Column[Finding](t("findings_page.number"), lambda row: row.number, width=150),
    ]  # fmt: skip
    record_table(found.rows, columns, key="run:findings", open_page="findings")
    pager(found, "run:findings")


def show_listings(run: PatrolRun, *, flagged: bool) -> None:
    only_new = flagged and st.toggle(t("run_page.only_new"), key="run:only_new")
    found = list_listings(
        desk,
        cursor("run:listings", flagged, only_new),
        run_id=run.id,
        flagged=flagged,
        only_new=only_new,
    )
    if not found.rows:
        empty(t("patrols_page.no_listings"), t("patrols_page.no_listings_next"))
        return
    columns = [
        Column[SeenListing](t("listing_field.title"), lambda row: row.title_seen, width=340),
        Column[SeenListing](
            t("run_page.label"), lambda row: row.label, Kind.STATE, "label", LABELS, 130
        ),
        Column[SeenListing](t("run_page.severity"), lambda row: row.severity, Kind.NUMBER,
                            width=70),
        Column[SeenListing](
            t("patrols_page.reasons"), lambda row: row.reasons, Kind.WORDS, width=260
        ),
        Column[SeenListing](t("listing_field.price"), lambda row: row.price, Kind.NUMBER, width=80),
        Column[SeenListing](t("listing_field.listing_id"), lambda row: row.listing_id, width=120),
    ]  # fmt: skip
    record_table(found.rows, columns, key="run:listings", opens=False)
    pager(found, "run:listings")


def show_draw(run: PatrolRun) -> None:
    run_parts.draw(run)
    if not (run.share or run.asked_shops):
        return
    found = list_checks(desk, cursor("run:checks"), run_id=run.id)
    if not found.rows:
        empty(t("run_page.no_checks"), t("run_page.no_checks_next"))
        return
    progress_of(run.checked, run.drawn, t("run_page.checks_done"))
    if st.button(t("run_page.fill"), key="run:fill", icon=":material/rule:"):
        st.switch_page(PAGES_FOLDER / "checks.py", query_params={"run": str(run.id)})
    shops = shops_of_checks(desk, found.rows)
    columns = [
        Column[ShopCheck](t("shops_page.name"), lambda row: shops[row.shop_id].name, width=220),
        Column[ShopCheck](
            t("checks_page.answered"), lambda row: f"{len(row.answers)} / {len(ITEMS)}", width=90
        ),
        Column[ShopCheck](
            t("checks_page.answers"), worst, Kind.STATE, "check_answer", ANSWERS, 110
        ),
        Column[ShopCheck](t("checks_page.done_at"), lambda row: row.done_at, Kind.MOMENT),
        Column[ShopCheck](
            t("checks_page.second"),
            lambda row: [t("checks_page.drawn_again")] if row.is_review_drawn else [],
            Kind.WORDS, width=110,
        ),
    ]  # fmt: skip
    record_table(found.rows, columns, key="run:checks", open_page="checks")
    pager(found, "run:checks")


def worst(check: ShopCheck) -> str:
    if check.done_at is None:
        return ""
    answers = {**check.answers, **check.settled}.values()
    return CheckAnswer.BAD if CheckAnswer.BAD in answers else CheckAnswer.GOOD


def moves(run: PatrolRun) -> list[Next]:
    def stop(reason: str) -> None:
        stop_run(desk, run.id, reason)

    def hand_in(reason: str) -> None:
        hand_in_run(desk, run.id, reason)

    def explain(reason: str) -> None:
        explain_delay(desk, run.id, reason)

    is_mine = desk.actor.is_house or run.organisation_id in desk.actor.organisations
    is_late = bool(late(run))
    is_full = run.drawn_at is not None and run.checked >= run.drawn
    return [
        Next("hand_in", t("run_page.hand_in"), t("run_page.hand_in_will"), hand_in, P.CHECK_FILL,
             is_open=is_mine and is_full and run.state is RunState.IN_PROGRESS,
             reason=is_late and not run.overdue_reason, icon=":material/task_alt:", main=True),
        Next("explain", t("run_page.explain"), t("run_page.explain_will"), explain, P.CHECK_FILL,
             is_open=is_mine and is_late, reason=True, icon=":material/history_edu:"),
        Next("stop", t("patrols_page.stop"), t("patrols_page.stop_will"), stop, P.PATROL_RUN,
             is_open=RunMove.STOP in run.open_moves(), reason=True, icon=":material/stop_circle:"),
    ]  # fmt: skip


desk = my_desk()
list_or_record(show_list, show_run)
