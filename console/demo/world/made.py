"""What the large world is made of so far, and how its rows are kept.

One seed and days counted back from the moment it is made: the same world each time. Of the rows
only what later parts build on is held in memory, so that ten worlds fit.
"""

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import inspect
from sqlalchemy.sql.schema import Table as Counted

from console.actions.channel.numbers import next_numbers
from console.actions.imports.bulk import insert_rows
from console.desk import House
from models.base import Table
from models.channel.agents import AgentState
from models.channel.licences import Ground
from models.patrol.findings import FindingState
from models.patrol.shops import ShopState
from models.permissions import Permission
from models.rules import FindingKind, Tier
from models.staff import Organisation

SEED: Final = 182
MONTHS: Final = 18
"""So far back patrols go; agents were admitted over 24."""
MONTH: Final = timedelta(days=30.4)
BATCH: Final = 4000
"""Rows of one transaction."""
Tell = Callable[[str, int], None]
"""Is told the part that is being made and how many rows of it are kept."""
Columns = Mapping[str, Callable[[], Any]]
_known: Final[dict[str, Columns]] = {}
_RANDOM_BITS: Final = 74
_LOW: Final = (1 << 62) - 1


@dataclass(frozen=True, slots=True)
class MadeAgent:
    id: UUID
    agent_no: str
    name: str
    carrier_id: UUID
    carrier_code: str
    province: str
    admitted_at: datetime
    state: AgentState


@dataclass(frozen=True, slots=True)
class Outlet:
    """A shop that an agent is authorised to sell in."""

    platform: str
    shop_key: str
    name: str


@dataclass(frozen=True, slots=True)
class MadeBadge:
    """A badge that holds."""

    id: UUID
    badge_id: str
    carrier_id: UUID
    agent_id: UUID
    platform: str
    province: str
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class MadeShop:
    """A shop as one organisation's patrols know it."""

    id: UUID
    platform: str
    shop_key: str
    name: str
    organisation_id: UUID
    platform_home: str | None
    card_home: str | None
    agent_id: UUID | None
    first_seen: datetime
    state: ShopState


@dataclass(frozen=True, slots=True)
class MadeFinding:
    """A finding and what became of it. Its row stands in `state` already and bears `case_id`: the
    case of that id is for the part that makes cases, at the moments named here. Each is None where
    things have not come so far; they follow one another in the order of the fields.
    """

    id: UUID
    number: str
    shop: MadeShop
    organisation_id: UUID
    kind: FindingKind
    ground: Ground
    tier: Tier
    severity: int
    """Risk, from 0 to 1000."""
    state: FindingState
    run_id: UUID
    listing_at: datetime
    """When the listing was first seen."""
    found_at: datetime
    looked_at: datetime | None = None
    """Confirmed or dismissed."""
    case_id: UUID | None = None
    """Of an `in_case` or `closed` one; findings of one shop share a case now and then."""
    noticed_at: datetime | None = None
    """The notice to the platform."""
    gone_at: datetime | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class MadeRun:
    id: UUID
    number: str
    organisation_id: UUID
    platform: str
    ended_at: datetime


@dataclass(slots=True)
class World:
    house: House
    scale: float
    tell: Tell
    now: datetime
    rng: Random = field(default_factory=lambda: Random(SEED))  # noqa: S311 - a world, no secret
    organisations: dict[str, Organisation] = field(default_factory=dict[str, Organisation])
    """By code."""
    platforms: dict[str, str | None] = field(default_factory=dict[str, str | None])
    """The home of each platform, by its code."""
    people: dict[str, UUID] = field(default_factory=dict[str, UUID])
    """Accounts by login, those of the stories too."""
    agents: list[MadeAgent] = field(default_factory=list[MadeAgent])
    outlets: dict[UUID, list[tuple[MadeAgent, Outlet]]] = field(
        default_factory=dict[UUID, list[tuple[MadeAgent, Outlet]]]
    )
    """Where agents sell in their own right today, by carrier."""
    badges: list[MadeBadge] = field(default_factory=list[MadeBadge])
    shops: list[MadeShop] = field(default_factory=list[MadeShop])
    runs: list[MadeRun] = field(default_factory=list[MadeRun])
    findings: list[MadeFinding] = field(default_factory=list[MadeFinding])

    def many(self, at_one: int) -> int:
        """How many of what there are `at_one` in a world of scale 1."""
        return max(1, round(at_one * self.scale))

    def ago(self, days: float) -> datetime:
        return self.now - timedelta(days=days)

    def id_at(self, moment: datetime) -> UUID:
        """An id as if the row had been made then (RFC 9562, version 7): lists sort by it."""
        made = int(moment.timestamp() * 1000)
        chance = self.rng.getrandbits(_RANDOM_BITS)
        high = chance >> 62 & 0xFFF
        return UUID(int=made << 80 | 7 << 76 | high << 64 | 2 << 62 | chance & _LOW)

    def reserve(self, counts: Mapping[str, int]) -> Mapping[str, Iterator[int]]:
        """Numbers under the names of their counters, each given once and to nobody else."""
        with self.house.desk().begin(Permission.ORGANISATION_EDIT) as work:
            found = {name: iter(next_numbers(work, name, counts[name])) for name in sorted(counts)}
            work.no_deed()
        return found

    @contextmanager
    def keeping(self, part: str) -> Generator["Sheaf"]:
        """Rows put in are kept in batches; whoever refers to a row is put in behind it."""
        sheaf = Sheaf(self, part)
        yield sheaf
        sheaf.keep()


@dataclass(slots=True)
class Sheaf:
    """Rows on their way into the database, a few thousand a transaction, each with its deed."""

    world: World
    part: str
    waiting: dict[type[Table], list[list[Any]]] = field(
        default_factory=dict[type[Table], list[list[Any]]]
    )
    kept: Counter[str] = field(default_factory=Counter[str])
    _held: int = 0

    def put(self, table: type[Table], **values: Any) -> None:  # noqa: ANN401 - a column's own
        """Values by column; the others have the table's defaults. KeyError for one without."""
        columns = _columns(table)
        if not values.keys() <= columns.keys():
            raise KeyError(table.__name__, values.keys() - columns.keys())
        row = [values[name] if name in values else columns[name]() for name in columns]
        self.waiting.setdefault(table, []).append(row)
        self._held += 1

    def breathe(self) -> None:
        """Between two things that belong together: a batch that is full is kept."""
        if self._held >= BATCH:
            self.keep()

    def keep(self) -> None:
        if not self._held:
            return
        desk = self.world.house.desk()
        counts = {table.__name__: len(rows) for table, rows in self.waiting.items() if rows}
        with desk.begin(Permission.ORGANISATION_EDIT) as work:
            for table, rows in self.waiting.items():
                insert_rows(work, table, {}, list(_columns(table)), rows)
            operator = self.world.organisations["operator"]
            work.record("demo.filled", operator, part=self.part, rows=counts)
        for rows in self.waiting.values():
            rows.clear()
        self.kept.update(counts)
        self._held = 0
        self.world.tell(self.part, self.kept.total())


def _columns(table: type[Table]) -> Columns:
    """What fills each column of which nothing is said; the database counts some by itself."""
    if table.__name__ not in _known:
        counted = cast("Counted", inspect(table).local_table).autoincrement_column
        _known[table.__name__] = {
            name: _default(table, name)
            for name in table.model_fields
            if counted is None or name != counted.name
        }
    return _known[table.__name__]


def _default(table: type[Table], name: str) -> Callable[[], Any]:
    told = table.model_fields[name]
    is_needed, make = told.is_required() or name == "id", told.default_factory

    def given() -> Any:  # noqa: ANN401 - a column's own
        if is_needed:
            raise KeyError(table.__name__, name)
        # Pydantic's own way looks at the factory's signature each time, at a millisecond.
        return cast("Callable[[], Any]", make)() if make else told.default

    return given
