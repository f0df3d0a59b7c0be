"""Rectification notices (整改通知): issues, who is responsible, by when, and proof (4.12)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Index, Integer, UniqueConstraint, and_, true
from sqlmodel import Field, col, select

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.cases.cases import TierBasis
from models.rules import Tier
from models.staff import Actor, among, any_of


class RectificationState(StrEnum):
    DRAFTED = "drafted"
    ISSUED = "issued"
    ACKNOWLEDGED = "acknowledged"
    SUBMITTED = "submitted"
    OVERDUE = "overdue"
    ESCALATED = "escalated"
    CLOSED = "closed"
    REPORTED = "reported"


class RectificationMove(StrEnum):
    ISSUE = "issue"
    ACKNOWLEDGE = "acknowledge"
    REMIND = "remind"
    SUBMIT = "submit"
    EXTEND = "extend"
    MISS_DUE = "miss_due"
    RECHECK_PASS = "recheck_pass"  # noqa: S105 - a verdict, not a password
    RECHECK_FAIL = "recheck_fail"
    ESCALATE = "escalate"
    REPORT_BACK = "report_back"
    LIFT = "lift"
    """The case that it stood in was reversed by an appeal (Anti-Fraud Law 32)."""


_S, _M = RectificationState, RectificationMove
RECTIFICATION_MOVES: Final[
    Mapping[tuple[RectificationState, RectificationMove], RectificationState]
] = {
    (_S.DRAFTED,       _M.ISSUE):         _S.ISSUED,
    (_S.ISSUED,        _M.ACKNOWLEDGE):   _S.ACKNOWLEDGED,
    (_S.ISSUED,        _M.REMIND):        _S.ISSUED,
    (_S.ISSUED,        _M.MISS_DUE):      _S.OVERDUE,
    (_S.ACKNOWLEDGED,  _M.SUBMIT):        _S.SUBMITTED,
    (_S.ACKNOWLEDGED,  _M.EXTEND):        _S.ACKNOWLEDGED,
    (_S.ACKNOWLEDGED,  _M.MISS_DUE):      _S.OVERDUE,
    (_S.OVERDUE,       _M.SUBMIT):        _S.SUBMITTED,
    (_S.OVERDUE,       _M.ESCALATE):      _S.ESCALATED,
    (_S.SUBMITTED,     _M.RECHECK_PASS):  _S.CLOSED,
    (_S.SUBMITTED,     _M.RECHECK_FAIL):  _S.ISSUED,
    (_S.SUBMITTED,     _M.ESCALATE):      _S.ESCALATED,
    (_S.CLOSED,        _M.REPORT_BACK):   _S.REPORTED,
    (_S.ISSUED,        _M.LIFT):          _S.CLOSED,
    (_S.ACKNOWLEDGED,  _M.LIFT):          _S.CLOSED,
    (_S.SUBMITTED,     _M.LIFT):          _S.CLOSED,
    (_S.OVERDUE,       _M.LIFT):          _S.CLOSED,
}  # fmt: skip
"""SUBMITTED escalates where the rounds are used up; an overdue one is still taken in, late."""

AT_THE_UNIT: Final = (_S.ISSUED, _S.ACKNOWLEDGED, _S.OVERDUE)
"""What it waits for is the responsible unit's to do."""
MISSES_DUE: Final = tuple(state for state, move in RECTIFICATION_MOVES if move is _M.MISS_DUE)


class Delivery(StrEnum):
    PORTAL = "portal"
    LETTER = "letter"
    MAIL = "mail"
    IN_PERSON = "in_person"


class Rectification(Table, table=True):
    __table_args__ = (
        Index("ix_rectifications_all", "organisation_id", "id"),
        Index("ix_rectifications_own", "organisation_id", "state", "id"),
        Index("ix_rectifications_reminder", "state", "is_reminder_due", "reminder_due_at"),
        Index("ix_rectifications_unit", "unit_id", "state", "id"),
        Index("ix_rectifications_unit_due", "unit_id", "state", "due_at"),
        Index("ix_rectifications_own_due", "organisation_id", "state", "due_at"),
        Index("ix_rectifications_due", "state", "due_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    number: str | None = Field(default=None, unique=True, max_length=40)
    """`RCT-2026-000017`; a draft has none."""
    subject: str = Field(default="", max_length=200)
    organisation_id: UUID = Field(foreign_key="organisations.id")
    """Who orders it."""
    province: str | None = Field(default=None, max_length=2)
    case_id: UUID | None = Field(default=None, foreign_key="cases.id", index=True)
    instruction_id: UUID | None = Field(default=None, foreign_key="instructions.id")
    """Where an administration ordered it: its date holds, and it is reported back to."""
    unit_id: UUID | None = Field(default=None, foreign_key="organisations.id")
    """The responsible unit where it works here; it acknowledges and submits itself."""
    agent_id: UUID | None = Field(default=None, foreign_key="agents.id", index=True)
    unit_name: str = Field(max_length=200)
    """The responsible unit in words: one's own branch, or an agent."""
    delivery: Delivery = Field(default=Delivery.PORTAL, sa_type=words(Delivery))
    delivery_proof: str = Field(default="", max_length=300)
    """Of a letter its number, of a mail its address and time, else who took it."""
    remedy: str = Field(default="", max_length=2000)
    """Where and until when to object (Anti-Fraud Law art. 32)."""
    tier: Tier = Field(sa_type=words(Tier))
    state: RectificationState = Field(
        default=RectificationState.DRAFTED, sa_type=words(RectificationState)
    )
    round: int = Field(default=1, sa_type=Integer)
    due_at: datetime = Field(sa_type=UtcDateTime)
    acknowledge_due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reminder_due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When a second notice has to go by another channel; None once one went or was not needed."""
    is_reminder_due: bool = Field(default=False)
    """The sweep has seen that moment pass."""
    recheck_due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    rule_version: str = Field(default="", max_length=64)
    issued_by: UUID | None = Field(default=None)
    issued_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged_by: str = Field(default="", max_length=64)
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged_sha256: str = Field(default="", max_length=64)
    """The paper of a unit that does not work here, as it was entered for it."""
    acknowledged_name: str = Field(default="", max_length=200)
    acknowledged_type: str = Field(default="", max_length=64)
    reminded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reminder_delivery: Delivery | None = Field(default=None, sa_type=words(Delivery))
    reminder_proof: str = Field(default="", max_length=300)
    submitted_by: str = Field(default="", max_length=64)
    submitted_by_id: UUID | None = Field(default=None)
    submitted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    is_late: bool = Field(default=False)
    """It came in after its due date."""
    misses: int = Field(default=0, sa_type=Integer)
    """Due dates that went by; the second puts it one tier up (DOMAIN 4.2)."""
    rechecked_by: UUID | None = Field(default=None)
    result: str = Field(default="", max_length=2000)
    escalated_ground: TierBasis | None = Field(default=None, sa_type=words(TierBasis))
    """`due_missed` or `not_corrected`: what a case or accountability would rest on."""
    escalated_by: UUID | None = Field(default=None)
    """None where the rules did it: the rounds were used up."""
    escalated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    report_receipt: str = Field(default="", max_length=200)
    created_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = Field(default=1)

    def move(self, move: RectificationMove) -> None:
        self.state = moved(RECTIFICATION_MOVES, self.state, move)
        self.version += 1

    def open_moves(self) -> list[RectificationMove]:
        return open_moves(RECTIFICATION_MOVES, self.state)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        if actor.is_house:
            return true()
        told = col(cls.state) != RectificationState.DRAFTED
        mine = among(col(cls.unit_id), actor.organisations)
        there = among(col(cls.province), actor.provinces)
        return any_of(
            among(col(cls.organisation_id), actor.organisations),
            None if mine is None else and_(mine, told),
            None if there is None else and_(there, told),
        )

    @property
    def title(self) -> str:
        return self.number or self.subject

    @property
    def belongs_to(self) -> UUID | None:
        return self.organisation_id

    @property
    def place(self) -> str | None:
        return self.province


class RectificationIssue(Table, table=True):
    """One thing to put right, with the rule it breaks and what shows that it was put right."""

    __table_args__ = (UniqueConstraint("rectification_id", "number"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    rectification_id: UUID = Field(foreign_key="rectifications.id")
    number: int = Field(sa_type=Integer)
    finding_id: UUID | None = Field(default=None, foreign_key="findings.id")
    what: str = Field(max_length=1000)
    rule: str = Field(max_length=64)
    """An id of the rule library."""
    done: str = Field(default="", max_length=2000)
    """What the unit says it did, or why it will not."""
    is_refused: bool = Field(default=False)
    """The unit will not put it right."""
    sha256: str = Field(default="", max_length=64)
    """The proof, a file of the store."""
    file_name: str = Field(default="", max_length=200)
    media_type: str = Field(default="", max_length=64)
    is_good: bool | None = Field(default=None)
    remark: str = Field(default="", max_length=1000)
    earlier: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]], sa_type=JSON)
    """What was said, shown and found in the rounds before."""

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        if actor.is_house:
            return true()
        seen = select(Rectification.id).where(Rectification.seen_by(actor))
        return col(cls.rectification_id).in_(seen)

    @property
    def title(self) -> str:
        return f"{self.number}"
