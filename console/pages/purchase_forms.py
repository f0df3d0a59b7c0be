"""Forms of a test purchase; each answers with its inputs as one JSON text, or with nothing."""

import streamlit as st

from console.actions.checks.test_purchases import LONGEST, MOST_FEN, Parcel, Plan
from console.i18n import t
from console.pages.channel_forms import packed, unpacked
from console.pages.file_forms import Given

_FEN = 100
_SAID = {"": None, "yes": True, "no": False}


def plan_fields(key: str, finding: str = "", offer: str = "") -> str:
    purpose = st.text_area(
        t("purchases_page.purpose"), key=f"{key}:purpose", max_chars=LONGEST["purpose"]
    )
    bought = st.text_input(
        t("purchases_page.offer"),
        offer,
        key=f"{key}:offer",
        max_chars=LONGEST["offer"],
        help=t("purchases_page.offer_help"),
    )
    number, platform = finding, ""
    if not finding:
        number = st.text_input(t("purchases_page.finding"), key=f"{key}:finding", max_chars=40)
        platform = st.text_input(
            t("purchases_page.platform"), key=f"{key}:platform", max_chars=LONGEST["platform"]
        )
    if not (purpose.strip() and bought.strip()):
        return ""
    return packed(purpose=purpose, offer=bought, finding=number, platform=platform)


def plan_of(words: str) -> Plan:
    return Plan(**unpacked(words))


def order_fields(key: str) -> str:
    number = st.text_input(
        t("purchases_page.order_no"), key=f"{key}:number", max_chars=LONGEST["order_no"]
    )
    price = st.number_input(
        t("purchases_page.price"), 0.0, MOST_FEN / _FEN, step=1.0, key=f"{key}:price"
    )
    return packed(order_no=number, price_fen=round(price * _FEN)) if number.strip() else ""


def parcel_fields(key: str, given: Given) -> str:
    iccids = st.text_area(
        t("purchases_page.iccids"), key=f"{key}:iccids", help=t("purchases_page.iccids_help")
    )
    asked = _said("asked_identity", f"{key}:asked")
    works = _said("works", f"{key}:works")
    given.ask_several(t("purchases_page.files"), f"{key}:files")
    notes = st.text_area(t("purchases_page.notes"), key=f"{key}:notes", max_chars=LONGEST["notes"])
    if not (iccids.strip() or notes.strip()):
        return ""
    return packed(iccids=iccids, asked=asked, works=works, notes=notes)


def _said(field_: str, key: str) -> str:
    return st.radio(
        t(f"purchases_page.{field_}"),
        ["yes", "no"],
        index=None,
        horizontal=True,
        key=key,
        format_func=lambda one: t(f"purchases_page.{field_}_{one}"),
    ) or ""  # fmt: skip


def parcel_of(words: str, given: Given) -> Parcel:
    values = unpacked(words)
    asked, works = _SAID[values["asked"]], _SAID[values["works"]]
    return Parcel(values["iccids"], asked, works, values["notes"], given.files)
