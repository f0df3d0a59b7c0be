"""What the house signs and opens with for readers, and the name that it has among them.

To open a key takes files, a passphrase or a token, so what was opened is held for a minute: so
long a rotation or a loss takes to be known here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Final

from console.actions.audit import DEEDS
from console.actions.channel.keys import signer
from console.actions.trees import last_head, origin_of
from console.desk import House
from integrations.person_files import RecipientKeys
from integrations.reader_tokens import OwnKeys
from models.tokens import KeyRole

_HELD: Final = timedelta(minutes=1)
_turn: Final = Lock()


@dataclass(frozen=True, slots=True)
class Side:
    """The house as devices know it."""

    at: datetime
    aud: str
    keys: OwnKeys


_held: Final[dict[Path, Side]] = {}
"""By the folder of a house; a process has one."""


def own_side(house: House) -> Side:
    """Not to be called within a transaction: it may make a key, and begins one of its own."""
    at, folder = house.now(), house.settings.data
    known = _held.get(folder)
    if known is not None and abs(at - known.at) < _HELD:
        return known
    with _turn:
        known = _held.get(folder)
        if known is None or abs(at - known.at) >= _HELD:
            known = _held[folder] = _opened(house, at)
        return known


def _opened(house: House, at: datetime) -> Side:
    settings = house.settings
    own = signer(house.desk(), KeyRole.READER)
    recipients = RecipientKeys.of(settings.data / "keys", settings.key_passphrase)
    with house.engine.connect() as connection:
        origin = origin_of(house.desk(), DEEDS, last_head(connection, DEEDS))
    # Of the record's own name, which a house that moves keeps.
    aud = f"{origin.removesuffix(DEEDS.name)}reader"
    return Side(at, aud, OwnKeys.opened(own, house.keys.public_keys(KeyRole.READER), recipients))
