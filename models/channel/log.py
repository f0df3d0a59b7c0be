"""The public log: every event of a badge, licence, key and publication, for ever (BADGE 4).

An entry is written in the transaction of what it tells of, and gets its place in a Merkle tree
(RFC 6962 2.1) a moment later. Entries are public, so no person and no free text stands in one.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Integer, true
from sqlmodel import Field

from models.audit import HeadColumns, TileColumns
from models.base import Table, UtcDateTime, words
from models.canonical import canonical
from models.staff import Actor

FORMAT = "channel-log/1"


class LogKind(StrEnum):
    """What befell what: `<subject>.<event>`."""

    LICENCE_APPROVED = "licence.approved"
    LICENCE_AMENDED = "licence.amended"
    LICENCE_SUSPENDED = "licence.suspended"
    LICENCE_RESUMED = "licence.resumed"
    LICENCE_EXPIRED = "licence.expired"
    LICENCE_TERMINATED = "licence.terminated"
    LICENCE_REVOKED = "licence.revoked"
    BADGE_REQUESTED = "badge.requested"
    BADGE_ISSUED = "badge.issued"
    BADGE_DISPLAYED = "badge.displayed"
    BADGE_SUSPENDED = "badge.suspended"
    BADGE_RESUMED = "badge.resumed"
    BADGE_COMPROMISED = "badge.compromised"
    BADGE_REPLACED = "badge.replaced"
    BADGE_REVOKED = "badge.revoked"
    BADGE_EXPIRED = "badge.expired"
    PUBLICATION_PUBLISHED = "publication.published"
    REGISTER_COPIED = "register.copied"
    KEY_MADE = "key.made"
    KEY_REVOKED = "key.revoked"
    ISSUING_HALTED = "issuing.halted"
    ISSUING_RESUMED = "issuing.resumed"


class NewEntry(NamedTuple):
    """An event as it is written; a tuple, for there may be a hundred thousand at once."""

    at: datetime
    kind: str
    agent_no: str | None
    badge_id: str | None
    token_sha256: str | None
    body: bytes

    @classmethod
    def of(cls, kind: LogKind, at: datetime, by: str, facts: Mapping[str, Any]) -> "NewEntry":
        """`facts` are published as they are; `by` is the role that acted, never who."""
        body = {"format": FORMAT, "kind": kind, "at": at.astimezone(UTC).isoformat(), "by": by}
        return cls(
            at,
            kind.value,
            facts.get("agent_no"),
            facts.get("badge_id"),
            facts.get("token_sha256"),
            canonical({**body, **facts}).rstrip(),
        )


class LogEntry(Table, table=True):
    """One public event. `body` are the very bytes that stand in the tree."""

    seq: int | None = Field(default=None, sa_type=Integer, primary_key=True)
    """The order of writing. Not the place in the tree: two deeds may commit the other way round."""
    at: datetime = Field(sa_type=UtcDateTime)
    kind: LogKind = Field(sa_type=words(LogKind))
    agent_no: str | None = Field(default=None, max_length=40, index=True)
    badge_id: str | None = Field(default=None, max_length=16, index=True)
    token_sha256: str | None = Field(default=None, max_length=64)
    body: bytes
    leaf: int | None = Field(default=None, unique=True)
    """The place in the tree, once the sequencer has given it one."""

    @classmethod
    def of(cls, kind: LogKind, at: datetime, by: str, facts: Mapping[str, Any]) -> "LogEntry":
        new = NewEntry.of(kind, at, by, facts)
        return cls(
            at=at,
            kind=kind,
            agent_no=new.agent_no,
            badge_id=new.badge_id,
            token_sha256=new.token_sha256,
            body=new.body,
        )

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:  # noqa: ARG003 - it is public
        return true()


class LogTile(TileColumns, Table, table=True):
    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:  # noqa: ARG003 - it is public
        return true()


class LogCheckpoint(HeadColumns, Table, table=True):
    cosigned_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    """When the first witness signed this head too: nothing under it was made later than that."""

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:  # noqa: ARG003 - it is public
        return true()


class Cosignature(Table, table=True):
    """A witness's signature on a head (C2SP tlog-cosignature v1)."""

    size: int = Field(primary_key=True, sa_type=Integer)
    witness: str = Field(primary_key=True, max_length=200)
    line: str
    """As it stands under the note."""
    at: datetime = Field(sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:  # noqa: ARG003 - it is public
        return true()
