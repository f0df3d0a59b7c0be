"""What a reader is asked to read, and what comes of it: the lines between readers and the rest."""

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, Protocol

Kind = Literal["sim", "id"]
KINDS: Final[tuple[Kind, ...]] = ("sim", "id")


@dataclass(frozen=True, slots=True)
class Ask:
    """One read that is wanted. Without a task it is shown here and sent to nobody."""

    kind: Kind
    fields: Sequence[str]
    salt: str = ""
    task: str = ""
    number: str = ""
    challenge: str = ""
    offline: bool = False


@dataclass(frozen=True, slots=True)
class Done:
    """The end of one insertion's read. `end` is `read`, `pin_locked`, or a fault's code."""

    ask: Ask
    end: str
    reader: dict[str, Any]
    """As docs/reader.md has it: name, usb, serial, virtual, sam_id."""
    begun_at: datetime
    card_ns: int
    """`time.monotonic_ns()` of the card's event."""
    card: dict[str, Any] | None = None
    fault: dict[str, Any] | None = None


class Asks(Protocol):
    """Who wants cards read. A text in place of an ask is the code of why nothing is wanted."""

    def wanted(self, kind: Kind) -> Ask | str:
        """What the next card of this kind would be read for; nothing is used up."""
        ...

    def take(self, kind: Kind) -> Ask | str:
        """The same, and its challenge is now this read's alone."""
        ...

    def give_back(self, ask: Ask) -> None:
        """Nothing was read, so the challenge may serve another."""
        ...

    def done(self, done: Done) -> None:
        """A read ended, well or not."""
        ...


class Voice(Protocol):
    """Whoever is to hear what goes on: a sentence on the screen, a line of JSON, the log."""

    def __call__(self, code: str, /, **facts: object) -> None: ...


@dataclass(slots=True)
class LocalAsks:
    """Reads for the person at the laptop: of one kind, kept nowhere and sent nowhere."""

    kind: Kind
    fields: Sequence[str]
    ends: list[Done] = field(default_factory=list[Done])

    def wanted(self, kind: Kind) -> Ask | str:
        if kind != self.kind:
            return "no_task"
        # The worker needs some salt for its MACs; this one is thrown away with them.
        salt = urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
        return Ask(kind, self.fields, salt)

    def take(self, kind: Kind) -> Ask | str:
        return self.wanted(kind)

    def give_back(self, ask: Ask) -> None:
        del ask

    def done(self, done: Done) -> None:
        self.ends.append(done)
