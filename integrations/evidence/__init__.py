"""What was seen, kept so that nobody can change it unnoticed: a store, captures, and packs."""

from integrations.evidence.capture import Bundle, Capture, KeptFile, tools
from integrations.evidence.pack import LoggedDeed, Packing, Proofs, StampKept, check_pack, pack
from integrations.evidence.store import Damaged, Digest, Store

__all__ = [
    "Bundle",
    "Capture",
    "Damaged",
    "Digest",
    "KeptFile",
    "LoggedDeed",
    "Packing",
    "Proofs",
    "StampKept",
    "Store",
    "check_pack",
    "pack",
    "tools",
]
