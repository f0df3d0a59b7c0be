"""One pace for all processes of a house, the kill switch, refusals, and connections that stay."""

import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Timer
from time import monotonic

import pytest

from integrations.fetch import Fetcher, FetchSettings
from integrations.fetch.pace import SharedLane
from integrations.marketplaces.base import TurnedDown
from tests.fetch.asking import CANARY, HOST, OTHER_HOST, SETTINGS, failure, fetcher, recorded, word
from tests.hostile import Asked, HostileServer, Route, dripping, page, raw, redirect

pytestmark = pytest.mark.allow_hosts([HOST, OTHER_HOST, CANARY, "::1"])
_CHILD = """
import sys
from pathlib import Path
from integrations.fetch.pace import SharedLane, never, rest
lane = SharedLane(Path(sys.argv[1]), "shop.example")
for _ in range(4):
    with lane.slot(never):
        rest(lane.next_turn(0.1), never)
"""


def test_processes_of_one_house_keep_one_pace(tmp_path: Path) -> None:
    began = monotonic()
    command = (sys.executable, "-c", _CHILD, str(tmp_path))
    several = [subprocess.Popen(command) for _ in range(3)]
    codes = [one.wait(30) for one in several]

    assert codes == [0, 0, 0]
    assert monotonic() - began >= 11 * 0.1


def test_no_more_than_two_connections_of_all_fetchers(site: HostileServer, tmp_path: Path) -> None:
    site.routes["/"] = _after(0.1, page())
    own = {"pace_seconds": 0.01, "lanes": tmp_path, "total_seconds": 20.0}
    askers = [_fetcher(**own) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        waiting = [pool.submit(asker.ask, site.url()) for asker in askers]
        seen = [one.result() for one in waiting]

    assert [one.status for one in seen] == [200] * 6
    assert site.most_live <= 2


def test_a_killed_process_leaves_no_lock_behind(tmp_path: Path) -> None:
    hold = _CHILD.replace("rest(lane.next_turn(0.1), never)", "print(1, flush=True); input()")
    command = (sys.executable, "-c", hold, str(tmp_path))
    holders = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)
    ]
    for one in holders:
        assert one.stdout
        one.stdout.readline()
    lane, began = SharedLane(tmp_path, "shop.example"), monotonic()
    with pytest.raises(TurnedDown), lane.slot(lambda: monotonic() - began > 0.2):
        pass
    for one in holders:
        one.kill()
        one.communicate()
    with lane.slot(lambda: False):
        pass


@pytest.mark.parametrize(
    "route",
    [
        dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", b".", 0.3),
        dripping(b"", b"", 0.3),
    ],
    ids=["body", "silence"],
)
def test_the_kill_switch_ends_a_request_under_way(site: HostileServer, route: Route) -> None:
    site.routes["/"] = route
    thrown = Event()
    asker = Fetcher(SETTINGS, stop=thrown.is_set)
    asker.ask(site.url("/none"))
    Timer(0.2, thrown.set).start()
    began = monotonic()

    assert word(asker, site.url()) == "stopped"
    assert monotonic() - began < 1.0


@pytest.mark.parametrize("status", ["403 No", "429 Slow"])
def test_a_host_that_refuses_in_a_row_is_asked_no_more(site: HostileServer, status: str) -> None:
    site.routes["/no"] = page(status=status, headers="Retry-After: 0\r\n")
    site.routes["/yes"] = page()
    asker = _fetcher(refusals=3, total_seconds=9.0)
    statuses = [asker.ask(site.url(path)).status // 100 for path in ("/no", "/yes")]
    tried = _until_turned_away(asker, site.url("/no"))
    asked = len(site.asked)

    assert statuses == [4, 2]
    assert tried <= 3
    assert failure(asker, site.url("/yes")).reason.word == "turned_away"
    assert len(site.asked) == asked


def test_at_no_pace_a_connection_serves_many_questions(site: HostileServer) -> None:
    site.routes["/"] = _kept_open(3)
    asker = fetcher()
    for _ in range(3):
        assert asker.ask(site.url()).body == b"ok"
    asker.close()

    assert len(site.pages()) == 3
    assert site.connections == 2  # robots.txt hung up, and one for all three


def test_a_connection_that_died_meanwhile_is_made_anew(site: HostileServer) -> None:
    site.routes["/"] = _kept_open(1)
    asker = fetcher()
    for _ in range(3):
        assert asker.ask(site.url()).body == b"ok"
    asker.close()

    assert len(site.pages()) == 3


def test_what_is_said_unasked_is_nobodys_answer(site: HostileServer) -> None:
    good = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    site.routes["/"] = raw(good + b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nPWNED")
    asker = fetcher()

    assert [asker.ask(site.url()).body for _ in range(3)] == [b"ok"] * 3


def test_parts_of_a_page_need_no_new_leave_from_its_own_host(
    site: HostileServer, other_site: HostileServer
) -> None:
    rules = page(b"User-agent: *\nDisallow: /")
    for server in (site, other_site):
        server.routes |= {"/robots.txt": rules, "/a.css": page()}
    _, recorder = recorded()
    asker = fetcher(pace_seconds=5.0).recording(recorder).for_page(site.url("/shop"))
    began = monotonic()
    for _ in range(3):
        assert asker.ask(site.url("/a.css")).status == 200

    assert monotonic() - began < 2
    assert failure(asker, other_site.url("/a.css")).reason.word == "robots"
    assert site.asked[0].path == "/a.css"
    assert len(recorder.noted) == 4


def test_small_things_are_taken_by_size_and_kind(site: HostileServer) -> None:
    site.routes |= {
        "/a.png": page(b"x" * 900, headers="Content-Type: image/png\r\n"),
        "/big.png": page(b"x" * 9000, headers="Content-Type: image/png\r\n"),
        "/page": page(headers="Content-Type: text/html\r\n"),
        "/to": redirect("/a.png"),
    }
    asker = fetcher().taking(1000, ("image/",))

    assert asker.ask(site.url("/to")).body == b"x" * 900
    assert failure(asker, site.url("/big.png")).reason.word == "too_large"
    assert failure(asker, site.url("/page")).reason.word == "content_type"


def _fetcher(**changes: object) -> Fetcher:
    names = ("agent", "allowed_networks", "max_bytes", "pace_seconds", "total_seconds")
    given: dict[str, object] = {name: getattr(SETTINGS, name) for name in names}
    return Fetcher(FetchSettings(**(given | changes)))  # pyright: ignore[reportArgumentType]


def _until_turned_away(asker: Fetcher, url: str) -> int:
    for tried in range(9):
        try:
            asker.ask(url)
        except TurnedDown:
            return tried
    raise AssertionError("never turned away")


def _after(seconds: float, route: Route) -> Route:
    def slowly(server: HostileServer, connection: socket.socket, asked: Asked) -> None:
        server.ended.wait(seconds)
        route(server, connection, asked)

    return slowly


def _kept_open(times: int) -> Route:
    """The same answer to so many questions over one connection."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

    def route(server: HostileServer, connection: socket.socket, asked: Asked) -> None:
        for left in reversed(range(times)):
            connection.sendall(answer)
            if left and connection.recv(65536):
                server.asked.append(asked)

    return route
