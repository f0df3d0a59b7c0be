"""`channel import`: a file of rows, checked and taken here and now. Killed, a worker goes on."""

import json
import tomllib
from pathlib import Path
from typing import Annotated

import typer

from console.actions.imports.plan import plan_import
from console.actions.imports.rejects import rejects_file
from console.actions.imports.run import run_import
from console.cli.base import FOUND_BAD, choices, desk, say, show_one
from console.i18n import told
from models.channel.imports import Import, ImportKind, ImportState
from models.refusals import Invalid, Refusal


def import_file(
    kind: ImportKind,
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
    """Import rows from a CSV, XLSX, Parquet or NDJSON file.

    Exit 0 when every row was taken, 1 when one was rejected.

    Rejected rows are written beside the file, each with its reasons, to be mended and brought
    again.
    """
    own = desk()
    planned = plan_import(
        own,
        kind,
        file.name,
        file,
        _mapping(columns) if columns else None,
        dry=dry_run,
        organisation=organisation,
    )
    imported = run_import(own, planned.id)
    rejects = _kept_beside(imported, file)
    _tell(imported, rejects)
    if imported.state is not ImportState.DONE or imported.rejected:
        raise typer.Exit(FOUND_BAD)


def _mapping(path: Path) -> dict[str, str]:
    try:
        text = path.read_text("utf-8-sig")
        given: object = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
    except (OSError, ValueError) as error:
        raise Invalid("cli_import.bad_map", file=path.name) from error
    if not isinstance(given, dict):
        raise Invalid("cli_import.bad_map", file=path.name)
    return {str(field): str(column) for field, column in given.items()}  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType]


def _kept_beside(imported: Import, file: Path) -> Path | None:
    if imported.rejects_sha256 is None:
        return None
    kept, name = rejects_file(desk(), imported.id)
    target = file.with_name(name)
    target.write_bytes(kept.read_bytes())
    return target


def _tell(imported: Import, rejects: Path | None) -> None:
    if choices().as_json:
        show_one(
            {
                "id": imported.id,
                "state": imported.state,
                "dry": imported.is_dry,
                "rows": imported.rows,
                "accepted": imported.accepted,
                "rejected": imported.rejected,
                "rejects": rejects,
                "fault": imported.fault,
            }
        )
        return
    if imported.fault is not None:
        no = Refusal(imported.fault["code"], **imported.fault["facts"])
        typer.echo(told(no.code, no.facts), err=True)
    key = "cli_import.dry_done" if imported.is_dry else "cli_import.done"
    say(
        key,
        file=imported.file_name,
        accepted=imported.accepted,
        rejected=imported.rejected,
    )
    if rejects is not None:
        say("cli_import.rejects_at", path=rejects)
