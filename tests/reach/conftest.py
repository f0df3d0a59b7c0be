"""One console with the sample in it, and one browser a module."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.guard_app.house import chromium
from tests.reach.world import World, world_in


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world_in(tmp_path_factory.mktemp("reach")) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A module's own: what drives it keeps an event loop in its thread for as long as it lives."""
    with chromium() as found:
        yield found
