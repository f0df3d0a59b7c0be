"""Who has had a hand in a case: others look at its end, and decide on an appeal against it."""

from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Field, col

from models.base import Table
from models.cases.scope import of_own_case
from models.staff import Actor


class CaseHand(Table, table=True):
    case_id: UUID = Field(foreign_key="cases.id", primary_key=True)
    user_id: UUID = Field(primary_key=True)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_own_case(actor, col(cls.case_id))
