"""How industry cards stand, province by province: counts alone, no batch and nobody's name.

Each figure is one question that the database answers from an index where there are many rows.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import aliased
from sqlmodel import col

from console.desk import Desk, Work
from models.cards.card_orders import CardMeasure, CardOrder, OrderState
from models.cards.classes import CardClass, class_policy
from models.cards.downstream import DownstreamReport
from models.cards.industry import LIVE, BatchState, IndustryBatch
from models.cards.monitoring import UsageFinding, UsageFindingState
from models.cards.scopes import CardScope
from models.cards.usage_rules import UsageRule
from models.cards.users import CardUser, UnattributedRange
from models.cases.cases import Case, CaseState
from models.permissions import Permission
from models.rules import FindingKind
from models.staff import Actor, of_carrier

SOLD: Final = (BatchState.CONTRACTED, *LIVE)
"""What has to be complete, or is about to be."""
BY_USER: Final = tuple(one for one in CardClass if class_policy(one).by_user)
"""Classes of which each card has a user (004-2.3-d)."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    have: int = 0
    of: int = 0

    def __add__(self, other: "Share") -> "Share":
        return Share(self.have + other.have, self.of + other.of)

    @property
    def percent(self) -> float | None:
        """None where there is nothing to have it."""
        return None if not self.of else round(100 * self.have / self.of, 1)


@dataclass(slots=True)
class ProvinceCounts:
    """Of cards whose home is one province, or of all of them."""

    province: str
    batches: Counter[tuple[BatchState, CardClass]] = field(
        default_factory=Counter[tuple[BatchState, CardClass]]
    )
    cards: int = 0
    """Of batches in use, restricted ones with them."""
    answered: Share = field(default_factory=Share)
    """Sold batches with an accountable unit and person."""
    scoped: Share = field(default_factory=Share)
    """Sold batches with a scope bound to them."""
    attributed: Share = field(default_factory=Share)
    """Cards with a user or a mark why they have none, where the class asks for users."""
    findings: Counter[tuple[UsageRule | None, UsageFindingState]] = field(
        default_factory=Counter[tuple[UsageRule | None, UsageFindingState]]
    )
    """No rule: found by people."""
    orders: Counter[tuple[CardMeasure, OrderState]] = field(
        default_factory=Counter[tuple[CardMeasure, OrderState]]
    )
    cases: Counter[tuple[FindingKind, CaseState]] = field(
        default_factory=Counter[tuple[FindingKind, CaseState]]
    )
    gaps: int = 0
    """Batches whose maker's newest report leaves cards unaccounted for."""

    def add(self, other: "ProvinceCounts") -> None:
        for name in ("batches", "findings", "orders", "cases"):
            getattr(self, name).update(getattr(other, name))
        for name in ("cards", "answered", "scoped", "attributed", "gaps"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def batches_in(self, *states: BatchState) -> int:
        return sum(count for (state, _), count in self.batches.items() if state in states)

    def findings_in(self, *states: UsageFindingState) -> int:
        return sum(count for (_, state), count in self.findings.items() if state in states)


@dataclass(frozen=True, slots=True)
class IndustryCounts:
    at: datetime
    provinces: Sequence[ProvinceCounts]
    """Those with any batch, by their codes."""
    total: ProvinceCounts


def industry_counts(desk: Desk) -> IndustryCounts:
    """As of now, within the actor's own carriers or provinces."""
    with desk.begin(Permission.INDUSTRY_COUNT) as work:
        found = _Provinces()
        for actor in _each_alone(work.actor):
            alone = replace(work, actor=actor, scopes={})
            for count in _COUNTS:
                count(alone, found)
        at = work.at
    total = ProvinceCounts("")
    for one in found.values():
        total.add(one)
    return IndustryCounts(at, [found[code] for code in sorted(found)], total)


def _each_alone(actor: Actor) -> Sequence[Actor]:
    """For each of several carriers, or provinces, an index has the rows in the order of the groups;
    for all together none has.
    """
    if actor.carriers and actor.provinces:  # what is seen for both reasons counts once
        return [actor]
    carriers = [replace(actor, carriers=frozenset({one})) for one in actor.carriers]
    provinces = [replace(actor, provinces=frozenset({one})) for one in actor.provinces]
    return [*carriers, *provinces] or [actor]


class _Provinces(dict[str, ProvinceCounts]):
    def __missing__(self, code: str) -> ProvinceCounts:
        self[code] = ProvinceCounts(code)
        return self[code]


def _batches(work: Work, found: Mapping[str, ProvinceCounts]) -> None:
    batch = IndustryBatch
    both = col(batch.unit_id).is_not(None), col(batch.person_id).is_not(None)
    query = select(
        col(batch.province),
        col(batch.state),
        col(batch.card_class),
        func.count(),
        func.sum(col(batch.cards)),
        func.count().filter(*both),
    ).group_by(col(batch.province), col(batch.state), col(batch.card_class))
    for province, state, card_class, count, cards, answered in _rows(work, query, _seen(work)):
        one = found[province]
        one.batches[BatchState(state), CardClass(card_class)] += count
        if state in (BatchState.IN_USE, BatchState.RESTRICTED):
            one.cards += int(cards)
        if state in SOLD:
            one.answered += Share(answered, count)
            one.scoped += Share(0, count)
        if state in LIVE and card_class in BY_USER:
            one.attributed += Share(0, int(cards))


def _scopes(work: Work, found: Mapping[str, ProvinceCounts]) -> None:
    query = (
        select(col(IndustryBatch.province), func.count())
        .join(CardScope, col(CardScope.batch_id) == col(IndustryBatch.id))
        .where(col(IndustryBatch.state).in_(SOLD))
        .group_by(col(IndustryBatch.province))
    )
    for province, count in _rows(work, query, _seen(work)):
        found[province].scoped += Share(count, 0)


def _users(work: Work, found: Mapping[str, ProvinceCounts]) -> None:
    """A card with a user and a mark counts once, as far as no batch has more than its cards."""
    asks = col(IndustryBatch.state).in_(LIVE), col(IndustryBatch.card_class).in_(BY_USER)
    mark = UnattributedRange
    marked = (
        select(func.coalesce(func.sum(col(mark.last) - col(mark.first) + 1), 0))
        .where(col(mark.batch_id) == col(IndustryBatch.id))
        .scalar_subquery()
    )
    named = (
        select(func.count())
        .where(col(CardUser.batch_id) == col(IndustryBatch.id), col(CardUser.is_open).is_(True))
        .select_from(CardUser)
        .scalar_subquery()
    )
    known = (marked + named).label("known")
    each = (
        select(col(IndustryBatch.province), col(IndustryBatch.cards), known)
        .where(*asks, _seen(work))
        .cte()
        .prefix_with("MATERIALIZED")  # `known` is asked for twice, and counted once
    )
    least = case((each.c.known < each.c.cards, each.c.known), else_=each.c.cards)
    query = select(each.c.province, func.sum(least)).group_by(each.c.province)
    for province, count in _rows(work, query):
        found[province].attributed += Share(int(count), 0)


def _findings(work: Work, found: Mapping[str, ProvinceCounts]) -> None:
    one = UsageFinding
    by = col(one.province), col(one.rule), col(one.state)
    seen = of_carrier(work.actor, col(one.carrier_id), col(one.province))
    for province, rule, state, count in _rows(work, _counted(*by), seen):
        key = UsageRule(rule) if rule else None, UsageFindingState(state)
        found[province].findings[key] += count


def _orders(work: Work, found: Mapping[str, ProvinceCounts]) -> None:
    one = CardOrder
    by = col(one.province), col(one.measure), col(one.state)
    seen = of_carrier(work.actor, col(one.carrier_id), col(one.province))
    for province, measure, state, count in _rows(work, _counted(*by), seen):
        found[province].orders[CardMeasure(measure), OrderState(state)] += count


def _cases(work: Work, found: Mapping[str, ProvinceCounts]) -> None:
    """Cases that others go on for are counted in those."""
    by = col(IndustryBatch.province), col(Case.kind), col(Case.state)
    query = (
        _counted(*by)
        .select_from(Case)
        .join(IndustryBatch, col(IndustryBatch.id) == col(Case.industry_batch_id))
        .where(col(Case.merged_into_id).is_(None))
    )
    for province, kind, state, count in _rows(work, query, _seen(work)):
        found[province].cases[FindingKind(kind), CaseState(state)] += count


def _gaps(work: Work, found: Mapping[str, ProvinceCounts]) -> None:
    one, later = DownstreamReport, aliased(DownstreamReport)
    newest = (
        select(func.max(col(later.month)))
        .where(col(later.batch_id) == col(one.batch_id))
        .scalar_subquery()
    )
    accounted = col(one.sold) + col(one.in_stock) + col(one.registered)
    query = (
        select(col(IndustryBatch.province), func.count())
        .join(one, col(one.batch_id) == col(IndustryBatch.id))
        .where(col(one.issued) != accounted, col(one.month) == newest)
        .group_by(col(IndustryBatch.province))
    )
    for province, count in _rows(work, query, _seen(work)):
        found[province].gaps += count


def _counted(*by: Any) -> Any:  # noqa: ANN401 - columns in, a query out
    return select(*by, func.count()).group_by(*by)


def _seen(work: Work) -> ColumnElement[bool]:
    return IndustryBatch.seen_by(work.actor)


def _rows(work: Work, query: Any, *scope: ColumnElement[bool]) -> Iterator[Any]:  # noqa: ANN401 - of columns
    yield from work.session.connection().execute(query.where(*scope))


_COUNTS: Final = (_batches, _scopes, _users, _findings, _orders, _cases, _gaps)
