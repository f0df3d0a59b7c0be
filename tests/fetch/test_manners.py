"""Robots, pace and the kill switch: how the guarded fetcher behaves as a guest."""

import gzip
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event
from time import monotonic

import pytest

from integrations.fetch import Fetcher, outcome_of
from integrations.fetch.robots import LIMIT
from integrations.fetch.wire import Exchange, Question, Road
from integrations.marketplaces.base import TurnedDown
from tests.fetch.asking import (
    CANARY,
    GZIPPED,
    HOST,
    OTHER_HOST,
    ROBOTS,
    SETTINGS,
    failure,
    fetcher,
    word,
)
from tests.hostile import (
    HostileServer,
    Route,
    dripping,
    page,
    raw,
    redirect,
    reset,
)

pytestmark = pytest.mark.allow_hosts([HOST, OTHER_HOST, CANARY, "::1"])


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/shop", True),
        ("/private/x", False),
        ("/private/terms", True),
        ("/list?sort=price", False),
        ("/a.pdf", False),
        ("/a.pdfx", True),
    ],
)
def test_robots_rules_are_kept(site: HostileServer, path: str, *, allowed: bool) -> None:
    site.routes |= {"/robots.txt": page(ROBOTS), path.partition("?")[0]: page()}
    if allowed:
        assert fetcher().ask(site.url(path)).status == 200
        return
    error = failure(fetcher(), site.url(path))
    assert (type(error), outcome_of(error), site.pages()) == (TurnedDown, "refused", [])


@pytest.mark.parametrize(
    ("route", "allowed"),
    [
        (page(status="404 Not Found"), True),
        (page(status="403 Forbidden"), True),
        (page(b"User-agent: *\nDisallow:"), True),
        (redirect("/robots.txt"), True),
        (page(status="500 Oops"), False),
        (page(status="503 Later", headers="Retry-After: 60\r\n"), False),
        (reset, False),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nUser-agent: *\n"), False),
        (dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"#", 0.2), False),
        (page(b"Disallow: /\r\nUser-agent: *\r\nDisallow: /\x00\r\nDisallow: /\r\n"), False),
        (page(b"User-agent: *\nDisallow: /\n" + b"#" * LIMIT * 2), False),
        (page(b"#" * (LIMIT - 26) + b"\nUser-agent: *\nDisallow: /othershop\n"), True),
        (page(gzip.compress(b"User-agent: *\nDisallow: /"), headers=GZIPPED), False),
    ],
    ids=[
        "missing", "forbidden", "empty", "loop", "error", "busy", "reset", "short", "slow",
        "nul", "long", "cut in a rule", "packed",
    ],
)  # fmt: skip
def test_robots_that_cannot_be_had_are_a_no_unless_there_are_none(
    site: HostileServer, route: Route, *, allowed: bool
) -> None:
    site.routes |= {"/robots.txt": route, "/": page()}
    asker = fetcher()
    if allowed:
        assert asker.ask(site.url()).status == 200
    else:
        assert word(asker, site.url()) == "robots"
        assert word(asker, site.url()) == "robots"
    assert len(site.pages()) == allowed


def test_robots_of_another_site_follow_their_redirect_under_guard(
    site: HostileServer, other_site: HostileServer, canary: HostileServer
) -> None:
    site.routes |= {"/robots.txt": redirect(other_site.url("/rules")), "/": page()}
    other_site.routes |= {"/rules": page(b"User-agent: *\nDisallow: /"), "/": page()}
    other_site.routes["/robots.txt"] = redirect(canary.url("/robots.txt"))

    assert word(fetcher(), site.url()) == "robots"
    assert word(fetcher(), other_site.url()) == "robots"
    assert canary.connections == 0


def test_robots_are_asked_for_once_in_a_run_and_their_delay_is_kept(site: HostileServer) -> None:
    site.routes |= {"/robots.txt": page(ROBOTS), "/a": page(), "/b": page()}
    asker = fetcher()
    asker.ask(site.url("/a"))
    asker.ask(site.url("/b"))
    robots, first, second = site.asked

    assert [robots.path, first.path, second.path] == ["/robots.txt", "/a", "/b"]
    assert first.at - robots.at >= 0.39
    assert second.at - first.at >= 0.39


def test_an_invited_guest_does_not_read_the_sign_for_crawlers(site: HostileServer) -> None:
    site.routes |= {"/robots.txt": page(b"User-agent: *\nDisallow: /"), "/api": page()}

    assert fetcher(invited=True).ask(site.url("/api")).status == 200
    assert site.pages() == [asked.path for asked in site.asked]


def test_one_host_is_asked_one_at_a_time_and_at_a_walk(site: HostileServer) -> None:
    site.routes |= {f"/{step}": page() for step in range(4)}
    asker, begun = fetcher(pace_seconds=0.25), monotonic()
    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(asker.ask, [site.url(f"/{step}") for step in range(4)]))

    assert [answer.status for answer in pages] == [200] * 4
    assert len(site.asked) == 5  # robots.txt, and four pages behind it
    assert monotonic() - begun >= 4 * 0.25


def test_waiting_for_our_own_manners_costs_no_time(site: HostileServer) -> None:
    site.routes |= {"/": page(), "/robots.txt": page()}
    assert fetcher(pace_seconds=0.7, total_seconds=0.5).ask(site.url()).status == 200


def test_a_source_may_ask_for_haste_on_our_own_networks_only(site: HostileServer) -> None:
    site.routes["/"] = page()
    hasty = fetcher(pace_seconds=30.0).at_pace(0.0)
    began = monotonic()
    hasty.ask(site.url())
    hasty.ask(site.url())

    assert monotonic() - began < 2


def test_no_source_may_hurry_us_on_public_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    times: list[float] = []

    def answered(question: Question, road: Road, _: object) -> Exchange:
        times.append(monotonic())
        at, peer = datetime.now(UTC), road.place.addresses[0]
        return Exchange(question, at, peer, None, 200, {}, b"", b"", None)

    monkeypatch.setattr("integrations.fetch.client.exchange", answered)
    hasty = fetcher(pace_seconds=0.3, invited=True).at_pace(0.0)
    hasty.ask("http://1.1.1.1/")
    hasty.ask("http://1.1.1.1/")

    assert times[1] - times[0] >= 0.29


def test_the_kill_switch_stops_the_next_request(site: HostileServer) -> None:
    site.routes["/"] = page()
    stopped = Event()
    asker = Fetcher(SETTINGS, stop=stopped.is_set)
    asker.ask(site.url())
    stopped.set()

    assert word(asker, site.url()) == "stopped"
    assert site.pages() == ["/"]
