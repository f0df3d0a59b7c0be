"""The whole catalogue of hostile answers, at the same time, by sixteen workers."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from console.database import migrate
from console.desk import House
from console.settings import Settings
from tests.fetch.catalogue import catalogue
from tests.fetch.world import HOSTS, Result, World, hostile_world

pytestmark = pytest.mark.allow_hosts(HOSTS)
GROUPS = sorted({case.group for case in catalogue(80)})
SECONDS = 2.0


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    data = tmp_path_factory.mktemp("hostile")
    house = House.open(Settings(data=data))
    migrate(house.engine)
    limits = {"total_seconds": SECONDS, "max_bytes": 5_000_000, "pace_seconds": 0.01}
    with hostile_world(house.desk(), data / "lanes", **limits) as opened:
        yield opened
    house.engine.dispose()


@pytest.fixture(scope="module")
def results(world: World) -> list[Result]:
    return world.run_all()


@pytest.mark.parametrize("group", GROUPS)
def test_every_case_of_the_catalogue_ends_as_it_may(results: list[Result], group: str) -> None:
    met = [one for one in results if one.case.group == group]
    bad = {one.case.name: (one.found.outcome, one.found.reason) for one in met if not one.is_good}

    assert bad == {}
    assert all(one.found.reason for one in met if one.found.outcome != "stored")


def test_no_canary_ever_hears_of_it(world: World, results: list[Result]) -> None:
    assert len(results) == len(world.cases) >= 245
    assert world.hits == 0


def test_every_case_leaves_a_whole_record(world: World, results: list[Result]) -> None:
    store = world.desk.house.evidence
    assert list(store.verify_all()) == []
    for one in results:
        with Path(one.found.warc).open("rb") as warc:
            reader: Any = ArchiveIterator(warc, check_digests=True)
            records = [(record, record.raw_stream.read()) for record in reader]
        assert records[0][0].rec_type == "warcinfo"
        assert all(record.digest_checker.passed is not False for record, _ in records)
        manifest = json.loads(store.open(one.found.manifest))
        assert manifest["outcome"] == one.found.outcome
