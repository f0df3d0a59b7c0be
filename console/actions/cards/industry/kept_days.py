"""Days of batches and of watched cards, kept for their charts. The later file of a day counts."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import case, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.schema import Table as Columns
from sqlmodel import col, select

from console.desk import Work
from models.base import Table
from models.cards.industry import IndustryBatch
from models.cards.monitoring import BatchDay, CardDay
from models.cards.numbers import card_number

Row = Mapping[str, Any]
_COUNTS: Final = ("cards", "bytes", "voice", "sms", "devices")
_MOST: Final = ("top_bytes", "regions")


def keep_days(work: Work, rows: Sequence[Row], *, is_part: bool) -> None:
    """Days (`DAYS`) of batches; those of a part are added to what the day has.

    Of a card that is in two parts of a day, both count among the day's cards.
    """
    batches = _ids(work, {row["batch"] for row in rows})
    known = [
        {**{name: row[name] for name in row if name != "batch"}, "batch_id": batches[row["batch"]]}
        for row in rows
        if row["batch"] in batches
    ]
    _put(work, BatchDay, known, adds=_COUNTS if is_part else (), most=_MOST if is_part else ())


def keep_card_days(work: Work, rows: Sequence[Row], batches: Mapping[int, UUID]) -> None:
    """Days (`WATCHED_DAYS`) of cards; `batches` says of which each is."""
    numbered = [(card_number(row["iccid"]), row) for row in rows]
    known = [
        {
            "card": card,
            "batch_id": batches[card],
            "day": row["day"],
            "bytes": row["bytes"],
            "voice": row["voice"],
            "sms": row["sms"],
            "device": row["device"] or "",
            "region": row["region"] or "",
        }
        for card, row in numbered
        if card in batches
    ]
    _put(work, CardDay, known)


def _put(
    work: Work,
    table: type[Table],
    rows: Sequence[Row],
    *,
    adds: Iterable[str] = (),
    most: Iterable[str] = (),
) -> None:
    if not rows:
        return
    connection = work.session.connection()
    columns: Columns = inspect(table).local_table  # pyright: ignore[reportAssignmentType]
    is_postgres = connection.dialect.name == "postgresql"
    given = (postgresql if is_postgres else sqlite).insert(columns)
    key = [one.name for one in columns.primary_key]
    new: dict[str, Any] = {name: given.excluded[name] for name in rows[0] if name not in key}
    new |= {name: columns.c[name] + given.excluded[name] for name in adds}
    new |= {
        name: case(
            (columns.c[name] > given.excluded[name], columns.c[name]), else_=given.excluded[name]
        )
        for name in most
    }
    connection.execute(given.on_conflict_do_update(index_elements=key, set_=new), list(rows))


def _ids(work: Work, numbers: set[str]) -> dict[str, UUID]:
    query = select(IndustryBatch.number, IndustryBatch.id).where(
        col(IndustryBatch.number).in_(numbers)
    )
    return {row.number: row.id for row in work.session.connection().execute(query)}
