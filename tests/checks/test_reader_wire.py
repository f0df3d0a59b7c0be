"""The reader's wire as docs/reader.md has it: the whole server, and what a laptop is answered."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from starlette.types import Message, Scope

from console.actions.checks.devices import approve_device, ask_code, retire_device
from console.app import build
from console.desk import House
from console.web.guard import Guard
from tests.checks.laptops import BUILD, PERSON, USB, Laptop, approved, pack_ask, session
from tests.conftest import ONLY_SQLITE, Clock, Desks

URL = "http://127.0.0.1:8501"
V1 = f"{URL}/reader/v1"


@dataclass
class Wire:
    guard: Guard

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401
        async def once(client: httpx.AsyncClient) -> httpx.Response:
            return await client.request(method, f"{V1}/{path}", **options)

        return self.within(once)

    def within(self, act: Callable[[httpx.AsyncClient], Awaitable[Any]]) -> Any:  # noqa: ANN401
        async def run() -> Any:  # noqa: ANN401
            transport = httpx.ASGITransport(self.guard)
            async with httpx.AsyncClient(transport=transport, timeout=20) as client:
                return await act(client)

        return asyncio.run(run())

    def token(self, path: str, token: str, **headers: str) -> httpx.Response:
        head = {"content-type": "application/jose", **headers}
        return self.ask("POST", path, content=token, headers=head)


@pytest.fixture
def wire(house: House) -> Wire:
    return Wire(build(house, console=False, worker=False))


def told(answer: httpx.Response, status: int, code: str) -> None:
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, f"reader.{code}"), body
    assert body.keys() == {"code", "message", "facts"}
    assert answer.headers["cache-control"] == "no-store"


def bearer(given: str) -> dict[str, str]:
    return {"authorization": f"Bearer {given}"}


def test_from_a_code_to_a_receipt(desks: Desks, wire: Wire) -> None:
    now = wire.ask("GET", "now")
    assert now.json() == {"now": "2026-03-02T04:00:00.000Z", "minimum_version": "0.1.0"}
    laptop = Laptop(desks.house.house)
    code = ask_code(desks.manager, "zhou.jie", "").code
    enrolled = wire.token("enrolments", laptop.enrolment(code))
    assert enrolled.status_code == 201
    facts = enrolled.json()
    assert facts.keys() == {
        "aud", "kid", "fingerprint", "state", "receipt_keys", "encryption_key", "minimum_version",
        "now",
    }  # fmt: skip
    assert (facts["kid"], facts["state"]) == (laptop.kid, "pending")
    assert {"kty", "crv", "x"} <= facts["receipt_keys"]["keys"][0].keys()
    told(wire.token("token", laptop.assertion()), 403, "device_pending")
    from console.actions.checks.devices import list_devices

    (device,) = list_devices(desks.manager).rows
    approve_device(desks.approver, device.id, facts["fingerprint"])
    session(desks, laptop)
    given = wire.token("token", laptop.assertion()).json()
    assert (given["aud"], given["expires_in"], given["state"]) == (facts["aud"], 600, "active")
    found = wire.ask("GET", "tasks?wait=0", headers=bearer(given["token"])).json()
    (task,) = found["tasks"]
    token = laptop.read(task)
    first, again = wire.token("reads", token), wire.token("reads", token)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["receipt"] == again.json()["receipt"]
    assert first.json()["next"].keys() == {"challenge", "challenge_until"}


def test_every_answer_has_its_true_status(desks: Desks, wire: Wire, clock: Clock) -> None:
    laptop = approved(desks)
    session(desks, laptop)
    task = laptop.task()
    head, body, mark = laptop.read(task).split(".")
    told(wire.token("reads", f"{head}.{body}.{mark[:-4]}AAAA"), 400, "signature_wrong")
    told(wire.token("reads", "没有"), 400, "signature_wrong")
    told(wire.token("reads", laptop.read(task, x=1)), 400, "read_malformed")
    told(wire.token("reads", Laptop(laptop.house).read(task)), 401, "device_unknown")
    clock.pass_(seconds=5)
    virtual = {**USB, "virtual": True}
    told(wire.token("reads", laptop.read(laptop.task(), aud="x")), 400, "other_console")
    old = {**laptop.task(), "challenge": "A" * 43}
    told(wire.token("reads", laptop.read(old)), 409, "challenge_past")
    sealed = laptop.read(laptop.task(), kind="id", card=PERSON)
    told(wire.token("reads", sealed), 409, "challenge_past")
    used = laptop.task()
    assert wire.token("reads", laptop.read(used)).status_code == 201
    told(wire.token("reads", laptop.read(laptop.task())), 422, "too_fast")
    clock.pass_(seconds=5)
    told(wire.token("reads", laptop.read(laptop.task(), reader=virtual)), 422, "virtual_refused")
    told(wire.token("reads", laptop.read(used)), 403, "device_quarantined")
    told(wire.token("token", laptop.assertion()), 403, "device_quarantined")
    other = approved(desks)
    session(desks, other, number="SC-2")
    last = other.task()
    retire_device(desks.manager, other.id, "报废")
    told(wire.token("reads", other.read(last)), 401, "device_retired")
    told(wire.token("token", other.assertion()), 401, "device_retired")


@ONLY_SQLITE
def test_old_programs_and_wrong_codes_are_told_so(desks: Desks, house: House) -> None:
    today = house.settings.model_copy(update={"reader_minimum": "0.2"})
    wire = Wire(build(replace(house, settings=today), console=False, worker=False))
    laptop = approved(desks)
    session(desks, laptop)
    told(wire.token("reads", laptop.read(laptop.task())), 426, "agent_too_old")
    told(wire.token("token", laptop.assertion()), 426, "agent_too_old")
    new = laptop.assertion(agent={"version": "0.2.1", "build": BUILD})
    assert wire.token("token", new).status_code == 200
    told(wire.token("enrolments", laptop.enrolment("AAAAA-AAAAA")), 404, "code_unknown")
    code = ask_code(desks.manager, "zhou.jie", "").code
    told(wire.token("enrolments", laptop.enrolment(code)), 409, "key_known")
    english = wire.token("enrolments", laptop.enrolment("x"), **{"accept-language": "en"})
    assert "pairing code" in english.json()["message"]


@ONLY_SQLITE
def test_who_tries_codes_or_sends_rubbish_waits(desks: Desks, wire: Wire, clock: Clock) -> None:
    laptop = approved(desks)
    for _ in range(20):
        told(wire.token("enrolments", laptop.enrolment("AAAAA-AAAAA")), 404, "code_unknown")
    late = wire.token("enrolments", laptop.enrolment("AAAAA-AAAAA"))
    told(late, 429, "later")
    assert late.headers["retry-after"] == "900"
    for _ in range(60):
        told(wire.token("reads", "x"), 400, "signature_wrong")
    late = wire.token("reads", "x")
    told(late, 429, "later")
    assert late.headers["retry-after"] == "60"
    clock.pass_(minutes=1, seconds=1)
    told(wire.token("reads", "x"), 400, "signature_wrong")


@ONLY_SQLITE
def test_no_body_is_longer_than_sixteen_kibibytes(desks: Desks, wire: Wire) -> None:
    laptop = approved(desks)
    session(desks, laptop)
    at_most = wire.token("reads", "A" * 16 * 1024)
    told(at_most, 400, "signature_wrong")
    assert wire.token("reads", "A" * (16 * 1024 + 1)).status_code == 413


@ONLY_SQLITE
def test_without_a_pass_there_are_no_tasks(desks: Desks, wire: Wire, clock: Clock) -> None:
    laptop = approved(desks)
    check = session(desks, laptop)
    own = laptop.own_pass()
    ask = pack_ask(check, 2).model_dump(mode="json")
    for given in ("", "x", own[:-4] + "AAAA", laptop.assertion(), laptop.read(laptop.task())):
        told(wire.ask("GET", "tasks", headers=bearer(given)), 401, "pass_past")
        told(wire.ask("POST", "packs", json=ask, headers=bearer(given)), 401, "pass_past")
    pack = wire.ask("POST", "packs", json=ask, headers=bearer(own))
    assert (pack.status_code, len(pack.json()["challenges"])) == (201, 2)
    for more in ({"count": 61}, {"hours": 49}, {"count": 0}, {"kind": "fault"}, {"x": 1}):
        told(wire.ask("POST", "packs", json=ask | more, headers=bearer(own)), 400, "read_malformed")
    told(wire.ask("POST", "packs", json=ask | {"kind": "id"}, headers=bearer(own)), 404,
         "task_unknown")  # fmt: skip
    clock.pass_(minutes=10)
    told(wire.ask("GET", "tasks", headers=bearer(own)), 401, "pass_past")


def test_many_wait_for_tasks_and_hold_up_nobody(desks: Desks, wire: Wire) -> None:
    laptops = [approved(desks) for _ in range(30)]
    laptop, passes = laptops[0], [bearer(one.own_pass()) for one in laptops]

    async def act(client: httpx.AsyncClient) -> list[Mapping[str, Any]]:
        empty = (await client.get(f"{V1}/tasks?wait=0", headers=passes[0])).json()
        address = f"{V1}/tasks?wait=3&seen={empty['tag']}"
        waiting = [asyncio.create_task(client.get(address, headers=one)) for one in passes]
        began = time.monotonic()
        assert (await client.get(f"{URL}/healthz")).text == "ok"
        assert not any(one.done() for one in waiting)
        await asyncio.to_thread(session, desks, laptop)
        found = [one.json() for one in await asyncio.gather(*waiting)]
        assert time.monotonic() - began < 15
        return found

    found = wire.within(act)
    assert [len(one["tasks"]) for one in found] == [1, *[0] * 29]


@ONLY_SQLITE
def test_who_leaves_is_not_waited_for(desks: Desks, wire: Wire) -> None:
    laptop = approved(desks)
    given = laptop.own_pass()
    tag = wire.ask("GET", "tasks", headers=bearer(given)).json()["tag"]
    scope: Scope = {
        "type": "http", "method": "GET", "path": "/reader/v1/tasks", "raw_path": b"",
        "query_string": f"wait=25&seen={tag}".encode(), "http_version": "1.1", "scheme": "http",
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8501), "root_path": "",
        "headers": [(b"host", b"127.0.0.1:8501"), (b"authorization", f"Bearer {given}".encode())],
    }  # fmt: skip
    came: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        return came.pop() if came else {"type": "http.disconnect"}

    async def send(_message: Message) -> None:
        pass

    began = time.monotonic()
    asyncio.run(asyncio.wait_for(wire.guard(scope, receive, send), 10))
    assert time.monotonic() - began < 10


@ONLY_SQLITE
def test_waiting_ends_with_its_time_and_says_that_nothing_is_new(desks: Desks, wire: Wire) -> None:
    laptop = approved(desks)
    headers = bearer(laptop.own_pass())
    tag = wire.ask("GET", "tasks", headers=headers).json()["tag"]
    began = time.monotonic()
    found = wire.ask("GET", f"tasks?wait=1&seen={tag}", headers=headers)
    assert (found.status_code, found.json()["tag"], found.json()["tasks"]) == (200, tag, [])
    assert time.monotonic() - began >= 1
