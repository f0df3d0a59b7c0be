"""`doctor`: what stands between this laptop and a read, in words that a person can act on."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from reader_agent.build import this_agent
from reader_agent.commands import doctor_host
from reader_agent.commands.cli_console import GOOD_STATES, relay_of
from reader_agent.commands.doctor_host import Host
from reader_agent.commands.exits import Exit
from reader_agent.commands.voice import Out
from reader_agent.kept.folder import StateFolder
from reader_agent.outbox.spool import Spool
from reader_agent.policy import is_clock_off
from reader_agent.refusals import AgentRefusal, AgentRunning, ConsoleRefused, ConsoleUnreachable
from reader_agent.wire.relay import Relay

_OWN_WORDS: Final = frozenset({"access_denied", "pyscard_missing"})
"""Reasons of the monitor that have a sentence of their own."""
_FULL: Final = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """`level`: `ok`, `warning` for somebody to look at, `fault` where no read can be made."""

    level: str
    code: str
    facts: dict[str, object] = field(default_factory=dict[str, object])


def command(args: argparse.Namespace, folder: StateFolder, out: Out) -> int:
    host = Host()
    found = list(examine(folder, host, args.port))
    for one in found:
        out.give({"level": one.level, "code": one.code, **one.facts})
        facts = {
            name: out.words.of("reason", str(fact)) if name in {"reason", "why"} else fact
            for name, fact in one.facts.items()
        }
        out.say(f"level.{one.level}", text=out.words(f"doctor.{one.code}", **facts))
    return Exit.MISSING if any(one.level == "fault" for one in found) else Exit.OK


def examine(folder: StateFolder, host: Host, port: str | None) -> Iterator[Finding]:
    agent = this_agent()
    yield Finding("ok", "version", {"version": agent.version, "build": agent.build[:12]})
    yield from _readers(host)
    yield from _ports(host, port)
    yield from _pairing(folder)
    yield from _spool(folder)


def _readers(host: Host) -> Iterator[Finding]:
    if sys.platform != "win32":
        state = host.service()
        if state != "running":
            code = "no_pcscd" if state == "missing" and not host.has_pcscd() else f"pcscd_{state}"
            yield Finding("fault", code, {"path": str(host.socket)})
            return
    seen = doctor_host.readers()
    if not seen.up:
        code = seen.reason if seen.reason in _OWN_WORDS else "pcsc_broken"
        yield Finding("fault", code, {"reason": seen.reason})
        return
    if not seen.readers:
        yield Finding("fault", "no_reader")
        return
    for name in seen.readers:
        code = "virtual_reader" if "virtual" in name.lower() else "reader"
        yield Finding("warning" if code == "virtual_reader" else "ok", code, {"reader": name})
    for pid, name in host.others():
        yield Finding("warning", "used_by", {"name": name, "pid": pid})


def _ports(host: Host, port: str | None) -> Iterator[Finding]:
    """One that was named must work; of those that were found each is told."""
    named = [port] if port is not None else doctor_host.found_ports()
    if not named:
        yield Finding("warning", "no_port")
    for path in named:
        code = host.port(Path(path))
        if code == "port_usable":
            yield _sam(path)
        else:
            yield Finding("fault" if port is not None else "warning", code, {"port": path})


def _sam(path: str) -> Finding:
    """What the identity reader itself says."""
    seen = doctor_host.identity_reader(path)
    if seen.get("up"):
        return Finding("ok", "sam", {"port": path, "sam_id": seen.get("sam_id", "")})
    reason = str(seen.get("reason", "id_mute"))
    return Finding("fault", "sam_silent", {"port": path, "reason": reason})


def _pairing(folder: StateFolder) -> Iterator[Finding]:
    try:
        with relay_of(folder) as relay:
            yield from _console(relay)
    except AgentRefusal as refusal:
        yield Finding("fault", refusal.code, dict(refusal.facts))


def _console(relay: Relay) -> Iterator[Finding]:
    try:
        facts = relay.now()
    except AgentRefusal as refusal:
        yield _away(relay, refusal)
        return
    yield Finding("ok", "console", {"url": relay.console.url})
    seconds = round(relay.skew_ms / 1000)
    off = is_clock_off(relay.skew_ms)
    yield Finding("fault" if off else "ok", "clock_off" if off else "clock", {"seconds": seconds})
    if this_agent().is_older(facts.minimum_version):
        yield Finding("fault", "too_old", {"minimum": facts.minimum_version})
    yield from _standing(relay)


def _standing(relay: Relay) -> Iterator[Finding]:
    try:
        state = relay.status()
    except AgentRefusal as refusal:
        yield _away(relay, refusal)
        return
    if state != "too_old":  # that was told by its version
        yield Finding("ok" if state in GOOD_STATES else "fault", f"device_{state}")


def _away(relay: Relay, refusal: AgentRefusal) -> Finding:
    reason = refusal.code
    if isinstance(refusal, ConsoleUnreachable):
        reason = refusal.reason
    elif isinstance(refusal, ConsoleRefused):
        reason = refusal.told
    return Finding("fault", "console_away", {"url": relay.console.url, "reason": reason})


def _spool(folder: StateFolder) -> Iterator[Finding]:
    try:
        with folder.alone():
            pass
    except AgentRunning as running:
        yield Finding("ok", "agent_running", dict(running.facts))
    waiting = 0
    if folder.spool_path.exists():
        with closing(Spool.look(folder.spool_path)) as spool:
            waiting = spool.count()
    level = "warning" if waiting >= _FULL else "ok"
    yield Finding(level, "spool", {"waiting": waiting})
