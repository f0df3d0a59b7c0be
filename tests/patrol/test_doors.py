"""Patrols by programs and on the command line."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from console.actions.patrol.plans import PlanTerms, add_plan
from models.patrol.checks import ITEMS
from models.patrol.findings import Finding
from models.patrol.runs import PatrolRun
from models.permissions import Role
from tests.cases.test_api import Program, good
from tests.conftest import Desks
from tests.patrol.walks import mapping, plain_cards, rows_of, shop_open, walked
from tests.shops import KEY, open_shop, rest_shop

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_a_program_saves_a_source_starts_a_run_and_reads_what_it_found(desks: Desks) -> None:
    carrier = Program(desks, "CT-44", Role.CHANNEL_MANAGER)
    approver = Program(desks, "CT-44", Role.APPROVER)
    stranger = Program(desks, "CU-44", Role.CHANNEL_MANAGER)
    with shop_open() as stand:
        given = {"name": "蓝海", "mapping": mapping(stand)}
        source = good(carrier.post("/sources", json=given))
        run = good(carrier.post("/runs", json={"source_id": source["id"]}))
        assert run["state"] == "planned"
        refused = carrier.post("/runs", json={"source_id": source["id"]})
        assert (refused.status_code, refused.json()["code"]) == (409, "patrol.already_running")
        walked(desks.manager, rows_of(desks.manager, PatrolRun)[0])

    done = good(carrier.get(f"/runs/{run['id']}"))
    assert (done["state"], done["listings"], done["findings"]) == ("submitted", 7, 3)
    cards = good(carrier.get(f"/listings?run_id={run['id']}&cards=true"))["items"]
    assert len(cards) == done["cards"] >= 2
    assert all(card["evidence_sha256"] for card in cards)
    assert len(good(carrier.get("/seen-shops?state=suspected"))["items"]) == 2
    first = good(approver.get("/findings?state=open"))["items"][0]
    path = f"/findings/{first['id']}"
    confirmed = good(approver.post(f"{path}/confirm", "once", json={"version": first["version"]}))
    assert confirmed["state"] == "confirmed"
    again = approver.post(f"{path}/confirm", "once", json={"version": first["version"]})
    assert good(again)["state"] == "confirmed"
    assert again.headers["idempotency-replayed"] == "true"
    assert good(stranger.get("/findings"))["items"] == []
    assert stranger.get(path).status_code == 404
    assert carrier.post(f"{path}/dismiss", json={"reason": "x"}).status_code == 403


def test_keys_of_a_source_go_in_and_never_come_out(desks: Desks) -> None:
    carrier = Program(desks, "CT-44", Role.CHANNEL_MANAGER)
    with open_shop(rest_shop) as stand:
        given = {"name": "接口", "mapping": mapping(stand, "rest"), "secrets": {"rest": KEY}}
        made = carrier.post("/sources", json=given)

    assert good(made)["keys"] == ["rest"]
    listed = carrier.get("/sources").text
    assert KEY not in made.text + listed
    assert "secrets" not in listed
    assert rows_of(desks.manager, Finding) == []


@pytest.fixture
def channel(tmp_path: Path) -> Run:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        env = {
            "PATH": os.environ["PATH"],
            "LANG": "en_US.UTF-8",
            "CHANNEL_DATA": str(tmp_path / "var"),
            "CHANNEL_FETCH_ALLOWED_NETWORKS": "127.0.0.0/8",
            "CHANNEL_FETCH_PACE": "0",
        }
        command = [Path(sys.executable).parent / "channel", *words]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, env=env, timeout=60, cwd=tmp_path
        )

    return run


def test_a_mapping_file_is_tried_and_run_on_the_command_line(channel: Run, tmp_path: Path) -> None:
    register = [{"number": "X", "holder": "y", "shops": [{"platform": "lanhai", "shop": "s-1"}]}]
    (tmp_path / "register.json").write_text(json.dumps(register), "utf-8")
    with shop_open() as stand:
        (tmp_path / "shop.toml").write_text(mapping(stand), "utf-8")
        tried = channel("--json", "patrol", "source", "try", "shop.toml")
        ran = channel(
            "--json", "patrol", "run", "--source", "shop.toml", "--register", "register.json",
            "--out", "found.jsonl",
        )  # fmt: skip
        fetched = channel("--json", "patrol", "fetch", f"{stand.url}/shop/")

    assert (tried.returncode, ran.returncode, fetched.returncode) == (0, 0, 0), ran.stderr
    assert len(json.loads(tried.stdout)["listings"]) == 5
    assert json.loads(ran.stdout)["cases"] == 1
    lines = [json.loads(line) for line in (tmp_path / "found.jsonl").read_text().splitlines()]
    assert len(lines) == 7
    assert json.loads(fetched.stdout)["outcome"] == "stored"
    assert not (tmp_path / "var" / "channel.db").exists()


def test_what_goes_wrong_on_the_command_line_is_said_and_exits_1(
    channel: Run, tmp_path: Path
) -> None:
    (tmp_path / "bad.toml").write_text("platform = 3", "utf-8")

    blocked = channel("--json", "patrol", "fetch", "http://169.254.169.254/")
    bad = channel("patrol", "source", "try", "bad.toml")
    missing = channel("patrol", "source", "try", "nothing.toml")
    usage = channel("patrol", "run")

    assert (blocked.returncode, bad.returncode, missing.returncode) == (1, 1, 1)
    assert json.loads(blocked.stdout)["outcome"] == "blocked"
    assert "bad.toml" in bad.stderr
    assert "nothing.toml" in missing.stderr
    assert usage.returncode == 2


def test_plans_checklists_and_the_queue_are_worked_by_programs_and_people(desks: Desks) -> None:
    carrier = Program(desks, "CT-44", Role.CHANNEL_MANAGER)
    approver = Program(desks, "CT-44", Role.APPROVER)
    with shop_open(plain_cards) as stand:
        given = {"name": "蓝海", "mapping": mapping(stand)}
        source = good(carrier.post("/sources", json=given))
        own = {"name": "每月", "source_id": source["id"]}
        nobody = carrier.post("/plans", json=own)
        assert (nobody.status_code, nobody.json()["code"]) == (422, "plan.nobody")
        plan = add_plan(desks.manager, "每月", source["id"], PlanTerms(share=100))
        assert good(carrier.get("/plans"))["items"][0]["name"] == "每月"
        run = good(carrier.post(f"/plans/{plan.id}/run"))
        walked(desks.manager, rows_of(desks.manager, PatrolRun)[0])

    path = f"/runs/{run['id']}"
    assert good(carrier.get(path))["drawn"] == 2
    refused = carrier.post(f"{path}/hand-in", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "patrol.checks_open")
    for check in good(carrier.get(f"/checks?run_id={run['id']}"))["items"]:
        whole = good(carrier.get(f"/checks/{check['id']}"))
        assert set(whole["hints"]) == set(ITEMS)
        answers = dict.fromkeys(ITEMS, "good")
        filled = good(carrier.post(f"/checks/{check['id']}/fill", json={"answers": answers}))
        assert filled["done_at"]
    assert good(carrier.post(f"{path}/hand-in", json={}))["state"] == "submitted"
    (drawn,) = good(approver.get("/checks?to_review=true"))["items"]
    reviewed = {"answers": dict.fromkeys(ITEMS, "good")}
    assert good(approver.post(f"/checks/{drawn['id']}/review", json=reviewed))["reviewed_at"]

    first, second = good(approver.get("/queue"))["items"]
    assert first["risk"] >= second["risk"]
    assert good(approver.get("/queue/next"))["id"] == first["id"]
    assert good(approver.get(f"/queue/next?behind={first['id']}"))["id"] == second["id"]
    merging = {"ids": [second["id"]], "reason": "同一经营者"}
    good(approver.post(f"/findings/{first['id']}/merge", json=merging))
    assert len(good(approver.get("/queue"))["items"]) == 1
    assert good(approver.post(f"/findings/{second['id']}/unmerge"))["merged_into_id"] is None
    assert good(approver.get(f"/findings/{first['id']}/duplicates")) == []
    assert carrier.post(f"/findings/{first['id']}/merge", json=merging).status_code == 403
    assert good(carrier.get("/coverage"))[0]["drawn"] == 2
    assert good(carrier.get("/trend"))[0]["number"] == run["number"]
    paused = good(carrier.post(f"/plans/{plan.id}/pause", json={"reason": "改版"}))
    assert paused["pause_reason"] == "改版"
    assert good(carrier.post(f"/plans/{plan.id}/resume"))["paused_at"] is None


def test_plans_and_checklists_on_the_command_line(channel: Run, tmp_path: Path) -> None:
    assert channel("migrate").returncode == 0
    listed = channel("--json", "patrol", "plan", "list")
    assert (listed.returncode, json.loads(listed.stdout)) == (0, [])
    missing = channel("patrol", "plan", "pause", "没有", "--reason", "x")
    assert missing.returncode == 1
    hours = channel("patrol", "plan", "add", "夜", "--source", "x", "--hours", "night")
    assert hours.returncode == 2
    assert channel("patrol", "check", "PR-2026-000001").returncode == 1
    assert (tmp_path / "var").exists()
