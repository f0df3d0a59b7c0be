"""The frame round every page: the box, what waits, dead links, what can be taken back, the tour."""

import threading
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from console.actions.staff.people import close_organisation
from console.actions.today.counted import (
    COUNTS_KEPT,
    LINES_KEPT,
    PageCount,
    counts_of,
    note_own_deed,
    waiting_of,
)
from console.actions.today.filters import list_filters, save_filter
from console.desk import Desk, House
from console.i18n import Language, spoken, t, texts
from console.pages.command_box import look
from console.pages.frame import plain
from console.pages.navigation import label_of, landing_of
from console.pages.tour_steps import STEPS
from models.permissions import Permission, Role
from tests.cases.world import decided, opened, proposed
from tests.conftest import ONLY_SQLITE, Clock, Desks
from tests.pages import Console, checked, errors, press, shown

NOWHERE = "0198aaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa"


@pytest.fixture
def console(house: House, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(house, monkeypatch)


def until(condition: Callable[[], bool]) -> None:
    """Counting goes on beside the run: look again until it is done, for ten seconds at most."""
    for _ in range(200):
        if condition():
            return
        threading.Event().wait(0.05)
    raise AssertionError("it did not come about")


# The box


def typed(console: Console, desk: Desk, words: str) -> AppTest:
    at = console.whole(desk)
    (box,) = [one for one in at.text_input if one.key == "jump:words"]
    return checked(box.set_value(words).run())


def test_what_is_not_found_is_named_with_what_can_be_typed(console: Console, desks: Desks) -> None:
    at = typed(console, desks.manager, "没有这样的店")
    assert "没有这样的店" in shown(at)
    assert t("jump.what") in shown(at)
    assert "没有这样的店" not in str(at.query_params)


def test_an_identity_number_is_refused_in_words_and_goes_nowhere(
    console: Console, desks: Desks
) -> None:
    at = typed(console, desks.manager, "110105194912310021")
    assert [one.value for one in at.warning] == [t("jump.identity_number")]
    assert "110105194912310021" not in shown(at) + str(at.query_params)


def test_choices_stand_by_kind_and_each_has_a_key(console: Console, desks: Desks) -> None:
    for number in (9001, 9002):
        opened(desks, shop_no=number)
    at = typed(console, desks.manager, "CASE-2026")
    buttons = [one for one in at.button if str(one.key).startswith("jump:")]
    assert [one.proto.shortcut for one in buttons[:2]] == ["alt+1", "alt+2"]
    assert t("jump_kind.case") in shown(at)
    at = press(at, "jump:close")
    assert not [one for one in at.button if str(one.key).startswith("jump:")]


def test_pages_are_found_by_their_names_in_either_language(desks: Desks) -> None:
    for words in ("网络代理商", "Agents", "agents"):
        seen = look(desks.manager, words)
        assert "agents" in {one.page for one in seen.ways}
    assert look(desks.manager, "案件").go is not None
    assert not look(desks.admin, "案件").ways  # no such page for them


def test_whoever_was_signed_out_elsewhere_sees_nothing_at_the_next_run(
    console: Console, desks: Desks
) -> None:
    at = console.whole(desks.manager)
    assert plain(desks.manager.actor.name) in shown(at)
    close_organisation(desks.admin, "CT-44")
    at = checked(at.run())
    assert t("console.sign_in_first") in shown(at)
    assert plain(desks.manager.actor.name) not in shown(at)


# What waits


@ONLY_SQLITE
def test_the_navigation_counts_what_waits_and_marks_what_is_late(
    desks: Desks, clock: Clock
) -> None:
    case = proposed(desks)
    until(lambda: "cases" in counts_of(desks.approver))
    assert counts_of(desks.approver)["cases"] == PageCount(1, 0)
    assert label_of("cases", counts_of(desks.approver)) == f"{t('nav.cases')} · 1"
    clock.pass_(days=90)
    until(lambda: counts_of(desks.approver)["cases"].late == 1)
    assert "⚠1" in label_of("cases", counts_of(desks.approver))
    assert case.due_at is not None


@ONLY_SQLITE
def test_an_own_deed_is_counted_at_once_and_a_colleagues_after_some_minutes(
    desks: Desks, clock: Clock
) -> None:
    waiting_of(desks.approver)
    before = counts_of(desks.approver)
    proposed(desks)
    assert counts_of(desks.approver) == before  # still those of before
    note_own_deed(desks.approver)
    until(lambda: "cases" in counts_of(desks.approver))
    proposed(desks, shop_no=9002)
    clock.pass_(seconds=COUNTS_KEPT.total_seconds() + 1)
    until(lambda: counts_of(desks.approver)["cases"].waiting == 2)


@ONLY_SQLITE
def test_the_work_list_is_kept_for_seconds_and_never_after_an_own_deed(
    desks: Desks, clock: Clock
) -> None:
    assert not waiting_of(desks.approver).items
    proposed(desks)
    assert not waiting_of(desks.approver).items
    clock.pass_(seconds=LINES_KEPT.total_seconds())
    assert [one.page for one in waiting_of(desks.approver).items] == ["cases"]
    proposed(desks, shop_no=9002)
    note_own_deed(desks.approver)
    assert [one.page for one in waiting_of(desks.approver).items] == ["cases", "cases"]


def test_each_lands_where_the_day_begins(desks: Desks) -> None:
    assert landing_of(desks.regulator.actor) == "overview"
    for desk in (desks.manager, desks.approver, desks.platform, desks.admin, desks.privacy):
        assert landing_of(desk.actor) == "work_list"


# Dead links


def test_a_link_to_nothing_says_what_it_named_and_what_to_do(
    console: Console, desks: Desks
) -> None:
    at = console.open("cases", desks.manager, id=NOWHERE)
    assert errors(at) == [t("row.not_found")]
    assert NOWHERE[:8] in shown(at)
    assert t("nav.cases") in shown(at)
    assert t("gone.next") in shown(at)
    at = press(at, "kit_back_refused")
    assert "id" not in at.query_params


def test_a_link_by_reference_leads_to_the_record(console: Console, desks: Desks) -> None:
    case = opened(desks)
    at = console.open("cases", desks.manager, id=case.reference)
    assert errors(at) == []
    assert at.query_params["id"] == str(case.id)


def test_whoever_may_not_see_a_record_learns_nothing_more_of_it(
    console: Console, desks: Desks
) -> None:
    case = opened(desks)
    at = console.open("cases", desks.other_manager, id=str(case.id))
    assert errors(at) == [t("row.not_found")]
    assert case.reference not in shown(at)
    assert case.shop_name not in shown(at)


# Taken back


def test_a_filter_that_was_removed_is_put_back(console: Console, desks: Desks) -> None:
    save_filter(desks.manager, "cases", "我的", "state=opened")
    at = console.open("cases", desks.manager)
    at = press(at, "saved:remove:")
    assert list_filters(desks.manager, "cases") == []
    at = press(at, "kit:after:undo")
    assert [one.name for one in list_filters(desks.manager, "cases")] == ["我的"]
    assert not [one for one in at.button if one.key == "kit:after:undo"]


# The tour


def test_every_role_has_a_tour_in_both_languages() -> None:
    people = set(Role) - {Role.DEVICE, Role.SELF, Role.PUBLIC, Role.HOUSE}
    assert set(STEPS) == people
    for language in Language:
        for role, pages in STEPS.items():
            keys = [f"tour.{role}", f"tour.{role}_not", *(f"tour.{role}_{one}" for one in pages)]
            assert [key for key in keys if key not in texts(language)] == []


def test_the_tour_leads_to_pages_that_the_role_opens(console: Console, desks: Desks) -> None:
    decided(desks)
    for desk in (desks.manager, desks.regulator, desks.audit):
        at = console.open("tour", desk)
        steps = [one for one in at.button if str(one.key).startswith("tour:")]
        assert len(steps) >= 5
    spoken.set(Language.ZH)
    at = console.open("tour", desks.manager)
    assert any(str(one.key).startswith("tour:cases:") for one in at.button)


def test_nothing_in_the_tour_promises_what_the_role_may_not(desks: Desks) -> None:
    assert not desks.regulator.actor.may(Permission.CASE_CLOSE)
    assert not {"work_list", "admission"} & set(STEPS[Role.REGULATOR])
