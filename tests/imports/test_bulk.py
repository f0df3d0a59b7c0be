"""Rows that are brought in by the thousand are the rows that one by one would be."""

from sqlmodel import col, select

from console.actions.imports.bulk import insert_rows
from models.base import new_id
from models.checks.spot_checks import SpotCheck
from models.permissions import Permission
from tests.checks.spot_world import planned
from tests.conftest import Desks


def test_rows_come_in_whole_where_a_column_has_a_word_of_the_languages(desks: Desks) -> None:
    """One of a spot check's columns is called `order`."""
    first = planned(desks)
    same = first.model_dump() | {"order": {"route": "A"}}
    del same["id"], same["number"]
    with desks.house.begin(Permission.SPOT_CHECK_PLAN) as work:
        rows = [(new_id(), f"SC-2026-90000{at}") for at in range(2)]
        insert_rows(work, SpotCheck, same, ["id", "number"], rows)
        work.no_deed()
    with desks.house.begin(Permission.SPOT_CHECK_READ) as work:
        found = work.session.exec(select(SpotCheck).order_by(col(SpotCheck.number))).all()
    assert len(found) == len(rows) + 1
    for one in found:
        given = one.model_dump(exclude={"id", "number", "order"})
        assert given == first.model_dump(exclude={"id", "number", "order"})
    assert [one.order for one in found if one.id != first.id] == [{"route": "A"}] * len(rows)
