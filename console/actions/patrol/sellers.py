"""Sellers that are live now, and how findings of them fared: the figures beside coverage.

Only live sellers are counted: shops that a run has seen within `LIVE`. One that was closed, or
that nobody meets any more, is no part of a share, or old work would make the figures look good.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median_low
from typing import Final
from uuid import UUID

from sqlalchemy import String, cast
from sqlmodel import col, func, select

from console.desk import Desk, Work
from models.audit import AuditEntry
from models.patrol.findings import Finding
from models.patrol.links import LinkKind, LinkState, ShopLink
from models.patrol.shops import Shop, ShopState
from models.permissions import Permission
from models.rules import CHINA

LIVE: Final = timedelta(days=35)
"""A platform is patrolled monthly, and a run may be some days late."""
LOOK_BACK: Final = timedelta(days=365)
MOST_FINDINGS: Final = 5000
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Sellers:
    live: Mapping[tuple[str, ShopState], int]
    """Shops that runs still meet, by platform and state."""
    relisted: Mapping[tuple[str, str], int]
    """Shops that came back, by platform and month; rejected suggestions are none."""
    days_to_confirm: Mapping[tuple[str, str], float]
    """Median days from finding to confirmation, by platform and the finding's month."""
    findings: int
    with_evidence: int
    """Of them, those that rest on a kept capture."""

    @property
    def is_empty(self) -> bool:
        return not (self.live or self.findings)


def sellers(desk: Desk) -> Sellers:
    with desk.begin(Permission.PATROL_READ) as work:
        since = work.at - LOOK_BACK
        rows = work.session.exec(
            select(Finding.id, Finding.platform, Finding.created_at)
            .where(Finding.seen_by(work.actor), Finding.created_at >= since)
            .order_by(col(Finding.created_at).desc())
            .limit(MOST_FINDINGS)
        ).all()
        found = {finding: (platform, at) for finding, platform, at in rows}
        counted = (
            select(func.count())
            .select_from(Finding)
            .where(Finding.seen_by(work.actor), Finding.created_at >= since)
        )
        with_evidence = counted.where(cast(col(Finding.evidence), String) != "[]")
        return Sellers(
            _live(work),
            _relisted(work, since),
            _days_to_confirm(work, found),
            work.session.exec(counted).one(),
            work.session.exec(with_evidence).one(),
        )


def _live(work: Work) -> dict[tuple[str, ShopState], int]:
    counted = work.session.exec(
        select(Shop.platform, Shop.state, func.count())
        .where(Shop.seen_by(work.actor), Shop.last_seen_at >= work.at - LIVE)
        .group_by(col(Shop.platform), col(Shop.state))
    ).all()
    return {(platform, ShopState(state)): number for platform, state, number in counted}


def _relisted(work: Work, since: datetime) -> dict[tuple[str, str], int]:
    rows = work.session.exec(
        select(Shop.platform, ShopLink.created_at)
        .join(Shop, col(Shop.id) == col(ShopLink.other_id))
        .where(ShopLink.seen_by(work.actor), ShopLink.kind == LinkKind.RELISTED)
        .where(ShopLink.state != LinkState.REJECTED, ShopLink.created_at >= since)
        .limit(MOST_FINDINGS)
    ).all()
    found: dict[tuple[str, str], int] = defaultdict(int)
    for platform, at in rows:
        found[platform, _month(at)] += 1
    return dict(found)


def _days_to_confirm(
    work: Work, found: Mapping[UUID, tuple[str, datetime]]
) -> dict[tuple[str, str], float]:
    days: dict[tuple[str, str], list[float]] = defaultdict(list)
    ids = list(found)
    for first in range(0, len(ids), _BATCH):
        wanted = [str(one) for one in ids[first : first + _BATCH]]
        deeds = work.session.exec(
            select(AuditEntry.subject_id, AuditEntry.at)
            .where(AuditEntry.subject_kind == Finding.__name__)
            .where(col(AuditEntry.subject_id).in_(wanted))
            .where(AuditEntry.deed == "finding.confirmed")
        ).all()
        for subject, at in deeds:
            platform, since = found[UUID(subject)]
            days[platform, _month(since)].append((at - since) / timedelta(days=1))
    return {key: round(median_low(times), 1) for key, times in days.items()}


def _month(at: datetime) -> str:
    return f"{at.astimezone(CHINA):%Y-%m}"
