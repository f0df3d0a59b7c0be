"""Indicators counted by the database: grouped there, and put together here by each cut."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Executable, Select, and_, case, func, literal, select, true
from sqlmodel import col

from console.actions.oversight.conditions import YEAR, Asked
from console.actions.oversight.indicators import COUNTED, Counted
from console.desk import Work
from models.oversight.figures import Cut, Indicator, OversightFigure
from models.rules import CHINA, china_day
from models.rules.parameters import months_before
from models.staff import CARRIERS, Organisation

MONTHS: Final = 18
_LONGEST_NAME: Final = 32
_KEYS: Final = ("by_platform", "by_place", "by_owner")
"""No column is called so: PostgreSQL would group by that one."""
_MONTH: Final = "by_month"
Figure = dict[str, Any]
"""A row of `OversightFigure`, but for its id and whose it is."""


@dataclass(frozen=True, slots=True)
class Month:
    name: str
    begins: datetime
    ends: datetime
    """The first moment after it; of this month, now."""


@dataclass(slots=True)
class Sum:
    """What was counted for one name; times are kept until they are ranked."""

    count: int = 0
    base: int = 0
    seconds: list[int] = field(default_factory=list[int])

    def add(self, count: int, base: int, seconds: int | None = None) -> None:
        self.count += count
        self.base += base
        if seconds is not None:
            self.seconds.append(seconds)


@dataclass(frozen=True, slots=True)
class Sums:
    """By cut, name and month."""

    found: dict[tuple[Cut, str, str], Sum] = field(
        default_factory=lambda: defaultdict[tuple[Cut, str, str], Sum](Sum)
    )

    def of(self, cut: Cut, name: str, month: str) -> Sum:
        return self.found[cut, name, month]


def count_all(work: Work) -> Sequence[Figure]:
    """Every indicator, for whoever works here."""
    counting = Counting(work, months_of(work.at), _carriers(work))
    return [figure for one in COUNTED for figure in counting.figures(one)]


def months_of(at: datetime) -> Sequence[Month]:
    """The last eighteen in China, this one too, the oldest first."""
    this = china_day(at).replace(day=1)
    first_days = [months_before(this, back) for back in reversed(range(MONTHS))]
    begins = [datetime(day.year, day.month, 1, tzinfo=CHINA) for day in first_days]
    ends = [*begins[1:], at]
    return [Month(f"{begin:%Y-%m}", begin, end) for begin, end in zip(begins, ends, strict=True)]


def _carriers(work: Work) -> Mapping[UUID, str]:
    query = select(col(Organisation.id), col(Organisation.code)).where(
        col(Organisation.kind).in_(CARRIERS)
    )
    return {one.id: one.code for one in work.session.connection().execute(query)}


@dataclass(frozen=True, slots=True)
class Counting:
    """One picture in progress."""

    work: Work
    months: Sequence[Month]
    carriers: Mapping[UUID, str]

    def figures(self, indicator: Indicator) -> Iterator[Figure]:
        parts, sums = COUNTED[indicator], Sums()
        is_told = all(one.moment is not None or one.stood is not None for one in parts)
        for month in ("", *(one.name for one in self.months if is_told)):
            sums.of(Cut.WHOLE, "", month)
        for counted in parts:
            if counted.seconds is not None:
                self._times(counted, sums)
                continue
            self._now(counted, sums)
            if is_told:
                self._by_month(counted, sums)
        now = sums.of(Cut.WHOLE, "", "")
        this = self.months[-1].name
        if parts[0].moment is None:
            sums.found[Cut.WHOLE, "", this] = now
        if not is_told:
            self._keep(indicator, sums)
        has_base = any(one.is_share or one.seconds is not None for one in parts)
        for (cut, name, month), one in sorted(sums.found.items()):
            yield _figure(indicator, (cut, name, month), one, has_base=has_base)

    def _now(self, counted: Counted, sums: Sums) -> None:
        """Grouped by all that cuts it, so that its rows are read once."""
        asked = Asked(self.work.actor, self.work.at)
        keys = keys_of(counted, asked)
        query = chosen(counted, asked, *keys, *_sums(counted, asked)).group_by(*_KEYS)
        query = query.where(*recent(counted, self.work.at))
        for platform, place, owner, count, base in self._rows(query):
            for cut, name in self._names(platform, place, owner):
                sums.of(cut, name, "").add(int(count or 0), int(base or 0))

    def _names(self, platform: str, place: str, owner: UUID | None) -> Iterator[tuple[Cut, str]]:
        yield Cut.WHOLE, ""
        if platform:
            yield Cut.PLATFORM, platform[:_LONGEST_NAME]
        if place:
            yield Cut.PROVINCE, place
        if owner is not None and owner in self.carriers:
            yield Cut.CARRIER, self.carriers[owner]

    def _by_month(self, counted: Counted, sums: Sums) -> None:
        asked = Asked(self.work.actor, self.work.at)
        if counted.moment is not None:
            month = self._month(counted.moment)
            query = chosen(counted, asked, month, *_sums(counted, asked)).group_by(_MONTH)
            for name, count, base in self._rows(query.where(*self._window(counted))):
                sums.of(Cut.WHOLE, "", name).add(int(count or 0), int(base or 0))
        elif counted.stood is not None:
            columns = [one for month in self.months[:-1] for one in _then(counted, asked, month)]
            query = chosen(counted, asked, *columns, narrow=False)
            (row,) = self._rows(query)
            for place, month in enumerate(self.months[:-1]):
                count, base = row[2 * place : 2 * place + 2]
                sums.of(Cut.WHOLE, "", month.name).add(int(count), int(base))

    def _times(self, counted: Counted, sums: Sums) -> None:
        """Only what ranks them is read, row after row."""
        asked = Asked(self.work.actor, self.work.at)
        is_recent = recent(counted, self.work.at)[0]
        columns = keys_of(counted, asked), self._month(counted.moment), is_recent, counted.seconds
        query = chosen(counted, asked, *columns[0], *columns[1:]).where(*self._window(counted))
        for platform, place, owner, month, is_of_year, seconds in self._rows(query):
            took = max(0, int(seconds))
            sums.of(Cut.WHOLE, "", month).add(1, 1, took)
            if platform:
                sums.of(Cut.PLATFORM, platform, month).add(1, 1, took)
            for cut, name in self._names(platform, place, owner) if is_of_year else ():
                sums.of(cut, name, "").add(1, 1, took)

    def _keep(self, indicator: Indicator, sums: Sums) -> None:
        """What no row tells of the past: earlier months as they stood when last counted."""
        names = [month.name for month in self.months[:-1]]
        kept = select(
            col(OversightFigure.month), col(OversightFigure.count), col(OversightFigure.base)
        ).where(
            col(OversightFigure.organisation_id) == self.work.actor.organisation_id,
            col(OversightFigure.indicator) == indicator,
            col(OversightFigure.cut) == Cut.WHOLE,
            col(OversightFigure.month).in_(names),
        )
        for month, count, base in self._rows(kept):
            sums.of(Cut.WHOLE, "", month).add(count, base or 0)

    def _window(self, counted: Counted) -> Sequence[ColumnElement[bool]]:
        moment: Any = counted.moment
        return moment >= self.months[0].begins, moment <= self.work.at

    def _month(self, moment: Any) -> Any:  # noqa: ANN401 - a column
        if self.work.session.get_bind().dialect.name == "postgresql":
            return func.to_char(func.timezone("Asia/Shanghai", moment), "YYYY-MM").label(_MONTH)
        return func.strftime("%Y-%m", moment, "+8 hours").label(_MONTH)

    def _rows(self, query: Executable) -> Iterable[Any]:
        return self.work.session.connection().execute(query)


def chosen(
    counted: Counted,
    asked: Asked,
    *columns: Any,  # noqa: ANN401 - columns
    narrow: bool = True,
    then: bool = False,
) -> Select[Any]:
    """Of the rows that an indicator is of, as the actor may know them; `then`, at a month's end."""
    query = cast("Select[Any]", select(*columns)).select_from(counted.table)
    for joined in counted.joins:
        query = query.join(joined.to, joined.on, isouter=joined.is_outer)
    query = query.where(counted.table.seen_by(asked.actor))
    if not narrow:
        return query
    among = counted.stood if then and counted.stood is not None else counted.among
    return query.where(*among(asked))


def _then(counted: Counted, asked: Asked, month: Month) -> tuple[Any, Any]:
    """Of one earlier month, so that all of them are counted in one look at the rows."""
    at = replace(asked, at=month.ends)
    stood = and_(*counted.stood(at)) if counted.stood is not None else true()
    base = func.count().filter(stood)
    if counted.hits is None:
        return base, base
    return func.count().filter(stood, counted.hits(at)), base


def recent(counted: Counted, at: datetime) -> Sequence[ColumnElement[bool]]:
    """Of what passes, the past year."""
    if counted.moment is None:
        return ()
    moment: Any = counted.moment
    return (moment.between(at - YEAR, at),)


def keys_of(counted: Counted, asked: Asked) -> tuple[Any, Any, Any]:
    """By platform, province and whose it is; an empty one where it is not cut so."""
    platform = literal("") if counted.platform is None else counted.platform
    owner = literal(None) if counted.owner is None else counted.owner
    columns = platform, place_of(counted, asked), owner
    return tuple(one.label(key) for one, key in zip(columns, _KEYS, strict=True))  # pyright: ignore[reportReturnType]


def place_of(counted: Counted, asked: Asked) -> Any:  # noqa: ANN401 - an expression
    """The first router that leads anywhere: for a regulator, to one of its own provinces."""
    if not counted.places:
        return literal("")
    own = asked.actor.provinces
    mine = [(place.in_(sorted(own)), place) for place in counted.places] if own else []
    first = func.coalesce(*counted.places, "")
    return case(*mine, else_=first) if mine else first


def _sums(counted: Counted, asked: Asked) -> tuple[Any, Any]:
    if counted.amounts is not None:
        return tuple(func.coalesce(func.sum(one), 0) for one in counted.amounts)  # pyright: ignore[reportReturnType]
    hit = func.count() if counted.hits is None else func.count().filter(counted.hits(asked))
    return hit, func.count()


def _figure(
    indicator: Indicator, key: tuple[Cut, str, str], sums: Sum, *, has_base: bool
) -> Figure:
    cut, name, month = key
    ranked = sorted(sums.seconds)
    return {
        "indicator": indicator,
        "cut": cut,
        "name": name,
        "month": month,
        "count": sums.count,
        "base": sums.base if has_base else None,
        "median_s": _quantile(ranked, 50),
        "p90_s": _quantile(ranked, 90),
    }


def _quantile(ranked: Sequence[int], percent: int) -> int | None:
    """The nearest rank: a time that was really measured."""
    return ranked[-(-len(ranked) * percent // 100) - 1] if ranked else None
