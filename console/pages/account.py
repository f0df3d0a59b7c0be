"""One's own account: who one is here, how one signs in, and where one is signed in."""

import streamlit as st

from console.actions.staff.people import my_account
from console.actions.staff.records import my_sessions
from console.actions.staff.sign_in import sign_out_everywhere
from console.i18n import t
from console.pages.day_parts import show_day
from console.pages.frame import CODES_PAGE, PASSWORD_PAGE, my_desk, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    Next,
    facts,
    next_moves,
    page_head,
    record_table,
    section,
)
from models.permissions import Permission, Role
from models.staff import LoginSession, User


def columns() -> list[Column[LoginSession]]:
    return [
        Column(t("account_page.opened"), lambda row: row.opened_at, Kind.MOMENT, width=150),
        Column(t("account_page.seen"), lambda row: row.seen_at, Kind.MOMENT, width=150),
        Column(t("account_page.address"), lambda row: row.address, width=150),
        Column(t("account_page.agent"), lambda row: row.agent),
    ]


def signs_in_by(user: User) -> str:
    if user.password is None:
        return t("staff_page.by_oidc")
    return t("staff_page.by_password_codes" if user.totp_secret else "staff_page.by_password")


def show_person(user: User) -> None:
    actor = desk.actor
    roles = [t(f"role.{role}") for role in sorted(actor.roles - {Role.SELF})]
    facts(
        {
            t("account_page.login"): user.login,
            t("account_page.name"): user.name,
            t("account_page.organisation"): actor.organisation,
            t("account_page.roles"): " · ".join(roles) or t("account_page.no_roles"),
            t("account_page.language"): {"zh": "中文", "en": "English"}[user.language],
            t("account_page.signs_in"): signs_in_by(user),
        }
    )
    if user.password is not None and user.totp_secret is None:
        st.warning(t("account_page.codes_off"), icon=":material/phonelink_lock:")


def leave_everywhere(_reason: str) -> None:
    if desk.actor.id is not None:
        sign_out_everywhere(desk, desk.actor.id)


def show_sessions() -> None:
    section(t("account_page.sessions"))
    rows = my_sessions(desk)
    record_table(rows, columns(), key="sessions", opens=False)
    leave = Next(
        "sign_out",
        t("account_page.sign_out"),
        t("account_page.sign_out_will"),
        leave_everywhere,
        Permission.ACCOUNT_USE,
        icon=":material/logout:",
    )
    next_moves(desk, [leave], "me")


desk = my_desk()
with refusals_shown():
    me = my_account(desk)
    with page_head(t("account_page.title"), t("account_page.hint")):
        if me.password is not None:
            st.link_button(
                t("account_page.change_password"), PASSWORD_PAGE, icon=":material/password:"
            )
            st.link_button(t("account_page.codes"), CODES_PAGE, icon=":material/phonelink_lock:")
    show_person(me)
    show_day(desk)
    show_sessions()
