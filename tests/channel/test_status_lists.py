"""The signed status lists: never older than the last change, and served to anyone."""

import time

import pytest

from console.actions.channel import status_lists
from console.actions.channel.badges import list_badges, mark_copied
from console.actions.channel.licences import resume_licence, suspend_licence
from console.actions.channel.status_lists import status_list
from console.desk import House
from models.refusals import NotFound
from models.tokens import STATUS_LIST_TYPE, KeyRole, KeySet, Standing, StatusList
from models.tokens.status import LIFETIME, TTL
from models.tokens.verdict import Badge as Token
from tests.channel.stories import licensed
from tests.conftest import Clock, Desks
from tests.public.doors import visitor_of


def read(house: House, number: int = 1) -> StatusList:
    token = status_list(house, number)  # which may make the key
    keys = KeySet(house.keys.public_keys(KeyRole.STATUS_LIST), STATUS_LIST_TYPE)
    return StatusList.read(token, keys)


@pytest.mark.requirement("004-3.1-e")
def test_every_change_is_in_the_list_that_is_given_next(
    desks: Desks, house: House, clock: Clock
) -> None:
    _, licence, _ = licensed(desks)
    (badge,) = list_badges(desks.manager).rows
    claims = Token.from_digits(str(int.from_bytes(b"\x01" + (badge.token or b"")))).claims

    def standing() -> Standing:
        clock.pass_(seconds=2)  # on PostgreSQL a list is given for two seconds
        return read(house)(claims, int(clock().timestamp()))

    assert standing() is Standing.GOOD
    suspend_licence(desks.manager, licence.id, reason="未亮照", remedy="申诉")
    assert standing() is Standing.SUSPENDED
    resume_licence(desks.approver, licence.id, proof="复查合格")
    assert standing() is Standing.GOOD
    mark_copied(desks.manager, badge.id, seen_at="https://lanhai.example/shop/666")
    assert standing() is Standing.REVOKED


def test_a_list_says_how_long_it_holds_and_is_kept_while_nothing_changes(
    desks: Desks, house: House, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    licensed(desks)
    first = read(house)
    assert (first.ttl, first.expires_at - first.issued_at) == (TTL, LIFETIME)
    token = status_list(house, 1)
    with monkeypatch.context() as patch:
        patch.delattr(status_lists, "pack")
        clock.pass_(seconds=1)
        assert status_list(house, 1) == token
    clock.pass_(seconds=TTL)
    assert read(house).issued_at == int(clock().timestamp())


@pytest.mark.parametrize("number", [0, -1, 2, 1 << 40])
def test_a_list_that_no_badge_names_is_not_there(desks: Desks, house: House, number: int) -> None:
    licensed(desks)
    with pytest.raises(NotFound):
        status_list(house, number)


def test_the_list_is_served_as_the_draft_says(desks: Desks, house: House) -> None:
    licensed(desks)
    visitor = visitor_of(house)
    answer = visitor.get("/s/1")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == STATUS_LIST_TYPE
    assert answer.headers["cache-control"] == f"public, max-age={TTL}"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.content == status_list(house, 1)
    again = visitor.get("/s/1", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    assert visitor.get("/s/1?time=1700000000").status_code == 501
    assert visitor.get("/s/2").status_code == 404
    assert visitor.get("/s/none").status_code == 404
    assert visitor.get(f"/s/{10**30}").status_code == 404


def test_a_million_places_are_looked_up_in_a_microsecond_each(desks: Desks, house: House) -> None:
    licensed(desks)
    listed = read(house)
    start = time.perf_counter()
    for index in range(100_000):
        listed.standing_at(index)
    assert time.perf_counter() - start < 0.5
