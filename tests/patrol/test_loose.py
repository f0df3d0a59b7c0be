"""A run from files, and one fetch: neither needs a plan or a database."""

import io
import json
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from console.actions.patrol.fetch import fetch_page
from console.actions.patrol.loose import run_loose
from console.actions.patrol.register import register_from
from console.desk import Desk, House
from console.settings import Settings
from integrations.marketplaces.mapping import source_from
from tests.patrol.walks import mapping, shop_open
from tests.shops import Answer

REGISTER = json.dumps(
    [{"number": "X-1", "holder": "y", "shops": [{"platform": "lanhai", "shop": "s-1"}]}]
).encode()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    settings = Settings(
        data=tmp_path, fetch_allowed_networks=(IPv4Network("127.0.0.0/8"),), fetch_pace=0
    )
    return House.open(settings).desk()


def test_a_mapping_and_a_register_make_a_line_a_listing(desk: Desk) -> None:
    out = io.StringIO()
    register = register_from(REGISTER, file="r.json")
    with shop_open() as stand:
        source = source_from(mapping(stand), file="plain.toml")
        summary = run_loose(desk, source, register, out)

    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert (summary.listings, summary.cards, summary.shops, summary.cases) == (7, 3, 3, 1)
    assert summary.faults == []
    assert {line["sku"] for line in lines} == {f"G-{no}" for no in range(1, 8)}
    assert {line["shop_id"]: line["case"] for line in lines} == {
        "s-1": False,
        "s-2": True,
        "s-3": False,
    }
    assert {"price": 19.9, "flag": True, "operator": None}.items() <= lines[0].items()
    assert not (desk.house.settings.data / "channel.db").exists()


def test_a_fetch_keeps_the_page_and_says_where(desk: Desk) -> None:
    with shop_open() as stand:
        found = fetch_page(desk, f"{stand.url}/shop/item-1/")

    assert (found.outcome, found.status) == ("stored", 200)
    assert found.bytes > 100
    assert Path(found.warc).read_bytes()[:2] == b"\x1f\x8b"


@pytest.mark.parametrize(
    ("url", "outcome"),
    [
        ("http://169.254.169.254/", "blocked"),
        ("file:///etc/passwd", "blocked"),
        ("http://127.0.0.1:9/", "failed"),
    ],
)
def test_a_fetch_that_gets_nothing_says_who_said_no(desk: Desk, url: str, outcome: str) -> None:
    found = fetch_page(desk, url)

    assert found.outcome == outcome
    assert found.reason
    assert found.sha256 is None


def test_a_site_that_wants_no_visitors_is_left_alone(desk: Desk) -> None:
    robots = "User-agent: *\nDisallow: /"
    with shop_open(lambda call, answer: Answer(robots) if "robots" in call.path else answer) as at:
        assert fetch_page(desk, f"{at.url}/shop/").outcome == "refused"
