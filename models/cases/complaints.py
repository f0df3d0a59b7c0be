"""Complaints and reports from the public (投诉举报): taken in, looked into, answered (4.13)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Index, and_, true
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.staff import Actor, among, any_of


class ComplaintKind(StrEnum):
    UNLICENSED_SHOP = "unlicensed_shop"
    FALSE_BADGE = "false_badge"
    NO_REAL_NAME = "no_real_name"
    RESALE = "resale"
    CRACK_TOOL = "crack_tool"
    DEVICE_CARD = "device_card"
    """This device's card was sold to me."""
    NUMBER_NOT_MINE = "number_not_mine"
    RE_REGISTRATION = "re_registration"
    ADDED_BURDEN = "added_burden"
    FORCED_PACKAGE = "forced_package"
    STAFF_CONDUCT = "staff_conduct"
    OTHER = "other"


class ComplaintSource(StrEnum):
    """Who brought it; by that it has more or less time (Telecommunications Regulations art. 39)."""

    PUBLIC = "public"
    HOTLINE = "hotline"
    CA = "ca"
    """Passed on by the communications administration, which answers for it."""
    STAFF = "staff"
    """A colleague reports in their own name, as 003-7.2-2 wants it to be possible."""


class ComplaintState(StrEnum):
    RECEIVED = "received"
    ACCEPTED = "accepted"
    INVESTIGATING = "investigating"
    ANSWERED = "answered"
    CLOSED = "closed"
    REWARDED = "rewarded"


class ComplaintMove(StrEnum):
    ACCEPT = "accept"
    INVESTIGATE = "investigate"
    ANSWER = "answer"
    CLOSE = "close"
    REWARD = "reward"


OPEN: Final = (
    ComplaintState.RECEIVED,
    ComplaintState.ACCEPTED,
    ComplaintState.INVESTIGATING,
)
"""Where the reporter still waits for an answer."""
ABOUT_CARRIERS: Final = frozenset(
    {
        ComplaintKind.NUMBER_NOT_MINE,
        ComplaintKind.RE_REGISTRATION,
        ComplaintKind.ADDED_BURDEN,
        ComplaintKind.FORCED_PACKAGE,
    }
)
"""What only a carrier can set right, wherever the shop is."""
TIMERS: Final[Mapping[ComplaintSource, str]] = {
    ComplaintSource.PUBLIC: "complaint_answer",
    ComplaintSource.HOTLINE: "complaint_answer",
    ComplaintSource.STAFF: "complaint_answer",
    ComplaintSource.CA: "ca_complaint_answer",
}


class Fault(StrEnum):
    """Whether the organisation was at fault: decides what counts in its rate (004-4.2-c)."""

    NONE = "none"
    OWN = "own"


_S, _M = ComplaintState, ComplaintMove
COMPLAINT_MOVES: Final[Mapping[tuple[ComplaintState, ComplaintMove], ComplaintState]] = {
    (_S.RECEIVED,       _M.ACCEPT):       _S.ACCEPTED,
    (_S.ACCEPTED,       _M.INVESTIGATE):  _S.INVESTIGATING,
    (_S.ACCEPTED,       _M.ANSWER):       _S.ANSWERED,
    (_S.INVESTIGATING,  _M.ANSWER):       _S.ANSWERED,
    (_S.ANSWERED,       _M.CLOSE):        _S.CLOSED,
    (_S.CLOSED,         _M.REWARD):       _S.REWARDED,
}  # fmt: skip


class Complaint(Table, table=True):
    __table_args__ = (
        Index("ix_complaints_own", "organisation_id", "id"),
        Index("ix_complaints_state", "organisation_id", "state", "due_at"),
        Index("ix_complaints_province", "province", "id"),
        Index("ix_complaints_late", "state", "is_late", "due_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    number: str = Field(unique=True, max_length=40)
    asked_by_sha256: str = Field(max_length=64, index=True)
    """Of the code by which the reporter asks how it stands; the code itself is nowhere."""
    organisation_id: UUID = Field(foreign_key="organisations.id")
    """Who handles it."""
    province: str | None = Field(default=None, max_length=2)
    source: ComplaintSource = Field(default=ComplaintSource.PUBLIC, sa_type=words(ComplaintSource))
    source_number: str = Field(default="", max_length=64)
    """The number that the administration or the hotline gave it."""
    lodged_by: UUID | None = Field(default=None)
    """The colleague whose own complaint it is: never the one who handles it."""
    kind: ComplaintKind = Field(sa_type=words(ComplaintKind))
    platform: str = Field(default="", max_length=32)
    shop: str = Field(default="", max_length=500)
    """The shop's name, number or address, as the reporter gave it."""
    iccid: str = Field(default="", max_length=20)
    """Printed on the card that was sold out of its device."""
    text: str = Field(max_length=4000)
    files: list[dict[str, str]] = Field(default_factory=list, sa_type=JSON)
    """Name, media type and sha256 of what was sent along."""
    contact: bytes | None = Field(default=None)
    """Sealed; None: anonymous. Shown to whoever handles it, each look a deed."""
    contact_mask: str = Field(default="", max_length=64)
    language: str = Field(default="zh", max_length=8)
    about_id: UUID | None = Field(default=None)
    """The colleague complained about: never the one who handles it."""
    handler_id: UUID | None = Field(default=None, index=True)
    state: ComplaintState = Field(default=ComplaintState.RECEIVED, sa_type=words(ComplaintState))
    due_at: datetime = Field(sa_type=UtcDateTime)
    is_late: bool = Field(default=False)
    rule_version: str = Field(default="", max_length=64)
    fault: Fault | None = Field(default=None, sa_type=words(Fault))
    fault_paper: str = Field(default="", max_length=120)
    """By which paper of the administration there was no fault (004-4.2-c)."""
    answer: str = Field(default="", max_length=4000)
    answered_by: UUID | None = Field(default=None)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    case_id: UUID | None = Field(default=None, foreign_key="cases.id", index=True)
    finding_id: UUID | None = Field(default=None, foreign_key="findings.id")
    shop_id: UUID | None = Field(default=None, foreign_key="shops.id")
    reward: str = Field(default="", max_length=300)
    """What the reporter was given, and by which paper."""
    rewarded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    version: int = Field(default=1)

    def move(self, move: ComplaintMove) -> None:
        self.state = moved(COMPLAINT_MOVES, self.state, move)
        self.version += 1

    def open_moves(self) -> list[ComplaintMove]:
        return open_moves(COMPLAINT_MOVES, self.state)

    @property
    def counts_in_rate(self) -> bool:
        """Not one about re-registration in which the organisation is not at fault (004-4.2-c)."""
        return not (self.kind is ComplaintKind.RE_REGISTRATION and self.fault is Fault.NONE)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        """Whoever it is about does not learn of it here (003-7.2-2: kept secret)."""
        if actor.is_house:
            return true()
        scope = any_of(
            among(col(cls.organisation_id), actor.organisations),
            among(col(cls.province), actor.provinces),
        )
        if not actor.sees_channels:
            scope = and_(scope, col(cls.kind) == ComplaintKind.DEVICE_CARD)
        return and_(scope, col(cls.about_id).is_distinct_from(actor.id)) if actor.id else scope

    @property
    def title(self) -> str:
        return self.number

    @property
    def belongs_to(self) -> UUID | None:
        return self.organisation_id

    @property
    def place(self) -> str | None:
        return self.province
