"""Where the file of a run comes from, and how long it is kept, in words."""

import streamlit as st

from console.actions.cards.industry.old_files import kept_until
from console.actions.cards.industry.runs import RunRecord
from console.i18n import t
from console.pages.kit import day
from models.cards.monitoring import MonitoringRun


def origin_word(run: MonitoringRun) -> str:
    if run.parts:
        return t("run_page.put_together", n=run.parts)
    return t("run_page.part" if run.is_part else "run_page.whole")


def kept_word(record: RunRecord) -> str:
    if record.run.is_file_gone:
        return t("run_page.gone_on", day=_gone_on(record))
    return t("run_page.kept_until", day=day(kept_until(record.run.created_at)))


def say_file(record: RunRecord) -> None:
    """What the reader must know of the file before its figures."""
    run = record.run
    if run.is_file_gone:
        st.info(t("run_page.file_gone", day=_gone_on(record)), icon=":material/folder_off:")
    if run.parts:
        st.caption(t("run_page.was_put_together", n=run.parts, day=day(run.first_day)))
    elif run.is_part:
        st.caption(t("run_page.is_part"))


def _gone_on(record: RunRecord) -> str:
    """As the deed says: a run is not written to for its own sake."""
    deeds = (one.at for one in record.deeds if one.deed == "monitoring.files_deleted")
    return day(next(deeds, None))
