"""Cards that inspectors bought: whether anybody asked who buys, and what the cards were."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, Final

from console.demo.world.made import MadeShop, World
from console.demo.world.office import Office, likely, numbered, pick
from models.checks.test_purchases import PurchaseResult, PurchaseState, TestPurchase
from models.permissions import Role
from models.staff import CARRIERS, OrganisationKind

_S: Final = PurchaseState
_PURCHASES: Final = 460
_AT_FIRST, _BY_NOW = 0.52, 0.86
"""Sellers that ask for an identity."""
_KNOWN: Final = 0.92
_CALLED_OFF: Final = 0.05
_SPAN: Final = timedelta(days=540)
_FIRST: Final = 8_986_030_400_000_000_000
_PURPOSES: Final = ("核实是否要求实名（示例）", "核实到货前是否已激活（示例）", "查证货源（示例）")
_RESULTS: Final[Mapping[PurchaseResult, float]] = {
    PurchaseResult.IN_STOCK: 6, PurchaseResult.NOT_OURS: 3, PurchaseResult.NO_CARD: 1,
}  # fmt: skip


def bought(world: World, office: Office) -> None:
    carriers = {
        one.id: one for one in world.organisations.values()
        if one.kind in CARRIERS and one.kind is not OrganisationKind.BASIC_CARRIER_GROUP
    }  # fmt: skip
    shops = [one for one in world.shops if one.organisation_id in carriers]
    picked = world.rng.sample(shops, min(len(shops), world.many(_PURCHASES)))
    rows = sorted(
        (_row(world, office, shop, at) for at, shop in enumerate(picked)),
        key=itemgetter("created_at"),
    )
    numbers = numbered(world, "test_purchases", "TP", [row["created_at"] for row in rows])
    with world.keeping("purchases") as sheaf:
        for row, number in zip(rows, numbers, strict=True):
            sheaf.put(TestPurchase, number=number, **row)
            sheaf.breathe()


def _row(world: World, office: Office, shop: MadeShop, at: int) -> dict[str, Any]:
    chance, carrier = world.rng, shop.organisation_id
    begun = max(shop.first_seen, world.now - _SPAN)
    begun += (world.now - begun) * chance.random()
    steps = [begun]
    for days in (1.5, 2, 5, 4):
        steps.append(steps[-1] + timedelta(days=chance.uniform(0.2, days)))
    reached = sum(one < world.now for one in steps) - 1
    state = (_S.PLANNED, _S.APPROVED, _S.ORDERED, _S.RECEIVED, _S.CLOSED)[reached]
    if state is _S.CLOSED and likely(chance, _CALLED_OFF):
        state = _S.CALLED_OFF
    planner = office.one(carrier, Role.CHANNEL_MANAGER, at)
    return {
        "id": world.id_at(begun), "carrier_id": carrier, "province": shop.card_home,
        "shop_id": shop.id, "platform": shop.platform, "offer": shop.name[:500],
        "purpose": chance.choice(_PURPOSES), "state": state, "planned_by": planner,
        "approved_by": office.one(carrier, Role.APPROVER, at) if reached else None,
        "version": reached + 1, "created_at": begun,
        **_came(world, office, state, steps, at),
    }  # fmt: skip


def _came(
    world: World, office: Office, state: PurchaseState, steps: list[datetime], at: int
) -> dict[str, Any]:
    chance = world.rng
    if state in {_S.PLANNED, _S.APPROVED}:
        return {}
    if state is _S.CALLED_OFF:
        return {"closed_at": steps[2], "notes": "商品已下架，撤回（示例）"}
    ordered = {
        "order_no": f"CG{steps[2]:%m%d}{at:05}",
        "ordered_at": steps[2],
        "price_fen": chance.choice((990, 1990, 2900, 3900, 5900)),
    }
    if state is _S.ORDERED:
        return ordered
    asks = _AT_FIRST + (_BY_NOW - _AT_FIRST) * (1 - (world.now - steps[3]) / _SPAN)
    result = pick(chance, _RESULTS)
    came = result is not PurchaseResult.NO_CARD
    received = ordered | {
        "received_at": steps[3], "iccids": [str(_FIRST + at * 11)] if came else [],
        "asked_identity": likely(chance, asks) if likely(chance, _KNOWN) else None,
        "works": likely(chance, 0.12) if came else None, "notes": "包裹与卡面已拍照（示例）",
        "files": [{"sha256": office.proof, "name": "卡面.png", "type": "image/png"}],
    }  # fmt: skip
    if state is _S.RECEIVED:
        return received
    return received | {"result": result, "closed_at": steps[4]}
