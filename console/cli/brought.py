"""`channel import`: a file of any kind, as the console calls its kinds."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from console.cli import imports, usage
from models.channel.imports import ImportKind


class FileKind(StrEnum):
    """What a file is of. Records of use are judged, all others are taken in row by row."""

    AGENTS = "agents"
    SHOPS = "shops"
    LISTINGS = "listings"
    BLACKLIST = "blacklist"
    RESTRICTED = "restricted"
    STOCK = "stock"
    INDUSTRY_CARDS = "industry-cards"
    USAGE = "usage"

    @property
    def rows(self) -> ImportKind:
        return ImportKind[self.name]


def bring(
    kind: FileKind,
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
    """Import rows from a CSV, XLSX, Parquet or NDJSON file; exit 1 when one was rejected.

    Rejected rows are written beside the file, each with its reasons, to be mended and brought
    again. Records of use (`usage`) are judged against the scopes of the house, as by
    `channel usage run`: CSV, XLSX or Parquet, neither mapped nor tried first.
    """
    if kind is not FileKind.USAGE:
        imports.import_file(kind.rows, file, dry_run, columns, organisation)
    elif dry_run or columns:
        raise typer.BadParameter("--dry-run, --map")
    else:
        usage.judge(file, organisation)
