"""The reads of a check: each with its signature, verified anew, and its receipt."""

import streamlit as st

from console.actions.checks.card_reads import ReadRecord, read_record
from console.actions.checks.read_proofs import Proof
from console.actions.checks.spot_lists import CheckRecord, ReadView
from console.desk import Desk
from console.i18n import t
from console.pages.frame import plain, refusals_shown
from console.pages.kit import Column, Kind, facts, moment, record_table, section
from console.pages.kit.layout import box
from console.pages.spot_words import READS, chain_word, read_word, short_word
from models.checks.reads import ReadKind

_SIGNS = {True: ":green[:material/check_circle:]", False: ":red[:material/cancel:]",
          None: ":gray[:material/remove:]"}  # fmt: skip
_WORDS = {True: "holds", False: "fails", None: "gone"}


def show_reads(desk: Desk, record: CheckRecord) -> None:
    section(t("spot_page.reads"), t("spot_page.reads_hint"))
    chosen = record_table(record.reads, _columns(), key="check:reads", select=True, opens=False)
    if not chosen:
        st.caption(f":material/touch_app: {t('spot_reads.choose')}")
    for read_id in chosen[:1]:
        with refusals_shown():
            show_read(read_record(desk, read_id))


def _columns() -> list[Column[ReadView]]:
    return [
        Column(t("spot_reads.number"), lambda row: row.seq, Kind.NUMBER, width=60),
        Column(t("spot_reads.kind"), lambda row: t(f"read_kind.{row.kind}"), width=90),
        Column(t("spot_reads.what"), short_word, width=180),
        Column(t("spot_reads.state"), lambda row: row.state, Kind.STATE, "read_state", READS, 90),
        Column(t("spot_reads.captured"), lambda row: row.captured_at, Kind.MOMENT, width=125),
        Column(t("spot_reads.chain"), chain_word, width=110),
    ]


def show_read(record: ReadRecord) -> None:
    read = record.read
    with box("kit_editor", border=True):
        st.markdown(f"**{plain(read_word(read))}**")
        facts(
            {
                t("spot_page.device"): record.device.title if record.device else "",
                t("spot_reads.reader"): read.reader.get("name", ""),
                t("spot_reads.captured"): moment(read.captured_at),
                t("spot_reads.received"): moment(read.received_at),
            }
        )
        st.markdown(f"**{t('spot_reads.steps')}**")
        st.caption(t("spot_reads.steps_hint"))
        with box("kit_list", border=True):
            for proof in record.proofs:
                _step(proof)
        st.caption(t("spot_reads.hash"))
        st.code(read.sha256, language=None, wrap_lines=True)
        _token(record)
        if read.receipt:
            st.caption(t("spot_reads.receipt"))
            st.code(read.receipt, language=None, wrap_lines=True)


def _step(proof: Proof) -> None:
    with box("kit_line", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"{_SIGNS[proof.holds]} {t(f'read_proof.{proof.step}')}", width="stretch")
        st.caption(t(f"spot_reads.{_WORDS[proof.holds]}"), width="content")


def _token(record: ReadRecord) -> None:
    """As text and as a file; of a person's document the hash alone."""
    read = record.read
    st.caption(t("spot_reads.token"))
    if read.kind is ReadKind.ID:
        st.caption(f":material/lock: {t('spot_reads.sealed')}")
    elif not read.token:
        st.caption(f":material/delete_sweep: {t('spot_reads.purged')}")
    else:
        st.code(read.token.decode("ascii", "replace"), language=None, wrap_lines=True)
        st.link_button(
            t("spot_reads.download"), f"/files/card-reads/{read.id}.jws",
            icon=":material/download:",
        )  # fmt: skip
