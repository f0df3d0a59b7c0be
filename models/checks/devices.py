"""Reader devices: laptops whose agent signs what it reads (DOMAIN 4.11, READER E.3)."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Index, UniqueConstraint
from sqlmodel import Field, col, select

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.patrol.scope import Owned
from models.staff import Actor, among, any_of, false_unless


class DeviceState(StrEnum):
    PENDING = "pending"
    """Its key is here; nobody has compared the fingerprint yet."""
    ENROLLED = "enrolled"
    """Two people stand for it; it has not been heard of since."""
    ACTIVE = "active"
    QUARANTINED = "quarantined"
    RETIRED = "retired"


class DeviceMove(StrEnum):
    APPROVE = "approve"
    REFUSE = "refuse"
    SEEN = "seen"
    QUARANTINE = "quarantine"
    REINSTATE = "reinstate"
    RETIRE = "retire"


_S, _M = DeviceState, DeviceMove
DEVICE_MOVES: Final[Mapping[tuple[DeviceState, DeviceMove], DeviceState]] = {
    (_S.PENDING,      _M.APPROVE):     _S.ENROLLED,
    (_S.PENDING,      _M.REFUSE):      _S.RETIRED,
    (_S.ENROLLED,     _M.SEEN):        _S.ACTIVE,
    (_S.ENROLLED,     _M.QUARANTINE):  _S.QUARANTINED,
    (_S.ENROLLED,     _M.RETIRE):      _S.RETIRED,
    (_S.ACTIVE,       _M.QUARANTINE):  _S.QUARANTINED,
    (_S.ACTIVE,       _M.RETIRE):      _S.RETIRED,
    (_S.QUARANTINED,  _M.REINSTATE):   _S.ACTIVE,
    (_S.QUARANTINED,  _M.RETIRE):      _S.RETIRED,
}  # fmt: skip


class WhyQuarantined(StrEnum):
    CLOCK = "clock"
    """Its clock drifts beyond check_clock_skew."""
    REPLAY = "replay"
    """A challenge or a number of its chain came a second time in another token."""
    TOO_MANY = "too_many"
    """More reads in an hour than reader_read_limit."""
    NOT_SEEN = "not_seen"
    """Silent for longer than reader_last_seen."""
    VIRTUAL = "virtual"
    """It sent what a virtual reader read."""
    BY_HAND = "by_hand"


class ReaderDevice(Owned, Table, table=True):
    """One laptop with one key. A new key is a new device."""

    __table_args__ = (
        Index("ix_reader_devices_own", "organisation_id", "state", "id"),
        Index("ix_reader_devices_province", "province", "id"),
        Index("ix_reader_devices_seen", "state", "last_seen_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    number: str = Field(unique=True, max_length=40)
    organisation_id: UUID = Field(foreign_key="organisations.id")
    province: str | None = Field(default=None, max_length=2)
    kid: str = Field(unique=True, max_length=64)
    """RFC 7638 thumbprint of its key."""
    public_key: str = Field(max_length=64)
    """`x` of the OKP JWK (RFC 8037)."""
    fingerprint: str = Field(max_length=9)
    """What both sides show and people compare: `ABCD-EFGH`."""
    host: str = Field(max_length=120)
    site: str = Field(default="", max_length=200)
    """Where it is used (003-7.1-2)."""
    holder_id: UUID = Field(foreign_key="users.id", index=True)
    trained_until: date | None = Field(default=None)
    """The last day on which its holder's training counts (000-4.1-b)."""
    secrecy_ref: str = Field(default="", max_length=64)
    """Where the holder's promise of secrecy (保密协议) is filed."""
    asked_by: UUID | None = Field(default=None)
    """The first of the two who stand for it: whoever asked for its code."""
    approved_by: UUID | None = Field(default=None)
    approved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    state: DeviceState = Field(default=DeviceState.PENDING, sa_type=words(DeviceState))
    why: WhyQuarantined | None = Field(default=None, sa_type=words(WhyQuarantined))
    reason: str = Field(default="", max_length=1000)
    agent_version: str = Field(default="", max_length=32)
    agent_build: str = Field(default="", max_length=64)
    last_seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    skew_ms: int | None = Field(default=None)
    """How far its clock was ahead of ours when it was last heard of."""
    last_seq: int = Field(default=0, sa_type=BigInteger)
    last_sha256: str = Field(default="", max_length=64)
    """Of the newest token of its chain."""
    reads: int = Field(default=0)
    refused: int = Field(default=0)
    version: int = Field(default=1)
    created_at: datetime = Field(sa_type=UtcDateTime)

    def move(self, move: DeviceMove) -> None:
        self.state = moved(DEVICE_MOVES, self.state, move)
        self.version += 1

    def open_moves(self) -> list[DeviceMove]:
        return open_moves(DEVICE_MOVES, self.state)

    def is_holder_ready(self, day: date) -> bool:
        """Trained, and bound to keep what is read to themselves."""
        is_trained = self.trained_until is not None and day <= self.trained_until
        return is_trained and bool(self.secrecy_ref)

    @property
    def is_at_work(self) -> bool:
        return self.state in {DeviceState.ENROLLED, DeviceState.ACTIVE}

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        if actor.is_house:
            return false_unless(truth=True)
        return any_of(among(col(cls.organisation_id), actor.organisations))

    @property
    def title(self) -> str:
        return f"{self.number} {self.host}"

    @property
    def place(self) -> str | None:
        return self.province


class EnrolmentCode(Owned, Table, table=True):
    """A one-time code that pairs a laptop with whoever will hold it."""

    __table_args__ = (Index("ix_enrolment_codes_own", "organisation_id", "id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    code_hash: str = Field(unique=True, max_length=64)
    organisation_id: UUID = Field(foreign_key="organisations.id")
    holder_id: UUID = Field(foreign_key="users.id")
    site: str = Field(default="", max_length=200)
    asked_by: UUID | None = Field(default=None)
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    device_id: UUID | None = Field(default=None)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        if actor.is_house:
            return false_unless(truth=True)
        return any_of(among(col(cls.organisation_id), actor.organisations))


class CardReaderState(StrEnum):
    SEEN = "seen"
    """Of an identity card's reader: its security module waits for somebody to allow it."""
    ALLOWED = "allowed"
    BARRED = "barred"


class CardReader(Table, table=True):
    """A card reader that a device reads with. One for identity cards is allowed by its SAM id."""

    __table_args__ = (UniqueConstraint("device_id", "name", "serial", "sam_id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    device_id: UUID = Field(foreign_key="reader_devices.id", index=True)
    name: str = Field(max_length=200)
    usb: str = Field(default="", max_length=9)
    serial: str = Field(default="", max_length=64)
    sam_id: str = Field(default="", max_length=40)
    is_virtual: bool = Field(default=False)
    state: CardReaderState = Field(default=CardReaderState.SEEN, sa_type=words(CardReaderState))
    judged_by: UUID | None = Field(default=None)
    judged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    first_seen_at: datetime = Field(sa_type=UtcDateTime)
    version: int = Field(default=1)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        if actor.is_house:
            return false_unless(truth=True)
        own = select(ReaderDevice.id).where(ReaderDevice.seen_by(actor))
        return col(cls.device_id).in_(own)

    @property
    def title(self) -> str:
        return self.sam_id or self.name
