"""`channel audit`: both logs, checked from the outside."""

from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer

from console.actions.audit import latest_checkpoint, prove
from console.actions.channel.log import newest_head, proved_entry, seal_logs, verify_logs
from console.actions.tree_check import Verdict
from console.cli.base import FOUND_BAD, choices, desk, house, say, show_json, show_one
from console.i18n import t
from models.refusals import NotFound

audit = typer.Typer(help="The record of deeds and the public log.", no_args_is_help=True)


class Which(StrEnum):
    DEEDS = "deeds"
    PUBLIC = "public"


Chosen = Annotated[Which, typer.Option("--log", help="Of the record of deeds or the public log.")]


@audit.command("verify")
def audit_verify() -> None:
    """Hash every entry anew and compare with every signed head; exit 1 names the first bad one."""
    verdicts = verify_logs(desk())
    if choices().as_json:
        show_json({name: asdict(verdict) for name, verdict in verdicts.items()})
    for name, verdict in verdicts.items():
        _say(name, verdict)
    if any(verdict.fault is not None for verdict in verdicts.values()):
        raise typer.Exit(FOUND_BAD)


def _say(name: str, verdict: Verdict) -> None:
    log = t(f"log_name.{name}")
    if verdict.fault is not None:
        say("log_cli.broken", log=log, fault=verdict.fault)
    elif not choices().as_json:
        say("log_cli.whole", log=log, **asdict(verdict))


@audit.command("proof")
def audit_proof(leaf: int, log: Chosen = Which.DEEDS) -> None:
    """The proof that an entry stands in a log (RFC 9162 2.1.3), for its place."""
    if log is Which.DEEDS:
        show_one(asdict(prove(desk(), leaf)))
        return
    found = proved_entry(house(), leaf)
    show_one(
        {
            "leaf": leaf,
            "leaf_hash": found.leaf_hash.hex(),
            "path": [one.hex() for one in found.path],
            "checkpoint": found.head.note if found.head else None,
        }
    )


@audit.command("checkpoint")
def audit_checkpoint(log: Chosen = Which.DEEDS) -> None:
    """Seal what waits and print the signed head (C2SP tlog-checkpoint)."""
    seal_logs(desk())
    if log is Which.DEEDS:
        head = latest_checkpoint(desk())
        print(head.note if head else t("cli.no_checkpoint"), end="")
        return
    try:
        print(newest_head(house()).note, end="")
    except NotFound:
        print(t("cli.no_checkpoint"))
