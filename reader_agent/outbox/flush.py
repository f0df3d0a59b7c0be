"""What waits goes to the console, in the order in which it was signed; what comes of each read."""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from reader_agent.outbox.spool import Entry, Spool
from reader_agent.refusals import ConsoleRefused, ConsoleUnreachable, ReceiptWrong
from reader_agent.wire.relay import Relay, Sent

_LONGEST_PAUSE: Final = 300.0
_MOST_DOUBLINGS: Final = 9
_ASIDE: Final = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}
)
_STOPS: Final = frozenset(
    {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.UPGRADE_REQUIRED}
)
_CONSOLES_OWN: Final = "reader."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of handing over one read.

    `relayed`; `refused`: it is kept aside; `later`: it waits; `stopped`: it waits, and nothing
    more may be read until the console says otherwise.
    """

    state: str
    code: str = ""
    retry_after: float | None = None

    @property
    def waits(self) -> bool:
        return self.state in {"later", "stopped"}


def hand_over(relay: Relay, spool: Spool, entry: Entry) -> tuple[Outcome, Sent | None]:
    """Sends one read and notes in the spool what the console said."""
    try:
        sent = relay.send(entry.token or "")
        spool.accepted(entry.read_id, sent.receipt)
    except ConsoleUnreachable as error:
        return Outcome("later", error.reason), None
    except ReceiptWrong as error:
        return Outcome("later", error.code), None
    except ConsoleRefused as refused:
        outcome = _judged(refused)
        if outcome.state == "refused":
            spool.refused(entry.read_id, refused.told)
        return outcome, None
    return Outcome("relayed"), sent


def flush(relay: Relay, spool: Spool) -> Sequence[tuple[Entry, Outcome]]:
    """Sends until nothing waits or the console is in the way; no later read overtakes."""
    done: list[tuple[Entry, Outcome]] = []
    while waiting := spool.waiting(1):
        outcome, _ = hand_over(relay, spool, waiting[0])
        done.append((waiting[0], outcome))
        if outcome.waits:
            break
    return done


def backoff(attempts: int, dice: float, retry_after: float | None = None) -> float:
    """Seconds until the next attempt after so many in vain: 1, 2, 4 … 300, less up to a half.

    `dice` (0 to 1) spreads laptops that lost the console at one moment. What the console asked
    for is never cut short.
    """
    pause = min(_LONGEST_PAUSE, 2.0 ** min(max(attempts - 1, 0), _MOST_DOUBLINGS))
    if retry_after is None:
        return pause * (1 - dice / 2)
    return max(retry_after, pause / 2) + pause * dice / 2


def _judged(refused: ConsoleRefused) -> Outcome:
    """A read is put aside on the console's own word alone: a gate on the way may refuse too."""
    is_own = refused.told.startswith(_CONSOLES_OWN)
    if refused.status in _STOPS:
        state = "stopped"
    elif refused.status in _ASIDE and is_own:
        state = "refused"
    else:
        state = "later"
    return Outcome(state, refused.told, refused.retry_after)
