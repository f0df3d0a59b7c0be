"""How things stand, by the command line."""

import json
from collections.abc import Callable, Generator
from typing import Any

import pytest
from typer.testing import CliRunner

from console.actions.oversight.pictures import count_pictures
from console.cli.base import choices
from console.cli.main import app
from console.i18n import Language, spoken
from models.refusals import Conflict, Invalid
from tests.conftest import ONLY_SQLITE, Desks
from tests.oversight.counted import plant

pytestmark = ONLY_SQLITE
Run = Callable[..., str]


@pytest.fixture
def channel(desks: Desks) -> Generator[Run]:
    """A command as it is given; what it printed. A refusal is raised as it is."""
    language = spoken.set(Language.ZH)

    def run(*words: str) -> str:
        choices().opened[:] = [desks.house.house]
        done = CliRunner().invoke(app, ["--language", "zh", *words])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.output

    yield run
    choices().opened.clear()
    choices().as_json, choices().login = False, None
    spoken.reset(language)


def shown(run: Run, *words: str) -> list[dict[str, Any]]:
    return json.loads(run("--as", "chen.ming", "--json", "oversight", "show", *words))


def test_the_figures_are_counted_and_shown(channel: Run, desks: Desks) -> None:
    plant(desks)
    assert "还没有统计数据" in channel("--as", "chen.ming", "oversight", "show")
    assert "已统计 6 个单位" in channel("oversight", "refresh")
    assert "已统计 0 个单位" in channel("oversight", "refresh")
    assert "已统计 6 个单位" in channel("oversight", "refresh", "--all")
    words = channel("--as", "chen.ming", "oversight", "show")
    assert "中国电信广东" in words
    (gone,) = shown(channel, "--indicator", "time_to_gone")
    assert (gone["base"], gone["median_days"], gone["p90_days"]) == (1, 2.0, 2.0)
    lists = shown(channel, "--indicator", "cards_recovered", "--by", "platform")
    assert [(one["name"], one["share"]) for one in lists] == [("lanhai", 0.9)]
    months = shown(channel, "--indicator", "cases_open", "--months")
    assert (len(months), months[-1]["month"], months[-1]["count"]) == (18, "2026-03", 2)


def test_a_person_asks_the_house_to_count(channel: Run, desks: Desks) -> None:
    assert "中国电信广东" in channel("--as", "chen.ming", "oversight", "refresh")
    with pytest.raises(Conflict):
        channel("--as", "li.hua", "oversight", "refresh")
    assert count_pictures(desks.house) == 6


def test_the_house_has_no_picture_of_its_own(channel: Run) -> None:
    with pytest.raises(Invalid):
        channel("oversight", "show")
