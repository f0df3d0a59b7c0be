"""Lists prepared by the house, approved by another, told of when late, compared line by line."""

import csv
from datetime import timedelta

import pytest
from sqlmodel import select

from console.actions.channel import publish as publishing
from console.actions.channel.agents import edit_agent
from console.actions.channel.editions import changes_csv, lists_out, publication_record
from console.actions.channel.golden import register_folder, sweep_copy
from console.actions.channel.licences import suspend_licence
from console.actions.channel.lines import ChangeKind
from console.actions.channel.publish import (
    begin_edition,
    list_publications,
    prepare_publication,
    publish,
    sweep_build,
    sweep_prepare,
)
from console.actions.channel.waiting_publications import PUBLICATION_SOURCES
from console.desk import Desk, House
from models.audit import AuditEntry
from models.channel.publications import Publication, PublicationState
from models.permissions import Permission
from models.refusals import Conflict, NotAllowed
from tests.channel.stories import admitted, deeds, form, licensed
from tests.conftest import Clock, Desks

BUILDING, READY = PublicationState.BUILDING, PublicationState.READY


def put_out(desks: Desks) -> Publication:
    return publish(desks.approver, prepare_publication(desks.manager).id)


def editions(desks: Desks) -> list[Publication]:
    return list(list_publications(desks.house).rows)


def begun(desks: Desks, carrier_of: Publication, because: str = "L-1") -> None:
    with desks.house.begin(Permission.LICENCE_REVOKE) as work:
        begin_edition(work, carrier_of.carrier_id, because)


def waits(desk: Desk) -> list[str]:
    return [item.kind for source in PUBLICATION_SOURCES for item in source(desk)]


@pytest.mark.requirement("004-3.1-m")
def test_the_house_prepares_the_next_list_a_day_before_it_is_due(
    desks: Desks, clock: Clock
) -> None:
    licensed(desks)
    first = put_out(desks)
    assert first.due_at is not None
    clock.at = first.due_at - timedelta(hours=25)
    assert sweep_prepare(desks.house) == 0
    clock.pass_(hours=2)
    assert sweep_prepare(desks.house) == 1
    assert sweep_prepare(desks.house) == 0
    assert sweep_build(desks.house) == 1
    newest, *_ = editions(desks)
    assert (newest.state, newest.rows, newest.preparer_id) == (READY, 1, None)
    assert waits(desks.approver) == ["list_approve"]
    second = publish(desks.manager, newest.id)
    assert second.due_at is not None
    assert second.due_at > first.due_at


@pytest.mark.requirement("004-3.1-m")
def test_a_revocation_begins_a_list_at_once_and_once(desks: Desks) -> None:
    licensed(desks)
    first = put_out(desks)
    begun(desks, first, "CT-44-L-1")
    begun(desks, first, "CT-44-L-2")
    newest, *older = editions(desks)
    assert (newest.state, newest.because, len(older)) == (BUILDING, "CT-44-L-1", 1)
    assert sweep_build(desks.house) == 1
    begun(desks, first, "CT-44-L-3")
    assert [row.state for row in editions(desks)][:2] == [BUILDING, READY]


def test_a_build_that_was_killed_is_done_by_the_house_later(
    desks: Desks, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    licensed(desks)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(publishing, "write_lines", killed)
        with pytest.raises(KeyboardInterrupt):
            prepare_publication(desks.manager)
    assert sweep_build(desks.house) == 0, "whoever began it may still be at it"
    clock.pass_(minutes=2)
    assert sweep_build(desks.house) == 1
    (edition,) = editions(desks)
    assert (edition.state, edition.rows) == (READY, 1)
    with pytest.raises(NotAllowed):
        publish(desks.manager, edition.id)


def test_nobody_approves_the_list_that_he_prepared_and_trying_is_on_record(desks: Desks) -> None:
    licensed(desks)
    edition = prepare_publication(desks.manager)
    with pytest.raises(NotAllowed) as no:
        publish(desks.manager, edition.id)
    assert no.value.code == "channel.same_person"
    with desks.house.begin(Permission.AUDIT_READ) as work:
        refused = work.session.exec(
            select(AuditEntry).where(AuditEntry.deed == "staff.own_act_refused")
        ).all()
    assert len(refused) == 1
    assert publish(desks.approver, edition.id).state is PublicationState.PUBLISHED


def test_an_older_list_does_not_take_the_place_of_a_newer_one(desks: Desks) -> None:
    licensed(desks)
    older, newer = (prepare_publication(desks.manager) for _ in range(2))
    publish(desks.approver, newer.id)
    with pytest.raises(Conflict) as no:
        publish(desks.approver, older.id)
    assert no.value.code == "register.newer_is_out"


def test_a_list_that_may_not_be_published_is_told_once_and_keeps_no_other_from_being_built(
    desks: Desks,
) -> None:
    agent, _, _ = licensed(desks)
    first = put_out(desks)
    edit_agent(desks.manager, agent.id, form(name="陈店 13800138000"))
    begun(desks, first)
    assert (sweep_build(desks.house), sweep_build(desks.house)) == (0, 0)
    assert deeds(desks.house).count("publication.refused") == 1
    assert waits(desks.manager) == ["list_unbuilt"]
    edit_agent(desks.manager, agent.id, form(name="陈店"))
    assert sweep_build(desks.house) == 1
    assert waits(desks.manager) == []


@pytest.mark.requirement("004-3.1-m")
def test_a_late_list_is_told_to_the_regulator_and_to_everybody(
    desks: Desks, house: House, clock: Clock
) -> None:
    licensed(desks)
    put_out(desks)
    assert [one.is_stale for one in lists_out(house)] == [False]
    assert waits(desks.regulator) == []
    clock.pass_(days=8)
    assert [one.is_stale for one in lists_out(house)] == [True]
    assert waits(desks.regulator) == ["list_stale"]


def test_two_lists_are_compared_line_by_line(desks: Desks, clock: Clock) -> None:
    agent, _, _ = licensed(desks, 1, ("1001",))
    _, gone, _ = licensed(desks, 2, ("1002",))
    first = put_out(desks)
    clock.pass_(days=1)
    edit_agent(desks.manager, agent.id, form(name="=深圳新名"))
    suspend_licence(desks.manager, gone.id, reason="未亮照", remedy="申诉")
    _, new, _ = licensed(desks, 3, ("1003",))
    second = put_out(desks)
    assert (second.rows, second.added, second.removed, second.changed) == (2, 1, 1, 1)

    for against in (None, first.id):
        found = publication_record(desks.approver, second.id, against).changes
        assert set(found.counts.values()) == {1}
        assert found.first[ChangeKind.ADDED][0].line["licence_no"] == new.number
        assert found.first[ChangeKind.REMOVED][0].line["licence_no"] == gone.number
        (changed,) = found.first[ChangeKind.CHANGED]
        assert changed.fields == ("name",)
        assert (changed.before or {})["name"] == agent.name

    name, path = changes_csv(desks.approver, second.id)
    rows = list(csv.DictReader(path.read_text("utf-8-sig").splitlines()))
    path.unlink()
    assert name == f"{second.number}-changes.csv"
    assert [row["change"] for row in rows] == ["changed", "added", "removed"]
    assert rows[0]["name"] == "'=深圳新名"
    assert agent.name in rows[0]["before"]


def test_lists_of_two_carriers_are_not_compared(desks: Desks) -> None:
    licensed(desks)
    own = put_out(desks)
    other = publish(desks.house, prepare_publication(desks.other_manager).id)
    with pytest.raises(Conflict) as no:
        publication_record(desks.regulator, own.id, other.id)
    assert no.value.code == "register.other_carrier"


def test_the_servers_copy_is_written_when_a_list_comes_out_and_each_day(
    desks: Desks, house: House, clock: Clock
) -> None:
    admitted(desks, 9)
    assert not sweep_copy(desks.house)
    licensed(desks)
    put_out(desks)
    assert sweep_copy(desks.house)
    assert not sweep_copy(desks.house)
    put_out(desks)
    assert sweep_copy(desks.house)
    clock.pass_(days=1)
    assert sweep_copy(desks.house)
    clock.pass_(days=95)
    assert sweep_copy(desks.house)
    days = {path.name[:15] for path in register_folder(house).glob("agents-*")}
    assert days == {"agents-20260606"}
