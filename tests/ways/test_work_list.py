"""The work list's other half, and much of one kind at once."""

import pytest

from console.actions.asked import asked_items
from console.actions.patrol.findings import get_finding
from console.actions.staff.people import add_organisation, add_user
from console.actions.today.digests import digest_of
from console.actions.waiting import WorkState
from console.actions.work import work_items
from console.desk import House
from console.i18n import t
from models.patrol.findings import Finding, FindingState
from models.permissions import Permission
from models.rules import china_day
from models.staff import OrganisationKind
from tests.cases.world import found, proposed
from tests.cases.world import sent as sent_notice
from tests.conftest import Clock, Desks
from tests.pages import Console, move, press, press_way, ways


@pytest.fixture
def console(house: House, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(house, monkeypatch)


def test_what_i_asked_for_waits_for_others_until_they_answer(desks: Desks, clock: Clock) -> None:
    notice = sent_notice(desks)
    (asked,) = [one for one in asked_items(desks.manager) if one.kind == "asked_notice"]
    assert (asked.title, asked.page, asked.due) == (notice.number, "notices", notice.answer_due_at)
    assert asked.state is WorkState.DUE
    clock.pass_(days=60)
    (late,) = [one for one in asked_items(desks.manager) if one.kind == "asked_notice"]
    assert late.state is WorkState.OVERDUE
    assert asked_items(desks.approver) == []
    assert asked_items(desks.other_manager) == []


def test_a_proposal_waits_for_another_and_is_nobodys_own_work(desks: Desks) -> None:
    case = proposed(desks)
    mine = [one for one in asked_items(desks.manager) if one.kind == "asked_decision"]
    assert [one.id for one in mine] == [case.id]
    assert "asked_decision" not in {one.kind for one in work_items(desks.manager)}


def test_digests_count_ones_own_work_alone(desks: Desks, clock: Clock) -> None:
    sent_notice(desks)
    digest = digest_of(desks.manager, china_day(clock()))
    assert sum(digest.counts.values()) == len(work_items(desks.manager))


def test_the_list_shows_both_halves(console: Console, desks: Desks) -> None:
    notice = sent_notice(desks)
    at = console.open("work_list", desks.manager)
    assert t("work_list.asked") in [one.value for one in at.subheader]
    assert [address for words, address in ways(at) if notice.number in words] == [
        f"notices?id={notice.id}"
    ]


def test_a_click_leads_only_where_a_line_was_drawn(console: Console, desks: Desks) -> None:
    found(desks, state=FindingState.OPEN, findings=2)
    at = console.open("work_list", desks.approver)
    for address in ("audit", "https://example.com/", "?id=x", "", 7, ["audit"]):
        at = press_way(at, "work:mine", address)
        assert (at.title[0].value, dict(at.query_params)) == (t("work_list.title"), {})
    drawn = next(address for _, address in ways(at) if address.startswith("findings?"))
    with pytest.raises(AssertionError, match="encountered an error"):
        press_way(at, "work:mine", drawn)  # here is no other page that it could be


def test_words_from_outside_are_handed_over_as_they_are(console: Console, desks: Desks) -> None:
    add_organisation(
        desks.admin, code="ct-99", kind=OrganisationKind.RESELLER, name="<b>甲\u202e</b>\n**乙**"
    )
    add_user(desks.admin, organisation="ct-99", login="one", name="一")
    words = [words for words, _ in ways(console.open("work_list", desks.security))]
    assert any("<b>甲</b> **乙**" in one for one in words)


def test_many_findings_are_confirmed_at_once_and_each_is_told(
    console: Console, desks: Desks
) -> None:
    rows = found(desks, state=FindingState.OPEN, findings=3).findings
    at = console.open("work_list", desks.approver, kind="finding_look")
    at = press(at, "bulk:all")
    at = move(at, "confirm")
    states = {get_finding(desks.approver, one.id).state for one in rows}
    assert states == {FindingState.CONFIRMED}
    assert t("bulk.done", n=3, refused=0) in [one.value for one in at.toast]


def test_one_that_is_refused_stops_none_of_the_others(console: Console, desks: Desks) -> None:
    rows = found(desks, state=FindingState.OPEN, findings=2).findings
    with desks.house.begin(Permission.FINDING_CONFIRM) as work:
        work.get(Finding, rows[0].id).evidence = []
        work.record("patrol.planted", rows[0])
    at = console.open("work_list", desks.approver, kind="finding_look")
    at = press(at, "bulk:all")
    at = move(at, "confirm")
    assert get_finding(desks.approver, rows[0].id).state is FindingState.OPEN
    assert get_finding(desks.approver, rows[1].id).state is FindingState.CONFIRMED
    assert any(rows[0].number in one.value.replace("\\", "") for one in at.warning)
