"""What an administration ordered, entered by those who received it (监管指令, 4.9; 003-10.2-2)."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Index, UniqueConstraint, true
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.staff import Actor, among, any_of


class InstructionState(StrEnum):
    RECEIVED = "received"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    REPORTED_BACK = "reported_back"
    CLOSED = "closed"


class InstructionMove(StrEnum):
    ACCEPT = "accept"
    BEGIN = "begin"
    REPORT_BACK = "report_back"
    ASK_MORE = "ask_more"
    CLOSE = "close"


class Jurisdiction(StrEnum):
    """By which of the three routers an administration is the one (004-3.4)."""

    FILING_PLACE = "filing_place"
    CARD_HOME = "card_home"
    PLATFORM_HOME = "platform_home"


_S, _M = InstructionState, InstructionMove
INSTRUCTION_MOVES: Final[Mapping[tuple[InstructionState, InstructionMove], InstructionState]] = {
    (_S.RECEIVED,       _M.ACCEPT):       _S.ACCEPTED,
    (_S.ACCEPTED,       _M.BEGIN):        _S.IN_PROGRESS,
    (_S.IN_PROGRESS,    _M.REPORT_BACK):  _S.REPORTED_BACK,
    (_S.REPORTED_BACK,  _M.ASK_MORE):     _S.IN_PROGRESS,
    (_S.REPORTED_BACK,  _M.CLOSE):        _S.CLOSED,
}  # fmt: skip


OPEN: Final = (_S.RECEIVED, _S.ACCEPTED, _S.IN_PROGRESS)
"""Not reported back yet: the document's day runs."""


class Instruction(Table, table=True):
    __table_args__ = (
        UniqueConstraint("organisation_id", "authority", "document_no"),
        Index("ix_instructions_own", "organisation_id", "state", "id"),
        Index("ix_instructions_province", "province", "id"),
        Index("ix_instructions_late", "state", "is_late", "due_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    number: str = Field(unique=True, max_length=40)
    organisation_id: UUID = Field(foreign_key="organisations.id")
    """Who received it."""
    case_id: UUID | None = Field(default=None, foreign_key="cases.id", index=True)
    authority: str = Field(max_length=16)
    """`CA-44`; the market regulator together with it is named in the subject."""
    province: str = Field(max_length=2)
    jurisdiction: Jurisdiction = Field(sa_type=words(Jurisdiction))
    document_no: str = Field(max_length=64)
    issued_on: date
    subject: str = Field(max_length=500)
    wanted: str = Field(max_length=4000)
    sha256: str = Field(default="", max_length=64)
    """The document itself, as a file of the store."""
    file_name: str = Field(default="", max_length=200)
    state: InstructionState = Field(
        default=InstructionState.RECEIVED, sa_type=words(InstructionState)
    )
    due_at: datetime = Field(sa_type=UtcDateTime)
    """As the document sets it."""
    is_late: bool = Field(default=False)
    """Its day passed before it was reported back; the mark stays."""
    entered_by: UUID | None = Field(default=None)
    accepted_by: UUID | None = Field(default=None)
    report: str = Field(default="", max_length=4000)
    report_sha256: str = Field(default="", max_length=64)
    report_name: str = Field(default="", max_length=200)
    reported_by: UUID | None = Field(default=None)
    reported_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    receipt: str = Field(default="", max_length=200)
    """What the administration gave back for the report."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    version: int = Field(default=1)

    def move(self, move: InstructionMove) -> None:
        self.state = moved(INSTRUCTION_MOVES, self.state, move)
        self.version += 1

    def open_moves(self) -> list[InstructionMove]:
        return open_moves(INSTRUCTION_MOVES, self.state)

    def is_overdue(self, at: datetime) -> bool:
        return self.state in OPEN and at >= self.due_at

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        if actor.is_house:
            return true()
        return any_of(
            among(col(cls.organisation_id), actor.organisations),
            among(col(cls.province), actor.provinces),
        )

    @property
    def title(self) -> str:
        return self.document_no

    @property
    def belongs_to(self) -> UUID | None:
        return self.organisation_id

    @property
    def place(self) -> str | None:
        return self.province
