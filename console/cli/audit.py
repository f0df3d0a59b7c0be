"""`channel audit`: the record of deeds, checked from the outside."""

from dataclasses import asdict

import typer

from console.actions.audit import latest_checkpoint, prove, seal, verify
from console.cli.base import FOUND_BAD, choices, desk, say, show_json, show_one
from console.i18n import t

audit = typer.Typer(help="The record of deeds.", no_args_is_help=True)


@audit.command("verify")
def audit_verify() -> None:
    """Hash every entry anew and compare with every signed head; exit 1 names the first bad one."""
    verdict = verify(desk())
    if choices().as_json:
        show_json(asdict(verdict))
    elif verdict.fault is None:
        say("cli.audit_whole", **asdict(verdict))
    if verdict.fault is not None:
        say("cli.audit_broken", fault=verdict.fault)
        raise typer.Exit(FOUND_BAD)


@audit.command("proof")
def audit_proof(leaf: int) -> None:
    """The proof that an entry stands in the signed record (RFC 9162 2.1.3), for its place."""
    show_one(asdict(prove(desk(), leaf)))


@audit.command("checkpoint")
def audit_checkpoint() -> None:
    """Seal what waits and print the signed head (C2SP tlog-checkpoint)."""
    seal(desk())
    head = latest_checkpoint(desk())
    print(head.note if head else t("cli.no_checkpoint"), end="")
