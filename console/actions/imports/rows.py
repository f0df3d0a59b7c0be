"""What a kind of row is: which columns fill it, how one is checked, and how many are kept."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Generic, NamedTuple, TypeVar

from console.actions.patrol.screened import Said, Words
from console.desk import Work
from console.i18n import Language, texts
from models.channel.imports import Import
from models.permissions import Permission
from models.staff import Organisation

Parsed = TypeVar("Parsed")
Given = Mapping[str, str]
"""What a row says, by field; a field without a column is missing."""
REASON_COLUMNS: Final = ("原因", "reason")
"""The last columns of a reject file. Brought again, they say nothing."""


class Reason(NamedTuple):
    """Why a row is not taken: a text under `import_row`, and what fills its blanks."""

    code: str
    facts: Mapping[str, object] = {}

    def text(self, language: Language) -> str:
        return texts(language)[f"import_row.{self.code}"].format(**self._named(language))

    def _named(self, language: Language) -> dict[str, object]:
        """The facts, with a field called as people call it."""
        named = dict(self.facts)
        if "field" in named:
            named["field"] = field_name(str(named["field"]), language)
        return named


def field_name(name: str, language: Language) -> str:
    return texts(language)[f"import_field.{name}"]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that are kept in one transaction."""

    work: Work
    imported: Import
    seen: set[str]
    """Marks of earlier rows of a dry run; of any other they are in the database."""
    said: Said
    """What the screen says of the rows' words."""

    @property
    def is_dry(self) -> bool:
        return self.imported.is_dry


Verdicts = Sequence[Sequence[Reason]]
"""For each row why it is not taken; empty where it is."""


@dataclass(frozen=True, slots=True)
class RowKind(Generic[Parsed]):
    permission: Permission
    """To bring a file of them."""
    owner: Callable[[Work, str | None], Organisation]
    """Whose rows they become, for the actor or for the organisation that was named."""
    fields: Mapping[str, Sequence[str]]
    """By field the names that its column goes by, lower case, without blanks."""
    needed: Sequence[Sequence[str]]
    """Fields that a file must have; of each group one is enough."""
    check: Callable[[Given, date], Parsed | list[Reason]]
    """Decided from the row alone."""
    keep: Callable[[Batch, Sequence[Parsed]], Verdicts]
    """Check against what is known, and keep what passes unless the run is dry."""
    marks: Callable[[Parsed], Sequence[str]]
    """What a row takes for itself, so that no later row of the file may."""
    words: Callable[[Parsed], Words] | None = None
    """What the screen reads of a row; None: nothing."""
    rows_at_once: int = 5_000
    names_persons: bool = False
    """A file with a resident identity number in it is not even kept."""


class Columns(NamedTuple):
    """Where in a row of cells each field stands."""

    names: tuple[str, ...]
    places: tuple[int, ...]

    def given(self, cells: Sequence[str]) -> dict[str, str]:
        return dict(zip(self.names, [cells[place] for place in self.places], strict=True))


def plain_header(name: str) -> str:
    """A column's name as it is compared: `法人 代表（必填）` and `法人代表` are one."""
    text = unicodedata.normalize("NFKC", name).casefold()
    text = text.partition("(")[0]
    return "".join(letter for letter in text if letter.isalnum())


def suggest(kind: "RowKind[Any]", columns: Sequence[str]) -> dict[str, str]:
    """Which column fills which field, as far as their names tell."""
    found: dict[str, str] = {}
    by_name = {plain_header(one): one for one in reversed(columns) if one not in REASON_COLUMNS}
    for one, words in kind.fields.items():
        names = [word for word in (plain_header(one), *words) if word in by_name]
        if names and by_name[names[0]] not in found.values():
            found[one] = by_name[names[0]]
    return found


@dataclass(slots=True)
class Checker:
    """Takes fields out of a row and notes what is wrong with them."""

    given: Given
    reasons: list[Reason] = field(default_factory=list[Reason])

    def text(self, name: str, most: int, *, needed: bool = False) -> str:
        found = self.given.get(name, "")
        if not found:
            if needed:
                self.reasons.append(Reason("missing", {"field": name}))
        elif len(found) > most:
            self.reasons.append(Reason("too_long", {"field": name, "most": most, "n": len(found)}))
        return found

    def wrong(self, code: str, **facts: object) -> None:
        self.reasons.append(Reason(code, facts))
