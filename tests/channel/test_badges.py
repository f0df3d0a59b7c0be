"""Badges: signed once, found after a crash, judged by the database, drawn as a picture."""

from pathlib import Path

import pytest
from PIL import Image

from console.actions.channel import issuing as room
from console.actions.channel.agents import agent_record
from console.actions.channel.badges import (
    badge_record,
    finish_badges,
    issue_badge,
    list_badges,
    mark_copied,
    mark_displayed,
    reissue_badge,
)
from console.actions.channel.licences import approve_licence, resume_licence, suspend_licence
from console.actions.channel.pictures import Look, badge_picture
from console.actions.channel.places import SHARD
from console.actions.channel.scan import check_badge, scan
from console.actions.channel.status_lists import status_list
from console.desk import House
from models.badge_picture import Style
from models.badge_reading import codes_in
from models.channel.badges import Badge, BadgeState
from models.refusals import Conflict, NotFound
from models.tokens import (
    STATUS_LIST_TYPE,
    Claims,
    KeyRole,
    KeySet,
    Shop,
    Standing,
    StatusList,
    Verdict,
    canonical_shop,
)
from models.tokens.verdict import Badge as Token
from tests.channel.stories import admitted, licensed, pending, shop_of
from tests.conftest import Clock, Desks

HERE = canonical_shop("lanhai", "1001")
ELSEWHERE = canonical_shop("lanhai", "666")


def the_badge(desks: Desks) -> Badge:
    return list_badges(desks.manager).rows[0]


def url_of(desks: Desks, badge: Badge) -> str:
    url = badge_record(desks.manager, badge.id).url
    assert url is not None
    return url


def claims_of(url: str) -> Claims:
    return Token.from_digits(url.rpartition("/")[2]).claims


@pytest.mark.requirement("004-3.1-e", "004-3.1-f")
def test_a_badge_says_who_where_and_until_when(desks: Desks, house: House) -> None:
    agent, licence, _ = licensed(desks)
    badge = the_badge(desks)
    claims = claims_of(url_of(desks, badge))

    assert claims.agent_no == agent.agent_no
    assert claims.shops == (HERE.hash,)
    assert claims.badge_id.hex() == badge.badge_id
    assert claims.expires_at == int(badge.expires_at.timestamp())
    assert claims.status_uri == "http://127.0.0.1:8501/s/1"
    assert claims.status_index == badge.status_index < SHARD

    found = check_badge(house, url_of(desks, badge), HERE)
    assert found.verdict is Verdict.VALID
    assert found.badge is not None
    assert (found.badge.agent, found.badge.carrier) == (agent.name, "中国电信广东")
    assert (found.badge.licence_no, found.badge.shop.id) == (licence.number, "1001")


@pytest.mark.parametrize(
    ("page", "verdict"),
    [
        (HERE, Verdict.VALID),
        (ELSEWHERE, Verdict.WRONG_SHOP),
        (None, Verdict.VALID_SHOP_UNCHECKED),
    ],
)
def test_a_copied_badge_is_found_by_the_shop_it_hangs_in(
    desks: Desks, house: House, page: Shop | None, verdict: Verdict
) -> None:
    licensed(desks)
    url = url_of(desks, the_badge(desks))
    assert check_badge(house, url, page).verdict is verdict
    assert scan(house, url.rpartition("/")[2], page).verdict is verdict


def test_a_badge_stands_and_falls_with_its_licence(
    desks: Desks, house: House, clock: Clock
) -> None:
    _, licence, _ = licensed(desks)
    url = url_of(desks, the_badge(desks))
    suspend_licence(desks.manager, licence.id, reason="未亮照", remedy="申诉")
    assert check_badge(house, url, HERE).verdict is Verdict.SUSPENDED
    resume_licence(desks.approver, licence.id, proof="复查合格")
    assert check_badge(house, url, HERE).verdict is Verdict.VALID
    clock.pass_(days=364)
    assert check_badge(house, url, HERE).verdict is Verdict.EXPIRED


def test_what_we_did_not_sign_is_named_so_and_not_quoted(desks: Desks, house: House) -> None:
    licensed(desks)
    url = url_of(desks, the_badge(desks))
    forged = check_badge(house, url[:-3] + "123", HERE)
    assert (forged.verdict, forged.badge) == (Verdict.FORGED, None)
    assert check_badge(house, "https://elsewhere.example/b/1", HERE).verdict is Verdict.NOT_OURS


def test_a_token_that_the_database_does_not_know_is_never_valid(desks: Desks, house: House) -> None:
    licensed(desks)
    badge = the_badge(desks)
    url = url_of(desks, badge)
    with house.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM badges")
    assert check_badge(house, url, HERE).verdict is Verdict.STATUS_UNKNOWN


def test_a_badge_whose_signing_was_cut_off_is_found_and_finished(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent = admitted(desks)
    licence = pending(desks, agent, shop_of(desks.manager, agent))

    def cut(*_args: object, **_more: object) -> bytes:
        raise OSError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(room, "sign", cut)
        with pytest.raises(OSError, match="power cut"):
            approve_licence(desks.approver, licence.id)
    waiting = the_badge(desks)
    assert (waiting.state, waiting.token) == (BadgeState.REQUESTED, None)
    with pytest.raises(Conflict):
        badge_picture(desks.manager, waiting.id)

    assert finish_badges(desks.house) == 1
    assert the_badge(desks).state is BadgeState.ISSUED
    assert finish_badges(desks.house) == 0


def test_a_badge_is_not_signed_while_its_licence_is_suspended(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    def later(*_args: object, **_more: object) -> int:
        return 0

    agent = admitted(desks)
    licence = pending(desks, agent, shop_of(desks.manager, agent))
    with monkeypatch.context() as patch:
        patch.setattr("console.actions.channel.licences.finish_badges", later)
        approve_licence(desks.approver, licence.id)
    suspend_licence(desks.manager, licence.id, reason="未亮照", remedy="申诉")

    assert finish_badges(desks.house) == 0
    resume_licence(desks.approver, licence.id, proof="复查合格")
    assert the_badge(desks).state is BadgeState.ISSUED


def test_a_shop_has_one_live_badge_and_a_copied_one_is_replaced(desks: Desks, house: House) -> None:
    agent, _, (shop,) = licensed(desks)
    old = the_badge(desks)
    url = url_of(desks, old)
    with pytest.raises(Conflict):
        issue_badge(desks.manager, shop.id)
    assert mark_displayed(desks.manager, old.id, proof="sha256").state is BadgeState.DISPLAYED
    mark_copied(desks.manager, old.id, seen_at="https://lanhai.example/shop/666")
    assert check_badge(house, url, HERE).verdict is Verdict.REVOKED

    new = reissue_badge(desks.manager, old.id)
    assert (new.state, new.shop_id) == (BadgeState.ISSUED, shop.id)
    assert check_badge(house, url_of(desks, new), HERE).verdict is Verdict.VALID
    assert check_badge(house, url, HERE).verdict is Verdict.REVOKED
    states = [badge.state for badge in agent_record(desks.manager, agent.id).badges]
    assert states == [BadgeState.ISSUED, BadgeState.REPLACED]


def test_a_shop_that_no_licence_names_gets_no_badge(desks: Desks) -> None:
    agent, _, _ = licensed(desks)
    with pytest.raises(Conflict) as no:
        issue_badge(desks.manager, shop_of(desks.manager, agent, "1002").id)
    assert no.value.code == "channel.no_licence_for_shop"


def test_the_picture_says_the_address_of_the_verify_page(desks: Desks, tmp_path: Path) -> None:
    licensed(desks)
    badge = the_badge(desks)
    file = tmp_path / "badge.png"
    code = Look(Style.QR)
    file.write_bytes(badge_picture(desks.manager, badge.id, "png", code))
    assert [code.text for code in codes_in(Image.open(file))] == [url_of(desks, badge)]
    assert badge_picture(desks.manager, badge.id, look=code).startswith(b"<?xml")


def test_the_signed_status_list_marks_what_fell(desks: Desks, house: House, clock: Clock) -> None:
    _, licence, _ = licensed(desks)
    claims = claims_of(url_of(desks, the_badge(desks)))
    now = int(house.now().timestamp())
    with pytest.raises(NotFound):
        status_list(house, 2)

    def standing() -> Standing:
        token = status_list(house, 1)
        keys = KeySet(house.keys.public_keys(KeyRole.STATUS_LIST), STATUS_LIST_TYPE)
        return StatusList.read(token, keys)(claims, now)

    assert standing() is Standing.GOOD
    suspend_licence(desks.manager, licence.id, reason="未亮照", remedy="申诉")
    clock.pass_(seconds=2)  # PostgreSQL cannot say whether anything changed
    assert standing() is Standing.SUSPENDED


def test_a_key_that_was_lost_vouches_for_nothing_that_no_log_has(
    desks: Desks, house: House, clock: Clock
) -> None:
    licensed(desks)
    url = url_of(desks, the_badge(desks))
    assert check_badge(house, url, HERE).verdict is Verdict.VALID
    (key,) = house.keys.public_keys(KeyRole.BADGE)
    house.keys.revoke(key.kid, house.now())
    clock.pass_(seconds=1)
    assert check_badge(house, url, HERE).verdict is Verdict.FORGED
