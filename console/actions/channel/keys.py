"""Keys by role: told of when they are made, rotated each year, declared lost when they may be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func
from sqlmodel import col, select

from console.actions.audit import history
from console.actions.channel.announce import tell
from console.actions.channel.gate import shut_gate
from console.desk import Desk, Work
from integrations.keys import Card, KeyUnusable, Signer
from models.audit import AuditEntry
from models.channel.badges import Badge, BadgeState
from models.channel.issuing import KeyState, SigningKey
from models.channel.log import LogKind
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotFound
from models.tokens import KeyRole
from models.tokens.sm2 import Sm2Missing

END_WARNING: Final = timedelta(days=30)
"""Before a key's end; then it is time to rotate."""
_FOUND: Final = "found on disk"
_LIVE: Final = (BadgeState.ISSUED, BadgeState.DISPLAYED, BadgeState.SUSPENDED)


@dataclass(frozen=True, slots=True)
class KeyRecord:
    key: SigningKey
    state: KeyState
    badges: int
    """That it ever signed."""
    live: int
    """Of them, those that are still good, suspended, or wait for a new one."""


def signer(desk: Desk, role: KeyRole) -> Signer:
    """The key that signs in the role now, and that everybody was told of.

    Not to be called within a transaction: it may make a key, and begins one of its own.
    """
    house = desk.house
    try:
        found = house.keys.ensure(role, desk.now())
    except (KeyUnusable, Sm2Missing) as error:
        raise Conflict("keys.unusable", role=role.value, problem=str(error)) from error
    with house.desk().begin(Permission.KEY_READ) as work:
        is_told = work.session.get(SigningKey, found.kid.hex()) is not None
    if not is_told:
        announce_keys(desk)
    return found


def keep_keys(desk: Desk) -> int:
    """A key in every role before it is first needed, so that a published key set is whole."""
    for role in KeyRole:
        desk.house.keys.ensure(role, desk.now())
    return announce_keys(desk)


def announce_keys(desk: Desk) -> int:
    """Tell of keys that were made or lost and not told of, whoever made them; how many.

    A loss that was told of and is not on the key's card, as after a crash, is put there.
    """
    own = desk.house.desk()
    cards = {card.kid: card for card in own.house.keys.cards()}
    with own.begin(Permission.KEY_READ) as work:
        known = {row.kid: row for row in work.session.exec(work.select(SigningKey)).all()}
    told = 0
    if any(_is_news(card, known.get(kid)) for kid, card in cards.items()):
        with own.begin(Permission.KEY_EDIT) as work:
            told = _tell_news(work, cards)
    for kid, row in known.items():
        card = cards.get(kid)
        if (
            row.revoked_at
            and card
            and (card.revoked_at is None or row.revoked_at < card.revoked_at)
        ):
            own.house.keys.revoke(bytes.fromhex(kid), row.revoked_at)
    return told


def _is_news(card: Card, row: SigningKey | None) -> bool:
    return row is None or (card.revoked_at is not None and row.revoked_at is None)


def _tell_news(work: Work, cards: Mapping[str, Card]) -> int:
    shut_gate(work)
    told = 0
    for kid, card in cards.items():
        row = work.session.get(SigningKey, kid)
        told += _is_news(card, row)
        if row is None:
            row = _tell_made(work, card)
        if card.revoked_at is not None and row.revoked_at is None:
            row.revoked_at, row.reason = card.revoked_at, _FOUND
            tell(work, LogKind.KEY_REVOKED, row, reason=row.reason)
    if not told:
        work.no_deed()
    return told


def _tell_made(work: Work, card: Card) -> SigningKey:
    row = work.add(
        SigningKey(
            kid=card.kid,
            role=card.role,
            algorithm=card.alg.name.lower(),
            public=card.public,
            not_before=card.nbf,
            not_after=card.exp,
            created_at=work.at,
        )
    )
    work.session.flush()
    tell(work, LogKind.KEY_MADE, row, held=card.held.value)
    return row


def rotate_key(desk: Desk, role: KeyRole) -> SigningKey:
    """A new key signs from now on; the old one stays published and vouches for what it signed."""
    with desk.begin(Permission.KEY_EDIT):
        pass  # allowed? Making a key is no work for a transaction.
    try:
        made = desk.house.keys.rotate(role, desk.now())
    except (KeyUnusable, Sm2Missing) as error:
        raise Conflict("keys.unusable", role=role.value, problem=str(error)) from error
    cards = {card.kid: card for card in desk.house.keys.cards()}
    with desk.begin(Permission.KEY_EDIT) as work:
        _tell_news(work, cards)
        return work.session.get_one(SigningKey, made.kid.hex())


def revoke_key(desk: Desk, kid: str, *, since: datetime, reason: str) -> SigningKey:
    """The key may be in other hands since then: it signs no more, and a fresh one goes on.

    What it signed is good only where a witness cosigned a log head with it before; the rest is
    re-issued (`losses`). A key that is lost twice is lost since the earlier moment.
    """
    if not reason.strip():
        raise Invalid("channel.reason_needed")
    if since > desk.now():
        raise Invalid("keys.not_yet", since=since.isoformat())
    announce_keys(desk)
    with desk.begin(Permission.KEY_EDIT) as work:
        shut_gate(work)
        row = _key(work, kid)
        if row.revoked_at is not None and row.revoked_at <= since:
            raise Conflict("keys.lost_already", kid=row.kid)
        row.revoked_at, row.reason = since.replace(microsecond=0), reason.strip()
        tell(work, LogKind.KEY_REVOKED, row, reason=row.reason)
    desk.house.keys.revoke(bytes.fromhex(row.kid), row.revoked_at)
    signer(desk, row.role)
    return row


def _key(work: Work, kid: str) -> SigningKey:
    row = work.session.exec(
        work.select(SigningKey).where(SigningKey.kid == kid.strip().lower()).with_for_update()
    ).first()
    if row is None:
        raise NotFound("keys.not_found", kid=kid)
    return row


def list_keys(desk: Desk) -> Sequence[KeyRecord]:
    """Every key with what it does now, by role; of each the newest first."""
    with desk.begin(Permission.KEY_READ) as work:
        query = work.select(SigningKey).order_by(col(SigningKey.kid).desc())
        keys = work.session.exec(query).all()
        counts = _badges_by_key(work)
    roles = {role: place for place, role in enumerate(KeyRole)}
    found: list[KeyRecord] = []
    signing: set[KeyRole] = set()
    for key in sorted(keys, key=lambda key: roles[key.role]):
        state = _state(key, desk.now(), is_newest=key.role not in signing)
        if state is KeyState.SIGNING:
            signing.add(key.role)
        badges, live = counts.get(key.kid, (0, 0))
        found.append(KeyRecord(key, state, badges, live))
    return found


def _state(key: SigningKey, now: datetime, *, is_newest: bool) -> KeyState:
    if key.revoked_at is not None:
        return KeyState.LOST
    signs = is_newest and key.not_before <= now < key.not_after
    return KeyState.SIGNING if signs else KeyState.PUBLISHED


def _badges_by_key(work: Work) -> Mapping[str, tuple[int, int]]:
    """Of each key all its badges, and those of them that still stand."""
    kid = col(Badge.kid)
    rows = work.session.exec(
        select(kid, Badge.state, func.count()).where(kid.is_not(None)).group_by(kid, Badge.state)  # pyright: ignore[reportArgumentType]
    ).all()
    counts: dict[str, tuple[int, int]] = {}
    for key, state, number in rows:
        badges, live = counts.get(str(key), (0, 0))
        counts[str(key)] = badges + number, live + number * (state in _LIVE)
    return counts


def key_record(desk: Desk, kid: str) -> tuple[SigningKey, Sequence[AuditEntry]]:
    """A key and what was done with it."""
    with desk.begin(Permission.KEY_READ) as work:
        row = work.session.exec(work.select(SigningKey).where(SigningKey.kid == kid)).first()
        if row is None:
            raise NotFound("keys.not_found", kid=kid)
        return row, history(work, row)


def keys_that_end(desk: Desk) -> Sequence[KeyRecord]:
    """Signing keys whose end is near."""
    soon = desk.now() + END_WARNING
    return [
        one
        for one in list_keys(desk)
        if one.state is KeyState.SIGNING and one.key.not_after <= soon
    ]
