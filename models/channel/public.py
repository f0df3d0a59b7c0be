"""What of a licence, an agent and a shop is public, and in which words (DOMAIN 4.6, 4.15)."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final
from uuid import UUID

from models.channel.agents import AgentState
from models.channel.licences import LicenceState
from models.tokens import Reason, Verdict

_ID_PREFIX: Final = "shop:"


class PublicStatus(StrEnum):
    """How a licence stands towards everybody, the most favourable first."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    NOT_BEGUN = "not_begun"
    EXPIRED = "expired"
    TERMINATED = "terminated"
    REVOKED = "revoked"


_ENDED: Final = {
    LicenceState.EXPIRED: PublicStatus.EXPIRED,
    LicenceState.TERMINATED: PublicStatus.TERMINATED,
    LicenceState.REVOKED: PublicStatus.REVOKED,
}
_STOPPED: Final = frozenset({AgentState.SUSPENDED, AgentState.BLACKLISTED})


def public_status(
    licence: LicenceState, agent: AgentState, begins_on: date, ends_on: date, on: date
) -> PublicStatus:
    """Of a licence that was approved once. A last day that is over counts before any sweep."""
    if licence in _ENDED:
        return _ENDED[licence]
    if on > ends_on:
        return PublicStatus.EXPIRED
    if licence is not LicenceState.ACTIVE or agent in _STOPPED:
        return PublicStatus.SUSPENDED
    return PublicStatus.NOT_BEGUN if on < begins_on else PublicStatus.ACTIVE


def best_of(statuses: Iterable[PublicStatus]) -> PublicStatus:
    """An agent stands as the best of its licences does; there is at least one."""
    return min(statuses, key=list(PublicStatus).index)


def shop_number(shop_key: str) -> str:
    """A shop as its platform calls it: without the mark that we keep it with."""
    return shop_key.removeprefix(_ID_PREFIX)


_INDIVIDUAL: Final = "92"
"""A USCC begins so when a person trades in a name of its own (个体工商户, GB 32100)."""
_USCC_HEAD: Final = 8
_USCC_TAIL: Final = 4
_HIDDEN: Final = "＊"
_ID_LIKE: Final = re.compile(r"(?<![0-9])(?:[0-9]{17}[0-9Xx]|[0-9]{15})(?![0-9Xx])")
_PHONE_LIKE: Final = re.compile(
    r"(?<![0-9])(?:\+?86[- ]?)?1[3-9][0-9](?:[- ]?[0-9]{4}){2}(?![0-9])"
)
_MAIL_LIKE: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PERSONAL: Final = (_ID_LIKE, _PHONE_LIKE, _MAIL_LIKE)


def is_individual(uscc: str) -> bool:
    return uscc.startswith(_INDIVIDUAL)


def personal_numbers(text: str) -> list[str]:
    """What in a text looks like an identity number, a mobile number or a mail address."""
    return [found for kind in _PERSONAL for found in kind.findall(text)]


def public_text(text: str) -> str:
    """A text that people wrote, without anything that looks like a person's number."""
    for kind in _PERSONAL:
        text = kind.sub(_HIDDEN * 3, text)
    return text


def public_name(name: str, uscc: str, representative: str) -> str:
    """A firm's name as it is registered; of a person who trades, of the own name the first
    character alone (PIPL 6, BADGE 6): `张三通讯店` is `张＊通讯店`.
    """
    person = representative.strip()
    if is_individual(uscc) and len(person) > 1:
        name = name.replace(person, person[0] + _HIDDEN * (len(person) - 1))
    return public_text(name)


def public_uscc(uscc: str) -> str:
    """A firm's whole code; of a person who trades, kind, place and the last four."""
    if not is_individual(uscc):
        return uscc
    hidden = len(uscc) - _USCC_HEAD - _USCC_TAIL
    return uscc[:_USCC_HEAD] + "*" * hidden + uscc[-_USCC_TAIL:]


def public_url(url: str, shop: str) -> str:
    """A shop's address; none when it tells a person's number beside the shop's own id."""
    return "" if personal_numbers(url.replace(shop, "") if shop else url) else url


@dataclass(frozen=True, slots=True)
class PublicShop:
    platform: str
    id: str
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class PublicLicence:
    number: str
    status: PublicStatus
    products: tuple[str, ...]
    provinces: tuple[str, ...]
    begins_on: date
    ends_on: date
    shops: tuple[PublicShop, ...]
    """Its live shops, while it stands or is suspended; none of one that has ended."""


@dataclass(frozen=True, slots=True)
class PublicAgent:
    agent_no: str
    name: str
    uscc: str
    province: str
    carrier: str
    status: PublicStatus
    licences: tuple[PublicLicence, ...]


@dataclass(frozen=True, slots=True)
class PublicEntry:
    """One line of a public search."""

    agent_no: str
    name: str
    province: str
    carrier: str
    status: PublicStatus


@dataclass(frozen=True, slots=True)
class Delegation:
    """Who may sell in a shop that was asked about, and how that stands."""

    carrier: str
    agent_no: str
    name: str
    uscc: str
    licence_no: str
    status: PublicStatus
    products: tuple[str, ...]
    provinces: tuple[str, ...]
    until: date


@dataclass(frozen=True, slots=True)
class Match:
    """What agrees with licences that are in force, of a shop whose owner's code was given too."""

    platform: bool
    """The owner may sell in some shop of the platform."""
    shop: bool
    """Somebody may sell in this shop."""
    uscc: bool
    """The owner is who may sell in this shop: it may be admitted."""


@dataclass(frozen=True, slots=True)
class Looked:
    """The answer about one shop. `fault` is the code of a refusal: the pair names no shop."""

    platform: str
    shop: str
    delegations: tuple[Delegation, ...] = ()
    fault: str | None = None
    match: Match | None = None
    """None where no code was given."""

    @property
    def is_licensed(self) -> bool:
        return any(one.status is PublicStatus.ACTIVE for one in self.delegations)


@dataclass(frozen=True, slots=True)
class ScannedBadge:
    """What a genuine badge stands for."""

    badge_id: str
    agent_no: str
    agent: str
    carrier: str
    licence_no: str
    products: tuple[str, ...]
    provinces: tuple[str, ...]
    until: date
    shop: PublicShop


@dataclass(frozen=True, slots=True)
class Scan:
    verdict: Verdict
    reason: Reason
    badge: ScannedBadge | None = None
    """None of a forged one, and of one that is not ours."""
    until: int = field(default=0, compare=False)
    """When time alone changes it, in POSIX seconds; 0 where nobody should remember it."""


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One licence in one of its shops, of any carrier: what a patrol judges by."""

    carrier_id: UUID
    carrier: str
    agent_id: UUID
    agent_no: str
    agent_name: str
    uscc: str
    province: str
    agent_state: AgentState
    licence_id: UUID
    licence_no: str
    licence_state: LicenceState
    products: tuple[str, ...]
    provinces: tuple[str, ...]
    begins_on: date
    ends_on: date
    shop_ids: Collection[str]
    """All shops that the licence names."""
    shop_id: UUID | None = None
    """One live shop of the agent; None when it has none, so that its licence is known at all."""
    platform: str = ""
    shop_key: str = ""
    shop_name: str = ""
    shop_url: str = ""

    @property
    def names_shop(self) -> bool:
        """Whether the licence names this row's shop."""
        return self.shop_id is not None and str(self.shop_id) in self.shop_ids
