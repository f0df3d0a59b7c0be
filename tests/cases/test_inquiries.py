"""Inquiries: carriers are asked whether a shop is theirs, and what their answers make of it."""

import pytest

from console.actions.cases.notices.answers import answer
from console.actions.cases.notices.delivering import note_mailed
from console.actions.cases.notices.threads import ask_again, thread_record
from console.actions.cases.notices.writing import NoticeForm, ask_carriers
from console.actions.staff.people import add_organisation
from console.desk import Desk
from models.cases.cases import Case
from models.cases.notices import AnswerOutcome, Notice, NoticeChannel, NoticeKind, NoticeState
from models.patrol.findings import FindingState
from models.patrol.shops import Shop, ShopState
from models.permissions import Role
from models.refusals import Conflict, Invalid
from models.staff import OrganisationKind
from tests.cases.threads import inquired, waiting
from tests.cases.world import found, opened, person, row
from tests.conftest import Desks


def test_a_shop_that_all_carriers_asked_disown_has_no_licence(desks: Desks) -> None:
    shop = found(desks, state=FindingState.OPEN)
    (notice,) = inquired(desks, shop.ids[0])
    assert (notice.kind, notice.state) == (NoticeKind.INQUIRY, NoticeState.SENT)
    assert waiting(desks.other_manager) == {("notice_acknowledge", notice.number)}
    with pytest.raises(Conflict) as again:
        inquired(desks, shop.ids[0], "CU-44")
    assert again.value.code == "notice.all_asked"
    answer(desks.other_manager, notice.id, AnswerOutcome.NEEDS_TIME, "需向地市公司核实")
    assert row(desks, Notice, notice.id).state is NoticeState.ACKNOWLEDGED
    assert row(desks, Shop, shop.shop.id).state is ShopState.SUSPECTED
    answer(desks.other_manager, notice.id, AnswerOutcome.NOT_OURS, "")

    assert row(desks, Notice, notice.id).state is NoticeState.ANSWERED
    assert row(desks, Shop, shop.shop.id).state is ShopState.UNLICENSED
    assert waiting(desks.manager) == {("notice_answered", notice.number)}


def test_one_carrier_that_knows_the_shop_keeps_it_suspected(desks: Desks) -> None:
    third = with_third_carrier(desks)
    shop = found(desks, state=FindingState.OPEN)
    second, first = inquired(desks, shop.ids[0])  # by their codes: CM-44, CU-44
    answer(third, second.id, AnswerOutcome.OURS, "L-CM-44-2026-000001")
    answer(desks.other_manager, first.id, AnswerOutcome.NOT_OURS, "")
    assert row(desks, Shop, shop.shop.id).state is ShopState.SUSPECTED
    ask_again(desks.manager, second.id, "请提供委托授权编号的扫描件")
    answer(third, second.id, AnswerOutcome.NOT_OURS, "核实后并非本企业代理商")
    assert row(desks, Shop, shop.shop.id).state is ShopState.UNLICENSED


def with_third_carrier(desks: Desks) -> Desk:
    add_organisation(
        desks.house,
        code="CM-44",
        kind=OrganisationKind.BASIC_CARRIER_PROVINCE,
        name="中国移动广东",
        parent=None,
        province="44",
    )
    return person(desks, "yi.dong", "CM-44", Role.CHANNEL_MANAGER)


def test_carriers_are_asked_about_the_shop_of_a_case_too(desks: Desks) -> None:
    case = opened(desks)
    form = NoticeForm(NoticeKind.INQUIRY, "核实委托", case_id=case.id)
    (notice,) = ask_carriers(desks.manager, form, ["CU-44"], NoticeChannel.MAIL)
    assert (notice.state, notice.next_try_at) == (NoticeState.SENDING, None)
    note_mailed(desks.manager, notice.id, "陈明 3 月 2 日 12:05 发往 qudao@cu.example")
    assert row(desks, Case, case.id).state is case.state
    assert thread_record(desks.regulator, notice.id).notice.id == notice.id
    with pytest.raises(Invalid):
        ask_carriers(desks.platform, NoticeForm(NoticeKind.REPORT, "x"))
