"""`channel case`: cases and notices to platforms."""

from typing import Annotated

import typer

from console.actions.cases.boards import CaseFilters, find_cases
from console.actions.cases.lists import case_by_reference
from console.actions.cases.notices.sending import send_notice
from console.actions.cases.open import open_case
from console.cli.base import FOUND_BAD, desk, say, show
from console.i18n import t
from models.cases.cases import Case, CaseState
from models.cases.notices import NoticeState

case = typer.Typer(help="Cases and notices to platforms.", no_args_is_help=True)


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
    filters = CaseFilters(state=state, overdue=overdue, q=words)
    rows: list[dict[str, object]] = []
    while True:
        part = find_cases(own, filters, after)
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
def case_send(
    reference: str,
    platform: Annotated[str, typer.Option(help="Another one where the agent has a shop.")] = "",
) -> None:
    """Notify the platform of a decided case; exit 1 when the notice has not arrived."""
    own = desk()
    notice = send_notice(own, case_by_reference(own, reference).id, platform)
    if notice.state is NoticeState.SENT:
        say("case_cli.notice_sent", number=notice.number, receipt=notice.receipt)
        return
    state = t(f"notice_state.{notice.state}")
    say("case_cli.notice_waits", number=notice.number, state=state, words=notice.last_words)
    raise typer.Exit(FOUND_BAD)
