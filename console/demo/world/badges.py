"""Badges that are really signed, by keys of the time, and what the public log tells of it all."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from console.actions.channel.keys import announce_keys
from console.actions.channel.places import SHARD, draw_places, status_uri
from console.demo.world.firms import Term
from console.demo.world.made import MadeBadge, Sheaf, World
from console.desk import House
from integrations.keys import Signer
from models.channel.badges import Badge, BadgeState
from models.channel.licences import LicenceState
from models.channel.log import LogEntry, LogKind, NewEntry
from models.permissions import Permission, Role
from models.rules import end_of
from models.staff import Organisation
from models.tokens import BADGE_ID_BYTES, Claims, KeyRole, Shop, sign

_FIRST_KEY: Final = timedelta(days=660)
_SECOND_KEY: Final = timedelta(days=300)
"""So far back each badge key was made: the first has run out, the second has two months left."""
_DRAWN: Final = 2000
"""Places that are drawn in one transaction."""
_B, _L = BadgeState, LicenceState
_FALLEN: Final = {
    _L.SUSPENDED: _B.SUSPENDED, _L.REVOKED: _B.REVOKED, _L.TERMINATED: _B.REVOKED,
    _L.EXPIRED: _B.EXPIRED,
}  # fmt: skip
_TOLD: Final = {
    _B.ISSUED: None, _B.DISPLAYED: LogKind.BADGE_DISPLAYED, _B.SUSPENDED: LogKind.BADGE_SUSPENDED,
    _B.COMPROMISED: LogKind.BADGE_COMPROMISED, _B.REVOKED: LogKind.BADGE_REVOKED,
    _B.EXPIRED: LogKind.BADGE_EXPIRED,
}  # fmt: skip
_HOLDING: Final = (_B.ISSUED, _B.DISPLAYED)
_COPIED, _NOT_SHOWN = 0.006, 0.27
"""Shares of the badges that hold: found copied; not found displayed yet."""


def aged_keys(house: House) -> None:
    """Badge keys of the past two years, made before anything else is signed in the house."""
    now = house.now()
    house.keys.ensure(KeyRole.BADGE, now - _FIRST_KEY)
    house.keys.rotate(KeyRole.BADGE, now - _SECOND_KEY)
    announce_keys(house.desk())


@dataclass(slots=True)
class Seals:
    """What signs, the places that are left, and the events that are to be told in their order."""

    world: World
    signers: list[Signer]
    """The newest first."""
    told: list[NewEntry] = field(default_factory=list[NewEntry])
    _places: Iterator[int] = field(default_factory=lambda: iter(()))
    _given: set[int] = field(default_factory=set[int])
    """A place is drawn among those that no row has; of these some have none yet."""

    @classmethod
    def of(cls, world: World) -> "Seals":
        keys = world.house.keys
        moments = (world.now, world.now - _SECOND_KEY - timedelta(days=9))
        return cls(world, [keys.ensure(KeyRole.BADGE, at) for at in moments])

    def place(self) -> int:
        for found in self._places:
            if found not in self._given:
                self._given.add(found)
                return found
        with self.world.house.desk().begin(Permission.ORGANISATION_EDIT) as work:
            self._places = iter(draw_places(work, _DRAWN))
            work.no_deed()
        return self.place()

    def signer_at(self, moment: datetime) -> Signer | None:
        """None before the first key: such a badge was never made here."""
        return next((one for one in self.signers if one.not_before <= moment), None)

    def tell(self, kind: LogKind, at: datetime, facts: Mapping[str, Any]) -> None:
        by = "house" if kind.value.startswith("badge.") else Role.APPROVER.value
        self.told.append(NewEntry.of(kind, at, by, facts))

    def keep_told(self) -> None:
        """All of them in the order of their times."""
        with self.world.keeping("log") as sheaf:
            for at, kind, agent_no, badge_id, digest, body in sorted(self.told):
                sheaf.put(
                    LogEntry, at=at, kind=LogKind(kind), agent_no=agent_no, badge_id=badge_id,
                    token_sha256=digest, body=body,
                )  # fmt: skip
                sheaf.breathe()
        self.told.clear()


@dataclass(frozen=True, slots=True)
class Held:
    """A licence of an agent for one shop: what a badge says."""

    carrier: Organisation
    agent_id: UUID
    agent_no: str
    licence_id: UUID
    licence_no: str
    province: str
    approved_at: datetime
    term: Term
    shop_id: UUID
    shop: Shop
    reason: str


def put_badge(seals: Seals, sheaf: Sheaf, held: Held) -> None:
    """The badge as it stands today, really signed; none from before the first key."""
    world, chance = seals.world, seals.world.rng
    issued = held.approved_at.astimezone(UTC).replace(microsecond=0) + timedelta(minutes=2)
    by = seals.signer_at(issued)
    if by is None:
        return
    cti, place, until = chance.randbytes(BADGE_ID_BYTES), seals.place(), end_of(held.term.ends_on)
    claims = Claims(
        held.agent_no, int(issued.timestamp()), int(until.timestamp()), cti, place % SHARD,
        status_uri(world.house, place), (held.shop.hash,),
    )  # fmt: skip
    token = sign(claims, by.kid, by.raw_sign, by.alg)
    digest = sha256(token).hexdigest()
    state, row = _state(world, held.term), world.id_at(issued)
    sheaf.put(
        Badge, id=row, badge_id=cti.hex(), carrier_id=held.carrier.id,
        agent_id=held.agent_id, licence_id=held.licence_id, shop_id=held.shop_id,
        platform=held.shop.platform, province=held.province, status_index=place, state=state,
        token=token, kid=by.kid.hex(), token_sha256=digest, issued_at=issued, expires_at=until,
        reason=held.reason, version=3,
    )  # fmt: skip
    facts = {
        "carrier": held.carrier.code, "agent_no": held.agent_no, "licence_no": held.licence_no,
        "badge_id": cti.hex(), "status_index": place, "shop_hash": held.shop.hash.hex(),
        "token_sha256": digest,
    }  # fmt: skip
    if state in _HOLDING:
        world.badges.append(
            MadeBadge(row, cti.hex(), held.carrier.id, held.agent_id, held.shop.platform,
                      held.province, issued)
        )  # fmt: skip
    seals.tell(LogKind.BADGE_ISSUED, issued, facts)
    _tell_fate(seals, held.term, state, issued, facts)


def _state(world: World, term: Term) -> BadgeState:
    if term.state in _FALLEN:
        return _FALLEN[term.state]
    share = world.rng.random()
    if share < _COPIED:
        return _B.COMPROMISED
    return _B.ISSUED if share < _NOT_SHOWN else _B.DISPLAYED


def _tell_fate(
    seals: Seals, term: Term, state: BadgeState, issued: datetime, facts: Mapping[str, Any]
) -> None:
    now, chance = seals.world.now, seals.world.rng
    kind = _TOLD[state]
    if kind is None:
        return
    shown = issued + timedelta(days=chance.uniform(1, 20))
    end = end_of(term.ends_on) if state is _B.EXPIRED else term.ended_at or shown
    seals.tell(kind, min(end, now), facts)
