"""`channel evidence`: packs that a third party can check."""

import hashlib
import shutil
from pathlib import Path
from typing import Annotated

import typer

from console.actions.cases.lists import case_by_reference
from console.actions.files import Download
from console.actions.patrol.packs import evidence_pack, finding_pack, run_pack
from console.cli.base import FOUND_BAD, choices, desk, say, show_json
from integrations.evidence.verifier import check

evidence = typer.Typer(help="Evidence packs.", no_args_is_help=True)


@evidence.command("pack")
def pack(
    names: Annotated[
        list[str] | None, typer.Argument(help="CASE-2026-000017, and the file to write.")
    ] = None,
    finding: Annotated[str, typer.Option(help="FD-2026-000031: that finding alone.")] = "",
    run: Annotated[str, typer.Option(help="PR-2026-000005: every capture of that run.")] = "",
    out: Annotated[Path | None, typer.Option(help="File to write; else <name>.zip.")] = None,
) -> None:
    """Write everything that a case, a finding or a run rests on into one zip."""
    own, given = desk(), list(names or [])
    if not (finding or run) and not given:
        raise typer.BadParameter("a case, --finding or --run")
    if finding:
        made = finding_pack(own, finding)
    elif run:
        made = run_pack(own, run)
    else:
        made = evidence_pack(own, case_by_reference(own, given.pop(0)).id)
    if len(given) > 1:
        raise typer.BadParameter(" ".join(given))
    _written(made, out or Path(given[0] if given else made.name))


def _written(made: Download, path: Path) -> None:
    assert made.path is not None  # noqa: S101 - a pack is a file
    shutil.move(made.path, path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    say("case_cli.packed", path=path, sha256=digest)


@evidence.command("verify")
def verify(
    path: Path,
    key: Annotated[list[str] | None, typer.Option(help="Verifier key of the log.")] = None,
    tsa_root: Annotated[Path | None, typer.Option(help="PEM of the timestamp root.")] = None,
) -> None:
    """Hash and prove a pack again; exit 1 names what is missing or changed. Needs no server."""
    report = check(path, key or (), tsa_root)
    if choices().as_json:
        show_json({"path": str(path), "faults": report.faults, "notes": report.notes,
                   "facts": report.facts})  # fmt: skip
    elif not report.faults:
        say("case_cli.whole", path=path)
    for fault in report.faults:
        say("case_cli.fault", what=fault)
    for note in () if choices().as_json else report.notes:
        say("evidence_cli.note", what=note)
    if report.faults:
        raise typer.Exit(FOUND_BAD)
