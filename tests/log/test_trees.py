"""Both logs: what stands in them, and that whatever is done to it is named."""
# ruff: noqa: S608 - whoever alters a log writes SQL as they like

from dataclasses import replace
from pathlib import Path
from typing import Any

import pymerkle
import pytest
from sqlmodel import select

from console.actions import audit, tree_check, trees
from console.actions.channel import log
from console.database import migrate
from console.desk import House
from console.jobs.registry import SWEEPS
from models.audit import AuditCheckpoint, AuditEntry
from models.channel.issuing import IssuingHalt
from models.channel.log import LogCheckpoint, LogEntry
from models.merkle import extends, leaf_hash
from models.notes import Checkpoint, NoteKey, read_checkpoint, read_note
from models.permissions import Permission
from models.refusals import Conflict
from tests.conftest import NOON, Clock, Desks
from tests.log.world import filled

theirs: Any = pymerkle
"""It has no types."""


def run(house: House, *statements: str) -> None:
    """What somebody does who has the database's own password."""
    with house.engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def fault(house: House, which: trees.Log = log.PUBLIC) -> str | None:
    return tree_check.verify(house.desk(), which).fault


def bodies(house: House) -> list[bytes]:
    with house.desk().begin(Permission.LOG_READ) as work:
        return list(work.session.exec(select(LogEntry.body).order_by("leaf")).all())


def test_one_sweep_seals_both_logs_within_ten_seconds(desks: Desks) -> None:
    with desks.house.begin(Permission.BADGE_ISSUE) as work:
        work.no_deed()
        work.session.add(LogEntry.of(log.LogKind.ISSUING_HALTED, work.at, "house", {}))
    (sweep,) = [one for one in SWEEPS if one.name == "audit.seal"]

    sweep.sweep(desks.house)

    verdicts = log.verify_logs(desks.audit)
    assert sweep.every.total_seconds() <= 10
    assert {name: (one.waiting, one.fault) for name, one in verdicts.items()} == {
        "audit": (0, None),
        "log": (0, None),
    }
    assert verdicts["log"].entries == 1


@pytest.mark.parametrize("batches", [(1,), (255, 1, 1), (3, 600, 7), (256, 256), (700,)])
def test_a_log_grown_in_batches_is_the_tree_of_the_rfc(
    house: House, batches: tuple[int, ...]
) -> None:
    filled(house, *batches)
    tree = theirs.InmemoryTree(algorithm="sha256")
    for body in bodies(house):
        tree.append_entry(body)

    assert fault(house) is None
    assert log.newest_head(house).root == tree.get_root()


def test_our_proofs_are_accepted_by_a_verifier_that_we_did_not_write(house: House) -> None:
    filled(house, 300, 213)
    tree = theirs.InmemoryTree(algorithm="sha256")
    for body in bodies(house):
        tree.append_entry(body)
    sizes = [1, 2, 255, 256, 257, 300, 512, 513]

    for size in sizes:
        for leaf in {0, size // 3, size - 1}:
            found = log.proved_entry(house, leaf, size)
            form = tree.prove_inclusion(leaf + 1, size).serialize()
            form["path"] = [one.hex() for one in (found.leaf_hash, *found.path)]
            ours = theirs.InclusionProof.deserialize(form)
            theirs.verify_inclusion(found.leaf_hash, found.root, ours, leaf + 1, size)
    for old in sizes:
        for new in [size for size in sizes if size >= old]:
            found = log.extension(house, old, new)
            # Its proofs are cut otherwise than RFC 9162's, so it checks the roots that ours join.
            proof = tree.prove_consistency(old, new)
            theirs.verify_consistency(found.old_root, found.new_root, proof, old, new)
            assert extends(old, new, found.old_root, found.new_root, found.path)


TABLES = [
    (audit.DEEDS, "audit_entries", "audit_tiles", "audit_checkpoints"),
    (log.PUBLIC, "log_entries", "log_tiles", "log_checkpoints"),
]


@pytest.fixture(params=TABLES, ids=["deeds", "public"])
def kept(
    request: pytest.FixtureRequest, house: House, desks: Desks
) -> tuple[trees.Log, str, str, str]:
    filled(house, 20, 20)
    assert desks
    log.seal_logs(house.desk())
    log.seal_logs(house.desk())
    assert fault(house, request.param[0]) is None
    return request.param


Kept = tuple[trees.Log, str, str, str]


def test_a_changed_entry_is_named(kept: Kept, house: House) -> None:
    which, entries, *_ = kept
    column = "body" if which.name == "log" else "deed"
    is_blob = which.name == "log" and house.engine.dialect.name == "sqlite"
    value = "CAST('{}' AS BLOB)" if is_blob else "'{}'"
    run(house, f"UPDATE {entries} SET {column} = {value} WHERE leaf = 7")
    assert str(fault(house, which)).startswith("entry 7 (")
    assert "was altered" in str(fault(house, which))


@pytest.mark.parametrize("column", ["at", "actor_id", "door", "facts", "salt"])
def test_an_entry_that_can_no_longer_be_read_is_named(
    desks: Desks, house: House, column: str
) -> None:
    assert desks
    log.seal_logs(house.desk())
    if house.engine.dialect.name != "sqlite" and column not in {"door", "salt"}:
        pytest.skip("PostgreSQL keeps nothing else in such a column")
    run(house, f"UPDATE audit_entries SET {column} = 'x{{' WHERE leaf = 13")
    named = str(fault(house, audit.DEEDS))
    assert named.startswith("entry 13 ")
    assert "can't be read" in named or "was altered" in named


def test_a_deleted_entry_is_named(kept: Kept, house: House) -> None:
    which, entries, *_ = kept
    run(house, f"DELETE FROM {entries} WHERE leaf = 9")
    assert fault(house, which) == "entry 9 is gone"


def test_a_cut_tail_is_named_though_its_hashes_are_cut_too(kept: Kept, house: House) -> None:
    which, entries, tiles, _ = kept
    size = tree_check.verify(house.desk(), which).entries
    part = "substr(hashes, 1, 32 * {0})" if house.engine.dialect.name == "sqlite" else (
        "substring(hashes from 1 for 32 * {0})"
    )  # fmt: skip
    run(
        house,
        f"DELETE FROM {entries} WHERE leaf >= {size - 3}",
        f"UPDATE {tiles} SET hashes = {part.format(size - 3)} WHERE level = 0",
    )
    assert fault(house, which) == f"entry {size - 3} is gone"


def test_a_tail_cut_with_its_heads_leaves_hashes_behind(kept: Kept, house: House) -> None:
    which, entries, _, heads = kept
    run(house, f"DELETE FROM {entries}", f"DELETE FROM {heads}")
    assert "hash is left" in str(fault(house, which))


def test_two_swapped_entries_are_named(kept: Kept, house: House) -> None:
    which, entries, *_ = kept
    run(
        house,
        f"UPDATE {entries} SET leaf = -1 WHERE leaf = 4",
        f"UPDATE {entries} SET leaf = 4 WHERE leaf = 11",
        f"UPDATE {entries} SET leaf = 11 WHERE leaf = -1",
    )
    assert str(fault(house, which)).startswith("entry 4 (")


def test_an_altered_hash_is_named_by_its_entry(kept: Kept, house: House) -> None:
    which, _, tiles, _ = kept
    with house.engine.begin() as connection:
        (hashes,) = connection.exec_driver_sql(f"SELECT hashes FROM {tiles} WHERE level = 0").one()
        changed = bytearray(hashes)
        changed[32 * 6 + 3] ^= 1
        connection.execute(which.tiles.update().values(hashes=bytes(changed)))
    assert str(fault(house, which)).startswith("entry 6 (")


def test_a_head_that_is_gone_shows(kept: Kept, house: House) -> None:
    which, _, _, heads = kept
    run(house, f"DELETE FROM {heads} WHERE size = (SELECT max(size) FROM {heads})")
    assert "is gone" in str(fault(house, which))


def test_a_head_that_was_changed_shows(kept: Kept, house: House) -> None:
    which, _, _, heads = kept
    run(house, f"UPDATE {heads} SET note = replace(note, '—', '–')")
    assert "can't be read" in str(fault(house, which))


def test_no_head_is_signed_over_a_changed_past(house: House) -> None:
    filled(house, 30)
    with house.engine.begin() as connection:
        connection.execute(log.PUBLIC.tiles.update().values(hashes=bytes(32 * 30)))
    with pytest.raises(Conflict) as no:
        filled(house, 1)
    assert no.value.code == "log.not_a_prefix"
    assert log.newest_head(house).size == 30


def test_nor_over_a_past_that_was_cut(house: House) -> None:
    filled(house, 30)
    run(house, "DELETE FROM log_entries WHERE leaf >= 25")
    with pytest.raises(Conflict):
        filled(house, 1)


def test_a_tree_above_its_first_tiles_is_checked_too(house: House) -> None:
    filled(house, 600)
    with house.engine.begin() as connection:
        tiles = log.PUBLIC.tiles
        connection.execute(tiles.update().where(tiles.c.level == 1).values(hashes=bytes(64)))
    assert fault(house) == "the hash of entries 0 to 255 was altered"


def test_a_byte_flipped_in_the_database_file_is_named(house: House) -> None:
    if house.engine.dialect.name != "sqlite":
        pytest.skip("its files are many and its pages have their own sums")
    filled(house, 60)
    run(house)
    with house.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    house.engine.dispose()
    file = Path(str(house.engine.url.database))
    content = file.read_bytes()
    place = content.index(bodies(house)[41][:80])
    house.engine.dispose()
    file.write_bytes(content[:place] + bytes([content[place] ^ 4]) + content[place + 1 :])

    assert str(fault(house)).startswith("entry 41 (badge.issued")


def test_a_deed_is_committed_to_alike_by_both_databases_and_by_itself(
    desks: Desks, house: House
) -> None:
    with desks.house.begin(Permission.BADGE_ISSUE) as work:
        for facts in ({}, {"b": ['"龙"', 1, None, 0.5, True], "a": {"z": "\n", "y": "é\u2028"}}):
            work.record("badge.issued", halt(), **facts)
    log.seal_logs(desks.house)
    with house.desk().begin(Permission.AUDIT_READ) as work:
        entries = work.session.exec(select(AuditEntry).order_by("leaf")).all()
        kept = trees.hashes_from(work.session.connection(), audit.DEEDS, 0, 0, len(entries))
    assert len(entries) > 30
    assert b"".join(leaf_hash(entry.commitment()) for entry in entries) == kept


def halt() -> IssuingHalt:
    return IssuingHalt(reason="", halted_by_name="", halted_at=NOON)


def test_a_record_that_was_kept_hash_by_hash_goes_on_in_tiles(desks: Desks, house: House) -> None:
    assert desks
    sealed = audit.seal(house.desk())
    migrate(house.engine, "0006")
    with house.engine.connect() as connection:
        nodes = connection.exec_driver_sql("SELECT count(*) FROM audit_nodes").scalar()
    migrate(house.engine)

    assert nodes == 2 * sealed - sealed.bit_count()
    assert fault(house, audit.DEEDS) is None
    with desks.house.begin(Permission.BADGE_ISSUE) as work:
        work.record("badge.issued", halt())
    assert audit.seal(house.desk()) == 1
    assert fault(house, audit.DEEDS) is None


def test_the_logs_name_stays_when_the_house_moves(house: House, clock: Clock) -> None:
    filled(house, 2)
    clock.pass_(hours=1)
    moved = replace(
        house, settings=house.settings.model_copy(update={"public_url": "https://new.example"})
    )
    filled(moved, 2)
    named = replace(moved, settings=moved.settings.model_copy(update={"log_origin": "log.example"}))
    filled(named, 2)

    with house.desk().begin(Permission.LOG_READ) as work:
        heads = work.session.exec(select(LogCheckpoint).order_by("size")).all()
    origins = [Checkpoint.from_text(read_note(head.note).text).origin for head in heads]
    assert origins == ["127.0.0.1:8501/log", "127.0.0.1:8501/log", "log.example/log"]
    assert fault(named) is None
    key = NoteKey.from_vkey(log.log_name(named)[1])
    assert read_checkpoint(log.newest_head(named).note, key).size == 6


def test_the_two_logs_have_names_of_their_own(desks: Desks, house: House) -> None:
    filled(house, 1)
    log.seal_logs(desks.house)
    with house.desk().begin(Permission.LOG_READ) as work:
        deeds = work.session.exec(select(AuditCheckpoint)).first()
    assert deeds is not None
    assert deeds.note.startswith("127.0.0.1:8501/audit\n")
    assert log.newest_head(house).note.startswith("127.0.0.1:8501/log\n")


def test_an_entry_is_its_very_bytes(house: House) -> None:
    filled(house, 3)
    found = log.proved_entry(house, 1)
    assert found.leaf_hash == leaf_hash(found.entry.body)
    assert found.entry.body.startswith(b'{"agent_no":"A20260000001","at":')
