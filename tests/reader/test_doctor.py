"""`channel-reader doctor`: what is in the way, and what to do about it."""

import os
import socket
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from reader_agent.commands import doctor, doctor_host
from reader_agent.commands.doctor import Finding
from reader_agent.commands.doctor_host import Host, Seen
from reader_agent.commands.words import LANGUAGES, texts
from reader_agent.kept.folder import StateFolder
from tests.reader.counter import Counter
from tests.reader.far_console import FarConsole, far_console
from tests.reader.idreader import Simulator
from tests.reader.stack import SLOTS, Stack, until

_NOBODY = 65534


@pytest.fixture
def far() -> Iterator[FarConsole]:
    with far_console() as far:
        yield far


@pytest.fixture
def counter(far: FarConsole, tmp_path: Path) -> Counter:
    counter = Counter(far, tmp_path / "state")
    counter.pair()
    return counter


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Path]:
    """A service that answers."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "pcscd.comm"))
        listener.listen()
        yield tmp_path / "pcscd.comm"


@contextmanager
def as_nobody() -> Generator[None]:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def seen(tmp_path: Path, host: Host, port: str | None = None) -> dict[str, Finding]:
    found = doctor.examine(StateFolder.open(tmp_path / "state"), host, port)
    return {one.code: one for one in found}


# The card service


def test_a_service_that_is_not_installed(tmp_path: Path) -> None:
    found = seen(tmp_path, Host(tmp_path / "none", path=str(tmp_path)))
    assert found["no_pcscd"].level == "fault"
    assert "apt install pcscd" in texts("en")["doctor.no_pcscd"]


def test_a_service_that_is_installed_and_does_not_run(tmp_path: Path) -> None:
    (tmp_path / "pcscd").touch(0o755)
    found = seen(tmp_path, Host(tmp_path / "none", path=str(tmp_path)))
    assert found["pcscd_missing"].level == "fault"
    assert "systemctl enable --now pcscd.socket" in texts("en")["doctor.pcscd_missing"]


def test_a_service_that_died_and_left_its_socket(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "pcscd.comm"))
    assert seen(tmp_path, Host(tmp_path / "pcscd.comm"))["pcscd_dead"].level == "fault"


def test_a_service_that_this_account_may_not_reach(service: Path) -> None:
    service.chmod(0o600)
    with as_nobody():
        assert Host(service).service() == "closed"
    assert Host(service).service() == "running"


def test_a_service_that_refuses_this_session(
    service: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    denied = Seen(up=False, reason="access_denied", readers=[])
    monkeypatch.setattr(doctor_host, "readers", lambda: denied)
    assert seen(tmp_path, Host(service))["access_denied"].level == "fault"
    assert "polkit" in texts("en")["doctor.access_denied"]


@pytest.mark.parametrize(
    ("reason", "code"), [("pyscard_missing", "pyscard_missing"), ("service_stopped", "pcsc_broken")]
)
def test_what_to_install_or_to_restart_is_told(
    service: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: str, code: str
) -> None:
    down = Seen(up=False, reason=reason, readers=[])
    monkeypatch.setattr(doctor_host, "readers", lambda: down)
    assert seen(tmp_path, Host(service))[code].level == "fault"
    for language in LANGUAGES:
        wanted = "make reader" if code == "pyscard_missing" else "systemctl restart pcscd"
        assert wanted in texts(language)[f"doctor.{code}"]


def test_readers_are_named_and_virtual_ones_called_so(sims: Stack, counter: Counter) -> None:
    del sims
    said = counter.does("doctor").said
    for slot in SLOTS:
        assert f"! Virtual reader: {slot}" in said
    assert "✓ This laptop is active" in said
    assert counter.does("doctor").code == 0


def test_a_service_without_a_reader(sims: Stack, counter: Counter) -> None:
    with sims.without_readers():
        done = counter.does("doctor")
    assert "✗ The service runs, and there is no card reader." in done.said
    assert done.code == 4


def test_whoever_else_uses_cards_is_named(service: Path) -> None:
    script = "import ctypes, sys; ctypes.CDLL('libpcsclite.so.1'); print(1, flush=True); input()"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", script], stdin=pipe, stdout=pipe) as other:
        assert other.stdout is not None
        if not other.stdout.readline():
            pytest.skip("libpcsclite1 is missing")
        name = Path(f"/proc/{other.pid}/comm").read_text().strip()
        assert (other.pid, name) in list(Host(service).others())
        other.communicate(b"\n")
    assert other.pid not in [pid for pid, _ in Host(service).others()]


# The identity reader


def test_a_port_that_is_not_there(service: Path, tmp_path: Path) -> None:
    found = seen(tmp_path, Host(service), str(tmp_path / "none"))
    assert found["port_missing"].level == "fault"


def test_a_port_that_this_account_may_not_use() -> None:
    ours, theirs = os.openpty()
    try:
        os.fchmod(theirs, 0o600)
        port = Path(os.ttyname(theirs))
        with as_nobody():
            assert Host().port(port) == "port_denied"
        assert Host().port(port) == "port_usable"
    finally:
        os.close(ours)
        os.close(theirs)
    assert "dialout" in texts("en")["doctor.port_denied"]


def test_the_security_module_of_an_identity_reader_is_told(service: Path, tmp_path: Path) -> None:
    with Simulator.running(tmp_path) as reader:
        found = seen(tmp_path, Host(service), reader.port)
    assert str(found["sam"].facts["sam_id"]).startswith("05.03-")


def test_a_port_without_an_identity_reader(service: Path, tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    try:
        found = seen(tmp_path, Host(service), os.ttyname(theirs))
    finally:
        os.close(ours)
        os.close(theirs)
    assert (found["sam_silent"].level, found["sam_silent"].facts["reason"]) == ("fault", "id_mute")


# The console


def test_a_laptop_that_is_not_paired(service: Path, tmp_path: Path) -> None:
    assert seen(tmp_path, Host(service))["not_enrolled"].level == "fault"


def test_a_key_that_others_can_read(counter: Counter, service: Path, tmp_path: Path) -> None:
    (counter.state / "device.key").chmod(0o640)
    assert seen(tmp_path, Host(service))["key_file_open"].level == "fault"


def test_a_console_that_is_away(tmp_path: Path, service: Path) -> None:
    with far_console() as far:
        Counter(far, tmp_path / "state").pair()
    away = seen(tmp_path, Host(service))["console_away"]
    assert (away.level, away.facts["reason"]) == ("fault", "network")


def test_a_clock_that_is_off(counter: Counter, service: Path, tmp_path: Path) -> None:
    assert seen(tmp_path, Host(service))["clock"].level == "ok"
    counter.far.ahead = timedelta(minutes=6)
    off = seen(tmp_path, Host(service))["clock_off"]
    assert off.level == "fault", "no card is read by it"
    assert isinstance(off.facts["seconds"], int)
    assert -365 < off.facts["seconds"] < -355


def test_an_agent_that_is_too_old(counter: Counter, service: Path, tmp_path: Path) -> None:
    counter.far.minimum_version = "9.0.0"
    old = seen(tmp_path, Host(service))["too_old"]
    assert (old.level, old.facts["minimum"]) == ("fault", "9.0.0")


def test_a_laptop_that_waits_for_approval(far: FarConsole, tmp_path: Path, service: Path) -> None:
    far.new_state = "pending"
    Counter(far, tmp_path / "state").pair()
    assert seen(tmp_path, Host(service))["device_pending"].level == "fault"


def test_an_agent_that_runs_is_told(counter: Counter, service: Path, tmp_path: Path) -> None:
    with counter.starts("run") as agent:
        until((counter.state / "spool.db").exists)
        found = seen(tmp_path, Host(service))["agent_running"]
        assert found.facts["pid"] == str(agent.process.pid)


def test_everything_that_doctor_can_say_is_in_words() -> None:
    said = {key.removeprefix("doctor.") for key in texts("en") if key.startswith("doctor.")}
    source = Path(doctor.__file__).read_text("utf-8") + Path(doctor_host.__file__).read_text()
    for code in said:
        name = code.removeprefix("pcscd_").removeprefix("device_")
        assert f'"{code}"' in source or f'"{name}"' in source or name in _OF_OTHERS, code


_OF_OTHERS = {
    *("active", "enrolled", "pending", "quarantined", "retired", "unknown"),
    *("not_enrolled", "key_file_open", "key_damaged", "pairing_damaged"),
}
