"""A finding (问题): what a shop does that it may not, with ground and tier (DOMAIN 4.2, 4.8)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Index, Integer, text
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.channel.licences import Ground
from models.patrol.scope import Watched, of_watched
from models.rules import FindingKind, Tier
from models.staff import Actor


class FindingState(StrEnum):
    OPEN = "open"
    CONFIRMED = "confirmed"
    FALSE_POSITIVE = "false_positive"
    RECTIFYING = "rectifying"
    IN_CASE = "in_case"
    CLOSED = "closed"


class FindingMove(StrEnum):
    CONFIRM = "confirm"
    DISMISS = "dismiss"
    TO_NOTICE = "to_notice"
    TO_CASE = "to_case"
    VERIFY_OK = "verify_ok"


_S, _M = FindingState, FindingMove
FINDING_MOVES: Final[Mapping[tuple[FindingState, FindingMove], FindingState]] = {
    (_S.OPEN,        _M.CONFIRM):    _S.CONFIRMED,
    (_S.OPEN,        _M.DISMISS):    _S.FALSE_POSITIVE,
    (_S.CONFIRMED,   _M.TO_NOTICE):  _S.RECTIFYING,
    (_S.CONFIRMED,   _M.TO_CASE):    _S.IN_CASE,
    (_S.RECTIFYING,  _M.VERIFY_OK):  _S.CLOSED,
    (_S.RECTIFYING,  _M.TO_CASE):    _S.IN_CASE,
    (_S.IN_CASE,     _M.VERIFY_OK):  _S.CLOSED,
}  # fmt: skip


class Finding(Watched, Table, table=True):
    __table_args__ = (
        Index("ix_findings_state", "organisation_id", "state", "id"),
        Index("ix_findings_shop", "shop_id", "kind"),
        Index("ix_findings_risk", "organisation_id", "state", "risk", "id"),
        Index("ix_findings_created", "organisation_id", "created_at", "id"),
        Index("ix_findings_tier", "organisation_id", "tier", "created_at", "id"),
        Index("ix_findings_card_home", "card_home", "created_at", "id", "state", "tier"),
        Index("ix_findings_platform_home", "platform_home", "created_at", "id", "state", "tier"),
        Index("ix_findings_look", "organisation_id", "state", "look_due_at"),
        Index(
            "ix_findings_to_case",
            "organisation_id",
            "state",
            "case_due_at",
            sqlite_where=text("case_due_at IS NOT NULL"),
            postgresql_where=text("case_due_at IS NOT NULL"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    number: str = Field(unique=True, max_length=40)
    organisation_id: UUID = Field(foreign_key="organisations.id")
    """Whose patrol found it."""
    run_id: UUID | None = Field(default=None, foreign_key="patrol_runs.id", index=True)
    """Its patrol; none where a spot check found it."""
    check_id: UUID | None = Field(default=None, index=True)
    """The spot check that found it."""
    shop_id: UUID = Field(foreign_key="shops.id")
    platform: str = Field(max_length=32)
    platform_home: str | None = Field(default=None, max_length=2)
    card_home: str | None = Field(default=None, max_length=2)
    kind: FindingKind = Field(sa_type=words(FindingKind))
    ground: Ground = Field(sa_type=words(Ground))
    tier: Tier = Field(sa_type=words(Tier))
    rule_version: str = Field(max_length=64)
    basis: str = Field(default="", max_length=32)
    """What the judgement rests on: a `Basis` of `models.patrol.judge`."""
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """What explains it to people: words and weights, badge verdicts, whose number or name."""
    risk: int = Field(default=0, sa_type=Integer)
    """From 0 to 1000; the queue begins with the highest."""
    is_new: bool = Field(default=True)
    """Nothing like it was found at that shop before."""
    merged_into_id: UUID | None = Field(default=None, index=True)
    """The finding that it goes on in; taking that back is all it needs to stand alone again."""
    claimed_number: str = Field(default="", max_length=200)
    """The licence number that the shop showed, when the ground is about it."""
    listing_ids: list[str] = Field(sa_type=JSON)
    """`SeenListing`s that it rests on."""
    evidence: list[str] = Field(sa_type=JSON)
    """Manifests of their captures, in the store."""
    state: FindingState = Field(default=FindingState.OPEN, sa_type=words(FindingState))
    found_by: UUID | None = Field(default=None)
    """Who ran the patrol; the second look is somebody else's."""
    look_due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    case_due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """By when a confirmed serious one is in a case (finding_to_case)."""
    looked_by: UUID | None = Field(default=None)
    reason: str = Field(default="", max_length=1000)
    case_id: UUID | None = Field(default=None, index=True)
    previous_id: UUID | None = Field(default=None)
    """At the same shop: the same kind closed within twelve months, else one that was dismissed on
    other facts.
    """
    version: int = Field(default=1)
    created_at: datetime = Field(sa_type=UtcDateTime)

    def move(self, move: FindingMove) -> None:
        self.state = moved(FINDING_MOVES, self.state, move)
        self.version += 1

    def open_moves(self) -> list[FindingMove]:
        return open_moves(FINDING_MOVES, self.state)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_watched(
            actor, col(cls.organisation_id), col(cls.platform_home), col(cls.card_home)
        )

    @property
    def title(self) -> str:
        return self.number
