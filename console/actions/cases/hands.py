"""Who has had a hand in a case does not look at its end, nor decide on an appeal against it."""

from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import col, or_, select

from console.actions.cases.orders import family_of
from console.desk import Work
from models.cases.cases import Case
from models.cases.hands import CaseHand
from models.staff import Actor

_MEMBER: Final = aliased(Case)


def note_hand(work: Work, case: Case, *people: UUID | None) -> None:
    """The actor and these people have done something in the case, or own it."""
    for person in {work.actor.id, *people}:
        if person is not None and work.session.get(CaseHand, (case.id, person)) is None:
            work.add(CaseHand(case_id=case.id, user_id=person))


def hands_of(work: Work, case: Case) -> set[UUID]:
    """In it, and in the cases that go on in it."""
    family = col(CaseHand.case_id).in_(family_of(work, case))
    return set(work.session.exec(select(CaseHand.user_id).where(family)).all())


def has_had_a_hand(actor: Actor) -> ColumnElement[bool]:
    """Of each row of a query over cases."""
    return (
        select(CaseHand.case_id)
        .join(_MEMBER, col(_MEMBER.id) == CaseHand.case_id)
        .where(CaseHand.user_id == actor.id)
        .where(or_(col(_MEMBER.id) == Case.id, col(_MEMBER.merged_into_id) == Case.id))
        .correlate(Case)
        .exists()
    )
