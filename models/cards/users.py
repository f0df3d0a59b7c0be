"""Who uses which card, where the class asks for it (004-2.3-d)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, new_id
from models.cards.of_batch import of_batch
from models.cards.persons import SealedIdentity
from models.staff import Actor, false_unless


class CardUser(SealedIdentity, Table, table=True):
    """The registered user of one card; at most one is open."""

    __table_args__ = (
        Index(
            "ix_card_users_open",
            "card",
            unique=True,
            sqlite_where=text("is_open IS TRUE"),
            postgresql_where=text("is_open IS TRUE"),
        ),
        Index("ix_card_users_batch", "batch_id", "is_open", "card"),
        Index("ix_card_users_card", "card", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    batch_id: UUID = Field(foreign_key="industry_batches.id")
    card: int = Field(sa_type=BigInteger)
    """`card_number` of the ICCID."""
    site: str = Field(default="", max_length=300)
    """Where the device is installed."""
    chassis: str = Field(default="", max_length=32)
    """Of the vehicle (VIN) or its T-Box."""
    is_open: bool = Field(default=True)
    since: datetime = Field(sa_type=UtcDateTime)
    until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    added_by: UUID | None = Field(default=None)

    def forget(self) -> None:
        """Where they live and what they drive goes as well."""
        super().forget()
        self.site = self.chassis = ""

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_batch(actor, col(cls.batch_id))

    @property
    def title(self) -> str:
        return self.name_mask


class UserSlot(Table, table=True):
    """One of the few cards that a person may have with a carrier (iot_person_limit).

    The constraint is the rule, under any race: a number is taken or it is not (SECURITY 3.3, 6).
    """

    __table_args__ = (UniqueConstraint("document_index", "carrier_id", "slot"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    document_index: bytes = Field(sa_type=LargeBinary)
    carrier_id: UUID = Field(foreign_key="organisations.id")
    slot: int
    """From 1 to the limit."""
    user_id: UUID = Field(foreign_key="card_users.id", unique=True)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return false_unless(truth=actor.is_house)


class UnattributedRange(Table, table=True):
    """Cards that can't be matched with a user each, and why: the unit answers for them."""

    __table_args__ = (Index("ix_unattributed_ranges_batch", "batch_id", "first"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    batch_id: UUID = Field(foreign_key="industry_batches.id")
    first: int = Field(sa_type=BigInteger)
    last: int = Field(sa_type=BigInteger)
    reason: str = Field(max_length=500)
    marked_by: UUID | None = Field(default=None)
    marked_at: datetime = Field(sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_batch(actor, col(cls.batch_id))
