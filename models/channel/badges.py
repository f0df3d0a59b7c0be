"""A badge (统一标识): one for each agent and shop, its QR code signed (DOMAIN 4.5, BADGE 2.1)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Index, Integer, text
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, moved, new_id, open_moves, words
from models.staff import Actor, of_carrier
from models.tokens import Standing


class BadgeState(StrEnum):
    REQUESTED = "requested"
    ISSUED = "issued"
    DISPLAYED = "displayed"
    SUSPENDED = "suspended"
    COMPROMISED = "compromised"
    REPLACED = "replaced"
    REVOKED = "revoked"
    EXPIRED = "expired"


class BadgeMove(StrEnum):
    ISSUE = "issue"
    DISPLAYED_SEEN = "displayed_seen"
    SUSPEND = "suspend"
    RESUME = "resume"
    COPIED_DETECTED = "copied_detected"
    REISSUE = "reissue"
    REVOKE = "revoke"
    EXPIRE = "expire"


_S, _M = BadgeState, BadgeMove
LIVE: Final = (_S.REQUESTED, _S.ISSUED, _S.DISPLAYED, _S.SUSPENDED)
"""Of which a shop has one at most."""
_SIGNED: Final = (_S.ISSUED, _S.DISPLAYED, _S.SUSPENDED, _S.COMPROMISED)
BADGE_MOVES: Final[Mapping[tuple[BadgeState, BadgeMove], BadgeState]] = {
    (_S.REQUESTED,    _M.ISSUE):            _S.ISSUED,
    (_S.ISSUED,       _M.DISPLAYED_SEEN):   _S.DISPLAYED,
    (_S.ISSUED,       _M.SUSPEND):          _S.SUSPENDED,
    (_S.DISPLAYED,    _M.SUSPEND):          _S.SUSPENDED,
    (_S.SUSPENDED,    _M.RESUME):           _S.ISSUED,
    (_S.ISSUED,       _M.COPIED_DETECTED):  _S.COMPROMISED,
    (_S.DISPLAYED,    _M.COPIED_DETECTED):  _S.COMPROMISED,
    (_S.SUSPENDED,    _M.COPIED_DETECTED):  _S.COMPROMISED,
    (_S.COMPROMISED,  _M.REISSUE):          _S.REPLACED,
    **{(state, _M.REVOKE): _S.REVOKED for state in (_S.REQUESTED, *_SIGNED)},
    **{(state, _M.EXPIRE): _S.EXPIRED for state in (_S.REQUESTED, *_SIGNED)},
}  # fmt: skip

STANDINGS: Final[Mapping[BadgeState, Standing]] = {
    _S.ISSUED: Standing.GOOD,
    _S.DISPLAYED: Standing.GOOD,
    _S.EXPIRED: Standing.GOOD,  # the token says so itself, and is judged by its time first
    _S.SUSPENDED: Standing.SUSPENDED,
    _S.COMPROMISED: Standing.REVOKED,
    _S.REPLACED: Standing.REVOKED,
    _S.REVOKED: Standing.REVOKED,
}

FALLEN: Final = "state IN ('suspended', 'compromised', 'replaced', 'revoked')"
"""In SQL: the states that a status list marks."""


class Badge(Table, table=True):
    __table_args__ = (
        Index(
            "uq_badges_live",
            "shop_id",
            unique=True,
            sqlite_where=text("state IN ('requested', 'issued', 'displayed', 'suspended')"),
            postgresql_where=text("state IN ('requested', 'issued', 'displayed', 'suspended')"),
        ),
        # What the sweeps and the status lists look for among millions.
        Index(
            "ix_badges_requested",
            "id",
            sqlite_where=text("state = 'requested'"),
            postgresql_where=text("state = 'requested'"),
        ),
        Index(
            "ix_badges_fallen",
            "status_index",
            "state",
            sqlite_where=text(FALLEN),
            postgresql_where=text(FALLEN),
        ),
        Index("ix_badges_carrier_state", "carrier_id", "state", "id"),
        Index("ix_badges_province_state", "province", "state", "id"),
        Index("ix_badges_platform_state", "platform", "state", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    badge_id: str = Field(unique=True, max_length=16)
    """Eight random bytes in hex: the token's `cti`."""
    carrier_id: UUID = Field(foreign_key="organisations.id")
    agent_id: UUID = Field(foreign_key="agents.id", index=True)
    licence_id: UUID = Field(foreign_key="licences.id", index=True)
    shop_id: UUID = Field(foreign_key="authorised_shops.id")
    platform: str = Field(max_length=32)
    province: str = Field(max_length=2)
    status_index: int = Field(unique=True, sa_type=Integer)
    """Its place in the status list, drawn at random."""
    state: BadgeState = Field(default=BadgeState.REQUESTED, sa_type=words(BadgeState))
    token: bytes | None = Field(default=None)
    """The signed token; none until it was stored as requested and then signed."""
    kid: str | None = Field(default=None, max_length=4, index=True)
    """The key that signed it."""
    replaces_id: UUID | None = Field(default=None, index=True)
    """The badge of the same shop that was copied, or signed with a key that was lost."""
    token_sha256: str | None = Field(default=None, max_length=64, unique=True)
    issued_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    reason: str = Field(default="", max_length=1000)
    version: int = Field(default=1)

    def move(self, move: BadgeMove) -> None:
        self.state = moved(BADGE_MOVES, self.state, move)
        self.version += 1

    def open_moves(self) -> list[BadgeMove]:
        return open_moves(BADGE_MOVES, self.state)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_carrier(actor, col(cls.carrier_id), col(cls.province), col(cls.platform))

    @property
    def title(self) -> str:
        return self.badge_id

    @property
    def belongs_to(self) -> UUID | None:
        return self.carrier_id

    @property
    def place(self) -> str | None:
        return self.province
