"""No read is lost, none overtakes another, and none stays readable once it has arrived."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Generator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Event, Thread
from typing import IO

import pytest
from joserfc import jwe
from joserfc.jwe import JWERegistry

from reader_agent.jws import LONGEST
from reader_agent.kept.folder import StateFolder
from reader_agent.outbox.flush import flush
from reader_agent.outbox.packs import Packs
from reader_agent.outbox.spool import Entry, Spool
from reader_agent.refusals import (
    AgentRunning,
    CardWrong,
    FolderUnusable,
    NoSuchRead,
    ReceiptWrong,
    SpoolDamaged,
    SpoolFull,
)
from reader_agent.wire.envelope import Receipt, Signed
from tests.reader.far_console import FarConsole, Handler, far_console, lost
from tests.reader.laptop import ICCID, NAME, NUMBER, Laptop, paired

_ROOT = Path(__file__).parents[2]
_CIPHERS = JWERegistry(algorithms=["ECDH-ES", "A256GCM"])


@pytest.fixture
def far() -> Generator[FarConsole]:
    with far_console() as console:
        yield console


@pytest.fixture
def laptop(far: FarConsole, tmp_path: Path) -> Generator[Laptop]:
    with paired(far, tmp_path / "state") as made:
        yield made


def _outcomes(laptop: Laptop) -> list[str]:
    return [outcome.state for _, outcome in flush(laptop.relay, laptop.spool)]


def _on_disk(laptop: Laptop) -> bytes:
    path = laptop.folder.path
    return b"".join(one.read_bytes() for one in sorted(path.iterdir()) if "spool" in one.name)


def _pieces(token: str, size: int = 60) -> list[bytes]:
    body = max(token.split("."), key=len).encode()
    return [body[start : start + size] for start in range(0, len(body) - size, size)]


def test_reads_are_numbered_and_chained_and_arrive_in_that_order(
    far: FarConsole, laptop: Laptop
) -> None:
    kept = [laptop.read(kind) for kind in ("sim", "id", "fault", "sim", "id")]
    assert [one.seq for one in kept] == [1, 2, 3, 4, 5]
    assert _outcomes(laptop) == ["relayed"] * 5
    assert [one["read_id"] for one in far.reads] == [one.read_id for one in kept]
    assert [one["prev"] for one in far.reads] == ["", *(one.sha256 for one in kept[:-1])]


def test_a_read_that_could_not_be_signed_uses_up_no_number(laptop: Laptop) -> None:
    laptop.read()

    def odd(_: int, __: str) -> Signed:
        raise CardWrong(field="atr")

    with pytest.raises(CardWrong):
        laptop.spool.add(odd)
    assert laptop.read().seq == 2
    assert _outcomes(laptop) == ["relayed", "relayed"]


def test_two_readers_at_once_make_one_chain(laptop: Laptop) -> None:
    threads = [Thread(target=lambda: [laptop.read() for _ in range(8)]) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert _outcomes(laptop) == ["relayed"] * 32


def test_reads_go_on_from_the_last_one_after_a_start(laptop: Laptop) -> None:
    first = laptop.read()
    laptop.spool.close()
    laptop.spool = Spool.open(laptop.folder.spool_path)
    assert laptop.spool.waiting()[0] == first
    assert laptop.read().seq == 2
    assert _outcomes(laptop) == ["relayed", "relayed"]


def _process(laptop: Laptop, deed: str, reads: int) -> "subprocess.Popen[str]":
    laptop.spool.close()
    challenges = [laptop.far.challenge() for _ in range(reads)]
    return subprocess.Popen(
        (sys.executable, "-m", "tests.reader.keeps_reads", laptop.folder.path, deed, *challenges),
        cwd=_ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _lines(pipe: IO[str] | None, count: int) -> Sequence[str]:
    assert pipe is not None
    return [pipe.readline().strip() for _ in range(count)]


def _killed(process: "subprocess.Popen[str]", laptop: Laptop) -> Spool:
    process.kill()
    with process:
        assert process.wait() == -signal.SIGKILL
    laptop.spool = Spool.open(laptop.folder.spool_path)
    return laptop.spool


def test_what_a_killed_agent_had_kept_is_sent_after_the_next_start(
    far: FarConsole, laptop: Laptop
) -> None:
    process = _process(laptop, "keep", 3)
    assert _lines(process.stdout, 3) == ["kept"] * 3
    assert not far.reads
    _killed(process, laptop)
    assert _outcomes(laptop) == ["relayed"] * 3
    assert [one["seq"] for one in far.reads] == [1, 2, 3]


def test_an_agent_killed_in_the_midst_of_reading_has_kept_all_that_it_said(
    far: FarConsole, laptop: Laptop
) -> None:
    process = _process(laptop, "keep", 200)
    _lines(process.stdout, 5)
    spool = _killed(process, laptop)
    kept = spool.count()
    assert 5 <= kept <= 200
    assert _outcomes(laptop) == ["relayed"] * kept
    assert len(far.reads) == kept


def test_an_agent_killed_before_it_heard_the_answer_sends_the_same_again(
    far: FarConsole, laptop: Laptop
) -> None:
    arrived = Event()

    def takes_and_is_mute(console: FarConsole, asked: object) -> bool:
        assert isinstance(asked, Handler)
        asked.answered()
        arrived.set()
        console.ended.wait()
        return False

    far.moods.append(takes_and_is_mute)
    process = _process(laptop, "send", 1)
    assert arrived.wait(60)
    spool = _killed(process, laptop)
    token = spool.waiting()[0].token or ""
    sent = laptop.relay.send(token)
    assert sent.next is None, "it was known already"
    assert _outcomes(laptop) == ["relayed"]
    assert len(far.reads) == 1


def test_a_lost_answer_makes_no_second_read(far: FarConsole, laptop: Laptop) -> None:
    read = laptop.read()
    far.moods.append(lost)
    assert _outcomes(laptop) == ["later"]
    assert len(far.reads) == 1
    assert laptop.spool.waiting()[0].token == read.token
    assert _outcomes(laptop) == ["relayed"]
    assert len(far.reads) == 1
    assert far.asked[-2:] == ["POST /reader/v1/reads"] * 2


def _read_for_ever(laptop: Laptop) -> None:
    while True:
        laptop.spool.must_have_room()
        laptop.read()


def test_what_cannot_be_kept_is_not_read(laptop: Laptop) -> None:
    spool = laptop.spool
    spool.must_have_room()
    pages = spool.connection.execute("pragma page_count").fetchone()[0]
    spool.connection.execute(f"pragma max_page_count = {pages}")
    spool.add(lambda _seq, _prev: Signed("longest", "x" * LONGEST, "00", "sim"))
    with pytest.raises(SpoolFull):
        _read_for_ever(laptop)
    kept = spool.count()
    with pytest.raises(SpoolFull):
        spool.must_have_room()
    spool.connection.execute("pragma max_page_count = 1000000")
    spool.must_have_room()
    assert laptop.read().seq == kept + 1


def test_a_disk_that_takes_no_more_stops_reading_and_loses_nothing(
    far: FarConsole, laptop: Laptop
) -> None:
    with _process(laptop, "starve", 200) as process:
        said, _ = process.communicate(timeout=60)
    words = said.split()
    assert words[-2:] == ["full", "kept"]
    assert len(words) > 3
    laptop.spool = Spool.open(laptop.folder.spool_path)
    assert _outcomes(laptop) == ["relayed"] * (len(words) - 1)
    assert len(far.reads) == len(words) - 1


def test_an_accepted_read_is_gone_from_the_disk(laptop: Laptop) -> None:
    kept = [laptop.read(kind) for kind in ("sim", "id", "sim", "id", "sim")]
    pieces = [piece for one in kept for piece in _pieces(one.token or "")]
    before = _on_disk(laptop)
    assert all(piece in before for piece in pieces)
    assert _outcomes(laptop) == ["relayed"] * 5
    shown = laptop.spool.list()
    receipts = "".join(one.receipt or "" for one in shown).encode()  # they name reads by digest
    after = _on_disk(laptop)
    assert not [piece for piece in pieces if piece in after and piece not in receipts]
    assert [(one.state, one.token) for one in shown] == [("accepted", None)] * 5
    assert [one.sha256 for one in reversed(shown)] == [one.sha256 for one in kept]
    assert all(one.receipt for one in shown)


@pytest.mark.requirement("004-2.1-c")
def test_an_identity_read_is_never_on_the_disk_in_clear(far: FarConsole, laptop: Laptop) -> None:
    laptop.spool.must_have_room()
    read = laptop.read("id")
    signed = jwe.decrypt_compact(read.token or "", far.sealing, registry=_CIPHERS).plaintext
    assert sha256(signed or b"").hexdigest() == read.sha256
    found = _on_disk(laptop)
    assert all(piece in found for piece in _pieces(read.token or ""))
    assert not [piece for piece in _pieces((signed or b"").decode()) if piece in found]
    for word in (NAME, NUMBER, ICCID):
        assert word.encode() not in found
        assert word not in repr(read)


def test_somebody_who_looks_delays_the_shredding_and_does_not_prevent_it(laptop: Laptop) -> None:
    laptop.spool.connection.execute("pragma busy_timeout = 20")
    read = laptop.read()
    pieces = _pieces(read.token or "")
    beside = sqlite3.connect(laptop.folder.spool_path, isolation_level=None)
    beside.execute("begin")
    beside.execute("select count(*) from reads").fetchone()
    assert _outcomes(laptop) == ["relayed"]
    assert [piece for piece in pieces if piece in _on_disk(laptop)]
    beside.close()
    laptop.spool.close()
    assert not [piece for piece in pieces if piece in _on_disk(laptop)]


def test_a_looker_sees_what_waits_and_can_change_nothing(laptop: Laptop) -> None:
    read = laptop.read()
    look = Spool.look(laptop.folder.spool_path)
    assert [one.read_id for one in look.list()] == [read.read_id]
    with pytest.raises(SpoolFull):
        look.must_have_room()
    look.close()
    assert _outcomes(laptop) == ["relayed"]


def test_what_the_console_refused_is_kept_aside_and_not_sent_again(
    far: FarConsole, laptop: Laptop
) -> None:
    first, second = laptop.read(), laptop.read()
    far.challenges.clear()
    assert _outcomes(laptop) == ["refused", "refused"]
    shown = laptop.spool.show(first.read_id)
    assert (shown.state, shown.code, shown.token) == (
        "refused",
        "reader.challenge_used",
        first.token,
    )
    asked = len(far.asked)
    assert _outcomes(laptop) == []
    assert len(far.asked) == asked
    laptop.read()
    assert _outcomes(laptop) == ["relayed"]
    assert far.reads[0]["prev"] == second.sha256


def test_a_receipt_for_another_read_empties_nothing(laptop: Laptop) -> None:
    one, two = laptop.read(), laptop.read()
    at = datetime.now(UTC)
    for odd in (
        Receipt(two.read_id, one.sha256, at, "x"),
        Receipt(one.read_id, two.sha256, at, "x"),
    ):
        with pytest.raises(ReceiptWrong):
            laptop.spool.accepted(one.read_id, odd)
    assert laptop.spool.show(one.read_id) == one
    with pytest.raises(NoSuchRead):
        laptop.spool.accepted("nobody", Receipt("nobody", "", at, "x"))


def test_power_may_go_at_any_time(laptop: Laptop) -> None:
    asked = {
        name: laptop.spool.connection.execute(f"pragma {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "secure_delete", "mmap_size")
    }
    assert asked == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "mmap_size": 0}


def test_a_spool_that_is_none_is_said_to_be_damaged(tmp_path: Path) -> None:
    path = tmp_path / "spool.db"
    path.write_bytes(b"no database at all, but long enough to be looked at " * 40)
    with pytest.raises(SpoolDamaged):
        Spool.open(path)


def test_a_restart_forgets_no_read_of_the_last_hour(laptop: Laptop) -> None:
    laptop.read()
    laptop.read()
    soon = datetime.now(UTC) + timedelta(minutes=10)
    assert [round(age / 60) for age in laptop.spool.ages(soon)] == [10, 10]
    assert not laptop.spool.ages(soon + timedelta(minutes=51))


def test_the_folder_is_closed_to_others_and_one_agent_works_in_it(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.mkdir(mode=0o755)
    folder = StateFolder.open(path)
    assert path.stat().st_mode & 0o777 == 0o700
    with folder.alone(), pytest.raises(AgentRunning) as refusal, folder.alone():
        pytest.fail("two agents")
    assert refusal.value.facts["pid"]
    with folder.alone():
        pass


def test_a_folder_of_somebody_elses_is_left_as_it_is(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    (home / "letter.txt").touch()
    with pytest.raises(FolderUnusable):
        StateFolder.open(home)
    assert home.stat().st_mode & 0o777 == 0o755
    (home / "file").touch()
    with pytest.raises(FolderUnusable):
        StateFolder.open(home / "file")


def test_the_folder_is_where_the_person_or_the_platform_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("READER_STATE", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert StateFolder.open().path == tmp_path / "state" / "channel-reader"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert StateFolder.open().path == tmp_path / ".local" / "state" / "channel-reader"
    monkeypatch.setenv("READER_STATE", str(tmp_path / "mine"))
    assert StateFolder.open().path == tmp_path / "mine"


def test_a_killed_agent_leaves_no_lock(laptop: Laptop) -> None:
    process = _process(laptop, "keep", 1)
    _lines(process.stdout, 1)
    with pytest.raises(AgentRunning) as refusal, laptop.folder.alone():
        pytest.fail("two agents")
    assert refusal.value.facts["pid"] == str(process.pid)
    _killed(process, laptop)
    with laptop.folder.alone():
        pass


def test_another_enrolment_begins_with_nothing_and_keeps_the_old(laptop: Laptop) -> None:
    laptop.read()
    laptop.spool.close()
    aside = laptop.folder.put_aside("old-1")
    assert sorted(one.name for one in laptop.folder.path.iterdir()) == ["old-1"]
    old = Spool.open(aside / "spool.db")
    assert old.count() == 1
    old.close()
    laptop.spool = Spool.open(laptop.folder.spool_path)
    assert laptop.spool.count() == 0


def test_a_pack_serves_each_read_once_until_its_time_is_over(
    far: FarConsole, laptop: Laptop
) -> None:
    task = far.open_task("id", "name")
    packs, now = Packs(laptop.spool), datetime.now(UTC)
    packs.keep(laptop.relay.pack(task["task"], "id", 3, 48), now)
    given = [packs.take(task["task"], "id", now) for _ in range(4)]
    assert len({one.challenge for one in given if one}) == 3
    assert given[3] is None
    packs.keep(laptop.relay.pack(task["task"], "id", 1, 48), now)
    packs.keep(laptop.relay.pack(task["task"], "id", 2, 1), now)
    first = packs.take(task["task"], "id", now)
    assert first is not None
    assert first.until < now + timedelta(hours=2)
    laptop.spool.close()
    laptop.spool = Spool.open(laptop.folder.spool_path)
    packs = Packs(laptop.spool)
    [(kept, left)] = packs.left(now)
    assert (kept.fields, kept.salt, left) == (("name",), task["salt"], 2)
    assert packs.has(task["task"], "id", now)
    late = now + timedelta(hours=2)
    assert [left for _, left in packs.left(late)] == [1]
    much_later = now + timedelta(hours=49)
    assert not packs.has(task["task"], "id", much_later)
    assert packs.take(task["task"], "id", much_later) is None
    assert packs.take(task["task"], "sim", now) is None


def test_a_read_of_a_pack_arrives_late_and_says_so(far: FarConsole, laptop: Laptop) -> None:
    task = far.open_task("sim")
    packs, now = Packs(laptop.spool), datetime.now(UTC)
    packs.keep(laptop.relay.pack(task["task"], "sim", 1, 48), now)
    taken = packs.take(task["task"], "sim", now)
    assert taken is not None
    read: Entry = laptop.read(challenge=taken.challenge, offline=True)
    assert _outcomes(laptop) == ["relayed"]
    assert (far.reads[0]["read_id"], far.reads[0]["offline"]) == (read.read_id, True)
