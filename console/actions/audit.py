"""The record of deeds: read it, seal it into the tree, check that nothing was altered."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import func, insert
from sqlmodel import col, select

from console.desk import Desk, Order, Slice, Work
from models.audit import AuditCheckpoint, AuditEntry, AuditNode
from models.base import Table
from models.merkle import Appender, edge_of, inclusion_proof, leaf_hash
from models.notes import BadNote, Checkpoint, Note, NoteKey, read_note, sign_note
from models.permissions import Permission
from models.tokens import KeyRole, PublicKey

BATCH: Final = 5_000
_SEAL_LOCK: Final = 0x0DEED


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check of the whole record found."""

    entries: int
    """Entries in the tree whose hash was made anew and compared."""
    waiting: int
    """Entries that have no place in the tree yet."""
    checkpoints: int
    fault: str | None
    """The first thing that is not as it was signed, in words; None when all is whole."""


def list_deeds(
    desk: Desk, after: str | None = None, *, deed: str | None = None, limit: int = 50
) -> Slice[AuditEntry]:
    """Deeds, latest first, as far as the actor may know of them."""
    with desk.begin(Permission.AUDIT_READ) as work:
        query = work.select(AuditEntry)
        if deed:
            query = query.where(col(AuditEntry.deed).startswith(deed, autoescape=True))
        return work.slice(query, Order.by(AuditEntry.seq), after, limit)


def history(work: Work, subject: Table) -> Sequence[AuditEntry]:
    """The latest deeds on a record that the actor was just given, whoever did them."""
    return work.session.exec(
        select(AuditEntry)
        .where(AuditEntry.subject_kind == type(subject).__name__)
        .where(AuditEntry.subject_id == str(getattr(subject, "id", "")))
        .where(AuditEntry.deed != "record.seen")
        .order_by(col(AuditEntry.seq).desc())
        .limit(100)
    ).all()


def seal(desk: Desk) -> int:
    """Give every waiting entry its place in the tree and sign the new head; how many there were."""
    sealed = 0
    while batch := _seal_batch(desk):
        sealed += batch
    return sealed


def _seal_batch(desk: Desk) -> int:
    signer = desk.house.keys.ensure(KeyRole.LOG, desk.now())
    with desk.begin(Permission.AUDIT_SEAL) as work:
        _alone(work)
        waiting = work.session.exec(
            select(AuditEntry)
            .where(col(AuditEntry.leaf).is_(None))
            .order_by(col(AuditEntry.seq))
            .limit(BATCH)
        ).all()
        if not waiting:
            return 0
        size = _size(work)
        tree = Appender(size, _edge(work, size))
        nodes = tree.append([leaf_hash(entry.commitment()) for entry in waiting])
        connection = work.session.connection()
        connection.execute(
            insert(AuditNode),
            [{"level": level, "position": place, "hash": kept} for level, place, kept in nodes],
        )
        for place, entry in enumerate(waiting, size):
            entry.leaf = place
        key = _note_key(_origin(desk), signer.public_key)
        head = Checkpoint(_origin(desk), tree.size, tree.root())
        note = sign_note(head.text, key, signer.raw_sign)
        work.session.add(
            AuditCheckpoint(size=tree.size, root=tree.root(), note=str(note), at=work.at)
        )
        work.no_deed()
        return len(waiting)


def _alone(work: Work) -> None:
    """One sequencer at a time; SQLite has one writer anyway."""
    if work.session.get_bind().dialect.name == "postgresql":
        work.session.exec(select(func.pg_advisory_xact_lock(_SEAL_LOCK)))


def _origin(desk: Desk) -> str:
    return desk.house.settings.public_url.partition("//")[2] + "/audit"


def _note_key(origin: str, public: PublicKey) -> NoteKey:
    assert isinstance(public, Ed25519PublicKey)  # noqa: S101 - C2SP checkpoints know no other
    return NoteKey(origin, public.public_bytes_raw())


def _size(work: Work) -> int:
    last = work.session.exec(select(func.max(AuditEntry.leaf))).one()
    return 0 if last is None else last + 1


def _edge(work: Work, size: int) -> list[bytes]:
    return [work.session.get_one(AuditNode, place).hash for place in edge_of(size)]


def latest_checkpoint(desk: Desk) -> AuditCheckpoint | None:
    """The signed head; anyone may see it."""
    with desk.begin(Permission.RULE_READ) as work:
        return work.session.exec(
            select(AuditCheckpoint).order_by(col(AuditCheckpoint.size).desc()).limit(1)
        ).first()


@dataclass(frozen=True, slots=True)
class Proof:
    """That an entry is in the tree under a signed head."""

    leaf: int
    deed: str
    leaf_hash: str
    path: list[str]
    """Sibling hashes in hex, from the leaf to the root."""
    checkpoint: str


def prove(desk: Desk, leaf: int) -> Proof:
    """The inclusion proof of the entry at that place, under the newest head."""
    with desk.begin(Permission.AUDIT_READ) as work:
        entry = work.one(work.select(AuditEntry).where(AuditEntry.leaf == leaf), AuditEntry)
        head = work.session.exec(
            select(AuditCheckpoint).order_by(col(AuditCheckpoint.size).desc()).limit(1)
        ).one()

        def node(level: int, position: int) -> bytes:
            return work.session.get_one(AuditNode, (level, position)).hash

        path = inclusion_proof(leaf, head.size, node)
        own = node(0, leaf)
    return Proof(leaf, entry.deed, own.hex(), [one.hex() for one in path], head.note)


def verify(desk: Desk) -> Verdict:
    """Hash every entry anew, grow the tree from the leaves, and compare with every signed head."""
    keys = [key.public_key for key in desk.house.keys.public_keys(KeyRole.LOG)]
    with desk.begin(Permission.AUDIT_READ) as work:
        heads = work.session.exec(select(AuditCheckpoint).order_by(col(AuditCheckpoint.size))).all()
        waiting = work.session.exec(
            select(func.count()).select_from(AuditEntry).where(col(AuditEntry.leaf).is_(None))
        ).one()
        tree, fault = _regrown(work, heads, keys)
        if fault is None and _size(work) > tree.size:
            fault = f"entry {tree.size} is gone"
    return Verdict(tree.size, waiting, len(heads), fault)


def _regrown(
    work: Work, heads: Sequence[AuditCheckpoint], keys: list[PublicKey]
) -> tuple[Appender, str | None]:
    tree = Appender(0, [])
    entries = _entries(work)
    for head in heads:
        for entry, kept in entries:
            if entry.leaf != tree.size:
                return tree, f"entry {tree.size} is gone"
            fresh = leaf_hash(entry.commitment())
            if fresh != kept:
                return tree, f"entry {entry.leaf} ({entry.deed}, {entry.at:%F %T}) was altered"
            tree.append([fresh])
            if tree.size == head.size:
                break
        if tree.size != head.size:
            return tree, f"entry {tree.size} is gone"
        if (wrong := _wrong_head(head, tree, keys)) is not None:
            return tree, wrong
    return tree, None


def _wrong_head(head: AuditCheckpoint, tree: Appender, keys: list[PublicKey]) -> str | None:
    """A head names the address that the house had when it was signed; houses move."""
    try:
        note = read_note(head.note)
        signed = Checkpoint.from_text(note.text)
    except BadNote as error:
        return f"checkpoint {head.size} can't be read: {error}"
    if not any(_signs(signed.origin, key, note) for key in keys):
        return f"checkpoint {head.size} is not signed by this log"
    if (signed.size, signed.root) != (head.size, tree.root()):
        return f"checkpoint {head.size} does not fit the entries"
    return None


def _signs(origin: str, public: PublicKey, note: Note) -> bool:
    try:
        return origin in note.signers([_note_key(origin, public)])
    except BadNote:
        return False


def _entries(work: Work) -> Iterator[tuple[AuditEntry, bytes]]:
    """Entries by their place, each with the leaf hash that was kept."""
    after = -1
    while True:
        rows = work.session.exec(
            select(AuditEntry, AuditNode.hash)
            .join(
                AuditNode,
                (col(AuditNode.level) == 0) & (col(AuditNode.position) == col(AuditEntry.leaf)),
            )
            .where(col(AuditEntry.leaf) > after)
            .order_by(col(AuditEntry.leaf))
            .limit(BATCH)
        ).all()
        if not rows:
            return
        yield from rows
        after = rows[-1][0].leaf or 0
        work.session.expunge_all()


def deeds_of(
    desk: Desk, table: type[Table], row_id: UUID | str, permission: Permission
) -> Sequence[AuditEntry]:
    """The history of one record, for whoever may see the record."""
    with desk.begin(permission) as work:
        return history(work, work.get(table, row_id))
