"""Who works here: organisations, people, their roles, and how they are known at a door."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    JSON,
    BinaryExpression,
    BindParameter,
    BooleanClauseList,
    ColumnElement,
    UniqueConstraint,
    false,
    or_,
    true,
)
from sqlalchemy.orm import Mapped
from sqlalchemy.sql.operators import in_op
from sqlalchemy.sql.operators import or_ as either
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, new_id, words
from models.permissions import BY_PEOPLE, GRANTS, Permission, Role
from models.refusals import Conflict, NotAllowed

SESSION_IDLE: Final = timedelta(minutes=30)
SESSION_LONGEST: Final = timedelta(hours=8)
FAILURE_WINDOW: Final = timedelta(minutes=15)
FAILURES_PER_ACCOUNT: Final = 5
FAILURES_PER_ADDRESS: Final = 20

ADMINISTRATORS: Final = frozenset({Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN})
"""Three people (GB/T 22239-2019 8.1.4): accounts, rights, and the record of both."""


class OrganisationKind(StrEnum):
    """Whom notice 182 addresses (004-0-a), and the operator of this console."""

    BASIC_CARRIER_GROUP = "basic_carrier_group"
    BASIC_CARRIER_PROVINCE = "basic_carrier_province"
    RESELLER = "reseller"
    PLATFORM = "platform"
    COMM_ADMIN = "comm_admin"
    OPERATOR = "operator"


CARRIERS: Final = frozenset(
    {
        OrganisationKind.BASIC_CARRIER_GROUP,
        OrganisationKind.BASIC_CARRIER_PROVINCE,
        OrganisationKind.RESELLER,
    }
)

_CARRIER_ROLES: Final = frozenset(
    {
        Role.CHANNEL_MANAGER,
        Role.APPROVER,
        Role.IOT_MANAGER,
        Role.INSPECTOR,
        Role.PRIVACY_OFFICER,
        Role.AUDITOR,
    }
)
ROLES_IN: Final[Mapping[OrganisationKind, frozenset[Role]]] = {
    OrganisationKind.BASIC_CARRIER_GROUP: _CARRIER_ROLES,
    OrganisationKind.BASIC_CARRIER_PROVINCE: _CARRIER_ROLES,
    OrganisationKind.RESELLER: _CARRIER_ROLES,
    OrganisationKind.PLATFORM: frozenset(
        {Role.PLATFORM_OFFICER, Role.PRIVACY_OFFICER, Role.AUDITOR}
    ),
    OrganisationKind.COMM_ADMIN: frozenset({Role.REGULATOR}),
    OrganisationKind.OPERATOR: ADMINISTRATORS,
}


class Door(StrEnum):
    """Where an actor came in."""

    CONSOLE = "console"
    API = "api"
    CLI = "cli"
    READER = "reader"
    PUBLIC = "public"
    HOUSE = "house"


class Organisation(Table, table=True):
    id: UUID = Field(default_factory=new_id, primary_key=True)
    code: str = Field(unique=True, max_length=32)
    """Short and for ever: `CT-44`, `CA-44`, `lanhai`. Of a platform, the word its shops carry."""
    kind: OrganisationKind = Field(sa_type=words(OrganisationKind))
    name: str = Field(max_length=120)
    parent_id: UUID | None = Field(default=None, foreign_key="organisations.id", index=True)
    logo: str | None = Field(default=None, max_length=64)
    """Of a carrier: the digest of the PNG that its badges show."""
    province: str | None = Field(default=None, max_length=2)
    """GB/T 2260; none for a group, and for an administration that sees the whole country."""
    is_for_tests: bool = Field(default=False)
    """Made to try things: here alone a virtual card reader counts."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    disabled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: "Actor") -> ColumnElement[bool]:  # noqa: ARG003
        """Names of organisations are public knowledge."""
        return true()

    @property
    def title(self) -> str:
        return self.name


class User(Table, table=True):
    __table_args__ = (UniqueConstraint("oidc_issuer", "oidc_subject"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisations.id", index=True)
    login: str = Field(unique=True, max_length=64)
    """Lower case."""
    name: str = Field(max_length=64)
    language: str = Field(default="zh", max_length=2)
    password: str | None = Field(default=None, max_length=200)
    """An argon2id record; none for those who sign in elsewhere."""
    must_change_password: bool = Field(default=False)
    totp_secret: bytes | None = Field(default=None)
    """Sealed, bound to this row."""
    totp_last_step: int = Field(default=0)
    """A one-time code counts once (RFC 6238 5.2)."""
    oidc_issuer: str | None = Field(default=None, max_length=200)
    oidc_subject: str | None = Field(default=None, max_length=200)
    created_at: datetime = Field(sa_type=UtcDateTime)
    disabled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: "Actor") -> ColumnElement[bool]:
        if actor.roles & ADMINISTRATORS or actor.is_house:
            return true()
        return col(cls.organisation_id) == actor.organisation_id

    @property
    def title(self) -> str:
        return self.login


class UserRole(Table, table=True):
    user_id: UUID = Field(foreign_key="users.id", primary_key=True)
    role: Role = Field(sa_type=words(Role), primary_key=True)
    granted_at: datetime = Field(sa_type=UtcDateTime)
    granted_by: str = Field(max_length=64)

    @classmethod
    def seen_by(cls, actor: "Actor") -> ColumnElement[bool]:  # noqa: ARG003
        return true()


class LoginSession(Table, table=True):
    """One sign-in of one person, until it ends. The cookie holds a token; here is only its hash."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    token_hash: str = Field(unique=True, max_length=64)
    user_id: UUID = Field(foreign_key="users.id", index=True)
    opened_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    address: str = Field(max_length=64)
    agent: str = Field(max_length=200)

    def is_open(self, at: datetime) -> bool:
        return (
            self.ended_at is None
            and at - self.seen_at <= SESSION_IDLE
            and at - self.opened_at <= SESSION_LONGEST
        )

    @classmethod
    def seen_by(cls, actor: "Actor") -> ColumnElement[bool]:
        if Role.SECURITY_ADMIN in actor.roles or actor.is_house:
            return true()
        return col(cls.user_id) == actor.id


class LoginFailure(Table, table=True):
    """A refused sign-in, counted against the account and against the address."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    account: str = Field(max_length=64, index=True)
    address: str = Field(max_length=64, index=True)
    at: datetime = Field(sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: "Actor") -> ColumnElement[bool]:
        return false_unless(truth=actor.is_house)


class ApiClient(Table, table=True):
    """A program of an organisation, with a bearer key of which only the hash is kept."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisations.id", index=True)
    name: str = Field(max_length=64)
    key_hash: str = Field(unique=True, max_length=64)
    key_hint: str = Field(max_length=8)
    """The first characters of the key, so that people can tell two apart."""
    roles: list[str] = Field(sa_type=JSON)
    """What it may do, as roles of its organisation. An empty list is nothing, never all."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def is_live(self, at: datetime) -> bool:
        return self.revoked_at is None and at < self.expires_at

    @classmethod
    def seen_by(cls, actor: "Actor") -> ColumnElement[bool]:
        if Role.SECURITY_ADMIN in actor.roles or actor.is_house:
            return true()
        return col(cls.organisation_id) == actor.organisation_id

    @property
    def title(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever does a deed: a person at the console, an API client, or the house itself.

    The fields below the roles are the scope: tables say what of it counts for them.
    """

    id: UUID | None
    name: str
    roles: frozenset[Role]
    organisation_id: UUID | None = None
    organisation: str = ""
    kind: OrganisationKind = OrganisationKind.OPERATOR
    carriers: frozenset[UUID] = frozenset()
    """The actor's carrier and the provincial companies below it."""
    platform: str | None = None
    provinces: frozenset[str] = frozenset()
    """Of a regulator: where it watches."""
    door: Door = Door.CONSOLE

    @property
    def organisations(self) -> frozenset[UUID]:
        """The actor's own, and those below it."""
        return self.carriers | frozenset(filter(None, [self.organisation_id]))

    @property
    def is_house(self) -> bool:
        return Role.HOUSE in self.roles

    @property
    def is_program(self) -> bool:
        """Behind a bearer key. What the house does by API in a person's name is that person's."""
        return self.door is Door.API and Role.SELF not in self.roles

    @property
    def sees_channels(self) -> bool:
        """Cases and complaints about shops and agents too, and not about industry cards alone."""
        return self.may(Permission.PATROL_READ)

    def may(self, permission: Permission) -> bool:
        return self._holds(permission) and not (permission in BY_PEOPLE and self.is_program)

    def must(self, permission: Permission) -> None:
        if self.may(permission):
            return
        code = "staff.people_only" if self._holds(permission) else "staff.not_allowed"
        raise NotAllowed(code, actor=self.name, permission=permission.value)

    def _holds(self, permission: Permission) -> bool:
        return any(permission in GRANTS[role] for role in self.roles)


def false_unless(*, truth: bool) -> ColumnElement[bool]:
    """A condition that holds for every row, or for none."""
    return true() if truth else false()


def among(column: Mapped[Any], values: Collection[object]) -> ColumnElement[bool] | None:
    """That the column is one of these; no condition at all when there are none."""
    if len(values) == 1:
        (value,) = values
        return column == value
    return column.in_(values) if values else None


def any_of(*scopes: ColumnElement[bool] | None) -> ColumnElement[bool]:
    """Any of the scopes that the actor has; without one, nothing.

    A scope that is empty must not stand in the query: with an OR, no index gives its order.
    """
    held = [scope for scope in scopes if scope is not None]
    return or_(*held) if held else false()


def apart(scope: ColumnElement[bool]) -> Sequence[ColumnElement[bool]]:
    """The scopes that `any_of` has put together, for each value of `among` its own; whatever else,
    as it is.
    """
    alternatives = isinstance(scope, BooleanClauseList) and scope.operator is either
    found = scope.clauses if alternatives else [scope]
    return [one for each in found for one in _by_value(each)]


def _by_value(scope: ColumnElement[bool]) -> Sequence[ColumnElement[bool]]:
    """Of a group's carriers, or of several provinces, no index gives the order either."""
    if not isinstance(scope, BinaryExpression) or scope.operator is not in_op:
        return [scope]
    values: Any = scope.right.value if isinstance(scope.right, BindParameter) else None
    return [scope] if values is None else [scope.left == one for one in values]


def of_carrier(
    actor: Actor,
    carrier: Mapped[UUID],
    province: Mapped[str] | Mapped[str | None],
    platform: Mapped[str] | None = None,
) -> ColumnElement[bool]:
    """Rows of a carrier: its own people see them, who watches the province, and their platform."""
    if actor.is_house:
        return true()
    return any_of(
        among(carrier, actor.carriers),
        among(province, actor.provinces),
        among(platform, [actor.platform]) if platform is not None and actor.platform else None,
    )


HOUSE: Final = Actor(id=None, name="house", roles=frozenset({Role.HOUSE}), door=Door.HOUSE)


def check_roles(kind: OrganisationKind, roles: Collection[Role]) -> None:
    """Whether one person of such an organisation may hold these roles together.

    The three administrators are three people, and who decides does not also prepare.
    """
    for role in roles:
        if role not in ROLES_IN[kind]:
            raise Conflict("staff.role_not_here", role=role, kind=kind)
    held = [role for role in roles if role in ADMINISTRATORS]
    if len(held) > 1:
        raise Conflict("staff.roles_apart", roles=", ".join(sorted(held)))


def is_throttled(failures_of_account: int, failures_of_address: int) -> bool:
    return (
        failures_of_account >= FAILURES_PER_ACCOUNT or failures_of_address >= FAILURES_PER_ADDRESS
    )
