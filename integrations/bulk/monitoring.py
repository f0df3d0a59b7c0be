"""A file of records of use through an engine, into a file of hits."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

import json
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from integrations.bulk.dealing import Deal, Dealt, dealt, open_deal, parts_for
from integrations.bulk.engines import LOCAL, open_engine
from integrations.bulk.setups import Part, Setup, packed, unpacked, unpacked_all
from integrations.bulk.tables import Listings, must_differ, written
from integrations.bulk.usage_tables import open_usage, usage_batch, usage_columns
from integrations.sheets import nobodys
from models.cards.usage import (
    BINDINGS,
    DAYS,
    HITS,
    MOST_REACHED,
    WATCHED_DAYS,
    UsageFault,
    UsageLimits,
)
from models.cards.usage.judge import Judged, Verdict, judge_records, settled
from models.cards.usage.records import DAYS as MOST_DAYS
from models.cards.usage.records import reached, read_records
from models.cards.usage.scopes import Scopes
from models.cards.usage.use import Measure

ROWS: Final = 125_000
"""Of a batch that is read."""
_CODERS: Final = 2
_A_RECORD: Final = 50
"""Bytes of a record in a file that does not say how many it has; few, so that parts stay small."""
REJECTS: Final = pa.schema(
    [
        ("record", pa.int64()),
        ("reason", pa.string()),  # UsageFault
        ("detail", pa.string()),  # where it is a limit: how many, and how many there may be
        ("iccid", pa.string()),
        ("day", pa.string()),
    ]
)
MOST_REJECTS: Final = 1000
_FAULTS: Final = tuple(UsageFault)
_WATCHED: Final = pa.schema([("card", pa.int64())])


@dataclass(frozen=True, slots=True)
class Before:
    """Some days of an earlier file: judged together with the new one, and counted nowhere."""

    path: Path
    days: Sequence[tuple[date, date]]
    """From the first to the last, both with them."""
    rows: int
    """Of the file, about."""


@dataclass(slots=True)
class MonitorSummary:
    """What was found in a file."""

    records: int = 0
    bad_rows: int = 0
    cards: int = 0
    """In scope."""
    unknown_cards: int = 0
    """In no scope."""
    batches: int = 0
    """Of which there are records."""
    hits: Counter[str] = field(default_factory=Counter[str])
    """By rule."""
    first_day: date | None = None
    last_day: date | None = None
    unread: Counter[str] = field(default_factory=Counter[str])
    """Devices and regions that are written as none is; such records count without."""
    versions: tuple[str, ...] = ()
    """Of the thresholds."""
    rejects: Path | None = None
    """The first records that are not judged, with why."""


def monitor_file(  # noqa: PLR0913 - what a run is made of
    source: Path | str,
    target: Path | str,
    *,
    scopes: pa.Table,
    limits: UsageLimits,
    engine: str = LOCAL,
    processes: int | None = None,
    bindings: pa.Table | None = None,
    watched: pa.Array | None = None,
    days: Path | None = None,
    watched_days: Path | None = None,
    before: Sequence[Before] = (),
    progress: Callable[[int, int | None], None] = lambda _done, _of: None,
) -> MonitorSummary:
    """Judge every record of a Parquet, CSV or XLSX file by the scope of its card's batch.

    `target` gets `HITS`; `days` and `watched_days`, where they are named, get `DAYS` and
    `WATCHED_DAYS`. They appear when they are whole. Records that cannot be judged are counted, and
    the first of them written beside the target. A month or a silence is seen over what came
    `before` as well.
    """
    source, target = Path(source), Path(target)
    must_differ(source, target)
    cards = np.zeros(0, np.int64) if watched is None else watched.to_numpy(zero_copy_only=False)
    measure = Measure(Scopes(scopes), limits, bindings, cards)
    setup = judging(scopes, measure, with_days=days is not None)
    intake = _Intake(measure.scopes, MonitorSummary(versions=limits.versions))
    with open_usage(source, ROWS) as usage, written(target, HITS) as writer:
        rows = usage.rows if usage.rows is not None else source.stat().st_size // _A_RECORD
        rows += sum(one.rows for one in before)
        with open_deal(target, parts_for(rows)) as deal:
            own = 0 if deal.parts == 1 else processes
            with closing(open_engine(engine, setup, own)) as work:
                for one in before:
                    intake.take_along(one, deal)
                intake.take(usage, usage_columns(usage.schema, source.name), deal, progress)
                answers = list(work.each((None, part) for part in deal.each()))
        verdict = settled([Judged(*unpacked_all(answer)) for _, answer in answers], measure)
        _write(writer, verdict.hits)
    intake.write_rejects(target)
    _write_besides(verdict, days, watched_days)
    return intake.summed_up(verdict)


def judging(scopes: pa.Table, measure: Measure, *, with_days: bool) -> Setup:
    """`scopes` are those that the measure was made of."""
    bindings = BINDINGS.empty_table() if measure.bindings is None else measure.bindings
    options = json.dumps({"limits": asdict(measure.limits), "with_days": with_days})
    watched = pa.table([pa.array(measure.watched)], _WATCHED)
    return Setup.of(judge, packed(scopes, bindings, watched), options.encode())


def judge(tables: bytes, options: bytes) -> Part:
    """Records of some cards in, what was found out about them out."""
    scopes, bindings, watched = unpacked_all(tables)
    told = json.loads(options)
    limits = UsageLimits(**told["limits"])
    measure = Measure(Scopes(scopes), limits, bindings, watched["card"].to_numpy())

    def judged(records: bytes) -> bytes:
        found = judge_records(unpacked(records), measure, with_days=told["with_days"])
        return packed(found.hits, found.batches, found.days, found.cards)

    return judged


class _Intake:
    """Reads records, counts what is wrong with them, and deals the others out."""

    def __init__(self, scopes: Scopes, summary: MonitorSummary) -> None:
        self._scopes = scopes
        self._summary = summary
        self._unknown = np.zeros(0, np.int64)
        self._rejects: list[pa.Table] = []

    def take(
        self,
        usage: Listings,
        columns: dict[str, str],
        deal: Deal,
        progress: Callable[[int, int | None], None],
    ) -> None:
        def coded(batch: pa.RecordBatch) -> "_Coded":
            return _coded(batch, columns, self._scopes, deal.parts)

        with ThreadPoolExecutor(_CODERS) as threads:
            for one in _ahead(threads, coded, usage.batches):
                self._count(one)
                deal.put(one.dealt)
                progress(self._summary.records, usage.rows)

    def take_along(self, before: Before, deal: Deal) -> None:
        with open_usage(before.path, ROWS) as usage:
            columns = usage_columns(usage.schema, before.path.name)
            for batch in usage.batches:
                part = usage_batch(batch, columns)
                kept = part.filter(_is_within(part.column("day"), before.days))
                if kept.num_rows:
                    deal.put(dealt(read_records(kept, self._scopes).records, deal.parts))

    def _count(self, one: "_Coded") -> None:
        told = self._summary
        if told.bad_rows < MOST_REJECTS and one.rejects.num_rows:
            column = pc.add(one.rejects["record"], told.records)
            self._rejects.append(one.rejects.set_column(0, "record", column))
        told.records += one.rows
        told.bad_rows += one.bad_rows
        told.unread.update(one.unread)
        self._unknown = np.union1d(self._unknown, one.unknown)
        told.unknown_cards = len(self._unknown)
        if one.days is not None:
            told.first_day = min(told.first_day or one.days[0], one.days[0])
            told.last_day = max(told.last_day or one.days[1], one.days[1])

    def write_rejects(self, target: Path) -> None:
        """Beside the target; of an earlier run none is left."""
        path = target.with_name(f"{target.stem}-rejects.csv")
        path.unlink(missing_ok=True)
        if self._rejects:
            with written(path, REJECTS) as writer:
                _write(writer, pa.concat_tables(self._rejects).slice(0, MOST_REJECTS))
            self._summary.rejects = path

    def summed_up(self, verdict: Verdict) -> MonitorSummary:
        told = self._summary
        told.cards, told.batches = verdict.cards, verdict.batches
        for one in pc.value_counts(verdict.hits["rule"]).to_pylist():
            told.hits[one["values"]] += one["counts"]
        return told


@dataclass(frozen=True, slots=True)
class _Coded:
    rows: int
    dealt: Dealt
    unknown: np.ndarray
    unread: Counter[str]
    bad_rows: int
    rejects: pa.Table
    """The first of them, counted from 1 in this batch."""
    days: tuple[date, date] | None


def _coded(batch: pa.RecordBatch, columns: dict[str, str], scopes: Scopes, parts: int) -> _Coded:
    usage = usage_batch(batch, columns)
    read = read_records(usage, scopes)
    bad = np.flatnonzero(read.faults)
    some = bad[:MOST_REJECTS]
    reasons = [_FAULTS[fault - 1] for fault in read.faults[some]]
    counts = reached(usage.column("targets"))[some]
    details = [
        f"{count} > {MOST_REACHED}" if reason is UsageFault.TARGETS else None
        for reason, count in zip(reasons, counts, strict=True)
    ]
    rejects = pa.table(
        [
            pa.array(some + 1),
            pa.array([reason.value for reason in reasons], pa.string()),
            pa.array(details, pa.string()),
            *(_shown(batch.column(columns[name]), some) for name in ("iccid", "day")),
        ],
        REJECTS,
    )
    day = (read.records.column("key").to_numpy() % MOST_DAYS).astype("datetime64[D]")
    days = (day.min().item(), day.max().item()) if len(day) else None
    return _Coded(
        rows=batch.num_rows,
        dealt=dealt(read.records, parts),
        unknown=read.unknown,
        unread=read.unread,
        bad_rows=len(bad),
        rejects=rejects,
        days=days,
    )


def _shown(column: pa.Array, rows: np.ndarray) -> pa.Array:
    few = column.take(pa.array(rows)).to_pylist()
    return pa.array([None if one is None else nobodys(str(one))[:40] for one in few], pa.string())


def _is_within(column: pa.Array, days: Sequence[tuple[date, date]]) -> pa.Array:
    found = np.zeros(len(column), bool)
    numbers = pc.fill_null(column.cast(pa.int32()), -1).to_numpy(zero_copy_only=False)
    for first, last in days:
        found |= (numbers >= _number(first)) & (numbers <= _number(last))
    return pa.array(found)


def _number(day: date) -> int:
    return (day - date(1970, 1, 1)).days


def _ahead(
    threads: ThreadPoolExecutor,
    work: Callable[[pa.RecordBatch], _Coded],
    batches: Iterator[pa.RecordBatch],
) -> Iterator[_Coded]:
    """In order, no more of them in hand than there are threads."""
    waiting: deque[Future[_Coded]] = deque()
    for batch in batches:
        if len(waiting) == _CODERS:
            yield waiting.popleft().result()
        if batch.num_rows:
            waiting.append(threads.submit(work, batch))
    while waiting:
        yield waiting.popleft().result()


def _write(writer, table: pa.Table) -> None:  # noqa: ANN001 - of either kind
    for batch in table.to_batches(ROWS):
        writer.write(batch)


def _write_besides(verdict: Verdict, days: Path | None, watched_days: Path | None) -> None:
    for path, table, schema in (
        (days, verdict.days, DAYS),
        (watched_days, verdict.watched_days, WATCHED_DAYS),
    ):
        if path is not None:
            with written(path, schema) as writer:
                _write(writer, table)
