"""What every command shares: who acts, the house they act in, and how an answer is printed."""

import json
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Final
from unicodedata import east_asian_width
from uuid import UUID

import structlog

from console.actions.staff.sign_in import actor_named
from console.desk import Desk, House
from console.i18n import language_of, spoken, t
from console.settings import Settings
from models.staff import Door

FOUND_BAD: Final = 1


@dataclass(slots=True)
class Choices:
    """The options before the command."""

    as_json: bool = False
    login: str | None = None
    opened: list[House] = field(default_factory=list[House])


@cache
def choices() -> Choices:
    return Choices()


def house() -> House:
    """The house that the settings name, opened once."""
    if not choices().opened:
        choices().opened.append(House.open(Settings.load()))
    return choices().opened[0]


def desk() -> Desk:
    """The desk of whoever `--as` names; without it the house's own, for who runs this machine."""
    login = choices().login
    return house().desk(actor_named(house(), login, Door.CLI)) if login else house().desk()


def quiet() -> None:
    """Logs go to the error stream, so that `--json` stays JSON."""
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(message)s"
    )
    structlog.configure(logger_factory=_to_stderr)


def _to_stderr(*_names: object) -> structlog.PrintLogger:
    """Made anew for each line: whoever calls a command in-process may have put another stream."""
    return structlog.PrintLogger(sys.stderr)


def speak(word: str | None) -> None:
    spoken.set(language_of(word))


def say(key: str, /, **facts: object) -> None:
    """A sentence for people; with `--json` it goes to the error stream."""
    print(t(key, **facts), file=sys.stderr if choices().as_json else sys.stdout)


def show(rows: Sequence[Mapping[str, object]]) -> None:
    """Rows as a table, or as a JSON list with `--json`."""
    if choices().as_json:
        show_json(list(rows))
        return
    if not rows:
        print(t("cli.none"))
        return
    cells = [[_cell(value) for value in row.values()] for row in rows]
    heads = list(rows[0])
    widths = [
        max(_width(head), *(_width(line[at]) for line in cells)) for at, head in enumerate(heads)
    ]
    for line in (heads, ["-" * width for width in widths], *cells):
        print(
            "  ".join(
                _padded(text, width) for text, width in zip(line, widths, strict=True)
            ).rstrip()
        )


def show_one(row: Mapping[str, object]) -> None:
    """One record: a line a fact, or a JSON object with `--json`."""
    if choices().as_json:
        show_json(row)
        return
    longest = max(map(len, row), default=0)
    for name, value in row.items():
        print(f"{name:<{longest}}  {_cell(value)}")


def show_record(facts: Mapping[str, object], **parts: Sequence[Mapping[str, object]]) -> None:
    """One record with the rows that hang on it; with `--json` they stand in the same object."""
    if choices().as_json:
        show_json({**facts, **parts})
        return
    show_one(facts)
    for rows in parts.values():
        if rows:
            print()
            show(rows)


def show_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: object) -> object:
    match value:
        case datetime() | date():
            return value.isoformat()
        case Enum():
            return value.value
        case Decimal() | UUID() | Path():
            return str(value)
        case set() | frozenset() | tuple():
            return list(value)  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType]
        case bytes():
            return value.hex()
        case _:
            raise TypeError(type(value).__name__)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value.astimezone():%F %T}"
    text = value.value if isinstance(value, Enum) else value
    return "".join(letter if letter.isprintable() else " " for letter in str(text))


def _width(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
