"""Typed words: what they lead to, for whom, and by which index."""

from typing import Final

import pytest

from console.actions.audit import list_deeds
from console.actions.jumping import Found, Jump, JumpKind, jump
from console.desk import Desk
from models.permissions import Permission
from models.refusals import Invalid
from tests.cards.world import iccid, in_use
from tests.cases.world import opened
from tests.cases.world import sent as sent_notice
from tests.conftest import Desks
from tests.patrol.test_query_plans import plans_of

TABLES: Final = (
    "agents", "authorised_shops", "badges", "cases", "findings", "licences", "notices", "shops",
    "stock_batches", "traced_cards", "industry_batches",
)  # fmt: skip


def only(found: Found) -> Jump:
    assert found.exact
    (row,) = found.rows
    return row


def test_a_reference_is_the_record_itself_however_it_is_typed(desks: Desks) -> None:
    case = opened(desks)
    for words in (
        case.reference,
        case.reference.lower(),
        f"  {case.reference} ",
        "ＣＡＳＥ-2026-000001",
    ):
        assert only(jump(desks.manager, words)).id == case.id


def test_the_last_digits_are_enough_among_others(desks: Desks) -> None:
    case = opened(desks)
    found = jump(desks.manager, "000001")
    assert case.id in {one.id for one in found.rows}
    assert not found.exact


def test_a_notice_is_found_by_both_its_sides_and_by_nobody_else(desks: Desks) -> None:
    notice = sent_notice(desks)
    for desk in (desks.manager, desks.platform):
        assert only(jump(desk, notice.number)).page == "notices"
    assert jump(desks.admin, notice.number).rows == []


def test_a_shop_is_found_by_platform_and_number_by_address_and_by_its_name(desks: Desks) -> None:
    case = opened(desks)
    for words in ("lanhai 9001", "lanhai:9001", "9001", "https://lanhai.example/s/9001"):
        row = only(jump(desks.manager, words))
        assert (row.kind, row.page, row.id) == (JumpKind.SHOP, "shops", case.shop_id)
    named = jump(desks.manager, "星河")
    assert (JumpKind.SHOP, case.shop_id) in {(one.kind, one.id) for one in named.rows}


def test_another_carriers_shop_leads_nowhere(desks: Desks) -> None:
    opened(desks)
    assert jump(desks.other_manager, "lanhai 9001").rows == []


def test_a_card_leads_to_the_batch_that_it_is_of(desks: Desks) -> None:
    batch = in_use(desks)
    with desks.house.begin(Permission.INDUSTRY_READ) as work:
        assert work.get(type(batch), batch.id).cards
    row = only(jump(desks.manager, iccid(0)))
    assert (row.page, row.number) == ("industry", batch.number)
    assert only(jump(desks.manager, batch.number)).id == batch.id


@pytest.mark.parametrize(
    "number",
    [
        "110105194912310021", "11010519491231002X", "1101 0519 4912 31002x", "110105491231002",
        "１１０１０５１９４９１２３１００２Ｘ", "110105194913310021",
    ],
)  # fmt: skip
def test_an_identity_number_is_refused_mistyped_or_not_and_named_nowhere(
    desks: Desks, number: str
) -> None:
    with pytest.raises(Invalid) as refused:
        jump(desks.manager, number)
    assert refused.value.code == "jump.identity_number"
    assert refused.value.facts == {}


def test_one_letter_is_too_little_and_nothing_found_is_an_empty_answer(desks: Desks) -> None:
    with pytest.raises(Invalid, match=r"jump\.length"):
        jump(desks.manager, "a")
    found = jump(desks.manager, "CASE-2026-999999")
    assert (found.rows, found.exact) == ([], False)


def test_choices_are_few_and_of_each_kind_some(desks: Desks) -> None:
    for number in range(9001, 9013):
        opened(desks, shop_no=number)
    found = jump(desks.manager, "CASE-2026")
    assert len(found.rows) == 8
    assert {one.kind for one in found.rows} == {JumpKind.CASE}


WORDS: Final = (
    "CASE-2026-000001", "CASE-2026-0", "17", "CT-44-2026-000001-9", "L-CT-44-2026-000001-9",
    "0011223344556677", "lanhai 9001", "9001", "https://lanhai.example/s/9001", "星河",
    "89860300000000000003",
)  # fmt: skip


@pytest.mark.parametrize("words", WORDS)
def test_no_look_reads_a_whole_table(desks: Desks, words: str) -> None:
    opened(desks)

    def ask(desk: Desk) -> object:
        return jump(desk, words)

    for desk in (desks.manager, desks.platform, desks.regulator):
        for line in plans_of(desk, ask):
            for table in TABLES:
                assert f"Seq Scan on {table}" not in line, line
                if line.startswith(f"SCAN {table}"):
                    assert "USING" in line, line


def test_a_look_is_no_look_at_a_record(desks: Desks) -> None:
    """What others' records are seen is on record when one is opened, not when it is named."""
    case = opened(desks)
    jump(desks.regulator, case.reference)
    deeds = [one.deed for one in list_deeds(desks.audit).rows]
    assert deeds
    assert "record.seen" not in deeds
