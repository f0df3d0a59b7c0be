"""What the agent can't or won't do: a class for each thing that its caller does next.

The code is the key of the words in texts/; the facts are put into them. Neither holds a secret,
a token or a value from a card.
"""

from http import HTTPStatus
from typing import ClassVar


class AgentRefusal(Exception):
    """`code`: key of the words; `facts`: what they name."""

    code: ClassVar[str]

    def __init__(self, **facts: str | int) -> None:
        super().__init__(self.code, facts)
        self.facts = facts


class AgentRunning(AgentRefusal):
    """Another agent holds the folder: two would sign two reads under one number."""

    code = "agent_running"


class FolderUnusable(AgentRefusal):
    code = "folder_unusable"


class NotEnrolled(AgentRefusal):
    code = "not_enrolled"


class KeyPresent(AgentRefusal):
    """There is a key, which is never written over."""

    code = "key_present"


class KeyFileOpen(AgentRefusal):
    """Others may have read the key: whoever has it signs as this laptop."""

    code = "key_file_open"


class KeyDamaged(AgentRefusal):
    code = "key_damaged"


class PairingDamaged(AgentRefusal):
    """console.json is not what enrolment wrote."""

    code = "pairing_damaged"


class AddressRefused(AgentRefusal):
    """An address that no read may be sent to; `why`: `plain`, `shape`, `ca`."""

    code = "address_refused"


class SpoolFull(AgentRefusal):
    """A read could not be kept, so none may be made."""

    code = "spool_full"


class SpoolDamaged(AgentRefusal):
    code = "spool_damaged"


class NoSuchRead(AgentRefusal):
    code = "no_such_read"


class ReceiptWrong(AgentRefusal):
    """Not this console's signature, or not for what was sent. `why` says which."""

    code = "receipt_wrong"


class CardWrong(AgentRefusal):
    """A worker gave what no card of that kind has: `field` names it, never its value."""

    code = "card_wrong"


class ConsoleUnreachable(AgentRefusal):
    """No answer of the console's own; trying later is right.

    `reason`: `network`, `timeout`, `tls`, `answer` (somebody else answered, or nonsense did),
    `other_console` (another console answers there now).
    """

    code = "console_unreachable"

    def __init__(self, reason: str, **facts: str | int) -> None:
        super().__init__(reason=reason, **facts)
        self.reason = reason


class ConsoleRefused(AgentRefusal):
    """The console's own answer: its status, its code (`http_503` for a mere status), its words."""

    code = "console_refused"

    def __init__(
        self, status: int, told: str, message: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(status=status, told=told, message=message)
        self.status = status
        self.told = told
        self.message = message
        self.retry_after = retry_after
        """Seconds, as the console asked."""


class KeysChanged(ConsoleRefused):
    """Keys that enrolment did not tell, and nobody but the address vouches for them.

    It ends reading as the console's own 403 does: whoever names keys gets to read the reads.
    """

    code = "keys_changed"

    def __init__(self) -> None:
        super().__init__(HTTPStatus.FORBIDDEN, self.code)
