"""What a licence's record shows below its head: notes, facts, versions, who was told."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from console.actions.channel.licences import LicenceRecord
from console.actions.channel.versions import compare_versions
from console.desk import Desk
from console.i18n import listed, t
from console.pages.channel_forms import province_word
from console.pages.frame import plain
from console.pages.kit import (
    Column,
    Kind,
    Tone,
    day,
    facts,
    last_day,
    link_to,
    moment,
    record_table,
    section,
)
from console.pages.licence_forms import show_changes
from models.channel.licences import Licence, LicenceState
from models.channel.tellings import Telling
from models.channel.versions import LicenceVersion

_TONES: Final = {
    "pending": Tone.BUSY,
    "in_force": Tone.GOOD,
    "superseded": Tone.OVER,
    "returned": Tone.WARNING,
    "withdrawn": Tone.OVER,
}
_OVER: Final = (LicenceState.REVOKED, LicenceState.EXPIRED, LicenceState.TERMINATED)


def notes(desk: Desk, record: LicenceRecord) -> None:
    """What the reader must know before anything else."""
    licence, pending = record.licence, record.pending
    if licence.reason:
        st.warning(t("licences_page.why", reason=plain(licence.reason)))
    if licence.remedy:
        st.caption(t("licences_page.remedy_is", remedy=plain(licence.remedy)))
    if licence.revocation_asked_by is not None and licence.state not in _OVER:
        st.info(t("licences_page.asked"))
    if record.missing:
        papers = listed(t(f"paper.{one}") for one in record.missing)
        st.warning(t("licence_page.missing", papers=papers), icon=":material/description:")
        link_to(t("licence_page.to_papers"), "agents", record.agent.id, key="licence:papers")
    if pending is not None:
        reason = plain(pending.reason)
        st.info(t("licence_page.pending", number=pending.number, reason=reason))
        changes = compare_versions(desk, licence.id, licence.scope_version, pending.number)
        show_changes(changes, t("licence_page.same"))


def show_facts(record: LicenceRecord) -> None:
    licence = record.licence
    facts(
        {
            t("licences_page.products"): listed(t(f"product.{one}") for one in licence.products),
            t("licences_page.provinces"): listed(map(province_word, licence.provinces)),
            t("licences_page.begins"): day(licence.begins_on),
            t("licences_page.ends"): day(licence.ends_on),
            t("licences_page.agreement_no"): licence.agreement_no,
            t("licences_page.papers"): listed(t(f"paper.{one}") for one in licence.papers),
            t("licences_page.due"): last_day(licence.approval_due_at),
            t("licences_page.approved"): moment(licence.approved_at),
        }
    )
    with st.container(horizontal=True, gap="small"):
        link_to(record.agent.title, "agents", record.agent.id, key="licence:agent")
        if licence.approved_at is not None:
            st.link_button(
                t("licence_page.certificate"),
                f"/files/licences/{licence.number}.pdf",
                icon=":material/picture_as_pdf:",
                type="tertiary",
            )
        _follows(record)


def _follows(record: LicenceRecord) -> None:
    """The licences before and behind it."""
    if (old := record.renewed) is not None:
        label = f"{t('licence_page.renews')} {old.number}"
        link_to(label, "licences", old.id, key="licence:renewed")
    for new in record.renewals:
        label = f"{t('licence_page.renewed_by')} {new.number}"
        link_to(label, "licences", new.id, key=f"licence:renewal:{new.id}")


def show_versions(desk: Desk, licence: Licence, versions: Sequence[LicenceVersion]) -> None:
    section(t("licence_page.versions"))
    if not versions:
        st.caption(t("licence_page.no_versions"))
        return
    columns = [
        Column[LicenceVersion](t("licence_page.version"), lambda row: row.title, width=70),
        Column[LicenceVersion](
            t("agents_page.state"), lambda row: row.state, Kind.STATE, "version_state", _TONES, 110
        ),
        Column[LicenceVersion](t("licences_page.ends"), lambda row: row.ends_on, Kind.DATE),
        Column[LicenceVersion](t("licence_page.asked"), lambda row: row.asked_at, Kind.MOMENT),
        Column[LicenceVersion](t("licence_page.decided"), lambda row: row.decided_at, Kind.MOMENT),
        Column[LicenceVersion](t("licence_page.version_reason"), lambda row: row.reason, width=220),
    ]
    newest_first = list(reversed(versions))
    record_table(newest_first, columns, key="licence:versions", opens=False)
    if len(versions) > 1:
        _comparing(desk, licence, [one.number for one in versions])


def _comparing(desk: Desk, licence: Licence, numbers: Sequence[int]) -> None:
    """Any two of them, the last two to begin with."""
    with st.expander(t("licence_page.compare")):
        left, right = st.columns(2)
        label, last = t("licence_page.version"), len(numbers) - 1
        first = left.selectbox(label, numbers, index=last - 1, key="licence:first")
        second = right.selectbox(label, numbers, index=last, key="licence:second")
        st.markdown(f"**{t('licence_page.against', first=first, second=second)}**")
        show_changes(compare_versions(desk, licence.id, first, second), t("licence_page.same"))


def show_tellings(tellings: Sequence[Telling]) -> None:
    """Which platforms were told, and what became of it."""
    section(t("licence_page.tellings"))
    if not tellings:
        st.caption(t("licence_page.no_tellings"))
        return
    columns = [
        Column[Telling](t("licence_page.platform"), lambda row: row.platform, width=110),
        Column[Telling](
            t("licence_page.event"), lambda row: t(f"telling_event.{row.event}"), width=120
        ),
        Column[Telling](t("licence_page.told"), lambda row: row.at, Kind.MOMENT),
        Column[Telling](t("licence_page.pushed"), lambda row: row.pushed_at, Kind.MOMENT),
        Column[Telling](
            t("licence_page.acknowledged"), lambda row: row.acknowledged_at, Kind.MOMENT
        ),
        Column[Telling](t("licence_page.due"), lambda row: row.due_at, Kind.DUE),
    ]
    record_table(tellings, columns, key="licence:tellings", open_page="tellings")
