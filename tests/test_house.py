"""Rules about the house itself, so that nobody has to remember them."""

import ast
import importlib
import inspect
import pkgutil
import re
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from sqlmodel import SQLModel

import console.pages
import models
from console.i18n import Language, texts
from models.base import Table
from models.channel.log import LogKind
from models.permissions import GRANTS, Permission, Role
from models.rules import read_duties
from models.staff import Actor, OrganisationKind

HOUSE = Path(__file__).parent.parent
ROOMS = ("console", "models", "integrations", "reader_agent")
REFUSALS = {"Conflict", "Invalid", "NotAllowed", "NotFound"}
LONGEST_FUNCTION = 45
LONGEST_FILE = 450


def sources(*rooms: str) -> Iterator[tuple[Path, ast.Module]]:
    for room in rooms or ROOMS:
        for path in sorted((HOUSE / room).rglob("*.py")):
            yield path, ast.parse(path.read_text("utf-8"))


def modules(package: ModuleType) -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(found.name)


def tables() -> list[type[Table]]:
    list(modules(models))
    return sorted(_below(Table), key=lambda table: table.__name__)


def _below(kind: type[Table]) -> set[type[Table]]:
    found = {one for one in kind.__subclasses__() if one.__module__.startswith("models.")}
    return found | {deeper for one in found for deeper in _below(one)}


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys_and_blanks() -> None:
    zh, en = texts(Language.ZH), texts(Language.EN)
    assert {key: blanks(text) for key, text in zh.items()} == {
        key: blanks(text) for key, text in en.items()
    }


def test_no_text_is_empty_or_left_in_the_other_language() -> None:
    chinese = re.compile(r"[一-鿿]")
    assert all(text.strip() for language in Language for text in texts(language).values())
    left = [
        key
        for key, text in texts(Language.EN).items()
        if len(chinese.findall(text)) > len(text) / 4  # an example such as 是 may be quoted
    ]
    assert left == []


def test_every_refusal_that_is_raised_has_a_text() -> None:
    codes = {
        (node.args[0].value, path.name)
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in REFUSALS
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    assert codes
    assert sorted((code, name) for code, name in codes if code not in texts(Language.ZH)) == []


def test_every_deed_on_record_has_a_word() -> None:
    recorded = {
        argument.value
        for _, tree in sources("console")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "record"
        and node.args
        for argument in ast.walk(node.args[0])
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }
    deeds = {deed for deed in recorded if re.fullmatch(r"[a-z_]+\.[a-z_]+", deed)} | set(LogKind)
    words = {key for key in texts(Language.ZH) if key.startswith("deed.")}
    assert len(deeds) > 80
    assert sorted(deed for deed in deeds if f"deed.{deed.replace('.', '_')}" not in words) == []


def test_every_text_that_code_asks_for_exists() -> None:
    asked = {
        (node.args[0].value, path.name)
        for path, tree in sources("console")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"t", "say"}
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    templates = {
        (key, path.name)
        for path in (HOUSE / "console/web/templates").glob("*.html")
        for key in re.findall(r"""\bt\(["']([a-z_.]+)["'][,)]""", path.read_text("utf-8"))
    }
    found = sorted((key, name) for key, name in asked | templates if key not in texts(Language.ZH))
    assert found == []


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.__name__)
def test_every_table_says_who_may_see_its_rows(table: type[Table]) -> None:
    own = inspect.getattr_static(table, "seen_by", None)
    assert isinstance(own, classmethod), f"{table.__name__} shows its rows to nobody"
    assert "seen_by" in vars(table), f"{table.__name__} does not say who may see its rows"
    stranger = Actor(id=None, name="", roles=frozenset(), kind=OrganisationKind.RESELLER)
    assert table.seen_by(stranger) is not None


def test_every_permission_is_held_by_somebody_and_every_role_has_grants() -> None:
    held = {one for role, grants in GRANTS.items() if role is not Role.HOUSE for one in grants}
    assert set(GRANTS) == set(Role)
    assert set(Permission) - held <= {Permission.SWEEP}


def test_every_permission_and_role_has_words_in_both_languages() -> None:
    assert {f"role.{role}" for role in Role} <= set(texts(Language.ZH))


def test_every_page_of_the_navigation_asks_for_a_permission() -> None:
    folder = Path(console.pages.__path__[0])
    entries = {
        ast.literal_eval(node.args[0]): ast.unparse(node.args[3])
        for node in ast.walk(ast.parse((folder / "navigation.py").read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Entry"
    }
    trees = {path.stem: ast.parse(path.read_text("utf-8")) for path in folder.glob("*.py")}
    scripts = {
        name
        for name, tree in trees.items()
        for line in tree.body
        if isinstance(line, ast.Assign | ast.Expr) and "my_desk()" in ast.unparse(line)
    } - {"frame", "main"}
    assert scripts
    assert scripts <= set(entries)
    assert all(permission.startswith("_P.") for permission in entries.values())


def test_nobody_catches_everything_but_the_last_door() -> None:
    broad = [
        f"{path.relative_to(HOUSE)}:{node.lineno}"
        for path, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (
            node.type is None
            or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"})
        )
    ]
    assert [place for place in broad if not place.startswith("console/web/errors.py")] == []


def test_functions_and_files_stay_readable() -> None:
    long = [
        f"{path.relative_to(HOUSE)}:{node.name}"
        for path, tree in sources("console", "models", "integrations", "reader_agent")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno > LONGEST_FUNCTION
    ]
    files = [
        str(path.relative_to(HOUSE))
        for path, _ in sources(*ROOMS, "tests")
        if len(path.read_text("utf-8").splitlines()) > LONGEST_FILE
    ]
    assert (long, files) == ([], [])


def test_nothing_dangerous_of_streamlit_is_used() -> None:
    forbidden = re.compile(
        r"download_button|unsafe_allow_html|unsafe_allow_javascript|verify=False|yaml\.load|pickle\.load"
    )
    found = [
        str(path.relative_to(HOUSE))
        for path, _ in sources()
        if forbidden.search(path.read_text("utf-8"))
    ]
    assert found == []


def test_network_and_clock_have_one_home_each() -> None:
    """Requests to the outside are made in integrations, and only the ground reads the clock."""
    outside = [
        str(path.relative_to(HOUSE))
        for path, tree in sources("console", "models")
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        and any(
            name.split(".")[0] in {"httpx", "httpcore", "requests", "urllib3", "socket"}
            for name in (
                [one.name for one in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
            )
        )
    ]
    assert outside == []


def test_tests_name_duties_that_exist() -> None:
    known = set(read_duties((HOUSE / "docs/requirements.csv").read_text("utf-8")))
    named = {
        duty
        for path in (HOUSE / "tests").rglob("test_*.py")
        for marks in re.findall(r"mark\.requirement\(([^)]*)\)", path.read_text("utf-8"))
        for duty in re.findall(r"\"(\d{3}-[^\"]+)\"", marks)
    }
    assert named
    assert named - known == set()


def test_metadata_knows_every_table() -> None:
    assert {str(table.__tablename__) for table in tables()} == set(SQLModel.metadata.tables)


CONTRACT_BREAKS = {
    "models/channel/zz_break.py": "import httpx\n",
    "models/zz_break.py": "import console.desk\n",
    "console/actions/zz_break.py": "import streamlit\n",
    "console/web/zz_break.py": "import console.pages.frame\n",
    "integrations/zz_break.py": "import console.settings\n",
}


@pytest.mark.parametrize(("path", "line"), CONTRACT_BREAKS.items())
def test_a_bad_import_breaks_the_contracts(path: str, line: str, tmp_path: Path) -> None:
    for room in ROOMS:
        for source in (HOUSE / room).rglob("*.py"):
            target = tmp_path / source.relative_to(HOUSE)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    (tmp_path / "pyproject.toml").write_bytes((HOUSE / "pyproject.toml").read_bytes())
    (tmp_path / path).write_text(line, "utf-8")
    linter = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run(
        [linter, "--no-cache"], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin"},
    )  # fmt: skip
    assert done.returncode == 1, done.stdout
    assert "BROKEN" in done.stdout


def test_the_readme_lists_every_setting() -> None:
    from console.settings import PREFIX, Settings

    readme = (HOUSE / "README.md").read_text("utf-8")
    named = set(re.findall(r"`(CHANNEL_[A-Z0-9_]+)`", readme))
    settings = {PREFIX + name.upper() for name in Settings.model_fields}
    assert named - {"CHANNEL_CONFIG", "CHANNEL_AS"} == settings
