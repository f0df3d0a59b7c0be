"""One agent's scorecard: each part with the rows behind it, and how it came to this by month."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func
from sqlmodel import col, select

from console.actions.oversight.analysis.asking import asked
from console.actions.oversight.analysis.periods import (
    china_month,
    first_of,
    last_months,
)
from console.actions.oversight.analysis.score_sources import SOURCES, Source
from console.actions.oversight.analysis.scorecards import (
    Standing,
    counted_since,
    standings_of,
)
from console.desk import Desk, Work
from models.cases.cases import Case, CaseState
from models.channel.agents import Agent
from models.channel.licences import Licence, LicenceState
from models.channel.papers import AgentPaper
from models.oversight.scores import Score, ScorePart, score, weights
from models.permissions import Permission

MOST_DEEDS: Final = 50
TREND: Final = 12
"""Months of a score's past."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One row that a part counts, or that was looked at and was well."""

    id: UUID
    number: str
    at: datetime
    word: str


@dataclass(frozen=True, slots=True)
class Scorecard:
    agent: Agent
    score: Score
    standing: Standing
    deeds: Mapping[ScorePart, Sequence[Deed]]
    """The latest of each part, within the months that count."""
    cases: Mapping[CaseState, int]
    """All cases of the agent by where they stand, reversed ones too."""
    trend: Mapping[str, Score]
    """By month: what the deeds that are known today give for the year that ended with it."""
    licences: Sequence[Licence]
    """In force, the first to end before."""
    papers: Sequence[AgentPaper]
    """On file and with a term, the first to end before."""


def scorecard(desk: Desk, agent_id: UUID | str) -> Scorecard:
    with desk.begin(Permission.AGENT_READ) as work:
        agent = work.get(Agent, agent_id)
        known = {part: one for part, one in SOURCES.items() if work.actor.may(one.permission)}
        trend = _trend(work, agent, known)
        return Scorecard(
            agent,
            trend[last_months(work.at, 1)[0]],
            standings_of(work, [agent])[agent.id],
            {part: _deeds(work, agent, one) for part, one in known.items()},
            _cases(work, agent),
            trend,
            _licences(work, agent),
            _papers(work, agent),
        )


def _of(work: Work, agent: Agent, source: Source, since: datetime) -> Select[Any]:
    return source.rows(work).where(source.agent == agent.id, source.at >= since)


def _deeds(work: Work, agent: Agent, source: Source) -> list[Deed]:
    rows = (
        _of(work, agent, source, counted_since(work.at))
        .with_only_columns(source.id, source.number, source.at, source.word)
        .order_by(source.at.desc(), source.id.desc())
        .limit(MOST_DEEDS)
    )
    found = asked(work, rows)
    return [Deed(row_id, number, at, str(word)) for row_id, number, at, word in found]


def _trend(work: Work, agent: Agent, known: Mapping[ScorePart, Source]) -> dict[str, Score]:
    """Each month is counted once; a score adds up the months of its year."""
    by = weights()
    months = last_months(work.at, TREND + by.months - 1)
    counts = {part: _by_month(work, agent, one, months[0]) for part, one in known.items()}
    found = dict[str, Score]()
    for last in range(by.months, len(months) + 1):
        year = months[last - by.months : last]
        tallies = {part: _added(each, year) for part, each in counts.items()}
        found[year[-1]] = score(tallies, by)
    return found


def _by_month(work: Work, agent: Agent, source: Source, first: str) -> dict[str, dict[str, int]]:
    one = (
        _of(work, agent, source, first_of(first))
        .with_only_columns(china_month(source.at).label("month"), source.word.label("word"))
        .subquery()
        .c
    )
    counted = select(one.month, one.word, func.count()).group_by(one.month, one.word)
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for month, word, count in asked(work, counted):
        found[month][str(word)] = count
    return found


def _added(counts: Mapping[str, Mapping[str, int]], months: Sequence[str]) -> dict[str, int]:
    total: dict[str, int] = defaultdict(int)
    for month in months:
        for word, count in counts.get(month, {}).items():
            total[word] += count
    return dict(total)


def _cases(work: Work, agent: Agent) -> dict[CaseState, int]:
    if not work.actor.may(Permission.CASE_READ):
        return {}
    counted = (
        work.select(Case)
        .where(Case.agent_id == agent.id, col(Case.merged_into_id).is_(None))
        .with_only_columns(col(Case.state), func.count())
        .group_by(col(Case.state))
    )
    return {CaseState(state): n for state, n in asked(work, counted)}


def _licences(work: Work, agent: Agent) -> Sequence[Licence]:
    if not work.actor.may(Permission.LICENCE_READ):
        return ()
    return work.all(
        work.select(Licence)
        .where(Licence.agent_id == agent.id, Licence.state == LicenceState.ACTIVE)
        .order_by(col(Licence.ends_on), col(Licence.id))
    )


def _papers(work: Work, agent: Agent) -> Sequence[AgentPaper]:
    if not work.actor.may(Permission.PAPER_READ):
        return ()
    return work.all(
        work.select(AgentPaper)
        .where(AgentPaper.agent_id == agent.id, AgentPaper.attempt == agent.attempt)
        .where(col(AgentPaper.withdrawn_at).is_(None), col(AgentPaper.valid_until).is_not(None))
        .order_by(col(AgentPaper.valid_until), col(AgentPaper.id))
    )
