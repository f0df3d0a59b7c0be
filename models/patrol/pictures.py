"""Pictures that a run met in a shop: what they are like, and whether one is a badge."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, UniqueConstraint
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, new_id
from models.patrol.scope import Owned
from models.patrol.shops import of_shop
from models.staff import Actor


class SeenPicture(Owned, Table, table=True):
    __table_args__ = (UniqueConstraint("run_id", "shop_id", "sha256"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    run_id: UUID = Field(foreign_key="patrol_runs.id")
    shop_id: UUID = Field(foreign_key="shops.id", index=True)
    organisation_id: UUID = Field(foreign_key="organisations.id", index=True)
    url: str = Field(max_length=2000)
    sha256: str = Field(max_length=64)
    """Of the picture's bytes, as they lie in the store."""
    likeness: str = Field(default="", max_length=64)
    """Perceptual hash and colours (`integrations.likeness`); near ones are one picture, encoded
    anew. Empty: nothing on it to know it by.
    """
    badge_text: str = Field(default="", max_length=1000)
    """What a code on it says, when it leads to one of our badges or looks as if it did."""
    badge_verdict: str = Field(default="", max_length=32)
    """One of the ten verdicts (BADGE 2.4); empty: there is no badge on it."""
    badge_agent_no: str = Field(default="", max_length=40)
    evidence_sha256: str | None = Field(default=None, max_length=64)
    seen_at: datetime = Field(sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_shop(actor, col(cls.shop_id))
