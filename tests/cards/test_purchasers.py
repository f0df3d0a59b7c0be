"""Who buys industry cards: one register a carrier, a unit in it once."""

from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import date
from typing import Any

import pytest

from console.actions.cards.industry import batches
from console.actions.cards.industry.batches import list_batches, submit_batch
from console.actions.cards.industry.paper_files import licence_file
from console.actions.cards.industry.purchasers import (
    add_purchaser,
    change_purchaser,
    file_licence,
    list_purchasers,
    purchaser_record,
)
from console.actions.channel.blacklist import blacklist_person
from console.desk import Work
from models.audit import AuditEntry
from models.cards.guards import BatchFile
from models.cards.industry import BatchMove, IndustryBatch
from models.cards.purchasers import Purchaser
from models.formats import uscc_check_character
from models.permissions import Permission, Role
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from tests.cards.world import BUYER, drafted, purchaser, submitted
from tests.cases.world import PDF, PNG, person
from tests.channel.stories import uscc
from tests.conftest import Desks


def code(start: str) -> str:
    body = f"{start}440300MA0000001"
    return body + uscc_check_character(body)


def test_a_unit_is_entered_once_and_the_refusal_names_it(desks: Desks) -> None:
    row = purchaser(desks, licence=False)
    assert (row.uscc, row.province, row.created_by) == (uscc(1), "44", desks.iot.actor.id)
    with pytest.raises(Conflict) as no:
        add_purchaser(desks.iot, name="另一个名字", uscc=uscc(1).lower(), province="44")
    assert no.value.facts == {"uscc": uscc(1), "name": BUYER}
    other = person(desks, "xu.lian", "CU-44", Role.IOT_MANAGER)
    assert purchaser(desks, desk=other, licence=False).id != row.id  # each carrier has its own


def test_a_unit_is_not_made_another_while_a_batch_of_its_is_submitted(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = purchaser(desks)
    batch = drafted(desks, buyer=row)
    looked = batches.must_not_lack

    def changed() -> Purchaser:
        return change_purchaser(
            desks.iot, row.id, name=row.name, uscc=uscc(2), province="44", is_device_maker=False,
            contact="",
        )  # fmt: skip

    with ThreadPoolExecutor(1) as pool:
        begun: list[Future[Purchaser]] = []

        def while_it_is_looked_at(work: Work, own: IndustryBatch, move: BatchMove) -> BatchFile:
            begun.append(pool.submit(changed))
            wait(begun, timeout=0.4)
            return looked(work, own, move)

        monkeypatch.setattr(batches, "must_not_lack", while_it_is_looked_at)
        submit_batch(desks.iot, batch.id)
        with pytest.raises(Conflict, match=r"industry\.uscc_fixed"):
            begun[0].result()


@pytest.mark.requirement("004-2.3-c")
@pytest.mark.parametrize("kind", ["91", "93", "11", "51", "N2"])
def test_units_of_every_kind_may_buy(desks: Desks, kind: str) -> None:
    row = add_purchaser(desks.iot, name=BUYER, uscc=code(kind), province="44")
    assert row.uscc == code(kind)


@pytest.mark.requirement("004-2.3-c")
@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({"uscc": code("92")}, "industry.no_unit"),  # 个体工商户
        ({"uscc": uscc(1)[:-1] + "0"}, "channel.bad_uscc"),
        ({"uscc": "440301103456789"}, "channel.bad_uscc"),  # the number of before 2015
        ({"province": "99"}, "staff.bad_province"),
        ({"name": "  "}, "channel.field_missing"),
        ({"name": "甲" * 201}, "channel.field_too_long"),
        ({"contact": "王某 11010519491231002X"}, "admission.identity_number"),
    ],
)
def test_what_cannot_be_a_unit_is_refused(desks: Desks, said: dict[str, Any], refusal: str) -> None:
    usual: dict[str, Any] = {"name": BUYER, "uscc": uscc(1), "province": "44"}
    with pytest.raises(Invalid) as no:
        add_purchaser(desks.iot, **{**usual, **said})
    assert no.value.code == refusal


def test_what_a_unit_is_called_is_corrected_and_its_code_stays(desks: Desks) -> None:
    row = purchaser(desks)
    draft = drafted(desks, buyer=row)
    said: dict[str, Any] = {"province": "44", "is_device_maker": True, "contact": ""}
    changed = change_purchaser(
        desks.iot, row.id, name="广州新苗表计", uscc=uscc(7), version=row.version, **said
    )
    assert (changed.name, changed.uscc, changed.is_device_maker) == ("广州新苗表计", uscc(7), True)
    assert [one.id for one in list_batches(desks.iot, "新苗").rows] == [draft.id]
    assert list_batches(desks.iot, "禾苗").rows == []
    with pytest.raises(Conflict) as no:
        change_purchaser(
            desks.iot, row.id, name="又一次", uscc=uscc(7), version=row.version, **said
        )
    assert no.value.code == "channel.changed_meanwhile"
    sold = submitted(desks, serial=2)
    with pytest.raises(Conflict) as no:
        change_purchaser(desks.iot, sold.purchaser_id, name=BUYER, uscc=uscc(9), **said)
    assert no.value.facts["number"] == sold.number
    same = change_purchaser(desks.iot, sold.purchaser_id, name="改名公司", uscc=uscc(2), **said)
    assert same.name == "改名公司"


def test_a_licence_is_kept_by_its_bytes_and_shown_again(desks: Desks) -> None:
    row = purchaser(desks, licence=False)
    assert not row.licence_holds(date(2026, 3, 2))
    with pytest.raises(Invalid):
        file_licence(desks.iot, row.id, "a.png", b"MZ", licence_name=BUYER, until=None)
    last = date(2026, 3, 2)
    name = "11010519491231002X 执照.pdf"
    row = file_licence(desks.iot, row.id, name, PDF, licence_name=f" {BUYER} ", until=last)
    assert row.licence_holds(last)
    assert not row.licence_holds(date(2026, 3, 3))
    assert "11010519491231002X" not in row.licence_file
    shown = licence_file(desks.iot, row.id)
    assert shown.path is not None
    assert shown.path.read_bytes() == PDF
    renewed = file_licence(desks.iot, row.id, "新.png", PNG, licence_name=BUYER, until=None)
    assert renewed.licence_holds(date(2099, 1, 1))
    deeds = purchaser_record(desks.iot, row.id).deeds
    assert [one.deed for one in deeds] == [
        "purchaser.licence_filed",
        "industry.paper_looked_at",
        "purchaser.licence_filed",
        "purchaser.added",
    ]
    assert deeds[0].facts["replaces"] == row.licence_sha256


def test_the_record_of_a_unit_says_what_it_bought_and_whether_it_is_barred(desks: Desks) -> None:
    batch = drafted(desks)
    record = purchaser_record(desks.iot, batch.purchaser_id)
    assert [one.id for one in record.batches] == [batch.id]
    assert (record.is_blacklisted, record.is_restricted) == (False, False)
    blacklist_person(desks.approver, person=f" {BUYER} ", reason="转售", source="本公司")
    assert purchaser_record(desks.iot, batch.purchaser_id).is_blacklisted


def test_units_are_found_by_name_or_code_within_their_carrier(desks: Desks) -> None:
    row, other = purchaser(desks), purchaser(desks, 2, name="深圳云梯科技")
    assert [one.id for one in list_purchasers(desks.iot).rows] == [other.id, row.id]
    assert [one.id for one in list_purchasers(desks.iot, "云梯").rows] == [other.id]
    assert [one.id for one in list_purchasers(desks.iot, uscc(1)).rows] == [row.id]
    assert list_purchasers(desks.iot, "%").rows == []
    assert list_purchasers(desks.other_manager).rows == []
    with pytest.raises(NotFound):
        purchaser_record(desks.other_manager, row.id)
    for desk in (desks.regulator, desks.platform, desks.inspector):
        with pytest.raises(NotAllowed):
            list_purchasers(desk)
    with pytest.raises(NotAllowed):
        purchaser(desks, 3, desk=desks.approver)
    with desks.house.begin(Permission.AUDIT_READ) as work:
        assert work.session.get(AuditEntry, 1) is not None
