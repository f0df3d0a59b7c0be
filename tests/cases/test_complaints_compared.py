"""The overview's figures of complaints: in time, late, in hand, and by whom they are compared."""

from dataclasses import replace
from datetime import timedelta

import pytest

from console.actions.cases.complaints.figures import Answered, complaints_compared
from console.actions.cases.complaints.handling import accept_complaint, answer_complaint
from console.actions.cases.complaints.lodging import Told, lodge
from console.desk import Desk, House
from models.cases.complaints import Complaint, ComplaintKind, Fault
from models.refusals import NotAllowed
from tests.conftest import Clock, Desks
from tests.pages import Console, shown

K = ComplaintKind
ASKED = Told(K.NUMBER_NOT_MINE, "名下多出一个号码，不是本人办理", province="44")


def taken_on(desks: Desks, house: House, told: Told = ASKED) -> Complaint:
    return accept_complaint(desks.manager, lodge(house, told).id)


def answered(desk: Desk, complaint: Complaint) -> None:
    answer_complaint(desk, complaint.id, answer="已核查", fault=Fault.OWN)


@pytest.mark.requirement("004-4.2-c")
def test_complaints_are_counted_by_whether_they_were_answered_in_time(
    desks: Desks, clock: Clock, house: House
) -> None:
    assert complaints_compared(desks.manager).whole == Answered()
    month = f"{clock.at:%Y-%m}"
    soon, late, silent = (taken_on(desks, house) for _ in range(3))
    told = replace(ASKED, kind=K.RE_REGISTRATION)
    free = taken_on(desks, house, told)
    answer_complaint(
        desks.manager, free.id, answer="已核查", fault=Fault.NONE, paper="粤通信核〔2026〕8号"
    )
    clock.pass_(days=2)
    answered(desks.manager, soon)
    clock.pass_(days=20)
    answered(desks.manager, late)
    clock.pass_(days=10)
    new = taken_on(desks, house)
    found = complaints_compared(desks.manager)

    assert found.whole == Answered(in_time=2, late=2, waiting=1)
    assert found.months[month] == Answered(in_time=2, late=2)
    assert len(found.months) == 12
    assert list(found.months)[-1] == f"{clock.at:%Y-%m}"
    assert found.organisations == {"中国电信广东": found.whole}
    assert found.median == timedelta(days=2)
    assert found.not_counted == 1
    assert {silent.is_late, new.is_late} == {False}  # no sweep has marked them by now


def test_who_may_not_read_complaints_gets_no_figures_and_each_only_their_own(
    desks: Desks, house: House
) -> None:
    taken_on(desks, house)
    assert complaints_compared(desks.regulator).whole.received == 1
    assert complaints_compared(desks.other_regulator).whole.received == 0
    assert complaints_compared(desks.other_manager).organisations == {}
    with pytest.raises(NotAllowed):
        complaints_compared(desks.privacy)


def test_what_came_more_than_a_year_ago_is_not_compared(
    desks: Desks, clock: Clock, house: House
) -> None:
    answered(desks.manager, taken_on(desks, house))
    clock.pass_(days=400)
    found = complaints_compared(desks.manager)
    assert (found.whole, found.median, found.organisations) == (Answered(), None, {})


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_overview_compares_complaints_for_those_who_may_see_them(
    desks: Desks, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    console = Console(house, monkeypatch)
    answered(desks.manager, taken_on(desks, house))
    taken_on(desks, house)
    at = console.open("overview", desks.regulator, view="complaints")
    metrics = {one.label: one.value for one in at.metric}
    assert (metrics["收到"], metrics["按期答复"], metrics["超期"]) == ("2", "1 · 100%", "0")
    assert "投诉举报（按收到月份）" in shown(at)
    assert "不记入百万用户申诉率" in shown(at)
    assert "收到" not in {one.label for one in console.open("overview", desks.privacy).metric}
