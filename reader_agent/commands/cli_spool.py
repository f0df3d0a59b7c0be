"""Commands about what was read before: `spool list|flush|show`, `verify`."""

import argparse
from collections.abc import Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from reader_agent import jws
from reader_agent.commands.cli_console import relay_of
from reader_agent.commands.exits import Exit
from reader_agent.commands.voice import Out
from reader_agent.jws import Jwk
from reader_agent.kept.device_key import DeviceKey
from reader_agent.kept.folder import StateFolder
from reader_agent.outbox.flush import flush
from reader_agent.outbox.spool import Entry, Spool
from reader_agent.refusals import NoSuchRead
from reader_agent.wire.answer import Answer, Misshapen
from reader_agent.wire.envelope import READ, RECEIPT
from reader_agent.wire.pairing import Console

_PARTS_OF_A_JWE: Final = 5
_SHOWN: Final = ("read_id", "seq", "prev", "task", "kind", "captured_at", "sha256", "accepted_at")
"""Of a token that holds: what names it. What was on the card stays in the file."""


def listed(args: argparse.Namespace, folder: StateFolder, out: Out) -> int:
    entries: Sequence[Entry] = []
    if folder.spool_path.exists():
        with closing(Spool.look(folder.spool_path)) as spool:
            entries = spool.list(args.limit)
    if not entries:
        out.say("told.spool_empty")
    for entry in entries:
        _say(entry, out)
    return Exit.OK


def shown(args: argparse.Namespace, folder: StateFolder, out: Out) -> int:
    if not folder.spool_path.exists():
        raise NoSuchRead(read_id=args.id)
    with closing(Spool.look(folder.spool_path)) as spool:
        entry = spool.show(args.id)
    _say(entry, out)
    out.say("told.sha256", sha256=entry.sha256)
    if entry.receipt:
        out.say("told.receipt", receipt=entry.receipt)
    return Exit.OK


def flushed(args: argparse.Namespace, folder: StateFolder, out: Out) -> int:
    del args
    with (
        relay_of(folder) as relay,
        folder.alone(),
        closing(Spool.open(folder.spool_path)) as spool,
    ):
        done = flush(relay, spool)
        waiting = spool.count()
    states = [outcome.state for _, outcome in done]
    counts = {state: states.count(state) for state in ("relayed", "refused")}
    stuck = next((outcome for _, outcome in done if outcome.waits), None)
    out.give({**counts, "waiting": waiting, "told": stuck.code if stuck else ""})
    out.say("told.flushed", **counts, waiting=waiting)
    if stuck is not None:
        out.say("told.flush_stuck", told=out.words.of("reason", stuck.code))
        return Exit.REFUSED if stuck.state == "stopped" else Exit.SPOOLED
    return Exit.REFUSED if counts["refused"] else Exit.OK


def verify(args: argparse.Namespace, folder: StateFolder, out: Out) -> int:
    """Of this laptop's reads and the console's receipts, or by the keys of a JWKS file."""
    try:
        token = args.file.read_text("ascii").strip()
    except (OSError, ValueError):
        out.refuse("no_such_file", {"path": str(args.file)})
        return Exit.USAGE
    if token.count(".") == _PARTS_OF_A_JWE - 1:
        out.give({"valid": None, "why": "sealed"})
        out.say("told.verify_sealed")
        return Exit.FALSE
    try:
        typ, told = _opened(token, _keys(args.keys, folder))
    except (jws.NotSigned, Misshapen) as error:
        out.give({"valid": False, "why": str(error)})
        out.say("told.verify_wrong", why=out.words.of("reason", str(error)))
        return Exit.FALSE
    named = {name: told[name] for name in _SHOWN if name in told}
    if typ == READ:
        named["sha256"] = sha256(token.encode()).hexdigest()
    out.give({"valid": True, "typ": typ, **named})
    out.say(f"told.verify_{'read' if typ == READ else 'receipt'}")
    for name, value in named.items():
        out.say("told.line", name=name, value=value)
    return Exit.OK


def _opened(token: str, keys: Sequence[Jwk]) -> tuple[str, dict[str, Any]]:
    """Each use of a token has a type of its own, so the type is tried and not believed."""
    try:
        return READ, jws.opened(token, keys, READ)
    except jws.NotSigned as error:
        if str(error) != "header":
            raise
    return RECEIPT, jws.opened(token, keys, RECEIPT)


def _keys(path: Path | None, folder: StateFolder) -> Sequence[Jwk]:
    if path is None:
        own = DeviceKey.load(folder.key_path).public_jwk
        return [own, *Console.read(folder.console_path).receipt_keys]
    try:
        return [one.jwk("Ed25519") for one in Answer.read(path.read_bytes()).parts("keys")]
    except OSError:
        raise Misshapen("keys") from None


def _say(entry: Entry, out: Out) -> None:
    facts = {
        "seq": entry.seq,
        "read_id": entry.read_id,
        "kind": entry.kind,
        "state": entry.state,
        "made_at": entry.made_at,
        "code": entry.code or "",
    }
    out.give({**facts, "sha256": entry.sha256, "receipt": entry.receipt})
    facts["state"] = out.words.of("spool_state", entry.state)
    facts["kind"] = out.words.of("kind", entry.kind)
    facts["code"] = out.words.of("reason", entry.code) if entry.code else ""
    out.say("told.entry", **facts)
