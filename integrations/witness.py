"""A witness of transparency logs, in one file that needs Python 3.11 and `cryptography` alone.

    python witness.py --name witness.example/w1 --key w1.pem --log VKEY --state w1.json --port 8090

It signs a log's head (C2SP tlog-cosignature v1) only after it has seen for itself that the head
goes on from the one it signed last, so a log can neither cut nor rewrite its past unseen
(C2SP tlog-witness). The key is made when its file is missing; the verifier key to be given to the
log's operator is printed at the start. The state is one JSON file, replaced as a whole.
"""

import argparse
import json
import os
import re
import sys
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

ED25519, COSIGNATURE = b"\x01", b"\x04"
LARGEST_REQUEST = 64 * 1024
MOST_HASHES = 63
HASH_BYTES = 32
SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")


class RefusedError(Exception):
    """The answer when a head is not signed."""

    def __init__(self, status: HTTPStatus, words: str, kind: str = "text/plain") -> None:
        super().__init__(words)
        self.status = status
        self.words = words
        self.kind = kind


def _bad(words: str) -> RefusedError:
    return RefusedError(HTTPStatus.BAD_REQUEST, words)


@dataclass(frozen=True)
class Head:
    origin: str
    size: int
    root: bytes


@dataclass(frozen=True)
class LogKey:
    """Whose heads are looked at; the name of the key is the log's origin."""

    name: str
    key_hash: bytes
    public: Ed25519PublicKey

    @classmethod
    def from_vkey(cls, vkey: str) -> "LogKey":
        name, key_hash, encoded = vkey.split("+", 2)
        public = b64decode(encoded, validate=True)
        expected = sha256(name.encode() + b"\n" + public).digest()[:4]
        if public[:1] != ED25519 or expected.hex() != key_hash:
            raise ValueError(f"no verifier key of a log: {vkey}")
        return cls(name, expected, Ed25519PublicKey.from_public_bytes(public[1:]))

    def signed(self, name: str, signature: bytes, text: str) -> bool:
        if (name, signature[:4]) != (self.name, self.key_hash):
            return False
        try:
            self.public.verify(signature[4:], text.encode())
        except InvalidSignature:
            return False
        return True


@dataclass
class Witness:
    name: str
    key: Ed25519PrivateKey
    logs: Sequence[LogKey]
    state: Path
    turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def vkey(self) -> str:
        public = COSIGNATURE + self.key.public_key().public_bytes_raw()
        return f"{self.name}+{self._key_hash.hex()}+{b64encode(public).decode()}"

    @property
    def _key_hash(self) -> bytes:
        public = COSIGNATURE + self.key.public_key().public_bytes_raw()
        return sha256(self.name.encode() + b"\n" + public).digest()[:4]

    def add_checkpoint(self, body: bytes) -> str:
        """The cosignature line, once the head is known to go on from the one before."""
        old, path, text, signatures = _request(body)
        head = _head(text)
        keys = [key for key in self.logs if key.name == head.origin]
        if not keys:
            raise RefusedError(HTTPStatus.NOT_FOUND, f"unknown log: {head.origin}")
        if not any(key.signed(*one, text) for key in keys for one in signatures):
            raise RefusedError(HTTPStatus.FORBIDDEN, "not signed by that log")
        if old > head.size:
            raise _bad("the old size is larger than the new one")
        with self.turn:  # what is compared and what is kept are one step
            known = self._known()
            size, root = known.get(head.origin, (0, sha256().digest()))
            if old != size:
                words, kind = f"{size}\n", "text/x.tlog.size"
                raise RefusedError(HTTPStatus.CONFLICT, words, kind)
            if old == head.size and root != head.root:
                raise RefusedError(HTTPStatus.CONFLICT, f"{size}\n", "text/x.tlog.size")
            if not extends(size, head.size, root, head.root, path):
                raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, "no proof that it goes on")
            self._keep({**known, head.origin: (head.size, head.root)})
            return self._cosigned(text)

    def _cosigned(self, text: str) -> str:
        at = int(time.time())
        signature = self.key.sign(f"cosignature/v1\ntime {at}\n{text}".encode())
        line = b64encode(self._key_hash + at.to_bytes(8) + signature).decode()
        return f"— {self.name} {line}\n"

    def _known(self) -> dict[str, tuple[int, bytes]]:
        if not self.state.exists():
            return {}
        kept = json.loads(self.state.read_text("utf-8"))
        return {origin: (size, bytes.fromhex(root)) for origin, (size, root) in kept.items()}

    def _keep(self, known: dict[str, tuple[int, bytes]]) -> None:
        text = json.dumps({origin: (size, root.hex()) for origin, (size, root) in known.items()})
        draft = self.state.with_name(f"{self.state.name}.new")
        with draft.open("w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(self.state)
        folder = os.open(self.state.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _request(body: bytes) -> tuple[int, list[bytes], str, list[tuple[str, bytes]]]:
    """Old size, consistency proof, the head's text, and its signatures."""
    try:
        front, parted, note = body.decode().partition("\n\n")
    except UnicodeDecodeError:
        raise _bad("not UTF-8") from None
    first, *lines = front.split("\n")
    text, split, tail = note.rpartition("\n\n")
    old = first.removeprefix("old ")
    if not parted or not split or first == old or not SIZE.fullmatch(old):
        raise _bad("an old size, hashes, an empty line and a checkpoint")
    if len(lines) > MOST_HASHES or not tail.endswith("\n"):
        raise _bad("too many hashes, or a line that does not end")
    path = [_unbase64(line) for line in lines]
    if any(len(one) != HASH_BYTES for one in path):
        raise _bad("a hash has 32 bytes")
    signatures = [_signature(line) for line in tail.split("\n")[:-1]]
    return int(old), path, f"{text}\n", signatures


def _signature(line: str) -> tuple[str, bytes]:
    found = SIGNATURE.fullmatch(line)
    if found is None:
        raise _bad("no signature line")
    return found[1], _unbase64(found[2])


def _head(text: str) -> Head:
    match text.split("\n"):
        case [origin, size, root, *_, ""] if origin and SIZE.fullmatch(size):
            decoded = _unbase64(root)
            if len(decoded) == HASH_BYTES:
                return Head(origin, int(size), decoded)
        case _:
            pass
    raise _bad("no checkpoint")


def _unbase64(text: str) -> bytes:
    try:
        value = b64decode(text, validate=True)
    except ValueError:
        raise _bad("not base64") from None
    if b64encode(value).decode() != text:
        raise _bad("not canonical base64")
    return value


def extends(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of `new` is proved to begin with that of `old` (RFC 9162 2.1.4.2)."""
    if old == new:
        return not proof and old_root == new_root
    if old == 0:
        return not proof
    if not proof:
        return False
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for one in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            first, second = _node(one, first), _node(one, second)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            second = _node(second, one)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and first == old_root and second == new_root


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def handler_of(witness: Witness) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_POST(self) -> None:
            length = self.headers.get("content-length", "")
            if self.path.rstrip("/") != "/add-checkpoint":
                self._answer(HTTPStatus.NOT_FOUND, "POST /add-checkpoint\n")
            elif not length.isdecimal() or int(length) > LARGEST_REQUEST:
                self.close_connection = True
                self._answer(HTTPStatus.BAD_REQUEST, "no body, or too large a one\n")
            else:
                self._cosign(self.rfile.read(int(length)))

        def do_GET(self) -> None:
            self._answer(HTTPStatus.OK, f"{witness.vkey}\n")

        def _cosign(self, body: bytes) -> None:
            try:
                self._answer(HTTPStatus.OK, witness.add_checkpoint(body))
            except RefusedError as no:
                self._answer(no.status, no.words, no.kind)

        def _answer(self, status: HTTPStatus, words: str, kind: str = "text/plain") -> None:
            body = words.encode()
            self.send_response(status)
            self.send_header("content-type", kind if "tlog" in kind else f"{kind}; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own name
            sys.stderr.write(f"{self.log_date_time_string()} {format % args}\n")

    return Handler


def key_of(path: Path) -> Ed25519PrivateKey:
    """The key in the file; made, for the owner's eyes alone, when there is none."""
    if not path.exists():
        pem = Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:
            out.write(pem)
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise SystemExit(f"{path}: not an Ed25519 key")
    return key


def main(arguments: Sequence[str] | None = None) -> None:
    about = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog="witness", description=about)
    parser.add_argument("--name", required=True, help="its name, as a URL without scheme")
    parser.add_argument("--key", required=True, type=Path, help="PEM file; made when missing")
    parser.add_argument("--log", required=True, action="append", help="verifier key of a log")
    parser.add_argument("--state", required=True, type=Path, help="file of the heads it signed")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090)
    given = parser.parse_args(arguments)
    try:
        logs = [LogKey.from_vkey(vkey) for vkey in given.log]
    except ValueError as error:
        parser.error(str(error))
    if not re.fullmatch(r"[^\s+]+", given.name):
        parser.error("a name has no spaces and no plus signs")
    witness = Witness(given.name, key_of(given.key), logs, given.state)
    server = ThreadingHTTPServer((given.host, given.port), handler_of(witness))
    sys.stdout.write(f"{witness.vkey}\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main()
