"""Texts by key, in the language of whoever reads. Both languages must have the same keys.

A file in `texts/<language>/` is an area, a table in it the first part of its keys:
`[case] title = …` in `texts/zh/cases.toml` is `case.title`.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final, cast


class Language(StrEnum):
    ZH = "zh"
    EN = "en"


spoken: Final[ContextVar[Language]] = ContextVar("spoken", default=Language.ZH)


@cache
def texts(language: Language) -> Mapping[str, str]:
    """All texts of a language by `<table>.<key>`."""
    found: dict[str, str] = {}
    for source in sorted(files("console").joinpath("texts", language).iterdir(), key=str):
        for table, keys in tomllib.loads(source.read_text("utf-8")).items():
            found |= {f"{table}.{key}": text for key, text in keys.items()}
    return found


def t(key: str, /, **facts: object) -> str:
    """The text under `key`, its blanks filled. An unknown key is a bug and says so."""
    text = texts(spoken.get())[key]
    return text.format(**facts) if "{" in text else text


def told(
    code: str, facts: Mapping[str, object], quoted: Callable[[object], object] = lambda fact: fact
) -> str:
    """A refusal in the reader's language; words of ours among its facts are put into words too.

    A fact that is of an enum is called as that enum's texts call it, a name of a field as people
    call the field. `quoted` makes what others wrote harmless where the answer is shown.
    """
    return t(code, **{name: _fact_word(name, fact, quoted) for name, fact in facts.items()})


def listed(words: Iterable[object]) -> str:
    """Words one after another, as the reader's language puts them."""
    return _BETWEEN[spoken.get()].join(map(str, words))


_TABLES_OF: Final[Mapping[str, Sequence[str]]] = {
    "field": ("field", "import_field"),
    "kind": ("organisation_kind",),
    "line": ("condition_line",),
    "lines": ("condition_line",),
    "permission": ("permission",),
    "role": ("role",),
}
"""Where the words of facts that are plain text stand, by the fact's name."""
_BETWEEN: Final[Mapping[Language, str]] = {Language.ZH: "、", Language.EN: ", "}


def _fact_word(name: str, fact: object, quoted: Callable[[object], object]) -> object:
    if name == "failing":
        return "".join(_ground(one, quoted) for one in cast("Sequence[Mapping[str, Any]]", fact))
    if isinstance(fact, list | tuple):
        parts = cast("Sequence[object]", fact)
        return listed(_fact_word(name, part, quoted) for part in parts)
    if not isinstance(fact, str):
        return quoted(fact)
    own = (_snake(type(fact).__name__),) if isinstance(fact, StrEnum) else ()
    for table in (*own, *_TABLES_OF.get(name, ())):
        found = texts(spoken.get()).get(f"{table}.{fact.replace(':', '_')}")
        if found is not None:
            return found
    return quoted(fact)


def _ground(ground: Mapping[str, Any], quoted: Callable[[object], object]) -> str:
    """One of several grounds of a refusal, told as it would be alone, with its rule."""
    rule = _fact_word("rule", ground["rule"], quoted)
    return t("refusal.failing", said=told(ground["code"], ground, quoted), rule=rule)


@cache
def _snake(name: str) -> str:
    """`AgentState` as `agent_state`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


@lru_cache(maxsize=256)
def language_of(word: str | None, default: Language = Language.ZH) -> Language:
    """The language that a cookie or an Accept-Language header asks for first."""
    for part in (word or "").lower().replace("_", "-").split(","):
        start = part.strip().split(";")[0].split("-")[0]
        if start in set(Language):
            return Language(start)
    return default
