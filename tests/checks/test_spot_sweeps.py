"""No raw read outlives its term, whatever became of its check, or of who was to do it."""

import pytest
from sqlmodel import col, select

from console.actions.audit import list_deeds
from console.actions.checks.card_reads import accept_read
from console.actions.checks.spot_checks import assign_check, note_order, repeat_check
from console.actions.checks.spot_lists import check_record
from console.actions.checks.spot_moves import (
    call_off_check,
    follow_up,
    refuse_check,
    review_check,
)
from console.actions.checks.spot_submit import submit_check
from console.actions.checks.spot_sweeps import sweep_checks
from integrations.vault import Erased, SubjectKeys
from models.base import new_id
from models.checks.reads import CardRead, ReadKind, ReadState
from models.checks.spot_checks import CheckState, ResultCode, SpotCheck, Verdict
from models.permissions import Permission, Role
from models.refusals import Conflict, NotAllowed
from models.rules import china_day
from tests.cases.programs import Program
from tests.cases.test_api import good
from tests.cases.world import person
from tests.checks.laptops import PERSON, approved
from tests.checks.spot_world import Scene, allow_reader, card, kept, opened, scene
from tests.conftest import ONLY_SQLITE, Clock, Desks


def reads(desks: Desks) -> list[CardRead]:
    with desks.house.begin(Permission.SPOT_CHECK_READ) as work:
        return list(work.session.exec(select(CardRead).order_by(col(CardRead.id))).all())


def is_openable(desks: Desks, row: SpotCheck) -> bool:
    try:
        SubjectKeys(desks.house.house.settings.data).of(row.carrier_id, [row.id])
    except Erased:
        return False
    return True


def purged(desks: Desks) -> list[tuple[str, object]]:
    found = list_deeds(desks.house, deed="card_read.purged").rows
    return [(str(one.subject_id), one.facts["reads"]) for one in found]


def identified(desks: Desks, clock: Clock, here: Scene) -> SpotCheck:
    """A check under way with three reads: a refused and a good document, and a card."""
    row = opened(desks, here, wants_identity=True, use_approval="SY-2026-1")
    allow_reader(desks, here)
    clock.pass_(seconds=3)
    here.laptop.sends(here.laptop.task("id"), card=PERSON)
    clock.pass_(seconds=3)
    here.laptop.sends(here.laptop.task("sim"), card=card())
    return row


def test_a_check_that_was_never_sent_in_loses_its_raw_reads_and_is_broken_off(
    desks: Desks, clock: Clock
) -> None:
    row = identified(desks, clock, scene(desks))
    clock.pass_(days=89)
    assert sweep_checks(desks.house) == 0
    assert is_openable(desks, row)
    clock.pass_(days=2)
    assert sweep_checks(desks.house) == 1
    found = reads(desks)
    assert [one.state for one in found] == [
        ReadState.REFUSED, ReadState.PURGED, ReadState.PURGED,
    ]  # fmt: skip
    assert [one.facts for one in found if one.kind is ReadKind.ID] == [{}, {}]
    assert {(one.token, one.purged_at) for one in found} == {(b"", clock.at)}
    assert all(one.receipt and one.sha256 for one in found[1:])
    assert purged(desks) == [(str(row.id), [one.sha256 for one in found])]
    record = check_record(desks.manager, row.id)
    assert (record.check.state, record.check.salt) == (CheckState.ABORTED, b"")
    assert record.check.purged_at == clock.at
    assert not is_openable(desks, row)
    assert repeat_check(desks.manager, row.id).previous_id == row.id
    assert sweep_checks(desks.house) == 0


def test_a_check_that_nobody_reviewed_keeps_its_verdict_without_its_raw_reads(
    desks: Desks, clock: Clock
) -> None:
    row = identified(desks, clock, scene(desks))
    note_order(desks.inspector, row.id, kept(clock, manual_entry=True))
    submit_check(desks.inspector, row.id)
    clock.pass_(days=91)
    assert sweep_checks(desks.house) == 1
    assert {one.token for one in reads(desks)} == {b""}
    assert not is_openable(desks, row)
    check = check_record(desks.manager, row.id).check
    assert (check.state, check.purged_at) == (CheckState.FAILED, clock.at)
    before = clock.at
    clock.pass_(days=1)
    review_check(desks.approver, row.id, "属实")
    assert sweep_checks(desks.house) == 1
    check = check_record(desks.manager, row.id).check
    assert (check.state, check.purged_at) == (CheckState.PURGED, before)


def test_a_read_of_no_check_is_purged_with_its_device_as_witness(
    desks: Desks, clock: Clock
) -> None:
    laptop = approved(desks)
    laptop.own_pass()
    task = {"kind": "sim", "task": str(new_id()), "challenge": "A" * 43}
    with pytest.raises(Conflict, match="challenge_past"):
        accept_read(laptop.house, laptop.read(task))
    (read,) = reads(desks)
    assert (read.check_id, bool(read.token)) == (None, True)
    clock.pass_(days=91)
    assert sweep_checks(desks.house) == 1
    (read,) = reads(desks)
    assert (read.token, read.state, read.refusal) == (
        b"", ReadState.REFUSED, "reader.challenge_past",
    )  # fmt: skip
    assert purged(desks) == [(str(read.device_id), [read.sha256])]


# Whose inspector has left


def test_who_plans_calls_off_what_its_inspector_left_and_gives_it_to_another(
    desks: Desks, clock: Clock
) -> None:
    here = scene(desks)
    row = opened(desks, here)
    here.laptop.sends(here.laptop.task(), card=card())
    with pytest.raises(Conflict, match="session_open"):
        call_off_check(desks.manager, row.id, "抽查人已离职")
    clock.pass_(minutes=16)
    with pytest.raises(NotAllowed):
        call_off_check(desks.inspector, row.id, "太忙")
    row = call_off_check(desks.manager, row.id, "抽查人已离职")
    assert (row.state, row.verdict, row.salt) == (CheckState.ABORTED, Verdict.ABORTED, b"")
    again = repeat_check(desks.manager, row.id)
    person(desks, "zweiter", "CT-44", Role.INSPECTOR)
    assign_check(desks.manager, again.id, "zweiter", china_day(clock.at))
    (deed,) = list_deeds(desks.house, deed="spot_check.called_off").rows
    assert deed.facts["reason"] == "抽查人已离职"
    both = person(desks, "beides", "CT-44", Role.CHANNEL_MANAGER, Role.APPROVER)
    assert review_check(both, row.id, "已看").state is CheckState.CLOSED


@pytest.mark.requirement("004-1-b")
def test_who_plans_answers_for_an_inspector_who_left_and_reviews_it_not(desks: Desks) -> None:
    row = opened(desks, scene(desks))
    refuse_check(desks.inspector, row.id, ResultCode.REFUSED_CHECK, "拒绝出示证件")
    both = person(desks, "beides", "CT-44", Role.CHANNEL_MANAGER, Role.APPROVER)
    row = follow_up(both, row.id, False, "门店登记显示已入网")  # noqa: FBT003
    assert row.finding_id is not None
    with pytest.raises(NotAllowed, match="same_person"):
        review_check(both, row.id, "自己看过")
    assert review_check(desks.approver, row.id, "属实").state is CheckState.CLOSED


@ONLY_SQLITE
def test_a_program_calls_off_a_check_by_its_reason(desks: Desks, clock: Clock) -> None:
    here = scene(desks)
    row = opened(desks, here)
    lead = Program(desks, "CT-44", Role.CHANNEL_MANAGER)
    path = f"/spot-checks/{row.id}/call-off"
    body = {"reason": "抽查人已离职", "version": row.version}
    no = lead.post(path, json=body)
    assert (no.status_code, no.json()["code"]) == (409, "spot_check.session_open")
    clock.pass_(minutes=16)
    assert good(lead.post(path, json=body))["state"] == "aborted"
