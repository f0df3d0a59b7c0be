"""Days and months in China, told by the database, so that it can group by them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from models.rules import CHINA, china_day
from models.rules.parameters import months_before

_MONTHS: Final = 12


class china_month(FunctionElement[str]):  # noqa: N801 - a function of SQL
    """Of a moment: `2026-11`, the month that it was in China."""

    type = String()
    inherit_cache = True
    name = "china_month"


class china_date(FunctionElement[str]):  # noqa: N801 - a function of SQL
    """Of a moment: `2026-11-23`, the day that it was in China."""

    type = String()
    inherit_cache = True
    name = "china_date"


# China has had one zone and no summer time since 1991, so a fixed shift is the same.
@compiles(china_month, "sqlite")
def _month_in_sqlite(of: china_month, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401
    return f"strftime('%Y-%m', {compiler.process(of.clauses, **how)}, '+8 hours')"


@compiles(china_date, "sqlite")
def _day_in_sqlite(of: china_date, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401
    return f"date({compiler.process(of.clauses, **how)}, '+8 hours')"


@compiles(china_month, "postgresql")
def _month_in_postgres(of: china_month, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401
    moment = compiler.process(of.clauses, **how)
    return f"to_char({moment} AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM')"


@compiles(china_date, "postgresql")
def _day_in_postgres(of: china_date, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401
    moment = compiler.process(of.clauses, **how)
    return f"to_char({moment} AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD')"


def month_of(moment: datetime) -> str:
    return f"{moment.astimezone(CHINA):%Y-%m}"


def first_of(month: str) -> datetime:
    """The moment at which a month begins in China."""
    return datetime.strptime(month, "%Y-%m").replace(tzinfo=CHINA).astimezone(UTC)


def last_months(at: datetime, n: int) -> list[str]:
    """The month of `at` and those before it, n in all, the oldest first."""
    this = china_day(at).replace(day=1)
    return [f"{months_before(this, back):%Y-%m}" for back in reversed(range(n))]


def months_between(first: str, last: str) -> int:
    """From one month to another: `2025-11` to `2026-01` is 2."""
    (year, month), (to_year, to_month) = (map(int, one.split("-")) for one in (first, last))
    return (to_year - year) * _MONTHS + to_month - month


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())
