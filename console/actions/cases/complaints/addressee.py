"""Whose complaint it is: decided from what the reporter wrote and what is published.

0. A device's card that stands in a batch of industry cards: the carrier of that batch
   (`device_cards.carrier_with`).
1. An agent's or a licence's number stands in it, or the shop is named by platform and number or
   by its address, and the published list knows it: the carrier of that licence.
2. It is about what only a carrier can set right (a number that is not mine, re-registration,
   added burdens, forced packages): the carrier of the place, by step 4.
3. The platform works here, with people who may handle complaints: the platform.
4. The organisation that `complaints_to` names; else the first provincial carrier of the
   reporter's province with people who may; else the first carrier with such people; else any
   carrier, a platform, and at last the operator.

Nothing is turned away because nobody fits, and whoever has it may pass it on.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists
from sqlmodel import col, select

from console.actions.channel.search import agents_in_shop, public_search
from console.actions.staff.able import may
from console.desk import House, Work
from models.cases.complaints import ABOUT_CARRIERS, ComplaintKind
from models.channel.agents import Agent
from models.channel.licences import Licence
from models.formats import Fault, check_agent_number, check_licence_number
from models.permissions import Permission
from models.staff import CARRIERS, Organisation, OrganisationKind, User

_NUMBER: Final = re.compile(r"(?:L-)?[A-Z]{2,4}-[0-9]{2}-20[0-9]{2}-[0-9]{6}-[0-9]", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"(?:https?://|www\.)\S{3,400}", re.IGNORECASE)
_SHORTEST_NAME: Final = 2
_MOST: Final = 5
"""Numbers and addresses that are looked up; a text may be full of them."""
_LAST_RESORT: Final = (*sorted(CARRIERS), OrganisationKind.PLATFORM, OrganisationKind.OPERATOR)


def may_handle(kind: ComplaintKind) -> ColumnElement[bool]:
    """Of a query for people: who may handle one of the kind, and knows of it."""
    handles = may(Permission.COMPLAINT_HANDLE)
    if kind is ComplaintKind.DEVICE_CARD:
        return handles
    return and_(handles, may(Permission.PATROL_READ))


def named_agents(house: House, platform: str, shop: str, text: str) -> Sequence[str]:
    """Numbers of agents and licences that are named, or are at home in the shop that is."""
    numbers = list(_numbers_in(f"{shop}\n{text}"))
    entries = list(agents_in_shop(house, platform, shop)) if platform and shop else []
    for address in _ADDRESS.findall(f"{shop}\n{text}")[:_MOST]:
        entries += public_search(house, address).entries
    return list(dict.fromkeys([*numbers, *(one.agent_no for one in entries)]))


def _numbers_in(text: str) -> Iterator[str]:
    for found in _NUMBER.findall(text)[:_MOST]:
        check = check_licence_number if found.upper().startswith("L-") else check_agent_number
        read = check(found)
        if not isinstance(read, Fault):
            yield read.text


def addressee(  # noqa: PLR0913 - what the rule looks at
    work: Work,
    kind: ComplaintKind,
    named: Sequence[str],
    *,
    platform: str,
    province: str | None,
    default: str | None,
) -> Organisation:
    """The organisation that handles it; the first of the steps above that finds one."""
    found, by = _carrier_of(work, named), may_handle(kind)
    if found is None and kind not in ABOUT_CARRIERS and platform:
        kinds = {OrganisationKind.PLATFORM}
        found = _first(work, Organisation.code == platform, kinds=kinds, by=by)
    if found is None and default:
        found = _first(work, Organisation.code == default)
    if found is None and province:
        found = _first(work, Organisation.province == province, kinds=CARRIERS, by=by)
    found = found or _first(work, kinds=CARRIERS, by=by)
    for last in _LAST_RESORT:
        found = found or _first(work, kinds={last})
    assert found is not None  # noqa: S101 - a house is opened with its operator
    return found


def colleague_in(
    work: Work,
    kind: ComplaintKind,
    text: str,
    organisation_id: UUID,
    *,
    but: UUID | None = None,
) -> User | None:
    """The one colleague there whom a complaint about conduct names, by name or by login.

    They neither handle nor see it before anybody has looked at it; where several are named,
    whoever takes it on says whom it is about. `but` is whoever brings it, in their own name.
    """
    if kind is not ComplaintKind.STAFF_CONDUCT:
        return None
    people = work.session.exec(
        select(User).where(User.organisation_id == organisation_id, col(User.disabled_at).is_(None))
    ).all()
    words = text.casefold()
    named = [
        one
        for one in people
        if one.id != but and (_is_named(one.name, words) or _is_named(one.login, words))
    ]
    return named[0] if len(named) == 1 and len(people) > 1 else None


def _is_named(name: str, words: str) -> bool:
    """A name of Latin letters as a word of its own."""
    plain = name.strip().casefold()
    if len(plain) < _SHORTEST_NAME:
        return False
    if not plain.isascii():
        return plain in words
    return re.search(rf"(?<![a-z0-9]){re.escape(plain)}(?![a-z0-9])", words) is not None


def _carrier_of(work: Work, named: Sequence[str]) -> Organisation | None:
    """By what was published alone: an application is nobody's business."""
    licensed = exists().where(
        col(Licence.agent_id) == col(Agent.id), col(Licence.approved_at).is_not(None)
    )
    for number in named[: 2 * _MOST]:
        by_licence = select(Licence.carrier_id).where(
            Licence.number == number, col(Licence.approved_at).is_not(None)
        )
        by_agent = select(Agent.carrier_id).where(Agent.agent_no == number, licensed)
        carrier: UUID | None = work.session.exec(
            by_licence if number.startswith("L-") else by_agent
        ).first()
        if carrier is not None:
            owner = work.session.get_one(Organisation, carrier)
            if owner.disabled_at is None:
                return owner
    return None


def _first(
    work: Work,
    *where: ColumnElement[bool] | bool,
    kinds: frozenset[OrganisationKind] | set[OrganisationKind] | None = None,
    by: ColumnElement[bool] | None = None,
) -> Organisation | None:
    """The first by its code; `by`: with such a person at work there."""
    query = select(Organisation).where(col(Organisation.disabled_at).is_(None), *where)
    if kinds is not None:
        query = query.where(col(Organisation.kind).in_(kinds))
    if by is not None:
        query = query.where(
            exists().where(
                col(User.organisation_id) == col(Organisation.id),
                col(User.disabled_at).is_(None),
                by,
            )
        )
    return work.session.exec(query.order_by(col(Organisation.code)).limit(1)).first()
