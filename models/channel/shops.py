"""The shops at which an agent may sell: part of a licence's scope."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Index, exists, text
from sqlalchemy.orm import Mapped
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, new_id
from models.staff import Actor, of_carrier
from models.tokens import Shop


class AuthorisedShop(Table, table=True):
    """One shop of one agent. Who holds a badge, holds it for such a shop."""

    __table_args__ = (
        # One live row a shop and carrier: two agents can't both be at home in one shop.
        Index(
            "uq_authorised_shops_live",
            "carrier_id",
            "platform",
            "shop_key",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_authorised_shops_agent", "agent_id", "platform"),
        Index("ix_authorised_shops_shop", "platform", "shop_key"),
        Index(
            "ix_authorised_shops_name",
            "carrier_id",
            "name",
            postgresql_ops={"name": "text_pattern_ops"},
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    carrier_id: UUID = Field(foreign_key="organisations.id")
    agent_id: UUID = Field(foreign_key="agents.id")
    platform: str = Field(max_length=32)
    """The platform's code, or `site` for a site of the agent's own."""
    shop_key: str = Field(max_length=300)
    """The canonical id (BADGE 2.4): `shop:<id>` on a platform, host and path of an own site."""
    name: str = Field(max_length=200)
    url: str = Field(default="", max_length=2000)
    province: str = Field(max_length=2)
    """The agent's, copied, so that the administration of the place sees it."""
    import_id: UUID | None = Field(default=None, index=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @property
    def shop(self) -> Shop:
        return Shop(self.platform, self.shop_key)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_carrier(actor, col(cls.carrier_id), col(cls.province), col(cls.platform))

    @property
    def title(self) -> str:
        return f"{self.platform} {self.shop_key} {self.name}"

    @property
    def belongs_to(self) -> UUID | None:
        return self.carrier_id

    @property
    def place(self) -> str | None:
        return self.province


def sells_on(platform: str, agent_id: Mapped[UUID]) -> ColumnElement[bool]:
    """Whether an agent has, or had, a shop there; asked row by row: a list keeps its order."""
    here = col(AuthorisedShop.platform) == platform
    return exists().where(here, col(AuthorisedShop.agent_id) == agent_id)
