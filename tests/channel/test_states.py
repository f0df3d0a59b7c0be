"""State tables of the channel, walked in full: no move but those of DOMAIN 4.3 to 4.6."""

from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from itertools import product
from typing import Any, Final
from uuid import uuid4

import pytest

from models.base import utc_now
from models.channel.agents import AGENT_MOVES, Agent, AgentMove, AgentState
from models.channel.badges import BADGE_MOVES, STANDINGS, Badge, BadgeMove, BadgeState
from models.channel.licences import LICENCE_MOVES, Licence, LicenceMove, LicenceState
from models.channel.public import PublicStatus, best_of, public_status
from models.channel.publications import (
    PUBLICATION_MOVES,
    Publication,
    PublicationMove,
    PublicationState,
)
from models.refusals import Conflict

AGENT: Final = (AGENT_MOVES, AgentState, AgentMove, lambda state: Agent(state=state))
LICENCE: Final = (LICENCE_MOVES, LicenceState, LicenceMove, lambda state: Licence(state=state))
BADGE: Final = (BADGE_MOVES, BadgeState, BadgeMove, lambda state: Badge(state=state))
PUBLICATION: Final = (
    PUBLICATION_MOVES,
    PublicationState,
    PublicationMove,
    lambda state: Publication(state=state, number="P", carrier_id=uuid4(), created_at=utc_now()),
)
WALKS: Final = [
    (moves, make, state, move)
    for moves, states, all_moves, make in (AGENT, LICENCE, BADGE, PUBLICATION)
    for state, move in product(states, all_moves)
]


@pytest.mark.parametrize(("moves", "make", "state", "move"), WALKS)
def test_everything_moves_by_its_table_and_no_other_way(
    moves: Mapping[tuple[StrEnum, StrEnum], StrEnum],
    make: Callable[[StrEnum], Any],
    state: StrEnum,
    move: StrEnum,
) -> None:
    row = make(state)
    if (state, move) in moves:
        assert move in row.open_moves()
        row.move(move)
        assert row.state == moves[state, move]
    else:
        assert move not in row.open_moves()
        with pytest.raises(Conflict):
            row.move(move)
        assert row.state == state


def test_every_badge_that_has_a_token_has_a_standing() -> None:
    assert set(STANDINGS) == set(BadgeState) - {BadgeState.REQUESTED}


DAYS: Final = (date(2026, 3, 1), date(2027, 2, 28))


@pytest.mark.parametrize(
    ("licence", "agent", "on", "status"),
    [
        (LicenceState.ACTIVE, AgentState.ACTIVE, date(2026, 3, 1), PublicStatus.ACTIVE),
        (LicenceState.ACTIVE, AgentState.ACTIVE, date(2027, 2, 28), PublicStatus.ACTIVE),
        (LicenceState.ACTIVE, AgentState.ACTIVE, date(2026, 2, 28), PublicStatus.NOT_BEGUN),
        (LicenceState.ACTIVE, AgentState.ACTIVE, date(2027, 3, 1), PublicStatus.EXPIRED),
        (LicenceState.ACTIVE, AgentState.SUSPENDED, date(2026, 3, 2), PublicStatus.SUSPENDED),
        (LicenceState.SUSPENDED, AgentState.ACTIVE, date(2026, 3, 2), PublicStatus.SUSPENDED),
        (LicenceState.SUSPENDED, AgentState.ACTIVE, date(2027, 3, 1), PublicStatus.EXPIRED),
        (LicenceState.REVOKED, AgentState.ELIGIBLE, date(2026, 3, 2), PublicStatus.REVOKED),
        (LicenceState.REVOKED, AgentState.ELIGIBLE, date(2030, 1, 1), PublicStatus.REVOKED),
        (LicenceState.TERMINATED, AgentState.ELIGIBLE, date(2026, 3, 2), PublicStatus.TERMINATED),
        (LicenceState.EXPIRED, AgentState.ELIGIBLE, date(2027, 3, 2), PublicStatus.EXPIRED),
    ],
)
def test_the_public_word_for_a_licence_follows_state_agent_and_day(
    licence: LicenceState, agent: AgentState, on: date, status: PublicStatus
) -> None:
    assert public_status(licence, agent, *DAYS, on) is status


def test_an_agent_stands_as_the_best_of_its_licences() -> None:
    found = [PublicStatus.REVOKED, PublicStatus.SUSPENDED, PublicStatus.EXPIRED]
    assert best_of(found) is PublicStatus.SUSPENDED
