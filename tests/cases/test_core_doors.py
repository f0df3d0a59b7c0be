"""The case core by API: parties, tiers, what is stopped at once, tasks, owners, mergers."""

from models.cases.tasks import TaskKind
from models.permissions import Role
from models.rules import FindingKind, Tier
from tests.cases.core import tasks
from tests.cases.test_api import Program, good
from tests.cases.world import PAPERS, PNG, REASON, REMEDY, established, found, opened
from tests.conftest import Desks

WHY = {"reason": "主动改正"}


def test_what_is_done_about_a_case_is_done_by_programs_too(desks: Desks) -> None:
    carrier = Program(desks, "CT-44", Role.CHANNEL_MANAGER)
    approver = Program(desks, "CT-44", Role.APPROVER)
    platform = Program(desks, "lanhai", Role.PLATFORM_OFFICER)
    case = opened(desks, kind=FindingKind.SECONDARY_RESALE)
    path = f"/cases/{case.id}"
    party = {"role": "other", "name": "供货人", "nature": "故意"}
    added = good(carrier.post(f"{path}/parties", json=party, once="p1"))
    again = good(carrier.post(f"{path}/parties", json=party, once="p1"))
    ids = [one["id"] for one in added["parties"]]
    assert [one["name"] for one in again["parties"]] == [one["name"] for one in added["parties"]]
    good(carrier.post(f"/case-parties/{ids[1]}/hear", json={"statement": "不承认"}))
    good(carrier.post(f"{path}/shares", json={"shares": {ids[0]: 70, ids[1]: 30}}))
    assert {one["share"] for one in good(carrier.get(path))["parties"]} == {70, 30}
    good(carrier.post(f"/case-parties/{ids[1]}/remove", json={"reason": "无关"}))

    stop = {"measures": ["suspend_cards"], "reason": REASON, "remedy": REMEDY, "papers": PAPERS}
    good(carrier.post(f"{path}/stop", json=stop))
    (task,) = tasks(desks, case.id, TaskKind.BY_HAND)
    colleague = {"user_id": str(desks.manager.actor.id)}
    good(carrier.post(f"/case-tasks/{task.id}/assignee", json=colleague))
    refused = carrier.post(f"/case-tasks/{task.id}/do", data={"words": "已停机"})
    done = carrier.post(
        f"/case-tasks/{task.id}/do", data={"words": "已停机"}, files={"proof": ("a.png", PNG)}
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "paper.needed")
    assert good(done)["state"] == "done"
    assert approver.post(f"/case-tasks/{task.id}/waive", json=WHY).status_code == 409
    assert platform.post(f"{path}/stop", json=stop).status_code == 403
    lift = {"measures": ["suspend_cards"]} | WHY
    own = carrier.post(f"{path}/lift", json=lift)
    assert (own.status_code, own.json()["code"]) == (403, "case_lifting.same_person")
    lifted = good(approver.post(f"{path}/lift", json=lift, once="l1"))
    assert good(approver.post(f"{path}/lift", json=lift, once="l1"))["id"] == lifted["id"]
    assert len(tasks(desks, case.id, TaskKind.RESTORE)) == 1


def test_tiers_owners_and_mergers_by_program(desks: Desks) -> None:
    carrier = Program(desks, "CT-44", Role.CHANNEL_MANAGER)
    approver = Program(desks, "CT-44", Role.APPROVER)
    case = opened(desks, kind=FindingKind.SCOPE_EXCEEDED, tier=Tier.GENERAL)
    path = f"/cases/{case.id}"
    good(carrier.post(f"{path}/raise", json={"tier": "serious"} | WHY))
    good(carrier.post(f"{path}/lower", json={"tier": "minor"} | WHY))
    own = carrier.post(f"{path}/tier-decision", json={"granted": True} | WHY)
    lowered = good(approver.post(f"{path}/tier-decision", json={"granted": True} | WHY))
    assert (own.status_code, own.json()["code"]) == (403, "case_tier.same_person")
    assert (lowered["tier"], lowered["tier_basis"]) == ("minor", "lowered")

    four = opened(desks, kind=FindingKind.CARD_RAISING, shop_no=2)
    no = carrier.post(f"/cases/{four.id}/lower", json={"tier": "minor"} | WHY)
    assert (no.status_code, no.json()["code"]) == (403, "case_tier.mandatory")

    established(desks, four)
    similar = good(carrier.get(f"/cases/{four.id}/similar"))
    assert [(one["reference"], one["why"]) for one in similar] == [(case.reference, ["same_name"])]
    new = found(desks, shop_no=3)
    before = good(carrier.get(f"/similar-cases?finding_id={new.ids[0]}"))
    assert [one["why"] for one in before] == [["same_name"], ["same_name"]]
    good(carrier.post(f"/cases/{four.id}/merge", json={"case_ids": [str(case.id)]} | WHY))
    assert good(carrier.get(path))["merged_into_id"] == str(four.id)
    assert good(carrier.post(f"{path}/unmerge", json=WHY))["merged_into_id"] is None
    owner = {"user_id": str(desks.approver.actor.id)}
    nobody = carrier.post(f"{path}/owner", json=owner)
    assert (nobody.status_code, nobody.json()["code"]) == (422, "case.nobody_for_it")
