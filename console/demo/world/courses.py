"""How each case went: its moments from the first finding to where it stands, one after another.

What a finding says of itself is kept (noticed, gone, closed); what lies between is drawn, so that a
case never stands where no move leads.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Final
from uuid import UUID

from console.demo.world.made import SEED, MadeFinding, MadeShop, World
from console.demo.world.office import likely
from models.cases.cases import CaseState
from models.cases.measures import Measure, least_measures, outcomes_of
from models.cases.tasks import TASKS_OF, TaskKind
from models.rules import FindingKind, Outcome, Tier

_S: Final = CaseState
_FRESH: Final = timedelta(hours=18)
_LONG: Final = timedelta(days=13)
"""Older than this and still undecided: it waits for somebody."""
_UNFOUNDED: Final = (0.04, 0.05, 0.07, 0.09, 0.13)
"""Of the closed ones, by carrier: appeals that were upheld."""
_TO_POLICE: Final = frozenset({Outcome.REPORT_POLICE})
EARLIEST_SECOND: Final = timedelta(days=24)


@dataclass(frozen=True, slots=True)
class Course:
    """A case before its rows: each moment is None where it has not come so far."""

    id: UUID
    findings: Sequence[MadeFinding]
    chance: Random
    state: CaseState
    opened_at: datetime
    assigned_at: datetime | None = None
    proposed_at: datetime | None = None
    decided_at: datetime | None = None
    noticed_at: datetime | None = None
    gone_at: datetime | None = None
    """The platform's answer that shop or offers are gone."""
    done_at: datetime | None = None
    """Every task has its proof."""
    lodged_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def shop(self) -> MadeShop:
        return self.findings[0].shop

    @property
    def organisation(self) -> UUID:
        return self.findings[0].organisation_id

    @property
    def gravest(self) -> MadeFinding:
        return max(self.findings, key=lambda one: one.tier.rank)

    @property
    def tier(self) -> Tier:
        return self.gravest.tier

    @property
    def is_decided(self) -> bool:
        return self.decided_at is not None

    @property
    def is_heard(self) -> bool:
        """Of an open appeal: it was taken in."""
        return self.id.int % 2 == 0

    @property
    def measures(self) -> Sequence[Measure]:
        kinds = tuple(sorted({one.kind for one in self.findings}))
        return _measures(kinds, has_agent=self.shop.agent_id is not None)


@lru_cache(256)
def _measures(kinds: tuple[FindingKind, ...], *, has_agent: bool) -> Sequence[Measure]:
    wanted = outcomes_of(kinds, has_agent=has_agent)
    return least_measures(wanted) or [Measure.REMOVE_SHOP]


def courses(world: World) -> Sequence[Course]:
    """The oldest first: a case may name one before it."""
    by_case: dict[UUID, list[MadeFinding]] = defaultdict(list)
    for finding in world.findings:
        if finding.case_id is not None:
            by_case[finding.case_id].append(finding)
    found = [_course(world.now, case, rows) for case, rows in by_case.items()]
    return sorted(found, key=lambda one: (one.opened_at, one.id))


def _course(now: datetime, case: UUID, findings: Sequence[MadeFinding]) -> Course:
    chance = Random(case.int ^ SEED)  # noqa: S311 - a world, no secret
    looked = max(one.looked_at or one.found_at for one in findings)
    told = next((one.noticed_at for one in findings if one.noticed_at), None)
    until = told or now
    opened = looked + min((until - looked) * 0.2, timedelta(days=1) * chance.uniform(0.1, 0.9))
    if told is None:
        return _undecided(now, Course(case, findings, chance, _S.OPENED, opened))
    steps = sorted(chance.uniform(0.05, 0.98) for _ in range(3))
    assigned, proposed, decided = (opened + (told - opened) * one for one in steps)
    parts = {
        "opened_at": opened, "assigned_at": assigned, "proposed_at": proposed,
        "decided_at": decided, "noticed_at": told,
    }  # fmt: skip
    gone = next((one.gone_at for one in findings if one.gone_at), None)
    closed = max((one.closed_at for one in findings if one.closed_at), default=None)
    if closed is not None:
        return _ended(Course(case, findings, chance, _S.CLOSED, **parts), gone, closed)
    if gone is not None:
        return _waiting(now, Course(case, findings, chance, _S.WAITING_RECHECK, **parts), gone)
    state = _S.EXECUTING
    if now - told < timedelta(days=14) and likely(chance, 0.15):
        state = _S.APPEALED
    elif _is_polices(findings) and likely(chance, 0.3):
        state = _S.TRANSFERRED
    lodged = told + (now - told) * chance.uniform(0.2, 0.9) if state is _S.APPEALED else None
    ended = told + (now - told) * 0.6 if state is _S.TRANSFERRED else None
    return Course(case, findings, chance, state, **parts, lodged_at=lodged, ended_at=ended)


def _is_polices(findings: Sequence[MadeFinding]) -> bool:
    return bool(_TO_POLICE & set(outcomes_of([one.kind for one in findings], has_agent=True)))


def _undecided(now: datetime, bare: Course) -> Course:
    """Before any notice: the longer ago, the further it has come, with some that were left."""
    chance, opened = bare.chance, bare.opened_at
    age = now - opened
    if age < _FRESH or likely(chance, 0.04):
        return bare
    assigned = opened + min(age, timedelta(hours=20)) * chance.uniform(0.1, 0.9)
    weights = (6, 2, 2) if age < _LONG else (3, 4, 4)
    (state,) = chance.choices((_S.INVESTIGATING, _S.DECISION_PROPOSED, _S.DECIDED), weights)
    proposed = decided = None
    if state is not _S.INVESTIGATING:
        back = min((now - assigned) * 0.6, timedelta(days=chance.uniform(1, 9)))
        proposed = now - back
    if state is _S.DECIDED and proposed is not None:
        decided = proposed + (now - proposed) * chance.uniform(0.4, 0.9)
    return Course(
        bare.id, bare.findings, chance, state, opened,
        assigned_at=assigned, proposed_at=proposed, decided_at=decided,
    )  # fmt: skip


def _waiting(now: datetime, course: Course, gone: datetime) -> Course:
    more = any(TASKS_OF[one] != (TaskKind.NOTIFY_PLATFORM,) for one in course.measures)
    done = gone + timedelta(days=course.chance.uniform(0, 4)) if more else gone
    is_done = done <= now
    return replace(
        course, state=_S.WAITING_RECHECK if is_done else _S.EXECUTING, gone_at=gone,
        done_at=done if is_done else None,
    )  # fmt: skip


def _ended(course: Course, gone: datetime | None, closed: datetime) -> Course:
    """Closed after both looks, or taken back by an appeal that was upheld."""
    gone, decided = min(gone or closed, closed), course.decided_at or course.opened_at
    share = _UNFOUNDED[course.organisation.int % len(_UNFOUNDED)]
    lodged = decided + timedelta(days=course.chance.uniform(3, 14))
    told = course.noticed_at or decided
    if likely(course.chance, share) and told < lodged < closed:
        is_gone = gone < lodged
        return replace(
            course, state=_S.REVERSED, gone_at=gone if is_gone else None,
            done_at=gone if is_gone else None, lodged_at=lodged, ended_at=closed,
        )  # fmt: skip
    done = min(gone + timedelta(days=course.chance.uniform(0, 3)), closed - EARLIEST_SECOND)
    return replace(course, gone_at=gone, done_at=max(done, gone), ended_at=closed)
