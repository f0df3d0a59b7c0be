"""`channel monitor`: a file of records of use compared with what the cards' batches may do."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import typer

from console.cli.base import choices, desk, say, show_one
from console.cli.watch import Watch
from console.i18n import t
from integrations.bulk import MonitorSummary, monitor_file, read_scopes
from models.base import utc_now
from models.cards.usage import BINDINGS, scopes_table, usage_limits
from models.rules import china_day


def monitor(
    source: Annotated[Path, typer.Argument(metavar="IN", help="Parquet, CSV or XLSX.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="A .parquet or .csv file.")],
    scopes: Annotated[
        Path | None,
        typer.Option(help="Scopes in JSON or Parquet, for a run without a database."),
    ] = None,
    carrier: Annotated[
        str | None, typer.Option(help="Code of the carrier, where there are several.")
    ] = None,
    days: Annotated[
        Path | None, typer.Option(help="Also each batch's days: a .parquet or .csv file.")
    ] = None,
    engine: Annotated[str, typer.Option(help="local, or dask://host:port.")] = "local",
    processes: Annotated[int | None, typer.Option(help="Of the local engine.", min=1)] = None,
) -> None:
    """Write to OUT which cards of IN were used beyond the scope of their batch.

    Nothing is kept: `channel usage` brings a file into the console.
    """
    watch = Watch("monitor_cli.progress")
    known = {"scopes": read_scopes(scopes)} if scopes else _of_house(carrier)
    done = monitor_file(
        source,
        target,
        **known,
        limits=usage_limits(china_day(utc_now())),
        engine=engine,
        processes=processes,
        days=days,
        progress=watch,
    )
    watch.end()
    _tell(done, target)


def _of_house(carrier: str | None) -> dict[str, Any]:
    """What the database has; a run with scopes of its own does not wait for all that to load."""
    from console.actions.cards.industry.scopes import device_locks, usage_scopes, watched_cards

    own = desk()
    locks = list(device_locks(own, carrier))
    return {
        "scopes": scopes_table(usage_scopes(own, carrier)),
        "bindings": pa.table([[one[at] for one in locks] for at in range(2)], schema=BINDINGS),
        "watched": pa.array(watched_cards(own, carrier), pa.int64()),
    }


def _tell(done: MonitorSummary, target: Path) -> None:
    if choices().as_json:
        names = ("records", "bad_rows", "cards", "unknown_cards", "batches", "first_day",
                 "last_day", "versions", "rejects")  # fmt: skip
        facts = {name: getattr(done, name) for name in names}
        show_one({**facts, "hits": dict(done.hits), "unread": dict(done.unread), "file": target})
        return
    say("monitor_cli.done", records=done.records, cards=done.cards, batches=done.batches,
        hits=done.hits.total(), file=target)  # fmt: skip
    for rule, hits in sorted(done.hits.items()):
        say("monitor_cli.rule", rule=t(f"usage_rule.{rule}"), hits=hits)
    if done.unknown_cards:
        say("monitor_cli.unknown", cards=done.unknown_cards)
    if done.bad_rows:
        say("monitor_cli.rejected", rows=done.bad_rows, file=done.rejects)
    if done.unread.total():
        say("monitor_cli.unread", devices=done.unread["device"], regions=done.unread["region"])
