"""Records of use as files: brought, judged, and what was found read again some rows at a time."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from console.actions.cards.industry.earlier_files import around, files_before
from console.actions.cards.industry.found import Hit
from console.actions.cards.industry.scopes import (
    carriers_of,
    locks_of,
    scopes_of,
    watched,
)
from console.desk import Desk
from integrations.bulk.monitoring import MonitorSummary, monitor_file
from integrations.bulk.tables import Picked, open_listings
from integrations.bulk.usage_tables import open_usage, usage_batch, usage_columns
from models.cards.monitoring import MonitoringRun
from models.cards.usage import BINDINGS, USAGE, scopes_table, usage_limits
from models.cards.usage_rules import UsageRule
from models.permissions import Permission
from models.rules import china_day

_ROWS: Final = 2_000
_SCANNED: Final = 500_000
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class UsageRow:
    """A card's use on a day, as a program sends it."""

    iccid: str
    day: date
    bytes: int = 0
    voice: int = 0
    """Calls."""
    sms: int = 0
    device: str = ""
    """IMEI; none: unknown."""
    region: str = ""
    """GB/T 2260, two or six digits; none: unknown."""
    targets: Sequence[str] = ()
    """Hosts and addresses that were reached."""


@dataclass(frozen=True, slots=True)
class JudgedFile:
    """What was found in a file, in files of their own."""

    summary: MonitorSummary
    hits: Path
    days: Path
    card_days: Path
    watched: Mapping[int, UUID]
    """Single cards, each with its batch."""


def must_be_usage(path: Path) -> None:
    """Invalid with what is wrong, for a file that has no cards, days, or anything about them."""
    with open_usage(path, _ROWS) as usage:
        usage_columns(usage.schema, path.name)


def usage_file(rows: Sequence[UsageRow]) -> bytes:
    """The records as Parquet."""
    columns = {name: [getattr(row, name) or None for row in rows] for name in ("device", "region")}
    columns |= {
        name: [getattr(row, name) for row in rows]
        for name in ("iccid", "day", "bytes", "voice", "sms")
    }
    columns["targets"] = [list(row.targets) for row in rows]
    out = io.BytesIO()
    pq.write_table(pa.table({name: columns[name] for name in USAGE.names}, USAGE), out)
    return out.getvalue()


def judged_file(desk: Desk, run: MonitoringRun, source: Path, folder: Path) -> JudgedFile:
    """The run's file against the scopes of its carrier's batches as they are now.

    A whole file is judged together with what is known of the days around it. Records that a
    program sent are judged by themselves: the next whole file takes them along, or one that is
    made of them when their day is over.
    """
    with desk.begin(Permission.INDUSTRY_READ) as work:
        carriers = carriers_of(work, run.carrier_id)
        scopes = scopes_table(scopes_of(work, carriers))
        locks = list(locks_of(work, carriers))
        cards = watched(work, carriers).cards
    columns = [[one[at] for one in locks] for at in range(2)]
    limits = usage_limits(china_day(run.created_at))
    hits, days, card_days = (folder / f"{name}.parquet" for name in ("hits", "days", "cards"))
    own = None if run.is_part else span_of(source)
    with ExitStack() as stack:
        window = around(own, limits.silence_days) if own else None
        summary = monitor_file(
            source,
            hits,
            scopes=scopes,
            limits=limits,
            bindings=pa.table(columns, schema=BINDINGS),
            watched=pa.array(sorted(cards), pa.int64()),
            days=days,
            watched_days=card_days,
            before=files_before(desk, run, own, window, stack) if own and window else (),
        )
    if own:
        _only_of(summary, hits, own)
        for one in (days, card_days):
            _kept(one, (pc.field("day") >= own[0]) & (pc.field("day") <= own[1]))
    return JudgedFile(summary, hits, days, card_days, cards)


def span_of(path: Path) -> tuple[date, date] | None:
    """The first and last day of a file's records; None where none has a day."""

    def pick(schema: pa.Schema) -> Picked:
        return Picked([usage_columns(schema, path.name)["day"]])

    found: list[date] = []
    with open_listings(path, _SCANNED, pick) as usage:
        name = usage_columns(usage.schema, path.name)["day"]
        for batch in usage.batches:
            ends = pc.min_max(usage_batch(batch, {"day": name}).column("day")).as_py()
            found += [one for one in ends.values() if one is not None]
    return (min(found), max(found)) if found else None


def _only_of(summary: MonitorSummary, hits: Path, own: tuple[date, date]) -> None:
    """Hits that the file's own days are part of: the others were found before."""
    left = _kept(hits, (pc.field("last_day") >= own[0]) & (pc.field("first_day") <= own[1]))
    summary.hits.clear()
    summary.hits.update(left["rule"].to_pylist())


def _kept(path: Path, which: pc.Expression) -> pa.Table:
    left = pq.read_table(path).filter(which)
    pq.write_table(left, path, compression="zstd", compression_level=1)
    return left


def rows_of(path: Path, at_once: int = _ROWS) -> Iterator[list[Row]]:
    """Some rows of a Parquet file after the others."""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(at_once, use_threads=False):
            if batch.num_rows:
                yield batch.to_pylist()


def hits_of(path: Path, begin: int, count: int) -> list[Hit]:
    """So many hits from the `begin`th on."""
    rows = pq.read_table(path).slice(begin, count).to_pylist()
    return [Hit(**{**row, "rule": UsageRule(row["rule"])}) for row in map(_of_hit, rows)]


def _of_hit(row: Row) -> Row:
    return {name: row[name] for name in Hit._fields}
