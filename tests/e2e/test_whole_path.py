"""The whole path in a browser, from an empty house to a closed case that the regulator reads."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser

from tests.e2e.actors import Album
from tests.e2e.looks import it_looks_right_elsewhere
from tests.e2e.stations import walk
from tests.e2e.story import Story, faults_of
from tests.e2e.world import Market, Served


@pytest.mark.nightly
@pytest.mark.timeout(900)
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.requirement("004-3.1-b", "004-3.3-c")
def test_a_shop_without_a_licence_is_found_and_cleaned_up_in_a_browser(
    served: Served, oscar: Market, browser: Browser, albums: Callable[[str], Album]
) -> None:
    story = Story(served, oscar, browser, albums("postgresql"))
    walk(story)
    assert faults_of(story) == []


@pytest.mark.nightly
@pytest.mark.timeout(600)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.requirement("004-3.1-b", "004-3.3-c")
def test_the_same_on_a_small_shop(
    served: Served, small: Market, browser: Browser, albums: Callable[[str], Album]
) -> None:
    story = Story(served, small, browser, albums("small"))
    walk(story)
    it_looks_right_elsewhere(story)
    assert faults_of(story) == []
