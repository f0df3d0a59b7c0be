"""Use beyond the scope is acted on: with notice, reason, remedy, and emergency calls left open."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from console.actions.cards.industry.cases import open_industry_case
from console.actions.cards.industry.findings import confirm_usage_finding
from console.actions.cards.industry.order_appeals import appeal_order, decide_order_appeal
from console.actions.cards.industry.order_lists import find_orders, order_record, waiting_orders
from console.actions.cards.industry.order_papers import order_document, order_proof
from console.actions.cards.industry.orders import (
    carry_out,
    lift_order,
    note_restored,
    order_cards,
    tell_order,
)
from console.actions.cards.industry.reverification import reverify_ok, why_not_reverified
from console.actions.cards.industry.reviews import reassess_batch
from console.actions.cards.industry.runs import plan_run, run_monitoring
from console.actions.cases.interim import stop_at_once
from console.actions.cases.late import sweep_deadlines
from console.actions.cases.open import open_case
from console.desk import Desk
from console.i18n import Language, texts
from models.cards.accountable import AccountablePerson
from models.cards.card_orders import (
    ORDER_MOVES,
    RESTRICTS_BATCH,
    CardMeasure,
    CardOrder,
    OrderMove,
    OrderState,
)
from models.cards.classes import Voice
from models.cards.guards import Lack
from models.cards.industry import BatchState
from models.cards.monitoring import UsageFinding, UsageFindingState
from models.cards.usage_rules import UsageRule
from models.cases.measures import Measure
from models.permissions import Permission, Role
from models.refusals import Conflict, Invalid, NotAllowed, Refusal
from tests.cards.ordered import PROOF, REASON, RECEIPT, batch_of, confirmed, done, ordered
from tests.cards.used import MB, Used, csv_of, planted
from tests.cards.world import answers, iccid20, in_use
from tests.cases.world import found, person, row
from tests.conftest import Clock, Desks
from tests.pdf_words import words_of_pdf

M, S = CardMeasure, OrderState


def refused(kind: type[Refusal], act: Callable[[], object]) -> Refusal:
    with pytest.raises(kind) as no:
        act()
    return no.value


@pytest.mark.parametrize(("state", "move"), list(product(OrderState, OrderMove)))
def test_an_order_moves_by_its_table_alone(state: OrderState, move: OrderMove) -> None:
    order = CardOrder(state=state, is_late=True)  # pyright: ignore[reportCallIssue]
    after = ORDER_MOVES.get((state, move))
    if after is None:
        refused(Conflict, lambda: order.move(move))
        assert (order.state, order.version) == (state, 1)
        return
    order.move(move)
    expected = S.IN_FORCE if move is OrderMove.DISMISS else after
    assert (order.state, order.version, order.is_late) == (expected, 2, False)


@pytest.mark.requirement("004-2.3-h")
def test_a_hit_is_confirmed_and_its_card_suspended_with_notice_reason_and_remedy(
    desks: Desks, clock: Clock
) -> None:
    used = planted(desks)
    run_monitoring(
        desks.iot, plan_run(desks.iot, "use.csv", csv_of([used.did(3, bytes=5 * MB)])).id
    )
    with desks.house.begin(Permission.USAGE_JUDGE) as work:
        (hit,) = work.session.exec(select(UsageFinding)).all()

    def suspend() -> CardOrder:
        return ordered(desks, used, at=3, finding_ids=[hit.id])

    assert refused(Conflict, suspend).code == "card_order.not_confirmed"
    confirm_usage_finding(desks.approver, hit.id)
    order = suspend()
    assert (order.number, order.state, order.cards) == (
        "IO-2026-000001", S.IN_FORCE, [used.iccid(3)[:19]],
    )  # fmt: skip
    assert order.due_at == clock.at.replace(hour=16) + timedelta(days=1)
    assert order.rule_version == "iot_abnormal_action/1"
    for said in (used.batch.number, REASON, "智联科技1", hit.number, "5 MB", "超过约定的 2 MB",
                 used.iccid(3)[:19], "第十二条", "第三十二条", "15 日内", "3 个工作日",
                 "中国电信广东", "营业执照", "责任人身份核验", "使用情况说明"):  # fmt: skip
        assert said in order.notice_zh, said
    for said in (used.batch.number, REASON, "5 MB", "art. 12", "within 15 days", "licence"):
        assert said in order.notice_en, said
    assert batch_of(desks, used.id).state is BatchState.IN_USE

    tell_order(desks.iot, order.id, RECEIPT)
    kept = carry_out(desks.iot, order.id, PROOF)
    assert (kept.state, kept.told_how, kept.due_at) == (S.CARRIED_OUT, RECEIPT, None)
    assert order_proof(desks.iot, order.id).name == PROOF.name
    assert row(desks, UsageFinding, hit.id).due_at is None
    assert [one.deed for one in order_record(desks.iot, order.id).deeds][::-1][:3] == [
        "card_order.made", "card_order.told", "card_order.carried_out",
    ]  # fmt: skip
    assert list(waiting_orders(desks.iot)) == []


@pytest.mark.requirement("004-4.3-c")
@pytest.mark.parametrize("voice", [Voice.OFF, Voice.ON])
def test_whatever_limits_or_restricts_says_that_emergency_calls_stay_open(
    desks: Desks, voice: Voice
) -> None:
    used = planted(desks, voice=voice)
    words = (("119", "110", "120", "122", "交通事故"), ("fire", "police", "medical", "traffic"))
    for at, measure in enumerate((M.WARN, M.RESTRICT, M.REVERIFY, M.SUSPEND)):
        order = ordered(desks, used, measure, at=at)
        limits = measure in RESTRICTS_BATCH
        assert order.is_emergency_exempt is limits
        for letter, said in zip((order.notice_zh, order.notice_en), words, strict=True):
            assert all(word in letter for word in said) is limits
        assert ("约定不开通语音" in order.notice_zh) is (limits and voice is Voice.OFF)


def test_a_letter_names_twenty_cards_and_says_how_many_more_and_has_room(desks: Desks) -> None:
    used = planted(desks)
    many = [confirmed(desks, used, at, rule=UsageRule.TARGET_OUTSIDE) for at in range(30)]
    order = order_cards(
        desks.iot, used.id, M.RESTRICT, iccids=[used.iccid(at) for at in range(30)],
        finding_ids=[one.id for one in many], reason="因" * 2000, remedy="救" * 2000,
        papers="材" * 1000,
    )  # fmt: skip
    assert sum(used.iccid(at)[:19] in order.notice_zh.split("二、")[0] for at in range(30)) == 20
    assert "另有 10 张" in order.notice_zh
    assert len(order.notice_zh) <= 8000
    assert len(order.notice_en) <= 8000
    assert "救" * 2000 in order.notice_en
    assert "自收到本告知书之日起" not in order.notice_zh


@pytest.mark.parametrize("language", list(Language))
def test_the_letter_is_a_document_too(desks: Desks, language: Language) -> None:
    used = planted(desks)
    order = ordered(desks, used)
    paper = order_document(desks.approver, order.id, language)
    told = words_of_pdf(paper.data or b"")
    assert order.number in told
    assert "119" in told
    assert texts(language)["order_letter.heading"].replace(" ", "") in told.replace(" ", "")
    refused(NotAllowed, lambda: order_document(desks.regulator, order.id))


def test_what_is_ordered_rests_on_confirmed_findings_of_the_batch(desks: Desks) -> None:
    used, other = planted(desks), planted(desks, 2)
    foreign = confirmed(desks, other)
    case = open_industry_case(desks.iot, [confirmed(desks, other, 1).id])
    of_shop = open_case(desks.manager, found(desks).ids)

    def code(**more: Any) -> str:  # noqa: ANN401 - as `order_cards` takes them
        return refused(
            Refusal, lambda: order_cards(desks.iot, used.id, M.RESTRICT, reason=REASON, **more)
        ).code

    assert code(iccids=[used.iccid(5)]) == "card_order.findings_needed"
    assert code(finding_ids=[foreign.id]) == "card_order.other_batch"
    assert code(case_id=case.id) == "card_order.other_case"
    assert code(case_id=of_shop.id) == "row.not_found"
    assert code(iccids=["12345"]) == "card_order.bad_iccid"
    assert code(iccids=[used.iccid(5), other.iccid(5)]) == "card_order.not_of_batch"
    assert order_cards(desks.iot, used.id, M.WARN, reason=REASON).finding_ids == []
    no = refused(
        Invalid, lambda: order_cards(desks.iot, used.id, M.WARN, reason="证件 11010519491231002X")
    )
    assert no.code == "admission.identity_number"
    for desk in (desks.manager, desks.approver, desks.regulator):
        refused(NotAllowed, lambda desk=desk: ordered(desks, used, M.WARN, by=desk, finding_ids=[]))
    first = ordered(desks, used, M.SUSPEND, at=7)
    again = refused(Conflict, lambda: ordered(desks, used, at=7, finding_ids=first.finding_ids))
    assert again.facts["number"] == first.number


def test_who_confirmed_warns_and_another_limits_service_on_it(desks: Desks) -> None:
    used = planted(desks)
    own = confirmed(desks, used, 0, looked_by=desks.iot.actor.id)
    case = open_industry_case(
        desks.iot, [confirmed(desks, used, 1, looked_by=desks.iot.actor.id).id]
    )
    for measure in (M.RESTRICT, M.REVERIFY, M.SUSPEND):
        no = refused(
            NotAllowed,
            lambda measure=measure: ordered(desks, used, measure, finding_ids=[own.id]),
        )
        assert (no.code, no.facts) == ("card_order.own_findings", {"number": own.number})
    words = {"reason": REASON, "remedy": REASON, "papers": REASON}
    for at_once in (
        lambda: ordered(desks, used, finding_ids=[], case_id=case.id),
        lambda: stop_at_once(desks.iot, case.id, [Measure.SUSPEND_CARDS], **words),
    ):
        assert refused(NotAllowed, at_once).code == "card_order.own_findings"
    ordered(desks, used, M.WARN, finding_ids=[own.id])
    theirs = confirmed(desks, used, 2, looked_by=desks.approver.actor.id)
    ordered(desks, used, at=2, finding_ids=[own.id, theirs.id])


@pytest.mark.requirement("004-2.3-c", "004-2.3-h")
def test_a_batch_that_is_fit_for_use_no_more_is_restricted_on_that(
    desks: Desks, clock: Clock
) -> None:
    batch = in_use(desks)

    def order(measure: CardMeasure = M.REVERIFY, *iccids: str) -> CardOrder:
        return order_cards(desks.iot, batch.id, measure, iccids=iccids, reason="不再具备使用条件")

    assert refused(Conflict, order).code == "card_order.findings_needed"
    assert "风险评估" not in order(M.WARN).notice_zh
    reassess_batch(desks.approver, batch.id, answers(resale="distributor"), "转售")
    clock.at = clock.at.replace(year=2036)
    one_card = refused(Conflict, lambda: order(M.SUSPEND, iccid20(3)))
    assert one_card.code == "card_order.findings_needed"
    shut = refused(
        Conflict,
        lambda: order_cards(desks.approver, batch.id, M.SHUT_DOWN, reason="不再具备使用条件"),
    )
    assert shut.code == "card_order.case_needed"
    made = order()
    for said in ("最近一次风险评估没有通过", "协议 XY-2026-001 ", "营业执照", "从严审核", "119"):
        assert said in made.notice_zh, said
    for said in ("last risk assessment failed", "agreement XY-2026-001", "licence", "vetted"):
        assert said in made.notice_en, said
    assert "发现违规使用" not in made.notice_zh
    assert batch_of(desks, batch.id).state is BatchState.RESTRICTED
    (deed,) = [
        one for one in order_record(desks.iot, made.id).deeds if one.deed == "card_order.made"
    ]
    assert deed.facts["lacks"] == [
        Lack.PURCHASER_LICENCE, Lack.ASSESSMENT_FAILED, Lack.AGREEMENT_NOT_IN_FORCE,
    ]  # fmt: skip


@pytest.mark.parametrize("language", list(Language))
def test_a_letter_has_words_for_whatever_may_be_lacking(language: Language) -> None:
    said = texts(language)
    later = {
        Lack.SECOND_PERSON, Lack.CARDS_NOT_ALL, Lack.USERS_NOT_ALL, Lack.LIMITS_PROOF,
        Lack.DEVICE_LOCK_OPEN, Lack.NOT_ASSESSED_ANEW, Lack.ASSESSED_BY_SAME,
        Lack.NOT_VERIFIED_ANEW,
    }  # fmt: skip
    assert not [one for one in set(Lack) - later if f"order_lack.{one}" not in said]


@pytest.mark.parametrize("state", list(BatchState))
def test_a_batch_that_is_not_live_is_ordered_nothing_for(desks: Desks, state: BatchState) -> None:
    used = planted(desks, state=state)
    live = state in {BatchState.REGISTERED, BatchState.IN_USE, BatchState.RESTRICTED}
    if not live:
        no = refused(Conflict, lambda: ordered(desks, used))
        assert no.code == "card_order.batch_not_live"
        return
    ordered(desks, used)
    whole: dict[str, Any] = {"at": None, "finding_ids": [confirmed(desks, used, 1).id]}
    if state is BatchState.REGISTERED:
        no = refused(Conflict, lambda: ordered(desks, used, M.RESTRICT, **whole))
        assert no.code == "card_order.batch_not_in_use"
        return
    ordered(desks, used, M.RESTRICT, **whole)
    assert batch_of(desks, used.id).state is BatchState.RESTRICTED


def test_a_warning_is_done_when_told_and_use_beyond_contract_is_acted_on_the_same_day(
    desks: Desks, clock: Clock
) -> None:
    used = planted(desks)
    warned = tell_order(desks.iot, ordered(desks, used, M.WARN).id, RECEIPT)
    assert warned.state is S.CARRIED_OUT
    no = refused(Conflict, lambda: carry_out(desks.iot, warned.id, PROOF))
    assert no.code == "card_order.nothing_to_set"
    grave = confirmed(desks, used, 5, rule=UsageRule.USED_BEFORE_ACTIVATION)
    order = ordered(desks, used, at=5, finding_ids=[grave.id])
    assert order.rule_version == "iot_beyond_contract/1"
    assert order.due_at == clock.at.replace(hour=16)
    clock.pass_(days=1)
    sweep_deadlines(desks.house)
    assert row(desks, CardOrder, order.id).is_late
    kinds = {one.kind for one in waiting_orders(desks.iot)}
    assert kinds == {"card_order_tell", "card_order_carry_out"}
    assert not done(desks, order).is_late
    again = refused(Conflict, lambda: tell_order(desks.iot, order.id, RECEIPT))
    assert again.code == "card_order.told_already"


def test_another_lifts_an_order_and_service_is_put_on_again(desks: Desks) -> None:
    used = planted(desks)
    order = done(desks, ordered(desks, used, M.RESTRICT, at=None,
                                finding_ids=[confirmed(desks, used).id]))  # fmt: skip
    assert batch_of(desks, used.id).state is BatchState.RESTRICTED
    no = refused(NotAllowed, lambda: lift_order(desks.iot, order.id, "查无此事"))
    assert no.code == "card_order.same_person"
    lifted = lift_order(desks.approver, order.id, "经核实属平台误报")
    assert (lifted.state, lifted.rule_version) == (S.LIFTED, "service_restoration/1")
    assert batch_of(desks, used.id).state is BatchState.IN_USE
    assert row(desks, UsageFinding, _of(order)).state is UsageFindingState.CLOSED
    assert [one.kind for one in waiting_orders(desks.iot)] == ["card_order_restore"]
    note_restored(desks.iot, order.id, PROOF)
    assert list(waiting_orders(desks.iot)) == []
    assert refused(Conflict, lambda: note_restored(desks.iot, order.id, PROOF)).code == (
        "card_order.nothing_to_restore"
    )


def _of(order: CardOrder) -> UUID:
    return UUID(order.finding_ids[0])


def test_nobody_puts_on_again_what_another_order_keeps_cut_off(desks: Desks) -> None:
    used = planted(desks)
    one, two = (
        done(
            desks, ordered(desks, used, measure, finding_ids=[confirmed(desks, used, rule=rule).id])
        )
        for rule, measure in (
            (UsageRule.VOICE_OFF, M.RESTRICT),
            (UsageRule.TARGET_OUTSIDE, M.SUSPEND),
        )
    )
    assert lift_order(desks.approver, one.id, "已停用").due_at is None
    assert lift_order(desks.approver, two.id, "已停用").due_at is not None
    ordered(desks, used, at=None, finding_ids=[confirmed(desks, used, 2).id])
    assert row(desks, CardOrder, two.id).due_at is None


def test_the_last_order_that_holds_a_batch_lets_it_go(desks: Desks) -> None:
    used = planted(desks)
    found = [confirmed(desks, used, at) for at in (0, 1)]
    first = ordered(desks, used, M.RESTRICT, at=None, finding_ids=[found[0].id])
    second = ordered(desks, used, M.SUSPEND, at=None, finding_ids=[found[1].id])
    lift_order(desks.approver, first.id, "已整改")
    assert batch_of(desks, used.id).state is BatchState.RESTRICTED
    lift_order(desks.approver, second.id, "已整改")
    assert batch_of(desks, used.id).state is BatchState.IN_USE


@pytest.mark.requirement("004-2.3-h")
def test_a_restricted_batch_is_used_again_when_person_and_risk_were_verified_anew(
    desks: Desks, clock: Clock
) -> None:
    batch = in_use(desks)
    used = Used(batch)
    order = order_cards(desks.iot, batch.id, M.REVERIFY, reason=REASON, case_id=None,
                        finding_ids=[confirmed(desks, used, 0).id])  # fmt: skip
    assert batch_of(desks, batch.id).due_at is not None
    assert order.is_emergency_exempt
    clock.pass_(days=2)

    def verify() -> object:
        return reverify_ok(desks.iot, batch.id, "责任人和场景均已重新核验", PROOF)

    assert refused(Conflict, verify).code == "card_order.not_told"
    told = tell_order(desks.iot, order.id, RECEIPT)
    assert told.rule_version == "iot_reverification/1"
    assert refused(Conflict, lambda: carry_out(desks.iot, order.id, PROOF)).code == (
        "card_order.by_reverification"
    )
    stale = [Lack.NOT_ASSESSED_ANEW, Lack.NOT_VERIFIED_ANEW]
    no = refused(Conflict, verify)
    assert (no.code, no.facts["lacks"]) == ("industry.not_ready", stale)
    assert [one.lack for one in why_not_reverified(desks.iot, batch.id)] == stale
    assert "industry_reverify" in {one.kind for one in waiting_orders(desks.iot)}
    reassess_batch(desks.approver, batch.id, answers())
    with desks.house.begin(Permission.PERSON_IMPORT) as work:
        found_person = work.session.exec(select(AccountablePerson)).one()
        found_person.verified_at = work.at
        work.record("accountable.planted", batch)
    verify()
    kept = batch_of(desks, batch.id)
    assert (kept.state, kept.due_at) == (BatchState.IN_USE, None)
    ended = row(desks, CardOrder, order.id)
    assert (ended.state, ended.proof_file) == (S.LIFTED, PROOF.name)
    assert find_orders(desks.iot).rows == [ended]
    assert refused(Conflict, verify).code == "card_order.not_restricted"


def test_every_step_is_taken_where_the_table_has_it_and_refused_elsewhere(desks: Desks) -> None:
    used = planted(desks)
    order = ordered(desks, used, finding_ids=[confirmed(desks, used).id])
    steps: dict[OrderMove, Callable[[], object]] = {
        OrderMove.CARRY_OUT: lambda: carry_out(desks.iot, order.id, PROOF),
        OrderMove.APPEAL: lambda: appeal_order(desks.iot, order.id, "智联科技1", "不服"),
        OrderMove.UPHOLD: lambda: decide_order_appeal(
            desks.approver, order.id, upheld=True, answer="属实"
        ),
        OrderMove.DISMISS: lambda: decide_order_appeal(
            desks.approver, order.id, upheld=False, answer="不实"
        ),
        OrderMove.LIFT: lambda: lift_order(desks.approver, order.id, "误报"),
    }
    for state, move in product(OrderState, OrderMove):
        with desks.house.begin(Permission.CARD_ORDER) as work:
            kept = work.session.get_one(CardOrder, order.id)
            kept.state, kept.appealed_at, kept.carried_out_at = state, work.at, None
            work.no_deed()
        if (state, move) in ORDER_MOVES:
            steps[move]()
        else:
            refused(Conflict, steps[move])
        after = ORDER_MOVES.get((state, move), state)
        expected = S.IN_FORCE if move is OrderMove.DISMISS and after is not state else after
        assert row(desks, CardOrder, order.id).state is expected, (state, move)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_two_people_who_order_the_same_at_once_order_it_once(desks: Desks) -> None:
    used = planted(desks)
    finding = confirmed(desks, used)
    second = person(desks, "di.er", "CT-44", Role.IOT_MANAGER)

    def order(by: Desk) -> str:
        try:
            return ordered(desks, used, by=by, finding_ids=[finding.id]).number
        except Conflict as no:
            return no.code

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(order, [desks.iot, second]))
    assert said == ["IO-2026-000001", "card_order.held_already"]
