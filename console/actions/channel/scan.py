"""Verdicts on badges that somebody scanned, with the database as the one who knows the standing."""

from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import Row, Select, bindparam, select
from sqlmodel import col

from console.actions.channel.badges import code_prefix
from console.actions.channel.log import first_cosigned
from console.actions.channel.reading import read
from console.actions.channel.register import named
from console.desk import House
from integrations.keys import KeyRing
from models.channel.agents import Agent
from models.channel.badges import STANDINGS, Badge
from models.channel.licences import Licence
from models.channel.public import PublicShop, Scan, ScannedBadge, shop_number
from models.channel.shops import AuthorisedShop
from models.staff import Organisation
from models.tokens import (
    Answer,
    Claims,
    KeyRole,
    KeySet,
    Malformed,
    Reason,
    Shop,
    Standing,
    StatusUnknown,
    Verifier,
)
from models.tokens import Badge as Token
from models.tokens.status import CLOCK_SLACK

_ONE_BADGE: Final[Select[*tuple[Any, ...]]] = (
    select(
        col(Badge.badge_id),
        col(Badge.state),
        col(Badge.token),
        col(Agent.agent_no),
        named(Agent.name, "agent"),
        named(Organisation.name, "carrier"),
        named(Licence.number, "licence_no"),
        col(Licence.products),
        col(Licence.provinces),
        col(Licence.ends_on),
        col(AuthorisedShop.platform),
        col(AuthorisedShop.shop_key),
        named(AuthorisedShop.name, "shop_name"),
        named(AuthorisedShop.url, "shop_url"),
    )
    .select_from(Badge)
    .join(Agent, col(Agent.id) == col(Badge.agent_id))
    .join(Licence, col(Licence.id) == col(Badge.licence_id))
    .join(AuthorisedShop, col(AuthorisedShop.id) == col(Badge.shop_id))
    .join(Organisation, col(Organisation.id) == col(Badge.carrier_id))
    .where(col(Badge.badge_id) == bindparam("badge_id"))
)


@dataclass(frozen=True, slots=True)
class _BadgeKeys:
    known: KeySet
    losses: tuple[int, ...] = ()
    """When keys were declared lost: moments at which verdicts change."""


@lru_cache(maxsize=8)
def _badge_keys(folder: Path, _changed: int) -> _BadgeKeys:
    """The public badge keys, read again whenever the folder has changed."""
    keys = KeyRing(folder).public_keys(KeyRole.BADGE)
    losses = tuple(key.revoked_at for key in keys if key.revoked_at is not None)
    return _BadgeKeys(KeySet(keys), losses)


def keys_changed(house: House) -> int:
    """A number that changes whenever a key is made or declared lost."""
    try:
        return _key_folder(house.settings.data).stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _keys_of(house: House) -> _BadgeKeys:
    changed = keys_changed(house)
    return _badge_keys(_key_folder(house.settings.data), changed) if changed else _NO_KEYS


_NO_KEYS: Final = _BadgeKeys(KeySet(()))


@lru_cache(maxsize=8)
def _key_folder(data: Path) -> Path:
    return data / "keys"


@lru_cache(maxsize=8)
def _host_of(public_url: str) -> str:
    return (urlsplit(public_url).hostname or "").lower()


@dataclass(slots=True)
class _Online:
    """The database as a StatusSource; it keeps what it read, so that nothing is asked twice."""

    house: House
    keys: _BadgeKeys
    now: int
    rows: list[Row[Any]] = field(default_factory=list[Row[Any]])

    def is_kept(self, badge: Token) -> bool:
        """Whether the register holds the token byte by byte: we signed it before we stored it."""
        row = self.row(badge.claims)
        return row is not None and row.token == badge.token

    def __call__(self, claims: Claims, _now: int) -> Standing:
        row = self.row(claims)
        if row is None or row.state not in STANDINGS:
            raise StatusUnknown(Reason.NOT_IN_LIST)
        return STANDINGS[row.state]

    def logged_at(self, token: bytes) -> int | None:
        """When a witness first vouched for a log that holds the token."""
        return first_cosigned(self.house, sha256(token).hexdigest())

    def row(self, claims: Claims) -> Row[Any] | None:
        if not self.rows:
            self.rows = list(read(self.house, _ONE_BADGE, badge_id=claims.badge_id.hex()))
        return self.rows[0] if self.rows else None


def check_badge(house: House, code: str, page: Shop | None = None) -> Scan:
    """The verdict on a scanned text, seen on `page`; None when nobody knows where."""
    verifier, online = _verifier(house)
    prefix, text = code_prefix(house), code.strip()
    if text.lower().startswith(prefix):
        digits = text[len(prefix) :].partition("#")[0].partition("?")[0]
        return _scan(verifier.verify_digits(digits, page, online.now), online)
    return _scan(verifier.verify(text, page, online.now), online)


def badge_named_in(house: House, text: str) -> str | None:
    """The id in a code's digits, or in the address of its verify page; genuine or not."""
    verifier = Verifier(hosts=(_host_of(house.settings.public_url),), keys=_NO_KEYS.known)
    digits = text if text.isascii() and text.isdecimal() else verifier.digits_in(text)
    prefix = code_prefix(house)
    if digits is None and text.lower().startswith(prefix):
        digits = text[len(prefix) :].partition("#")[0].partition("?")[0]
    try:
        return None if digits is None else Token.from_digits(digits).claims.badge_id.hex()
    except Malformed:
        return None


def is_ours(house: House, text: str) -> bool:
    """Whether a code leads to our verify page; whether it is genuine is another question."""
    text = text.strip()
    return text.lower().startswith(code_prefix(house)) or _is_our_host(house, text)


def _is_our_host(house: House, text: str) -> bool:
    verifier = Verifier(hosts=(_host_of(house.settings.public_url),), keys=_NO_KEYS.known)
    return verifier.digits_in(text) is not None


def scan(house: House, digits: str, page: Shop | None = None) -> Scan:
    """The same for the digits that came to our own verify page."""
    verifier, online = _verifier(house)
    return _scan(verifier.verify_digits(digits, page, online.now), online)


def _verifier(house: House) -> tuple[Verifier, _Online]:
    online = _Online(house, _keys_of(house), int(house.now().timestamp()))
    host = _host_of(house.settings.public_url)
    verifier = Verifier(
        hosts=(host,),
        keys=online.keys.known,
        status=online,
        logged_at=online.logged_at,
        is_kept=online.is_kept,
    )
    return verifier, online


def _until(claims: Claims, online: _Online) -> int:
    """The next moment at which time alone may change the verdict."""
    moments = (claims.issued_at - CLOCK_SLACK, claims.expires_at, *online.keys.losses)
    return min((one for one in moments if one > online.now), default=_LAST)


_LAST: Final = 1 << 40


def _scan(answer: Answer, online: _Online) -> Scan:
    claims = answer.claims
    row = online.row(claims) if claims is not None else None
    if claims is None or row is None:
        return Scan(answer.verdict, answer.reason)
    shop = PublicShop(row.platform, shop_number(row.shop_key), row.shop_name, row.shop_url)
    badge = ScannedBadge(
        badge_id=row.badge_id,
        agent_no=row.agent_no,
        agent=row.agent,
        carrier=row.carrier,
        licence_no=row.licence_no,
        products=tuple(row.products),
        provinces=tuple(row.provinces),
        until=row.ends_on,
        shop=shop,
    )
    return Scan(answer.verdict, answer.reason, badge, _until(claims, online))
