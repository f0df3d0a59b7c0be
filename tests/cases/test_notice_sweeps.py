"""Notices by the clock: reminded, escalated with the ground for the regulator, and ended."""

import pytest

from console.actions.cases.extensions import ask_extension, decide_extension
from console.actions.cases.lists import case_record
from console.actions.cases.notices.answers import acknowledge, answer
from console.actions.cases.notices.sweeps import (
    close_ended,
    escalate_notices,
    remind_notices,
    sweep_notices,
)
from console.actions.cases.notices.threads import thread_record
from models.cases.cases import Case, CaseState
from models.cases.measures import Measure
from models.cases.notices import AnswerOutcome, Notice, NoticeState
from models.channel.licences import Ground
from models.patrol.shops import Shop, ShopState
from models.permissions import Permission
from models.refusals import NotFound
from models.rules import FindingKind, Tier, china_day
from tests.cases.threads import inquired
from tests.cases.world import found, removed, row, sent
from tests.conftest import Clock, Desks


def test_a_notice_is_reminded_once_for_each_due_moment(desks: Desks, clock: Clock) -> None:
    notice = sent(desks)  # Monday noon: acknowledged by the end of Tuesday, answered of Thursday
    assert remind_notices(desks.house) == 0
    clock.pass_(days=2)
    assert remind_notices(desks.house) == 1
    acknowledge(desks.platform, notice.id)
    assert remind_notices(desks.house) == 0
    clock.pass_(days=2)
    assert remind_notices(desks.house) == 1
    clock.pass_(days=2)
    assert remind_notices(desks.house) == 0
    assert row(desks, Notice, notice.id).reminders == 2


@pytest.mark.requirement("004-3.4-f")
def test_a_shop_left_standing_goes_to_the_administrations_two_working_days_later(
    desks: Desks, clock: Clock
) -> None:
    notice = sent(desks)
    acknowledge(desks.platform, notice.id)
    clock.pass_(days=4.4)  # Friday evening: overdue since midnight, Thursday was the last day
    assert escalate_notices(desks.house) == 0
    clock.pass_(days=3)  # Monday: the second working day
    assert escalate_notices(desks.house) == 0
    clock.pass_(days=0.6)
    assert escalate_notices(desks.house) == 1
    assert escalate_notices(desks.house) == 0
    got = row(desks, Notice, notice.id)

    assert got.escalated_at == clock.at
    assert got.escalated_ground == "platform_allowed_unlicensed"
    case = row(desks, Case, notice.case_id)
    assert row(desks, Shop, case.shop_id).state is ShopState.ESCALATED
    record = case_record(desks.regulator, case.id)
    assert record.notices[0].notice.escalated_ground == got.escalated_ground
    assert "notice.escalated" in {one.deed for one in record.history}
    with pytest.raises(NotFound):
        case_record(desks.other_regulator, case.id)
    removed(desks, notice)
    assert row(desks, Shop, case.shop_id).state is ShopState.REMOVED


@pytest.mark.requirement("004-3.4-g")
def test_an_agents_violation_that_was_not_stopped_has_the_other_ground(
    desks: Desks, clock: Clock
) -> None:
    notice = sent(
        desks, Measure.CORRECT, kind=FindingKind.SCOPE_EXCEEDED, ground=Ground.OUT_OF_SCOPE,
        tier=Tier.GENERAL, shop_state=ShopState.LICENSED,
    )  # fmt: skip
    answer(desks.platform, notice.id, AnswerOutcome.KEPT, "店铺称已获授权")
    clock.pass_(days=9)
    assert escalate_notices(desks.house) == 1
    got = row(desks, Notice, notice.id)
    assert (got.state, got.escalated_ground) == (
        NoticeState.ANSWERED,
        "platform_failed_to_stop",
    )
    assert row(desks, Case, notice.case_id).tier is Tier.SERIOUS


def test_who_acts_or_asks_for_more_is_not_escalated(desks: Desks, clock: Clock) -> None:
    acted, asks, waits = (sent(desks, shop_no=no) for no in (1, 2, 3))
    removed(desks, acted)
    answer(desks.platform, asks.id, AnswerOutcome.MORE_WANTED, "请补充截图")
    assert waits.answer_due_at is not None
    asked = ask_extension(
        desks.platform, "Notice", waits.id, china_day(waits.answer_due_at), "需时"
    )
    decide_extension(desks.approver, asked.id, grant=True, answer="同意")
    (inquiry,) = inquired(desks, found(desks, shop_no=4).ids[0], "CU-44")
    clock.pass_(days=7.6)
    assert escalate_notices(desks.house) == 0
    clock.pass_(days=7)
    assert escalate_notices(desks.house) == 1
    assert row(desks, Notice, waits.id).escalated_at == clock.at
    assert row(desks, Notice, inquiry.id).escalated_at is None


@pytest.mark.parametrize("state", [CaseState.CLOSED, CaseState.REVERSED, CaseState.TRANSFERRED])
def test_threads_end_with_their_case(desks: Desks, clock: Clock, state: CaseState) -> None:
    notice, other = sent(desks), sent(desks, shop_no=2)
    acknowledge(desks.platform, notice.id)
    with desks.house.begin(Permission.CASE_SEND) as work:
        work.session.get_one(Case, notice.case_id).state = state
        work.record("case.planted", work.session.get_one(Case, notice.case_id))
    clock.pass_(days=30)
    assert close_ended(desks.house) == 1
    assert row(desks, Notice, notice.id).state is NoticeState.CLOSED
    assert row(desks, Notice, other.id).state is NoticeState.SENT
    assert sweep_notices(desks.house) == 2  # the other is reminded, and escalated
    assert sweep_notices(desks.house) == 0
    assert thread_record(desks.platform, notice.id).notice.escalated_at is None


def test_a_sweep_of_many_notices_takes_them_in_parts(
    desks: Desks, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.actions.batches.AT_ONCE", 2)
    notices = [sent(desks, shop_no=no) for no in range(1, 6)]
    clock.pass_(days=14)
    assert sweep_notices(desks.house) == 10
    assert all(row(desks, Notice, one.id).escalated_at == clock.at for one in notices)
