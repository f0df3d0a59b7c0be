"""Notices by programs: written, asked, sent in bulk, and answered by many at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlmodel import select

from console.actions.cases.notices.threads import thread_record
from console.actions.staff.people import add_client
from integrations.evidence import check_pack
from models.cases.cases import Case, CaseState
from models.cases.notices import Answer, Notice, NoticeState, Proof
from models.channel.licences import Ground
from models.patrol.findings import FindingState
from models.patrol.shops import Shop, ShopState
from models.permissions import Permission, Role
from models.rules import FindingKind, Tier
from tests.cases.programs import Program
from tests.cases.threads import found_by_platform
from tests.cases.world import PNG, all_else_proven, decided, found, opened, row, sent
from tests.channel.stories import licensed
from tests.conftest import Desks
from tests.serving import served

MANY = 50


def good(response: httpx.Response) -> Any:  # noqa: ANN401
    assert response.is_success, response.text
    return response.json()


@pytest.mark.requirement("004-3.3-j")
@pytest.mark.parametrize("keys", ["one", "many"])
def test_fifty_equal_answers_at_the_same_moment_have_one_effect(desks: Desks, keys: str) -> None:
    notice = sent(desks)
    assert notice.case_id is not None
    all_else_proven(desks, notice.case_id)
    _, key = add_client(
        desks.security, organisation="lanhai", name="lanhai erp", roles=[Role.PLATFORM_OFFICER]
    )
    with served(desks.house.house) as base, httpx.Client(timeout=120) as client:

        def give(at: int) -> httpx.Response:
            return client.post(
                f"{base}/api/v1/notices/{notice.id}/answer",
                headers={
                    "authorization": f"Bearer {key}",
                    "idempotency-key": "k" if keys == "one" else f"k-{at}",
                },
                data={"outcome": "removed", "words": "已清理"},
                files=[("proofs", ("后.png", PNG))],
            )

        with ThreadPoolExecutor(MANY) as crowd:
            told = list(crowd.map(give, range(MANY)))

    assert {one.status_code for one in told} == {200}, [one.text for one in told[:3]]
    assert {(one.json()["state"], len(one.json()["answers"])) for one in told} == {("answered", 1)}
    with desks.house.begin(Permission.CASE_READ) as work:
        assert len(work.session.exec(select(Answer)).all()) == 1
        assert len(work.session.exec(select(Proof)).all()) == 1
    case = row(desks, Case, notice.case_id)
    assert case.state is CaseState.WAITING_RECHECK
    assert row(desks, Shop, case.shop_id).state is ShopState.REMOVED
    got = row(desks, Notice, notice.id)
    assert (got.state, got.version) == (NoticeState.ANSWERED, notice.version + 2)


@pytest.mark.requirement("004-3.3-n")
def test_a_report_by_programs_of_both_sides(desks: Desks) -> None:
    agent, _, _ = licensed(desks)
    platform = Program(desks, "lanhai", Role.PLATFORM_OFFICER)
    carrier = Program(desks, "CT-44", Role.CHANNEL_MANAGER)
    finding = found_by_platform(
        desks, kind=FindingKind.SCOPE_EXCEEDED, ground=Ground.OUT_OF_SCOPE, tier=Tier.GENERAL
    ).findings[0]
    body = {"kind": "report", "words": "超范围销售", "finding_id": str(finding.id)}
    draft = good(platform.post("/notices", json=body))
    assert (draft["state"], draft["agent_id"]) == ("draft", str(agent.id))
    assert carrier.get(f"/notices/{draft['id']}").status_code == 404
    path = f"/notices/{draft['id']}"
    good(platform.post(f"{path}/edit", json={"subject": "通报", "body": "请处理"}))
    assert good(platform.post(f"{path}/send", json={}))["state"] == "sent"
    assert [
        one["id"] for one in good(carrier.get("/notices?direction=in&kind=report"))["items"]
    ] == [draft["id"]]
    assert good(carrier.get("/notices?direction=out"))["items"] == []
    good(carrier.post(f"{path}/acknowledge"))
    good(carrier.post(f"{path}/messages", json={"text": "已转渠道部"}))
    good(carrier.post(f"{path}/answer", data={"outcome": "kept", "words": "证据不足"}))
    again = good(platform.post(f"{path}/ask-again", json={"text": "证据见证据包"}))
    assert again["state"] == "acknowledged"
    answered = good(carrier.post(f"{path}/answer", data={"outcome": "acted", "words": "已约谈"}))
    assert [one["outcome"] for one in answered["answers"]] == ["kept", "acted"]
    assert [one["text"] for one in answered["messages"]] == ["已转渠道部", "证据见证据包"]
    assert good(platform.post(f"{path}/close"))["state"] == "closed"
    late = good(carrier.post(f"{path}/answer", data={"outcome": "acted", "words": "并已整改"}))
    assert (late["state"], late["answers"][-1]["is_late"]) == ("closed", True)


def test_several_carriers_are_asked_by_one_call(desks: Desks) -> None:
    carrier = Program(desks, "CT-44", Role.CHANNEL_MANAGER)
    other = Program(desks, "CU-44", Role.CHANNEL_MANAGER)
    finding = found(desks, state=FindingState.OPEN).findings[0]
    body = {"finding_id": str(finding.id), "words": "核实委托"}
    (made,) = good(carrier.post("/notices/inquiries", once="q", json=body))
    (same,) = good(carrier.post("/notices/inquiries", once="q", json=body))
    assert same["id"] == made["id"]
    refused = other.post(f"/notices/{made['id']}/answer", data={"outcome": "removed", "words": "x"})
    assert refused.status_code == 422
    good(other.post(f"/notices/{made['id']}/answer", data={"outcome": "not_ours"}))
    assert row(desks, Shop, finding.shop_id).state is ShopState.UNLICENSED


def test_bulk_sending_says_of_each_case_what_became_of_it(desks: Desks) -> None:
    carrier = Program(desks, "CT-44", Role.CHANNEL_MANAGER)
    ready, early = decided(desks), opened(desks, shop_no=2)
    body = {"case_ids": [str(ready.id), str(early.id)]}
    first = good(carrier.post("/notices/bulk", once="b", json=body))
    again = good(carrier.post("/notices/bulk", once="b", json=body))

    assert [one["case_id"] for one in first] == body["case_ids"]
    assert first[0]["notice"]["state"] == "sent"
    assert first[1]["refusal"]["code"] == "notice.not_decided"
    assert again[0]["notice"]["id"] == first[0]["notice"]["id"]


def test_the_evidence_of_a_notice_is_handed_to_its_two_sides_by_their_keys(
    desks: Desks, tmp_path: Path
) -> None:
    notice = sent(desks)
    officer = Program(desks, "lanhai", Role.PLATFORM_OFFICER)
    response = officer.get(f"/notices/{notice.id}/pack")
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/zip"
    (tmp_path / "pack.zip").write_bytes(response.content)
    assert check_pack(tmp_path / "pack.zip") == []
    assert f'filename="{notice.number}.zip"' in response.headers["content-disposition"]
    path = f"/notices/{notice.id}/pack"
    assert Program(desks, "CT-44", Role.CHANNEL_MANAGER).get(path).status_code == 200
    assert Program(desks, "CU-44", Role.CHANNEL_MANAGER).get(path).status_code == 404
    assert Program(desks, "CA-44", Role.REGULATOR).get(path).status_code == 403
    assert Program(desks, "CT-44", Role.PRIVACY_OFFICER).get(path).status_code == 403
    deeds = [one.deed for one in thread_record(desks.manager, notice.id).history]
    assert deeds.count("evidence.packed") == 2
