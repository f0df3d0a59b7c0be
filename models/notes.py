"""Text forms of a log's head: C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof."""

import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar, Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from models.merkle import HASH_SIZE

_ED25519: Final = b"\x01"
_COSIGNATURE: Final = b"\x04"
_TIME_BYTES: Final = 8
_LATEST: Final = 1 << 63
_NAME: Final = re.compile(r"[^\s+]+")
_SIGNATURE: Final = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_KEY_BYTES: Final = 32
_KEY_HASH_BYTES: Final = 4
_LONGEST: Final = 1 << 16
_MOST_SIGNATURES: Final = 100


class BadNote(ValueError):
    """A note, a checkpoint or a verifier key that is not what it claims to be."""


@dataclass(frozen=True, slots=True)
class NoteKey:
    """Who may sign a note: a name without spaces or plus signs, and an Ed25519 key."""

    algorithm: ClassVar[bytes] = _ED25519

    name: str
    public: bytes

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or len(self.public) != _KEY_BYTES:
            raise BadNote(f"no key name: {self.name!r}")

    @property
    def key_hash(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + self.algorithm + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """`name+hash+key`, the form in which auditors are given it."""
        public = b64encode(self.algorithm + self.public).decode()
        return f"{self.name}+{self.key_hash.hex()}+{public}"

    @classmethod
    def from_vkey(cls, vkey: str) -> Self:
        match vkey.split("+", 2):
            case [name, key_hash, encoded]:
                public = _unbase64(encoded)
            case _:
                raise BadNote("a verifier key has three parts")
        if public[:1] != cls.algorithm:
            raise BadNote("a verifier key of another kind")
        key = cls(name, public[1:])
        if key.key_hash.hex() != key_hash:
            raise BadNote("the key's hash does not fit the key")
        return key

    def signs(self, text: str, signature: bytes) -> bool:
        """Whether the signature on the note's text is this key's."""
        return _is_signed(self.public, text.encode(), signature)


@dataclass(frozen=True, slots=True)
class WitnessKey(NoteKey):
    """Who cosigns heads of logs (tlog-cosignature v1): what it signs holds the time as well."""

    algorithm: ClassVar[bytes] = _COSIGNATURE

    def signs(self, text: str, signature: bytes) -> bool:
        at = int.from_bytes(signature[:_TIME_BYTES])
        if len(signature) < _TIME_BYTES or at >= _LATEST:
            return False
        return _is_signed(self.public, cosigned_text(text, at), signature[_TIME_BYTES:])


def cosigned_text(text: str, at: int) -> bytes:
    """What a witness signs of a head: the moment in POSIX seconds, then the note's text."""
    return f"cosignature/v1\ntime {at}\n{text}".encode()


@dataclass(frozen=True, slots=True)
class Signature:
    name: str
    key_hash: bytes
    signature: bytes

    @property
    def line(self) -> str:
        return f"— {self.name} {b64encode(self.key_hash + self.signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    text: str
    """What is signed, with its last newline."""
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(signature.line for signature in self.signatures)

    def signers(self, trusted: Iterable[NoteKey]) -> set[str]:
        """Names of the trusted keys that signed; a false signature of one of them spoils the note.

        Signatures of strangers say nothing and are passed over.
        """
        keys = {(key.name, key.key_hash): key for key in trusted}
        names: set[str] = set()
        for signature in self.signatures:
            key = keys.get((signature.name, signature.key_hash))
            if key is None:
                continue
            if not key.signs(self.text, signature.signature):
                raise BadNote(f"false signature of {key.name}")
            names.add(key.name)
        return names

    def cosigned(self, witness: WitnessKey) -> tuple[str, int] | None:
        """The witness's line and its time in POSIX seconds; None when it did not sign.

        A false signature in its name is a BadNote.
        """
        if witness.name not in self.signers([witness]):
            return None
        known = witness.name, witness.key_hash
        (found, *_) = [one for one in self.signatures if (one.name, one.key_hash) == known]
        return found.line, int.from_bytes(found.signature[:_TIME_BYTES])


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: whose, how many entries, and their root."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        lines = (self.origin, *self.extensions)
        if not all(lines) or any("\n" in line for line in lines):
            raise BadNote("an empty or broken line")
        if self.size < 0 or len(self.root) != HASH_SIZE:
            raise BadNote(f"no tree of {self.size} entries")

    @property
    def text(self) -> str:
        head = (self.origin, str(self.size), b64encode(self.root).decode())
        return "".join(f"{line}\n" for line in (*head, *self.extensions))

    @classmethod
    def from_text(cls, text: str) -> "Checkpoint":
        match text.split("\n"):
            case [origin, size, root, *extensions, ""] if _SIZE.fullmatch(size):
                return cls(origin, int(size), _unbase64(root), tuple(extensions))
            case _:
                raise BadNote("no checkpoint")


def sign_note(text: str, key: NoteKey, raw_sign: Callable[[bytes], bytes]) -> Note:
    if not text.endswith("\n") or _has_controls(text):
        raise BadNote("a note is lines of plain text")
    return Note(text, (Signature(key.name, key.key_hash, raw_sign(text.encode())),))


def read_note(source: str) -> Note:
    if len(source) > _LONGEST or not source.endswith("\n") or _has_controls(source):
        raise BadNote("a note is lines of plain text")
    text, parted, tail = source.rpartition("\n\n")
    lines = tail.split("\n")[:-1]
    if not parted or not 0 < len(lines) <= _MOST_SIGNATURES:
        raise BadNote("a note has text, an empty line, and signatures")
    return Note(text + "\n", tuple(_read_signature(line) for line in lines))


def read_checkpoint(source: str, log: NoteKey) -> Checkpoint:
    """A checkpoint that this log signed, under its own name; else BadNote."""
    note = read_note(source)
    if log.name not in note.signers([log]):
        raise BadNote(f"not signed by {log.name}")
    checkpoint = Checkpoint.from_text(note.text)
    if checkpoint.origin != log.name:
        raise BadNote(f"the head of another log: {checkpoint.origin}")
    return checkpoint


def proof_text(index: int, path: Sequence[bytes], checkpoint: str) -> str:
    """An inclusion proof that is checked without us (tlog-proof v1)."""
    hashes = "".join(f"{b64encode(one).decode()}\n" for one in path)
    return f"c2sp.org/tlog-proof@v1\nindex {index}\n{hashes}\n{checkpoint}"


def _read_signature(line: str) -> Signature:
    parts = _SIGNATURE.fullmatch(line)
    if parts is None:
        raise BadNote("no signature line")
    name, encoded = parts.groups()
    value = _unbase64(encoded)
    if len(value) <= _KEY_HASH_BYTES:
        raise BadNote("an empty signature")
    return Signature(name, value[:_KEY_HASH_BYTES], value[_KEY_HASH_BYTES:])


def _is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _has_controls(text: str) -> bool:
    return any(sign < " " and sign != "\n" for sign in text)


def _unbase64(text: str) -> bytes:
    """Base64 in its one canonical form."""
    try:
        value = b64decode(text, validate=True)
    except (NotBase64, ValueError):
        raise BadNote("not base64") from None
    if b64encode(value).decode() != text:
        raise BadNote("not canonical base64")
    return value
