"""For each page that shows records: the kind of record, so that one can be opened."""

from typing import Final

from sqlmodel import select

from console.actions.staff.sign_in import actor_named
from console.desk import House
from models.base import Table
from models.cards.industry import IndustryBatch
from models.cards.purchasers import Purchaser
from models.cards.stock import StockBatch
from models.cases.cases import Case
from models.cases.complaints import Complaint
from models.cases.instructions import Instruction
from models.cases.notices import Notice
from models.cases.rectifications import Rectification
from models.channel.agents import Agent
from models.channel.badges import Badge
from models.channel.licences import Licence
from models.channel.publications import Publication
from models.checks.devices import ReaderDevice
from models.checks.spot_checks import SpotCheck, SpotCheckPlan
from models.checks.test_purchases import TestPurchase
from models.patrol.findings import Finding
from models.patrol.runs import PatrolRun, Source
from models.patrol.shops import Shop
from models.permissions import Permission
from models.staff import Door

RECORDS: Final[dict[str, type[Table]]] = {
    "agents": Agent, "badges": Badge, "cases": Case, "complaints": Complaint,
    "devices": ReaderDevice, "findings": Finding, "industry": IndustryBatch,
    "instructions": Instruction, "licences": Licence, "notices": Notice, "patrols": PatrolRun,
    "publications": Publication, "purchasers": Purchaser, "rectifications": Rectification,
    "shops": Shop, "sources": Source, "spot_checks": SpotCheck, "spot_plans": SpotCheckPlan,
    "stock": StockBatch, "test_purchases": TestPurchase,
}  # fmt: skip


def record_addresses(house: House, login: str) -> list[str]:
    """One record of each kind that this person may see."""
    actor = actor_named(house, login, Door.CONSOLE)
    found: list[str] = []
    with house.desk().begin(Permission.AGENT_READ) as work:
        for page, table in RECORDS.items():
            seen = table.seen_by(actor)
            row = work.session.exec(select(table).where(seen)).first()
            if row is not None:
                found.append(f"{page}?id={row.id}")  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    return found
