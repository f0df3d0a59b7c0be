"""Every token that the agent sends is built here, and every receipt is checked here."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID, uuid4

from joserfc import jwe
from joserfc.jwe import JWERegistry
from joserfc.jwk import OKPKey

from reader_agent import jws
from reader_agent.build import Agent
from reader_agent.kept.device_key import DeviceKey
from reader_agent.refusals import ReceiptWrong
from reader_agent.wire.answer import Answer, Misshapen, written
from reader_agent.wire.pairing import Console

ENROLMENT: Final = "reader-enrol+jws"
ASSERTION: Final = "reader-assertion+jws"
READ: Final = "reader-read+jws"
RECEIPT: Final = "reader-receipt+jws"
_SEALED: Final = {"alg": "ECDH-ES", "enc": "A256GCM", "cty": "JWS"}
_CIPHERS: Final = JWERegistry(algorithms=["ECDH-ES", "A256GCM"])
_VERSION: Final = 1
_LONGEST_HOST: Final = 120


@dataclass(frozen=True, slots=True)
class Reader:
    name: str
    usb: str = ""
    serial: str = ""
    virtual: bool = False
    sam_id: str = ""

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "sam_id": self.sam_id,
            "serial": self.serial,
            "usb": self.usb,
            "virtual": self.virtual,
        }


@dataclass(frozen=True, slots=True)
class ReadFacts:
    """One read as it is said to the console. Either `card` (already reduced) or `fault`."""

    task: str
    challenge: str
    captured_at: datetime
    clock_skew_ms: int
    uptime_ms: int
    offline: bool
    kind: str
    """`sim`, `id` or `fault`."""
    reader: Reader
    agent: Agent
    card: Mapping[str, object] | None = field(default=None, repr=False)
    fault: Mapping[str, str] | None = None

    def as_json(self) -> dict[str, object]:
        if (self.card is None) == (self.fault is None) or (self.kind == "fault") != bool(
            self.fault
        ):
            raise ValueError("a read has a card, and a fault has none")
        result = {"fault": self.fault} if self.card is None else {"card": self.card}
        return {
            "task": self.task,
            "challenge": self.challenge,
            "captured_at": written(self.captured_at),
            "clock_skew_ms": self.clock_skew_ms,
            "uptime_ms": self.uptime_ms,
            "offline": self.offline,
            "kind": self.kind,
            "reader": self.reader.as_json(),
            "agent": self.agent.as_json(),
            **result,
        }


@dataclass(frozen=True, slots=True)
class Signed:
    read_id: str
    token: str = field(repr=False)
    """What is kept and sent: the JWS, or the JWE around it."""
    sha256: str
    """Of the JWS, in hex: the next read's `prev`."""
    kind: str


@dataclass(frozen=True, slots=True)
class Receipt:
    read_id: str
    sha256: str
    accepted_at: datetime
    token: str = field(repr=False)


def enrolment_token(key: DeviceKey, code: str, host: str, agent: Agent) -> str:
    shown = host[:_LONGEST_HOST] or "-"
    payload = {"v": _VERSION, "code": code, "host": shown, "agent": agent.as_json()}
    return key.sign(ENROLMENT, payload, with_jwk=True)


def assertion_token(key: DeviceKey, aud: str, agent: Agent, at: datetime, skew_ms: int) -> str:
    """`at`: the console's time, as far as it is known; `skew_ms`: this clock's lead on it."""
    payload = {
        "v": _VERSION,
        "aud": aud,
        "iat": int(at.timestamp()),
        "jti": str(uuid4()),
        "clock_skew_ms": skew_ms,
        "agent": agent.as_json(),
    }
    return key.sign(ASSERTION, payload)


def read_token(key: DeviceKey, console: Console, facts: ReadFacts, seq: int, prev: str) -> Signed:
    """Signed first, then sealed where it tells of an identity card (RFC 7519, 11.2).

    The JWS of an identity read is in no return value, so nobody can keep it in clear.
    """
    read_id = str(uuid7(facts.captured_at))
    ours = {"v": _VERSION, "aud": console.aud, "read_id": read_id, "seq": seq, "prev": prev}
    signed = key.sign(READ, {**facts.as_json(), **ours})
    token = _sealed(signed, console.encryption_key) if facts.kind == "id" else signed
    if len(token) > jws.LONGEST:
        raise ValueError("a read is longer than the console takes")
    return Signed(read_id, token, sha256(signed.encode()).hexdigest(), facts.kind)


def receipt_of(console: Console, token: str) -> Receipt:
    """ReceiptWrong for what this console did not sign as a receipt."""
    try:
        told = Answer(jws.opened(token, console.receipt_keys, RECEIPT))
        read_id, digest = told.text("read_id"), told.text("sha256")
        return Receipt(read_id, digest, told.moment("accepted_at"), token)
    except (jws.NotSigned, Misshapen) as error:
        raise ReceiptWrong(why=str(error)) from error


def uuid7(at: datetime) -> UUID:
    """RFC 9562, 5.7: 48 bits of milliseconds, then chance."""
    milliseconds = int(at.timestamp() * 1000) & ((1 << 48) - 1)
    chance = secrets.randbits(74)
    high, low = chance >> 62, chance & ((1 << 62) - 1)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)


def _sealed(signed: str, jwk: jws.Jwk) -> str:
    header: dict[str, Any] = {**_SEALED, "kid": jws.thumbprint(jwk)}
    return jwe.encrypt_compact(header, signed, OKPKey.import_key(dict(jwk)), registry=_CIPHERS)
