"""`channel usage`: how industry cards are used, what was found of it, and what was ordered."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from console.actions.cards.industry.batches import batch_numbered
from console.actions.cards.industry.findings import (
    confirm_usage_finding,
    dismiss_usage_finding,
    list_usage_findings,
    usage_finding_numbered,
)
from console.actions.cards.industry.order_lists import OrderFilters, find_orders
from console.actions.cards.industry.run_files import run_rejects
from console.actions.cards.industry.runs import list_runs, plan_run, run_monitoring
from console.actions.cards.industry.watch import add_watch, end_watch, list_watch
from console.cli.base import FOUND_BAD, choices, desk, say, show, show_one
from console.cli.given import every
from console.i18n import t, told
from models.cards.card_orders import CardMeasure, CardOrder, OrderState
from models.cards.monitoring import (
    MonitoringRun,
    MonitoringState,
    UsageFinding,
    UsageFindingState,
    WatchEntry,
)
from models.cards.usage_rules import UsageRule
from models.refusals import NotFound

usage = typer.Typer(help="How industry cards are used.", no_args_is_help=True)
Batch = Annotated[str, typer.Option("--batch", help="Number of a batch.")]
Organisation = Annotated[
    str | None, typer.Option(help="Code of the carrier, where there are several.")
]


@usage.command("run")
def run(file: Path, organisation: Organisation = None) -> None:
    """Judge a file of records (CSV, XLSX, Parquet) here and now against the scopes of the house.

    Exit 1 when it fails, or when a record could not be read.
    """
    judge(file, organisation)


def judge(file: Path, organisation: str | None) -> None:
    own = desk()
    planned = plan_run(own, file.name, file, carrier=organisation)
    done = run_monitoring(own, planned.id)
    rejects = _kept_beside(done, file)
    if choices().as_json:
        show_one(_run(done) | {"by_rule": done.by_rule, "rejects": rejects, "fault": done.fault})
    elif done.fault is not None:
        typer.echo(told(done.fault["code"], done.fault["facts"]), err=True)
        say("usage_cli.failed", number=done.number)
    else:
        say(
            "usage_cli.done", number=done.number, records=done.records, bad=done.bad_rows,
            hits=done.hits, findings=done.findings,
        )  # fmt: skip
        for rule, count in sorted(done.by_rule.items()):
            print(f"  - {t(f'usage_rule.{rule}')}: {count}")
        if rejects is not None:
            say("usage_cli.rejects_at", path=rejects)
    if done.state is not MonitoringState.DONE or done.bad_rows:
        raise typer.Exit(FOUND_BAD)


@usage.command("runs")
def runs(
    state: Annotated[MonitoringState | None, typer.Option(help="In this state.")] = None,
) -> None:
    """Runs, newest first."""
    own = desk()
    show([_run(one) for one in every(lambda after: list_runs(own, state=state, after=after))])


@usage.command("findings")
def findings(
    state: Annotated[UsageFindingState | None, typer.Option(help="In this state.")] = None,
    rule: Annotated[UsageRule | None, typer.Option(help="Against this limit.")] = None,
    batch: Batch = "",
    late: Annotated[bool, typer.Option(help="Only what should have been acted on.")] = False,
) -> None:
    """What cards did beyond their scope, newest first."""
    own = desk()
    of = batch_numbered(own, batch).id if batch else None
    found = every(
        lambda after: list_usage_findings(
            own, state=state, rule=rule, batch=of, late=late, after=after
        )
    )
    show([_finding(one) for one in found])


@usage.command("confirm")
def confirm(number: str, reason: Annotated[str, typer.Option(help="In a sentence.")] = "") -> None:
    """It is so."""
    own = desk()
    _told(confirm_usage_finding(own, usage_finding_numbered(own, number).id, reason=reason))


@usage.command("dismiss")
def dismiss(number: str, reason: Annotated[str, typer.Option(help="Why it is not so.")]) -> None:
    """It is not so."""
    own = desk()
    _told(dismiss_usage_finding(own, usage_finding_numbered(own, number).id, reason))


@usage.command("watch")
def watch(
    batch: Annotated[str | None, typer.Argument(help="Number of a batch; none: the list.")] = None,
    iccid: Annotated[str, typer.Option(help="One card of it.")] = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day.")
    ] = None,
    end: Annotated[bool, typer.Option("--end", help="Watch it no more.")] = False,
) -> None:
    """What is under watch; or look more closely at a batch or a card of it, for a time."""
    own = desk()
    if batch is None:
        show([_entry(one) for one in every(lambda after: list_watch(own, after=after))])
        return
    of = batch_numbered(own, batch)
    if end:
        entries = every(lambda after: list_watch(own, batch=of.id, after=after))
        ended = end_watch(own, _watched(entries, iccid).id, reason)
        say("usage_cli.watch_ended", title=ended.iccid or of.number)
        return
    day = until.date() if until else None
    added = add_watch(own, of.id, iccid, reason=reason, until=day)
    say("usage_cli.watched", title=added.iccid or of.number, until=added.until)


@usage.command("orders")
def orders(
    state: Annotated[OrderState | None, typer.Option(help="In this state.")] = None,
    measure: Annotated[CardMeasure | None, typer.Option(help="Of this kind.")] = None,
    batch: Batch = "",
    overdue: Annotated[bool, typer.Option(help="Only those past their due moment.")] = False,
) -> None:
    """What was ordered for cards, newest first."""
    own = desk()
    of = batch_numbered(own, batch).id if batch else None
    filters = OrderFilters(state, measure, of, overdue)
    show([_order(one) for one in every(lambda after: find_orders(own, filters, after))])


def _kept_beside(run: MonitoringRun, file: Path) -> Path | None:
    if not run.rejects_sha256:
        return None
    kept = run_rejects(desk(), run.id)
    target = file.with_name(kept.name)
    if kept.path is None:
        return None
    target.write_bytes(kept.path.read_bytes())
    return target


def _run(row: MonitoringRun) -> dict[str, object]:
    return {
        "number": row.number,
        "state": row.state,
        "file": row.file_name,
        "records": row.records,
        "bad": row.bad_rows,
        "unknown_cards": row.unknown_cards,
        "hits": row.hits,
        "findings": row.findings,
        "created": row.created_at,
    }


def _finding(row: UsageFinding) -> dict[str, object]:
    return {
        "number": row.number,
        "state": row.state,
        "iccid": row.iccid,
        "rule": row.rule,
        "kind": row.kind,
        "value": row.value,
        "limit": row.threshold,
        "first": row.first_day,
        "last": row.last_day,
        "due": row.due_at,
    }


def _entry(row: WatchEntry) -> dict[str, object]:
    return {"iccid": row.iccid, "reason": row.reason, "since": row.since, "until": row.until}


def _order(row: CardOrder) -> dict[str, object]:
    return {
        "number": row.number,
        "measure": row.measure,
        "state": row.state,
        "cards": len(row.cards),
        "ordered": row.ordered_at,
        "told": row.told_at,
        "carried_out": row.carried_out_at,
        "due": row.due_at,
    }


def _watched(entries: list[WatchEntry], iccid: str) -> WatchEntry:
    for one in entries:
        if one.iccid == iccid.strip()[: len(one.iccid)] and bool(one.iccid) == bool(iccid.strip()):
            return one
    raise NotFound("row.not_found", table=WatchEntry.__name__)


def _told(row: UsageFinding) -> None:
    if choices().as_json:
        show_one(_finding(row))
        return
    state = t(f"usage_finding_state.{row.state}")
    say("usage_cli.finding_stands", number=row.number, state=state)
