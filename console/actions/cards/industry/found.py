"""Findings as they are made: by runs, one alive for each batch, card and rule; or one by one.

Whatever else makes findings (an online sale, a test purchase, a complaint) makes them here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlmodel import col, select

from console.actions.channel.numbers import next_numbers
from console.actions.deadlines import deadline
from console.desk import Work
from models.cards.industry import IndustryBatch
from models.cards.monitoring import (
    FINDING_LIVE,
    FoundBy,
    MonitoringRun,
    UsageFinding,
    UsageFindingState,
)
from models.cards.numbers import card_key, card_number
from models.cards.usage_rules import UsageRule
from models.rules import Deadline, FindingKind, china_day, package_rules

BEYOND_CONTRACT: Final = frozenset({UsageRule.USED_BEFORE_ACTIVATION, UsageRule.RESALE_PATTERN})
"""Acted on at once (iot_beyond_contract), all else within a working day (iot_abnormal_action)."""
MOST_SEEN: Final = 20
"""Targets, devices or regions that a finding names."""
_MOST_FILES: Final = 10
_OVER: Final = (UsageFindingState.DISMISSED, UsageFindingState.CLOSED)
_Key = tuple[UUID, int, UsageRule | None]


class Hit(NamedTuple):
    """A row of `HITS`."""

    batch: str
    iccid: str | None
    rule: UsageRule
    first_day: date
    last_day: date
    records: int
    value: float
    limit: float
    facts: Sequence[str]

    @property
    def card(self) -> int:
        return card_number(self.iccid) if self.iccid else 0


class _Batch(NamedTuple):
    id: UUID
    number: str
    carrier_id: UUID
    province: str


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a new finding says, wherever it comes from."""

    found_by: FoundBy
    kind: FindingKind
    first_day: date
    last_day: date
    card: int = 0
    rule: UsageRule | None = None
    value: float = 0.0
    threshold: float = 0.0
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    evidence: Sequence[str] = ()
    run_id: UUID | None = None
    source_id: UUID | None = None
    reported_by: UUID | None = None


def add_finding(work: Work, batch: IndustryBatch, seen: Sighting) -> UsageFinding:
    """One finding about a batch or a card of it; it waits for somebody's look."""
    own = _Batch(batch.id, batch.number, batch.carrier_id, batch.province)
    (number,) = _numbers(work, 1)
    return _added(work, own, number, seen, _due(work, seen.kind, seen.rule))


def keep_hits(work: Work, run: MonitoringRun, hits: Sequence[Hit]) -> int:
    """Findings of these hits, made or brought up to date; how many are new.

    The batches are held meanwhile, so that two runs that see the same make one finding; and then
    the findings, so that nobody's look at one is lost.
    """
    batches = _batches(work, {hit.batch for hit in hits})
    known = _Known.of(work, [(batches[hit.batch].id, hit) for hit in hits if hit.batch in batches])
    new: list[tuple[_Batch, Sighting]] = []
    for hit in hits:
        batch = batches.get(hit.batch)
        if batch is None:
            continue
        key = (batch.id, hit.card, hit.rule)
        alive, over = known.alive.get(key), known.over.get(key)
        if alive is not None:
            _seen_again(alive, run, hit)
        elif over is None or hit.last_day > over.last_day:
            new.append((batch, _sighting(run, hit, over)))
    dues = {rule: _due(work, rule.kind, rule) for rule in {one.rule for _, one in new} if rule}
    for number, (batch, one) in zip(_numbers(work, len(new)), new, strict=True):
        if one.rule is not None:
            _added(work, batch, number, one, dues[one.rule])
    return len(new)


@dataclass(frozen=True, slots=True)
class _Known:
    """What was found before of these cards: that which lives, and else the last that is over."""

    alive: Mapping[_Key, UsageFinding]
    over: Mapping[_Key, UsageFinding]

    @classmethod
    def of(cls, work: Work, hits: Sequence[tuple[UUID, Hit]]) -> "_Known":
        rows = work.session.exec(
            select(UsageFinding)
            .where(col(UsageFinding.card).in_({hit.card for _, hit in hits}))
            .where(col(UsageFinding.rule).in_({hit.rule for _, hit in hits}))
            .where(col(UsageFinding.batch_id).in_({batch_id for batch_id, _ in hits}))
            .order_by(col(UsageFinding.last_day), col(UsageFinding.id))
            .with_for_update()
        ).all()
        keyed = [((row.batch_id, row.card, row.rule), row) for row in rows]
        return cls(
            {key: row for key, row in keyed if row.state in FINDING_LIVE},
            {key: row for key, row in keyed if row.state in _OVER},
        )


def _batches(work: Work, numbers: set[str]) -> dict[str, _Batch]:
    query = (
        select(
            IndustryBatch.id,
            IndustryBatch.number,
            IndustryBatch.carrier_id,
            IndustryBatch.province,
        )
        .where(col(IndustryBatch.number).in_(numbers))
        .order_by(col(IndustryBatch.id))
        .with_for_update(key_share=True)
    )
    return {row.number: _Batch(*row) for row in work.session.connection().execute(query)}


def _seen_again(finding: UsageFinding, run: MonitoringRun, hit: Hit) -> None:
    if finding.run_id == run.id:
        return
    finding.first_day = min(finding.first_day, hit.first_day)
    finding.last_day = max(finding.last_day, hit.last_day)
    if hit.value >= finding.value:
        finding.value, finding.threshold = hit.value, hit.limit
    finding.facts = {
        **finding.facts,
        "seen": _together(finding.facts.get("seen", ()), hit.facts, MOST_SEEN),
        "records": max(int(finding.facts.get("records", 0)), hit.records),
        "files": _together(finding.facts.get("files", ()), [run.file_name], _MOST_FILES),
    }
    finding.evidence = _together(finding.evidence, [run.sha256], _MOST_FILES)
    finding.run_id = run.id
    finding.times += 1
    finding.version += 1


def _sighting(run: MonitoringRun, hit: Hit, over: UsageFinding | None) -> Sighting:
    facts: dict[str, Any] = {
        "seen": list(hit.facts),
        "records": hit.records,
        "files": [run.file_name],
    }
    if over is not None:
        facts["earlier"] = over.number
    return Sighting(
        FoundBy.MONITORING,
        hit.rule.kind,
        hit.first_day,
        hit.last_day,
        hit.card,
        hit.rule,
        hit.value,
        hit.limit,
        facts,
        evidence=[run.sha256],
        run_id=run.id,
    )


def _together(before: Sequence[str], now: Sequence[str], most: int) -> list[str]:
    """Each once, the newest last; how many more a file had ("+n") is of that file alone."""
    plain = [one for one in (*before, *now) if not one.startswith("+")]
    return list(dict.fromkeys(plain))[-most:]


def _due(work: Work, kind: FindingKind, rule: UsageRule | None) -> Deadline:
    at_once = rule in BEYOND_CONTRACT or kind is FindingKind.IOT_RESALE
    return deadline(work, "iot_beyond_contract" if at_once else "iot_abnormal_action")


def _numbers(work: Work, count: int) -> Sequence[str]:
    if not count:
        return ()
    year = china_day(work.at).year
    return [f"UF-{year}-{one:06}" for one in next_numbers(work, f"usage_findings:{year}", count)]


def _added(work: Work, batch: _Batch, number: str, seen: Sighting, due: Deadline) -> UsageFinding:
    finding = work.add(
        UsageFinding(
            number=number,
            batch_id=batch.id,
            carrier_id=batch.carrier_id,
            province=batch.province,
            card=seen.card,
            iccid=card_key(seen.card) if seen.card else "",
            rule=seen.rule,
            found_by=seen.found_by,
            kind=seen.kind,
            tier=package_rules().finding(seen.kind).tier,
            rule_version=due.version,
            first_day=seen.first_day,
            last_day=seen.last_day,
            value=seen.value,
            threshold=seen.threshold,
            facts=dict(seen.facts),
            evidence=list(seen.evidence),
            run_id=seen.run_id,
            source_id=seen.source_id,
            reported_by=seen.reported_by,
            due_at=due.at,
            created_at=work.at,
        )
    )
    work.record(
        "usage_finding.found",
        finding,
        batch=batch.number,
        rule=seen.rule.value if seen.rule else "",
        found_by=seen.found_by.value,
    )
    return finding
