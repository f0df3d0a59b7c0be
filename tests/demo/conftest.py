"""The large world, small: loaded once for a file, and only looked at."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from console.actions.staff.people import open_first
from console.actions.staff.sign_in import actor_named
from console.demo import load
from console.desk import Desk, House
from console.settings import Settings
from models.staff import Door
from tests.conftest import Clock
from tests.databases import PostgresHouses, SqliteHouses

SCALE = 0.02
BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.nightly)]


@pytest.fixture(scope="module", params=BOTH)
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("world")
    if request.param == "sqlite":
        sqlite: SqliteHouses = request.getfixturevalue("sqlite_houses")
        url = sqlite.fresh(folder, is_staffed=False)
    else:
        postgres: PostgresHouses = request.getfixturevalue("postgres_houses")
        url = postgres.fresh(is_staffed=False)
    settings = Settings(data=folder, database_url=url, public_url="http://127.0.0.1:8501")
    house = replace(House.open(settings), now=Clock())
    open_first(house, "a first password")
    assert load(house, SCALE)
    yield house
    house.engine.dispose()


def at(house: House, login: str) -> Desk:
    return house.desk(actor_named(house, login, Door.CONSOLE))
