"""The commands of `channel-reader`: what they say, and how they end."""

import ast
import json
import stat
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from string import Formatter

import pytest

from reader_agent import refusals
from reader_agent.commands.cli import main
from reader_agent.commands.words import LANGUAGES, spoken, texts
from reader_agent.counter.states import FAULT_CODES
from reader_agent.refusals import AgentRefusal
from tests.reader.counter import CODE, Counter, Program
from tests.reader.far_console import far_console, refuses
from tests.reader.laptop import ICCID, Laptop, paired
from tests.reader.stack import ROOT

ZH, EN = texts("zh"), texts("en")
SOURCES = sorted((ROOT / "reader_agent").rglob("*.py"))
COMMANDS = [
    ("version",), ("status",), ("tasks",), ("doctor",), ("spool", "list"), ("spool", "flush"),
    ("pack", "fetch", "--task", "SC-2026-0001"), ("spool", "show", "none"), ("read", "id"),
    ("verify", "/none"), ("run", "--once"),
]  # fmt: skip


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    with far_console() as far:
        counter = Counter(far, tmp_path / "state")
        counter.pair()
        yield counter


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[Laptop]:
    """As `counter`, with its spool in the test's hand."""
    with far_console() as far, paired(far, tmp_path / "state") as laptop:
        yield laptop


def alone(tmp_path: Path) -> Program:
    """A laptop that knows no console."""
    return Program(tmp_path / "state")


# Exit codes


def test_0_when_all_went_well(counter: Counter) -> None:
    assert counter.does("status").code == 0
    assert counter.does("tasks").code == 0
    assert counter.does("version").code == 0


@pytest.mark.parametrize(
    "words",
    [
        ("fly",), ("enrol",), ("read", "stone"), ("spool",), ("read", "sim", "--fields", "pin"),
        ("pack", "fetch", "--task", "T", "--count", "61"), ("--lang", "fr", "version"),
        ("enrol", "--console", "http://example.org", "--code", CODE), ("verify", "/none"),
    ],
)  # fmt: skip
def test_2_for_words_that_are_no_command(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert alone(tmp_path).does(*words).code == 2


@pytest.mark.parametrize("words", [("status",), ("run",), ("tasks",), ("spool", "flush")])
def test_3_where_the_laptop_is_not_paired(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = alone(tmp_path).does(*words)
    assert done.code == 3
    assert "channel-reader enrol" in done.complaint


def test_3_for_a_key_that_others_can_read(counter: Counter) -> None:
    (counter.state / "device.key").chmod(0o644)
    done = counter.does("status")
    assert done.code == 3
    assert "can be read by others" in done.complaint


def test_4_without_a_reader_or_a_console(tmp_path: Path) -> None:
    assert alone(tmp_path).does("read", "id").code == 4
    missing = str(tmp_path / "none")
    assert alone(tmp_path).does("read", "id", "--port", missing).code == 4
    with far_console() as far:
        counter = Counter(far, tmp_path / "paired")
        counter.pair()
    assert counter.does("tasks").code == 4


def test_6_when_the_console_says_no(counter: Counter) -> None:
    again = counter.does("enrol", "--console", counter.far.url, "--code", "WRONG23456", "--again")
    assert again.code == 6
    assert "the code is wrong" in again.complaint


def test_6_where_the_laptop_is_in_quarantine(counter: Counter) -> None:
    for device in counter.far.devices.values():
        device.state = "quarantined"
    done = counter.does("status")
    assert done.code == 6
    assert "in quarantine; ask an approver" in done.said


def test_7_while_a_read_only_waits(laptop: Laptop, capsys: pytest.CaptureFixture[str]) -> None:
    laptop.read()
    laptop.far.moods.append(refuses(503, "reader.closed", Retry_After="30"))
    assert main(["--state", str(laptop.folder.path), "spool", "flush", "--json"]) == 7
    assert json.loads(capsys.readouterr().out)["waiting"] == 1


# Pairing


def test_a_laptop_is_paired_once_and_shows_its_fingerprint(counter: Counter) -> None:
    (device,) = counter.far.devices
    status = counter.does("status", "--json").lines[0]
    assert status["state"] == "active"
    assert len(status["fingerprint"]) == 9
    assert counter.does("enrol", "--console", counter.far.url, "--code", CODE).code == 3
    counter.far.codes.add(CODE)
    anew = counter.does("enrol", "--console", counter.far.url, "--code", CODE, "--again")
    assert anew.code == 0
    assert len(counter.far.devices) == 2
    (aside,) = counter.state.glob("old-*")
    assert (aside / "device.key").exists()
    assert device in counter.far.devices


def test_a_pairing_that_failed_leaves_a_key_that_the_next_one_uses(tmp_path: Path) -> None:
    laptop = alone(tmp_path)
    assert laptop.does("enrol", "--console", "http://127.0.0.1:1", "--code", CODE).code == 4
    path = laptop.state / "device.key"
    key = path.read_bytes()
    with far_console() as far:
        Counter(far, laptop.state).pair()
    assert path.read_bytes() == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


# What waits, and what it proves


def test_tasks_are_told_by_number_with_what_they_read(counter: Counter) -> None:
    counter.far.open_task("sim", "imsi")
    assert "SC-2026-0001  SIM card  南山路营业厅  reads: IMSI" in counter.does("tasks").said
    (task,) = counter.does("tasks", "--json").lines
    assert (task["kind"], task["fields"]) == ("sim", ["imsi"])
    assert "challenge" not in task


def test_a_pack_is_fetched_by_number_and_for_no_other_task(counter: Counter) -> None:
    counter.far.open_task("sim")
    words = ("pack", "fetch", "--task", "SC-2026-0001", "--count", "3", "--hours", "4", "--json")
    (told,) = counter.does(*words).lines
    assert (told["number"], told["count"]) == ("SC-2026-0001", 3)
    assert counter.does("pack", "fetch", "--task", "SC-2026-0009").code == 6


def test_the_spool_shows_hash_and_receipt_and_never_what_was_read(laptop: Laptop) -> None:
    counter = Counter(laptop.far, laptop.folder.path)
    read = laptop.read()
    laptop.spool.close()
    assert counter.does("spool", "flush").code == 0
    (line,) = counter.does("spool", "list", "--json").lines
    assert (line["state"], line["sha256"]) == ("accepted", read.sha256)
    shown = counter.does("spool", "show", read.read_id)
    assert read.sha256 in shown.said
    assert counter.does("spool", "show", "none").code == 2
    for said in (shown.said, counter.does("spool", "list").said, counter.log):
        assert ICCID not in said


def test_a_read_and_its_receipt_are_verified(laptop: Laptop, tmp_path: Path) -> None:
    counter = Counter(laptop.far, laptop.folder.path)
    read, receipt = laptop.read(), tmp_path / "receipt"
    token = tmp_path / "token"
    token.write_text(read.token or "")
    laptop.spool.close()
    counter.does("spool", "flush")
    receipt.write_text(counter.does("spool", "list", "--json").lines[0]["receipt"])
    proved = counter.does("verify", str(token), "--json").lines[0]
    assert (proved["valid"], proved["sha256"], proved["seq"]) == (True, read.sha256, 1)
    proved = counter.does("verify", str(receipt), "--json").lines[0]
    assert (proved["valid"], proved["sha256"]) == (True, read.sha256)
    assert ICCID not in counter.does("verify", str(token)).said


def test_a_token_that_was_changed_is_not_verified(laptop: Laptop, tmp_path: Path) -> None:
    counter = Counter(laptop.far, laptop.folder.path)
    head, body, end = (laptop.read().token or "").split(".")
    token = tmp_path / "token"
    token.write_text(f"{head}.{body[:-4]}AAAA.{end}")
    done = counter.does("verify", str(token))
    assert done.code == 1
    assert "signature" in done.said
    others = tmp_path / "keys"
    others.write_text(json.dumps({"keys": [dict(laptop.relay.console.receipt_keys[0])]}))
    assert counter.does("verify", str(token), "--keys", str(others)).code == 1


def test_a_sealed_token_is_the_consoles_to_open(laptop: Laptop, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(laptop.read("id").token or "")
    done = Counter(laptop.far, laptop.folder.path).does("verify", str(token))
    assert (done.code, "only the console" in done.said) == (1, True)


# Words


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_speaks_json(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = alone(tmp_path).does(*words, "--json")
    assert done.complaint == ""
    assert done.lines or words == ("spool", "list"), "only a list may have no line"


def test_json_may_be_asked_for_before_the_command(tmp_path: Path) -> None:
    assert alone(tmp_path).does("--json", "version").lines[0]["version"]


def test_both_languages_say_the_same_things() -> None:
    assert ZH.keys() == EN.keys()
    for key in ZH:
        assert blanks(ZH[key]) == blanks(EN[key]), key
        assert any("一" <= letter <= "鿿" for letter in ZH[key]) or key.split(".")[0] in {
            "level", "field", "value", "told",
        }, key  # fmt: skip


def test_every_refusal_and_every_end_has_its_words() -> None:
    classes = [one for one in vars(refusals).values() if isinstance(one, type)]
    codes = {one.code for one in classes if issubclass(one, AgentRefusal) and one != AgentRefusal}
    assert {f"refusal.{code}" for code in codes} <= ZH.keys()
    assert {f"end.{code}" for code in FAULT_CODES} <= ZH.keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_laptop_and_console_give_the_same_advice_for_a_fault(language: str) -> None:
    path = ROOT / "console/texts" / language / "readers_pages.toml"
    told = tomllib.loads(path.read_text("utf-8"))["reader_fault"]
    assert told == {code: texts(language)[f"end.{code}"] for code in FAULT_CODES}


def test_every_code_of_the_wire_has_its_words() -> None:
    wire = (ROOT / "docs/reader.md").read_text("utf-8")
    told = {word for word in wire.split("`") if word.startswith("reader.") and " " not in word}
    assert {f"reason.{word}" for word in told if not word.endswith((".md", ".py"))} <= ZH.keys()


def test_no_text_is_there_for_nobody() -> None:
    """A key stands in the code whole, or is put together from a table and a code that is there."""
    known: set[str] = set()
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                known |= {node.value, node.value.partition(".")[2]}
                known |= {word.strip("{}") for word in node.value.split(".")}
    of_the_console = ("reason.reader.", "state.", "value.", "reason.http_")
    for key in ZH:
        table, _, code = key.partition(".")
        parts = {key, code, code.removeprefix("device_"), code.removesuffix("_sim")}
        parts |= {code.partition("_")[2], code.removeprefix("put_").removeprefix("verify_")}
        assert parts & known or key.startswith(of_the_console) or table == "help", key


@pytest.mark.parametrize(
    ("environment", "language"),
    [("zh_CN.UTF-8", "zh"), ("en_GB.UTF-8", "en"), ("C.UTF-8", "zh"), ("", "zh")],
)
def test_it_speaks_as_its_user_does(
    monkeypatch: pytest.MonkeyPatch, environment: str, language: str
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", environment)
    assert spoken(None).language == language
    assert [spoken(one).language for one in LANGUAGES] == list(LANGUAGES)


def test_help_is_in_chinese_too(tmp_path: Path) -> None:
    assert "读一张卡" in alone(tmp_path).does("--help", lang="zh").said
    assert "挑战码" in alone(tmp_path).does("pack", "fetch", "--help", lang="zh").said


def test_a_clock_that_is_off_is_told_in_status(tmp_path: Path) -> None:
    with far_console() as far:
        far.ahead = timedelta(minutes=-7)
        counter = Counter(far, tmp_path / "state")
        counter.pair()
        skew_ms = counter.does("status", "--json").lines[0]["skew_ms"]
    assert 415_000 < skew_ms < 425_000


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
