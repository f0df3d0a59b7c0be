"""Tasks of a case: made by its decision, each finished by its proof (DOMAIN 4.9)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.cases.orders import (
    IN_FORCE,
    batches_of,
    carry_out,
    head_of,
    kinds_of,
    measures_of,
    merged_into,
    wanted_of,
)
from console.actions.cases.tracing.traced import (
    ENDED,
    channels_without_case,
    is_source_known,
    trace_of,
)
from console.actions.deadlines import deadline
from console.desk import Work
from models.cases.cases import Case, CaseMove, CaseState
from models.cases.measures import MEETS, ON_INDUSTRY_CARDS, CaseMeasure, Measure
from models.cases.rechecks import Recheck
from models.cases.tasks import TASKS_OF, CaseTask, TaskKind, TaskMove, TaskState
from models.channel.badges import LIVE, Badge
from models.channel.licences import Licence, LicenceState
from models.channel.shops import AuthorisedShop
from models.permissions import Permission
from models.rules import Deadline, FindingKind, china_day, end_of
from models.staff import Organisation, OrganisationKind

_P: Final = Permission
_K: Final = TaskKind
NEEDED: Final[Mapping[TaskKind, Permission]] = {
    _K.REVOKE_LICENCE: _P.LICENCE_REVOKE,
    _K.SUSPEND_LICENCE: _P.LICENCE_EDIT,
    _K.REVOKE_BADGE: _P.BADGE_ISSUE,
    _K.NOTIFY_PLATFORM: _P.CASE_SEND,
    _K.BLACKLIST: _P.BLACKLIST_EDIT,
    _K.RECOVER_CARDS: _P.TRACE_EDIT,
    _K.REVIEW_CARDS: _P.CASE_OPEN,
    _K.TRACE: _P.TRACE_EDIT,
    _K.SOURCE_CASE: _P.CASE_OPEN,
    _K.POLICE_REPORT: _P.CASE_TRANSFER,
    _K.AUTHORITY_REPORT: _P.CASE_TRANSFER,
    _K.ACCOUNTABILITY: _P.CASE_OPEN,
    _K.RECTIFICATION: _P.RECTIFICATION_ISSUE,
    _K.PUBLICATION: _P.PUBLICATION_PUBLISH,
    _K.CARD_ORDER: _P.CASE_OPEN,
    _K.RESTORE: _P.CASE_OPEN,
    _K.BY_HAND: _P.CASE_OPEN,
}
"""What doing a task takes."""
AT_ONCE_TO_POLICE: Final = frozenset({FindingKind.IDREADER_CRACK_TOOL})
"""What a case does not end with before the police know of it, either."""
SAME_DAY: Final = frozenset(
    {TaskKind.REVOKE_LICENCE, TaskKind.REVOKE_BADGE, TaskKind.BLACKLIST, TaskKind.SUSPEND_LICENCE}
)
_AT_ONCE: Final = frozenset(
    {
        TaskKind.NOTIFY_PLATFORM,
        TaskKind.SUSPEND_LICENCE,
        TaskKind.CARD_ORDER,
        TaskKind.BY_HAND,
    }
)
"""What measures that can't wait for the decision make."""
_LONGEST_NAME: Final = 300
_LOOKS: Final = ("recheck_first", "recheck_second")


@dataclass(frozen=True, slots=True)
class _Target:
    id: str = ""
    name: str = ""


def make_tasks(
    work: Work, case: Case, measures: Sequence[CaseMeasure], due_code: str | None = None
) -> None:
    """What the measures set people to do, each with its due moment; nothing twice.

    A platform that did what was asked at once is asked again where more is asked of it now; and
    what was lifted meanwhile is done anew where it is ordered anew.
    """
    wanted, has_batch = wanted_of(work, case), bool(batches_of(work, case))
    there = {(one.kind, one.target): one for one in tasks_of(work, case) if _is_own(one)}
    fresh = {one.id for one in measures}
    before = {one.measure for one in measures_of(work, case, *IN_FORCE) if one.id not in fresh}
    for measure in measures:
        mandatory = any(measure.measure in MEETS[one] for one in wanted)
        for kind in _kinds(measure.measure, has_batch=has_batch):
            due = deadline(work, due_code) if due_code else _due(work, case, kind)
            for target in _targets(work, case, kind, measure):
                task = there.get((kind, target.id))
                if task is None:
                    task = _make(work, case, measure, kind, target, due=due)
                    there[kind, target.id] = task
                elif measure.measure not in before and _is_over(task):
                    task.measure_id = measure.id
                    reopen(work, task, due, measure.measure.value)
                task.is_mandatory |= mandatory


def _is_over(task: CaseTask) -> bool:
    """Done for what was ordered at once, or fallen away with it."""
    done = task.state is TaskState.DONE and task.kind in _AT_ONCE
    return done or task.state is TaskState.NOT_NEEDED


def _kinds(measure: Measure, *, has_batch: bool) -> Sequence[TaskKind]:
    """A trace sets people to take on the channels at which it ended, too (004-3.3-i).

    Of industry cards the house sees itself whether it was told and set on the network.
    """
    if has_batch and measure in ON_INDUSTRY_CARDS:
        return (TaskKind.CARD_ORDER,)
    more = (TaskKind.SOURCE_CASE,) if measure is Measure.TRACE_CHANNEL else ()
    return (*TASKS_OF[measure], *more)


def _is_own(task: CaseTask) -> bool:
    """A platform is told of each shop: what another case asked of it stands for itself."""
    return task.kind is not TaskKind.NOTIFY_PLATFORM or task.origin_id is None


def _due(work: Work, case: Case, kind: TaskKind) -> Deadline:
    """What the police are to know at once they are told the same day (004-3.3-p)."""
    is_tool = kind is TaskKind.POLICE_REPORT and AT_ONCE_TO_POLICE & set(kinds_of(work, case))
    if is_tool:
        due = deadline(work, "crack_tool_transfer")
        return Deadline(max(due.at, end_of(china_day(work.at))), due.provisional, due.version)
    return deadline(work, "case_revocation" if kind in SAME_DAY else "case_execution")


def _make(  # noqa: PLR0913 - a task's parts
    work: Work,
    case: Case,
    measure: CaseMeasure,
    kind: TaskKind,
    target: _Target,
    *,
    due: Deadline,
) -> CaseTask:
    task = work.add(
        CaseTask(
            case_id=case.id,
            organisation_id=case.organisation_id,
            measure_id=measure.id,
            kind=kind,
            target=target.id,
            target_name=target.name,
            assignee_id=case.owner_id,
            due_at=due.at,
            rule_version=due.version,
        )
    )
    work.record("task.made", task, case=case.reference, kind=kind.value, target=target.name)
    if kind is TaskKind.TRACE and _is_traced(work, case):
        finish(work, task, "", {"trace": case.reference})
    return task


def by_hand(work: Work, case: Case, words: str, due: Deadline) -> CaseTask:
    """What a look found undone and no other task stands for: to be done and shown by a paper."""
    task = work.add(
        CaseTask(
            case_id=case.id,
            organisation_id=case.organisation_id,
            kind=TaskKind.BY_HAND,
            target_name=words[:_LONGEST_NAME],
            is_mandatory=True,
            assignee_id=case.owner_id,
            due_at=due.at,
            rule_version=due.version,
        )
    )
    work.record("task.made", task, case=case.reference, kind=task.kind.value, reason=words)
    return task


def reopen(work: Work, task: CaseTask, due: Deadline, reason: str) -> None:
    """It has to be done again; its proof stays on record."""
    task.move(TaskMove.REOPEN)
    task.due_at, task.rule_version = due.at, due.version
    task.done_at = task.done_by = None
    work.record("task.reopened", task, kind=task.kind.value, reason=reason)


def waive(work: Work, task: CaseTask, reason: str) -> None:
    """Nobody has to do it any more."""
    task.move(TaskMove.WAIVE)
    task.done_at, task.done_by = work.at, work.actor.id
    task.words_given, task.is_late = reason, False
    work.record("task.waived", task, kind=task.kind.value, reason=reason)


def _targets(work: Work, case: Case, kind: TaskKind, measure: CaseMeasure) -> Sequence[_Target]:
    """Whom or what a task is about: each platform, licence or badge has one of its own."""
    match kind:
        case TaskKind.NOTIFY_PLATFORM:
            return list(_platforms(work, case))
        case TaskKind.REVOKE_LICENCE | TaskKind.SUSPEND_LICENCE:
            return list(_licences(work, case))
        case TaskKind.REVOKE_BADGE:
            return list(_badges(work, case))
        case TaskKind.SOURCE_CASE:
            return [_Target(str(one.id), one.name) for one in channels_without_case(work, case)]
        case TaskKind.BY_HAND | TaskKind.CARD_ORDER:
            return [_Target(measure.measure.value)]
        case _:
            return [_Target()]


def _platforms(work: Work, case: Case) -> Iterator[_Target]:
    """The case's own, and each where the agent has a shop, as far as they work here."""
    codes = {case.platform} - {""}
    if case.agent_id is not None:
        codes |= set(
            work.session.exec(
                select(AuthorisedShop.platform)
                .where(AuthorisedShop.agent_id == case.agent_id)
                .where(col(AuthorisedShop.ended_at).is_(None))
                .distinct()
            ).all()
        )
    known = work.session.exec(
        select(Organisation.code, Organisation.name)
        .where(Organisation.kind == OrganisationKind.PLATFORM)
        .where(col(Organisation.code).in_(codes), col(Organisation.disabled_at).is_(None))
        .order_by(Organisation.code)
    ).all()
    names = dict(known)
    for code in sorted(codes & (set(names) | {case.platform})):
        yield _Target(code, names.get(code, code))


def _licences(work: Work, case: Case) -> Iterator[_Target]:
    rows = work.session.exec(
        select(Licence.id, Licence.number)
        .where(Licence.agent_id == case.agent_id, Licence.carrier_id == case.organisation_id)
        .where(col(Licence.state).in_([LicenceState.ACTIVE, LicenceState.SUSPENDED]))
        .order_by(Licence.number)
    ).all()
    return (_Target(str(row_id), number) for row_id, number in rows)


def _badges(work: Work, case: Case) -> Iterator[_Target]:
    rows = work.session.exec(
        select(Badge.id, Badge.badge_id)
        .where(Badge.agent_id == case.agent_id, col(Badge.state).in_(LIVE))
        .order_by(Badge.badge_id)
    ).all()
    return (_Target(str(row_id), number) for row_id, number in rows)


def _is_traced(work: Work, case: Case) -> bool:
    """Of a case against a source channel, or on a batch, it is known where cards came from."""
    trace = trace_of(work, case)
    return is_source_known(case) or (trace is not None and trace.state in ENDED)


def tasks_of(work: Work, case: Case, state: TaskState | None = None) -> Sequence[CaseTask]:
    query = select(CaseTask).where(CaseTask.case_id == case.id)
    if state is not None:
        query = query.where(CaseTask.state == state)
    return work.session.exec(query.order_by(col(CaseTask.id))).all()


def prove(
    work: Work,
    case_id: UUID,
    kind: TaskKind,
    *,
    target: str | None = None,
    words: str = "",
    **facts: Any,  # noqa: ANN401 - JSON
) -> list[CaseTask]:
    """Finish the case's open tasks of a kind, of one target or of all: the thing itself was done.

    For whoever does the thing in a transaction of their own, on a case that they were given. A case
    without such a task is left as it is.
    """
    case = work.session.exec(select(Case).where(Case.id == case_id).with_for_update()).one()
    head = head_of(work, case)
    query = select(CaseTask).where(
        CaseTask.case_id == head.id, CaseTask.kind == kind, CaseTask.state == TaskState.OPEN
    )
    if target is not None:
        query = query.where(CaseTask.target == target)
    if kind is TaskKind.NOTIFY_PLATFORM:
        origin = None if case is head else case.id
        query = query.where(col(CaseTask.origin_id).is_not_distinct_from(origin))
    tasks = list(work.session.exec(query.order_by(col(CaseTask.id)).with_for_update()).all())
    for task in tasks:
        finish(work, task, words, facts)
    if tasks:
        move_on(work, head)
    return tasks


def finish(work: Work, task: CaseTask, words: str, facts: dict[str, Any]) -> None:
    """Its proof is there; whoever calls it moves the case on."""
    task.move(TaskMove.FINISH)
    task.is_late = False
    task.done_at, task.done_by = work.at, work.actor.id
    task.words_given, task.facts = words, {**task.facts, **facts}
    work.record("task.done", task, kind=task.kind.value, target=task.target_name, **facts)


def begin_execution(work: Work, case: Case) -> None:
    """With the first thing that is done a decided case is under execution."""
    head = head_of(work, case)
    if head.state is not CaseState.DECIDED:
        return
    due = deadline(work, "case_execution")
    head.move(CaseMove.EXECUTE)
    head.due_at, head.rule_version = due.at, due.version
    work.record("case.executing", head)


def move_on(work: Work, case: Case) -> None:
    """When every task has its proof the case waits for the looks that follow."""
    begin_execution(work, case)
    head = head_of(work, case)
    work.session.flush()
    if head.state is not CaseState.EXECUTING or tasks_of(work, head, TaskState.OPEN):
        return
    head.move(CaseMove.ALL_DONE)
    carry_out(work, head)
    first = plan_looks(work, head)[0]
    head.due_at, head.rule_version = first.due_at, first.rule_version
    work.record("case.all_done", head)


def plan_looks(work: Work, case: Case) -> list[Recheck]:
    """After 7 days and after 30; where there is no shop one look at what was done is enough."""
    rounds = work.session.exec(
        select(Recheck.round).where(Recheck.case_id == case.id).order_by(col(Recheck.round).desc())
    ).first()
    has_shop = any(one.shop_id is not None for one in (case, *merged_into(work, case)))
    codes = _LOOKS if has_shop else _LOOKS[:1]
    looks: list[Recheck] = []
    for number, code in enumerate(codes, 1):
        due = deadline(work, code)
        looks.append(
            work.add(
                Recheck(
                    case_id=case.id,
                    organisation_id=case.organisation_id,
                    round=(rounds or 0) + 1,
                    number=number,
                    due_at=due.at,
                    rule_version=due.version,
                )
            )
        )
    return looks
