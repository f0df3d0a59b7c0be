"""A spot check from the plan to the review: read with a real device's tokens, and judged."""

import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from console.actions.audit import list_deeds
from console.actions.checks.card_reads import accept_read
from console.actions.checks.spot_checks import (
    CheckDraft,
    assign_check,
    note_order,
    plan_check,
    repeat_check,
)
from console.actions.checks.spot_lists import RateBy, check_record, days, list_checks, pass_rates
from console.actions.checks.spot_moves import follow_up, open_session, refuse_check, review_check
from console.actions.checks.spot_submit import submit_check
from console.actions.checks.spot_sweeps import sweep_checks
from console.actions.checks.test_purchases import receive_purchase
from console.actions.patrol.evidence_view import evidence_of
from console.actions.patrol.findings import confirm_finding, finding_record
from console.actions.patrol.packs import finding_pack
from console.actions.work import work_items
from console.desk import Desk
from models.cards.monitoring import FoundBy
from models.cards.numbers import card_number
from models.channel.licences import Ground
from models.checks.judging import CheckRule
from models.checks.orders import OrderFacts
from models.checks.reads import CardRead, ReadState
from models.checks.spot_checks import CheckPurpose, CheckState, ResultCode, SpotCheck, Verdict
from models.patrol.findings import FindingState
from models.patrol.shops import Shop, ShopState
from models.permissions import Permission, Role
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from models.rules import FindingKind, china_day
from tests.cases.world import person
from tests.checks.laptops import sim
from tests.checks.spot_world import (
    BASIS,
    INSPECTOR,
    OURS,
    answers,
    assigned,
    card,
    compared,
    kept,
    opened,
    planned,
    scene,
)
from tests.checks.world import batch, ordered, parcel, usage_findings
from tests.conftest import ONLY_SQLITE, Clock, Desks
from tests.stock.files import iccid


def waits(desk: Desk) -> set[str]:
    items = (item for item in work_items(desk) if item.page == "spot_checks")
    return {item.kind.removeprefix("spot_") for item in items}


@pytest.mark.requirement("004-2.1-a", "004-3.3-h")
def test_an_order_that_went_as_it_should_passes(desks: Desks, clock: Clock) -> None:
    record = compared(desks, clock, scene(desks))
    row = record.check
    assert (row.state, row.verdict, row.finding_id) == (CheckState.PASSED, Verdict.PASSED, None)
    assert set(answers(record).values()) == {True}
    (trace,) = record.traces
    assert (trace["in_scope"], trace["matched"], trace["agent"]) == (
        True, "exact", record.agent.agent_no if record.agent else "",
    )  # fmt: skip
    assert row.rule_version == "spot_check/2 check_review/1"
    assert row.review_due_at is not None
    assert row.salt == b""


@pytest.mark.requirement("004-3.2-b", "004-3.2-c")
def test_an_order_shipped_without_comparison_is_a_finding_of_the_shop(
    desks: Desks, clock: Clock
) -> None:
    here = scene(desks)
    record = compared(desks, clock, here, authority_compare_ref="", compared_at=None)
    assert record.check.verdict is Verdict.FAILED
    assert record.finding is not None
    found = finding_record(desks.manager, record.finding.id)
    assert (found.finding.kind, found.finding.ground, found.run) == (
        FindingKind.SHIPPED_BEFORE_VERIFY, Ground.ROUTE_NOT_KEPT, None,
    )  # fmt: skip
    assert found.check is not None
    assert found.check.number == record.check.number
    assert (found.shop.platform, found.shop.shop_key) == (here.shop.platform, here.shop.shop_key)
    with pytest.raises(NotAllowed):  # whoever did the check does not judge what came of it
        confirm_finding(person(desks, "both", "CT-44", Role.INSPECTOR), record.finding.id)
    confirmed = confirm_finding(desks.approver, record.finding.id)
    assert confirmed.state is FindingState.CONFIRMED
    with desks.house.begin(Permission.SHOP_READ) as work:
        assert work.get(Shop, found.shop.id).state is ShopState.NON_COMPLIANT


def test_a_finding_rests_on_the_tokens_as_the_device_signed_them(
    desks: Desks, clock: Clock
) -> None:
    record = compared(desks, clock, scene(desks), authority_compare_ref="")
    assert record.finding is not None
    (read,) = record.reads
    view = evidence_of(desks.manager, record.finding.id)
    (capture,) = view.captures
    assert {file.sha256 for file in capture.files} >= {read.sha256}
    pack = finding_pack(desks.manager, record.finding.id)
    assert pack.path is not None
    with zipfile.ZipFile(pack.path) as archive:
        token = archive.read(f"files/{read.sha256}").decode()
        sheet = next(
            told for name in archive.namelist() if name.startswith("files/")
            if (told := archive.read(name)).startswith(b'{"answers"')
        )  # fmt: skip
    assert token.count(".") == 2
    assert json.loads(sheet)["check"] == record.check.number


@pytest.mark.requirement("004-2.3-g")
def test_an_industry_card_in_a_shop_is_found_of_its_batch_and_of_the_shop(
    desks: Desks, clock: Clock
) -> None:
    held = batch(desks)
    record = compared(desks, clock, scene(desks), serial=520, iccids=(iccid(520),))
    assert record.check.verdict is Verdict.FAILED
    (usage,) = usage_findings(desks.iot)
    assert (usage.batch_id, usage.card, usage.found_by, usage.source_id) == (
        held.id, card_number(iccid(520)), FoundBy.SPOT_CHECK, record.check.id,
    )  # fmt: skip
    assert record.finding is not None
    assert record.finding.kind is FindingKind.IOT_CARD_ONLINE
    # Who may not know of batches is told that it is one, and not which.
    assert record.traces[0]["is_industry"] is True
    assert (record.traces[0]["batch"], record.usage_finding) == (None, None)
    whole = check_record(desks.manager, record.check.id)
    assert whole.usage_finding is not None


def test_a_card_that_nobody_knows_can_not_be_judged_and_is_checked_again(
    desks: Desks, clock: Clock
) -> None:
    record = compared(desks, clock, scene(desks), serial=900, iccids=(iccid(900),))
    row = record.check
    assert (row.state, row.verdict) == (CheckState.INCONCLUSIVE, Verdict.INCONCLUSIVE)
    assert row.recheck_due_at is not None
    assert waits(desks.manager) == {"repeat"}
    again = repeat_check(desks.manager, row.id)
    assert (again.previous_id, again.purpose, again.shop_id) == (
        row.id, CheckPurpose.RECHECK, row.shop_id,
    )  # fmt: skip
    assert waits(desks.manager) == {"assign"}
    with pytest.raises(Conflict, match="repeated_already"):
        repeat_check(desks.manager, row.id)
    linked = check_record(desks.manager, row.id).next_check
    assert linked is not None
    assert linked.id == again.id


def test_a_foreign_card_was_read_and_is_not_that_of_the_order(desks: Desks, clock: Clock) -> None:
    here = scene(desks)
    row = opened(desks, here)
    here.laptop.sends(here.laptop.task(), card=sim("8944123456789012345"))
    note_order(desks.inspector, row.id, kept(clock))
    row = submit_check(desks.inspector, row.id)
    said = answers(check_record(desks.inspector, row.id))
    assert (said[CheckRule.CARD_READ], said[CheckRule.CARD_IS_ORDERED]) == (True, False)
    assert row.verdict is Verdict.FAILED


def test_a_check_with_an_outcome_is_not_repeated(desks: Desks, clock: Clock) -> None:
    record = compared(desks, clock, scene(desks))
    with pytest.raises(Conflict, match="not_repeated"):
        repeat_check(desks.manager, record.check.id)


@pytest.mark.requirement("004-1-b")
def test_who_would_not_be_checked_may_not_be_served_and_somebody_has_to_say(
    desks: Desks, clock: Clock
) -> None:
    here = scene(desks)
    row = opened(desks, here)
    row = refuse_check(desks.inspector, row.id, ResultCode.REFUSED_CHECK, "顾客拒绝出示证件")
    assert (row.state, row.verdict) == (CheckState.ABORTED, Verdict.ABORTED)
    assert (waits(desks.inspector), waits(desks.approver)) == ({"follow_up"}, set())
    with pytest.raises(Conflict, match="follow_up_open"):
        review_check(desks.approver, row.id, "已看")
    follow_up(desks.inspector, row.id, False, "仍然办理了入网")  # noqa: FBT003
    finding = check_record(desks.manager, row.id).finding
    assert finding is not None
    assert finding.kind is FindingKind.NO_REGISTRATION
    with pytest.raises(Conflict, match="no_follow_up"):
        follow_up(desks.inspector, row.id, True, "改口")  # noqa: FBT003
    assert (waits(desks.inspector), waits(desks.approver)) == (set(), {"review"})
    assert review_check(desks.approver, row.id, "属实").state is CheckState.CLOSED
    clock.pass_(days=1)


def test_service_that_was_refused_is_no_finding(desks: Desks) -> None:
    row = opened(desks, scene(desks))
    refuse_check(desks.inspector, row.id, ResultCode.IDENTITY_UNKNOWN, "证件无法识读")
    row = follow_up(desks.inspector, row.id, True, "店员未办理")  # noqa: FBT003
    assert row.finding_id is None


def test_a_second_person_reviews(desks: Desks, clock: Clock) -> None:
    both = person(desks, "both", "CT-44", Role.INSPECTOR, Role.APPROVER)
    here = scene(desks)
    record = compared(desks, clock, here)
    with pytest.raises(NotAllowed):
        review_check(desks.inspector, record.check.id, "自己看过")
    with desks.house.begin(Permission.SPOT_CHECK_DO) as work:
        row = work.get(SpotCheck, record.check.id)
        row.assignee_id = both.actor.id
        work.record("spot_check.assigned", row)
    with pytest.raises(NotAllowed, match="same_person"):
        review_check(both, record.check.id, "自己看过")
    assert waits(both) == set()
    assert review_check(desks.approver, record.check.id, "已核对").reviewed_by is not None


def test_what_waits_is_asked_of_who_may_do_it(desks: Desks, clock: Clock) -> None:
    here = scene(desks)
    row = planned(desks, here)
    other = person(desks, "zweiter", "CT-44", Role.INSPECTOR)
    assert (waits(desks.manager), waits(desks.inspector)) == ({"assign"}, set())
    assert waits(desks.other_manager) == set()
    assign_check(desks.manager, row.id, INSPECTOR, china_day(clock.at))
    assert (waits(desks.manager), waits(desks.inspector), waits(other)) == (set(), {"do"}, set())
    open_session(desks.inspector, row.id, here.laptop.id, notice_shown=False)
    assert waits(desks.inspector) == {"submit"}
    submit_check(desks.inspector, row.id)
    assert (waits(desks.inspector), waits(desks.approver)) == (set(), {"review"})


@ONLY_SQLITE
def test_a_session_wants_the_inspector_their_own_laptop_and_the_notice(
    desks: Desks, clock: Clock
) -> None:
    here = scene(desks)
    other = person(desks, "zweiter", "CT-44", Role.INSPECTOR)
    row = assigned(desks, here, wants_identity=True, use_approval="SY-2026-1")
    with pytest.raises(NotAllowed, match="not_yours"):
        open_session(other, row.id, here.laptop.id, notice_shown=True)
    with pytest.raises(Conflict, match="notice_needed"):
        open_session(desks.inspector, row.id, here.laptop.id, notice_shown=False)
    row = open_session(desks.inspector, row.id, here.laptop.id, notice_shown=True)
    assert (row.notice_version, row.session_until) == ("1", clock.at + timedelta(minutes=15))
    assert len(row.salt) > 32
    second = assigned(desks, here)
    with pytest.raises(Conflict, match="device_busy"):
        open_session(desks.inspector, second.id, here.laptop.id, notice_shown=True)
    clock.pass_(minutes=16)
    open_session(desks.inspector, second.id, here.laptop.id, notice_shown=True)
    third = assigned(desks, here, wants_identity=False)
    known = here.laptop.id
    clock.pass_(days=31)
    with pytest.raises(Conflict, match="device_silent"):
        open_session(desks.inspector, third.id, known, notice_shown=True)


def test_a_session_that_nobody_used_is_broken_off_and_one_with_reads_waits(
    desks: Desks, clock: Clock
) -> None:
    here = scene(desks)
    used = opened(desks, here)
    here.laptop.sends(here.laptop.task(), card=card())
    clock.pass_(minutes=16)
    unused = opened(desks, here)
    assert sweep_checks(desks.house) == 0
    clock.pass_(minutes=16)
    assert sweep_checks(desks.house) == 1
    states = [check_record(desks.manager, one.id).check.state for one in (used, unused)]
    assert states == [CheckState.READING, CheckState.ABORTED]
    assert submit_check(desks.inspector, used.id).verdict is not None


def test_raw_reads_are_purged_after_their_term_and_what_they_proved_stays(
    desks: Desks, clock: Clock
) -> None:
    here = scene(desks)
    record = compared(desks, clock, here, authority_compare_ref="")
    review_check(desks.approver, record.check.id, "属实")
    assert record.finding is not None
    clock.pass_(days=89)
    assert sweep_checks(desks.house) == 0
    clock.pass_(days=2)
    assert sweep_checks(desks.house) == 1
    with desks.house.begin(Permission.SPOT_CHECK_READ) as work:
        (read,) = work.session.exec(select(CardRead)).all()
        row = work.get(SpotCheck, record.check.id)
    assert (row.state, row.salt, read.token, read.state) == (
        CheckState.PURGED, b"", b"", ReadState.PURGED,
    )  # fmt: skip
    assert read.receipt
    assert read.sha256 == record.reads[0].sha256
    (deed,) = list_deeds(desks.house, deed="spot_check.purged").rows
    assert deed.facts["reads"] == [read.sha256]
    assert evidence_of(desks.manager, record.finding.id).captures[0].is_damaged is False


def test_a_test_purchase_brings_its_order_with_it(desks: Desks, clock: Clock) -> None:
    here = scene(desks)
    bought = receive_purchase(
        desks.inspector, ordered(desks).id, parcel(iccid(OURS), asked_identity=False)
    )
    row = plan_check(
        desks.manager,
        CheckDraft(CheckPurpose.TEST_PURCHASE, BASIS, purchase=bought.number, shop=here.shop.id),
    )
    order = check_record(desks.manager, row.id).order
    assert (order.order_no, order.iccids, order.asked_identity, order.active_on_arrival) == (
        "D-1", (iccid(OURS),), False, True,
    )  # fmt: skip
    assign_check(desks.manager, row.id, INSPECTOR, china_day(clock.at))
    open_session(desks.inspector, row.id, here.laptop.id, notice_shown=False)
    here.laptop.sends(here.laptop.task(), card=card())
    row = submit_check(desks.inspector, row.id)
    record = check_record(desks.manager, row.id)
    assert answers(record)[CheckRule.ASKED_IDENTITY] is False
    assert row.verdict is Verdict.FAILED


@ONLY_SQLITE
def test_what_is_said_of_an_order_holds_no_identity_and_no_future(
    desks: Desks, clock: Clock
) -> None:
    row = assigned(desks, scene(desks))
    bad: list[tuple[dict[str, Any], str]] = [
        ({"order_no": "11010519491231002X"}, "identity_number"),
        ({"authority_compare_ref": "11010519491231002X"}, "identity_number"),
        ({"live_check_ref": "王 某 某"}, "bad_reference"),
        ({"iccids": ("11010519491231002X",)}, "identity_number"),
        ({"iccids": ("123",)}, "no_iccid"),
        ({"shipped_at": clock.at + timedelta(minutes=1)}, "future"),
    ]
    for facts, code in bad:
        with pytest.raises(Invalid, match=code):
            note_order(desks.inspector, row.id, OrderFacts(**facts))
    for draft, code in (
        (CheckDraft(CheckPurpose.ROUTINE, BASIS, "张三 11010519491231002X"), "identity_number"),
        (CheckDraft(CheckPurpose.ROUTINE, BASIS), "field_missing"),
        (CheckDraft(CheckPurpose.ROUTINE, BASIS, "x", wants_card=False), "wants_nothing"),
        (CheckDraft(CheckPurpose.ROUTINE, BASIS, "x", wants_identity=True), "use_approval"),
    ):
        with pytest.raises(Invalid, match=code):
            plan_check(desks.manager, draft)


def test_reads_belong_to_their_own_people_and_results_to_who_watches_the_province(
    desks: Desks, clock: Clock
) -> None:
    record = compared(desks, clock, scene(desks))
    assert check_record(desks.regulator, record.check.id).check.verdict is Verdict.PASSED
    for stranger in (desks.other_manager, desks.other_regulator):
        with pytest.raises((NotFound, NotAllowed)):
            check_record(stranger, record.check.id)
        assert list_checks(stranger).rows == []
    for nobody in (desks.platform, desks.iot, desks.privacy):
        with pytest.raises(NotAllowed):
            list_checks(nobody)


def test_lists_days_and_rates_count_what_there_is(desks: Desks, clock: Clock) -> None:
    here = scene(desks)
    first = compared(desks, clock, here)
    clock.pass_(minutes=20)
    second = compared(desks, clock, here, authority_compare_ref="")
    today = china_day(clock.at)
    failed = list_checks(desks.manager, verdict=Verdict.FAILED).rows
    assert [one.id for one in failed] == [second.check.id]
    assert [one.id for one in list_checks(desks.manager, words="SC-2026-000001").rows] == [
        first.check.id
    ]
    page = list_checks(desks.manager, limit=1)
    assert page.next is not None
    assert [one.id for one in list_checks(desks.manager, after=page.next).rows] == [first.check.id]
    week = days(desks.manager, today, today + timedelta(days=6))
    assert len(week) == 7
    assert week[0].counts == {CheckState.PASSED: 1, CheckState.FAILED: 1}
    for by, key in ((RateBy.AGENT, here.agent.agent_no), (RateBy.PLATFORM, "lanhai"),
                    (RateBy.PROVINCE, "44")):  # fmt: skip
        (rate,) = pass_rates(desks.manager, by)
        assert (rate.key, rate.judged, rate.per_mille) == (key, 2, 500)
    assert pass_rates(desks.manager, RateBy.AGENT, clock.at + timedelta(hours=1)) == []


def test_a_read_that_came_after_the_submission_is_refused(desks: Desks, clock: Clock) -> None:
    here = scene(desks)
    row = opened(desks, here)
    task = here.laptop.task()
    here.laptop.sends(task, card=card())
    later = here.laptop.task()
    submit_check(desks.inspector, row.id)
    clock.pass_(seconds=3)
    with pytest.raises(Invalid, match="task_closed"):
        accept_read(here.laptop.house, here.laptop.read(later, card=card()))
