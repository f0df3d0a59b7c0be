"""Who may not be admitted by an authority's word: jointly punished parties (DOMAIN 2.6)."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, true
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, new_id
from models.channel.agents import BlacklistState
from models.staff import Actor


class RestrictedParty(Table, table=True):
    """A firm or a person under joint punishment. Entered by a carrier from an authority's paper."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    carrier_id: UUID = Field(foreign_key="organisations.id", index=True)
    name: str = Field(max_length=200, index=True)
    """Of the firm, or by `person_key` of the person when there is no code."""
    uscc: str = Field(default="", max_length=18, index=True)
    """Empty of a person: identity numbers are nobody's to type."""
    authority: str = Field(max_length=200)
    document_no: str = Field(max_length=64)
    basis: str = Field(max_length=500)
    begins_on: date
    until: date
    """The last day; at most five years from the first (joint punishment measures)."""
    appeal_to: str = Field(max_length=500)
    """Where and with which papers to appeal (Anti-Fraud Law art. 32)."""
    import_id: UUID | None = Field(default=None, index=True)
    """The list that it came by."""
    is_proposed: bool = Field(default=False)
    """A second approver has not confirmed the list."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    lifted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def state_on(self, day: date) -> BlacklistState:
        if self.lifted_at is not None:
            return BlacklistState.LIFTED
        if self.is_proposed:
            return BlacklistState.PROPOSED
        if day < self.begins_on:
            return BlacklistState.NOT_YET
        return BlacklistState.RUN_OUT if self.until < day else BlacklistState.IN_FORCE

    @property
    def is_person(self) -> bool:
        return not self.uscc

    def is_in_force(self, on: date) -> bool:
        return self.state_on(on) is BlacklistState.IN_FORCE

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        if actor.is_house or actor.provinces:
            return true()
        return col(cls.carrier_id).in_(actor.carriers)

    @property
    def title(self) -> str:
        return self.name

    @property
    def belongs_to(self) -> UUID | None:
        return self.carrier_id
