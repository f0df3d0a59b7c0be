"""Files that no door takes: page, API and command line refuse each, and keep nothing."""

import resource
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import httpx
import pytest
from sqlmodel import func, select

from console.actions.imports.plan import list_imports, plan_import
from console.actions.staff.people import add_client
from console.desk import House
from console.i18n import Language, texts
from models.channel.imports import Import
from models.permissions import Permission, Role
from models.refusals import Invalid
from tests import bad_files
from tests.conftest import Desks
from tests.imports.conftest import Run
from tests.imports.files import HEADER, agents_csv, good
from tests.pages import Console, checked, errors, press
from tests.serving import served

_HEAD: Final = ",".join(HEADER).encode()
_ROW: Final = ",".join(good(1)[0]).encode()


def _wrong_encoding() -> bytes:
    return agents_csv(40).decode("utf-8-sig").encode("shift_jis", "replace")


CASES: Final[dict[str, tuple[str, bytes | Callable[[Path], None], str, Sequence[str]]]] = {
    # what is wrong      file        content             code        what the message names
    "wrong_encoding": ("a.csv", _wrong_encoding(), "import.encoding", ["row", "tried"]),
    "broken_byte": (
        "a.csv", agents_csv(9) + b"\xff\xfe", "import.bad_byte", ["row", "encoding", "offset"],
    ),
    "zip_bomb": ("a.xlsx", bad_files.strings_bomb, "import.zip_bomb", ["part", "limit"]),
    "many_columns": (
        "a.csv", _HEAD + b"\n" + _ROW + b"," * 100_000, "import.too_many_columns",
        ["row", "columns", "limit"],
    ),
    "far_cell": (
        "a.xlsx", bad_files.far_cell, "import.too_many_columns", ["row", "columns", "limit"],
    ),
    "unclosed_quote": (
        "a.csv", _HEAD + b'\n"A' + 100_000 * (_ROW + b"\n"), "import.quote", ["row"],
    ),
    "empty": ("a.csv", b"", "import.empty", []),
    "blank_lines": ("a.csv", b"\n\n\n", "import.empty", []),
    "header_only": ("a.csv", _HEAD + b"\r\n", "import.no_rows", []),
    "header_twice": (
        "a.csv", _HEAD + b",\xe7\x9c\x81\xe4\xbb\xbd\r\nx\r\n", "import.header_twice",
        ["row", "name", "first", "second"],
    ),
    "no_header": ("a.csv", b"1,2,3\n4,5,6\n", "import.no_header", ["row", "value"]),
}  # fmt: skip
SECONDS: Final = 20
"""Of a processor, with a margin for a slow machine; each takes less than three."""
KILOBYTES: Final = 150_000


def content_of(case: str, folder: Path) -> tuple[str, bytes]:
    name, content, _, _ = CASES[case]
    if isinstance(content, bytes):
        return name, content
    content(folder / f"{case}.xlsx")
    return name, (folder / f"{case}.xlsx").read_bytes()


def nothing_was_kept(house: House) -> None:
    with house.desk().begin(Permission.AGENT_READ) as work:
        assert work.session.exec(select(func.count()).select_from(Import)).one() == 0
    kept = house.settings.data / "evidence"
    assert [path for path in kept.rglob("*") if path.is_file()] == []


def says_what_and_where(
    message: str, case: str, language: Language, facts: Mapping[str, object]
) -> None:
    """The message is the text of the code, with every blank filled."""
    assert message == texts(language)[CASES[case][2]].format(**facts)
    for named in ("file", *CASES[case][3]):
        assert str(facts[named]) in message


@pytest.mark.parametrize("case", CASES)
def test_a_bad_file_is_refused_in_seconds_and_in_little_memory(
    house: House, desks: Desks, tmp_path: Path, case: str
) -> None:
    name, content = content_of(case, tmp_path)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    with pytest.raises(Invalid) as refused:
        plan_import(desks.manager, "agents", name, content)
    assert time.process_time() - began < SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < KILOBYTES
    assert refused.value.code == CASES[case][2]
    for language in Language:
        message = texts(language)[refused.value.code].format(**refused.value.facts)
        says_what_and_where(message, case, language, refused.value.facts)
    nothing_was_kept(house)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_api_answers_every_bad_file_with_its_code_and_facts(
    house: House, desks: Desks, tmp_path: Path
) -> None:
    _, given = add_client(
        desks.security, organisation="CT-44", name="crm", roles=[Role.CHANNEL_MANAGER]
    )
    key = {"Authorization": f"Bearer {given}"}
    with served(house) as base, httpx.Client(base_url=f"{base}/api/v1", timeout=60) as api:
        for case in CASES:
            name, content = content_of(case, tmp_path)
            for language in Language:
                answer = api.post(
                    "/imports",
                    data={"kind": "agents"},
                    files={"file": (name, content)},
                    headers={
                        **key,
                        "Idempotency-Key": f"{case}-{language}",
                        "Accept-Language": language.value,
                    },
                )
                told = answer.json()
                assert (answer.status_code, told["code"]) == (422, CASES[case][2]), case
                assert set(told) == {"code", "message", "facts"}
                says_what_and_where(told["message"], case, language, told["facts"])
    nothing_was_kept(house)


@pytest.mark.parametrize("case", ["wrong_encoding", "zip_bomb", "unclosed_quote", "header_only"])
def test_the_command_line_refuses_a_bad_file_with_a_sentence(
    channel: Run, tmp_path: Path, case: str
) -> None:
    name, content = content_of(case, tmp_path)
    file = tmp_path / name
    file.write_bytes(content)
    done = channel("import", "agents", str(file), "--organisation", "CT")
    opening = texts(Language.ZH)[CASES[case][2]].partition("{")[0]
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(opening)
    assert name in done.stderr
    assert "Traceback" not in done.stderr
    assert [path for path in (tmp_path / "var" / "evidence").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("case", ["wrong_encoding", "zip_bomb", "many_columns", "header_only"])
def test_the_page_refuses_a_bad_file_on_the_spot(
    house: House, desks: Desks, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, case: str
) -> None:
    console = Console(house, monkeypatch)
    name, content = content_of(case, tmp_path)
    at = press(console.open("imports", desks.manager), "imports:open")
    at = checked(at.file_uploader[0].set_value((name, content, "text/csv")).run())
    (message,) = errors(at)
    opening = texts(Language.ZH)[CASES[case][2]].partition("{")[0]
    assert message.startswith(opening)
    assert list_imports(desks.manager).rows == []
    nothing_was_kept(house)
