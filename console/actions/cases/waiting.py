"""What of cases waits for whom: the next step of each, for exactly the people who may take it.

What is somebody's by name (a case its owner's, a task its assignee's) waits for them alone; what
takes a second person waits for everybody who had no hand in it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, or_, select

from console.actions.cards.industry.case_orders import may_limit_cards
from console.actions.cases.hands import has_had_a_hand
from console.actions.cases.notices.letters import AT_ONCE_KINDS
from console.actions.cases.orders import IN_FORCE
from console.actions.cases.recheck import SECOND_FROM
from console.actions.cases.tasks import NEEDED
from console.actions.waiting import MOST_ALIKE, Shown, WorkItem, due_state, items
from console.desk import Desk
from models.cases.cases import ENDED, OVER, Case, CaseState
from models.cases.measures import BY_PLATFORM, RESTRICTS_CARDS, CaseMeasure, Measure, MeasureState
from models.cases.notices import Notice, NoticeKind, NoticeState
from models.cases.rechecks import Recheck
from models.cases.tasks import CaseTask, TaskKind, TaskState
from models.permissions import Permission, Role
from models.rules import Tier, china_day, end_of
from models.staff import Organisation, OrganisationKind, User

_P: Final = Permission
_MEMBER: Final = aliased(Case)
_FIRST: Final = aliased(Recheck)
_CASE: Final = Shown("cases", Case.id, Case.reference, Case.due_at)
_K: Final = TaskKind
APPROVERS: Final = frozenset({_K.REVOKE_LICENCE, _K.BLACKLIST})
"""Never the owner's own: they wait for everybody who may do them."""
_STOPPED: Final = (*OVER, CaseState.APPEALED)
"""Nothing is done about tasks meanwhile."""
_ON_ITS_WAY: Final = tuple(
    state for state in NoticeState if state not in {NoticeState.ANSWERED, NoticeState.CLOSED}
)
"""The notice itself is what waits, for one side or for the other."""
_OWNED: Final = tuple(
    state for state in CaseState if state not in ENDED and state is not CaseState.OPENED
)
_SENT_IN: Final = (
    CaseState.INVESTIGATING,
    CaseState.DECISION_PROPOSED,
    CaseState.DECIDED,
    CaseState.EXECUTING,
)


def _own(desk: Desk) -> Sequence[ColumnElement[bool]]:
    """Cases that the actor's organisation carries itself, and that go on."""
    own = col(Case.organisation_id).in_(desk.actor.organisations)
    return own, col(Case.merged_into_id).is_(None), Case.of_matter(desk.actor)


def _steps(desk: Desk, kind: str, *conditions: ColumnElement[bool]) -> Iterator[WorkItem]:
    with desk.begin(_P.CASE_READ) as work:
        query = select(Case).where(*_own(desk), *conditions)
        yield from items(work, query.order_by(col(Case.due_at), col(Case.id)), kind, _CASE)


def _to_assign(desk: Desk) -> Iterator[WorkItem]:
    """Nobody's yet, or no longer anybody's; given to a colleague, so not from the group above."""
    if not desk.actor.may(_P.CASE_CLOSE):
        return
    here = col(Case.organisation_id) == desk.actor.organisation_id
    yield from _steps(desk, "case_assign", here, col(Case.state) == CaseState.OPENED)
    if gone := _gone(desk):
        left = (col(Case.owner_id).in_(gone), col(Case.state).in_(_OWNED))
        yield from _steps(desk, "case_reassign", here, *left)


def _gone(desk: Desk) -> Sequence[UUID]:
    """Colleagues who have left."""
    with desk.begin(_P.CASE_READ) as work:
        return work.session.exec(
            select(User.id)
            .where(User.organisation_id == desk.actor.organisation_id)
            .where(col(User.disabled_at).is_not(None))
        ).all()


def _fallen_to(desk: Desk) -> Iterator[ColumnElement[bool]]:
    """Whose tasks a person does: their own, and in their own cases those of who has left."""
    yield col(CaseTask.assignee_id) == desk.actor.id
    if gone := _gone(desk):
        yield and_(col(CaseTask.assignee_id).in_(gone), col(Case.owner_id) == desk.actor.id)


def _investigated(desk: Desk) -> Iterator[WorkItem]:
    """Parties to hear, cards to trace, a decision to propose: its owner's."""
    if desk.actor.may(_P.CASE_OPEN) and desk.actor.id is not None:
        yield from _steps(
            desk,
            "case_propose",
            col(Case.owner_id) == desk.actor.id,
            col(Case.state) == CaseState.INVESTIGATING,
        )


def _to_stop(desk: Desk) -> Iterator[WorkItem]:
    """What may not go on until the decision (004-3.3-k), while no platform was asked to stop it:
    the owner's, the same day.
    """
    if not desk.actor.may(_P.CASE_OPEN) or desk.actor.id is None:
        return
    asked = exists().where(
        col(CaseMeasure.case_id) == col(Case.id),
        col(CaseMeasure.measure).in_(BY_PLATFORM),
        col(CaseMeasure.state).in_(IN_FORCE),
    )
    with desk.begin(_P.CASE_READ) as work:
        rows = work.session.exec(
            select(Case.id, Case.reference, Case.created_at)
            .where(*_own(desk), col(Case.owner_id) == desk.actor.id)
            .where(col(Case.state) == CaseState.INVESTIGATING, col(Case.shop_id).is_not(None))
            .where(col(Case.kind).in_(AT_ONCE_KINDS), ~asked)
            .order_by(col(Case.due_at), col(Case.id))
            .limit(MOST_ALIKE)
        ).all()
    for row_id, reference, created_at in rows:
        due = end_of(china_day(created_at))
        state = due_state(due, desk.now())
        yield WorkItem("case_stop_now", reference, state, "cases", row_id, due)


def _proposed(desk: Desk) -> Iterator[WorkItem]:
    """Another than who proposed; of a serious one an approver, and none while its tier waits."""
    actor = desk.actor
    if not actor.may(_P.CASE_CLOSE):
        return
    decides = [
        col(Case.state) == CaseState.DECISION_PROPOSED,
        col(Case.proposed_by).is_distinct_from(actor.id),
        col(Case.tier_asked).is_(None),
        ~exists().where(
            col(_MEMBER.merged_into_id) == col(Case.id),
            col(_MEMBER.state) == CaseState.DECISION_PROPOSED,
            col(_MEMBER.proposed_by) == actor.id,
        ),
    ]
    if not actor.roles & {Role.APPROVER, Role.HOUSE}:
        decides += [col(Case.tier) != Tier.SERIOUS, ~_on_cards(Measure.SHUT_DOWN_CARDS)]
    if not may_limit_cards(actor):
        decides.append(~_on_cards(*RESTRICTS_CARDS))
    yield from _steps(desk, "case_approve", *decides)


def _on_cards(*measures: Measure) -> ColumnElement[bool]:
    """One of these is proposed for industry cards: not everybody decides on it (DOMAIN 4.10)."""
    return exists().where(
        col(CaseMeasure.case_id) == col(Case.id),
        col(CaseMeasure.state) == MeasureState.PROPOSED,
        col(CaseMeasure.measure).in_(measures),
        col(Case.industry_batch_id).is_not(None),
    )


def _tiers(desk: Desk) -> Iterator[WorkItem]:
    """Lower tiers that another has asked for."""
    if desk.actor.may(_P.CASE_CLOSE) and desk.actor.roles & {Role.APPROVER, Role.HOUSE}:
        yield from _steps(
            desk,
            "case_tier",
            col(Case.tier_asked).is_not(None),
            col(Case.tier_asked_by).is_distinct_from(desk.actor.id),
            col(Case.state).not_in(ENDED),
        )


def _tasks(desk: Desk) -> Iterator[WorkItem]:
    """One's own, those of who has left, and of what an owner may not do those of everybody."""
    may = [kind for kind, needed in NEEDED.items() if desk.actor.may(needed)]
    alone = [kind for kind in may if kind not in APPROVERS]
    shared = [kind for kind in may if kind in APPROVERS]
    if alone and desk.actor.id is not None:
        told = and_(col(CaseTask.kind) == TaskKind.NOTIFY_PLATFORM, _works_here())
        for mine in _fallen_to(desk):
            yield from _of_tasks(desk, mine, col(CaseTask.kind).in_(alone), ~told)
    if shared:
        ours = col(CaseTask.organisation_id).in_(desk.actor.organisations)
        yield from _of_tasks(desk, ours, col(CaseTask.kind).in_(shared))


def _goes_on() -> Sequence[ColumnElement[bool]]:
    """Service that was cut off is put on again whatever became of the case."""
    return col(Case.state).not_in(_STOPPED), col(CaseTask.kind) == TaskKind.RESTORE


def _works_here() -> ColumnElement[bool]:
    """The platform of the task can be sent a notice; of another a paper tells that it knows."""
    return exists().where(
        col(Organisation.code) == col(CaseTask.target),
        col(Organisation.kind) == OrganisationKind.PLATFORM,
        col(Organisation.disabled_at).is_(None),
    )


def _of_tasks(desk: Desk, *conditions: ColumnElement[bool]) -> Iterator[WorkItem]:
    with desk.begin(_P.CASE_READ) as work:
        rows = work.session.exec(
            select(Case.id, Case.reference, CaseTask.kind, CaseTask.due_at)
            .join(Case, col(Case.id) == col(CaseTask.case_id))
            .where(col(CaseTask.state) == TaskState.OPEN, *conditions)
            .where(*_own(desk), or_(*_goes_on()))
            .order_by(col(CaseTask.due_at), col(CaseTask.id))
            .limit(MOST_ALIKE)
        ).all()
    for case_id, reference, kind, due in rows:
        state = due_state(due, desk.now())
        yield WorkItem(f"task_{TaskKind(kind).value}", reference, state, "cases", case_id, due)


def _sendings(desk: Desk) -> Iterator[WorkItem]:
    """Platforms to tell; where one was told and has not acted, to tell again.

    A case that goes on in another still tells of its own shop.
    """
    if not desk.actor.may(_P.CASE_SEND) or desk.actor.id is None:
        return
    there = and_(
        col(Notice.case_id) == col(Case.id),
        col(Notice.platform) == col(CaseTask.target),
        col(Notice.kind) == NoticeKind.CASE,
    )
    before = exists().where(there).label("before")
    query = (
        select(Case.id, Case.reference, CaseTask.due_at, before)
        .join(Case, col(Case.id) == func.coalesce(CaseTask.origin_id, CaseTask.case_id))
        .where(col(CaseTask.state) == TaskState.OPEN)
        .where(col(CaseTask.kind) == TaskKind.NOTIFY_PLATFORM, _works_here())
        .where(col(Case.organisation_id).in_(desk.actor.organisations))
        .where(col(Case.state).in_(_SENT_IN), Case.of_matter(desk.actor))
        .where(~exists().where(there, col(Notice.state).in_(_ON_ITS_WAY)))
        .order_by(col(CaseTask.due_at), col(CaseTask.id))
        .limit(MOST_ALIKE)
    )
    for mine in _fallen_to(desk):
        with desk.begin(_P.CASE_READ) as work:
            rows = work.session.exec(query.where(mine)).all()
        for case_id, reference, due, again in rows:
            kind = "case_again" if again else "case_send"
            yield WorkItem(kind, reference, due_state(due, desk.now()), "cases", case_id, due)


def _looks(desk: Desk) -> Iterator[WorkItem]:
    """The look that is next, once it may be made, for whoever had no hand in the case."""
    actor = desk.actor
    if not actor.may(_P.CASE_CLOSE):
        return
    waits_for_first = exists().where(
        col(_FIRST.case_id) == col(Recheck.case_id),
        col(_FIRST.done_at).is_(None),
        col(_FIRST.number) < col(Recheck.number),
    )
    with desk.begin(_P.CASE_READ) as work:
        query = (
            select(Recheck)
            .join(Case, col(Case.id) == col(Recheck.case_id))
            .where(col(Recheck.organisation_id).in_(actor.organisations))
            .where(col(Recheck.done_at).is_(None), *_own(desk), ~has_had_a_hand(actor))
            .where(col(Case.state) == CaseState.WAITING_RECHECK)
            .where(
                or_(
                    col(Recheck.number) == 1,
                    and_(col(Recheck.due_at) <= work.at + SECOND_FROM, ~waits_for_first),
                )
            )
            .order_by(col(Recheck.due_at), col(Recheck.id))
        )
        yield from items(work, query, "case_recheck", replace(_CASE, due=Recheck.due_at))


CASE_SOURCES: Final[tuple[Callable[[Desk], Iterator[WorkItem]], ...]] = (
    _to_assign,
    _investigated,
    _to_stop,
    _proposed,
    _tiers,
    _tasks,
    _sendings,
    _looks,
)
