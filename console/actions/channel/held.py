"""A row to be changed, as the door showed it; the carrier it belongs to; and who decided first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from sqlmodel import col, or_, select

from console.desk import Work
from models.channel.agents import Agent
from models.channel.badges import Badge
from models.channel.licences import Licence
from models.refusals import Conflict, Invalid, NotAllowed, Refusal
from models.rules import Deadline, china_day, parameter
from models.rules.tables import CalendarDay, office_calendar
from models.staff import CARRIERS, Organisation

Held = TypeVar("Held", Agent, Licence, Badge)


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one row of many."""

    id: UUID
    refusal: Refusal | None = None


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


def deadline(work: Work, code: str) -> Deadline:
    """When something begun now is too late, by the rule of today and the office's calendar."""
    calendar = office_calendar(work.session.exec(select(CalendarDay)).all())
    return parameter(code, china_day(work.at)).deadline(work.at, calendar)
