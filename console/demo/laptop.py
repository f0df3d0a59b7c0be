"""A reader's laptop of the sample: its key lies in memory, its tokens are those of docs/reader.md.

The agent itself is another program, which nothing here may know; no reader stands behind these.
"""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import uuid4

from joserfc import jwe, jws
from joserfc.jwe import JWERegistry
from joserfc.jwk import OKPKey

from console.actions.checks.card_reads import accept_read
from console.actions.checks.challenges import moment
from console.actions.checks.device_doors import enrol, give_pass, house_facts, tasks_of
from console.actions.checks.devices import approve_device, ask_code, vouch_for_holder
from console.actions.checks.spot_submit import mark
from console.demo.cast import INSPECTOR, Cast
from console.desk import House
from integrations.reader_tokens import ASSERTION, ENROLMENT, READ
from models.base import new_id
from models.checks.devices import ReaderDevice
from models.checks.reads import ReadKind
from models.formats import luhn_digit
from models.rules import china_day

_ALG: Final = "Ed25519"
_VERSION: Final = 1
_TRAINED: Final = 200
"""Days that the holder's training counts yet."""
_AGENT: Final = {"version": "0.1.0", "build": sha256(b"channel demo").hexdigest()}
_USUAL: Final = {"serial": "", "virtual": False, "sam_id": ""}
_ID_READER: Final = _USUAL | {
    "name": "ID card reader", "usb": "0400:c35a", "sam_id": "05.03-20200101-0000004417-0000000017",
}  # fmt: skip
_CIPHERS: Final = JWERegistry(algorithms=["ECDH-ES", "A256GCM"])


@dataclass(slots=True)
class Laptop:
    """One key and its chain of tokens."""

    device: ReaderDevice
    """As the console knows it."""
    key: OKPKey = field(repr=False)
    seq: int = 0
    prev: str = ""

    @property
    def sim_reader(self) -> Mapping[str, object]:
        """One that hangs on this laptop alone."""
        serial = f"D00000{self.device.host[-2:]}"
        name = f"Gemalto PC Twin Reader ({serial}) 00 00"
        return _USUAL | {"name": name, "usb": "08e6:3437", "serial": serial}

    def reports(self, house: House) -> None:
        """It is heard of: from the first time on it is active."""
        told = {
            "v": _VERSION,
            "aud": house_facts(house)["aud"],
            "iat": int(house.now().timestamp()),
            "jti": str(uuid4()),
            "clock_skew_ms": 0,
            "agent": _AGENT,
        }
        give_pass(house, _signed(self.key, ASSERTION, told, kid=self.key.thumbprint()))

    def reads_card(self, house: House, number: str, ahead: timedelta = timedelta()) -> None:
        """A SIM of nineteen digits as printed; the chip has the check digit behind them.

        `ahead`: how far the laptop's clock is ahead of the console's.
        """
        chip = number + luhn_digit(number)
        card = {
            "kind": "uicc",
            "atr": "3B9F96801FC78031E073FE211B63",
            "iccid": chip,
            "iccid_raw": "".join(chip[at + 1] + chip[at] for at in range(0, len(chip), 2)),
            "iccid_luhn": True,
            "pin1": "disabled",
            "imsi_state": "not_asked",
            "apdus": 4,
        }
        self._sends(house, ReadKind.SIM, {"card": card, "reader": self.sim_reader}, ahead)

    def reads_nothing(self, house: House, code: str, stage: str) -> None:
        """A card lay on the reader, and the read failed."""
        fault = {"fault": {"code": code, "stage": stage}, "reader": self.sim_reader}
        self._sends(house, ReadKind.FAULT, fault)

    def reads_document(self, house: House) -> None:
        """Marks of nobody: what is marked is no number and no name."""
        salt = urlsafe_b64decode(f"{self._task(house, ReadKind.ID)['salt']}=")
        card = {
            "doc": "resident",
            "no_check": True,
            "expired": False,
            "no_mac": mark(salt, "示例证件号码"),
            "name_mac": mark(salt, "示例持证人"),
        }
        self._sends(house, ReadKind.ID, {"card": card, "reader": _ID_READER})

    def _sends(
        self,
        house: House,
        kind: ReadKind,
        seen: Mapping[str, object],
        ahead: timedelta = timedelta(),
    ) -> None:
        task = self._task(house, ReadKind.ID if kind is ReadKind.ID else ReadKind.SIM)
        self.seq += 1
        told = {
            "v": _VERSION,
            "aud": house_facts(house)["aud"],
            "read_id": str(new_id()),
            "seq": self.seq,
            "prev": self.prev,
            "task": task["task"],
            "challenge": task["challenge"],
            "captured_at": moment(house.now() + ahead),
            "clock_skew_ms": ahead // timedelta(milliseconds=1),
            "uptime_ms": self.seq * 60_000,
            "offline": False,
            "kind": kind.value,
            "agent": _AGENT,
            **seen,
        }
        token = _signed(self.key, READ, told, kid=self.key.thumbprint())
        self.prev = sha256(token.encode()).hexdigest()
        accept_read(house, _sealed(house, token) if kind is ReadKind.ID else token)

    def _task(self, house: House, kind: ReadKind) -> Mapping[str, Any]:
        return next(one for one in tasks_of(house, self.device.id).tasks if one["kind"] == kind)


def _signed(key: OKPKey, use: str, told: Mapping[str, object], **named: object) -> str:
    header = {"alg": _ALG, "typ": use, **named}
    body = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return jws.serialize_compact(header, body, key, algorithms=[_ALG])


def _sealed(house: House, token: str) -> str:
    public = house_facts(house)["encryption_key"]
    key = OKPKey.import_key({name: public[name] for name in ("kty", "crv", "x")})
    header = {"alg": "ECDH-ES", "enc": "A256GCM", "cty": "JWS", "kid": key.thumbprint()}
    return jwe.encrypt_compact(header, token, key, registry=_CIPHERS)


def waiting(then: Cast, host: str, site: str) -> Laptop:
    """Its holder has typed the code; nobody has compared the fingerprint yet."""
    key = OKPKey.generate_key(_ALG)
    code = ask_code(then.manager, INSPECTOR, site).code
    told = {"v": _VERSION, "code": code, "host": host, "agent": _AGENT}
    public = {name: key.as_dict(private=False)[name] for name in ("crv", "kty", "x")}
    token = _signed(key, ENROLMENT, told, jwk=public)
    return Laptop(enrol(then.house, token).device, key)


def paired(then: Cast, host: str, site: str) -> Laptop:
    """Two people stand for it, and it was heard of."""
    laptop = waiting(then, host, site)
    approve_device(then.approver, laptop.device.id, laptop.device.fingerprint)
    until = china_day(then.manager.now()) + timedelta(days=_TRAINED)
    vouch_for_holder(then.manager, laptop.device.id, until, "BM-2026-0017")
    laptop.reports(then.house)
    return laptop
