"""Records of a carrier's agents, some time ago, as analysis meets them. Made up."""

from datetime import date, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from console.actions.channel.agents import search_terms
from models.cards.industry import IndustryBatch
from models.cases.cases import Case, CaseState
from models.cases.instructions import Instruction
from models.channel.agents import Agent, AgentState
from models.channel.licences import Ground, Licence, LicenceState
from models.checks.devices import ReaderDevice
from models.checks.spot_checks import CheckPurpose, CheckState, SpotCheck, Verdict
from models.patrol.findings import Finding, FindingState
from models.patrol.runs import PatrolRun, RunState
from models.patrol.shops import Shop, ShopState
from models.permissions import Permission
from models.rules import FindingKind, Tier, china_day
from tests.conftest import Desks

_serial = count(1)
REFERRED_TO = (IndustryBatch, Instruction, ReaderDevice)
"""Rows made here may refer to theirs, so that the tables must be known."""


def own(desks: Desks) -> UUID:
    """中国电信广东."""
    carrier = desks.manager.actor.organisation_id
    assert carrier is not None
    return carrier


def kept(desks: Desks, *rows: Any) -> Any:  # noqa: ANN401
    """Rows put in as they are; the last of them."""
    with desks.house.begin(Permission.PATROL_RUN) as work:
        for row in rows:
            work.add(row)
            work.session.flush()
        work.no_deed()
    return rows[-1]


def agent(desks: Desks, name: str = "蓝海通信", **more: Any) -> Agent:  # noqa: ANN401
    n = next(_serial)
    facts: dict[str, Any] = {
        "carrier_id": own(desks), "province": "44", "state": AgentState.ACTIVE,
        "created_at": desks.house.now() - timedelta(days=500),
    }  # fmt: skip
    row = Agent(
        serial=900_000 + n, agent_no=f"CT-44-2025-{n:06}-1", name=name,
        uscc=f"9144010000000{n:05}", legal_representative="张三", **facts | more,
    )  # fmt: skip
    row.terms = search_terms(row)
    return kept(desks, row)


def licence(desks: Desks, of: Agent, *, days_ago: float, days: int = 720, **more: Any) -> Licence:  # noqa: ANN401
    """Approved so many days ago, for so many days."""
    at = desks.house.now() - timedelta(days=days_ago)
    begins = china_day(at)
    facts: dict[str, Any] = {"state": LicenceState.ACTIVE}
    return kept(
        desks,
        Licence(
            number=f"L-CT-44-{next(_serial):07}", carrier_id=of.carrier_id, agent_id=of.id,
            province=of.province, products=[], provinces=["44"], shop_ids=[], begins_on=begins,
            ends_on=more.pop("ends_on", begins + timedelta(days=days)), approved_at=at,
            created_at=at, **facts | more,
        ),
    )  # fmt: skip


def shop(desks: Desks, of: Agent | None = None, *, days_ago: float = 300, **more: Any) -> Shop:  # noqa: ANN401
    n, at = next(_serial), desks.house.now() - timedelta(days=days_ago)
    facts: dict[str, Any] = {
        "state": ShopState.SUSPECTED, "name": f"靓号店{n}", "last_seen_at": at, "first_seen_at": at,
        "organisation_id": own(desks), "platform": "lanhai", "platform_home": "33",
        "card_home": "44",
    }  # fmt: skip
    return kept(desks, Shop(shop_key=f"shop:{n}", agent_id=of.id if of else None, **facts | more))


def run(desks: Desks, engine: str = "rules/3 shipped/1") -> PatrolRun:
    return kept(
        desks,
        PatrolRun(
            number=f"RUN-{next(_serial)}", organisation_id=own(desks), platform="lanhai", actor={},
            platform_home="33", card_home="44", engine=engine, state=RunState.CLOSED,
            created_at=desks.house.now(),
        ),
    )  # fmt: skip


def finding(desks: Desks, at: Shop, *, days_ago: float = 30, **more: Any) -> Finding:  # noqa: ANN401
    facts: dict[str, Any] = {
        "state": FindingState.CONFIRMED, "tier": Tier.GENERAL, "kind": FindingKind.NO_DELEGATION,
        "run_id": more.pop("run_id", None) or run(desks).id,
    }  # fmt: skip
    return kept(
        desks,
        Finding(
            number=f"FND-{next(_serial)}", organisation_id=at.organisation_id, shop_id=at.id,
            platform=at.platform, platform_home=at.platform_home, card_home=at.card_home,
            ground=Ground.NO_DELEGATION, rule_version="findings/1", listing_ids=[],
            evidence=["a" * 64], created_at=desks.house.now() - timedelta(days=days_ago),
            **facts | more,
        ),
    )  # fmt: skip


def case(desks: Desks, at: Shop, *, days_ago: float = 30, **more: Any) -> Case:  # noqa: ANN401
    facts: dict[str, Any] = {
        "state": CaseState.EXECUTING, "tier": Tier.SERIOUS, "agent_id": at.agent_id,
    }  # fmt: skip
    return kept(
        desks,
        Case(
            reference=f"CASE-{next(_serial)}", organisation_id=at.organisation_id,
            platform=at.platform, shop_id=at.id, shop_name=at.name, shop_key=at.shop_key,
            kind=FindingKind.NO_DELEGATION, ground=Ground.NO_DELEGATION, card_home=at.card_home,
            created_at=desks.house.now() - timedelta(days=days_ago), **facts | more,
        ),
    )  # fmt: skip


def spot_check(desks: Desks, of: Agent, verdict: Verdict, *, days_ago: float = 30) -> SpotCheck:
    at = desks.house.now() - timedelta(days=days_ago)
    return kept(
        desks,
        SpotCheck(
            number=f"SPOT-{next(_serial)}", carrier_id=of.carrier_id, province=of.province,
            agent_id=of.id, subject="天河店", purpose=CheckPurpose.ROUTINE, basis="抽查",
            state=CheckState.CLOSED, verdict=verdict, compared_at=at, created_at=at,
        ),
    )  # fmt: skip


def day(desks: Desks, days_ago: int = 0) -> date:
    return china_day(desks.house.now()) - timedelta(days=days_ago)
