"""An appeal against what was decided in a case: taken in, heard by others, lifted (4.9)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Index
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.cases.scope import of_own_case
from models.staff import Actor


class CaseAppealState(StrEnum):
    LODGED = "lodged"
    ACCEPTED = "accepted"
    UPHELD = "upheld"
    DISMISSED = "dismissed"
    WITHDRAWN = "withdrawn"


class CaseAppealMove(StrEnum):
    ACCEPT = "accept"
    UPHOLD = "uphold"
    DISMISS = "dismiss"
    WITHDRAW = "withdraw"


_S, _M = CaseAppealState, CaseAppealMove
CASE_APPEAL_MOVES: Final[Mapping[tuple[CaseAppealState, CaseAppealMove], CaseAppealState]] = {
    (_S.LODGED,    _M.ACCEPT):    _S.ACCEPTED,
    (_S.LODGED,    _M.WITHDRAW):  _S.WITHDRAWN,
    (_S.ACCEPTED,  _M.UPHOLD):    _S.UPHELD,
    (_S.ACCEPTED,  _M.DISMISS):   _S.DISMISSED,
    (_S.ACCEPTED,  _M.WITHDRAW):  _S.WITHDRAWN,
}  # fmt: skip


class CaseAppeal(Table, table=True):
    """Measures stay in force until it is upheld; then they are lifted at once (law art. 32)."""

    __table_args__ = (
        Index("ix_case_appeals_case", "case_id", "id"),
        Index("ix_case_appeals_due", "organisation_id", "state", "due_at"),
        Index("ix_case_appeals_late", "state", "is_late", "due_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    number: str = Field(unique=True, max_length=40)
    case_id: UUID = Field(foreign_key="cases.id")
    organisation_id: UUID = Field(foreign_key="organisations.id")
    """Whose decision it is."""
    party_id: UUID | None = Field(default=None, foreign_key="case_parties.id")
    appellant: str = Field(max_length=200)
    ground: str = Field(max_length=4000)
    sha256: str = Field(default="", max_length=64)
    """The paper that it was made in, a file of the store."""
    file_name: str = Field(default="", max_length=200)
    media_type: str = Field(default="", max_length=64)
    state: CaseAppealState = Field(default=CaseAppealState.LODGED, sa_type=words(CaseAppealState))
    lodged_at: datetime = Field(sa_type=UtcDateTime)
    lodged_by: UUID | None = Field(default=None)
    due_at: datetime = Field(sa_type=UtcDateTime)
    """Of the next step: to be accepted, then to be decided."""
    is_late: bool = Field(default=False)
    case_due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """What was due in the case when it was lodged; due again when it is dismissed."""
    rule_version: str = Field(default="", max_length=64)
    accepted_by: UUID | None = Field(default=None)
    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decision: str = Field(default="", max_length=4000)
    decided_by: UUID | None = Field(default=None)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def move(self, move: CaseAppealMove) -> None:
        self.state = moved(CASE_APPEAL_MOVES, self.state, move)
        self.is_late = False

    def open_moves(self) -> list[CaseAppealMove]:
        return open_moves(CASE_APPEAL_MOVES, self.state)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        """What somebody says in their defence is no platform's to read, its auditor's neither."""
        return of_own_case(actor, col(cls.case_id))

    @property
    def title(self) -> str:
        return self.number

    @property
    def belongs_to(self) -> UUID | None:
        return self.organisation_id
