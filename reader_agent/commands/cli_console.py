"""Commands that speak with the console: `enrol`, `status`, `tasks`, `pack fetch`; and `version`."""

import argparse
import platform
from collections.abc import Generator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from reader_agent.build import this_agent
from reader_agent.commands.exits import Exit
from reader_agent.commands.voice import Out
from reader_agent.kept.device_key import DeviceKey
from reader_agent.kept.folder import StateFolder
from reader_agent.outbox.packs import Packs
from reader_agent.outbox.spool import REFUSED, WAITING, Spool
from reader_agent.refusals import KeyPresent, NotEnrolled
from reader_agent.wire.answer import written
from reader_agent.wire.pairing import Console
from reader_agent.wire.relay import Relay
from reader_agent.wire.tasks import Pack, Task

MOST_CHALLENGES: Final = 60
MOST_HOURS: Final = 48
GOOD_STATES: Final = frozenset({"active", "enrolled"})
"""In which the console takes reads; a device is `enrolled` until it is first heard of."""


@contextmanager
def relay_of(folder: StateFolder) -> Generator[Relay]:
    """NotEnrolled, KeyFileOpen, KeyDamaged, PairingDamaged."""
    key = DeviceKey.load(folder.key_path)
    console = Console.read(folder.console_path)
    with closing(Relay(console, key, this_agent(), path=folder.console_path)) as relay:
        yield relay


def enrol(args: argparse.Namespace, folder: StateFolder, out: Out) -> int:
    """A key that never reached a console is used; another enrolment needs `--again`."""
    with folder.alone():
        if args.again:
            aside = folder.put_aside(datetime.now(UTC).strftime("old-%Y%m%dT%H%M%S"))
            out.say("told.put_aside", path=aside)
        elif folder.console_path.exists():
            raise KeyPresent(path=str(folder.key_path))
        try:
            key = DeviceKey.load(folder.key_path)
        except NotEnrolled:
            key = DeviceKey.create(folder.key_path)
        host = platform.node()
        agent = this_agent()
        made = Relay.enrol(args.console, args.code, args.ca, key=key, agent=agent, host=host)
        made.console.write(folder.console_path)
    out.give({"fingerprint": made.fingerprint, "state": made.state, "aud": made.console.aud})
    out.say("told.enrolled", fingerprint=made.fingerprint, aud=made.console.aud)
    out.say("told.state", state=out.words.of("state", made.state))
    return Exit.OK


def status(args: argparse.Namespace, folder: StateFolder, out: Out) -> int:
    del args
    waiting = refused = 0
    if folder.spool_path.exists():
        with closing(Spool.look(folder.spool_path)) as spool:
            waiting, refused = spool.count(WAITING), spool.count(REFUSED)
    with relay_of(folder) as relay:
        fingerprint = DeviceKey.load(folder.key_path).fingerprint
        aud, url = relay.console.aud, relay.console.url
        out.say("told.device", fingerprint=fingerprint, aud=aud, url=url)
        out.say("told.spool", waiting=waiting, refused=refused)
        state = relay.status()
        skew_ms = relay.skew_ms
    out.say("told.state", state=out.words.of("state", state))
    found = {"aud": aud, "fingerprint": fingerprint, "state": state, "skew_ms": skew_ms}
    out.give({**found, "waiting": waiting, "refused": refused})
    return Exit.OK if state in GOOD_STATES else Exit.REFUSED


def tasks(args: argparse.Namespace, folder: StateFolder, out: Out) -> int:
    del args
    with relay_of(folder) as relay:
        _, found = relay.tasks(0)
    if not found:
        out.say("told.no_task")
    for task in found:
        out.give(_as_json(task))
        fields = ", ".join(out.words.of("field", one) for one in task.fields)
        out.say(
            "told.task_line",
            number=task.number,
            kind=out.words.of("kind", task.kind),
            title=task.title,
            fields=fields or "–",
            until=_here(task.expires_at),
        )
    return Exit.OK


def pack(args: argparse.Namespace, folder: StateFolder, out: Out) -> int:
    """For each kind that the task wants, unless one is named."""
    with relay_of(folder) as relay, folder.alone(), closing(Spool.open(folder.spool_path)) as spool:
        _, found = relay.tasks(0)
        asked = [
            one
            for one in found
            if args.task in {one.task, one.number} and args.kind in {None, one.kind}
        ]
        for one in asked:
            given = relay.pack(one.task, one.kind, args.count, args.hours)
            Packs(spool).keep(given, datetime.now(UTC) - timedelta(milliseconds=relay.skew_ms))
            _tell_of(given, out)
    if not asked:
        out.refuse("no_such_task", {"task": args.task})
        return Exit.REFUSED
    return Exit.OK


def version(args: argparse.Namespace, folder: StateFolder, out: Out) -> int:
    del args, folder
    agent = this_agent()
    out.give({"version": agent.version, "build": agent.build})
    out.say("told.version", version=agent.version, build=agent.build)
    return Exit.OK


def _tell_of(pack: Pack, out: Out) -> None:
    until = max((one.until for one in pack.challenges), default=pack.task.challenge_until)
    number, kind, count = pack.task.number, pack.task.kind, len(pack.challenges)
    out.give({"number": number, "kind": kind, "count": count, "until": written(until)})
    word = out.words.of("kind", kind)
    out.say("told.packed", number=number, kind=word, count=count, until=_here(until))


def _here(at: datetime) -> str:
    """As the laptop's own clock shows it."""
    return at.astimezone().strftime("%m-%d %H:%M")


def _as_json(task: Task) -> dict[str, object]:
    return {
        "task": task.task,
        "number": task.number,
        "kind": task.kind,
        "title": task.title,
        "fields": list(task.fields),
        "expires_at": written(task.expires_at),
    }
