"""Texts by key, in the language of whoever reads. Both languages must have the same keys.

A file in `texts/<language>/` is an area, a table in it the first part of its keys:
`[case] title = …` in `texts/zh/cases.toml` is `case.title`.
"""

import tomllib
from collections.abc import Mapping
from contextvars import ContextVar
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Final


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
    return texts(spoken.get())[key].format(**facts)


def language_of(word: str | None, default: Language = Language.ZH) -> Language:
    """The language that a cookie or an Accept-Language header asks for first."""
    for part in (word or "").lower().replace("_", "-").split(","):
        start = part.strip().split(";")[0].split("-")[0]
        if start in set(Language):
            return Language(start)
    return default
