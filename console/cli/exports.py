"""`channel export LIST FILE`: a list as a file, as the one who is named by `--as` may take it."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from console.actions.exports.taking import export_list
from console.cli.base import desk, say
from models.oversight.exports import ExportFormat


def export(
    name: Annotated[str, typer.Argument(metavar="LIST", help="Its page's name, as `agents`.")],
    file: Annotated[Path, typer.Argument(help="Where to; .xlsx makes a workbook, else CSV.")],
    query: Annotated[str, typer.Option(help="Filters, as the page's address has them.")] = "",
) -> None:
    """Take a list out, up to the rows that nobody has to be asked for."""
    kind = ExportFormat.XLSX if file.suffix.lower() == ".xlsx" else ExportFormat.CSV
    taken = export_list(desk(), name, query, kind)
    if taken.path is not None:
        shutil.move(taken.path, file)
    say("exports_page.written", file=file.name)
