"""Who answers for a violation, with what share, and what stays open to them whatever is ordered."""

from datetime import timedelta

import pytest
from sqlmodel import select

from console.actions.cases.complaints.handling import accept_complaint
from console.actions.cases.complaints.lists import list_complaints
from console.actions.cases.complaints.lodging import Told, lodge
from console.actions.cases.decide import approve, propose
from console.actions.cases.doing import settle_tasks
from console.actions.cases.lists import case_record
from console.actions.cases.parties import (
    PartyForm,
    add_party,
    hear_party,
    remove_party,
    set_shares,
)
from console.actions.channel.blacklist import blacklist_firm
from models.cases.complaints import ComplaintKind
from models.cases.measures import Measure
from models.cases.parties import CaseParty, PartyRole
from models.cases.tasks import CaseTask, TaskKind, TaskState
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotFound, Refusal
from models.rules import FindingKind, china_day
from models.staff import User
from tests.cases.test_case_appeals import measures
from tests.cases.world import established, measures_with, opened, proposal, row
from tests.conftest import ONLY_SQLITE, Clock, Desks
from tests.stock.world import with_task


@pytest.mark.requirement("003-11.1-2")
def test_shares_of_several_parties_make_a_hundred_before_anything_is_proposed(
    desks: Desks,
) -> None:
    case = established(desks, opened(desks))
    wanted = proposal(measures_with(desks, case, Measure.REMOVE_SHOP))
    (shop,) = case_record(desks.manager, case.id).parties
    other = add_party(desks.manager, case.id, PartyForm(PartyRole.OTHER, "仓库经营者"))
    third = add_party(desks.manager, case.id, PartyForm(PartyRole.OWN_UNIT, "渠道部"))
    for one in (other, third):
        hear_party(desks.manager, one.id, "承认")
    remove_party(desks.manager, third.id, "经查无关")
    refused: list[Refusal] = []
    for shares in ({shop.id: 70}, {shop.id: 70, other.id: 20}, {shop.id: 120, other.id: -20}):
        with pytest.raises(Invalid) as no:
            set_shares(desks.manager, case.id, shares)
        refused.append(no.value)
    set_shares(desks.manager, case.id, {shop.id: 70, other.id: 30})
    remove_party(desks.manager, other.id, "身份有误")
    with pytest.raises(Conflict) as not_whole:
        propose(desks.manager, case.id, wanted)
    set_shares(desks.manager, case.id, {shop.id: 100})
    propose(desks.manager, case.id, wanted)

    assert [one.code for one in refused] == ["case.shares_of_all", *["case.shares_not_whole"] * 2]
    assert (not_whole.value.code, not_whole.value.facts["sum"]) == ("case.shares_not_whole", 70)


@ONLY_SQLITE
@pytest.mark.requirement("004-4.3-c")
def test_emergency_calls_stay_open_whatever_is_cut_off(desks: Desks) -> None:
    case = established(desks, opened(desks, kind=FindingKind.IOT_SCOPE_BREACH))
    cut = (Measure.SUSPEND_CARDS, Measure.SHUT_DOWN_CARDS)
    propose(desks.manager, case.id, proposal([*cut, Measure.REVERIFY, Measure.REMOVE_LISTINGS]))
    approve(desks.approver, case.id)

    exempt = {one.measure for one in measures(desks, case).values() if one.is_emergency_exempt}
    assert exempt == {*cut, Measure.REVERIFY}


@ONLY_SQLITE
def test_an_entry_that_has_run_out_is_no_proof_that_a_firm_is_kept_out(
    desks: Desks, clock: Clock
) -> None:
    case, uscc = opened(desks), "91110000600037341L"
    with desks.house.begin(Permission.CASE_OPEN) as work:
        work.session.exec(select(CaseParty)).one().uscc = uscc
        work.no_deed()
    until = china_day(clock.at)
    blacklist_firm(
        desks.approver, uscc=uscc, name="某店", reason="养卡", source="渠道部", until=until
    )
    made = with_task(desks, case, TaskKind.BLACKLIST)
    clock.at += timedelta(days=1)
    settle_tasks(desks.house)
    assert row(desks, CaseTask, made.id).state is TaskState.OPEN
    blacklist_firm(desks.approver, uscc=uscc, name="某店", reason="养卡", source="渠道部")
    settle_tasks(desks.house)
    assert row(desks, CaseTask, made.id).state is TaskState.DONE


# Complaints


@pytest.mark.requirement("003-7.2-2")
@pytest.mark.parametrize("words", ["营业员{name}泄露了我的资料", "工号 Chen.Ming 态度恶劣"])
@ONLY_SQLITE
def test_whoever_a_complaint_names_never_sees_it_before_anybody_has_looked(
    desks: Desks, words: str
) -> None:
    with desks.house.begin(Permission.STAFF_READ) as work:
        name = work.session.get_one(User, desks.manager.actor.id).name
    told_ = Told(ComplaintKind.STAFF_CONDUCT, words.format(name=name), province="44")
    lodged = lodge(desks.house.house, told_)

    assert list_complaints(desks.manager).rows == []
    with pytest.raises(NotFound):
        accept_complaint(desks.manager, lodged.id)
    assert accept_complaint(desks.approver, lodged.id).about_id == desks.manager.actor.id


@ONLY_SQLITE
def test_nobody_is_kept_out_by_a_part_of_another_word_or_of_another_matter(desks: Desks) -> None:
    for kind, words in (
        (ComplaintKind.STAFF_CONDUCT, "见 xchen.mingx 的帖子"),
        (ComplaintKind.UNLICENSED_SHOP, "chen.ming 的店没有委托"),
    ):
        lodged = lodge(desks.house.house, Told(kind, words, province="44"))
        assert accept_complaint(desks.manager, lodged.id).about_id is None
