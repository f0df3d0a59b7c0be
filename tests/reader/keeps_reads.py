"""A paired laptop's process of its own, to be killed or starved: keeps reads and says so.

    python -m tests.reader.keeps_reads FOLDER keep|send|starve CHALLENGE…

Each line that it prints is a read that is kept.
"""

import resource
import sys
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

from reader_agent.kept.device_key import DeviceKey
from reader_agent.kept.folder import StateFolder
from reader_agent.outbox.flush import flush
from reader_agent.outbox.spool import Spool
from reader_agent.refusals import SpoolFull
from reader_agent.wire.envelope import read_token
from reader_agent.wire.pairing import Console
from reader_agent.wire.relay import Relay
from tests.reader.laptop import AGENT, facts


def main(path: str, deed: str, challenges: Sequence[str]) -> None:
    folder = StateFolder.open(Path(path))
    with folder.alone():
        key, console = DeviceKey.load(folder.key_path), Console.read(folder.console_path)
        spool = Spool.open(folder.spool_path)

        def keep(challenge: str) -> None:
            told = facts(challenge)
            spool.must_have_room()
            spool.add(lambda seq, prev: read_token(key, console, told, seq, prev))
            say("kept")

        if deed == "starve":
            starve(keep, challenges)
            return
        for challenge in challenges:
            keep(challenge)
        if deed == "send":
            flush(Relay(console, key, AGENT), spool)
        sys.stdin.read()


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def starve(keep: Callable[[str], None], challenges: Sequence[str]) -> None:
    """No file may grow beyond what the spool takes now and a little; then again it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    left = iter(challenges)
    for _ in count():
        try:
            keep(next(left))
        except SpoolFull:
            say("full")
            break
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    keep(next(left))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
