"""A small log of deeds, signed by a key of its own, for packs that no house made."""

import base64
import hashlib
import json
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from integrations.evidence import Digest, LoggedDeed, Proofs
from models.merkle import Appender, inclusion_proof, leaf_hash, node_hash
from models.notes import Checkpoint, NoteKey, sign_note

SALT = "00" * 16


def proofs_of(digests: Sequence[Digest], origin: str = "test.example/audit") -> Proofs:
    """Each digest in a deed of its own, and all of them under one head."""
    deeds = [
        ["2026-03-02T04:00:00+00:00", "patrol.page_read", {"evidence": one}] for one in digests
    ]
    hashes = [leaf_hash(_commitment(deed)) for deed in deeds]
    tree = Appender(0, [])
    tree.append(hashes)
    key = Ed25519PrivateKey.generate()
    name = NoteKey(origin, key.public_key().public_bytes_raw())
    head = Checkpoint(origin, tree.size, tree.root())

    def node(level: int, index: int) -> bytes:
        if level == 0:
            return hashes[index]
        return node_hash(node(level - 1, index * 2), node(level - 1, index * 2 + 1))

    logged = {
        digest: LoggedDeed(
            deed, SALT, place, [one.hex() for one in inclusion_proof(place, tree.size, node)]
        )
        for place, (digest, deed) in enumerate(zip(digests, deeds, strict=True))
    }
    return Proofs(str(sign_note(head.text, name, key.sign)), [name.vkey], logged)


def resigned(checkpoint: str, key: Ed25519PrivateKey, origin: str) -> str:
    """The same head, signed by somebody else in the log's name."""
    text = checkpoint.rpartition("\n\n")[0] + "\n"
    name = NoteKey(origin, key.public_key().public_bytes_raw())
    signature = base64.b64encode(name.key_hash + key.sign(text.encode())).decode()
    return f"{text}\n\u2014 {origin} {signature}\n"


def _commitment(deed: Sequence[object]) -> bytes:
    text = json.dumps(deed, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(bytes.fromhex(SALT) + text.encode()).digest()
