"""Monitoring of industry cards: files of daily use, what they showed, and what is under watch."""

import streamlit as st

from console.actions.cards.industry.runs import (
    UNDER_WAY,
    RunRecord,
    list_runs,
    plan_run,
    run_record,
    the_run,
)
from console.actions.cards.industry.watch import end_watch, list_watch
from console.i18n import t
from console.pages.frame import my_desk, plain, refusal_text, refusals_shown
from console.pages.industry_parts import paper_links
from console.pages.industry_words import TONES
from console.pages.kit import (
    Column,
    Kind,
    Next,
    bar_chart,
    cursor,
    day,
    empty,
    facts,
    figures,
    flash,
    link_to,
    list_or_record,
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
from console.pages.run_words import kept_word, origin_word, say_file
from console.pages.usage_words import finding_columns
from models.cards.monitoring import MonitoringRun, MonitoringState, WatchEntry
from models.permissions import Permission
from models.refusals import Refusal

P = Permission
WATCHED_EVERY = "2s"
_MEGABYTES = 200


def show_list() -> None:
    with page_head(t("monitoring_page.title"), t("monitoring_page.hint")):
        if desk.actor.may(P.USAGE_IMPORT):
            bringing()
    part = view({one: t(f"monitoring_page.{one}") for one in ("runs", "watch")})
    with refusals_shown():
        if part == "runs":
            show_runs()
        else:
            show_watch()


def bringing() -> None:
    round_ = int(st.session_state.get("monitoring:round", 0))
    with st.popover(
        t("monitoring_page.bring"),
        icon=":material/upload_file:",
        type="primary",
        key=f"monitoring:bring:{round_}",
    ):
        st.caption(t("monitoring_page.columns"))
        given = st.file_uploader(
            t("monitoring_page.file"),
            type=["csv", "txt", "xlsx", "parquet"],
            key=f"monitoring:file:{round_}",
            max_upload_size=_MEGABYTES,
        )
        sure = st.button(t("monitoring_page.bring"), key="monitoring:sure", type="primary")
        if sure and given is not None:
            with refusals_shown():
                run = plan_run(desk, given.name, given.getvalue())
                st.session_state["monitoring:round"] = round_ + 1
                flash(t("monitoring_page.planned", number=run.number))
                open_record(None, run.id)


def show_runs() -> None:
    found = list_runs(desk, after=cursor("runs"))
    if not found.rows:
        empty(t("monitoring_page.none"), t("monitoring_page.none_next"))
        return
    columns = [
        Column[MonitoringRun](t("monitoring_page.number"), lambda row: row.number, width=160),
        Column[MonitoringRun](
            t("monitoring_page.state"),
            lambda row: row.state,
            Kind.STATE,
            "monitoring_state",
            TONES,
            100,
        ),
        Column[MonitoringRun](t("monitoring_page.file"), lambda row: row.file_name, width=165),
        Column[MonitoringRun](t("run_page.origin"), origin_word, width=110),
        Column[MonitoringRun](t("monitoring_page.first_day"), lambda row: row.first_day, Kind.DATE),
        Column[MonitoringRun](t("monitoring_page.last_day"), lambda row: row.last_day, Kind.DATE),
        Column[MonitoringRun](t("monitoring_page.records"), lambda row: row.records, Kind.NUMBER),
        Column[MonitoringRun](t("monitoring_page.hits"), lambda row: row.hits, Kind.NUMBER),
        Column[MonitoringRun](t("monitoring_page.findings"), lambda row: row.findings, Kind.NUMBER),
        Column[MonitoringRun](t("monitoring_page.at"), lambda row: row.created_at, Kind.MOMENT),
    ]
    record_table(found.rows, columns, key="runs")
    pager(found, "runs")


def show_watch() -> None:
    found = list_watch(desk, after=cursor("watch"))
    if not found.rows:
        empty(t("monitoring_page.no_watch"), t("monitoring_page.no_watch_next"))
        return
    for row in found.rows:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(row.iccid or t('usage_page.whole_batch'))}**", width="content")
            st.caption(
                t("monitoring_page.until", day=day(row.until), reason=plain(row.reason)),
                width="stretch",
            )
            if row.iccid:
                of_card = {"tab": "use", "card": row.iccid}
                key = f"watch:card:{row.id}"
                link_to(t("card_page.open"), "industry", row.batch_id, key=key, **of_card)
            link_to(t("monitoring_page.batch"), "industry", row.batch_id, key=f"watch:{row.id}")
            next_moves(desk, [ending(row)], row.id)
    pager(found, "watch")


def ending(row: WatchEntry) -> Next:
    def end(why: str) -> None:
        end_watch(desk, row.id, why)

    return Next(
        "end",
        t("monitoring_page.end"),
        t("monitoring_page.end_will"),
        end,
        P.USAGE_JUDGE,
        reason=True,
        icon=":material/visibility_off:",
    )


@st.fragment(run_every=WATCHED_EVERY)
def watched(run_id: str) -> None:
    """How far it has got, until it ends."""
    with refusals_shown():
        run = the_run(my_desk(), run_id)
        if run.state not in UNDER_WAY:
            st.rerun()
        if run.hits:
            progress_of(run.dealt_with, run.hits, t("monitoring_page.progress"))
        st.caption(t("monitoring_page.waits"))


def show_record(run_id: str) -> None:
    record = run_record(desk, run_id, cursor("run:findings", run_id))
    run = record.run
    with record_head(
        run.number, run.file_name, area="monitoring_state", state=run.state, tones=TONES
    ):
        pass
    if run.state not in UNDER_WAY:
        show_figures(run)
    left, right = two_columns()
    with left:
        if run.state in UNDER_WAY:
            watched(run_id)
        else:
            show_result(record)
    with right:
        timeline(record.deeds)


def show_figures(run: MonitoringRun) -> None:
    if run.fault is not None:
        no = Refusal(run.fault["code"], **run.fault["facts"])
        st.error(refusal_text(no), icon=":material/block:")
    figures(
        {
            t("monitoring_page.records"): run.records,
            t("monitoring_page.cards"): run.cards,
            t("monitoring_page.unknown"): run.unknown_cards,
            t("monitoring_page.hits"): run.hits,
            t("monitoring_page.findings"): run.findings,
        },
        {t("monitoring_page.unknown"): t("monitoring_page.unknown_hint")},
    )


def show_result(record: RunRecord) -> None:
    run = record.run
    say_file(record)
    show_found(record)
    if run.by_rule:
        named = {t(f"usage_rule.{rule}"): count for rule, count in run.by_rule.items()}
        bar_chart(t("monitoring_page.by_rule"), named, key="run:rules", lying=True)
    facts(
        {
            t("monitoring_page.first_day"): day(run.first_day),
            t("monitoring_page.last_day"): day(run.last_day),
            t("monitoring_page.bad_rows"): f"{run.bad_rows:,}",
            t("monitoring_page.batches"): f"{run.batches:,}",
            t("monitoring_page.at"): moment(run.created_at),
            t("monitoring_page.ended_at"): moment(run.ended_at),
            t("run_page.origin"): origin_word(run),
            t("run_page.kept"): kept_word(record),
            t("monitoring_page.rules"): ", ".join(run.rules),
            "SHA-256": run.sha256,
        }
    )
    show_files(run)


def show_files(run: MonitoringRun) -> None:
    """All that it hit and all that could not be read, for as long as they are kept."""
    if run.is_file_gone:
        return
    at, links = f"/files/usage-runs/{run.id}", dict[str, str]()
    if run.result_sha256:
        links[f"{at}/hits.parquet"] = t("monitoring_page.all_hits")
    if run.rejects_sha256:
        links[f"{at}/rejects.csv"] = t("monitoring_page.rejects")
    paper_links(links)


def show_found(record: RunRecord) -> None:
    section(t("monitoring_page.new_findings"))
    if record.findings.rows:
        record_table(
            record.findings.rows,
            finding_columns(short=True),
            key="run:findings",
            open_page="usage_findings",
        )
        pager(record.findings, "run:findings")
    elif record.run.state is MonitoringState.DONE:
        st.success(t("monitoring_page.nothing_found"))


desk = my_desk()
list_or_record(show_list, show_record)
