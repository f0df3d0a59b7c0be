"""What befell licences and badges since a place in the public log, and what is news (BADGE 6)."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, Select, func, select
from sqlmodel import col

from console.actions.channel.register import OF_AGENTS, agent_of
from console.desk import House
from models.channel.agents import Agent
from models.channel.log import LogEntry, LogKind
from models.channel.public import PublicAgent
from models.refusals import Conflict, Invalid
from models.rules import china_day

MOST: Final = 1_000
GOES_BACK: Final = timedelta(days=90)
NEWS: Final = {
    LogKind.LICENCE_APPROVED: "approved",
    LogKind.LICENCE_SUSPENDED: "suspended",
    LogKind.LICENCE_RESUMED: "resumed",
    LogKind.LICENCE_EXPIRED: "expired",
    LogKind.LICENCE_TERMINATED: "terminated",
    LogKind.LICENCE_REVOKED: "revoked",
}
"""What of a licence is news to people."""
_NEWEST: Final = 100
_LOOKED_AT: Final = 20_000
"""Events in which the news are looked for: badges are told of too, and by the thousand."""


@dataclass(frozen=True, slots=True)
class Event:
    """An entry of the log, as it stands there."""

    index: int
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Moved:
    """One screen of changes. `next` is where the next begins; `size` how long the log is."""

    events: Sequence[Event]
    agents: Sequence[PublicAgent]
    """Each agent that an event is about, as it stands now."""
    next: int
    size: int


def changes_since(house: House, since: int) -> Moved:
    """From the entry at a place on. Invalid for a place the log has not reached, Conflict for one
    that is older than the changes go back: then the golden copy is to be taken anew.
    """
    query = (
        select(col(LogEntry.leaf), col(LogEntry.at), col(LogEntry.body))
        .where(col(LogEntry.leaf) >= since)
        .order_by(col(LogEntry.leaf))
        .limit(MOST)
    )
    with house.engine.connect() as connection:
        last = connection.scalar(select(func.max(col(LogEntry.leaf))))
        size = 0 if last is None else last + 1
        if since > size:
            raise Invalid("register.not_yet", since=since, size=size)
        rows = connection.execute(query).all()
        if rows and rows[0].at < house.now() - GOES_BACK:
            raise Conflict("register.too_old", since=since, days=GOES_BACK.days)
    events = [Event(row.leaf, json.loads(row.body)) for row in rows]
    numbers = {event.facts["agent_no"] for event in events if "agent_no" in event.facts}
    agents = list(_agents(house, numbers).values())
    return Moved(events, agents, since + len(events), size)


def _agents(house: House, numbers: Collection[str]) -> dict[str, PublicAgent]:
    if not numbers:
        return {}
    query: Select[*tuple[Any, ...]] = OF_AGENTS.where(col(Agent.agent_no).in_(numbers)).order_by(
        col(Agent.agent_no)
    )
    by_agent: dict[str, list[Row[Any]]] = {}
    with house.engine.connect() as connection:
        for row in connection.execute(query):
            by_agent.setdefault(row.agent_no, []).append(row)
    on = china_day(house.now())
    return {number: agent_of(rows, on) for number, rows in by_agent.items()}


@dataclass(frozen=True, slots=True)
class News:
    """Something that befell a licence, for people."""

    index: int
    deed: str
    at: datetime
    licence_no: str
    agent_no: str
    name: str
    carrier: str


def news(house: House) -> list[News]:
    """The newest first."""
    with house.engine.connect() as connection:
        last = connection.scalar(select(func.max(col(LogEntry.leaf)))) or 0
        rows = connection.execute(
            select(col(LogEntry.leaf), col(LogEntry.at), col(LogEntry.kind), col(LogEntry.body))
            .where(col(LogEntry.leaf) > last - _LOOKED_AT, col(LogEntry.kind).in_(NEWS))
            .order_by(col(LogEntry.leaf).desc())
            .limit(_NEWEST)
        ).all()
    told = [(row, json.loads(row.body)) for row in rows]
    agents = _agents(house, {body["agent_no"] for _, body in told})
    return [
        News(
            row.leaf,
            NEWS[row.kind],
            row.at,
            body["licence_no"],
            body["agent_no"],
            agents[body["agent_no"]].name,
            agents[body["agent_no"]].carrier,
        )
        for row, body in told
        if body["agent_no"] in agents
    ]
