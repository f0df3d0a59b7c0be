"""Shops of agents that are known here."""

from sqlmodel import select

from console.actions.imports.plan import plan_import
from console.actions.imports.rejects import rejects_file
from console.actions.imports.run import run_import
from console.desk import Desk, House
from models.channel.agents import Agent
from models.channel.imports import Import
from models.channel.shops import AuthorisedShop
from models.permissions import Permission
from tests.conftest import Desks
from tests.imports.files import agents_csv, csv_text, good, read_csv

HEADER = ["代理商编号", "平台", "店铺ID", "店铺名称"]


def brought(desk: Desk, header: list[str], rows: list[list[str]]) -> Import:
    content = csv_text(header, rows).encode()
    return run_import(desk, plan_import(desk, "shops", "shops.csv", content).id)


def numbers(house: House, desk: Desk) -> list[str]:
    run_import(desk, plan_import(desk, "agents", "agents.csv", agents_csv(2)).id)
    with house.desk().begin(Permission.AGENT_READ) as work:
        return sorted(work.session.exec(select(Agent.agent_no)).all())


def reasons(desk: Desk, imported: Import) -> list[str]:
    return [row["原因"] for row in read_csv(rejects_file(desk, imported.id)[0])]


def test_an_agent_gets_its_shops_by_number_or_by_code(house: House, desks: Desks) -> None:
    first, _ = numbers(house, desks.manager)
    imported = brought(
        desks.manager, HEADER, [[first, "lanhai", "1", "甲店"], [first.lower(), "honghai", "1", ""]]
    )
    assert (imported.accepted, imported.rejected) == (2, 0)
    by_code = brought(
        desks.manager,
        ["统一社会信用代码", "平台", "店铺链接"],
        [[good(1)[0][1], "自有网站", "https://www.card.example/"]],
    )
    assert by_code.accepted == 1
    with house.desk().begin(Permission.AGENT_READ) as work:
        kept = work.session.exec(select(AuthorisedShop)).all()
    assert sorted((shop.platform, shop.shop_key) for shop in kept) == [
        ("honghai", "shop:1"),
        ("lanhai", "shop:1"),
        ("site", "card.example"),
    ]


def test_a_shop_row_is_rejected_with_its_reason(house: House, desks: Desks) -> None:
    first, second = numbers(house, desks.manager)
    rows = [
        [first, "lanhai", "1", ""],
        [second, "lanhai", "1", ""],
        ["CT-44-2026-000999-2", "lanhai", "2", ""],
        ["某某", "lanhai", "3", ""],
        [first, "", "4", ""],
        [first, "蓝海 商城", "5", ""],
    ]
    imported = brought(desks.manager, HEADER, rows)
    assert imported.accepted == 1
    taken, unknown, no_number, no_platform, bad_platform = reasons(desks.manager, imported)
    assert first in taken
    assert "没有代理商" in unknown or "既不是" in unknown
    assert "既不是代理商编号" in no_number
    assert "缺少平台" in no_platform
    assert "不在名录中" in bad_platform


def test_a_shop_of_another_carriers_agent_is_not_taken(house: House, desks: Desks) -> None:
    first, _ = numbers(house, desks.manager)
    imported = brought(desks.other_manager, HEADER, [[first, "lanhai", "1", ""]])
    assert imported.rejected == 1
    assert "没有代理商" in reasons(desks.other_manager, imported)[0]
