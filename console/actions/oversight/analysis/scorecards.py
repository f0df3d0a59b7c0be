"""Agents by what their record adds up to: whom to look at first."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func
from sqlmodel import col, select

from console.actions.channel.agents import list_agents
from console.actions.oversight.analysis.asking import asked, asked_by_key
from console.actions.oversight.analysis.kept import kept
from console.actions.oversight.analysis.periods import (
    first_of,
    last_months,
    month_of,
    months_between,
)
from console.actions.oversight.analysis.score_sources import SOURCES, Source
from console.desk import LONGEST_PAGE, PAGE, Desk, Slice, Work
from models.channel.agents import Agent, AgentState
from models.channel.licences import Licence, LicenceState
from models.oversight.scores import Score, ScorePart, Tally, points_of, score, weights
from models.permissions import Permission
from models.refusals import Invalid

MOST_RANKED: Final = 1000
"""Whoever stands behind them is found by name."""
Tallies = Mapping[ScorePart, Tally]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is no fault and adds nothing, and is good to know beside a score."""

    months: int | None
    """Since the first licence was approved; None: none ever was."""
    ends_on: date | None
    """When the next licence in force or the business licence runs out, or the last one did."""


@dataclass(frozen=True, slots=True)
class Cards:
    """One screen of agents, the highest score first."""

    agents: Slice[Agent]
    scores: Mapping[UUID, Score]
    standings: Mapping[UUID, Standing]
    ranked: int
    """Agents with any deed that counts; those without are found by name alone."""
    is_cut: bool
    """There are more than are listed."""


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What a ranking is narrowed to."""

    state: AgentState | None = None
    province: str | None = None
    ids: frozenset[UUID] | None = None


@dataclass(frozen=True, slots=True)
class _Ranking:
    agents: Sequence[UUID]
    """The highest score first; no more than `MOST_RANKED`."""
    tallies: Mapping[UUID, Tallies]
    total: int


def list_scorecards(  # noqa: PLR0913 - the filters of a list
    desk: Desk,
    q: str = "",
    *,
    state: AgentState | None = None,
    province: str | None = None,
    after: str | None = None,
    limit: int = PAGE,
) -> Cards:
    """By score; with words all agents that they find, those without a score at the end."""
    found: Slice[Agent] = Slice((), None)
    ids: set[UUID] | None = None
    if q.strip():
        found = list_agents(desk, q, state=state, province=province, limit=LONGEST_PAGE)
        ids = {one.id for one in found.rows}
    narrowed = Narrowed(state, province, None if ids is None else frozenset(ids))
    ranking = _ranking_of(desk, narrowed)
    listed = ranking.agents
    if ids is not None:
        listed = [*listed, *sorted(ids - set(listed), reverse=True)]
    start, limit = _start(after), max(1, min(limit, LONGEST_PAGE))
    shown = listed[start : start + limit]
    with desk.begin(Permission.AGENT_READ) as work:
        rows = work.all(work.select(Agent).where(col(Agent.id).in_(shown)))
        following = str(start + limit) if len(listed) > start + limit else None
        return Cards(
            Slice(sorted(rows, key=lambda one: shown.index(one.id)), following),
            {one: score(ranking.tallies.get(one, {}), weights()) for one in shown},
            standings_of(work, rows),
            ranking.total,
            found.next is not None or ranking.total > MOST_RANKED,
        )


def _ranking_of(desk: Desk, narrowed: Narrowed) -> _Ranking:
    """Of a search it is counted each time: few agents are asked for."""

    def count() -> _Ranking:
        with desk.begin(Permission.AGENT_READ) as work:
            tallies = tallies_of(work, narrowed)
        ranked = _ranked(tallies)
        agents = ranked[:MOST_RANKED]
        return _Ranking(agents, {one: tallies[one] for one in agents}, len(ranked))

    if narrowed.ids is not None:
        return count()
    return kept(desk, Permission.AGENT_READ, count, "scorecards", narrowed)


def _start(after: str | None) -> int:
    """Scores are counted anew for each screen, so a place in the ranking is all there is."""
    if after is None:
        return 0
    if not (after.isascii() and after.isdigit() and int(after) <= MOST_RANKED + LONGEST_PAGE):
        raise Invalid("api.bad_cursor")
    return int(after)


def hidden_parts(desk: Desk) -> list[ScorePart]:
    """Of which the actor may know nothing: they are in no score that they see."""
    return [part for part, one in SOURCES.items() if not desk.actor.may(one.permission)]


def counted_since(at: datetime) -> datetime:
    """The first moment of the months that count: the running one is the last of them."""
    return first_of(last_months(at, weights().months)[0])


def _ranked(tallies: Mapping[UUID, Tallies]) -> list[UUID]:
    by = weights()
    scored = ((points_of(own, by), agent) for agent, own in tallies.items())
    return [agent for points, agent in sorted(scored, reverse=True) if points > 0]


def tallies_of(work: Work, narrowed: Narrowed) -> dict[UUID, dict[ScorePart, dict[str, int]]]:
    """Of each agent that anything is known of: how often what, counted by the database."""
    found: dict[UUID, dict[ScorePart, dict[str, int]]] = defaultdict(dict)
    since = counted_since(work.at)
    for part, source in SOURCES.items():
        if not work.actor.may(source.permission):
            continue
        rows = of_agents(work, source, narrowed).where(source.at >= since)
        each = rows.with_only_columns(source.agent.label("agent"), source.word.label("word"))
        one = each.subquery().c
        counted = select(one.agent, one.word, func.count()).group_by(one.agent, one.word)
        for agent, word, count in asked(work, counted):
            found[agent].setdefault(part, {})[str(word)] = count
    return found


def of_agents(work: Work, source: Source, narrowed: Narrowed) -> Select[Any]:
    """Its rows of agents that the actor may know of, too; asked row by row: the rows are fewer."""
    rows, known = source.rows(work), work.select(Agent).where(col(Agent.id) == source.agent)
    if narrowed.ids is not None:
        rows = rows.where(source.agent.in_(narrowed.ids))
    if narrowed.state is not None:
        known = known.where(Agent.state == narrowed.state)
    if narrowed.province is not None:
        known = known.where(Agent.province == narrowed.province)
    return rows.where(known.exists())


def standings_of(work: Work, agents: Sequence[Agent]) -> dict[UUID, Standing]:
    """Since when each is in the channel, and until when, of a screen of agents."""
    ids = [one.id for one in agents]
    own = work.select(Licence).where(col(Licence.agent_id).in_(ids))
    first = own.with_only_columns(col(Licence.agent_id), func.min(Licence.approved_at)).group_by(
        col(Licence.agent_id)
    )
    live = own.where(Licence.state == LicenceState.ACTIVE)
    last = live.with_only_columns(col(Licence.agent_id), func.max(Licence.ends_on)).group_by(
        col(Licence.agent_id)
    )
    began = {agent: at for agent, at in asked(work, first) if at is not None}
    ends = asked_by_key(work, last)
    this = month_of(work.at)
    found = dict[UUID, Standing]()
    for one in agents:
        days = [day for day in (ends.get(one.id), one.business_licence_until) if day is not None]
        at = began.get(one.id)
        months = None if at is None else months_between(month_of(at), this)
        found[one.id] = Standing(months, min(days, default=None))
    return found
