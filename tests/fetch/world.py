"""The hostile world of the catalogue: sites that may be asked, canaries that must hear nothing."""

import socket
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from threading import Event, Lock
from time import monotonic
from typing import Any, Final

from console.actions.patrol.fetch import Fetched, fetch_page
from console.desk import Desk
from integrations.fetch import Fetcher, FetchSettings
from tests.fetch.catalogue import Case, catalogue
from tests.hostile import HostileServer

CANARIES: Final = ("127.0.0.1", "127.0.0.2", "::1")
SITE: Final = "127.77.0.1"
_ROBOTS: Final = "127.77.1.{}"
HOSTS: Final = [SITE, *CANARIES, *(_ROBOTS.format(n) for n in range(20))]


class Names:
    """A resolver in this process, whose answers change as the case says."""

    def __init__(self) -> None:
        self.told: dict[str, Sequence[Sequence[str]]] = {}
        self.ended = Event()
        self._asked: dict[str, int] = {}
        self._lock = Lock()

    def forget(self) -> None:
        """From now on every name is looked up for the first time."""
        with self._lock:
            self._asked.clear()

    def __call__(self, host: str, port: int) -> Sequence[str]:
        if host not in self.told:
            return list(dict.fromkeys(str(one[4][0]) for one in socket.getaddrinfo(host, port)))
        with self._lock:
            number = self._asked[host] = self._asked.get(host, -1) + 1
        answers = self.told[host]
        answer = answers[min(number, len(answers) - 1)]
        if answer == ("!",):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        if answer == ("...",):
            self.ended.wait()
        return answer


@dataclass(frozen=True)
class Result:
    case: Case
    found: Fetched
    seconds: float

    @property
    def is_good(self) -> bool:
        return self.found.outcome in self.case.outcomes


@dataclass
class World:
    desk: Desk
    site: HostileServer
    canaries: Sequence[HostileServer]
    cases: Sequence[Case]
    robots: dict[str, str]
    lanes: Path
    limits: dict[str, Any]
    names: Names = field(default_factory=Names)

    @property
    def hits(self) -> int:
        return sum(canary.connections for canary in self.canaries)

    def run(self, case: Case) -> Result:
        """One fetch as the command does it: a fetcher of its own, evidence kept."""
        fetcher = Fetcher(
            FetchSettings(
                agent="channel-patrol/0.1 (+https://carrier.example)",
                allowed_networks=(ip_network("127.77.0.0/16"),),
                lanes=self.lanes,
                **self.limits,
            ),
            resolver=self.names,
        )
        robots = self.robots.get(case.key, "")
        site = f"{SITE}:{self.site.port}"
        url = case.url
        for blank, value in (("site", site), ("port", str(self.site.port)), ("robots", robots)):
            url = url.replace(f"{{{blank}}}", value)
        began = monotonic()
        found = fetch_page(self.desk, url, fetcher)
        return Result(case, found, monotonic() - began)

    def run_all(self, workers: int = 16) -> list[Result]:
        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(self.run, self.cases))


@contextmanager
def hostile_world(desk: Desk, lanes: Path, **limits: Any) -> Generator[World]:  # noqa: ANN401
    """Every site of the catalogue, open at one port; `limits` are settings of the fetcher."""
    with ExitStack() as open_:
        canaries = [open_.enter_context(HostileServer(CANARIES[0]))]
        port = canaries[0].port
        canaries += [open_.enter_context(HostileServer(host, port)) for host in CANARIES[1:]]
        site = open_.enter_context(HostileServer(SITE, port))
        cases = catalogue(port)
        world = World(desk, site, canaries, cases, {}, lanes, limits)
        for case in cases:
            if case.robots is None:
                site.routes |= case.routes
            else:
                host = _ROBOTS.format(len(world.robots))
                own = open_.enter_context(HostileServer(host, port))
                own.routes |= {**case.routes, "/robots.txt": case.robots}
                world.robots[case.key] = f"{host}:{port}"
            if case.addresses:
                world.names.told[case.url.partition("//")[2].partition(":")[0]] = case.addresses
        open_.callback(world.names.ended.set)
        yield world
