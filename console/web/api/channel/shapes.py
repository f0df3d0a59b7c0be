"""What goes in and out about the channel, and how its records are shown."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from models.channel.agents import AgentMove, AgentState
from models.channel.badges import BadgeState
from models.channel.licences import LicenceState
from models.channel.publications import PublicationState


class In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Out(BaseModel):
    model_config = ConfigDict(from_attributes=True)


OutShape = TypeVar("OutShape", bound=Out)


def shapes_of(shape: type[OutShape], rows: Sequence[object]) -> list[OutShape]:
    return [shape.model_validate(row) for row in rows]


class VersionIn(In):
    """The version of the record that the sender saw; it is refused if it has changed since."""

    version: int


class ReasonIn(VersionIn):
    reason: str = Field(max_length=1000)


class MeasureIn(ReasonIn):
    remedy: str = Field(max_length=1000)
    """Where to appeal, and with which papers (Anti-Fraud Law art. 32)."""


class AgentOut(Out):
    """An agent in a list: what concerns the firm, and nobody's name."""

    id: UUID
    agent_no: str
    name: str
    uscc: str
    province: str
    state: AgentState
    review_due_at: datetime | None
    reasons: list[str]
    proposal: AgentMove | None
    """What one approver has asked for, and a second must confirm."""
    version: int


class LicenceOut(Out):
    id: UUID
    number: str
    agent_id: UUID
    state: LicenceState
    products: list[str]
    provinces: list[str]
    shop_ids: list[UUID]
    begins_on: date
    ends_on: date
    papers: dict[str, str]
    """Digest of the file behind each paper, once approved."""
    agreement_no: str
    scope_version: int
    predecessor_id: UUID | None
    """The licence that this one renews."""
    reason: str
    remedy: str
    approval_due_at: datetime | None
    approved_at: datetime | None
    version: int


class ShopOut(Out):
    id: UUID
    agent_id: UUID
    platform: str
    shop_key: str
    name: str
    url: str
    created_at: datetime
    ended_at: datetime | None


class BadgeOut(Out):
    id: UUID
    badge_id: str
    agent_id: UUID
    licence_id: UUID
    shop_id: UUID
    platform: str
    state: BadgeState
    issued_at: datetime
    expires_at: datetime
    token_sha256: str | None
    reason: str
    version: int


class PublicationOut(Out):
    id: UUID
    number: str
    carrier_id: UUID
    state: PublicationState
    rows: int
    added: int
    removed: int
    changed: int
    because: str
    sha256: str | None
    signature: str | None
    published_at: datetime | None
    due_at: datetime | None


class BlacklistedOut(Out):
    id: UUID
    carrier_id: UUID
    uscc: str
    """Empty of a person alone."""
    name: str
    person: str
    reason: str
    source: str
    until: date | None
    created_at: datetime
    lifted_at: datetime | None
