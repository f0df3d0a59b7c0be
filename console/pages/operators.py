"""Operators behind shops: clusters, the links that make them with their reasons, and judgement."""

from collections.abc import Mapping, Sequence
from math import cos, pi, sin
from typing import TYPE_CHECKING, Any

import pandas as pd
import streamlit as st

from console.actions.patrol.clusters import Cluster, cluster_of, list_clusters
from console.actions.patrol.operators import judge_links
from console.i18n import t
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    Next,
    Tone,
    back_to_list,
    chart,
    choice,
    empty,
    facts,
    filters,
    list_or_record,
    next_moves,
    page_head,
    record_table,
    section,
    state_pill,
)
from models.patrol.links import LinkKind, LinkMove, LinkState, ShopLink
from models.patrol.shops import Shop
from models.permissions import Permission

if TYPE_CHECKING:
    import plotly.graph_objects as go

STATES: Mapping[str, Tone] = {
    LinkState.SUGGESTED: Tone.WARNING,
    LinkState.ACCEPTED: Tone.GOOD,
    LinkState.REJECTED: Tone.OVER,
}
MOST_LINKS = 100
MOST_NAMED = 30
"""Shops of a network that are written out; of a larger one only the figures are of use."""


def show_list() -> None:
    with page_head(t("operators_page.title"), t("operators_page.hint")):
        pass
    with filters():
        options = {t("operators_page.accepted"): "accepted", t("operators_page.open"): "open"}
        which = choice("which", t("operators_page.which"), options)
    with refusals_shown():
        accepted = {"accepted": True, "open": False}.get(which or "")
        found = list_clusters(desk, accepted=accepted)
        if not found:
            empty(t("operators_page.none"), t("operators_page.none_next"))
            return
        record_table(found, columns(), key="operators", identity=lambda row: row.id)


def columns() -> list[Column[Cluster]]:
    return [
        Column[Cluster](t("operators_page.shops"), names_of, width=360),
        Column[Cluster](t("operators_page.size"), lambda row: row.size, Kind.NUMBER, width=80),
        Column[Cluster](t("operators_page.risk"), lambda row: row.risk, Kind.NUMBER, width=90),
        Column[Cluster](
            t("operators_page.findings"), lambda row: row.findings, Kind.NUMBER, width=110
        ),
        Column[Cluster](
            t("operators_page.state"),
            lambda row: LinkState.ACCEPTED if row.is_accepted else LinkState.SUGGESTED,
            Kind.STATE, "link_state", STATES, 110,
        ),
        Column[Cluster](
            t("operators_page.score"),
            lambda row: f"{max(one.score for one in row.links):.0%}",
            width=90,
        ),
    ]  # fmt: skip


def names_of(cluster: Cluster) -> str:
    shown = "、".join(shop.name for shop in cluster.shops[:3])
    rest = cluster.size - 3
    return shown if rest <= 0 else t("operators_page.and_more", shown=shown, rest=rest)


def show_cluster(shop_id: str) -> None:
    cluster = cluster_of(desk, shop_id)
    back_to_list()
    with page_head(names_of(cluster), t("operators_page.cluster_hint")):
        next_moves(desk, all_moves(cluster), cluster.id)
    facts(
        {
            t("operators_page.size"): cluster.size,
            t("operators_page.findings"): cluster.findings,
            t("operators_page.risk"): cluster.risk,
            t("operators_page.links"): len(cluster.links),
        }
    )
    network(cluster)
    section(t("operators_page.members"))
    record_table(cluster.shops, shop_columns(), key="members", open_page="shops")
    section(t("operators_page.reasons"), t("operators_page.reasons_hint"))
    names = {shop.id: shop.name for shop in cluster.shops}
    for link in cluster.links[:MOST_LINKS]:
        show_link(link, names)


def all_moves(cluster: Cluster) -> list[Next]:
    waiting = [one.id for one in cluster.links if one.state is LinkState.SUGGESTED][:200]
    return [
        Next(
            f"all_{move}",
            t(f"operators_page.{move}_all"),
            t(f"operators_page.{move}_all_will", n=len(waiting)),
            lambda why, move=move: judged(waiting, move, why),
            Permission.LINK_JUDGE,
            is_open=bool(waiting),
            reason=move is LinkMove.REJECT,
            icon=icon,
            main=move is LinkMove.ACCEPT,
        )
        for move, icon in (
            (LinkMove.ACCEPT, ":material/done_all:"),
            (LinkMove.REJECT, ":material/remove_done:"),
        )
    ]


def judged(ids: Sequence[Any], move: LinkMove, why: str) -> str:
    done = judge_links(desk, ids, move, why)
    refused = sum(one.refusal is not None for one in done)
    return t("operators_page.judged", n=len(done) - refused, refused=refused)


def shop_columns() -> list[Column[Shop]]:
    return [
        Column[Shop](t("operators_page.shop"), lambda row: row.name, width=240),
        Column[Shop](t("operators_page.platform"), lambda row: row.platform, width=110),
        Column[Shop](
            t("operators_page.shop_state"), lambda row: row.state, Kind.STATE, "shop_state",
            {}, 130,
        ),
        Column[Shop](t("operators_page.first_seen"), lambda row: row.first_seen_at, Kind.MOMENT),
        Column[Shop](t("operators_page.last_seen"), lambda row: row.last_seen_at, Kind.MOMENT),
    ]  # fmt: skip


def show_link(link: ShopLink, names: Mapping[Any, str]) -> None:
    with st.container(border=True, key=f"link-{link.id}"):
        with st.container(horizontal=True):
            one, other = (names.get(key, "—") for key in (link.one_id, link.other_id))
            st.markdown(f"**{plain(one)}** — **{plain(other)}**")
            state_pill("link_state", link.state, STATES)
            if link.kind is LinkKind.RELISTED:
                st.badge(t("link_kind.relisted"), icon=":material/replay:", color="red")
            st.caption(t("operators_page.sure", score=f"{link.score:.0%}"))
        for reason in link.reasons:
            st.caption(reason_words(reason))
        if link.reason:
            st.caption(t("operators_page.said", reason=plain(link.reason)))
        with st.container(horizontal=True, gap="small"):
            next_moves(desk, link_moves(link), link.id)


def reason_words(reason: Mapping[str, Any]) -> str:
    return t(
        "operators_page.shared",
        kind=t(f"trait_kind.{reason['kind']}"),
        shown=plain(str(reason["shown"])),
        sharers=reason.get("sharers", 2),
        weight=f"{float(reason['weight']):.1f}",
    )


def link_moves(link: ShopLink) -> list[Next]:
    icons = {
        LinkMove.ACCEPT: ":material/check:",
        LinkMove.REJECT: ":material/close:",
        LinkMove.REOPEN: ":material/undo:",
    }
    return [
        Next(
            move.value,
            t(f"operators_page.{move}"),
            t(f"operators_page.{move}_will"),
            lambda why, move=move: judged([link.id], move, why),
            Permission.LINK_JUDGE,
            is_open=move in link.open_moves(),
            reason=move is not LinkMove.ACCEPT,
            icon=icon,
        )
        for move, icon in icons.items()
    ]


def network(cluster: Cluster) -> None:
    """Shops in a ring, a line a link; a full line is one that people accepted."""
    import plotly.graph_objects as go

    if cluster.size > MOST_NAMED:
        st.caption(t("operators_page.too_many", n=cluster.size))
        return
    at = {
        shop.id: (cos(2 * pi * place / cluster.size), sin(2 * pi * place / cluster.size))
        for place, shop in enumerate(cluster.shops)
    }
    lines = [_line(link, at) for link in cluster.links if {link.one_id, link.other_id} <= set(at)]
    points = go.Scatter(
        x=[x for x, _ in at.values()],
        y=[y for _, y in at.values()],
        text=[shop.name[:14] for shop in cluster.shops],
        mode="markers+text",
        textposition="top center",
        marker={"size": 16},
        showlegend=False,
    )
    hidden = {"visible": False, "range": [-1.5, 1.5]}
    figure = go.Figure([*lines, points], {"xaxis": hidden, "yaxis": hidden, "showlegend": False})
    names = {shop.id: shop.name for shop in cluster.shops}
    table = pd.DataFrame(
        {
            t("operators_page.shop"): [names.get(one.one_id, "") for one in cluster.links],
            t("operators_page.other"): [names.get(one.other_id, "") for one in cluster.links],
            t("operators_page.score"): [f"{one.score:.0%}" for one in cluster.links],
            t("operators_page.state"): [t(f"link_state.{one.state}") for one in cluster.links],
        }
    )
    chart(t("operators_page.network"), figure, table, key=f"network:{cluster.id}",
          hint=t("operators_page.network_hint"))  # fmt: skip


def _line(link: ShopLink, at: Mapping[Any, tuple[float, float]]) -> "go.Scatter":
    import plotly.graph_objects as go

    (x, y), (to_x, to_y) = at[link.one_id], at[link.other_id]
    is_accepted = link.state is LinkState.ACCEPTED
    style = {"width": 1 + 3 * link.score, "dash": "solid" if is_accepted else "dot"}
    return go.Scatter(x=[x, to_x], y=[y, to_y], mode="lines", line=style, hoverinfo="skip")


desk = my_desk()
list_or_record(show_list, show_cluster)
