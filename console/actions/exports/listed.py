"""What a list is that can leave as a file: how it is asked for, and what of a row is in a cell."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from console.actions.staff.people import named_organisations
from console.desk import LONGEST_PAGE, Desk, Order, Slice
from console.i18n import Language, listed, spoken, t
from models.base import Table
from models.permissions import Permission
from models.provinces import provinces
from models.refusals import Invalid
from models.staff import OrganisationKind
from models.tokens import OWN_SITE

Row = TypeVar("Row", bound=Table)
Word = TypeVar("Word", bound=StrEnum)
_CHINA: Final = ZoneInfo("Asia/Shanghai")
_LONGEST_VALUE: Final = 100
_MOST_FIELDS: Final = 20
_LONGEST_QUERY: Final = 1000
SORT: Final = "sort"
_YES: Final = frozenset({"true", "yes", "1"})


class Asked:
    """A page's filters as its address has them; Invalid for a value that the list does not know."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    @classmethod
    def of(cls, query: str, names: frozenset[str]) -> "Asked":
        """From `state=active&q=…`. A filter that is not known would widen the list unseen."""
        try:
            pairs = parse_qsl(query.removeprefix("?"), max_num_fields=_MOST_FIELDS)
        except ValueError:
            raise Invalid("filter.too_long", most=_LONGEST_QUERY) from None
        for name, value in pairs:
            if name not in names:
                raise Invalid("export.unknown_filter", name=name[:40])
            if len(value) > _LONGEST_VALUE or "\0" in value:
                raise Invalid("export.bad_filter", name=name)
        return cls(dict(pairs))

    @property
    def query(self) -> str:
        """The same filters, always in one order: what an approval is for."""
        return urlencode(sorted(self._values.items()))

    @property
    def values(self) -> tuple[str, ...]:
        return tuple(self._values.values())

    def words(self, name: str = "q") -> str:
        return self._values.get(name, "").strip()

    def one(self, name: str, kind: type[Word]) -> Word | None:
        value = self._values.get(name)
        try:
            return kind(value) if value else None
        except ValueError:
            raise Invalid("export.bad_filter", name=name) from None

    def among(self, name: str, known: Mapping[str, Any]) -> Any:  # noqa: ANN401 - as the table says
        """What `known` says for the value, or None where nothing is asked."""
        value = self._values.get(name)
        if not value:
            return None
        if value not in known:
            raise Invalid("export.bad_filter", name=name)
        return known[value]

    def province(self, name: str = "province") -> str | None:
        return self.among(name, {code: code for code in provinces()})

    def order(self, sorts: Mapping[str, Order]) -> Order | None:
        return self.among(SORT, sorts)

    def flag(self, name: str) -> bool:
        return self._values.get(name, "").lower() in _YES


@dataclass(frozen=True, slots=True)
class Cell(Generic[Row]):
    """A column: the key of its label, whose last part is its name, and what of a row it says."""

    label: str
    said: Callable[[Row], object]

    @property
    def name(self) -> str:
        return self.label.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Listed(Generic[Row]):
    """A list of the console by its page's name.

    `screen` gives one screen with the very filters of the page's address, through the use case that
    the page itself asks; `cells` are given a screen's rows, so that names are asked for by screens.
    """

    page: str
    read: Permission
    filters: frozenset[str]
    screen: Callable[[Desk, Asked, str | None], Slice[Row]]
    cells: Callable[[Desk, Sequence[Row]], Sequence[Cell[Row]]]
    sorts: Mapping[str, Order] = field(default_factory=dict[str, Order])
    """What `?sort=` may say, the usual order first: by columns that an index sorts."""

    @property
    def names(self) -> frozenset[str]:
        """What of the page's address is the list's."""
        return self.filters | {SORT} if self.sorts else self.filters

    def heads(self, desk: Desk) -> list[str]:
        return [t(one.label) for one in self.cells(desk, ())]

    def rows(self, desk: Desk, asked: Asked) -> Iterator[list[str]]:
        """Every row that the reader may know of, a screen at a time: no list is whole in memory."""
        after: str | None = None
        while True:
            part = self.screen(desk, asked, after)
            cells = self.cells(desk, part.rows)
            for row in part.rows:
                yield [in_words(one.said(row)) for one in cells]
            if (after := part.next) is None:
                return

    def count(self, desk: Desk, asked: Asked, most: int) -> int:
        """How many rows there are; nobody counts further than `most`."""
        count, after = 0, None
        while count < most:
            part = self.screen(desk, asked, after)
            count += len(part.rows)
            if (after := part.next) is None:
                break
        return min(count, most)


SCREEN: Final = LONGEST_PAGE


def by_age(key: object) -> dict[str, Order]:
    """The newest first, or the oldest: ids are made in the order of time."""
    return {"newest": Order.by(key), "oldest": Order.by(key, descending=False)}


def in_words(value: object) -> str:
    """A cell's text: moments in China time, several words as the language puts them."""
    match value:
        case None:
            return ""
        case datetime():
            return f"{value.astimezone(_CHINA):%Y-%m-%d %H:%M}"
        case date():
            return value.isoformat()
        case list():
            return listed(value)  # pyright: ignore[reportUnknownArgumentType]
        case _:
            return str(value)


def last_day(due: datetime | None) -> date | None:
    """The last day that is in time: a deadline is the first moment too late."""
    return day_of(due - timedelta(microseconds=1)) if due else None


def day_of(at: datetime | None) -> date | None:
    return at.astimezone(_CHINA).date() if at else None


def said_late(due: datetime | None, *, is_late: bool, word: str) -> str:
    """A last day and, where it has passed, the word for it."""
    shown = in_words(last_day(due))
    return f"{shown} · {word}" if is_late else shown


def province_word(code: str) -> str:
    found = provinces().get(code)
    if found is None:
        return code
    return f"{found.zh}（{code}）" if spoken.get() is Language.ZH else f"{found.en} ({code})"


def platform_names(desk: Desk, rows: Sequence[Table]) -> Mapping[str, str]:
    """What the codes of platforms are called; nobody asks where there is no row."""
    if not rows:
        return {}
    found = {
        row.code: row.name
        for row in named_organisations(desk)
        if row.kind is OrganisationKind.PLATFORM
    }
    return found | {OWN_SITE: t("agents_page.own_site")}
