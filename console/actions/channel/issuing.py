"""Issuing: requested badges are signed in batches, unless the one switch has halted it.

Whoever signs passes a gate in the transaction that keeps the tokens, and whoever halts issuing or
declares a key lost shuts it in theirs: once that is committed, nothing more is kept as signed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

from sqlalchemy.orm.util import identity_key
from sqlmodel import col, select

from console.actions.channel.announce import tell
from console.actions.channel.gate import pass_gate, shut_gate
from console.actions.channel.keys import signer
from console.actions.channel.places import SHARD, status_uri
from console.desk import Desk, Work
from integrations.keys import Signer
from models.channel.agents import Agent
from models.channel.badges import Badge, BadgeMove, BadgeState
from models.channel.issuing import IssuingHalt, SigningKey
from models.channel.licences import Licence, LicenceState
from models.channel.log import LogKind
from models.channel.shops import AuthorisedShop
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from models.staff import Organisation
from models.tokens import Claims, KeyRole, sign

BATCH: Final = 500
"""Badges that are signed in one transaction."""


@dataclass(frozen=True, slots=True)
class _Unsigned:
    id: UUID
    badge_id: str
    agent_no: str
    status_index: int
    expires_at: int
    shop: bytes


def finish_badges(desk: Desk, *, licence_id: UUID | None = None) -> int:
    """Sign what was requested under licences that are in force; how many.

    The house does it, whoever approved: issuing is what the system owes to an approval (4.5).
    """
    own = desk.house.desk()
    issued, last = 0, None
    while waiting := _unsigned(own, licence_id, last):
        by = signer(own, KeyRole.BADGE)
        at = own.now().astimezone(UTC).replace(microsecond=0)
        tokens = {one.id: token_of(own, one, by, at) for one in waiting}
        kept = _keep(own, tokens, by, at)
        if kept is None:
            break
        issued, last = issued + kept, waiting[-1].id
    return issued


def token_of(own: Desk, one: _Unsigned, by: Signer, at: datetime) -> bytes:
    claims = Claims(
        agent_no=one.agent_no,
        issued_at=int(at.timestamp()),
        expires_at=one.expires_at,
        badge_id=bytes.fromhex(one.badge_id),
        status_index=one.status_index % SHARD,
        status_uri=status_uri(own.house, one.status_index),
        shops=(one.shop,),
    )
    return sign(claims, by.kid, by.raw_sign, by.alg)


def _unsigned(own: Desk, licence_id: UUID | None, last: UUID | None) -> list[_Unsigned]:
    """The next that wait, in the order of their ids; none while issuing is halted."""
    query = (
        select(Badge, Agent.agent_no, AuthorisedShop)
        .join(Agent, col(Agent.id) == col(Badge.agent_id))
        .join(AuthorisedShop, col(AuthorisedShop.id) == col(Badge.shop_id))
        .join(Licence, col(Licence.id) == col(Badge.licence_id))
        .where(Badge.state == BadgeState.REQUESTED, Licence.state == LicenceState.ACTIVE)
        .where(col(Badge.expires_at) > own.now())
        .order_by(col(Badge.id))
        .limit(BATCH)
    )
    if licence_id is not None:
        query = query.where(Badge.licence_id == licence_id)
    if last is not None:
        query = query.where(col(Badge.id) > last)
    with own.begin(Permission.BADGE_READ) as work:
        if halt_in_force(work) is not None:
            return []
        return [
            _Unsigned(
                badge.id,
                badge.badge_id,
                agent_no,
                badge.status_index,
                int(badge.expires_at.timestamp()),
                shop.shop.hash,
            )
            for badge, agent_no, shop in work.session.exec(query).all()
        ]


def _keep(own: Desk, tokens: Mapping[UUID, bytes], by: Signer, at: datetime) -> int | None:
    """Put the tokens with their badges; None when meanwhile issuing was halted or the key lost.

    A badge that another has signed, or whose licence fell meanwhile, is passed over.
    """
    with own.begin(Permission.BADGE_ISSUE) as work:
        pass_gate(work)
        key = work.session.get(SigningKey, by.kid.hex())
        if halt_in_force(work) is not None or key is None or key.revoked_at is not None:
            return None
        kept = [badge for badge in _locked(work, tokens) if badge.state is BadgeState.REQUESTED]
        hold_related(work, kept)
        for badge in kept:
            token = tokens[badge.id]
            badge.move(BadgeMove.ISSUE)
            badge.token, badge.token_sha256 = token, sha256(token).hexdigest()
            badge.kid, badge.issued_at = key.kid, at
            tell(work, LogKind.BADGE_ISSUED, badge, token_sha256=badge.token_sha256, kid=key.kid)
        return len(kept)


def _locked(work: Work, tokens: Mapping[UUID, bytes]) -> Sequence[Badge]:
    """The badges under lock, behind their licences, each in one order: nobody waits in a ring."""
    mine = select(Badge.licence_id).where(col(Badge.id).in_(tokens))
    licences = work.session.exec(
        select(Licence).where(col(Licence.id).in_(mine)).order_by(col(Licence.id)).with_for_update()
    ).all()
    active = [one.id for one in licences if one.state is LicenceState.ACTIVE]
    return work.session.exec(
        select(Badge)
        .where(col(Badge.id).in_(tokens), col(Badge.licence_id).in_(active))
        .order_by(col(Badge.id))
        .with_for_update()
    ).all()


def hold_related(work: Work, badges: Sequence[Badge]) -> None:
    """Read at once what telling of badges looks up; a session forgets what nobody holds."""
    held: list[object] = work.session.info.setdefault("held", [])
    wanted: tuple[tuple[type[Agent | AuthorisedShop | Licence | Organisation], set[UUID]], ...] = (
        (Agent, {badge.agent_id for badge in badges}),
        (AuthorisedShop, {badge.shop_id for badge in badges}),
        (Licence, {badge.licence_id for badge in badges}),
        (Organisation, {badge.carrier_id for badge in badges}),
    )
    known = work.session.identity_map
    with work.session.no_autoflush:
        for table, ids in wanted:
            missing = [one for one in ids if identity_key(table, one) not in known]
            if missing:
                held += work.session.exec(select(table).where(col(table.id).in_(missing))).all()


def halt_issuing(desk: Desk, reason: str) -> IssuingHalt:
    """No badge is signed from now on, in any process, until another person resumes."""
    if not reason.strip():
        raise Invalid("channel.reason_needed")
    with desk.begin(Permission.BADGE_HALT) as work:
        shut_gate(work)
        if (known := halt_in_force(work)) is not None:
            raise Conflict("keys.halted_already", by=known.halted_by_name, reason=known.reason)
        return _halt(work, reason.strip())


def halt_by_itself(work: Work, reason: str) -> None:
    """What the house does when it finds a bad badge; a halt that is in force stays as it is."""
    shut_gate(work)
    if halt_in_force(work) is None:
        _halt(work, reason)


def _halt(work: Work, reason: str) -> IssuingHalt:
    halt = work.add(
        IssuingHalt(
            reason=reason,
            halted_by=work.actor.id,
            halted_by_name=work.actor.name,
            halted_at=work.at,
        )
    )
    work.session.flush()
    tell(work, LogKind.ISSUING_HALTED, halt, reason=reason)
    return halt


def resume_issuing(desk: Desk, reason: str) -> IssuingHalt:
    """Issuing goes on; who halted it has another person look first. What waits is signed."""
    if not reason.strip():
        raise Invalid("channel.reason_needed")
    with desk.begin(Permission.BADGE_HALT) as work:
        shut_gate(work)
        halt = halt_in_force(work)
        if halt is None:
            raise Conflict("keys.not_halted")
        if halt.halted_by is not None and halt.halted_by == work.actor.id:
            raise NotAllowed("keys.same_person", title=halt.title)
        halt.lifted_by, halt.lifted_by_name = work.actor.id, work.actor.name
        halt.lifted_at, halt.lift_reason = work.at, reason.strip()
        tell(work, LogKind.ISSUING_RESUMED, halt, reason=halt.lift_reason)
    return halt


def current_halt(desk: Desk) -> IssuingHalt | None:
    """The halt in force; whoever sees badges or keeps keys may know of it."""
    with desk.begin(Permission.KEY_READ) as work:
        return halt_in_force(work)


def halt_in_force(work: Work) -> IssuingHalt | None:
    return work.session.exec(
        work.select(IssuingHalt).where(col(IssuingHalt.lifted_at).is_(None))
    ).first()
