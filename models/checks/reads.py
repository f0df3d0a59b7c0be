"""Reads of cards as devices sign them, and the challenges that they answer (READER E.2, E.3)."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ColumnElement, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, col, select

from models.base import Table, UtcDateTime, new_id, words
from models.checks.devices import ReaderDevice
from models.checks.spot_checks import SpotCheck
from models.staff import Actor, any_of, false_unless


class ReadKind(StrEnum):
    SIM = "sim"
    ID = "id"
    FAULT = "fault"


class ReadState(StrEnum):
    ACCEPTED = "accepted"
    REFUSED = "refused"
    """Signed by a device of ours and turned down; it is on record and counts for nothing."""
    PURGED = "purged"
    """The term of raw reads is over: hash and receipt are left."""


class Chain(StrEnum):
    """How a read follows the one before it of its device."""

    WHOLE = "whole"
    GAP = "gap"
    """Numbers are missing in between."""
    BROKEN = "broken"
    """The number follows, and the hash is not that of the one before."""


class ReadChallenge(Table, table=True):
    """Thirty-two random bytes that one read may answer, once."""

    __table_args__ = (Index("ix_read_challenges_open", "device_id", "check_id", "kind", "used_at"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    value: str = Field(unique=True, max_length=43)
    """base64url, unpadded."""
    device_id: UUID = Field(foreign_key="reader_devices.id")
    check_id: UUID = Field(foreign_key="spot_checks.id", index=True)
    kind: ReadKind = Field(sa_type=words(ReadKind))
    is_offline: bool = Field(default=False)
    """Of a pack, for reads without a network."""
    made_at: datetime = Field(sa_type=UtcDateTime)
    until: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return false_unless(truth=actor.is_house)


class CardRead(Table, table=True):
    """One token of a device: what was read, and the token itself as evidence of handling."""

    __table_args__ = (
        UniqueConstraint("device_id", "read_id"),
        Index("ix_card_reads_check", "check_id", "id"),
        Index("ix_card_reads_device", "device_id", "id"),
        Index("ix_card_reads_own", "organisation_id", "id"),
        Index("ix_card_reads_hour", "device_id", "captured_at"),
        Index("ix_card_reads_card", "card", "id"),
        Index("ix_card_reads_raw", "state", "received_at"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    read_id: UUID
    """The device's own id of it."""
    device_id: UUID = Field(foreign_key="reader_devices.id")
    organisation_id: UUID = Field(foreign_key="organisations.id")
    check_id: UUID | None = Field(default=None, foreign_key="spot_checks.id")
    kind: ReadKind = Field(sa_type=words(ReadKind))
    state: ReadState = Field(sa_type=words(ReadState))
    refusal: str = Field(default="", max_length=64)
    """The code of why it was refused."""
    seq: int = Field(sa_type=BigInteger)
    chain: Chain = Field(sa_type=words(Chain))
    sha256: str = Field(max_length=64, index=True)
    """Of the JWS as signed."""
    captured_at: datetime = Field(sa_type=UtcDateTime)
    received_at: datetime = Field(sa_type=UtcDateTime)
    skew_ms: int
    is_offline: bool = Field(default=False)
    reader: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    agent: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    iccid: str = Field(default="", max_length=20)
    card: int | None = Field(default=None, sa_type=BigInteger)
    """`card_number` of the ICCID; none where it is no Chinese one."""
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=JSON)
    """What else was read; of a person only marks: kind of document, validity, whether it fits."""
    fault: str = Field(default="", max_length=32)
    token: bytes = Field(default=b"", sa_type=LargeBinary, repr=False)
    """The JWS in ASCII; sealed where it is of a person; empty when purged."""
    receipt: str = Field(default="", max_length=1000)
    purged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        if actor.is_house:
            return false_unless(truth=True)
        checks = select(SpotCheck.id).where(SpotCheck.seen_by(actor))
        devices = select(ReaderDevice.id).where(ReaderDevice.seen_by(actor))
        return any_of(col(cls.check_id).in_(checks), col(cls.device_id).in_(devices))

    @property
    def title(self) -> str:
        return self.iccid or self.fault or str(self.read_id)

    @property
    def belongs_to(self) -> UUID | None:
        return self.organisation_id
