"""How good screening and judging are over time, by what people said of the findings."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import case, func
from sqlalchemy import select as select_columns
from sqlmodel import col, select

from console.actions.oversight.analysis.asking import asked, column
from console.actions.oversight.analysis.kept import kept
from console.actions.oversight.analysis.periods import china_month, first_of, last_months
from console.desk import Desk, Work
from models.audit import AuditEntry
from models.oversight.intervals import wilson
from models.patrol.findings import Finding, FindingState
from models.patrol.labels import ScreenModel
from models.patrol.runs import PatrolRun
from models.permissions import Permission
from models.rules import FindingKind

MOST_MODELS: Final = 100
LONGEST: Final = 24
"""Months."""
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Looked:
    """Findings of one kind, by what became of them in triage."""

    accepted: int = 0
    discarded: int = 0
    open: int = 0

    def __add__(self, other: "Looked") -> "Looked":
        return Looked(
            self.accepted + other.accepted,
            self.discarded + other.discarded,
            self.open + other.open,
        )

    @property
    def reviewed(self) -> int:
        return self.accepted + self.discarded

    @property
    def found(self) -> int:
        return self.reviewed + self.open

    @property
    def precision(self) -> float | None:
        """Accepted, of those that somebody looked at."""
        return self.accepted / self.reviewed if self.reviewed else None

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.accepted, self.reviewed)


@dataclass(frozen=True, slots=True)
class Adoption:
    model_id: UUID
    number: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Quality:
    months: Sequence[str]
    """The oldest first; those without findings too."""
    counts: Mapping[tuple[str, FindingKind, str], Looked]
    """By month of finding, kind, and engine with its model; empty where a run names none."""
    adoptions: Sequence[Adoption]
    """Of the actor's own models, the oldest first."""

    @property
    def whole(self) -> Looked:
        return sum(self.counts.values(), Looked())

    @property
    def by_month(self) -> Mapping[str, Looked]:
        found = self._by(lambda month, _kind, _engine: month)
        return {month: found.get(month, Looked()) for month in self.months}

    @property
    def by_kind(self) -> Mapping[FindingKind, Looked]:
        return self._by(lambda _month, kind, _engine: kind)

    @property
    def by_engine(self) -> Mapping[str, Looked]:
        return self._by(lambda _month, _kind, engine: engine)

    def _by(self, key: Callable[[str, FindingKind, str], Key]) -> dict[Key, Looked]:
        found: dict[Key, Looked] = defaultdict(Looked)
        for each, looked in self.counts.items():
            found[key(*each)] += looked
        return dict(found)


def quality(desk: Desk, months: int = 12, *, platform: str | None = None) -> Quality:
    """Of what patrols found; findings of spot checks were never screened.

    A merged one counts as the one that it goes on in.
    """

    def count() -> Quality:
        with desk.begin(Permission.FINDING_READ) as work:
            names = last_months(work.at, max(1, min(months, LONGEST)))
            return Quality(names, _counts(work, names[0], platform), _adoptions(work))

    return kept(desk, Permission.FINDING_READ, count, "quality", months, platform)


def _counts(
    work: Work, first: str, platform: str | None
) -> dict[tuple[str, FindingKind, str], Looked]:
    outcome = case(
        (col(Finding.state) == FindingState.OPEN, "open"),
        (col(Finding.state) == FindingState.FALSE_POSITIVE, "discarded"),
        else_="accepted",
    )
    query = (
        work.select(Finding)
        .join(PatrolRun, col(PatrolRun.id) == col(Finding.run_id))
        .where(Finding.created_at >= first_of(first), col(Finding.merged_into_id).is_(None))
    )
    if platform is not None:
        query = query.where(Finding.platform == platform)
    one = query.with_only_columns(
        china_month(col(Finding.created_at)).label("month"),
        column(Finding.kind).label("kind"),
        column(PatrolRun.engine).label("engine"),
        outcome.label("outcome"),
    ).subquery().c  # fmt: skip
    keys: list[Any] = [one.month, one.kind, one.engine, one.outcome]
    found: dict[tuple[str, FindingKind, str], Looked] = defaultdict(Looked)
    counted = select_columns(*keys, func.count()).group_by(*keys)
    for month, kind, engine, word, n in asked(work, counted):
        found[month, FindingKind(kind), engine] += Looked(**{word: n})
    return dict(found)


def _adoptions(work: Work) -> list[Adoption]:
    if not work.actor.may(Permission.PATROL_READ):
        return []
    models = {
        str(one.id): one
        for one in work.session.exec(
            work.select(ScreenModel).order_by(col(ScreenModel.id).desc()).limit(MOST_MODELS)
        ).all()
    }
    deeds = work.session.exec(
        select(AuditEntry.subject_id, AuditEntry.at)
        .where(AuditEntry.subject_kind == ScreenModel.__name__)
        .where(col(AuditEntry.subject_id).in_(models), AuditEntry.deed == "model.adopted")
        .order_by(col(AuditEntry.at))
    ).all()
    return [Adoption(models[one].id, models[one].number, at) for one, at in deeds]
