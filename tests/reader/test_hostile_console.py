"""A console that somebody else plays: no other keys, no bombs, no dates that break the sums."""

import gzip
import tracemalloc
from collections.abc import Generator
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest
from joserfc.jwk import OKPKey

from reader_agent.outbox.flush import flush
from reader_agent.refusals import ConsoleUnreachable, KeysChanged
from reader_agent.wire.relay import Relay
from tests.reader.counter import Counter
from tests.reader.far_console import FarConsole, Mood, far_console, public, says
from tests.reader.laptop import AGENT, Laptop, paired

_BOMB = 200 * 1024 * 1024


@pytest.fixture
def far() -> Generator[FarConsole]:
    with far_console() as console:
        yield console


@pytest.fixture
def laptop(far: FarConsole, tmp_path: Path) -> Generator[Laptop]:
    with paired(far, tmp_path / "state") as made:
        yield made


class Abroad(httpx.HTTPTransport):
    """As if the console on this machine stood at another address."""

    def __init__(self, far: FarConsole) -> None:
        super().__init__()
        self._port = httpx.URL(far.url).port

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        return super().handle_request(request)


@pytest.fixture
def abroad(laptop: Laptop) -> Generator[Relay]:
    """The way to a console that nothing but the system's authorities vouch for."""
    console = replace(laptop.relay.console, url="https://console.example")
    http = httpx.Client(transport=Abroad(laptop.far), trust_env=False)
    relay = Relay(console, laptop.key, AGENT, http, path=laptop.folder.console_path)
    yield relay
    relay.close()


@pytest.mark.requirement("000-3-c")
@pytest.mark.parametrize(
    ("which", "other"),
    [("sealing", OKPKey.generate_key("X25519")), ("receipts", OKPKey.generate_key("Ed25519"))],
    ids=("sealing", "receipts"),
)
def test_reads_are_sealed_for_the_keys_of_enrolment_and_no_others(
    laptop: Laptop, abroad: Relay, which: str, other: OKPKey
) -> None:
    assert abroad.status() == "active"
    known = abroad.console
    setattr(laptop.far, which, other)
    for ask in (abroad.status, abroad.tasks):
        with pytest.raises(KeysChanged):
            ask()
    assert abroad.console.encryption_key == known.encryption_key
    assert abroad.console.receipt_keys == known.receipt_keys


def test_a_read_waits_when_the_keys_changed_and_nothing_more_is_read(
    laptop: Laptop, abroad: Relay
) -> None:
    laptop.read()
    laptop.far.receipts = OKPKey.generate_key("Ed25519")
    [(_, outcome)] = flush(abroad, laptop.spool)
    assert (outcome.state, outcome.code) == ("stopped", "keys_changed")


@pytest.mark.parametrize("is_pinned", [True, False])
def test_a_console_that_was_pinned_or_is_here_may_change_its_keys(
    laptop: Laptop, abroad: Relay, *, is_pinned: bool
) -> None:
    relay = abroad if is_pinned else laptop.relay
    relay.console = replace(relay.console, ca="pinned" if is_pinned else "")
    laptop.far.sealing = OKPKey.generate_key("X25519")
    assert relay.status() == "active"
    assert relay.console.encryption_key["x"] == public(laptop.far.sealing)["x"]


def hung_up(mood: Mood) -> Mood:
    """It says more than anybody listens to."""

    def says_all(console: FarConsole, asked: BaseHTTPRequestHandler) -> bool:
        with suppress(OSError):
            mood(console, asked)
        asked.close_connection = True
        return False

    return says_all


@pytest.mark.parametrize("packing", ["gzip", "deflate", "br", "gzip, gzip", "nonsense"])
def test_a_packed_answer_is_not_unpacked(far: FarConsole, laptop: Laptop, packing: str) -> None:
    bomb = gzip.compress(bytes(_BOMB), 9)
    far.moods.append(hung_up(says(200, bomb, Content_Encoding=packing)))
    tracemalloc.start()
    try:
        with pytest.raises(ConsoleUnreachable) as refusal:
            laptop.relay.now()
        assert tracemalloc.get_traced_memory()[1] < 10 * 1024 * 1024
    finally:
        tracemalloc.stop()
    assert refusal.value.reason == "answer"


def test_an_answer_without_an_end_is_cut_off(far: FarConsole, laptop: Laptop) -> None:
    far.moods.append(hung_up(says(200, b"[" * (3 * 1024 * 1024))))
    with pytest.raises(ConsoleUnreachable) as refusal:
        laptop.relay.now()
    assert refusal.value.reason == "answer"


@pytest.mark.parametrize("at", ["0001-01-01", "1999-12-31", "2100-01-01", "9999-12-31"])
def test_a_time_that_is_far_off_is_no_answer(far: FarConsole, laptop: Laptop, at: str) -> None:
    moment = f"{at}T23:59:59Z"
    far.moods.append(says(200, {**far.facts(), "now": moment}))
    with pytest.raises(ConsoleUnreachable):
        laptop.relay.now()
    for member in ("challenge_until", "expires_at"):
        far.tasks[:] = [far.task() | {member: moment}]
        with pytest.raises(ConsoleUnreachable):
            laptop.relay.tasks(0)


def test_a_figure_that_is_far_off_is_no_answer(far: FarConsole, laptop: Laptop) -> None:
    facts = {**far.facts(), "token": "t", "state": "active", "expires_in": 10**400}
    far.moods.extend((says(200, far.facts()), says(200, facts)))
    laptop.relay.now()
    with pytest.raises(ConsoleUnreachable):
        laptop.relay.status()


@pytest.mark.parametrize("shape", [(), ("--json",)])
def test_a_title_commands_no_terminal(tmp_path: Path, shape: tuple[str, ...]) -> None:
    with far_console() as far:
        counter = Counter(far, tmp_path / "state")
        counter.pair()
        far.tasks.append(far.task() | {"title": "店\x1b[2J\x9b31m\u202e甲\r\n乙"})
        done = counter.does("tasks", *shape)
    assert done.code == 0
    assert "店" in done.said
    assert all(letter.isprintable() for letter in done.said.replace("\n", ""))
    assert len(done.said.splitlines()) == 1
