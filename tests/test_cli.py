"""`channel` as a person or a script meets it: a real process, its output and its exit code."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from console.cli.areas import AREAS

CHANNEL = Path(sys.executable).parent / "channel"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def channel(tmp_path: Path) -> Run:
    """Run a command in a fresh data folder."""

    def run(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        env = {
            "PATH": os.environ["PATH"],
            "LANG": "en_US.UTF-8",
            "CHANNEL_DATA": str(tmp_path / "var"),
            **settings,
        }
        return subprocess.run(
            [CHANNEL, *words], capture_output=True, text=True, check=False, env=env, timeout=60
        )

    assert run("migrate").returncode == 0
    return run


def test_organisations_and_accounts_are_made_and_listed(channel: Run) -> None:
    assert (
        channel(
            "org", "add", "CT-44", "basic_carrier_province", "中国电信广东", "--province", "44"
        ).returncode
        == 0
    )
    made = channel("user", "add", "CT-44", "chen.ming", "陈明", "--role", "channel_manager")
    listed = channel("--json", "user", "list")

    assert "one-time password" in made.stdout
    assert json.loads(listed.stdout) == [
        {"login": "chen.ming", "name": "陈明", "roles": "channel_manager", "open": True}
    ]


def test_a_refusal_is_a_sentence_and_exit_code_one(channel: Run) -> None:
    done = channel("org", "add", "CT-99", "basic_carrier_province", "某省公司", "--province", "99")

    assert done.returncode == 1
    assert (
        done.stderr.strip()
        == "There is no province 99. Give the two digits of GB/T 2260, such as 44."
    )
    assert done.stdout == ""


def test_the_same_refusal_in_chinese(channel: Run) -> None:
    done = channel("--language", "zh", "user", "role", "nobody", "auditor")

    assert (done.returncode, done.stderr.strip()) == (1, "找不到该记录，或您无权查看。")


def test_wrong_words_are_a_usage_error(channel: Run) -> None:
    assert channel("org", "add").returncode == 2
    assert channel("no-such-command").returncode == 2


def test_an_unknown_setting_is_named(channel: Run) -> None:
    done = channel("org", "list", CHANNEL_DATABSE_URL="x")

    assert done.returncode == 1
    assert "There is no setting CHANNEL_DATABSE_URL" in done.stderr


def test_an_act_as_somebody_is_bound_to_their_rights(channel: Run) -> None:
    channel("org", "add", "CA-44", "comm_admin", "广东省通信管理局", "--province", "44")
    channel("user", "add", "CA-44", "gd", "监管", "--role", "regulator")
    done = channel("--as", "gd", "org", "add", "X", "reseller", "x")

    assert done.returncode == 1
    assert "may not do this" in done.stderr


@pytest.mark.requirement("004-3.4-a")
def test_the_record_is_verified_and_its_first_altered_entry_named(
    channel: Run, tmp_path: Path
) -> None:
    channel("org", "add", "R1", "reseller", "转售一")
    channel("org", "add", "R2", "reseller", "转售二")
    head = channel("audit", "checkpoint")
    whole = channel("audit", "verify")
    with sqlite3.connect(tmp_path / "var/channel.db") as database:
        database.execute("UPDATE audit_entries SET facts = '{}' WHERE leaf = 1")
    broken = channel("audit", "verify")

    assert head.stdout.splitlines()[:2] == ["localhost:8501/audit", "2"]
    assert (whole.returncode, "2 entries" in whole.stdout) == (0, True)
    assert broken.returncode == 1
    assert "entry 1 (staff.organisation_added" in broken.stdout


def test_doctor_finds_a_key_that_others_may_read(channel: Run, tmp_path: Path) -> None:
    channel("org", "add", "R1", "reseller", "转售一")
    channel("audit", "checkpoint")
    well = channel("doctor")
    (tmp_path / "var/keys").chmod(0o755)
    ill = channel("doctor")

    assert (well.returncode, well.stderr) == (0, "")
    assert ill.returncode == 1
    assert "Others may read" in ill.stdout


def test_duties_are_listed_with_the_tests_that_prove_them(channel: Run) -> None:
    rows = json.loads(channel("--json", "requirements").stdout)

    assert len(rows) == 253
    proved = {row["id"]: row["tests"] for row in rows}
    assert (
        "test_cli::test_the_record_is_verified_and_its_first_altered_entry_named"
        in proved["004-3.4-a"]
    )


def test_a_command_starts_with_its_own_area_alone() -> None:
    assert [load(name).name for name, load in AREAS.items()] == list(AREAS)
    loaded = subprocess.run(
        [sys.executable, "-c", "import sys, console.cli.main; print(*sys.modules)"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    heavy = {"pyarrow", "console.actions.patrol", "console.actions.cards", "integrations.bulk"}
    assert "console.cli.main" in loaded
    assert heavy.isdisjoint(loaded)
