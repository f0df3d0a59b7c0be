"""Cases as a list and as a board: narrowed by what people look for, counted no further than shown.

A column of the board asks once, by the index of state: the ids of its newest cases up to a cap,
which is its count, and the first few of them whole.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from sqlalchemy import false
from sqlmodel import col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from console.actions.cases.lists import case_is_overdue
from console.desk import PAGE, Desk, Order, Slice, Work
from models.cases.cases import ENDED, Case, CaseState
from models.cases.instructions import Jurisdiction
from models.cases.notices import Notice
from models.permissions import Permission
from models.rules import Tier
from models.search import plain_text
from models.staff import Actor

MOST_COUNTED: Final = 200
MOST_CARDS: Final = 5
_REFERENCE: Final = re.compile(r"CASE-\d{4}-\d{6,}", re.ASCII | re.IGNORECASE)
"""A whole one is looked up; parts are searched for."""
COLUMNS: Final[Mapping[CaseState, tuple[CaseState, ...]]] = {
    CaseState.INVESTIGATING: (CaseState.OPENED, CaseState.INVESTIGATING),
    CaseState.DECISION_PROPOSED: (CaseState.DECISION_PROPOSED,),
    CaseState.DECIDED: (CaseState.DECIDED,),
    CaseState.EXECUTING: (CaseState.EXECUTING,),
    CaseState.WAITING_RECHECK: (CaseState.WAITING_RECHECK,),
    CaseState.APPEALED: (CaseState.APPEALED,),
}
"""What stands in which column; ended cases are in the table."""
_ROUTERS: Final = {
    Jurisdiction.FILING_PLACE: col(Case.filing_place),
    Jurisdiction.CARD_HOME: col(Case.card_home),
    Jurisdiction.PLATFORM_HOME: col(Case.platform_home),
}


@dataclass(frozen=True, slots=True)
class CaseFilters:
    """What a list of cases is narrowed to; nothing of it is asked for unless it is said."""

    state: CaseState | None = None
    tier: Tier | None = None
    platform: str = ""
    province: str = ""
    """Of any of the three routers, or of the one named."""
    router: Jurisdiction | None = None
    overdue: bool = False
    mine: bool = False
    """Those that the actor owns."""
    q: str = ""
    """Part of a reference, of a shop's name or of its id; width, case and punctuation are one."""


EVERY: Final = CaseFilters()


@dataclass(frozen=True, slots=True)
class BoardColumn:
    state: CaseState
    count: int
    """At most `MOST_COUNTED`; `is_more` says that it goes on."""
    is_more: bool
    cases: Sequence[Case]


def find_cases(
    desk: Desk,
    filters: CaseFilters = EVERY,
    after: str | None = None,
    limit: int = PAGE,
    order: Order | None = None,
) -> Slice[Case]:
    """One screen of cases, newest first; what was merged stands in its main case."""
    with desk.begin(Permission.CASE_READ) as work:
        return work.slice(_narrowed(work, filters), order or Order.by(Case.id), after, limit)


def case_board(desk: Desk, filters: CaseFilters) -> Sequence[BoardColumn]:
    """Open cases by where they stand; a state among the filters leaves its column alone."""
    with desk.begin(Permission.CASE_READ) as work:
        wanted = [
            one
            for one, states in COLUMNS.items()
            if filters.state is None or filters.state in states
        ]
        found = {one: _ids(work, replace(filters, state=None), one) for one in wanted}
        shown = [row_id for ids in found.values() for row_id in ids[:MOST_CARDS]]
        cases = {one.id: one for one in work.all(work.select(Case).where(col(Case.id).in_(shown)))}
        return [
            BoardColumn(
                state,
                min(len(ids), MOST_COUNTED),
                len(ids) > MOST_COUNTED,
                [cases[one] for one in ids[:MOST_CARDS] if one in cases],
            )
            for state, ids in found.items()
        ]


def escalated_notices(
    desk: Desk, router: Jurisdiction | None = None, after: str | None = None, limit: int = PAGE
) -> Slice[Notice]:
    """Notices that a platform let pass, newest first; of a regulator by one of its routers."""
    with desk.begin(Permission.CASE_READ) as work:
        query = work.select(Notice).where(col(Notice.escalated_at).is_not(None))
        if router is not None:
            places, column = sorted(work.actor.provinces), _ROUTERS[router]
            known = column.in_(places) if places else column.is_not(None)
            query = query.where(col(Notice.case_id).in_(select(Case.id).where(known)))
        return work.slice(query, Order.by(Notice.id), after, limit)


def _ids(work: Work, filters: CaseFilters, column: CaseState) -> Sequence[UUID]:
    query = _narrowed(work, filters).where(col(Case.state).in_(COLUMNS[column]))
    newest = query.with_only_columns(col(Case.id)).order_by(col(Case.id).desc())
    ids = work.ids(newest.limit(MOST_COUNTED + 1), Case)
    return sorted(ids, reverse=True)[: MOST_COUNTED + 1]


def _narrowed(work: Work, filters: CaseFilters) -> SelectOfScalar[Case]:
    query = work.select(Case).where(col(Case.merged_into_id).is_(None))
    if filters.state:
        query = query.where(Case.state == filters.state)
    if filters.tier:
        query = query.where(Case.tier == filters.tier)
    if filters.platform:
        query = query.where(Case.platform == filters.platform)
    if filters.overdue:
        query = query.where(case_is_overdue(work.at))
    if filters.mine:
        query = query.where(Case.owner_id == work.actor.id, col(Case.state).not_in(ENDED))
    words = filters.q.strip()
    if _REFERENCE.fullmatch(words):
        query = query.where(Case.reference == words.upper())
    elif words:
        part = plain_text(words)
        query = query.where(col(Case.search_text).contains(part) if part else false())
    return _routed(query, filters, work.actor)


def _routed(
    query: SelectOfScalar[Case], filters: CaseFilters, actor: Actor
) -> SelectOfScalar[Case]:
    """By one of the three routers, or by any; a regulator's own provinces where none is named."""
    places = [filters.province] if filters.province else sorted(actor.provinces)
    if filters.router is not None:
        column = _ROUTERS[filters.router]
        return query.where(column.in_(places) if places else column.is_not(None))
    if filters.province:
        return query.where(or_(*(one == filters.province for one in _ROUTERS.values())))
    return query
