"""The console that this laptop is paired with, as enrolment told it."""

import json
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from reader_agent.jws import Jwk
from reader_agent.kept.folder import write_closed
from reader_agent.refusals import AddressRefused, KeysChanged, NotEnrolled, PairingDamaged
from reader_agent.wire.answer import Answer, Misshapen

_SIGNING: Final = "Ed25519"
_SEALING: Final = "X25519"


@dataclass(frozen=True, slots=True)
class Console:
    url: str
    aud: str
    kid: str
    """This laptop's key, as the console knows it."""
    receipt_keys: tuple[Jwk, ...]
    encryption_key: Jwk
    minimum_version: str
    ca: str = ""
    """PEM of the one authority that may vouch for the console; without it those of the system."""
    skew_ms: int = 0
    """How far this laptop's clock was ahead at the last answer: reads without a network need it."""

    @classmethod
    def read(cls, path: Path) -> "Console":
        """NotEnrolled, PairingDamaged."""
        try:
            found = Answer.read(path.read_bytes())
            address, ca = checked_address(found.text("url")), str(found.found.get("ca", ""))
            return cls.enrolled(address, ca, found, skew_ms=found.number("skew_ms"))
        except FileNotFoundError:
            raise NotEnrolled(path=str(path)) from None
        except (Misshapen, AddressRefused) as error:
            raise PairingDamaged(path=str(path), why=str(error)) from error

    @classmethod
    def enrolled(cls, url: str, ca: str, answer: Answer, *, skew_ms: int) -> "Console":
        return cls(
            url=url,
            aud=answer.text("aud"),
            kid=answer.text("kid"),
            receipt_keys=_receipt_keys(answer),
            encryption_key=_encryption_key(answer),
            minimum_version=answer.text("minimum_version"),
            ca=ca,
            skew_ms=skew_ms,
        )

    def write(self, path: Path) -> None:
        told = {
            "url": self.url,
            "aud": self.aud,
            "kid": self.kid,
            "receipt_keys": {"keys": list(self.receipt_keys)},
            "encryption_key": self.encryption_key,
            "minimum_version": self.minimum_version,
            "ca": self.ca,
            "skew_ms": self.skew_ms,
        }
        write_closed(path, json.dumps(told, indent=2, sort_keys=True).encode() + b"\n")

    def renewed(self, answer: Answer) -> "Console":
        """With the version that the console names today, and its keys where they may change.

        The keys of enrolment were compared by people. Any authority of the system can vouch for
        an address, so others are taken from a console alone whose own authority was pinned, or
        that is on this machine; else KeysChanged.
        """
        receipts, sealing = _receipt_keys(answer), _encryption_key(answer)
        known = replace(self, minimum_version=answer.text("minimum_version"))
        if sealing == self.encryption_key and all(one in self.receipt_keys for one in receipts):
            return known
        if not self.ca and not is_loopback(urlsplit(self.url).hostname or ""):
            raise KeysChanged
        return replace(known, receipt_keys=receipts, encryption_key=sealing)


def _receipt_keys(answer: Answer) -> tuple[Jwk, ...]:
    keys = answer.part("receipt_keys").parts("keys")
    if not keys:
        raise Misshapen("receipt_keys")
    return tuple(one.jwk(_SIGNING) for one in keys)


def _encryption_key(answer: Answer) -> Jwk:
    return answer.part("encryption_key").jwk(_SEALING)


def checked_address(url: str) -> str:
    """The console's address without a slash at its end.

    AddressRefused: `plain` where reads would travel in clear, `shape` where it is no mere address
    (a name or password in it would be logged by every proxy).
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        raise AddressRefused(why="shape") from None
    if parts.scheme not in {"https", "http"} or not host or "@" in parts.netloc:
        raise AddressRefused(why="shape")
    if parts.query or parts.fragment:
        raise AddressRefused(why="shape")
    if parts.scheme == "http" and not is_loopback(host):
        raise AddressRefused(why="plain")
    return url.rstrip("/")


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
