"""What happened to an agent's licences and badges, as far as everybody may know."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select, text
from sqlmodel import col

from console.actions.channel.reading import read
from console.actions.channel.register import ONE_AGENT, agent_of
from console.desk import House
from models.audit import AuditEntry
from models.channel.agents import Agent
from models.channel.badges import STANDINGS, Badge, BadgeState
from models.channel.licences import Licence
from models.channel.log import LogEntry, LogKind
from models.channel.public import PublicAgent, PublicShop, shop_number
from models.channel.shops import AuthorisedShop
from models.refusals import NotFound
from models.rules import china_day, end_of
from models.tokens import Standing


class PublicDeed(StrEnum):
    """What befell a licence, as far as everybody may know; on record as `licence.<word>`."""

    APPROVED = "approved"
    AMENDED = "amended"
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
    leaf: int | None = None
    """Its place in the public log; None until it has one, and of what befell before the log."""


@dataclass(frozen=True, slots=True)
class ShownBadge:
    platform: str
    shop: str
    standing: PublicBadge
    leaf: int | None = None
    """Where the public log tells that it was issued."""

    def is_for(self, shop: PublicShop) -> bool:
        return (self.platform, self.shop) == (shop.platform, shop.id)


@dataclass(frozen=True, slots=True)
class PublicStory:
    agent: PublicAgent
    events: tuple[PublicEvent, ...]
    """Newest first."""
    badges: tuple[ShownBadge, ...]
    """Signed ones, oldest first."""
    until: datetime = field(compare=False)
    """When time alone changes it: a day ends, or a badge."""

    def badge_of(self, shop: PublicShop) -> ShownBadge | None:
        """The newest badge of a shop; None where none was signed."""
        known = [one for one in self.badges if one.is_for(shop)]
        return known[-1] if known else None


_DEEDS: Final = {f"licence.{deed}": deed for deed in PublicDeed}
_KINDS: Final = ", ".join(f"'{kind}'" for kind in (*_DEEDS, LogKind.BADGE_ISSUED))
_STANDINGS: Final = {
    Standing.GOOD: PublicBadge.GOOD,
    Standing.SUSPENDED: PublicBadge.SUSPENDED,
    Standing.REVOKED: PublicBadge.REVOKED,
}
_AGENT: Final = ONE_AGENT.add_columns(col(Licence.id).label("licence_id"))
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
        col(Badge.badge_id),
        col(Badge.state),
        col(Badge.expires_at),
    )
    .join(Agent, col(Agent.id) == col(Badge.agent_id))
    .join(AuthorisedShop, col(AuthorisedShop.id) == col(Badge.shop_id))
    .where(col(Agent.agent_no) == bindparam("agent_no"), col(Badge.token).is_not(None))
    .order_by(col(Badge.id))
)


_LOGGED: Final = (
    select(col(LogEntry.kind), col(LogEntry.badge_id), col(LogEntry.leaf), col(LogEntry.body))
    .where(col(LogEntry.agent_no) == bindparam("agent_no"), col(LogEntry.leaf).is_not(None))
    .where(text(f"log_entries.kind IN ({_KINDS})"))
    .order_by(col(LogEntry.leaf))
)
Leaves = Mapping[tuple[str, ...], int]


def public_story(house: House, agent_no: str) -> PublicStory:
    """The agent with its events and badges; NotFound if it was never licensed."""
    number = agent_no.strip().upper()
    rows = read(house, _AGENT, agent_no=number)
    if not rows:
        raise NotFound("channel.no_such_agent", agent_no=agent_no)
    leaves = _leaves(read(house, _LOGGED, agent_no=number))
    licences = {row.licence_id: row.licence_no for row in rows}
    found = [e for one, name in licences.items() for e in _events(house, one, name, leaves)]
    now = house.now()
    day, badges = china_day(now), read(house, _BADGES, agent_no=number)
    return PublicStory(
        agent_of(rows, day),
        tuple(sorted(found, key=lambda event: event.at)[::-1]),
        tuple(_shown(row, now, leaves) for row in badges),
        min([end_of(day), *(row.expires_at for row in badges if row.expires_at > now)]),
    )


def _leaves(rows: Sequence[Any]) -> Leaves:
    """Where the log tells of a licence's event, by deed, number and moment; and of a badge."""
    found: dict[tuple[str, ...], int] = {}
    for row in rows:
        if row.kind is LogKind.BADGE_ISSUED:
            found[row.badge_id,] = row.leaf
        else:
            body = json.loads(row.body)
            found[row.kind.value, body["licence_no"], body["at"]] = row.leaf
    return found


def _events(house: House, licence_id: UUID, number: str, leaves: Leaves) -> list[PublicEvent]:
    return [
        PublicEvent(
            _DEEDS[row.deed],
            number,
            row.at,
            leaves.get((row.deed, number, row.at.astimezone(UTC).isoformat())),
        )
        for row in read(house, _EVENTS, kind=Licence.__name__, licence_id=str(licence_id))
        if row.deed in _DEEDS
    ]


def _shown(row: Any, now: datetime, leaves: Leaves) -> ShownBadge:  # noqa: ANN401 - a named tuple
    standing = _badge(row.state, row.expires_at, now)
    leaf = leaves.get((row.badge_id,))
    return ShownBadge(row.platform, shop_number(row.shop_key), standing, leaf)


def _badge(state: BadgeState, expires_at: datetime, now: datetime) -> PublicBadge:
    if state is BadgeState.EXPIRED or now >= expires_at:
        return PublicBadge.EXPIRED
    return _STANDINGS[STANDINGS[state]]
