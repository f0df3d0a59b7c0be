"""Who comes back: shops, operators and agents with several cases, and shops that stand again."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from console.actions.oversight.analysis.asking import asked, asked_by_key, column
from console.actions.oversight.analysis.kept import kept
from console.desk import LONGEST_PAGE, Desk, Work
from models.cases.cases import Case, CaseState
from models.channel.agents import Agent
from models.patrol.links import LinkKind, LinkState, ShopLink
from models.patrol.operators import clusters_of
from models.patrol.shops import Shop, ShopState
from models.permissions import Permission

FEWEST: Final = 2
"""Cases from which on somebody is a repeat offender."""
MOST_LINKS: Final = 20_000
MOST_RETURNS: Final = 2_000
YEAR: Final = timedelta(days=365)
LEAST_SURE: Final = 0.5
"""Suggestions below are in no network."""
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class RepeatShop:
    id: UUID
    """Of its latest case."""
    name: str
    platform: str
    cases: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class RepeatAgent:
    id: UUID
    agent_no: str
    name: str
    cases: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Network:
    """Shops that links hold together, with the cases of them all."""

    id: UUID
    """Of its first shop: `operators` opens by it."""
    names: Sequence[str]
    size: int
    offending: int
    """Shops of it with a case."""
    cases: int
    is_accepted: bool
    """People accepted each link of it."""


@dataclass(frozen=True, slots=True)
class Return:
    """A shop that stands again: itself, or under another name."""

    id: UUID
    """Of the shop that stands now, or of the new case where it is the same shop."""
    name: str
    before: str
    """What it was called when it went."""
    platform: str
    gone_at: datetime
    """Of the same shop when the former case was closed, of another when it was last met."""
    back_at: datetime
    is_same_shop: bool
    state: str

    @property
    def away(self) -> timedelta:
        return max(timedelta(0), self.back_at - self.gone_at)


@dataclass(frozen=True, slots=True)
class NetworkShare:
    """How much of what is done against shops is against shops of networks."""

    cases: int
    """Against any shop."""
    accepted: int
    """Against shops of networks that people accepted."""
    suggested: int
    """Beside them, against shops of networks that a suggestion holds together."""


@dataclass(frozen=True, slots=True)
class Networks:
    share: NetworkShare
    rows: Sequence[Network]
    """With several cases, those with most first."""


def repeat_shops(desk: Desk, *, platform: str | None = None) -> Sequence[RepeatShop]:
    """Shops with several cases, those with most first; at most one screen of the longest."""
    with desk.begin(Permission.CASE_READ) as work:
        key = (col(Case.platform), col(Case.shop_key), col(Case.organisation_id))
        query = _real_cases(work).where(column(Case.shop_key) != "")
        if platform is not None:
            query = query.where(column(Case.platform) == platform)
        counted = _several(query, *key).subquery().c
        # Ids sort by time: the greatest is the latest case, which names the shop as it was last.
        rows = select(Case, counted.cases, counted.first_at, counted.last_at).join(
            counted.cases.table,
            (col(Case.platform) == counted.platform)
            & (col(Case.shop_key) == counted.shop_key)
            & (col(Case.organisation_id) == counted.organisation_id)
            & (col(Case.created_at) == counted.last_at),
        )
        found = dict[tuple[str, str, UUID], RepeatShop]()
        for case, cases, first_at, last_at in work.session.exec(rows).all():
            found[case.platform, case.shop_key, case.organisation_id] = RepeatShop(
                case.id, case.shop_name, case.platform, cases, first_at, last_at
            )
        return sorted(found.values(), key=lambda one: (-one.cases, -one.last_at.timestamp()))


def repeat_agents(desk: Desk) -> Sequence[RepeatAgent]:
    """Agents with several cases, those with most first."""
    with desk.begin(Permission.CASE_READ) as work:
        query = _real_cases(work).where(col(Case.agent_id).is_not(None))
        counted = _several(query, col(Case.agent_id))
        rows = {row[0]: row[1:] for row in asked(work, counted)}
        agents = work.all(work.select(Agent).where(col(Agent.id).in_(rows)))
        found = [RepeatAgent(one.id, one.agent_no, one.name, *rows[one.id]) for one in agents]
        return sorted(found, key=lambda one: (-one.cases, -one.last_at.timestamp()))


_IS_REAL: Final = (col(Case.merged_into_id).is_(None), column(Case.state) != CaseState.REVERSED)
"""Merged ones are one case; one that an appeal reversed says nothing against anybody."""


def _real_cases(work: Work) -> Select[Any]:
    return work.select(Case).where(*_IS_REAL)


def _several(query: Select[Any], *key: Any) -> Select[Any]:  # noqa: ANN401 - columns
    cases = func.count().label("cases")
    counted: Any = (
        query.with_only_columns(
            *key,
            cases,
            func.min(Case.created_at).label("first_at"),
            func.max(Case.created_at).label("last_at"),
        )
        .group_by(*key)
        .having(cases >= FEWEST)
        .order_by(cases.desc(), func.max(Case.created_at).desc())
        .limit(LONGEST_PAGE)
    )
    return counted


def networks(desk: Desk) -> Networks:
    """Clusters of linked shops, each with the cases of all its shops."""
    return kept(desk, Permission.SHOP_READ, lambda: _networks(desk), "networks")


def _networks(desk: Desk) -> Networks:
    with desk.begin(Permission.SHOP_READ) as work:
        links = _links(work)
        cases = _cases_by_shop(work)
        accepted = [one for one in links if one[2] is LinkState.ACCEPTED]
        own = _clusters(accepted)
        whole = _clusters(links)
        in_accepted = sum(cases.get(shop, 0) for each in own for shop in each)
        in_any = sum(cases.get(shop, 0) for each in whole for shop in each)
        share = NetworkShare(sum(cases.values()), in_accepted, in_any - in_accepted)
        sure = {frozenset(each) for each in own}
        rows = [_network(each, cases, is_accepted=frozenset(each) in sure) for each in whole]
        worst = sorted(
            (one for one in rows if one.cases >= FEWEST), key=lambda one: (-one.cases, -one.size)
        )[:LONGEST_PAGE]
        return Networks(share, _named(work, worst, whole))


def _links(work: Work) -> Sequence[tuple[UUID, UUID, LinkState]]:
    sure = (column(ShopLink.state) == LinkState.ACCEPTED) | (col(ShopLink.score) >= LEAST_SURE)
    rows = (
        work.select(ShopLink)
        .where(ShopLink.state != LinkState.REJECTED, sure)
        .with_only_columns(col(ShopLink.one_id), col(ShopLink.other_id), col(ShopLink.state))
        .order_by(col(ShopLink.score).desc(), col(ShopLink.id))
        .limit(MOST_LINKS)
    )
    return [(one, other, state) for one, other, state in asked(work, rows)]


def _clusters(links: Sequence[tuple[UUID, UUID, LinkState]]) -> list[list[UUID]]:
    pairs = ((str(one), str(other)) for one, other, _ in links)
    return [[UUID(key) for key in keys] for keys in clusters_of(pairs)]


def _cases_by_shop(work: Work) -> Mapping[UUID, int]:
    if not work.actor.may(Permission.CASE_READ):
        return {}
    counted = (
        _real_cases(work)
        .where(col(Case.shop_id).is_not(None))
        .with_only_columns(col(Case.shop_id), func.count())
        .group_by(col(Case.shop_id))
    )
    return asked_by_key(work, counted)


def _network(shops: Sequence[UUID], cases: Mapping[UUID, int], *, is_accepted: bool) -> Network:
    counts = [cases.get(one, 0) for one in shops]
    return Network(min(shops), (), len(shops), sum(n > 0 for n in counts), sum(counts), is_accepted)


def _named(
    work: Work, rows: Sequence[Network], clusters: Sequence[Sequence[UUID]]
) -> list[Network]:
    """With the names of the first three shops of each."""
    first = {min(each): sorted(each)[:3] for each in clusters}
    wanted = sorted({shop for row in rows for shop in first[row.id]})
    names = dict[UUID, str]()
    for at in range(0, len(wanted), _BATCH):
        known = work.select(Shop).where(col(Shop.id).in_(wanted[at : at + _BATCH]))
        both = known.with_only_columns(col(Shop.id), col(Shop.name))
        names |= asked_by_key(work, both)
    return [
        Network(
            row.id,
            [names[one] for one in first[row.id] if one in names],
            row.size,
            row.offending,
            row.cases,
            row.is_accepted,
        )
        for row in rows
    ]


def returns(desk: Desk) -> Sequence[Return]:
    """Shops that stand again, the latest first; those of the past year."""
    return kept(desk, Permission.SHOP_READ, lambda: _returns(desk), "returns")


def _returns(desk: Desk) -> Sequence[Return]:
    with desk.begin(Permission.SHOP_READ) as work:
        since = work.at - YEAR
        found = _under_another_name(work, since)
        if work.actor.may(Permission.CASE_READ):
            found += _the_same(work, since)
        return sorted(found, key=lambda one: one.back_at, reverse=True)


def _under_another_name(work: Work, since: datetime) -> list[Return]:
    one, other = aliased(Shop), aliased(Shop)
    known = work.select(ShopLink).where(
        ShopLink.kind == LinkKind.RELISTED,
        ShopLink.state != LinkState.REJECTED,
        ShopLink.created_at >= since,
    )
    latest = (
        known.with_only_columns(col(ShopLink.one_id), col(ShopLink.other_id))
        .order_by(col(ShopLink.id).desc())
        .limit(MOST_RETURNS)
        .subquery()
        .c
    )
    rows = work.session.exec(
        select(one, other)
        .join(latest.one_id.table, latest.one_id == column(one.id))
        .join(other, latest.other_id == column(other.id))
    ).all()
    return [_return(*sorted(both, key=lambda shop: shop.first_seen_at)) for both in rows]


def _return(old: Shop, new: Shop) -> Return:
    """It was gone from the day it was last met, as far as anybody looked."""
    gone = min(old.last_seen_at, new.first_seen_at)
    return Return(
        new.id, new.name, old.name, new.platform, gone, new.first_seen_at,
        is_same_shop=False, state=ShopState(new.state).value,
    )  # fmt: skip


def _the_same(work: Work, since: datetime) -> list[Return]:
    former = aliased(Case)
    query = (
        select(Case, former)
        .join(former, column(former.id) == col(Case.former_id))
        .where(Case.seen_by(work.actor), *_IS_REAL, Case.created_at >= since)
        .where(column(former.closed_at).is_not(None))
    )
    rows = work.session.exec(query.order_by(col(Case.id).desc()).limit(MOST_RETURNS)).all()
    return [
        Return(
            case.id,
            case.shop_name,
            before.shop_name,
            case.platform,
            before.closed_at or case.created_at,
            case.created_at,
            is_same_shop=True,
            state=CaseState(case.state).value,
        )
        for case, before in rows
    ]


BINS: Final = (7, 30, 90, 180)
"""Days of absence: the upper ends."""


def by_absence(rows: Sequence[Return]) -> Counter[int | None]:
    """How many were back within so many days; None: later."""
    return Counter(
        next((days for days in BINS if row.away <= timedelta(days=days)), None) for row in rows
    )
