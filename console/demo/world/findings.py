"""Findings, weighed and explained as the judging does it, in the state that became of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from console.demo.world.lives import Life
from console.demo.world.made import MadeFinding, MadeShop, World
from console.demo.world.rounds import Patrol
from console.demo.world.titles import Title
from models.channel.licences import Ground
from models.patrol.findings import Finding, FindingState
from models.patrol.risk import Risk, RiskFacts, risk_of
from models.rules import Calendar, Tier, china_day, package_rules, parameter

_STOLEN: Final = (Ground.SOMEONE_ELSES_NUMBER, Ground.SOMEONE_ELSES_BADGE, Ground.FORGED_BADGE)
_LOOKED: Final = "已核对页面与公布名单"
_DISMISSED: Final = "店铺并未销售电话卡"


@dataclass(frozen=True, slots=True)
class Offered:
    """A flagged offer that has its row."""

    id: UUID
    title: Title
    sales: int


def put_finding(  # noqa: PLR0913, PLR0917 - a finding and what it rests on
    patrol: Patrol, life: Life, shop: MadeShop, offers: Sequence[Offered], run_id: UUID,
    numbers: Mapping[str, Iterator[int]],
) -> UUID:  # fmt: skip
    world = patrol.world
    if life.wrong is None or life.found_at is None:
        raise ValueError(life)
    _, kind, ground, basis = life.wrong
    year = china_day(life.found_at).year
    number = f"FD-{year}-{next(numbers[f'findings:{year}']):06d}"
    row, case = world.id_at(life.found_at), None
    if life.has_case and life.looked_at is not None:
        case = world.id_at(life.looked_at)
    risk = _risk(life, ground, offers)
    look = parameter("finding_review", china_day(life.found_at))
    due = look.deadline(life.found_at, Calendar())
    patrol.sheaf.put(
        Finding, id=row, number=number, organisation_id=shop.organisation_id, run_id=run_id,
        shop_id=shop.id, platform=shop.platform, platform_home=shop.platform_home,
        card_home=shop.card_home, kind=kind, ground=ground, tier=life.tier,
        rule_version=due.version, basis=basis.value, facts=_facts(life, offers, risk),
        risk=risk.score, listing_ids=[str(one.id) for one in offers], evidence=[],
        claimed_number=_claimed(world, ground), state=life.finding,
        found_by=patrol.planner, look_due_at=due.at, case_due_at=_case_due(life),
        looked_by=patrol.reviewer if life.looked_at else None, reason=_reason(life), case_id=case,
        version=1 + (life.looked_at is not None), created_at=life.found_at,
    )  # fmt: skip
    world.findings.append(
        MadeFinding(
            row, number, shop, shop.organisation_id, kind, ground, life.tier, risk.score,
            life.finding, run_id, life.first_seen, life.found_at, life.looked_at, case,
            life.noticed_at, life.gone_at, life.closed_at,
        )
    )  # fmt: skip
    return row


def _risk(life: Life, ground: Ground, offers: Sequence[Offered]) -> Risk:
    said = [one.title.said for one in offers]
    return risk_of(
        RiskFacts(
            tier=life.tier,
            severity=max((one.severity for one in said), default=0),
            sureness=max((one.score for one in said), default=0.0),
            trade=sum(float(one.title.price or 0) * one.sales for one in offers),
            is_stolen=ground in _STOLEN,
            is_disguised=any(one.is_disguised for one in said),
        )
    )


def _facts(life: Life, offers: Sequence[Offered], risk: Risk) -> dict[str, Any]:
    """What people read beside it, as a run would have written it."""
    if life.wrong is None:
        return {}
    rule = package_rules().finding(life.wrong[1])
    return {
        "outcomes": [outcome.value for outcome in rule.outcomes],
        "cannot_be_lowered": rule.cannot_be_lowered,
        "unsure": life.finding is FindingState.FALSE_POSITIVE,
        "offers": [
            {
                "id": str(one.id), "title": one.title.words[:200],
                "label": one.title.said.label.value, "kind": one.title.said.kind.value,
                "score": round(one.title.said.score, 3), "severity": one.title.said.severity,
                "reasons": list(one.title.said.reasons),
            }
            for one in offers
        ],
        "risk": [{"reason": reason.value, "points": points} for reason, points in risk.parts],
    }  # fmt: skip


def _claimed(world: World, ground: Ground) -> str:
    if ground is not Ground.SOMEONE_ELSES_NUMBER or not world.agents:
        return ""
    return world.rng.choice(world.agents).agent_no


def _case_due(life: Life) -> datetime | None:
    if life.finding is not FindingState.CONFIRMED or life.tier is not Tier.SERIOUS:
        return None
    if life.looked_at is None:
        return None
    rule = parameter("finding_to_case", china_day(life.looked_at))
    return rule.deadline(life.looked_at, Calendar()).at


def _reason(life: Life) -> str:
    if life.looked_at is None:
        return ""
    return _DISMISSED if life.finding is FindingState.FALSE_POSITIVE else _LOOKED
