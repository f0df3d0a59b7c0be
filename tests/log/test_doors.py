"""The log in the console and on the command line."""

import sqlite3
from pathlib import Path

import pytest

from console.actions.channel.log import list_entries, seal_logs
from console.desk import House
from console.i18n import Language, texts
from models.channel.log import LogKind
from tests.channel import stories
from tests.conftest import Desks
from tests.log.world import filled
from tests.pages import Console, errors, grid, shown
from tests.test_cli import Run, channel

__all__ = ["channel"]


@pytest.fixture
def console(house: House, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(house, monkeypatch)


def test_every_event_has_words() -> None:
    words = set(texts(Language.ZH))
    assert {f"log_kind.{kind.replace('.', '_')}" for kind in LogKind} <= words


def test_an_empty_log_says_what_comes_next(console: Console, desks: Desks) -> None:
    page = shown(console.open("log", desks.regulator))
    assert "还没有签名树头" in page
    assert "没有记录" in page


def test_the_log_page_shows_head_entries_and_an_entrys_proof(
    console: Console, desks: Desks, house: House
) -> None:
    agent, _, _ = stories.licensed(desks)
    filled(house, 30)
    seal_logs(house.desk())
    at = console.open("log", desks.auditor, language="en", agent=str(agent.agent_no))
    rows = grid(at)
    assert {row[3] for row in rows} == {agent.agent_no}
    assert "127.0.0.1:8501/log" in shown(at).replace("\\", "")

    (entry, *_) = list_entries(desks.auditor, agent_no=str(agent.agent_no)).rows
    record = console.open("log", desks.auditor, id=str(entry.seq))
    assert errors(record) == []
    assert "joined at the" in shown(record)
    assert f"#{entry.leaf}" in shown(record).replace("\\", "")


def test_an_entry_that_does_not_exist_is_refused_in_words(console: Console, desks: Desks) -> None:
    assert errors(console.open("log", desks.auditor, id="999")) != []
    assert errors(console.open("log", desks.auditor, id="x")) != []


def test_the_command_line_names_the_first_bad_entry_of_either_log(
    channel: Run, tmp_path: Path
) -> None:
    channel("audit", "checkpoint")
    assert channel("log", "vkey").stdout.startswith("localhost:8501/log+")
    assert "log" in channel("--json", "audit", "verify").stdout
    whole = channel("audit", "verify")
    with sqlite3.connect(tmp_path / "var/channel.db") as database:
        database.execute("UPDATE log_entries SET body = CAST('{}' AS BLOB) WHERE leaf = 0")
        found = database.execute("SELECT count(*) FROM log_entries").fetchone()[0]
        if not found:
            database.execute(
                "INSERT INTO log_entries (at, kind, body, leaf) VALUES "
                "('2026-01-01 00:00:00.000000', 'issuing.halted', CAST('{}' AS BLOB), 0)"
            )
    database.close()
    broken = channel("audit", "verify")
    assert (whole.returncode, broken.returncode) == (0, 1)
    assert "Public log: altered: entry 0" in broken.stdout


def test_a_witness_is_run_by_the_command_line_too(channel: Run) -> None:
    assert "--state" in channel("witness", "--help").stdout
    assert channel("witness", "--name", "x").returncode == 2
    assert channel("log", "submit").returncode == 0
