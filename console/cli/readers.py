"""`channel reader`: laptops that read cards at the counter."""

from datetime import datetime
from typing import Annotated

import typer

from console.actions.checks.devices import (
    approve_device,
    ask_code,
    device_record,
    judge_reader,
    list_devices,
    quarantine_device,
    reinstate_device,
    retire_device,
    vouch_for_holder,
)
from console.cli.base import desk, house, say, show, show_record
from console.desk import Desk
from console.i18n import t
from models.checks.devices import DeviceState, ReaderDevice
from models.refusals import NotFound

reader = typer.Typer(help="Reader devices.", no_args_is_help=True)
Reason = Annotated[str, typer.Option(help="Why.")]


def _row(row: ReaderDevice) -> dict[str, object]:
    return {
        "number": row.number,
        "host": row.host,
        "state": row.state,
        "why": row.why,
        "last_seen": row.last_seen_at,
        "agent": row.agent_version,
        "reads": row.reads,
        "refused": row.refused,
    }


@reader.command("code")
def code(
    holder: Annotated[str, typer.Argument(help="Sign-in name of who will hold the laptop.")],
    site: Annotated[str, typer.Option(help="Where it is used.")] = "",
) -> None:
    """A pairing code for one laptop: it works once, within ten minutes."""
    asked = ask_code(desk(), holder, site)
    until = f"{asked.expires_at.astimezone():%T}"
    say("reader_cli.code", code=asked.code, until=until, url=house().settings.public_url)


@reader.command("list")
def list_(
    state: Annotated[DeviceState | None, typer.Option(help="Only those in this state.")] = None,
    words: Annotated[str, typer.Option("--find", help="How number or host begins.")] = "",
) -> None:
    """Reader devices, newest first."""
    own, after = desk(), None
    rows: list[dict[str, object]] = []
    while True:
        part = list_devices(own, state=state, words=words, after=after)
        rows += map(_row, part.rows)
        after = part.next
        if after is None:
            break
    show(rows)


@reader.command("show")
def show_(number: str) -> None:
    """One of them, and the card readers that it has read with."""
    own = desk()
    record = device_record(own, _found(own, number).id)
    row = record.device
    facts = _row(row) | {
        "site": row.site,
        "holder": record.holder.login,
        "asked_by": record.asker.login if record.asker else None,
        "approved_by": record.approver.login if record.approver else None,
        "reason": row.reason,
        "skew_ms": row.skew_ms,
        "last_seq": row.last_seq,
        "kid": row.kid if record.approver else None,
    }
    readers = [
        {
            "id": one.id,
            "name": one.name,
            "usb": one.usb,
            "sam_id": one.sam_id,
            "virtual": one.is_virtual,
            "state": one.state,
        }
        for one in record.readers
    ]
    show_record(facts, readers=readers)


@reader.command("approve")
def approve(
    number: str,
    fingerprint: Annotated[str, typer.Argument(help="As the laptop shows it: ABCD-EFGH.")],
) -> None:
    """Let it read: by another than who asked for it and than who holds it."""
    own = desk()
    _told(approve_device(own, _found(own, number).id, fingerprint))


@reader.command("vouch")
def vouch(
    number: str,
    trained_until: Annotated[
        datetime, typer.Argument(formats=["%Y-%m-%d"], help="The last day the training counts.")
    ],
    secrecy: Annotated[str, typer.Argument(help="Where the promise of secrecy is filed.")],
) -> None:
    """Its holder is trained and bound to secrecy: said by another than the holder."""
    own = desk()
    _told(vouch_for_holder(own, _found(own, number).id, trained_until.date(), secrecy))


@reader.command("quarantine")
def quarantine(number: str, reason: Reason) -> None:
    """Stop it at once, until somebody has looked into it."""
    own = desk()
    _told(quarantine_device(own, _found(own, number).id, reason))


@reader.command("reinstate")
def reinstate(number: str, reason: Reason) -> None:
    """Back to work."""
    own = desk()
    _told(reinstate_device(own, _found(own, number).id, reason))


@reader.command("retire")
def retire(number: str, reason: Reason) -> None:
    """For good: the laptop needs another key to read again."""
    own = desk()
    _told(retire_device(own, _found(own, number).id, reason))


@reader.command("allow")
def allow(
    number: str,
    sam: Annotated[str, typer.Argument(help="Id of the security module, as `show` has it.")],
    bar: Annotated[bool, typer.Option("--bar", help="Bar it instead.")] = False,
) -> None:
    """Let an identity card's reader count, or bar it."""
    own = desk()
    record = device_record(own, _found(own, number).id)
    found = [one for one in record.readers if one.sam_id == sam]
    if not found:
        raise NotFound("row.not_found", table="CardReader")
    for one in found:
        judge_reader(own, one.id, not bar)
    _told(record.device)


def _found(own: Desk, number: str) -> ReaderDevice:
    """By its number as people say it."""
    wanted = number.strip().upper()
    for row in list_devices(own, words=wanted).rows:
        if row.number == wanted:
            return row
    raise NotFound("row.not_found", table=ReaderDevice.__name__)


def _told(row: ReaderDevice) -> None:
    say("reader_cli.stands", number=row.number, state=t(f"device_state.{row.state}"))
