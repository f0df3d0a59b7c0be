"""What is kept sealed: small secrets of the house, and what it knows of persons."""

from integrations.vault.identities import Identities, Place
from integrations.vault.ledger import Tombstone
from integrations.vault.small import Tampered, Vault
from integrations.vault.store import LedgerShort, StoreRead
from integrations.vault.subjects import Erased, KeyMissing, SubjectKeys

__all__ = [
    "Erased",
    "Identities",
    "KeyMissing",
    "LedgerShort",
    "Place",
    "StoreRead",
    "SubjectKeys",
    "Tampered",
    "Tombstone",
    "Vault",
]
