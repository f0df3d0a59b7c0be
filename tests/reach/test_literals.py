"""Words for people stand in texts/<language> and nowhere else; all that stand there are used."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from console.i18n import Language, texts
from tests.reach.texts_used import HOUSE, asked

CHINESE: Final = re.compile(r"[一-鿿]")
SENTENCE: Final = re.compile(r"[A-Z][a-z']+ [a-z']+ [a-z']+|[a-z]{2,} [a-z']{2,} [a-z']{2,}[.!?]")
CHINESE_ALLOWED: Final = {
    "console/actions/cases/rectifications/papers.py": "days of a legal paper that is Chinese alone",
    "console/actions/cases/tracing/card_words.py": "what people write between two numbers",
    "console/actions/channel/losses.py": "the public log says it in both languages at once",
    "console/actions/imports/": "headings and words of files that people bring",
    "console/actions/patrol/": "words that are looked for on shops' pages",
    "console/actions/staff/people.py": "names of the first organisation and account: data",
    "console/demo/": "the sample: data",
    "console/pages/account.py": "a language's own name",
    "console/pages/main.py": "languages' own names, and the product's in both",
    "console/pages/reports.py": "a language's own name",
    "console/web/guard/requests.py": "said in both languages, before a language is known",
    "console/web/streamlit_words.py": "the translations of Streamlit's own words",
    "integrations/": "headings of files, words of shops' pages, an evidence pack's own manual",
    "models/": "patterns and names that rules look for",
    "reader_agent/documents/idlayout.py": "a word printed on identity cards",
}
ENGLISH_ALLOWED: Final = {
    "console/web/api/": "the API's description is for programmers, and English as a whole",
    "console/web/guard/requests.py": CHINESE_ALLOWED["console/web/guard/requests.py"],
    "console/web/metrics.py": "a gauge's help, for Prometheus",
    "console/web/streamlit_words.py": "what Streamlit says, to be found in its bundles",
    "console/pages/kit/words.py": "states by their tone",
}


def literals(path: Path) -> Iterator[str]:
    """Strings that may be shown: no docstrings, nothing that is raised or asserted."""
    tree = ast.parse(path.read_text("utf-8"))
    silent = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Raise | ast.Assert)
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for part in ast.walk(node)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in silent
        ):
            yield node.value


def found(rooms: tuple[str, ...], pattern: re.Pattern[str]) -> dict[str, list[str]]:
    hits: dict[str, list[str]] = {}
    for room in rooms:
        for path in sorted((HOUSE / room).rglob("*.py")):
            shown = [text for text in literals(path) if pattern.search(text)]
            if shown:
                hits[str(path.relative_to(HOUSE))] = shown
    return hits


def test_no_chinese_is_written_into_the_code() -> None:
    hits = found(("console", "models", "integrations", "reader_agent"), CHINESE)
    allowed = tuple(CHINESE_ALLOWED)
    assert {path: shown for path, shown in hits.items() if not path.startswith(allowed)} == {}
    assert [one for one in allowed if not any(path.startswith(one) for path in hits)] == []


def test_no_english_sentence_is_written_into_what_people_see() -> None:
    """Pages, the public site, jobs. A command's own `--help` is English; what it prints is not."""
    hits = found(("console/pages", "console/web", "console/jobs"), SENTENCE)
    shown = {
        path: texts for path, texts in hits.items() if not path.startswith(tuple(ENGLISH_ALLOWED))
    }
    assert {path: [one for one in texts if not _is_code(one)] for path, texts in shown.items()} == {
        path: [] for path in shown
    }


def _is_code(text: str) -> bool:
    """A style sheet, a script or a policy, which browsers read."""
    return bool(re.search(r"[{};]|'self'|<\w+", text))


def test_commands_print_by_texts_alone() -> None:
    printed = [
        f"{path.name}:{node.lineno}"
        for path in sorted((HOUSE / "console/cli").glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "print"
        and any(
            isinstance(part, ast.Constant) and SENTENCE.search(str(part.value))
            for part in ast.walk(node)
        )
    ]
    assert printed == []


@pytest.mark.parametrize(
    "path", sorted((HOUSE / "console/web/templates").glob("*.html")), ids=lambda path: path.name
)
def test_a_template_says_nothing_of_its_own(path: Path) -> None:
    text = path.read_text("utf-8")
    bare = re.sub(r"(?s){#.*?#}|{%.*?%}|{{.*?}}|<svg.*?</svg>|<!--.*?-->", "", text)
    said = re.findall(r">([^<>]*)<", bare)
    said += re.findall(r'\b(?:alt|title|placeholder|aria-label)="([^"]+)"', bare)
    names = {"English", "中文", "manifest.json", "JSON Feed", "Atom", "tlog-proof"}
    words = {one.strip() for one in said if re.search(r"[A-Za-z一-鿿]{2,}", one)}
    assert {one for one in words if "aria-" not in one} - names == set()


@pytest.mark.parametrize(
    "path", sorted((HOUSE / "models/data").glob("documents-*.typ")), ids=lambda path: path.name
)
def test_a_document_says_nothing_of_its_own(path: Path) -> None:
    lines = [re.sub(r"(^|\s)//.*", "", line) for line in path.read_text("utf-8").splitlines()]
    assert [line for line in lines if CHINESE.search(line)] == []
    # Between square brackets stands what typst prints as it is.
    printed = re.findall(r"\[([^\[\]#]*)\]", "\n".join(lines))
    assert [one for one in printed if re.search(r"[A-Za-z]{2,} [A-Za-z]{2,}", one)] == []


def test_every_text_is_asked_for() -> None:
    known = asked()
    assert [key for key in texts(Language.ZH) if not known.is_asked_for(key)] == []
