"""Organisations and people, kept by administrators who are three people."""

from collections.abc import Callable
from uuid import UUID

import streamlit as st

from console.actions.staff.people import (
    add_organisation,
    add_user,
    disable_user,
    grant_role,
    list_organisations,
    list_users,
    reset_password,
    roles_of,
    withdraw_role,
)
from console.actions.staff.records import user_and_history
from console.actions.staff.sign_in import sign_out_everywhere
from console.i18n import Language, spoken, t
from console.pages.frame import my_desk, plain, refusals_shown
from console.pages.kit import (
    Column,
    Kind,
    Next,
    cursor,
    day,
    empty,
    facts,
    flash,
    list_or_record,
    list_tools,
    next_moves,
    page_head,
    record_head,
    record_table,
    show_once,
    timeline,
    two_columns,
    view,
)
from models.permissions import Permission, Role
from models.provinces import provinces
from models.staff import ROLES_IN, Organisation, OrganisationKind, User

P = Permission


def user_state(user: User) -> str:
    if user.disabled_at is not None:
        return "disabled"
    return "pending" if user.must_change_password else "active"


def organisations() -> dict[UUID, Organisation]:
    return {row.id: row for row in list_organisations(desk)}


def organisation_choice(key: str) -> str:
    """Which organisation, by its code."""
    names = {row.code: f"{row.name}（{row.code}）" for row in organisations().values()}
    chosen = st.selectbox(
        t("staff_page.organisation"), list(names), key=key, format_func=names.__getitem__
    )
    return chosen or ""


def added(message: str) -> None:
    """Close the form and show the list with the new row."""
    st.session_state["staff:round"] = int(st.session_state.get("staff:round", 0)) + 1
    flash(message)
    st.rerun()


# People


def show_people() -> None:
    tools = list_tools(desk, "staff")
    found = list_users(desk, cursor("people"))
    if not found.rows:
        empty(t("staff_page.no_people"), t("staff_page.no_people_next"))
        return
    names, roles = organisations(), roles_of(desk, [user.id for user in found.rows])
    columns = [
        Column[User](t("staff_page.login"), lambda user: user.login, width=150),
        Column[User](t("staff_page.name"), lambda user: user.name, width=140),
        Column[User](
            t("staff_page.organisation"), lambda user: names[user.organisation_id].name, width=200
        ),
        Column[User](
            t("staff_page.roles"),
            lambda user: [t(f"role.{role}") for role in roles.get(user.id, [])],
            Kind.WORDS,
            width=260,
        ),
        Column[User](t("staff_page.state"), user_state, Kind.STATE, "user_state", width=120),
        Column[User](t("staff_page.since"), lambda user: user.created_at, Kind.DATE, width=110),
    ]
    record_table(found.rows, tools.shown(columns), key="people")
    tools.pager(found, "people")


def user_form() -> None:
    with st.form("add_user", border=False):
        organisation = organisation_choice("add_user:organisation")
        login = st.text_input(t("staff_page.login"), key="add_user:login", max_chars=64)
        name = st.text_input(t("staff_page.name"), key="add_user:name", max_chars=64)
        elsewhere = st.checkbox(t("staff_page.elsewhere"), key="add_user:elsewhere")
        sure = st.form_submit_button(t("staff_page.add"), key="add_user:sure", type="primary")
    if sure:
        with refusals_shown():
            user, given = add_user(
                desk, organisation=organisation, login=login, name=name, elsewhere=elsewhere
            )
            if given is not None:
                show_once(t("staff_page.password_of", login=user.login), given)
            added(t("staff_page.user_added", login=plain(user.login)))


def show_user(user_id: str) -> None:
    user, deeds = user_and_history(desk, user_id)
    organisation = organisations()[user.organisation_id]
    held = roles_of(desk, [user.id]).get(user.id, [])
    page_head_of(user, organisation, held)
    left, right = two_columns()
    with left:
        by = "by_password" if user.password is not None else "by_oidc"
        facts(
            {
                t("staff_page.organisation"): organisation.name,
                t("staff_page.kind"): t(f"organisation_kind.{organisation.kind}"),
                t("staff_page.roles"): " · ".join(t(f"role.{role}") for role in held),
                t("staff_page.signs_in"): t(f"staff_page.{by}"),
                t("staff_page.since"): day(user.created_at),
            }
        )
    with right:
        timeline(deeds)


def page_head_of(user: User, organisation: Organisation, held: list[Role]) -> None:
    with record_head(user.login, user.name, area="user_state", state=user_state(user)):
        next_moves(desk, [*right_moves(user, organisation, held), *account_moves(user)], user.id)


def role_choice(roles: list[Role], key: str) -> str:
    chosen = st.selectbox(
        t("staff_page.role"),
        [role.value for role in roles],
        key=key,
        format_func=lambda role: t(f"role.{role}"),
    )
    return chosen or ""


def right_moves(user: User, organisation: Organisation, held: list[Role]) -> list[Next]:
    left = sorted(ROLES_IN[organisation.kind] - set(held))
    login = plain(user.login)

    def grant(role: str) -> str:
        grant_role(desk, user.id, Role(role))
        return t("staff_page.granted", role=t(f"role.{role}"))

    def withdraw(role: str) -> str:
        withdraw_role(desk, user.id, Role(role))
        return t("staff_page.withdrawn", role=t(f"role.{role}"))

    return [
        Next(
            "grant",
            t("staff_page.grant"),
            t("staff_page.grant_will", login=login),
            grant,
            P.STAFF_GRANT,
            is_open=bool(left) and user.disabled_at is None and user.id != desk.actor.id,
            ask=lambda key: role_choice(left, key),
            icon=":material/add_moderator:",
            main=True,
        ),
        Next(
            "withdraw",
            t("staff_page.withdraw"),
            t("staff_page.withdraw_will", login=login),
            withdraw,
            P.STAFF_GRANT,
            is_open=bool(held),
            ask=lambda key: role_choice(held, key),
            icon=":material/remove_moderator:",
        ),
    ]


def account_moves(user: User) -> list[Next]:
    login, is_open = plain(user.login), user.disabled_at is None

    def reset(_reason: str) -> None:
        show_once(t("staff_page.password_of", login=user.login), reset_password(desk, user.id))

    def leave(_reason: str) -> None:
        sign_out_everywhere(desk, user.id)

    def close(_reason: str) -> None:
        disable_user(desk, user.id)

    def offered(
        name: str, act: Callable[[str], None], permission: Permission, icon: str, *, when: bool
    ) -> Next:
        return Next(
            name,
            t(f"staff_page.{name}"),
            t(f"staff_page.{name}_will", login=login),
            act,
            permission,
            is_open=when,
            icon=f":material/{icon}:",
        )

    by_password = is_open and user.password is not None
    return [
        offered("reset", reset, P.STAFF_GRANT, "lock_reset", when=by_password),
        offered("sign_out", leave, P.STAFF_GRANT, "logout", when=is_open),
        offered(
            "disable",
            close,
            P.STAFF_EDIT,
            "person_off",
            when=is_open and user.id != desk.actor.id,
        ),
    ]


# Organisations


def show_organisations() -> None:
    rows = organisations()
    columns = [
        Column[Organisation](t("staff_page.code"), lambda row: row.code, width=120),
        Column[Organisation](t("staff_page.organisation_name"), lambda row: row.name, width=240),
        Column[Organisation](
            t("staff_page.kind"),
            lambda row: [t(f"organisation_kind.{row.kind}")],
            Kind.WORDS,
            width=220,
        ),
        Column[Organisation](
            t("staff_page.parent"),
            lambda row: rows[row.parent_id].name if row.parent_id else "",
            width=160,
        ),
        Column[Organisation](t("staff_page.province"), province_of, width=110),
        Column[Organisation](
            t("staff_page.since"), lambda row: row.created_at, Kind.DATE, width=110
        ),
    ]
    record_table(list(rows.values()), columns, key="organisations", opens=False)


def province_of(row: Organisation) -> str:
    return province_name(row.province) if row.province else ""


def province_name(code: str) -> str:
    province = provinces()[code]
    return f"{province.zh if spoken.get() is Language.ZH else province.en} {code}"


def organisation_form() -> None:
    codes = [row.code for row in organisations().values()]
    with st.form("add_organisation", border=False):
        kind = st.selectbox(
            t("staff_page.kind"),
            [kind.value for kind in OrganisationKind],
            key="add_organisation:kind",
            format_func=lambda kind: t(f"organisation_kind.{kind}"),
        )
        code = st.text_input(t("staff_page.code"), key="add_organisation:code", max_chars=32)
        name = st.text_input(
            t("staff_page.organisation_name"), key="add_organisation:name", max_chars=120
        )
        parent = st.selectbox(
            t("staff_page.parent"), codes, index=None, key="add_organisation:parent", placeholder=""
        )
        province = st.selectbox(
            t("staff_page.province"),
            list(provinces()),
            index=None,
            key="add_organisation:province",
            format_func=province_name,
            placeholder="",
        )
        sure = st.form_submit_button(
            t("staff_page.add"), key="add_organisation:sure", type="primary"
        )
    if sure:
        with refusals_shown():
            row = add_organisation(
                desk,
                code=code.strip(),
                kind=OrganisationKind(kind),
                name=name.strip(),
                parent=parent,
                province=province,
            )
            added(t("staff_page.organisation_added", code=plain(row.code)))


LISTS = {
    "people": (show_people, user_form, "add_user", P.STAFF_EDIT),
    "organisations": (
        show_organisations,
        organisation_form,
        "add_organisation",
        P.ORGANISATION_EDIT,
    ),
}


def show_list() -> None:
    head = page_head(t("staff_page.title"), t("staff_page.hint"))
    name = view({name: t(f"staff_page.{name}") for name in LISTS})
    show, form, label, permission = LISTS[name]
    if desk.actor.may(permission):
        round_ = st.session_state.get("staff:round", 0)
        with (
            head,
            st.popover(
                t(f"staff_page.{label}"),
                icon=":material/add:",
                type="primary",
                key=f"{label}:{round_}",
            ),
        ):
            form()
    with refusals_shown():
        show()


desk = my_desk()
list_or_record(show_list, show_user)
