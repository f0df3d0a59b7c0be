"""`channel case` and `channel evidence`: cases, and packs that a third party can check."""

import hashlib
import shutil
from pathlib import Path
from typing import Annotated

import typer

from console.actions.cases.lists import case_by_reference, list_cases
from console.actions.cases.notices import send_notice
from console.actions.cases.open import open_case
from console.actions.files import evidence_pack
from console.cli.base import FOUND_BAD, choices, desk, say, show, show_json
from console.i18n import t
from integrations.evidence import check_pack
from models.cases.cases import Case, CaseState
from models.cases.notices import NoticeState

case = typer.Typer(help="Cases and notices to platforms.", no_args_is_help=True)
evidence = typer.Typer(help="Evidence packs.", no_args_is_help=True)


def _row(row: Case) -> dict[str, object]:
    return {
        "reference": row.reference,
        "state": row.state,
        "platform": row.platform,
        "shop": row.shop_name,
        "kind": row.kind,
        "tier": row.tier,
        "due": row.due_at,
    }


@case.command("list")
def case_list(
    state: Annotated[CaseState | None, typer.Option(help="Only those in this state.")] = None,
    overdue: Annotated[bool, typer.Option(help="Only those past their due date.")] = False,
    words: Annotated[str, typer.Option("--find", help="Part of a reference or shop.")] = "",
) -> None:
    """Cases, newest first."""
    own, after = desk(), None
    rows: list[dict[str, object]] = []
    while True:
        part = list_cases(own, state=state, overdue=overdue, q=words, after=after)
        rows += map(_row, part.rows)
        after = part.next
        if after is None:
            break
    show(rows)


@case.command("open")
def case_open(
    findings: Annotated[list[str], typer.Argument(help="Ids of confirmed findings of one shop.")],
) -> None:
    """Open a case on confirmed findings."""
    row = open_case(desk(), findings)
    say("case_cli.opened", reference=row.reference, tier=t(f"tier.{row.tier}"))


@case.command("send")
def case_send(reference: str) -> None:
    """Notify the platform of a decided case; exit 1 when the notice has not arrived."""
    own = desk()
    notice = send_notice(own, case_by_reference(own, reference).id)
    if notice.state is NoticeState.SENT:
        say("case_cli.notice_sent", number=notice.number, receipt=notice.receipt)
        return
    state = t(f"notice_state.{notice.state}")
    say("case_cli.notice_waits", number=notice.number, state=state, words=notice.last_words)
    raise typer.Exit(FOUND_BAD)


@evidence.command("pack")
def pack(
    reference: Annotated[str, typer.Argument(help="CASE-2026-000017")],
    out: Annotated[Path | None, typer.Option(help="File to write; else <reference>.zip.")] = None,
) -> None:
    """Write everything that a case rests on into one zip."""
    own = desk()
    made = evidence_pack(own, case_by_reference(own, reference).id)
    path = out or Path(made.name)
    assert made.path is not None  # noqa: S101 - a pack is a file
    shutil.move(made.path, path)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    say("case_cli.packed", path=path, sha256=digest)


@evidence.command("verify")
def verify(path: Path) -> None:
    """Hash every file of a pack again; exit 1 names what is missing or changed. Needs no server."""
    faults = check_pack(path)
    if choices().as_json:
        show_json({"path": str(path), "faults": faults})
    elif not faults:
        say("case_cli.whole", path=path)
    for fault in faults:
        say("case_cli.fault", what=fault)
    if faults:
        raise typer.Exit(FOUND_BAD)
