"""The record of deeds: read it, see the signed head, verify that nothing was altered."""

from typing import cast

import streamlit as st

from console.actions.audit import latest_checkpoint, list_deeds, seal, verify
from console.i18n import t
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    actor_word,
    choice,
    cursor,
    deed_word,
    empty,
    facts,
    filters,
    flash,
    list_tools,
    moment,
    page_head,
    record_table,
    section,
)
from models.audit import AuditEntry
from models.permissions import Permission, Role

AREAS = (
    "staff", "record", "agent", "licence", "badge", "publication", "shop", "patrol", "finding",
    "case", "export", "instruction", "case_appeal", "industry", "accountable", "usage_finding",
    "card_order", "identity",
)  # fmt: skip


def columns() -> list[Column[AuditEntry]]:
    return [
        Column(t("audit_page.at"), lambda entry: entry.at, Kind.MOMENT, width=140),
        Column(t("audit_page.deed"), lambda entry: deed_word(entry.deed), width=150),
        Column(t("audit_page.subject"), lambda entry: entry.subject_name, width=190),
        Column(t("audit_page.who"), actor_word, width=120),
        Column(t("audit_page.organisation"), lambda entry: entry.organisation, width=160),
        Column(t("audit_page.door"), lambda entry: [t(f"door.{entry.door}")], Kind.WORDS, width=90),
        Column(t("audit_page.place"), lambda entry: entry.leaf, Kind.NUMBER, width=100),
        Column(t("audit_page.facts"), said_facts, width=240),
    ]


def said_facts(entry: AuditEntry) -> str:
    return " · ".join(f"{name}: {_fact(fact)}" for name, fact in entry.facts.items())


def _fact(fact: object) -> str:
    return ", ".join(map(str, cast("list[object]", fact))) if isinstance(fact, list) else str(fact)


def show_deeds() -> None:
    with filters():
        kinds = {area: t(f"deed_area.{area}") for area in AREAS}
        area = choice("deed", t("audit_page.filter"), kinds, width=260)
    deed = f"{area}." if area else None
    tools = list_tools(desk, "audit")
    found = list_deeds(desk, cursor("audit", deed, tools.sort), deed=deed, order=tools.order)
    if not found.rows:
        empty(t("audit_page.none"), t("audit_page.none_next"))
        return
    record_table(
        found.rows,
        tools.shown(columns()),
        key="audit",
        opens=False,
        identity=lambda entry: entry.seq,
    )
    tools.pager(found, "audit")


def show_head() -> None:
    """The signed head is public; who may verify the whole is the audit administrator alone."""
    head = latest_checkpoint(desk)
    if head is None:
        st.info(t("audit_page.no_head"), icon=":material/signature:")
        return
    section(t("audit_page.head"))
    facts({t("audit_page.size"): f"{head.size:,}", t("audit_page.signed_at"): moment(head.at)})
    with st.expander(t("audit_page.note"), icon=":material/signature:"):
        st.code(head.note, language=None)


def check_whole() -> None:
    with refusals_shown():
        verdict = verify(desk)
        if verdict.fault is not None:
            st.error(t("audit_page.fault", fault=plain(verdict.fault)), icon=":material/gpp_bad:")
            return
        st.success(
            t(
                "audit_page.whole",
                entries=f"{verdict.entries:,}",
                checkpoints=f"{verdict.checkpoints:,}",
                waiting=f"{verdict.waiting:,}",
            ),
            icon=":material/verified:",
        )


def sign_now() -> None:
    with refusals_shown():
        flash(t("audit_page.sealed", n=seal(desk)))


desk = my_desk()
whole = Role.AUDIT_ADMIN in desk.actor.roles
with page_head(t("audit_page.title"), t("audit_page.hint")):
    asked = whole and st.button(
        t("audit_page.verify"), key="verify", icon=":material/fact_check:", type="primary"
    )
    if desk.actor.may(Permission.AUDIT_SEAL):
        st.button(t("audit_page.seal"), key="seal", icon=":material/signature:", on_click=sign_now)
with refusals_shown():
    if asked:
        check_whole()
    if not whole:
        st.caption(t("audit_page.cut"))
    show_deeds()
    show_head()
