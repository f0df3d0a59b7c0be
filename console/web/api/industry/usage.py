"""Use of industry cards by API: what comes in, the runs that judge it, and what is watched."""

from datetime import date
from http import HTTPStatus
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, File, Form, Query, UploadFile
from pydantic import Field

from console.actions.cards.industry.days import card_usage, usage_of
from console.actions.cards.industry.runs import (
    MOST_ROWS,
    append_usage,
    list_runs,
    plan_run,
    the_run,
)
from console.actions.cards.industry.usage_files import UsageRow
from console.actions.cards.industry.watch import add_watch, end_watch, list_watch, the_watch
from console.desk import Desk
from console.web.api.base import DEFAULT_LIMIT, Cursor, Limit, Page, Reading, Writing, shown
from console.web.api.channel.shapes import In, Out, shapes_of
from console.web.api.industry.shapes import UsageFindingOut, UsageRunOut, WatchOut
from models.cards.monitoring import MonitoringRun, MonitoringState
from models.cards.usage import MOST_REACHED

router = APIRouter()
_ONE = "/industry-batches/{batch_id}"
_MOST_BYTES: Final = 2**62
_MOST_TIMES: Final = 2**31 - 1


class RecordIn(In):
    """What a card did on a day. A record that can't be right is counted as bad, not refused."""

    iccid: str = Field(max_length=40)
    day: date
    bytes: int = Field(default=0, ge=0, le=_MOST_BYTES)
    voice: int = Field(default=0, ge=0, le=_MOST_TIMES)
    """Calls."""
    sms: int = Field(default=0, ge=0, le=_MOST_TIMES)
    device: str = Field(default="", max_length=32)
    """IMEI."""
    region: str = Field(default="", max_length=6)
    """Two or six digits (GB/T 2260)."""
    targets: list[Annotated[str, Field(max_length=255)]] = Field(
        default_factory=list, max_length=MOST_REACHED
    )
    """Hosts and addresses that were reached."""


class UsageIn(In):
    records: list[RecordIn] = Field(min_length=1, max_length=MOST_ROWS)
    carrier: str | None = Field(default=None, max_length=32)
    """Code of a carrier, for a group that sends what is one of its companies'."""


class WatchIn(In):
    batch_id: UUID
    iccid: str = Field(default="", max_length=40)
    """Left out: the whole batch."""
    reason: str = Field(max_length=500)
    until: date | None = None
    """The last day; left out, as long as the rules say."""


class WatchEndIn(In):
    reason: str = Field(max_length=500)


class DayOut(Out):
    """What the cards of a batch did on a day."""

    day: date
    cards: int
    bytes: int
    top_bytes: int
    """Of the card that used the most."""
    voice: int
    sms: int
    devices: int
    regions: int


class CardDayOut(Out):
    day: date
    bytes: int
    voice: int
    sms: int
    device: str
    region: str


class MonthUseOut(Out):
    month: str
    days: int
    """That are known."""
    bytes: int
    busiest_cards: int
    limit: int | None
    """What all its cards may use together."""


class TopCardOut(Out):
    iccid: str
    bytes: int
    is_watched: bool


class BatchUsageOut(Out):
    monthly_bytes: int | None
    """Of one card."""
    days: list[DayOut]
    months: list[MonthUseOut]
    top: list[TopCardOut]


class CardUsageOut(Out):
    iccid: str
    days: list[CardDayOut]
    """Kept while the card is under watch alone."""
    findings: list[UsageFindingOut]
    watch: list[WatchOut]


def _run(run: MonitoringRun) -> UsageRunOut:
    out = UsageRunOut.model_validate(run)
    at = f"/files/usage-runs/{run.id}"
    out.result = f"{at}/hits.parquet" if run.result_sha256 else None
    out.rejects = f"{at}/rejects.csv" if run.rejects_sha256 else None
    return out


def _run_of(desk: Desk, run_id: UUID) -> UsageRunOut:
    return _run(the_run(desk, run_id))


def _watch(desk: Desk, entry_id: UUID) -> WatchOut:
    return WatchOut.model_validate(the_watch(desk, entry_id))


shown("MonitoringRun")(_run_of)
shown("WatchEntry")(_watch)


@router.post("/usage", status_code=HTTPStatus.ACCEPTED)
def send(desk: Writing, body: UsageIn) -> UsageRunOut:
    """Up to 5,000 records, added to what their days have; they are judged by a run of their own."""
    rows = [UsageRow(**one.model_dump()) for one in body.records]
    return _run(append_usage(desk, rows, carrier=body.carrier))


@router.post("/usage/files", status_code=HTTPStatus.ACCEPTED)
def bring(
    desk: Writing,
    file: Annotated[UploadFile, File(description="CSV, XLSX or Parquet, whole days.")],
    carrier: Annotated[str | None, Form(max_length=32)] = None,
) -> UsageRunOut:
    """A file of whole days takes the place of what is known of these days. It goes on by itself."""
    return _run(plan_run(desk, file.filename or "file", file.file, carrier=carrier))


@router.get("/usage/runs")
def runs(
    desk: Reading,
    state: MonitoringState | None = None,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[UsageRunOut]:
    part = list_runs(desk, state=state, after=after, limit=limit)
    return Page(items=[_run(one) for one in part.rows], next=part.next)


@router.get("/usage/runs/{run_id}")
def run(desk: Reading, run_id: UUID) -> UsageRunOut:
    """How far it has got, and what it found; findings are at `/usage-findings?run=`."""
    return _run_of(desk, run_id)


@router.get(f"{_ONE}/usage")
def use(
    desk: Reading, batch_id: UUID, since: Annotated[date, Query()], until: Annotated[date, Query()]
) -> BatchUsageOut:
    """Day by day and month by month against the limit."""
    return BatchUsageOut.model_validate(usage_of(desk, batch_id, since, until))


@router.get(f"{_ONE}/cards/{{iccid}}/usage")
def use_of_card(desk: Reading, batch_id: UUID, iccid: str) -> CardUsageOut:
    return CardUsageOut.model_validate(card_usage(desk, batch_id, iccid))


@router.get("/usage/watch")
def watched(
    desk: Reading,
    batch: UUID | None = None,
    ended: bool = False,
    after: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[WatchOut]:
    """What is looked at more closely, newest first; with `ended` what was, as well."""
    part = list_watch(desk, batch=batch, ended=ended, after=after, limit=limit)
    return Page(items=shapes_of(WatchOut, part.rows), next=part.next)


@router.post("/usage/watch", status_code=HTTPStatus.CREATED)
def watch(desk: Writing, body: WatchIn) -> WatchOut:
    entry = add_watch(desk, **body.model_dump())
    return WatchOut.model_validate(entry)


@router.post("/usage/watch/{entry_id}/end")
def end(desk: Writing, entry_id: UUID, body: WatchEndIn) -> WatchOut:
    return WatchOut.model_validate(end_watch(desk, entry_id, body.reason))
