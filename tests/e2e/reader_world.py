"""A console that is asked in real time, its people, and a laptop that is paired with it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

from sqlmodel import select

from console.actions.checks.devices import (
    approve_device,
    ask_code,
    device_record,
    judge_reader,
    list_devices,
)
from console.actions.checks.spot_checks import CheckDraft, assign_check, plan_check
from console.actions.checks.spot_lists import ReadView, check_record
from console.actions.checks.spot_moves import open_session
from console.desk import Desk
from models.base import utc_now
from models.checks.orders import OrderFacts
from models.checks.spot_checks import CheckPurpose, SpotCheck
from models.permissions import Permission
from models.rules import china_day
from models.staff import Organisation
from tests.checks.laptops import vouched
from tests.conftest import Desks
from tests.reader.counter import Program

BASIS = "工信部网安〔2016〕182号 三(三)"


@dataclass
class Unit:
    """A carrier whose virtual readers count."""

    desks: Desks
    counter: Program
    device_id: UUID | None = None

    def now(self) -> datetime:
        return utc_now()

    def pair(self, console: str) -> None:
        """Two people: the manager asks for the code, the approver types what the laptop shows."""
        asked = ask_code(self.desks.manager, "zhou.jie", "广州天河")
        told = self.counter.does("--json", "enrol", "--console", console, "--code", asked.code)
        assert told.code == 0, told.said + told.complaint
        device = list_devices(self.desks.manager).rows[0]
        approve_device(self.desks.approver, device.id, told.lines[0]["fingerprint"])
        vouched(self.desks.manager, device)
        assert self.counter.does("status").code == 0  # now it was heard of
        self.device_id = device.id

    def check(self, *, identity: bool = False, order: OrderFacts | None = None) -> SpotCheck:
        """Planned by the manager for the inspector, and its session open."""
        draft = CheckDraft(
            CheckPurpose.ROUTINE, BASIS, "广州天河门店",
            wants_card=not identity, wants_identity=identity,
            use_approval="SY-2026-001" if identity else "", order=order,
        )  # fmt: skip
        row = plan_check(self.desks.manager, draft)
        assign_check(self.desks.manager, row.id, "zhou.jie", china_day(self.now()))
        assert self.device_id is not None
        return open_session(self.desks.inspector, row.id, self.device_id, identity)

    def reads(self, check: SpotCheck) -> Sequence[ReadView]:
        return check_record(self.desks.inspector, check.id).reads

    def allow_the_module(self) -> None:
        """The identity reader that was just heard of."""
        assert self.device_id is not None
        readers = device_record(self.desks.approver, self.device_id).readers
        (found,) = [one for one in readers if one.sam_id]
        judge_reader(self.desks.approver, found.id, allowed=True)


def in_real_time(desks: Desks) -> Desks:
    """The same people, on a clock that goes."""
    house = replace(desks.house.house, now=utc_now)
    moved = {name: Desk(desk.actor, house) for name, desk in vars(desks).items() if name != "house"}
    return Desks(house=house.desk(), **moved)


def for_tests(desks: Desks, code: str = "CT-44") -> None:
    """Here a virtual card reader counts."""
    with desks.house.begin(Permission.ORGANISATION_EDIT) as work:
        unit = work.session.exec(select(Organisation).where(Organisation.code == code)).one()
        unit.is_for_tests = True
        work.record("organisation.made_for_tests", unit)


def files_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
