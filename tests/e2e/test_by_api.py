"""The whole path by programs: API keys and the command line, no browser and no page."""

import base64
import gzip
import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from console.actions.staff.people import add_client
from console.desk import House
from console.settings import Settings
from models.permissions import Role
from tests.cases.world import PNG
from tests.e2e.actors import written
from tests.e2e.world import ORGANISATIONS, PASSWORD, PEOPLE, Market, Served, agents_file

PATIENCE: Final = 60.0
OWN: Final = (
    "CT-44",
    "basic_carrier_province",
    "中国电信广东公司",
    "--parent",
    "CT",
    "--province",
    "44",
)
CLIENTS: Final = (
    ("manager", "CT-44", "channel_manager"),
    ("approver", "CT-44", "approver"),
    ("other", "CT-44", "approver"),
    ("platform", "oscar", "platform_officer"),
    ("regulator", "CA-44", "regulator"),
)


@dataclass
class Program:
    """A program with a bearer key; each write has a key of its own unless it is told one."""

    base: str
    name: str
    key: str
    writes: int = field(default=0)

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401
        headers = {"authorization": f"Bearer {self.key}", **options.pop("headers", {})}
        url = f"{self.base}/api/v1{path}"
        return httpx.request(method, url, headers=headers, timeout=30, **options)

    def get(self, path: str, **query: str) -> Any:  # noqa: ANN401 - JSON
        return good(self.ask("GET", path, params=query))

    def write(self, path: str, once: str | None = None, **options: Any) -> httpx.Response:  # noqa: ANN401
        self.writes += 1
        headers = {"idempotency-key": once or f"{self.name}-{self.writes}"}
        return self.ask("POST", path, headers=headers, **options)

    def post(self, path: str, once: str | None = None, **options: Any) -> Any:  # noqa: ANN401
        return good(self.write(path, once, **options))

    def until(self, path: str, done: Callable[[Any], bool]) -> Any:  # noqa: ANN401 - JSON
        end = time.monotonic() + PATIENCE
        while not done(found := self.get(path)):
            assert time.monotonic() < end, found
        return found


def good(response: httpx.Response) -> Any:  # noqa: ANN401 - JSON
    assert response.is_success, response.text
    return response.json()


@dataclass
class Story:
    served: Served
    market: Market
    programs: dict[str, Program]
    ids: dict[str, str] = field(default_factory=dict[str, str])

    def __getattr__(self, name: str) -> Program:
        return self.programs[name]


def staffed(served: Served) -> dict[str, Program]:
    """Organisations and people by the command line; a key for each program."""
    for organisation in (*ORGANISATIONS, OWN):
        served.channel("org", "add", *organisation)
    for *account, role in (("CT-44", "chen.ming", "陈明", "channel_manager"), *PEOPLE):
        served.channel("user", "add", *account, "--role", role, "--password", PASSWORD)
    at = served.settings.get("CHANNEL_DATABASE_URL")
    house = House.open(Settings(data=served.folder, public_url=served.base, database_url=at))
    keys = {
        name: add_client(house.desk(), organisation=code, name=name, roles=[Role(role)])[1]
        for name, code, role in CLIENTS
    }
    house.engine.dispose()
    return {name: Program(served.base, name, key) for name, key in keys.items()}


def agents_are_imported(story: Story) -> None:
    file = {"file": ("代理商.csv", written(agents_file(story.market)), "text/csv")}
    brought = story.manager.post("/imports", data={"kind": "agents"}, files=file)
    done = story.manager.until(f"/imports/{brought['id']}", lambda one: one["ended_at"])
    assert (done["accepted"], done["rejected"], done["fault"]) == (3, 1, None)
    story.ids |= {one["name"]: one["id"] for one in story.manager.get("/agents")["items"]}


def papers_are_filed(story: Story) -> None:
    """Every paper by upload, and both checklists signed line by line."""
    manager, path = story.manager, f"/agents/{story.ids['华东通信设备有限公司']}"
    clauses = ["real_name_duty", "breach_measures", "no_sub_agent"]
    filed: dict[str, str] = {}
    for kind in ("business_licence", "agreement", "commitment_letter", "data_processing"):
        file = {"file": (f"{kind}.png", PNG, "image/png")}
        said = {"kind": kind, "clauses": clauses if kind == "agreement" else []}
        if kind == "business_licence":
            said["valid_until"] = "2035-12-31"
        filed[kind] = manager.post(f"{path}/papers", data=said, files=file)["id"]
    lines = manager.get(f"{path}/conditions")["lines"]
    signed = [
        {"line": one["line"], "is_met": True, "paper_id": filed["commitment_letter"]}
        for one in lines
    ]
    assert manager.post(f"{path}/conditions", json={"lines": signed})["lacking"] == []


def a_licence_is_granted(story: Story) -> None:
    manager, approver = story.manager, story.approver
    path = f"/agents/{story.ids['华东通信设备有限公司']}"
    seen = manager.get(path)
    passed = {"passed": True, "version": seen["version"]}
    first = approver.write(f"{path}/review", "review-1", json=passed)
    again = approver.write(f"{path}/review", "review-1", json=passed)
    assert (good(first)["state"], again.json()) == ("eligible", first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    scope = {
        "products": ["voice_card"],
        "provinces": ["44", "33"],
        "shop_ids": [one["id"] for one in seen["shops"]],
        "begins_on": "2026-01-01",
        "ends_on": "2035-12-30",
        "agreement_no": "XY-2026-0001",
    }
    licence = manager.post(f"{path}/licences", json=scope)
    place = f"/licences/{licence['id']}"
    handed = manager.post(f"{place}/submit", json={"version": licence["version"]})
    own = manager.write(f"{place}/approve", json={"version": handed["version"]})
    assert (own.status_code, own.json()["code"]) == (403, "staff.not_allowed")
    approved = approver.post(f"{place}/approve", json={"version": handed["version"]})
    assert approved["state"] == "active"


def the_list_is_published(story: Story) -> None:
    folder = story.served.folder / "out"
    story.served.channel("--as", "chen.ming", "publish", str(folder))
    story.served.channel("--as", "li.hua", "publish", str(folder))
    manifest = json.loads((folder / "manifest.json").read_bytes())
    header, payload, signature = manifest["signature"].split(".")
    keys = good(httpx.get(f"{story.served.base}/.well-known/jwks.json"))["keys"]
    kid = json.loads(unbase64(header))["kid"]
    (key,) = [one for one in keys if one["kid"] == kid]
    public = Ed25519PublicKey.from_public_bytes(unbase64(key["x"]))
    public.verify(unbase64(signature), f"{header}.{payload}".encode())
    signed = json.loads(unbase64(payload))
    assert signed == {name: one for name, one in manifest.items() if name != "signature"}
    for file in signed["files"]:
        assert hashlib.sha256((folder / file["name"]).read_bytes()).hexdigest() == file["sha256"]
    lines = gzip.decompress(next(folder.glob("*.ndjson.gz")).read_bytes()).decode()
    assert "华东通信设备有限公司" in lines
    badges = json.loads(story.served.channel("--json", "--as", "chen.ming", "badge", "list"))
    shop = ["--platform", "oscar", "--shop", story.market.licensed.shop]
    verdict = story.served.channel("--json", "badge", "check", badges[0]["code"], *shop)
    assert json.loads(verdict)["verdict"] == "valid"


def unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def a_patrol_runs(story: Story) -> None:
    manager = story.manager
    source = manager.post("/sources", json={"name": "全站", "mapping": story.market.mapping})
    run = manager.post("/runs", json={"source_id": source["id"]})
    ended = manager.until(f"/runs/{run['id']}", lambda one: one["ended_at"])
    assert (ended["state"], ended["listings"]) == ("submitted", story.market.listings)
    assert run["number"] in story.served.channel("--as", "chen.ming", "patrol", "status")
    shops = {one["id"]: one["shop_key"] for one in manager.get("/seen-shops")["items"]}
    found = manager.get("/findings", run_id=run["id"])["items"]
    by_shop = {shops[one["shop_id"]].removeprefix("shop:"): one for one in found}
    assert story.market.licensed.shop not in by_shop
    story.ids["finding"] = by_shop[story.market.stranger]["id"]


def a_case_is_sent(story: Story) -> None:
    manager, approver = story.manager, story.approver
    finding = story.ids["finding"]
    own = manager.write(f"/findings/{finding}/confirm", json={})
    assert own.status_code == 403
    assert approver.post(f"/findings/{finding}/confirm", json={})["state"] == "confirmed"
    case = manager.post("/cases", json={"finding_ids": [finding]})
    path = f"/cases/{case['id']}"
    story.ids |= {"case": case["id"], "reference": case["reference"]}
    (party,) = manager.get(path)["parties"]
    manager.post(f"/case-parties/{party['id']}/hear", json={"statement": "店主未作说明"})
    manager.post(f"{path}/trace", json={})
    why_not = {"why_not": "no_card", "reason": "未能购得样卡，无卡号可以核查"}
    manager.post(f"{path}/trace/give-up", json=why_not)
    plan = {
        "measures": ["remove_shop", "trace_channel", "recover_cards"],
        "reason": "公开销售电话卡，未取得委托。",
        "remedy": "15 日内申诉。",
        "papers": "营业执照、委托证明。",
    }
    manager.post(f"{path}/propose", json=plan)
    assert approver.post(f"{path}/approve")["state"] == "decided"
    notice = manager.post(f"{path}/send", "send-1")
    assert manager.write(f"{path}/send", "send-1").json()["id"] == notice["id"]
    assert notice["state"] == "sent"


def the_platform_answers(story: Story) -> None:
    platform = story.platform
    (notice,) = platform.get("/notices")["items"]
    platform.post(f"/notices/{notice['id']}/acknowledge")
    said: dict[str, Any] = {
        "data": {"outcome": "removed", "words": "已关闭店铺"},
        "files": [("proofs", ("截图.png", PNG, "image/png"))],
    }
    answered = platform.post(f"/notices/{notice['id']}/answer", **said)
    assert answered["proofs"][0]["sha256"] == hashlib.sha256(PNG).hexdigest()


def it_is_looked_at_and_waits_for_the_second_look(story: Story, folder: Path) -> None:
    path = f"/cases/{story.ids['case']}/recheck"
    clean = {"clean": True, "reason": "未再发现"}
    refused = story.regulator.write(path, json=clean)
    assert (refused.status_code, refused.json()["code"]) == (403, "staff.not_allowed")
    none = {"ordered": 0, "recovered": 0, "missing_why": "无卡号，未收回电话卡"}
    story.manager.post(f"/cases/{story.ids['case']}/recovery", json=none)
    assert story.other.post(path, json=clean)["state"] == "waiting_recheck"
    early = story.other.write(path, json=clean)
    assert (early.status_code, early.json()["code"]) == (409, "case.recheck_too_early")
    seen = story.regulator.get(f"/cases/{story.ids['case']}")
    assert {one["state"] for one in seen["tasks"]} == {"done"}
    assert [one["is_clean"] for one in seen["looks"]] == [True, None]
    assert seen["notices"][0]["answers"][0]["outcome"] == "removed"
    denied = story.regulator.get("/audit/deeds", deed="staff.denied")["items"]
    assert denied[0]["actor_name"] == "regulator"
    pack = folder / "case.zip"
    story.served.channel("evidence", "pack", story.ids["reference"], "--out", str(pack))
    story.served.channel("evidence", "verify", str(pack))
    story.served.channel("audit", "verify")


@pytest.mark.requirement("004-3.3-c")
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_whole_path_by_keys_and_the_command_line(
    served: Served, small: Market, tmp_path: Path
) -> None:
    story = Story(served, small, staffed(served))
    agents_are_imported(story)
    papers_are_filed(story)
    a_licence_is_granted(story)
    the_list_is_published(story)
    a_patrol_runs(story)
    a_case_is_sent(story)
    the_platform_answers(story)
    it_is_looked_at_and_waits_for_the_second_look(story, tmp_path)
    assert served.faults() == []
