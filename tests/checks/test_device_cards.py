"""A device's card that was sold on: routed by its number, and no reporter learns whose it is."""

import html
import re
from dataclasses import replace

import pytest

from console.actions.cards.industry.findings import confirm_usage_finding
from console.actions.cases.complaints.handling import (
    accept_complaint,
    answer_complaint,
    card_resold,
    reward,
)
from console.actions.cases.complaints.lists import complaint_record, list_complaints
from console.actions.cases.complaints.lodging import Lodged, Told, how_it_stands, lodge, take_down
from console.desk import House
from models.cards.monitoring import FoundBy
from models.cases.complaints import Complaint, ComplaintKind, ComplaintSource, ComplaintState, Fault
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from models.rules import FindingKind
from models.staff import Organisation
from tests.checks.world import BUYER, NUMBER, USCC, batch, usage_findings
from tests.conftest import Clock, Desks
from tests.public.doors import visitor_of
from tests.stock.files import iccid

CARD = iccid(520)
SITE = {"sec-fetch-site": "same-origin", "origin": "http://127.0.0.1:8501"}
FORM = {"kind": "device_card", "text": "网店卖给我一张卡，卡托上印着设备专用", "province": "11"}


def told(card: str = CARD, **more: str) -> Told:
    return Told(ComplaintKind.DEVICE_CARD, FORM["text"], iccid=card, **more)


def owner_of(desks: Desks, lodged: Lodged) -> str:
    with desks.house.begin(Permission.COMPLAINT_READ) as work:
        row = work.get(Complaint, lodged.id)
        return work.session.get_one(Organisation, row.organisation_id).code


def taken_on(desks: Desks, card: str = CARD) -> Complaint:
    return accept_complaint(desks.iot, lodge(desks.house.house, told(card)).id)


# Who gets it


def test_the_carrier_of_the_batch_gets_it_whatever_else_is_named(
    desks: Desks, house: House
) -> None:
    batch(desks, carrier="CU-44", first=iccid(500, "898601"))
    theirs = told(iccid(520, "898601"), platform="lanhai", shop="4711", province="44")
    assert owner_of(desks, lodge(house, theirs)) == "CU-44"
    assert owner_of(desks, lodge(house, told(iccid(9), province="44"))) == "CT-44"
    assert owner_of(desks, lodge(house, told("", platform="lanhai", shop="4711"))) == "lanhai"


@pytest.mark.requirement("004-2.3-g")
def test_who_tries_numbers_is_not_told_which_are_in_a_batch_and_whose(
    desks: Desks, house: House, clock: Clock
) -> None:
    batch(desks, carrier="CU-44", first=iccid(500, "898601"))
    known, unknown = told(iccid(520, "898601"), province="44"), told(iccid(9), province="44")
    both = [lodge(house, one) for one in (known, unknown)]
    assert [owner_of(desks, one) for one in both] == ["CU-44", "CT-44"]
    assert [one.organisation for one in both] == ["", ""]
    stands = [how_it_stands(house, one.number, one.code) for one in both]
    assert len({replace(one, number="") for one in stands}) == 1
    visitor = visitor_of(house)
    pages = set[str]()
    for card in (known.iccid, unknown.iccid):
        page = visitor.post("/report", data=FORM | {"iccid": card}, headers=SITE).text
        assert "受理后" in page
        pages.add(re.sub(r'<strong class="number">[^<]+', "", page))
        clock.pass_(hours=1)
    assert len(pages) == 1
    accept_complaint(desks.manager, both[1].id)
    assert how_it_stands(house, both[1].number, both[1].code).organisation == "中国电信广东"


def test_a_number_is_kept_as_the_card_has_it_and_a_failed_digit_only_warns(
    desks: Desks, house: House
) -> None:
    for given, kept, doubtful in (
        ("8986 0012-3456 7890 1238", "89860012345678901238", False),
        ("89860012345678901234", "89860012345678901234", True),
        ("８９８６００Ａ１０１１２３４５６７８９０", "898600A1011234567890", False),
        ("8986011212345678901y", "8986011212345678901Y", False),
        ("8986001234567890120", "8986001234567890120", False),
    ):
        lodged = lodge(house, told(given))
        assert lodged.is_doubtful is doubtful
        with desks.house.begin(Permission.COMPLAINT_READ) as work:
            assert work.get(Complaint, lodged.id).iccid == kept


BAD = {
    "898603990": ("iccid_length", "9 位"),
    "8944123456789012345": ("iccid_start", "8986"),
    "89860O39900000000123": ("iccid_letters", "字母 O"),
    "8986·0399·0000·0000123": ("iccid_sign", "第 5 位“·”"),
    "8.98603990000000E+18": ("iccid_rounded", "科学计数法"),
    "11010519491231002X": ("iccid_length", "18 位"),
}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_number_that_is_none_is_refused_with_what_is_wrong(
    desks: Desks, house: House, clock: Clock
) -> None:
    visitor = visitor_of(house)
    for given, (code, said) in BAD.items():
        with pytest.raises(Invalid, match=code):
            lodge(house, told(given))
        answer = visitor.post("/report", data=FORM | {"iccid": given}, headers=SITE)
        clock.pass_(hours=1)
        assert answer.status_code == 422
        assert said in html.unescape(answer.text)
        assert f'value="{given}"' in answer.text
    english = visitor.post(
        "/report", data=FORM | {"iccid": "898603990"}, headers=SITE | {"accept-language": "en"}
    )
    assert "19 or 20 characters; you gave 9" in english.text
    with pytest.raises(Invalid, match="iccid_unasked"):
        lodge(house, Told(ComplaintKind.OTHER, FORM["text"], iccid=CARD))
    assert list_complaints(desks.manager).rows == []


# The public form


def test_a_link_leads_straight_to_it_and_no_script_is_needed(desks: Desks, house: House) -> None:
    batch(desks)
    visitor = visitor_of(house)
    assert 'href="/report?kind=device_card"' in visitor.get("/").text
    form = visitor.get(f"/report?kind=device_card&iccid={CARD}").text
    assert '<option value="device_card" selected>' in form
    assert 'name="iccid" type="text" value=""' in form
    assert "以 8986 开头" in form
    assert "<script" not in form
    answer = visitor.post("/report", data=FORM | {"iccid": CARD}, headers=SITE)
    assert answer.status_code == 200
    (row,) = list_complaints(desks.iot).rows
    assert (row.iccid, row.kind) == (CARD, ComplaintKind.DEVICE_CARD)
    for secret in (BUYER, NUMBER, USCC):
        assert secret not in answer.text
    other = visitor.post("/report", data=FORM | {"kind": "other", "iccid": "x"}, headers=SITE)
    assert other.status_code == 200


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_failed_check_digit_is_said_on_the_page(desks: Desks, house: House) -> None:
    del desks
    fields = FORM | {"iccid": "89860012345678901234"}
    assert "末位校验不符" in visitor_of(house).post("/report", data=fields, headers=SITE).text


# Whoever handles it


def test_the_handler_sees_batch_and_purchaser_and_others_do_not(desks: Desks) -> None:
    batch(desks)
    row = taken_on(desks)
    card = complaint_record(desks.iot, row.id).card
    assert card is not None
    assert (card.batch.number, card.purchaser.name) == (NUMBER, BUYER)
    for desk in (desks.regulator, desks.inspector):
        assert complaint_record(desk, row.id).card is None
    theirs = take_down(desks.platform, told(), source=ComplaintSource.HOTLINE)
    assert complaint_record(desks.platform, theirs.id).card is None


@pytest.mark.requirement("004-2.3-g")
def test_what_proves_true_is_a_finding_of_the_batch_for_another_to_confirm(desks: Desks) -> None:
    held = batch(desks)
    row = taken_on(desks)
    with pytest.raises(NotAllowed, match="not_its_handler"):
        card_resold(desks.manager, row.id, reason="已核对")
    found = card_resold(desks.iot, row.id, reason="卡面照片与批次一致")
    assert (found.batch_id, found.iccid, found.kind) == (held.id, CARD, FindingKind.IOT_RESALE)
    assert (found.found_by, found.source_id) == (FoundBy.COMPLAINT, row.id)
    with pytest.raises(Conflict, match="found_already"):
        card_resold(desks.iot, row.id, reason="再记一次")
    with pytest.raises(NotAllowed, match="same_person"):
        confirm_usage_finding(desks.iot, found.id)
    confirm_usage_finding(desks.approver, found.id)
    record = complaint_record(desks.iot, row.id)
    assert record.card is not None
    assert [one.id for one in record.card.findings] == [found.id]
    assert record.deeds[0].deed == "complaint.card_resold"
    assert len(usage_findings(desks.iot)) == 1


def test_a_card_of_no_batch_is_no_finding(desks: Desks) -> None:
    row = taken_on(desks, iccid(9))
    with pytest.raises(Conflict, match="card_unknown"):
        card_resold(desks.iot, row.id, reason="已核对")


def test_the_answer_names_no_purchaser(desks: Desks, house: House) -> None:
    batch(desks)
    lodged = lodge(house, told())
    row = accept_complaint(desks.iot, lodged.id)
    for words in (
        f"该卡属于{BUYER}。",
        "系廣東遠見·智能科技所购。",
        f"批次 {NUMBER.lower()}。",
        f"代码{USCC}",
    ):
        with pytest.raises(Invalid, match="names_purchaser"):
            answer_complaint(desks.iot, row.id, answer=words, fault=Fault.OWN)
    answer_complaint(desks.iot, row.id, answer="该卡不应对外销售，已停用。", fault=Fault.OWN)
    stands = how_it_stands(house, lodged.number, lodged.code)
    assert (stands.state, stands.answer) == (
        ComplaintState.ANSWERED, "该卡不应对外销售，已停用。",
    )  # fmt: skip
    with desks.house.begin(Permission.COMPLAINT_HANDLE) as work:
        work.get(Complaint, row.id).state = ComplaintState.CLOSED
        work.record("complaint.closed", row)
    with pytest.raises(Invalid, match="names_purchaser"):
        reward(desks.iot, row.id, what="话费", paper=f"{BUYER}追偿款")
