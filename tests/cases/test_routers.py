"""Whose administration is competent: the three routers of notice 182 三(四), without a house."""

from itertools import product
from typing import Any

import pytest

from models.cases.appeals import (
    CASE_APPEAL_MOVES,
    CaseAppeal,
    CaseAppealMove,
    CaseAppealState,
)
from models.cases.cases import Case
from models.cases.instructions import (
    INSTRUCTION_MOVES,
    OPEN,
    Instruction,
    InstructionMove,
    InstructionState,
    Jurisdiction,
)
from models.cases.measures import BY_PLATFORM, Measure
from models.cases.routers import Competent, administrations_of, places_missing, router_of
from models.refusals import Conflict
from models.tokens import OWN_SITE
from tests.conftest import NOON

J = Jurisdiction


def case(platform: str = "lanhai", **places: str | None) -> Case:
    known = {"filing_place": "11", "card_home": "44", "platform_home": "33"} | places
    return Case(platform=platform, **known)  # pyright: ignore[reportArgumentType,reportCallIssue]


@pytest.mark.requirement("004-3.4-b", "004-3.4-c", "004-3.4-f")
def test_each_measure_finds_the_administration_of_its_own_router() -> None:
    ordered = [Measure.RECOVER_CARDS, Measure.REMOVE_SHOP, Measure.TRACE_CHANNEL]
    assert administrations_of(case(), ordered) == [
        Competent("CA-44", J.CARD_HOME, (Measure.RECOVER_CARDS, Measure.TRACE_CHANNEL)),
        Competent("CA-33", J.PLATFORM_HOME, (Measure.REMOVE_SHOP,)),
    ]
    assert administrations_of(case(OWN_SITE), ordered) == [
        Competent("CA-11", J.FILING_PLACE, (Measure.REMOVE_SHOP,)),
        Competent("CA-44", J.CARD_HOME, (Measure.RECOVER_CARDS, Measure.TRACE_CHANNEL)),
    ]


def test_every_measure_has_one_router_but_what_the_police_take() -> None:
    for measure, is_site in product(Measure, [True, False]):
        router = router_of(measure, is_own_site=is_site)
        if measure is Measure.REPORT_POLICE:
            assert router is None
        elif measure in BY_PLATFORM:
            assert router is (J.FILING_PLACE if is_site else J.PLATFORM_HOME)
        else:
            assert router is J.CARD_HOME


def test_a_place_that_is_not_known_or_has_no_administration_is_named_as_missing() -> None:
    nowhere = case(card_home=None, platform_home="81")
    ordered = [Measure.RECOVER_CARDS, Measure.STOP_SERVICE]
    assert administrations_of(nowhere, ordered) == []
    assert places_missing(nowhere, ordered) == [J.CARD_HOME, J.PLATFORM_HOME]
    assert places_missing(case(), ordered) == []
    assert places_missing(nowhere, [Measure.REPORT_POLICE]) == []


WALKS: list[tuple[Any, Any, Any, Any]] = [
    (Instruction, InstructionState, InstructionMove, INSTRUCTION_MOVES),
    (CaseAppeal, CaseAppealState, CaseAppealMove, CASE_APPEAL_MOVES),
]


@pytest.mark.parametrize(("table", "states", "moves", "rows"), WALKS)
def test_instructions_and_appeals_move_by_their_tables_and_no_other_way(
    table: Any,  # noqa: ANN401
    states: Any,  # noqa: ANN401
    moves: Any,  # noqa: ANN401
    rows: Any,  # noqa: ANN401
) -> None:
    for state, move in product(states, moves):
        row = table(state=state, version=1, is_late=False)
        assert (move in row.open_moves()) == ((state, move) in rows)
        if (state, move) in rows:
            row.move(move)
            assert row.state is rows[state, move]
        else:
            with pytest.raises(Conflict) as no:
                row.move(move)
            assert no.value.code == "state.cannot_move"
            assert row.state is state
    assert {state for state, _ in rows} | set(rows.values()) == set(states)


def test_an_instruction_is_overdue_until_it_is_reported_back() -> None:
    for state in InstructionState:
        row = Instruction(state=state, due_at=NOON)  # pyright: ignore[reportCallIssue]
        assert row.is_overdue(NOON) == (state in OPEN)
