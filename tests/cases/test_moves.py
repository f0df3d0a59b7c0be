"""Cases and what patrols bring move by their tables and no other way."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest

from models.cases.cases import CASE_MOVES, Case, CaseMove, CaseState
from models.cases.notices import NOTICE_MOVES, Notice, NoticeMove, NoticeState
from models.patrol.findings import FINDING_MOVES, Finding, FindingMove, FindingState
from models.patrol.labels import MODEL_MOVES, ModelMove, ModelState, ScreenModel
from models.patrol.links import LINK_MOVES, LinkMove, LinkState, ShopLink
from models.patrol.runs import RUN_MOVES, PatrolRun, RunMove, RunState
from models.patrol.shops import SHOP_MOVES, Shop, ShopMove, ShopState
from models.refusals import Conflict

TABLES: list[tuple[Any, Any, Any, Mapping[Any, Any]]] = [
    (Case, CaseState, CaseMove, CASE_MOVES),
    (Notice, NoticeState, NoticeMove, NOTICE_MOVES),
    (Finding, FindingState, FindingMove, FINDING_MOVES),
    (Shop, ShopState, ShopMove, SHOP_MOVES),
    (PatrolRun, RunState, RunMove, RUN_MOVES),
    (ShopLink, LinkState, LinkMove, LINK_MOVES),
    (ScreenModel, ModelState, ModelMove, MODEL_MOVES),
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
        assert thing.state == moves[state, move]
        assert getattr(thing, "version", 2) == 2  # a run counts its moves nowhere
    else:
        assert move not in thing.open_moves()
        with pytest.raises(Conflict) as no:
            thing.move(move)
        assert no.value.facts == {"state": state.value, "move": move.value}
        assert thing.state == state
        assert getattr(thing, "version", 1) == 1
