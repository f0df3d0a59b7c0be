"""Shops, badges and the blacklist on the pages; and a refusal in the reader's own words."""

import pytest

from console.actions.channel.agents import agent_record
from console.actions.channel.badges import list_badges, mark_copied
from console.actions.channel.blacklist import blacklist_firm, list_blacklist
from console.actions.channel.shops import end_shop
from console.desk import House
from console.i18n import Language, texts
from models.channel.badges import BadgeState
from tests.channel.stories import licensed, shop_of, submitted, uscc
from tests.conftest import Desks
from tests.pages import Console, errors, grid, move, moves, press, shown

ZH = texts(Language.ZH)


@pytest.fixture
def console(house: House, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(house, monkeypatch)


def test_a_manager_ends_a_shop_and_its_badge_falls(console: Console, desks: Desks) -> None:
    agent, _, (shop,) = licensed(desks)
    at = console.open("agents", desks.manager, id=str(agent.id))
    assert "issue_badge" not in moves(at)
    (box,) = [one for one in at.text_area if str(one.key).startswith("move:end_shop")]
    box.set_value("店铺关停")
    move(at, "end_shop")

    record = agent_record(desks.manager, agent.id)
    assert [one.id for one in record.shops if one.ended_at] == [shop.id]
    assert record.badges[0].state is BadgeState.REVOKED
    at = console.open("agents", desks.manager, id=str(agent.id))
    assert {"end_shop", "issue_badge"}.isdisjoint(moves(at))


def test_a_badge_is_issued_where_one_is_missing(console: Console, desks: Desks) -> None:
    agent, _, _ = licensed(desks)
    badge = list_badges(desks.manager).rows[0]
    mark_copied(desks.manager, badge.id, seen_at="https://lanhai.example/shop/666")
    at = console.open("agents", desks.manager, id=str(agent.id))
    move(at, "issue_badge")
    states = [one.state for one in agent_record(desks.manager, agent.id).badges]
    assert states == [BadgeState.ISSUED, BadgeState.COMPROMISED]


def test_a_badge_is_seen_in_its_place_and_a_copied_one_replaced(
    console: Console, desks: Desks
) -> None:
    licensed(desks)
    badge = list_badges(desks.manager).rows[0]
    at = console.open("badges", desks.manager, id=str(badge.id))
    assert set(moves(at)) == {"displayed", "copied"}
    move(at, "displayed", "2026-03-02 首页截图")
    assert list_badges(desks.manager).rows[0].state is BadgeState.DISPLAYED

    mark_copied(desks.manager, badge.id, seen_at="https://lanhai.example/shop/666")
    at = console.open("badges", desks.manager, id=str(badge.id))
    assert moves(at) == ["reissue"]
    move(at, "reissue")
    states = {row.state for row in list_badges(desks.manager).rows}
    assert states == {BadgeState.ISSUED, BadgeState.REPLACED}


def test_what_can_be_done_with_an_agent_and_a_licence_in_force_is_all_there(
    console: Console, desks: Desks
) -> None:
    agent, licence, _ = licensed(desks)
    of_agent = {
        who: set(moves(console.open("agents", desk, id=str(agent.id))))
        for who, desk in (("manager", desks.manager), ("approver", desks.approver))
    }
    assert of_agent["manager"] == {
        *("edit", "exit", "add_shop", "end_shop", "draft_licence"),
        *("add", "sign", "withdraw"),
    }
    assert of_agent["approver"] == {"suspend", "blacklist"}
    assert moves(console.open("licences", desks.manager, id=str(licence.id))) == [
        "amend",
        "suspend",
    ]
    found = moves(console.open("licences", desks.approver, id=str(licence.id)))
    assert set(found) == {"revoke", "terminate"}


def test_the_blacklist_says_that_it_is_empty(console: Console, desks: Desks) -> None:
    for reader in (desks.manager, desks.approver, desks.regulator, desks.auditor):
        assert ZH["blacklist_page.none"] in shown(console.open("blacklist", reader))


def test_an_approver_puts_a_firm_on_the_blacklist_and_takes_it_off(
    console: Console, desks: Desks
) -> None:
    at = console.open("blacklist", desks.approver)
    at = press(at, "blacklist:add:sure")
    assert errors(at) == [ZH["console.fill_in"]]
    words = {"name": "某通信有限公司", "uscc": uscc(9), "source": "粤通〔2026〕3号"}
    for box in at.text_input:
        if (name := str(box.key).rpartition(":")[2]) in words:
            box.set_value(words[name])
    (reason,) = at.text_area
    reason.set_value("批量开卡")
    press(at, "blacklist:add:sure")
    (row,) = list_blacklist(desks.approver).rows
    assert (row.name, row.uscc, row.reason) == ("某通信有限公司", uscc(9), "批量开卡")

    assert "某通信有限公司" in grid(console.open("blacklist", desks.manager, q="某通信"))[0]
    assert ZH["blacklist_page.none_found"] in shown(
        console.open("blacklist", desks.manager, q="无此")
    )
    assert moves(console.open("blacklist", desks.manager, id=str(row.id))) == []
    at = console.open("blacklist", desks.approver, id=str(row.id))
    move(at, "lift", "查明无关")
    assert list_blacklist(desks.approver).rows[0].lifted_at is not None
    assert list_blacklist(desks.approver, live=True).rows == []
    assert moves(console.open("blacklist", desks.approver, id=str(row.id))) == []


def test_an_agent_is_not_put_on_the_blacklist_by_one_person(console: Console, desks: Desks) -> None:
    agent = submitted(desks.manager)
    at = console.open("blacklist", desks.approver)
    words = {"name": agent.name, "uscc": agent.uscc, "source": "x"}
    for box in at.text_input:
        if (name := str(box.key).rpartition(":")[2]) in words:
            box.set_value(words[name])
    at.text_area[0].set_value("x")
    (words_shown,) = errors(press(at, "blacklist:add:sure"))
    assert agent.agent_no.replace("-", "\\-") in words_shown
    assert list_blacklist(desks.approver).rows == []


def test_a_stranger_to_the_carrier_does_not_see_its_blacklist(
    console: Console, desks: Desks
) -> None:
    row = blacklist_firm(desks.approver, uscc=uscc(9), name="某公司", reason="r", source="s")
    assert list(console.open("blacklist", desks.other_manager).dataframe) == []
    at = console.open("blacklist", desks.other_approver, id=str(row.id))
    assert errors(at) == [ZH["row.not_found"]]
    at = console.open("blacklist", desks.platform)
    assert len(errors(at)) == 1


def test_a_shop_that_ended_can_be_named_again(console: Console, desks: Desks) -> None:
    agent, _, (shop,) = licensed(desks)
    end_shop(desks.manager, shop.id, reason="关店")
    assert shop_of(desks.manager, agent).id != shop.id
    assert "end_shop" in moves(console.open("agents", desks.manager, id=str(agent.id)))
