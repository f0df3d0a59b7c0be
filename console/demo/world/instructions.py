"""What administrations ordered, as carriers and platforms entered it; each with its day."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from console.demo.world.made import Sheaf, World
from console.demo.world.matters import Matter
from console.demo.world.office import Office, likely, numbered
from models.cases.instructions import Instruction, InstructionState, Jurisdiction
from models.permissions import Role
from models.provinces import Province, provinces
from models.rules import china_day, end_of
from models.staff import Organisation, OrganisationKind

_S, _J = InstructionState, Jurisdiction
_OF_CASES, _OTHERS = 70, 60
_WANTED: Final = (
    ("关于核查网络渠道违规售卡的通知（示例）",
     "请核查附件所列网店的货源，收回未售出的电话卡并书面报告结果。"),
    ("关于开展网络代理渠道自查的通知（示例）",
     "请对本省网络代理逐一核对名单、标识与实名流程，按期报送自查报告。"),
    ("关于转办群众举报线索的函（示例）", "现将举报线索转你单位，请依规核处并反馈。"),
)  # fmt: skip
_REPORT: Final = "已按要求核查，涉及网店均已处置，未售出的卡已收回，详见附件（示例）。"
_STAFFED: Final = ("CT-44", "MV-11", "lanhai", "CT-33")


@dataclass(frozen=True, slots=True)
class _Order:
    at: datetime
    receiver: Organisation
    province: Province
    jurisdiction: Jurisdiction
    case: UUID | None = None


def instructed(world: World, sheaf: Sheaf, office: Office, made: Sequence[Matter]) -> None:
    orders = sorted([*_of_cases(world, made), *_others(world)], key=attrgetter("at"))
    numbers = numbered(world, "instructions", "INS", [one.at for one in orders])
    for at, (order, number) in enumerate(zip(orders, numbers, strict=True)):
        sheaf.put(Instruction, number=number, **_row(world, office, order, at))
        sheaf.breathe()


def _of_cases(world: World, made: Sequence[Matter]) -> Iterator[_Order]:
    """By the routers of a case: where its cards are at home, or its platform."""
    count = min(len(made), world.many(_OF_CASES))
    for one in world.rng.sample(list(made), count):
        by_card = likely(world.rng, 0.7)
        home = one.card_home if by_card else one.platform and one.platform.province
        if home is not None:
            at = one.course.opened_at + timedelta(days=world.rng.uniform(0, 4))
            yield _Order(
                min(at, world.now), one.carrier, provinces()[home],
                _J.CARD_HOME if by_card else _J.PLATFORM_HOME, one.course.id,
            )  # fmt: skip


def _others(world: World) -> Iterator[_Order]:
    """Campaigns of the provinces; some of late to those whom people sign in for."""
    kinds = {OrganisationKind.BASIC_CARRIER_PROVINCE, OrganisationKind.RESELLER}
    carriers = [one for one in world.organisations.values() if one.kind in kinds and one.province]
    for _ in range(world.many(_OTHERS)):
        receiver = world.rng.choice(carriers)
        at = world.ago(540 * world.rng.random())
        yield _Order(at, receiver, provinces()[receiver.province or "44"], _J.CARD_HOME)
    for step, code in enumerate(_STAFFED):
        receiver = world.organisations[code]
        is_platform = receiver.kind is OrganisationKind.PLATFORM
        jurisdiction = _J.PLATFORM_HOME if is_platform else _J.CARD_HOME
        for days in (step + 2, step + 13, step + 24):
            yield _Order(
                world.ago(days), receiver, provinces()[receiver.province or "44"], jurisdiction
            )


def _row(world: World, office: Office, order: _Order, at: int) -> dict[str, Any]:
    subject, wanted = world.rng.choice(_WANTED)
    issued = china_day(order.at) - timedelta(days=1)
    due_at = end_of(china_day(order.at) + timedelta(days=world.rng.choice((10, 15, 20))))
    state, reported = _stands(world, order.at, due_at)
    role = Role.PLATFORM_OFFICER
    if order.receiver.kind is not OrganisationKind.PLATFORM:
        role = Role.CHANNEL_MANAGER
    person, is_in = office.one(order.receiver.id, role), reported is not None
    return {
        "id": world.id_at(order.at), "organisation_id": order.receiver.id, "case_id": order.case,
        "authority": order.province.authority, "province": order.province.code,
        "jurisdiction": order.jurisdiction, "issued_on": issued, "subject": subject,
        "document_no": f"{order.province.icp[0]}通管函〔{issued.year}〕示{at + 1}号",
        "wanted": wanted, "sha256": office.paper, "file_name": "通知.pdf", "state": state,
        "due_at": due_at, "entered_by": person, "created_at": order.at,
        "is_late": (reported or world.now) >= due_at,
        "accepted_by": None if state is _S.RECEIVED
                       else office.one(order.receiver.id, Role.APPROVER),
        "report": _REPORT if is_in else "", "report_sha256": office.paper if is_in else "",
        "report_name": "核查报告.pdf" if is_in else "", "reported_by": person if is_in else None,
        "reported_at": reported, "receipt": f"回执-示{at + 1}" if is_in else "",
        "version": 1 + list(_S).index(state),
    }  # fmt: skip


def _stands(
    world: World, at: datetime, due_at: datetime
) -> tuple[InstructionState, datetime | None]:
    """Reported back about its day, most before; closed some weeks later."""
    reported = at + (due_at - at) * min(world.rng.lognormvariate(-0.25, 0.3), 2)
    if reported < world.now:
        is_closed = reported < world.ago(15)
        return (_S.CLOSED if is_closed else _S.REPORTED_BACK), reported
    steps = (_S.RECEIVED, _S.ACCEPTED, _S.IN_PROGRESS)
    age = (world.now - at) / timedelta(days=1)
    return steps[min(int(age / 1.5), 2)], None
