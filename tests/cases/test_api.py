"""Carriers and platforms work at their cases by programs of their own."""

from typing import Any
from uuid import UUID

import httpx
import pytest

from models.permissions import Role
from tests.cases.programs import Program
from tests.cases.world import PAPERS, PDF, PNG, REASON, REMEDY, found
from tests.conftest import Clock, Desks


def good(response: httpx.Response) -> Any:  # noqa: ANN401
    assert response.is_success, response.text
    return response.json()


@pytest.mark.requirement("004-3.3-c")
def test_the_whole_story_by_programs(desks: Desks, clock: Clock) -> None:
    carrier = Program(desks, "CT-44", Role.CHANNEL_MANAGER)
    approver = Program(desks, "CT-44", Role.APPROVER)
    second = Program(desks, "CT-44", Role.APPROVER)
    platform = Program(desks, "lanhai", Role.PLATFORM_OFFICER)
    stranger = Program(desks, "honghai", Role.PLATFORM_OFFICER)
    watcher = Program(desks, "CA-44", Role.REGULATOR)
    ids = [str(one) for one in found(desks).ids]

    case = good(carrier.post("/cases", json={"finding_ids": ids}))
    path = f"/cases/{case['id']}"
    record = good(carrier.get(path))
    assert record["wanted"] == ["notify_platform", "remove_shop", "trace_channel", "recover_cards"]
    measures = ["remove_shop", "trace_channel", "recover_cards"]
    plan = {"measures": measures, "reason": REASON, "remedy": REMEDY, "papers": PAPERS}
    early = carrier.post(f"{path}/propose", json=plan)
    assert (early.status_code, early.json()["code"]) == (409, "case.party_not_heard")
    heard = f"/case-parties/{record['parties'][0]['id']}/hear"
    good(carrier.post(heard, json={"statement": "店主拒绝说明货源"}))
    good(carrier.post(f"{path}/trace", json={}))
    why_not = {"why_not": "no_card", "reason": "未能购得样卡，无卡号可以核查"}
    good(carrier.post(f"{path}/trace/give-up", json=why_not))
    good(carrier.post(f"{path}/propose", json=plan))
    refused = carrier.post(f"{path}/approve")
    assert (refused.status_code, refused.json()["code"]) == (403, "case.same_person")
    good(approver.post(f"{path}/approve"))
    assert good(platform.get("/notices"))["items"] == []
    notice = good(carrier.post(f"{path}/send"))
    assert notice["state"] == "sent"
    assert [one["id"] for one in good(platform.get("/notices"))["items"]] == [notice["id"]]
    assert good(stranger.get("/notices"))["items"] == []
    assert stranger.get(f"/notices/{notice['id']}").status_code == 404
    good(platform.post(f"/notices/{notice['id']}/acknowledge"))
    answered = good(
        platform.post(
            f"/notices/{notice['id']}/answer",
            data={"outcome": "removed", "words": "已清理"},
            files=[("proofs", ("前.png", PNG)), ("proofs", ("后.pdf", PDF))],
        )
    )
    assert [one["media_type"] for one in answered["proofs"]] == ["image/png", "application/pdf"]
    assert watcher.post(f"{path}/recheck", json={"clean": True, "reason": "x"}).status_code == 403
    none = {"ordered": 0, "recovered": 0, "missing_why": "无卡号，未收回电话卡"}
    good(carrier.post(f"{path}/recovery", json=none))
    assert {one["state"] for one in good(carrier.get(path))["tasks"]} == {"done"}
    clean = {"clean": True, "reason": "未再发现"}
    assert good(second.post(f"{path}/recheck", json=clean))["state"] == "waiting_recheck"
    early = second.post(f"{path}/recheck", json=clean)
    assert (early.status_code, early.json()["code"]) == (409, "case.recheck_too_early")
    clock.pass_(days=30)
    good(second.post(f"{path}/recheck", json=clean))
    seen = good(watcher.get(path))
    assert (seen["state"], seen["notices"][0]["answers"][0]["outcome"]) == ("closed", "removed")
    assert good(watcher.get("/cases?state=closed&q=000001"))["items"][0]["id"] == case["id"]


def told(desks: Desks) -> tuple[Program, str]:
    from tests.cases.world import sent

    return Program(desks, "lanhai", Role.PLATFORM_OFFICER), f"/notices/{sent(desks).id}/answer"


def test_an_answer_sent_again_under_its_key_counts_once_whatever_its_boundary(
    desks: Desks,
) -> None:
    platform, path = told(desks)
    answer: dict[str, Any] = {"data": {"outcome": "removed"}, "files": [("proofs", ("a.png", PNG))]}
    first = platform.post(path, once="k1", **answer)
    again = platform.post(path, once="k1", **answer)
    other = platform.post(path, once="k1", data={"outcome": "kept", "words": "x"})

    assert good(first)["proofs"] == good(again)["proofs"]
    assert first.request.headers["content-type"] != again.request.headers["content-type"]
    assert again.headers["idempotency-replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (409, "api.key_reused")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_answer_that_cannot_be_right_names_what_is_wrong(desks: Desks) -> None:
    platform, path = told(desks)
    html = ("网页.png", b"<html>")
    wrong = platform.post(path, data={"outcome": "removed"}, files=[("proofs", html)])
    unknown = platform.post(path, data={"outcome": "ignored"})
    no_file = platform.post(path, data={"outcome": "removed", "proofs": "text"})
    broken = platform.post(
        path, content=b"x", headers={"content-type": "multipart/form-data; boundary=y"}
    )

    assert (wrong.status_code, wrong.json()["facts"]) == (422, {"name": "网页.png"})
    assert "网页.png" in wrong.json()["message"]
    assert "outcome" in unknown.json()["facts"]["fields"]
    assert no_file.json()["facts"] == {"fields": "proofs"}
    assert broken.status_code in {400, 422}
    bare = platform.visitor.post(path, headers={"authorization": f"Bearer {platform.key}"})
    assert bare.status_code == 422
    assert platform.get(f"/notices/{UUID(int=0)}").status_code == 404
