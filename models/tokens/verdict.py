"""What to think of a scanned code, by its host, form, signature, time, list, status, shop.

The first that is wrong gives the verdict.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from models.tokens.claims import Claims, token_of
from models.tokens.cose import Key, KeySet, Malformed, Sign1, read_sign1
from models.tokens.shops import Shop
from models.tokens.status import (
    CLOCK_SLACK,
    Standing,
    StatusSource,
    StatusUnknown,
    no_status,
)
from models.tokens.words import Reason, Verdict

IsKept = Callable[["Badge"], bool]
"""Whether a register that is trusted holds the very bytes, put there when they were signed."""
LoggedAt = Callable[[bytes], int | None]
"""When a witness first cosigned a log head that holds this token; None when none did."""

_OURS: Final = re.compile(r"https://([A-Za-z0-9.-]{1,253})(?::443)?/b/", re.IGNORECASE)
_PATH: Final = "/b/"
_STANDINGS: Final = {
    Standing.REVOKED: (Verdict.REVOKED, Reason.REVOKED),
    Standing.SUSPENDED: (Verdict.SUSPENDED, Reason.SUSPENDED),
}


@dataclass(frozen=True, slots=True)
class Answer:
    verdict: Verdict
    reason: Reason
    claims: Claims | None = None
    """Of a badge that we did sign; a forged one is not quoted."""


@dataclass(frozen=True, slots=True)
class Badge:
    """A token in due form. Who signed it is not yet known."""

    token: bytes
    signed: Sign1
    claims: Claims

    @classmethod
    def from_digits(cls, digits: str) -> "Badge":
        token = token_of(digits)
        signed = read_sign1(token)
        return cls(token, signed, Claims.from_bytes(signed.payload))


def never_kept(_badge: Badge) -> bool:
    return False


def never_logged(_token: bytes) -> int | None:
    return None


@dataclass(frozen=True, slots=True)
class Verifier:
    hosts: Collection[str]
    """Our verify hosts, in lower case."""
    keys: KeySet
    """Badge keys alone; a key of another role is a stranger here."""
    status: StatusSource = no_status
    logged_at: LoggedAt = never_logged
    is_kept: IsKept = never_kept
    """Spares a signature that was checked when it was made, and nothing else."""

    def verify(self, text: str, page: Shop | None, now: int) -> Answer:
        """The verdict on a code read from `page`; None when nobody knows where it was seen."""
        digits = self.digits_in(text)
        if digits is None:
            return Answer(Verdict.NOT_OURS, Reason.OTHER_ADDRESS)
        return self.verify_digits(digits, page, now)

    def verify_digits(self, digits: str, page: Shop | None, now: int) -> Answer:
        """The same for one who was already asked at our own address."""
        try:
            badge = Badge.from_digits(digits)
        except Malformed:
            return Answer(Verdict.FORGED, Reason.BAD_FORM)
        doubt = self._doubt_about(badge, now)
        if doubt is not None:
            return Answer(Verdict.FORGED, doubt)
        verdict, reason = self._judge(badge.claims, page, now)
        return Answer(verdict, reason, badge.claims)

    def digits_in(self, text: str) -> str | None:
        """What follows our address, without query and fragment; None for any other text."""
        ours = _OURS.match(text)
        if ours is None or not ours[0].endswith(_PATH) or ours[1].lower() not in self.hosts:
            return None
        return text[ours.end() :].partition("#")[0].partition("?")[0]

    def _doubt_about(self, badge: Badge, now: int) -> Reason | None:
        key = self.keys.key_of(badge.signed)
        if key is None:
            return Reason.UNKNOWN_KEY
        if not self._is_genuine(badge, key):
            return Reason.BAD_SIGNATURE
        if not key.is_in_force(badge.claims.issued_at):
            return Reason.KEY_NOT_IN_FORCE
        if self._may_be_the_thief(key, badge.token, now):
            return Reason.KEY_REVOKED
        return None

    def _is_genuine(self, badge: Badge, key: Key) -> bool:
        signed = badge.signed
        return self.is_kept(badge) or key.has_signed(signed.signature, signed.signed_bytes)

    def _may_be_the_thief(self, key: Key, token: bytes, now: int) -> bool:
        """After a key was lost its dates prove nothing; only a witnessed log entry from before."""
        if key.revoked_at is None or now < key.revoked_at:
            return False
        logged_at = self.logged_at(token)
        return logged_at is None or logged_at >= key.revoked_at

    def _judge(self, claims: Claims, page: Shop | None, now: int) -> tuple[Verdict, Reason]:
        if now >= claims.expires_at:
            return Verdict.EXPIRED, Reason.PAST_ITS_END
        if claims.issued_at > now + CLOCK_SLACK:
            return Verdict.NOT_YET_VALID, Reason.BEFORE_ITS_BEGINNING
        try:
            standing = self.status(claims, now)
        except StatusUnknown as unknown:
            return Verdict.STATUS_UNKNOWN, unknown.reason
        if standing is not Standing.GOOD:
            return _STANDINGS[standing]
        return _judge_place(claims, page)


def _judge_place(claims: Claims, page: Shop | None) -> tuple[Verdict, Reason]:
    if page is None:
        return Verdict.VALID_SHOP_UNCHECKED, Reason.NO_PAGE
    if page.hash not in claims.shops:
        return Verdict.WRONG_SHOP, Reason.OTHER_SHOP
    return Verdict.VALID, Reason.IN_ORDER
