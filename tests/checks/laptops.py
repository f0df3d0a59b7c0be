"""A laptop as the console sees it: its tokens made by hand, so that wrong ones can be made too."""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jwe
from joserfc.jwe import JWERegistry
from joserfc.jwk import OKPKey

from console.actions.checks.card_reads import Accepted, accept_read
from console.actions.checks.device_doors import (
    device_of_pass,
    enrol,
    give_pass,
    house_facts,
    tasks_of,
)
from console.actions.checks.devices import approve_device, ask_code, vouch_for_holder
from console.actions.staff.people import add_organisation, add_user
from console.actions.staff.sign_in import actor_named
from console.desk import Desk, House
from models.base import new_id
from models.checks.devices import ReaderDevice
from models.checks.spot_checks import CheckPurpose, CheckState, SpotCheck
from models.checks.wire import PackAsk, parsed
from models.permissions import Permission, Role
from models.rules import china_day
from models.staff import Door, Organisation, OrganisationKind, UserRole
from tests.conftest import Desks
from tests.stock.files import iccid

BUILD = "ab" * 32
AGENT = {"version": "0.1.0", "build": BUILD}
USB = {"name": "Gemalto PC Twin Reader 00 00", "usb": "08e6:3437", "serial": "", "virtual": False,
       "sam_id": ""}  # fmt: skip
SAM = {"name": "SS-U", "usb": "1a86:7523", "serial": "", "virtual": False,
       "sam_id": "05.03-20200101-0000001234-0123456789"}  # fmt: skip


def sim(number: str) -> dict[str, Any]:
    """A card of that ICCID: what its chip has is what a reader makes of it."""
    chip = number.ljust(20, "F")
    raw = "".join(chip[at + 1] + chip[at] for at in range(0, len(chip), 2))
    return {
        "kind": "uicc", "atr": "3B9F96801FC78031E073FE211B63", "iccid": number, "iccid_raw": raw,
        "iccid_luhn": True, "pin1": "disabled", "imsi_state": "not_asked", "apdus": 4,
    }  # fmt: skip


SIM = sim(iccid(520))
PERSON = {"doc": "resident", "no_check": True, "expired": False, "no_mac": "1f" * 32,
          "name_mac": "2e" * 32}  # fmt: skip
_CIPHERS = JWERegistry(algorithms=["ECDH-ES", "A256GCM"])


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def written(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


@dataclass
class Laptop:
    house: House
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    seq: int = 0
    prev: str = ""

    @property
    def jwk(self) -> dict[str, str]:
        return {"crv": "Ed25519", "kty": "OKP", "x": b64(self.key.public_key().public_bytes_raw())}

    @property
    def kid(self) -> str:
        return b64(hashlib.sha256(written(self.jwk)).digest())

    def signed(self, use: str, payload: Mapping[str, Any] | bytes, **header: Any) -> str:  # noqa: ANN401
        head = {"alg": "Ed25519", "kid": self.kid, "typ": use} | header
        body = payload if isinstance(payload, bytes) else written(payload)
        told = f"{b64(written(head))}.{b64(body)}"
        return f"{told}.{b64(self.key.sign(told.encode()))}"

    def enrolment(self, code: str, **more: Any) -> str:  # noqa: ANN401
        told = {"v": 1, "code": code, "host": "zhou-laptop", "agent": AGENT} | more
        head = {"alg": "Ed25519", "jwk": self.jwk, "typ": "reader-enrol+jws"}
        text = f"{b64(written(head))}.{b64(written(told))}"
        return f"{text}.{b64(self.key.sign(text.encode()))}"

    def assertion(self, **more: Any) -> str:  # noqa: ANN401
        told = {
            "v": 1,
            "aud": house_facts(self.house)["aud"],
            "iat": int(self.house.now().timestamp()),
            "jti": str(uuid4()),
            "clock_skew_ms": 0,
            "agent": AGENT,
        }
        return self.signed("reader-assertion+jws", told | more)

    def own_pass(self) -> str:
        return give_pass(self.house, self.assertion()).token

    @property
    def id(self) -> UUID:
        return device_of_pass(self.house, self.own_pass())

    def tasks(self) -> list[Mapping[str, Any]]:
        return list(tasks_of(self.house, self.id).tasks)

    def task(self, kind: str = "sim") -> Mapping[str, Any]:
        return next(one for one in self.tasks() if one["kind"] == kind)

    def facts(self, task: Mapping[str, Any], /, **more: Any) -> dict[str, Any]:  # noqa: ANN401
        """The payload of the next read of the chain."""
        self.seq += 1
        result: dict[str, Any] = {
            "sim": {"card": SIM, "reader": USB},
            "id": {"card": PERSON, "reader": SAM},
            "fault": {"fault": {"code": "mute", "stage": "select"}, "reader": USB},
        }[more.get("kind", task["kind"])]
        return {
            "v": 1, "aud": house_facts(self.house)["aud"], "read_id": str(new_id()),
            "seq": self.seq, "prev": self.prev, "task": task["task"],
            "challenge": task["challenge"], "captured_at": when(self.house.now()),
            "clock_skew_ms": 0, "uptime_ms": 1000, "offline": False, "kind": task["kind"],
            "agent": AGENT,
        } | result | more  # fmt: skip

    def read(self, task: Mapping[str, Any], /, **more: Any) -> str:  # noqa: ANN401
        """The next read of the chain as it is sent."""
        payload = self.facts(task, **more)
        token = self.signed("reader-read+jws", payload)
        self.prev = hashlib.sha256(token.encode()).hexdigest()
        return self.sealed(token) if payload["kind"] == "id" else token

    def sealed(self, token: str, key: Mapping[str, Any] | None = None) -> str:
        jwk = key or house_facts(self.house)["encryption_key"]
        public = OKPKey.import_key({name: jwk[name] for name in ("kty", "crv", "x")})
        header = {"alg": "ECDH-ES", "enc": "A256GCM", "cty": "JWS", "kid": public.thumbprint()}
        return jwe.encrypt_compact(header, token, public, registry=_CIPHERS)

    def sends(self, task: Mapping[str, Any], /, **more: Any) -> Accepted:  # noqa: ANN401
        return accept_read(self.house, self.read(task, **more))


def pack_ask(check: SpotCheck, count: int, hours: int = 48) -> PackAsk:
    ask = {"task": str(check.id), "kind": "sim", "count": count, "hours": hours}
    return parsed(PackAsk, written(ask))


def when(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def pending(desks: Desks) -> tuple[Laptop, ReaderDevice]:
    laptop = Laptop(desks.house.house)
    code = ask_code(desks.manager, "zhou.jie", "天河营业厅").code
    return laptop, enrol(laptop.house, laptop.enrolment(code)).device


def approved(desks: Desks) -> Laptop:
    laptop, device = pending(desks)
    approve_device(desks.approver, device.id, device.fingerprint)
    vouched(desks.manager, device)
    return laptop


def vouched(desk: Desk, device: ReaderDevice) -> None:
    """Its holder is trained for long yet, and bound to secrecy."""
    until = china_day(desk.now()) + timedelta(days=200)
    vouch_for_holder(desk, device.id, until, "BM-2026-001")


def for_tests(desks: Desks) -> tuple[Laptop, Desk]:
    """A laptop of an organisation made to try things, and its approver."""
    house = desks.house.house
    add_organisation(
        desks.house, code="TRY-44", kind=OrganisationKind.BASIC_CARRIER_PROVINCE, name="试用单位",
        province="44", for_tests=True,
    )  # fmt: skip
    people = (
        ("shi.yong", Role.INSPECTOR),
        ("shi.pi", Role.APPROVER),
        ("shi.guan", Role.CHANNEL_MANAGER),
    )
    for login, role in people:
        user, _ = add_user(
            desks.house, organisation="TRY-44", login=login, name=login, elsewhere=True
        )
        with desks.house.begin(Permission.STAFF_GRANT) as work:
            work.add(UserRole(user_id=user.id, role=role, granted_at=work.at, granted_by="house"))
            work.record("staff.role_granted", user, role=role.value)
    manager, approver = (
        house.desk(actor_named(house, login, Door.CONSOLE)) for login in ("shi.guan", "shi.pi")
    )
    laptop = Laptop(house)
    device = enrol(house, laptop.enrolment(ask_code(manager, "shi.yong", "").code)).device
    approve_device(approver, device.id, device.fingerprint)
    vouched(manager, device)
    return laptop, approver


def session(
    desks: Desks, laptop: Laptop, *, card: bool = True, identity: bool = False, number: str = "SC-1"
) -> SpotCheck:
    """A check whose session is open on that laptop."""
    device = laptop.id
    with desks.house.begin(Permission.SPOT_CHECK_DO) as work:
        own = work.session.get_one(ReaderDevice, device)
        carrier = work.session.get_one(Organisation, own.organisation_id)
        row = work.add(
            SpotCheck(
                number=number, carrier_id=carrier.id, province=carrier.province,
                subject="蓝海商城 4711", purpose=CheckPurpose.ROUTINE, basis="182号文三（三）",
                wants_card=card, wants_identity=identity, state=CheckState.READING,
                assignee_id=own.holder_id, device_id=device,
                session_until=work.at + timedelta(minutes=15), created_at=work.at,
            )
        )  # fmt: skip
        work.record("spot_check.session_opened", row)
        return row
