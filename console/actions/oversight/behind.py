"""The rows behind a figure: found by the very conditions that they were counted by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, not_, true
from sqlmodel import col, select

from console.actions.oversight.conditions import Asked
from console.actions.oversight.counting import chosen, months_of, place_of, recent
from console.actions.oversight.indicators import COUNTED, Counted
from console.desk import PAGE, Desk, Work
from models.base import Table
from models.cards.industry import IndustryBatch
from models.cards.monitoring import UsageFinding
from models.cases.cases import Case
from models.cases.notices import Notice
from models.cases.tasks import Recovery
from models.channel.agents import Agent
from models.channel.badges import Badge
from models.checks.spot_checks import SpotCheck
from models.checks.test_purchases import TestPurchase
from models.oversight.figures import Cut, Indicator
from models.patrol.checks import ShopCheck
from models.patrol.findings import Finding
from models.patrol.links import ShopLink
from models.patrol.shops import Shop
from models.permissions import Permission
from models.refusals import Invalid
from models.staff import Organisation

_P: Final = Permission
READS: Final[Mapping[type[Table], Permission]] = {
    Agent: _P.AGENT_READ,
    Badge: _P.BADGE_READ,
    Case: _P.CASE_READ,
    Finding: _P.FINDING_READ,
    IndustryBatch: _P.INDUSTRY_READ,
    Notice: _P.CASE_READ,
    Organisation: _P.OVERVIEW_READ,
    Recovery: _P.CASE_READ,
    Shop: _P.SHOP_READ,
    ShopCheck: _P.PATROL_READ,
    ShopLink: _P.PATROL_READ,
    SpotCheck: _P.SPOT_CHECK_READ,
    TestPurchase: _P.STOCK_READ,
    UsageFinding: _P.INDUSTRY_READ,
}
"""Whoever may read such rows at all may read those of a figure."""


class Which(StrEnum):
    """Of a share, the rows that count or those that do not: what is missing to a hundred."""

    COUNTED = "counted"
    OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Part:
    """What of a figure a list shows; all of it at first."""

    cut: Cut = Cut.WHOLE
    name: str = ""
    month: str = ""
    which: Which = Which.COUNTED


@dataclass(frozen=True, slots=True)
class Behind:
    """One screen of the rows of one kind, the newest first."""

    table: type[Table]
    rows: Sequence[Any]
    next: str | None


EVERYTHING: Final = Part()


def may_look(desk: Desk, indicator: Indicator) -> bool:
    """Whether the actor may read rows of that kind, and not their number alone."""
    return all(desk.actor.may(READS[one.table]) for one in COUNTED[indicator])


def rows_behind(
    desk: Desk,
    indicator: Indicator,
    part: Part = EVERYTHING,
    after: str | None = None,
    limit: int = PAGE,
) -> Sequence[Behind]:
    """The rows that the figure counts as of now; a figure of two kinds has two lists."""
    return [_behind(desk, one, part, after, limit) for one in COUNTED[indicator]]


def _behind(desk: Desk, counted: Counted, part: Part, after: str | None, limit: int) -> Behind:
    with desk.begin(READS[counted.table]) as work:
        key: Any = getattr(counted.table, "id")  # noqa: B009 - every such table has one
        query = _narrowed(work, counted, part, key)
        if after is not None:
            query = query.where(key < _place(after))
        ids = work.session.scalars(query.order_by(key.desc()).limit(limit + 1)).all()
        rows = work.session.exec(
            select(counted.table).where(key.in_(ids[:limit])).order_by(key.desc())
        ).all()
    return Behind(counted.table, rows, str(ids[limit - 1]) if len(ids) > limit else None)


def _narrowed(work: Work, counted: Counted, part: Part, key: Any) -> Any:  # noqa: ANN401 - a query
    month = next((one for one in months_of(work.at) if one.name == part.month), None)
    if part.month and month is None:
        raise Invalid("oversight.no_such_month", month=part.month)
    stands = counted.moment is None
    earlier = month is not None and stands and month.ends < work.at
    asked = Asked(work.actor, month.ends if earlier and month else work.at)
    query = chosen(counted, asked, key, then=earlier).where(*_part(work, counted, part, asked))
    if counted.hits is not None:
        hit = counted.hits(asked)
        query = query.where(hit if part.which is Which.COUNTED else not_(hit))
    if month is None:
        return query.where(*recent(counted, work.at))
    return query if stands else query.where(*_within(counted, month.begins, month.ends))


def _within(counted: Counted, begins: datetime, ends: datetime) -> Sequence[ColumnElement[bool]]:
    moment: Any = counted.moment
    return moment >= begins, moment < ends


def _part(work: Work, counted: Counted, part: Part, asked: Asked) -> Sequence[ColumnElement[bool]]:
    match part.cut:
        case Cut.WHOLE:
            return (true(),)
        case Cut.PLATFORM:
            column: Any = counted.platform
            return (column == part.name,)
        case Cut.PROVINCE:
            return (place_of(counted, asked) == part.name,)
        case Cut.CARRIER:
            own: Any = counted.owner
            code = col(Organisation.code) == part.name
            return (own == work.session.scalar(select(Organisation.id).where(code)),)


def _place(after: str) -> UUID:
    try:
        return UUID(after)
    except ValueError:
        raise Invalid("api.bad_cursor") from None


def drill(indicator: Indicator, part: Part = EVERYTHING) -> tuple[str, dict[str, str]]:
    """The page that lists the rows of a figure, and what of its address narrows it to them."""
    if indicator is Indicator.LICENSED_AGENTS and not part.month and part.cut in _AGENTS:
        province = {"province": part.name} if part.cut is Cut.PROVINCE else {}
        return "agents", {"state": "active"} | province
    query = {
        "of": indicator.value,
        "cut": "" if part.cut is Cut.WHOLE else part.cut.value,
        "name": part.name,
        "month": part.month,
        "which": "" if part.which is Which.COUNTED else part.which.value,
    }
    return "behind", {name: value for name, value in query.items() if value}


_AGENTS: Final = (Cut.WHOLE, Cut.PROVINCE)
