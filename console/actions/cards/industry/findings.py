"""What was found of industry cards, for people: reported, looked at, confirmed or dismissed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from console.actions.audit import history
from console.actions.cards.industry.files import bring, held_batch, scope_of, written
from console.actions.cards.industry.found import Sighting, add_finding
from console.actions.cards.industry.one_card import card_in
from console.actions.channel.held import Done, each, held, must_be_another
from console.actions.promises import actor_kept
from console.desk import PAGE, Desk, Order, Slice, Work
from models.audit import AuditEntry
from models.cards.industry import IndustryBatch
from models.cards.monitoring import (
    FoundBy,
    MonitoringRun,
    UsageFinding,
    UsageFindingMove,
    UsageFindingState,
)
from models.cards.scopes import CardScope
from models.cards.usage_rules import UsageRule
from models.cases.cases import Case
from models.permissions import Permission
from models.refusals import Invalid
from models.rules import FindingKind, china_day

TO_ACT_ON: Final = (UsageFindingState.OPEN, UsageFindingState.CONFIRMED)
"""What is neither settled nor in a case is late behind its moment."""
KINDS: Final = (FindingKind.IOT_SCOPE_BREACH, FindingKind.IOT_RESALE)
MOST_PAPERS: Final = 10
_LONGEST: Final = 2_000
_REASON: Final = 1_000


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody tells of a batch or a card of it."""

    kind: FindingKind
    first_day: date
    said: str
    who: str
    """The unit or authority that tells; no person."""
    last_day: date | None = None
    """None: that one day."""
    iccid: str = ""
    """None: the batch as a whole."""


@dataclass(frozen=True, slots=True)
class UsageFindingRecord:
    """A finding with all that it is to be understood by."""

    finding: UsageFinding
    batch: IndustryBatch
    scope: CardScope | None
    run: MonitoringRun | None
    """The last that saw it."""
    case: Case | None
    others: Sequence[UsageFinding]
    """Of the same card, or of the batch as a whole; the latest first."""
    deeds: Sequence[AuditEntry]


def report_finding(
    desk: Desk,
    batch_id: UUID | str,
    report: Report,
    *,
    papers: Sequence[tuple[str, bytes]] = (),
) -> UsageFinding:
    """Enter by hand what the purchaser, the police or an administration told; another looks at it.

    `papers` are names and bytes of PNG, JPEG or PDF files.
    """
    if report.kind not in KINDS:
        raise Invalid("usage_finding.not_by_hand")
    if len(papers) > MOST_PAPERS:
        raise Invalid("usage_finding.too_many_papers", most=MOST_PAPERS)
    said = written(desk, "said", report.said, _LONGEST)
    who = written(desk, "who", report.who, 200)
    first, last = _days(desk, report)
    files = [bring(desk, Permission.INDUSTRY_EDIT, name, content) for name, content in papers]
    with desk.begin(Permission.INDUSTRY_EDIT) as work:
        batch = held_batch(work, batch_id, None)
        seen = Sighting(
            FoundBy.REPORT,
            report.kind,
            first,
            last,
            card_in(work, batch, report.iccid) if report.iccid.strip() else 0,
            facts={
                "said": said,
                "who": who,
                "papers": [
                    {"sha256": one.sha256, "name": one.name, "type": one.media_type}
                    for one in files
                ],
            },
            evidence=[one.sha256 for one in files],
            reported_by=work.actor.id,
        )
        return add_finding(work, batch, seen)


def confirm_usage_finding(
    desk: Desk, finding_id: UUID | str, *, reason: str = "", version: int | None = None
) -> UsageFinding:
    """It is so; what is done about it is an order, or a case."""
    why = written(desk, "reason", reason, _REASON, needed=False)
    with desk.begin(Permission.USAGE_JUDGE) as work:
        finding = _looked_at(work, finding_id, version)
        finding.move(UsageFindingMove.CONFIRM)
        finding.looked_by, finding.reason = work.actor.id, why
        work.record("usage_finding.confirmed", finding, reason=why)
        return finding


def dismiss_usage_finding(
    desk: Desk, finding_id: UUID | str, reason: str, *, version: int | None = None
) -> UsageFinding:
    """It is not so: found anew only by what later days show."""
    why = written(desk, "reason", reason, _REASON)
    with desk.begin(Permission.USAGE_JUDGE) as work:
        finding = _looked_at(work, finding_id, version)
        finding.move(UsageFindingMove.DISMISS)
        finding.looked_by, finding.reason, finding.due_at = work.actor.id, why, None
        work.record("usage_finding.dismissed", finding, reason=why)
        return finding


def confirm_usage_findings(desk: Desk, ids: Sequence[UUID], reason: str = "") -> list[Done]:
    """Confirm many, each on its own: one that is refused stops none of the others."""
    return each(desk, Permission.USAGE_JUDGE, ids, partial(_confirmed, reason=reason))


def dismiss_usage_findings(desk: Desk, ids: Sequence[UUID], reason: str) -> list[Done]:
    """Dismiss many for one reason, each on its own."""
    return each(desk, Permission.USAGE_JUDGE, ids, partial(_dismissed, reason=reason))


def _confirmed(desk: Desk, finding_id: UUID, *, reason: str) -> UUID:
    return confirm_usage_finding(desk, finding_id, reason=reason).id


def _dismissed(desk: Desk, finding_id: UUID, *, reason: str) -> UUID:
    return dismiss_usage_finding(desk, finding_id, reason).id


def list_usage_findings(  # noqa: PLR0913 - filters
    desk: Desk,
    *,
    state: UsageFindingState | None = None,
    rule: UsageRule | None = None,
    batch: UUID | str | None = None,
    kind: FindingKind | None = None,
    found_by: FoundBy | None = None,
    run: UUID | str | None = None,
    late: bool = False,
    after: str | None = None,
    limit: int = PAGE,
    order: Order | None = None,
) -> Slice[UsageFinding]:
    """Findings, the newest first; `late` are those that somebody should have acted on by now."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        query = work.select(UsageFinding)
        wanted = {"state": state, "rule": rule, "kind": kind, "found_by": found_by}
        for name, value in wanted.items():
            if value is not None:
                query = query.where(getattr(UsageFinding, name) == value)
        if batch is not None:
            query = query.where(UsageFinding.batch_id == work.get(IndustryBatch, batch).id)
        if run is not None:
            query = query.where(UsageFinding.run_id == work.get(MonitoringRun, run).id)
        if late:
            query = query.where(*is_late(work))
        return work.slice(query, order or Order.by(UsageFinding.id), after, limit)


def is_late(work: Work) -> Sequence[ColumnElement[bool]]:
    return col(UsageFinding.state).in_(TO_ACT_ON), col(UsageFinding.due_at) <= work.at


def usage_finding_numbered(desk: Desk, number: str) -> UsageFinding:
    """By `UF-2026-000017`, as people say it."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        query = work.select(UsageFinding).where(UsageFinding.number == number.strip().upper())
        return work.one(query, UsageFinding)


def usage_finding_record(desk: Desk, finding_id: UUID | str) -> UsageFindingRecord:
    with desk.begin(Permission.INDUSTRY_READ) as work:
        finding = work.get(UsageFinding, finding_id)
        batch = work.session.get_one(IndustryBatch, finding.batch_id)
        others = work.all(
            work.select(UsageFinding)
            .where(UsageFinding.batch_id == batch.id, UsageFinding.card == finding.card)
            .where(UsageFinding.id != finding.id)
            .order_by(col(UsageFinding.id).desc())
        )
        case = select(Case).where(Case.id == finding.case_id, Case.seen_by(work.actor))
        return UsageFindingRecord(
            finding,
            batch,
            scope_of(work, batch),
            work.session.get(MonitoringRun, finding.run_id) if finding.run_id else None,
            work.session.exec(case).first() if finding.case_id else None,
            others,
            history(work, finding),
        )


def _days(desk: Desk, report: Report) -> tuple[date, date]:
    last = report.last_day or report.first_day
    if last < report.first_day:
        raise Invalid("usage_finding.days_backwards", first=report.first_day, last=last)
    if last > china_day(desk.now()):
        raise Invalid("usage_finding.in_future", last=last)
    return report.first_day, last


def _looked_at(work: Work, finding_id: UUID | str, version: int | None) -> UsageFinding:
    """The finding under lock; not one that the actor reported, nor of records that they brought."""
    finding = held(work, UsageFinding, finding_id, version)
    if finding.reported_by is not None:
        must_be_another(work, finding.reported_by, finding.number)
    if finding.run_id is not None:
        run = work.session.get_one(MonitoringRun, finding.run_id)
        must_be_another(work, actor_kept(run.actor).id, finding.number)
    return finding
