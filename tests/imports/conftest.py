"""Files that imports leave open are put away after each test; and the command line."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from console.actions.imports.reading import close_readings
from console.actions.staff.people import add_organisation
from console.desk import House
from console.settings import Settings
from models.staff import OrganisationKind
from tests.databases import SqliteHouses

CHANNEL = Path(sys.executable).parent / "channel"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def _files_put_away() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    yield
    close_readings()


@pytest.fixture
def channel(tmp_path: Path, sqlite_houses: SqliteHouses) -> Run:
    """A command in a data folder of its own, with one carrier, who is there without a command."""
    data = tmp_path / "var"
    data.mkdir()
    house = House.open(
        Settings(data=data, database_url=sqlite_houses.fresh(data, is_staffed=False))
    )
    kind = OrganisationKind.BASIC_CARRIER_GROUP
    add_organisation(house.desk(), code="CT", kind=kind, name="中国电信")
    house.engine.dispose()

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        env = {
            "PATH": os.environ["PATH"],
            "LANG": "zh_CN.UTF-8",
            "CHANNEL_DATA": str(data),
        }
        return subprocess.run(
            [CHANNEL, *words], capture_output=True, text=True, check=False, env=env, timeout=60
        )

    return run
