"""What reader devices send, as docs/reader.md has it: strict, so that a payload has one meaning.

A payload is JSON without doubled keys, floats or unknown members. What is wrong with it is told by
the place alone: its values may be somebody's.
"""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal, TypeVar, cast
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from models.refusals import Invalid

SIM_FIELDS: Final = ("iccid",)
"""All that a check asks of a SIM: where it came from needs no IMSI (DOMAIN 3.3)."""
ID_FIELDS: Final = ("doc", "no_check", "expired", "no_mac", "name_mac")
"""Of an identity card: no number and no name in clear is asked by any check."""
_SIM_ASKED: Final = frozenset({"imsi", "spn", "gid1", "mnc_len", "msisdn"})
_ID_ASKED: Final = frozenset({"name", "no", "valid_from", "valid_to"})
"""What leaves the laptop only where a task's fields ask for it."""
NONCE: Final = 32
_LONGEST: Final = 256
_MOST_DIGITS: Final = 20
_MOST: Final = 2**53
"""Integers beyond are not the same to every reader of JSON (RFC 7493, 2.2)."""
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z", re.ASCII)
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FIRST_YEAR, _LAST_YEAR = 2000, 2100
_VERSION_7: Final = 7
FAULTS: Final = (
    "not_a_sim", "unreadable", "iccid_fault", "busy", "mute", "blank",
    "id_mute", "id_bad_frame", "id_read_failed", "id_select_failed", "id_forged", "id_refused",
    "id_unauthorised", "id_self_test", "id_unplugged",
)  # fmt: skip
"""What docs/reader.md names. `card_left` is not among them: it is never sent."""
_OF_ID_READERS: Final = "id_"
_ICCID_PLACES: Final = 20
_KNOWN_BRIDGES: Final = frozenset(
    {"1a86:7523", "10c4:ea60", "0403:6001", "067b:2303", "0400:c35a", "0483:5652"}
)
"""USB ids that readers of identity cards answer with, and the bridges built into them."""
_NO_READER: Final = re.compile(
    r"\s*(?:|(?i:virtual pcd|simulator).*|/dev/pts/.*|/dev/tty[p-za-e].*|/tmp/.*)"
)
"""Nothing, vpcd's drivers, simulators, ptys of both kinds, and links to them."""

Shape = TypeVar("Shape", bound="Wire")


def parsed(shape: type[Shape], payload: bytes) -> Shape:
    """Invalid `reader.read_malformed` with the first place that is wrong."""
    try:
        found = json.loads(
            payload.decode(), object_pairs_hook=_object, parse_float=_refused,
            parse_constant=_refused, parse_int=_integer,
        )  # fmt: skip
        return shape.model_validate(found, strict=True)
    except ValidationError as error:
        # A key that nobody knows may hold anything: its name is not told either.
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        known = first["type"] != "extra_forbidden"
        place = [str(one) for one in (first["loc"] if known else first["loc"][:-1])]
        raise Invalid("reader.read_malformed", where=".".join(place) or "-") from None
    except (ValueError, RecursionError):
        raise Invalid("reader.read_malformed", where="-") from None


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refused(_text: str) -> object:
    raise ValueError("integers only")


def _integer(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ValueError("too large")
    return int(text)


def _moment(value: object) -> datetime:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise ValueError("no moment")
    at = datetime.fromisoformat(value).astimezone(UTC)
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        raise ValueError("no moment of this century")
    return at


def _uuid(value: object) -> UUID:
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise ValueError("no UUID")
    return UUID(value)


def _uuid7(value: UUID) -> UUID:
    if value.version != _VERSION_7:
        raise ValueError("no UUID of version 7")
    return value


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("not printable")
    return value


def _nonce(value: str) -> str:
    """32 bytes, in the one way that base64url has of writing them."""
    if len(urlsafe_b64decode(f"{value}=")) != NONCE or value[-1] not in "AEIMQUYcgkosw048":
        raise ValueError("no 32 bytes")
    return value


def _fault(value: str) -> str:
    if value not in FAULTS:
        raise ValueError("no fault of docs/reader.md")
    return value


Text = Annotated[str, Field(max_length=_LONGEST), AfterValidator(_printable)]
Named = Annotated[Text, Field(min_length=1)]
Hex = Annotated[str, Field(pattern=r"^(?:[0-9A-Fa-f]{2}){0,128}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Nonce = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{43}$"), AfterValidator(_nonce)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Id = Annotated[UUID, BeforeValidator(_uuid)]
Whole = Annotated[int, Field(ge=-_MOST, le=_MOST)]
Count = Annotated[int, Field(ge=0, le=_MOST)]


class Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Agent(Wire):
    version: Annotated[str, Field(pattern=r"^[0-9]{1,4}(?:\.[0-9]{1,4}){0,3}(?:[a-z+.-][0-9a-z+.-]{0,12})?$")]  # noqa: E501  # fmt: skip
    build: Sha256 | Literal[""]


class Enrolment(Wire):
    v: Literal[1]
    code: Annotated[str, Field(max_length=40), AfterValidator(_printable)]
    host: Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_printable)]
    agent: Agent


class Assertion(Wire):
    v: Literal[1]
    aud: Named
    iat: Count
    """Whole seconds since 1970."""
    jti: Id
    clock_skew_ms: Whole
    """How far the laptop's clock is ahead of the console's, by the console's last answer."""
    agent: Agent


class PackAsk(Wire):
    task: Id
    kind: Literal["sim", "id"]
    count: Annotated[int, Field(ge=1, le=60)]
    hours: Annotated[int, Field(ge=1, le=48)]


class Reader(Wire):
    name: Annotated[str, Field(max_length=200), AfterValidator(_printable)]
    usb: Annotated[str, Field(pattern=r"^(?:[0-9a-fA-F]{4}:[0-9a-fA-F]{4})?$")]
    serial: Annotated[str, Field(max_length=64), AfterValidator(_printable)]
    virtual: bool
    sam_id: Annotated[str, Field(max_length=40), AfterValidator(_printable)]

    @property
    def is_virtual(self) -> bool:
        """Whether it says so or not: who means to deceive says `false`."""
        is_unknown = bool(self.sam_id) and self.usb.lower() not in _KNOWN_BRIDGES
        return self.virtual or is_unknown or _NO_READER.fullmatch(self.name) is not None


class SimCard(Wire):
    kind: Literal["uicc", "gsm"]
    atr: Hex
    iccid: Annotated[str, Field(pattern=r"^[0-9A-E]{18,20}$")]
    iccid_raw: Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{20}$")]
    iccid_luhn: bool | None
    pin1: Literal["enabled", "disabled", "blocked", "unknown"]
    imsi_state: Literal["ok", "pin", "blank", "absent", "fault", "not_asked"]
    apdus: Count
    imsi: Text | None = Field(default=None, repr=False)
    spn: Text | None = Field(default=None, repr=False)
    gid1: Text | None = Field(default=None, repr=False)
    mnc_len: Whole | None = Field(default=None, repr=False)
    msisdn: Text | None = Field(default=None, repr=False)

    @model_validator(mode="after")
    def _is_as_the_chip_has_it(self) -> "SimCard":
        """Nibbles of each byte change places, and F fills up the end (TS 102 221, 13.2)."""
        raw = self.iccid_raw.upper()
        pairs = (raw[at + 1] + raw[at] for at in range(0, _ICCID_PLACES, 2))
        if "".join(pairs).rstrip("F") != self.iccid:
            raise ValueError("another ICCID than the chip's")
        return self

    @property
    def beyond(self) -> frozenset[str]:
        """What is in it that no check asks for."""
        return _SIM_ASKED & self.model_fields_set


class IdentityCard(Wire):
    doc: Literal["resident", "J", "I", "Y"]
    no_check: bool
    expired: bool
    no_mac: Sha256 = Field(repr=False)
    name_mac: Sha256 = Field(repr=False)
    name: Text | None = Field(default=None, repr=False)
    no: Text | None = Field(default=None, repr=False)
    valid_from: Text | None = Field(default=None, repr=False)
    valid_to: Text | None = Field(default=None, repr=False)

    @property
    def beyond(self) -> frozenset[str]:
        return _ID_ASKED & self.model_fields_set


class Fault(Wire):
    code: Annotated[str, AfterValidator(_fault)]
    stage: Annotated[str, Field(pattern=r"^[a-z_]{1,16}$")]
    sw: Annotated[str, Field(pattern=r"^(?:[0-9A-Fa-f]{2}){1,2}$")] | None = None
    """Two bytes of a card (ISO/IEC 7816-4, 5.1.3); one of a security module."""

    @property
    def is_of_document(self) -> bool:
        return self.code.startswith(_OF_ID_READERS)


class SignedRead(Wire):
    """One token of a device's chain."""

    v: Literal[1]
    aud: Named
    read_id: Annotated[Id, AfterValidator(_uuid7)]
    seq: Annotated[int, Field(ge=1, le=_MOST)]
    prev: Sha256 | Literal[""]
    task: Id
    challenge: Nonce
    captured_at: Moment
    clock_skew_ms: Whole
    uptime_ms: Count
    offline: bool
    kind: Literal["sim", "id", "fault"]
    reader: Reader
    agent: Agent
    card: Annotated[SimCard | IdentityCard | None, Field(repr=False)] = None
    fault: Fault | None = None

    @model_validator(mode="before")
    @classmethod
    def _card_of_its_kind(cls, found: object) -> object:
        """A union would try both shapes and tell of neither what is wrong with it."""
        if not isinstance(found, dict):
            raise ValueError("no object")  # noqa: TRY004 - what pydantic takes for a fault
        told = cast("dict[str, object]", found)
        shape = {"sim": SimCard, "id": IdentityCard}.get(str(told.get("kind")))
        if {"card", "fault"} & told.keys() != ({"card"} if shape else {"fault"}):
            raise ValueError("a read has a card, and a fault has none")
        card = {"card": shape.model_validate(told["card"], strict=True)} if shape else {}
        return {**told, **card}


def version_of(text: str) -> tuple[int, ...]:
    """To compare by: `0.10.2` lies behind `0.9`; what follows the numbers does not count."""
    found = re.match(r"[0-9]+(?:\.[0-9]+)*", text)
    numbers = [int(one) for one in found[0].split(".")] if found else []
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)
