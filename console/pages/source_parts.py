"""What a source showed when it was tried: offers, and of each field where it came from."""

from collections.abc import Mapping

import streamlit as st

from console.i18n import t
from console.pages.frame import plain, said
from console.pages.kit import figures_grid, section
from integrations.marketplaces.listing import Listing, SalesKind
from integrations.marketplaces.preview import Preview

_FIELDS = ("title", "price", "sales", "shop_name", "shop_id", "province", "licence_no",
           "listing_id", "url")  # fmt: skip


def show_preview(shown: Preview) -> None:
    section(
        t("sources_page.preview"),
        t("sources_page.preview_hint", n=len(shown.listings), asked=shown.asked),
    )
    if shown.worked:
        ways = " · ".join(t(f"source_way.{way.removeprefix('site.')}") for way in shown.worked)
        st.success(t("sources_page.worked", ways=ways), icon=":material/check_circle:")
    for fault in shown.faults:
        st.warning(fault_text(fault.reason.word, fault.reason.facts), icon=":material/warning:")
    if not shown.listings:
        st.error(t("sources_page.nothing"), icon=":material/block:")
        return
    rows = [_row(one) for one in shown.listings]
    figures_grid(rows, key="preview:listings")
    section(t("sources_page.provenance"), t("sources_page.provenance_hint"))
    figures_grid(_ways(shown), key="preview:ways")
    if shown.left_out:
        st.caption(t("sources_page.left_out", n=shown.left_out))
    if shown.idle:
        st.caption(t("sources_page.idle", keys=plain(", ".join(shown.idle))))


def _row(one: Listing) -> dict[str, str]:
    shown = {name: _text(getattr(one, name)) for name in _FIELDS}
    if one.price is not None and one.currency:
        shown["price"] = f"{one.price} {one.currency}"
    if one.sales is not None and one.sales_kind is not SalesKind.UNKNOWN:
        shown["sales"] = f"{one.sales:,}（{t(f'sales_kind.{one.sales_kind}')}）"
    return {t(f"listing_field.{name}"): text for name, text in shown.items()}


def _ways(shown: Preview) -> list[dict[str, object]]:
    """Of each field: which key of the mapping gave it, by which way, and where it is empty."""
    rows: list[dict[str, object]] = []
    for field, empty in shown.empty.items():
        found = [said_at.partition(": ") for said_at in shown.found_by.get(field, {})]
        missed = shown.missed.get(field)
        rows.append(
            {
                t("sources_page.field"): said(f"listing_field.{field}", field),
                t("sources_page.way"): " · ".join(way for _, _, way in found) or "—",
                t("sources_page.key"): " · ".join(key for key, _, _ in found) or "—",
                t("sources_page.empty"): empty,
                t("sources_page.missed"): t(
                    "sources_page.missed_at", url=missed.url, tried=missed.tried
                )
                if missed
                else "",
            }
        )
    return rows


def _text(value: object) -> str:
    return "" if value is None else str(value)


def fault_text(word: str, found: Mapping[str, object]) -> str:
    """What went wrong, in words; the source's own word where no text fits."""
    words = said(f"source_fault.{word}", "")
    try:
        return words.format(**{name: plain(fact) for name, fact in found.items()}) or plain(word)
    except (KeyError, IndexError):
        return plain(word)
