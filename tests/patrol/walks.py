"""What tests of patrols share: mappings of the shops on loopback, and a house that may ask them."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from ipaddress import IPv4Network
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from sqlmodel import select

from console.actions.patrol.plan import plan_run
from console.actions.patrol.run import Roads, advance_run
from console.actions.patrol.sources import save_source
from console.desk import Desk, House
from models.base import Table, new_id
from models.channel.agents import Agent, AgentState
from models.channel.licences import Licence, LicenceState
from models.channel.shops import AuthorisedShop
from models.patrol.runs import PatrolRun
from models.patrol.shops import Shop
from models.permissions import Permission
from models.staff import Organisation
from tests.conftest import Desks
from tests.shops import Answer, Call, Stand, open_shop, plain_shop

Row = TypeVar("Row", bound=Table)
DOCS = Path(__file__).parents[2] / "docs" / "sources"


def mapping(stand: Stand, name: str = "plain", platform: str = "lanhai") -> str:
    """A mapping of the documentation, for a shop on loopback, at no pace."""
    text = (DOCS / f"{name}.toml").read_text("utf-8")
    lines: list[str] = []
    for line in text.splitlines():
        key = line.partition(" = ")[0]
        path = {"plain": "/shop/", "rest": "/goods", "graphql": "/gql"}[name]
        given = {
            "platform": f'platform = "{platform}"',
            "start": f'start = ["{stand.url}{path}"]\npace = 0',
            "pace": "",
        }
        lines.append(given.get(key, line))
    return "\n".join(lines)


def at_large(house: House) -> House:
    """The same house, allowed to ask shops on loopback, at once."""
    update = {"fetch_allowed_networks": _LOOPBACK, "fetch_pace": 0.0, "screenshots": False}
    return replace(house, settings=house.settings.model_copy(update=update))


_LOOPBACK = (IPv4Network("127.0.0.0/8"),)


def walking(desk: Desk) -> Desk:
    return replace(desk, house=at_large(desk.house))


@contextmanager
def shop_open(
    change: Callable[[Call, Answer], Answer] | None = None,
) -> Generator[Stand]:
    """The plain shop, its answers changed where a test wants trouble."""

    def shop(call: Call) -> Answer:
        answer = plain_shop(call)
        return answer if change is None else change(call, answer)

    with open_shop(shop) as stand:
        yield stand


def plain_cards(_call: Call, answer: Answer) -> Answer:
    """The shop with an ordinary card where it has one of industry: one finding a shop."""
    if not isinstance(answer.body, str):
        return answer
    ordinary = answer.body.replace("物联网卡 工业级", "大流量卡 全国通用 首月免费")
    return Answer(ordinary, answer.status)


def planned(desk: Desk, stand: Stand, name: str = "蓝海巡查") -> PatrolRun:
    return plan_run(desk, save_source(desk, name, mapping(stand)).id)


def walked(desk: Desk, run: PatrolRun, *, most: int = 200) -> PatrolRun:
    """The run, walked to its end by the house."""
    roads: Roads = {}
    own = walking(desk.house.desk())
    for _ in range(most):
        if not advance_run(own, run.id, roads):
            break
    return row_of(desk, PatrolRun, run.id)


def row_of(desk: Desk, table: type[Row], row_id: UUID | None) -> Row:
    assert row_id is not None
    with desk.house.desk().begin(Permission.PATROL_READ) as work:
        return work.session.get_one(table, row_id)


def rows_of(desk: Desk, table: type[Row]) -> list[Row]:
    with desk.house.desk().begin(Permission.PATROL_READ) as work:
        rows = work.session.exec(select(table)).all()
    return sorted(rows, key=lambda row: str(getattr(row, "id", "")))


def shops_by_key(desk: Desk) -> dict[str, Shop]:
    return {shop.shop_key: shop for shop in rows_of(desk, Shop)}


def license_shop(
    desks: Desks,
    shop_id: str = "s-1",
    *,
    begins: date = date(2026, 1, 1),
    ends: date = date(2026, 12, 31),
    state: LicenceState = LicenceState.ACTIVE,
    names_shop: bool = True,
    carrier: str = "CU-44",
) -> Licence:
    """An agent of another carrier, with a shop and a licence, put straight into its tables."""
    with desks.house.begin(Permission.LICENCE_EDIT) as work:
        owner = work.session.exec(select(Organisation).where(Organisation.code == carrier)).one()
        agent = work.add(
            Agent(serial=1, carrier_id=owner.id, agent_no="CU-44-2026-000001-8", name="星河公司",
                  uscc="91440101MA5AAAAA0X", province="44", legal_representative="张三",
                  state=AgentState.ACTIVE, created_at=work.at)
        )  # fmt: skip
        work.session.flush()
        shop = work.add(
            AuthorisedShop(carrier_id=owner.id, agent_id=agent.id, platform="lanhai",
                           shop_key=f"shop:{shop_id}", name="星河通信", province="44",
                           created_at=work.at)
        )  # fmt: skip
        work.session.flush()
        named = [str(shop.id)] if names_shop else [str(new_id())]
        licence = work.add(
            Licence(number="SQ-CU-44-2026-000001", carrier_id=owner.id, agent_id=agent.id,
                    province="44", products=["data_card"], provinces=["44"], shop_ids=named,
                    begins_on=begins, ends_on=ends, state=state, approved_at=work.at,
                    created_at=work.at)
        )  # fmt: skip
        work.session.flush()
        work.record("licence.approved", licence)
        return licence
