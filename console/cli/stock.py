"""`channel stock`: bring a carrier's card stock, and ask where a card went."""

from pathlib import Path
from typing import Annotated

import typer

from console.actions.cards.stock import find_card
from console.cli import imports
from console.cli.base import FOUND_BAD, choices, desk, say, show, show_json
from models.channel.imports import ImportKind

stock = typer.Typer(help="Card stock and where cards went.", no_args_is_help=True)


@stock.command("import")
def stock_import(
    file: Path,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every row, keep none.")] = False,
    columns: Annotated[
        Path | None,
        typer.Option("--map", help='TOML or JSON that says field = "column of the file".'),
    ] = None,
    organisation: Annotated[
        str | None, typer.Option(help="Code of the carrier, where there are several.")
    ] = None,
) -> None:
    """Import card stock; exit 1 when a row was rejected."""
    imports.import_file(ImportKind.STOCK, file, dry_run, columns, organisation)


@stock.command("find")
def stock_find(iccid: str) -> None:
    """The batch of a card and the channels it went through; exit 1 when no stock has it."""
    found = find_card(desk(), iccid)
    place = found.place
    if place is None:
        say("stock_cli.not_found", iccid=found.iccid.text)
        raise typer.Exit(FOUND_BAD)
    if choices().as_json:
        show_json(
            {
                "iccid": found.iccid.text,
                "batch": place.batch.number,
                "delivered_on": place.batch.delivered_on,
                "product": place.batch.product,
                "chain": place.chain,
            }
        )
        return
    say(
        "stock_cli.found",
        iccid=found.iccid.text,
        batch=place.batch.number,
        day=place.batch.delivered_on,
    )
    show(
        [{name: one[name] for name in ("code", "name", "kind", "agent_no")} for one in place.chain]
    )
