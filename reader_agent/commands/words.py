"""Texts by key, in the language of whoever reads. Both languages have the same keys."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

LANGUAGES: Final = ("zh", "en")


@cache
def texts(language: str) -> Mapping[str, str]:
    """All texts of a language by `<table>.<key>`."""
    source = files("reader_agent").joinpath("texts", f"{language}.toml")
    tables = tomllib.loads(source.read_text("utf-8"))
    return {f"{table}.{key}": text for table, keys in tables.items() for key, text in keys.items()}


@dataclass(frozen=True, slots=True)
class Words:
    language: str

    def __call__(self, key: str, /, **facts: object) -> str:
        """The text under `key`, its blanks filled. An unknown key is a bug and says so."""
        return texts(self.language)[key].format(**facts)

    def of(self, table: str, code: str) -> str:
        """A word for a code of somebody else's; one that has none stands for itself."""
        return texts(self.language).get(f"{table}.{code}", code)


def spoken(chosen: str | None) -> Words:
    """As chosen, else as the environment says; Chinese where it says nothing."""
    if chosen in LANGUAGES:
        return Words(chosen)
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    told = next((value for name in names if (value := os.environ.get(name))), "")
    return Words("en" if told.lower().startswith("en") else "zh")
