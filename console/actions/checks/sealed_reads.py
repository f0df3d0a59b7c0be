"""What a check knows of whose identity card was read: under a key of the check's own.

The key lies in the store of persons' keys, outside the database and its backups. The salt of the
marks goes with the comparison, the tokens and the key itself when the check's raw reads are purged.
"""

import os
from base64 import b64decode, b64encode
from uuid import UUID

from console.desk import House
from integrations.vault import KeyMissing, Place, SubjectKeys, Tombstone
from integrations.vault.identities import open_cell, seal_cell
from models.checks.reads import CardRead
from models.checks.spot_checks import SpotCheck
from models.checks.wire import NONCE


def fresh_salt(house: House, check: SpotCheck) -> bytes:
    """What goes into `SpotCheck.salt`. The caller holds the row, so that it gets one key."""
    salt = b64encode(os.urandom(NONCE)).decode()
    return seal_cell(_key(house, check.carrier_id, check.id), salt, _of_check(check), "salt")


def salt_of(house: House, check: SpotCheck) -> bytes:
    """32 bytes; Erased when the check was purged, KeyMissing where there never was one."""
    if not check.salt:
        raise KeyMissing(f"check {check.number} has no salt")
    keys = SubjectKeys(house.settings.data).of(check.carrier_id, [check.id])
    return b64decode(open_cell(keys[check.id], check.salt, _of_check(check), "salt"))


def sealed_token(house: House, carrier_id: UUID, check_id: UUID, row_id: UUID, token: str) -> bytes:
    place = Place(carrier_id, "card_reads", row_id, check_id)
    return seal_cell(_key(house, carrier_id, check_id), token, place, "token")


def opened_token(house: House, check: SpotCheck, read: CardRead) -> str:
    """Erased, KeyMissing, or Tampered where it is not what was put there."""
    place = Place(check.carrier_id, "card_reads", read.id, check.id)
    keys = SubjectKeys(house.settings.data).of(check.carrier_id, [check.id])
    return open_cell(keys[check.id], read.token, place, "token")


def shred_check(house: House, check: SpotCheck) -> None:
    """Nobody opens tokens or salt of the check again, from no backup either.

    To be done before the rows are emptied; twice does no harm. StoreRead while a backup runs.
    """
    keys = SubjectKeys(house.settings.data)
    keys.shred(Tombstone(check.id, check.carrier_id, check.number, house.now()))


def _key(house: House, carrier_id: UUID, check_id: UUID) -> bytes:
    keys = SubjectKeys(house.settings.data)
    try:
        return keys.of(carrier_id, [check_id])[check_id]
    except KeyMissing:
        return keys.make(carrier_id, [check_id])[check_id]


def _of_check(check: SpotCheck) -> Place:
    return Place(check.carrier_id, "spot_checks", check.id, check.id)
