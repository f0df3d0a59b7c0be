"""The way to the console: what is asked, what is believed, and when it is tried again."""

import json
import logging
from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from time import monotonic

import pytest
from joserfc.jwk import OKPKey

from reader_agent.build import this_agent
from reader_agent.kept.device_key import DeviceKey
from reader_agent.outbox.flush import Outcome, flush
from reader_agent.refusals import (
    AgentRefusal,
    ConsoleRefused,
    ConsoleUnreachable,
    NotEnrolled,
    PairingDamaged,
)
from reader_agent.wire.pairing import Console
from reader_agent.wire.relay import Relay
from tests.reader.far_console import (
    FarConsole,
    Handler,
    Mood,
    far_console,
    refuses,
    says,
    silent,
)
from tests.reader.laptop import AGENT, Laptop, paired

_FEW = 0.3
"""Seconds, for what must not come."""


@pytest.fixture
def far() -> Generator[FarConsole]:
    with far_console() as console:
        yield console


@pytest.fixture
def laptop(far: FarConsole, tmp_path: Path) -> Generator[Laptop]:
    with paired(far, tmp_path / "state") as made:
        yield made


def _flushed(laptop: Laptop) -> list[Outcome]:
    return [outcome for _, outcome in flush(laptop.relay, laptop.spool)]


def test_enrolment_is_by_a_code_that_works_once(far: FarConsole, tmp_path: Path) -> None:
    key = DeviceKey.create(tmp_path / "device.key")
    far.codes.add("ABCDE23456")
    far.new_state = "pending"
    told = Relay.enrol(far.url + "/", "ABCDE23456", key=key, agent=AGENT, host="laptop")
    assert (told.state, told.fingerprint) == ("pending", key.fingerprint)
    assert (told.console.url, told.console.kid) == (far.url, key.kid)
    for other in (key, DeviceKey.create(tmp_path / "other.key")):
        with pytest.raises(ConsoleRefused) as refusal:
            Relay.enrol(far.url, "ABCDE23456", key=other, agent=AGENT, host="laptop")
        assert (refusal.value.status, refusal.value.told) == (404, "reader.code_unknown")


def test_what_enrolment_told_is_kept_for_the_next_start(laptop: Laptop, tmp_path: Path) -> None:
    path = laptop.folder.console_path
    assert Console.read(path) == laptop.relay.console
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(NotEnrolled):
        Console.read(tmp_path / "none.json")
    told = json.loads(path.read_text())
    odd_ones: Sequence[Mapping[str, object]] = (
        {"url": "http://192.0.2.1"},
        {"receipt_keys": {"keys": []}},
        {"kid": 5},
    )
    for odd in odd_ones:
        path.write_text(json.dumps({**told, **odd}))
        with pytest.raises(PairingDamaged):
            Console.read(path)
    path.write_text("{")
    with pytest.raises(PairingDamaged):
        Console.read(path)


@pytest.mark.parametrize("state", ["active", "pending", "quarantined", "retired"])
def test_the_laptop_knows_how_it_stands(far: FarConsole, laptop: Laptop, state: str) -> None:
    far.devices[laptop.key.kid].state = state
    assert laptop.relay.status() == state


def test_a_laptop_that_the_console_forgot_is_unknown(far: FarConsole, laptop: Laptop) -> None:
    far.devices.clear()
    assert laptop.relay.status() == "unknown"


def test_anybody_may_ask_the_time(far: FarConsole, laptop: Laptop) -> None:
    facts = laptop.relay.now()
    assert abs(facts.now - far.now()) < timedelta(seconds=30)
    assert facts.minimum_version == "0.1.0"


def test_a_task_arrives_the_moment_it_is_opened(far: FarConsole, laptop: Laptop) -> None:
    tag, tasks = laptop.relay.tasks(0)
    assert tasks == []
    heard: list[str] = []

    def wait() -> None:
        heard.extend(one.number for one in laptop.relay.tasks(25, tag)[1])

    waiting = Thread(target=wait)
    waiting.start()
    far.open_task("id", "name", "no")
    began = monotonic()
    waiting.join()
    assert heard == ["SC-2026-0001"]
    assert monotonic() - began < 10
    [task] = laptop.relay.tasks(0)[1]
    assert (task.kind, task.fields, task.notice) == ("id", ("name", "no"), None)
    assert task.challenge in far.challenges
    assert task.salt
    assert task.salt not in repr(task)


def test_a_read_is_sent_while_the_laptop_waits_for_tasks(far: FarConsole, laptop: Laptop) -> None:
    tag, _ = laptop.relay.tasks(0)
    heard = Event()

    def wait() -> None:
        laptop.relay.tasks(25, tag)
        heard.set()

    waiting = Thread(target=wait)
    waiting.start()
    laptop.read()
    assert _flushed(laptop) == [Outcome("relayed")]
    assert not heard.is_set()
    far.changed.set()
    waiting.join()


def test_the_notice_for_the_holder_comes_with_the_task(far: FarConsole, laptop: Laptop) -> None:
    far.open_task()["notice"] = {"version": "2026-1", "zh": "告知", "en": "Notice"}
    [task] = laptop.relay.tasks(0)[1]
    assert task.notice is not None
    assert (task.notice.version, task.notice.zh, task.notice.en) == ("2026-1", "告知", "Notice")


def test_a_token_that_the_console_forgot_is_asked_for_anew(far: FarConsole, laptop: Laptop) -> None:
    laptop.relay.tasks(0)
    far.tokens.clear()
    laptop.relay.tasks(0)
    assert far.asked.count("POST /reader/v1/token") == 2
    laptop.relay.tasks(0)
    assert far.asked.count("POST /reader/v1/token") == 2


def test_a_retired_laptop_gets_no_tasks(far: FarConsole, laptop: Laptop) -> None:
    laptop.relay.tasks(0)
    far.tokens.clear()
    far.devices[laptop.key.kid].state = "retired"
    with pytest.raises(ConsoleRefused) as refusal:
        laptop.relay.tasks(0)
    assert refusal.value.told == "reader.device_retired"


def test_the_answer_to_a_read_brings_the_next_challenge(far: FarConsole, laptop: Laptop) -> None:
    sent = laptop.relay.send(laptop.read().token or "")
    assert sent.next is not None
    assert sent.next.challenge in far.challenges
    [(_, outcome)] = flush(laptop.relay, laptop.spool)
    assert outcome == Outcome("relayed")


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_console_is_given_its_time_and_the_order_stays(
    far: FarConsole, laptop: Laptop, status: int
) -> None:
    kept = [laptop.read() for _ in range(3)]
    far.moods.append(refuses(status, "reader.busy", Retry_After="7"))
    assert _flushed(laptop) == [Outcome("later", "reader.busy", 7.0)]
    far.moods.append(says(status, b"<html>busy</html>", Retry_After="9"))
    assert _flushed(laptop) == [Outcome("later", f"http_{status}", 9.0)]
    assert not far.reads
    assert _flushed(laptop) == [Outcome("relayed")] * 3
    assert [one["read_id"] for one in far.reads] == [one.read_id for one in kept]


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "reader.device_unknown"),
        (401, "reader.device_retired"),
        (403, "reader.device_pending"),
        (403, "reader.device_quarantined"),
        (426, "reader.agent_too_old"),
    ],
)
def test_a_laptop_that_is_not_let_in_keeps_its_reads(
    far: FarConsole, laptop: Laptop, status: int, code: str
) -> None:
    laptop.read()
    laptop.read()
    far.moods.append(refuses(status, code))
    assert _flushed(laptop) == [Outcome("stopped", code)]
    assert laptop.spool.count() == 2
    assert _flushed(laptop) == [Outcome("relayed")] * 2


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "reader.signature_wrong"),
        (409, "reader.challenge_past"),
        (422, "reader.virtual_refused"),
    ],
)
def test_a_read_that_the_console_will_never_take_lets_the_next_one_pass(
    far: FarConsole, laptop: Laptop, status: int, code: str
) -> None:
    laptop.read()
    far.moods.append(refuses(status, code))
    assert _flushed(laptop) == [Outcome("refused", code)]
    assert laptop.spool.list()[0].code == code


def _drips(_: FarConsole, asked: object) -> bool:
    """A byte now and then, for ever: each is in time, the whole never is."""
    assert isinstance(asked, Handler)
    asked.send_response(201)
    asked.send_header("Content-Length", "100000")
    asked.end_headers()
    asked.close_connection = True
    with suppress(OSError):
        while not asked.console.ended.wait(0.05):
            asked.wfile.write(b" ")
    return False


def _hangs_up(_: FarConsole, asked: object) -> bool:
    assert isinstance(asked, Handler)
    asked.close_connection = True
    return False


def _floods(_: FarConsole, asked: object) -> bool:
    assert isinstance(asked, Handler)
    asked.send_response(201)
    asked.end_headers()
    asked.close_connection = True
    with suppress(OSError):
        while not asked.console.ended.is_set():
            asked.wfile.write(b" " * 65536)
    return False


@pytest.mark.parametrize(
    ("mood", "reason"),
    [
        (silent, "timeout"),
        (_drips, "timeout"),
        (_hangs_up, "network"),
        (says(200, b"<html>Welcome to the hotel</html>"), "answer"),
        (says(302, b"", Location="http://127.0.0.1:1/login"), "answer"),
        (says(400, b"<html>no JOSE here</html>"), "answer"),
        (says(403, {"error": "blocked by policy"}), "answer"),
        (says(502, b"bad gateway"), "answer"),
        (says(201, {"receipt": 5}), "answer"),
        (says(201, {"receipt": "a.b.c"}), "receipt_wrong"),
        (says(201, [1]), "answer"),
        (_floods, "answer"),
        (says(201, b"[" * 100_000), "answer"),
        (says(200, b"{}", Content_Encoding="gzip"), "answer"),
        (refuses(400, "proxy.dislikes"), "proxy.dislikes"),
        (refuses(500, "internal"), "internal"),
    ],
)
def test_whoever_else_answers_loses_no_read(
    far: FarConsole, laptop: Laptop, mood: Mood, reason: str
) -> None:
    read = laptop.read()
    laptop.relay.status()
    relay = laptop.again(patience=_FEW)
    far.moods.append(mood)
    began = monotonic()
    [(_, outcome)] = flush(relay, laptop.spool)
    assert outcome == Outcome("later", reason)
    assert monotonic() - began < 10
    assert laptop.spool.waiting() == [read]
    relay = laptop.again()
    assert _flushed(laptop) == [Outcome("relayed")]


def test_a_console_that_is_gone_is_not_waited_for(laptop: Laptop) -> None:
    with far_console() as other:
        url = other.url
    gone = Console.read(laptop.folder.console_path)
    relay = Relay(replace(gone, url=url), laptop.key, AGENT)
    for ask in (relay.now, relay.status, relay.tasks, lambda: relay.send("x")):
        with pytest.raises(ConsoleUnreachable) as refusal:
            ask()
        assert refusal.value.reason == "network"
    relay.close()


def test_another_console_at_the_same_address_gets_no_reads_by_token(
    far: FarConsole, laptop: Laptop
) -> None:
    facts = {**far.facts(), "aud": "other.example", "token": "x", "expires_in": 600}
    laptop.relay.now()
    far.moods.append(says(200, {**facts, "state": "active"}))
    with pytest.raises(ConsoleUnreachable) as refusal:
        laptop.relay.tasks(0)
    assert refusal.value.reason == "other_console"


def test_a_console_that_signs_with_a_new_key_is_still_believed(
    far: FarConsole, laptop: Laptop
) -> None:
    laptop.read()
    far.receipts = OKPKey.generate_key("Ed25519")
    assert _flushed(laptop) == [Outcome("relayed")]
    assert Console.read(laptop.folder.console_path) == laptop.relay.console


@pytest.mark.parametrize("minutes", [-90, 10])
def test_a_clock_that_is_wrong_is_known_to_be_and_signs_in_all_the_same(
    far: FarConsole, laptop: Laptop, minutes: int
) -> None:
    far.ahead = timedelta(minutes=minutes)
    relay = laptop.again()
    assert relay.status() == "active"
    assert abs(relay.skew_ms + minutes * 60_000) < 30_000
    assert abs(laptop.again().skew_ms - relay.skew_ms) < 1000
    far.ahead = timedelta()
    laptop.relay.tasks(0)
    assert abs(laptop.relay.skew_ms) < 30_000


def test_an_old_agent_says_so_and_still_sends_what_waits(far: FarConsole, laptop: Laptop) -> None:
    laptop.read()
    far.minimum_version = "0.2.0"
    assert not laptop.relay.is_too_old
    assert laptop.relay.status() == "too_old"
    assert _flushed(laptop) == [Outcome("relayed")]


def test_the_agent_names_the_very_bytes_that_run() -> None:
    agent = this_agent()
    assert len(bytes.fromhex(agent.build)) == 32
    assert agent == this_agent()


def test_nothing_that_is_secret_is_logged_or_put_into_an_address(
    far: FarConsole, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with paired(far, tmp_path / "state") as laptop:
        read = laptop.read("id")
        far.open_task()
        laptop.relay.tasks(0, "a tag & more")
        assert _flushed(laptop) == [Outcome("relayed")]
    spoken = caplog.text + " ".join(far.asked)
    for secret in ("ABCDE23456", read.token or "", *far.tokens):
        assert secret not in spoken
    assert "seen=a+tag+%26+more" in far.asked[-2]


def test_in_clear_it_speaks_with_this_machine_alone(
    far: FarConsole, laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with far_console() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        laptop.again()
        laptop.read()
        assert _flushed(laptop) == [Outcome("relayed")]
    assert not proxy.asked
    assert far.reads


@pytest.mark.parametrize("refused", [ConsoleRefused(503, "x"), ConsoleUnreachable("tls")])
def test_a_refusal_carries_its_code_and_facts(refused: AgentRefusal) -> None:
    assert refused.code
    assert refused.facts
