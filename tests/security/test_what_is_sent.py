"""Whatever is sent, the answer is a refusal in the one shape: never a fault, never a trace."""

import base64
import json
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from console.actions.channel.agents import add_agent
from console.actions.patrol.sources import save_source
from console.actions.staff.people import add_client
from console.database import WRITING
from console.desk import House
from models.permissions import Role
from models.refusals import Invalid, NotAllowed
from tests.channel.stories import form, uscc
from tests.conftest import Desks
from tests.serving import served

LISTS = (
    "agents", "licences", "shops", "badges", "sources", "runs", "listings", "seen-shops",
    "findings", "cases", "notices", "imports", "audit/deeds",
)  # fmt: skip
AN_ID = str(uuid4())
MARKS: tuple[object, ...] = (
    [5, 5], [True, True], [None, None], [1.5, "1"], [10**30, 10**30], ["9" * 80, AN_ID],
    ["1", "9" * 20], [AN_ID, 5], ["\0", AN_ID], ["2020-01-01T00:00:00", AN_ID],
    ["9999-12-31T23:59:59-23:00", AN_ID], ["2020-01-01T00:00:00+00:00", 10**30], {}, "x",
)  # fmt: skip
TEXTS = (
    "agents?q=", "agents?province=", "licences?q=", "badges?q=", "cases?q=", "shops?platform=",
    "seen-shops?platform=", "findings?platform=", "audit/deeds?deed=",
)  # fmt: skip


def key_of(desks: Desks, *roles: Role) -> dict[str, str]:
    _, key = add_client(desks.security, organisation="CT-44", name="test", roles=list(roles))
    return {"Authorization": f"Bearer {key}"}


def mark(told: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


def test_a_page_mark_of_ones_own_making_is_refused(desks: Desks, house: House) -> None:
    headers = key_of(desks, Role.CHANNEL_MANAGER)
    wrong: list[str] = []
    with served(house) as base, httpx.Client(headers=headers, base_url=f"{base}/api/v1") as ask:
        for name in LISTS:
            for told in MARKS:
                answer = ask.get(f"/{name}", params={"after": mark(told)})
                if answer.status_code not in {200, 422}:
                    wrong.append(f"{name} {told} {answer.status_code}")

    assert wrong == []


def test_a_nul_to_look_for_finds_nothing_or_is_refused(desks: Desks, house: House) -> None:
    headers = key_of(desks, Role.CHANNEL_MANAGER)
    with served(house) as base:
        answers = [
            httpx.get(f"{base}/api/v1/{place}{words}", headers=headers)
            for place in TEXTS
            for words in ("%00", "a%00b")
        ]

    assert {one.status_code for one in answers} <= {200, 422}


def test_a_nul_is_kept_in_no_text_of_either_database(desks: Desks) -> None:
    with pytest.raises(Invalid, match="not_storable"):
        add_agent(desks.manager, form(name="龙腾\0通信"))


@pytest.mark.parametrize("body", ["[" * 10_000, '{"a":' * 10_000, b'{"name":"\xff"}', "NaN", ""])
def test_a_body_that_is_no_request_is_refused(desks: Desks, house: House, body: str) -> None:
    headers = {**key_of(desks, Role.CHANNEL_MANAGER), "Idempotency-Key": "k"}
    headers["Content-Type"] = "application/json"
    with served(house) as base:
        answer = httpx.post(f"{base}/api/v1/agents", headers=headers, content=body)

    assert answer.status_code in {400, 422}
    assert set(answer.json()) == {"code", "message", "facts"}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_fault_is_told_by_a_number_alone(desks: Desks, house: House) -> None:
    headers = key_of(desks, Role.CHANNEL_MANAGER)
    with house.engine.execution_options(**{WRITING: True}).begin() as connection:
        connection.execute(text("ALTER TABLE badges RENAME TO lost"))
    with served(house) as base:
        answer = httpx.get(f"{base}/api/v1/badges", headers=headers)

    assert answer.status_code == 500
    assert answer.json()["code"] == "api.fault"
    assert answer.json()["facts"]["id"] in answer.json()["message"]
    assert "badges" not in answer.text


def test_who_may_not_edit_sources_has_no_mapping_read(desks: Desks) -> None:
    with pytest.raises(NotAllowed, match="not_allowed"):
        save_source(desks.regulator, "x", "no mapping at all")


def test_a_name_full_of_marks_is_kept_as_it_was_written(desks: Desks) -> None:
    name = "![x](http://e.example/) <script>alert(1)</script> =cmd() \u202e"
    assert add_agent(desks.manager, form(name=name, uscc=uscc(7))).name == name.strip()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_no_cache_keeps_what_the_api_answers(desks: Desks, house: House) -> None:
    headers = key_of(desks, Role.CHANNEL_MANAGER)
    with served(house) as base:
        for path in ("me", "agents", "nowhere"):
            answer = httpx.get(f"{base}/api/v1/{path}", headers=headers)
            assert answer.headers["cache-control"] == "no-store"
