"""Rectification notices: those that cases ordered, and others to agents and platforms."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from random import Random
from typing import Any, Final
from uuid import UUID

from console.demo.world.made import Sheaf, World
from console.demo.world.matters import Matter
from console.demo.world.office import Office, due, likely, numbered
from models.cases.cases import TierBasis
from models.cases.measures import Measure
from models.cases.rectifications import (
    Delivery,
    Rectification,
    RectificationIssue,
    RectificationState,
)
from models.patrol.findings import FindingState
from models.permissions import Role
from models.rules import Tier, china_day, end_of
from models.staff import CARRIERS, Organisation, OrganisationKind

_S: Final = RectificationState
_STANDING_ALONE: Final = 130
_ISSUES: Final = (
    ("首页未展示统一标识（示例）", "004-3.1-e"),
    ("许可编号展示不全（示例）", "004-3.1-g"),
    ("抽查发现先发货后核验一笔（示例）", "004-3.2-c"),
    ("交付时未核对收件人证件（示例）", "004-3.2-d"),
    ("名单更新超过七日（示例）", "004-3.1-m"),
)
_SUBJECTS: Final = ("网店亮照亮标（示例）", "实名核验流程（示例）", "名单与标识更新（示例）")
_DONE: Final = "已改正，整改报告与截图附后（示例）。"
_REMEDY: Final = "可自收到之日起五个工作日内提出异议（示例）"


@dataclass(frozen=True, slots=True)
class _Order:
    """Who is told to put what right, and when that was."""

    at: datetime
    issuer: Organisation
    unit_name: str
    tier: Tier
    chance: Random
    case: UUID | None = None
    agent: UUID | None = None
    unit: UUID | None = None
    done_at: datetime | None = None
    """Of a case or a finding: when it was put right."""
    finding: UUID | None = None


@dataclass(frozen=True, slots=True)
class _Steps:
    """What came of it, up to now."""

    state: RectificationState
    seen: datetime | None = None
    sent_in: datetime | None = None
    closed: datetime | None = None
    misses: int = 0


def rectified(world: World, sheaf: Sheaf, office: Office, made: Sequence[Matter]) -> None:
    orders = sorted([*_of_cases(made), *_of_findings(world), *_alone(world)], key=attrgetter("at"))
    numbers = numbered(world, "rectifications", "RCT", [one.at for one in orders])
    for order, number in zip(orders, numbers, strict=True):
        _put(world, sheaf, office, order, number)
        sheaf.breathe()


def _of_cases(made: Sequence[Matter]) -> Iterator[_Order]:
    for one in made:
        course = one.course
        if course.decided_at and Measure.RECTIFY in course.measures:
            at = course.decided_at + timedelta(hours=3)
            yield _Order(
                min(at, one.world.now), one.carrier, course.shop.name[:200], course.tier,
                course.chance, course.id, course.shop.agent_id, done_at=course.done_at,
            )  # fmt: skip


def _of_findings(world: World) -> Iterator[_Order]:
    """What was found at an agent's shop is put right by the agent."""
    carriers = {one.id: one for one in world.organisations.values()}
    told = {FindingState.RECTIFYING, FindingState.CLOSED}
    for one in world.findings:
        if one.case_id is None and one.state in told and one.looked_at and one.shop.agent_id:
            at = min(one.looked_at + timedelta(hours=8), world.now)
            yield _Order(
                at, carriers[one.organisation_id], one.shop.name[:200], one.tier,
                Random(one.id.int), agent=one.shop.agent_id, done_at=one.closed_at,  # noqa: S311 - a world
                finding=one.id,
            )  # fmt: skip


def _alone(world: World) -> Iterator[_Order]:
    """To agents by their carriers, and some to platforms, which acknowledge here themselves."""
    rng = world.rng
    carriers = {one.id: one for one in world.organisations.values() if one.kind in CARRIERS}
    platforms = [
        one for one in world.organisations.values() if one.kind is OrganisationKind.PLATFORM
    ]
    agents = rng.sample(world.agents, min(len(world.agents), world.many(_STANDING_ALONE)))
    for at, agent in enumerate(agents):
        issued = max(agent.admitted_at, world.ago(540))
        issued += (world.now - issued) * rng.random() ** 0.6
        tier = rng.choices((Tier.MINOR, Tier.GENERAL, Tier.SERIOUS), (2, 6, 2))[0]
        issuer, chance = carriers[agent.carrier_id], Random(rng.random())  # noqa: S311 - a world
        if at % 4:
            yield _Order(issued, issuer, agent.name, tier, chance, agent=agent.id)
        else:
            unit = platforms[at // 4 % len(platforms)]
            yield _Order(issued, issuer, unit.name, tier, chance, unit=unit.id)


def _put(world: World, sheaf: Sheaf, office: Office, order: _Order, number: str) -> None:
    when = due(f"rectification_{order.tier.value}", order.at)
    due_at = max(when.at, end_of(china_day(order.at)))
    steps = _steps(world.now, order, due_at)
    row_id, chance = world.id_at(order.at), order.chance
    sheaf.put(
        Rectification, id=row_id, number=number, subject=chance.choice(_SUBJECTS),
        organisation_id=order.issuer.id, province=order.issuer.province, case_id=order.case,
        unit_id=order.unit, agent_id=order.agent, unit_name=order.unit_name[:200],
        delivery=Delivery.PORTAL if order.unit else Delivery.LETTER,
        delivery_proof="" if order.unit else f"挂号信 XA{chance.randrange(10**8):08}（示例）",
        remedy=_REMEDY, tier=order.tier, due_at=due_at, rule_version=when.version,
        issued_by=office.one(order.issuer.id, Role.CHANNEL_MANAGER), issued_at=order.at,
        created_at=order.at, **_reached(office, order, steps),
    )  # fmt: skip
    for at, (what, rule) in enumerate(chance.sample(_ISSUES, chance.randint(1, 2)), 1):
        is_in = steps.sent_in is not None
        sheaf.put(
            RectificationIssue, id=world.id_at(order.at), rectification_id=row_id, number=at,
            finding_id=order.finding if at == 1 else None,
            what=what, rule=rule, done=_DONE if is_in else "",
            sha256=office.paper if is_in else "", file_name="整改报告.pdf" if is_in else "",
            media_type="application/pdf" if is_in else "",
            is_good=True if steps.closed else None,
        )  # fmt: skip


def _steps(now: datetime, order: _Order, due_at: datetime) -> _Steps:
    """Acknowledged, sent in, looked at: as far as the days have gone."""
    chance, at = order.chance, order.at
    seen = at + timedelta(hours=chance.lognormvariate(2.6, 0.6))
    sent_in = at + (due_at - at) * chance.uniform(0.3, 1.12)
    if order.done_at is not None:
        closed = max(order.done_at, at)
        return _Steps(_S.CLOSED, at + (closed - at) * 0.2, at + (closed - at) * 0.7, closed)
    sent_in = max(sent_in, seen + timedelta(hours=1))
    closed = sent_in + timedelta(days=chance.uniform(0.5, 4))
    is_silent = likely(chance, 0.05)
    is_free = order.case is None and order.finding is None
    if is_free and not is_silent and closed < now:
        state = _S.REPORTED if likely(chance, 0.1) else _S.CLOSED
        return _Steps(state, seen, sent_in, closed, int(sent_in > due_at))
    if not is_silent and sent_in < now:
        return _Steps(_S.SUBMITTED, seen, sent_in, misses=int(sent_in > due_at))
    seen_by_now = seen if seen < now else None
    if now >= due_at:
        state = _S.OVERDUE if now < due_at + timedelta(days=20) else _S.ESCALATED
        return _Steps(state, seen_by_now, misses=1)
    return _Steps(_S.ACKNOWLEDGED if seen_by_now else _S.ISSUED, seen_by_now)


def _reached(office: Office, order: _Order, steps: _Steps) -> dict[str, Any]:
    first, again = (
        due("rectification_acknowledgement", order.at),
        due("rectification_reminder", order.at),
    )
    looks = due("rectification_recheck", steps.sent_in).at if steps.sent_in else None
    role = Role.PLATFORM_OFFICER
    person = office.one(order.unit, role) if order.unit else None
    by = (office.name(person) or order.unit_name)[:64]
    is_escalated = steps.state is _S.ESCALATED
    return {
        "state": steps.state, "acknowledge_due_at": first.at,
        "reminder_due_at": again.at if steps.state is _S.ISSUED else None,
        "recheck_due_at": looks, "acknowledged_at": steps.seen,
        "acknowledged_by": by if steps.seen else "",
        "submitted_at": steps.sent_in, "submitted_by": by if steps.sent_in else "",
        "submitted_by_id": person if steps.sent_in else None, "misses": steps.misses,
        "is_late": bool(steps.sent_in and steps.misses),
        "rechecked_by": office.one(order.issuer.id, Role.APPROVER) if steps.closed else None,
        "result": "复核通过（示例）" if steps.closed else "", "closed_at": steps.closed,
        "escalated_ground": TierBasis.DUE_MISSED if is_escalated else None,
        "escalated_at": order.at + timedelta(days=30) if is_escalated else None,
        "report_receipt": "HZ-示例" if steps.state is _S.REPORTED else "",
        "version": 2 + bool(steps.seen) + bool(steps.sent_in) + bool(steps.closed),
    }  # fmt: skip
