"""Where batches are worked on: in processes beside this one, or by the workers of a Dask scheduler.

Both answer in the order in which they were asked, and hold no more than a few batches.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from queue import SimpleQueue
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import urlsplit

from integrations.bulk.setups import Setup
from integrations.child import Child, Died
from models.refusals import Conflict, Invalid

LOCAL: Final = "local"
_DASK: Final = "dask"
_MODULE: Final = "integrations.bulk.worker"
_MOST_PROCESSES: Final = 8
_SECONDS: Final = 600.0
"""For one batch, and the start of a worker with it."""
_LONGEST: Final = 1_000_000_000
_AHEAD: Final = 1
"""Batches that wait for each worker beside the one in its hands."""
_PATIENCE: Final = "10s"

Given = TypeVar("Given")


class Engine(Protocol):
    """`each` yields what was given with its answer, in order."""

    def each(self, parts: Iterable[tuple[Given, bytes]]) -> Iterator[tuple[Given, bytes]]: ...

    def close(self) -> None: ...


def open_engine(name: str, setup: Setup, processes: int | None = None) -> Engine:
    """The engine called `local`, of no process but this one if there are to be 0; or the one at
    `dask://host:port`.
    """
    if name == LOCAL and processes == 0:
        return OwnEngine(setup)
    if name == LOCAL:
        return LocalEngine(setup, processes or min(os.cpu_count() or 1, _MOST_PROCESSES))
    address = urlsplit(name)
    if address.scheme == _DASK and address.hostname and address.port:
        return DaskEngine(f"tcp://{address.netloc}", setup)
    raise Invalid("bulk.no_engine", engine=name)


class OwnEngine:
    """No process but this one: for what is not worth starting another."""

    def __init__(self, setup: Setup) -> None:
        self._part = setup.made()

    def each(self, parts: Iterable[tuple[Given, bytes]]) -> Iterator[tuple[Given, bytes]]:
        return ((given, self._part(part)) for given, part in parts)

    def close(self) -> None:
        return


class LocalEngine:
    """Processes that are started afresh and spoken with in frames: none is forked off this one."""

    def __init__(self, setup: Setup, processes: int) -> None:
        names = setup.work, setup.digest, str(len(setup.given))
        self._first = (*(name.encode() for name in names), *setup.given)
        self._idle: SimpleQueue[Child] = SimpleQueue()
        self._children = [Child(_MODULE, _SECONDS, _LONGEST) for _ in range(processes)]
        for child in self._children:
            self._idle.put(child)
        self._told: set[int] = set()
        self._threads = ThreadPoolExecutor(processes)

    def each(self, parts: Iterable[tuple[Given, bytes]]) -> Iterator[tuple[Given, bytes]]:
        most = len(self._children) * (1 + _AHEAD)
        return _in_order(parts, lambda part: self._threads.submit(self._ask, part), most)

    def close(self) -> None:
        for child in self._children:
            child.close()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _ask(self, part: bytes) -> bytes:
        child = self._idle.get()
        try:
            child.left = _SECONDS
            if id(child) not in self._told:
                self._told.add(id(child))
                child.tell(*self._first)
            child.tell(part)
            return child.hear()
        except Died as died:
            raise Conflict("bulk.worker_died", problem=str(died)) from died
        finally:
            self._idle.put(child)


class DaskEngine:
    """The same function on the workers of a scheduler, which have this package installed."""

    def __init__(self, address: str, setup: Setup) -> None:
        if find_spec("distributed") is None:
            raise Invalid("bulk.no_dask")
        from distributed import Client  # pyright: ignore[reportMissingTypeStubs]

        try:
            client: Any = Client(address, timeout=_PATIENCE, set_as_default=False)
        except (OSError, TimeoutError) as error:
            problem = str(error)[:200]
            raise Conflict("bulk.no_scheduler", address=address, problem=problem) from error
        self._client = client
        self._workers = max(1, sum(client.nthreads().values()))
        self._setup = client.scatter(setup, broadcast=True, hash=False)

    def each(self, parts: Iterable[tuple[Given, bytes]]) -> Iterator[tuple[Given, bytes]]:
        def submit(part: bytes) -> Any:  # noqa: ANN401 - Dask's future
            there = self._client.scatter(part, hash=False)
            return self._client.submit(_answer, there, self._setup, pure=False)

        return _in_order(parts, submit, self._workers * (1 + _AHEAD))

    def close(self) -> None:
        self._client.close()


def _answer(part: bytes, setup: Setup) -> bytes:
    return setup.answer(part)


def _in_order(
    parts: Iterable[tuple[Given, bytes]], submit: Callable[[bytes], Any], most: int
) -> Iterator[tuple[Given, bytes]]:
    """At most so many asked at a time; the answers as the parts came."""
    waiting: deque[tuple[Given, Any]] = deque()
    for given, part in parts:
        waiting.append((given, submit(part)))
        if len(waiting) >= most:
            first, future = waiting.popleft()
            yield first, future.result()
    while waiting:
        first, future = waiting.popleft()
        yield first, future.result()
