"""Appeals against what was decided: heard by others, upheld, dismissed or taken back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, Final

from console.demo.world.made import Sheaf, World
from console.demo.world.matters import Matter
from console.demo.world.office import due, likely, numbered
from models.cases.appeals import CaseAppeal, CaseAppealState
from models.cases.cases import CaseState

Row = dict[str, Any]
_A: Final = CaseAppealState
_IN_VAIN, _DISMISSED = 0.07, 0.8
_GROUNDS: Final = (
    "店铺为品牌方授权门店，已补充授权书（示例）。",
    "商品为流量充值服务，并不销售电话卡（示例）。",
    "销售行为系店铺被盗用期间发生，附平台记录（示例）。",
)
_DECIDED: Final = {
    _A.UPHELD: "经核对，授权书在认定前已生效，原认定不成立（示例）。",
    _A.DISMISSED: "授权书晚于销售行为出具，原决定维持（示例）。",
    _A.WITHDRAWN: "申诉人书面撤回（示例）。",
}


def put_appeals(world: World, sheaf: Sheaf, made: Sequence[Matter]) -> None:
    """In the order in which they were lodged."""
    rows = sorted(filter(None, map(_appeal, made)), key=itemgetter("lodged_at"))
    numbers = numbered(world, "case_appeals", "APL", [row["lodged_at"] for row in rows])
    for row, number in zip(rows, numbers, strict=True):
        sheaf.put(CaseAppeal, number=number, **row)


def _appeal(matter: Matter) -> Row | None:
    course, chance = matter.course, matter.course.chance
    match course.state:
        case CaseState.REVERSED if course.lodged_at:
            return _row(matter, _A.UPHELD, course.lodged_at, course.ended_at)
        case CaseState.APPEALED if course.lodged_at:
            state = _A.ACCEPTED if course.is_heard else _A.LODGED
            return _row(matter, state, course.lodged_at, None)
        case CaseState.CLOSED if course.decided_at and likely(chance, _IN_VAIN):
            lodged = course.decided_at + timedelta(days=chance.uniform(1, 5))
            ended = lodged + timedelta(days=chance.uniform(4, 9))
            state = _A.DISMISSED if likely(chance, _DISMISSED) else _A.WITHDRAWN
            is_before = course.ended_at is not None and ended < course.ended_at
            return _row(matter, state, lodged, ended) if is_before else None
        case _:
            return None


def _row(matter: Matter, state: CaseAppealState, lodged: datetime, ended: datetime | None) -> Row:
    now, is_accepted = matter.world.now, state in {_A.ACCEPTED, _A.UPHELD, _A.DISMISSED}
    accepted = lodged + ((ended or now) - lodged) * 0.3
    when = due("appeal_decision" if is_accepted else "appeal_acceptance", lodged)
    return matter.own | {
        "id": matter.at(lodged), "appellant": matter.course.shop.name[:200],
        "ground": matter.course.chance.choice(_GROUNDS), "sha256": matter.office.paper,
        "file_name": "申诉书.pdf", "media_type": "application/pdf", "state": state,
        "lodged_at": lodged, "lodged_by": matter.owner, "due_at": when.at,
        "is_late": ended is None and when.at <= now, "rule_version": when.version,
        "accepted_by": matter.checker if is_accepted else None,
        "accepted_at": accepted if is_accepted else None, "decision": _DECIDED.get(state, ""),
        "decided_by": matter.checker if ended and is_accepted else None, "decided_at": ended,
    }  # fmt: skip
