"""Runs of monitoring: a file of records is promised, judged, and its hits become findings.

Nothing is judged inside a transaction. Hits are dealt with some hundred at a time, and each
transaction writes down how far it came: a run that is killed goes on behind the last, and none is
found twice.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.audit import history
from console.actions.brought import nobodys_name
from console.actions.cards.industry.found import keep_hits
from console.actions.cards.industry.kept_days import keep_card_days, keep_days
from console.actions.cards.industry.usage_files import (
    JudgedFile,
    UsageRow,
    hits_of,
    judged_file,
    must_be_usage,
    rows_of,
    usage_file,
)
from console.actions.channel.held import carrier_of
from console.actions.channel.numbers import next_numbers
from console.actions.imports.plan import Content, at_hand
from console.actions.promises import actor_kept, kept_actor
from console.desk import PAGE, Desk, Order, Slice, Work
from integrations.evidence import Damaged, Digest
from models.audit import AuditEntry
from models.cards.monitoring import (
    MonitoringMove,
    MonitoringRun,
    MonitoringState,
    UsageFinding,
)
from models.permissions import Permission
from models.refusals import Invalid, Refusal
from models.rules import china_day
from models.staff import HOUSE, Actor, Organisation

UNDER_WAY: Final = (MonitoringState.WAITING, MonitoringState.RUNNING)
MOST_ROWS: Final = 5_000
"""Records that a program sends at once."""
HITS_AT_ONCE: Final = 250
"""Of a transaction."""
_HITS_IN_STEP: Final = 5_000
_MOST_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run, and what came of it."""

    run: MonitoringRun
    findings: Slice[UsageFinding]
    """That it was the last to see."""
    deeds: Sequence[AuditEntry]


def plan_run(
    desk: Desk, file_name: str, content: Content, *, carrier: str | None = None
) -> MonitoringRun:
    """Keep a CSV, Parquet or XLSX file of records, and promise to judge it.

    One that has no cards or days is refused here; records that are bad by themselves don't stop
    the others. `carrier` is a code, for a group that brings a file of one of its companies.
    """
    return _planned(desk, file_name, content, carrier, is_part=False)


def append_usage(
    desk: Desk, rows: Sequence[UsageRow], *, carrier: str | None = None
) -> MonitoringRun:
    """Records that a program sends, as a run of their own.

    Of a day that comes in parts alone the house makes one file when it is over (`sweep_parts`).
    """
    if not 0 < len(rows) <= MOST_ROWS:
        raise Invalid("monitoring.rows", n=len(rows), most=MOST_ROWS)
    name = f"usage-{desk.now():%Y%m%d-%H%M%S}.parquet"
    return _planned(desk, name, usage_file(rows), carrier, is_part=True)


def _planned(
    desk: Desk, file_name: str, content: Content, carrier: str | None, *, is_part: bool
) -> MonitoringRun:
    with desk.begin(Permission.USAGE_IMPORT) as work:
        owner = carrier_of(work, carrier)
    with at_hand(file_name, content) as path:
        must_be_usage(path)
        with path.open("rb") as file:
            digest = desk.house.evidence.keep(file)
        name = nobodys_name(path.name, china_day(desk.now()))
    with desk.begin(Permission.USAGE_IMPORT) as work:
        run = add_run(work, owner, name, digest, desk.actor, is_part=is_part)
        work.record("monitoring.planned", run, file=name, sha256=digest)
        return run


def add_run(
    work: Work,
    owner: Organisation,
    file_name: str,
    sha256: str,
    actor: Actor,
    **said: Any,  # noqa: ANN401 - of the row
) -> MonitoringRun:
    """Promise to judge a file that is put away, in the name of an actor."""
    year = china_day(work.at).year
    (serial,) = next_numbers(work, f"monitoring:{year}")
    return work.add(
        MonitoringRun(
            number=f"MON-{year}-{serial:06}",
            carrier_id=owner.id,
            province=owner.province,
            file_name=file_name,
            sha256=sha256,
            actor=kept_actor(actor),
            created_at=work.at,
            **said,
        )
    )


def waiting_runs(desk: Desk) -> Sequence[UUID]:
    """Runs that are promised and not ended, the oldest first."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        return work.session.exec(
            select(MonitoringRun.id)
            .where(col(MonitoringRun.state).in_(UNDER_WAY))
            .order_by(col(MonitoringRun.id))
            .limit(_MOST_AT_ONCE)
        ).all()


def lane_of(desk: Desk, run_id: UUID) -> str:
    """A carrier's files are judged one after another: the later one of a day is to count."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        return f"monitoring:{work.get(MonitoringRun, run_id).carrier_id}"


def advance_run(desk: Desk, run_id: UUID | str) -> bool:
    """The next step of a run, in the name of who brought it; False when it has ended."""
    run = the_run(desk, run_id)
    if run.state not in UNDER_WAY:
        return False
    own = desk.as_(actor_kept(run.actor))
    if run.state is MonitoringState.WAITING:
        try:
            _judge(own, run)
        except Refusal as no:
            _fail(own, run, no)
    elif run.dealt_with < run.hits:
        _deal(own, run)
    else:
        _finish(own, run)
    return True


def run_monitoring(desk: Desk, run_id: UUID | str) -> MonitoringRun:
    """All steps here and now, for the command line."""
    while advance_run(desk.as_(HOUSE), run_id):
        pass
    return the_run(desk, run_id)


def the_run(desk: Desk, run_id: UUID | str) -> MonitoringRun:
    with desk.begin(Permission.INDUSTRY_READ) as work:
        return work.get(MonitoringRun, run_id)


def list_runs(
    desk: Desk,
    *,
    state: MonitoringState | None = None,
    after: str | None = None,
    limit: int = PAGE,
) -> Slice[MonitoringRun]:
    """Runs, the newest first."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        query = work.select(MonitoringRun)
        if state is not None:
            query = query.where(MonitoringRun.state == state)
        return work.slice(query, Order.by(MonitoringRun.id), after, limit)


def run_record(desk: Desk, run_id: UUID | str, after: str | None = None) -> RunRecord:
    with desk.begin(Permission.INDUSTRY_READ) as work:
        run = work.get(MonitoringRun, run_id)
        found = work.select(UsageFinding).where(UsageFinding.run_id == run.id)
        order = Order.by(UsageFinding.id, descending=False)
        return RunRecord(run, work.slice(found, order, after), history(work, run))


def _judge(desk: Desk, run: MonitoringRun) -> None:
    """Days are put away before the run is said to be judged: killed between, it is judged anew.

    Those of a part are added up, so once, in the transaction that says so.
    """
    house = desk.house
    with (
        at_hand(run.file_name, _whole(desk, run)) as source,
        tempfile.TemporaryDirectory(prefix="monitoring-", dir=house.settings.data) as folder,
    ):
        judged = judged_file(desk, run, source, Path(folder))
        with judged.hits.open("rb") as file:
            result = house.evidence.keep(file)
        rejects = ""
        if judged.summary.rejects is not None:
            with judged.summary.rejects.open("rb") as file:
                rejects = house.evidence.keep(file)
        _put_days_away(desk, run, judged)
        with desk.begin(Permission.USAGE_IMPORT) as work:
            mine = work.get(MonitoringRun, run.id)
            if mine.state is not MonitoringState.WAITING:
                return
            for rows in rows_of(judged.days) if run.is_part else ():
                keep_days(work, rows, is_part=True)
            mine.result_sha256, mine.rejects_sha256 = result, rejects
            _count(work, mine, judged)


def _whole(desk: Desk, run: MonitoringRun) -> Path:
    store, digest = desk.house.evidence, Digest(run.sha256)
    try:
        for _ in store.stream(digest):
            pass
    except (Damaged, FileNotFoundError) as error:
        raise Invalid("monitoring.file_gone", file=run.file_name) from error
    return store.path(digest)


def _put_days_away(desk: Desk, run: MonitoringRun, judged: JudgedFile) -> None:
    for rows in () if run.is_part else rows_of(judged.days):
        with desk.begin(Permission.USAGE_IMPORT) as work:
            keep_days(work, rows, is_part=False)
            work.no_deed()
    for rows in rows_of(judged.card_days):
        with desk.begin(Permission.USAGE_IMPORT) as work:
            keep_card_days(work, rows, judged.watched)
            work.no_deed()


def _count(work: Work, run: MonitoringRun, judged: JudgedFile) -> None:
    told = judged.summary
    run.records, run.bad_rows = told.records, told.bad_rows
    run.cards, run.unknown_cards, run.batches = told.cards, told.unknown_cards, told.batches
    run.by_rule, run.hits = dict(told.hits), told.hits.total()
    run.first_day, run.last_day = told.first_day, told.last_day
    run.rules = list(told.versions)
    run.move(MonitoringMove.START)
    work.record("monitoring.judged", run, records=run.records, bad=run.bad_rows, hits=run.hits)


def _deal(desk: Desk, run: MonitoringRun) -> None:
    path = desk.house.evidence.path(Digest(run.result_sha256))
    begin = run.dealt_with
    hits = hits_of(path, begin, _HITS_IN_STEP)
    for at in range(0, len(hits), HITS_AT_ONCE):
        some = hits[at : at + HITS_AT_ONCE]
        with desk.begin(Permission.USAGE_IMPORT) as work:
            mine = work.get(MonitoringRun, run.id)
            if mine.dealt_with != begin + at or mine.state is not MonitoringState.RUNNING:
                return
            new = keep_hits(work, mine, some)
            mine.findings += new
            mine.dealt_with += len(some)
            work.record("monitoring.dealt_with", mine, hits=mine.dealt_with, new=new)


def _finish(desk: Desk, run: MonitoringRun) -> None:
    with desk.begin(Permission.USAGE_IMPORT) as work:
        mine = work.get(MonitoringRun, run.id)
        if mine.state is not MonitoringState.RUNNING:
            return
        mine.move(MonitoringMove.FINISH)
        mine.ended_at = work.at
        work.record("monitoring.finished", mine, hits=mine.hits, findings=mine.findings)


def _fail(desk: Desk, run: MonitoringRun, no: Refusal) -> None:
    with desk.begin(Permission.USAGE_IMPORT) as work:
        mine = work.get(MonitoringRun, run.id)
        if mine.state is not MonitoringState.WAITING:
            return
        mine.move(MonitoringMove.FAIL)
        mine.fault, mine.ended_at = {"code": no.code, "facts": no.facts}, work.at
        work.record("monitoring.failed", mine, code=no.code)
