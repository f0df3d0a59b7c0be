"""Tasks of a case done: by hand with words and a paper, or as the house sees for itself."""

from typing import Final
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select

from console.actions.cases.authorities.kept import Brought, Kept, keep, must_be_a_paper
from console.actions.cases.decide import written
from console.actions.cases.hands import note_hand
from console.actions.cases.orders import has_no_choice, head_of, kinds_of
from console.actions.cases.seeing import SIGHTS, proof_of
from console.actions.cases.tasks import finish, move_on, tasks_of, waive
from console.actions.channel.blacklist import must_name_nobodys_number
from console.actions.files import Download, put_on_record, whole
from console.desk import Desk, Work
from integrations.evidence import Digest
from models.cases.cases import OVER, Case, CaseState
from models.cases.tasks import CaseTask, TaskKind, TaskState
from models.permissions import Permission, Role
from models.refusals import Conflict, NotAllowed, NotFound, Refusal
from models.staff import Actor, Organisation, OrganisationKind

AT_ONCE: Final = 500
"""Tasks in one transaction of the sweep."""
BY_PAPER: Final = frozenset(
    {TaskKind.BY_HAND, TaskKind.ACCOUNTABILITY, TaskKind.REVIEW_CARDS, TaskKind.RESTORE}
)
"""What the house has no rows of: somebody says what was done, and shows it."""
_STOPPED: Final = (*OVER, CaseState.APPEALED)


def do_task(
    desk: Desk, task_id: UUID | str, words: str = "", proof: Brought | None = None
) -> CaseTask:
    """Say that it is done. Where the house can see that itself, it looks; else a paper shows it."""
    with desk.begin(Permission.CASE_OPEN) as work:  # before anything is written to disk
        by_paper = is_by_paper(work, _open_task(work, task_id)[0])
    if not by_paper:
        return _look(desk, task_id)
    said = written(words, "words")
    must_name_nobodys_number(desk, said)
    kept = keep(desk, must_be_a_paper(proof))
    with desk.begin(Permission.CASE_OPEN) as work:
        task, case = _open_task(work, task_id)
        finish(work, task, said, _facts(kept))
        note_hand(work, case)
        move_on(work, case)
        return task


def is_by_paper(work: Work, task: CaseTask) -> bool:
    """Nobody but a person can tell; so of a platform that does not work here."""
    if task.kind is not TaskKind.NOTIFY_PLATFORM:
        return task.kind in BY_PAPER
    here = work.session.exec(
        select(Organisation.id)
        .where(Organisation.code == task.target, Organisation.kind == OrganisationKind.PLATFORM)
        .where(col(Organisation.disabled_at).is_(None))
    ).first()
    return here is None


def _facts(kept: Kept) -> dict[str, str]:
    return {"sha256": kept.sha256, "file": kept.name, "media_type": kept.media_type}


def _look(desk: Desk, task_id: UUID | str) -> CaseTask:
    with desk.begin(Permission.CASE_OPEN) as work:
        task, case = _open_task(work, task_id)
        found = proof_of(work, task)
        if found is None:
            raise Conflict(
                "case_task.not_done_yet", reference=case.reference, kind=task.kind,
                target=task.target_name or "-",
            )  # fmt: skip
        finish(work, task, "", found)
        move_on(work, case)
        return task


def _open_task(work: Work, task_id: UUID | str) -> tuple[CaseTask, Case]:
    """The case's row is held first, as by everybody who moves it on."""
    found = work.one(work.select(CaseTask).where(CaseTask.id == _id(task_id)), CaseTask)
    case = head_of(work, work.get(Case, found.case_id))
    if found.state is not TaskState.OPEN:
        raise Conflict("case_task.not_open", reference=case.reference, state=found.state)
    if case.state in _STOPPED and found.kind is not TaskKind.RESTORE:
        raise Conflict("case_task.not_now", reference=case.reference, state=case.state)
    return found, case


def _id(text: UUID | str) -> UUID:
    try:
        return text if isinstance(text, UUID) else UUID(text)
    except ValueError:
        raise NotFound("row.not_found", table="CaseTask") from None


def why_not_waive(actor: Actor, case: Case, task: CaseTask) -> Refusal | None:
    """Why this person can't let the task fall; None when they can."""
    if not actor.roles & {Role.APPROVER, Role.HOUSE}:
        return NotAllowed("case.approver_needed", reference=case.reference)
    if not actor.is_house and actor.id in {case.owner_id, case.proposed_by}:
        return NotAllowed("case_task.same_person", reference=case.reference)
    if task.is_mandatory:
        return Conflict("case_task.wanted_by_rule", reference=case.reference, kind=task.kind)
    return None


def waive_task(desk: Desk, task_id: UUID | str, reason: str) -> CaseTask:
    """Nobody has to do it after all: an approver says why. What a rule wants is never waived."""
    words = written(reason, "reason")
    must_name_nobodys_number(desk, words)
    with desk.begin(Permission.CASE_CLOSE) as work:
        task, case = _open_task(work, task_id)
        if task.is_mandatory and has_no_choice(kinds_of(work, case)):
            raise NotAllowed("case_task.mandatory", reference=case.reference, kind=task.kind)
        made_in = work.session.get_one(Case, task.origin_id or case.id)
        for one in (case, made_in):
            if (no := why_not_waive(work.actor, one, task)) is not None:
                raise no
        waive(work, task, words)
        note_hand(work, case)
        if not tasks_of(work, case, TaskState.OPEN):
            move_on(work, case)
        return task


def settle_tasks(desk: Desk) -> int:
    """Finish open tasks whose thing has been done elsewhere; how many."""
    return sum(_settle(desk, kind) for kind in SIGHTS)


def _settle(desk: Desk, kind: TaskKind) -> int:
    done, after = 0, None
    while True:
        with desk.begin(Permission.SWEEP) as work:
            ids = _candidates(work, kind, after)
            settled = _settle_some(work, ids) if ids else 0
            if not settled:
                work.no_deed()
        done += settled
        if len(ids) < AT_ONCE:
            return done
        after = ids[-1]


def _candidates(work: Work, kind: TaskKind, after: UUID | None) -> list[UUID]:
    """Open tasks that there is something to look at for, by one query."""
    made_in = func.coalesce(col(CaseTask.origin_id), col(CaseTask.case_id))
    query = (
        select(CaseTask.id)
        .join(Case, col(Case.id) == made_in)
        .where(CaseTask.state == TaskState.OPEN, CaseTask.kind == kind, SIGHTS[kind].maybe())
    )
    if after is not None:
        query = query.where(col(CaseTask.id) > after)
    return list(work.session.exec(query.order_by(col(CaseTask.id)).limit(AT_ONCE)).all())


def _settle_some(work: Work, ids: list[UUID]) -> int:
    """Cases first, then their tasks; those that somebody has in hand wait for the next round."""
    holding = select(CaseTask.case_id).where(col(CaseTask.id).in_(ids))
    cases = {
        one.id: one
        for one in work.session.exec(
            select(Case)
            .where(col(Case.id).in_(holding), col(Case.state).not_in(_STOPPED))
            .order_by(col(Case.id))
            .with_for_update(skip_locked=True)
        ).all()
    }
    tasks = work.session.exec(
        select(CaseTask)
        .where(col(CaseTask.id).in_(ids), CaseTask.state == TaskState.OPEN)
        .where(col(CaseTask.case_id).in_(cases))
        .order_by(col(CaseTask.id))
        .with_for_update(skip_locked=True)
    ).all()
    done: list[CaseTask] = []
    for task in tasks:
        if (found := proof_of(work, task)) is not None:
            finish(work, task, "", found)
            done.append(task)
    for case_id in sorted({task.case_id for task in done}):
        move_on(work, cases[case_id])
    return len(done)


def task_proof(desk: Desk, task_id: UUID | str) -> Download:
    """The paper that shows that it was done."""
    with desk.begin(Permission.CASE_READ) as work:
        task = work.get(CaseTask, task_id)
    sha256, name = str(task.facts.get("sha256", "")), str(task.facts.get("file", ""))
    if not sha256:
        raise NotFound("file.not_found")
    path = whole(desk.house.evidence, Digest(sha256))
    with put_on_record(desk, "task.downloaded", task, sha256=sha256, name=name):
        pass
    return Download(name, str(task.facts.get("media_type", "")), path)
