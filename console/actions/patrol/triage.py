"""Triage: what to look at next, the most urgent first, and what is the same thing twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import tuple_
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from console.actions.patrol.reviewing import close_if_reviewed
from console.actions.patrol.weighing import neighbours
from console.desk import Desk, Order, Slice, Work
from models.patrol.findings import Finding, FindingState
from models.patrol.shops import Shop
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from models.rules import FindingKind, Tier

_MOST_MERGED: Final = 200
_MOST_SHOWN: Final = 50


class Likeness(StrEnum):
    """Why two findings may be one."""

    SAME_SHOP = "same_shop"
    SAME_OPERATOR = "same_operator"
    SAME_NUMBER = "same_number"
    """Both show the same licence number, and it is neither's."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a queue is narrowed to."""

    platform: str | None = None
    tier: Tier | None = None
    kind: FindingKind | None = None
    run_id: UUID | None = None
    only_new: bool = False
    """Only what no earlier run had found at that shop."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    finding: Finding
    shop: Shop
    reasons: tuple[Likeness, ...]


def triage(
    desk: Desk, after: str | None = None, wanted: Wanted | None = None, *, limit: int = 50
) -> Slice[Finding]:
    """Findings that wait for a second look, the most urgent first; merged ones are not in it."""
    with desk.begin(Permission.FINDING_READ) as work:
        return work.slice(_queue(work, wanted or Wanted()), Order.by(Finding.risk), after, limit)


def next_in_queue(
    desk: Desk, after: UUID | str | None = None, wanted: Wanted | None = None
) -> Finding | None:
    """The finding behind `after`, or the first: one that the actor did not make themselves."""
    with desk.begin(Permission.FINDING_READ) as work:
        query = _queue(work, wanted or Wanted())
        query = query.where(col(Finding.found_by).is_distinct_from(work.actor.id))
        keys = (col(Finding.risk), col(Finding.id))
        if after is not None:
            last = work.get(Finding, after)
            query = query.where(tuple_(*keys) < tuple_(last.risk, last.id))
        return work.session.exec(query.order_by(*(key.desc() for key in keys)).limit(1)).first()


def _queue(work: Work, wanted: Wanted) -> SelectOfScalar[Finding]:
    query = work.select(Finding).where(
        Finding.state == FindingState.OPEN, col(Finding.merged_into_id).is_(None)
    )
    for name in ("platform", "tier", "kind", "run_id"):
        value = getattr(wanted, name)
        if value is not None:
            query = query.where(getattr(Finding, name) == value)
    return query.where(col(Finding.is_new).is_(True)) if wanted.only_new else query


def suggest_duplicates(desk: Desk, finding_id: UUID | str) -> Sequence[Duplicate]:
    """Open findings that may be the same, the likeliest first. Nothing is merged by itself."""
    with desk.begin(Permission.FINDING_READ) as work:
        finding = work.get(Finding, finding_id)
        found: dict[UUID, list[Likeness]] = {}
        rows: dict[UUID, Finding] = {}
        near = neighbours(work, [finding.shop_id]).get(finding.shop_id, set[UUID]())
        for likeness, query in _alike(work, finding, near):
            for row in work.session.exec(query.limit(_MOST_SHOWN)).all():
                rows[row.id] = row
                found.setdefault(row.id, []).append(likeness)
        wanted = {row.shop_id for row in rows.values()}
        shops = {
            shop.id: shop
            for shop in work.session.exec(select(Shop).where(col(Shop.id).in_(wanted))).all()
        }
        order = sorted(rows.values(), key=lambda row: (-len(found[row.id]), -row.risk, row.number))
        return [Duplicate(row, shops[row.shop_id], tuple(found[row.id])) for row in order]


def _alike(
    work: Work, finding: Finding, near: set[UUID]
) -> Sequence[tuple[Likeness, SelectOfScalar[Finding]]]:
    others = work.select(Finding).where(
        Finding.id != finding.id,
        Finding.organisation_id == finding.organisation_id,
        Finding.state == FindingState.OPEN,
        col(Finding.merged_into_id).is_(None),
    )
    same_kind = others.where(Finding.kind == finding.kind)
    asked = [(Likeness.SAME_SHOP, others.where(Finding.shop_id == finding.shop_id))]
    if near:
        asked.append((Likeness.SAME_OPERATOR, same_kind.where(col(Finding.shop_id).in_(near))))
    if finding.claimed_number:
        number = same_kind.where(Finding.claimed_number == finding.claimed_number)
        asked.append((Likeness.SAME_NUMBER, number))
    return asked


def merge_findings(desk: Desk, keep_id: UUID | str, ids: Sequence[UUID], reason: str) -> Finding:
    """Let findings go on in one. They keep every word and leave the queue; it is undone at once."""
    if not reason.strip():
        raise Invalid("finding.merge_reason_needed")
    if len(ids) > _MOST_MERGED:
        raise Invalid("finding.too_many", most=_MOST_MERGED)
    with desk.begin(Permission.FINDING_CONFIRM) as work:
        keep = _mergeable(work, keep_id)
        runs = set[UUID | None]()
        for one in sorted(set(ids) - {keep.id}):
            other = _mergeable(work, one)
            if other.organisation_id != keep.organisation_id:
                raise NotAllowed("patrol.not_yours", title=other.title)
            other.merged_into_id = keep.id
            other.version += 1
            runs.add(other.run_id)
            work.record("finding.merged", other, into=keep.number, reason=reason.strip()[:1000])
        if not runs:
            raise Invalid("finding.nothing_to_merge")
        work.record("finding.took_in", keep, n=len(ids), reason=reason.strip()[:1000])
        work.session.flush()
        for run_id in sorted(filter(None, runs)):
            close_if_reviewed(work, run_id)
        return keep


def _mergeable(work: Work, finding_id: UUID | str) -> Finding:
    finding = _own(work, finding_id)
    if finding.merged_into_id is not None:
        raise Conflict("finding.merged", number=finding.number)
    if finding.state is not FindingState.OPEN:
        raise Conflict("finding.not_open", number=finding.number)
    return finding


def unmerge(desk: Desk, finding_id: UUID | str) -> Finding:
    """The finding stands alone again, and in the queue if nobody has looked at it."""
    with desk.begin(Permission.FINDING_CONFIRM) as work:
        finding = _own(work, finding_id)
        if finding.merged_into_id is None:
            raise Conflict("finding.not_merged", number=finding.number)
        keep = work.session.get_one(Finding, finding.merged_into_id)
        finding.merged_into_id = None
        finding.version += 1
        work.record("finding.unmerged", finding, out_of=keep.number)
        return finding


def _own(work: Work, finding_id: UUID | str) -> Finding:
    finding = work.get(Finding, finding_id)
    if not work.actor.is_house and finding.organisation_id not in work.actor.organisations:
        raise NotAllowed("patrol.not_yours", title=finding.title)
    return finding
