"""The nightly check: every badge that was ever signed is verified anew against its row and the log.

What is found is a deed on record; one bad badge halts issuing at once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select
from sqlalchemy import select as sqlalchemy_select
from sqlmodel import col, select

from console.actions.channel.gate import shut_gate
from console.actions.channel.issuing import halt_by_itself
from console.actions.channel.keys import announce_keys
from console.actions.channel.places import SHARD
from console.desk import Desk
from models.audit import AuditEntry
from models.channel.agents import Agent
from models.channel.badges import Badge
from models.channel.issuing import BadgeFault, Checked, SigningKey
from models.channel.log import LogEntry, LogKind
from models.channel.shops import AuthorisedShop
from models.permissions import Permission
from models.rules import china_day
from models.tokens import Badge as Token
from models.tokens import Claims, Key, KeyRole, KeySet, Malformed, shop_hash
from models.tokens.cose import read_sign1

DEED: Final = "badge.all_checked"
_BATCH: Final = 1000
_SLOW: Final = 300
"""Seconds from signing to keeping, in rows of the time when both had their own clock."""


def check_tonight(desk: Desk) -> Checked | None:
    """The check of the day, once a day in China; None when it was done or there is nothing."""
    last = last_check(desk.house.desk())
    if last is not None and last.at and china_day(last.at) == china_day(desk.now()):
        return None
    return check_all_badges(desk.house.desk())


def check_all_badges(desk: Desk) -> Checked | None:
    """Verify every signed badge; None before the first badge key was made."""
    with desk.begin(Permission.BADGE_HALT):
        pass  # allowed? What it finds may halt issuing.
    own = desk.house.desk()
    announce_keys(own)
    keys = own.house.keys.public_keys(KeyRole.BADGE)
    if not keys:
        return None
    known = _Known(KeySet(keys), {key.kid.hex(): key for key in keys}, _log_began(own))
    checked, bad, first = 0, 0, None
    for batch in _batches(own):
        checked += len(batch.rows)
        for badge_id, fault in _faults(batch, known):
            bad += 1
            first = first or (badge_id, fault)
    found = Checked(checked, bad, *(first or ("", None)), at=own.now())
    _keep(desk, found, keys[-1].kid.hex())
    return found


def _keep(desk: Desk, found: Checked, kid: str) -> None:
    """On record, by whoever had it done; the halt is the house's own."""
    facts = {"checked": found.checked, "bad": found.bad, "first": found.first, "fault": found.fault}
    with desk.house.desk().begin(Permission.BADGE_HALT) as work:
        shut_gate(work)
        key = work.session.get_one(SigningKey, kid)
        work.record(DEED, key, **facts, asked_by=desk.actor.name)
        if found.bad:
            halt_by_itself(work, f"{found.first} {found.fault} ({found.bad} / {found.checked})")


def last_check(desk: Desk) -> Checked | None:
    """What the latest check found."""
    with desk.begin(Permission.KEY_READ) as work:
        entry = work.session.exec(
            select(AuditEntry)
            .where(AuditEntry.subject_kind == SigningKey.__name__, AuditEntry.deed == DEED)
            .order_by(col(AuditEntry.seq).desc())
            .limit(1)
        ).first()
    if entry is None:
        return None
    facts = entry.facts
    fault = BadgeFault(facts["fault"]) if facts["fault"] else None
    return Checked(facts["checked"], facts["bad"], facts["first"], fault, entry.at)


@dataclass(frozen=True, slots=True)
class _Known:
    keys: KeySet
    by_kid: Mapping[str, Key]
    log_began: datetime
    """Badges that are older than the log are in none."""


@dataclass(frozen=True, slots=True)
class _Batch:
    rows: Sequence[Row[Any]]
    logged: Mapping[str, set[str | None]]
    """The hashes that the log has of each badge, by its id."""


_SIGNED: Final[Select[*tuple[Any, ...]]] = (
    sqlalchemy_select(
        col(Badge.id),
        col(Badge.badge_id),
        col(Badge.token),
        col(Badge.token_sha256),
        col(Badge.kid),
        col(Badge.status_index),
        col(Badge.issued_at),
        col(Badge.expires_at),
        col(Agent.agent_no),
        col(AuthorisedShop.platform),
        col(AuthorisedShop.shop_key),
    )
    .select_from(Badge)
    .join(Agent, col(Agent.id) == col(Badge.agent_id))
    .join(AuthorisedShop, col(AuthorisedShop.id) == col(Badge.shop_id))
    .where(col(Badge.token).is_not(None))
    .order_by(col(Badge.id))
    .limit(_BATCH)
)


def _batches(own: Desk) -> Iterator[_Batch]:
    """All signed badges in the order of their ids, a thousand in memory at a time."""
    last: UUID | None = None
    while True:
        query = _SIGNED if last is None else _SIGNED.where(col(Badge.id) > last)
        with own.begin(Permission.BADGE_READ) as work:
            rows = work.session.connection().execute(query).all()
            entries = work.session.exec(
                select(LogEntry.badge_id, LogEntry.token_sha256).where(
                    col(LogEntry.badge_id).in_([row.badge_id for row in rows]),
                    LogEntry.kind == LogKind.BADGE_ISSUED,
                )
            ).all()
        if not rows:
            return
        logged: dict[str, set[str | None]] = {}
        for badge_id, digest in entries:
            logged.setdefault(badge_id or "", set()).add(digest)
        yield _Batch(rows, logged)
        last = rows[-1].id


def _log_began(own: Desk) -> datetime:
    with own.begin(Permission.LOG_READ) as work:
        first = work.session.exec(select(LogEntry.at).order_by(col(LogEntry.seq)).limit(1)).first()
    return first or own.now()


def _faults(batch: _Batch, known: _Known) -> Iterator[tuple[str, BadgeFault]]:
    for row in batch.rows:
        fault = _fault_of(row, known, batch.logged.get(row.badge_id, set()))
        if fault is not None:
            yield row.badge_id, fault


def _fault_of(row: Row[Any], known: _Known, logged: set[str | None]) -> BadgeFault | None:  # noqa: PLR0911 - one for each fault
    try:
        signed = read_sign1(row.token)
        token = Token(row.token, signed, Claims.from_bytes(signed.payload))
    except Malformed:
        return BadgeFault.BAD_FORM
    key = known.keys.key_of(signed)
    if key is None or key is not known.by_kid.get(row.kid or ""):
        return BadgeFault.UNKNOWN_KEY
    if not key.has_signed(signed.signature, signed.signed_bytes):
        return BadgeFault.BAD_SIGNATURE
    if sha256(row.token).hexdigest() != row.token_sha256:
        return BadgeFault.OTHER_HASH
    if not _says(token.claims, row) or not key.is_in_force(token.claims.issued_at):
        return BadgeFault.OTHER_CLAIMS
    if row.token_sha256 not in logged and row.issued_at >= known.log_began:
        return BadgeFault.NOT_LOGGED
    return None


def _says(claims: Claims, row: Row[Any]) -> bool:
    """Whether the token says what the row does; the server's address may have changed since."""
    lag = int(row.issued_at.timestamp()) - claims.issued_at
    shop = shop_hash(row.platform, row.shop_key)
    number, place = divmod(row.status_index, SHARD)
    return (
        claims.agent_no == row.agent_no
        and claims.badge_id.hex() == row.badge_id
        and claims.shops == (shop,)
        and claims.status_index == place
        and claims.status_uri.endswith(f"/s/{number + 1}")
        and claims.expires_at == int(row.expires_at.timestamp())
        and 0 <= lag <= _SLOW
    )
