"""The log as anybody reads it, from a real server."""

from collections.abc import Iterator

import httpx
import pytest
from sqlmodel import select

from console.actions.channel.log import log_name, seal_logs
from console.desk import House
from models.channel.badges import Badge
from models.merkle import extends, includes
from models.permissions import Permission
from models.tiles import NoTile, Part
from tests.channel import stories
from tests.conftest import Desks
from tests.log.client import LogReader, decoded, tile_path
from tests.log.world import filled
from tests.serving import served

JSON = {"accept": "application/json"}
HTML = {"accept": "text/html", "accept-language": "zh"}


@pytest.fixture
def base(house: House) -> Iterator[str]:
    with served(house) as address:
        yield f"{address}/log"


@pytest.mark.parametrize(
    ("index", "path"),
    [(0, "000"), (67, "067"), (1000, "x001/000"), (1_234_067, "x001/x234/067")],
)
def test_tiles_have_the_addresses_of_the_specification(index: int, path: str) -> None:
    assert Part(index).path == path == tile_path(index)
    assert Part.from_path(path) == Part(index)
    assert Part.from_path(f"{path}.p/7") == Part(index, 7)


@pytest.mark.parametrize(
    "path",
    ["", "1", "0000", "x000/001", "001/002", "000.p/0", "000.p/256", "000.p/07", "../001", "00a"],
)
def test_another_form_of_an_address_is_refused(path: str) -> None:
    with pytest.raises(NoTile):
        Part.from_path(path)


def test_anybody_authenticates_every_entry_of_a_served_log(house: House, desks: Desks) -> None:
    stories.licensed(desks)
    seal_logs(desks.house)
    filled(house, 600)
    with served(house) as address:
        reader = LogReader(address, log_name(house)[1])
        entries = reader.entries()
    assert len(entries) > 600
    assert any(b'"kind":"badge.issued"' in entry for entry in entries[:20])


def test_each_answer_says_how_long_it_holds_and_who_may_read_it(house: House, base: str) -> None:
    filled(house, 300)
    paths = {
        "checkpoint": ("text/plain; charset=utf-8", "public, max-age=5"),
        "tile/0/000": ("application/octet-stream", "public, max-age=31536000, immutable"),
        "tile/0/001.p/44": ("application/octet-stream", "public, max-age=31536000, immutable"),
        "tile/1/000.p/1": ("application/octet-stream", "public, max-age=31536000, immutable"),
        "tile/entries/000": ("application/octet-stream", "public, max-age=31536000, immutable"),
        "proof?index=7": ("application/json", "public, max-age=5"),
    }
    for path, (kind, caching) in paths.items():
        found = httpx.get(f"{base}/{path}")
        assert (found.status_code, found.headers["content-type"]) == (200, kind), path
        assert found.headers["cache-control"] == caching
        assert found.headers["access-control-allow-origin"] == "*"
        again = httpx.get(f"{base}/{path}", headers={"if-none-match": found.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    assert len(httpx.get(f"{base}/tile/0/001.p/44").content) == 44 * 32


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("tile/0/001", 404),
        ("tile/0/001.p/45", 404),
        ("tile/1/000.p/2", 404),
        ("tile/64/000", 404),
        ("tile/entries/001.p/45", 404),
        ("tile/0/1", 400),
        ("tile/00/000", 400),
        ("tile/-1/000", 400),
        ("tile/entries/x000/000", 400),
        ("entries/300", 404),
        ("entries/-1", 400),
        ("entries/01", 400),
        ("entries/99999999999999999999", 400),
        ("proof", 400),
        ("proof?index=1&size=0", 400),
        ("proof?index=1&size=301", 400),
        ("proof?index=5&size=5", 404),
        ("proof?badge=ffffffffffffffff", 404),
        ("proof.txt?index=1&size=200", 404),
        ("consistency?from=5&to=4", 400),
        ("consistency?to=4", 400),
        ("consistency?from=0&to=301", 400),
        ("nothing", 404),
    ],
)
def test_what_is_not_there_and_what_cannot_be_meant_are_told_apart(
    house: House, base: str, path: str, status: int
) -> None:
    filled(house, 300)
    found = httpx.get(f"{base}/{path}", headers={**JSON, "accept-language": "en"})
    assert found.status_code == status
    assert len(found.text) > 10
    assert httpx.get(f"{base}/{path}", headers=HTML).status_code == status


def test_before_the_first_head_there_is_a_404_that_says_so(base: str) -> None:
    found = httpx.get(f"{base}/checkpoint", headers={"accept-language": "en"})
    assert (found.status_code, "no signed head yet" in found.text) == (404, True)
    assert "日志里还没有记录" in httpx.get(base, headers=HTML).text


def test_proofs_of_a_served_log_hold(house: House, base: str) -> None:
    filled(house, 300, 77)
    for size in (1, 300, 377):
        told = httpx.get(f"{base}/proof", params={"index": size // 2, "size": size}).json()
        leaf, root = decoded([told["leaf"], told["root"]])
        assert includes(leaf, size // 2, size, root, decoded(told["proof"]))
    told = httpx.get(f"{base}/consistency", params={"from": 300, "to": 377}).json()
    roots = decoded([told["from_root"], told["to_root"]])
    assert extends(300, 377, roots[0], roots[1], decoded(told["proof"]))
    lines = httpx.get(f"{base}/consistency.txt", params={"from": 300, "to": 377}).text
    assert lines.splitlines() == told["proof"]
    asked = {"accept": "text/plain"}
    text = httpx.get(f"{base}/proof", params={"index": 3}, headers=asked).text
    assert text == httpx.get(f"{base}/proof.txt", params={"index": 3}).text
    head, _, checkpoint = text.partition("\n\n")
    assert head.splitlines()[:2] == ["c2sp.org/tlog-proof@v1", "index 3"]
    assert checkpoint == httpx.get(f"{base}/checkpoint").text


def test_a_badge_is_proved_by_its_own_number(house: House, desks: Desks, base: str) -> None:
    stories.licensed(desks)
    seal_logs(desks.house)
    with house.desk().begin(Permission.BADGE_READ) as work:
        badge = work.session.exec(select(Badge)).one()

    told = httpx.get(f"{base}/proof", params={"badge": badge.badge_id}).json()
    entry = httpx.get(f"{base}/entries/{told['index']}", headers=JSON).json()

    assert str(badge.token_sha256) in entry["body"]
    assert entry["checkpoint"] == httpx.get(f"{base}/checkpoint").text


@pytest.mark.parametrize(("language", "word"), [("zh", "存在证明"), ("en", "Proof that it stands")])
def test_a_browser_sees_an_entry_as_a_page(
    house: House, base: str, language: str, word: str
) -> None:
    filled(house, 5)
    page = httpx.get(f"{base}/entries/2", headers={**HTML, "accept-language": language})
    assert page.headers["content-type"].startswith("text/html")
    assert word in page.text
    assert "A20260000002" in page.text
    listed = httpx.get(base, headers={**HTML, "accept-language": language}).text
    assert "/log/entries/4" in listed
