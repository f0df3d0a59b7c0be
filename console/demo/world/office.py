"""Who works where in the large world, which number comes next, and when something is too late."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from random import Random
from typing import Final, TypeVar
from uuid import UUID

from sqlmodel import select

from console.actions.channel.numbers import next_numbers
from console.demo.cast import PAPER, PROOF
from console.demo.world.made import World
from models.permissions import Permission, Role
from models.rules import Deadline, china_day, parameter
from models.rules.tables import office_calendar
from models.staff import Organisation, User, UserRole

Picked = TypeVar("Picked")
_CALENDAR: Final = office_calendar([])
_Staffed = Mapping[tuple[UUID, Role], Sequence[UUID]]


@dataclass(frozen=True, slots=True)
class Office:
    """The people of each organisation by their roles; where one has none, those of its group."""

    people: _Staffed
    names: Mapping[UUID, str]
    """Of accounts."""
    codes: Mapping[UUID, str]
    """Of organisations."""
    titles: Mapping[UUID, str]
    above: Mapping[UUID, UUID | None]
    paper: str
    """Digest of a PDF in the store: every paper of the world is this one."""
    proof: str
    """Digest of a picture in the store."""

    def of(self, organisation: UUID, role: Role) -> Sequence[UUID]:
        own = self.people.get((organisation, role), ())
        group = self.above.get(organisation)
        return own if own or group is None else self.people.get((group, role), ())

    def one(self, organisation: UUID, role: Role, turn: int = 0) -> UUID | None:
        """Whose turn it is."""
        there = self.of(organisation, role)
        return there[turn % len(there)] if there else None

    def another(self, organisation: UUID, role: Role, *but: UUID | None) -> UUID | None:
        """Somebody new to a matter."""
        return next((one for one in self.of(organisation, role) if one not in but), None)

    def name(self, person: UUID | None) -> str:
        return self.names.get(person, "") if person else ""


def office_of(world: World) -> Office:
    people: dict[tuple[UUID, Role], list[UUID]] = defaultdict(list)
    names: dict[UUID, str] = {}
    with world.house.desk().begin(Permission.STAFF_READ) as work:
        rows = work.session.exec(
            select(User.id, User.name, User.organisation_id, UserRole.role)
            .join(UserRole)
            .where(UserRole.user_id == User.id)
            .order_by(User.login)
        ).all()
        known = work.session.exec(select(Organisation)).all()
    for person, name, organisation, role in rows:
        people[organisation, Role(role)].append(person)
        names[person] = name
    return Office(
        people,
        names,
        codes={one.id: one.code for one in known},
        titles={one.id: one.name for one in known},
        above={one.id: one.parent_id for one in known},
        paper=world.house.evidence.keep(PAPER),
        proof=world.house.evidence.keep(PROOF),
    )


def numbered(
    world: World, counter: str, mark: str, moments: Sequence[datetime], *, joint: str = ":"
) -> Sequence[str]:
    """`CASE-2026-000017` for each moment, in their order; the counter goes on behind them."""
    years = [china_day(one).year for one in moments]
    with world.house.desk().begin(Permission.ORGANISATION_EDIT) as work:
        given = {
            year: iter(next_numbers(work, f"{counter}{joint}{year}", count))
            for year, count in sorted(Counter(years).items())
        }
        work.no_deed()
    return [f"{mark}-{year}-{next(given[year]):06}" for year in years]


def likely(chance: Random, share: float) -> bool:
    return chance.random() < share


def pick(chance: Random, weights: Mapping[Picked, float]) -> Picked:
    """One of these, each as often as its weight says."""
    return chance.choices(list(weights), list(weights.values()))[0]


def due(code: str, begun: datetime) -> Deadline:
    """By the rule of the day it began; the office has no calendar of its own."""
    return _deadline(code, begun)


@lru_cache(1 << 15)
def _deadline(code: str, begun: datetime) -> Deadline:
    return parameter(code, china_day(begun)).deadline(begun, _CALENDAR)
