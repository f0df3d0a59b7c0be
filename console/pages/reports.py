"""Kept reports of each week and month, and how things stand now, as files to take away."""

from collections.abc import Mapping
from uuid import UUID

import pandas as pd
import streamlit as st

from console.actions.oversight.pictures import picture
from console.actions.oversight.report_files import ReportFormat
from console.actions.oversight.reports import Report, list_reports, report
from console.actions.oversight.told import (
    GROUPS,
    NOTHING,
    counts_word,
    interval_word,
    standing_word,
    value_word,
)
from console.desk import Desk
from console.i18n import Language, spoken, t
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    Tone,
    back_to_list,
    cursor,
    empty,
    facts,
    figures_grid,
    link_to,
    list_or_record,
    moment,
    page_head,
    pager,
    record_table,
    section,
)
from console.pages.kit.layout import box
from console.pages.picture_parts import headline, how
from console.pages.picture_parts_charts import caution
from models.oversight.figures import OversightReport
from models.oversight.reading import standing

PERIODS: Mapping[str, Tone] = {"week": Tone.BUSY, "month": Tone.GOOD}


def show_list() -> None:
    with page_head(t("reports.title"), t("reports.hint")):
        link_to(t("picture.title"), "overview", key="to:overview")
    show_now()
    found = list_reports(desk, cursor("reports"))
    if not found.rows:
        empty(t("reports.none"), t("reports.none_next"))
        return
    columns = [
        Column[OversightReport](t("reports.name"), lambda row: row.name, width=130),
        Column[OversightReport](
            t("reports.period"), lambda row: row.period, Kind.STATE, "report_period", PERIODS, 120
        ),
        Column[OversightReport](t("reports.counted"), lambda row: row.counted_at, Kind.MOMENT),
        Column[OversightReport](t("reports.made"), lambda row: row.made_at, Kind.MOMENT),
        Column[OversightReport](t("reports.sha256"), lambda row: row.sha256[:16]),
    ]
    record_table(found.rows, columns, key="reports")
    pager(found, "reports")


def show_now() -> None:
    seen = picture(desk)
    with st.container(border=True):
        st.markdown(f"**{t('reports.now')}**")
        if seen.made_at is None:
            st.caption(t("reports.none_yet"))
            return
        st.caption(t("reports.now_hint", at=moment(seen.made_at)))
        downloads("now", t("reports.now_pdf"), t("reports.now_xlsx"))


def downloads(which: UUID | str, pdf: str, xlsx: str) -> None:
    """In either language: what is handed on is not always read in one's own."""
    words = {ReportFormat.PDF: pdf, ReportFormat.XLSX: xlsx}
    icons = {ReportFormat.PDF: "picture_as_pdf", ReportFormat.XLSX: "table_view"}
    own = spoken.get()
    other = Language.EN if own is Language.ZH else Language.ZH
    with box("kit_downloads", horizontal=True, gap="small"):
        for language in (own, other):
            mark = "" if language is own else f" · {_NAMES[language]}"
            for kind, word in words.items():
                st.link_button(
                    f"{word}{mark}",
                    f"/files/oversight/{which}.{kind}?language={language}",
                    icon=f":material/{icons[kind]}:",
                    type="primary" if language is own else "secondary",
                )


_NAMES = {Language.ZH: "中文", Language.EN: "English"}


def show_record(report_id: str) -> None:
    found = report(desk, report_id)
    kept = found.kept
    period = t(f"report_period.{kept.period}")
    back_to_list()
    with page_head(t("reports.record_title", period=period, name=kept.name)):
        link_to(t("picture.title"), "overview", key="to:overview")
    if found.is_whole:
        downloads(kept.id, t("reports.download_pdf"), t("reports.download_xlsx"))
    else:
        st.error(t("reports.altered_hint"), icon=":material/gpp_bad:")
    facts(
        {
            t("reports.organisation"): found.organisation,
            t("reports.counted"): moment(kept.counted_at),
            t("reports.made"): moment(kept.made_at),
            t("reports.is_whole"): t("reports.whole" if found.is_whole else "reports.altered"),
        },
        abreast=4,
    )
    st.caption(t("reports.sha256"))
    st.code(kept.sha256, language=None, wrap_lines=True)
    headline(found.picture, None)
    show_figures(found)


def show_figures(found: Report) -> None:
    section(t("reports.figures"))
    order = list(dict.fromkeys(one for group in GROUPS.values() for one in group))
    rows = [(one, found.picture.now(one)) for one in order]
    table = pd.DataFrame(
        {
            t("picture.indicator"): [t(f"indicator.{one}") for one, _ in rows],
            t("picture.value"): [value_word(figure) for _, figure in rows],
            t("picture.counts"): [counts_word(figure) or NOTHING for _, figure in rows],
            t("picture.interval"): [interval_word(figure) or NOTHING for _, figure in rows],
            t("picture.standing"): [standing_word(standing(figure)) for _, figure in rows],
        }
    )
    figures_grid(table, key="reports:figures")
    caution()
    with st.expander(t("reports.definitions"), icon=":material/help:"):
        for one in order:
            st.markdown(f"**{plain(t(f'indicator.{one}'))}**")
            st.caption(how(one))


desk: Desk = my_desk()
with refusals_shown():
    list_or_record(show_list, show_record)
