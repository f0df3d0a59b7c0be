"""The record of deeds, and the tree that makes later changes to it show.

An entry is written in the deed's own transaction. A sequencer gives it its place in a Merkle tree
(RFC 9162 2.1) a moment later and signs the tree's head, so that deeds do not queue on one lock.
The leaf is a salted commitment: the head and the tree may be public, the entries stay private.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any, Final
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, Index, Integer, true
from sqlmodel import Field, SQLModel, col

from models.base import Table, UtcDateTime, words
from models.permissions import Role
from models.staff import Actor, Door, among, any_of, false_unless

COMMITTED: Final = (
    "at", "actor_id", "actor_name", "organisation_id", "organisation", "door", "deed",
    "subject_kind", "subject_id", "subject_name", "province", "facts", "salt",
)  # fmt: skip
"""The columns of an entry that its commitment is made of."""
_written: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def commitment_of(entry: Sequence[Any]) -> bytes:
    """What stands in the tree for an entry: nothing that is `COMMITTED` can be changed unseen."""
    at, actor_id, actor_name, organisation_id, organisation, door, *rest = entry[:12]
    text = _written(
        [at.isoformat(), str(actor_id), actor_name, str(organisation_id), organisation, door, *rest]
    )
    return hashlib.sha256(bytes.fromhex(entry[12]) + text.encode()).digest()


def raw_commitment_of(entry: Sequence[Any]) -> bytes:
    """The same from what SQLite keeps, at a third of the cost: no value is made to be unmade."""
    at, actor_id, actor_name, organisation_id, organisation, door, deed, *subject = entry[:12]
    *named, province, facts = subject
    texts = [
        f"{datetime.fromisoformat(at).isoformat()}+00:00",
        _shown_id(actor_id),
        actor_name,
        _shown_id(organisation_id),
        organisation,
        door,
        deed,
        *named,
    ]
    place = "null" if province is None else encode_basestring(province)
    told = "{}" if facts == "{}" else _written(json.loads(facts))
    text = f"[{','.join(map(encode_basestring, texts))},{place},{told}]"
    return hashlib.sha256(bytes.fromhex(entry[12]) + text.encode()).digest()


@lru_cache(4096)
def _shown_id(kept: str | None) -> str:
    return "None" if kept is None else str(UUID(kept))


class AuditEntry(Table, table=True):
    """One deed. Names are copied, so that the entry outlives whom and what it names."""

    __table_args__ = (Index("ix_audit_entries_subject", "subject_kind", "subject_id"),)

    seq: int | None = Field(default=None, sa_type=Integer, primary_key=True)
    """The order of writing. Not the place in the tree: two deeds may commit the other way round."""
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    actor_id: UUID | None = Field(index=True)
    actor_name: str
    organisation_id: UUID | None = Field(index=True)
    organisation: str
    door: Door = Field(sa_type=words(Door))
    deed: str = Field(max_length=64, index=True)
    subject_kind: str = Field(max_length=40)
    subject_id: str = Field(max_length=64)
    subject_name: str
    province: str | None = Field(default=None, max_length=2)
    facts: dict[str, Any] = Field(sa_type=JSON)
    salt: str = Field(max_length=32)
    leaf: int | None = Field(default=None, unique=True)
    """The place in the tree, once the sequencer has given it one."""

    @classmethod
    def of(  # noqa: PLR0913 - one entry's parts
        cls,
        *,
        at: datetime,
        actor: Actor,
        deed: str,
        kind: str,
        id: str,  # noqa: A002 - the subject's
        name: str,
        province: str | None,
        facts: Mapping[str, Any],
    ) -> "AuditEntry":
        return cls(
            at=at,
            actor_id=actor.id,
            actor_name=actor.name,
            organisation_id=actor.organisation_id,
            organisation=actor.organisation,
            door=actor.door,
            deed=deed,
            subject_kind=kind,
            subject_id=id,
            subject_name=name,
            province=province,
            facts=dict(facts),
            salt=os.urandom(16).hex(),
        )

    def commitment(self) -> bytes:
        return commitment_of([getattr(self, name) for name in COMMITTED])

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        """Own deeds; of an approver or auditor the whole house; of a regulator its provinces."""
        if actor.is_house or Role.AUDIT_ADMIN in actor.roles:
            return true()
        own = col(cls.actor_id) == actor.id
        if Role.REGULATOR in actor.roles:
            return any_of(own, among(col(cls.province), actor.provinces))
        if actor.roles & {Role.APPROVER, Role.AUDITOR, Role.PLATFORM_OFFICER}:
            return any_of(own, among(col(cls.organisation_id), actor.organisations))
        return own


class TileColumns(SQLModel):
    """Up to 256 hashes of one level of a log's tree, one after another (models.tiles)."""

    level: int = Field(primary_key=True, sa_type=Integer)
    position: int = Field(primary_key=True, sa_type=Integer)
    hashes: bytes


class HeadColumns(SQLModel):
    """A signed head of a log (C2SP tlog-checkpoint)."""

    size: int = Field(primary_key=True, sa_type=Integer)
    root: bytes
    note: str
    at: datetime = Field(sa_type=UtcDateTime)


class AuditTile(TileColumns, Table, table=True):
    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return false_unless(truth=actor.is_house or Role.AUDIT_ADMIN in actor.roles)


class AuditCheckpoint(HeadColumns, Table, table=True):
    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:  # noqa: ARG003 - the head may be public
        return true()


class DoneOnce(Table, table=True):
    """What a key of a writing request was used for, kept in the transaction of its deed."""

    owner: str = Field(primary_key=True, max_length=64)
    key: str = Field(primary_key=True, max_length=128)
    fingerprint: str = Field(max_length=64)
    subject_kind: str = Field(max_length=40)
    subject_id: str = Field(max_length=64)
    at: datetime = Field(sa_type=UtcDateTime)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return col(cls.owner) == str(actor.id)
