"""Cases about the same matter go on as one, and stand alone again when that was wrong.

Nothing that was written moves: texts, parties, findings and notices stay where they are, and the
findings of all count for the one that goes on. Open tasks alone go along, and remember whence.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.cases.decide import must_meet, written
from console.actions.cases.orders import head_of, held_in_family, merged_into
from console.actions.cases.tasks import move_on
from console.actions.cases.tiers import add_up, fall_back
from console.actions.channel.blacklist import must_name_nobodys_number
from console.desk import Desk, Work
from models.cases.cases import ENDED, Case, CaseState
from models.cases.tasks import CaseTask, TaskState
from models.permissions import Permission
from models.refusals import Conflict, Invalid

MOST: Final = 20
LONGEST_REASON: Final = 1000
_S: Final = CaseState
GOES_ALONG: Final = (
    _S.OPENED, _S.INVESTIGATING, _S.DECISION_PROPOSED, _S.DECIDED, _S.EXECUTING,
)  # fmt: skip
"""What waits for a look or for an appeal ends on its own."""
_DECIDED: Final = (_S.DECIDED, _S.EXECUTING)
_OVER: Final = (_S.CLOSED, _S.TRANSFERRED)


def merge_cases(
    desk: Desk, main_id: UUID | str, other_ids: Sequence[UUID | str], reason: str
) -> Case:
    """Let the others go on in the main one: of one organisation, none ended, it the gravest."""
    words = written(reason, "reason", LONGEST_REASON)
    must_name_nobodys_number(desk, words)
    ids = sorted({str(one) for one in other_ids} - {str(main_id)})
    if not 1 <= len(ids) <= MOST:
        raise Invalid("case_merge.choose", most=MOST)
    with desk.begin(Permission.CASE_OPEN) as work:
        rows = {str(one.id): one for one in _held(work, [str(main_id), *ids])}
        main = rows[str(main_id)]
        _must_go_on(main)
        _must_be_free(work, main)
        others = [rows[one] for one in ids]
        for other in others:
            _must_fit(work, main, other)
        for other in others:
            _merge(work, main, other)
        main.version += 1
        work.session.flush()
        if main.state in _DECIDED:
            must_meet(work, main, [one.measure for one in held_in_family(work, main)])
        add_up(work, main)
        work.record("case.merged_here", main, cases=[one.reference for one in others], reason=words)
        for other in others:
            work.record("case.merged", other, into=main.reference, reason=words)
        return main


def _held(work: Work, ids: Sequence[str]) -> list[Case]:
    """In the order of their ids, so that two mergers don't wait for each other."""
    return [work.get(Case, one) for one in sorted(ids)]


def _must_go_on(case: Case) -> None:
    if case.merged_into_id is not None:
        raise Conflict("case.merged", reference=case.reference)
    if case.state not in GOES_ALONG:
        raise Conflict("case_merge.not_now", reference=case.reference, state=case.state)


def _must_be_free(work: Work, main: Case) -> None:
    """Only who proposed puts more into a proposal: whoever else did could approve it themselves."""
    if main.state is CaseState.DECISION_PROPOSED and main.proposed_by != work.actor.id:
        raise Conflict("case_merge.being_decided", reference=main.reference)


def _must_fit(work: Work, main: Case, other: Case) -> None:
    _must_go_on(other)
    if other.organisation_id != main.organisation_id:
        raise Conflict("case_merge.two_organisations", reference=other.reference)
    if other.tier > main.tier:
        raise Conflict(
            "case_merge.graver", reference=other.reference, tier=other.tier, main=main.reference
        )
    if merged_into(work, other):
        raise Conflict("case_merge.has_others", reference=other.reference)


def _merge(work: Work, main: Case, other: Case) -> None:
    other.merged_into_id = main.id
    other.version += 1
    for task in _tasks(work, CaseTask.case_id == other.id, CaseTask.state == TaskState.OPEN):
        task.case_id, task.origin_id = main.id, other.id
        task.version += 1


def unmerge(desk: Desk, case_id: UUID | str, reason: str) -> Case:
    """It stands alone again, where it stood, with its own tasks."""
    words = written(reason, "reason", LONGEST_REASON)
    must_name_nobodys_number(desk, words)
    with desk.begin(Permission.CASE_OPEN) as work:
        case = work.get(Case, case_id)
        if case.merged_into_id is None:
            raise Conflict("case_merge.not_merged", reference=case.reference)
        main = head_of(work, case)
        if main.state in _OVER:
            raise Conflict("case_merge.main_over", reference=main.reference, state=main.state)
        _must_be_the_only_one(work, case)
        stand_alone(work, case, main, words)
        fall_back(work, main, words)
        for one in (case, main):
            if one.state is CaseState.EXECUTING:
                move_on(work, one)
        return case


def stand_alone(work: Work, case: Case, main: Case, reason: str) -> None:
    """With its own tasks, where it stood; whoever calls it moves both on."""
    case.merged_into_id = None
    case.version += 1
    main.version += 1
    for task in _tasks(work, CaseTask.origin_id == case.id):
        task.case_id, task.origin_id = case.id, None
        task.version += 1
    work.session.flush()
    work.record("case.unmerged", case, main=main.reference, reason=reason)
    work.record("case.unmerged_here", main, case=case.reference, reason=reason)


def _must_be_the_only_one(work: Work, case: Case) -> None:
    if case.shop_id is None and case.industry_batch_id is None:
        return
    by_shop = Case.shop_id == case.shop_id
    same = by_shop if case.shop_id else Case.industry_batch_id == case.industry_batch_id
    other = work.session.exec(
        select(Case.reference)
        .where(same, Case.id != case.id)
        .where(col(Case.state).not_in(ENDED), col(Case.merged_into_id).is_(None))
        .where(Case.id != case.merged_into_id)
    ).first()
    if other is not None:
        raise Conflict("case.open_already", reference=other, shop=case.shop_name)


def _tasks(work: Work, *conditions: object) -> Sequence[CaseTask]:
    query = select(CaseTask).where(*conditions)  # pyright: ignore[reportArgumentType]
    return work.session.exec(query.order_by(col(CaseTask.id)).with_for_update()).all()
