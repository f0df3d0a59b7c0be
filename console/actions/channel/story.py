"""What happened to an agent's licences and badges, as far as everybody may know."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import bindparam, select
from sqlmodel import col

from console.actions.channel.reading import read
from console.actions.channel.register import public_agent
from console.desk import House
from models.audit import AuditEntry
from models.channel.agents import Agent
from models.channel.badges import STANDINGS, Badge, BadgeState
from models.channel.licences import Licence
from models.channel.public import PublicAgent, shop_number
from models.channel.shops import AuthorisedShop
from models.tokens import Standing


class PublicDeed(StrEnum):
    """What befell a licence, as far as everybody may know; on record as `licence.<word>`."""

    APPROVED = "approved"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    EXPIRED = "expired"
    TERMINATED = "terminated"
    REVOKED = "revoked"


class PublicBadge(StrEnum):
    """How a shop's newest badge stands."""

    GOOD = "good"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class PublicEvent:
    deed: PublicDeed
    licence_no: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PublicStory:
    agent: PublicAgent
    events: tuple[PublicEvent, ...]
    """Newest first."""
    badges: Mapping[tuple[str, str], PublicBadge]
    """By platform and shop number; a shop without a signed badge is not in it."""


_DEEDS: Final = {f"licence.{deed}": deed for deed in PublicDeed}
_STANDINGS: Final = {
    Standing.GOOD: PublicBadge.GOOD,
    Standing.SUSPENDED: PublicBadge.SUSPENDED,
    Standing.REVOKED: PublicBadge.REVOKED,
}
_LICENCES: Final = (
    select(col(Licence.id), col(Licence.number))
    .join(Agent, col(Agent.id) == col(Licence.agent_id))
    .where(col(Agent.agent_no) == bindparam("agent_no"), col(Licence.approved_at).is_not(None))
)
_EVENTS: Final = (
    select(col(AuditEntry.at), col(AuditEntry.deed))
    .where(col(AuditEntry.subject_kind) == bindparam("kind"))
    .where(col(AuditEntry.subject_id) == bindparam("licence_id"))
    .order_by(col(AuditEntry.seq))
)
_BADGES: Final = (
    select(
        col(AuthorisedShop.platform),
        col(AuthorisedShop.shop_key),
        col(Badge.state),
        col(Badge.expires_at),
    )
    .join(Agent, col(Agent.id) == col(Badge.agent_id))
    .join(AuthorisedShop, col(AuthorisedShop.id) == col(Badge.shop_id))
    .where(col(Agent.agent_no) == bindparam("agent_no"), col(Badge.token).is_not(None))
    .order_by(col(Badge.id))
)


def public_story(house: House, agent_no: str) -> PublicStory:
    """The agent with its events and badges; NotFound if it was never licensed."""
    agent = public_agent(house, agent_no)
    return PublicStory(agent, _events(house, agent), _badges(house, agent))


def _events(house: House, agent: PublicAgent) -> tuple[PublicEvent, ...]:
    found = [
        PublicEvent(_DEEDS[row.deed], licence.number, row.at)
        for licence in read(house, _LICENCES, agent_no=agent.agent_no)
        for row in read(house, _EVENTS, kind=Licence.__name__, licence_id=str(licence.id))
        if row.deed in _DEEDS
    ]
    return tuple(sorted(found, key=lambda event: event.at, reverse=True))


def _badges(house: House, agent: PublicAgent) -> Mapping[tuple[str, str], PublicBadge]:
    now = house.now()
    return {
        (row.platform, shop_number(row.shop_key)): _badge(row.state, row.expires_at, now)
        for row in read(house, _BADGES, agent_no=agent.agent_no)
    }


def _badge(state: BadgeState, expires_at: datetime, now: datetime) -> PublicBadge:
    if state is BadgeState.EXPIRED or now >= expires_at:
        return PublicBadge.EXPIRED
    return _STANDINGS[STANDINGS[state]]
