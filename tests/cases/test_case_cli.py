"""Rectification notices and complaints by the command line."""

import json
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from console.actions.cases.complaints.lodging import Told, lodge
from console.cli.base import choices
from console.cli.main import app
from console.i18n import Language, spoken
from models.cases.complaints import ComplaintKind
from models.refusals import Conflict, NotAllowed, NotFound
from tests.cases.world import PNG, decided
from tests.conftest import Desks

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
Run = Callable[..., str]
ISSUER, UNIT, LOOKS = "chen.ming", "lan.xin", "zhou.jie"


@pytest.fixture
def channel(desks: Desks) -> Generator[Run]:
    """A command as somebody gives it; what it printed. A refusal is raised as it is."""
    language = spoken.set(Language.ZH)

    def run(login: str, *words: str, code: int = 0) -> str:
        choices().opened[:] = [desks.house.house]
        done = CliRunner().invoke(app, ["--language", "zh", "--as", login, *words])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == code, done.output
        return done.output

    yield run
    choices().opened.clear()
    choices().as_json, choices().login = False, None
    spoken.reset(language)


def read(run: Run, login: str, *words: str) -> Any:  # noqa: ANN401
    return json.loads(run(login, "--json", *words))


def test_a_rectification_goes_from_its_case_to_its_end_by_commands(
    channel: Run, desks: Desks, tmp_path: Path
) -> None:
    case = decided(desks)
    after = tmp_path / "after.png"
    after.write_bytes(PNG)
    said = channel(
        ISSUER, "rectification", "draft", "--case", case.reference, "--subject", "亮照亮标",
        "--unit", "lanhai",
    )  # fmt: skip
    (draft,) = read(channel, ISSUER, "rectification", "list")
    assert draft["number"] in said
    issued = channel(ISSUER, "rectification", "issue", draft["number"])
    (row,) = read(channel, UNIT, "rectification", "list", "--side", "received")
    number = row["number"]
    assert number in issued
    channel(UNIT, "rectification", "acknowledge", number.lower())
    channel(UNIT, "rectification", "submit", number, "--done", "1", code=2)
    channel(UNIT, "rectification", "submit", number, "--done", "1=已展示", "--file", f"1={after}")
    with pytest.raises(NotAllowed):
        channel(ISSUER, "rectification", "recheck", number, "--good", "1")
    assert "已办结" in channel(LOOKS, "rectification", "recheck", number, "--good", "1")
    shown = read(channel, UNIT, "rectification", "show", number)
    assert (shown["state"], shown["issues"][0]["file"]) == ("closed", "after.png")
    assert "已展示" in channel(UNIT, "rectification", "show", number)
    with pytest.raises(NotFound):
        channel("hong.wei", "rectification", "show", number)


def test_a_complaint_is_taken_on_and_answered_by_commands(channel: Run, desks: Desks) -> None:
    told = Told(ComplaintKind.NUMBER_NOT_MINE, "名下有不是本人办理的号码", province="44")
    number = lodge(desks.house.house, told).number
    assert [one["number"] for one in read(channel, ISSUER, "complaint", "list")] == [number]
    channel(ISSUER, "complaint", "accept", number, "--to", "li.hua")
    channel(ISSUER, "complaint", "assign", number, ISSUER, "--reason", "李华出差")
    channel(ISSUER, "complaint", "investigate", number, "--plan", "核对名单")
    answer = ("--answer", "已核销", "--fault", "none")
    with pytest.raises(Conflict):
        channel(ISSUER, "complaint", "reward", number, "--what", "话费", "--paper", "奖字1号")
    assert "已答复" in channel(ISSUER, "complaint", "answer", number, *answer)
    channel(ISSUER, "complaint", "close", number, "--reason", "无后续")
    channel(ISSUER, "complaint", "reward", number, "--what", "话费", "--paper", "奖字1号")
    shown = read(channel, ISSUER, "complaint", "show", number)

    assert (shown["state"], shown["handler"]) == ("rewarded", ISSUER)
    assert shown["answer"] == "已核销"
    assert "contact" not in shown
    with pytest.raises(NotFound):
        channel("wang.fang", "complaint", "show", number)
