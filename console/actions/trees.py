"""A log of the house: entries get their places in a Merkle tree, whose heads are signed.

Both logs are kept by what stands here: the record of deeds, whose leaves are commitments, and the
public log, whose leaves are what everybody reads. Rows are plain ones, not objects: by the thousand
an object for each would cost more than its hash.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Final, cast
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Integer,
    Row,
    Table,
    bindparam,
    func,
    insert,
    inspect,
    select,
    type_coerce,
    update,
)
from sqlalchemy.types import NullType

from console.desk import Desk, Work
from models import base
from models.merkle import (
    HASH_SIZE,
    Appender,
    Node,
    Nodes,
    edge_of,
    inclusion_proof,
    leaf_hashes,
    needed,
    root,
)
from models.notes import BadNote, Checkpoint, Note, NoteKey, read_note, sign_note
from models.permissions import Permission
from models.refusals import Conflict
from models.tiles import WIDTH, cut, node_in, rows_of, tile_of
from models.tokens import KeyRole, PublicKey

BATCH: Final = 5_000


def table_of(kind: type[base.Table]) -> Table:
    return cast("Table", inspect(kind).local_table)


@dataclass(frozen=True, slots=True)
class Log:
    """One log: where its parts are kept, and what of an entry stands in the tree."""

    name: str
    """The last part of its origin."""
    entries: Table
    tiles: Table
    heads: Table
    columns: tuple[str, ...]
    """Of an entry, those that its leaf is made of, in this order."""
    leaf: Callable[[Sequence[Any]], bytes]
    raw_leaf: Callable[[Sequence[Any]], bytes]
    """The same of the columns as SQLite keeps them."""
    label: str
    """The column that says in a word what an entry is."""
    lock: int
    """The number under which one sequencer at a time works at it."""


@dataclass(frozen=True, slots=True)
class Head:
    """A signed head, as it is kept."""

    size: int
    root: bytes
    note: str


def seal(desk: Desk, log: Log) -> int:
    """Give every waiting entry its place in the tree and sign the new head; how many there were."""
    sealed = 0
    while batch := _seal_batch(desk, log):
        sealed += batch
    return sealed


def _seal_batch(desk: Desk, log: Log) -> int:
    with desk.begin(Permission.AUDIT_SEAL) as work:
        work.no_deed()
        alone(work, log)
        connection, entries = work.session.connection(), log.entries.c
        waiting = connection.execute(
            select(*chosen(connection, log), entries.seq)
            .where(entries.leaf.is_(None))
            .order_by(entries.seq)
            .limit(BATCH)
        ).all()
        if waiting:
            start = extend(desk, work, log, hashes_of(connection, log, waiting))
            _place(connection, log, [row[-1] for row in waiting], start)
        return len(waiting)


def extend(desk: Desk, work: Work, log: Log, hashes: Sequence[bytes]) -> int:
    """Put leaf hashes at the end of the tree and sign its new head; the place of the first."""
    signer = desk.house.keys.ensure(KeyRole.LOG, desk.now())
    connection = work.session.connection()
    last = last_head(connection, log)
    tree = _grown(connection, log, last, public_keys(desk))
    start = tree.size
    _write_tiles(connection, log, tree.append(hashes))
    origin = origin_of(desk, log, last)
    head = Checkpoint(origin, tree.size, tree.root())
    note = sign_note(head.text, note_key(origin, signer.public_key), signer.raw_sign)
    kept = {"size": head.size, "root": head.root, "note": str(note), "at": work.at}
    connection.execute(insert(log.heads), kept)
    return start


def chosen(connection: Connection, log: Log) -> Sequence[ColumnElement[Any]]:
    columns = [log.entries.c[name] for name in log.columns]
    if connection.dialect.name == "sqlite":
        return [type_coerce(column, NullType()) for column in columns]
    return columns


def hashes_of(connection: Connection, log: Log, rows: Sequence[Row[Any]]) -> list[bytes]:
    """Of rows of `_chosen` columns."""
    leaf = log.raw_leaf if connection.dialect.name == "sqlite" else log.leaf
    return leaf_hashes(map(leaf, rows))


def alone(work: Work, log: Log) -> None:
    """One sequencer at a time; SQLite has one writer anyway."""
    connection = work.session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(log.lock)))


def _grown(
    connection: Connection, log: Log, last: Head | None, keys: Sequence[PublicKey]
) -> Appender:
    """The tree under the last head, ready to grow.

    What is kept must still be what was signed there: nothing is signed on top of a changed past.
    """
    size = 0 if last is None else last.size
    found = connection.execute(select(func.max(log.entries.c.leaf))).scalar()
    places = 0 if found is None else found + 1
    try:
        edge = _fetched(connection, log, edge_of(size))
    except LookupError:
        edge = {}
    if places != size or len(edge) != size.bit_count():
        raise Conflict("log.not_a_prefix", log=log.name, size=size)
    tree = Appender(size, [edge[place] for place in edge_of(size)])
    if last is not None and wrong_head(log, last, tree, keys) is not None:
        raise Conflict("log.not_a_prefix", log=log.name, size=size)
    return tree


def _write_tiles(connection: Connection, log: Log, nodes: Sequence[Node]) -> None:
    """Fill up the last tile of each level and begin new ones. A full tile is touched no more."""
    tiles, fresh = log.tiles.c, list[dict[str, Any]]()
    for level, (first, hashes) in rows_of(nodes).items():
        for position, part in cut(first, hashes):
            if first % WIDTH and position == first // WIDTH:
                begun = _tiles(connection, log, {(level, position)})[level, position]
                connection.execute(
                    update(log.tiles)
                    .where(tiles.level == level, tiles.position == position)
                    .values(hashes=begun + part)
                )
            else:
                fresh.append({"level": level, "position": position, "hashes": part})
    if fresh:
        connection.execute(insert(log.tiles), fresh)


def _place(connection: Connection, log: Log, seqs: list[int], start: int) -> None:
    """Number the entries from `start` on."""
    entries = log.entries
    if connection.dialect.name == "postgresql":
        given = func.unnest(bindparam("seqs", seqs, ARRAY(Integer))).table_valued(
            "seq", with_ordinality="place", name="given", joins_implicitly=True
        )
        given = given.render_derived()
        connection.execute(
            update(entries)
            .where(entries.c.seq == given.c.seq)
            .values(leaf=given.c.place + (start - 1))
        )
        return
    statement = update(entries).where(entries.c.seq == bindparam("s")).values(leaf=bindparam("p"))
    text = str(statement.compile(dialect=connection.dialect))
    connection.exec_driver_sql(text, [(place, seq) for place, seq in enumerate(seqs, start)])


def origin_of(desk: Desk, log: Log, last: Head | None) -> str:
    """The log's name for ever: the one that is set, else that of its last head.

    A house that moves keeps the name that witnesses and auditors know; only the first head is
    named by where the house then stands.
    """
    settings = desk.house.settings
    if settings.log_origin is None and last is not None:
        return Checkpoint.from_text(read_note(last.note).text).origin
    place = urlsplit(settings.public_url)
    return f"{settings.log_origin or (place.netloc + place.path).rstrip('/')}/{log.name}"


def note_key(origin: str, public: PublicKey) -> NoteKey:
    assert isinstance(public, Ed25519PublicKey)  # noqa: S101 - C2SP checkpoints know no other
    return NoteKey(origin, public.public_bytes_raw())


def public_keys(desk: Desk) -> list[PublicKey]:
    return [key.public_key for key in desk.house.keys.public_keys(KeyRole.LOG)]


def last_head(connection: Connection, log: Log) -> Head | None:
    heads = log.heads.c
    found = connection.execute(
        select(heads.size, heads.root, heads.note).order_by(heads.size.desc()).limit(1)
    ).first()
    return None if found is None else Head(*found)


def _fetched(
    connection: Connection, log: Log, places: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], bytes]:
    """Hashes of complete subtrees; LookupError where the tiles of one are not there."""
    tiles = _tiles(connection, log, {tile_of(level, index) for level, index in places})
    return {
        (level, index): node_in(tiles[tile_of(level, index)], level, index)
        for level, index in places
    }


def _tiles(
    connection: Connection, log: Log, asked: Collection[tuple[int, int]]
) -> dict[tuple[int, int], bytes]:
    tiles = log.tiles.c
    found: dict[tuple[int, int], bytes] = {}
    for level in {level for level, _ in asked}:
        positions = [position for one, position in asked if one == level]
        rows = connection.execute(
            select(tiles.position, tiles.hashes).where(
                tiles.level == level, tiles.position.in_(positions)
            )
        )
        found |= {(level, position): hashes for position, hashes in rows}
    return found


def hashes_from(connection: Connection, log: Log, level: int, first: int, count: int) -> bytes:
    """A row of hashes as the tiles of that level hold them; shorter when they hold fewer."""
    tiles, last = log.tiles.c, first + count - 1
    rows = connection.execute(
        select(tiles.position, tiles.hashes)
        .where(tiles.level == level)
        .where(tiles.position >= first // WIDTH, tiles.position <= last // WIDTH)
        .order_by(tiles.position)
    ).all()
    expected = range(first // WIDTH, last // WIDTH + 1)
    whole = list(takewhile(lambda pair: pair[0][0] == pair[1], zip(rows, expected, strict=False)))
    skipped = first % WIDTH * HASH_SIZE
    return b"".join(row[1] for row, _ in whole)[skipped : skipped + count * HASH_SIZE]


def answered(connection: Connection, log: Log, ask: Callable[[Nodes], Any]) -> Any:  # noqa: ANN401 - what is asked
    """What `ask` makes of the tree's hashes, which are fetched in one go."""
    kept = _fetched(connection, log, needed(ask))
    return ask(lambda level, index: kept[level, index])


@dataclass(frozen=True, slots=True)
class Proof:
    """That an entry is in the tree under a signed head."""

    leaf: int
    leaf_hash: str
    path: list[str]
    """Sibling hashes in hex, from the leaf to the root."""
    checkpoint: str


def prove(connection: Connection, log: Log, leaf: int, head: Head) -> Proof:
    """The inclusion proof of the entry at that place, under that head."""
    path = answered(connection, log, lambda nodes: inclusion_proof(leaf, head.size, nodes))
    own = _fetched(connection, log, [(0, leaf)])[0, leaf]
    return Proof(leaf, own.hex(), [one.hex() for one in path], head.note)


def wrong_head(log: Log, head: Head, tree: Appender, keys: Sequence[PublicKey]) -> str | None:
    """A head names the log as it was called when it was signed; settings may have changed."""
    try:
        note = read_note(head.note)
        signed = Checkpoint.from_text(note.text)
    except BadNote as error:
        return f"checkpoint {head.size} can't be read: {error}"
    is_ours = signed.origin.rpartition("/")[2] == log.name
    if not is_ours or not any(_signs(signed.origin, key, note) for key in keys):
        return f"checkpoint {head.size} is not signed by this log"
    if (signed.size, signed.root, head.root) != (head.size, tree.root(), signed.root):
        return f"checkpoint {head.size} does not fit the entries"
    return None


def _signs(origin: str, public: PublicKey, note: Note) -> bool:
    try:
        return origin in note.signers([note_key(origin, public)])
    except BadNote:
        return False


def root_of(connection: Connection, log: Log, size: int) -> bytes:
    """The root that the tree had at that size."""
    return cast("bytes", answered(connection, log, lambda nodes: root(size, nodes)))
