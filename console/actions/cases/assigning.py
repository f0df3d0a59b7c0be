"""Whose a case is, and who does which of its tasks (DOMAIN 4.9: supervisor)."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from console.actions.cases.decide import set_due
from console.actions.cases.hands import note_hand
from console.actions.cases.tasks import NEEDED, tasks_of
from console.actions.staff.able import may
from console.desk import Desk, Work
from models.cases.cases import ENDED, Case, CaseMove, CaseState
from models.cases.tasks import CaseTask, TaskState
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from models.staff import User


def assign_case(desk: Desk, case_id: UUID | str, owner_id: UUID | str) -> Case:
    """Give a case that nobody has to somebody, or hand it over with its open tasks."""
    with desk.begin(Permission.CASE_CLOSE) as work:
        case = work.get(Case, case_id)
        if case.state in ENDED:
            raise Conflict("case.ended", reference=case.reference, state=case.state)
        if case.merged_into_id is not None:
            raise Conflict("case.merged", reference=case.reference)
        owner = able_to(work, case.organisation_id, owner_id, *to_own(case))
        before = case.owner_id
        if before == owner.id:
            raise Conflict("case.owner_already", reference=case.reference, name=owner.name)
        case.owner_id = owner.id
        if case.state is CaseState.OPENED:
            case.move(CaseMove.ASSIGN)
            set_due(work, case, "case_investigation")
        else:
            case.version += 1
        for task in tasks_of(work, case, TaskState.OPEN):
            if task.assignee_id == before:
                task.assignee_id = owner.id
        note_hand(work, case, owner.id, before)
        work.record("case.assigned", case, owner=owner.login, before=str(before or ""))
        return case


def assign_task(desk: Desk, task_id: UUID | str, assignee_id: UUID | str) -> CaseTask:
    """Somebody of the same organisation does it; whose the case is does not change."""
    with desk.begin(Permission.CASE_OPEN) as work:
        task = work.get(CaseTask, task_id)
        case = work.get(Case, task.case_id)
        if task.state is not TaskState.OPEN:
            raise Conflict("case_task.not_open", reference=case.reference, state=task.state)
        needed = (NEEDED[task.kind], *to_know(case))
        person = able_to(work, task.organisation_id, assignee_id, *needed)
        task.assignee_id = person.id
        task.version += 1
        work.record("task.assigned", task, case=case.reference, assignee=person.login)
        return task


def owners_for(desk: Desk, case_id: UUID | str) -> Sequence[User]:
    """Who may own the case, by name."""
    with desk.begin(Permission.CASE_READ) as work:
        case = work.get(Case, case_id)
        return work.all(
            work.select(User)
            .where(User.organisation_id == case.organisation_id, col(User.disabled_at).is_(None))
            .where(*map(may, to_own(case)))
            .order_by(col(User.name))
        )


def to_own(case: Case) -> tuple[Permission, ...]:
    return Permission.CASE_OPEN, *to_know(case)


def to_know(case: Case) -> tuple[Permission, ...]:
    """What it takes to see the case at all: one about a batch is everybody's who may see cases."""
    return () if case.industry_batch_id is not None else (Permission.PATROL_READ,)


def must_see_channels(work: Work) -> None:
    """Who works with industry cards alone opens no case about a shop or a channel."""
    if not work.actor.sees_channels:
        raise NotAllowed("case.industry_alone", actor=work.actor.name)


def able_to(
    work: Work, organisation_id: UUID, user_id: UUID | str, *permissions: Permission
) -> User:
    """A person at work in that organisation who may do all of this."""
    user = work.get(User, user_id)
    able = select(User.id).where(User.id == user.id, *map(may, permissions))
    is_able = work.session.exec(able).first() is not None
    if user.organisation_id != organisation_id or user.disabled_at is not None or not is_able:
        raise Invalid("case.nobody_for_it", name=user.name)
    return user
