"""A case (案件): who did what, what was decided, and whether it was done (DOMAIN 4.9)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Index, and_, true
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.channel.licences import Ground
from models.rules import FindingKind, Tier
from models.staff import Actor, among, any_of


class CaseState(StrEnum):
    OPENED = "opened"
    INVESTIGATING = "investigating"
    DECISION_PROPOSED = "decision_proposed"
    DECIDED = "decided"
    EXECUTING = "executing"
    WAITING_RECHECK = "waiting_recheck"
    CLOSED = "closed"
    APPEALED = "appealed"
    REVERSED = "reversed"
    TRANSFERRED = "transferred"


class CaseMove(StrEnum):
    ASSIGN = "assign"
    PROPOSE = "propose"
    APPROVE = "approve"
    RETURN = "return"
    EXECUTE = "execute"
    ALL_DONE = "all_done"
    RECHECK_OK = "recheck_ok"
    RECHECK_BAD = "recheck_bad"


_S, _M = CaseState, CaseMove
CASE_MOVES: Final[Mapping[tuple[CaseState, CaseMove], CaseState]] = {
    (_S.OPENED,             _M.ASSIGN):       _S.INVESTIGATING,
    (_S.INVESTIGATING,      _M.PROPOSE):      _S.DECISION_PROPOSED,
    (_S.DECISION_PROPOSED,  _M.APPROVE):      _S.DECIDED,
    (_S.DECISION_PROPOSED,  _M.RETURN):       _S.INVESTIGATING,
    (_S.DECIDED,            _M.EXECUTE):      _S.EXECUTING,
    (_S.EXECUTING,          _M.ALL_DONE):     _S.WAITING_RECHECK,
    (_S.WAITING_RECHECK,    _M.RECHECK_OK):   _S.CLOSED,
    (_S.WAITING_RECHECK,    _M.RECHECK_BAD):  _S.EXECUTING,
}  # fmt: skip


class Measure(StrEnum):
    """What the platform is asked to do."""

    REMOVE_LISTINGS = "remove_listings"
    REMOVE_SHOP = "remove_shop"
    STOP_SERVICE = "stop_service"
    CORRECT = "correct"


SENT: Final = (_S.EXECUTING, _S.WAITING_RECHECK, _S.CLOSED, _S.APPEALED, _S.REVERSED)
"""From here on the platform knows of the case."""


class Case(Table, table=True):
    __table_args__ = (
        Index("ix_cases_state", "organisation_id", "state", "id"),
        Index("ix_cases_platform", "platform", "state"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    reference: str = Field(unique=True, max_length=40)
    organisation_id: UUID = Field(foreign_key="organisations.id")
    platform: str = Field(max_length=32)
    shop_id: UUID = Field(foreign_key="shops.id", index=True)
    shop_name: str = Field(max_length=200)
    shop_key: str = Field(max_length=300)
    kind: FindingKind = Field(sa_type=words(FindingKind))
    ground: Ground = Field(sa_type=words(Ground))
    tier: Tier = Field(sa_type=words(Tier))
    filing_place: str | None = Field(default=None, max_length=2)
    card_home: str | None = Field(default=None, max_length=2)
    platform_home: str | None = Field(default=None, max_length=2)
    """The three routers (DOMAIN 4.9): each administration sees what concerns its place."""
    state: CaseState = Field(default=CaseState.OPENED, sa_type=words(CaseState))
    owner_id: UUID | None = Field(default=None, index=True)
    measure: Measure | None = Field(default=None, sa_type=words(Measure))
    reason: str = Field(default="", max_length=2000)
    remedy: str = Field(default="", max_length=2000)
    """How and with which papers the shop may object (Anti-Fraud Law art. 32)."""
    proposed_by: UUID | None = Field(default=None)
    decided_by: UUID | None = Field(default=None)
    rechecked_by: UUID | None = Field(default=None)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    """Of what has to be done next."""
    rule_version: str = Field(default="", max_length=64)
    version: int = Field(default=1)
    created_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def move(self, move: CaseMove) -> None:
        self.state = moved(CASE_MOVES, self.state, move)
        self.version += 1

    def open_moves(self) -> list[CaseMove]:
        return open_moves(CASE_MOVES, self.state)

    def is_overdue(self, at: datetime) -> bool:
        return self.state is not CaseState.CLOSED and self.due_at is not None and at >= self.due_at

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        if actor.is_house:
            return true()
        told = and_(col(cls.platform) == (actor.platform or ""), col(cls.state).in_(SENT))
        return any_of(
            among(col(cls.organisation_id), actor.organisations),
            told if actor.platform else None,
            among(col(cls.filing_place), actor.provinces),
            among(col(cls.card_home), actor.provinces),
            among(col(cls.platform_home), actor.provinces),
        )

    @property
    def title(self) -> str:
        return self.reference

    @property
    def belongs_to(self) -> UUID | None:
        return self.organisation_id

    @property
    def place(self) -> str | None:
        return self.card_home or self.platform_home or self.filing_place
