"""Cases and what hangs on them, as the large world has them: nothing stands where no move leads."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import ColumnElement
from sqlmodel import col, select

from console.actions.audit import verify
from console.actions.cases.notices.sending import send_notice
from console.actions.cases.open import open_case
from console.actions.oversight.pictures import picture
from console.actions.patrol.findings import confirm_finding
from console.desk import House
from models.base import Table
from models.cards.accountable import AccountablePerson
from models.cards.industry import IndustryBatch
from models.cards.monitoring import MonitoringRun, UsageFinding
from models.cards.purchasers import Purchaser
from models.cases.appeals import CaseAppeal, CaseAppealState
from models.cases.cases import ENDED, Case, CaseState
from models.cases.complaints import Complaint
from models.cases.hands import CaseHand
from models.cases.instructions import Instruction
from models.cases.measures import CaseMeasure, MeasureState
from models.cases.notices import Answer, Notice, NoticeState
from models.cases.rechecks import Recheck
from models.cases.rectifications import Rectification
from models.cases.tasks import CaseTask, Recovery, TaskState
from models.channel.imports import Counter
from models.checks.spot_checks import SpotCheck, SpotCheckPlan
from models.checks.test_purchases import TestPurchase as Purchase
from models.oversight.figures import Indicator
from models.patrol.findings import Finding, FindingState
from models.permissions import Permission
from tests.demo.conftest import at
from tests.pages import Console

_S = CaseState
DECIDED = {_S.DECIDED, _S.EXECUTING, _S.WAITING_RECHECK, _S.CLOSED, _S.APPEALED, _S.REVERSED}


def rows(house: House, table: type[Table], *conditions: ColumnElement[bool]) -> Sequence[Any]:
    with house.desk().begin(Permission.CASE_READ) as work:
        return work.session.exec(select(table).where(*conditions)).all()


def cases_in(house: House, *states: CaseState) -> set[Any]:
    """Of the bulk: those of the stories have deeds of their own."""
    return {one.id for one in rows(house, Case, col(Case.state).in_(states), of_bulk())}


def of_bulk() -> ColumnElement[bool]:
    return col(Case.facts).contains("示例") | col(Case.facts).in_([""])


def test_a_case_is_decided_exactly_where_its_state_says_so(world: House) -> None:
    for case in rows(world, Case, col(Case.state) != _S.TRANSFERRED):
        assert (case.decided_at is not None) == (case.state in DECIDED), case.reference
        assert (case.closed_at is not None) == (case.state in {_S.CLOSED, _S.REVERSED})
        if case.state is _S.CLOSED:
            assert case.due_at is None
        assert case.search_text


def test_a_closed_case_has_nothing_left_to_do_and_two_clean_looks_by_a_stranger(
    world: House,
) -> None:
    closed = cases_in(world, _S.CLOSED)
    assert closed
    left = rows(world, CaseTask, col(CaseTask.state) == TaskState.OPEN)
    assert not {one.case_id for one in left} & closed
    looks = [one for one in rows(world, Recheck) if one.case_id in closed]
    assert looks
    assert all(one.is_clean and one.done_at for one in looks)
    hands = {(one.case_id, one.user_id) for one in rows(world, CaseHand)}
    assert not {(one.case_id, one.done_by) for one in looks} & hands


def test_a_case_under_execution_waits_for_a_task_and_one_that_is_done_for_a_look(
    world: House,
) -> None:
    open_tasks = {
        one.case_id for one in rows(world, CaseTask, col(CaseTask.state) == TaskState.OPEN)
    }
    assert cases_in(world, _S.EXECUTING, _S.DECIDED) <= open_tasks
    waiting = cases_in(world, _S.WAITING_RECHECK)
    assert not waiting & open_tasks
    assert waiting <= {one.case_id for one in rows(world, Recheck, col(Recheck.done_at).is_(None))}


def test_what_an_upheld_appeal_took_back_is_lifted_and_its_findings_were_not_borne_out(
    world: House,
) -> None:
    reversed_ = cases_in(world, _S.REVERSED)
    upheld = rows(world, CaseAppeal, col(CaseAppeal.state) == CaseAppealState.UPHELD)
    assert reversed_ <= {one.case_id for one in upheld}
    measures = [one for one in rows(world, CaseMeasure) if one.case_id in reversed_]
    assert all(one.state is MeasureState.LIFTED for one in measures)
    findings = [one for one in rows(world, Finding) if one.case_id in reversed_]
    assert all(one.state is FindingState.IN_CASE for one in findings)


def test_a_notice_is_closed_with_its_case_and_its_moments_follow_one_another(world: House) -> None:
    states = {one.id: one.state for one in rows(world, Case)}
    notices = rows(
        world, Notice, col(Notice.case_id).is_not(None), col(Notice.sent_at).is_not(None)
    )
    assert notices
    for one in notices:
        assert (one.state is NoticeState.CLOSED) == (states[one.case_id] in ENDED), one.number
        moments = [one.sent_at, one.acknowledged_at, one.answered_at]
        there = [moment for moment in moments if moment]
        assert there == sorted(there), one.number
    answered = {one.id for one in notices if one.answered_at}
    assert answered <= {one.notice_id for one in rows(world, Answer)}


def test_cards_that_came_back_are_no_more_than_were_ordered_and_what_is_missing_has_a_reason(
    world: House,
) -> None:
    recoveries = rows(world, Recovery)
    assert recoveries
    for one in recoveries:
        assert 0 <= one.recovered <= one.ordered
        assert one.missing_why or one.recovered == one.ordered


def test_no_person_of_an_industry_card_is_kept_in_clear(world: House) -> None:
    persons = rows(world, AccountablePerson)
    assert persons
    for one in persons:
        assert one.document_sealed
        assert "DEMO" not in one.document_mask
        assert "*" in one.name_mask


def test_the_next_case_and_notice_go_on_behind_those_of_the_world(world: House) -> None:
    manager, approver = at(world, "chen.ming"), at(world, "li.hua")
    mine = manager.actor.organisation_id
    taken = {one.shop_id for one in rows(world, Case, col(Case.state).not_in(ENDED))}
    finding = next(
        one
        for one in rows(world, Finding, col(Finding.organisation_id) == mine)
        if one.state in {FindingState.OPEN, FindingState.CONFIRMED} and one.shop_id not in taken
    )
    if finding.state is FindingState.OPEN:
        confirm_finding(approver, finding.id, reason="属实")
    before = {one.reference for one in rows(world, Case)}
    assert open_case(manager, [finding.id]).reference not in before
    numbers = {one.number for one in rows(world, Notice)}
    for case in rows(world, Case, col(Case.state) == _S.DECIDED, of_bulk()):
        if case.organisation_id == mine:
            assert send_notice(manager, case.id).number not in numbers
    year = world.now().year
    (counted,) = rows(world, Counter, col(Counter.name) == f"cases:{year}")
    of_year = [one.reference for one in rows(world, Case) if f"-{year}-" in one.reference]
    assert max(of_year) == f"CASE-{year}-{counted.value:06}"


@pytest.mark.parametrize("login", ["gd.jianguan", "chen.ming", "lan.xin"])
def test_a_picture_has_a_value_for_every_indicator(world: House, login: str) -> None:
    seen = picture(at(world, login))
    assert seen.made_at is not None
    assert [one for one in Indicator if seen.now(one) is None] == []


def test_the_record_of_deeds_holds(world: House) -> None:
    assert verify(world.desk()).fault is None


PAGES = {
    "chen.ming": ("cases", "notices", "complaints", "rectifications", "instructions",
                  "test_purchases", "spot_checks", "spot_plans", "stock"),
    "li.hua": ("cases", "notices", "spot_checks"),
    "wu.tong": ("industry", "purchasers", "usage_findings", "monitoring"),
    "zhou.jie": ("spot_checks", "test_purchases"),
    "lan.xin": ("cases", "notices"),
    "gd.jianguan": ("cases", "notices", "complaints", "instructions", "spot_checks"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("login", "page"), [(login, page) for login, pages in PAGES.items() for page in pages]
)
def test_a_list_of_each_role_has_rows(
    world: House, monkeypatch: pytest.MonkeyPatch, login: str, page: str
) -> None:
    shown = Console(world, monkeypatch).open(page, at(world, login))
    assert len(shown.dataframe) > 0
    assert len(shown.dataframe[0].value) > 0


RECORDS = [
    ("chen.ming", "cases", Case), ("chen.ming", "notices", Notice),
    ("chen.ming", "complaints", Complaint), ("chen.ming", "rectifications", Rectification),
    ("chen.ming", "instructions", Instruction), ("chen.ming", "test_purchases", Purchase),
    ("chen.ming", "spot_checks", SpotCheck), ("chen.ming", "spot_plans", SpotCheckPlan),
    ("wu.tong", "industry", IndustryBatch), ("wu.tong", "purchasers", Purchaser),
    ("wu.tong", "usage_findings", UsageFinding), ("wu.tong", "monitoring", MonitoringRun),
    ("lan.xin", "cases", Case), ("lan.xin", "notices", Notice),
    ("gd.jianguan", "cases", Case), ("gd.jianguan", "notices", Notice),
    ("gd.jianguan", "spot_checks", SpotCheck),
]  # fmt: skip


@pytest.mark.parametrize(("login", "page", "table"), RECORDS)
def test_a_record_of_each_state_opens(
    world: House, monkeypatch: pytest.MonkeyPatch, login: str, page: str, table: type[Any]
) -> None:
    desk = at(world, login)
    with desk.begin(Permission.RULE_READ) as work:
        known = work.all(work.select(table).order_by(col(table.id)))
    by_state = {getattr(one, "state", None): one.id for one in known}
    assert by_state
    console = Console(world, monkeypatch)
    for row_id in by_state.values():
        assert console.open(page, desk, id=str(row_id)).title
