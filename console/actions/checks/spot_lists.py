"""Spot checks as people look for them: lists, one whole, the days of a calendar, rates."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, true
from sqlmodel import col, select

from console.actions.audit import history
from console.actions.checks.spot_checks import next_of, order_of
from console.actions.checks.spot_moves import is_follow_up_open
from console.desk import PAGE, Desk, Order, Slice, Work
from models.audit import AuditEntry
from models.cards.monitoring import UsageFinding
from models.channel.agents import Agent
from models.channel.shops import AuthorisedShop
from models.checks.devices import ReaderDevice
from models.checks.orders import OrderFacts
from models.checks.reads import CardRead, Chain, ReadKind, ReadState
from models.checks.spot_checks import CheckState, SpotCheck, SpotCheckPlan, Verdict
from models.checks.test_purchases import TestPurchase
from models.patrol.findings import Finding
from models.permissions import Permission
from models.provinces import provinces
from models.refusals import Invalid, NotFound
from models.staff import Organisation, User

MOST_DAYS: Final = 62
"""Of one calendar."""
_NOT_OURS: Final = frozenset({"batch"})
"""What of a trace only those are told who may know of industry cards."""


@dataclass(frozen=True, slots=True)
class ReadView:
    """A read as the reader may know it: outside the carrier only that a document was read."""

    id: UUID
    kind: ReadKind
    state: ReadState
    refusal: str
    seq: int
    chain: Chain
    sha256: str
    captured_at: datetime
    received_at: datetime
    is_offline: bool
    iccid: str
    fault: str
    facts: Mapping[str, Any]
    trace: Mapping[str, Any] | None
    """Where the card came from, as it stood when the check was compared."""


@dataclass(frozen=True, slots=True)
class CheckRecord:
    check: SpotCheck
    carrier: Organisation
    plan: SpotCheckPlan | None
    purchase: TestPurchase | None
    shop: AuthorisedShop | None
    agent: Agent | None
    device: ReaderDevice | None
    planner: User | None
    assignee: User | None
    reviewer: User | None
    order: OrderFacts
    reads: Sequence[ReadView]
    answers: Sequence[Mapping[str, Any]]
    """`{rule, ok, facts, duty}` in the order of things; empty before it is compared."""
    traces: Sequence[Mapping[str, Any]]
    finding: Finding | None
    usage_finding: UsageFinding | None
    previous: SpotCheck | None
    next_check: SpotCheck | None
    """The check that repeats this one."""
    asks_service: bool
    """Whether service was refused has still to be said (004-1-b)."""
    deeds: Sequence[AuditEntry]


class RateBy(StrEnum):
    AGENT = "agent"
    PLATFORM = "platform"
    PROVINCE = "province"


@dataclass(frozen=True, slots=True)
class PassRate:
    key: str
    """An agent's number, a platform's code, a province's; empty where a check has none."""
    name: str
    counts: Mapping[Verdict, int]

    @property
    def judged(self) -> int:
        """Passed or failed: what could not be told tells nothing of the rate."""
        return self.counts.get(Verdict.PASSED, 0) + self.counts.get(Verdict.FAILED, 0)

    @property
    def per_mille(self) -> int | None:
        passed = self.counts.get(Verdict.PASSED, 0)
        return passed * 1000 // self.judged if self.judged else None


@dataclass(slots=True)
class Day:
    on: date
    counts: dict[CheckState, int] = field(default_factory=dict[CheckState, int])
    checks: list[SpotCheck] = field(default_factory=list[SpotCheck])
    """The first of them; how many there are, the counts say."""


def list_checks(  # noqa: PLR0913 - the filters of a list
    desk: Desk,
    *,
    state: CheckState | None = None,
    verdict: Verdict | None = None,
    assignee: UUID | str | None = None,
    plan: UUID | str | None = None,
    day: date | None = None,
    words: str = "",
    after: str | None = None,
    limit: int = PAGE,
    order: Order | None = None,
) -> Slice[SpotCheck]:
    """The newest first; `words` is the beginning of a number."""
    with desk.begin(Permission.SPOT_CHECK_READ) as work:
        query = work.select(SpotCheck)
        wanted: dict[str, object | None] = {
            "state": state,
            "verdict": verdict,
            "assignee_id": _id(assignee),
            "plan_id": _id(plan),
            "planned_for": day,
        }
        for name, value in wanted.items():
            if value is not None:
                query = query.where(getattr(SpotCheck, name) == value)
        if start := words.strip().upper()[:40]:
            query = query.where(col(SpotCheck.number).startswith(start, autoescape=True))
        return work.slice(query, order or Order.by(SpotCheck.id), after, limit)


def _id(asked: UUID | str | None) -> UUID | None:
    try:
        return UUID(str(asked)) if asked else None
    except ValueError:
        raise NotFound("row.not_found", table=SpotCheck.__name__) from None


def check_record(desk: Desk, check_id: UUID | str) -> CheckRecord:
    """One check with all that hangs on it, as far as the reader may know of it."""
    with desk.begin(Permission.SPOT_CHECK_READ) as work:
        row = work.get(SpotCheck, check_id)
        traces = _traces(work, row)
        usage = row.usage_finding_id if desk.actor.may(Permission.INDUSTRY_READ) else None
        finding = row.finding_id if desk.actor.may(Permission.FINDING_READ) else None
        return CheckRecord(
            check=row,
            carrier=work.session.get_one(Organisation, row.carrier_id),
            plan=_known(work, SpotCheckPlan, row.plan_id),
            purchase=_known(work, TestPurchase, row.purchase_id),
            shop=_known(work, AuthorisedShop, row.shop_id),
            agent=_known(work, Agent, row.agent_id),
            device=_known(work, ReaderDevice, row.device_id),
            planner=_person(work, row.planned_by),
            assignee=_person(work, row.assignee_id),
            reviewer=_person(work, row.reviewed_by),
            order=order_of(work, row),
            reads=_reads(work, row, traces),
            answers=row.outcome.get("answers", []),
            traces=traces,
            finding=_known(work, Finding, finding),
            usage_finding=_known(work, UsageFinding, usage),
            previous=_known(work, SpotCheck, row.previous_id),
            next_check=next_of(work, row),
            asks_service=is_follow_up_open(row),
            deeds=history(work, row),
        )


def _known(work: Work, table: type[Any], row_id: UUID | None) -> Any:  # noqa: ANN401 - of the table
    if row_id is None:
        return None
    return work.session.exec(work.select(table).where(table.id == row_id)).first()


def _person(work: Work, user_id: UUID | None) -> User | None:
    """Who did it, by name: whoever reads the check is told."""
    return work.session.get(User, user_id) if user_id else None


def _traces(work: Work, row: SpotCheck) -> list[dict[str, Any]]:
    hidden = frozenset[str]() if work.actor.may(Permission.INDUSTRY_READ) else _NOT_OURS
    told: list[dict[str, Any]] = row.outcome.get("traces", [])
    return [{name: None if name in hidden else value for name, value in one.items()}
            for one in told]  # fmt: skip


def _reads(work: Work, row: SpotCheck, traces: Sequence[Mapping[str, Any]]) -> list[ReadView]:
    rows = work.all(
        work.select(CardRead).where(CardRead.check_id == row.id).order_by(col(CardRead.id))
    )
    by_card = {one["iccid"]: one for one in traces}
    is_own = work.actor.is_house or row.carrier_id in work.actor.carriers
    return [
        ReadView(
            one.id, one.kind, one.state, one.refusal, one.seq, one.chain, one.sha256,
            one.captured_at, one.received_at, one.is_offline, one.iccid, one.fault,
            without_marks(one) if is_own or one.kind is ReadKind.SIM else {},
            by_card.get(one.iccid) if one.iccid else None,
        )
        for one in rows
    ]  # fmt: skip


def without_marks(read: CardRead) -> Mapping[str, Any]:
    """What a read says, but for the marks of a person: they are to compare, and not to see."""
    return {name: fact for name, fact in read.facts.items() if not name.endswith("_mac")}


def days(desk: Desk, first: date, last: date) -> list[Day]:
    """Each day from the first to the last, with the checks planned for it."""
    if not timedelta(0) <= last - first < timedelta(days=MOST_DAYS):
        raise Invalid("spot_check.bad_days", most=MOST_DAYS)
    found = {
        first + timedelta(days=n): Day(first + timedelta(days=n))
        for n in range((last - first).days + 1)
    }
    with desk.begin(Permission.SPOT_CHECK_READ) as work:
        between = col(SpotCheck.planned_for).between(first, last)
        mine = work.select(SpotCheck).where(between)
        counted = (
            mine.with_only_columns(
                col(SpotCheck.planned_for), col(SpotCheck.state), func.count()
            ).group_by(col(SpotCheck.planned_for), col(SpotCheck.state))
        )  # fmt: skip
        for day, state, n in work.session.connection().execute(counted):
            if day is not None:
                found[day].counts[CheckState(state)] = n
        order = (col(SpotCheck.planned_for), col(SpotCheck.id))
        for row in work.all(mine.order_by(*order)):
            if row.planned_for is not None:
                found[row.planned_for].checks.append(row)
    return list(found.values())


def pass_rates(desk: Desk, by: RateBy | str, since: datetime | None = None) -> list[PassRate]:
    """How the checks compared since then came out, those with most failures first.

    Counted by the database, whatever there is of them.
    """
    with desk.begin(Permission.SPOT_CHECK_READ) as work:
        key = _KEYS[RateBy(by)]
        counted = (
            work.select(SpotCheck)
            .where(col(SpotCheck.verdict).is_not(None))
            .where(col(SpotCheck.compared_at) >= since if since else true())
            .with_only_columns(key, col(SpotCheck.verdict), func.count())
            .group_by(key, col(SpotCheck.verdict))
        )
        counts: dict[Any, dict[Verdict, int]] = defaultdict(dict)
        for one, verdict, n in work.session.connection().execute(counted):
            counts[one][Verdict(verdict)] = n
        named = _names(work, RateBy(by), list(counts))
    rates = [PassRate(*named.get(one, ("", "")), found) for one, found in counts.items()]
    return sorted(rates, key=lambda rate: (-rate.counts.get(Verdict.FAILED, 0), rate.key))


_KEYS: Final = {
    RateBy.AGENT: col(SpotCheck.agent_id),
    RateBy.PLATFORM: col(SpotCheck.platform),
    RateBy.PROVINCE: col(SpotCheck.province),
}


def _names(work: Work, by: RateBy, keys: Sequence[Any]) -> Mapping[Any, tuple[str, str]]:
    match by:
        case RateBy.AGENT:
            rows = work.session.exec(
                select(Agent.id, Agent.agent_no, Agent.name).where(col(Agent.id).in_(keys))
            ).all()
            return {row_id: (number, name) for row_id, number, name in rows}
        case RateBy.PLATFORM:
            rows = work.session.exec(
                select(Organisation.code, Organisation.name).where(col(Organisation.code).in_(keys))
            ).all()
            return {code: (code, code) for code in keys} | {
                code: (code, name) for code, name in rows
            }
        case RateBy.PROVINCE:
            known = provinces()
            return {code: (code, known[code].zh) for code in keys if code in known}
