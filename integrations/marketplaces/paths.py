"""Paths into JSON: `data.items[*]`, `variants[0].price`, `attributes[name=店铺编号].value`."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, TypeAlias

from integrations.marketplaces.base import Unreadable

Json: TypeAlias = "bool | int | Decimal | str | list[Json] | dict[str, Json] | None"

_TOKEN: Final = re.compile(
    r"""\.?(?:
      (?P<json>\(json\))
    | \["(?P<quoted>[^"]+)"\]
    | \[(?P<every>\*)\]
    | \[(?P<at>-?\d{1,9})\]
    | \[(?P<key>[^\[\]="]+)=(?P<value>"[^"]*"|[^\[\]]*)\]
    | (?P<name>[^.\[\]()"=\s][^.\[\]()"=]*)
    )""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Named:
    name: str


@dataclass(frozen=True, slots=True)
class Every:
    pass


@dataclass(frozen=True, slots=True)
class At:
    index: int


@dataclass(frozen=True, slots=True)
class Where:
    """Those members of a list whose own value at `key` reads `value`."""

    key: "Path"
    value: str


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A text that is itself JSON."""


Path: TypeAlias = "tuple[Named | Every | At | Where | Unpacked, ...]"


def path_of(text: str) -> Path:
    """Read a path; ValueError where it cannot be one."""
    text = text.removeprefix("$")
    steps: list[Named | Every | At | Where | Unpacked] = []
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise ValueError(f"cannot read the path from {text[at:]!r} on")
        steps.append(_step(token))
        at = token.end()
    return tuple(steps)


def _step(token: re.Match[str]) -> Named | Every | At | Where | Unpacked:
    if token["json"]:
        return Unpacked()
    if token["every"]:
        return Every()
    if token["at"]:
        return At(int(token["at"]))
    if token["key"]:
        return Where(path_of(token["key"]), token["value"].strip('"'))
    return Named(token["quoted"] or token["name"])


def find(value: Json, path: str, *, loose: bool = False) -> list[Json]:
    """All that stands at the path. `loose` looks through lists, as schema.org allows."""
    found = [value]
    for step in path_of(path):
        found = [inner for outer in found for inner in _follow(outer, step, loose=loose)]
    return found


def _follow(value: Json, step: object, *, loose: bool) -> Iterable[Json]:
    found: Iterable[Json] = ()
    match step, value:
        case Named(name), dict() if name in value:
            found = [value[name]]
        case Named(), list() if loose:
            found = [inner for member in value for inner in _follow(member, step, loose=loose)]
        case Every(), list():
            found = value
        case Every(), dict():
            found = value.values()
        case At(index), list() if -len(value) <= index < len(value):
            found = [value[index]]
        case Where(), list():
            found = [member for member in value if _chosen(member, step)]
        case Unpacked(), str():
            found = [json_of(value)]
        case _:
            pass
    return found


def _chosen(member: Json, where: Where) -> bool:
    found = [member]
    for step in where.key:
        found = [inner for outer in found for inner in _follow(outer, step, loose=False)]
    return any(text == where.value for value in found for text in texts_of(value))


def texts_of(value: Json) -> list[str]:
    """A value as texts; a list gives those of its members, an object gives none."""
    match value:
        case None | dict():
            return []
        case bool():
            return ["true" if value else "false"]
        case list():
            return [
                text
                for member in value
                if member.__class__ is not list
                for text in texts_of(member)
            ]
        case Decimal():
            return [f"{value:f}" if abs(value.adjusted()) < _WIDEST else ""]
        case _:
            return [str(value).strip()]


_WIDEST: Final = 40


def _no_such_number(word: str) -> None:
    raise ValueError(f"{word} is no JSON number")


def json_of(text: str) -> Json:
    """JSON with exact numbers, however deep or odd; Unreadable where it is none."""
    try:
        value: Any = json.loads(text, parse_float=Decimal, parse_constant=_no_such_number)
    except RecursionError:
        raise Unreadable("json_too_deep") from None
    except (ValueError, ArithmeticError) as error:
        raise Unreadable("not_json", problem=str(error)[:200], begins=text[:80]) from None
    return value
