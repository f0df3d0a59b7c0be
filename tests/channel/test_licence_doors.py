"""Versions, renewals, several at once and tellings, by API and by command."""

from collections.abc import Callable
from datetime import date

import pytest

from console.actions.channel.licences import (
    approve_licence,
    licence_numbered,
    licence_record,
    list_licences,
    revoke_licence,
    suspend_licence,
)
from console.actions.channel.tellings import list_tellings
from models.channel.licences import LicenceState
from models.permissions import Role
from models.refusals import Conflict, Invalid
from tests.channel.stories import admitted, licensed, pending, shop_of
from tests.channel.test_doors import (
    APPROVER,
    MANAGER,
    Ask,
    ask,  # noqa: F401  # pyright: ignore[reportUnusedImport] - a fixture
    channel,  # noqa: F401  # pyright: ignore[reportUnusedImport] - a fixture
)
from tests.conftest import Clock, Desks

PLATFORM = ("lanhai", Role.PLATFORM_OFFICER)
Channel = Callable[..., tuple[int, str]]


def test_a_scope_is_changed_compared_and_approved_by_api(ask: Ask, desks: Desks) -> None:  # noqa: F811
    _, licence, (shop,) = licensed(desks)
    path = f"/licences/{licence.id}"
    body = {
        "products": ["voice_card", "data_card"],
        "provinces": ["44", "11"],
        "shop_ids": [str(shop.id)],
        "begins_on": "2026-03-01",
        "ends_on": "2027-02-28",
        "reason": "扩大范围",
        "version": licence.version,
    }
    asked = ask(*MANAGER, "POST", f"{path}/amend", "amend-1", json=body)
    again = ask(*MANAGER, "POST", f"{path}/amend", "amend-1", json=body)
    assert (asked.status_code, asked.json()["scope_version"]) == (200, 1)
    assert again.json() == asked.json()
    (first, second) = ask(*MANAGER, "GET", f"{path}/versions").json()["items"]
    assert (first["state"], second["state"]) == ("in_force", "pending")
    diff = ask(*MANAGER, "GET", f"{path}/diff", params={"first": 1, "second": 2}).json()
    assert diff["lines"] == ["Products: added Data card", "Provinces of sale: added Beijing"]

    version = {"version": asked.json()["version"]}
    decide = f"{path}/versions/{second['id']}/approve"
    assert ask(*MANAGER, "POST", decide, json=version).status_code == 403
    done = ask(*APPROVER, "POST", decide, json=version).json()
    assert (done["scope_version"], done["products"]) == (2, ["voice_card", "data_card"])
    assert ask(*APPROVER, "POST", decide, json={"version": done["version"]}).status_code == 409


def test_a_change_is_returned_and_another_withdrawn_by_api(ask: Ask, desks: Desks) -> None:  # noqa: F811
    _, licence, (shop,) = licensed(desks)
    path, version = f"/licences/{licence.id}", licence.version
    for deed, role in (("return", APPROVER), ("withdraw", MANAGER)):
        body = {
            "products": ["data_card"],
            "provinces": ["44"],
            "shop_ids": [str(shop.id)],
            "begins_on": "2026-03-01",
            "ends_on": "2027-02-28",
            "reason": "扩大范围",
            "version": version,
        }
        version = ask(*MANAGER, "POST", f"{path}/amend", json=body).json()["version"]
        waits = ask(*MANAGER, "GET", f"{path}/versions").json()["items"][-1]
        reason = {"reason": "材料不符"} if deed == "return" else {}
        done = ask(
            *role,
            "POST",
            f"{path}/versions/{waits['id']}/{deed}",
            json={"version": version, **reason},
        )
        version = done.json()["version"]
    states = [one["state"] for one in ask(*MANAGER, "GET", f"{path}/versions").json()["items"]]
    assert states == ["in_force", "returned", "withdrawn"]


def test_every_ground_is_in_the_answer_of_the_api(ask: Ask, desks: Desks) -> None:  # noqa: F811
    _, licence, _ = licensed(desks)
    foreign = shop_of(desks.manager, admitted(desks, 2), "9")
    body = {
        "products": [],
        "provinces": ["44"],
        "shop_ids": [str(foreign.id)],
        "begins_on": "2026-03-01",
        "ends_on": "2035-02-28",
        "reason": "x",
        "version": licence.version,
    }
    no = ask(*MANAGER, "POST", f"/licences/{licence.id}/amend", json=body)
    assert (no.status_code, no.json()["code"]) == (409, "licence.not_in_order")
    assert [(one["code"], one["rule"]) for one in no.json()["facts"]["failing"]] == [
        ("channel.scope_incomplete", "004-3.1-f"),
        ("channel.beyond_business_licence", "004-3.1-b"),
        ("channel.not_the_agents_shop", "004-3.1-i"),
    ]
    assert no.json()["message"].count("\n- ") == 3
    assert "MIIT notice 182" in no.json()["message"]


def test_several_are_granted_approved_and_renewed_by_api_once_for_each_key(
    ask: Ask,  # noqa: F811
    desks: Desks,
    clock: Clock,
) -> None:
    agents = [admitted(desks, serial) for serial in (1, 2)]
    for serial, agent in enumerate(agents):
        shop_of(desks.manager, agent, str(serial))
    grant = {
        "agent_ids": [str(agent.id) for agent in agents],
        "products": ["voice_card"],
        "provinces": ["44"],
        "begins_on": "2026-03-01",
        "ends_on": "2027-02-28",
    }
    made = ask(*MANAGER, "POST", "/licences/grant", "g-1", json=grant).json()["items"]
    again = ask(*MANAGER, "POST", "/licences/grant", "g-1", json=grant).json()["items"]
    assert again == made
    assert len(list_licences(desks.manager).rows) == 2

    ids = [one["made"] for one in made]
    done = ask(*APPROVER, "POST", "/licences/approve", json={"ids": ids}).json()["items"]
    assert [one["refused"] for one in done] == [None, None]
    early = ask(*MANAGER, "POST", "/licences/renew", json={"ids": ids[:1]}).json()["items"]
    assert early[0]["refused"]["code"] == "licence.too_early"
    clock.pass_(days=330)
    done = ask(*MANAGER, "POST", "/licences/renew", json={"ids": ids}).json()["items"]
    assert all(one["made"] for one in done)
    listed = ask(*MANAGER, "GET", "/licences", params={"ends_within": 60}).json()["items"]
    assert sorted(one["id"] for one in listed) == sorted(ids)
    one = ask(*MANAGER, "GET", f"/licences/{done[0]['made']}").json()
    assert one["predecessor_id"] == done[0]["id"]


def test_one_is_renewed_by_api(ask: Ask, desks: Desks, clock: Clock) -> None:  # noqa: F811
    _, licence, _ = licensed(desks)
    clock.pass_(days=330)
    body = {"version": licence.version, "ends_on": "2027-12-31"}
    new = ask(*MANAGER, "POST", f"/licences/{licence.id}/renew", json=body)
    assert (new.status_code, new.json()["ends_on"]) == (201, "2027-12-31")


def test_a_telling_is_read_and_acknowledged_by_api(ask: Ask, desks: Desks) -> None:  # noqa: F811
    _, licence, _ = licensed(desks)
    suspend_licence(desks.manager, licence.id, reason="未亮照", remedy="申诉")
    (listed,) = ask(*PLATFORM, "GET", "/tellings", params={"state": "open"}).json()["items"]
    path = f"/tellings/{listed['id']}"
    record = ask(*PLATFORM, "GET", path).json()
    assert (record["licence_no"], record["event"]) == (licence.number, "suspended")
    assert ask(*MANAGER, "POST", f"{path}/acknowledge").status_code == 403
    assert ask("honghai", Role.PLATFORM_OFFICER, "GET", path).status_code == 404
    done = ask(*PLATFORM, "POST", f"{path}/acknowledge", "a-1")
    again = ask(*PLATFORM, "POST", f"{path}/acknowledge", "a-1")
    assert done.json()["acknowledged_at"]
    assert again.json() == done.json()
    assert ask(*PLATFORM, "POST", f"{path}/acknowledge").status_code == 409
    assert ask(*MANAGER, "POST", f"{path}/push").status_code == 409
    assert ask("CA-44", Role.REGULATOR, "GET", path).status_code == 200


def test_a_licence_is_amended_renewed_and_approved_by_command(
    channel: Channel,  # noqa: F811
    desks: Desks,
    clock: Clock,
) -> None:
    agent, licence, _ = licensed(desks)
    number = licence.number
    shop_of(desks.manager, agent, "1002")
    words = [
        "--province",
        "44",
        "--province",
        "11",
        "--shop",
        "lanhai:1002",
        "--ends",
        "2027-03-31",
    ]
    channel("--as", "chen.ming", "licence", "amend", number, "--reason", "开新店", *words)
    said = channel("--as", "li.hua", "licence", "approve", number)[1]
    assert "2" in said
    row = licence_numbered(desks.manager, number)
    assert (row.provinces, row.ends_on, row.scope_version) == (["11", "44"], date(2027, 3, 31), 2)
    with pytest.raises(Invalid):
        channel("--as", "chen.ming", "licence", "amend", number, "--reason", "x", "--shop", "no:1")

    clock.pass_(days=340)
    channel("--as", "chen.ming", "licence", "renew", number)
    (new,) = licence_record(desks.manager, row.id).renewals
    assert new.state is LicenceState.PENDING_APPROVAL
    channel("--as", "li.hua", "licence", "approve", new.number)
    assert licence_numbered(desks.manager, new.number).state is LicenceState.ACTIVE
    with pytest.raises(Conflict):
        channel("--as", "chen.ming", "licence", "renew", number)


def test_a_revocation_by_command_is_told_to_the_platform(
    channel: Channel,  # noqa: F811
    desks: Desks,
) -> None:
    agent = admitted(desks)
    licence = pending(desks, agent, shop_of(desks.manager, agent))
    approve_licence(desks.approver, licence.id)
    words = ["--reason", "转卖", "--remedy", "申诉"]
    channel("--as", "li.hua", "licence", "revoke", licence.number, *words)
    assert list_tellings(desks.platform).rows == []
    revoke_licence(desks.house, licence.id, reason="转卖", remedy="申诉")
    assert [one.event.value for one in list_tellings(desks.platform).rows] == ["revoked"]
