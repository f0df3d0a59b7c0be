"""What a comparison came to: three things that agree, each rule, and what was said of the order."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, cast

import streamlit as st
from pydantic import ValidationError

from console.actions.checks.spot_checks import note_order
from console.desk import Desk
from console.i18n import listed, t
from console.pages.frame import plain, refusals_shown, said
from console.pages.kit import facts, flash, moment, section
from console.pages.kit.layout import box
from console.pages.spot_forms import order_fields, order_of
from models.checks.judging import CheckRule
from models.checks.orders import MOST_CARDS, OrderFacts
from models.checks.spot_checks import SpotCheck

_SIGNS: Final = {True: ":green[:material/check_circle:]", False: ":red[:material/cancel:]",
                 None: ":gray[:material/help:]"}  # fmt: skip
_WORDS: Final = {True: "ok_yes", False: "ok_no", None: "ok_open"}
_TEXTS: Final = ("order_no", "authority_compare_ref", "live_check_ref")
_MOMENTS: Final = (
    "ordered_at", "compared_at", "shipped_at", "handed_over_at", "live_checked_at", "activated_at",
)  # fmt: skip
_ANSWERS: Final = (
    "asked_identity", "manual_entry", "compare_agrees", "handover_match", "active_on_arrival",
    "holder_is_document",
)  # fmt: skip
Row = Mapping[str, Any]


def show_three_way(answers: Sequence[Row]) -> None:
    """Holder, document, submitted data: each pair agrees, or nobody knows (004-3.2-h)."""
    by = {str(one["rule"]): one["ok"] for one in answers}
    if not {CheckRule.HOLDER_IS_DOCUMENT, CheckRule.DOCUMENT_IS_SUBMITTED} & set(by):
        return
    section(t("spot_page.three_way"), t("spot_page.three_way_hint"))
    first = by.get(CheckRule.HOLDER_IS_DOCUMENT)
    second = by.get(CheckRule.DOCUMENT_IS_SUBMITTED)
    with box("kit_three", horizontal=True, gap="small", vertical_alignment="center"):
        _corner("holder", "person")
        _edge(first)
        _corner("document", "badge")
        _edge(second)
        _corner("submitted_data", "cloud_upload")


def _corner(name: str, icon: str) -> None:
    with box("kit_corner", gap=None):
        st.markdown(f":material/{icon}: **{t(f'spot_page.{name}')}**")


def _edge(ok: bool | None) -> None:  # noqa: FBT001 - it is what is shown
    words = {True: "agrees", False: "differs", None: "not_known"}[ok]
    with box("kit_edge", gap=None):
        st.markdown(f"{_SIGNS[ok]} {t(f'spot_page.{words}')}")


def show_answers(answers: Sequence[Row]) -> None:
    """Each rule with its duty and the facts that it was answered by; what is amiss comes first."""
    section(t("spot_page.answers"), t("spot_page.answers_hint"))
    order = {False: 0, None: 1, True: 2}
    with box("kit_list", border=True):
        for one in sorted(answers, key=lambda row: order[row["ok"]]):
            with box("kit_line", horizontal=True, vertical_alignment="center", gap="small"):
                rule, ok = t(f"check_rule.{one['rule']}"), one["ok"]
                words = f"{_SIGNS[ok]} **{rule}**"
                told = _told(one["facts"])
                st.markdown(words + (f"  \n:gray[{plain(told)}]" if told else ""), width="stretch")
                answer = t(f"spot_page.{_WORDS[ok]}")
                st.caption(f"{answer} · {one['duty']}", width="content")


def _told(known: Row) -> str:
    """The facts of an answer in words; what is not known of them is left out."""
    parts = [_fact(name, value) for name, value in known.items() if value not in (None, [], "")]
    return " · ".join(parts)


def _fact(name: str, value: object) -> str:
    if name == "by":
        return t(f"answer_fact.by_{value}")
    label = t(f"answer_fact.{name}")
    if isinstance(value, list):
        area = {"grounds": "trace_ground", "faults": "fault_short"}.get(name, "")
        words = (said(f"{area}.{one}", str(one)) for one in cast("list[object]", value))
        return f"{label} {listed(words)}"
    if name == "fault":
        return f"{label} {said(f'fault_short.{value}', str(value))}"
    if name in {"first", "then"}:
        return f"{label} {moment(datetime.fromisoformat(str(value)))}"
    return label if value is True else f"{label} {value}"


def show_order(order: OrderFacts) -> None:
    """What is noted of the order; nothing of people is among it."""
    told: dict[str, object] = {}
    if order.route is not None:
        told[t("order_facts.route")] = t(f"order_route.{order.route}")
    told |= {t(f"order_facts.{name}"): getattr(order, name) for name in _TEXTS}
    told[t("order_facts.iccids")] = listed(order.iccids)
    if order.capture is not None:
        told[t("order_facts.capture")] = t(f"capture_method.{order.capture}")
    told |= {
        t(f"order_facts.{name}"): moment(at)
        for name in _MOMENTS
        if (at := getattr(order, name)) is not None
    }
    told |= {
        t(f"order_facts.{name}"): t("order_facts.yes" if answer else "order_facts.no")
        for name in _ANSWERS
        if (answer := getattr(order, name)) is not None
    }
    section(t("spot_page.order"), t("spot_page.order_hint"))
    facts({label: value for label, value in told.items() if value})


def edit_order(desk: Desk, check: SpotCheck) -> None:
    """The form, on the page itself: it is filled in at the counter, a bit at a time."""
    section(t("spot_page.order"), t("spot_page.order_hint"))
    with box("kit_editor", border=True):
        words = order_fields(check, f"order:{check.id}")
        if st.button(t("spot_page.order_save"), key="order:save", icon=":material/save:"):
            _save(desk, check, words)


def _save(desk: Desk, check: SpotCheck, words: str) -> None:
    try:
        order = order_of(words)
    except ValidationError:
        st.error(t("order_facts.bad_cards", most=MOST_CARDS), icon=":material/block:")
        return
    with refusals_shown():
        note_order(desk, check.id, order, check.version)
        flash(t("spot_page.order_saved"))
        st.rerun()
