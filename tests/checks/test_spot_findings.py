"""What comes of a failed check: a finding without a patrol goes the way of every other."""

from collections import Counter
from typing import Any

import pytest

from console.actions.cases.open import open_case
from console.actions.patrol.findings import confirm_finding, dismiss_finding, list_findings
from console.actions.patrol.packs import evidence_pack, finding_pack
from console.actions.patrol.triage import merge_findings, suggest_duplicates, triage
from console.desk import House
from integrations.evidence import check_pack
from models.channel.licences import Ground
from models.checks.orders import Route
from models.patrol.findings import Finding, FindingState
from models.patrol.shops import Shop
from models.permissions import Permission, Role
from models.rules import FindingKind
from tests.cases.programs import Program
from tests.cases.test_api import good
from tests.checks.spot_world import Scene, compared, scene
from tests.conftest import ONLY_SQLITE, Clock, Desks
from tests.pages import Console, shown


@pytest.fixture
def console(house: House, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(house, monkeypatch)


def failed(desks: Desks, clock: Clock, here: Scene, **changed: Any) -> Finding:  # noqa: ANN401
    """A check of the shop that failed, at least by this."""
    finding = compared(desks, clock, here, **changed).finding
    assert finding is not None
    clock.pass_(minutes=20)
    return finding


def test_it_goes_into_a_case_and_its_pack_holds_what_was_read(desks: Desks, clock: Clock) -> None:
    finding = failed(desks, clock, scene(desks), authority_compare_ref="")
    confirm_finding(desks.approver, finding.id)
    case = open_case(desks.manager, [finding.id])
    for made in (evidence_pack(desks.manager, case.id), finding_pack(desks.manager, finding.id)):
        assert made.path is not None
        assert check_pack(made.path) == []


def test_it_stands_in_the_queue_and_is_merged_like_any_other(desks: Desks, clock: Clock) -> None:
    here = scene(desks)
    first = failed(desks, clock, here, authority_compare_ref="")
    second = failed(desks, clock, here, handover_match=False)
    assert (first.kind, second.kind) == (
        FindingKind.SHIPPED_BEFORE_VERIFY, FindingKind.HANDOVER_MISMATCH,
    )  # fmt: skip
    assert len(triage(desks.approver).rows) == 2
    assert [one.finding.id for one in suggest_duplicates(desks.approver, first.id)] == [second.id]
    merge_findings(desks.approver, first.id, [second.id], "同一网店")
    dismissed = dismiss_finding(desks.approver, first.id, "经核对系笔误")
    assert dismissed.state is FindingState.FALSE_POSITIVE
    with desks.house.begin(Permission.SHOP_READ) as work:
        shops = Counter(one.shop_key for one in work.all(work.select(Shop)))
    assert set(shops.values()) == {1}  # the shop was made once


def test_a_shop_without_a_licence_is_found_by_its_ground(desks: Desks, clock: Clock) -> None:
    here = scene(desks)
    late = {"ordered_at": clock.at.replace(year=2026, month=2, day=20)}
    finding = failed(desks, clock, here, route=Route.A, **late)
    assert (finding.kind, finding.ground) == (FindingKind.NO_DELEGATION, Ground.NOT_BEGUN)


@ONLY_SQLITE
def test_programs_are_told_the_check_in_place_of_a_patrol(desks: Desks, clock: Clock) -> None:
    finding = failed(desks, clock, scene(desks), authority_compare_ref="")
    program = Program(desks, "CT-44", Role.CHANNEL_MANAGER)
    (told,) = good(program.get("/findings"))["items"]
    assert (told["id"], told["run_id"], told["check_id"]) == (
        str(finding.id), None, str(finding.check_id),
    )  # fmt: skip


@ONLY_SQLITE
def test_its_page_leads_to_the_check_and_not_to_a_patrol(
    desks: Desks, clock: Clock, console: Console
) -> None:
    finding = failed(desks, clock, scene(desks), authority_compare_ref="")
    page = shown(console.open("findings", desks.approver, id=str(finding.id)))
    assert "抽查时读卡比对后发现" in page
    assert list_findings(desks.regulator).rows[0].id == finding.id
