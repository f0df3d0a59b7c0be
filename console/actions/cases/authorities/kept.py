"""A paper that somebody brings to a case: looked at, put in the store, named on its row."""

from dataclasses import dataclass

from console.actions.brought import media_type_of, nobodys_name
from console.actions.cases.words import written
from console.desk import Desk
from models.refusals import Invalid
from models.rules import china_day


@dataclass(frozen=True, slots=True)
class Brought:
    """A file as its bringer gave it."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    name: str
    media_type: str
    sha256: str


def must_be_a_paper(brought: Brought | None) -> Brought:
    """Refused before anything is asked of the database: no file, or none of ours."""
    if brought is None or not brought.data:
        raise Invalid("paper.needed")
    media_type_of(brought.name, brought.data)
    return brought


def keep(desk: Desk, brought: Brought) -> Kept:
    """Into the store, behind the first look at rights and before the transaction that names it."""
    kind = media_type_of(brought.name, brought.data)
    name = nobodys_name(brought.name, china_day(desk.now()))
    return Kept(name, kind, desk.house.evidence.keep(brought.data))


def short(words: str, field: str, most: int) -> str:
    """Words that may be left out; as they are kept."""
    return written(words, field, most) if words.strip() else ""
