"""Use of industry cards: monthly runs, what they found, and what was ordered for it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from console.actions.cards.industry.notices import usual_papers, usual_remedy
from console.demo.world.made import Sheaf, World
from console.demo.world.office import Office, due, likely, numbered, pick
from console.i18n import Language
from models.cards.card_orders import CardMeasure, CardOrder, OrderState
from models.cards.industry import BatchState
from models.cards.monitoring import (
    FINDING_LIVE,
    FoundBy,
    MonitoringRun,
    MonitoringState,
    UsageFinding,
    UsageFindingState,
    WatchEntry,
)
from models.cards.usage_rules import UsageRule
from models.permissions import Role
from models.rules import FindingKind, Tier, china_day
from models.staff import Organisation

_S: Final = UsageFindingState
_RUNS: Final = 18
_MONTH: Final = timedelta(days=30)
_FINDINGS: Final = 640
_FRESH: Final = timedelta(days=9)
_RULES: Final = (
    (UsageRule.VOLUME_OVER_LIMIT, 5, 192.0, 60.0), (UsageRule.TARGET_OUTSIDE, 4, 7.0, 0.0),
    (UsageRule.DEVICE_SWAPPED, 3, 2.0, 1.0), (UsageRule.REGION_LEFT, 3, 3.0, 1.0),
    (UsageRule.SILENCE_THEN_BURST, 2, 310.0, 50.0), (UsageRule.RESALE_PATTERN, 1, 34.0, 20.0),
)  # fmt: skip
_MEASURES: Final[Mapping[CardMeasure, float]] = {
    CardMeasure.WARN: 5, CardMeasure.RESTRICT: 3, CardMeasure.REVERIFY: 2, CardMeasure.SUSPEND: 2,
}  # fmt: skip
_TO_ACT_ON: Final = frozenset({_S.OPEN, _S.CONFIRMED})


@dataclass(frozen=True, slots=True)
class Sold:
    """A batch whose cards are out."""

    id: UUID
    carrier: Organisation
    province: str
    since: datetime
    first: int
    cards: int
    state: BatchState
    buyer: str

    @property
    def own(self) -> dict[str, Any]:
        return {"batch_id": self.id, "carrier_id": self.carrier.id, "province": self.province}


@dataclass(frozen=True, slots=True)
class _Found:
    id: UUID
    sold: Sold
    card: int
    number: str
    at: datetime
    state: UsageFindingState


def monitored(world: World, office: Office, sold: Sequence[Sold]) -> None:
    if not sold:
        return
    with world.keeping("usage") as sheaf:
        for table in (MonitoringRun, UsageFinding, CardOrder, WatchEntry):
            sheaf.waiting.setdefault(table, [])
        runs = _runs(world, sheaf, office, sold)
        found = _findings(world, sheaf, office, sold, runs)
        _orders(world, sheaf, office, found)
        _watched(world, sheaf, sold)


def _runs(
    world: World, sheaf: Sheaf, office: Office, sold: Sequence[Sold]
) -> Mapping[UUID, Sequence[tuple[datetime, UUID]]]:  # fmt: skip
    """One a month of each carrier; the files themselves are gone, as of the house's own files."""
    by_carrier: dict[UUID, list[Sold]] = defaultdict(list)
    for one in sold:
        by_carrier[one.carrier.id].append(one)
    moments = [
        (world.now - _MONTH * back - timedelta(days=2), carrier)
        for back in range(_RUNS, -1, -1) for carrier in by_carrier
    ]  # fmt: skip
    numbers = numbered(world, "monitoring", "MON", [at for at, _ in moments])
    found: dict[UUID, list[tuple[datetime, UUID]]] = defaultdict(list)
    for (at, carrier), number in zip(moments, numbers, strict=True):
        own = [one for one in by_carrier[carrier] if one.since < at]
        if not own:
            continue
        row_id, cards = world.id_at(at), sum(one.cards for one in own)
        sheaf.put(
            MonitoringRun, id=row_id, number=number, carrier_id=carrier,
            province=own[0].carrier.province, file_name=f"用量-{at:%Y%m}.csv", sha256=office.paper,
            state=MonitoringState.DONE, actor={}, records=cards * 28, cards=cards, batches=len(own),
            is_file_gone=True, first_day=china_day(at - _MONTH), last_day=china_day(at),
            rules=["iot_silence_days/1", "iot_burst_megabytes/1"], created_at=at,
            ended_at=at + timedelta(minutes=2),
        )  # fmt: skip
        found[carrier].append((at, row_id))
        sheaf.breathe()
    return found


def _findings(
    world: World, sheaf: Sheaf, office: Office, sold: Sequence[Sold],
    runs: Mapping[UUID, Sequence[tuple[datetime, UUID]]],
) -> Sequence[_Found]:  # fmt: skip
    """Of a card once at most, so that none lives twice."""
    chance, drawn = world.rng, list[tuple[datetime, UUID, Sold, int]]()
    for at in range(world.many(_FINDINGS)):
        one = chance.choice(sold)
        own = [run for run in runs.get(one.carrier.id, ()) if run[0] > one.since]
        if own:
            begun, run = chance.choice(own)
            drawn.append((begun + timedelta(minutes=1), run, one, one.first + at % one.cards))
    drawn.sort(key=lambda row: row[0])
    numbers = numbered(world, "usage_findings", "UF", [row[0] for row in drawn])
    found: list[_Found] = []
    seen = set[tuple[UUID, int]]()
    for (at, run, one, card), number in zip(drawn, numbers, strict=True):
        if (one.id, card) not in seen:
            seen.add((one.id, card))
            made = _Found(world.id_at(at), one, card, number, at, _state(world, at))
            sheaf.put(UsageFinding, **_row(world, office, made, run))
            found.append(made)
            sheaf.breathe()
    return found


def _state(world: World, at: datetime) -> UsageFindingState:
    if at > world.now - _FRESH:
        return world.rng.choices((_S.OPEN, _S.CONFIRMED, _S.DISMISSED), (5, 3, 2))[0]
    return world.rng.choices((_S.CLOSED, _S.DISMISSED, _S.CONFIRMED), (66, 32, 2))[0]


def _row(world: World, office: Office, made: _Found, run: UUID) -> dict[str, Any]:
    rule, _, value, threshold = world.rng.choices(_RULES, [one[1] for one in _RULES])[0]
    when = due("iot_abnormal_action", made.at)
    is_open = made.state in _TO_ACT_ON
    is_resale = rule.kind is FindingKind.IOT_RESALE
    return made.sold.own | {
        "id": made.id, "number": made.number, "card": made.card, "iccid": str(made.card),
        "rule": rule, "found_by": FoundBy.MONITORING, "kind": rule.kind,
        "tier": Tier.SERIOUS if is_resale else Tier.GENERAL, "rule_version": "findings/1",
        "first_day": china_day(made.at - _MONTH), "last_day": china_day(made.at),
        "value": value, "threshold": threshold, "facts": {"month": f"{made.at:%Y-%m}"},
        "run_id": run, "state": made.state, "created_at": made.at,
        "looked_by": None if made.state is _S.OPEN
                     else office.one(made.sold.carrier.id, Role.IOT_MANAGER),
        "reason": "" if made.state is _S.OPEN else "已与购买单位核对（示例）",
        "due_at": when.at if is_open else None, "is_late": is_open and when.at <= world.now,
        "version": 1 if made.state is _S.OPEN else 2,
    }  # fmt: skip


def _orders(world: World, sheaf: Sheaf, office: Office, found: Sequence[_Found]) -> None:
    """Of what was confirmed; most are carried out or lifted again."""
    acted = [
        one for one in found
        if one.state is _S.CLOSED or (one.state in FINDING_LIVE and one.state is not _S.OPEN)
    ]  # fmt: skip
    acted = sorted((one for one in acted if likely(world.rng, 0.6)), key=attrgetter("at"))
    numbers = numbered(world, "card_orders", "IO", [_ordered(one) for one in acted])
    for made, number in zip(acted, numbers, strict=True):
        sheaf.put(CardOrder, **_order(world, office, made, number))
        sheaf.breathe()


def _ordered(made: _Found) -> datetime:
    return made.at + timedelta(days=1)


def _order(world: World, office: Office, made: _Found, number: str) -> dict[str, Any]:
    at, carrier = min(_ordered(made), world.now), made.sold.carrier
    is_done = made.state is _S.CLOSED
    state = OrderState.IN_FORCE
    if is_done:
        state = OrderState.LIFTED if likely(world.rng, 0.55) else OrderState.CARRIED_OUT
    told = at + timedelta(days=1)
    when = due("iot_abnormal_action", at)
    words = f"{number}\n{made.sold.buyer}：\n经监测，卡号 {made.card} 超出约定用途使用（示例）。"
    manager = office.one(carrier.id, Role.IOT_MANAGER)
    return made.sold.own | {
        "id": world.id_at(at), "number": number,
        "measure": pick(world.rng, _MEASURES), "cards": [str(made.card)],
        "finding_ids": [str(made.id)], "reason": "超出约定用途使用（示例）",
        "remedy": usual_remedy(Language.ZH, at, carrier.name), "papers": usual_papers(Language.ZH),
        "is_emergency_exempt": True, "notice_zh": words,
        "notice_en": f"{number}\nCard {made.card} was used beyond its scope (sample).",
        "state": state, "ordered_by": manager, "ordered_at": at,
        "told_at": told if is_done else None, "told_how": "挂号信（示例）" if is_done else "",
        "told_by": manager if is_done else None, "carried_out_at": told if is_done else None,
        "carried_out_by": manager if is_done else None,
        "proof_sha256": office.proof if is_done else "",
        "proof_file": "回执.png" if is_done else "",
        "proof_type": "image/png" if is_done else "",
        "lifted_at": told + timedelta(days=20) if state is OrderState.LIFTED else None,
        "lifted_by": manager if state is OrderState.LIFTED else None,
        "lifted_why": "已恢复约定用途（示例）" if state is OrderState.LIFTED else "",
        "due_at": None if is_done else when.at,
        "is_late": not is_done and when.at <= world.now, "rule_version": when.version,
        "version": 1 + is_done * 2,
    }  # fmt: skip


def _watched(world: World, sheaf: Sheaf, sold: Sequence[Sold]) -> None:
    for one in sold:
        if one.state is BatchState.RESTRICTED or likely(world.rng, 0.05):
            since = world.ago(world.rng.uniform(3, 60))
            sheaf.put(
                WatchEntry, id=world.id_at(since), reason="曾有异常用量，加强监测（示例）",
                since=since, until=china_day(since + timedelta(days=90)), **one.own,
            )  # fmt: skip
