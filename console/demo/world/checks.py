"""Spot checks of eighteen months by plan, and cards that inspectors bought."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from random import Random
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

from console.demo.world.checked import order_of, outcome_of, seen_card
from console.demo.world.made import Sheaf, World
from console.demo.world.office import Office, due, likely, numbered, office_of
from console.demo.world.purchases import bought
from models.channel.agents import Agent, AgentState
from models.channel.shops import AuthorisedShop
from models.checks.judging import RULES_VERSION
from models.checks.sampling import draw, frame_text
from models.checks.spot_checks import (
    CheckPurpose,
    CheckState,
    ResultCode,
    SpotCheck,
    SpotCheckPlan,
    Verdict,
)
from models.permissions import Permission, Role
from models.rules import china_day
from models.staff import Organisation

_S, _V = CheckState, Verdict
_CHECKS: Final = 1_100
_QUARTERS: Final = 6
_QUARTER: Final = timedelta(days=91)
_CARRIERS: Final = 45
"""Those with the most shops make plans; and those of whom somebody signs in."""
_BASIS: Final = "工信部网安〔2016〕182号 三（二）（三）"
_ENDS: Final = {_V.PASSED: _S.PASSED, _V.FAILED: _S.FAILED, _V.INCONCLUSIVE: _S.INCONCLUSIVE,
                _V.ABORTED: _S.ABORTED}  # fmt: skip
_PURGED_AFTER: Final = timedelta(days=90)
_LEFT: Final = 12
"""Checks of a plan under way that nobody has done yet."""
_NOTES: Final = ("卡号、批次与许可范围相符，流程完整（示例）", "核对属实，转交渠道部核查（示例）")


class _Outlet(NamedTuple):
    id: UUID
    agent_id: UUID
    platform: str
    name: str
    province: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class _Sample:
    """A plan and the shops drawn for it."""

    carrier: Organisation
    begins: datetime
    size: int
    seed: str
    frame: Sequence[str]
    drawn: Sequence[_Outlet]


@dataclass(frozen=True, slots=True)
class _Visit:
    plan: UUID
    carrier: Organisation
    outlet: _Outlet
    planned_at: datetime
    done_at: datetime


def build(world: World) -> None:
    office, chance = office_of(world), world.rng
    samples = sorted(_samples(world, office), key=attrgetter("begins"))
    plans = numbered(world, "spot_check_plans", "SP", [one.begins for one in samples])
    visits: list[_Visit] = []
    with world.keeping("checks") as sheaf:
        for table in (SpotCheckPlan, SpotCheck):
            sheaf.waiting.setdefault(table, [])
        for sample, number in zip(samples, plans, strict=True):
            plan = _plan(world, sheaf, office, sample, number)
            visits += [
                _Visit(plan, sample.carrier, one, sample.begins, _day(sample, chance))
                for one in sample.drawn
            ]
        numbers = numbered(world, "spot_checks", "SC", [one.planned_at for one in visits])
        for at, (visit, number) in enumerate(zip(visits, numbers, strict=True)):
            _check(world, sheaf, office, visit, number, at)
            sheaf.breathe()
    bought(world, office)


def _day(sample: _Sample, chance: Random) -> datetime:
    return sample.begins + timedelta(days=chance.uniform(4, 88))


def _samples(world: World, office: Office) -> Sequence[_Sample]:
    """Of each carrier's shops some in each quarter; as many as it has of all."""
    by_carrier = _outlets(world)
    known = {one.id: one for one in world.organisations.values()}
    most = sorted(by_carrier, key=lambda one: (-len(by_carrier[one]), known[one].code))[:_CARRIERS]
    staffed = [one for one in by_carrier if office.people.get((one, Role.APPROVER))]
    chosen = list(dict.fromkeys([*staffed, *most]))
    total = sum(len(by_carrier[one]) for one in chosen) or 1
    found: list[_Sample] = []
    for carrier in chosen:
        shops = by_carrier[carrier]
        share = world.many(_CHECKS) / _QUARTERS * len(shops) / total
        size = max(1, round(share * (2 if carrier in staffed else 1)))
        found += _of_carrier(world, known[carrier], shops, size)
    return found


def _of_carrier(
    world: World, carrier: Organisation, shops: Sequence[_Outlet], size: int
) -> list[_Sample]:
    made: list[_Sample] = []
    for quarter in range(_QUARTERS):
        begins = (
            world.now - _QUARTER * (_QUARTERS - quarter) + timedelta(days=world.rng.uniform(0, 9))
        )
        begins += timedelta(days=20)
        there = {str(one.id): one for one in shops if one.created_at <= begins}
        if there:
            seed, frame = f"{world.rng.getrandbits(256):064x}", list(there)
            drawn = [there[one] for one in draw(seed, frame, min(size, len(frame)))]
            made.append(_Sample(carrier, begins, len(drawn), seed, frame, drawn))
    return made


def _outlets(world: World) -> dict[UUID, list[_Outlet]]:
    row: Any = AuthorisedShop
    columns = (row.carrier_id, row.id, row.agent_id, row.platform, row.name, row.province)
    asked: Any = (
        select(*columns, row.created_at)
        .join(Agent, col(Agent.id) == row.agent_id)
        .where(col(Agent.state) == AgentState.ACTIVE, row.ended_at.is_(None))
        .order_by(row.id)
    )
    found: dict[UUID, list[_Outlet]] = defaultdict(list)
    with world.house.desk().begin(Permission.SHOP_READ) as work:
        for carrier, *outlet in work.session.connection().execute(asked):
            found[carrier].append(_Outlet(*outlet))
    return found


def _plan(world: World, sheaf: Sheaf, office: Office, sample: _Sample, number: str) -> UUID:
    row_id, begins = world.id_at(sample.begins), china_day(sample.begins)
    sheaf.put(
        SpotCheckPlan, id=row_id, number=number, carrier_id=sample.carrier.id,
        province=sample.carrier.province, name=f"{begins.year}年季度随机抽查（示例）",
        purpose=CheckPurpose.ROUTINE, basis=_BASIS, platforms=[], provinces=[], size=sample.size,
        seed=sample.seed, frame_size=len(sample.frame),
        frame_sha256=world.house.evidence.keep(frame_text(sample.frame)), begins_on=begins,
        ends_on=begins + _QUARTER, created_at=sample.begins,
        made_by=office.one(sample.carrier.id, Role.CHANNEL_MANAGER),
    )  # fmt: skip
    return row_id


def _check(  # noqa: PLR0913, PLR0917 - a visit and whose it is
    world: World, sheaf: Sheaf, office: Office, visit: _Visit, number: str, at: int
) -> None:  # fmt: skip
    carrier, outlet = visit.carrier, visit.outlet
    inspector = office.one(carrier.id, Role.INSPECTOR)
    card = seen_card(at)
    row: dict[str, Any] = {
        "id": world.id_at(visit.planned_at), "number": number, "carrier_id": carrier.id,
        "province": outlet.province, "plan_id": visit.plan, "shop_id": outlet.id,
        "agent_id": outlet.agent_id, "platform": outlet.platform,
        "subject": f"{outlet.platform} {outlet.name}"[:300], "purpose": CheckPurpose.ROUTINE,
        "basis": _BASIS, "planned_by": office.one(carrier.id, Role.CHANNEL_MANAGER),
        "planned_for": china_day(visit.done_at), "created_at": visit.planned_at,
        "assignee_id": inspector,
    }  # fmt: skip
    if visit.done_at < world.now:
        row |= _done(world, office, visit, card, inspector)
    else:
        is_assigned = inspector is not None and visit.done_at < world.now + timedelta(days=_LEFT)
        row |= {"state": _S.ASSIGNED if is_assigned else _S.PLANNED}
        row["assignee_id"] = inspector if is_assigned else None
    sheaf.put(SpotCheck, **row)


def _done(
    world: World, office: Office, visit: _Visit, card: str, inspector: UUID | None
) -> dict[str, Any]:
    chance, done = world.rng, visit.done_at
    months = (world.now - done) / timedelta(days=30.4)
    order = order_of(chance, visit.outlet.province, done, card, months)
    outcome, verdict = outcome_of(order, card, is_read=not likely(chance, 0.03))
    is_broken = likely(chance, 0.015)
    review = due("check_review", done)
    found: dict[str, Any] = {
        "session_until": done + timedelta(minutes=15), "order": {} if is_broken else order.as_row(),
        "verdict": _V.ABORTED if is_broken else verdict, "compared_at": done,
        "outcome": {} if is_broken else outcome, "submitted_by": inspector,
        "rule_version": f"{RULES_VERSION} {review.version}", "review_due_at": review.at,
    }  # fmt: skip
    if is_broken:
        found |= {"result": ResultCode.REFUSED_CHECK, "reason": "收货人拒绝配合（示例）",
                  "service_refused": True, "follow_up": "未提供服务（示例）",
                  "followed_up_by": inspector}  # fmt: skip
    if found["verdict"] is _V.INCONCLUSIVE and done > world.ago(60):
        found["recheck_due_at"] = due("check_recheck", done).at
    return found | _reviewed(world, office, visit, found)


def _reviewed(world: World, office: Office, visit: _Visit, found: dict[str, Any]) -> dict[str, Any]:
    """By another, some days later; what was read goes after its term."""
    at = visit.done_at + timedelta(days=world.rng.uniform(0.5, 6))
    state = _ENDS[found["verdict"]]
    if at > world.now or (at > world.ago(25) and likely(world.rng, 0.12)):
        return {"state": state, "version": 5}
    is_old = visit.done_at + _PURGED_AFTER < world.now
    return {
        "state": _S.PURGED if is_old else _S.CLOSED, "version": 7 if is_old else 6,
        "reviewed_at": at, "reviewed_by": office.one(visit.carrier.id, Role.APPROVER),
        "review_note": _NOTES[found["verdict"] is _V.FAILED],
        "purged_at": visit.done_at + _PURGED_AFTER if is_old else None,
    }  # fmt: skip
