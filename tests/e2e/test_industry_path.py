"""Industry cards in a browser: from the purchaser to a card that is suspended by a letter."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser

from tests.e2e.actors import Album
from tests.e2e.industry_stations import (
    a_batch_is_drafted_and_bound,
    a_purchaser_is_entered,
    another_person_weighs_the_risk,
    it_is_activated,
    it_is_not_activated_before_all_is_there,
    it_is_submitted,
    its_cards_are_loaded,
    somebody_answers_for_the_cards,
    the_agreement_is_filed,
    the_card_is_suspended,
    the_finding_is_confirmed,
    the_house_is_staffed,
    the_regulator_counts,
    use_is_brought_and_judged,
)
from tests.e2e.story import Story, faults_of
from tests.e2e.world import Market, Served

STATIONS = (
    the_house_is_staffed,
    a_purchaser_is_entered,
    a_batch_is_drafted_and_bound,
    it_is_submitted,
    another_person_weighs_the_risk,
    the_agreement_is_filed,
    somebody_answers_for_the_cards,
    it_is_not_activated_before_all_is_there,
    its_cards_are_loaded,
    it_is_activated,
    use_is_brought_and_judged,
    the_finding_is_confirmed,
    the_card_is_suspended,
    the_regulator_counts,
)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_industry_cards_go_from_the_purchaser_to_a_suspended_card(
    served: Served, small: Market, browser: Browser, albums: Callable[[str], Album]
) -> None:
    story = Story(served, small, browser, albums("industry"))
    for station in STATIONS:
        station(story)
    assert faults_of(story) == []
