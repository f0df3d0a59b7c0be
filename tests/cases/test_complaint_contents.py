"""Complaints: what is kept of one, what is refused, and how its contact is sealed."""

import pytest

from console.actions.cases.complaints.handling import contact_of
from console.actions.cases.complaints.lists import complaint_file, list_complaints
from console.actions.cases.complaints.lodging import Enclosed, how_it_stands, lodge
from console.desk import House
from models.cases.complaints import Complaint, ComplaintState
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from tests.cases.complaints import NUMBER, PNG, deeds, mine, row_of, told
from tests.conftest import Desks

# What is kept of it


@pytest.mark.requirement("003-7.2-2")
def test_an_anonymous_reporter_asks_by_number_and_code(desks: Desks, house: House) -> None:
    lodged = lodge(house, told())
    row = row_of(desks, lodged)

    assert row.contact is None
    assert lodged.number == "TS-2026-000001"
    assert lodged.code.replace("-", "") not in str(row.model_dump())
    stands = how_it_stands(house, lodged.number.lower(), lodged.code.lower().replace("-", " "))
    assert (stands.state, stands.organisation) == (ComplaintState.RECEIVED, "中国电信广东")
    for number, code in ((lodged.number, "AAAA"), ("TS-2026-000002", lodged.code), ("", "")):
        with pytest.raises(NotFound, match="no_such"):
            how_it_stands(house, number, code)


WRITTEN = (
    NUMBER, NUMBER.lower(), "110105 19491231 002X", "１１０１０５１９４９１２３１００２Ｘ",
    "110105194912310021", "110105491231002",
)  # fmt: skip


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_identity_numbers_are_masked_before_anything_is_kept(desks: Desks, house: House) -> None:
    for written in WRITTEN:
        words = told(text=f"他用{written}给我办卡", shop=f"店 {written}", contact=written)
        lodged = lodge(house, words, [Enclosed(f"{written}.png", PNG)])
        row = row_of(desks, lodged)

        assert lodged.masked == 3
        assert written not in f"{row.text}{row.shop}{row.files}{row.contact_mask}"
        assert all("********" in kept for kept in (row.text, row.shop, row.files[0]["name"]))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_numbers_of_cards_and_orders_are_left_as_they_are(desks: Desks, house: House) -> None:
    words = "卡号 89860012345678901234，订单 202603020000000099，电话 13800000000"
    lodged = lodge(house, told(text=words))
    assert (row_of(desks, lodged).text, lodged.masked) == (words, 0)


def test_text_of_strangers_is_kept_as_plain_text(desks: Desks, house: House) -> None:
    hostile = '<script>alert(1)</script> =HYPERLINK("x")\r\n\x00\x1b[31m\u202eabc\ud800 好'
    row = row_of(desks, lodge(house, told(text=hostile, shop="\x00=1+1\u202e")))
    assert row.text == '<script>alert(1)</script> =HYPERLINK("x")\n[31mabc 好'
    assert row.shop == "=1+1"


UNFIT: list[tuple[dict[str, str], str]] = [
    ({"text": "短"}, "complaint.text_needed"),
    ({"text": " \n\t" * 20}, "complaint.text_needed"),
    ({"text": "长" * 4001}, "complaint.too_long"),
    ({"shop": "s" * 501}, "complaint.too_long"),
    ({"contact": "c" * 121}, "complaint.too_long"),
    ({"platform": "p" * 33}, "complaint.too_long"),
    ({"province": "99"}, "staff.bad_province"),
]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_does_not_fit_is_refused_and_nothing_is_cut_off(desks: Desks, house: House) -> None:
    for changed, code in UNFIT:
        with pytest.raises(Invalid) as no:
            lodge(house, told(**changed))
        assert no.value.code == code
    assert list_complaints(desks.manager).rows == []


def test_files_are_known_by_their_bytes_and_kept_by_their_digest(
    desks: Desks, house: House
) -> None:
    lodged = lodge(house, told(), [Enclosed("../../截图\x00.exe", PNG)])
    (file,) = row_of(desks, lodged).files
    assert (file["name"], file["media_type"]) == ("截图.exe", "image/png")
    assert complaint_file(desks.manager, lodged.id, file["sha256"]).data == PNG
    assert "complaint.file_looked_at" in deeds(desks.manager)
    with pytest.raises(NotFound):
        complaint_file(desks.manager, lodged.id, "0" * 64)
    with pytest.raises(NotFound):
        complaint_file(desks.other_manager, lodged.id, file["sha256"])
    with pytest.raises(Invalid, match="wrong_type"):
        lodge(house, told(), [Enclosed("a.png", b"MZ\x90")])
    with pytest.raises(Invalid, match="too_many_files"):
        lodge(house, told(), [Enclosed("a.png", PNG)] * 4)


def test_a_form_sent_twice_is_one_complaint_with_one_answer(desks: Desks, house: House) -> None:
    form = "a-form-of-somebody-0001"
    first = lodge(house, told(), form=form)
    assert lodge(house, told(), form=form) == first
    with pytest.raises(Conflict, match="key_reused"):
        lodge(house, told(text="完全不同的另一件事情"), form=form)
    assert len(list_complaints(desks.manager).rows) == 1


# The contact


def test_a_contact_is_sealed_to_its_complaint_and_each_look_is_a_deed(
    desks: Desks, house: House
) -> None:
    row = mine(desks, contact="zhang@example.com")
    other = mine(desks, contact="138 0000 0000")

    assert (row.contact_mask, other.contact_mask) == ("z***@example.com", "138****0000")
    assert b"zhang" not in (row.contact or b"")
    assert contact_of(desks.manager, row.id) == "zhang@example.com"
    assert deeds(desks.manager).count("complaint.contact_seen") == 1
    with pytest.raises(NotAllowed, match="not_its_handler"):
        contact_of(desks.approver, row.id)
    for nosy in (desks.regulator, desks.auditor, desks.inspector):
        with pytest.raises(NotAllowed, match="not_allowed"):
            contact_of(nosy, row.id)
    with house.desk().begin(Permission.SWEEP) as work:
        work.get(Complaint, row.id).contact = other.contact
        work.no_deed()
    with pytest.raises(Exception, match=str(row.id)):
        contact_of(desks.manager, row.id)
