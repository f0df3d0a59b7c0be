"""Industry cards at the command line: from the purchaser to what was found of their use."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import typer

from console.actions.cards.persons import import_key
from console.cli.base import choices
from console.cli.brought import FileKind
from console.cli.main import app
from console.desk import House
from integrations.person_files import seal_person_file
from models.channel.imports import ImportKind
from models.refusals import Conflict, Invalid, NotFound
from tests.cards.used import DAY, MB, csv_of, planted
from tests.cards.world import CLAUSES, HEADER, USE, answers, iccid, iccid20, terms
from tests.cases.world import PDF, PNG
from tests.channel.stories import uscc
from tests.conftest import ONLY_SQLITE, Desks
from tests.imports.files import csv_text
from tests.persons import as_csv, told

Run = Callable[..., Any]
IOT, APPROVER = "wu.lian", "li.hua"


@pytest.fixture
def run(house: House, desks: Desks, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """A command as a person; the JSON that it printed, and with `bad` that it ended so."""
    assert desks.iot

    def command(*words: str, by: str = IOT, bad: bool = False) -> Any:  # noqa: ANN401 - JSON
        choices().opened[:] = [house]
        code = int(app(["--json", "--as", by, *words], standalone_mode=False) or 0)
        assert code == bad
        out = capsys.readouterr().out
        return json.loads(out) if out else None

    yield command
    choices().opened.clear()
    choices().as_json, choices().login = False, None


def file(folder: Path, name: str, content: bytes) -> str:
    path = folder / name
    path.write_bytes(content)
    return str(path)


def missing(told_now: dict[str, Any]) -> list[str]:
    return [one["lack"] for one in told_now["lacks"]]


@pytest.mark.requirement("004-2.3-a", "004-2.3-c")
def test_a_batch_goes_into_use_at_the_command_line(run: Run, desks: Desks, tmp_path: Path) -> None:
    run("industry", "add-purchaser", "广州禾苗智能表计有限公司", uscc(1), "44")
    licence = ("--name", "广州禾苗智能表计有限公司", "--until", "2035-12-31")
    run("industry", "licence", uscc(1), file(tmp_path, "执照.png", PNG), *licence)
    assert run("industry", "purchasers", "--find", "禾苗")[0]["licence_until"] == "2035-12-31"
    wanted = ("--class", "I1", "--ordered", "10", "--use", USE)
    batch = run("industry", "draft", uscc(1), *wanted)
    number, scope = batch["number"], tmp_path / "scope.json"
    assert missing(batch) == ["scope"]
    with pytest.raises(Conflict, match="not_ready"):
        run("industry", "submit", number)
    scope.write_text(json.dumps(asdict(terms())), "utf-8")
    assert missing(run("industry", "scope", number, str(scope))) == []
    run("industry", "submit", number)
    said = [word for one in answers().items() for word in ("--answer", "=".join(one))]
    assert run("industry", "assess", number, *said, by=APPROVER)["state"] == "approved"
    paper = ["--number", "XY-2026-001", "--signed-on", "2026-03-01"]
    paper += [word for one in CLAUSES for word in ("--clause", one.value)]
    run("industry", "agreement", number, file(tmp_path, "协议.pdf", PDF), *paper)
    run("industry", "unit", number)
    key = json.dumps(dict(import_key(desks.iot)))
    rows = [told(batch=number), told(2, batch="IOT-44-2026-999999")]
    sealed, _ = seal_person_file(as_csv(rows), key, desks.house.now())
    done = run("industry", "persons", file(tmp_path, "persons.jwe", sealed), bad=True)
    assert (done["persons"], done["refused"]) == (
        1,
        [{"row": 3, "field": "batch", "reason": "no_batch"}],
    )
    early = run("industry", "register", number)
    assert missing(early) == ["cards_not_all", "limits_proof"]
    cards = csv_text(HEADER, [[number, iccid(0), iccid(9), "", "", ""]]).encode()
    taken = run("import", "industry-cards", file(tmp_path, "cards.csv", cards))
    assert (taken["state"], taken["accepted"]) == ("done", 1)
    run("industry", "proof", number, file(tmp_path, "限制.png", PNG))
    assert run("industry", "activate", number) == {
        "number": number, "state": "in_use", "lacks": [],
    }  # fmt: skip
    shown = run("industry", "show", number)
    assert (shown["cards"], shown["scope"]["monthly_mb"], len(shown["persons"])) == (10, 30, 1)
    assert run("industry", "check", iccid20(3))["usable"]
    assert not run("industry", "check", iccid20(30), bad=True)["usable"]
    run("industry", "retire", number, "--cancelled", "9", "--returned", "1")
    assert [one["state"] for one in run("industry", "batches")] == ["retired"]


@pytest.mark.requirement("004-2.3-g")
def test_a_file_of_use_is_judged_and_its_findings_looked_at_at_the_command_line(
    run: Run, desks: Desks, tmp_path: Path
) -> None:
    used = planted(desks)
    rows = [used.did(0, bytes=3 * MB), used.did(1, bytes=4 * MB)]
    judged = run("usage", "run", file(tmp_path, "use.csv", csv_of(rows)))
    assert (judged["records"], judged["by_rule"]) == (2, {"volume_over_limit": 2})
    first, second = (one["number"] for one in run("usage", "findings", "--state", "open"))
    run("usage", "confirm", first, by=APPROVER)
    run("usage", "dismiss", second, "--reason", "测试用卡", by=APPROVER)
    states = {one["number"]: one["state"] for one in run("usage", "findings")}
    assert states == {first: "confirmed", second: "dismissed"}
    again = csv_of([*rows, {**used.did(2), "iccid": "12"}])
    more = run("import", "usage", file(tmp_path, "more.csv", again), bad=True)
    assert (more["bad"], more["findings"]) == (1, 0)
    assert "iccid" in Path(more["rejects"]).read_text("utf-8-sig")
    assert [one["state"] for one in run("usage", "runs")] == ["done", "done"]
    number = used.batch.number
    run("usage", "watch", number, "--iccid", used.iccid(4), "--reason", "多次更换终端")
    run("usage", "watch", number, "--reason", "整批从严")
    run("usage", "watch", number, "--iccid", used.iccid(4), "--reason", "已核实", "--end")
    assert [one["iccid"] for one in run("usage", "watch")] == [""]
    assert run("usage", "orders", "--batch", number) == []


def test_every_kind_of_rows_and_records_of_use_can_be_imported() -> None:
    assert {one.rows for one in FileKind if one is not FileKind.USAGE} == set(ImportKind)


@ONLY_SQLITE
def test_what_is_given_wrongly_is_told(run: Run, desks: Desks, tmp_path: Path) -> None:
    used = planted(desks)
    number = used.batch.number
    words = {
        "bad_scope_file": "function = ",
        "scope_unknown": 'funktion = "x"',
        "scope_wrong": 'monthly_mb = "many"',
    }
    for code, text in words.items():
        with pytest.raises(Invalid, match=code):
            run("industry", "scope", number, file(tmp_path, "scope.toml", text.encode()))
    with pytest.raises(NotFound):
        run("industry", "draft", uscc(7), "--class", "I1", "--ordered", "1")
    with pytest.raises(NotFound):
        run("usage", "confirm", "UF-2026-000009")
    with pytest.raises(typer.BadParameter):
        run("industry", "proof", number, str(tmp_path / "none.png"))
    use = file(tmp_path, "use.csv", csv_of([used.did(0, DAY)]))
    with pytest.raises(typer.BadParameter):
        run("import", "usage", use, "--dry-run")
