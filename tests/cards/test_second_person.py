"""What limits industry cards takes two people, by every road and at every door."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from uuid import UUID

import pytest

from console.actions.audit import list_deeds
from console.actions.cards.industry.cases import open_industry_case
from console.actions.cards.industry.order_appeals import appeal_order, decide_order_appeal
from console.actions.cards.industry.order_lists import find_orders, order_record
from console.actions.cards.industry.orders import (
    carry_out,
    lift_order,
    note_restored,
    order_cards,
    tell_order,
)
from console.actions.cards.industry.reverification import reverify_ok, why_not_reverified
from console.actions.cards.industry.reviews import reassess_batch
from console.actions.cases.assigning import assign_case
from console.actions.cases.decide import approve, propose
from console.actions.cases.interim import lift_at_once, stop_at_once
from console.actions.cases.lists import case_record
from console.actions.cases.parties import hear_party
from console.actions.staff.sign_in import actor_named
from console.actions.work import work_items
from console.desk import Desk
from console.i18n import Language, texts
from models.cards.accountable import AccountablePerson
from models.cards.card_orders import CardMeasure, CardOrder
from models.cards.guards import Lack
from models.cards.industry import BatchState
from models.cards.monitoring import UsageFinding
from models.cards.usage_rules import UsageRule
from models.cases.cases import Case
from models.cases.measures import Measure
from models.permissions import BY_PEOPLE, GRANTS, Permission, Role
from models.refusals import Conflict, NotAllowed, NotFound, Refusal
from models.staff import Door
from tests.cards.ordered import PROOF, REASON, RECEIPT, batch_of, confirmed, ordered
from tests.cards.used import Used, planted
from tests.cards.world import answers, in_use
from tests.cases.programs import Program
from tests.cases.world import PAPERS, REMEDY, person, proposal
from tests.conftest import ONLY_SQLITE, Clock, Desks

M = CardMeasure
WORDS = {"reason": REASON, "remedy": REMEDY, "papers": PAPERS}
DECISION = (Measure.SUSPEND_CARDS, Measure.REVERIFY)


def refused(kind: type[Refusal], act: Callable[[], object]) -> Refusal:
    with pytest.raises(kind) as no:
        act()
    return no.value


@pytest.fixture
def both(desks: Desks) -> Desk:
    """One person with all the roles that a carrier may give one."""
    return person(desks, "shuang.zhi", "CT-44", Role.IOT_MANAGER, Role.APPROVER)


def whole(desks: Desks, used: Used, looked_by: UUID | None) -> UsageFinding:
    """The batch as a whole shows that its cards were passed on."""
    return confirmed(desks, used, None, rule=UsageRule.RESALE_PATTERN, looked_by=looked_by)


def led(desks: Desks, used: Used, by: Desk, *, looked_by: Desk, owner: Desk | None = None) -> Case:
    """A case on one card's use and the resale of the whole batch."""
    me = looked_by.actor.id
    found = [confirmed(desks, used, 0, looked_by=me), whole(desks, used, me)]
    owned = (owner or by).actor.id
    return open_industry_case(by, [one.id for one in found], owner=owned)


def shut(by: Desk, used: Used, case: Case, *cards: int) -> CardOrder:
    named = [used.iccid(one) for one in cards]
    return order_cards(by, used.id, M.SHUT_DOWN, iccids=named, case_id=case.id, reason=REASON)


def heard(desks: Desks, case: Case, by: Desk | None = None) -> Case:
    (party,) = case_record(desks.iot, case.id).parties
    hear_party(by or desks.iot, party.id, "单位无异议")
    return case


def handled(desks: Desks, used: Used, by: Desk, hand: str) -> Case:
    """A case in which this person did one thing, and others did all else."""
    if hand == "opened for another":
        return led(desks, used, by, looked_by=desks.approver, owner=desks.iot)
    case = led(desks, used, desks.iot, looked_by=by if hand == "confirmed" else desks.approver)
    heard(desks, case, by if hand == "heard" else desks.iot)
    if hand == "owned":
        assign_case(desks.manager, case.id, str(by.actor.id))
    if hand == "stopped":
        stop_at_once(by, case.id, [Measure.SUSPEND_CARDS], **WORDS)
    if hand == "proposed":
        propose(by, case.id, proposal([Measure.SHUT_DOWN_CARDS]))
    return case


@pytest.mark.requirement("004-2.3-h")
@pytest.mark.parametrize(
    "hand", ["opened for another", "confirmed", "heard", "owned", "stopped", "proposed"]
)
def test_who_had_a_hand_in_the_case_shuts_neither_its_cards_nor_its_batch_down(
    desks: Desks, both: Desk, hand: str
) -> None:
    used = planted(desks)
    case = handled(desks, used, both, hand)
    if hand != "stopped":
        order_cards(desks.iot, used.id, M.RESTRICT, case_id=case.id, reason=REASON)
    for cards in ((), (0,), (5,)):
        no = refused(NotAllowed, lambda cards=cards: shut(both, used, case, *cards))
        assert (no.code, no.facts) == ("card_shut_down.same_person", {"reference": case.reference})
    assert "staff.own_act_refused" in {one.deed for one in list_deeds(desks.audit).rows}
    assert shut(fresh(desks), used, case, 7)


def fresh(desks: Desks) -> Desk:
    return person(desks, "xin.ren", "CT-44", Role.APPROVER)


@pytest.mark.requirement("004-2.3-h")
def test_one_person_with_every_role_opens_and_proposes_and_does_not_decide(
    desks: Desks, both: Desk
) -> None:
    used = planted(desks)
    case = led(desks, used, both, looked_by=both)
    heard(desks, case, both)
    assert refused(NotAllowed, lambda: shut(both, used, case, 0)).code == (
        "card_shut_down.same_person"
    )
    propose(both, case.id, proposal([Measure.SHUT_DOWN_CARDS]))
    assert refused(NotAllowed, lambda: approve(both, case.id)).code == "case.same_person"
    assert batch_of(desks, used.id).state is BatchState.IN_USE
    approve(desks.approver, case.id)
    assert batch_of(desks, used.id).state is BatchState.SHUT_DOWN


@pytest.mark.requirement("004-2.3-h")
def test_the_whole_batch_is_not_restricted_for_one_card_by_who_confirmed_that(
    desks: Desks, both: Desk
) -> None:
    used = planted(desks)
    own = confirmed(desks, used, 0, looked_by=both.actor.id)
    theirs = confirmed(desks, used, 1, looked_by=desks.approver.actor.id)
    of_all = whole(desks, used, desks.approver.actor.id)

    def order(measure: CardMeasure, *findings: UUID, cards: Sequence[int] = ()) -> CardOrder:
        named = [used.iccid(one) for one in cards]
        return order_cards(
            both, used.id, measure, iccids=named, finding_ids=findings, reason=REASON
        )

    assert refused(NotAllowed, lambda: order(M.RESTRICT, own.id)).code == "card_order.own_findings"
    for measure in (M.RESTRICT, M.REVERIFY, M.SUSPEND):
        no = refused(NotAllowed, lambda measure=measure: order(measure, own.id, theirs.id))
        assert (no.code, no.facts) == ("card_order.own_among_findings", {"number": own.number})
    assert batch_of(desks, used.id).state is BatchState.IN_USE
    assert order(M.WARN, own.id, theirs.id)
    no = refused(NotAllowed, lambda: order(M.SUSPEND, own.id, theirs.id, cards=(0, 1)))
    assert no.code == "card_order.own_findings"  # what a colleague found is of another card
    no = refused(Conflict, lambda: order(M.SUSPEND, theirs.id, cards=(0, 1)))
    assert (no.code, no.facts) == ("card_order.card_without_finding", {"iccid": used.iccid(0)[:19]})
    assert order(M.SUSPEND, own.id, theirs.id, cards=(1,))
    assert order(M.RESTRICT, theirs.id)
    assert order(M.SUSPEND, own.id, of_all.id)


@pytest.mark.requirement("004-2.3-c", "004-2.3-h")
def test_who_failed_the_assessment_warns_and_another_restricts_the_batch_on_it(
    desks: Desks, both: Desk
) -> None:
    batch = in_use(desks)
    reassess_batch(both, batch.id, answers(resale="distributor"), "转售")

    def order(by: Desk, measure: CardMeasure = M.RESTRICT) -> CardOrder:
        return order_cards(by, batch.id, measure, reason="不再具备使用条件")

    no = refused(NotAllowed, lambda: order(both))
    assert (no.code, no.facts) == ("card_order.own_assessment", {"number": batch.number})
    assert order(both, M.WARN)
    assert order(desks.iot)


@pytest.mark.requirement("004-2.3-h")
def test_a_batch_is_used_again_on_what_another_assessed_than_who_restricted_and_who_lets_it_go(
    desks: Desks, clock: Clock, both: Desk
) -> None:
    batch = in_use(desks)

    def restricted(by: Desk, at: int) -> CardOrder:
        found = confirmed(desks, Used(batch), at, looked_by=desks.approver.actor.id)
        order = order_cards(by, batch.id, M.REVERIFY, finding_ids=[found.id], reason=REASON)
        clock.pass_(days=1)
        return tell_order(desks.iot, order.id, RECEIPT)

    def lacks(by: Desk) -> object:
        no = refused(Conflict, lambda: reverify_ok(by, batch.id, "均已重新核验", PROOF))
        assert no.code == "industry.not_ready"
        assert [one.lack for one in why_not_reverified(by, batch.id)] == no.facts["lacks"]
        return no.facts["lacks"]

    restricted(desks.iot, 0)
    reassess_batch(both, batch.id, answers())
    assert lacks(both) == [Lack.ASSESSED_BY_SAME, Lack.NOT_VERIFIED_ANEW], "all at once"
    assert lacks(desks.iot) == [Lack.NOT_VERIFIED_ANEW]
    verified(desks, batch.id)
    assert lacks(both) == [Lack.ASSESSED_BY_SAME]
    reverify_ok(desks.iot, batch.id, "均已重新核验", PROOF)

    restricted(both, 1)
    verified(desks, batch.id)
    reassess_batch(both, batch.id, answers())
    assert lacks(desks.iot) == [Lack.ASSESSED_BY_SAME], "who ordered it has assessed it"
    reassess_batch(desks.approver, batch.id, answers())
    reverify_ok(both, batch.id, "均已重新核验", PROOF)
    assert batch_of(desks, batch.id).state is BatchState.IN_USE


def verified(desks: Desks, batch_id: UUID) -> None:
    with desks.house.begin(Permission.PERSON_IMPORT) as work:
        row = work.session.get_one(AccountablePerson, batch_of(desks, batch_id).person_id)
        row.verified_at = work.at
        work.no_deed()


@ONLY_SQLITE
def test_a_key_is_nobodys_second_pair_of_eyes(desks: Desks) -> None:
    used = planted(desks)
    case = led(desks, used, desks.iot, looked_by=fresh(desks))
    made = shut(desks.approver, used, case, 0)
    key = Program(desks, "CT-44", Role.APPROVER, Role.IOT_MANAGER)
    form = {"answers": answers(), "version": 1}
    gravest = {"batch_id": str(used.id), "measure": "shut_down", "case_id": str(case.id)}
    asked = {
        f"/industry-batches/{used.id}/assess": form,
        f"/industry-batches/{used.id}/reassess": form,
        "/card-orders": gravest | {"iccids": [used.iccid(1)], "reason": REASON},
        f"/card-orders/{made.id}/lift": {"reason": "误报"},
        f"/test-purchases/{case.id}/approve": {"version": 1},
    }
    for path, body in asked.items():
        answer = key.post(path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "staff.people_only"), path
    assert "接口密钥不能充当第二人" in texts(Language.ZH)["staff.people_only"]
    propose(desks.iot, heard(desks, case).id, proposal([Measure.SHUT_DOWN_CARDS]))
    decided = key.post(f"/cases/{case.id}/approve")
    assert (decided.status_code, decided.json()["code"]) == (403, "staff.people_only")
    assert "staff.denied" in {one.deed for one in list_deeds(desks.audit).rows}

    mailed = actor_named(desks.house.house, "li.hua", Door.API)
    own = BY_PEOPLE & GRANTS[Role.APPROVER]
    assert all(mailed.may(one) for one in own), "mail in a person's name is that person's"
    stranger = Program(desks, "CT-44", Role.IOT_MANAGER)
    no = stranger.post(f"/industry-batches/{used.id}/assess", json=form)
    assert no.json()["code"] == "staff.not_allowed"


@pytest.mark.requirement("004-2.3-h")
def test_who_handles_shops_cases_does_not_limit_industry_cards_by_a_decision(desks: Desks) -> None:
    used = planted(desks)
    case = open_industry_case(desks.iot, [confirmed(desks, used).id])
    propose(desks.iot, heard(desks, case).id, proposal(DECISION))
    no = refused(NotAllowed, lambda: approve(desks.manager, case.id))
    assert (no.code, no.facts) == ("case.card_right_needed", {"reference": case.reference})
    second = person(desks, "di.er", "CT-44", Role.IOT_MANAGER)
    for desk, is_asked in ((desks.manager, False), (desks.approver, True), (second, True)):
        kinds = {(one.kind, one.id) for one in work_items(desk)}
        assert (("case_approve", case.id) in kinds) is is_asked
    approve(second, case.id)


def test_who_handles_shops_cases_does_not_lift_what_stopped_industry_cards(desks: Desks) -> None:
    used = planted(desks)
    theirs = confirmed(desks, used, looked_by=desks.approver.actor.id)
    case = open_industry_case(desks.iot, [theirs.id])
    stop_at_once(desks.iot, case.id, [Measure.SUSPEND_CARDS], **WORDS)
    no = refused(
        NotAllowed,
        lambda: lift_at_once(desks.manager, case.id, [Measure.SUSPEND_CARDS], "已核实无误"),
    )
    assert (no.code, no.facts) == ("case.card_right_needed", {"reference": case.reference})
    lift_at_once(desks.approver, case.id, [Measure.SUSPEND_CARDS], "已核实无误")


def test_nobody_acts_on_orders_of_another_carrier(desks: Desks) -> None:
    used = planted(desks)
    order = ordered(desks, used)
    roles = (Role.IOT_MANAGER, Role.APPROVER)
    other = person(desks, "ling.jia", "CU-44", *roles)
    watcher = replace(other, actor=replace(other.actor, provinces=frozenset({"44"})))
    for desk, kind, code in (
        (other, NotFound, "row.not_found"), (watcher, NotAllowed, "channel.not_your_carrier"),
    ):  # fmt: skip
        acts: list[Callable[[], object]] = [
            lambda desk=desk: tell_order(desk, order.id, RECEIPT),
            lambda desk=desk: carry_out(desk, order.id, PROOF),
            lambda desk=desk: appeal_order(desk, order.id, "智联科技1", "不服"),
            lambda desk=desk: decide_order_appeal(desk, order.id, upheld=True, answer="属实"),
            lambda desk=desk: lift_order(desk, order.id, "误报"),
            lambda desk=desk: note_restored(desk, order.id, PROOF),
        ]
        assert [refused(kind, act).code for act in acts] == [code] * len(acts)
    assert find_orders(other).rows == []
    refused(NotFound, lambda: order_record(other, order.id))
    tell_order(desks.iot, order.id, RECEIPT)
