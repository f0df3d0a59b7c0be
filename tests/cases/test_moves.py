"""Cases, notices, findings and shops move by their tables and no other way."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest

from models.cases.cases import CASE_MOVES, Case, CaseMove, CaseState
from models.cases.notices import NOTICE_MOVES, Notice, NoticeMove, NoticeState
from models.patrol.findings import FINDING_MOVES, Finding, FindingMove, FindingState
from models.patrol.shops import SHOP_MOVES, Shop, ShopMove, ShopState
from models.refusals import Conflict

TABLES: list[tuple[Any, Any, Any, Mapping[Any, Any]]] = [
    (Case, CaseState, CaseMove, CASE_MOVES),
    (Notice, NoticeState, NoticeMove, NOTICE_MOVES),
    (Finding, FindingState, FindingMove, FINDING_MOVES),
    (Shop, ShopState, ShopMove, SHOP_MOVES),
]


@pytest.mark.parametrize(
    ("table", "state", "move", "moves"),
    [
        pytest.param(table, state, move, moves, id=f"{table.__name__}-{state}-{move}")
        for table, states, all_moves, moves in TABLES
        for state, move in product(states, all_moves)
    ],
)
def test_a_row_moves_by_its_table(
    table: Any,  # noqa: ANN401
    state: Any,  # noqa: ANN401
    move: Any,  # noqa: ANN401
    moves: Mapping[Any, Any],
) -> None:
    thing = table(state=state)
    if (state, move) in moves:
        assert move in thing.open_moves()
        thing.move(move)
        assert (thing.state, thing.version) == (moves[state, move], 2)
    else:
        assert move not in thing.open_moves()
        with pytest.raises(Conflict) as no:
            thing.move(move)
        assert no.value.facts == {"state": state.value, "move": move.value}
        assert (thing.state, thing.version) == (state, 1)
