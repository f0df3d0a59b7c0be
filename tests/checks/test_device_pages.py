"""Reader devices as their holder, an approver and an auditor see them."""

from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from console.actions.checks.device_doors import enrol
from console.actions.checks.devices import (
    device_record,
    list_devices,
    quarantine_device,
    retire_device,
)
from models.checks.devices import CardReaderState, DeviceState
from models.permissions import Role
from models.refusals import Invalid
from tests.cases.world import person
from tests.checks.laptops import USB, Laptop, approved, for_tests, pending, session
from tests.conftest import Clock, Desks
from tests.pages import Console, checked, errors, grid, move, moves
from tests.pages import shown as marked_up

PENDING, ENROLLED, ACTIVE = DeviceState.PENDING, DeviceState.ENROLLED, DeviceState.ACTIVE


def shown(page: AppTest) -> str:
    """Every word on the page, as it is read: without the marks that keep it from being rendered."""
    return marked_up(page).replace("\\", "").replace("\u2060", "")


def fingerprint(page: AppTest, typed: str) -> AppTest:
    (box,) = [one for one in page.text_input if str(one.key).startswith("move:approve:")]
    box.set_value(typed)
    return move(page, "approve")


@pytest.fixture
def console(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(desks.house.house, monkeypatch)


def test_an_empty_page_says_how_a_laptop_comes_in(desks: Desks, console: Console) -> None:
    page = console.open("devices", desks.inspector)
    assert "用右上角“配对笔记本”取得配对码" in shown(page)
    assert moves(page) == ["pair"]
    page = console.open("devices", desks.auditor)
    assert "配对读卡设备后会列在这里" in shown(page)
    assert moves(page) == []
    words = shown(console.open("devices", desks.manager, language="en", state="active"))
    assert "No device is like this" in words


def test_a_code_is_shown_large_with_the_one_command_until_the_laptop_is_there(
    desks: Desks, console: Console, clock: Clock
) -> None:
    page = console.open("devices", desks.inspector)
    page = move(page, "pair")
    assert not errors(page)
    (line,) = [one.value for one in page.code]
    start = "channel-reader enrol --console http://127.0.0.1:8501 --code "
    assert line.startswith(start)
    code = line.removeprefix(start)
    assert f"# {code}" in [one.value for one in page.markdown]
    assert "还有 10 分钟有效" in shown(page)
    clock.pass_(minutes=4)
    assert "还有 6 分钟有效" in shown(checked(page.run()))
    laptop = Laptop(desks.house.house)
    enrol(laptop.house, laptop.enrolment(code))
    page = checked(page.run())
    assert not page.code
    assert "笔记本 zhou-laptop 已配对" in shown(page)
    assert [row[:3] for row in grid(page)] == [["RD-2026-000001", "zhou-laptop", ["pending"]]]


def test_a_code_that_has_run_out_is_not_shown(desks: Desks, console: Console, clock: Clock) -> None:
    page = move(console.open("devices", desks.inspector), "pair")
    clock.pass_(minutes=10)
    page = checked(page.run())
    assert "配对码已过期" in shown(page)
    assert not page.code


def test_two_people_stand_for_a_laptop_by_the_fingerprint_that_it_shows(
    desks: Desks, console: Console
) -> None:
    _, device = pending(desks)
    for desk in (desks.manager, desks.inspector):
        page = console.open("devices", desk, id=str(device.id))
        assert moves(page) == []
        assert "须由另一人批准" in shown(page)
    page = console.open("devices", desks.approver, id=str(device.id))
    assert moves(page) == ["approve", "refuse"]
    assert device.fingerprint not in shown(page)
    assert "与 RD-2026-000001 不符" in errors(fingerprint(page, "AAAA-AAAA"))[0].replace("\\", "")
    page = console.open("devices", desks.approver, id=str(device.id))
    assert not errors(fingerprint(page, device.fingerprint.lower()))
    record = device_record(desks.approver, device.id)
    assert (record.device.state, record.device.approved_by) == (ENROLLED, desks.approver.actor.id)
    page = shown(console.open("devices", desks.auditor, id=str(device.id)))
    assert device.fingerprint in page
    assert "请在笔记本上运行 channel-reader run" in page


@pytest.mark.requirement("003-7.1-2")
def test_a_device_tells_how_it_is_and_what_it_read(desks: Desks, console: Console) -> None:
    laptop = approved(desks)
    check = session(desks, laptop)
    laptop.sends(laptop.task(), reader=USB | {"serial": "GPC-0042"})
    page = console.open("devices", desks.inspector, id=str(laptop.id))
    assert moves(page) == ["quarantine", "retire"]
    words = shown(page)
    record = device_record(desks.inspector, laptop.id)
    for told in ("GPC-0042", record.holder.name, "天河营业厅"):
        assert told in words
    assert "使用中：2026-03-02 12:00 联系过" in words
    assert "Gemalto PC Twin Reader 00 00" in words
    assert check.number in words
    assert [row[0] for row in grid(page)] == [1]


def test_a_device_is_put_out_of_work_and_brought_back_by_another(
    desks: Desks, console: Console
) -> None:
    device = approved(desks).id
    page = console.open("devices", desks.inspector, id=str(device))
    assert not errors(move(page, "quarantine", "疑似借给他人"))
    page = console.open("devices", desks.inspector, id=str(device))
    assert "已隔离：人工隔离（疑似借给他人）" in shown(page)
    assert moves(page) == ["retire"]
    page = console.open("devices", desks.approver, id=str(device))
    assert moves(page) == ["reinstate"]
    assert not errors(move(page, "reinstate", "已收回"))
    assert device_record(desks.approver, device).device.state is ACTIVE
    retire_device(desks.manager, device, "报废")
    page = console.open("devices", desks.approver, id=str(device))
    assert moves(page) == []
    assert "已退役，不能再读卡" in shown(page)


@pytest.mark.requirement("000-4.1-b")
def test_training_and_secrecy_of_the_holder_are_recorded_by_another(
    desks: Desks, console: Console
) -> None:
    device = approved(desks).id
    for desk in (desks.inspector, person(desks, "zweiter", "CT-44", Role.INSPECTOR)):
        assert "vouch" not in moves(console.open("devices", desk, id=str(device)))
    page = console.open("devices", desks.manager, id=str(device))
    (until,) = [one for one in page.date_input if str(one.key).endswith(":until")]
    (secrecy,) = [one for one in page.text_input if str(one.key).endswith(":secrecy")]
    until.set_value(date(2026, 12, 31))
    secrecy.set_value("BM-2026-7")
    page = move(page, "vouch")
    assert not errors(page)
    words = shown(console.open("devices", desks.auditor, id=str(device)))
    assert "2026-12-31" in words
    assert "BM-2026-7" in words
    assert "不能开始读卡" not in words


def test_an_identity_reader_counts_only_when_it_was_let(desks: Desks, console: Console) -> None:
    laptop = approved(desks)
    session(desks, laptop, identity=True)
    with pytest.raises(Invalid, match="sam_unapproved"):
        laptop.sends(laptop.task("id"))
    own = console.open("devices", desks.inspector, id=str(laptop.id))
    assert moves(own) == ["quarantine", "retire"]
    page = console.open("devices", desks.approver, id=str(laptop.id))
    assert "阅读器未允许" in [cell for row in grid(page) for cell in row]
    assert moves(page) == ["allow", "bar"]
    assert not errors(move(page, "allow"))
    (reader,) = device_record(desks.approver, laptop.id).readers
    assert reader.state is CardReaderState.ALLOWED


def test_a_list_is_of_ones_own_unit_and_tells_what_is_amiss(desks: Desks, console: Console) -> None:
    laptop = approved(desks)
    quarantine_device(desks.inspector, laptop.id, "丢失")
    (row,) = grid(console.open("devices", desks.auditor, state="quarantined"))
    assert (row[2], row[3]) == (["quarantined"], "人工隔离")
    assert "还没有读卡设备" in shown(console.open("devices", desks.other_manager))
    assert not list_devices(desks.other_manager).rows


def test_a_unit_for_tests_says_that_virtual_readers_count_there(
    desks: Desks, console: Console
) -> None:
    laptop, approver = for_tests(desks)
    page = console.open("devices", approver, id=str(laptop.id))
    assert "虚拟读卡器在这里算数" in shown(page)
