"""Imports by the command line and by the API."""

import json
from pathlib import Path

import httpx
import pytest

from console.actions.imports.run import run_import
from console.actions.staff.people import add_client
from console.desk import House
from models.permissions import Role
from tests.conftest import Desks
from tests.imports.conftest import Run
from tests.imports.files import agents_csv, csv_text, good, read_csv
from tests.serving import served


def test_a_file_is_imported_from_the_command_line(channel: Run, tmp_path: Path) -> None:
    file = tmp_path / "名单.csv"
    file.write_bytes(agents_csv(3, row2={"省份": "火星"}))
    tried = channel("import", "agents", str(file), "--organisation", "CT", "--dry-run")
    assert (tried.returncode, "可接收 2 行" in tried.stdout) == (1, True)

    done = channel("--json", "import", "agents", str(file), "--organisation", "CT")
    told = json.loads(done.stdout)
    assert (done.returncode, told["accepted"], told["rejected"]) == (1, 2, 1)
    rejects = Path(told["rejects"])
    assert rejects == tmp_path / "名单-rejects.csv"
    (row,) = read_csv(rejects)
    assert "火星" in row["原因"]

    mended = csv_text(list(row), [[*row.values()]]).replace("火星,", "44,")
    rejects.write_text(mended, "utf-8-sig")
    assert channel("import", "agents", str(rejects), "--organisation", "CT").returncode == 0


def test_columns_may_be_said_in_a_file(channel: Run, tmp_path: Path) -> None:
    file, columns = tmp_path / "a.csv", tmp_path / "map.toml"
    file.write_text(csv_text(["A", "B", "C", "D"], [row[:4] for row in good(2)]), "utf-8")
    refused = channel("import", "agents", str(file), "--organisation", "CT")
    assert refused.returncode == 1
    assert "缺少“企业名称”列" in refused.stderr

    columns.write_text('name="A"\nuscc="B"\nprovince="C"\nlegal_representative="D"', "utf-8")
    done = channel("import", "agents", str(file), "--organisation", "CT", "--map", str(columns))
    assert done.returncode == 0, done.stderr
    columns.write_text("nonsense", "utf-8")
    bad = channel("import", "agents", str(file), "--organisation", "CT", "--map", str(columns))
    assert (bad.returncode, "map.toml" in bad.stderr) == (1, True)


def test_a_missing_file_is_named(channel: Run, tmp_path: Path) -> None:
    done = channel("import", "agents", str(tmp_path / "no.csv"), "--organisation", "CT")
    assert (done.returncode, "no.csv" in done.stderr) == (1, True)


def test_a_kind_that_does_not_exist_is_a_usage_error(channel: Run, tmp_path: Path) -> None:
    assert channel("import", "colours", str(tmp_path / "a.csv")).returncode == 2


@pytest.fixture
def key(desks: Desks) -> dict[str, str]:
    _, given = add_client(
        desks.security, organisation="CT-44", name="crm", roles=[Role.CHANNEL_MANAGER]
    )
    return {"Authorization": f"Bearer {given}"}


def test_a_file_is_brought_by_the_api_once_per_key(
    house: House, desks: Desks, key: dict[str, str]
) -> None:
    file = {"file": ("a.csv", agents_csv(3, row2={"省份": "火星"}), "text/csv")}
    with served(house) as base, httpx.Client(base_url=f"{base}/api/v1", headers=key) as api:
        once = {"Idempotency-Key": "import-1"}
        request = api.build_request(
            "POST", "/imports", data={"kind": "agents"}, files=file, headers=once
        )
        body = request.read()
        headers = {**once, "Content-Type": request.headers["content-type"]}
        first = api.post("/imports", content=body, headers=headers)
        again = api.post("/imports", content=body, headers=headers)
        assert first.status_code == 202, first.text
        assert (first.json()["state"], first.json()["rows"]) == ("waiting", 3)
        assert again.json()["id"] == first.json()["id"]
        run_import(desks.manager, first.json()["id"])
        found = api.get(f"/imports/{first.json()['id']}").json()
        assert (found["accepted"], found["rejected"]) == (2, 1)
        assert found["rejects"] == f"/files/imports/{found['id']}/rejects.csv"
        assert [one["id"] for one in api.get("/imports").json()["items"]] == [found["id"]]


def test_a_bad_file_is_refused_by_the_api_with_its_place(house: House, key: dict[str, str]) -> None:
    file = {"file": ("a.csv", agents_csv(2) + b"\xff\xfe\xff", "text/csv")}
    with served(house) as base, httpx.Client(base_url=f"{base}/api/v1", headers=key) as api:
        answer = api.post(
            "/imports",
            data={"kind": "agents"},
            files=file,
            headers={"Idempotency-Key": "x"},
        )
        assert answer.status_code == 422
        assert answer.json()["facts"]["file"] == "a.csv"
        assert answer.json()["facts"]["row"] == 4
