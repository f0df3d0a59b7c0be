"""The API against its own description, and against every role."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import checks as core
from schemathesis.specs.openapi import checks

from console.actions.audit import list_deeds
from console.actions.staff.people import add_client, revoke_client
from console.desk import House
from models.permissions import Role
from tests.conftest import Desks
from tests.serving import served

# Schemathesis types its cases by their schema; to us a case is a made-up request.
Case = Any
_KNOWN: Any = checks
_ALWAYS: Any = core
CHECKS: list[Any] = [
    _ALWAYS.not_a_server_error,
    _KNOWN.status_code_conformance,
    _KNOWN.content_type_conformance,
    _KNOWN.response_schema_conformance,
]
ONLY_ASK = {"/badges/check", "/badges/check-many", "/badges/check-picture"}
"""They change nothing, and are sent by POST for the length of what they ask."""
# A file of persons is encrypted: to who makes requests up, bytes like any others.
_REGISTRY: Any = schemathesis.serializer
_REGISTRY.alias("application/jose", "application/octet-stream")
on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
usual = settings(
    deadline=None,
    database=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
        HealthCheck.data_too_large,
    ],
)


def key_of(desks: Desks, organisation: str, *roles: Role) -> dict[str, str]:
    _, key = add_client(desks.security, organisation=organisation, name="test", roles=list(roles))
    return {"Authorization": f"Bearer {key}"}


def walk(base: str, ask: Callable[[Case], None], requests: int) -> int:
    """Put so many made-up requests to every operation; how many operations there are."""
    few = settings(usual, max_examples=requests)
    schema: Any = schemathesis.openapi.from_url(f"{base}/api/v1/openapi.json", timeout=20)
    schema.config.update(base_url=f"{base}/api/v1")
    operations: list[Any] = [found.ok() for found in schema.get_all_operations()]
    for operation in operations:
        few(given(case=operation.as_strategy())(ask))()
    return len(operations)


@on_sqlite
def test_every_operation_answers_as_described(desks: Desks, house: House) -> None:
    headers = key_of(desks, "CT-44", Role.CHANNEL_MANAGER, Role.APPROVER, Role.IOT_MANAGER)

    def ask(case: Case) -> None:
        case.call_and_validate(headers=headers, checks=CHECKS, timeout=20)

    with served(house) as base:
        assert walk(base, ask, 5) > 0


@pytest.mark.requirement("004-3.4-a")
@on_sqlite
def test_a_regulators_key_changes_nothing_by_any_operation(desks: Desks, house: House) -> None:
    headers = key_of(desks, "CA-44", Role.REGULATOR)
    changed: list[str] = []

    def ask(case: Case) -> None:
        answer = case.call(headers=headers, timeout=20)
        is_write = case.method not in {"GET", "HEAD"} and case.path not in ONLY_ASK
        if is_write and answer.status_code < httpx.codes.BAD_REQUEST:
            changed.append(f"{case.method} {case.path} {answer.status_code}")

    with served(house) as base:
        walk(base, ask, 2)
    assert changed == []


@on_sqlite
def test_nobody_gets_an_answer_without_a_key_or_with_a_dead_one(desks: Desks, house: House) -> None:
    client, key = add_client(
        desks.security, organisation="CT-44", name="dead", roles=[Role.CHANNEL_MANAGER]
    )
    revoke_client(desks.security, client.id)
    let_in: list[str] = []

    def ask(case: Case) -> None:
        for headers in ({}, {"Authorization": f"Bearer {key}"}, {"Authorization": "Bearer x"}):
            answer = case.call(headers=headers, timeout=20)
            if answer.status_code not in {401, 405, 422}:
                let_in.append(f"{case.method} {case.path} {answer.status_code}")

    with served(house) as base:
        walk(base, ask, 1)  # nothing of a request is read before its key
    assert let_in == []


@on_sqlite
def test_a_route_without_the_right_says_so_and_leaves_an_entry(desks: Desks, house: House) -> None:
    headers = key_of(desks, "CT-44", Role.INSPECTOR)
    with served(house) as base:
        answer = httpx.get(f"{base}/api/v1/audit/deeds", headers=headers)

    assert answer.status_code == 403
    assert answer.json()["code"] == "staff.not_allowed"
    assert answer.json()["facts"]["permission"] == "audit:read"
    last = list_deeds(desks.audit).rows[0]
    assert (last.deed, last.subject_id, last.door) == ("staff.denied", "audit:read", "api")


@on_sqlite
def test_refusals_speak_the_clients_language(desks: Desks, house: House) -> None:
    headers = key_of(desks, "CT-44", Role.INSPECTOR)
    with served(house) as base:
        said = {
            language: httpx.get(
                f"{base}/api/v1/audit/deeds", headers={**headers, "Accept-Language": language}
            ).json()["message"]
            for language in ("zh-CN,zh;q=0.9", "en-GB")
        }

    assert said["zh-CN,zh;q=0.9"].startswith("test 没有此项权限")
    assert said["en-GB"].startswith("test may not do this")
