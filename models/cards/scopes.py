"""What a batch of industry cards may be used for, and what holds it to that (004-2.3-a)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from ipaddress import ip_network
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import JSON, ColumnElement
from sqlmodel import Field, col

from models.base import Table, UtcDateTime, new_id, words
from models.cards.classes import CardClass, DataUse, Sms, Voice, class_policy
from models.cards.of_batch import of_batch
from models.cards.usage_rules import MEGABYTE
from models.provinces import province_of_code
from models.staff import Actor

_HOST: Final = re.compile(
    r"(?:\*\.)?(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}", re.IGNORECASE
)
_TAC: Final = re.compile(r"[0-9]{8}")
_REGION: Final = re.compile(r"[0-9]{2}(?:[0-9]{4})?")
_DIALLED: Final = re.compile(r"\+?[0-9]{3,20}")
MOST_TARGETS: Final = 200


class ScopeFault(StrEnum):
    """What keeps a scope from being bound to a batch. Each has a text of its own."""

    FUNCTION_MISSING = "function_missing"
    BUSINESS_SCOPE_MISSING = "business_scope_missing"
    SCENARIO_MISSING = "scenario_missing"
    PRODUCT_FORM_MISSING = "product_form_missing"
    VOICE_NOT_OF_CLASS = "voice_not_of_class"
    VOICE_WHITELIST_MISSING = "voice_whitelist_missing"
    SMS_NOT_OF_CLASS = "sms_not_of_class"
    SMS_WHITELIST_MISSING = "sms_whitelist_missing"
    TARGETS_MISSING = "targets_missing"
    TARGETS_OR_VOLUME_MISSING = "targets_or_volume_missing"
    VOLUME_MISSING = "volume_missing"
    VOLUME_ABOVE_CLASS = "volume_above_class"
    DEVICE_LOCK_MISSING = "device_lock_missing"
    REGIONS_MISSING = "regions_missing"
    TARGET_MALFORMED = "target_malformed"
    TAC_MALFORMED = "tac_malformed"
    REGION_MALFORMED = "region_malformed"
    NUMBER_MALFORMED = "number_malformed"


class Faulty(NamedTuple):
    fault: ScopeFault
    value: str = ""


@dataclass(frozen=True, slots=True)
class ScopeTerms:
    """The four fields of notice 182 and the technical limits, before they are kept."""

    function: str = ""
    business_scope: str = ""
    scenario: str = ""
    product_form: str = ""
    voice: Voice = Voice.OFF
    voice_numbers: Sequence[str] = field(default_factory=tuple)
    sms: Sms = Sms.OFF
    sms_numbers: Sequence[str] = field(default_factory=tuple)
    targets: Sequence[str] = field(default_factory=tuple)
    """Hosts, `*.` suffixes, addresses and networks; none: the data is not directed."""
    monthly_mb: int | None = None
    """Per card and calendar month, in `MEGABYTE`s; None: no limit."""
    device_lock: bool = False
    tacs: Sequence[str] = field(default_factory=tuple)
    """First eight digits of the IMEIs that may hold a card (3GPP TS 23.003 6.2.1)."""
    regions: Sequence[str] = field(default_factory=tuple)
    """Provinces by two digits, or counties by six (GB/T 2260)."""
    apn: str = ""
    chassis: bool = False
    """Each card is bound to a vehicle's chassis or T-Box."""


class CardScope(Table, table=True):
    """The scope in force of a batch: one row, as it was bound."""

    id: UUID = Field(default_factory=new_id, primary_key=True)
    batch_id: UUID = Field(foreign_key="industry_batches.id", unique=True)
    function: str = Field(default="", max_length=1000)
    business_scope: str = Field(default="", max_length=1000)
    scenario: str = Field(default="", max_length=1000)
    product_form: str = Field(default="", max_length=1000)
    voice: Voice = Field(default=Voice.OFF, sa_type=words(Voice))
    voice_numbers: list[str] = Field(default_factory=list, sa_type=JSON)
    sms: Sms = Field(default=Sms.OFF, sa_type=words(Sms))
    sms_numbers: list[str] = Field(default_factory=list, sa_type=JSON)
    targets: list[str] = Field(default_factory=list, sa_type=JSON)
    monthly_mb: int | None = Field(default=None)
    device_lock: bool = Field(default=False)
    tacs: list[str] = Field(default_factory=list, sa_type=JSON)
    regions: list[str] = Field(default_factory=list, sa_type=JSON)
    apn: str = Field(default="", max_length=100)
    chassis: bool = Field(default=False)
    rule_version: str = Field(default="", max_length=64)
    """The class policy that it was checked by."""
    bound_by: UUID | None = Field(default=None)
    bound_at: datetime = Field(sa_type=UtcDateTime)
    version: int = Field(default=1)

    @classmethod
    def seen_by(cls, actor: Actor) -> ColumnElement[bool]:
        return of_batch(actor, col(cls.batch_id))

    @property
    def terms(self) -> ScopeTerms:
        names = ScopeTerms.__dataclass_fields__
        return ScopeTerms(**{name: _plain(getattr(self, name)) for name in names})

    @property
    def monthly_bytes(self) -> int | None:
        return None if self.monthly_mb is None else self.monthly_mb * MEGABYTE


def _plain(value: Any) -> Any:  # noqa: ANN401 - a field of either kind
    return tuple(value) if isinstance(value, list) else value  # pyright: ignore[reportUnknownArgumentType,reportUnknownVariableType]


def scope_faults(card_class: CardClass, terms: ScopeTerms, small_mb: int) -> list[Faulty]:
    """All that keeps these terms from being bound to a class; `small_mb` is iot_general_traffic."""
    return [
        *_of_fields(terms),
        *_of_calls(card_class, terms),
        *_of_data(card_class, terms, small_mb),
        *_of_places(card_class, terms),
        *_malformed(terms),
    ]


def _of_fields(terms: ScopeTerms) -> Iterator[Faulty]:
    for name in ("function", "business_scope", "scenario", "product_form"):
        if not getattr(terms, name).strip():
            yield Faulty(ScopeFault(f"{name}_missing"))


def _of_calls(card_class: CardClass, terms: ScopeTerms) -> Iterator[Faulty]:
    policy = class_policy(card_class)
    if terms.voice not in policy.voice:
        yield Faulty(ScopeFault.VOICE_NOT_OF_CLASS, terms.voice)
    if terms.voice is Voice.WHITELIST and not terms.voice_numbers:
        yield Faulty(ScopeFault.VOICE_WHITELIST_MISSING)
    if terms.sms not in policy.sms:
        yield Faulty(ScopeFault.SMS_NOT_OF_CLASS, terms.sms)
    if terms.sms is Sms.WHITELIST and not terms.sms_numbers:
        yield Faulty(ScopeFault.SMS_WHITELIST_MISSING)


def _of_data(card_class: CardClass, terms: ScopeTerms, small_mb: int) -> Iterator[Faulty]:
    policy = class_policy(card_class)
    if policy.data is DataUse.DIRECTED and not terms.targets:
        yield Faulty(ScopeFault.TARGETS_MISSING)
    if policy.data is DataUse.DIRECTED_OR_SMALL and not terms.targets:
        if terms.monthly_mb is None:
            yield Faulty(ScopeFault.TARGETS_OR_VOLUME_MISSING)
        elif terms.monthly_mb > small_mb:
            yield Faulty(ScopeFault.VOLUME_ABOVE_CLASS, str(small_mb))
    if policy.data is DataUse.GENERAL and terms.monthly_mb is None:
        yield Faulty(ScopeFault.VOLUME_MISSING)


def _of_places(card_class: CardClass, terms: ScopeTerms) -> Iterator[Faulty]:
    policy = class_policy(card_class)
    bound = terms.device_lock or (policy.chassis and terms.chassis)
    if (policy.device_lock or policy.chassis) and not bound:
        yield Faulty(ScopeFault.DEVICE_LOCK_MISSING)
    if policy.regions and not terms.regions:
        yield Faulty(ScopeFault.REGIONS_MISSING)


def _malformed(terms: ScopeTerms) -> Iterator[Faulty]:
    for value in terms.targets:
        if not is_target(value):
            yield Faulty(ScopeFault.TARGET_MALFORMED, value[:80])
    for value in terms.tacs:
        if not _TAC.fullmatch(value):
            yield Faulty(ScopeFault.TAC_MALFORMED, value[:40])
    for value in terms.regions:
        if not (_REGION.fullmatch(value) and province_of_code(value[:2])):
            yield Faulty(ScopeFault.REGION_MALFORMED, value[:40])
    for value in (*terms.voice_numbers, *terms.sms_numbers):
        if not _DIALLED.fullmatch(value):
            yield Faulty(ScopeFault.NUMBER_MALFORMED, value[:40])


def is_target(text: str) -> bool:
    """A host, `*.` and a suffix, an address, or a network."""
    if _HOST.fullmatch(text) and not text.rpartition(".")[2].isdecimal():
        return True
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True
