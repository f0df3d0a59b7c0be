"""What a batch, or a card of it under watch, did day by day: the data behind charts."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlmodel import col, func, select

from console.actions.cards.industry.files import scope_of
from console.actions.cards.industry.one_card import card_in
from console.desk import Desk, Work
from models.cards.industry import IndustryBatch
from models.cards.monitoring import BatchDay, CardDay, UsageFinding, WatchEntry
from models.cards.numbers import card_key
from models.cards.usage_rules import UsageRule
from models.permissions import Permission
from models.refusals import Invalid
from models.rules import china_day

LONGEST: Final = 400
"""Days that are shown at once."""
MOST_TOP: Final = 10


@dataclass(frozen=True, slots=True)
class MonthUse:
    """A calendar month of a batch, of the days that are known."""

    month: str
    """`2026-11`"""
    days: int
    bytes: int
    busiest_cards: int
    """On the day with most."""
    limit: int | None
    """What all loaded cards may use together; None: volume is not limited."""


@dataclass(frozen=True, slots=True)
class TopCard:
    """A card that used much: one under watch by its days, else by what was found of it."""

    iccid: str
    bytes: int
    is_watched: bool


@dataclass(frozen=True, slots=True)
class BatchUsage:
    batch: IndustryBatch
    monthly_bytes: int | None
    """Of one card."""
    days: Sequence[BatchDay]
    months: Sequence[MonthUse]
    top: Sequence[TopCard]


@dataclass(frozen=True, slots=True)
class CardUsage:
    batch: IndustryBatch
    iccid: str
    days: Sequence[CardDay]
    """Kept while the card is under watch alone."""
    findings: Sequence[UsageFinding]
    watch: Sequence[WatchEntry]


def usage_of(desk: Desk, batch_id: UUID | str, since: date, until: date) -> BatchUsage:
    """From the first to the last of these days."""
    _must_be_in_order(since, until)
    with desk.begin(Permission.INDUSTRY_READ) as work:
        batch = work.get(IndustryBatch, batch_id)
        scope = scope_of(work, batch)
        limit = scope.monthly_bytes if scope else None
        days = work.session.exec(
            select(BatchDay)
            .where(BatchDay.batch_id == batch.id)
            .where(col(BatchDay.day).between(since, until))
            .order_by(col(BatchDay.day))
        ).all()
        months = _months(days, None if limit is None else limit * batch.cards)
        return BatchUsage(batch, limit, days, months, _top(work, batch, since, until))


def card_usage(desk: Desk, batch_id: UUID | str, iccid: str) -> CardUsage:
    """The latest days of a card, and what was found of it."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        batch = work.get(IndustryBatch, batch_id)
        card = card_in(work, batch, iccid)
        since = china_day(work.at) - LONGEST * date.resolution
        days = work.session.exec(
            select(CardDay)
            .where(CardDay.card == card, col(CardDay.day) >= since)
            .where(CardDay.batch_id == batch.id)
            .order_by(col(CardDay.day))
        ).all()
        found = select(UsageFinding).where(
            UsageFinding.card == card, UsageFinding.batch_id == batch.id
        )
        watch = select(WatchEntry).where(
            WatchEntry.batch_id == batch.id, col(WatchEntry.card).in_([0, card])
        )
        return CardUsage(
            batch,
            card_key(card),
            days,
            work.all(found.order_by(col(UsageFinding.id).desc())),
            work.all(watch.order_by(col(WatchEntry.id).desc())),
        )


def _must_be_in_order(since: date, until: date) -> None:
    if until < since:
        raise Invalid("usage_finding.days_backwards", first=since, last=until)
    if (until - since).days >= LONGEST:
        raise Invalid("monitoring.too_many_days", most=LONGEST)


def _months(days: Sequence[BatchDay], limit: int | None) -> list[MonthUse]:
    found: defaultdict[str, list[BatchDay]] = defaultdict(list)
    for one in days:
        found[f"{one.day:%Y-%m}"].append(one)
    return [
        MonthUse(
            month,
            len(those),
            sum(one.bytes for one in those),
            max(one.cards for one in those),
            limit,
        )
        for month, those in found.items()
    ]


def _top(work: Work, batch: IndustryBatch, since: date, until: date) -> list[TopCard]:
    total = func.sum(col(CardDay.bytes))
    watched = work.session.exec(
        select(CardDay.card, total)
        .where(CardDay.batch_id == batch.id, col(CardDay.day).between(since, until))
        .group_by(col(CardDay.card))
        .order_by(total.desc(), col(CardDay.card))
        .limit(MOST_TOP)
    ).all()
    found = work.session.exec(
        select(UsageFinding.card, func.max(UsageFinding.value))
        .where(UsageFinding.batch_id == batch.id)
        .where(UsageFinding.rule == UsageRule.VOLUME_OVER_LIMIT, col(UsageFinding.card) != 0)
        .where(col(UsageFinding.last_day) >= since, col(UsageFinding.first_day) <= until)
        .group_by(col(UsageFinding.card))
        .order_by(func.max(UsageFinding.value).desc(), col(UsageFinding.card))
        .limit(MOST_TOP)
    ).all()
    by_card = {card: TopCard(card_key(card), int(most), is_watched=False) for card, most in found}
    by_card |= {card: TopCard(card_key(card), int(most), is_watched=True) for card, most in watched}
    return sorted(by_card.values(), key=lambda one: (-one.bytes, one.iccid))[:MOST_TOP]
