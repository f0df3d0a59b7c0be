"""Witnesses: our own program as a process, the console that asks it, and what each refuses."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlmodel import select

import integrations.witness as program
from console.actions.channel.log import (
    extension,
    first_cosigned,
    log_name,
    newest_head,
    seal_logs,
)
from console.actions.channel.witnesses import show_to_witnesses
from console.desk import House
from models.channel.badges import Badge
from models.channel.log import LogCheckpoint
from models.notes import (
    BadNote,
    Checkpoint,
    NoteKey,
    WitnessKey,
    cosigned_text,
    read_note,
    sign_note,
)
from models.permissions import Permission
from tests.channel import stories
from tests.conftest import Desks
from tests.log.client import encoded, offer
from tests.log.world import filled
from tests.serving import free_port, served

FILE = str(program.__file__)


@dataclass
class Running:
    url: str
    vkey: str
    state: Path

    def add(self, body: bytes) -> httpx.Response:
        return httpx.post(f"{self.url}/add-checkpoint", content=body, timeout=20)


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Callable[[str], Running]]:
    """Start the witness for a log's verifier key, as others would start it."""
    processes: list[subprocess.Popen[str]] = []

    def start(log: str) -> Running:
        port, state = free_port(), tmp_path / "w1.json"
        words = [
            sys.executable, FILE, "--name", "witness.example/w1", "--log", log, "--port", str(port),
            "--key", str(tmp_path / "w1.pem"), "--state", str(state),
        ]  # fmt: skip
        process = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=tmp_path
        )
        processes.append(process)
        assert process.stdout is not None
        vkey = process.stdout.readline().strip()
        return Running(f"http://127.0.0.1:{port}", vkey, state)

    yield start
    for process in processes:
        process.terminate()
        process.communicate(timeout=10)


def watched_by(house: House, *witnesses: Running) -> House:
    settings = house.settings.model_copy(
        update={
            "witnesses": tuple(f"{one.vkey} {one.url}" for one in witnesses),
            "fetch_allowed_networks": (ip_network("127.0.0.0/8"),),
        }
    )
    return replace(house, settings=settings)


def request_of(house: House, old: int) -> bytes:
    head = newest_head(house)
    return offer(old, encoded(list(extension(house, old, head.size).path)), head.note)


def test_the_program_needs_nothing_of_ours() -> None:
    imports = re.findall(r"^(?:from|import) (\w+)", Path(FILE).read_text("utf-8"), re.MULTILINE)
    assert set(imports) - set(sys.stdlib_module_names) == {"cryptography"}


def test_a_witness_answers_as_its_specification_says(
    house: House, witness: Callable[[str], Running]
) -> None:
    filled(house, 20)
    one = witness(log_name(house)[1])

    first = one.add(request_of(house, 0))
    note = read_note(newest_head(house).note + first.text)
    assert (first.status_code, note.cosigned(WitnessKey.from_vkey(one.vkey)) is None) == (
        200,
        False,
    )
    assert one.add(request_of(house, 20)).status_code == 200  # the same head once more
    filled(house, 13)

    told = one.add(request_of(house, 0))
    assert (told.status_code, told.text) == (409, "20\n")
    assert told.headers["content-type"] == "text/x.tlog.size"
    good = request_of(house, 20)
    assert one.add(good.replace(b"old 20\n", b"old 21\n")).status_code == 409
    assert one.add(good.replace(b"old 20\n", b"old 34\n")).status_code == 400
    assert one.add(good.replace(b"old 20\n", b"old 020\n")).status_code == 400
    assert one.add(b"nonsense").status_code == 400
    assert one.add(b"\xff\xfe").status_code == 400
    assert httpx.post(f"{one.url}/else", content=good).status_code == 404
    cut = offer(20, encoded(list(extension(house, 20, 33).path))[:-1], newest_head(house).note)
    assert one.add(cut).status_code == 422
    assert one.add(good).status_code == 200
    assert json.loads(one.state.read_text())["127.0.0.1:8501/log"][0] == 33


def signed(house: House, origin: str, size: int, root: bytes) -> str:
    """A head that the log's own key signs: what a dishonest house could do."""
    from models.tokens import KeyRole

    signer = house.keys.ensure(KeyRole.LOG, house.now())
    key = NoteKey(origin, signer.public_key.public_bytes_raw())  # pyright: ignore[reportAttributeAccessIssue,reportUnknownMemberType,reportUnknownArgumentType]
    return str(sign_note(Checkpoint(origin, size, root).text, key, signer.raw_sign))


def test_a_witness_signs_no_fork_no_rollback_and_no_stranger(
    house: House, witness: Callable[[str], Running]
) -> None:
    filled(house, 20, 5)
    origin, vkey = log_name(house)
    one = witness(vkey)
    assert one.add(request_of(house, 0)).status_code == 200

    fork = signed(house, origin, 40, bytes(32))
    assert one.add(offer(25, ["A" * 43 + "="], fork)).status_code == 422
    assert one.add(offer(25, [], signed(house, origin, 25, bytes(32)))).status_code == 409
    back = signed(house, origin, 20, extension(house, 0, 20).new_root)
    assert one.add(offer(25, [], back)).status_code == 400
    rollback = one.add(offer(20, [], back))
    assert (rollback.status_code, rollback.text) == (409, "25\n")
    other = signed(house, "log.other.example/log", 30, bytes(32))
    assert one.add(offer(0, [], other)).status_code == 404
    stranger = Ed25519PrivateKey.generate()
    key = NoteKey(origin, stranger.public_key().public_bytes_raw())
    forged = str(sign_note(Checkpoint(origin, 30, bytes(32)).text, key, stranger.sign))
    assert one.add(offer(25, [], forged)).status_code == 403
    spoiled = newest_head(house).note.replace("\n25\n", "\n26\n")
    assert one.add(offer(25, [], spoiled)).status_code == 403
    assert json.loads(one.state.read_text())[origin][0] == 25


def test_a_served_checkpoint_carries_its_cosignatures(
    house: House, desks: Desks, witness: Callable[[str], Running]
) -> None:
    stories.licensed(desks)
    seal_logs(desks.house)
    one = witness(log_name(house)[1])
    own = watched_by(house, one)
    with house.desk().begin(Permission.BADGE_READ) as work:
        token = str(work.session.exec(select(Badge.token_sha256)).one())
    assert first_cosigned(house, token) is None

    (shown,) = show_to_witnesses(own.desk())
    assert (shown.witness, shown.is_cosigned) == ("witness.example/w1", True)
    assert show_to_witnesses(own.desk()) == []  # nothing new to show

    with served(house) as base:
        note = read_note(httpx.get(f"{base}/log/checkpoint").text)
    found = note.cosigned(WitnessKey.from_vkey(one.vkey))
    assert found is not None
    assert first_cosigned(house, token) == found[1]
    assert first_cosigned(house, "0" * 64) is None
    with house.desk().begin(Permission.LOG_READ) as work:
        head = work.session.exec(select(LogCheckpoint)).one()
    assert head.cosigned_at is not None
    assert int(head.cosigned_at.timestamp()) == found[1]


def test_a_later_head_does_not_make_a_token_younger_or_older(
    house: House, desks: Desks, witness: Callable[[str], Running]
) -> None:
    own = watched_by(house, witness(log_name(house)[1]))
    stories.licensed(desks)
    seal_logs(desks.house)
    show_to_witnesses(own.desk())
    with house.desk().begin(Permission.BADGE_READ) as work:
        token = str(work.session.exec(select(Badge.token_sha256)).one())
    first = first_cosigned(house, token)
    filled(house, 3)
    show_to_witnesses(own.desk())
    assert first_cosigned(house, token) == first


def test_a_witness_that_knows_another_head_is_asked_from_there(
    house: House, witness: Callable[[str], Running]
) -> None:
    filled(house, 20)
    one = witness(log_name(house)[1])
    assert one.add(request_of(house, 0)).status_code == 200  # it signed, and we lost the answer
    filled(house, 7)

    (shown,) = show_to_witnesses(watched_by(house, one).desk())

    assert (shown.size, shown.is_cosigned) == (27, True)


def test_a_witness_that_knows_more_than_we_do_is_heard(
    house: House, witness: Callable[[str], Running]
) -> None:
    filled(house, 20)
    one = witness(log_name(house)[1])
    assert one.add(request_of(house, 0)).status_code == 200
    with house.engine.begin() as connection:
        for table in ("log_entries", "log_tiles", "log_checkpoints"):
            connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608
    filled(house, 5)

    (shown,) = show_to_witnesses(watched_by(house, one).desk())

    assert (shown.is_cosigned, shown.words) == (False, "knows 20 entries")


def test_a_witness_that_is_away_holds_nothing_up(
    house: House, witness: Callable[[str], Running]
) -> None:
    filled(house, 20)
    one = witness(log_name(house)[1])
    away = Running(f"http://127.0.0.1:{free_port()}", one.vkey, one.state)

    (shown,) = show_to_witnesses(watched_by(house, away).desk())
    assert not shown.is_cosigned
    (shown,) = show_to_witnesses(watched_by(house, one).desk())
    assert shown.is_cosigned


def test_a_cosignature_of_another_key_or_moment_is_none() -> None:
    key = Ed25519PrivateKey.from_private_bytes(b"\x09" * 32)
    name, public = "witness.example/w1", key.public_key().public_bytes_raw()
    ours = WitnessKey(name, public)
    text = Checkpoint("log.example/log", 3, bytes(32)).text
    log = sign_note(text, NoteKey("log.example/log", public), key.sign)
    line = replace(log.signatures[0], name=name, key_hash=ours.key_hash)
    good = replace(line, signature=(1000).to_bytes(8) + key.sign(cosigned_text(text, 1000)))
    late = replace(line, signature=(1001).to_bytes(8) + key.sign(cosigned_text(text, 1000)))

    assert read_note(str(log) + good.line).cosigned(ours) == (good.line, 1000)
    assert read_note(str(log)).cosigned(ours) is None
    with pytest.raises(BadNote):
        read_note(str(log) + late.line).cosigned(ours)
    with pytest.raises(BadNote):
        read_note(str(log) + replace(good, signature=b"short").line).cosigned(ours)
    assert WitnessKey.from_vkey(ours.vkey) == ours
    with pytest.raises(BadNote):
        NoteKey.from_vkey(ours.vkey)
