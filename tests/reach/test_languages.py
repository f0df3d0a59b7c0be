"""Each page speaks the language of whoever reads it, and no other."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest
from streamlit.testing.v1 import AppTest

from console.actions.staff.sign_in import actor_named
from console.desk import House
from console.i18n import Language, texts
from console.pages.navigation import PAGES
from console.settings import Settings
from models.staff import Door
from tests.conftest import Clock
from tests.databases import SqliteHouses
from tests.pages import Console, tiles, ways
from tests.reach.walk import shares
from tests.reach.world import furnish

CHINESE: Final = re.compile(r"[一-鿿]{2,}")
ENGLISH: Final = re.compile(r"[A-Za-z]{4,}(?: [a-z]{2,}){2,}")
_SHOWN: Final = (
    "title", "header", "subheader", "caption", "markdown", "error", "warning", "info", "success",
)  # fmt: skip
_LABELLED: Final = (
    "button", "checkbox", "date_input", "multiselect", "number_input", "radio", "selectbox",
    "text_area", "text_input", "toggle", "metric", "expander", "tab",
)  # fmt: skip


@pytest.fixture(scope="module")
def furnished(
    sqlite_houses: SqliteHouses, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("languages")
    url = sqlite_houses.fresh(folder, is_staffed=False)
    settings = Settings(data=folder, database_url=url, public_url="http://127.0.0.1:8501")
    house = replace(House.open(settings), now=Clock())
    furnish(house)
    yield house
    house.engine.dispose()


def own_words(at: AppTest) -> set[str]:
    """What the page itself says: heads and labels, options and help, without what records hold."""
    found: list[str] = []
    for kind in _SHOWN:
        found += [str(getattr(one, "value", "")) for one in at.get(kind)]
    for kind in _LABELLED:
        found += [str(getattr(one, "label", "")) for one in at.get(kind)]
        found += [str(getattr(one, "help", "") or "") for one in at.get(kind)]
        found += [str(getattr(one, "placeholder", "") or "") for one in at.get(kind)]
    found += [words for words, _ in ways(at)]
    found += [str(tile[name]) for tile in tiles(at) for name in ("label", "beside", "told", "how")]
    for frame in at.dataframe:
        found += [str(head) for head in _heads(frame)]
    return {word for word in found if word}


def _heads(frame: Any) -> list[str]:  # noqa: ANN401 - Streamlit's element
    return [str(head) for head in frame.value.columns]


def people_wrote(house: House) -> set[str]:
    """Letters of all that is data: names, numbers, reasons, as the database holds them."""
    with house.engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        ).all()
        cells = {
            str(cell)
            for (table,) in rows
            for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"')  # noqa: S608
            for cell in row
            if isinstance(cell, str | bytes) and cell
        }
    return {piece for cell in cells for piece in CHINESE.findall(cell)}


@pytest.fixture(scope="module")
def of_people(furnished: House) -> str:
    return "\n".join(people_wrote(furnished))


@pytest.mark.parametrize("entry", PAGES, ids=lambda entry: entry.name)
def test_a_page_says_nothing_in_the_other_language(
    furnished: House,
    of_people: str,
    monkeypatch: pytest.MonkeyPatch,
    entry: Any,  # noqa: ANN401
) -> None:
    login = next((who for who, mine in shares(furnished).items() if entry in mine), None)
    if login is None:
        pytest.skip(f"{entry.name} has no file yet")
    console = Console(furnished, monkeypatch)
    desk = furnished.desk(actor_named(furnished, login, Door.CONSOLE))
    english = own_words(console.open(entry.name, desk, language=Language.EN))
    left = {
        piece
        for word in english
        for piece in CHINESE.findall(word)
        if piece not in of_people and piece not in texts(Language.EN).get("console.languages", "")
    }
    assert left == set()
    chinese = own_words(console.open(entry.name, desk, language=Language.ZH))
    said = {piece for word in chinese for piece in ENGLISH.findall(word)}
    assert said == set()
