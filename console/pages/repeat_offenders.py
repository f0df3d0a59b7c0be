"""Who comes back: networks of shops, shops and agents with several cases, and shops that return."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from statistics import median

import streamlit as st

from console.actions.oversight.analysis.repeats import (
    BINS,
    Network,
    Networks,
    RepeatAgent,
    RepeatShop,
    Return,
    by_absence,
    networks,
    repeat_agents,
    repeat_shops,
    returns,
)
from console.desk import LONGEST_PAGE
from console.i18n import listed, t
from console.pages.channel_parts import platform_names
from console.pages.frame import my_desk, refusals_shown
from console.pages.kit import (
    NOTHING,
    Column,
    Kind,
    Tone,
    bar_chart,
    choice,
    empty,
    figures,
    filters,
    page_head,
    record_table,
    section,
    view,
)
from models.patrol.links import LinkState
from models.permissions import Permission

P = Permission
STATES: Mapping[str, Tone] = {LinkState.SUGGESTED: Tone.WARNING, LinkState.ACCEPTED: Tone.GOOD}


def show() -> None:
    page_head(t("repeats_page.title"), t("repeats_page.hint"))
    with refusals_shown():
        found = networks(desk)
        back = returns(desk)
        show_figures(found, back)
        with filters():
            shown = view({one: t(f"repeats_page.{one}") for one in views()})
        match shown:
            case "networks":
                show_networks(found)
            case "shops":
                show_shops()
            case "agents":
                show_agents()
            case _:
                show_returns(back)


def views() -> list[str]:
    of_cases = ["shops", "agents"] if desk.actor.may(P.AGENT_READ) else ["shops"]
    return ["networks", *(of_cases if desk.actor.may(P.CASE_READ) else []), "returns"]


def show_figures(found: Networks, back: Sequence[Return]) -> None:
    share = found.share
    gone = [one.away / timedelta(days=1) for one in back]
    figures(
        {
            t("repeats_page.share"): share_word(share.accepted, share.cases),
            t("repeats_page.share_both"): share_word(share.accepted + share.suggested, share.cases),
            t("repeats_page.back"): len(back),
            t("repeats_page.away"): t("repeats_page.days", n=f"{median(gone):.0f}")
            if gone
            else NOTHING,
        },
        {
            t("repeats_page.share"): t("repeats_page.share_help"),
            t("repeats_page.share_both"): t("repeats_page.share_both_help"),
            t("repeats_page.away"): t("repeats_page.away_help"),
        },
    )
    st.caption(
        t(
            "repeats_page.counts",
            n=f"{share.accepted:,}",
            more=f"{share.suggested:,}",
            base=f"{share.cases:,}",
        )
    )


def share_word(n: int, base: int) -> str:
    return f"{n / base:.1%}" if base else NOTHING


def show_networks(found: Networks) -> None:
    if not found.rows:
        empty(t("repeats_page.no_networks"), t("repeats_page.no_networks_next"))
        return
    section(t("repeats_page.networks"), t("repeats_page.networks_hint"))
    columns = [
        Column[Network](t("repeats_page.names"), lambda row: listed(row.names), width=360),
        Column[Network](t("repeats_page.size"), lambda row: row.size, Kind.NUMBER, width=90),
        Column[Network](t("repeats_page.offending"), lambda row: row.offending, Kind.NUMBER,
                        width=110),
        Column[Network](t("repeats_page.cases"), lambda row: row.cases, Kind.NUMBER, width=90),
        Column[Network](
            t("operators_page.state"),
            lambda row: LinkState.ACCEPTED if row.is_accepted else LinkState.SUGGESTED,
            Kind.STATE, "link_state", STATES, 110,
        ),
    ]  # fmt: skip
    record_table(found.rows, columns, key="networks", open_page="operators")
    say_cut(len(found.rows))


def show_shops() -> None:
    names = platform_names(desk)
    with filters():
        platform = choice("platform", t("sources_page.platform"), names)
    rows = repeat_shops(desk, platform=platform)
    if not rows:
        empty(t("repeats_page.no_shops"), t("repeats_page.no_shops_next"))
        return
    columns = [
        Column[RepeatShop](t("repeats_page.shop"), lambda row: row.name, width=260),
        Column[RepeatShop](
            t("sources_page.platform"), lambda row: names.get(row.platform, row.platform), width=120
        ),
        Column[RepeatShop](t("repeats_page.cases"), lambda row: row.cases, Kind.NUMBER, width=90),
        Column[RepeatShop](t("repeats_page.first"), lambda row: row.first_at, Kind.DATE),
        Column[RepeatShop](t("repeats_page.last"), lambda row: row.last_at, Kind.DATE),
    ]
    st.caption(t("repeats_page.shops_hint"))
    record_table(rows, columns, key="repeat_shops", open_page="cases")
    say_cut(len(rows))


def show_agents() -> None:
    rows = repeat_agents(desk)
    if not rows:
        empty(t("repeats_page.no_agents"), t("repeats_page.no_agents_next"))
        return
    columns = [
        Column[RepeatAgent](t("agents_page.number"), lambda row: row.agent_no, width=190),
        Column[RepeatAgent](t("agents_page.name"), lambda row: row.name, width=260),
        Column[RepeatAgent](t("repeats_page.cases"), lambda row: row.cases, Kind.NUMBER, width=90),
        Column[RepeatAgent](t("repeats_page.first"), lambda row: row.first_at, Kind.DATE),
        Column[RepeatAgent](t("repeats_page.last"), lambda row: row.last_at, Kind.DATE),
    ]
    record_table(rows, columns, key="repeat_agents", open_page="scorecards")
    say_cut(len(rows))


def show_returns(back: Sequence[Return]) -> None:
    if not back:
        empty(t("repeats_page.no_returns"), t("repeats_page.no_returns_next"))
        return
    counted = by_absence(back)
    absence = {
        t("repeats_page.within", n=days) if days else t("repeats_page.later", n=BINS[-1]): counted[
            days
        ]
        for days in (*BINS, None)
    }
    bar_chart(t("repeats_page.absence"), absence, key="absence")
    names = platform_names(desk)
    same = [one for one in back if one.is_same_shop]
    other = [one for one in back if not one.is_same_shop]
    for word, rows, page in (("renamed", other, "shops"), ("same", same, "cases")):
        if rows:
            section(t(f"repeats_page.{word}"), t(f"repeats_page.{word}_hint"))
            area = "shop_state" if page == "shops" else "case_state"
            record_table(rows[:LONGEST_PAGE], return_columns(names, area), key=word, open_page=page)
            say_cut(len(rows))


def return_columns(names: dict[str, str], area: str) -> list[Column[Return]]:
    return [
        Column[Return](t("repeats_page.shop"), lambda row: row.name, width=220),
        Column[Return](t("repeats_page.before"), lambda row: row.before, width=220),
        Column[Return](
            t("sources_page.platform"), lambda row: names.get(row.platform, row.platform), width=110
        ),
        Column[Return](t("repeats_page.gone_at"), lambda row: row.gone_at, Kind.DATE),
        Column[Return](t("repeats_page.back_at"), lambda row: row.back_at, Kind.DATE),
        Column[Return](t("repeats_page.days_away"), lambda row: row.away.days, Kind.NUMBER),
        Column[Return](t("repeats_page.state"), lambda row: row.state, Kind.STATE, area),
    ]


def say_cut(n: int) -> None:
    if n >= LONGEST_PAGE:
        st.caption(t("repeats_page.cut", n=LONGEST_PAGE))


desk = my_desk()
show()
