"""`channel org` and `channel user`: organisations and accounts from the command line."""

from pathlib import Path
from typing import Annotated

import typer

from console.actions.channel.logos import put_logo
from console.actions.staff.people import (
    add_organisation,
    add_user,
    close_organisation,
    disable_user,
    grant_role,
    list_organisations,
    list_users,
    roles_of,
    user_named,
    withdraw_role,
)
from console.cli.base import desk, say, show
from console.i18n import t
from models.badge_picture import LOGO_LARGEST
from models.permissions import Role
from models.refusals import Invalid
from models.staff import OrganisationKind

org = typer.Typer(help="Organisations.", no_args_is_help=True)
user = typer.Typer(help="Accounts and roles.", no_args_is_help=True)


@org.command("add")
def org_add(
    code: str,
    kind: OrganisationKind,
    name: str,
    parent: Annotated[str | None, typer.Option(help="Code of the organisation above.")] = None,
    province: Annotated[str | None, typer.Option(help="GB/T 2260, two digits.")] = None,
    for_tests: Annotated[
        bool, typer.Option("--for-tests", help="Virtual card readers count there, and only there.")
    ] = False,
) -> None:
    """Add an organisation: org add CT-44 basic_carrier_province 中国电信广东 --province 44."""
    add_organisation(
        desk(),
        code=code,
        kind=kind,
        name=name,
        parent=parent,
        province=province,
        for_tests=for_tests,
    )
    say("cli.organisation_added", code=code)


@org.command("close")
def org_close(code: str) -> None:
    """Let nobody of an organisation in any more; its records stay."""
    close_organisation(desk(), code)
    say("cli.organisation_closed", code=code)


@org.command("logo")
def org_logo(
    code: str,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="PNG, JPEG or WebP.")],
) -> None:
    """Put a carrier's logo in use on its badges: org logo CT-44 logo.png."""
    if file.stat().st_size > LOGO_LARGEST:
        raise Invalid("pictures.logo_too_large", most=LOGO_LARGEST // 1024)
    put_logo(desk(), code, file.read_bytes())
    say("pictures_cli.logo_put", code=code)


@org.command("list")
def org_list() -> None:
    """All organisations."""
    show(
        [
            {"code": row.code, "kind": row.kind, "name": row.name, "province": row.province}
            for row in list_organisations(desk())
        ]
    )


@user.command("add")
def user_add(
    organisation: str,
    login: str,
    name: str,
    role: Annotated[list[Role] | None, typer.Option(help="May be given several times.")] = None,
    password: Annotated[str | None, typer.Option(help="Else a one-time password is made.")] = None,
    elsewhere: Annotated[bool, typer.Option(help="Signs in by OpenID Connect.")] = False,
) -> None:
    """Add an account, and give it roles."""
    row, given = add_user(
        desk(),
        organisation=organisation,
        login=login,
        name=name,
        password=password,
        elsewhere=elsewhere,
    )
    for one in role or []:
        grant_role(desk(), row.id, one)
    if given:
        say("cli.user_added", login=row.login, password=given)
    else:
        say("cli.user_added_elsewhere", login=row.login)


@user.command("role")
def user_role(login: str, role: Role, withdraw: Annotated[bool, typer.Option()] = False) -> None:
    """Give a role, or take it away."""
    row = user_named(desk(), login)
    (withdraw_role if withdraw else grant_role)(desk(), row.id, role)
    say(
        "cli.role_withdrawn" if withdraw else "cli.role_granted",
        login=login,
        role=t(f"role.{role}"),
    )


@user.command("disable")
def user_disable(login: str) -> None:
    """Close an account and end its sessions."""
    disable_user(desk(), user_named(desk(), login).id)
    say("cli.user_disabled", login=login)


@user.command("list")
def user_list() -> None:
    """All accounts and their roles."""
    own, after = desk(), None
    rows: list[dict[str, object]] = []
    while True:
        part = list_users(own, after)
        held = roles_of(own, [row.id for row in part.rows])
        rows.extend(
            {
                "login": row.login,
                "name": row.name,
                "roles": ", ".join(held.get(row.id, [])),
                "open": row.disabled_at is None,
            }
            for row in part.rows
        )
        after = part.next
        if after is None:
            break
    show(rows)
