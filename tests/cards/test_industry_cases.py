"""A case about industry cards goes the way of every case, and what it orders are card orders."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from console.actions.audit import list_deeds
from console.actions.cards.industry.cases import (
    add_to_case,
    case_to_join,
    confirmed_of,
    open_industry_case,
)
from console.actions.cards.industry.order_appeals import appeal_order, decide_order_appeal
from console.actions.cards.industry.order_lists import waiting_orders
from console.actions.cards.industry.ordering import must_be_free
from console.actions.cards.industry.orders import carry_out, lift_order, order_cards, tell_order
from console.actions.cases.authorities.appeals import (
    AppealForm,
    accept_case_appeal,
    decide_case_appeal,
    lodge_case_appeal,
)
from console.actions.cases.boards import CaseFilters, case_board, find_cases
from console.actions.cases.case_file import case_file
from console.actions.cases.decide import approve, propose
from console.actions.cases.doing import do_task, settle_tasks
from console.actions.cases.interim import lift_at_once, stop_at_once
from console.actions.cases.late import sweep_deadlines
from console.actions.cases.lists import case_record, overdue
from console.actions.cases.merging import merge_cases, unmerge
from console.actions.cases.parties import hear_party
from console.actions.cases.recheck import recheck
from console.actions.cases.similar import SimilarWhy, similar_to_case
from console.actions.work import work_items
from console.desk import Desk
from console.i18n import Language
from models.cards.card_orders import CardMeasure, CardOrder, OrderState
from models.cards.industry import BatchState, IndustryBatch
from models.cards.monitoring import UsageFinding, UsageFindingState
from models.cases.appeals import CaseAppealMove
from models.cases.cases import Case, CaseState
from models.cases.measures import Measure
from models.cases.parties import PartyRole
from models.cases.tasks import CaseTask, TaskKind, TaskState
from models.channel.licences import Ground
from models.permissions import Permission, Role
from models.refusals import Conflict, NotAllowed, Refusal
from models.rules import FindingKind, Tier
from tests.cards.ordered import PROOF, REASON, RECEIPT, batch_of, confirmed, done, resold
from tests.cards.used import Used, planted
from tests.cases.core import tasks
from tests.cases.test_case_appeals import fresh
from tests.cases.world import PAPERS, REMEDY, person, proposal, row
from tests.conftest import Clock, Desks
from tests.pdf_words import words_of_pdf

M, S = Measure, CaseState
WORDS = {"reason": REASON, "remedy": REMEDY, "papers": PAPERS}
SUSPENDED = (M.SUSPEND_CARDS, M.REVERIFY)


def refused(kind: type[Refusal], act: Callable[[], object]) -> Refusal:
    with pytest.raises(kind) as no:
        act()
    return no.value


def orders_of(desks: Desks, case_id: UUID) -> list[CardOrder]:
    with desks.house.begin(Permission.INDUSTRY_READ) as work:
        query = select(CardOrder).where(CardOrder.case_id == case_id)
        return list(work.session.exec(query.order_by(col(CardOrder.number))).all())


def opened(desks: Desks, used: Used, *findings: UsageFinding) -> Case:
    found = findings or (confirmed(desks, used),)
    return open_industry_case(desks.iot, [one.id for one in found])


def heard(desks: Desks, case: Case) -> Case:
    (party,) = case_record(desks.iot, case.id).parties
    hear_party(desks.iot, party.id, "单位称系固件升级所致")
    return case


def decided(desks: Desks, case: Case, *measures: Measure) -> Case:
    propose(desks.iot, heard(desks, case).id, proposal(measures))
    return approve(desks.approver, case.id)


def upheld(desks: Desks, case: Case, by: Desk | None = None) -> None:
    appeal = lodge_case_appeal(desks.manager, case.id, AppealForm("不服", "智联科技1"), PROOF)
    accept_case_appeal(desks.approver, appeal.id)
    decide_case_appeal(by or fresh(desks), appeal.id, CaseAppealMove.UPHOLD, "事实不清")


def test_a_case_is_opened_on_confirmed_findings_of_one_batch(desks: Desks) -> None:
    used, other = planted(desks), planted(desks, 2)
    breach, resale = confirmed(desks, used), resold(desks, used)
    unseen = confirmed(desks, used, 3, state=UsageFindingState.OPEN)
    foreign = confirmed(desks, other)

    def code(*found: UsageFinding, by: Desk = desks.iot) -> str:
        return refused(Refusal, lambda: open_industry_case(by, [one.id for one in found])).code

    assert code(breach, unseen) == "case.usage_not_confirmed"
    assert code(breach, foreign) == "case.findings_of_two_batches"
    assert code() == "case.choose_findings"
    assert code(breach, by=desks.approver) == "staff.not_allowed"
    assert code(breach, by=desks.other_manager) == "row.not_found"
    case = opened(desks, used, breach, resale)
    assert (case.kind, case.ground, case.tier, case.state) == (
        FindingKind.IOT_RESALE, Ground.INDUSTRY_CARD, Tier.SERIOUS, S.INVESTIGATING,
    )  # fmt: skip
    assert (case.industry_batch_id, case.shop_id, case.card_home) == (used.id, None, "44")
    (party,) = case_record(desks.iot, case.id).parties
    assert (party.role, party.name, party.share) == (PartyRole.PURCHASER, "智联科技1", 100)
    assert party.uscc
    assert {one.state for one in case_record(desks.iot, case.id).usage} == {
        UsageFindingState.IN_CASE
    }
    again = confirmed(desks, used, 4)
    no = refused(Conflict, lambda: open_industry_case(desks.iot, [again.id]))
    assert (no.code, no.facts) == (
        "case.batch_case_open", {"reference": case.reference, "batch": used.batch.number},
    )  # fmt: skip


@pytest.mark.requirement("004-2.3-h")
def test_what_is_confirmed_later_joins_the_case_until_it_is_decided(desks: Desks) -> None:
    used, other = planted(desks), planted(desks, 2)
    case = opened(desks, used)
    stop_at_once(desks.iot, case.id, [M.SUSPEND_CARDS], **WORDS)
    (held,) = orders_of(desks, case.id)
    later, foreign = confirmed(desks, used, 1), confirmed(desks, other)
    unseen = confirmed(desks, used, 2, state=UsageFindingState.OPEN)

    def code(*found: UsageFinding, by: Desk = desks.iot) -> str:
        return refused(Refusal, lambda: add_to_case(by, case.id, [one.id for one in found])).code

    assert code() == "case.choose_findings"
    assert code(unseen) == "case.usage_not_confirmed"
    assert code(foreign) == "card_order.other_case"
    assert code(later, by=desks.approver) == "staff.not_allowed"
    assert code(later, by=desks.other_manager) == "row.not_found"
    joined = add_to_case(desks.iot, case.id, [later.id])
    assert (joined.kind, joined.tier) == (FindingKind.IOT_SCOPE_BREACH, case.tier)
    assert joined.version > case.version
    graver = resold(desks, used)
    found = case_to_join(desks.iot, used.id)
    assert found is not None
    assert found.id == case.id
    assert confirmed_of(desks.iot, used.id) == [graver.id]
    joined = add_to_case(desks.iot, found.id, confirmed_of(desks.iot, used.id))
    assert (joined.kind, joined.tier) == (FindingKind.IOT_RESALE, Tier.SERIOUS)
    assert [one.state for one in case_record(desks.iot, case.id).usage] == [
        UsageFindingState.IN_CASE
    ] * 3
    assert row(desks, UsageFinding, later.id).due_at is None
    assert row(desks, CardOrder, held.id).state is OrderState.IN_FORCE
    deeds = {one.deed for one in list_deeds(desks.audit).rows}
    assert {"case.findings_added", "case.tier_raised"} <= deeds

    decided(desks, case, M.SHUT_DOWN_CARDS)
    late = confirmed(desks, used, 5)
    assert case_to_join(desks.iot, used.id) is None
    assert code(late) == "case.batch_case_decided"
    no = refused(Conflict, lambda: open_industry_case(desks.iot, [late.id]))
    assert no.code == "case.batch_case_decided"


def test_what_joins_a_case_that_goes_on_in_another_stays_with_its_own_batch(desks: Desks) -> None:
    used, other = planted(desks), planted(desks, 2)
    main, merged = opened(desks, used), opened(desks, other)
    merge_cases(desks.iot, main.id, [merged.id], "同一购买单位")
    later = resold(desks, other)
    assert add_to_case(desks.iot, merged.id, [later.id]).id == main.id
    assert row(desks, UsageFinding, later.id).case_id == merged.id
    assert row(desks, Case, main.id).tier is Tier.SERIOUS


@pytest.mark.requirement("004-2.3-h", "004-4.3-c")
def test_a_resale_is_shut_down_by_two_people_and_its_appeal_puts_the_cards_in_use_again(
    desks: Desks, clock: Clock
) -> None:
    used = planted(desks)
    case = opened(desks, used, resold(desks, used))
    refused(Conflict, lambda: propose(desks.iot, case.id, proposal([M.SHUT_DOWN_CARDS])))
    heard(desks, case)
    weak = refused(Conflict, lambda: propose(desks.iot, case.id, proposal([M.SUSPEND_CARDS])))
    assert weak.code == "case.measure_too_weak"
    propose(desks.iot, case.id, proposal([M.SHUT_DOWN_CARDS]))
    refused(NotAllowed, lambda: approve(desks.iot, case.id))
    assert batch_of(desks, used.id).state is BatchState.IN_USE
    approve(desks.approver, case.id)
    (order,) = orders_of(desks, case.id)
    batch = batch_of(desks, used.id)
    assert (batch.state, batch.case_id) == (BatchState.SHUT_DOWN, case.id)
    assert (order.measure, order.cards, order.is_emergency_exempt) == (
        CardMeasure.SHUT_DOWN, [], True,
    )  # fmt: skip
    assert (order.reason, order.remedy, order.papers) == (proposal([]).reason, REMEDY, PAPERS)
    for said in (case.reference, "第三十一条", "119", REMEDY):
        assert said in order.notice_zh

    (task,) = tasks(desks, case.id)
    assert (task.kind, task.target, task.is_mandatory) == (
        TaskKind.CARD_ORDER, "shut_down_cards", True,
    )  # fmt: skip
    no = refused(Conflict, lambda: do_task(desks.iot, task.id, "办了", PROOF))
    assert no.code == "case_task.not_done_yet"
    tell_order(desks.iot, order.id, RECEIPT)
    assert settle_tasks(desks.house) == 0
    assert row(desks, CaseTask, task.id).state is TaskState.OPEN
    carry_out(desks.iot, order.id, PROOF)
    assert row(desks, CaseTask, task.id).state is TaskState.DONE
    assert row(desks, Case, case.id).state is S.WAITING_RECHECK
    own = refused(Conflict, lambda: appeal_order(desks.iot, order.id, "智联科技1", "不服"))
    assert (own.code, own.facts["reference"]) == ("card_order.appeal_in_case", case.reference)
    assert refused(Conflict, lambda: lift_order(desks.approver, order.id, "误报")).code == (
        "card_order.lifted_in_case"
    )

    clock.pass_(days=1)
    upheld(desks, case)
    ended = row(desks, CardOrder, order.id)
    assert (ended.state, ended.lifted_at) == (OrderState.LIFTED, clock.at)
    batch = batch_of(desks, used.id)
    assert (batch.state, batch.case_id) == (BatchState.IN_USE, None)
    assert row(desks, Case, case.id).state is S.REVERSED
    assert [one.state for one in case_record(desks.iot, case.id).usage] == [
        UsageFindingState.CLOSED
    ]
    assert [one.kind for one in waiting_orders(desks.iot)] == ["card_order_restore"]


def test_a_breach_suspends_and_verifies_its_cards_and_closing_settles_the_findings(
    desks: Desks, clock: Clock
) -> None:
    used = planted(desks)
    case = decided(desks, opened(desks, used), *SUSPENDED)
    held = orders_of(desks, case.id)
    assert [(one.measure, one.cards) for one in held] == [
        (CardMeasure.REVERIFY, [used.iccid(0)[:19]]),
        (CardMeasure.SUSPEND, [used.iccid(0)[:19]]),
    ]
    assert batch_of(desks, used.id).state is BatchState.IN_USE, "one card is not the batch"
    for one in held:
        tell_order(desks.iot, one.id, RECEIPT)
    carry_out(desks.iot, held[0].id, PROOF)
    assert row(desks, Case, case.id).state is S.EXECUTING
    carry_out(desks.iot, held[1].id, PROOF)
    assert row(desks, Case, case.id).state is S.WAITING_RECHECK
    third = person(desks, "di.san", "CT-44", Role.CHANNEL_MANAGER)
    clock.pass_(days=7)
    assert recheck(third, case.id, clean=True, reason="未再超范围使用").state is S.CLOSED
    (finding,) = case_record(desks.iot, case.id).usage
    assert finding.state is UsageFindingState.CLOSED
    assert [row(desks, CardOrder, one.id).state for one in held] == [OrderState.CARRIED_OUT] * 2


def test_what_is_stopped_at_once_is_ordered_at_once_and_ends_with_the_decision_or_goes_on(
    desks: Desks,
) -> None:
    used, other = planted(desks), planted(desks, 2)
    case = opened(desks, used)
    stop_at_once(desks.iot, case.id, [M.SUSPEND_CARDS], **WORDS)
    (order,) = orders_of(desks, case.id)
    done(desks, order)
    (task,) = tasks(desks, case.id)
    assert task.state is TaskState.DONE
    appeal_order(desks.iot, order.id, "智联科技1", "不服")
    decided(desks, case, *SUSPENDED)
    kept = row(desks, CardOrder, order.id)
    assert (kept.state, kept.appeal_answer) == (OrderState.CARRIED_OUT, REASON_OF_CASE)
    assert len(orders_of(desks, case.id)) == 2, "the same is not ordered twice"

    ended = opened(desks, other)
    stop_at_once(desks.iot, ended.id, [M.RESTRICT_CARDS], **WORDS)
    (held,) = orders_of(desks, ended.id)
    done(desks, held)
    decided(desks, ended, *SUSPENDED)
    lifted = row(desks, CardOrder, held.id)
    assert (lifted.state, lifted.due_at) == (OrderState.LIFTED, None), "suspended all the same"


REASON_OF_CASE = proposal([]).reason


def test_another_lifts_what_was_stopped_at_once_or_its_holders_appeal_does(desks: Desks) -> None:
    used = planted(desks)
    case = opened(desks, used, resold(desks, used))
    refused(NotAllowed, lambda: stop_at_once(desks.manager, case.id, [M.SUSPEND_CARDS], **WORDS))
    stop_at_once(desks.iot, case.id, [M.SUSPEND_CARDS], **WORDS)
    assert batch_of(desks, used.id).state is BatchState.RESTRICTED
    lift_at_once(desks.approver, case.id, [M.SUSPEND_CARDS], "误报")
    assert batch_of(desks, used.id).state is BatchState.IN_USE
    assert [one.state for one in orders_of(desks, case.id)] == [OrderState.LIFTED]

    stop_at_once(desks.iot, case.id, [M.SUSPEND_CARDS], **WORDS)
    _, order = orders_of(desks, case.id)
    appeal_order(desks.iot, order.id, "智联科技1", "不服")
    decide_order_appeal(desks.approver, order.id, upheld=True, answer="属实")
    assert batch_of(desks, used.id).state is BatchState.IN_USE
    assert {one.state.value for one in case_record(desks.iot, case.id).measures} == {"lifted"}
    assert {one.state for one in tasks(desks, case.id)} == {TaskState.NOT_NEEDED}


def test_a_restricted_batch_is_shut_down_on_a_case_by_another_than_who_restricted_it(
    desks: Desks,
) -> None:
    used = planted(desks)
    finding = resold(desks, used)
    case = opened(desks, used, finding)
    second = fresh(desks)

    def shut_down(by: Desk = second, **more: Any) -> CardOrder:  # noqa: ANN401
        return order_cards(by, used.id, CardMeasure.SHUT_DOWN, reason=REASON, **more)

    on_case: dict[str, Any] = {"case_id": case.id}
    refused(NotAllowed, lambda: shut_down(desks.iot, **on_case))
    assert refused(Conflict, shut_down).code == "card_order.case_needed"
    assert refused(Conflict, lambda: shut_down(**on_case)).code == "card_order.restrict_first"
    restricted = order_cards(
        desks.iot, used.id, CardMeasure.RESTRICT, reason=REASON, case_id=case.id
    )
    with desks.house.begin(Permission.CARD_ORDER) as work:
        work.session.get_one(CardOrder, restricted.id).ordered_by = second.actor.id
        work.no_deed()
    no = refused(NotAllowed, lambda: shut_down(**on_case))
    assert (no.code, no.facts) == ("card_order.same_person", {"number": restricted.number})
    order = shut_down(desks.approver, **on_case)
    assert order.finding_ids == [str(finding.id)]
    assert order.rule_version == "iot_shut_down/1"
    assert batch_of(desks, used.id).state is BatchState.SHUT_DOWN

    decided(desks, case, M.SHUT_DOWN_CARDS)
    kept = row(desks, CardOrder, order.id)
    assert kept.case_measure_id is not None, "the decision keeps what was ordered on its ground"
    assert len(orders_of(desks, case.id)) == 2
    upheld(desks, case, person(desks, "zhang.san", "CT-44", Role.APPROVER))
    assert batch_of(desks, used.id).state is BatchState.IN_USE


def test_a_batch_that_a_case_has_shut_down_before_its_use_is_not_activated(desks: Desks) -> None:
    used = planted(desks, state=BatchState.REGISTERED)
    case = opened(desks, used, resold(desks, used))
    propose(desks.iot, heard(desks, case).id, proposal([M.SHUT_DOWN_CARDS]))
    asked = {one.kind for one in work_items(desks.approver)}
    assert "case_approve" in asked
    approve(desks.approver, case.id)
    assert batch_of(desks, used.id).state is BatchState.REGISTERED
    with desks.iot.begin(Permission.INDUSTRY_EDIT) as work:
        batch = work.get(IndustryBatch, used.id)
        no = refused(Conflict, lambda: must_be_free(work, batch))
    assert no.code == "card_order.batch_held"


def test_cards_are_shut_down_by_an_approver_alone_whatever_the_tier(desks: Desks) -> None:
    case = opened(desks, planted(desks))
    propose(desks.iot, heard(desks, case).id, proposal([M.SHUT_DOWN_CARDS]))
    assert case.tier is Tier.GENERAL
    assert "case_approve" not in {one.kind for one in work_items(desks.manager)}
    no = refused(NotAllowed, lambda: approve(desks.manager, case.id))
    assert no.code == "case.approver_needed"
    approve(desks.approver, case.id)


def test_lists_board_file_and_work_lists_tell_of_such_a_case(desks: Desks, clock: Clock) -> None:
    used = planted(desks)
    before = opened(desks, used)
    done(desks, orders_of(desks, decided(desks, before, *SUSPENDED).id)[1])
    case = opened(desks, planted(desks, 2))
    assert case.id in {one.id for one in find_cases(desks.iot, CaseFilters(q="智联科技")).rows}
    assert find_cases(desks.iot, CaseFilters(q=used.batch.number)).rows == [
        row(desks, Case, before.id)
    ]
    assert any(case.id in {one.id for one in column.cases} for column in case_board(
        desks.iot, CaseFilters()))  # fmt: skip
    record = case_record(desks.iot, before.id)
    assert (len(record.usage), len(record.card_orders)) == (1, 2)
    for desk, sees in ((desks.iot, True), (desks.regulator, False)):
        for language in Language:
            text = words_of_pdf(case_file(desk, before.id, language).data or b"")
            assert "智联科技1" in text
            assert (record.card_orders[0].number in text) is sees
    assert case_record(desks.regulator, before.id).usage == ()
    clock.pass_(days=60)
    sweep_deadlines(desks.house)
    assert before.id in {one.id for one in overdue(desks.iot).cases}
    assert "task_card_order" in {one.kind for one in work_items(desks.iot)}
    assert "card_order_tell" in {one.kind for one in waiting_orders(desks.iot)}


def test_such_cases_are_found_alike_merged_and_parted(desks: Desks) -> None:
    used = planted(desks)
    main = opened(desks, used, resold(desks, used))
    with desks.house.begin(Permission.CASE_OPEN) as work:
        work.session.get_one(Case, main.id).state = S.TRANSFERRED
        work.no_deed()
    other = opened(desks, used)
    with desks.house.begin(Permission.CASE_OPEN) as work:
        work.session.get_one(Case, main.id).state = S.INVESTIGATING
        work.no_deed()
    (alike,) = similar_to_case(desks.iot, main.id)
    assert (alike.case.id, alike.why) == (
        other.id, [SimilarWhy.SAME_BATCH, SimilarWhy.SAME_NAME],
    )  # fmt: skip
    merge_cases(desks.iot, main.id, [other.id], "同一批次")
    hear_party(desks.iot, case_record(desks.iot, other.id).parties[0].id, "无异议")
    decided(desks, main, M.SHUT_DOWN_CARDS)
    (order,) = orders_of(desks, main.id)
    assert len(order.finding_ids) == 2
    done(desks, order)
    assert row(desks, Case, main.id).state is S.WAITING_RECHECK
    parted = unmerge(desks.iot, other.id, "另有其事")
    assert parted.merged_into_id is None
