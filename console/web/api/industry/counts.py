"""How industry cards stand, for who watches a province: counts, no batch and nobody's name."""

from collections import Counter
from datetime import datetime
from typing import Any

from fastapi import APIRouter

from console.actions.cards.industry.counts import ProvinceCounts, Share, industry_counts
from console.web.api.base import Reading
from console.web.api.channel.shapes import Out
from models.cards.card_orders import CardMeasure, OrderState
from models.cards.classes import CardClass
from models.cards.industry import BatchState
from models.cards.monitoring import UsageFindingState
from models.cards.usage_rules import UsageRule
from models.cases.cases import CaseState
from models.rules import FindingKind

router = APIRouter()


class ShareOut(Out):
    have: int
    of: int
    percent: float | None
    """Null where there is nothing to have it."""


class BatchCountOut(Out):
    state: BatchState
    card_class: CardClass
    count: int


class FindingCountOut(Out):
    rule: UsageRule | None
    """Null: found by people."""
    state: UsageFindingState
    count: int


class OrderCountOut(Out):
    measure: CardMeasure
    state: OrderState
    count: int


class CaseCountOut(Out):
    kind: FindingKind
    state: CaseState
    count: int


class ProvinceCountsOut(Out):
    province: str
    """The home of the cards; empty of all together."""
    cards: int
    """Of batches in use, restricted ones with them."""
    answered: ShareOut
    """Sold batches with an accountable unit and person."""
    scoped: ShareOut
    attributed: ShareOut
    """Cards with a user or a mark why they have none, where the class asks for users."""
    gaps: int
    """Batches whose maker's newest report leaves cards unaccounted for."""
    batches: list[BatchCountOut]
    findings: list[FindingCountOut]
    orders: list[OrderCountOut]
    cases: list[CaseCountOut]


class IndustryCountsOut(Out):
    at: datetime
    total: ProvinceCountsOut
    provinces: list[ProvinceCountsOut]


@router.get("/industry-counts")
def counts(desk: Reading) -> IndustryCountsOut:
    """As of now, within the asker's own carriers or provinces."""
    found = industry_counts(desk)
    return IndustryCountsOut(
        at=found.at,
        total=_province(found.total),
        provinces=[_province(one) for one in found.provinces],
    )


def _province(counts: ProvinceCounts) -> ProvinceCountsOut:
    return ProvinceCountsOut(
        province=counts.province,
        cards=counts.cards,
        answered=_share(counts.answered),
        scoped=_share(counts.scoped),
        attributed=_share(counts.attributed),
        gaps=counts.gaps,
        batches=[BatchCountOut(**one) for one in _each(counts.batches, "state", "card_class")],
        findings=[FindingCountOut(**one) for one in _each(counts.findings, "rule", "state")],
        orders=[OrderCountOut(**one) for one in _each(counts.orders, "measure", "state")],
        cases=[CaseCountOut(**one) for one in _each(counts.cases, "kind", "state")],
    )


def _share(share: Share) -> ShareOut:
    return ShareOut(have=share.have, of=share.of, percent=share.percent)


def _each(counter: Counter[Any], first: str, second: str) -> list[dict[str, Any]]:
    pairs = sorted(counter.items(), key=str)
    return [{first: one, second: other, "count": count} for (one, other), count in pairs]
