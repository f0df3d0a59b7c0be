"""A batch of industry cards from its draft into use and to its end: every step has its guards."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from enum import StrEnum
from itertools import product
from typing import Any

import pytest

from console.actions.cards.industry.activation import (
    activate_batch,
    file_limits_proof,
    register_batch,
)
from console.actions.cards.industry.agreements import AgreementForm, file_agreement
from console.actions.cards.industry.batches import (
    batch_record,
    bind_scope,
    change_batch,
    draft_batch,
    submit_batch,
)
from console.actions.cards.industry.card_lists import remove_cards
from console.actions.cards.industry.paper_files import agreement_file, limits_file
from console.actions.cards.industry.purchasers import file_licence
from console.actions.cards.industry.reviews import (
    assess_batch,
    reassess_batch,
)
from console.actions.channel.blacklist import blacklist_firm
from console.actions.channel.restricted import RestrictedForm, add_restricted
from console.i18n import Language, spoken, texts, told
from models.cards.agreements import IndustryClause
from models.cards.assessments import AssessmentVerdict
from models.cards.classes import CardClass, Sms, Voice
from models.cards.guards import Lack
from models.cards.industry import BATCH_MOVES, BatchMove, BatchState, IndustryBatch
from models.cards.scopes import ScopeFault, ScopeTerms
from models.permissions import Role
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from models.rules import china_day
from tests.cards.world import (
    AGREEMENT,
    BUYER,
    USE,
    answered_for,
    answers,
    approved,
    brought,
    contracted,
    drafted,
    iccid,
    imei,
    in_use,
    kept,
    line,
    purchaser,
    ready,
    registered,
    submitted,
    terms,
)
from tests.cases.world import PDF, PNG, person
from tests.channel.stories import uscc
from tests.conftest import Clock, Desks

S, M = BatchState, BatchMove


def lacks(act: Callable[[], object]) -> list[Lack]:
    """What a step is refused for, all of it."""
    with pytest.raises(Conflict) as no:
        act()
    assert no.value.code == "industry.not_ready"
    found: Any = no.value.facts["lacks"]
    assert no.value.facts["n"] == len(found)
    return list(found)


@pytest.mark.parametrize(("state", "move"), list(product(BatchState, BatchMove)))
def test_a_batch_moves_by_its_table(state: BatchState, move: BatchMove) -> None:
    table: Any = IndustryBatch
    batch = table(state=state)
    if (state, move) in BATCH_MOVES:
        assert move in batch.open_moves()
        batch.move(move)
        assert (batch.state, batch.version) == (BATCH_MOVES[state, move], 2)
        return
    assert move not in batch.open_moves()
    with pytest.raises(Conflict) as no:
        batch.move(move)
    assert no.value.facts == {"state": state.value, "move": move.value}
    assert (batch.state, batch.version) == (state, 1)


@pytest.mark.requirement("004-2.3-a", "004-2.3-c", "004-2.3-e", "004-2.3-f")
def test_the_way_of_a_batch_into_use(desks: Desks, clock: Clock) -> None:
    batch = in_use(desks)
    today = china_day(clock.at)
    assert batch.number == "IOT-44-2026-000001"
    assert (batch.state, batch.cards, batch.province) == (S.IN_USE, 10, "44")
    assert batch.submitted_by == desks.iot.actor.id
    assert batch.reviewed_by == desks.approver.actor.id
    assert batch.assessed_until == date(2027, 3, 2)
    assert batch.reassess_on == date(2027, 2, 1)
    record = batch_record(desks.iot, batch.id)
    assert record.scope is not None
    assert record.scope.terms == terms()
    assert record.faults == []
    assert [one.verdict for one in record.assessments] == [AssessmentVerdict.PASSED]
    assert all(one.no_resale and one.holds(today) for one in record.agreements)
    assert record.file.unit is not None
    assert (record.file.unit.name, len(record.file.persons)) == (BUYER, 1)
    assert record.file.attributed == 10
    deeds = [one.deed.removeprefix("industry.") for one in reversed(record.deeds)]
    own = [one for one in deeds if not one.startswith(("accountable", "planted"))]
    assert own == [
        "drafted", "scope_bound", "submitted", "assessed", "agreement_filed", "registered",
        "cards_loaded", "limits_proven", "activated",
    ]  # fmt: skip


@pytest.mark.requirement("004-2.3-a")
@pytest.mark.parametrize("field", ["function", "business_scope", "scenario", "product_form"])
def test_a_batch_with_an_empty_field_of_its_scope_is_not_submitted(
    desks: Desks, field: str
) -> None:
    batch = drafted(desks, scope=replace(terms(), **{field: "  "}))
    assert lacks(lambda: submit_batch(desks.iot, batch.id)) == [Lack.SCOPE_FAULTY]
    record = batch_record(desks.iot, batch.id)
    assert [one.fault for one in record.faults] == [ScopeFault(f"{field}_missing")]
    assert [one.lack for one in record.lacks[M.SUBMIT]] == [Lack.SCOPE_FAULTY]
    bind_scope(desks.iot, batch.id, terms())
    assert submit_batch(desks.iot, batch.id).state is S.PURCHASER_REVIEW


@pytest.mark.requirement("004-2.3-a")
@pytest.mark.parametrize(
    ("card_class", "changed", "fault"),
    [
        (CardClass.I1, {"voice": Voice.ON}, ScopeFault.VOICE_NOT_OF_CLASS),
        (CardClass.I1, {"sms": Sms.ON}, ScopeFault.SMS_NOT_OF_CLASS),
        (CardClass.I1, {"targets": (), "monthly_mb": 101}, ScopeFault.VOLUME_ABOVE_CLASS),
        (CardClass.I1, {"device_lock": False}, ScopeFault.DEVICE_LOCK_MISSING),
        (CardClass.I2, {"targets": ()}, ScopeFault.TARGETS_MISSING),
        (CardClass.I2, {"regions": ()}, ScopeFault.REGIONS_MISSING),
        (CardClass.I3, {"monthly_mb": None}, ScopeFault.VOLUME_MISSING),
        (CardClass.I4, {"voice_numbers": ()}, ScopeFault.VOICE_WHITELIST_MISSING),
        (CardClass.I5, {"chassis": False, "device_lock": False}, ScopeFault.DEVICE_LOCK_MISSING),
    ],
)
def test_a_class_holds_its_cards_to_its_limits(
    desks: Desks, card_class: CardClass, changed: dict[str, Any], fault: ScopeFault
) -> None:
    batch = drafted(desks, card_class=card_class, scope=terms(card_class, **changed))
    assert [one.fault for one in batch_record(desks.iot, batch.id).faults] == [fault]
    assert lacks(lambda: submit_batch(desks.iot, batch.id)) == [Lack.SCOPE_FAULTY]


def test_what_is_malformed_in_a_scope_is_refused_all_at_once(desks: Desks) -> None:
    batch = drafted(desks)
    wrong = terms(targets=("-bad-", "ok.example.cn"), tacs=("123",), regions=("99",))
    with pytest.raises(Invalid) as no:
        bind_scope(desks.iot, batch.id, wrong)
    assert no.value.facts["values"] == ["-bad-", "123", "99"]
    for said in (
        terms(monthly_mb=0),
        terms(function="x" * 1001),
        terms(targets=[f"h{at}.example.cn" for at in range(201)]),
        terms(scenario="责任人 11010519491231002X"),
    ):
        with pytest.raises(Invalid):
            bind_scope(desks.iot, batch.id, said)
    messy = terms(targets=(" IOT.Example.cn ", "iot.example.cn", ""))
    assert bind_scope(desks.iot, batch.id, messy).targets == ["iot.example.cn"]


def test_a_scope_is_bound_while_the_batch_is_a_draft(desks: Desks) -> None:
    batch = submitted(desks)
    for act in (
        lambda: bind_scope(desks.iot, batch.id, terms()),
        lambda: change_batch(
            desks.iot, batch.id, card_class=CardClass.I3, ordered=9, product="", use_statement=USE
        ),
    ):
        with pytest.raises(Conflict) as no:
            act()
        assert no.value.code == "industry.no_draft"


def test_a_draft_is_changed_as_it_was_shown(desks: Desks) -> None:
    batch = drafted(desks)
    said: dict[str, Any] = {"ordered": 12, "product": "抄表 50M", "use_statement": USE}
    changed = change_batch(
        desks.iot, batch.id, card_class=CardClass.I2, version=batch.version, **said
    )
    assert (changed.ordered, changed.card_class) == (12, CardClass.I2)
    with pytest.raises(Conflict) as no:
        change_batch(desks.iot, batch.id, card_class=CardClass.I1, version=batch.version, **said)
    assert no.value.code == "channel.changed_meanwhile"
    brought(desks.iot, [line(batch, 0, 11)])
    fewer: dict[str, Any] = {**said, "ordered": 11}
    with pytest.raises(Conflict) as no:
        change_batch(desks.iot, batch.id, card_class=CardClass.I2, **fewer)
    assert no.value.code == "industry.fewer_than_loaded"


@pytest.mark.parametrize("ordered", [0, -1, 10_000_001])
def test_an_order_is_of_a_number_of_cards(desks: Desks, ordered: int) -> None:
    buyer = purchaser(desks)
    with pytest.raises(Invalid) as no:
        draft_batch(
            desks.iot, purchaser=buyer.id, card_class=CardClass.I1, ordered=ordered,
            product="", use_statement=USE,
        )  # fmt: skip
    assert no.value.code == "industry.bad_order"


@pytest.mark.requirement("004-2.3-c")
def test_a_submission_is_refused_for_all_that_is_missing(desks: Desks, clock: Clock) -> None:
    buyer = purchaser(desks, licence=False)
    batch = draft_batch(
        desks.iot, purchaser=buyer.id, card_class=CardClass.I1, ordered=1, product="",
        use_statement=" ",
    )  # fmt: skip
    found = lacks(lambda: submit_batch(desks.iot, batch.id))
    assert found == [Lack.PURCHASER_LICENCE, Lack.USE_STATEMENT, Lack.SCOPE]
    until = china_day(clock.at)
    file_licence(desks.iot, buyer.id, "a.png", PNG, licence_name="别家公司", until=until)
    clock.pass_(days=1)
    found = lacks(lambda: submit_batch(desks.iot, batch.id))
    assert found[:2] == [Lack.PURCHASER_LICENCE, Lack.PURCHASER_NAME_DIFFERS]
    assert kept(desks, batch.id).state is S.DRAFT


@pytest.mark.requirement("004-2.3-c")
def test_who_submitted_does_not_assess(desks: Desks) -> None:
    both = person(desks, "zhang.er", "CT-44", Role.IOT_MANAGER, Role.APPROVER)
    batch = submitted(desks, desk=both)
    for fails in (False, True):
        with pytest.raises(NotAllowed) as no:
            assess_batch(both, batch.id, answers(), "不符", fails=fails)
        assert no.value.code == "channel.same_person"
    with pytest.raises(NotAllowed):
        assess_batch(desks.iot, batch.id, answers())
    assert kept(desks, batch.id).state is S.PURCHASER_REVIEW
    assert assess_batch(desks.approver, batch.id, answers()).state is S.APPROVED
    with pytest.raises(NotAllowed):
        reassess_batch(both, batch.id, answers())


@pytest.mark.requirement("004-2.3-c")
def test_the_form_decides_and_a_reviewer_may_be_stricter(desks: Desks) -> None:
    batch = submitted(desks)
    with pytest.raises(Invalid) as no:  # what fails is told why
        assess_batch(desks.approver, batch.id, answers(resale="distributor"))
    assert no.value.code == "channel.reason_needed"
    with pytest.raises(Invalid):
        assess_batch(desks.approver, batch.id, {"identity": "established"})
    failed = assess_batch(desks.approver, batch.id, answers(resale="distributor"), "转售卡片")
    assert (failed.state, failed.due_at, failed.assessed_until) == (S.REFUSED, None, None)
    made = batch_record(desks.approver, batch.id).assessments[0]
    assert (made.verdict, made.barred_by) == (AssessmentVerdict.FAILED, ["resale"])
    stricter = submitted(desks, serial=2)
    turned_down = assess_batch(desks.approver, stricter.id, answers(), "用途存疑", fails=True)
    assert turned_down.state is S.REFUSED
    with pytest.raises(Conflict):  # for good
        submit_batch(desks.iot, stricter.id)


@pytest.mark.requirement("004-2.3-c")
def test_nothing_is_sold_to_who_is_barred(desks: Desks, clock: Clock) -> None:
    batch = submitted(desks)
    blacklist_firm(desks.approver, uscc=uscc(1), name=BUYER, reason="转售行业卡", source="本公司")
    today = china_day(clock.at)
    form = RestrictedForm(
        BUYER,
        "广州市公安局",
        "惩〔2026〕1号",
        "电信网络诈骗",
        today,
        date(2028, 3, 1),
        "原决定机关",
    )
    add_restricted(desks.approver, form)  # no code in the paper: by name
    found = lacks(lambda: assess_batch(desks.approver, batch.id, answers()))
    assert found == [Lack.PURCHASER_BLACKLISTED, Lack.PURCHASER_RESTRICTED]
    file = batch_record(desks.approver, batch.id).file
    assert (file.is_blacklisted, file.is_restricted) == (True, True)
    assert (
        assess_batch(desks.approver, batch.id, answers(), "受惩戒", fails=True).state is S.REFUSED
    )


@pytest.mark.requirement("004-2.3-f")
@pytest.mark.parametrize("missing", list(IndustryClause))
def test_an_agreement_without_a_clause_is_not_filed(desks: Desks, missing: IndustryClause) -> None:
    batch = approved(desks)
    form = replace(AGREEMENT, clauses=set(IndustryClause) - {missing})
    with pytest.raises(Invalid) as no:
        file_agreement(desks.iot, batch.id, form, "协议.pdf", PDF)
    assert no.value.facts == {"clauses": [missing]}
    assert kept(desks, batch.id).state is S.APPROVED


@pytest.mark.requirement("004-2.3-f")
def test_an_agreement_that_is_not_in_force_contracts_nothing(desks: Desks) -> None:
    batch = approved(desks)
    for form in (
        replace(AGREEMENT, signed_on=date(2026, 3, 3)),
        replace(AGREEMENT, valid_until=date(2026, 3, 1)),
    ):
        found = lacks(lambda form=form: file_agreement(desks.iot, batch.id, form, "a.pdf", PDF))
        assert found == [Lack.AGREEMENT_NOT_IN_FORCE]
    with pytest.raises(Invalid):
        file_agreement(desks.iot, batch.id, AGREEMENT, "a.exe", b"MZ")
    form = AgreementForm("1", tuple(IndustryClause), date(2026, 3, 2), date(2026, 3, 1))
    with pytest.raises(Invalid):
        file_agreement(desks.iot, batch.id, form, "a.pdf", PDF)


def test_a_renewed_agreement_takes_the_place_of_the_one_before(desks: Desks) -> None:
    batch = contracted(desks)
    again = replace(AGREEMENT, number="XY-2026-002")
    renewed = file_agreement(desks.iot, batch.id, again, "续签.pdf", PDF, version=batch.version)
    assert (renewed.state, renewed.version) == (S.CONTRACTED, batch.version + 1)
    newer, older = batch_record(desks.iot, batch.id).agreements
    assert (newer.number, newer.superseded_at) == ("XY-2026-002", None)
    assert older.superseded_at is not None
    over = replace(AGREEMENT, signed_on=date(2026, 3, 3))
    assert lacks(lambda: file_agreement(desks.iot, batch.id, over, "a.pdf", PDF)) == [
        Lack.AGREEMENT_NOT_IN_FORCE
    ]
    assert agreement_file(desks.iot, older.id).name == "协议.pdf"


@pytest.mark.requirement("004-2.3-e")
def test_a_batch_that_nobody_answers_for_is_not_registered(desks: Desks) -> None:
    batch = contracted(desks)
    found = lacks(lambda: register_batch(desks.iot, batch.id))
    assert found == [Lack.ACCOUNTABLE_UNIT, Lack.ACCOUNTABLE_PERSON]
    answered_for(desks, batch.id)
    assert register_batch(desks.iot, batch.id).state is S.REGISTERED


@pytest.mark.requirement("004-2.3-f", "004-2.3-e")
def test_an_activation_is_refused_for_all_that_is_missing(desks: Desks, clock: Clock) -> None:
    batch = registered(desks, card_class=CardClass.I3, scope=terms(CardClass.I3, tacs=()))
    brought(desks.iot, [line(batch, 0, 8)])
    blacklist_firm(desks.approver, uscc=uscc(1), name=BUYER, reason="转售行业卡", source="本公司")
    clock.at = clock.at.replace(year=2036)
    assert lacks(lambda: activate_batch(desks.iot, batch.id)) == [
        Lack.PURCHASER_LICENCE,
        Lack.PURCHASER_BLACKLISTED,
        Lack.ASSESSMENT_EXPIRED,
        Lack.AGREEMENT_NOT_IN_FORCE,
        Lack.CARDS_NOT_ALL,
        Lack.USERS_NOT_ALL,
        Lack.DEVICE_LOCK_OPEN,
        Lack.LIMITS_PROOF,
    ]
    shown = [one.lack for one in batch_record(desks.iot, batch.id).lacks[M.ACTIVATE]]
    assert len(shown) == 8


@pytest.mark.requirement("004-2.3-b")
def test_a_device_lock_names_types_of_devices_or_a_device_for_each_card(desks: Desks) -> None:
    batch = registered(desks, ordered=2, scope=terms(tacs=()))
    brought(desks.iot, [line(batch, 0, IMEI=imei(0)), line(batch, 1)])
    file_limits_proof(desks.iot, batch.id, "限制.png", PNG)
    assert lacks(lambda: activate_batch(desks.iot, batch.id)) == [Lack.DEVICE_LOCK_OPEN]
    remove_cards(desks.iot, batch.id, iccid(1), reason="未绑定终端")
    brought(desks.iot, [line(batch, 1, IMEI=imei(1))])
    assert activate_batch(desks.iot, batch.id).state is S.IN_USE
    by_type = ready(desks, serial=2, ordered=2, first=50)
    assert activate_batch(desks.iot, by_type.id).state is S.IN_USE


def test_a_refusal_tells_all_that_is_missing_in_the_readers_language(desks: Desks) -> None:
    batch = contracted(desks)
    with pytest.raises(Conflict) as no:
        register_batch(desks.iot, batch.id)
    said = told(no.value.code, no.value.facts)
    assert f"批次 {batch.number} " in said
    assert "尚缺 2 项：没有登记责任单位、没有登记经核验的责任人" in said
    language = spoken.set(Language.EN)
    assert "no accountable unit, no accountable person" in told(no.value.code, no.value.facts)
    spoken.reset(language)


@pytest.mark.parametrize("kind", [Lack, ScopeFault, BatchState, BatchMove, CardClass, Voice, Sms])
def test_every_word_of_a_batch_is_told_whole(kind: type[StrEnum]) -> None:
    """None has a blank: they stand in refusals as well."""
    table = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()
    for language in Language:
        assert all("{" not in texts(language)[f"{table}.{one}"] for one in kind)


def test_proof_of_limits_is_filed_between_contract_and_use(desks: Desks) -> None:
    batch = approved(desks)
    with pytest.raises(Conflict) as no:
        file_limits_proof(desks.iot, batch.id, "限制.png", PNG)
    assert no.value.code == "industry.no_proof_now"
    other = ready(desks, serial=2)
    assert limits_file(desks.iot, other.id).media_type == "image/png"
    activate_batch(desks.iot, other.id)
    with pytest.raises(Conflict):
        file_limits_proof(desks.iot, other.id, "限制.png", PNG)
    with pytest.raises(NotFound):
        limits_file(desks.iot, batch.id)


def test_terms_of_nothing_are_an_empty_scope(desks: Desks) -> None:
    batch = drafted(desks, scope=ScopeTerms())
    assert len(batch_record(desks.iot, batch.id).faults) == 6
