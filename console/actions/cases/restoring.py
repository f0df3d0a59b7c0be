"""Service that a case had cut off is put on again by whoever did it (Anti-Fraud Law art. 32)."""

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from sqlmodel import select

from console.actions.cases.orders import head_of
from console.actions.cases.tasks import NEEDED, tasks_of, waive
from console.actions.deadlines import deadline
from console.desk import Work
from models.cases.cases import Case
from models.cases.measures import SUSPENDS_SERVICE, CaseMeasure, Measure
from models.cases.tasks import CaseTask, TaskKind, TaskState
from models.permissions import GRANTS, Role
from models.staff import User, UserRole

_GRAVEST_LAST: Final = tuple(Measure)


def restore_service(
    work: Work,
    case: Case,
    lifted: Sequence[CaseMeasure],
    tasks: Sequence[CaseTask],
    kept: Collection[Measure] = (),
) -> CaseTask | None:
    """A task for whoever proved that it was cut off, where it was and nothing keeps it so.

    It outlives the case: a case that an appeal has reversed leaves nobody cut off.
    """
    if SUSPENDS_SERVICE & set(kept):
        return None
    ended = {one.measure for one in lifted} & SUSPENDS_SERVICE
    done = sorted(
        (one for one in tasks if _cut_off(one) and one.target in ended),
        key=lambda one: _GRAVEST_LAST.index(Measure(one.target)),
    )
    if not done:
        return None
    last, due = done[-1], deadline(work, "service_restoration")
    head = head_of(work, case)
    task = work.add(
        CaseTask(
            case_id=head.id,
            organisation_id=head.organisation_id,
            origin_id=None if case is head else case.id,
            measure_id=last.measure_id,
            kind=TaskKind.RESTORE,
            target=last.target,
            is_mandatory=True,
            assignee_id=_still_here(work, case, last.done_by) or head.owner_id,
            due_at=due.at,
            rule_version=due.version,
        )
    )
    work.record(
        "task.made", task, case=case.reference, kind=task.kind.value, target=task.target,
        rule=due.version,
    )  # fmt: skip
    return task


def keep_cut_off(work: Work, case: Case, ordered: Collection[Measure]) -> None:
    """What shall be cut off anew is not to be put on again first."""
    if not SUSPENDS_SERVICE & set(ordered):
        return
    for task in tasks_of(work, case, TaskState.OPEN):
        if task.kind is TaskKind.RESTORE:
            waive(work, task, case.reference)


def _cut_off(task: CaseTask) -> bool:
    return task.kind is TaskKind.BY_HAND and task.state is TaskState.DONE


def _still_here(work: Work, case: Case, user_id: UUID | None) -> UUID | None:
    """The person, if still at work there and allowed to do it."""
    user = work.session.get(User, user_id) if user_id else None
    if user is None or user.organisation_id != case.organisation_id or user.disabled_at:
        return None
    roles = work.session.exec(select(UserRole.role).where(UserRole.user_id == user.id)).all()
    may = any(NEEDED[TaskKind.RESTORE] in GRANTS[Role(role)] for role in roles)
    return user.id if may else None
