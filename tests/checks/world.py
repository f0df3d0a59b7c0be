"""Industry batches of carriers, an offer that shows their cards, and a parcel. All made up."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import segno
from sqlmodel import select

from console.actions.checks.test_purchases import (
    Parcel,
    Plan,
    approve_purchase,
    order_purchase,
    plan_purchase,
)
from console.desk import Desk
from models.cards.classes import CardClass
from models.cards.industry import IndustryBatch
from models.cards.monitoring import UsageFinding
from models.cards.numbers import card_number
from models.cards.purchasers import Purchaser
from models.cards.ranges import IndustryRange
from models.channel.licences import Ground
from models.checks.test_purchases import TestPurchase
from models.patrol.findings import Finding, FindingState
from models.patrol.pictures import SeenPicture
from models.permissions import Permission
from models.rules import FindingKind
from models.staff import Organisation
from tests.cases.world import PNG, found
from tests.conftest import Desks
from tests.stock.files import iccid

BUYER = "广东远见智能科技有限公司"
NUMBER = "IOT-44-2026-000001"
USCC = "91440300MA0000001A"


def batch(
    desks: Desks,
    *,
    name: str = BUYER,
    product: str = "电表数据卡",
    number: str = NUMBER,
    carrier: str = "CT-44",
    first: str = iccid(500),
    cards: int = 100,
    uscc: str = USCC,
) -> IndustryBatch:
    """A batch as its registration left it: bought, and with cards."""
    with desks.house.begin(Permission.INDUSTRY_EDIT) as work:
        owner = work.session.exec(select(Organisation).where(Organisation.code == carrier)).one()
        known = select(Purchaser).where(Purchaser.uscc == uscc, Purchaser.carrier_id == owner.id)
        unit = work.session.exec(known).first() or work.add(
            Purchaser(carrier_id=owner.id, province="44", name=name, uscc=uscc, created_at=work.at)
        )
        work.session.flush()
        row = work.add(
            IndustryBatch(
                number=number,
                carrier_id=owner.id,
                province="44",
                purchaser_id=unit.id,
                card_class=CardClass.I1,
                product=product,
                ordered=cards,
                cards=cards,
                created_at=work.at,
            )
        )
        work.session.flush()
        start = card_number(first)
        work.add(
            IndustryRange(batch_id=row.id, carrier_id=owner.id, first=start, last=start + cards - 1)
        )
        work.record("industry.drafted", row)
        return row


def offer(
    desks: Desks,
    words: str,
    *,
    state: FindingState = FindingState.CONFIRMED,
    **more: Any,  # noqa: ANN401
) -> Finding:
    """What a patrol of 中国电信广东 found on sale; the words are its description."""
    fields: Mapping[str, Any] = {"description": words, "extra": {}}
    (finding,) = found(
        desks, kind=FindingKind.IOT_CARD_ONLINE, ground=Ground.NO_DELEGATION, state=state,
        fields=fields, **more,
    ).findings  # fmt: skip
    return finding


def planned(desks: Desks, finding: str = "") -> TestPurchase:
    plan = Plan(
        "核实是否转售行业卡", "物联网卡 大流量 https://lanhai.example/i/1", finding, "lanhai"
    )
    return plan_purchase(desks.iot, plan)


def ordered(desks: Desks, finding: str = "") -> TestPurchase:
    row = approve_purchase(desks.approver, planned(desks, finding).id)
    return order_purchase(desks.inspector, row.id, order_no="D-1", price_fen=1990)


def parcel(*cards: str, **more: Any) -> Parcel:  # noqa: ANN401 - as Parcel takes them
    usual: dict[str, Any] = {"asked_identity": False, "works": True, "files": [("卡面.png", PNG)]}
    return Parcel("\n".join(cards), **(usual | more))


def usage_findings(desk: Desk) -> list[UsageFinding]:
    with desk.begin(Permission.INDUSTRY_READ) as work:
        return list(work.all(work.select(UsageFinding)))


def pictured(desks: Desks, finding: Finding, code: str) -> None:
    """A picture of the finding's shop with a QR code on it."""
    out = BytesIO()
    assert finding.run_id is not None
    segno.make(code).save(out, kind="png", scale=8, border=4)
    digest = desks.house.house.evidence.keep(out.getvalue())
    with desks.house.begin(Permission.PATROL_RUN) as work:
        picture = work.add(
            SeenPicture(
                run_id=finding.run_id,
                shop_id=finding.shop_id,
                organisation_id=finding.organisation_id,
                url="https://lanhai.example/p.png",
                sha256=digest,
                seen_at=work.at,
            )
        )
        work.record("patrol.planted", picture)
