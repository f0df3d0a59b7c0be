"""What was found at a shop before, and whether a judgement says anything new against it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, Final
from uuid import UUID

from sqlmodel import col, select

from console.desk import Work
from models.patrol.findings import Finding, FindingState
from models.patrol.judge import OF_RIGHT, Judgement
from models.patrol.runs import PatrolRun
from models.patrol.shops import SeenListing, Shop

_LIVE: Final = (
    FindingState.OPEN,
    FindingState.CONFIRMED,
    FindingState.RECTIFYING,
    FindingState.IN_CASE,
)
_REOCCURS_WITHIN: Final = timedelta(days=365)
_Mark = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Earlier:
    """The findings of one shop, the latest first."""

    findings: Sequence[Finding]
    states: Mapping[UUID, FindingState]
    """Of each the state that counts: one that was merged stands as the one it goes on in."""

    def is_known(self, run: PatrolRun, against: Judgement) -> bool:
        """Found by this very run, or found before and not yet over."""
        return any(
            self.states[one.id] in _LIVE or (one.run_id == run.id and one.ground is against.ground)
            for one in self._of_kind(against)
        )

    def dismissed(
        self, work: Work, run: PatrolRun, against: Judgement, offers: Sequence[SeenListing]
    ) -> Finding | None:
        """The finding that a person dismissed on these facts: what was found since takes them back.

        The same are ground, basis and licence, and no offer or badge that was not there then.
        """
        since = takewhile(self._is_dismissed, self._of_kind(against))
        alike = (one for one in since if one.run_id != run.id and _is_alike(one, against))
        now = {_mark(row) for row in offers}
        return next((one for one in alike if now <= _offers_of(work, one)), None)

    def previous(self, against: Judgement, at: datetime) -> UUID | None:
        """What a new finding follows: the same kind closed within a year, else a dismissed one."""
        since = at - _REOCCURS_WITHIN
        closed = (
            one.id for one in self._of_kind(against)
            if self.states[one.id] is FindingState.CLOSED and one.created_at >= since
        )  # fmt: skip
        dismissed = (
            one.id for one in self.findings
            if self._is_dismissed(one) and _same_question(one, against)
        )  # fmt: skip
        return next(closed, None) or next(dismissed, None)

    def _of_kind(self, against: Judgement) -> list[Finding]:
        return [one for one in self.findings if one.kind is against.kind]

    def _is_dismissed(self, finding: Finding) -> bool:
        return self.states[finding.id] is FindingState.FALSE_POSITIVE


def earlier_at(work: Work, shop: Shop) -> Earlier:
    rows = work.session.exec(
        select(Finding).where(Finding.shop_id == shop.id).order_by(col(Finding.id).desc())
    ).all()
    return Earlier(rows, {row.id: _standing(work, row) for row in rows})


def _standing(work: Work, finding: Finding) -> FindingState:
    while finding.merged_into_id is not None:
        finding = work.session.get_one(Finding, finding.merged_into_id)
    return finding.state


def _same_question(finding: Finding, against: Judgement) -> bool:
    """Of the same kind, or both about the shop's right to sell cards."""
    return finding.kind is against.kind or {finding.kind, against.kind} <= OF_RIGHT


def _is_alike(finding: Finding, against: Judgement) -> bool:
    said = (finding.ground, finding.basis, finding.claimed_number)
    badges = _badges(finding.facts.get("badges", ()))
    return (
        said == (against.ground, against.basis.value, against.claimed[:200])
        and str(finding.facts.get("holder", "")) == against.holder
        and {(one.verdict.value, one.agent_no, one.picture) for one in against.badges} <= badges
    )


def _badges(kept: Iterable[Mapping[str, Any]]) -> set[_Mark]:
    return {(one["verdict"], one["agent_no"], one["picture"]) for one in kept}


def _offers_of(work: Work, finding: Finding) -> set[_Mark]:
    ids = [UUID(one) for one in finding.listing_ids]
    rows = work.session.exec(select(SeenListing).where(col(SeenListing.id).in_(ids))).all()
    return {_mark(row) for row in rows}


def _mark(row: SeenListing) -> _Mark:
    """An offer as the officer saw it: under another title, label or kind it is another."""
    return row.listing_id, row.title_seen, row.label.value, row.kind.value
