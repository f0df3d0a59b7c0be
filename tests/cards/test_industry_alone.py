"""Who works with industry cards alone knows of their cases and complaints, and of no others."""

from collections.abc import Callable

import pytest

from console.actions.cases.assigning import assign_case, owners_for
from console.actions.cases.boards import CaseFilters, case_board, find_cases
from console.actions.cases.complaints.handling import (
    accept_complaint,
    assign_handler,
    handlers_for,
    pass_on,
)
from console.actions.cases.complaints.lists import (
    complaint_figures,
    complaint_record,
    list_complaints,
)
from console.actions.cases.complaints.lodging import Told, lodge, take_down
from console.actions.cases.decide import propose
from console.actions.cases.lists import case_by_reference, case_record, overdue
from console.actions.cases.merging import merge_cases
from console.actions.cases.notices.sending import send_notice
from console.actions.cases.notices.threads import list_threads
from console.actions.cases.open import open_case
from console.actions.work import work_items
from console.desk import Desk
from models.cases.cases import Case
from models.cases.complaints import ComplaintKind, ComplaintSource
from models.cases.measures import Measure
from models.permissions import Permission, Role
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from models.rules import china_day
from tests.cards.ordered import confirmed
from tests.cards.test_industry_cases import opened as opened_on_batch
from tests.cards.used import planted
from tests.cases.complaints import row_of, told
from tests.cases.programs import Program
from tests.cases.world import found, opened, person, proposal, sent
from tests.conftest import ONLY_SQLITE, Clock, Desks

BOTH = (Role.IOT_MANAGER, Role.INSPECTOR)
"""Who may handle as the one, and knows of channels as the other."""


def seen(desk: Desk) -> set[str]:
    listed = {one.reference for one in find_cases(desk).rows}
    board = {one.reference for column in case_board(desk, CaseFilters()) for one in column.cases}
    assert board <= listed
    assert sum(one.count for one in case_board(desk, CaseFilters())) == len(board)
    return listed


def test_of_two_cases_that_of_the_batch_alone_is_theirs(desks: Desks, clock: Clock) -> None:
    shops, cards = opened(desks), opened_on_batch(desks, planted(desks))
    assert seen(desks.iot) == {cards.reference}
    both = person(desks, "shuang.zhi", "CT-44", *BOTH)
    for desk in (desks.manager, desks.approver, both):
        assert seen(desk) == {shops.reference, cards.reference}
    acts: list[Callable[[], object]] = [
        lambda: case_record(desks.iot, shops.id),
        lambda: case_by_reference(desks.iot, shops.reference),
        lambda: propose(desks.iot, shops.id, proposal([Measure.CORRECT])),
        lambda: send_notice(desks.iot, shops.id),
        lambda: assign_case(desks.iot, shops.id, str(desks.manager.actor.id)),
    ]
    for act in acts:
        with pytest.raises(NotFound):
            act()
    assert case_record(desks.iot, cards.id).case.id == cards.id
    clock.pass_(days=90)
    assert {one.id for one in overdue(desks.iot).cases} == {cards.id}
    assert {one.id for one in work_items(desks.iot) if one.kind.startswith("case_")} == {cards.id}
    assert len(overdue(desks.manager).cases) == 2


@ONLY_SQLITE
def test_a_program_that_works_with_industry_cards_is_told_the_same(desks: Desks) -> None:
    shops, cards = opened(desks), opened_on_batch(desks, planted(desks))
    program = Program(desks, "CT-44", Role.IOT_MANAGER)
    listed = program.get("/cases").json()["items"]
    assert [one["id"] for one in listed] == [str(cards.id)]
    assert program.get(f"/cases/{shops.id}").status_code == 404
    assert program.get(f"/cases/{cards.id}").status_code == 200


def test_they_open_none_about_a_shop_and_are_given_none(desks: Desks) -> None:
    ids = found(desks).ids
    with pytest.raises(NotAllowed, match="industry_alone"):
        open_case(desks.iot, ids)
    with pytest.raises(Invalid, match="nobody_for_it"):
        open_case(desks.manager, ids, owner=desks.iot.actor.id)
    shops, cards = open_case(desks.manager, ids), opened_on_batch(desks, planted(desks))
    with pytest.raises(Invalid, match="nobody_for_it"):
        assign_case(desks.approver, shops.id, str(desks.iot.actor.id))
    assert [one.login for one in owners_for(desks.approver, shops.id)] == ["chen.ming"]
    assert {one.login for one in owners_for(desks.approver, cards.id)} == {"chen.ming", "wu.lian"}
    both = person(desks, "shuang.zhi", "CT-44", *BOTH)
    assert assign_case(desks.approver, shops.id, str(both.actor.id)).owner_id == both.actor.id


def test_a_case_of_nobodys_does_not_wait_for_who_could_not_give_it_away(desks: Desks) -> None:
    case = open_case(desks.manager, found(desks).ids, unowned=True)
    waits = ("case_assign", case.id)
    for desk, is_asked in ((desks.manager, True), (desks.approver, True), (desks.iot, False)):
        assert (waits in {(one.kind, one.id) for one in work_items(desk)}) is is_asked


def test_notices_of_other_cases_are_not_theirs(desks: Desks) -> None:
    notice = sent(desks)
    assert [one.id for one in list_threads(desks.manager).rows] == [notice.id]
    assert list_threads(desks.iot).rows == []


def test_a_case_that_theirs_goes_on_in_is_theirs_too(desks: Desks) -> None:
    shops, used = opened(desks), planted(desks)
    cards = opened_on_batch(desks, used, confirmed(desks, used))
    with desks.house.begin(Permission.CASE_OPEN) as work:
        work.get(Case, cards.id).tier = shops.tier
        work.no_deed()
    merge_cases(desks.manager, shops.id, [cards.id], "同一伙人")
    assert seen(desks.iot) == {shops.reference}
    assert case_record(desks.iot, shops.id).case.id == shops.id


def test_of_two_complaints_that_of_the_device_card_alone_is_theirs(desks: Desks) -> None:
    house, day = desks.house.house, china_day(desks.house.now())
    shop = row_of(desks, lodge(house, told()))
    words = Told(ComplaintKind.DEVICE_CARD, "网店卖给我一张设备卡", province="44")
    card = row_of(desks, lodge(house, words))
    assert [one.id for one in list_complaints(desks.iot).rows] == [card.id]
    assert complaint_figures(desks.iot, day, day).received == 1
    for desk in (desks.manager, person(desks, "shuang.zhi", "CT-44", *BOTH)):
        assert len(list_complaints(desk).rows) == 2
        assert complaint_figures(desk, day, day).received == 2
    for act in (complaint_record, accept_complaint):
        with pytest.raises(NotFound):
            act(desks.iot, shop.id)
    waiting = {one.id for one in work_items(desks.iot) if one.kind.startswith("complaint")}
    assert waiting == {card.id}
    with pytest.raises(NotAllowed, match="industry_alone"):
        take_down(desks.iot, told(), source=ComplaintSource.HOTLINE)
    assert take_down(desks.iot, words, source=ComplaintSource.HOTLINE).number


def test_no_other_complaint_is_given_to_them(desks: Desks) -> None:
    house = desks.house.house
    shop = accept_complaint(desks.manager, lodge(house, told()).id)
    words = Told(ComplaintKind.DEVICE_CARD, "网店卖给我一张设备卡", province="44")
    card = row_of(desks, lodge(house, words))
    with pytest.raises(Conflict, match="cannot_handle"):
        assign_handler(desks.manager, shop.id, str(desks.iot.actor.id), reason="熟悉情况")
    names = {one.login for one in handlers_for(desks.manager, shop.id)}
    assert names == {"chen.ming", "li.hua"}
    person(desks, "shuang.zhi", "CT-44", *BOTH)
    both = {one.login for one in handlers_for(desks.manager, shop.id)} - names
    assert both == {"shuang.zhi"}
    assert "wu.lian" in {one.login for one in handlers_for(desks.manager, card.id)}
    person(desks, "xu.lian", "CT", Role.IOT_MANAGER)
    with pytest.raises(Invalid, match="nobody_there"):
        pass_on(desks.manager, lodge(house, told()).id, "CT", reason="由集团办理")
    assert pass_on(desks.manager, card.id, "CT", reason="由集团办理").id == card.id
