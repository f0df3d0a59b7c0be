"""The public log of the channel: sealed, proved, and read by anyone (BADGE 4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Final, cast

from sqlalchemy import func, insert
from sqlmodel import col, select

from console.actions import audit, trees
from console.actions.tree_check import Verdict, verify
from console.actions.trees import Head, Log, table_of
from console.desk import Desk, House, Order, Slice, Work
from models.channel.badges import Badge
from models.channel.log import (
    Cosignature,
    LogCheckpoint,
    LogEntry,
    LogKind,
    LogTile,
    NewEntry,
)
from models.merkle import HASH_SIZE, consistency_proof, inclusion_proof, leaf_hash, leaf_hashes
from models.permissions import Permission
from models.refusals import Invalid, NotFound
from models.tiles import HIGHEST, TILE_LEVELS, Part, bundled
from models.tokens import KeyRole

PUBLIC: Final = Log(
    name="log",
    entries=table_of(LogEntry),
    tiles=table_of(LogTile),
    heads=table_of(LogCheckpoint),
    columns=("body",),
    leaf=itemgetter(0),
    raw_leaf=itemgetter(0),
    label="kind",
    lock=0x1093,
)
LOGS: Final = (audit.DEEDS, PUBLIC)


def append_entries(desk: Desk, work: Work, entries: Sequence[NewEntry]) -> int:
    """Write many events of one work and give them their places at once; the first one's.

    The log is this work's alone until it ends, so it is for the last step of a large one.
    """
    trees.alone(work, PUBLIC)
    start = trees.extend(desk, work, PUBLIC, leaf_hashes(entry.body for entry in entries))
    connection, table = work.session.connection(), PUBLIC.entries
    if connection.dialect.name == "postgresql":
        rows = [{**one._asdict(), "leaf": leaf} for leaf, one in enumerate(entries, start)]
        connection.execute(insert(table), rows)
        return start
    # All of one work have one moment; SQLAlchemy would write it anew for each row.
    shown = table.c.at.type.dialect_impl(connection.dialect).bind_processor(connection.dialect)
    at = {one: shown(one) if shown else one for one in {entry.at for entry in entries}}
    names = ", ".join((*NewEntry._fields, "leaf"))
    connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({names}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - our names
        [(at[one[0]], *one[1:], leaf) for leaf, one in enumerate(entries, start)],
    )
    return start


def seal_logs(desk: Desk) -> int:
    """Give every waiting entry of both logs its place, and sign the new heads; how many there were.

    A log whose past was changed signs nothing more; it does not keep the other from going on.
    """
    try:
        sealed = trees.seal(desk, audit.DEEDS)
    finally:
        public = trees.seal(desk, PUBLIC)
    return sealed + public


def verify_logs(desk: Desk) -> dict[str, Verdict]:
    """What a check of each whole log found, by its name."""
    return {log.name: verify(desk, log) for log in LOGS}


@dataclass(frozen=True, slots=True)
class SignedHead:
    """The newest head, as anyone may have it."""

    size: int
    root: bytes
    note: str
    """With the lines of those who cosigned it."""
    at: datetime
    cosigned_at: datetime | None
    witnesses: tuple[str, ...]


def newest_head(house: House) -> SignedHead:
    """The newest signed head; NotFound before the first."""
    with house.desk().begin(Permission.LOG_READ) as work:
        return _head(work, None)


def _head(work: Work, size: int | None) -> SignedHead:
    """The head of that size, or the newest one."""
    query = select(LogCheckpoint).order_by(col(LogCheckpoint.size).desc()).limit(1)
    found = work.session.exec(
        query if size is None else query.where(LogCheckpoint.size == size)
    ).first()
    if found is None:
        raise NotFound("log.no_head") if size is None else NotFound("log.no_head_of", size=size)
    lines = work.session.exec(
        select(Cosignature)
        .where(Cosignature.size == found.size)
        .order_by(col(Cosignature.at), col(Cosignature.witness))
    ).all()
    note = found.note + "".join(one.line for one in lines)
    names = tuple(one.witness for one in lines)
    return SignedHead(found.size, found.root, note, found.at, found.cosigned_at, names)


def tile(house: House, level: int, part: Part) -> bytes:
    """Hashes of a tile; NotFound where the signed tree has not so many."""
    if not 0 <= level <= HIGHEST:
        raise NotFound("log.no_tile")
    with house.desk().begin(Permission.LOG_READ) as work:
        last = trees.last_head(work.session.connection(), PUBLIC)
        known = 0 if last is None else last.size >> TILE_LEVELS * level
        if part.first + part.width > known:
            raise NotFound("log.no_tile")
        found = trees.hashes_from(work.session.connection(), PUBLIC, level, part.first, part.width)
    if len(found) != part.width * HASH_SIZE:
        raise NotFound("log.no_tile")
    return found


def bundle(house: House, part: Part) -> bytes:
    """Entries of a bundle; NotFound where the signed log has not so many."""
    with house.desk().begin(Permission.LOG_READ) as work:
        bodies = work.session.exec(
            select(LogEntry.body)
            .where(col(LogEntry.leaf) >= part.first, col(LogEntry.leaf) < part.first + part.width)
            .order_by(col(LogEntry.leaf))
        ).all()
    if len(bodies) != part.width:
        raise NotFound("log.no_tile")
    return bundled(bodies)


@dataclass(frozen=True, slots=True)
class ProvedEntry:
    """An entry, and why it is believed that it stands in the log."""

    entry: LogEntry
    leaf: int
    leaf_hash: bytes
    path: tuple[bytes, ...]
    """Sibling hashes, from the leaf to the root."""
    size: int
    root: bytes
    head: SignedHead | None
    """The signed head of that size; None where none was signed."""


def proved_entry(house: House, leaf: int, size: int | None = None) -> ProvedEntry:
    """The entry at a place and its inclusion proof, under the newest head or a tree of `size`."""
    with house.desk().begin(Permission.LOG_READ) as work:
        return _proved(work, leaf, size)


def proved_badge(house: House, badge_id: str, size: int | None = None) -> ProvedEntry:
    """The entry by which a badge was issued, and its proof."""
    with house.desk().begin(Permission.LOG_READ) as work:
        leaf = _issued_at(work, badge_id)
        if leaf is None:
            raise NotFound("log.no_badge", badge_id=badge_id)
        return _proved(work, leaf, size)


def _issued_at(work: Work, badge_id: str) -> int | None:
    return work.session.exec(
        select(LogEntry.leaf)
        .where(LogEntry.badge_id == badge_id, LogEntry.kind == LogKind.BADGE_ISSUED)
        .where(col(LogEntry.leaf).is_not(None))
        .order_by(col(LogEntry.leaf))
        .limit(1)
    ).first()


def _proved(work: Work, leaf: int, size: int | None) -> ProvedEntry:
    connection = work.session.connection()
    newest = _head(work, None)
    size = newest.size if size is None else size
    if not 0 < size <= newest.size:
        raise Invalid("log.no_tree", size=size, newest=newest.size)
    entry = work.session.exec(select(LogEntry).where(LogEntry.leaf == leaf)).first()
    if entry is None or leaf >= size:
        raise NotFound("log.no_entry", index=leaf, size=size)
    signed = work.session.get(LogCheckpoint, size)
    path = trees.answered(connection, PUBLIC, lambda nodes: inclusion_proof(leaf, size, nodes))
    root = signed.root if signed else trees.root_of(connection, PUBLIC, size)
    head = _head(work, size) if signed else None
    return ProvedEntry(entry, leaf, leaf_hash(entry.body), tuple(path), size, root, head)


@dataclass(frozen=True, slots=True)
class Extension:
    """That a later tree holds an earlier one."""

    old: int
    new: int
    old_root: bytes
    new_root: bytes
    path: tuple[bytes, ...]


def extension(house: House, old: int, new: int | None = None) -> Extension:
    """The consistency proof from a tree of `old` entries to one of `new`, or to the newest."""
    with house.desk().begin(Permission.LOG_READ) as work:
        connection, newest = work.session.connection(), _head(work, None).size
        new = newest if new is None else new
        if not 0 <= old <= new <= newest:
            raise Invalid("log.no_extension", old=old, new=new, newest=newest)
        path = trees.answered(connection, PUBLIC, lambda nodes: consistency_proof(old, new, nodes))
        roots = [trees.root_of(connection, PUBLIC, size) for size in (old, new)]
    return Extension(old, new, roots[0], roots[1], tuple(path))


def first_cosigned(house: House, token_sha256: str) -> int | None:
    """POSIX seconds of the first cosigned head that holds the issuing of that very token.

    By it a token is known to be older than the loss of its key, for a witness said when.
    """
    with house.desk().begin(Permission.LOG_READ) as work:
        badge_id = work.session.exec(
            select(Badge.badge_id).where(Badge.token_sha256 == token_sha256)
        ).first()
        entry = (
            badge_id
            and work.session.exec(
                select(LogEntry)
                .where(LogEntry.badge_id == badge_id, LogEntry.kind == LogKind.BADGE_ISSUED)
                .where(LogEntry.token_sha256 == token_sha256, col(LogEntry.leaf).is_not(None))
            ).first()
        )
        if not entry:
            return None
        at = work.session.exec(
            select(func.min(LogCheckpoint.cosigned_at)).where(
                col(LogCheckpoint.cosigned_at).is_not(None),
                LogCheckpoint.size > cast("int", entry.leaf),
            )
        ).one()
    return None if at is None else int(at.timestamp())


def list_entries(  # noqa: PLR0913 - the filters of a list
    desk: Desk,
    after: str | None = None,
    *,
    kind: LogKind | None = None,
    agent_no: str = "",
    badge_id: str = "",
    limit: int = 50,
) -> Slice[LogEntry]:
    """Entries, latest first."""
    with desk.begin(Permission.LOG_READ) as work:
        query = work.select(LogEntry)
        if kind is not None:
            query = query.where(LogEntry.kind == kind)
        if agent_no:
            query = query.where(LogEntry.agent_no == agent_no)
        if badge_id:
            query = query.where(LogEntry.badge_id == badge_id)
        return work.slice(query, Order.by(LogEntry.seq), after, limit)


def entry_of(desk: Desk, seq: int) -> LogEntry:
    """An entry by its number, whether it has its place yet or not."""
    with desk.begin(Permission.LOG_READ) as work:
        return work.one(work.select(LogEntry).where(LogEntry.seq == seq), LogEntry)


def log_name(house: House) -> tuple[str, str]:
    """The log's origin and its verifier key, as auditors and witnesses are given them."""
    signer = house.keys.ensure(KeyRole.LOG, house.now())
    with house.desk().begin(Permission.LOG_READ) as work:
        last: Head | None = trees.last_head(work.session.connection(), PUBLIC)
    origin = trees.origin_of(house.desk(), PUBLIC, last)
    return origin, trees.note_key(origin, signer.public_key).vkey
