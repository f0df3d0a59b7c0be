"""What platforms were told of licences: who has taken note, and one telling with its history."""

from typing import Final

import streamlit as st

from console.actions.channel.tellings import (
    TellingRecord,
    acknowledge_telling,
    licence_numbers_of,
    list_tellings,
    push_again,
    telling_record,
)
from console.i18n import listed, t
from console.pages.channel_parts import platform_names
from console.pages.channel_words import move_of
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    Next,
    Tone,
    choice,
    cursor,
    empty,
    facts,
    filters,
    labelled,
    last_day,
    link_to,
    list_or_record,
    list_tools,
    moment,
    next_moves,
    page_head,
    pager,
    record_head,
    record_table,
    timeline,
    two_columns,
)
from models.channel.tellings import Telling, TellingEvent, TellingState
from models.permissions import Permission

P = Permission
_TONES: Final = {
    "open": Tone.WAITING,
    "overdue": Tone.BAD,
    "acknowledged": Tone.GOOD,
}


def show_list() -> None:
    page_head(t("tellings_page.title"), t("tellings_page.hint"))
    with filters():
        state = choice(
            "state", t("tellings_page.state"), labelled("telling_state", list(TellingState))
        )
        event = choice(
            "event", t("tellings_page.event"), labelled("telling_event", list(TellingEvent))
        )
    with refusals_shown():
        show_rows(state, event)


def show_rows(state: str | None, event: str | None) -> None:
    list_tools(desk, "tellings")
    found = list_tellings(
        desk,
        state=TellingState(state) if state else None,
        event=TellingEvent(event) if event else None,
        after=cursor("tellings", state, event),
    )
    if not found.rows:
        texts = "tellings_page.none_found" if state or event else "tellings_page.none"
        empty(t(texts), t(f"{texts}_next"))
        return
    now, numbers = desk.now(), licence_numbers_of(desk, found.rows)
    names = platform_names(desk)
    columns = [
        Column[Telling](t("tellings_page.licence"), lambda row: numbers[row.licence_id], width=190),
        Column[Telling](
            t("tellings_page.state"),
            lambda row: row.state_at(now),
            Kind.STATE,
            "telling_state",
            _TONES,
            130,
        ),
        Column[Telling](
            t("tellings_page.event"), lambda row: t(f"telling_event.{row.event}"), width=130
        ),
        Column[Telling](
            t("tellings_page.platform"),
            lambda row: names[row.platform],
            width=120,
        ),
        Column[Telling](t("tellings_page.shops"), lambda row: listed(row.shops), width=150),
        Column[Telling](t("tellings_page.reason"), lambda row: row.reason, width=200),
        Column[Telling](t("tellings_page.at"), lambda row: row.at, Kind.MOMENT),
        Column[Telling](t("tellings_page.due"), lambda row: row.due_at, Kind.DUE),
    ]
    record_table(found.rows, columns, key="tellings")
    pager(found, "tellings")


def show_telling(telling_id: str) -> None:
    record = telling_record(desk, telling_id)
    telling = record.telling
    event = t(f"telling_event.{telling.event}")
    with record_head(
        record.licence.number,
        f"{event} · {record.agent.name}",
        area="telling_state",
        state=telling.state_at(desk.now()),
        tones=_TONES,
    ):
        next_moves(desk, moves(telling), f"{telling.id}:{telling.tries}")
    if telling.last_words:
        words = plain(telling.last_words)
        st.warning(f"{t('tellings_page.last_words')}：{words}", icon=":material/sync_problem:")
    left, right = two_columns()
    with left:
        show_facts(record)
    with right:
        timeline(record.deeds)


def moves(telling: Telling) -> list[Next]:
    is_open = telling.acknowledged_at is None
    is_refused = bool(telling.last_words) and telling.next_push_at is None
    return [
        move_of(
            "tellings_page.acknowledge",
            lambda _: acknowledge_telling(desk, telling.id),
            P.CASE_ANSWER,
            "task_alt",
            when=is_open and telling.platform == desk.actor.platform,
            main=True,
        ),
        move_of(
            "tellings_page.push_again",
            lambda _: push_again(desk, telling.id),
            P.LICENCE_EDIT,
            "send",
            when=is_open and is_refused,
        ),
    ]


def show_facts(record: TellingRecord) -> None:
    telling = record.telling
    facts(
        {
            t("tellings_page.sender"): record.sender.name,
            t("tellings_page.platform"): platform_names(desk)[telling.platform],
            t("tellings_page.agent"): record.agent.title,
            t("tellings_page.shops"): listed(telling.shops),
            t("tellings_page.reason"): telling.reason,
            t("tellings_page.at"): moment(telling.at),
            t("tellings_page.due"): last_day(telling.due_at),
            t("tellings_page.acknowledged"): moment(telling.acknowledged_at),
            t("tellings_page.by"): telling.acknowledged_by,
            t("tellings_page.pushed"): moment(telling.pushed_at),
            t("tellings_page.tries"): telling.tries,
        }
    )
    link_to(record.licence.number, "licences", record.licence.id, key="telling:licence")


desk = my_desk()
list_or_record(show_list, show_telling)
