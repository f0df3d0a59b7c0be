"""Keys for the programs of organisations: each is shown once, ends after a year, can be revoked."""

from uuid import UUID

import streamlit as st

from console.actions.staff.people import (
    add_client,
    list_clients,
    list_organisations,
    revoke_client,
)
from console.i18n import t
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    Next,
    empty,
    flash,
    next_moves,
    page_head,
    record_table,
    show_once,
)
from models.permissions import Permission, Role
from models.staff import ROLES_IN, ApiClient, Organisation

P = Permission


def organisations() -> dict[UUID, Organisation]:
    return {row.id: row for row in list_organisations(desk)}


def client_state(client: ApiClient) -> str:
    if client.revoked_at is not None:
        return "revoked"
    return "active" if client.is_live(desk.now()) else "expired"


def show_clients() -> None:
    rows = list_clients(desk)
    if not rows:
        empty(t("staff_page.no_clients"), t("staff_page.no_clients_next"))
        return
    names = organisations()
    columns = [
        Column[ApiClient](t("staff_page.client"), lambda row: row.name, width=180),
        Column[ApiClient](
            t("staff_page.organisation"), lambda row: names[row.organisation_id].name, width=180
        ),
        Column[ApiClient](
            t("staff_page.roles"),
            lambda row: [t(f"role.{role}") for role in row.roles],
            Kind.WORDS,
            width=220,
        ),
        Column[ApiClient](t("staff_page.hint_key"), lambda row: f"{row.key_hint}…", width=110),
        Column[ApiClient](t("staff_page.state"), client_state, Kind.STATE, "client_state"),
        Column[ApiClient](t("staff_page.ends"), lambda row: row.expires_at, Kind.DATE, width=110),
    ]
    may = desk.actor.may(P.CLIENT_EDIT)
    chosen = record_table(rows, columns, key="clients", opens=False, select=may)
    if may:
        revoke_chosen(chosen)


def revoke_chosen(chosen: list[UUID]) -> None:
    def revoke(_reason: str) -> str:
        for client_id in chosen:
            revoke_client(desk, client_id)
        return t("staff_page.revoked", n=len(chosen))

    if not chosen:
        st.caption(t("staff_page.choose_keys"))
    move = Next(
        "revoke",
        t("staff_page.revoke"),
        t("staff_page.revoke_will", n=len(chosen)),
        revoke,
        P.CLIENT_EDIT,
        is_open=bool(chosen),
        icon=":material/key_off:",
    )
    next_moves(desk, [move], "clients")


def client_form(round_: int) -> None:
    rows = {row.code: row for row in organisations().values()}
    organisation = st.selectbox(
        t("staff_page.organisation"),
        list(rows),
        key="add_client:organisation",
        format_func=lambda code: f"{rows[code].name}（{code}）",
    )
    name = st.text_input(t("staff_page.client"), key="add_client:name", max_chars=64)
    roles = st.multiselect(
        t("staff_page.roles"),
        sorted(role.value for role in ROLES_IN[rows[organisation].kind]),
        key=f"add_client:roles:{organisation}",
        format_func=lambda role: t(f"role.{role}"),
        placeholder="",
    )
    sure = st.button(t("staff_page.add_client"), key="add_client:sure", type="primary")
    if sure and not (name.strip() and roles):
        st.error(t("console.fill_in"))
    elif sure:
        with refusals_shown():
            client, key = add_client(
                desk, organisation=organisation, name=name.strip(), roles=[Role(r) for r in roles]
            )
            show_once(t("staff_page.key_of", name=client.name), key)
            st.session_state["clients:round"] = round_ + 1
            flash(t("staff_page.client_added", name=plain(client.name)))
            st.rerun()


desk = my_desk()
with page_head(t("nav.clients"), t("staff_page.clients_hint")):
    if desk.actor.may(P.CLIENT_EDIT):
        round_ = int(st.session_state.get("clients:round", 0))
        with st.popover(
            t("staff_page.add_client"), icon=":material/key:", type="primary", key=f"add:{round_}"
        ):
            client_form(round_)
with refusals_shown():
    show_clients()
