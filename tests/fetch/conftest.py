"""Hostile sites, and canaries where the fetcher must never go."""

from collections.abc import Iterator

import pytest

from tests.fetch.asking import CANARY, HOST, OTHER_HOST
from tests.hostile import (
    HostileServer,
)


@pytest.fixture
def site() -> Iterator[HostileServer]:
    with HostileServer(HOST) as server:
        yield server


@pytest.fixture
def other_site(site: HostileServer) -> Iterator[HostileServer]:
    with HostileServer(OTHER_HOST, site.port) as server:
        yield server


@pytest.fixture
def canary(site: HostileServer) -> Iterator[HostileServer]:
    """Stands on this very machine, at the site's own port, and must hear nothing."""
    with HostileServer(CANARY, site.port) as server:
        yield server
        assert server.connections == 0
