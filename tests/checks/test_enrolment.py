"""Laptops are paired by a code, approved by another person, and known by their key."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import select

from console.actions.checks.device_doors import enrol, give_pass, tasks_of
from console.actions.checks.devices import (
    approve_device,
    ask_code,
    device_record,
    list_devices,
    refuse_device,
    sweep_devices,
)
from console.actions.staff.people import disable_user
from models.audit import AuditEntry
from models.checks.devices import DeviceState, EnrolmentCode, ReaderDevice, WhyQuarantined
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from tests.checks.laptops import AGENT, Laptop, approved, pending, session
from tests.conftest import ONLY_SQLITE, Clock, Desks


def deeds(desks: Desks, device: ReaderDevice) -> list[str]:
    return [one.deed for one in reversed(device_record(desks.manager, device.id).deeds)]


def holder_of(desks: Desks) -> UUID:
    assert desks.inspector.actor.id is not None
    return desks.inspector.actor.id


def test_a_code_works_once(desks: Desks) -> None:
    code = ask_code(desks.manager, "zhou.jie", "天河营业厅").code
    house = desks.house.house
    laptop = Laptop(house)
    done = enrol(house, laptop.enrolment(code.lower().replace("-", " ")))
    assert (done.device.kid, done.device.state) == (laptop.kid, DeviceState.PENDING)
    assert done.device.holder_id == desks.inspector.actor.id
    with pytest.raises(NotFound, match="code_unknown"):
        enrol(house, Laptop(house).enrolment(code))
    with desks.house.begin(Permission.DEVICE_READ) as work:
        (kept,) = work.session.exec(select(EnrolmentCode)).all()
    assert code.replace("-", "") not in repr(kept)


def test_a_code_works_for_ten_minutes(desks: Desks, clock: Clock) -> None:
    asked = ask_code(desks.manager, "zhou.jie", "")
    assert asked.expires_at == clock() + timedelta(minutes=10)
    clock.pass_(minutes=10)
    laptop = Laptop(desks.house.house)
    with pytest.raises(NotFound, match="code_unknown"):
        enrol(laptop.house, laptop.enrolment(asked.code))
    sweep_devices(desks.house)
    with desks.house.begin(Permission.DEVICE_READ) as work:
        assert work.session.exec(select(EnrolmentCode)).all() == []


def test_only_for_somebody_here_who_makes_checks(desks: Desks) -> None:
    for login in ("nobody", "wang.fang"):
        with pytest.raises(Invalid, match="no_such_holder"):
            ask_code(desks.manager, login, "")
    with pytest.raises(Invalid, match="makes_no_checks"):
        ask_code(desks.manager, "li.hua", "")
    with pytest.raises(NotAllowed):
        ask_code(desks.platform, "zhou.jie", "")
    code = ask_code(desks.manager, "zhou.jie", "").code
    disable_user(desks.admin, holder_of(desks))
    laptop = Laptop(desks.house.house)
    with pytest.raises(NotFound, match="code_unknown"):
        enrol(laptop.house, laptop.enrolment(code))


def test_a_key_is_enrolled_once(desks: Desks) -> None:
    laptop, _ = pending(desks)
    with pytest.raises(Conflict, match="key_known"):
        enrol(laptop.house, laptop.enrolment(ask_code(desks.manager, "zhou.jie", "").code))


@ONLY_SQLITE
def test_whoever_enrols_has_the_key(desks: Desks) -> None:
    code = ask_code(desks.manager, "zhou.jie", "").code
    laptop, other = Laptop(desks.house.house), Laptop(desks.house.house)
    head, body, _ = laptop.enrolment(code).split(".")
    mark = other.enrolment(code).split(".")[2]
    with pytest.raises(Invalid, match="signature_wrong"):
        enrol(laptop.house, f"{head}.{body}.{mark}")
    for more in ({"x": 1}, {"host": ""}, {"agent": {**AGENT, "user": "zhou"}}, {"v": 2}):
        with pytest.raises(Invalid, match="read_malformed"):
            enrol(laptop.house, laptop.enrolment(code, **more))
    enrol(laptop.house, laptop.enrolment(code))


def test_it_is_approved_by_another_who_types_what_the_laptop_shows(desks: Desks) -> None:
    laptop, device = pending(desks)
    with pytest.raises(NotAllowed, match="device_pending"):
        laptop.own_pass()
    for desk in (desks.manager, desks.inspector, desks.other_approver):
        with pytest.raises((NotAllowed, NotFound)):
            approve_device(desk, device.id, device.fingerprint)
    with pytest.raises(Invalid, match="fingerprint_wrong"):
        approve_device(desks.approver, device.id, "AAAA-AAAA")
    typed = device.fingerprint.lower().replace("-", " ")
    with pytest.raises(Conflict, match="changed_meanwhile"):
        approve_device(desks.approver, device.id, typed, version=7)
    approve_device(desks.approver, device.id, typed, version=device.version)
    record = device_record(desks.manager, device.id)
    assert record.device.state is DeviceState.ENROLLED
    assert (record.asker and record.asker.login, record.approver and record.approver.login) == (
        "chen.ming", "li.hua",
    )  # fmt: skip
    laptop.own_pass()
    assert deeds(desks, device) == [
        "reader_device.enrolled", "reader_device.fingerprint_wrong", "reader_device.approved",
        "reader_device.active",
    ]  # fmt: skip


@pytest.mark.parametrize("part", ["asked_by", "holder_id"])
def test_nobody_is_both_of_the_two_who_stand_for_it(desks: Desks, part: str) -> None:
    _, device = pending(desks)
    with desks.house.begin(Permission.DEVICE_EDIT) as work:
        row = work.get(ReaderDevice, device.id)
        setattr(row, part, desks.approver.actor.id)
        work.record("reader_device.code_asked", row)
    with pytest.raises(NotAllowed, match="same_person"):
        approve_device(desks.approver, device.id, device.fingerprint)


def test_one_that_is_refused_never_comes_in(desks: Desks) -> None:
    laptop, device = pending(desks)
    refuse_device(desks.approver, device.id, "不是本单位的电脑")
    with pytest.raises(NotAllowed, match="device_retired"):
        laptop.own_pass()
    with pytest.raises(Conflict, match="cannot_move"):
        approve_device(desks.approver, device.id, device.fingerprint)


def test_a_device_is_an_actor_of_its_own(desks: Desks) -> None:
    laptop = approved(desks)
    session(desks, laptop)
    laptop.sends(laptop.task())
    with desks.house.begin(Permission.AUDIT_READ) as work:
        row = work.session.exec(
            select(AuditEntry).where(AuditEntry.deed == "card_read.accepted")
        ).one()
    (device,) = list_devices(desks.manager).rows
    assert (row.actor_id, row.actor_name, row.door) == (device.id, device.number, "reader")


def test_a_proof_of_the_key_counts_once(desks: Desks, clock: Clock) -> None:
    laptop = approved(desks)
    proof = laptop.assertion()
    given = give_pass(laptop.house, proof)
    assert (given.expires_in, given.state) == (600, DeviceState.ACTIVE)
    with pytest.raises(Conflict, match="assertion_used"):
        give_pass(laptop.house, proof)
    early, late = laptop.assertion(iat=int(clock().timestamp()) - 301), laptop.assertion()
    clock.pass_(minutes=5, seconds=1)
    for one in (early, late):
        with pytest.raises(Invalid, match="clock_off"):
            give_pass(laptop.house, one)
    with pytest.raises(Invalid, match="other_console"):
        give_pass(laptop.house, laptop.assertion(aud="elsewhere/reader"))
    with pytest.raises(NotFound, match="device_unknown"):
        Laptop(laptop.house).own_pass()


def test_who_was_silent_for_long_stops(desks: Desks, clock: Clock) -> None:
    laptop = approved(desks)
    laptop.own_pass()
    clock.pass_(days=30)
    assert sweep_devices(desks.house) == 0
    clock.pass_(days=2)
    with pytest.raises(NotAllowed, match="device_quarantined"):
        laptop.own_pass()
    (device,) = list_devices(desks.manager, state=DeviceState.QUARANTINED).rows
    assert device.why is WhyQuarantined.NOT_SEEN
    other = approved(desks)
    clock.pass_(days=32)
    assert sweep_devices(desks.house) == 1
    with pytest.raises(NotAllowed, match="device_quarantined"):
        other.own_pass()


def test_that_it_was_heard_of_is_written_once_a_minute(desks: Desks, clock: Clock) -> None:
    laptop = approved(desks)
    own, begun = laptop.id, clock()
    for seconds, written in ((0, 0), (30, 0), (29, 0), (1, 60), (59, 60)):
        clock.pass_(seconds=seconds)
        tasks_of(laptop.house, own)
        heard = device_record(desks.manager, own).device.last_seen_at
        assert heard == begun + timedelta(seconds=written)


def test_without_its_holder_it_stands_still(desks: Desks) -> None:
    laptop = approved(desks)
    own = laptop.id
    disable_user(desks.admin, holder_of(desks))
    with pytest.raises(NotAllowed, match="device_quarantined"):
        tasks_of(laptop.house, own)
    with pytest.raises(NotAllowed, match="device_quarantined"):
        laptop.own_pass()
