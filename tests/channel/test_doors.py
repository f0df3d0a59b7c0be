"""The channel by API and by command, as programs and scripts meet it."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from console.actions.channel.agents import agent_record
from console.actions.channel.badges import badge_record, list_badges
from console.actions.channel.review import review_agent
from console.actions.staff.people import add_client
from console.cli.base import choices
from console.cli.main import app
from console.desk import House
from console.web.api.app import build
from models.channel.agents import AgentState
from models.channel.papers import Clause
from models.permissions import Role
from tests.channel.stories import (
    PDF,
    licensed,
    pending,
    shop_of,
    submitted,
    uscc,
    with_papers,
)
from tests.conftest import Desks

Ask = Callable[..., httpx.Response]


@pytest.fixture
def ask(house: House, desks: Desks) -> Ask:
    """One request by a program of an organisation, each with an idempotency key of its own."""
    api, keys, made = build(house), dict[tuple[str, Role], str](), list[int]()

    def send(
        organisation: str,
        role: Role,
        method: str,
        path: str,
        key: str = "",
        **options: Any,  # noqa: ANN401
    ) -> httpx.Response:
        if (organisation, role) not in keys:
            _, keys[organisation, role] = add_client(
                desks.security, organisation=organisation, name="t", roles=[role]
            )
        made.append(1)
        headers = {
            "Authorization": f"Bearer {keys[organisation, role]}",
            "Idempotency-Key": key or f"key-{len(made)}",
            "Accept-Language": "en",
        }

        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(app=api)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, path, headers=headers, **options)

        return asyncio.run(go())

    return send


MANAGER, APPROVER = ("CT-44", Role.CHANNEL_MANAGER), ("CT-44", Role.APPROVER)
FIRM = {
    "name": "深圳市龙腾通信有限公司",
    "uscc": uscc(1),
    "province": "44",
    "legal_representative": "陈启明",
}


def file_everything(ask: Ask, path: str) -> int:
    """By the doors of the API; the version of the agent's record then."""
    filed: dict[str, str] = {}
    for kind in ("business_licence", "agreement", "commitment_letter", "data_processing"):
        said = {"kind": kind, "clauses": [clause.value for clause in Clause]}
        file = {"file": (f"{kind}.pdf", PDF, "text/html")}
        paper = ask(*MANAGER, "POST", f"{path}/papers", data=said, files=file)
        assert (paper.status_code, paper.json()["media_type"]) == (201, "application/pdf")
        filed[kind] = paper.json()["id"]
    unsigned = ask(*MANAGER, "GET", f"{path}/conditions").json()["lines"]
    lines = [
        {"line": one["line"], "is_met": True, "paper_id": filed["agreement"]} for one in unsigned
    ]
    signed = ask(*MANAGER, "POST", f"{path}/conditions", json={"lines": lines}).json()
    assert signed["lacking"] == []
    return ask(*MANAGER, "GET", path).json()["version"]


@pytest.mark.requirement("004-3.1-b", "004-3.1-c", "004-3.1-d")
def test_an_agent_goes_the_whole_way_by_api(ask: Ask) -> None:
    agent = ask(*MANAGER, "POST", "/agents", json=FIRM).json()
    path = f"/agents/{agent['id']}"
    agent = ask(*MANAGER, "POST", f"{path}/submit", json={"version": agent["version"]}).json()
    assert agent["state"] == "verifying"
    body = {"passed": True, "version": agent["version"]}
    assert ask(*MANAGER, "POST", f"{path}/review", json=body).status_code == 403
    not_yet = ask(*APPROVER, "POST", f"{path}/review", json=body).json()
    assert [one["code"] for one in not_yet["facts"]["failing"]] == [
        "agent_reason.licence_file_missing",
        "agent_reason.not_realname_ready",
        "agent_reason.not_protection_ready",
    ]
    body["version"] = file_everything(ask, path)
    assert ask(*APPROVER, "POST", f"{path}/review", json=body).json()["state"] == "eligible"

    shop = {"platform": "lanhai", "shop": "1001", "name": "龙腾专营店"}
    shop_id = ask(*MANAGER, "POST", f"{path}/shops", json=shop).json()["id"]
    scope = {
        "products": ["voice_card"],
        "provinces": ["44"],
        "shop_ids": [shop_id],
        "begins_on": "2026-03-01",
        "ends_on": "2027-02-28",
    }
    made = ask(*MANAGER, "POST", f"{path}/licences", json=scope)
    assert made.status_code == 201
    licence = made.json()
    for role, deed in ((MANAGER, "submit"), (APPROVER, "approve")):
        licence = ask(
            *role,
            "POST",
            f"/licences/{licence['id']}/{deed}",
            json={"version": licence["version"]},
        ).json()
    assert licence["state"] == "active"
    record = ask(*MANAGER, "GET", path).json()
    assert record["legal_representative"] == "陈启明"
    assert [badge["state"] for badge in record["badges"]] == ["issued"]
    masked = ask("CA-44", Role.REGULATOR, "GET", path).json()
    assert masked["legal_representative"] == "陈＊＊"


def test_a_write_sent_twice_is_done_once_and_answered_the_same(ask: Ask) -> None:
    first = ask(*MANAGER, "POST", "/agents", "one-key", json=FIRM)
    again = ask(*MANAGER, "POST", "/agents", "one-key", json=FIRM)
    assert (first.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert again.json() == first.json()
    other = ask(*MANAGER, "POST", "/agents", "one-key", json=FIRM | {"name": "x"})
    assert (other.status_code, other.json()["code"]) == (409, "api.key_reused")


def test_a_refusal_names_code_text_and_facts(ask: Ask, desks: Desks) -> None:
    agent = submitted(desks.manager)
    stale = ask(
        *APPROVER, "POST", f"/agents/{agent.id}/review", json={"passed": True, "version": 1}
    )
    assert stale.status_code == 409
    assert stale.json()["code"] == "channel.changed_meanwhile"
    twice = ask(*MANAGER, "POST", "/agents", json=FIRM)
    assert twice.json()["facts"]["agent_no"] == agent.agent_no
    assert agent.agent_no in twice.json()["message"]
    assert ask(*MANAGER, "POST", "/agents", json=FIRM | {"x": 1}).status_code == 422


def test_a_list_pages_by_its_cursor_and_shows_no_stranger(ask: Ask, desks: Desks) -> None:
    for serial in (1, 2, 3):
        submitted(desks.manager, serial)
    first = ask(*MANAGER, "GET", "/agents", params={"limit": 2}).json()
    rest = ask(*MANAGER, "GET", "/agents", params={"limit": 2, "after": first["next"]}).json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)
    assert ask("CU-44", Role.CHANNEL_MANAGER, "GET", "/agents").json()["items"] == []
    assert "legal_representative" not in first["items"][0]


def test_measures_against_an_agent_and_a_licence_are_taken_by_api(ask: Ask, desks: Desks) -> None:
    agent, licence, _ = licensed(desks)
    path, why = f"/agents/{agent.id}", {"reason": "未亮照", "remedy": "向渠道部申诉"}

    def of_agent(role: tuple[str, Role], deed: str, **body: object) -> httpx.Response:
        version = ask(*MANAGER, "GET", path).json()["version"]
        return ask(*role, "POST", f"{path}/{deed}", json={**body, "version": version})

    def of_licence(role: tuple[str, Role], deed: str, **body: object) -> httpx.Response:
        version = ask(*MANAGER, "GET", f"/licences/{licence.id}").json()["version"]
        body = {**body, "version": version}
        return ask(*role, "POST", f"/licences/{licence.id}/{deed}", json=body)

    assert of_licence(MANAGER, "suspend", **why).json()["state"] == "suspended"
    assert of_licence(APPROVER, "resume", reason="复查合格").json()["state"] == "active"
    told = {**why, "papers": "营业执照与情况说明"}
    assert of_agent(APPROVER, "suspend", **why).status_code == 422
    assert of_agent(MANAGER, "suspend", **told).status_code == 403
    assert of_agent(APPROVER, "suspend", **told).json()["state"] == "suspended"
    assert of_agent(APPROVER, "restore", reason="复查合格").json()["state"] == "active"
    assert of_licence(APPROVER, "terminate", reason="期满", is_handed_back=False).status_code == 409
    over = of_licence(APPROVER, "terminate", reason="期满", is_handed_back=True)
    assert over.json()["state"] == "terminated"
    done: dict[str, object] = {"data": "returned", "cards": 3}
    early = of_agent(MANAGER, "exit", reason="不再合作", **done).json()
    assert early["code"] == "admission.closing_notice_missing"
    done["notice_on"] = "2026-01-15"
    assert of_agent(MANAGER, "exit", reason="不再合作", **done).json()["state"] == "exited"
    again = of_agent(MANAGER, "reapply").json()
    assert (again["state"], again["attempt"]) == ("draft", 2)


def test_a_blacklisting_by_api_takes_two_people(ask: Ask, desks: Desks) -> None:
    agent, _, _ = licensed(desks)
    path, why = f"/agents/{agent.id}", {"reason": "转卖", "source": "案件 1"}
    version = ask(*MANAGER, "GET", path).json()["version"]
    asked = ask(*APPROVER, "POST", f"{path}/blacklist", json={**why, "version": version})
    assert (asked.json()["state"], asked.json()["proposal"]) == ("active", "blacklist")
    again = ask(
        *APPROVER, "POST", f"{path}/blacklist", json={**why, "version": asked.json()["version"]}
    )
    assert (again.status_code, again.json()["code"]) == (403, "channel.same_person")
    back = ask(*APPROVER, "POST", f"{path}/withdraw-proposal")
    assert back.json()["proposal"] is None

    entry = {"uscc": uscc(9), "name": "某公司", "reason": "转卖", "source": "案件 2"}
    made = ask(*APPROVER, "POST", "/blacklist", "black-1", json=entry)
    twice = ask(*APPROVER, "POST", "/blacklist", "black-1", json=entry)
    assert (made.status_code, twice.json()) == (201, made.json())
    listed = ask(*MANAGER, "GET", "/blacklist", params={"q": "某"}).json()["items"]
    assert [one["id"] for one in listed] == [made.json()["id"]]
    lift = f"/blacklist/{made.json()['id']}/lift"
    assert ask(*APPROVER, "POST", lift, json={"reason": "查明无关"}).json()["lifted_at"]
    assert ask(*APPROVER, "POST", lift, json={"reason": "x"}).status_code == 409
    assert ask("lanhai", Role.PLATFORM_OFFICER, "GET", "/blacklist").status_code == 403


def test_a_list_is_prepared_and_published_by_api_once_for_each_key(ask: Ask, desks: Desks) -> None:
    licensed(desks)
    made = ask(*MANAGER, "POST", "/publications", "list-1", json={})
    again = ask(*MANAGER, "POST", "/publications", "list-1", json={})
    assert (made.status_code, made.json()["state"], made.json()["rows"]) == (201, "ready", 1)
    assert again.json() == made.json()
    path = f"/publications/{made.json()['id']}"
    assert ask("lanhai", Role.PLATFORM_OFFICER, "GET", path).status_code == 404
    out = ask(*APPROVER, "POST", f"{path}/publish", "list-2")
    assert out.json()["state"] == "published"
    assert ask(*APPROVER, "POST", f"{path}/publish", "list-2").json() == out.json()
    seen = ask("lanhai", Role.PLATFORM_OFFICER, "GET", "/publications").json()["items"]
    assert [one["signature"] for one in seen] == [out.json()["signature"]]
    assert ask("CA-44", Role.REGULATOR, "POST", "/publications", json={}).status_code == 403


def test_a_copied_badge_is_replaced_by_api_and_a_shop_ended(ask: Ask, desks: Desks) -> None:
    _, _, (shop,) = licensed(desks)
    badge = ask(*MANAGER, "GET", "/badges").json()["items"][0]
    path = f"/badges/{badge['id']}"
    seen = ask(*MANAGER, "POST", f"{path}/displayed", json={"where": "首页截图"})
    assert seen.json()["state"] == "displayed"
    copied = ask(*MANAGER, "POST", f"{path}/copied", json={"where": "lanhai 666"}).json()
    body = {"version": copied["version"]}
    new = ask(*MANAGER, "POST", f"{path}/reissue", "new-1", json=body)
    again = ask(*MANAGER, "POST", f"{path}/reissue", "new-1", json=body)
    assert (new.status_code, new.json()["state"]) == (201, "issued")
    assert again.json() == new.json() != badge
    ended = ask(*MANAGER, "POST", f"/shops/{shop.id}/end", json={"reason": "关店"})
    assert ended.json()["ended_at"]
    assert ask(*MANAGER, "GET", f"/badges/{new.json()['id']}").json()["state"] == "revoked"


# The command line


@pytest.fixture
def channel(
    house: House, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., tuple[int, str]]]:
    """A command in this very process and house; its exit code and what it printed."""

    def run(*words: str) -> tuple[int, str]:
        choices().opened[:] = [house]
        code = int(app(list(words), standalone_mode=False) or 0)
        return code, capsys.readouterr().out

    yield run
    choices().opened.clear()
    choices().as_json, choices().login = False, None


def test_a_licence_is_approved_and_a_register_written_by_command(
    channel: Callable[..., tuple[int, str]], desks: Desks, tmp_path: Path
) -> None:
    agent = submitted(desks.manager)
    assert agent.agent_no in channel("--as", "chen.ming", "agent", "list")[1]
    with_papers(desks.manager, agent)
    review_agent(desks.approver, agent.id, passed=True)
    licence = pending(desks, agent, shop_of(desks.manager, agent))
    channel("--as", "li.hua", "licence", "approve", licence.number)
    assert agent_record(desks.manager, agent.id).agent.state is AgentState.ACTIVE

    channel("publish", str(tmp_path / "register"))
    manifest = json.loads((tmp_path / "register" / "manifest.json").read_bytes())
    assert manifest["counts"]["agents"] == 1


def test_a_badge_is_judged_by_command(
    channel: Callable[..., tuple[int, str]], desks: Desks
) -> None:
    licensed(desks)
    url = badge_record(desks.manager, list_badges(desks.manager).rows[0].id).url or ""
    where = ("--platform", "lanhai", "--shop")
    _, out = channel("--json", "badge", "check", url, *where, "1001")
    assert json.loads(out)["verdict"] == "valid"
    code, out = channel("--json", "badge", "check", url, *where, "666")
    assert (code, json.loads(out)["verdict"]) == (1, "wrong_shop")
