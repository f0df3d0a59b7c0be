"""The page of signing keys, as each who may see it sees it; and keys by API and command line."""

import pytest

from console.actions.channel.badges import list_badges
from console.actions.channel.issuing import current_halt, halt_issuing
from console.actions.channel.keys import list_keys, revoke_key, signer
from console.desk import House
from models.channel.badges import BadgeState
from models.channel.issuing import KeyState
from models.tokens import KeyRole
from tests.channel.stories import licensed
from tests.conftest import Clock, Desks
from tests.pages import Console, errors, grid, move, moves, shown


@pytest.fixture
def console(house: House, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(house, monkeypatch)


def test_a_house_without_keys_says_when_they_come(desks: Desks, console: Console) -> None:
    page = console.open("keys", desks.auditor)
    assert "还没有签名密钥" in shown(page)
    assert moves(page) == []
    assert set(moves(console.open("keys", desks.security))) == {"make", "halt", "check"}


def test_the_list_tells_of_each_key_what_it_does(desks: Desks, console: Console) -> None:
    licensed(desks)
    kid = list_badges(desks.manager).rows[0].kid
    (row,) = grid(console.open("keys", desks.auditor, language="en"))
    assert row[0] == kid
    assert row[-2:] == [1, 1]


def test_issuing_is_halted_by_one_and_resumed_by_another(desks: Desks, console: Console) -> None:
    page = move(console.open("keys", desks.approver), "halt", "疑似密钥外泄")
    assert current_halt(desks.manager) is not None
    page = console.open("keys", desks.approver)
    assert "由您停止" in shown(page)
    assert "resume" not in moves(page)
    assert "疑似密钥外泄" in shown(console.open("keys", desks.manager))
    move(console.open("keys", desks.security), "resume", "已核查")
    assert current_halt(desks.manager) is None
    assert not errors(page)


def test_a_key_is_rotated_on_its_page_and_a_lost_one_shows_how_far_it_is(
    desks: Desks, console: Console, clock: Clock
) -> None:
    licensed(desks)
    kid = list_badges(desks.manager).rows[0].kid or ""
    page = console.open("keys", desks.security, id=kid)
    assert moves(page) == ["rotate", "revoke"]
    move(page, "rotate")
    states = {one.key.kid: one.state for one in list_keys(desks.security)}
    assert states[kid] is KeyState.PUBLISHED
    revoke_key(desks.security, kid, since=clock(), reason="服务器失窃")
    page = console.open("keys", desks.security, id=kid)
    assert moves(page) == []
    assert "服务器失窃" in shown(page)
    lost = [row for row in grid(console.open("keys", desks.security)) if row[0] == kid]
    assert any("失控" in str(cell) or "lost" in str(cell) for cell in lost[0]), lost


def test_the_check_says_what_it_found(desks: Desks, console: Console) -> None:
    licensed(desks)
    move(console.open("keys", desks.approver), "check")
    assert "核验 1 个标识，全部相符" in shown(console.open("keys", desks.auditor))


def test_badges_wait_where_a_halt_is_in_force(desks: Desks) -> None:
    signer(desks.house, KeyRole.BADGE)
    halt_issuing(desks.approver, "疑似密钥外泄")
    licensed(desks)
    assert [one.state for one in list_badges(desks.manager).rows] == [BadgeState.REQUESTED]
