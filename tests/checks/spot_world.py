"""Spot checks of a licensed shop, an inspector's laptop, and an order as it should be. Made up."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from console.actions.checks.devices import judge_reader
from console.actions.checks.spot_checks import CheckDraft, assign_check, note_order, plan_check
from console.actions.checks.spot_lists import CheckRecord, check_record
from console.actions.checks.spot_moves import open_session
from console.actions.checks.spot_submit import submit_check
from models.cards.persons import CaptureMethod
from models.channel.agents import Agent
from models.channel.licences import Licence
from models.channel.shops import AuthorisedShop
from models.checks.devices import CardReader
from models.checks.judging import CheckRule
from models.checks.orders import OrderFacts, Route
from models.checks.spot_checks import CheckPurpose, SpotCheck
from models.permissions import Permission
from models.refusals import Invalid
from models.rules import china_day
from tests.channel.stories import licensed
from tests.checks.laptops import Laptop, approved, sim
from tests.conftest import Clock, Desks
from tests.stock.files import iccid
from tests.stock.world import stocked

BASIS = "工信部网安〔2016〕182号三（三）"
OURS = 150
"""Serial of a card that was given to the agent of the shop."""
INSPECTOR = "zhou.jie"


@dataclass(frozen=True)
class Scene:
    agent: Agent
    licence: Licence
    shop: AuthorisedShop
    laptop: Laptop


def scene(desks: Desks) -> Scene:
    """A shop whose agent has cards in stock, and an inspector with a laptop that is at work."""
    agent, licence, (shop,) = licensed(desks)
    stocked(desks, agent_no=agent.agent_no)
    laptop = approved(desks)
    laptop.own_pass()
    return Scene(agent, licence, shop, laptop)


def allow_reader(desks: Desks, here: Scene) -> None:
    """The security module that it reads documents with was seen once, and allowed."""
    with pytest.raises(Invalid, match="sam_unapproved"):
        here.laptop.sends(here.laptop.task("id"))
    with desks.house.begin(Permission.DEVICE_READ) as work:
        (reader,) = work.session.exec(select(CardReader)).all()
    judge_reader(desks.approver, reader.id, allowed=True, version=reader.version)


def planned(desks: Desks, scene: Scene | None = None, **more: Any) -> SpotCheck:  # noqa: ANN401
    usual: dict[str, Any] = {"shop": scene.shop.id} if scene else {"subject": "天河营业厅"}
    usual |= {"purpose": CheckPurpose.ROUTINE, "basis": BASIS}
    return plan_check(desks.manager, CheckDraft(**(usual | more)))


def assigned(desks: Desks, scene: Scene | None = None, **more: Any) -> SpotCheck:  # noqa: ANN401
    row = planned(desks, scene, **more)
    return assign_check(desks.manager, row.id, INSPECTOR, china_day(desks.house.now()))


def opened(desks: Desks, scene: Scene, **more: Any) -> SpotCheck:  # noqa: ANN401
    row = assigned(desks, scene, **more)
    return open_session(desks.inspector, row.id, scene.laptop.id, notice_shown=True)


def card(serial: int = OURS) -> dict[str, Any]:
    return sim(iccid(serial))


def kept(clock: Clock, route: Route = Route.A, **changed: Any) -> OrderFacts:  # noqa: ANN401
    """An order that went as the rules have it; named facts say otherwise."""
    at = [clock.at - timedelta(hours=hours) for hours in (22, 20, 15, 10, 5, 3)]
    facts: dict[str, Any] = {
        "route": route,
        "order_no": "DD-20260227-1",
        "iccids": (iccid(OURS),),
        "ordered_at": at[0],
        "authority_compare_ref": "NCIIC-2026-77",
        "compared_at": at[1],
        "compare_agrees": True,
        "capture": CaptureMethod.ID_READER,
        "asked_identity": True,
        "manual_entry": False,
        "shipped_at": at[2],
        "handed_over_at": at[3],
        "handover_match": True,
        "active_on_arrival": False,
        "activated_at": at[5],
        "holder_is_document": True,
    }
    if route is Route.B:
        facts |= {"live_check_ref": "LIVE-9", "live_checked_at": at[4], "handover_match": None}
    return OrderFacts(**(facts | changed))


def compared(
    desks: Desks, clock: Clock, scene: Scene, serial: int = OURS, **changed: Any  # noqa: ANN401
) -> CheckRecord:  # fmt: skip
    """A check whose card was read and whose order is as `kept` has it."""
    row = opened(desks, scene)
    scene.laptop.sends(scene.laptop.task(), card=card(serial))
    note_order(desks.inspector, row.id, kept(clock, **changed))
    submit_check(desks.inspector, row.id)
    return check_record(desks.inspector, row.id)


def answers(record: CheckRecord) -> dict[CheckRule, bool | None]:
    return {CheckRule(one["rule"]): one["ok"] for one in record.answers}


def number_of(desks: Desks, check_id: UUID) -> str:
    return check_record(desks.manager, check_id).check.number
