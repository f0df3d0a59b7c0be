"""Reader devices at work: kept, stopped, put back to work; at every door of the console."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import select

from console.actions.checks.device_doors import enrol, give_pass, tasks_of
from console.actions.checks.devices import (
    approve_device,
    ask_code,
    device_record,
    judge_reader,
    list_devices,
    quarantine_device,
    reinstate_device,
    retire_device,
    vouch_for_holder,
)
from console.actions.checks.spot_checks import CheckDraft, assign_check, plan_check
from console.actions.checks.spot_moves import open_session
from console.actions.checks.waiting import waiting_devices
from console.desk import Desk
from models.base import new_id
from models.checks.devices import CardReaderState, DeviceState, WhyQuarantined
from models.checks.spot_checks import CheckPurpose, SpotCheck
from models.permissions import Permission, Role
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from models.rules import china_day
from tests.cases import test_case_cli
from tests.cases.programs import Program
from tests.cases.test_api import good
from tests.cases.test_case_cli import Run, read
from tests.cases.world import person
from tests.checks.laptops import Laptop, approved, pending, session
from tests.conftest import ONLY_SQLITE, Clock, Desks

channel = test_case_cli.channel


def test_one_that_is_stopped_stops_at_once_and_goes_on_after_a_look(desks: Desks) -> None:
    laptop = approved(desks)
    own = laptop.id
    quarantine_device(desks.manager, own, "键盘旁发现陌生 U 盘")
    with pytest.raises(NotAllowed, match="device_quarantined"):
        tasks_of(laptop.house, own)
    with pytest.raises(Conflict, match="cannot_move"):
        quarantine_device(desks.manager, own, "再次")
    with pytest.raises(NotAllowed):
        reinstate_device(desks.manager, own, "已核实")
    row = reinstate_device(desks.approver, own, "已核实，为同事遗忘")
    assert (row.state, row.why) == (DeviceState.ACTIVE, None)
    assert tasks_of(laptop.house, own).tasks == []


def test_one_that_is_retired_is_told_so_for_good(desks: Desks) -> None:
    laptop = approved(desks)
    own = laptop.id
    with pytest.raises(Invalid, match="reason_needed"):
        retire_device(desks.manager, own, " ")
    retire_device(desks.manager, own, "电脑报废")
    with pytest.raises(NotAllowed, match="device_retired"):
        laptop.own_pass()
    with pytest.raises(NotAllowed, match="device_retired"):
        laptop.sends({"task": str(own), "challenge": "A" * 43, "kind": "sim"})
    with pytest.raises(Conflict, match="cannot_move"):
        reinstate_device(desks.approver, own, "仍要用")


def test_devices_are_their_own_units(desks: Desks) -> None:
    laptop, device = pending(desks)
    assert [one.id for one in list_devices(desks.manager, words=device.number[:4]).rows]
    assert list_devices(desks.inspector, words="zhou-l").rows
    assert list_devices(desks.manager, state=DeviceState.ACTIVE).rows == []
    for desk in (desks.other_manager, desks.other_approver):
        assert list_devices(desk).rows == []
        with pytest.raises(NotFound):
            device_record(desk, device.id)
    with pytest.raises(NotAllowed):
        list_devices(desks.regulator)
    assert laptop.kid == device.kid


def test_a_reader_that_is_barred_reads_nothing_more(desks: Desks, clock: Clock) -> None:
    laptop = approved(desks)
    session(desks, laptop)
    laptop.sends(laptop.task())
    (row,) = device_record(desks.manager, laptop.id).readers
    assert (row.state, row.is_virtual) == (CardReaderState.SEEN, False)
    with pytest.raises(NotAllowed):
        judge_reader(desks.manager, row.id, allowed=False)
    with pytest.raises(NotFound):
        judge_reader(desks.other_approver, row.id, allowed=False)
    judge_reader(desks.approver, row.id, allowed=False, version=row.version)
    with pytest.raises(Conflict, match="changed_meanwhile"):
        judge_reader(desks.approver, row.id, allowed=True, version=row.version)
    clock.pass_(seconds=5)
    with pytest.raises(Invalid, match="sam_unapproved"):
        laptop.sends(laptop.task())


def test_a_challenge_is_renewed_when_less_than_half_of_its_life_is_left(
    desks: Desks, clock: Clock
) -> None:
    laptop = approved(desks)
    session(desks, laptop)
    own = laptop.id
    first = tasks_of(laptop.house, own)
    clock.pass_(minutes=5)
    assert tasks_of(laptop.house, own) == first
    clock.pass_(seconds=1)
    second = tasks_of(laptop.house, own)
    assert (second.tag == first.tag, len(second.tasks)) == (False, 1)
    assert second.tasks[0]["challenge"] != first.tasks[0]["challenge"]
    assert laptop.sends(first.tasks[0]).is_new


def test_a_check_of_both_kinds_is_two_tasks(desks: Desks) -> None:
    laptop = approved(desks)
    check = session(desks, laptop, identity=True)
    sim, person = laptop.tasks()
    assert (sim["task"], person["task"]) == (str(check.id), str(check.id))
    assert (sim["kind"], sim["fields"], sim["notice"]) == ("sim", ["iccid"], None)
    assert "salt" not in sim
    assert person["fields"] == ["doc", "no_check", "expired", "no_mac", "name_mac"]
    assert {"version", "zh", "en"} == set(person["notice"])
    assert person["challenge"] != sim["challenge"]
    assert laptop.task("id")["salt"] == person["salt"]


def test_another_token_under_a_reads_id_is_a_forgery_of_the_chain(
    desks: Desks, clock: Clock
) -> None:
    laptop = approved(desks)
    session(desks, laptop)
    own, first = laptop.id, str(new_id())
    laptop.sends(laptop.task(), read_id=first)
    clock.pass_(seconds=5)
    with pytest.raises(Conflict, match="seq_used"):
        laptop.sends(laptop.task(), read_id=first)
    record = device_record(desks.manager, own)
    assert (record.device.why, len(record.reads)) == (WhyQuarantined.REPLAY, 1)
    assert record.deeds[0].deed == "reader_device.quarantined"


def test_a_session_that_went_to_another_laptop_is_closed_to_the_first(desks: Desks) -> None:
    laptop, other = approved(desks), approved(desks)
    check = session(desks, laptop)
    task, taken = laptop.task(), other.id
    with desks.house.begin(Permission.SPOT_CHECK_DO) as work:
        row = work.get(SpotCheck, check.id)
        row.device_id = taken
        work.record("spot_check.session_opened", row)
    with pytest.raises(Invalid, match="task_closed"):
        laptop.sends(task)
    assert (laptop.tasks(), len(other.tasks())) == ([], 1)


# Other doors


@ONLY_SQLITE
def test_programs_see_devices_and_stop_them_but_approve_none(desks: Desks) -> None:
    erp = Program(desks, "CT-44", Role.CHANNEL_MANAGER)
    asked = good(erp.post("/reader-devices/codes", json={"holder": "zhou.jie"}, once="c1"))
    again = good(erp.post("/reader-devices/codes", json={"holder": "zhou.jie"}, once="c1"))
    assert (again["code"], again["expires_at"]) == (None, asked["expires_at"])
    laptop, device = pending(desks)
    path = f"/reader-devices/{device.id}"
    assert device.fingerprint not in erp.get(path).text
    approve_device(desks.approver, device.id, device.fingerprint)
    check = session(desks, laptop)
    laptop.sends(laptop.task())
    (row,) = good(erp.get("/reader-devices?state=active"))["items"]
    assert (row["number"], row["reads"]) == (device.number, 1)
    (sent,) = good(erp.get(f"/spot-checks/{check.id}/reads"))
    proofs = good(erp.get(f"/card-reads/{sent['id']}"))["proofs"]
    assert [one["holds"] for one in proofs] == [True] * 7
    stop = {"reason": "失窃", "version": row["version"]}
    done = good(erp.post(f"{path}/quarantine", json=stop))
    assert (done["state"], done["why"], len(done["readers"])) == ("quarantined", "by_hand", 1)
    stop["version"] = done["version"]
    assert good(erp.post(f"{path}/retire", json=stop))["state"] == "retired"


@ONLY_SQLITE
def test_it_is_done_by_commands(channel: Run, desks: Desks) -> None:
    assert "channel-reader enrol" in channel("chen.ming", "reader", "code", "zhou.jie")
    _, device = pending(desks)
    said = channel("li.hua", "reader", "approve", device.number.lower(), device.fingerprint)
    assert "已批准" in said
    channel("chen.ming", "reader", "quarantine", device.number, "--reason", "失窃")
    (row,) = read(channel, "chen.ming", "reader", "list", "--state", "quarantined")
    assert (row["number"], row["why"]) == (device.number, WhyQuarantined.BY_HAND)
    channel("li.hua", "reader", "reinstate", device.number, "--reason", "已找回")
    facts = read(channel, "chen.ming", "reader", "show", device.number)
    assert (facts["holder"], facts["approved_by"], facts["state"]) == (
        "zhou.jie", "li.hua", "active",
    )  # fmt: skip
    channel("chen.ming", "reader", "retire", device.number, "--reason", "报废")
    with pytest.raises(NotFound):
        channel("chen.ming", "reader", "show", "RD-2026-999999")
    with pytest.raises(NotFound):
        channel("li.hua", "reader", "allow", device.number, "x")


@ONLY_SQLITE
def test_an_organisation_for_tests_is_made_as_one(channel: Run, desks: Desks) -> None:
    channel("admin", "org", "add", "TRY-44", "reseller", "试用", "--for-tests")
    from console.actions.staff.people import list_organisations

    found = {one.code: one.is_for_tests for one in list_organisations(desks.admin)}
    assert (found["TRY-44"], found["CT-44"]) == (True, False)
    assert isinstance(desks.admin.actor.id, UUID)


@pytest.mark.requirement("000-4.1-b")
def test_whoever_is_not_trained_and_bound_to_secrecy_opens_no_session(
    desks: Desks, clock: Clock
) -> None:
    laptop, device = pending(desks)
    approve_device(desks.approver, device.id, device.fingerprint)
    laptop.own_pass()
    row = plan_check(desks.manager, CheckDraft(CheckPurpose.ROUTINE, "182号 三(三)", "天河门店"))
    today = china_day(clock())
    assign_check(desks.manager, row.id, "zhou.jie", today)
    with pytest.raises(Conflict, match="holder_not_ready"):
        open_session(desks.inspector, row.id, device.id, notice_shown=False)
    for desk in (desks.inspector, person(desks, "zweiter", "CT-44", Role.INSPECTOR)):
        with pytest.raises(NotAllowed, match="holder:vouch"):
            vouch_for_holder(desk, device.id, today, "BM-1")
    for day in (today - timedelta(days=1), today + timedelta(days=400)):
        with pytest.raises(Invalid, match="training_day"):
            vouch_for_holder(desks.manager, device.id, day, "BM-1")
    vouch_for_holder(desks.manager, device.id, today, "BM-1")
    assert open_session(desks.inspector, row.id, device.id, notice_shown=False).device_id
    clock.pass_(days=1)
    with pytest.raises(Conflict, match="holder_not_ready"):
        open_session(desks.inspector, row.id, device.id, notice_shown=False)


def test_nobody_vouches_for_themselves(desks: Desks) -> None:
    both = person(desks, "both", "CT-44", Role.INSPECTOR, Role.CHANNEL_MANAGER)
    laptop = Laptop(desks.house.house)
    code = ask_code(desks.manager, "both", "").code
    device = enrol(laptop.house, laptop.enrolment(code)).device
    with pytest.raises(NotAllowed, match="same_person"):
        vouch_for_holder(both, device.id, china_day(desks.manager.now()), "BM-1")


@pytest.mark.requirement("004-3.3-h")
def test_a_laptop_whose_clock_was_put_right_works_again(desks: Desks) -> None:
    laptop = approved(desks)
    session(desks, laptop)
    own, off = laptop.id, 6 * 60_000
    with pytest.raises(Invalid, match="clock_off"):
        laptop.sends(laptop.task(), clock_skew_ms=off)
    assert device_record(desks.manager, own).device.why is WhyQuarantined.CLOCK
    reinstate_device(desks.approver, own, "已校时")
    assert device_record(desks.manager, own).device.skew_ms is None
    row = plan_check(desks.manager, CheckDraft(CheckPurpose.ROUTINE, "182号 三(三)", "天河门店"))
    assign_check(desks.manager, row.id, "zhou.jie", china_day(desks.manager.now()))
    with desks.house.begin(Permission.SPOT_CHECK_DO) as work:
        before = work.session.exec(select(SpotCheck).where(SpotCheck.number == "SC-1")).one()
        before.session_until = work.at
        work.record("spot_check.session_opened", before)
    give_pass(laptop.house, laptop.assertion(clock_skew_ms=off))
    assert device_record(desks.manager, own).device.state is DeviceState.ACTIVE
    with pytest.raises(Conflict, match="device_clock"):
        open_session(desks.inspector, row.id, own, notice_shown=False)
    give_pass(laptop.house, laptop.assertion(clock_skew_ms=-2000))
    assert device_record(desks.manager, own).device.skew_ms == -2000
    open_session(desks.inspector, row.id, own, notice_shown=False)
    assert laptop.sends(laptop.task()).is_new


def test_a_laptop_that_waits_is_asked_of_who_may_let_it_in(desks: Desks) -> None:
    def asked(desk: Desk) -> list[str]:
        return [item.kind for item in waiting_devices(desk)]

    laptop, device = pending(desks)
    assert (asked(desks.approver), asked(desks.manager)) == (["device_approve"], [])
    approve_device(desks.approver, device.id, device.fingerprint)
    assert asked(desks.approver) == []
    quarantine_device(desks.manager, laptop.id, "键盘旁发现陌生 U 盘")
    assert (asked(desks.approver), asked(desks.other_approver)) == (["device_reinstate"], [])
