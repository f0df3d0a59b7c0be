"""A licence (委托): leave to sell named products to buyers in named provinces (4.4)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ColumnElement, Index, Integer, text, true
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.channel.shops import sells_on
from models.staff import Actor, among, any_of

EXPIRY_WARNINGS: Final = (timedelta(days=60), timedelta(days=30), timedelta(days=7))


class Product(StrEnum):
    """What may be sold under a licence."""

    VOICE_CARD = "voice_card"
    DATA_CARD = "data_card"
    BROADBAND_BUNDLE = "broadband_bundle"


class LicenceState(StrEnum):
    DRAFT = "draft"
    PENDING_APPROVAL = "pending_approval"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    EXPIRED = "expired"
    TERMINATED = "terminated"


class LicenceMove(StrEnum):
    SUBMIT = "submit"
    APPROVE = "approve"
    RETURN = "return"
    SUSPEND = "suspend"
    RESUME = "resume"
    EXPIRE = "expire"
    REVOKE = "revoke"
    TERMINATE = "terminate"


_S, _M = LicenceState, LicenceMove
LICENCE_MOVES: Final[Mapping[tuple[LicenceState, LicenceMove], LicenceState]] = {
    (_S.DRAFT,             _M.SUBMIT):     _S.PENDING_APPROVAL,
    (_S.PENDING_APPROVAL,  _M.APPROVE):    _S.ACTIVE,
    (_S.PENDING_APPROVAL,  _M.RETURN):     _S.DRAFT,
    (_S.ACTIVE,            _M.SUSPEND):    _S.SUSPENDED,
    (_S.SUSPENDED,         _M.RESUME):     _S.ACTIVE,
    (_S.ACTIVE,            _M.EXPIRE):     _S.EXPIRED,
    (_S.SUSPENDED,         _M.EXPIRE):     _S.EXPIRED,
    (_S.ACTIVE,            _M.REVOKE):     _S.REVOKED,
    (_S.SUSPENDED,         _M.REVOKE):     _S.REVOKED,
    (_S.ACTIVE,            _M.TERMINATE):  _S.TERMINATED,
    (_S.SUSPENDED,         _M.TERMINATE):  _S.TERMINATED,
}  # fmt: skip


class Paper(StrEnum):
    """What must be on file before a licence is approved (4.4, Anti-Fraud Law art. 9)."""

    AGREEMENT = "agreement"
    NO_SUB_AGENT = "no_sub_agent"
    COMMITMENT_LETTER = "commitment_letter"
    DATA_PROCESSING = "data_processing"


class Ground(StrEnum):
    """Why a shop may not sell what it sells there. Stored on the finding, named to the platform."""

    NO_BUSINESS_LICENCE = "no_business_licence"
    NO_DELEGATION = "no_delegation"
    NOT_BEGUN = "not_begun"
    EXPIRED = "expired"
    NOT_IN_FORCE = "not_in_force"
    OUT_OF_SCOPE = "out_of_scope"
    SOMEONE_ELSES_NUMBER = "someone_elses_number"
    SOMEONE_ELSES_BADGE = "someone_elses_badge"
    FORGED_BADGE = "forged_badge"
    INDUSTRY_CARD = "industry_card"
    FORBIDDEN_OFFER = "forbidden_offer"
    NOT_DISPLAYED = "not_displayed"
    ROUTE_NOT_KEPT = "route_not_kept"


class Licence(Table, table=True):
    __table_args__ = (
        CheckConstraint("begins_on <= ends_on", name="begins_before_it_ends"),
        Index("ix_licences_carrier_state", "carrier_id", "state", "id"),
        Index("ix_licences_province_state", "province", "state", "id"),
        Index("ix_licences_carrier", "carrier_id", "id"),
        Index("ix_licences_province", "province", "id"),
        Index("ix_licences_carrier_ends", "carrier_id", "ends_on"),
        Index(
            "ix_licences_revocation", "carrier_id",
            sqlite_where=text("revocation_asked_by IS NOT NULL"),
            postgresql_where=text("revocation_asked_by IS NOT NULL"),
        ),
    )  # fmt: skip

    id: UUID = Field(default_factory=new_id, primary_key=True)
    number: str = Field(unique=True, max_length=40)
    carrier_id: UUID = Field(foreign_key="organisations.id")
    agent_id: UUID = Field(foreign_key="agents.id", index=True)
    province: str = Field(max_length=2)
    """The agent's, copied."""
    products: list[str] = Field(sa_type=JSON)
    provinces: list[str] = Field(sa_type=JSON)
    """Where buyers may be, GB/T 2260. An empty list is no province, never every province."""
    shop_ids: list[str] = Field(sa_type=JSON)
    """`AuthorisedShop`s that it names."""
    begins_on: date
    ends_on: date = Field(index=True)
    """The last day it holds, not the first it does not."""
    papers: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    """Digests of the files that proved each `Paper` when it was approved."""
    agreement_no: str = Field(default="", max_length=64)
    scope_version: int = Field(default=1, sa_type=Integer)
    predecessor_id: UUID | None = Field(default=None, index=True)
    """The licence that this one renews."""
    warned: int = Field(default=0, sa_type=Integer)
    """Days of the last warning that it runs out; 0: none yet."""
    state: LicenceState = Field(default=LicenceState.DRAFT, sa_type=words(LicenceState))
    submitted_by: UUID | None = Field(default=None)
    approval_due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    approved_by: UUID | None = Field(default=None)
    approved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revocation_asked_by: UUID | None = Field(default=None)
    """The first of the two who revoke."""
    reason: str = Field(default="", max_length=1000)
    remedy: str = Field(default="", max_length=1000)
    """Where and with which papers to appeal (Anti-Fraud Law art. 32)."""
    version: int = Field(default=1)
    created_at: datetime = Field(sa_type=UtcDateTime)

    def move(self, move: LicenceMove) -> None:
        self.state = moved(LICENCE_MOVES, self.state, move)
        self.version += 1

    def open_moves(self) -> list[LicenceMove]:
        return open_moves(LICENCE_MOVES, self.state)

    def ground_against(self, shop_id: UUID, provinces: Sequence[str], on: date) -> Ground | None:
        """Why this licence does not cover a sale at that shop on that day; None when it does.

        `provinces` are those that the listing names; one that names none is judged by the rest.
        """
        if self.state not in {LicenceState.ACTIVE, LicenceState.EXPIRED}:
            return Ground.NOT_IN_FORCE
        if on < self.begins_on:
            return Ground.NOT_BEGUN
        if on > self.ends_on or self.state is LicenceState.EXPIRED:
            return Ground.EXPIRED
        if str(shop_id) not in self.shop_ids or not set(provinces) <= set(self.provinces):
            return Ground.OUT_OF_SCOPE
        return None

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        if actor.is_house:
            return true()
        return any_of(
            among(col(cls.carrier_id), actor.carriers),
            among(col(cls.province), actor.provinces),
            sells_on(actor.platform, col(cls.agent_id)) if actor.platform else None,
        )

    @property
    def title(self) -> str:
        return self.number

    @property
    def belongs_to(self) -> UUID | None:
        return self.carrier_id

    @property
    def place(self) -> str | None:
        return self.province
