"""Who stands behind several shops: what they have in common, suggested, judged, taken back."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ColumnElement, Index, UniqueConstraint, true
from sqlmodel import Field, col, select

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.patrol.scope import Owned
from models.patrol.shops import Shop, of_shop
from models.staff import Actor


class TraitKind(StrEnum):
    """What of a shop can lead to whoever runs it."""

    CONTACT = "contact"
    """A telephone, WeChat or QQ that it shows to buyers."""
    LICENCE = "licence"
    PICTURE = "picture"
    TEXT = "text"
    """A wording that only few shops share."""
    PAYEE = "payee"
    FILING = "filing"
    """The ICP filing of its own site."""


class ShopTrait(Owned, Table, table=True):
    """One such fact. Contacts are kept as a keyed hash and a mask, never in clear."""

    __table_args__ = (
        UniqueConstraint("shop_id", "kind", "value"),
        Index("ix_shop_traits_value", "organisation_id", "kind", "value"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisations.id")
    shop_id: UUID = Field(foreign_key="shops.id")
    kind: TraitKind = Field(sa_type=words(TraitKind))
    value: str = Field(max_length=64)
    """What is compared: a hash."""
    shown: str = Field(max_length=200)
    """What people see of it."""
    strength: float = Field(default=1.0)
    """From 0 to 1: how much it is the shop's own. A contact that few of its offers show, beside
    another that all show, was copied along with somebody's words.
    """
    first_seen_at: datetime = Field(sa_type=UtcDateTime)
    last_seen_at: datetime = Field(sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_shop(actor, col(cls.shop_id))


class LinkKind(StrEnum):
    SAME_OPERATOR = "same_operator"
    RELISTED = "relisted"
    """A shop that was closed stands here again."""


class LinkState(StrEnum):
    SUGGESTED = "suggested"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class LinkMove(StrEnum):
    ACCEPT = "accept"
    REJECT = "reject"
    REOPEN = "reopen"


_S, _M = LinkState, LinkMove
LINK_MOVES: Final[Mapping[tuple[LinkState, LinkMove], LinkState]] = {
    (_S.SUGGESTED,  _M.ACCEPT):  _S.ACCEPTED,
    (_S.SUGGESTED,  _M.REJECT):  _S.REJECTED,
    (_S.ACCEPTED,   _M.REOPEN):  _S.SUGGESTED,
    (_S.REJECTED,   _M.REOPEN):  _S.SUGGESTED,
}  # fmt: skip


class ShopLink(Owned, Table, table=True):
    """Two shops that seem to be one operator's. Nothing is merged: a link is taken back at once."""

    __table_args__ = (
        UniqueConstraint("kind", "one_id", "other_id"),
        CheckConstraint("one_id < other_id", name="one_before_other"),
        Index("ix_shop_links_state", "organisation_id", "state", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    organisation_id: UUID = Field(foreign_key="organisations.id")
    kind: LinkKind = Field(sa_type=words(LinkKind))
    one_id: UUID = Field(foreign_key="shops.id", index=True)
    other_id: UUID = Field(foreign_key="shops.id", index=True)
    score: float
    """From 0 to 1: how sure."""
    reasons: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    """Each with `kind` (a `TraitKind`), `shown` and `weight`."""
    state: LinkState = Field(default=LinkState.SUGGESTED, sa_type=words(LinkState))
    judged_by: UUID | None = Field(default=None)
    reason: str = Field(default="", max_length=1000)
    version: int = Field(default=1)
    created_at: datetime = Field(sa_type=UtcDateTime)

    def move(self, move: LinkMove) -> None:
        self.state = moved(LINK_MOVES, self.state, move)
        self.version += 1

    def open_moves(self) -> list[LinkMove]:
        return open_moves(LINK_MOVES, self.state)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        if actor.is_house:
            return true()
        return col(cls.one_id).in_(select(Shop.id).where(Shop.seen_by(actor)))
