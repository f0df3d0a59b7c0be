"""The usual way of an agent, in steps that a test can stop at."""

from datetime import date
from typing import Any

from sqlmodel import select

from console.actions.channel.agents import AgentForm, add_agent, submit_agent
from console.actions.channel.conditions import SignedLine, sign_conditions
from console.actions.channel.licences import (
    LicenceForm,
    approve_licence,
    draft_licence,
    submit_licence,
)
from console.actions.channel.papers import PaperForm, add_paper
from console.actions.channel.review import review_agent
from console.actions.channel.shops import ShopForm, add_shop
from console.desk import Desk
from models.audit import AuditEntry
from models.channel.agents import Agent
from models.channel.conditions import condition_lines
from models.channel.licences import Licence, Product
from models.channel.papers import Clause, PaperKind
from models.channel.shops import AuthorisedShop
from models.formats import uscc_check_character
from models.permissions import Permission
from models.rules import china_day
from tests.conftest import Desks


def uscc(serial: int) -> str:
    """A well-formed code of an enterprise that does not exist."""
    body = f"91440300MA{serial:07d}"
    return body + uscc_check_character(body)


def form(serial: int = 1, **changed: Any) -> AgentForm:  # noqa: ANN401 - the form's fields
    usual: dict[str, Any] = {
        "name": f"深圳市龙腾通信{serial}号有限公司",
        "uscc": uscc(serial),
        "province": "44",
        "legal_representative": "陈启明",
        "contact": "0755-2601 0000",
        "business_licence_until": date(2030, 12, 31),
    }
    return AgentForm(**(usual | changed))


def submitted(desk: Desk, serial: int = 1, **changed: Any) -> Agent:  # noqa: ANN401
    return submit_agent(desk, add_agent(desk, form(serial, **changed)).id)


def admitted(
    desks: Desks, serial: int = 1, *, manager: Desk | None = None, approver: Desk | None = None
) -> Agent:
    agent = submitted(manager or desks.manager, serial)
    with_papers(manager or desks.manager, agent)
    return review_agent(approver or desks.approver, agent.id, passed=True)


PDF = b"%PDF-1.7\n% a paper that says nothing\n"


def with_papers(
    desk: Desk, agent: Agent, *, without: PaperKind | None = None, lines_without: str = ""
) -> Agent:
    """Every paper that admission and a licence ask for, and both checklists signed."""
    for kind in PaperKind:
        if kind is not without:
            form = PaperForm(kind, f"{kind}-1", list(Clause))
            if kind is PaperKind.BUSINESS_LICENCE:
                form = PaperForm(kind, "1", valid_until=agent.business_licence_until)
            add_paper(desk, agent.id, form, f"{kind}.pdf", PDF)
    return with_conditions(desk, agent, without=lines_without)


def with_conditions(desk: Desk, agent: Agent, *, without: str = "") -> Agent:
    """Both checklists, signed with one report as evidence, but for the line `without`."""
    form = PaperForm(PaperKind.CONDITION_EVIDENCE)
    report = add_paper(desk, agent.id, form, "report.pdf", PDF)
    lines = [line.code for line in condition_lines(china_day(desk.now())) if line.code != without]
    signed = [SignedLine(line, is_met=True, paper_id=report.id) for line in lines]
    return sign_conditions(desk, agent.id, signed)


def shop_of(desk: Desk, agent: Agent, number: str = "1001", **changed: str) -> AuthorisedShop:
    usual = {"platform": "lanhai", "shop": number, "name": f"龙腾专营店{number}"}
    usual["url"] = f"https://lanhai.example/shop/{number}"
    return add_shop(desk, agent.id, ShopForm(**(usual | changed)))


def scope(*shops: AuthorisedShop, **changed: Any) -> LicenceForm:  # noqa: ANN401
    usual: dict[str, Any] = {
        "products": [Product.VOICE_CARD],
        "provinces": ["44"],
        "shop_ids": [shop.id for shop in shops],
        "begins_on": date(2026, 3, 1),
        "ends_on": date(2027, 2, 28),
        "agreement_no": "XY-2026-001",
    }
    return LicenceForm(**(usual | changed))


def pending(desks: Desks, agent: Agent, *shops: AuthorisedShop, **changed: Any) -> Licence:  # noqa: ANN401
    licence = draft_licence(desks.manager, agent.id, scope(*shops, **changed))
    return submit_licence(desks.manager, licence.id)


def licensed(
    desks: Desks, serial: int = 1, numbers: tuple[str, ...] = ("1001",)
) -> tuple[Agent, Licence, list[AuthorisedShop]]:
    """An agent with a licence in force and a badge for each of its shops."""
    agent = admitted(desks, serial)
    shops = [shop_of(desks.manager, agent, number) for number in numbers]
    licence = approve_licence(desks.approver, pending(desks, agent, *shops).id)
    return agent, licence, shops


def every_deed(desk: Desk) -> list[AuditEntry]:
    with desk.house.desk().begin(Permission.AUDIT_READ) as work:
        return list(work.session.exec(select(AuditEntry).order_by("seq")).all())


def deeds(desk: Desk) -> list[str]:
    return [entry.deed for entry in every_deed(desk) if not entry.deed.startswith("staff.")]
