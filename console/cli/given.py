"""What the commands of industry cards are given: files, answers; and lists as a whole."""

import json
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, cast

import typer
from pydantic import TypeAdapter, ValidationError

from console.desk import Row, Slice
from console.i18n import listed
from models.cards.scopes import ScopeTerms
from models.refusals import Invalid

AS_ANSWERED: Final = "QUESTION=ANSWER"
_TERMS: Final = TypeAdapter(ScopeTerms)


def every(part: Callable[[str | None], Slice[Row]]) -> list[Row]:
    """All rows of a list, screen by screen."""
    rows: list[Row] = []
    after: str | None = None
    while True:
        screen = part(after)
        rows += screen.rows
        after = screen.next
        if after is None:
            return rows


def read(path: Path) -> tuple[str, bytes]:
    if not path.is_file():
        raise typer.BadParameter(str(path))
    return path.name, path.read_bytes()


def terms(path: Path) -> ScopeTerms:
    name, content = read(path)
    try:
        text = content.decode("utf-8-sig")
        given: Any = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except ValueError:
        raise Invalid("industry_cli.bad_scope_file", file=name) from None
    if not isinstance(given, dict):
        raise Invalid("industry_cli.bad_scope_file", file=name)
    fields = cast("dict[str, Any]", given)
    known = sorted(ScopeTerms.__slots__)
    if strange := sorted(set(fields) - set(known)):
        raise Invalid("industry_cli.scope_unknown", names=listed(strange), known=listed(known))
    try:
        return _TERMS.validate_python(fields)
    except ValidationError as error:
        raise Invalid("industry_cli.scope_wrong", name=_first(error)) from None


def _first(error: ValidationError) -> str:
    return ".".join(map(str, error.errors()[0]["loc"]))


def answers(given: Iterable[str]) -> dict[str, str]:
    said: dict[str, str] = {}
    for one in given:
        question, is_pair, answer = one.partition("=")
        if not is_pair or question in said:
            raise typer.BadParameter(f"{one!r}: {AS_ANSWERED}")
        said[question] = answer
    return said
