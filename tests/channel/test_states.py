"""State tables of the channel, walked in full: no move but those of DOMAIN 4.3 to 4.6."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from itertools import product
from typing import Any, Final

import pytest

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

TABLES: Final[list[tuple[Mapping[Any, Any], type[StrEnum], type[StrEnum], type[Any]]]] = [
    (AGENT_MOVES, AgentState, AgentMove, Agent),
    (LICENCE_MOVES, LicenceState, LicenceMove, Licence),
    (BADGE_MOVES, BadgeState, BadgeMove, Badge),
    (PUBLICATION_MOVES, PublicationState, PublicationMove, Publication),
]
WALKS: Final = [
    (moves, table, state, move)
    for moves, states, all_moves, table in TABLES
    for state, move in product(states, all_moves)
]


@pytest.mark.parametrize(("moves", "table", "state", "move"), WALKS)
def test_everything_moves_by_its_table_and_no_other_way(
    moves: Mapping[tuple[StrEnum, StrEnum], StrEnum],
    table: type[Any],
    state: StrEnum,
    move: StrEnum,
) -> None:
    row = table(state=state)
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
