"""Processes that the supervisor has to live with: `python -m tests.reader.odd_workers NAME …`.

The card that the good ones read is fictitious.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NoReturn

CARD: Final[dict[str, Any]] = {"kind": "uicc", "iccid": "89869926010000000018", "imsi_state": "no"}


def say(**message: object) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def orders() -> Iterator[dict[str, Any]]:
    for line in sys.stdin:
        yield json.loads(line)


def puppet(pipe: str) -> None:
    """Says what the test writes into the pipe; `end` ends it."""
    with Path(pipe).open() as lines:
        for line in lines:
            if line.strip() == "end":
                return
            sys.stdout.write(line)
            sys.stdout.flush()


def well(_: str) -> None:
    say(event="ready")
    for order in orders():
        say(event="busy", id=order["id"])
        say(event="read", id=order["id"], card=CARD, counter=order["counter"])


def mute_once(marker: str) -> None:
    """As a card that blocks SCardTransmit for ever, and the next one does not."""
    if Path(marker).exists():
        well(marker)
        return
    say(event="ready")
    for order in orders():
        Path(marker).touch()
        say(event="busy", id=order["id"])
        hang()


def dies_at_once(_: str) -> NoReturn:
    raise LookupError("89869926010000000018 must not be told")


def dies_reading_once(marker: str) -> None:
    if Path(marker).exists():
        well(marker)
        return
    say(event="ready")
    for _ in orders():
        Path(marker).touch()
        os._exit(11)


def shaky_once(marker: str) -> None:
    """Contacts that bounce: nothing at first, a card after that."""
    say(event="ready")
    for order in orders():
        if Path(marker).exists():
            say(event="read", id=order["id"], card=CARD, counter=order["counter"])
        else:
            Path(marker).touch()
            say(event="fault", id=order["id"], code="unreadable", stage="connect")


def slow(gate: str) -> None:
    """Answers once the test has made the file, so that the card may be changed meanwhile."""
    say(event="ready")
    for order in orders():
        say(event="busy", id=order["id"])
        while not Path(gate).exists():
            time.sleep(0.01)
        say(event="read", id=order["id"], card={**CARD, "atr": str(order["counter"])})


def babbles(_: str) -> None:
    sys.stdout.write("Traceback: no line of JSON\n")
    sys.stdout.flush()
    hang()


def hang() -> NoReturn:
    while True:
        time.sleep(3600)


if __name__ == "__main__":
    {one.__name__: one for one in (
        puppet, well, mute_once, dies_at_once, dies_reading_once, shaky_once, slow, babbles
    )}[sys.argv[1]](sys.argv[2])  # fmt: skip
