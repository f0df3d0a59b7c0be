"""How a command ends, for scripts."""

from enum import IntEnum

from reader_agent.refusals import (
    AddressRefused,
    AgentRefusal,
    CardWrong,
    ConsoleRefused,
    KeyDamaged,
    KeyFileOpen,
    KeyPresent,
    NoSuchRead,
    NotEnrolled,
    PairingDamaged,
    ReceiptWrong,
)


class Exit(IntEnum):
    OK = 0
    FALSE = 1
    """`verify` looked, and it does not hold."""
    USAGE = 2
    NOT_ENROLLED = 3
    MISSING = 4
    """The card service, a reader, the console or room on the disk."""
    CARD = 5
    REFUSED = 6
    """By the console."""
    SPOOLED = 7
    """Read and kept; the console does not have it yet."""


def exit_of(refusal: AgentRefusal) -> Exit:
    match refusal:
        case NotEnrolled() | KeyFileOpen() | KeyDamaged() | KeyPresent() | PairingDamaged():
            return Exit.NOT_ENROLLED
        case ConsoleRefused() | ReceiptWrong():
            return Exit.REFUSED
        case AddressRefused() | NoSuchRead():
            return Exit.USAGE
        case CardWrong():
            return Exit.CARD
        case _:
            return Exit.MISSING
