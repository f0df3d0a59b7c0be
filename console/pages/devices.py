"""Reader devices: paired by one, approved by another, watched by all."""

import streamlit as st

from console.actions.checks.devices import DeviceRecord, device_record, list_devices
from console.i18n import t
from console.pages.device_pairing import show_pairing, waiting_code
from console.pages.device_parts import (
    columns,
    device_moves,
    pairing_move,
    show_health,
    show_readers,
    show_reads,
)
from console.pages.frame import my_desk, refusals_shown
from console.pages.kit import (
    Absent,
    choice,
    cursor,
    empty,
    facts,
    filters,
    labelled,
    link_to,
    list_or_record,
    list_tools,
    moment,
    next_moves,
    page_head,
    record_head,
    record_table,
    search,
    show_absent,
    timeline,
    two_columns,
)
from console.pages.spot_words import DEVICES
from models.checks.devices import DeviceState
from models.permissions import Permission


def show_list() -> None:
    with page_head(t("devices_page.title"), t("devices_page.hint")):
        next_moves(desk, [pairing_move(desk)], "devices")
    if waiting_code() is not None:
        show_pairing(desk)
    with filters():
        words = search(t("devices_page.search"))
        states = labelled("device_state", [*DeviceState])
        state = choice("state", t("devices_page.state"), states)
    with refusals_shown():
        tools = list_tools(desk, "devices")
        found = list_devices(
            desk,
            state=DeviceState(state) if state else None,
            words=words,
            after=cursor("devices", words, state, tools.sort),
            order=tools.order,
        )
        if not found.rows:
            may = desk.actor.may(Permission.DEVICE_EDIT)
            key = "none_found" if words or state else "none"
            follows = "none_yet" if key == "none" and not may else f"{key}_next"
            empty(t(f"devices_page.{key}"), t(f"devices_page.{follows}"))
            return
        record_table(found.rows, tools.shown(columns()), key="devices")
        tools.pager(found, "devices")


def show_record(device_id: str) -> None:
    record = device_record(desk, device_id)
    device = record.device
    with record_head(
        device.number, device.host, area="device_state", state=device.state, tones=DEVICES
    ):
        next_moves(desk, device_moves(desk, device), f"{device.id}:{device.version}")
    show_health(desk, record)
    left, right = two_columns()
    with left:
        if record.readers:
            show_readers(record, desk)
        if record.reads:
            show_reads(record.reads)
        missing = {"readers": record.readers, "newest": record.reads}
        show_absent(Absent(t(f"devices_page.{name}")) for name, rows in missing.items() if not rows)
    with right:
        show_people(record)
        for check in record.checks:
            link_to(check.number, "spot_checks", check.id, key=f"to:{check.id}")
        timeline(record.deeds)


def show_people(record: DeviceRecord) -> None:
    device = record.device
    if record.organisation.is_for_tests:
        st.info(t("devices_page.for_tests"), icon=":material/science:")
    is_known = device.state is not DeviceState.PENDING
    shown = device.fingerprint if is_known else t("devices_page.fingerprint_hidden")
    told = {
        "holder": record.holder.name,
        "site": device.site,
        "trained_until": device.trained_until.isoformat() if device.trained_until else "",
        "secrecy_ref": device.secrecy_ref,
        "last_seen": moment(device.last_seen_at) if device.last_seen_at else "",
        "asked_by": record.asker.name if record.asker else "",
        "created_at": moment(device.created_at),
        "approved_by": record.approver.name if record.approver else "",
        "approved_at": moment(device.approved_at) if device.approved_at else "",
        "print": shown,
        "key": device.kid if is_known else "",
        "build": device.agent_build,
        "organisation": record.organisation.name,
    }
    facts({t(f"devices_page.{name}"): words for name, words in told.items() if words}, abreast=1)


desk = my_desk()
list_or_record(show_list, show_record)
