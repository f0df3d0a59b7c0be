"""What a reader is doing, and the table of its moves. Pure: no clock, no process, no wire.

    SERVICE_DOWN ⇄ NO_READER ⇄ EMPTY ── card ──→ CARD_IN ── asked ──→ READING
                                 ▲                  ▲                  │ ▲  │
                                 │                  └── worker died ───┤ │  │ answered, mute
                            gone │                                     │ │  │
                                 │                       shaky ┌───────┘ │  │
                                 │                             ▼         │  │
                                 │                         SETTLING ─────┘  │
                                 └─────────── WAIT_REMOVAL ◄────────────────┘

A card is read at once: the 150 ms in which contacts may still bounce are waited for only when the
first try found the card unreadable, so that every other card costs its own time and no more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class State(StrEnum):
    SERVICE_DOWN = "service_down"
    NO_READER = "no_reader"
    EMPTY = "empty"
    CARD_IN = "card_in"
    """A card that nobody has asked for yet: no open task, no challenge in hand, or too soon."""
    SETTLING = "settling"
    READING = "reading"
    WAIT_REMOVAL = "wait_removal"


class Event(StrEnum):
    SERVICE_LOST = "service_lost"
    READER_LOST = "reader_lost"
    READER_FOUND = "reader_found"
    CARD = "card"
    SAME_CARD = "same_card"
    """The card that had its read before the service went away is reported once more."""
    GONE = "gone"
    ASKED = "asked"
    SHAKY = "shaky"
    SETTLED = "settled"
    ANSWERED = "answered"
    """A read, or a fault that ends the read."""
    MUTE = "mute"
    DIED = "died"
    """The worker's process ended; the card was not read and is read by the next worker."""
    GIVEN_UP = "given_up"
    """The worker died three times in a minute."""


MOVES: Final[Mapping[tuple[State, Event], State]] = {
    **{(state, Event.SERVICE_LOST): State.SERVICE_DOWN for state in State},
    **{(state, Event.READER_LOST): State.NO_READER for state in State},
    **{(state, Event.GIVEN_UP): State.NO_READER for state in State},
    (State.SERVICE_DOWN, Event.READER_FOUND): State.EMPTY,
    (State.NO_READER, Event.READER_FOUND): State.EMPTY,
    (State.EMPTY, Event.CARD): State.CARD_IN,
    (State.EMPTY, Event.SAME_CARD): State.WAIT_REMOVAL,
    (State.CARD_IN, Event.ASKED): State.READING,
    (State.CARD_IN, Event.GONE): State.EMPTY,
    (State.READING, Event.SHAKY): State.SETTLING,
    (State.READING, Event.ANSWERED): State.WAIT_REMOVAL,
    (State.READING, Event.MUTE): State.WAIT_REMOVAL,
    (State.READING, Event.DIED): State.CARD_IN,
    (State.READING, Event.GONE): State.EMPTY,
    (State.SETTLING, Event.SETTLED): State.READING,
    (State.SETTLING, Event.DIED): State.CARD_IN,
    (State.SETTLING, Event.GONE): State.EMPTY,
    (State.WAIT_REMOVAL, Event.GONE): State.EMPTY,
}
"""What is not here changes nothing: a late line of a worker, a card where a card already is."""

ENDS_OF_A_READ: Final = frozenset({"read", "pin_locked"})
"""How a read can go well; every other end is a fault code of docs/reader.md."""
NEVER_SENT: Final = "card_left"
FAULT_CODES: Final = (
    "card_left", "not_a_sim", "unreadable", "iccid_fault", "busy", "mute", "blank",
    "id_mute", "id_bad_frame", "id_read_failed", "id_select_failed", "id_forged", "id_refused",
    "id_unauthorised", "id_self_test", "id_unplugged",
)  # fmt: skip


@dataclass(slots=True)
class Slot:
    """One reader's state and what it remembers of the card that is in it."""

    state: State = State.NO_READER
    counter: int = 0
    card_ns: int = 0
    """`time.monotonic_ns()` of the card's event."""
    tries: int = 0
    spent: bool = False
    """The service went away while a card that had its read was still in."""

    def move(self, event: Event) -> bool:
        """Whether the event meant anything here."""
        after = MOVES.get((self.state, event))
        if after is None:
            return False
        if event is Event.SERVICE_LOST:
            self.spent = self.spent or self.state is State.WAIT_REMOVAL
        elif event in {Event.GONE, Event.READER_LOST}:
            self.spent = False
        self.state = after
        return True

    def card(self, counter: int, at_ns: int, *, was_in: bool = False) -> bool:
        """A card came. One that a returning service found in the reader is not a new one."""
        same = self.spent and was_in
        self.spent = same
        if not self.move(Event.SAME_CARD if same else Event.CARD):
            return False
        self.counter, self.card_ns, self.tries = counter, at_ns, 0
        return True

    def asked(self) -> bool:
        self.tries += 1
        return self.move(Event.ASKED)

    def faulted(self, code: str) -> Event:
        """Ends the read, or lets the contacts settle for one second try."""
        event = Event.SHAKY if code == "unreadable" and self.tries == 1 else Event.ANSWERED
        self.move(event)
        return event

    def settled(self) -> bool:
        self.tries += 1
        return self.move(Event.SETTLED)
