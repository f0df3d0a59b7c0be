"""`channel blacklist`: lists of barred parties, brought, confirmed and given out."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from console.actions.channel.barred_lists import (
    brought_lists,
    confirm_list,
    export_barred,
    refuse_list,
)
from console.cli import imports
from console.cli.base import desk, say, show
from models.channel.imports import ImportKind

blacklist = typer.Typer(help="The blacklist and restricted parties.", no_args_is_help=True)
_RESTRICTED = typer.Option("--restricted", help="Jointly punished parties, not the blacklist.")


@blacklist.command("import")
def import_(
    file: Path,
    restricted: Annotated[bool, _RESTRICTED] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check every row, keep none.")] = False,
    columns: Annotated[
        Path | None,
        typer.Option("--map", help='TOML or JSON that says field = "column of the file".'),
    ] = None,
    organisation: Annotated[str | None, typer.Option(help="Code of the carrier.")] = None,
) -> None:
    """Bring a list. Its entries hold once another approver has confirmed it."""
    kind = ImportKind.RESTRICTED if restricted else ImportKind.BLACKLIST
    imports.import_file(kind, file, dry_run, columns, organisation)


@blacklist.command("lists")
def lists() -> None:
    """Lists that were brought, the latest first."""
    part, waiting = brought_lists(desk())
    show(
        [
            {
                "id": one.id,
                "kind": one.kind,
                "file": one.file_name,
                "state": one.state,
                "accepted": one.accepted,
                "rejected": one.rejected,
                "waiting": waiting.get(one.id, 0),
            }
            for one in part.rows
        ]
    )


@blacklist.command("confirm")
def confirm(list_id: str) -> None:
    """Let a list's entries hold; never by who brought it."""
    say("barred_cli.confirmed", file=confirm_list(desk(), list_id).brought.file_name)


@blacklist.command("refuse")
def refuse(list_id: str, reason: Annotated[str, typer.Option(help="Why.")]) -> None:
    """Delete a list's entries, which never held."""
    say("barred_cli.refused", file=refuse_list(desk(), list_id, reason).brought.file_name)


@blacklist.command("export")
def export(file: Path, restricted: Annotated[bool, _RESTRICTED] = False) -> None:
    """Write every entry that you may see as CSV, which no program runs."""
    kind = ImportKind.RESTRICTED if restricted else ImportKind.BLACKLIST
    made = export_barred(desk(), kind)
    assert made.path is not None  # noqa: S101 - an export is a file
    shutil.move(made.path, file)
    say("barred_cli.exported", path=file)
