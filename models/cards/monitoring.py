"""Use of industry cards as it was watched: runs, what they found, and who is under watch.

Records themselves stay in the file that they came in (the store); the database keeps what was
found, a batch's days for its charts, and the days of cards under watch.
"""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ColumnElement, Index, text
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.cards.of_batch import of_batch
from models.cards.usage_rules import UsageRule
from models.rules import FindingKind, Tier
from models.staff import Actor, of_carrier


class MonitoringState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class MonitoringMove(StrEnum):
    START = "start"
    FINISH = "finish"
    FAIL = "fail"


_S, _M = MonitoringState, MonitoringMove
MONITORING_MOVES: Final[
    Mapping[tuple[MonitoringState, MonitoringMove], MonitoringState]
] = {
    (_S.WAITING,  _M.START):   _S.RUNNING,
    (_S.RUNNING,  _M.FINISH):  _S.DONE,
    (_S.WAITING,  _M.FAIL):    _S.FAILED,
    (_S.RUNNING,  _M.FAIL):    _S.FAILED,
}  # fmt: skip


class MonitoringRun(Table, table=True):
    """One file of records of use, compared with the scopes of a carrier's batches."""

    __table_args__ = (
        Index("ix_monitoring_runs_listed", "carrier_id", "id", "state"),
        # Files and parts of some days.
        Index("ix_monitoring_runs_days", "carrier_id", "is_part", "last_day"),
        Index("ix_monitoring_runs_kept", "is_file_gone", "created_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    number: str = Field(unique=True, max_length=40)
    carrier_id: UUID = Field(foreign_key="organisations.id")
    province: str | None = Field(default=None, max_length=2)
    file_name: str = Field(max_length=200)
    sha256: str = Field(max_length=64)
    result_sha256: str = Field(default="", max_length=64)
    """All hits as Parquet, in the store."""
    rejects_sha256: str = Field(default="", max_length=64)
    state: MonitoringState = Field(default=MonitoringState.WAITING, sa_type=words(MonitoringState))
    actor: dict[str, Any] = Field(sa_type=JSON)
    """Who brought it, so that a worker can go on in their name."""
    records: int = Field(default=0, sa_type=BigInteger)
    bad_rows: int = Field(default=0, sa_type=BigInteger)
    cards: int = Field(default=0, sa_type=BigInteger)
    unknown_cards: int = Field(default=0, sa_type=BigInteger)
    """In no batch of the carrier."""
    batches: int = Field(default=0)
    hits: int = Field(default=0, sa_type=BigInteger)
    by_rule: dict[str, int] = Field(default_factory=dict, sa_type=JSON)
    findings: int = Field(default=0)
    """New ones that came of it."""
    is_part: bool = Field(default=False)
    """Records that a program sent, a part of their day: they are added to what the day has."""
    taken_until: date | None = Field(default=None)
    """Of a part: its days up to this one are put together, or a whole file has them."""
    parts: int = Field(default=0)
    """Of how many parts the house put the file together; 0: it was brought."""
    is_file_gone: bool = Field(default=False)
    """Its files were deleted when their time was over (iot_usage_retention)."""
    dealt_with: int = Field(default=0, sa_type=BigInteger)
    """Hits, in their order, of which findings were made or brought up to date."""
    first_day: date | None = Field(default=None)
    last_day: date | None = Field(default=None)
    rules: list[str] = Field(default_factory=list, sa_type=JSON)
    """Versions of the thresholds."""
    fault: dict[str, Any] | None = Field(default=None, sa_type=JSON)
    created_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    def move(self, move: MonitoringMove) -> None:
        self.state = moved(MONITORING_MOVES, self.state, move)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_carrier(actor, col(cls.carrier_id), col(cls.province))

    @property
    def title(self) -> str:
        return self.number

    @property
    def belongs_to(self) -> UUID | None:
        return self.carrier_id


class UsageFindingState(StrEnum):
    OPEN = "open"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    IN_CASE = "in_case"
    CLOSED = "closed"


class UsageFindingMove(StrEnum):
    CONFIRM = "confirm"
    DISMISS = "dismiss"
    TO_CASE = "to_case"
    SETTLE = "settle"


_F, _V = UsageFindingState, UsageFindingMove
USAGE_FINDING_MOVES: Final[
    Mapping[tuple[UsageFindingState, UsageFindingMove], UsageFindingState]
] = {
    (_F.OPEN,       _V.CONFIRM):  _F.CONFIRMED,
    (_F.OPEN,       _V.DISMISS):  _F.DISMISSED,
    (_F.CONFIRMED,  _V.TO_CASE):  _F.IN_CASE,
    (_F.CONFIRMED,  _V.SETTLE):   _F.CLOSED,
    (_F.IN_CASE,    _V.SETTLE):   _F.CLOSED,
}  # fmt: skip
FINDING_LIVE: Final = (_F.OPEN, _F.CONFIRMED, _F.IN_CASE)


class FoundBy(StrEnum):
    """Where a finding about industry cards comes from."""

    MONITORING = "monitoring"
    ONLINE_SALE = "online_sale"
    TEST_PURCHASE = "test_purchase"
    SPOT_CHECK = "spot_check"
    COMPLAINT = "complaint"
    REPORT = "report"
    """Of the purchaser itself, of police or of an administration."""


_LISTED: Final = ("state", "rule", "kind", "found_by", "due_at")


class UsageFinding(Table, table=True):
    """What a card, or a whole batch, did beyond its scope; one lives for a card and rule."""

    __table_args__ = (
        Index("ix_usage_findings_carrier", "carrier_id", "state", "id"),
        # With the carrier: beside a list's index SQLite takes the one that more is known of.
        Index("ix_usage_findings_batch", "batch_id", "carrier_id", "id", "state"),
        Index("ix_usage_findings_run", "run_id", "carrier_id", "id", "state"),
        Index("ix_usage_findings_due", "carrier_id", "state", "due_at", "id"),
        Index("ix_usage_findings_late", "state", "is_late", "due_at"),
        Index("ix_usage_findings_province", "province", "state", "rule"),
        # Counts by province, of whoever watches one and of whoever has the cards.
        Index("ix_usage_findings_counted", "carrier_id", "province", "state", "rule"),
        # A list's filters, so that what is not shown is not read whole either.
        Index("ix_usage_findings_listed", "carrier_id", "id", *_LISTED),
        Index("ix_usage_findings_card", "card", "rule", "batch_id"),
        Index(
            "ix_usage_findings_live",
            "batch_id",
            "card",
            "rule",
            unique=True,
            sqlite_where=text("state IN ('open', 'confirmed', 'in_case')"),
            postgresql_where=text("state IN ('open', 'confirmed', 'in_case')"),
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    number: str = Field(unique=True, max_length=40)
    batch_id: UUID = Field(foreign_key="industry_batches.id")
    carrier_id: UUID = Field(foreign_key="organisations.id")
    province: str = Field(max_length=2)
    card: int = Field(default=0, sa_type=BigInteger)
    """`card_number` of the ICCID; 0: of the batch as a whole."""
    iccid: str = Field(default="", max_length=20)
    rule: UsageRule | None = Field(default=None, sa_type=words(UsageRule))
    """None of what was not found by monitoring."""
    found_by: FoundBy = Field(sa_type=words(FoundBy))
    kind: FindingKind = Field(sa_type=words(FindingKind))
    tier: Tier = Field(sa_type=words(Tier))
    rule_version: str = Field(default="", max_length=64)
    first_day: date
    last_day: date
    value: float = Field(default=0.0)
    threshold: float = Field(default=0.0)
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """What explains it: targets, devices, regions, months, files."""
    evidence: list[str] = Field(default_factory=list, sa_type=JSON)
    """Digests of papers in the store."""
    times: int = Field(default=1)
    """Runs that saw it."""
    run_id: UUID | None = Field(default=None, foreign_key="monitoring_runs.id")
    """The last run that saw it."""
    source_id: UUID | None = Field(default=None, index=True)
    """The patrol finding, test purchase or complaint that it came of."""
    state: UsageFindingState = Field(
        default=UsageFindingState.OPEN, sa_type=words(UsageFindingState)
    )
    reported_by: UUID | None = Field(default=None)
    """Who entered it by hand; the second look is somebody else's."""
    looked_by: UUID | None = Field(default=None)
    reason: str = Field(default="", max_length=1000)
    case_id: UUID | None = Field(default=None, foreign_key="cases.id", index=True)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """By when it is looked at and acted on (iot_abnormal_action)."""
    is_late: bool = Field(default=False)
    version: int = Field(default=1)
    created_at: datetime = Field(sa_type=UtcDateTime)

    def move(self, move: UsageFindingMove) -> None:
        self.state = moved(USAGE_FINDING_MOVES, self.state, move)
        self.is_late = False
        self.version += 1

    def open_moves(self) -> list[UsageFindingMove]:
        return open_moves(USAGE_FINDING_MOVES, self.state)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_carrier(actor, col(cls.carrier_id), col(cls.province))

    @property
    def title(self) -> str:
        return self.number

    @property
    def belongs_to(self) -> UUID | None:
        return self.carrier_id


class WatchEntry(Table, table=True):
    """A batch, or a card of it, whose use is looked at more closely for a time."""

    __table_args__ = (
        Index("ix_watch_entries_listed", "carrier_id", "id", "ended_at", "until"),
        Index("ix_watch_entries_batch", "batch_id", "carrier_id", "id", "card"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    batch_id: UUID = Field(foreign_key="industry_batches.id")
    carrier_id: UUID = Field(foreign_key="organisations.id")
    province: str = Field(max_length=2)
    card: int = Field(default=0, sa_type=BigInteger)
    """0: the whole batch."""
    iccid: str = Field(default="", max_length=20)
    reason: str = Field(max_length=500)
    added_by: UUID | None = Field(default=None)
    since: datetime = Field(sa_type=UtcDateTime)
    until: date
    """The last day."""
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_why: str = Field(default="", max_length=500)

    def holds(self, on: date) -> bool:
        return self.ended_at is None and on <= self.until

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_carrier(actor, col(cls.carrier_id), col(cls.province))

    @property
    def title(self) -> str:
        return self.iccid

    @property
    def belongs_to(self) -> UUID | None:
        return self.carrier_id


class BatchDay(Table, table=True):
    """What the cards of a batch did on a day. A later file of the same day replaces it."""

    batch_id: UUID = Field(foreign_key="industry_batches.id", primary_key=True)
    day: date = Field(primary_key=True)
    cards: int = Field(sa_type=BigInteger)
    """That had any use."""
    bytes: int = Field(sa_type=BigInteger)
    top_bytes: int = Field(sa_type=BigInteger)
    """Of the card that used the most."""
    voice: int = Field(sa_type=BigInteger)
    sms: int = Field(sa_type=BigInteger)
    devices: int = Field(sa_type=BigInteger)
    regions: int = Field(sa_type=BigInteger)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_batch(actor, col(cls.batch_id))


class CardDay(Table, table=True):
    """What a card under watch did on a day."""

    __table_args__ = (Index("ix_card_days_batch", "batch_id", "day"),)

    card: int = Field(sa_type=BigInteger, primary_key=True)
    day: date = Field(primary_key=True)
    batch_id: UUID = Field(foreign_key="industry_batches.id")
    bytes: int = Field(sa_type=BigInteger)
    voice: int = Field(sa_type=BigInteger)
    sms: int = Field(sa_type=BigInteger)
    device: str = Field(default="", max_length=16)
    region: str = Field(default="", max_length=6)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_batch(actor, col(cls.batch_id))
