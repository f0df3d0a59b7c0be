"""A case (案件): who did what, what was decided, and whether it was done (DOMAIN 4.9)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import (
    JSON,
    ColumnElement,
    Index,
    Uuid,
    and_,
    column,
    or_,
    select,
    table,
    text,
    true,
)
from sqlalchemy.orm import aliased
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.channel.licences import Ground
from models.refusals import Conflict
from models.rules import FindingKind, Tier
from models.search import LONGEST_SOUGHT
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
    STOP_NOW = "stop_now"
    PROPOSE = "propose"
    APPROVE = "approve"
    RETURN = "return"
    EXECUTE = "execute"
    ALL_DONE = "all_done"
    RECHECK_OK = "recheck_ok"
    RECHECK_BAD = "recheck_bad"
    APPEAL = "appeal"
    UPHOLD = "uphold"
    DISMISS = "dismiss"
    TRANSFER = "transfer"


_S, _M = CaseState, CaseMove
CASE_MOVES: Final[Mapping[tuple[CaseState, CaseMove], CaseState]] = {
    (_S.OPENED,             _M.ASSIGN):       _S.INVESTIGATING,
    (_S.OPENED,             _M.TRANSFER):     _S.TRANSFERRED,
    (_S.INVESTIGATING,      _M.STOP_NOW):     _S.INVESTIGATING,
    (_S.INVESTIGATING,      _M.PROPOSE):      _S.DECISION_PROPOSED,
    (_S.INVESTIGATING,      _M.TRANSFER):     _S.TRANSFERRED,
    (_S.DECISION_PROPOSED,  _M.APPROVE):      _S.DECIDED,
    (_S.DECISION_PROPOSED,  _M.RETURN):       _S.INVESTIGATING,
    (_S.DECISION_PROPOSED,  _M.TRANSFER):     _S.TRANSFERRED,
    (_S.DECIDED,            _M.EXECUTE):      _S.EXECUTING,
    (_S.DECIDED,            _M.APPEAL):       _S.APPEALED,
    (_S.DECIDED,            _M.TRANSFER):     _S.TRANSFERRED,
    (_S.EXECUTING,          _M.ALL_DONE):     _S.WAITING_RECHECK,
    (_S.EXECUTING,          _M.APPEAL):       _S.APPEALED,
    (_S.EXECUTING,          _M.TRANSFER):     _S.TRANSFERRED,
    (_S.WAITING_RECHECK,    _M.RECHECK_OK):   _S.CLOSED,
    (_S.WAITING_RECHECK,    _M.RECHECK_BAD):  _S.EXECUTING,
    (_S.WAITING_RECHECK,    _M.APPEAL):       _S.APPEALED,
    (_S.WAITING_RECHECK,    _M.TRANSFER):     _S.TRANSFERRED,
    (_S.CLOSED,             _M.APPEAL):       _S.APPEALED,
    (_S.TRANSFERRED,        _M.APPEAL):       _S.APPEALED,
    (_S.APPEALED,           _M.UPHOLD):       _S.REVERSED,
    (_S.APPEALED,           _M.DISMISS):      _S.DECIDED,
}  # fmt: skip
"""A dismissed appeal leads back to where the case stood, `appealed_from`."""

UNDECIDED: Final = (_S.OPENED, _S.INVESTIGATING, _S.DECISION_PROPOSED)
ENDED: Final = (_S.CLOSED, _S.REVERSED, _S.TRANSFERRED)
OVER: Final = (_S.CLOSED, _S.REVERSED)
"""Nothing is left to do; after a transfer the carrier still does what is its own."""
SENT: Final = (_S.EXECUTING, _S.WAITING_RECHECK, _S.CLOSED, _S.APPEALED, _S.REVERSED)
"""From here on the platform knows of the case."""


_NOTICES: Final = table(
    "notices", column("case_id", Uuid()), column("recipient_id", Uuid()), column("state")
)
"""By name: the room of notices stands on this one."""
_RECEIVED: Final = ("sent", "acknowledged", "answered", "closed")


class TierBasis(StrEnum):
    """Why the case is as grave as it is."""

    KIND = "kind"
    MINOR_REPEATED = "minor_repeated"
    GENERAL_REPEATED = "general_repeated"
    NOT_CORRECTED = "not_corrected"
    DUE_MISSED = "due_missed"
    RELISTED = "relisted"
    RAISED = "raised"
    LOWERED = "lowered"


_LISTED: Final = (
    "merged_into_id", "state", "tier", "platform", "due_at", "owner_id", "filing_place",
    "card_home", "platform_home", "search_text",
)  # fmt: skip


def _sparse(name: str, *columns: str) -> Index:
    """An index of the rows alone that have the last of the columns."""
    there = text(f"{columns[-1]} IS NOT NULL")
    return Index(name, *columns, sqlite_where=there, postgresql_where=there)


class Case(Table, table=True):
    __table_args__ = (
        Index("ix_cases_state", "organisation_id", "state", "id"),
        Index("ix_cases_by_state", "state", "id"),
        Index("ix_cases_platform", "platform", "state", "id"),
        Index("ix_cases_next", "organisation_id", "state", "due_at", "id"),
        Index("ix_cases_owner", "owner_id", "organisation_id", "state", "due_at", "id"),
        # A list's filters and its search, so that what is not shown is not read whole either.
        Index("ix_cases_listed", "organisation_id", "id", *_LISTED),
        # Sparse: that most cases have none of it must not look like a way to find them.
        _sparse("ix_cases_merged", "merged_into_id"),
        _sparse("ix_cases_tier_asked", "organisation_id", "tier_asked"),
        Index("ix_cases_late", "state", "is_late", "due_at"),
        Index("ix_cases_agent", "agent_id", "created_at"),
        Index("ix_cases_name", "organisation_id", "shop_name"),
        # By each router for itself: an administration may see few of all cases.
        Index("ix_cases_filing_place", "filing_place", "id"),
        Index("ix_cases_card_home", "card_home", "id"),
        Index("ix_cases_platform_home", "platform_home", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    reference: str = Field(unique=True, max_length=40)
    organisation_id: UUID = Field(foreign_key="organisations.id")
    parent_id: UUID | None = Field(default=None, foreign_key="cases.id", index=True)
    """The case whose cards this one's channel let out."""
    former_id: UUID | None = Field(default=None, foreign_key="cases.id", index=True)
    """The closed case whose shop stands here again."""
    merged_into_id: UUID | None = Field(default=None, foreign_key="cases.id")
    """The case that goes on for this one; what was written here stays here."""
    platform: str = Field(default="", max_length=32)
    """Empty of a case against a channel off the platforms."""
    shop_id: UUID | None = Field(default=None, foreign_key="shops.id", index=True)
    shop_name: str = Field(default="", max_length=200)
    shop_key: str = Field(default="", max_length=300)
    search_text: str = Field(default="", max_length=LONGEST_SOUGHT)
    """Reference, name and key as `sought_text` has them: a part of them is looked for here."""
    agent_id: UUID | None = Field(default=None, foreign_key="agents.id")
    """The carrier's own agent that did it, where one did."""
    channel_id: UUID | None = Field(default=None, foreign_key="source_channels.id", index=True)
    """The source channel that did it."""
    industry_batch_id: UUID | None = Field(default=None, index=True)
    """The batch of industry cards that was used beyond its scope, or passed on. No reference of
    the database: batches refer to cases, and a circle can't be made.
    """
    kind: FindingKind = Field(sa_type=words(FindingKind))
    ground: Ground = Field(sa_type=words(Ground))
    tier: Tier = Field(sa_type=words(Tier))
    tier_basis: TierBasis = Field(default=TierBasis.KIND, sa_type=words(TierBasis))
    tier_asked: Tier | None = Field(default=None, sa_type=words(Tier))
    """A lower tier that waits for a second approver."""
    tier_asked_by: UUID | None = Field(default=None)
    tier_reason: str = Field(default="", max_length=2000)
    filing_place: str | None = Field(default=None, max_length=2)
    card_home: str | None = Field(default=None, max_length=2)
    platform_home: str | None = Field(default=None, max_length=2)
    """The three routers (DOMAIN 4.9): each administration sees what concerns its place."""
    state: CaseState = Field(default=CaseState.OPENED, sa_type=words(CaseState))
    appealed_from: CaseState | None = Field(default=None, sa_type=words(CaseState))
    owner_id: UUID | None = Field(default=None)
    facts: str = Field(default="", max_length=4000)
    """What was established, in the owner's words."""
    reason: str = Field(default="", max_length=2000)
    rules: list[str] = Field(default_factory=list, sa_type=JSON)
    """Duties and clauses that the decision rests on: ids of the rule library."""
    proposed_by: UUID | None = Field(default=None)
    decided_by: UUID | None = Field(default=None)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    rechecked_by: UUID | None = Field(default=None)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    """Of what has to be done next."""
    is_late: bool = Field(default=False)
    """The sweep has seen it pass its due moment; the next step takes the mark away."""
    rule_version: str = Field(default="", max_length=64)
    version: int = Field(default=1)
    created_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def move(self, move: CaseMove) -> None:
        if self.merged_into_id is not None:
            raise Conflict("case.merged", reference=self.reference)
        after = moved(CASE_MOVES, self.state, move)
        if move is CaseMove.APPEAL:
            self.appealed_from = self.state
        if move is CaseMove.DISMISS and self.appealed_from is not None:
            after, self.appealed_from = self.appealed_from, None
        self.state = after
        self.is_late = False
        self.version += 1

    def open_moves(self) -> list[CaseMove]:
        return [] if self.merged_into_id else open_moves(CASE_MOVES, self.state)

    def is_overdue(self, at: datetime) -> bool:
        goes_on = self.state not in ENDED and self.merged_into_id is None
        return goes_on and self.due_at is not None and at >= self.due_at

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        if actor.is_house:
            return true()
        if not actor.sees_channels:
            mine = among(col(cls.organisation_id), actor.organisations)
            return any_of(None if mine is None else and_(mine, cls.of_matter(actor)))
        return any_of(
            among(col(cls.organisation_id), actor.organisations),
            cls._told(actor) if actor.platform else None,
            among(col(cls.filing_place), actor.provinces),
            among(col(cls.card_home), actor.provinces),
            among(col(cls.platform_home), actor.provinces),
        )

    @classmethod
    def of_matter(cls, actor: Actor) -> ColumnElement[bool]:
        """What it may be about: of who works with industry cards alone those of a batch, and the
        one that such a case goes on in.
        """
        if actor.sees_channels:
            return true()
        merged = aliased(cls)
        heads = select(col(merged.merged_into_id)).where(
            col(merged.industry_batch_id).is_not(None), col(merged.merged_into_id).is_not(None)
        )
        return or_(col(cls.industry_batch_id).is_not(None), col(cls.id).in_(heads))

    @classmethod
    def _told(cls, actor: Actor) -> ColumnElement[bool]:
        """What a platform was told of: its own cases that were sent, and each by its notice.

        A notice comes before the decision where something was to stop at once, and it goes to
        every platform where the agent has a shop.
        """
        own = and_(col(cls.platform) == actor.platform, col(cls.state).in_(SENT))
        noticed = select(_NOTICES.c.case_id).where(
            _NOTICES.c.recipient_id == actor.organisation_id, _NOTICES.c.state.in_(_RECEIVED)
        )
        return or_(own, col(cls.id).in_(noticed))

    @property
    def title(self) -> str:
        return self.reference

    @property
    def belongs_to(self) -> UUID | None:
        return self.organisation_id

    @property
    def place(self) -> str | None:
        return self.card_home or self.platform_home or self.filing_place
