"""A real pcscd with two virtual SIM cards, and our own child processes spoken with in lines.

pcscd's socket is one per machine, so whoever uses it holds a lock that every test process knows.
"""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO, Any, Final, Self

import pytest

from reader_agent.cards.pcsc import Context, Monitor

Message = dict[str, Any]

ROOT: Final = Path(__file__).parents[2]
READER: Final = ROOT.parent / "shared/reader"
PROFILES: Final = READER / "fixtures/sim_profiles.json"
VECTORS: Final = READER / "fixtures/vectors.json"
SLOTS: Final = ("Virtual PCD 00 00", "Virtual PCD 00 01")

_SCRIPT: Final = READER / "run_virtual_sim.sh"
_LOCK: Final = Path("/run/lock/channel-pcscd.lock")
_PID: Final = Path("/run/pcscd/pcscd.pid")
_SOCKET: Final = Path("/run/pcscd/pcscd.comm")
_PREFIX: Final = "channel-sims-"
_SLOWEST: Final = 20.0


class Stack:
    """The daemon and its cards; slot 0 and slot 1 are readers `SLOTS`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._env = {**os.environ, "VSIM_STATE": str(folder), "VSIM_PYTHON": sys.executable}
        self.harm = 0
        """Commands with a PIN and commands that write, which any card got so far."""
        self._run("up", "2")

    def insert(self, profile: str, slot: int = 0, **differences: object) -> Message:
        """Puts a card in, in place of one that may be there: within milliseconds a swap."""
        self._harvest(slot)
        told = self._ask(slot, cmd="insert", profile=profile, set=differences)
        return dict(told["expect"])

    def remove(self, slot: int = 0) -> None:
        self._harvest(slot)
        self._ask(slot, cmd="remove")

    def fault(self, slot: int = 0, **faults: object) -> None:
        """`yank_after`, `mute_after`, `latency_ms`, `sw_after`, `short_after`; none: all well."""
        self._ask(slot, cmd="fault", faults=faults)

    def stats(self, slot: int = 0) -> Message:
        return self._ask(slot, cmd="stats")

    def pcscd_start(self) -> None:
        self._run("pcscd", "start")

    def pcscd_end(self, how: signal.Signals = signal.SIGTERM) -> None:
        # The script's own `stop` also waits until somebody has reaped it, for seconds.
        _end(self._folder / "pcscd.pid", how)
        _PID.unlink(missing_ok=True)

    @contextmanager
    def without_readers(self) -> Generator[None]:
        """A daemon that knows no reader at all."""
        self.pcscd_end()
        empty = self._folder / "no-readers"
        empty.mkdir(exist_ok=True)
        daemon = subprocess.Popen(
            ["pcscd", "--foreground", "-c", str(empty)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            until(_SOCKET.exists)
            yield
        finally:
            daemon.terminate()
            daemon.wait(_SLOWEST)
            self.pcscd_start()

    def put_back(self) -> None:
        """The daemon runs, no card is in, no fault is left."""
        self.pcscd_start()
        for slot in range(len(SLOTS)):
            self.fault(slot)
            self.remove(slot)
        context = Context()
        monitor = Monitor(context)
        until(lambda: set(SLOTS) <= set(monitor.readers()))
        until(lambda: not any(context.slot(name).is_present for name in SLOTS))
        context.close()

    def close(self) -> None:
        for slot in range(len(SLOTS)):
            with suppress(OSError):
                self._harvest(slot)
        _end_all(self._folder)

    def _harvest(self, slot: int) -> None:
        stats = self.stats(slot)
        self.harm += stats.get("verify_with_data", 0) + stats.get("writes", 0)

    def _ask(self, slot: int, **request: object) -> Message:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(_SLOWEST)
            line.connect(str(self._folder / f"sim{slot}.sock"))
            line.sendall(json.dumps(request).encode() + b"\n")
            told: Message = json.loads(line.makefile("r").readline())
        assert told["ok"], told
        return told

    def _run(self, *words: str) -> None:
        done = subprocess.run(
            ["bash", str(_SCRIPT), *words],
            env=self._env, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def stack_running() -> Generator[Stack]:
    """Waits for its turn on this machine; skips where a real PC/SC can't be had."""
    _skip_without()
    with _LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _end_left_over()
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        stack = Stack(folder)
        try:
            stack.put_back()
            yield stack
        finally:
            stack.close()
            shutil.rmtree(folder)
    assert stack.harm == 0, "a card got a PIN, or a command that writes"


def _skip_without() -> None:
    driver = Path("/usr/lib/pcsc/drivers/serial/libifdvpcd.so")
    for what, is_there in (
        ("pcscd", shutil.which("pcscd")),
        ("the virtual reader's driver (vsmartcard-vpcd)", driver.exists()),
        (str(_SCRIPT), _SCRIPT.exists()),
        ("root, which starts pcscd,", os.geteuid() == 0),
    ):
        if not is_there:
            pytest.skip(f"{what} is missing: nothing of PC/SC can be tried here")


def _end_left_over() -> None:
    """Ends what a run that was killed left; another's daemon is not ours to end."""
    try:
        command = Path(f"/proc/{_pid(_PID)}/cmdline").read_text().split("\0")
    except (OSError, ValueError):
        return
    ours = [Path(word).parent for word in command if f"/{_PREFIX}" in word]
    if not ours:
        pytest.skip("a pcscd that is none of these tests' runs on this machine")
    _end_all(ours[0])
    shutil.rmtree(ours[0], ignore_errors=True)


def _end_all(folder: Path) -> None:
    for file in (*folder.glob("*.pid"), _PID):
        _end(file, signal.SIGKILL)


def _pid(file: Path) -> int:
    """The daemon writes a NUL behind its own."""
    return int(file.read_text().strip("\0\n"))


def _end(file: Path, how: signal.Signals) -> None:
    """Ends the process of that file, and waits for no more than that it does nothing any more."""
    with suppress(OSError, ValueError):
        pid = _pid(file)
        os.kill(pid, how)
        status = Path(f"/proc/{pid}/status")
        until(lambda: not status.exists() or "State:\tZ" in status.read_text())
    file.unlink(missing_ok=True)


class Child:
    """`python -m reader_agent.…`, with what it said and when."""

    def __init__(self, module: str, *arguments: str, package: str = "reader_agent") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"{package}.{module}", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._heard: SimpleQueue[Message] = SimpleQueue()
        self._listener = Thread(target=self._listen, daemon=True)
        self._listener.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        crash = self.end()
        assert crash == "", crash

    def say(self, **order: object) -> None:
        ins = _pipe(self.process.stdin)
        ins.write(json.dumps(order).encode() + b"\n")
        ins.flush()

    def next(self, seconds: float = _SLOWEST) -> Message:
        try:
            return self._heard.get(timeout=seconds)
        except Empty:
            raise AssertionError("it said nothing") from None

    def until(self, event: str, **facts: object) -> Message:
        """The next of that kind; what is said before it is passed over."""
        wanted = {"event": event, **facts}
        while True:
            message = self.next()
            if wanted.items() <= message.items():
                return message

    def is_silent(self, seconds: float) -> bool:
        """Nothing comes for so long."""
        try:
            self._heard.get(timeout=seconds)
        except Empty:
            return True
        return False

    def hang_up(self) -> int:
        """Ends its input as a parent that died would; the exit code."""
        _pipe(self.process.stdin).close()
        return self.process.wait(_SLOWEST)

    def end(self) -> str:
        """What it wrote to stderr."""
        self.process.wait(_SLOWEST)
        self._listener.join(_SLOWEST)
        crash = _pipe(self.process.stderr).read().decode()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            with suppress(BrokenPipeError):
                _pipe(pipe).close()
        return crash

    def _listen(self) -> None:
        for line in _pipe(self.process.stdout):
            self._heard.put({**json.loads(line), "heard": time.monotonic_ns()})


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


def until(holds: Callable[[], object], seconds: float = _SLOWEST) -> None:
    """Asks again and again, for want of an event."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.01)
