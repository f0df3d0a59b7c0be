"""Which cards a batch has: a card is in one batch of all carriers, and in no more than ordered."""

import random
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from console.actions.cards.industry.batches import batch_record
from console.actions.cards.industry.card_lists import merged, remove_cards
from console.actions.imports.plan import plan_import
from console.actions.imports.run import run_import
from console.desk import Desk
from integrations.sheets import write_xlsx
from models.cards.industry import BatchState, IndustryBatch
from models.cards.numbers import card_number
from models.cards.ranges import DeviceLock, IndustryRange
from models.channel.imports import ImportState
from models.permissions import Permission, Role
from models.refusals import Conflict, Invalid, NotAllowed
from tests.cards.world import (
    HEADER,
    approved,
    brought,
    drafted,
    iccid,
    iccid20,
    imei,
    in_use,
    kept,
    line,
    marked,
    terms,
    why,
)
from tests.cases.world import person
from tests.conftest import Desks


def ranges(desks: Desks, batch_id: UUID | None = None) -> list[tuple[int, int]]:
    """By the numbers behind the issuer."""
    with desks.house.begin(Permission.INDUSTRY_READ) as work:
        query = select(IndustryRange).order_by(col(IndustryRange.first))
        rows = work.session.exec(query).all()
    base = card_number(iccid(0))
    wanted = [one for one in rows if batch_id in {None, one.batch_id}]
    return [(one.first - base, one.last - base) for one in wanted]


def locks(desks: Desks) -> dict[int, str]:
    with desks.house.begin(Permission.INDUSTRY_READ) as work:
        rows = work.session.exec(select(DeviceLock)).all()
    return {one.card - card_number(iccid(0)): one.device for one in rows}


@pytest.fixture
def batch(desks: Desks) -> IndustryBatch:
    return drafted(desks, ordered=1_000)


def test_single_cards_become_ranges_whatever_their_order(
    desks: Desks, batch: IndustryBatch
) -> None:
    brought(desks.iot, [line(batch, at) for at in (5, 3, 4, 9)])
    assert ranges(desks) == [(3, 5), (9, 9)]
    brought(desks.iot, [line(batch, 6, 8), line(batch, 2), line(batch, 20)])
    assert ranges(desks) == [(2, 9), (20, 20)]
    loaded = kept(desks, batch.id)
    assert loaded.cards == 9
    record = batch_record(desks.iot, batch.id)
    assert [one.last - one.first + 1 for one in record.ranges.rows] == [8, 1]
    assert sum(one.deed == "industry.cards_loaded" for one in record.deeds) == 2


def test_the_middle_joins_what_lies_on_both_sides_of_it(desks: Desks, batch: IndustryBatch) -> None:
    brought(desks.iot, [line(batch, 0, 9), line(batch, 20, 29)])
    brought(desks.iot, [line(batch, at) for at in range(19, 9, -1)])
    assert ranges(desks) == [(0, 29)]
    assert kept(desks, batch.id).cards == 30


def test_whatever_comes_in_whatever_order_is_kept_in_the_fewest_ranges(
    desks: Desks, batch: IndustryBatch
) -> None:
    chance = random.Random(182)  # noqa: S311
    wanted = chance.sample(range(200), 150)
    for at in range(0, 150, 30):
        done = brought(desks.iot, [line(batch, one) for one in wanted[at : at + 30]])
        assert done.accepted == 30
    assert ranges(desks) == merged((one, one) for one in wanted)
    left = set(wanted)
    for first, last in chance.sample(ranges(desks), 8):
        ends = (first, min(first + 1, last))
        remove_cards(desks.iot, batch.id, *map(iccid, ends), reason="退货")
        left -= set(range(ends[0], ends[1] + 1))
    assert ranges(desks) == merged((one, one) for one in left)
    assert kept(desks, batch.id).cards == len(left)


def test_neighbours_of_another_batch_stay_apart(desks: Desks, batch: IndustryBatch) -> None:
    other = drafted(desks, serial=2)
    brought(desks.iot, [line(batch, 0, 9), line(other, 10, 12), line(batch, 13)])
    assert ranges(desks, batch.id) == [(0, 9), (13, 13)]
    assert ranges(desks, other.id) == [(10, 12)]


def test_a_card_is_in_one_batch_and_both_are_named(desks: Desks, batch: IndustryBatch) -> None:
    other = drafted(desks, serial=2)
    brought(desks.iot, [line(batch, 10, 19)])
    again = brought(
        desks.iot,
        [
            line(other, 19, 20), line(other, 5, 10), line(other, 0, 30), line(other, 15),
            line(other, 9), line(other, 20), line(other, 20), line(batch, 12),
        ],
    )  # fmt: skip
    assert (again.accepted, again.rejected) == (2, 6)
    reasons = why(desks.iot, again)
    for reason in reasons[:4]:
        assert batch.number in reason
        assert other.number in reason
    assert other.number in reasons[4]  # twice in the file
    assert ranges(desks, other.id) == [(9, 9), (20, 20)]


def test_cards_of_another_carrier_are_called_that_and_no_more(desks: Desks) -> None:
    stranger = person(desks, "xu.lian", "CU-44", Role.IOT_MANAGER)
    theirs = drafted(desks, desk=stranger)
    card = iccid(7, "898601")
    own = brought(stranger, [{"批次号": theirs.number, "ICCID": card}])
    assert own.accepted == 1
    mine = drafted(desks, serial=2)
    taken = brought(desks.iot, [{"批次号": mine.number, "ICCID": iccid(7, "898699")}])
    assert taken.accepted == 1
    clash = brought(
        stranger, [{"批次号": theirs.number, "ICCID": iccid(7, "898699")}, line(mine, 8)]
    )
    reason, unknown = why(stranger, clash)
    assert "其他电信企业" in reason
    assert mine.number not in reason
    assert "没有行业卡批次" in unknown
    (issuer,) = why(desks.iot, brought(desks.iot, [{"批次号": mine.number, "ICCID": card}]))
    assert "CUCC" in issuer


def test_letters_are_cards_and_a_check_digit_only_warns(desks: Desks, batch: IndustryBatch) -> None:
    good, lettered = iccid20(1), "898603A1011234567890"
    wrong = good[:-1] + str((int(good[-1]) + 1) % 10)
    assert brought(desks.iot, [{"批次号": batch.number, "ICCID": wrong}]).accepted == 1
    more = [{"批次号": batch.number, "ICCID": one} for one in (lettered, iccid20(2))]
    assert brought(desks.iot, more).accepted == 2
    record = batch_record(desks.iot, batch.id)
    assert (record.batch.cards, record.warnings) == (3, 1)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"ICCID": ""}, "缺少ICCID"),
        ({"ICCID": "8944123456789012345"}, "不是 ICCID"),
        ({"ICCID": "8.98603E+18"}, "科学计数法"),
        ({"起始ICCID": iccid(3)}, "既有单张"),
        ({"ICCID": "", "起始ICCID": iccid(3), "终止ICCID": iccid(2)}, "小于起始"),
        ({"ICCID": "", "终止ICCID": iccid(2)}, "缺少起始"),
        ({"IMEI": imei(1)[:-1] + "x"}, "IMEI"),
        ({"IMEI": "860123450000010"}, "校验位"),
        ({"IMEI": imei(1, "86999999")}, "设备型号代码"),
        ({"物联网号码": "12345"}, "13 位物联网号码"),
        ({"批次号": "IOT-44-2026-999999"}, "没有行业卡批次"),
        ({"批次号": ""}, "缺少批次号"),
    ],
)
def test_a_row_that_cannot_be_taken_says_why(
    desks: Desks, row: Mapping[str, str], said: str
) -> None:
    batch = drafted(desks, scope=terms(tacs=("86012345",)))
    done = brought(desks.iot, [{**line(batch, 1), **row}])
    assert done.rejected == 1
    assert said in why(desks.iot, done)[0]


@pytest.mark.requirement("004-2.3-b")
def test_a_card_is_locked_to_its_device(desks: Desks, batch: IndustryBatch) -> None:
    device = imei(1)
    done = brought(
        desks.iot,
        [
            line(batch, 1, IMEI=device, 物联网号码="1064812345678"),
            line(batch, 2, IMEI=imei(2)[:-1], 物联网号码="13800138000"),  # without its check digit
            line(batch, 3, 4, IMEI=imei(3)),
        ],
    )
    assert done.accepted == 2
    assert "只能对应一张卡" in why(desks.iot, done)[0]
    assert locks(desks) == {1: device, 2: imei(2)}
    assert batch_record(desks.iot, batch.id).locks == 2


def test_no_more_cards_than_ordered(desks: Desks) -> None:
    batch = drafted(desks, ordered=5)
    done = brought(desks.iot, [line(batch, 0, 3), line(batch, 10, 11), line(batch, 20)])
    assert (done.accepted, done.rejected) == (2, 1)
    assert "只剩 1 张" in why(desks.iot, done)[0]
    assert ranges(desks) == [(0, 3), (20, 20)]


def test_cards_of_a_batch_in_use_stay_as_they_are(desks: Desks) -> None:
    batch = in_use(desks)
    done = brought(desks.iot, [line(batch, 500)])
    assert "已经启用" in why(desks.iot, done)[0]
    with pytest.raises(Conflict) as no:
        remove_cards(desks.iot, batch.id, iccid(0), reason="退货")
    assert no.value.code == "industry.cards_fixed"
    refused = approved(desks, serial=2)
    with desks.house.begin(Permission.INDUSTRY_EDIT) as work:
        row = work.get(IndustryBatch, refused.id)
        row.state = BatchState.REFUSED
        work.record("industry.planted", row)
    assert brought(desks.iot, [line(refused, 501)]).rejected == 1


def test_a_dry_run_says_what_would_be_taken_and_keeps_nothing(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.actions.imports.reading._CHARS_AT_ONCE", 60)  # a few rows at once
    batch = drafted(desks, ordered=5)
    rows = [line(batch, 0, 1), line(batch, 2), line(batch, 1), line(batch, 3, 4), line(batch, 9)]
    tried = brought(desks.iot, rows, dry=True)
    assert (tried.accepted, tried.rejected) == (3, 2)
    assert (ranges(desks), kept(desks, batch.id).cards) == ([], 0)
    done = brought(desks.iot, rows)
    assert why(desks.iot, done) == why(desks.iot, tried)
    assert ranges(desks) == [(0, 4)]


def test_a_workbook_is_read_as_well(desks: Desks, batch: IndustryBatch, tmp_path: Any) -> None:  # noqa: ANN401
    path = tmp_path / "cards.xlsx"
    write_xlsx(path, HEADER, [[batch.number, iccid20(0), iccid20(9), "", "", ""]])
    planned = plan_import(desks.iot, "industry_cards", path.name, path)
    assert run_import(desks.iot, planned.id).state is ImportState.DONE
    assert ranges(desks) == [(0, 9)]


def test_a_list_with_somebodys_identity_number_is_not_even_kept(
    desks: Desks, batch: IndustryBatch
) -> None:
    with pytest.raises(Invalid) as no:
        brought(desks.iot, [line(batch, 1, 物联网号码="11010519491231002X")])
    assert no.value.code == "import.identity_number"


def test_two_files_with_the_same_cards_at_the_same_moment(
    desks: Desks, batch: IndustryBatch
) -> None:
    other = drafted(desks, serial=2, ordered=1_000)

    def bring(to: IndustryBatch) -> int:
        return brought(desks.iot, [line(to, at) for at in range(0, 100, 2)]).accepted

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(bring, [batch, other])) == [0, 50]
    assert len(ranges(desks)) == 50


def test_cards_are_taken_out_before_use(desks: Desks, batch: IndustryBatch) -> None:
    rows = [line(batch, 0, 9), *(line(batch, at, IMEI=imei(at)) for at in range(10, 13))]
    brought(desks.iot, rows)
    held = kept(desks, batch.id)
    left = remove_cards(desks.iot, batch.id, iccid(4), reason="坏卡", version=held.version)
    assert (left.cards, ranges(desks)) == (12, [(0, 3), (5, 12)])
    remove_cards(desks.iot, batch.id, iccid(10), iccid(11), reason="退货")
    assert ranges(desks) == [(0, 3), (5, 9), (12, 12)]
    assert locks(desks) == {12: imei(12)}
    with pytest.raises(Conflict) as no:
        remove_cards(desks.iot, batch.id, iccid(3), iccid(5), reason="退货")
    assert no.value.facts["n"] == 1
    remove_cards(desks.iot, batch.id, iccid(0), iccid(3), reason="退货")
    assert (kept(desks, batch.id).cards, ranges(desks)) == (6, [(5, 9), (12, 12)])
    assert brought(desks.iot, [line(batch, 4)]).accepted == 1
    assert ranges(desks) == [(4, 9), (12, 12)]


def test_cards_that_somebody_uses_are_not_taken_out(desks: Desks, batch: IndustryBatch) -> None:
    brought(desks.iot, [line(batch, 0, 9)])
    marked(desks, batch, card_number(iccid(5)), card_number(iccid(6)))
    with pytest.raises(Conflict) as no:
        remove_cards(desks.iot, batch.id, iccid(4), iccid(5), reason="退货")
    assert no.value.code == "industry.cards_attributed"
    for first, last, code in (
        ("1", "", "stock.no_iccid"),
        (iccid(3), iccid(2), "industry.bad_range"),
        (iccid(3), "", "channel.field_missing"),
    ):
        with pytest.raises(Invalid) as bad:
            remove_cards(
                desks.iot, batch.id, first, last, reason="退货" if last or first == "1" else ""
            )
        assert bad.value.code == code


def test_who_may_not_edit_loads_no_cards(desks: Desks, batch: IndustryBatch) -> None:
    others: list[Desk] = [desks.approver, desks.regulator, desks.manager]
    for desk in others:
        with pytest.raises(NotAllowed):
            brought(desk, [line(batch, 1)])
