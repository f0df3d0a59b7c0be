"""What a check comes to: each rule of the two routes, true, false, and what nobody can tell."""

from datetime import timedelta
from typing import Any

import pytest

from models.checks.judging import (
    DUTIES,
    FORGED,
    Answer,
    CheckRule,
    DocumentSeen,
    Seen,
    gravest,
    judge,
    same_card,
    verdict_of,
)
from models.checks.orders import OrderFacts, Route
from models.checks.spot_checks import Verdict
from models.checks.traces import CardSeen, TraceGround, in_scope
from models.rules import FindingKind
from tests.checks.spot_world import OURS, kept
from tests.conftest import NOON, Clock
from tests.stock.files import iccid

R, K = CheckRule, FindingKind
CARD = CardSeen(f"{iccid(OURS)}7", in_scope=True)
ONE_CARD = Seen(wants_card=True, wants_identity=False, cards=[CARD])
NOTHING = Seen(wants_card=False, wants_identity=False)
HOUR = timedelta(hours=1)


def order(route: Route = Route.A, **changed: Any) -> OrderFacts:  # noqa: ANN401
    return kept(Clock(), route, **changed)


def said(facts: OrderFacts, seen: Seen = ONE_CARD) -> dict[CheckRule, Answer]:
    return {one.rule: one for one in judge(facts, seen)}


def test_route_a_is_compared_shipped_handed_over_and_then_active() -> None:
    answers = said(order())
    assert {rule for rule, one in answers.items() if one.ok is not True} == set()
    assert set(answers) == {
        R.ASKED_IDENTITY, R.NOT_TYPED, R.CAPTURE_KNOWN, R.COMPARE_REF, R.COMPARED_BEFORE_SHIPPED,
        R.SHIPPED_BEFORE_HANDOVER, R.HANDOVER_MATCH, R.HANDOVER_BEFORE_ACTIVE, R.CARD_READ,
        R.CARD_IS_ORDERED, R.CARD_IN_SCOPE, R.HOLDER_IS_DOCUMENT, R.DOCUMENT_IS_SUBMITTED,
    }  # fmt: skip
    assert verdict_of(list(answers.values())) is Verdict.PASSED


def test_route_b_is_shipped_inactive_checked_live_and_then_active() -> None:
    answers = said(order(Route.B))
    assert {rule for rule, one in answers.items() if one.ok is not True} == set()
    assert {
        R.SHIPPED_BEFORE_HANDOVER, R.SHIPPED_INACTIVE, R.HANDOVER_BEFORE_LIVE_CHECK,
        R.LIVE_CHECK_REF, R.LIVE_CHECK_BEFORE_ACTIVE,
    } <= set(answers)  # fmt: skip
    assert R.HANDOVER_MATCH not in answers


BREACHES: list[tuple[str, Route, dict[str, Any], CheckRule, FindingKind]] = [
    ("nobody asked", Route.A, {"asked_identity": False}, R.ASKED_IDENTITY, K.NO_REGISTRATION),
    ("typed by hand", Route.A, {"manual_entry": True}, R.NOT_TYPED, K.MANUAL_ENTRY),
    ("never compared", Route.A, {"authority_compare_ref": ""}, R.COMPARE_REF,
     K.SHIPPED_BEFORE_VERIFY),
    ("compared too late", Route.A, {"compared_at": NOON - 14 * HOUR}, R.COMPARED_BEFORE_SHIPPED,
     K.SHIPPED_BEFORE_VERIFY),
    ("handed over before it was sent", Route.A, {"handed_over_at": NOON - 16 * HOUR},
     R.SHIPPED_BEFORE_HANDOVER, K.HANDOVER_MISMATCH),
    ("given to another", Route.A, {"handover_match": False}, R.HANDOVER_MATCH,
     K.HANDOVER_MISMATCH),
    ("active before it was handed over", Route.A, {"activated_at": NOON - 11 * HOUR},
     R.HANDOVER_BEFORE_ACTIVE, K.ACTIVATED_BEFORE_VERIFY),
    ("came active", Route.A, {"active_on_arrival": True}, R.HANDOVER_BEFORE_ACTIVE,
     K.ACTIVATED_BEFORE_VERIFY),
    ("came active by route B", Route.B, {"active_on_arrival": True}, R.SHIPPED_INACTIVE,
     K.ACTIVATED_BEFORE_VERIFY),
    ("no live check", Route.B, {"live_check_ref": ""}, R.LIVE_CHECK_REF,
     K.ACTIVATED_BEFORE_VERIFY),
    ("checked live too late", Route.B, {"live_checked_at": NOON - HOUR},
     R.LIVE_CHECK_BEFORE_ACTIVE, K.ACTIVATED_BEFORE_VERIFY),
    ("handed over before it was sent, by route B", Route.B, {"handed_over_at": NOON - 16 * HOUR},
     R.SHIPPED_BEFORE_HANDOVER, K.HANDOVER_MISMATCH),
    ("checked live before it was there", Route.B, {"live_checked_at": NOON - 11 * HOUR},
     R.HANDOVER_BEFORE_LIVE_CHECK, K.ACTIVATED_BEFORE_VERIFY),
    ("active on its way", Route.B, {"activated_at": NOON - 12 * HOUR}, R.SHIPPED_INACTIVE,
     K.ACTIVATED_BEFORE_VERIFY),
    ("the holder is another", Route.A, {"holder_is_document": False}, R.HOLDER_IS_DOCUMENT,
     K.HANDOVER_MISMATCH),
    ("registered for another", Route.B, {"compare_agrees": False}, R.DOCUMENT_IS_SUBMITTED,
     K.FALSE_REGISTRATION),
    ("another card", Route.A, {"iccids": (iccid(1),)}, R.CARD_IS_ORDERED, K.HANDOVER_MISMATCH),
]  # fmt: skip


@pytest.mark.requirement(
    "004-2.1-c",
    "004-3.2-b",
    "004-3.2-c",
    "004-3.2-d",
    "004-3.2-e",
    "004-3.2-f",
    "004-3.2-g",
    "004-3.2-h",
)
@pytest.mark.parametrize(
    ("route", "changed", "rule", "kind"),
    [case[1:] for case in BREACHES],
    ids=[case[0] for case in BREACHES],
)
def test_a_breach_is_a_finding_of_its_kind(
    route: Route, changed: dict[str, Any], rule: CheckRule, kind: FindingKind
) -> None:
    answers = judge(order(route, **changed), ONE_CARD)
    (false,) = [one for one in answers if one.rule is rule]
    assert (false.ok, false.kind, false.duty) == (False, kind, DUTIES[rule])
    assert verdict_of(answers) is Verdict.FAILED
    assert kind in {one.kind for one in answers if one.ok is False}


UNKNOWN: list[tuple[Route | None, dict[str, Any], CheckRule]] = [
    (None, {}, R.ROUTE_KNOWN),
    (Route.A, {"asked_identity": None}, R.ASKED_IDENTITY),
    (Route.A, {"manual_entry": None}, R.NOT_TYPED),
    (Route.B, {"capture": None}, R.CAPTURE_KNOWN),
    (Route.A, {"shipped_at": None}, R.COMPARED_BEFORE_SHIPPED),
    (Route.A, {"compared_at": None}, R.COMPARED_BEFORE_SHIPPED),
    (Route.A, {"handed_over_at": None}, R.SHIPPED_BEFORE_HANDOVER),
    (Route.A, {"handed_over_at": None}, R.HANDOVER_BEFORE_ACTIVE),
    (Route.B, {"shipped_at": None}, R.SHIPPED_BEFORE_HANDOVER),
    (Route.B, {"handed_over_at": None}, R.HANDOVER_BEFORE_LIVE_CHECK),
    (Route.A, {"handover_match": None}, R.HANDOVER_MATCH),
    (Route.A, {"activated_at": None, "active_on_arrival": None}, R.HANDOVER_BEFORE_ACTIVE),
    (Route.B, {"active_on_arrival": None}, R.SHIPPED_INACTIVE),
    (Route.B, {"live_checked_at": None}, R.LIVE_CHECK_BEFORE_ACTIVE),
]


@pytest.mark.parametrize(("route", "changed", "rule"), UNKNOWN)
def test_what_nobody_knows_is_neither_kept_nor_broken(
    route: Route | None, changed: dict[str, Any], rule: CheckRule
) -> None:
    facts = order(route or Route.A).model_copy(update={"route": route, **changed})
    answers = judge(facts, ONE_CARD)
    assert [one.ok for one in answers if one.rule is rule] == [None]
    assert verdict_of(answers) is Verdict.INCONCLUSIVE


@pytest.mark.requirement("004-3.2-b")
def test_one_waits_for_a_comparison_until_the_order_goes_on() -> None:
    fresh = OrderFacts(route=Route.A, order_no="1", ordered_at=NOON - HOUR)
    assert said(fresh)[R.COMPARE_REF].ok is None
    sent = fresh.model_copy(update={"shipped_at": NOON})
    assert said(sent)[R.COMPARE_REF].ok is False


def test_a_card_that_is_not_active_yet_breaks_nothing() -> None:
    for route in Route:
        waiting = order(route, activated_at=None)
        assert verdict_of(judge(waiting, ONE_CARD)) is Verdict.PASSED
    unchecked = order(Route.B, activated_at=None, live_check_ref="", live_checked_at=None)
    assert verdict_of(judge(unchecked, ONE_CARD)) is Verdict.PASSED


@pytest.mark.requirement("004-3.2-h")
@pytest.mark.parametrize(
    ("holder", "fits", "agrees", "verdict"),
    [
        (True, True, None, Verdict.PASSED),
        (True, None, True, Verdict.PASSED),
        (True, True, False, Verdict.FAILED),
        (True, False, True, Verdict.FAILED),  # who is registered counts, and not what is said
        (False, True, True, Verdict.FAILED),
        (True, None, False, Verdict.FAILED),
        (True, None, None, Verdict.INCONCLUSIVE),
        (None, True, True, Verdict.INCONCLUSIVE),
    ],
)
def test_holder_document_and_order_agree_all_three(
    holder: bool | None,
    fits: bool | None,
    agrees: bool | None,
    verdict: Verdict,
) -> None:
    seen = Seen(
        wants_card=True, wants_identity=True, cards=[CARD],
        documents=[DocumentSeen(is_valid=True, fits=fits)],
    )  # fmt: skip
    facts = order(holder_is_document=holder, compare_agrees=agrees)
    assert verdict_of(judge(facts, seen)) is verdict


def test_a_forged_or_invalid_document_is_a_false_registration() -> None:
    for seen in (
        Seen(wants_card=False, wants_identity=True, faults=[FORGED]),
        Seen(wants_card=False, wants_identity=True, documents=[DocumentSeen(is_valid=False)]),
    ):
        answers = judge(order(), seen)
        assert verdict_of(answers) is Verdict.FAILED
        assert gravest(answers) is K.FALSE_REGISTRATION
    # One that has run out was perhaps in its term when the card was registered.
    expired = Seen(wants_card=False, wants_identity=True, documents=[DocumentSeen(is_valid=None)])
    assert verdict_of(judge(order(), expired)) is Verdict.INCONCLUSIVE


def test_a_damaged_card_tells_nothing() -> None:
    seen = Seen(wants_card=True, wants_identity=False, faults=["mute"])
    answers = said(order(), seen)
    assert (answers[R.CARD_READ].ok, answers[R.CARD_IS_ORDERED].ok) == (None, None)
    assert answers[R.CARD_READ].facts["faults"] == ["mute"]


@pytest.mark.parametrize(
    ("ground", "ok", "kind"),
    [
        (TraceGround.INDUSTRY_CARD, False, K.IOT_CARD_ONLINE),
        (TraceGround.NO_DELEGATION, False, K.NO_DELEGATION),
        (TraceGround.EXPIRED, False, K.NO_DELEGATION),
        (TraceGround.OUT_OF_SCOPE, False, K.SCOPE_EXCEEDED),
        (TraceGround.OTHER_CHANNEL, False, K.SCOPE_EXCEEDED),
        (TraceGround.UNKNOWN_CARD, None, None),
        (TraceGround.NO_AGENT, None, None),
    ],
)
def test_where_a_card_came_from_says_what_is_found(
    ground: TraceGround,
    ok: bool | None,
    kind: FindingKind | None,
) -> None:
    card = CardSeen(iccid(OURS), in_scope((ground,)), (ground,))
    seen = Seen(wants_card=True, wants_identity=False, cards=[card])
    answer = said(order(), seen)[R.CARD_IN_SCOPE]
    assert (answer.ok, answer.kind) == (ok, kind)


def test_the_gravest_of_several_faults_is_the_finding() -> None:
    answers = judge(order(handover_match=False, authority_compare_ref=""), ONE_CARD)
    kinds = [one.kind for one in answers if one.ok is False]
    assert gravest(answers) == kinds[0] == K.SHIPPED_BEFORE_VERIFY  # of the same tier the first
    graver = CardSeen(iccid(OURS), in_scope=False, grounds=(TraceGround.NO_DELEGATION,))
    seen = Seen(wants_card=True, wants_identity=False, cards=[graver])
    assert gravest(judge(order(handover_match=False), seen)) is K.NO_DELEGATION
    assert gravest(judge(order(), ONE_CARD)) is None


def test_of_a_person_without_an_order_no_route_is_asked() -> None:
    seen = Seen(wants_card=False, wants_identity=True, documents=[DocumentSeen(is_valid=True)])
    facts = OrderFacts(holder_is_document=True, compare_agrees=True)
    assert set(said(facts, seen)) == {
        R.DOCUMENT_READ, R.DOCUMENT_VALID, R.HOLDER_IS_DOCUMENT, R.DOCUMENT_IS_SUBMITTED,
    }  # fmt: skip
    assert verdict_of(judge(facts, seen)) is Verdict.PASSED
    assert verdict_of(judge(OrderFacts(), NOTHING)) is Verdict.INCONCLUSIVE


def test_of_a_shop_alone_nothing_is_asked_that_an_order_has() -> None:
    assert set(said(OrderFacts())) == {R.CARD_READ, R.CARD_IN_SCOPE}
    assert verdict_of(judge(OrderFacts(), ONE_CARD)) is Verdict.PASSED
    assert said(OrderFacts(manual_entry=True))[R.NOT_TYPED].ok is False


def test_cards_are_the_same_by_their_first_nineteen_characters() -> None:
    assert same_card("89860312345678901235", "8986031234567890123")
    assert same_card("8986 0312 3456 7890 1235", "8986031234567890123A")
    assert not same_card("89860312345678901235", "89860312345678901245")
    assert not same_card("nothing", "nothing")


def test_what_is_kept_of_an_order_is_read_back_as_it_was() -> None:
    for route in Route:
        facts = order(route)
        assert OrderFacts.of_row(facts.as_row()) == facts
    assert OrderFacts().as_row() == {}
