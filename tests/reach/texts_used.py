"""Which keys of texts the house asks for, as far as reading its code tells.

A key is asked for by its whole name, by a name with blanks in it (f"work.{kind}"), or by its table
alone, where what stands in a record completes it: labelled("agent_state", …).
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

HOUSE: Final = Path(__file__).parents[2]
_ANYTHING: Final = "[A-Za-z0-9_]+"
_KEY: Final = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")
_IN_TEMPLATE: Final = re.compile(r"""["']([a-z0-9_]+\.[a-z0-9_]*)["'](\s*~)?""")


@dataclass(slots=True)
class Asked:
    whole: set[str] = field(default_factory=set[str])
    shapes: set[str] = field(default_factory=set[str])
    """Regular expressions of names with blanks."""
    words: set[str] = field(default_factory=set[str])
    """Words that may be the name of a table."""
    endings: set[str] = field(default_factory=set[str])
    """What is put behind another key: `_will` of a move."""

    def is_asked_for(self, key: str) -> bool:
        table = key.partition(".")[0]
        by_shape = any(re.fullmatch(shape, key) for shape in self.shapes)
        by_ending = any(key.removesuffix(end) in self.whole for end in self.endings)
        return key in self.whole or table in self.words or by_shape or by_ending


def sources() -> Iterator[ast.Module]:
    for room in ("console", "models", "integrations"):
        for path in sorted((HOUSE / room).rglob("*.py")):
            yield ast.parse(path.read_text("utf-8"))


def asked() -> Asked:
    found = Asked()
    for tree in sources():
        for node in ast.walk(tree):
            _read(node, found)
    for path in (HOUSE / "console/web/templates").glob("*.html"):
        for key, goes_on in _IN_TEMPLATE.findall(path.read_text("utf-8")):
            if goes_on or key.endswith("."):
                found.shapes.add(re.escape(key) + _ANYTHING)
            else:
                found.whole.add(key)
    return found


def _read(node: ast.AST, found: Asked) -> None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if _KEY.fullmatch(node.value):
            found.whole.add(node.value)
        elif re.fullmatch(_ANYTHING, node.value):
            found.words.add(node.value)
    elif isinstance(node, ast.JoinedStr):
        shape = "".join(map(_piece, node.values))
        if r"\." in shape and not shape.startswith(_ANYTHING):
            found.shapes.add(shape)
        elif re.fullmatch(re.escape(_ANYTHING) + "_[a-z_]+", shape):
            found.endings.add(shape.removeprefix(_ANYTHING))
    elif isinstance(node, ast.ClassDef):  # what a refusal names is called as its enum's texts do
        found.words.add(re.sub(r"(?<=[a-z])(?=[A-Z])", "_", node.name).lower())


def _piece(part: ast.expr) -> str:
    if isinstance(part, ast.Constant):
        return re.escape(str(part.value))
    return _ANYTHING
