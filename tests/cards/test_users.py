"""Who uses which card: from files and readers, ten cards at most, or marked (004-2.3-d)."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import select

from console.actions.cards.industry.files import file_of
from console.actions.cards.industry.persons_import import register_read
from console.actions.cards.industry.users import (
    Attribution,
    attribution,
    end_user,
    list_users,
    mark_unattributed,
    unmark,
    users_of_card,
)
from console.desk import House
from models.cards.classes import CardClass
from models.cards.guards import Lack, lacking
from models.cards.industry import BatchMove, IndustryBatch
from models.cards.persons import PersonRole
from models.cards.users import CardUser, UserSlot
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from models.rules import parameter
from tests.cards.answering import again, bring, card, deeds_of, plant_batch, users_of
from tests.conftest import Clock, Desks
from tests.persons import person, resident, told_user

LIMIT = 10
on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def user(batch: IndustryBatch, serial: int, at: int, **given: str) -> dict[str, str]:
    return told_user(serial, batch=batch.number, iccid=card(batch, at), **given)


def slots(house: House) -> int:
    with house.desk().begin(Permission.INDUSTRY_READ) as work:
        return len(work.session.exec(select(UserSlot)).all())


@pytest.mark.requirement("004-2.3-d")
def test_each_card_has_a_registered_user_or_a_mark_why_it_has_none(
    desks: Desks, house: House
) -> None:
    batch = plant_batch(desks, cards=4)
    done = bring(desks.iot, [user(batch, 1, 0), user(batch, 2, 1)])
    assert (done.users, done.refused) == (2, [])
    assert attribution(desks.iot, batch.id) == Attribution(cards=4, users=2, marked=0)
    assert missing_users(desks, batch) == {"cards": 4, "missing": 2}
    mark_unattributed(desks.iot, batch.id, card(batch, 2), card(batch, 3), reason="共享终端")
    found = attribution(desks.iot, batch.id)
    assert (found.users, found.marked, found.missing) == (2, 2, 0)
    assert missing_users(desks, batch) is None
    first, _ = users_of(house, batch)
    assert (first.site, first.is_open) == ("广州市天河区 3 号充电站", True)
    assert resident(1).encode() not in first.document_sealed


def missing_users(desks: Desks, batch: IndustryBatch) -> object:
    """What the guard of activation says of the batch's users."""
    with desks.iot.begin(Permission.INDUSTRY_READ) as work:
        file = file_of(work, work.get(IndustryBatch, batch.id))
    lacks = {one.lack: one.facts for one in lacking(file, BatchMove.ACTIVATE)}
    return lacks.get(Lack.USERS_NOT_ALL)


def test_a_card_with_a_user_and_a_mark_counts_once_and_as_used(desks: Desks) -> None:
    batch = plant_batch(desks, cards=4)
    mark = mark_unattributed(desks.iot, batch.id, card(batch, 0), card(batch, 3), reason="轮换使用")
    bring(desks.iot, [user(batch, 1, 2)])
    assert attribution(desks.iot, batch.id) == Attribution(cards=4, users=1, marked=3)
    unmark(desks.iot, batch.id, mark.id, "已逐卡登记")
    assert attribution(desks.iot, batch.id) == Attribution(cards=4, users=1, marked=0)


def test_marks_are_within_the_batch_apart_from_each_other_and_give_a_reason(desks: Desks) -> None:
    batch, other = plant_batch(desks, cards=10), plant_batch(desks)
    mark_unattributed(desks.iot, batch.id, card(batch, 4), card(batch, 6), reason="轮换使用")
    for first, last, code in (
        (card(batch, 6), card(batch, 8), "marked_already"),
        (card(batch, 8), card(batch, 10), "cards_not_inside"),
        (card(other), card(other), "cards_not_inside"),
        (card(batch, 3), card(batch, 2), "bad_range"),
        ("12345", card(batch, 2), "no_iccid"),
    ):
        with pytest.raises((Conflict, Invalid), match=code):
            mark_unattributed(desks.iot, batch.id, first, last, reason="轮换使用")
    with pytest.raises(Invalid, match="field_missing"):
        mark_unattributed(desks.iot, batch.id, card(batch, 0), card(batch, 0), reason=" ")
    with pytest.raises(Invalid, match="identity_number"):
        mark_unattributed(desks.iot, batch.id, card(batch), card(batch), reason=resident())
    with pytest.raises(NotAllowed):
        mark_unattributed(desks.approver, batch.id, card(batch), card(batch), reason="轮换使用")


def test_a_class_that_registers_the_unit_alone_takes_no_users(desks: Desks) -> None:
    batch = plant_batch(desks, card_class=CardClass.I1)
    (row,) = bring(desks.iot, [user(batch, 1, 0)]).refused
    assert (row.field, row.reason) == ("role", "unasked")
    with pytest.raises(Conflict, match="no_users_asked"):
        mark_unattributed(desks.iot, batch.id, card(batch), card(batch), reason="轮换使用")


def test_a_card_with_a_place_names_it(desks: Desks, house: House) -> None:
    batch = plant_batch(desks, card_class=CardClass.I2)
    done = bring(desks.iot, [user(batch, 1, 0, site=""), user(batch, 2, 1)])
    assert [(one.row, one.field, one.reason) for one in done.refused] == [(2, "site", "missing")]
    assert [one.site for one in users_of(house, batch)] == ["广州市天河区 3 号充电站"]


@pytest.mark.parametrize(
    ("chassis", "reason"),
    [
        ("LSVNV2182E2100001", None),
        ("lsvnv2182e2100001", None),
        ("TBOX-20260001", None),
        ("", "missing"),
        ("LSVNV2182E210000I", "format"),
        ("LSVNV2182E21O0001", "format"),
        ("LSVNV2182Q2100001", "format"),
        ("12345", "format"),
    ],
)
@on_sqlite
def test_a_vehicles_card_names_its_chassis_or_its_box(
    desks: Desks, house: House, chassis: str, reason: str | None
) -> None:
    batch = plant_batch(desks, card_class=CardClass.I5)
    done = bring(desks.iot, [user(batch, 1, 0, chassis=chassis)])
    if reason is None:
        (row,) = users_of(house, batch)
        assert row.chassis.replace("-", "") == chassis.upper().replace("-", "")
    else:
        assert [(one.field, one.reason) for one in done.refused] == [("chassis", reason)]


def test_cards_of_another_batch_or_of_none_have_no_users_here(desks: Desks) -> None:
    batch, other = plant_batch(desks, cards=3), plant_batch(desks)
    rows = [
        told_user(1, batch=batch.number, iccid=card(other)),
        told_user(2, batch=batch.number, iccid=card(batch, 3)),
        told_user(3, batch=batch.number),
        user(batch, 4, 0),
        user(batch, 5, 0),
    ]
    done = bring(desks.iot, rows)
    assert done.users == 1
    assert [(one.row, str(one.reason)) for one in done.refused] == [
        (2, "not_of_batch"), (3, "not_of_batch"), (4, "not_of_batch"), (6, "card_twice"),
    ]  # fmt: skip


def test_another_user_takes_the_place_in_the_same_moment(
    desks: Desks, house: House, clock: Clock
) -> None:
    batch = plant_batch(desks)
    bring(desks.iot, [user(batch, 1, 0)])
    clock.pass_(days=1)
    bring(desks.iot, [user(batch, 2, 0)])
    old, new = users_of(house, batch)
    assert old.until == new.since == clock.at
    assert (old.is_open, new.is_open, slots(house)) == (False, True, 1)
    assert [one.id for one in users_of_card(desks.iot, card(batch))] == [new.id, old.id]
    assert [one.id for one in list_users(desks.iot, batch.id).rows] == [new.id]
    assert list(users_of_card(desks.other_manager, card(batch))) == []


@pytest.mark.requirement("004-2.3-d")
def test_the_eleventh_card_of_a_person_is_refused_and_a_place_that_is_freed_is_taken(
    desks: Desks, house: House
) -> None:
    first, second = plant_batch(desks), plant_batch(desks)
    done = bring(desks.iot, [user(first, 1, at) for at in range(6)])
    done = bring(desks.iot, [user(second, 1, at) for at in range(6)])
    assert done.users == LIMIT - 6
    assert parameter("iot_person_limit", house.now().date()).value == LIMIT
    mask = f"{resident(1)[:3]}***********{resident(1)[14:]}"
    for row in done.refused:
        assert (row.field, row.reason) == ("document_no", "over_person_limit")
        assert row.facts == {"mask": mask, "limit": LIMIT}
    assert resident(1) not in repr(done)
    ended = users_of(house, first)[0]
    end_user(desks.iot, first.id, ended.id, "设备报废")
    with pytest.raises(Conflict, match="user_ended"):
        end_user(desks.iot, first.id, ended.id, "设备报废")
    done = bring(desks.iot, [user(second, 1, 4), user(second, 1, 5)])
    assert (done.users, len(done.refused), slots(house)) == (1, 1, LIMIT)


def test_with_another_carrier_a_person_has_places_of_their_own(desks: Desks, house: House) -> None:
    own = plant_batch(desks, cards=20)
    bring(desks.iot, [user(own, 1, at) for at in range(LIMIT)])
    elsewhere = plant_batch(desks, desk=desks.other_manager)
    (row,) = bring(desks.iot, [user(elsewhere, 1, 0)]).refused
    assert (row.field, row.reason) == ("batch", "no_batch")
    assert bring(desks.house, [user(elsewhere, 1, 0)]).users == 1
    assert slots(house) == LIMIT + 1


def test_somebody_with_ten_cards_can_be_verified_anew_for_one_of_them(
    desks: Desks, house: House, clock: Clock
) -> None:
    batch = plant_batch(desks)
    bring(desks.iot, [user(batch, 1, at) for at in range(LIMIT)])
    clock.pass_(days=1)
    anew = user(batch, 1, 3, verified_at=clock.at.isoformat(), site="佛山市南海区")
    assert bring(desks.iot, [anew]).users == 1
    assert slots(house) == LIMIT


def test_a_place_that_a_row_of_the_file_frees_is_taken_by_a_later_one(
    desks: Desks, house: House
) -> None:
    batch = plant_batch(desks)
    bring(desks.iot, [user(batch, 1, at) for at in range(LIMIT)])
    done = bring(desks.iot, [user(batch, 2, 0), user(batch, 1, LIMIT)])
    assert (done.users, done.refused, slots(house)) == (2, [], LIMIT + 1)


@pytest.mark.requirement("004-2.3-d")
def test_twenty_at_once_register_no_more_than_ten_cards_of_a_person(
    desks: Desks, house: House
) -> None:
    batches = [plant_batch(desks, cards=1) for _ in range(20)]

    def register(batch: IndustryBatch) -> str:
        row = person(
            7, batch=batch.number, role=PersonRole.CARD_USER, iccid=card(batch), position=""
        )
        try:
            register_read(desks.iot, batch.id, row)
        except Conflict as no:
            return str(no.facts["why"])
        return "registered"

    with ThreadPoolExecutor(20) as pool:
        found = sorted(pool.map(register, batches))
    assert found == ["over_person_limit"] * 10 + ["registered"] * 10
    assert slots(house) == LIMIT


def test_who_was_read_is_registered_once_for_the_batch_they_were_read_for(
    desks: Desks, house: House
) -> None:
    batch, other = plant_batch(desks), plant_batch(desks)
    row = person(1, batch=batch.number, role=PersonRole.CARD_USER, iccid=card(batch), position="")
    made = register_read(desks.iot, batch.id, row)
    assert isinstance(made, CardUser)
    with pytest.raises(Conflict, match="registered_already"):
        register_read(desks.iot, batch.id, row)
    with pytest.raises(Invalid, match="other_batch"):
        register_read(desks.iot, other.id, row)
    compared = person(2, batch=batch.number, verified_how="online_compare", compare_ref="R1")
    with pytest.raises(Invalid, match="not_read"):
        register_read(desks.iot, batch.id, compared)
    for stranger, refusal in ((desks.approver, NotAllowed), (desks.other_manager, NotAllowed)):
        with pytest.raises(refusal):
            register_read(stranger, batch.id, row)
    assert [one.id for one in users_of(house, batch)] == [made.id]


def test_a_user_of_another_batch_is_not_ended_here(desks: Desks, house: House) -> None:
    batch, other = plant_batch(desks), plant_batch(desks)
    bring(desks.iot, [user(batch, 1, 0)])
    (only,) = users_of(house, batch)
    with pytest.raises(Conflict, match="user_ended"):
        end_user(desks.iot, other.id, only.id, "设备报废")
    mark = mark_unattributed(desks.iot, batch.id, card(batch, 5), card(batch, 6), reason="轮换使用")
    with pytest.raises(NotFound):
        unmark(desks.iot, other.id, mark.id, "误标")


def test_users_are_listed_page_by_page_in_the_order_of_their_cards(desks: Desks) -> None:
    batch = plant_batch(desks)
    bring(desks.iot, [user(batch, at + 1, at) for at in (4, 2, 0, 3, 1)])
    found: list[int] = []
    after = None
    while True:
        page = list_users(desks.iot, batch.id, after=after, limit=2)
        found += [one.card for one in page.rows]
        after = page.next
        if after is None:
            break
    assert len(found) == 5
    assert found == sorted(found)


def test_deeds_count_users_and_name_none(desks: Desks, house: House) -> None:
    batch = plant_batch(desks)
    bring(desks.iot, [user(batch, 1, 0), user(batch, 2, 1)])
    (deed,) = deeds_of(house, "card_users")
    assert (deed.facts["users"], deed.facts["ended"]) == (2, 0)
    assert deed.facts["rule"] == "iot_person_limit/1"
    assert "*" not in str(deed.facts)


def test_users_are_registered_by_many_in_bounded_steps(
    desks: Desks, house: House, clock: Clock
) -> None:
    """More rows than one transaction holds, in any order of their cards."""
    batch = plant_batch(desks, cards=600)
    rows = [user(batch, at % 60 + 1, at) for at in reversed(range(600))]
    done = bring(desks.iot, rows)
    assert (done.users, len(done.refused)) == (600, 0)
    assert len(deeds_of(house, "card_users")) == 2
    clock.pass_(seconds=1)
    again_done = bring(desks.iot, rows)
    assert (again_done.users, again_done.unchanged) == (0, 600)
    assert again(desks.iot, batch).cards == 600
    assert clock.at - timedelta(seconds=1) == users_of(house, batch)[0].since
