"""`channel log`: the public log, and who witnesses it."""

from dataclasses import asdict
from typing import Annotated

import typer

from console.actions.channel.log import list_entries, log_name
from console.actions.channel.witnesses import show_to_witnesses
from console.cli.base import FOUND_BAD, desk, house, say, show
from models.channel.log import LogKind

log = typer.Typer(help="The public log.", no_args_is_help=True)


@log.command("vkey")
def vkey() -> None:
    """The log's verifier key, for auditors and witnesses."""
    print(log_name(house())[1])


@log.command("entries")
def entries(
    kind: Annotated[LogKind | None, typer.Option(help="Of one event alone.")] = None,
    agent: Annotated[str, typer.Option(help="Of one agent number alone.")] = "",
    badge: Annotated[str, typer.Option(help="Of one badge alone.")] = "",
    limit: int = 50,
) -> None:
    """The newest entries."""
    found = list_entries(desk(), kind=kind, agent_no=agent, badge_id=badge, limit=limit)
    show(
        [
            {"place": row.leaf, "at": row.at, "kind": row.kind, "body": row.body.decode()}
            for row in found.rows
        ]
    )


@log.command("submit")
def submit() -> None:
    """Show the newest head to every witness that has not cosigned it; exit 1 when one does not."""
    if not house().settings.witnesses:
        say("log_cli.no_witnesses")
    shown = show_to_witnesses(desk())
    show([asdict(one) for one in shown])
    if not all(one.is_cosigned for one in shown):
        raise typer.Exit(FOUND_BAD)


def witness(context: typer.Context) -> None:
    """Run a witness for others' logs: the same program as integrations/witness.py; see --help."""
    from integrations import witness as program

    program.main(context.args)
