"""Sums that add up over any division of the cards: of batches, of their days, of watched cards."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from models.cards.usage.codes import device_text, region_text
from models.cards.usage.scopes import Scopes
from models.cards.usage.shape import DAYS, WATCHED_DAYS
from models.cards.usage.targets import within
from models.cards.usage.use import Runs, Use, changes

BATCHES: Final = pa.schema(
    [
        ("batch", pa.int32()),
        ("cards", pa.int64()),
        ("affected", pa.int64()),  # with a device swapped, or a region left
        ("devices", pa.int64()),  # each counted with its card
        ("provinces", pa.uint64()),  # outside the scope, a bit each
        ("first_day", pa.int32()),
        ("last_day", pa.int32()),
        ("records", pa.int64()),
    ]
)
BATCH_DAYS: Final = pa.schema(
    [
        ("batch", pa.int32()),
        ("day", pa.int32()),
        ("cards", pa.int64()),
        ("bytes", pa.int64()),
        ("top_bytes", pa.int64()),
        ("voice", pa.int64()),
        ("sms", pa.int64()),
        ("devices", pa.int64()),
        ("regions", pa.uint64()),  # provinces, a bit each
    ]
)
CARD_DAYS: Final = pa.schema(
    [
        ("place", pa.int64()),
        ("day", pa.int32()),
        ("bytes", pa.int64()),
        ("voice", pa.int64()),
        ("sms", pa.int64()),
        ("device", pa.int64()),
        ("region", pa.int32()),
    ]
)
_OF: Final = {
    "top_bytes": np.maximum,
    "provinces": np.bitwise_or,
    "regions": np.bitwise_or,
    "first_day": np.minimum,
    "last_day": np.maximum,
}
"""How columns add up; the others are sums."""
_OCTAL: Final = 8
_GRID: Final = 4
"""Cells of batches and days for each record, above which most would be empty."""


def batch_totals(
    use: Use, devices: Runs, affected: np.ndarray, away: tuple[np.ndarray, np.ndarray]
) -> pa.Table:
    """A row of `BATCHES` for each batch.

    `affected` are cards; `away` cards and regions where these were not to be.
    """
    begins = np.flatnonzero(changes(use.batch))
    local = np.cumsum(changes(use.batch)) - 1
    rows = use.first_rows[begins]
    count = len(begins)
    order = np.lexsort([devices.codes, devices.cards])
    first = changes(devices.cards[order]) | changes(devices.codes[order])
    provinces = np.zeros(count, np.uint64)
    np.bitwise_or.at(provinces, local[away[0]], _bits(away[1]))
    edges = np.append(rows, len(use.key))
    columns = [
        use.batch[begins],
        np.bincount(local, minlength=count),
        np.bincount(local[affected], minlength=count),
        np.bincount(local[devices.cards[order][first]], minlength=count),
        provinces,
        np.minimum.reduceat(use.day, rows) if count else rows,
        np.maximum.reduceat(use.day, rows) if count else rows,
        np.diff(edges),
    ]
    return _table(columns, BATCHES)


def day_totals(use: Use) -> pa.Table:
    """A row of `BATCH_DAYS` for each batch and day."""
    if not len(use.key):
        return BATCH_DAYS.empty_table()
    cells, cell, batches, days = _cells(use)
    day_cell = cell[use.day_rows]
    voice, sms = use.per_day(use.voice), use.per_day(use.sms)
    busy = use.day_bytes + voice + sms > 0
    top = np.zeros(cells, np.int64)
    np.maximum.at(top, day_cell, use.day_bytes)
    seen = (use.device >= 0) & (changes(use.key) | changes(use.device))
    regions = np.zeros(cells, np.uint64)
    held = use.region >= 0
    np.bitwise_or.at(regions, cell[held], _bits(use.region[held]))
    columns = [
        batches,
        days,
        np.bincount(day_cell[busy], minlength=cells),
        _added(day_cell, use.day_bytes, cells),
        top,
        _added(day_cell, voice, cells),
        _added(day_cell, sms, cells),
        np.bincount(cell[seen], minlength=cells),
        regions,
    ]
    filled = np.flatnonzero(np.bincount(cell, minlength=cells))
    return _table([column[filled] for column in columns], BATCH_DAYS)


def _cells(use: Use) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
    """How many cells of batch and day there are, each row's, and each cell's batch and day."""
    begins = changes(use.batch)
    batches = use.batch[begins]
    local = (np.cumsum(begins) - 1)[use.card]
    first = int(use.day.min())
    span = int(use.day.max()) - first + 1
    cell = local * span + (use.day - first)
    if len(batches) * span <= _GRID * len(cell) + span:
        every = np.arange(len(batches) * span)
    else:
        every, cell = np.unique(cell, return_inverse=True)
    return len(every), cell, batches[every // span], first + every % span


def _added(cell: np.ndarray, column: np.ndarray, cells: int) -> np.ndarray:
    """Sums for each cell, exact: halves of a number are added as floats, which hold them."""
    high, low = column >> 32, column & 0xFFFFFFFF
    sums = [np.bincount(cell, part, cells).astype(np.int64) for part in (high, low)]
    return (sums[0] << 32) + sums[1]


def watched_days(use: Use) -> pa.Table:
    """`CARD_DAYS` of single watched cards, with the device and region of the record with most."""
    is_watched = within(use.measure.watched_places, use.places)
    rows = np.flatnonzero(is_watched[use.card[use.day_rows]])
    starts = use.day_rows[rows]
    ends = np.append(use.day_rows, len(use.key))[rows + 1]
    most = [int(one + np.argmax(use.bytes[one:end])) for one, end in zip(starts, ends, strict=True)]
    columns = [
        use.places[use.card[starts]],
        use.day[starts],
        use.day_bytes[rows],
        use.per_day(use.voice)[rows],
        use.per_day(use.sms)[rows],
        use.device[most],
        use.region[most],
    ]
    return _table(columns, CARD_DAYS)


def added_up(tables: Sequence[pa.Table], schema: pa.Schema, by: Sequence[str]) -> pa.Table:
    """One row for each `by`, in their order."""
    rows = pa.concat_tables([schema.empty_table(), *tables]).combine_chunks()
    columns = {name: rows[name].to_numpy() for name in schema.names}
    order = np.lexsort([columns[name] for name in reversed(by)])
    columns = {name: column[order] for name, column in columns.items()}
    starts = np.flatnonzero(np.logical_or.reduce([changes(columns[name]) for name in by]))
    if len(starts) < len(order):
        columns = {
            name: column[starts] if name in by else _OF.get(name, np.add).reduceat(column, starts)
            for name, column in columns.items()
        }
    return _table(list(columns.values()), schema)


def told_days(tables: Sequence[pa.Table], scopes: Scopes) -> pa.Table:
    """`DAYS`, by batch and day."""
    rows = added_up(tables, BATCH_DAYS, ("batch", "day"))
    columns = {name: rows[name] for name in BATCH_DAYS.names}
    columns["batch"] = scopes.names.take(rows["batch"].combine_chunks())
    columns["regions"] = pa.array(np.bitwise_count(rows["regions"].to_numpy()))
    return pa.table([columns[field.name].cast(field.type) for field in DAYS], schema=DAYS)


def told_cards(tables: Sequence[pa.Table], scopes: Scopes) -> pa.Table:
    """`WATCHED_DAYS`, by card and day."""
    rows = pa.concat_tables([CARD_DAYS.empty_table(), *tables])
    rows = rows.sort_by([("place", "ascending"), ("day", "ascending")])
    columns = {name: rows[name] for name in CARD_DAYS.names}
    columns["iccid"] = scopes.keys(rows["place"].to_numpy())
    for name, text in (("device", device_text), ("region", region_text)):
        columns[name] = pa.array(
            [text(code) if code >= 0 else None for code in rows[name].to_pylist()], pa.string()
        )
    return pa.table(
        [columns[field.name].cast(field.type) for field in WATCHED_DAYS], schema=WATCHED_DAYS
    )


def _bits(regions: np.ndarray) -> np.ndarray:
    """A bit for each province: tens from 1 to 8, units from 0 to 7, as GB/T 2260 has them."""
    tens, units = np.divmod(regions // 10_000, 10)
    return np.left_shift(
        np.uint64(1), ((tens - 1) % _OCTAL * _OCTAL + units % _OCTAL).astype(np.uint64)
    )


def _table(columns: Sequence[np.ndarray], schema: pa.Schema) -> pa.Table:
    return pa.table(
        [pa.array(column).cast(one.type) for column, one in zip(columns, schema, strict=True)],
        schema=schema,
    )
