"""Patrol runs: started, followed, stopped; what each read and what it could not."""

from collections.abc import Callable

import streamlit as st

from console.actions.patrol.findings import list_findings, shops_of
from console.actions.patrol.listings import list_listings
from console.actions.patrol.plan import (
    get_run,
    list_runs,
    plan_run,
    review_run,
    run_and_history,
    stop_run,
)
from console.actions.patrol.sources import list_sources
from console.i18n import t
from console.pages.frame import my_desk, plain, refusals_shown, said
from console.pages.kit import (
    Column,
    Kind,
    Next,
    choice,
    chosen_id,
    cursor,
    empty,
    facts,
    figures,
    filters,
    flash,
    labelled,
    moment,
    next_moves,
    open_record,
    page_head,
    pager,
    progress_of,
    record_head,
    record_table,
    section,
    timeline,
    two_columns,
    view,
)
from models.patrol.findings import Finding
from models.patrol.runs import PatrolRun, RunMove, RunState
from models.patrol.shops import SeenListing
from models.permissions import Permission

P = Permission
POLL = 2.0
"""Seconds between two looks at a run that is under way."""
UNDER_WAY = (RunState.PLANNED, RunState.IN_PROGRESS)


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
        found = list_runs(desk, cursor("runs", state), state=wanted)
        if not found.rows:
            empty(t("patrols_page.none"), t("patrols_page.none_next"))
            return
        columns = [
            Column[PatrolRun](t("patrols_page.number"), lambda row: row.number, width=150),
            Column[PatrolRun](t("sources_page.platform"), lambda row: row.platform, width=110),
            Column[PatrolRun](
                t("patrols_page.state"), lambda row: row.state, Kind.STATE, "run_state", width=110
            ),
            *(
                Column[PatrolRun](t(f"patrols_page.{name}"), _count(name), Kind.NUMBER, width=90)
                for name in ("listings", "cards", "shops", "findings", "fault_count")
            ),
            Column[PatrolRun](
                t("patrols_page.planned_at"), lambda row: row.created_at, Kind.MOMENT, width=150
            ),
        ]
        record_table(found.rows, columns, key="runs")
        pager(found, "runs")


def _count(name: str) -> Callable[[PatrolRun], int]:
    return lambda row: getattr(row, name)


@st.fragment(run_every=POLL)
def following(run_id: str, state: RunState) -> None:
    """How far a run is; the whole page comes again when it has begun and when it ends."""
    with refusals_shown():
        run = get_run(desk, run_id)
        if run.state is not state:
            st.rerun(scope="app")
        progress_of(run.steps_done, run.steps, t("patrols_page.progress"))
        funnel(run)


def funnel(run: PatrolRun) -> None:
    names = ("listings", "cards", "shops", "findings")
    figures({t(f"patrols_page.{name}"): getattr(run, name) for name in names})


def show_run(run_id: str) -> None:
    run, deeds = run_and_history(desk, run_id)
    with record_head(run.number, run.platform, area="run_state", state=run.state):
        next_moves(desk, moves(run), run.id)
    left, right = two_columns()
    with left:
        if run.state in UNDER_WAY:
            following(run_id, run.state)
        else:
            funnel(run)
        facts(
            {
                t("patrols_page.by"): run.actor.get("name"),
                t("patrols_page.planned_at"): moment(run.created_at),
                t("patrols_page.started_at"): moment(run.started_at),
                t("patrols_page.ended_at"): moment(run.ended_at),
                t("patrols_page.register"): run.register_sha256,
                **({} if run.state in UNDER_WAY else pages_of(run)),
            }
        )
        show_parts(run)
    with right:
        timeline(deeds)


def pages_of(run: PatrolRun) -> dict[str, str]:
    return {t("patrols_page.pages"): f"{run.steps_done} / {run.steps}"}


def show_parts(run: PatrolRun) -> None:
    parts = ("findings", "cards", "listings", "faults")
    match view({part: t(f"patrols_page.part_{part}") for part in parts}):
        case "findings":
            show_findings(run)
        case "faults":
            show_faults(run)
        case part:
            show_listings(run, cards=True if part == "cards" else None)


def show_findings(run: PatrolRun) -> None:
    found = list_findings(desk, cursor("run:findings"), run_id=run.id)
    if not found.rows:
        word = "no_findings_yet" if run.state in UNDER_WAY else "no_findings"
        empty(t(f"patrols_page.{word}"), t(f"patrols_page.{word}_next"))
        return
    shops = shops_of(desk, found.rows)
    columns = [
        Column[Finding](t("findings_page.number"), lambda row: row.number, width=150),
        Column[Finding](t("findings_page.shop"), lambda row: shops[row.shop_id].name, width=200),
        Column[Finding](
            t("findings_page.ground"), lambda row: row.ground, Kind.STATE, "ground", width=150
        ),
        Column[Finding](
            t("findings_page.state"), lambda row: row.state, Kind.STATE, "finding_state", width=110
        ),
    ]
    record_table(found.rows, columns, key="run:findings", open_page="findings")
    pager(found, "run:findings")


def show_listings(run: PatrolRun, *, cards: bool | None) -> None:
    found = list_listings(desk, cursor("run:listings", cards), run_id=run.id, cards=cards)
    if not found.rows:
        empty(t("patrols_page.no_listings"), t("patrols_page.no_listings_next"))
        return
    columns = [
        Column[SeenListing](t("listing_field.listing_id"), lambda row: row.listing_id, width=120),
        Column[SeenListing](t("listing_field.title"), lambda row: row.title_seen, width=360),
        Column[SeenListing](t("listing_field.price"), lambda row: row.price, Kind.NUMBER, width=90),
        Column[SeenListing](t("patrols_page.score"), lambda row: row.score, Kind.NUMBER, width=80),
        Column[SeenListing](
            t("patrols_page.reasons"), lambda row: row.reasons, Kind.WORDS, width=260
        ),
    ]
    record_table(found.rows, columns, key="run:listings", opens=False)
    pager(found, "run:listings")


def show_faults(run: PatrolRun) -> None:
    if not run.fault_count:
        empty(t("patrols_page.no_faults"), t("patrols_page.no_faults_next"))
        return
    section(t("patrols_page.faults_of", n=run.fault_count, shown=len(run.faults)))
    for fault in run.faults:
        words = said(f"source_fault.{fault['word']}", "")
        try:
            text = words.format(**{name: plain(one) for name, one in fault["facts"].items()})
        except (KeyError, IndexError):
            text = ""
        st.markdown(f":material/warning: {text or plain(fault['word'])}")
        st.caption(plain(fault["url"]))


def moves(run: PatrolRun) -> list[Next]:
    def stop(reason: str) -> None:
        stop_run(desk, run.id, reason)

    def review(_reason: str) -> None:
        review_run(desk, run.id)

    return [
        Next("stop", t("patrols_page.stop"), t("patrols_page.stop_will"), stop, P.PATROL_RUN,
             is_open=RunMove.STOP in run.open_moves(), reason=True, icon=":material/stop_circle:"),
        Next("review", t("patrols_page.review"), t("patrols_page.review_will"), review,
             P.FINDING_CONFIRM, is_open=RunMove.REVIEW in run.open_moves(),
             icon=":material/fact_check:"),
    ]  # fmt: skip


desk = my_desk()
if (chosen := chosen_id()) is None:
    show_list()
else:
    with refusals_shown():
        show_run(chosen)
