"""The keys of a mailbox: what deliveries bear, and what they are signed with.

Deliveries are signed as Standard Webhooks says: HMAC-SHA256 over `id.timestamp.body`. While a
secret is being replaced the old one holds on for a while, and each delivery bears two signatures.
"""

import json
from base64 import b64decode, b64encode
from datetime import datetime, timedelta
from secrets import token_bytes
from typing import Final

from console.desk import Desk
from integrations.notices import Push, push_to
from models.cases.notices import Mailbox

PREFIX: Final = "whsec_"
OVERLAP: Final = timedelta(days=1)
"""How long the old secret holds on beside a new one."""
_BYTES: Final = 32


def mailbox_seal(mailbox: Mailbox) -> str:
    """What the bearer key of a mailbox is bound to."""
    return f"mailbox:{mailbox.id}"


def new_secret(desk: Desk, mailbox: Mailbox, now: datetime) -> str:
    """A new secret on the row, to be shown this once; the newest before it holds on for a day."""
    raw = token_bytes(_BYTES)
    held = _held(desk, mailbox, now)[:1]
    kept = [{"key": b64encode(raw).decode(), "until": None}]
    kept += [{"key": one, "until": (now + OVERLAP).isoformat()} for one in held]
    mailbox.signing_key = desk.house.vault.seal(json.dumps(kept).encode(), _signing_seal(mailbox))
    return PREFIX + b64encode(raw).decode()


def push_of(desk: Desk, mailbox: Mailbox) -> Push:
    """How a notice is pushed to a mailbox now."""
    sealed, now, settings = mailbox.key, desk.now(), desk.house.settings
    key = desk.house.vault.open(sealed, mailbox_seal(mailbox)).decode() if sealed else ""
    secrets = tuple(b64decode(one) for one in _held(desk, mailbox, now))
    push = push_to(mailbox.url, key, settings.agent, settings.fetch_allowed_networks)
    return push.signed(secrets, int(now.timestamp()))


def _held(desk: Desk, mailbox: Mailbox, now: datetime) -> list[str]:
    """Secrets that hold at the moment, newest first."""
    if mailbox.signing_key is None:
        return []
    kept = json.loads(desk.house.vault.open(mailbox.signing_key, _signing_seal(mailbox)))
    return [
        one["key"]
        for one in kept
        if one["until"] is None or datetime.fromisoformat(one["until"]) > now
    ]


def _signing_seal(mailbox: Mailbox) -> str:
    return f"mailbox:{mailbox.id}:signing"
