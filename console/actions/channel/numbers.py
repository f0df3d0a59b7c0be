"""Numbers, each given once: ranges are reserved under the lock of their counter."""

from collections.abc import Sequence

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from console.desk import Work
from models.channel.imports import Counter
from models.formats import make_agent_number, make_licence_number
from models.rules import china_day
from models.staff import Organisation


def next_numbers(work: Work, name: str, count: int = 1) -> range:
    """The next `count` numbers under a name, held for this transaction alone.

    Whoever takes several counters takes them by name in order, so that no two wait in a ring.
    """
    dialect = work.session.get_bind().dialect.name
    given = {"name": name, "value": count}
    added = (
        postgresql.insert(Counter).values(**given)
        if dialect == "postgresql"
        else sqlite.insert(Counter).values(**given)
    )
    statement = added.on_conflict_do_update(
        index_elements=["name"], set_={"value": col(Counter.value) + count}
    ).returning(col(Counter.value))
    last: int = work.session.connection().execute(statement).scalar_one()
    return range(last - count + 1, last + 1)


def next_serials(work: Work, count: int = 1) -> range:
    """Serials of agents, over the whole house."""
    return next_numbers(work, "agents", count)


def agent_numbers(
    work: Work, carrier: Organisation, province: str, count: int = 1
) -> Sequence[str]:
    """Agent numbers of one carrier and province, of the year that it is in China."""
    mark, year = carrier_mark(carrier), china_day(work.at).year
    serials = next_numbers(work, f"agents:{mark}-{province}-{year}", count)
    return [make_agent_number(mark, province, year, serial) for serial in serials]


def licence_numbers(
    work: Work, carrier: Organisation, province: str, count: int = 1
) -> Sequence[str]:
    mark, year = carrier_mark(carrier), china_day(work.at).year
    serials = next_numbers(work, f"licences:{mark}-{province}-{year}", count)
    return [make_licence_number(mark, province, year, serial) for serial in serials]


def carrier_mark(carrier: Organisation) -> str:
    """The letters that a carrier's numbers begin with: `CT` of `CT-44`."""
    return carrier.code.partition("-")[0].upper()
