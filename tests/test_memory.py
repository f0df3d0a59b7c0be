"""What many runs ask alike is asked of the database once, until somebody does something."""

from time import monotonic

import pytest

from console.actions.staff.people import add_organisation, named_organisations
from console.actions.today.filters import list_filters, save_filter
from console.desk import Desk, House
from console.memory import Memory
from models.staff import OrganisationKind
from tests.conftest import Clock, Desks


def counted(desk: Desk) -> list[str]:
    """Each time that an answer is found anew."""
    asked: list[str] = []

    def find() -> int:
        asked.append("found")
        return len(asked)

    for _ in range(3):
        desk.remembered("how many", find, "agents")
    return asked


def test_the_same_question_of_the_same_person_is_answered_once(desks: Desks) -> None:
    assert len(counted(desks.manager)) == 1


def test_what_one_person_was_told_nobody_else_is_told(desks: Desks) -> None:
    counted(desks.manager)
    assert len(counted(desks.approver)) == 1
    assert len(counted(desks.other_manager)) == 1


def test_somebodys_deed_makes_everybody_ask_anew(desks: Desks) -> None:
    counted(desks.approver)
    save_filter(desks.manager, "cases", "本月", "state=open")
    assert len(counted(desks.approver)) == 1


def test_an_answer_is_a_minute_old_at_most(desks: Desks, clock: Clock) -> None:
    counted(desks.manager)
    clock.pass_(seconds=59)
    assert counted(desks.manager) == []
    clock.pass_(seconds=1)
    assert len(counted(desks.manager)) == 1


def test_a_colleague_sees_a_shared_filter_with_the_next_click(desks: Desks) -> None:
    assert list_filters(desks.approver, "cases") == []
    save_filter(desks.manager, "cases", "本月", "state=open", shared=True)
    assert [one.name for one in list_filters(desks.approver, "cases")] == ["本月"]


def test_a_new_platform_has_its_name_with_the_next_click(desks: Desks) -> None:
    before = {one.code for one in named_organisations(desks.manager)}
    add_organisation(desks.admin, code="qingshi", kind=OrganisationKind.PLATFORM, name="青石集市")
    assert {one.code for one in named_organisations(desks.manager)} - before == {"qingshi"}


def test_what_failed_is_not_remembered(house: House) -> None:
    def fails() -> int:
        raise KeyError

    with pytest.raises(KeyError):
        house.memory.ask("a", house.now(), fails)
    assert house.memory.ask("a", house.now(), lambda: 2) == 2


def test_an_answer_from_before_a_deed_that_ended_meanwhile_is_not_kept(house: House) -> None:
    memory = Memory()

    def slow() -> str:
        memory.note_deed()
        return "old"

    assert memory.ask("a", house.now(), slow) == "old"
    assert memory.ask("a", house.now(), lambda: "new") == "new"


def test_what_is_handed_over_is_taken_once(house: House) -> None:
    house.memory.hand("a", 1)
    assert house.memory.take("a") == 1
    assert house.memory.take("a") is None


def test_what_nobody_took_within_a_second_is_gone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.memory.hand("a", 1)
    late = monotonic() + 1
    monkeypatch.setattr("console.memory.monotonic", lambda: late)
    assert house.memory.take("a") is None
