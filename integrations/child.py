"""Processes that may die of what strangers send: started small, limited, spoken with in frames.

A frame is four bytes of length and so many bytes. The parent's half is `Child` and `Pool`, the
child's `confine`, `take` and `give`. Nothing that comes from a child is more than bytes.
"""

import atexit
import os
import resource
import select
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from math import inf
from pathlib import Path
from threading import Lock
from typing import IO, Final

_HOUSE: Final = Path(__file__).parents[1]
_LONGEST: Final = 16_000_000
_PIECE: Final = 1 << 20
_LATE: Final = "time"
_ENVIRONMENT: Final = {
    "PYTHONPATH": str(_HOUSE),
    "PYTHONUTF8": "1",
    "PATH": os.defpath,
    # Arrow's own allocator reserves 1.3 GB of addresses at once, which `confine` counts.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}
_STAYS, _LEAVES, _BROKEN = b"+", b"-", b"!"


class Died(Exception):
    """No answer within the limits: the process is gone, or was ended."""

    @property
    def is_late(self) -> bool:
        """It ran out of time on the wall, which says little of what it was given."""
        return self.args == (_LATE,)


class Child:
    """One process and its two pipes, waited for no longer than it is told."""

    def __init__(self, module: str, seconds: float, longest: int = _LONGEST) -> None:
        self.left = seconds
        """Seconds that may still be spent waiting."""
        self._longest = longest
        self._process = subprocess.Popen(  # noqa: S603 - a module of this house
            (sys.executable, "-m", module),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_ENVIRONMENT,
        )
        self._ins, self._outs = _pipe(self._process.stdin), _pipe(self._process.stdout)
        os.set_blocking(self._ins.fileno(), False)

    def tell(self, *frames: bytes) -> None:
        for frame in frames:
            data = memoryview(len(frame).to_bytes(4, "big") + frame)
            while data:
                self._wait(self._ins, select.POLLOUT)
                try:
                    data = data[os.write(self._ins.fileno(), data[:_PIECE]) :]
                except BlockingIOError:
                    continue
                except BrokenPipeError:
                    raise Died("gone") from None

    def hear(self) -> bytes:
        size = int.from_bytes(self._exactly(4), "big")
        if size > self._longest:
            raise Died("too much")
        return self._exactly(size)

    def is_ready(self, seconds: float) -> bool:
        """Whether it has said something, or is gone, within so many seconds."""
        try:
            self._wait(self._outs, select.POLLIN, seconds)
        except Died:
            if self.left <= 0:
                raise
            return False
        return True

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        with suppress(BrokenPipeError):
            self._ins.close()
        self._outs.close()

    def _exactly(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            self._wait(self._outs, select.POLLIN)
            some = os.read(self._outs.fileno(), min(size - len(data), _PIECE))
            if not some:
                raise Died("gone")
            data += some
        return bytes(data)

    def _wait(self, pipe: IO[bytes], event: int, most: float = inf) -> None:
        poll = select.poll()
        poll.register(pipe, event)
        began = time.monotonic()
        ready = poll.poll(max(min(self.left, most), 0) * 1000)
        self.left -= time.monotonic() - began
        if not ready:
            raise Died(_LATE)


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # noqa: S101 - it was asked for
    return pipe


@contextmanager
def child_of(module: str, seconds: float, longest: int) -> Generator[Child]:
    """A process for one piece of work."""
    child = Child(module, seconds, longest)
    try:
        yield child
    finally:
        child.close()


class Pool:
    """Processes of one module, kept warm; as many as threads ask at the same time.

    Each answers one question after the other (`serve`). One that hangs or dies takes its own
    question along, and nobody else's.
    """

    def __init__(self, module: str, seconds: float, first: float = 30.0) -> None:
        self._module = module
        self._seconds = seconds
        self._first = first
        """More for the first question, while the process still starts."""
        self._lock = Lock()
        self._idle: list[Child] = []
        atexit.register(self.close)

    def ask(self, *frames: bytes) -> bytes:
        """The answer to one question; `Died` when there is none."""
        child = self._one()
        stays, answer = False, b""
        try:
            child.left = self._seconds
            child.tell(*frames)
            answer = child.hear()
            stays = answer[:1] == _STAYS
        finally:
            if stays:
                with self._lock:
                    self._idle.append(child)
            else:
                child.close()
        if answer[:1] == _BROKEN:
            raise Died(answer[1:].decode("ascii", "replace"))
        return answer[1:]

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.close()

    def _one(self) -> Child:
        with self._lock:
            while self._idle:
                child = self._idle.pop()
                if child.is_alive:
                    return child
                child.close()
        child = Child(self._module, self._first)
        try:
            child.hear()
        except Died:
            child.close()
            raise
        return child


# The child's half.


def confine(memory: int, seconds: int, file_bytes: int = 0) -> None:
    """Of this process for good: address space, processor time, no core, no larger files."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))


def take(pipe: IO[bytes]) -> bytes | None:
    """The next frame; None when there will be no more."""
    size = pipe.read(4)
    if len(size) < 4:  # noqa: PLR2004 - its own length
        return None
    return pipe.read(int.from_bytes(size, "big"))


def give(frame: bytes) -> None:
    sys.stdout.buffer.write(len(frame).to_bytes(4, "big") + frame)
    sys.stdout.buffer.flush()


def serve(answer: Callable[[Sequence[bytes]], bytes], frames: int, room: int, seconds: int) -> None:
    """Answer questions of so many frames each, until there are no more.

    Each may take `seconds` of the processor, or up to one less, and all of them `room` bytes
    beyond what the process has when it begins; it leaves when half of that is not given back.
    """
    base = _size()
    confine(base + room, resource.RLIM_INFINITY)
    sys.excepthook = _last_word
    give(b"")
    while None not in (asked := [take(sys.stdin.buffer) for _ in range(frames)]):
        spent = resource.getrusage(resource.RUSAGE_SELF)
        end = int(spent.ru_utime + spent.ru_stime) + seconds
        resource.setrlimit(resource.RLIMIT_CPU, (end, resource.RLIM_INFINITY))
        answered = answer([frame for frame in asked if frame is not None])
        del asked
        stays = _size() - base < room // 2
        give((_STAYS if stays else _LEAVES) + answered)


def _last_word(kind: type[BaseException], error: BaseException, trace: object) -> None:
    del error, trace
    give(_BROKEN + kind.__name__.encode())


def _size() -> int:
    pages = int(Path("/proc/self/statm").read_text("ascii").partition(" ")[0])
    return pages * resource.getpagesize()
