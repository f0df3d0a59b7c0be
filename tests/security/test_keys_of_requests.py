"""A key of a writing request does one thing once, whoever asks, how often, and all at once."""

from concurrent.futures import ThreadPoolExecutor

import httpx

from console.actions.channel.agents import list_agents
from console.actions.staff.people import add_client
from console.actions.staff.sign_in import actor_of_key
from console.desk import House
from models.audit import DoneOnce
from models.permissions import Permission, Role
from tests.channel.stories import uscc
from tests.conftest import Desks
from tests.serving import served

AT_ONCE = 8


def key_of(desks: Desks, organisation: str, *roles: Role) -> dict[str, str]:
    _, key = add_client(desks.security, organisation=organisation, name="test", roles=list(roles))
    return {"Authorization": f"Bearer {key}"}


def application(serial: int = 1) -> dict[str, str]:
    return {
        "name": "深圳市龙腾通信有限公司",
        "uscc": uscc(serial),
        "province": "44",
        "legal_representative": "陈启明",
    }


def test_one_key_sent_many_times_at_once_has_one_effect(desks: Desks, house: House) -> None:
    headers = {**key_of(desks, "CT-44", Role.CHANNEL_MANAGER), "Idempotency-Key": "k-1"}
    with served(house) as base, ThreadPoolExecutor(AT_ONCE) as pool:

        def ask(_: int) -> httpx.Response:
            address = f"{base}/api/v1/agents"
            return httpx.post(address, headers=headers, json=application(), timeout=30)

        answers = list(pool.map(ask, range(AT_ONCE)))

    assert sorted(one.status_code for one in answers) == [200] * (AT_ONCE - 1) + [201]
    assert len({one.json()["id"] for one in answers}) == 1
    assert len(list_agents(desks.manager).rows) == 1


def test_a_key_is_its_owners_alone(desks: Desks, house: House) -> None:
    one = {**key_of(desks, "CT-44", Role.CHANNEL_MANAGER), "Idempotency-Key": "k-1"}
    other = {**key_of(desks, "CU-44", Role.CHANNEL_MANAGER), "Idempotency-Key": "k-1"}
    with served(house) as base:
        first, second = (
            httpx.post(f"{base}/api/v1/agents", headers=headers, json=application())
            for headers in (one, other)
        )

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] != second.json()["id"]


def test_a_repeat_that_may_not_see_the_record_any_more_is_a_refusal(
    desks: Desks, house: House
) -> None:
    bearer = key_of(desks, "CT-44", Role.CHANNEL_MANAGER)
    headers = {**bearer, "Idempotency-Key": "k-1"}
    with served(house) as base:
        made = httpx.post(f"{base}/api/v1/agents", headers=headers, json=application())
        client = actor_of_key(house, bearer["Authorization"].removeprefix("Bearer "))
        assert client is not None
        with house.desk().begin(Permission.SWEEP) as work:
            done = work.session.get_one(DoneOnce, (str(client.id), "k-1"))
            done.subject_id = str(desks.manager.actor.id)
            work.no_deed()
        again = httpx.post(f"{base}/api/v1/agents", headers=headers, json=application())

    assert made.status_code == 201
    assert (again.status_code, again.json()["code"]) == (404, "row.not_found")
