"""The signed lists that say which badges stand (BADGE 2.3), built when the badges change.

A place is drawn at random, so neighbours tell nothing of each other. A place that no badge has
reads as good: it says nothing, for a badge is good only with its signature, and tokens of badges
that were never issued do not exist.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from typing import Final

from sqlalchemy import Engine, select, text
from sqlmodel import col

from console.actions.channel.keys import signer
from console.actions.channel.places import SHARD, status_uri
from console.actions.channel.reading import Version, version
from console.desk import House
from models.channel.badges import FALLEN, STANDINGS, Badge, BadgeState
from models.refusals import NotFound
from models.tokens import KeyRole, Standing, StatusList, pack, sign_status_list
from models.tokens.status import LIFETIME, TTL

_SECONDS: Final = 2
"""For which a list is given again where the database cannot say whether anything changed."""
_RENEWED: Final = TTL
"""Seconds after which a list is signed anew even if nothing changed."""
_MOST: Final = 4096


@dataclass(frozen=True, slots=True)
class Listed:
    token: bytes
    at: int
    version: Version | None
    kid: bytes


@dataclass(slots=True)
class _Kept:
    """The lists of one house that were built last, by number."""

    lock: Lock = field(default_factory=Lock)
    lists: dict[int, Listed] = field(default_factory=dict[int, Listed])


@lru_cache(maxsize=16)
def _kept_of(_engine: Engine) -> _Kept:
    return _Kept()


def status_list(house: House, number: int) -> bytes:
    """The signed list that badges name as `/s/{number}`; NotFound where none points to.

    Never older than the last change on SQLite, nor than two seconds on PostgreSQL.
    """
    kept = _kept_of(house.engine)
    with kept.lock:
        seen, now = version(house), int(house.now().timestamp())
        by = signer(house.desk(), KeyRole.STATUS_LIST)
        known = kept.lists.get(number)
        if known is not None and _still_holds(known, seen, now, by.kid):
            return known.token
        statuses = statuses_of(house, number)
        listed = StatusList(
            uri=status_uri(house, (number - 1) * SHARD),
            issued_at=now,
            expires_at=now + LIFETIME,
            ttl=TTL,
            statuses=statuses,
        )
        token = sign_status_list(listed, by.kid, by.raw_sign, by.alg)
        if len(kept.lists) >= _MOST:
            kept.lists.clear()
        # A key that was just made has changed the database: what is kept then is built again.
        kept.lists[number] = Listed(token, now, seen, by.kid)
        return token


def _still_holds(known: Listed, seen: Version | None, now: int, kid: bytes) -> bool:
    if known.kid != kid or not known.at <= now < known.at + _RENEWED:
        return False
    return known.version == seen if seen is not None else now < known.at + _SECONDS


def statuses_of(house: House, number: int) -> bytes:
    """Two bits for each place of a list, as the database has them now."""
    first = (number - 1) * SHARD
    if not 0 <= first < 1 << 31:
        raise NotFound("channel.no_status_list", number=number)
    place = col(Badge.status_index)
    here = place.between(first, first + SHARD - 1)
    with house.engine.connect() as connection:
        if connection.execute(select(place).where(here).limit(1)).first() is None:
            raise NotFound("channel.no_status_list", number=number)
        # In the words of the index, or SQLite does not see that it may use it.
        query = select(place, col(Badge.state)).where(here, text(FALLEN))
        rows = connection.execute(query).all()
    return pack(SHARD, {index - first: _FALLEN[state] for index, state in rows})


_FALLEN: Final[Mapping[BadgeState, Standing]] = {
    state: standing for state, standing in STANDINGS.items() if standing is not Standing.GOOD
}
