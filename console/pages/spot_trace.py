"""The way of one card as a picture: from its number to the shop, and where it breaks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import streamlit as st

from console.i18n import t
from console.pages.frame import plain
from console.pages.kit.layout import box
from models.checks.traces import UNDECIDED, TraceGround


class Stands(StrEnum):
    """How a hop of the way stands; each has a sign and a word besides its colour."""

    WHOLE = "whole"
    BROKEN = "broken"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Hop:
    kind: str
    """What stands here: `card`, `batch`, `channel`, `agent`, `licence`, `shop`."""
    name: str
    stands: Stands = Stands.WHOLE
    note: str = ""


_SIGNS: Final = {
    Stands.WHOLE: ":green[:material/check_circle:]",
    Stands.BROKEN: ":red[:material/link_off:]",
    Stands.UNKNOWN: ":gray[:material/help:]",
}
_AT: Final[Mapping[TraceGround, str]] = {
    TraceGround.INDUSTRY_CARD: "shop",
    TraceGround.UNKNOWN_CARD: "batch",
    TraceGround.NO_AGENT: "agent",
    TraceGround.OTHER_CHANNEL: "agent",
    TraceGround.NO_DELEGATION: "licence",
    TraceGround.NOT_BEGUN: "licence",
    TraceGround.EXPIRED: "licence",
    TraceGround.NOT_IN_FORCE: "licence",
    TraceGround.OUT_OF_SCOPE: "licence",
}
"""Which hop a ground breaks."""


def show_way(trace: Mapping[str, Any], *, shop: str = "", agent: str = "") -> None:
    """`trace` as a check's outcome keeps it (`CardTrace.as_row`); names where they are known."""
    with box("kit_way", border=True):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f":material/sim_card: **{plain(trace['iccid'])}**", width="stretch")
            _verdict(trace.get("in_scope"))
        with box("kit_hops", horizontal=True, gap="small"):
            for hop in hops(trace, shop=shop, agent=agent):
                with box(f"kit_hop_{hop.stands}", gap=None):
                    st.caption(f"{_SIGNS[hop.stands]} {t(f'spot_trace.{hop.kind}')}")
                    st.markdown(f"**{plain(hop.name)}**")
                    st.caption(plain(hop.note) if hop.note else t(f"spot_trace.{hop.stands}"))
        if (active := trace.get("should_be_active")) is not None:
            st.caption(t("spot_trace.should_be_active" if active else "spot_trace.not_active"))


def _verdict(in_scope: bool | None) -> None:  # noqa: FBT001 - it is what is shown
    match in_scope:
        case True:
            st.badge(t("spot_trace.in_scope"), icon=":material/check_circle:", color="green")
        case False:
            st.badge(t("spot_trace.out_of_scope"), icon=":material/link_off:", color="red")
        case None:
            st.badge(t("spot_trace.undecided"), icon=":material/help:", color="orange")


def hops(trace: Mapping[str, Any], *, shop: str = "", agent: str = "") -> list[Hop]:
    """The way in its order, each hop with what is said against it."""
    grounds = [TraceGround(one) for one in trace.get("grounds", ())]
    broken = {_AT[one]: one for one in reversed(grounds)}
    return [_judged(hop, broken.get(hop.kind)) for hop in _way(trace, shop, agent)]


def _way(trace: Mapping[str, Any], shop: str, agent: str) -> Iterator[Hop]:
    unknown = t("spot_trace.nobody_knows")
    match = trace.get("matched")
    by = t(f"iccid_match.{match}") if match else t("spot_trace.no_match")
    yield Hop("card", t(f"carrier_issuer.{trace['issuer']}"), note=by)
    batch = trace.get("batch") or trace.get("stock")
    kind = t("spot_trace.industry_batch") if trace.get("is_industry") else ""
    if batch is None and trace.get("is_industry"):
        batch = t("spot_trace.closed_to_you")
    yield Hop("batch", batch or unknown, Stands.WHOLE if batch else Stands.UNKNOWN, kind)
    at_shop = Hop(
        "shop", shop or unknown, Stands.WHOLE if shop else Stands.UNKNOWN, t("spot_trace.sold_here")
    )
    if trace.get("is_industry"):  # its unit bought it: no channel, no agent
        yield at_shop
        return
    chain: Sequence[Mapping[str, Any]] = trace.get("chain", ())
    for one in reversed(chain):  # kept nearest first
        kind = t(f"channel_kind.{one['kind']}")
        note = f"{one['code']} · {kind}"
        yield Hop("channel", one["name"], note=note)
    number = trace.get("agent") or ""
    known = Stands.WHOLE if number else Stands.UNKNOWN
    yield Hop("agent", agent or number or unknown, known, number)
    licence = trace.get("licence")
    yield Hop("licence", licence or unknown, Stands.WHOLE if licence else Stands.UNKNOWN)
    yield at_shop


def _judged(hop: Hop, ground: TraceGround | None) -> Hop:
    if ground is None:
        return hop
    stands = Stands.UNKNOWN if ground in UNDECIDED else Stands.BROKEN
    return Hop(hop.kind, hop.name, stands, t(f"trace_ground.{ground}"))
