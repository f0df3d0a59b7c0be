"""Spot checks (抽查): planned, assigned, read, compared, reviewed (DOMAIN 4.11)."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Index, LargeBinary
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.staff import Actor, of_carrier


class CheckPurpose(StrEnum):
    ROUTINE = "routine"
    TEST_PURCHASE = "test_purchase"
    COMPLAINT = "complaint"
    CAMPAIGN = "campaign"
    RE_REGISTRATION = "re_registration"  # 004-4.4-b
    RECHECK = "recheck"


class CheckState(StrEnum):
    PLANNED = "planned"
    ASSIGNED = "assigned"
    READING = "reading"
    COMPARED = "compared"
    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    ABORTED = "aborted"
    CLOSED = "closed"
    PURGED = "purged"


class CheckMove(StrEnum):
    ASSIGN = "assign"
    OPEN_SESSION = "open_session"
    SUBMIT = "submit"
    MATCH = "match"
    MISMATCH = "mismatch"
    CANT_TELL = "cant_tell"
    TIMEOUT = "timeout"
    REFUSE = "refuse"
    REVIEW = "review"
    PURGE = "purge"


_S, _M = CheckState, CheckMove
CHECK_MOVES: Final[Mapping[tuple[CheckState, CheckMove], CheckState]] = {
    (_S.PLANNED,       _M.ASSIGN):        _S.ASSIGNED,
    (_S.ASSIGNED,      _M.ASSIGN):        _S.ASSIGNED,
    (_S.ASSIGNED,      _M.OPEN_SESSION):  _S.READING,
    (_S.READING,       _M.OPEN_SESSION):  _S.READING,
    (_S.READING,       _M.SUBMIT):        _S.COMPARED,
    (_S.READING,       _M.TIMEOUT):       _S.ABORTED,
    (_S.READING,       _M.REFUSE):        _S.ABORTED,
    (_S.COMPARED,      _M.MATCH):         _S.PASSED,
    (_S.COMPARED,      _M.MISMATCH):      _S.FAILED,
    (_S.COMPARED,      _M.CANT_TELL):     _S.INCONCLUSIVE,
    (_S.PASSED,        _M.REVIEW):        _S.CLOSED,
    (_S.FAILED,        _M.REVIEW):        _S.CLOSED,
    (_S.INCONCLUSIVE,  _M.REVIEW):        _S.CLOSED,
    (_S.ABORTED,       _M.REVIEW):        _S.CLOSED,
    (_S.CLOSED,        _M.PURGE):         _S.PURGED,
}  # fmt: skip


class Verdict(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    ABORTED = "aborted"


class ResultCode(StrEnum):
    """What of a check asks for more than its verdict says (004-1-b)."""

    IDENTITY_UNKNOWN = "identity_unknown"
    REFUSED_CHECK = "refused_check"


class SpotCheckPlan(Table, table=True):
    """A random sample of authorised shops. Who has the seed and the frame draws the same."""

    __table_args__ = (
        Index("ix_spot_check_plans_carrier", "carrier_id", "id"),
        Index("ix_spot_check_plans_province", "province", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    number: str = Field(unique=True, max_length=40)
    carrier_id: UUID = Field(foreign_key="organisations.id")
    province: str | None = Field(default=None, max_length=2)
    name: str = Field(max_length=120)
    purpose: CheckPurpose = Field(sa_type=words(CheckPurpose))
    basis: str = Field(max_length=500)
    """The legal basis, as people cite it."""
    platforms: list[str] = Field(sa_type=JSON)
    """Of which platforms; an empty list is all."""
    provinces: list[str] = Field(sa_type=JSON)
    wants_card: bool = Field(default=True)
    wants_identity: bool = Field(default=False)
    size: int
    seed: str = Field(max_length=64)
    """Hex; what the sample is drawn by."""
    frame_size: int
    frame_sha256: str = Field(max_length=64)
    """Of the ids drawn from, sorted, one a line."""
    begins_on: date
    ends_on: date
    made_by: UUID | None = Field(default=None)
    created_at: datetime = Field(sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_carrier(actor, col(cls.carrier_id), col(cls.province))

    @property
    def title(self) -> str:
        return f"{self.number} {self.name}"

    @property
    def belongs_to(self) -> UUID | None:
        return self.carrier_id

    @property
    def place(self) -> str | None:
        return self.province


class SpotCheck(Table, table=True):
    """One shop, order or person that is looked at with a reader."""

    __table_args__ = (
        Index("ix_spot_checks_own", "carrier_id", "state", "id"),
        Index("ix_spot_checks_listed", "carrier_id", "id"),
        Index("ix_spot_checks_province", "province", "id"),
        Index("ix_spot_checks_day", "carrier_id", "planned_for", "id"),
        Index("ix_spot_checks_device", "device_id", "state"),
        Index("ix_spot_checks_told", "carrier_id", "verdict", "agent_id", "platform", "province"),
        Index("ix_spot_checks_due", "state", "session_until"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    number: str = Field(unique=True, max_length=40)
    carrier_id: UUID = Field(foreign_key="organisations.id")
    province: str | None = Field(default=None, max_length=2)
    """Of the agent's, else the carrier's."""
    plan_id: UUID | None = Field(default=None, foreign_key="spot_check_plans.id", index=True)
    purchase_id: UUID | None = Field(default=None, foreign_key="test_purchases.id", index=True)
    previous_id: UUID | None = Field(default=None, index=True)
    """The inconclusive check that this one repeats."""
    shop_id: UUID | None = Field(default=None, foreign_key="authorised_shops.id", index=True)
    agent_id: UUID | None = Field(default=None, foreign_key="agents.id", index=True)
    platform: str = Field(default="", max_length=32)
    subject: str = Field(max_length=300)
    """What is checked, as people call it: a shop, an order."""
    purpose: CheckPurpose = Field(sa_type=words(CheckPurpose))
    basis: str = Field(max_length=500)
    use_approval: str = Field(default="", max_length=64)
    """Reference of the approval to use identity data (内部使用审批), where it is read."""
    wants_card: bool = Field(default=True)
    wants_identity: bool = Field(default=False)
    state: CheckState = Field(default=CheckState.PLANNED, sa_type=words(CheckState))
    planned_by: UUID | None = Field(default=None)
    planned_for: date | None = Field(default=None)
    assignee_id: UUID | None = Field(default=None, foreign_key="users.id", index=True)
    device_id: UUID | None = Field(default=None, foreign_key="reader_devices.id")
    session_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    notice_version: str = Field(default="", max_length=16)
    """Of the notice that was shown to the person (check_notice.toml)."""
    notice_shown_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    salt: bytes = Field(default=b"", sa_type=LargeBinary, repr=False)
    """Key of the identity marks of this check; gone with the comparison."""
    order: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """`OrderFacts`: what carrier and agent say of the order, and what the inspector saw."""
    verdict: Verdict | None = Field(default=None, sa_type=words(Verdict))
    result: ResultCode | None = Field(default=None, sa_type=words(ResultCode))
    outcome: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """Each rule with its answer, and where each card came from, as it stood when compared."""
    rule_version: str = Field(default="", max_length=64)
    service_refused: bool | None = Field(default=None)
    """The follow-up of 004-1-b: whether service was refused."""
    follow_up: str = Field(default="", max_length=1000)
    followed_up_by: UUID | None = Field(default=None)
    reason: str = Field(default="", max_length=1000)
    recheck_due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    review_due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    compared_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    submitted_by: UUID | None = Field(default=None)
    reviewed_by: UUID | None = Field(default=None)
    reviewed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    review_note: str = Field(default="", max_length=1000)
    finding_id: UUID | None = Field(default=None, index=True)
    usage_finding_id: UUID | None = Field(default=None, index=True)
    purged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    version: int = Field(default=1)
    created_at: datetime = Field(sa_type=UtcDateTime)

    def move(self, move: CheckMove) -> None:
        self.state = moved(CHECK_MOVES, self.state, move)
        self.version += 1

    def open_moves(self) -> list[CheckMove]:
        return open_moves(CHECK_MOVES, self.state)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_carrier(actor, col(cls.carrier_id), col(cls.province))

    @property
    def title(self) -> str:
        return self.number

    @property
    def belongs_to(self) -> UUID | None:
        return self.carrier_id

    @property
    def place(self) -> str | None:
        return self.province
