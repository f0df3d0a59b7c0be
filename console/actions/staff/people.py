"""Organisations, accounts, roles and API clients, kept by administrators who are three people."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import Final, NamedTuple
from urllib.parse import quote
from uuid import UUID

from pyotp import random_base32
from sqlmodel import col, select

from console.actions.staff.sign_in import HASHER, confirm, end_sessions, hashed, step_of
from console.desk import PAGE, Desk, House, Order, Slice, Work
from models.permissions import Permission, Role
from models.provinces import provinces
from models.refusals import Conflict, Invalid, NotAllowed
from models.staff import (
    ROLES_IN,
    ApiClient,
    Organisation,
    OrganisationKind,
    User,
    UserRole,
    check_roles,
)

SHORTEST_PASSWORD: Final = 12
"""Characters; no rules of composition and no forced change (OWASP ASVS 5.0 V6.2)."""
LONGEST_PASSWORD: Final = 1000
CLIENT_LIFE: Final = timedelta(days=365)
_CODE: Final = r"^[A-Za-z0-9][A-Za-z0-9_-]{1,31}$"


def open_first(house: House, password: str | None = None) -> str | None:
    """Make the first administrator of an empty house; the password to hand over, or None.

    The first administrator keeps accounts and rights alone until they name a second one: the role
    of security administrator then goes from them to whom they gave it.
    """
    with house.desk().begin(Permission.STAFF_EDIT) as work:
        if work.session.exec(select(User.id).limit(1)).first() is not None:
            return None
        operator = work.add(
            Organisation(code="operator", kind=OrganisationKind.OPERATOR, name="系统运营单位",
                         created_at=work.at)
        )  # fmt: skip
        work.session.flush()
        given = password or secrets.token_urlsafe(12)
        admin = work.add(
            User(
                organisation_id=operator.id,
                login="admin",
                name="管理员",
                password=HASHER.hash(given),
                must_change_password=password is None,
                created_at=work.at,
            )
        )
        work.session.flush()
        for role in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN):
            _add_role(work, admin, role)
        work.record("staff.house_opened", admin)
        return given


def add_organisation(  # noqa: PLR0913 - an organisation's parts
    desk: Desk,
    *,
    code: str,
    kind: OrganisationKind,
    name: str,
    parent: str | None = None,
    province: str | None = None,
    for_tests: bool = False,
) -> Organisation:
    """`for_tests`: made to try things; there alone a virtual card reader counts."""
    with desk.begin(Permission.ORGANISATION_EDIT) as work:
        if province is not None and province not in provinces():
            raise Invalid("staff.bad_province", province=province)
        if kind is OrganisationKind.BASIC_CARRIER_PROVINCE and province is None:
            raise Invalid("staff.province_needed", kind=kind.value)
        if _organisation(work, code) is not None:
            raise Conflict("staff.code_taken", code=code)
        above = organisation_of(work, parent) if parent else None
        row = work.add(
            Organisation(
                code=code,
                kind=kind,
                name=name,
                parent_id=above.id if above else None,
                province=province,
                is_for_tests=for_tests,
                created_at=work.at,
            )
        )
        work.record(
            "staff.organisation_added", row, code=code, kind=kind.value, for_tests=for_tests
        )
        return row


def _organisation(work: Work, code: str) -> Organisation | None:
    return work.session.exec(select(Organisation).where(Organisation.code == code)).first()


def organisation_of(work: Work, code: str) -> Organisation:
    """The organisation of that code; Invalid when there is none."""
    row = _organisation(work, code)
    if row is None:
        raise Invalid("staff.no_such_organisation", code=code)
    return row


def close_organisation(desk: Desk, code: str) -> list[UUID]:
    """Nobody of it comes in any more, by any door; the sessions that ended with it."""
    with desk.begin(Permission.ORGANISATION_EDIT) as work:
        row = organisation_of(work, code)
        if row.id == desk.actor.organisation_id:
            raise NotAllowed("staff.not_to_oneself")
        row.disabled_at = row.disabled_at or work.at
        people = work.session.exec(select(User.id).where(User.organisation_id == row.id)).all()
        ended = [session for user in people for session in end_sessions(work, user, work.at)]
        work.record("staff.organisation_closed", row, code=code)
        return ended


class Named(NamedTuple):
    """An organisation by what other rows know it by."""

    id: UUID
    code: str
    name: str
    kind: OrganisationKind


def named_organisations(desk: Desk) -> Sequence[Named]:
    """All that the actor may know of, by code; closed ones too, whose rows are still there."""
    return desk.remembered("organisations", partial(_named, desk))


def _named(desk: Desk) -> Sequence[Named]:
    with desk.begin(Permission.RULE_READ) as work:
        query = (
            select(Organisation.id, Organisation.code, Organisation.name, Organisation.kind)
            .where(Organisation.seen_by(work.actor))
            .order_by(col(Organisation.code))
        )
        return [
            Named(row_id, code, name, OrganisationKind(kind))
            for row_id, code, name, kind in work.session.exec(query)
        ]


def list_organisations(desk: Desk) -> Sequence[Organisation]:
    with desk.begin(Permission.RULE_READ) as work:
        return work.all(work.select(Organisation).order_by(col(Organisation.code)))


def add_user(  # noqa: PLR0913 - an account's parts
    desk: Desk,
    *,
    organisation: str,
    login: str,
    name: str,
    password: str | None = None,
    elsewhere: bool = False,
) -> tuple[User, str | None]:
    """An account without any role, and its one-time password.

    `elsewhere`: the person signs in by OpenID Connect and has no password here.
    """
    login = login.strip().lower()
    if not login or len(login) > 64 or any(letter.isspace() for letter in login):  # noqa: PLR2004
        raise Invalid("staff.bad_login", login=login)
    given = None if elsewhere else password or secrets.token_urlsafe(12)
    with desk.begin(Permission.STAFF_EDIT) as work:
        if work.session.exec(select(User.id).where(User.login == login)).first() is not None:
            raise Conflict("staff.login_taken", login=login)
        user = work.add(
            User(
                organisation_id=organisation_of(work, organisation).id,
                login=login,
                name=name.strip() or login,
                password=HASHER.hash(given) if given else None,
                must_change_password=bool(given) and password is None,
                created_at=work.at,
            )
        )
        work.record("staff.user_added", user, organisation=organisation)
        return user, given


def list_users(
    desk: Desk, after: str | None = None, *, order: Order | None = None, limit: int = PAGE
) -> Slice[User]:
    with desk.begin(Permission.STAFF_READ) as work:
        return work.slice(
            work.select(User), order or Order.by(User.login, descending=False), after, limit
        )


def roles_of(desk: Desk, users: Iterable[UUID]) -> dict[UUID, list[Role]]:
    with desk.begin(Permission.STAFF_READ) as work:
        rows = work.session.exec(
            select(UserRole).where(col(UserRole.user_id).in_(list(users)))
        ).all()
    found: dict[UUID, list[Role]] = {}
    for row in rows:
        found.setdefault(row.user_id, []).append(row.role)
    return found


def user_named(desk: Desk, login: str) -> User:
    with desk.begin(Permission.STAFF_READ) as work:
        return work.one(work.select(User).where(User.login == login.strip().lower()), User)


def grant_role(desk: Desk, user_id: UUID, role: Role) -> None:
    """Give a role. Nobody gives one to themselves, and some roles are never one person's."""
    with desk.begin(Permission.STAFF_GRANT) as work:
        user = work.get(User, user_id)
        if user.id == desk.actor.id:
            raise NotAllowed("staff.not_to_oneself")
        kind = work.session.get_one(Organisation, user.organisation_id).kind
        held = {
            row.role
            for row in work.session.exec(select(UserRole).where(UserRole.user_id == user.id))
        }
        check_roles(kind, held | {role})
        if role in held:
            return
        _add_role(work, user, role)
        work.record("staff.role_granted", user, role=role.value)
        if role is Role.SECURITY_ADMIN:
            _end_founding(work)


def _add_role(work: Work, user: User, role: Role) -> None:
    work.session.add(
        UserRole(user_id=user.id, role=role, granted_at=work.at, granted_by=work.actor.name)
    )


def _end_founding(work: Work) -> None:
    """Whoever still holds accounts and rights together keeps the accounts only."""
    both = work.session.exec(
        select(UserRole).where(
            UserRole.role == Role.SECURITY_ADMIN,
            col(UserRole.user_id).in_(
                select(UserRole.user_id).where(UserRole.role == Role.SYSTEM_ADMIN)
            ),
        )
    ).all()
    for held in both:
        work.session.delete(held)
        founder = work.session.get_one(User, held.user_id)
        work.record("staff.role_withdrawn", founder, role=Role.SECURITY_ADMIN.value)


def withdraw_role(desk: Desk, user_id: UUID, role: Role) -> None:
    with desk.begin(Permission.STAFF_GRANT) as work:
        user = work.get(User, user_id)
        held = work.session.get(UserRole, (user.id, role))
        if held is None:
            raise Conflict("staff.role_not_held", role=role.value)
        work.session.delete(held)
        work.record("staff.role_withdrawn", user, role=role.value)


def disable_user(desk: Desk, user_id: UUID) -> list[UUID]:
    """Close an account and every session of it; the sessions' ids."""
    with desk.begin(Permission.STAFF_EDIT) as work:
        user = work.get(User, user_id)
        if user.id == desk.actor.id:
            raise NotAllowed("staff.not_to_oneself")
        user.disabled_at = user.disabled_at or work.at
        ended = end_sessions(work, user.id, work.at)
        work.record("staff.user_disabled", user)
        return ended


def reset_password(desk: Desk, user_id: UUID) -> str:
    """A new one-time password; the one-time codes are taken off too, and all sessions end."""
    given = secrets.token_urlsafe(12)
    with desk.begin(Permission.STAFF_GRANT) as work:
        user = work.get(User, user_id)
        user.password, user.must_change_password = HASHER.hash(given), True
        user.totp_secret = None
        end_sessions(work, user.id, work.at)
        work.record("staff.password_reset", user)
    return given


def change_password(desk: Desk, old: str, new: str, keep: UUID | None = None) -> list[UUID]:
    """Change one's own password, which the old one must confirm.

    Every other session than `keep` ends: whoever knew the old password is out. Their ids.
    """
    user = my_account(desk)
    if (
        not SHORTEST_PASSWORD <= len(new) <= LONGEST_PASSWORD
        or user.login in new.lower()
        or old == new
    ):
        raise Invalid("staff.weak_password", least=SHORTEST_PASSWORD)
    if not confirm(desk.house, user, old):
        raise NotAllowed("staff.wrong_password")
    record = HASHER.hash(new)
    with desk.begin(Permission.ACCOUNT_USE) as work:
        user = work.get(User, user.id)
        user.password, user.must_change_password = record, False
        ended = end_sessions(work, user.id, work.at, keep)
        work.record("staff.password_changed", user, sessions=len(ended))
        return ended


def _own(desk: Desk) -> UUID:
    if desk.actor.id is None:
        raise NotAllowed("staff.sign_in")
    return desk.actor.id


def new_code_secret() -> str:
    """A secret for an authenticator, to be confirmed by a first code."""
    return random_base32()


def code_address(secret: str, login: str) -> str:
    """What the authenticator scans (otpauth URI)."""
    label = quote(f"channel:{login}")
    return f"otpauth://totp/{label}?secret={secret}&issuer=channel"


def use_codes(desk: Desk, secret: str, code: str) -> None:
    """Ask for a one-time code at every sign-in from now on."""
    step = step_of(secret, code, desk.now())
    if step is None:
        raise Invalid("staff.wrong_code")
    with desk.begin(Permission.ACCOUNT_USE) as work:
        user = work.get(User, _own(desk))
        user.totp_secret = desk.house.vault.seal(secret.encode(), f"totp:{user.id}")
        user.totp_last_step = step
        work.record("staff.codes_on", user)


def choose_language(desk: Desk, language: str) -> None:
    with desk.begin(Permission.ACCOUNT_USE) as work:
        user = work.get(User, _own(desk))
        if user.language != language:
            user.language = language
            work.record("staff.language_chosen", user, language=language)


def my_account(desk: Desk) -> User:
    with desk.begin(Permission.ACCOUNT_USE) as work:
        return work.get(User, _own(desk))


def add_client(
    desk: Desk, *, organisation: str, name: str, roles: list[Role]
) -> tuple[ApiClient, str]:
    """A program of an organisation and its bearer key, which is shown this once."""
    key = f"ck_{secrets.token_urlsafe(32)}"
    with desk.begin(Permission.CLIENT_EDIT) as work:
        owner = organisation_of(work, organisation)
        for role in roles:
            if role not in ROLES_IN[owner.kind]:
                raise Conflict("staff.role_not_here", role=role.value, kind=owner.kind.value)
        client = work.add(
            ApiClient(
                organisation_id=owner.id,
                name=name,
                key_hash=hashed(key),
                key_hint=key[:8],
                roles=[role.value for role in roles],
                created_at=work.at,
                expires_at=work.at + CLIENT_LIFE,
            )
        )
        work.record("staff.client_added", client, roles=[role.value for role in roles])
        return client, key


def list_clients(desk: Desk) -> Sequence[ApiClient]:
    with desk.begin(Permission.CLIENT_READ) as work:
        return work.all(work.select(ApiClient).order_by(col(ApiClient.id).desc()))


def revoke_client(desk: Desk, client_id: UUID) -> None:
    with desk.begin(Permission.CLIENT_EDIT) as work:
        client = work.get(ApiClient, client_id)
        client.revoked_at = client.revoked_at or work.at
        work.record("staff.client_revoked", client)
