"""`channel keys`: signing keys, and the switch that halts issuing; `channel badge check-all`."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from console.actions.channel.issuing import finish_badges, halt_issuing, resume_issuing
from console.actions.channel.keys import announce_keys, list_keys, revoke_key, rotate_key
from console.actions.channel.losses import sweep_losses
from console.actions.channel.nightly import check_all_badges
from console.cli.base import FOUND_BAD, choices, desk, say, show, show_json
from console.i18n import t
from models.refusals import Invalid
from models.tokens import KeyRole

keys = typer.Typer(help="Signing keys, and whether badges are issued.", no_args_is_help=True)


@keys.command("list")
def keys_list() -> None:
    """Every key: what it signs, until when, and how many badges rest on it."""
    own = desk()
    announce_keys(own)
    show(
        [
            {
                "kid": one.key.kid,
                "role": one.key.role,
                "algorithm": one.key.algorithm,
                "state": one.state,
                "not_before": one.key.not_before,
                "not_after": one.key.not_after,
                "revoked_at": one.key.revoked_at,
                "badges": one.badges,
                "live": one.live,
            }
            for one in list_keys(own)
        ]
    )


@keys.command("rotate")
def keys_rotate(role: Annotated[KeyRole, typer.Argument()] = KeyRole.BADGE) -> None:
    """Make a new key that signs from now on; the old one stays published."""
    made = rotate_key(desk(), role)
    say("keys_cli.rotated", kid=made.kid, role=t(f"key_role.{made.role}"))


@keys.command("revoke")
def keys_revoke(
    kid: str,
    since: Annotated[str, typer.Option(help="The earliest moment of the loss, ISO 8601.")],
    reason: Annotated[str, typer.Option()],
) -> None:
    """Declare a key lost; what it signed and no witness vouches for is replaced."""
    own = desk()
    row = revoke_key(own, kid, since=_moment(since), reason=reason)
    say("keys_cli.revoked", kid=row.kid, n=sweep_losses(own))


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("keys_cli.not_a_moment", value=text) from None
    if found.tzinfo is None:
        raise Invalid("keys_cli.not_a_moment", value=text)
    return found


@keys.command("halt")
def keys_halt(reason: Annotated[str, typer.Option()]) -> None:
    """Sign no badge any more, in any process, until another person resumes."""
    halt_issuing(desk(), reason)
    say("keys_cli.halted")


@keys.command("resume")
def keys_resume(reason: Annotated[str, typer.Option()]) -> None:
    """Go on issuing, and sign the badges that wait."""
    own = desk()
    resume_issuing(own, reason)
    say("keys_cli.resumed", n=finish_badges(own))


def check_all() -> None:
    """Verify every badge anew; exit 1 and a halt of issuing when one is not in order."""
    found = check_all_badges(desk())
    if choices().as_json:
        show_json(asdict(found) if found else None)
    elif found is None:
        say("keys_cli.nothing")
    elif found.fault is None:
        say("keys_cli.checked", checked=found.checked)
    else:
        fault = t(f"badge_fault.{found.fault}")
        say("keys_cli.bad", **{**asdict(found), "fault": fault})
    if found is not None and found.bad:
        raise typer.Exit(FOUND_BAD)
