"""What waits on whose list: the next step of batches and findings, for exactly who may take it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col

from console.actions.cards.industry.agreements import file_agreement
from console.actions.cards.industry.findings import (
    Report,
    confirm_usage_finding,
    report_finding,
)
from console.actions.cards.industry.ordering import restrict
from console.actions.cards.industry.purchasers import file_licence
from console.actions.cards.industry.reviews import reassess_batch
from console.actions.cases.late import sweep_deadlines
from console.actions.waiting import WorkState
from console.actions.work import work_items
from console.desk import Desk
from console.i18n import Language, texts
from models.cards.industry import BatchState, IndustryBatch
from models.permissions import Permission
from models.rules import FindingKind, china_day
from tests.cards.test_counts import ordered
from tests.cards.used import DAY, Used, planted
from tests.cards.world import AGREEMENT, BUYER, answers, in_use
from tests.cases.world import PDF, PNG
from tests.conftest import Clock, Desks

OURS = ("usage_finding", "industry")


def waiting(desk: Desk) -> list[tuple[str, str]]:
    found = [one for one in work_items(desk) if one.kind.startswith(OURS)]
    assert all(f"work.{one.kind}" in texts(Language.ZH) for one in found)
    return sorted((one.kind, one.title) for one in found)


def change(desks: Desks, used: Used, **values: object) -> None:
    with desks.house.begin(Permission.INDUSTRY_EDIT) as work:
        work.session.exec(
            update(IndustryBatch).where(col(IndustryBatch.id) == used.id).values(**values)
        )
        work.no_deed()


def test_a_finding_waits_for_a_look_by_another_and_then_for_who_acts(desks: Desks) -> None:
    used = planted(desks)
    report = Report(FindingKind.IOT_SCOPE_BREACH, DAY, "群发短信", "公安局")
    finding = report_finding(desks.iot, used.id, report)
    assert waiting(desks.approver) == [("usage_finding_look", finding.number)]
    everybody = (desks.iot, desks.manager, desks.auditor, desks.regulator, desks.other_approver)
    assert [waiting(desk) for desk in everybody] == [[]] * 5
    confirm_usage_finding(desks.approver, finding.id)
    assert waiting(desks.iot) == [("usage_finding_act", finding.number)]
    assert waiting(desks.manager) == [("usage_finding_act", finding.number)]
    assert not waiting(desks.approver)
    ordered(desks, used)
    assert waiting(desks.iot), "an order for something else is none for this"


def test_a_confirmed_finding_waits_no_more_once_an_order_came_of_it(desks: Desks) -> None:
    used = planted(desks)
    report = Report(FindingKind.IOT_SCOPE_BREACH, DAY, "群发短信", "公安局")
    finding = report_finding(desks.iot, used.id, report)
    confirm_usage_finding(desks.approver, finding.id)
    ordered(desks, used, findings=[str(finding.id)])
    assert not [one for one in waiting(desks.manager) if one[0] == "usage_finding_act"]


def test_each_batch_waits_for_the_manager_or_for_who_assesses_it(desks: Desks) -> None:
    steps = (
        BatchState.DRAFT, BatchState.APPROVED, BatchState.CONTRACTED, BatchState.REGISTERED,
    )  # fmt: skip
    made = [planted(desks, at, state=state) for at, state in enumerate(steps, 1)]
    submitted = planted(desks, 9, state=BatchState.PURCHASER_REVIEW)
    change(desks, submitted, submitted_by=desks.iot.actor.id)
    assert waiting(desks.iot) == sorted(
        (f"industry_{state.value}", used.batch.number)
        for state, used in zip(steps, made, strict=True)
    )
    assert waiting(desks.approver) == [("industry_assess", submitted.batch.number)]
    change(desks, submitted, submitted_by=desks.approver.actor.id)
    assert not waiting(desks.approver)


def test_an_assessment_that_ends_soon_waits_for_who_did_not_submit_the_batch(
    desks: Desks, clock: Clock
) -> None:
    used = planted(desks)
    change(desks, used, reassess_on=china_day(clock.at) + timedelta(days=1))
    assert not sweep_deadlines(desks.house)
    clock.pass_(days=1)
    assert sweep_deadlines(desks.house) == 1
    (item,) = [one for one in work_items(desks.approver) if one.kind == "industry_reassess"]
    assert (item.title, item.state) == (used.batch.number, WorkState.DUE)
    clock.pass_(days=40)
    sweep_deadlines(desks.house)
    (item,) = [one for one in work_items(desks.approver) if one.kind == "industry_reassess"]
    assert item.state is WorkState.OVERDUE
    change(desks, used, submitted_by=desks.approver.actor.id)
    assert not waiting(desks.approver)


@pytest.mark.requirement("004-2.3-c")
def test_a_batch_that_is_fit_for_use_no_more_waits_for_who_orders(
    desks: Desks, clock: Clock
) -> None:
    def unfit() -> list[str]:
        others = waiting(desks.approver) + waiting(desks.other_manager)
        assert "industry_unfit" not in {kind for kind, _ in others}
        return [title for kind, title in waiting(desks.iot) if kind == "industry_unfit"]

    batch = in_use(desks)
    assert unfit() == []
    reassess_batch(desks.approver, batch.id, answers(resale="distributor"), "转售")
    assert unfit() == [batch.number]
    with desks.house.begin(Permission.CARD_ORDER) as work:
        restrict(work, work.get(IndustryBatch, batch.id), "IO-1")
    assert unfit() == [batch.number]
    reassess_batch(desks.approver, batch.id, answers())
    assert unfit() == []
    clock.at = datetime(2029, 2, 28, 4, tzinfo=UTC)
    assert unfit() == [], "the agreement's last day"
    clock.pass_(days=1)
    assert unfit() == [batch.number]
    file_agreement(desks.iot, batch.id, replace(AGREEMENT, valid_until=None), "续签.pdf", PDF)
    assert unfit() == []
    clock.at = datetime(2036, 1, 1, 4, tzinfo=UTC)
    assert unfit() == [batch.number], "the licence"
    file_licence(desks.iot, batch.purchaser_id, "执照.png", PNG, licence_name=BUYER, until=None)
    assert unfit() == []
