"""Whoever cannot see a chart, a grid or a picture is told what it is."""

import ast
from collections.abc import Iterator
from pathlib import Path

from console.pages import frame

PAGES = Path(frame.__file__).parent
SEEN = {"plotly_chart", "dataframe", "data_editor"}


def seen_calls() -> Iterator[tuple[str, ast.Call]]:
    for file in sorted(PAGES.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr=name)) if name in SEEN:
                    yield f"{file.name}:{node.lineno}", node
                case _:
                    pass


def test_every_chart_and_grid_says_in_words_what_it_is() -> None:
    calls = list(seen_calls())
    silent = [place for place, call in calls if "alt" not in {one.arg for one in call.keywords}]
    assert calls
    assert silent == []
