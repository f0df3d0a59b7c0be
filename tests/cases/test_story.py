"""A case from the findings to its end, by everybody who has a part in it."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlmodel import col, select

from console.actions.audit import list_deeds
from console.actions.cases.assigning import assign_case
from console.actions.cases.boards import CaseFilters, find_cases
from console.actions.cases.decide import approve, propose, return_to_owner
from console.actions.cases.lists import case_record, overdue
from console.actions.cases.notices.answers import acknowledge, answer
from console.actions.cases.notices.delivering import retry_notice
from console.actions.cases.notices.mailboxes import set_mailbox
from console.actions.cases.notices.sending import send_notice
from console.actions.cases.notices.threads import list_threads
from console.actions.cases.open import open_case
from console.actions.cases.parties import Factors, weigh_party
from console.actions.cases.recheck import recheck
from console.actions.work import work_items
from console.desk import Desk
from models.audit import AuditEntry
from models.cases.cases import Case, CaseState
from models.cases.measures import Measure
from models.cases.notices import AnswerOutcome, NoticeState
from models.channel.licences import Ground
from models.patrol.findings import FindingState
from models.patrol.shops import Shop, ShopState
from models.permissions import Permission, Role
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from models.rules import FindingKind, Tier
from tests.cases.world import (
    PDF,
    PNG,
    REASON,
    REMEDY,
    all_else_proven,
    case_of,
    decided,
    established,
    found,
    looked_at,
    measures_with,
    opened,
    person,
    proposal,
    proposed,
    removed,
    row,
    sent,
)
from tests.conftest import Clock, Desks


def deeds(desks: Desks) -> list[str]:
    with desks.house.begin(Permission.AUDIT_READ) as work:
        entries = work.session.exec(select(AuditEntry).order_by(col(AuditEntry.seq))).all()
        areas = ("case.", "notice.", "finding.", "shop.")
        return [one.deed for one in entries if one.deed.startswith(areas)]


@pytest.mark.requirement("004-3.3-c", "004-3.3-g", "004-3.3-j", "004-3.3-d")
def test_a_shop_without_delegation_is_removed_and_looked_at_again(
    desks: Desks, clock: Clock
) -> None:
    second = person(desks, "he.cha", "CT-44", Role.CHANNEL_MANAGER)
    case = established(desks, opened(desks, findings=2))
    measures = measures_with(desks, case, Measure.REMOVE_SHOP)
    propose(desks.manager, case.id, proposal(measures))
    approve(desks.approver, case.id)
    notice = send_notice(desks.manager, case.id)
    acknowledge(desks.platform, notice.id)
    answer(desks.platform, notice.id, AnswerOutcome.REMOVED, "已清理", [("店铺.png", PNG)])
    executing = row(desks, Case, case.id)
    all_else_proven(desks, case.id)
    waiting = row(desks, Case, case.id)
    closed = looked_at(second, clock, case.id)

    record = case_record(desks.manager, case.id)
    assert case.reference == "CASE-2026-000001"
    assert executing.state is CaseState.EXECUTING
    assert (waiting.state, waiting.due_at) == (
        CaseState.WAITING_RECHECK,
        datetime(2026, 3, 9, 16, tzinfo=UTC),
    )
    assert closed.state is CaseState.CLOSED
    assert {one.state for one in record.findings} == {FindingState.CLOSED}
    assert row(desks, Shop, case.shop_id).state is ShopState.CLOSED
    assert [one.name for one in record.notices[0].proofs] == ["店铺.png"]
    assert deeds(desks) == [
        "case.opened", "finding.in_case", "finding.in_case", "shop.moved", "case.party_heard",
        "case.proposed", "case.decided", "notice.promised", "notice.sent", "case.executing",
        "shop.moved", "notice.acknowledged", "notice.answered", "shop.moved", "case.all_done",
        "case.rechecked", "case.closed", "finding.closed", "finding.closed", "shop.moved",
        "notice.closed",
    ]  # fmt: skip


def test_a_case_takes_the_gravest_tier_and_the_places_of_all_three_administrations(
    desks: Desks,
) -> None:
    first = found(desks, tier=Tier.MINOR, kind=FindingKind.BADGE_MISSING)
    case = open_case(desks.manager, first.ids)
    own = opened(
        desks, platform="site", shop_no=9002, fields={"extra": {"icp": "粤ICP备12345678号"}}
    )

    assert (case.tier, case.kind) == (Tier.MINOR, FindingKind.BADGE_MISSING)
    assert (case.card_home, case.platform_home, case.filing_place) == ("44", "33", None)
    assert (own.card_home, own.platform_home, own.filing_place) == ("44", None, "44")
    assert case.due_at == datetime(2026, 3, 16, 16, tzinfo=UTC)
    assert case.rule_version == "case_investigation/1"


def test_a_case_is_opened_on_confirmed_findings_of_one_shop_and_once(desks: Desks) -> None:
    still_open = found(desks, state=FindingState.OPEN)
    with pytest.raises(Conflict) as not_confirmed:
        open_case(desks.manager, still_open.ids)
    one, two = found(desks, shop_no=2), found(desks, shop_no=3, findings=2)
    with pytest.raises(Conflict) as two_shops:
        open_case(desks.manager, [*one.ids, *two.ids])
    with pytest.raises(Invalid):
        open_case(desks.manager, [])
    case = open_case(desks.manager, two.ids[:1])
    with pytest.raises(Conflict) as again:
        open_case(desks.manager, two.ids[1:])

    assert not_confirmed.value.code == "case.finding_not_confirmed"
    assert two_shops.value.code == "case.findings_of_two_shops"
    assert again.value.facts["reference"] == case.reference


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (ShopState.DISCOVERED, ShopState.UNLICENSED),
        (ShopState.NOT_CARDS, ShopState.UNLICENSED),
        (ShopState.SUSPECTED, ShopState.UNLICENSED),
        (ShopState.UNLICENSED, ShopState.UNLICENSED),
        (ShopState.LICENSED, ShopState.NON_COMPLIANT),
        (ShopState.CLOSED, ShopState.UNLICENSED),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_shop_in_a_case_is_without_delegation_or_in_breach(
    desks: Desks, before: ShopState, after: ShopState
) -> None:
    case = opened(desks, shop_state=before)

    assert row(desks, Shop, case.shop_id).state is after


@pytest.mark.requirement("004-3.3-g")
def test_a_notice_says_all_that_a_platform_needs_in_both_languages(desks: Desks) -> None:
    notice = sent(desks)

    assert notice.number == "NTC-2026-000001"
    assert (notice.state, notice.receipt) == (NoticeState.SENT, f"PORTAL-{notice.number}")
    assert notice.acknowledge_due_at == datetime(2026, 3, 3, 16, tzinfo=UTC)
    assert notice.answer_due_at == datetime(2026, 3, 5, 16, tzinfo=UTC)
    assert notice.rule_version == "platform_acknowledgement/1 platform_removal/1"
    (evidence,) = case_record(desks.manager, case_of(notice)).findings[0].evidence
    for said in (
        "星河 <b>通信</b> 专营店", "shop:9001", "https://lanhai.example/i/9001",
        "2026-03-02 12:00", "无网络代理委托", "004-3.3-g", "清理该网店", REASON, REMEDY,
        f"sha256:{evidence}", "3 个工作日内", "Remove the shop", "within 3 working day(s)",
        "中国电信广东", "CASE-2026-000001",
    ):  # fmt: skip
        assert said in notice.body


@pytest.mark.requirement("004-3.3-k", "004-3.3-o")
def test_what_must_stop_at_once_is_due_the_same_day(desks: Desks) -> None:
    notice = sent(desks, Measure.REMOVE_LISTINGS, kind=FindingKind.SECONDARY_RESALE)

    assert notice.answer_due_at == datetime(2026, 3, 2, 16, tzinfo=UTC)
    assert "当日答复" in notice.body


def test_deadlines_skip_the_spring_festival_and_count_its_make_up_days(
    desks: Desks, clock: Clock
) -> None:
    clock.at = datetime(2026, 2, 13, 4, tzinfo=UTC)
    """The Friday before: Saturday the 14th is worked, the 15th to the 23rd are off."""
    notice = sent(desks)

    assert notice.acknowledge_due_at == datetime(2026, 2, 14, 16, tzinfo=UTC)
    assert notice.answer_due_at == datetime(2026, 2, 25, 16, tzinfo=UTC)
    clock.at = datetime(2026, 2, 14, 15, 59, tzinfo=UTC)
    assert overdue(desks.manager).notices == []
    clock.at = datetime(2026, 2, 14, 16, tzinfo=UTC)
    assert [one.number for one in overdue(desks.manager).notices] == [notice.number]
    acknowledge(desks.platform, notice.id)
    assert overdue(desks.platform).notices == []
    clock.at = datetime(2026, 2, 25, 16, tzinfo=UTC)
    assert [one.number for one in list_threads(desks.platform, overdue=True).rows] == [
        notice.number
    ]


def test_overdue_cases_are_found_by_their_next_step(desks: Desks, clock: Clock) -> None:
    case = opened(desks)
    clock.at = datetime(2026, 3, 16, 15, 59, tzinfo=UTC)
    assert find_cases(desks.manager, CaseFilters(overdue=True)).rows == []
    clock.pass_(minutes=1)
    assert [one.id for one in find_cases(desks.manager, CaseFilters(overdue=True)).rows] == [
        case.id
    ]
    assert [one.id for one in overdue(desks.regulator).cases] == [case.id]
    assert overdue(desks.other_regulator).cases == []


def test_a_platform_sees_a_case_only_once_it_is_sent_and_another_platform_never(
    desks: Desks,
) -> None:
    case = decided(desks)
    assert find_cases(desks.platform).rows == []
    with pytest.raises(NotFound):
        case_record(desks.platform, case.id)
    notice = send_notice(desks.manager, case.id)

    assert [one.id for one in find_cases(desks.platform).rows] == [case.id]
    record = case_record(desks.platform, case.id)
    assert [one.notice.id for one in record.notices] == [notice.id]
    assert (record.owner, record.findings, record.listings) == ("", [], [])
    assert {one.deed for one in record.history} == {"notice.promised", "notice.sent"}
    assert find_cases(desks.other_platform).rows == []
    assert list_threads(desks.other_platform).rows == []
    for attempt in (
        lambda: case_record(desks.other_platform, case.id),
        lambda: acknowledge(desks.other_platform, notice.id),
        lambda: answer(desks.other_platform, notice.id, AnswerOutcome.KEPT, "x"),
        lambda: case_record(desks.other_manager, case.id),
    ):
        with pytest.raises(NotFound):
            attempt()


@pytest.mark.requirement("004-3.4-a")
def test_the_regulator_of_the_place_sees_all_and_can_change_nothing(desks: Desks) -> None:
    notice = sent(desks)
    removed(desks, notice)
    case_id, look = case_of(notice), desks.regulator
    record = case_record(look, case_id)
    assert (len(record.findings), len(record.listings), len(record.notices)) == (1, 1, 1)
    assert record.notices[0].proofs
    assert "case.decided" in {one.deed for one in record.history}
    with pytest.raises(NotFound):
        case_record(desks.other_regulator, case_id)
    writes: list[Callable[[], object]] = [
        lambda: open_case(look, [record.findings[0].id]),
        lambda: propose(look, case_id, proposal([Measure.REMOVE_SHOP])),
        lambda: approve(look, case_id),
        lambda: return_to_owner(look, case_id, "x"),
        lambda: send_notice(look, case_id),
        lambda: retry_notice(look, notice.id),
        lambda: acknowledge(look, notice.id),
        lambda: answer(look, notice.id, AnswerOutcome.KEPT, "x"),
        lambda: recheck(look, case_id, clean=True, reason="x"),
        lambda: set_mailbox(look, "https://ca.example/in"),
    ]
    before = len(denials(desks))
    for write in writes:
        with pytest.raises(NotAllowed):
            write()
    assert len(denials(desks)) == before + len(writes)
    assert row(desks, Case, case_id).state is CaseState.EXECUTING


def denials(desks: Desks) -> list[str]:
    return [one.subject_id for one in list_deeds(desks.house, deed="staff.denied").rows]


def test_a_platform_that_keeps_a_shop_leaves_the_case_open_for_another_notice(
    desks: Desks,
) -> None:
    first = sent(desks)
    answer(desks.platform, first.id, AnswerOutcome.MORE_WANTED, "请补充商品截图")
    assert row(desks, Case, case_of(first)).state is CaseState.EXECUTING
    second = send_notice(desks.manager, case_of(first))
    with pytest.raises(Conflict) as under_way:
        send_notice(desks.manager, case_of(first))
    removed(desks, second)
    all_else_proven(desks, case_of(first))

    assert second.number == "NTC-2026-000002"
    assert under_way.value.facts["number"] == second.number
    assert row(desks, Case, case_of(first)).state is CaseState.WAITING_RECHECK
    assert row(desks, Shop, row(desks, Case, case_of(first)).shop_id).state is ShopState.REMOVED


def test_a_shop_that_is_back_is_put_to_the_platform_again(desks: Desks, clock: Clock) -> None:
    second = person(desks, "he.cha", "CT-44", Role.APPROVER)
    notice = sent(desks)
    removed(desks, notice)
    all_else_proven(desks, case_of(notice))
    for hand in (desks.manager, desks.approver):
        with pytest.raises(NotAllowed) as no:
            recheck(hand, case_of(notice), clean=True, reason="x")
        assert no.value.code == "case.recheck_by_another"
    back = recheck(second, case_of(notice), clean=False, reason="换名重新上架")
    assert back.state is CaseState.EXECUTING
    assert row(desks, Shop, back.shop_id).state is ShopState.UNLICENSED
    again = send_notice(desks.manager, back.id)
    assert row(desks, Shop, back.shop_id).state is ShopState.PLATFORM_NOTIFIED
    removed(desks, again)
    assert looked_at(second, clock, back.id).state is CaseState.CLOSED


@pytest.mark.requirement("003-11.1-1")
def test_each_party_is_weighed_by_nature_circumstance_and_result(desks: Desks) -> None:
    case = opened(desks)
    (party,) = case_record(desks.manager, case.id).parties
    weigh_party(desks.manager, party.id, Factors("无委托售卡", "两次下架后再上架", "售出 60 张"))
    with pytest.raises(Invalid):
        weigh_party(desks.manager, party.id, Factors("字" * 1001))

    (party,) = case_record(desks.manager, case.id).parties
    assert (party.nature, party.result) == ("无委托售卡", "售出 60 张")
    assert "case.party_weighed" in deeds(desks)


def test_whoever_handed_a_case_over_does_not_look_at_its_end(desks: Desks, clock: Clock) -> None:
    former = person(desks, "qian.ren", "CT-44", Role.CHANNEL_MANAGER)
    case = open_case(former, found(desks).ids)
    assign_case(desks.approver, case.id, desks.manager.actor.id or "")
    established(desks, case)
    measures = measures_with(desks, case, Measure.REMOVE_SHOP)
    propose(desks.manager, case.id, proposal(measures))
    approve(desks.approver, case.id)
    removed(desks, send_notice(desks.manager, case.id))
    all_else_proven(desks, case.id)

    assert not case_record(former, case.id).may_look
    assert "case_recheck" not in {one.kind for one in work_items(former)}
    with pytest.raises(NotAllowed, match="recheck_by_another"):
        recheck(former, case.id, clean=True, reason="已清理")
    second = person(desks, "he.cha", "CT-44", Role.CHANNEL_MANAGER)
    assert "case_recheck" in {one.kind for one in work_items(second)}
    assert looked_at(second, clock, case.id).state is CaseState.CLOSED


def test_a_licensed_shop_that_mended_its_ways_is_licensed_again(desks: Desks, clock: Clock) -> None:
    second = person(desks, "he.cha", "CT-44", Role.CHANNEL_MANAGER)
    notice = sent(
        desks,
        Measure.CORRECT,
        kind=FindingKind.SCOPE_EXCEEDED,
        ground=Ground.OUT_OF_SCOPE,
        tier=Tier.GENERAL,
        shop_state=ShopState.LICENSED,
    )
    shop_id = row(desks, Case, case_of(notice)).shop_id
    assert row(desks, Shop, shop_id).state is ShopState.NON_COMPLIANT
    answer(desks.platform, notice.id, AnswerOutcome.CORRECTED, "已改", [("a.pdf", PDF)])
    all_else_proven(desks, case_of(notice))
    looked_at(second, clock, case_of(notice))

    assert row(desks, Shop, shop_id).state is ShopState.LICENSED


def test_a_case_that_is_not_decided_or_has_no_platform_is_not_sent(desks: Desks) -> None:
    with pytest.raises(Conflict) as early:
        send_notice(desks.manager, proposed(desks).id)
    with pytest.raises(Conflict) as nobody:
        send_notice(desks.manager, decided(desks, platform="site", shop_no=2).id)

    assert (early.value.code, nobody.value.code) == ("notice.not_decided", "notice.no_platform")


def test_cases_are_found_by_reference_name_and_shop(desks: Desks) -> None:
    case, other = opened(desks), opened(desks, shop_no=777)

    def ids(desk: Desk, q: str) -> list[str]:
        return [one.reference for one in find_cases(desk, CaseFilters(q=q)).rows]

    assert ids(desks.manager, "000002") == [other.reference]
    assert ids(desks.manager, other.reference.lower()) == [other.reference]
    assert ids(desks.manager, "shop:777") == [other.reference]
    assert ids(desks.manager, "通信") == [other.reference, case.reference]
    assert ids(desks.manager, "%") == []
    page = find_cases(desks.manager, limit=1)
    assert [one.id for one in page.rows] == [other.id]
    assert [one.id for one in find_cases(desks.manager, after=page.next, limit=1).rows] == [case.id]
    assert find_cases(desks.manager, CaseFilters(state=CaseState.CLOSED)).rows == []


def test_a_shop_is_removed_only_when_its_platform_says_so(desks: Desks, clock: Clock) -> None:
    """A shop without delegation that was only corrected is still there until the re-check."""
    second = person(desks, "he.cha", "CT-44", Role.APPROVER)
    notice = sent(desks)
    answer(desks.platform, notice.id, AnswerOutcome.CORRECTED, "已约谈", [("a.pdf", PDF)])
    all_else_proven(desks, case_of(notice))
    case = row(desks, Case, case_of(notice))
    assert case.state is CaseState.WAITING_RECHECK
    assert row(desks, Shop, case.shop_id).state is ShopState.PLATFORM_NOTIFIED
    looked_at(second, clock, case.id)

    assert row(desks, Shop, case.shop_id).state is ShopState.CLOSED
