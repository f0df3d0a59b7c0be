"""Rectification notices by programs, and their files by people."""

import json
from uuid import uuid4

import pytest

from console.web import files
from console.web.site import Site
from models.permissions import Role
from tests.browser import Visitor, web_app
from tests.cases.rectify import by_paper, issued, kept_issues, submitted
from tests.cases.test_api import Program, good
from tests.cases.test_files import as_, last_deed
from tests.cases.world import PDF, PNG
from tests.conftest import Desks

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
NOTICE = {
    "subject": "网店亮标",
    "unit": "lanhai",
    "tier": "general",
    "issues": [{"what": "未展示标识", "rule": "004-3.1-e"}],
}


def test_programs_issue_answer_and_close_a_notice(desks: Desks) -> None:
    carrier = Program(desks, "CT-44", Role.CHANNEL_MANAGER)
    approver = Program(desks, "CT-44", Role.APPROVER)
    platform = Program(desks, "lanhai", Role.PLATFORM_OFFICER)
    row = good(carrier.post("/rectifications", json=NOTICE))
    path = f"/rectifications/{row['id']}"
    assert platform.get(path).status_code == 404
    redrafted = {**NOTICE, "subject": "亮标", "version": row["version"]}
    row = good(carrier.post(f"{path}/redraft", json=redrafted))
    stale = carrier.post(f"{path}/issue", json={"version": row["version"] - 1})
    assert (stale.status_code, stale.json()["code"]) == (409, "channel.changed_meanwhile")
    row = good(carrier.post(f"{path}/issue", json={"version": row["version"]}))
    assert row["number"] == "RCT-2026-000001"
    good(platform.post(f"{path}/acknowledge"))
    said = json.dumps([{"number": 1, "done": "已改正", "file": "after.png"}])
    sent = {"data": {"answers": said}, "files": [("files", ("after.png", PNG, "image/png"))]}
    first = good(platform.post(f"{path}/submit", once="k-1", **sent))
    assert first["state"] == "submitted"
    again = platform.post(f"{path}/submit", once="k-1", **sent)
    assert again.status_code in {200, 409}
    bad = approver.post(f"{path}/recheck", json={"version": 0, "verdicts": []})
    assert bad.status_code == 422
    verdict = {"version": first["version"], "verdicts": [{"number": 1, "is_good": True}]}
    assert carrier.post(f"{path}/recheck", json=verdict).status_code == 403
    assert good(approver.post(f"{path}/recheck", json=verdict))["state"] == "closed"
    listed = good(platform.get("/rectifications?side=received&state=closed"))
    assert [one["number"] for one in listed["items"]] == ["RCT-2026-000001"]
    assert good(carrier.get(path))["issues"][0]["is_good"] is True


def test_programs_ask_for_time_remind_and_report(desks: Desks) -> None:
    carrier = Program(desks, "CT-44", Role.CHANNEL_MANAGER)
    approver = Program(desks, "CT-44", Role.APPROVER)
    platform = Program(desks, "lanhai", Role.PLATFORM_OFFICER)
    row = issued(desks)
    path = f"/rectifications/{row.id}"
    told = {"version": row.version, "delivery": "mail", "proof": "发至合规邮箱"}
    assert good(carrier.post(f"{path}/remind", json=told))["state"] == "issued"
    good(platform.post(f"{path}/acknowledge"))
    asked = good(
        platform.post(f"{path}/extensions", json={"until": "2026-03-25", "reason": "更换模板"})
    )
    waiting = good(approver.get("/extensions?state=asked"))["items"]
    assert [one["id"] for one in waiting] == [asked["id"]]
    granted = approver.post(
        f"/extensions/{asked['id']}/decide", json={"grant": True, "answer": "同意"}
    )
    assert good(granted)["state"] == "granted"
    assert good(platform.get(f"/extensions/{asked['id']}"))["answer"] == "同意"
    now = good(carrier.get(path))
    early = {"version": now["version"], "reason": "x"}
    assert approver.post(f"{path}/escalate", json=early).status_code == 409
    receipt = {"version": now["version"], "receipt": "收 1"}
    assert (
        carrier.post(f"{path}/report", json=receipt).json()["code"] == "rectification.not_ordered"
    )
    wrong = platform.post(f"{path}/submit", data={"answers": "[[["})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "api.invalid")


def test_files_of_a_notice_leave_the_house_on_record_and_to_its_two_sides(desks: Desks) -> None:
    site = Site.of(desks.house.house)
    visitor = Visitor(web_app(site, files.routes(site)))
    sent = submitted(desks)
    issue = kept_issues(desks, sent.id)[0]
    for reader in (desks.platform, desks.inspector, desks.regulator):
        got = as_(visitor, reader).get(f"/files/rectification-issues/{issue.id}")
        assert (got.status_code, got.content) == (200, PNG)
    assert last_deed(desks).deed in {"rectification.file_taken", "record.seen"}
    assert got.headers["content-disposition"].startswith("attachment")
    for address in (
        f"/files/rectification-issues/{issue.id}",
        f"/files/rectifications/{sent.id}.pdf",
    ):
        assert as_(visitor, desks.other_platform).get(address).status_code == 404
        assert as_(visitor, None).get(address).status_code in {303, 401, 403}
    visitor = as_(visitor, desks.platform)
    assert visitor.get(f"/files/rectifications/{sent.id}.pdf").content.startswith(b"%PDF")
    for gone in (
        f"/files/rectification-issues/{issue.id}?round=9",
        f"/files/rectification-issues/{issue.id}?round=x",
        f"/files/rectification-issues/{uuid4()}",
        f"/files/rectifications/{sent.id}/receipt",
    ):
        assert visitor.get(gone).status_code == 404
    on_paper = by_paper(desks.manager, issued(desks, unit_name="城南营业厅"))
    visitor = as_(visitor, desks.manager)
    assert visitor.get(f"/files/rectifications/{on_paper.id}/receipt").content == PDF
