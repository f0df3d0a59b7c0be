"""The console's half of docs/reader.md on loopback: small, strict, and moody when told to be.

What it reads it reads with joserfc, so that the agent's tokens have a second opinion.
"""

import json
import ssl
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import deque
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_bytes, token_urlsafe
from threading import Event, RLock, Thread
from typing import Any, Final, cast

from joserfc import jwe, jws
from joserfc.errors import JoseError
from joserfc.jwe import JWERegistry
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry

AUD: Final = "console.example"
_SIGNED: Final = JWSRegistry(algorithms=["Ed25519"])
_SEALED: Final = JWERegistry(algorithms=["ECDH-ES", "A256GCM"])
_LARGEST: Final = 16 * 1024
_MEMBERS: Final = frozenset(
    {
        *("v", "aud", "read_id", "seq", "prev", "task", "challenge", "captured_at"),
        *("clock_skew_ms", "uptime_ms", "offline", "kind", "reader", "agent"),
    }
)
_ASSERTED: Final = frozenset({"v", "aud", "iat", "jti", "clock_skew_ms", "agent"})

Mood = Callable[["FarConsole", BaseHTTPRequestHandler], bool]
"""What it does instead of an answer; whether it answers all the same."""


class No(Exception):
    def __init__(self, status: int, code: str) -> None:
        super().__init__(status, code)
        self.status, self.code = status, code


def nonce() -> str:
    return urlsafe_b64encode(token_bytes(32)).rstrip(b"=").decode()


@dataclass
class Device:
    key: OKPKey
    state: str = "active"
    seq: int = 0
    prev: str = ""
    skew_ms: int | None = None
    """How far the laptop says that its clock is ahead."""


@dataclass
class FarConsole:
    receipts: OKPKey = field(default_factory=lambda: OKPKey.generate_key("Ed25519"))
    sealing: OKPKey = field(default_factory=lambda: OKPKey.generate_key("X25519"))
    minimum_version: str = "0.1.0"
    ahead: timedelta = timedelta()
    """How far its clock is ahead of this machine's."""
    codes: set[str] = field(default_factory=set[str])
    devices: dict[str, Device] = field(default_factory=dict[str, Device])
    new_state: str = "active"
    challenges: set[str] = field(default_factory=set[str])
    reads: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    answered: dict[str, str] = field(default_factory=dict[str, str])
    """Receipts by the digest of the read."""
    tokens: set[str] = field(default_factory=set[str])
    tasks: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    changed: Event = field(default_factory=Event)
    moods: deque[Mood] = field(default_factory=deque[Mood])
    asked: list[str] = field(default_factory=list[str])
    ended: Event = field(default_factory=Event)
    turn: RLock = field(default_factory=RLock)
    url: str = ""

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def challenge(self) -> str:
        made = nonce()
        self.challenges.add(made)
        return made

    def task(self, kind: str = "sim", *fields: str) -> dict[str, Any]:
        until = written(self.now() + timedelta(minutes=10))
        return {
            "task": "0d0f7a3e-6f0c-4b5e-9a52-1f6f0f3f4d10",
            "number": "SC-2026-0001",
            "kind": kind,
            "title": "南山路营业厅",
            "fields": list(fields),
            "expires_at": until,
            "challenge": self.challenge(),
            "challenge_until": until,
            "notice": None,
            **({"salt": nonce()} if kind == "id" else {}),
        }

    def facts(self) -> dict[str, Any]:
        return {
            "now": written(self.now()),
            "minimum_version": self.minimum_version,
            "aud": AUD,
            "receipt_keys": {"keys": [public(self.receipts)]},
            "encryption_key": public(self.sealing),
        }

    def enrol(self, token: str) -> dict[str, Any]:
        header = json.loads(unpadded(token.split(".", maxsplit=1)[0]))
        key = OKPKey.import_key(header["jwk"])
        told = opened(token, key, "reader-enrol+jws")
        if told["code"] not in self.codes:
            raise No(404, "reader.code_unknown")
        if key.thumbprint() in self.devices:
            raise No(409, "reader.key_known")
        self.codes.remove(told["code"])
        kid = key.thumbprint()
        self.devices[kid] = Device(key, self.new_state)
        shown = {"kid": kid, "fingerprint": "AAAA-AAAA", "state": self.new_state}
        return {**self.facts(), **shown}

    def token(self, assertion: str) -> dict[str, Any]:
        device, told = self._known(assertion, "reader-assertion+jws")
        if told["aud"] != AUD:
            raise No(400, "reader.other_console")
        if told.keys() != _ASSERTED or type(told["clock_skew_ms"]) is not int:
            raise No(400, "reader.read_malformed")
        device.skew_ms = told["clock_skew_ms"]
        if abs(told["iat"] - self.now().timestamp()) > 60:
            raise No(401, "reader.clock_off")
        if told["agent"]["version"] < self.minimum_version:
            raise No(426, "reader.agent_too_old")
        if device.state != "active":
            raise No(401 if device.state == "retired" else 403, f"reader.device_{device.state}")
        given = token_urlsafe()
        self.tokens.add(given)
        return {**self.facts(), "token": given, "expires_in": 600, "state": device.state}

    def read(self, body: str) -> tuple[int, dict[str, Any]]:
        token = self._unsealed(body)
        device, told = self._known(token, "reader-read+jws")
        digest = sha256(token.encode()).hexdigest()
        if digest in self.answered:
            return 200, {"receipt": self.answered[digest], "next": None}
        if device.state != "active":
            raise No(401 if device.state == "retired" else 403, f"reader.device_{device.state}")
        if told["aud"] != AUD:
            raise No(400, "reader.other_console")
        if told.keys() ^ _MEMBERS not in ({"card"}, {"fault"}) or told["v"] != 1:
            raise No(400, "reader.read_malformed")
        if (told["seq"], told["prev"]) != (device.seq + 1, device.prev):
            raise No(409, "reader.seq_used")
        device.seq, device.prev = told["seq"], digest
        if told["challenge"] not in self.challenges:
            raise No(409, "reader.challenge_used")
        if (told["kind"] == "id") == (token == body):
            raise No(400, "reader.read_malformed")
        self.challenges.remove(told["challenge"])
        self.reads.append(told)
        self.answered[digest] = self.receipt(told["read_id"], digest)
        after = {
            "challenge": self.challenge(),
            "challenge_until": written(self.now() + timedelta(minutes=10)),
        }
        return 201, {"receipt": self.answered[digest], "next": after}

    def receipt(self, read_id: str, digest: str) -> str:
        header = {
            "alg": "Ed25519",
            "typ": "reader-receipt+jws",
            "kid": self.receipts.thumbprint(),
        }
        told = {"read_id": read_id, "sha256": digest, "accepted_at": written(self.now())}
        return jws.serialize_compact(header, json.dumps(told), self.receipts, registry=_SIGNED)

    def pack(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        task = next(one for one in self.tasks if one["task"] == wanted["task"])
        until = written(self.now() + timedelta(hours=wanted["hours"]))
        given = [{"challenge": self.challenge(), "until": until} for _ in range(wanted["count"])]
        return {"task": task, "challenges": given}

    def waited(self, wait: float, seen: str) -> dict[str, Any]:
        tag = str(len(self.tasks))
        if tag == seen:
            self.changed.wait(wait)
        return {"tag": str(len(self.tasks)), "now": written(self.now()), "tasks": self.tasks}

    def open_task(self, kind: str = "sim", *fields: str) -> dict[str, Any]:
        self.tasks.append(self.task(kind, *fields))
        self.changed.set()
        return self.tasks[-1]

    def _known(self, token: str, typ: str) -> tuple[Device, dict[str, Any]]:
        try:
            header = json.loads(unpadded(token.split(".", maxsplit=1)[0]))
        except ValueError:
            raise No(400, "reader.read_malformed") from None
        device = self.devices.get(str(header.get("kid")))
        if device is None:
            raise No(401, "reader.device_unknown")
        return device, opened(token, device.key, typ)

    def _unsealed(self, body: str) -> str:
        if body.count(".") != 4:
            return body
        try:
            found = jwe.decrypt_compact(body, self.sealing, registry=_SEALED)
        except (JoseError, ValueError):
            raise No(400, "reader.read_malformed") from None
        header = found.headers()
        if (header["cty"], header["kid"]) != ("JWS", self.sealing.thumbprint()):
            raise No(400, "reader.read_malformed")
        return (found.plaintext or b"").decode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer costs the 40 ms of a delayed ACK
    console: FarConsole

    def do_GET(self) -> None:
        self._do()

    def do_POST(self) -> None:
        self._do()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Nothing."""

    def _do(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        with self.console.turn:
            self.console.asked.append(f"{self.command} {self.path}")
            mood = self.console.moods.popleft() if self.console.moods else None
        if mood is not None and not mood(self.console, self):
            return
        try:
            self.answer(*self.answered())
        except No as no:
            self.answer(no.status, {"code": no.code, "message": no.code, "facts": {}})

    def answered(self) -> tuple[int, dict[str, Any]]:
        path, _, query = self.path.partition("?")
        if (self.command, path) == ("GET", "/reader/v1/tasks"):
            self._must_bear()
            wanted = dict(part.split("=") for part in query.split("&"))
            return 200, self.console.waited(float(wanted["wait"]), wanted["seen"])
        with self.console.turn:
            match self.command, path:
                case "GET", "/reader/v1/now":
                    return 200, self.console.facts()
                case "POST", "/reader/v1/enrolments":
                    return 201, self.console.enrol(self._token())
                case "POST", "/reader/v1/token":
                    return 200, self.console.token(self._token())
                case "POST", "/reader/v1/reads":
                    return self.console.read(self._token())
                case "POST", "/reader/v1/packs":
                    self._must_bear()
                    return 201, self.console.pack(json.loads(self.body))
                case _:
                    raise No(404, "reader.no_such_door")

    def answer(self, status: int, told: object, headers: Mapping[str, str] | None = None) -> None:
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _token(self) -> str:
        if self.headers["Content-Type"] != "application/jose" or len(self.body) > _LARGEST:
            raise No(400, "reader.read_malformed")
        return self.body.decode()

    def _must_bear(self) -> None:
        if self.headers.get("Authorization", "").removeprefix("Bearer ") not in self.console.tokens:
            raise No(401, "reader.token_past")


@contextmanager
def far_console(tls: ssl.SSLContext | None = None) -> Generator[FarConsole]:
    console = FarConsole()
    handler = type("Bound", (Handler,), {"console": console})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    scheme = "https" if tls else "http"
    console.url = f"{scheme}://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield console
    finally:
        console.ended.set()
        console.changed.set()
        server.shutdown()
        server.server_close()
        thread.join()


def silent(console: FarConsole, _: BaseHTTPRequestHandler) -> bool:
    """It takes the request and never says a word."""
    console.ended.wait()
    return False


def lost(_: FarConsole, asked: BaseHTTPRequestHandler) -> bool:
    """It does what was asked, and the answer is lost on its way."""
    cast("Handler", asked).answered()
    asked.close_connection = True
    return False


def says(status: int, told: object, **headers: str) -> Mood:
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def mood(_: FarConsole, asked: BaseHTTPRequestHandler) -> bool:
        cast("Handler", asked).answer(status, told, named)
        return False

    return mood


def refuses(status: int, code: str, **headers: str) -> Mood:
    return says(status, {"code": code, "message": "", "facts": {}}, **headers)


def opened(token: str, key: OKPKey, typ: str) -> dict[str, Any]:
    try:
        found = jws.deserialize_compact(token, key, registry=_SIGNED)
    except (JoseError, ValueError):
        raise No(400, "reader.signature_wrong") from None
    if found.headers()["typ"] != typ:
        raise No(400, "reader.read_malformed")
    told = json.loads(found.payload)
    spelled = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if spelled.encode() != found.payload:
        raise No(400, "reader.read_malformed")
    return told


def public(key: OKPKey) -> dict[str, Any]:
    return {**key.as_dict(private=False), "kid": key.thumbprint()}


def unpadded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def written(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
