"""A row to be changed, as the door showed it; the carrier it belongs to; and who decided first."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from sqlmodel import col, or_, select

from console.desk import LONGEST_PAGE, AlreadyDone, Desk, Work
from models.cards.industry import IndustryBatch
from models.cards.monitoring import UsageFinding
from models.cards.purchasers import Purchaser
from models.channel.agents import Agent
from models.channel.badges import Badge
from models.channel.licences import Licence
from models.checks.spot_checks import SpotCheck
from models.checks.test_purchases import TestPurchase
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed, Refusal
from models.staff import CARRIERS, Organisation

Held = TypeVar(
    "Held", Agent, Licence, Badge, IndustryBatch, Purchaser, UsageFinding, TestPurchase, SpotCheck
)


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one row of many."""

    id: UUID
    refusal: Refusal | None = None
    made: UUID | None = None
    """The row that came of it, where it is another."""


def each(
    desk: Desk,
    permission: Permission,
    ids: Sequence[UUID],
    act: Callable[[Desk, UUID], UUID],
) -> list[Done]:
    """Do one thing to several rows, each by itself: a refusal of one leaves the others done.

    Under a key each row has a key of its own, so that a request sent twice does none twice.
    """
    desk.must(permission)
    if len(ids) > LONGEST_PAGE:
        raise Invalid("channel.too_many", most=LONGEST_PAGE)
    done: list[Done] = []
    for row_id in dict.fromkeys(ids):
        try:
            done.append(Done(row_id, made=act(_keyed_for(desk, row_id), row_id)))
        except AlreadyDone as before:
            done.append(Done(row_id, made=before.subject))
        except Refusal as no:
            done.append(Done(row_id, no))
    return done


def _keyed_for(desk: Desk, row_id: UUID) -> Desk:
    if desk.once is None:
        return desk
    key = hashlib.sha256(f"{desk.once.key} {row_id}".encode()).hexdigest()
    return desk.keyed(key, desk.once.fingerprint)


def must_say_why(reason: str) -> str:
    """The reason as it is kept."""
    if not reason.strip():
        raise Invalid("channel.reason_needed")
    return reason.strip()


def held(work: Work, table: type[Held], row_id: UUID | str, version: int | None) -> Held:
    """The row under lock, of the actor's own carriers; Conflict when it is not as it was shown.

    `version` is that of the row on the reader's screen; None where nobody was shown one.
    """
    row = work.get(table, row_id)
    if not work.actor.is_house and row.carrier_id not in work.actor.carriers:
        raise NotAllowed("channel.not_your_carrier", title=row.title)
    if version is not None and row.version != version:
        raise Conflict("channel.changed_meanwhile", title=row.title)
    return row


def must_be_another(work: Work, first: UUID | None, title: str) -> None:
    """Who decides is not who prepared."""
    if first == work.actor.id:
        raise NotAllowed("channel.same_person", title=title)


def carrier_of(work: Work, code: str | None) -> Organisation:
    """The carrier that the actor works for, or the named one among those below it."""
    query = select(Organisation).where(col(Organisation.kind).in_(CARRIERS))
    if code:
        query = query.where(Organisation.code == code.strip())
    elif work.actor.organisation_id is not None:
        query = query.where(Organisation.id == work.actor.organisation_id)
    else:
        raise Invalid("channel.carrier_needed")
    carrier = work.session.exec(query).first()
    if carrier is None:
        raise Invalid("channel.no_such_carrier", carrier=code or work.actor.organisation)
    if not work.actor.is_house and carrier.id not in work.actor.carriers:
        raise NotAllowed("channel.not_your_carrier", title=carrier.name)
    return carrier


def family_of(work: Work, carrier_id: UUID) -> Sequence[UUID]:
    """The carrier, its group and the group's other companies: they share a blacklist."""
    own = work.session.get_one(Organisation, carrier_id)
    root = own.parent_id or own.id
    return work.session.exec(
        select(Organisation.id).where(or_(Organisation.id == root, Organisation.parent_id == root))
    ).all()
