"""Badges by command: with the house behind it, and with nothing but files."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import typer

from console.actions.channel.badges import badge_record, list_badges, mark_copied
from console.cli.base import choices
from console.cli.main import app
from console.desk import House
from models.refusals import Invalid
from models.tokens import (
    STATUS_LIST_TYPE,
    KeyRole,
    KeySet,
    Malformed,
    Standing,
    StatusList,
    cose_key_set,
    jwk_set,
    pack,
    sign_status_list,
)
from models.tokens.keyfiles import read_keys
from models.tokens.status import LIFETIME
from models.tokens.verdict import Badge as Token
from tests.channel.degraded import drawn, on, small
from tests.channel.stories import licensed
from tests.conftest import Desks

CASES = Path(__file__).parents[1] / "data/verdict_cases.json"
Run = Callable[..., tuple[int, Any]]
on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """A command without any house; its exit code and the JSON that it printed."""

    def command(*words: str, own: House | None = None) -> tuple[int, Any]:
        choices().opened[:] = [own] if own else []
        code = int(app(["--json", *words], standalone_mode=False) or 0)
        out = capsys.readouterr().out
        return code, json.loads(out) if out else None

    yield command
    choices().opened.clear()
    choices().as_json, choices().login = False, None


@pytest.fixture
def code(desks: Desks) -> str:
    licensed(desks)
    return badge_record(desks.manager, list_badges(desks.manager).rows[0].id).url or ""


@pytest.fixture
def files(house: House, code: str, tmp_path: Path) -> tuple[Path, Path]:
    """A key set and a status list, as somebody fetched them."""
    keys = {role: house.keys.public_keys(role) for role in KeyRole}
    list_file = signed_list(house, code, tmp_path / "1.cwt")
    keys[KeyRole.STATUS_LIST] = house.keys.public_keys(KeyRole.STATUS_LIST)
    key_file = tmp_path / "jwks.json"
    key_file.write_text(json.dumps(jwk_set(keys)))
    return key_file, list_file


def signed_list(house: House, code: str, file: Path, standing: Standing = Standing.GOOD) -> Path:
    claims = Token.from_digits(code.rpartition("/")[2]).claims
    now = int(house.now().timestamp())
    listed = StatusList(
        claims.status_uri, now, now + LIFETIME, 300, pack(1 << 17, {claims.status_index: standing})
    )
    signer = house.keys.ensure(KeyRole.STATUS_LIST, house.now())
    file.write_bytes(sign_status_list(listed, signer.kid, signer.raw_sign, signer.alg))
    return file


def test_every_verdict_case_has_its_verdict(run: Run, tmp_path: Path) -> None:
    assert run("badge", "conformance", str(CASES)) == (0, {"right": 70, "of": 70, "wrong": []})
    changed = json.loads(CASES.read_bytes())
    case = changed["cases"][3]
    case["expect"] = "forged" if case["expect"] != "forged" else "valid"
    wrong = tmp_path / "cases.json"
    wrong.write_text(json.dumps(changed))
    exit_code, told = run("badge", "conformance", str(wrong))
    assert (exit_code, told["right"]) == (1, 69)
    assert told["wrong"][0]["case"] == case["name"]
    for bad in (tmp_path / "none.json", Path(__file__)):
        with pytest.raises(Invalid):
            run("badge", "conformance", str(bad))


@on_sqlite
def test_a_badge_is_judged_by_files_alone(
    run: Run, house: House, code: str, files: tuple[Path, Path], tmp_path: Path
) -> None:
    keys, lists = files
    offline = ("--keys", str(keys), "--status-list", str(lists), "--at", house.now().isoformat())
    where = ("--platform", "lanhai", "--shop", "1001")
    exit_code, told = run("badge", "check", code, *where, *offline)
    assert (exit_code, told["verdict"]) == (0, "valid")
    assert told["agent_no"].startswith("CT-44")
    assert run("badge", "check", code, *offline)[1]["verdict"] == "valid_shop_unchecked"
    elsewhere = run("badge", "check", code, "--url", "https://other.example/", *offline)
    assert (elsewhere[0], elsewhere[1]["verdict"]) == (1, "wrong_shop")
    altered = code[:-1] + str(9 - int(code[-1]))
    assert run("badge", "check", altered, *offline)[1]["verdict"] == "forged"
    assert run("badge", "check", "https://evil.example/b/1", *offline)[1]["verdict"] == "not_ours"

    revoked = signed_list(house, code, tmp_path / "2.cwt", Standing.REVOKED)
    later = str(int(house.now().timestamp()) + 2 * 86400)
    stale = run(
        "badge", "check", code, "--keys", str(keys), "--status-list", str(lists), "--at", later
    )
    assert (stale[0], stale[1]["verdict"]) == (1, "status_unknown")
    at = datetime.fromtimestamp(int(later) - 2 * 86400, UTC).isoformat()
    fell = run(
        "badge",
        "check",
        code,
        *where,
        "--keys",
        str(keys),
        "--status-list",
        str(revoked),
        "--at",
        at,
    )
    assert (fell[0], fell[1]["verdict"]) == (1, "revoked")


@on_sqlite
def test_a_cose_key_set_says_the_same_as_a_jwk_set(
    run: Run, house: House, code: str, files: tuple[Path, Path], tmp_path: Path
) -> None:
    keys = tmp_path / "keys.cose"
    every = {role: house.keys.public_keys(role) for role in KeyRole}
    keys.write_bytes(cose_key_set(every))
    found = read_keys(keys.read_bytes())
    assert [key.kid for key in found[KeyRole.BADGE]] == [key.kid for key in every[KeyRole.BADGE]]
    StatusList.read(files[1].read_bytes(), KeySet(found[KeyRole.STATUS_LIST], STATUS_LIST_TYPE))
    offline = ("--keys", str(keys), "--status-list", str(files[1]), "--at", house.now().isoformat())
    assert run("badge", "check", code, *offline)[1]["verdict"] == "valid_shop_unchecked"
    for bad in (b"", b"\xa0", b"{", b"\x81\xa0", b"[]"):
        with pytest.raises(Malformed):
            read_keys(bad)


@on_sqlite
def test_a_picture_is_judged_with_the_house_behind_it(
    run: Run, house: House, desks: Desks, code: str, tmp_path: Path
) -> None:
    file = tmp_path / "seen.png"
    on(small(drawn(code), 240)).save(file)
    where = ("--platform", "lanhai", "--shop", "1001")
    exit_code, told = run("badge", "check", str(file), *where, own=house)
    assert (exit_code, told["verdict"], told["shop"]) == (0, "valid", "lanhai:1001")
    mark_copied(desks.manager, list_badges(desks.manager).rows[0].id, seen_at="别处")
    assert run("badge", "check", str(file), *where, own=house)[1]["verdict"] == "revoked"
    blank = tmp_path / "blank.png"
    on(small(drawn(code), 240)).crop((0, 0, 20, 20)).save(blank)
    with pytest.raises(Invalid) as no:
        run("badge", "check", str(blank), own=house)
    assert no.value.code == "badge_check.no_code"


@pytest.mark.parametrize(
    "words",
    [
        ("--platform", "lanhai"),
        ("--platform", "lanhai", "--shop", "1", "--url", "a.example"),
        ("--status-list", "1.cwt"),
        ("--at", "yesterday"),
    ],
)
def test_a_command_that_is_not_clear_is_a_usage_error(run: Run, words: tuple[str, ...]) -> None:
    with pytest.raises(typer.BadParameter) as no:
        run("badge", "check", "1", *words)
    assert no.value.exit_code == 2


@on_sqlite
def test_badges_are_listed_with_their_codes(run: Run, house: House, code: str) -> None:
    exit_code, rows = run("badge", "list", own=house)
    assert exit_code == 0
    assert [row["code"] for row in rows] == [code]
