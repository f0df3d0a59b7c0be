"""Parts of the page of reader devices: how one is, what may be done, what it reads with."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Final

import streamlit as st

from console.actions.checks.devices import (
    DeviceRecord,
    approve_device,
    ask_code,
    judge_reader,
    quarantine_device,
    refuse_device,
    reinstate_device,
    retire_device,
    vouch_for_holder,
)
from console.actions.checks.spot_choices import inspectors
from console.desk import Desk
from console.i18n import t
from console.pages.channel_forms import packed, unpacked
from console.pages.channel_words import move_of
from console.pages.device_pairing import keep_code
from console.pages.frame import plain
from console.pages.kit import (
    Column,
    Kind,
    Next,
    figures,
    moment,
    next_moves,
    record_table,
    section,
    state_pill,
)
from console.pages.kit.layout import box
from console.pages.kit.steps import steps
from console.pages.spot_words import DEVICES, READERS, READS, chain_word, short_word, skew_word
from models.checks.devices import CardReader, CardReaderState, DeviceMove, DeviceState, ReaderDevice
from models.checks.reads import CardRead
from models.permissions import Permission
from models.rules import china_day

_P = Permission
_M = DeviceMove


def columns() -> list[Column[ReaderDevice]]:
    return [
        Column(t("devices_page.number"), lambda row: row.number, width=125),
        Column(t("devices_page.host"), lambda row: row.host, width=130),
        Column(t("devices_page.state"), lambda row: row.state, Kind.STATE, "device_state",
               DEVICES, 115),
        Column(t("devices_page.why"), _why, width=150),
        Column(t("devices_page.last_seen"), lambda row: row.last_seen_at, Kind.MOMENT, width=125),
        Column(t("devices_page.skew"), lambda row: skew_word(row.skew_ms), width=90),
        Column(t("devices_page.version"), lambda row: row.agent_version, width=80),
        Column(t("devices_page.counts"), lambda row: f"{row.reads} / {row.refused}", width=100),
        Column(t("devices_page.site"), lambda row: row.site, width=110),
    ]  # fmt: skip


def _why(device: ReaderDevice) -> str:
    return t(f"why_quarantined.{device.why}") if device.why else ""


def pairing_move(desk: Desk) -> Next:
    def ask(key: str) -> str:
        found = inspectors(desk)
        people = {one.login: one.name for one in found}
        if not people:
            st.warning(t("spot_page.nobody_reads"), icon=":material/person_off:")
            return ""
        mine = next((at for at, one in enumerate(found) if one.id == desk.actor.id), None)
        holder = st.selectbox(
            t("devices_page.holder"), list(people), index=mine, key=f"{key}:holder",
            format_func=people.__getitem__, placeholder=t("devices_page.choose"),
        )  # fmt: skip
        site = st.text_input(
            t("devices_page.site"), key=f"{key}:site", max_chars=200,
            placeholder=t("devices_page.site_help"),
        )  # fmt: skip
        return packed(holder=holder, site=site) if holder else ""

    def act(words: str) -> None:
        said = unpacked(words)
        keep_code(desk, ask_code(desk, said["holder"], said["site"]))

    return move_of(
        "devices_page.pair", act, _P.DEVICE_EDIT, "add_link", when=True, ask=ask, main=True
    )


def device_moves(desk: Desk, device: ReaderDevice) -> list[Next]:
    open_, version, me = device.open_moves(), device.version, desk.actor.id
    stands_for_it = me in {device.asked_by, device.holder_id}

    def fingerprint(key: str) -> str:
        return st.text_input(
            t("devices_page.fingerprint"), key=key, max_chars=12, placeholder="ABCD-EFGH",
            help=t("devices_page.fingerprint_help"),
        ).strip()  # fmt: skip

    def vouch(words: str) -> None:
        said = unpacked(words)
        until = date.fromisoformat(said["until"])
        vouch_for_holder(desk, device.id, until, said["secrecy"], version)

    return [
        move_of("devices_page.approve",
                lambda words: approve_device(desk, device.id, words, version),
                _P.DEVICE_APPROVE, "fingerprint", when=_M.APPROVE in open_ and not stands_for_it,
                ask=fingerprint, main=True),
        move_of("devices_page.refuse", lambda why: refuse_device(desk, device.id, why, version),
                _P.DEVICE_APPROVE, "block", when=_M.REFUSE in open_, reason=True),
        move_of("devices_page.reinstate",
                lambda why: reinstate_device(desk, device.id, why, version),
                _P.DEVICE_APPROVE, "healing", reason=True, main=True,
                when=_M.REINSTATE in open_ and me != device.holder_id),
        move_of("devices_page.vouch", vouch, _P.HOLDER_VOUCH, "school", ask=_readiness,
                when=_M.RETIRE in open_ and me != device.holder_id),
        move_of("devices_page.quarantine",
                lambda why: quarantine_device(desk, device.id, why, version),
                _P.DEVICE_EDIT, "pan_tool", when=_M.QUARANTINE in open_, reason=True),
        move_of("devices_page.retire", lambda why: retire_device(desk, device.id, why, version),
                _P.DEVICE_EDIT, "delete_forever", when=_M.RETIRE in open_, reason=True),
    ]  # fmt: skip


def _readiness(key: str) -> str:
    until = st.date_input(t("devices_page.trained_until"), value=None, key=f"{key}:until")
    secrecy = st.text_input(t("devices_page.secrecy_ref"), key=f"{key}:secrecy", max_chars=64)
    return packed(until=until, secrecy=secrecy) if until and secrecy.strip() else ""


def reader_moves(desk: Desk, device: ReaderDevice, reader: CardReader) -> list[Next]:
    """A reader of identity cards is let by its security module; any may be barred."""
    may = device.state is not DeviceState.RETIRED and desk.actor.id != device.holder_id

    def judge(*, allowed: bool) -> Callable[[str], None]:
        def act(_: str) -> None:
            judge_reader(desk, reader.id, allowed, reader.version)

        return act

    return [
        Next("allow", t("devices_page.allow"), t("devices_page.allow_will"),
             judge(allowed=True), _P.DEVICE_APPROVE, icon=":material/verified_user:",
             is_open=may and bool(reader.sam_id) and reader.state is not CardReaderState.ALLOWED),
        Next("bar", t("devices_page.bar"), t("devices_page.bar_will"),
             judge(allowed=False), _P.DEVICE_APPROVE, icon=":material/block:",
             is_open=may and reader.state is not CardReaderState.BARRED),
    ]  # fmt: skip


def show_health(desk: Desk, record: DeviceRecord) -> None:
    """In a sentence what the device waits for; in figures how it is."""
    device = record.device
    _steps(device)
    st.markdown(f":material/arrow_forward: {plain(_next_words(desk, device))}")
    if device.is_at_work and not device.is_holder_ready(china_day(desk.now())):
        st.warning(t("devices_page.not_ready"), icon=":material/school:")
    if device.state in _AT:
        return
    figures(
        {
            t("devices_page.skew"): skew_word(device.skew_ms) or "—",
            t("devices_page.version"): device.agent_version or "—",
            t("devices_page.reads"): device.reads,
            t("devices_page.refused"): device.refused,
        }
    )


_AT: Final = {DeviceState.PENDING: 1, DeviceState.ENROLLED: 2}


def _steps(device: ReaderDevice) -> None:
    """How far a laptop is that does not read yet."""
    if (at := _AT.get(device.state)) is not None:
        steps([t(f"device_step.{one}") for one in ("pair", "approve", "connect")], at)


def _next_words(desk: Desk, device: ReaderDevice) -> str:
    match device.state:
        case DeviceState.PENDING if desk.actor.id in {device.asked_by, device.holder_id}:
            return t("devices_page.pending_yours")
        case DeviceState.QUARANTINED:
            why = _why(device)
            said = (
                t("devices_page.why_said", why=why, reason=device.reason) if device.reason else why
            )
            return t("devices_page.quarantined_hint", why=said)
        case DeviceState.ACTIVE:
            return t("devices_page.active_hint", seen=moment(device.last_seen_at))
        case _:
            return t(f"devices_page.{device.state}_hint")


def show_readers(record: DeviceRecord, desk: Desk) -> None:
    section(t("devices_page.readers"), t("devices_page.readers_hint"))
    with box("kit_list", border=True):
        for reader in record.readers:
            with box("kit_line", horizontal=True, vertical_alignment="center", gap="small"):
                told = [reader.usb, reader.serial, reader.sam_id]
                if reader.is_virtual:
                    told.append(t("devices_page.virtual"))
                about = plain(" · ".join(filter(None, told)))
                st.markdown(
                    f"**{plain(reader.name)}**" + (f"  \n:gray[{about}]" if about else ""),
                    width="stretch",
                )
                if reader.sam_id or reader.state is not CardReaderState.SEEN:
                    state_pill("card_reader_state", reader.state, READERS)
                next_moves(
                    desk, reader_moves(desk, record.device, reader), f"{reader.id}:{reader.version}"
                )


def show_reads(reads: Sequence[CardRead]) -> None:
    section(t("devices_page.newest"))
    table = [
        Column[CardRead](t("spot_reads.number"), lambda row: row.seq, Kind.NUMBER, width=70),
        Column[CardRead](t("spot_reads.what"), short_word, width=230),
        Column[CardRead](
            t("spot_reads.state"), lambda row: row.state, Kind.STATE, "read_state", READS, 90
        ),
        Column[CardRead](t("spot_reads.captured"), lambda row: row.captured_at, Kind.MOMENT),
        Column[CardRead](t("spot_reads.chain"), chain_word, width=120),
    ]
    record_table(reads, table, key="device:reads", opens=False)
