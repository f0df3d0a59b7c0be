"""What was ordered in a case, the tasks that came of it, and what shows that they were done."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlmodel import col, select

from console.demo.world.courses import Course
from console.demo.world.made import World
from console.demo.world.matters import Matter
from console.demo.world.office import due, likely
from models.cases.cases import CaseState
from models.cases.measures import (
    RESTRICTS_CARDS,
    CaseMeasure,
    Measure,
    MeasureState,
)
from models.cases.reports import AuthorityReport, Organ
from models.cases.tasks import TASKS_OF, CaseTask, Recovery, TaskKind, TaskState
from models.channel.licences import Licence, LicenceState
from models.permissions import Permission

_S, _K = CaseState, TaskKind
_SAME_DAY: Final = frozenset({_K.REVOKE_LICENCE, _K.REVOKE_BADGE, _K.BLACKLIST, _K.SUSPEND_LICENCE})
_REASON: Final = "未取得网络代理委托销售移动电话卡（示例）"
_REMEDY: Final = "可自收到决定之日起十五日内向本单位渠道管理部书面申诉（示例）"
_PAPERS: Final = "营业执照、网络代理委托证明、情况说明"
_RULES: Final = "004-3.3-g, 004-3.3-j"
_MISSING: Final = (
    "已售出，机主已另行核实（示例）", "店主称已遗失，已列入停用清单（示例）",
    "已寄出未签收，物流拦截中（示例）",
)  # fmt: skip
_FEEDBACK: Final = "已受理并立为线索，正在核查（示例）"
_ASKED: Final = 200
"""Agents of one question to the database."""


@dataclass(frozen=True, slots=True)
class Owned:
    """Licences of one agent: id and number."""

    live: Sequence[tuple[UUID, str]]
    ended: Sequence[tuple[UUID, str]]


Licensed = Mapping[UUID, Owned]


def revoked_or_live(world: World, found: Sequence[Course]) -> Licensed:
    """Of agents whose delegation a case cancels or suspends."""
    wanted = {Measure.CANCEL_DELEGATION, Measure.SUSPEND_LICENCE}
    agents = sorted({
        one.shop.agent_id for one in found if one.shop.agent_id and wanted & set(one.measures)
    })  # fmt: skip
    live: dict[UUID, list[tuple[UUID, str]]] = {one: [] for one in agents}
    ended: dict[UUID, list[tuple[UUID, str]]] = {one: [] for one in agents}
    with world.house.desk().begin(Permission.LICENCE_READ) as work:
        for at in range(0, len(agents), _ASKED):
            rows = work.session.exec(
                select(Licence.agent_id, Licence.id, Licence.number, Licence.state)
                .where(col(Licence.agent_id).in_(agents[at : at + _ASKED]))
                .order_by(Licence.number)
            ).all()
            for agent, row_id, number, state in rows:
                if state in {LicenceState.ACTIVE, LicenceState.SUSPENDED}:
                    live[agent].append((row_id, number))
                elif state is LicenceState.REVOKED:
                    ended[agent].append((row_id, number))
    return {one: Owned(live[one], ended[one]) for one in agents}


def put_orders(matter: Matter, licences: Licensed) -> None:
    course = matter.course
    if course.proposed_at is None:
        return
    ordered_at = course.decided_at or course.proposed_at
    for measure in course.measures:
        measure_id = matter.at(ordered_at)
        matter.sheaf.put(CaseMeasure, **_measure(matter, measure, measure_id, ordered_at))
    if course.decided_at is None:
        return
    tasks = list(_tasks(matter, licences, course.decided_at))
    _leave_one_open(course, tasks)
    for task in tasks:
        matter.sheaf.put(CaseTask, **task)
        _proven(matter, task)


def _measure(matter: Matter, measure: Measure, row_id: UUID, at: datetime) -> dict[str, Any]:
    course = matter.course
    is_taken_back = course.state is _S.REVERSED
    return {
        "id": row_id, "case_id": course.id, "measure": measure, "state": _stands(course),
        "reason": _REASON, "remedy": _REMEDY, "papers": _PAPERS, "rules": _RULES,
        "is_emergency_exempt": measure in RESTRICTS_CARDS,
        "ordered_by": matter.owner, "ordered_at": at if course.is_decided else None,
        "lifted_at": course.ended_at if is_taken_back else None,
        "lifted_why": "申诉成立（示例）" if is_taken_back else "",
    }  # fmt: skip


def _stands(course: Course) -> MeasureState:
    if not course.is_decided:
        return MeasureState.PROPOSED
    if course.state is _S.REVERSED:
        return MeasureState.LIFTED
    return MeasureState.CARRIED_OUT if course.done_at else MeasureState.IN_FORCE


def _tasks(matter: Matter, licences: Licensed, at: datetime) -> Iterator[dict[str, Any]]:
    """One for each kind and target, whatever measure asks for it first."""
    made = set[tuple[TaskKind, str]]()
    for measure in matter.course.measures:
        for kind in TASKS_OF[measure]:
            for target, name in _targets(matter, licences, kind, measure):
                if (kind, target) not in made:
                    made.add((kind, target))
                    yield _task(matter, kind, at, target=target, name=name)


def _targets(
    matter: Matter, licences: Licensed, kind: TaskKind, measure: Measure
) -> Sequence[tuple[str, str]]:
    course = matter.course
    match kind:
        case TaskKind.NOTIFY_PLATFORM:
            platform = matter.platform
            code = course.shop.platform
            return [(code, platform.name if platform else code)]
        case TaskKind.REVOKE_LICENCE | TaskKind.SUSPEND_LICENCE:
            own = licences.get(course.shop.agent_id) if course.shop.agent_id else None
            if own is None:
                return []
            rows = own.ended if course.done_at else own.live
            return [(str(row_id), number) for row_id, number in rows]
        case TaskKind.REVOKE_BADGE:
            return []  # with its licence
        case TaskKind.BY_HAND:
            return [(measure.value, "")]
        case _:
            return [("", "")]


def _task(
    matter: Matter, kind: TaskKind, at: datetime, *, target: str, name: str
) -> dict[str, Any]:
    course = matter.course
    when = due("case_revocation" if kind in _SAME_DAY else "case_execution", at)
    done = _done_at(matter, kind, at)
    state = TaskState.OPEN if done is None else TaskState.DONE
    if done is None and course.state in {_S.REVERSED, _S.TRANSFERRED}:
        state, done = TaskState.NOT_NEEDED, course.ended_at
    is_late = state is TaskState.OPEN and when.at <= matter.world.now
    return matter.own | {
        "id": matter.at(at), "kind": kind, "target": target, "target_name": name,
        "state": state, "is_mandatory": True, "assignee_id": matter.owner, "due_at": when.at,
        "is_late": is_late, "rule_version": when.version, "done_at": done,
        "done_by": matter.owner if done else None,
        "words_given": "已按决定办理（示例）" if kind is _K.BY_HAND and done else "",
        "facts": _facts(matter, kind) if state is TaskState.DONE else {},
        "version": 1 if done is None else 2,
    }  # fmt: skip


def _done_at(matter: Matter, kind: TaskKind, at: datetime) -> datetime | None:
    """The platform's answer is the proof of its task; others are done between."""
    course = matter.course
    if course.noticed_at is None:
        return None
    if kind is _K.NOTIFY_PLATFORM:
        return course.gone_at
    if kind is _K.TRACE:
        return at
    last = course.done_at or matter.world.now
    if course.state is _S.REVERSED:
        last = course.lodged_at or last
    is_done = course.done_at is not None or likely(course.chance, 0.55)
    return at + (last - at) * course.chance.uniform(0.1, 0.98) if is_done else None


def _leave_one_open(course: Course, tasks: Sequence[dict[str, Any]]) -> None:
    """A case under execution, or decided and not begun, has something left to be done."""
    goes_on = course.state in {_S.EXECUTING, _S.APPEALED} and course.done_at is None
    if not goes_on or any(one["state"] is TaskState.OPEN for one in tasks):
        return
    last = next((one for one in reversed(tasks) if one["kind"] is not _K.TRACE), tasks[-1])
    last |= {"state": TaskState.OPEN, "done_at": None, "done_by": None, "facts": {},
             "words_given": "", "version": 1}  # fmt: skip


def _facts(matter: Matter, kind: TaskKind) -> dict[str, Any]:
    match kind:
        case TaskKind.NOTIFY_PLATFORM:
            return {"outcome": "removed"}
        case TaskKind.TRACE:
            return {"trace": matter.reference}
        case _:
            return {}


def _proven(matter: Matter, task: dict[str, Any]) -> None:
    if task["state"] is not TaskState.DONE:
        return
    if task["kind"] is _K.RECOVER_CARDS:
        _recovered(matter, task)
    if task["kind"] in {_K.POLICE_REPORT, _K.AUTHORITY_REPORT}:
        _reported(matter, task)


def _recovered(matter: Matter, task: dict[str, Any]) -> None:
    """What was ordered, what came; of what is missing, why (004-3.4-c)."""
    chance = matter.course.chance
    ordered = round(chance.lognormvariate(3.4, 0.7)) + 3
    share = 1.0 if likely(chance, 0.3) else chance.uniform(0.72, 0.99)
    recovered = round(ordered * share)
    matter.sheaf.put(
        Recovery, id=matter.at(task["done_at"]), case_id=matter.course.id, task_id=task["id"],
        ordered=ordered, recovered=recovered, at=task["done_at"], noted_by=matter.owner,
        missing_why=chance.choice(_MISSING) if recovered < ordered else "",
    )  # fmt: skip


def _reported(matter: Matter, task: dict[str, Any]) -> None:
    course, at = matter.course, task["done_at"]
    is_police = task["kind"] is _K.POLICE_REPORT
    has_heard = likely(course.chance, 0.6)
    matter.sheaf.put(
        AuthorityReport, id=matter.at(at), case_id=course.id,
        organ=Organ.POLICE if is_police else Organ.MARKET_REGULATION,
        organ_name="某市公安局网络安全支队（示例）" if is_police else "某市市场监督管理局（示例）",
        is_transfer=course.state is _S.TRANSFERRED and is_police,
        report_no=f"{'GA' if is_police else 'SC'}-{at:%Y%m%d}-{course.chance.randrange(10_000):04}",
        reported_at=at, created_at=at, words_given="随函附证据清单与截图（示例）",
        receipt_sha256=matter.office.paper, receipt_name="回执.pdf",
        noted_by=matter.owner, feedback=_FEEDBACK if has_heard else "",
        feedback_at=min(at + timedelta(days=12), matter.world.now) if has_heard else None,
    )  # fmt: skip
