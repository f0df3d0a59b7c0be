"""Scopes in a file: a table as `SCOPES` has it, or JSON with ICCIDs as people write them."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from models.cards.classes import CardClass, Sms, Voice
from models.cards.numbers import CardFault, CardRange, card_of, range_of
from models.cards.usage import SCOPES, BatchScope, scopes_table
from models.refusals import Invalid

MOST: Final = 1_000_000_000
_PARQUET: Final = b"PAR1"
_NEEDED: Final = ("batch", "first", "last")


class _Scope(BaseModel):
    """A `BatchScope`, its ranges by first and last ICCID."""

    model_config = ConfigDict(extra="forbid")

    batch: str
    ranges: list[tuple[str, str]]
    card_class: CardClass
    is_active: bool = True
    monthly_bytes: int | None = None
    voice: Voice = Voice.OFF
    sms: Sms = Sms.OFF
    targets: list[str] | None = None
    device_lock: bool = False
    tacs: list[str] | None = None
    regions: list[str] | None = None
    watched: bool = False


_SCOPES: Final = TypeAdapter(list[_Scope])


def read_scopes(path: Path) -> pa.Table:
    """`SCOPES`; of a Parquet file columns that are missing limit nothing."""
    try:
        with path.open("rb") as file:
            head = file.read(len(_PARQUET))
        if path.stat().st_size > MOST:
            raise _unreadable(path, f"> {MOST} bytes")
        return _of_table(path) if head == _PARQUET else _of_json(path)
    except OSError as error:
        raise _unreadable(path, error.strerror or "") from None
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError) as error:
        raise _unreadable(path, str(error).splitlines()[0][:200]) from None


def _of_table(path: Path) -> pa.Table:
    table = pq.read_table(path)
    missing = [name for name in _NEEDED if name not in table.column_names]
    if missing:
        raise _unreadable(path, ", ".join(missing))
    usual = {"is_active": pa.scalar(value=True)}
    columns = [
        table[one.name]
        if one.name in table.column_names
        else pa.array([usual.get(one.name, pa.scalar(None)).as_py()] * table.num_rows, one.type)
        for one in SCOPES
    ]
    return pa.table(columns, SCOPES.names).cast(SCOPES)


def _of_json(path: Path) -> pa.Table:
    try:
        rows = _SCOPES.validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise _unreadable(path, f"{place}: {first['msg']}"[:200]) from None
    return scopes_table(
        BatchScope(
            **{**dict(row), "ranges": [_numbers(path, row.batch, *one) for one in row.ranges]}
        )
        for row in rows
    )


def _numbers(path: Path, batch: str, first: str, last: str) -> tuple[int, int]:
    ends = card_of(first), card_of(last)
    for end, text in zip(ends, (first, last), strict=True):
        if isinstance(end, CardFault):
            raise _unreadable(path, f"{batch}: {text[:40]}")
    found = range_of(*ends)  # pyright: ignore[reportArgumentType] - no faults are left
    if not isinstance(found, CardRange):
        raise _unreadable(path, f"{batch}: {first[:40]} - {last[:40]}")
    return found.first, found.last


def _unreadable(path: Path, problem: str) -> Invalid:
    return Invalid("usage.scopes_unreadable", file=path.name, problem=problem)
