"""What stories of the case core share: earlier findings, agents with shops, rows as kept."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlmodel import col, select

from console.actions.work import work_items
from console.desk import Desk
from models.audit import AuditEntry
from models.base import Table
from models.cases.cases import Case
from models.cases.tasks import CaseTask, TaskKind
from models.patrol.findings import Finding, FindingState
from models.patrol.shops import Shop
from models.permissions import Permission
from models.rules import FindingKind, Tier
from tests.cases.world import Found, found
from tests.conftest import Desks


def earlier(
    desks: Desks,
    at: Found,
    serial: int,
    *,
    days_ago: float,
    tier: Tier = Tier.MINOR,
    state: FindingState = FindingState.CLOSED,
    **more: Any,  # noqa: ANN401
) -> Finding:
    """A finding at the same shop, some time ago."""
    first = at.findings[0]
    with desks.house.begin(Permission.PATROL_RUN) as work:
        row = work.add(
            Finding(
                number=f"FND-OLD-{at.shop.shop_key}-{serial}",
                organisation_id=first.organisation_id,
                run_id=first.run_id,
                shop_id=at.shop.id,
                platform=first.platform,
                kind=FindingKind.BADGE_MISSING,
                ground=first.ground,
                tier=tier,
                state=state,
                rule_version="findings/1",
                listing_ids=[],
                evidence=[],
                created_at=work.at - timedelta(days=days_ago),
                **more,
            )
        )
        work.no_deed()
    return row


def at_agent(desks: Desks, agent_id: UUID, **more: Any) -> Found:  # noqa: ANN401
    """A shop that is an agent's own."""
    place = found(desks, **more)
    with desks.house.begin(Permission.PATROL_RUN) as work:
        shop = work.session.get_one(Shop, place.shop.id)
        shop.agent_id = agent_id
        work.no_deed()
    return Found(shop, place.findings)


def tasks(desks: Desks, case_id: UUID, *kinds: TaskKind) -> list[CaseTask]:
    with desks.house.begin(Permission.CASE_READ) as work:
        rows = work.session.exec(
            select(CaseTask).where(CaseTask.case_id == case_id).order_by(col(CaseTask.id))
        ).all()
    return [one for one in rows if not kinds or one.kind in kinds]


def deeds_of(desk: Desk, row: Table) -> list[AuditEntry]:
    with desk.house.desk().begin(Permission.AUDIT_READ) as work:
        return list(
            work.session.exec(
                select(AuditEntry)
                .where(AuditEntry.subject_id == str(getattr(row, "id", "")))
                .order_by(col(AuditEntry.seq))
            ).all()
        )


def refused_lowerings(desks: Desks) -> list[AuditEntry]:
    with desks.house.begin(Permission.AUDIT_READ) as work:
        return list(
            work.session.exec(
                select(AuditEntry)
                .where(AuditEntry.deed == "case.lowering_refused")
                .order_by(col(AuditEntry.seq))
            ).all()
        )


def kept(desks: Desks, *tables: type[Table]) -> dict[str, dict[str, object]]:
    """Every row of these tables as it stands, but for its count of changes."""
    rows: dict[str, dict[str, object]] = {}
    with desks.house.begin(Permission.CASE_READ) as work:
        for table in tables:
            for row in work.session.exec(select(table)).all():
                values = row.model_dump(exclude={"version"})
                rows[f"{table.__name__} {values['id']}"] = values
    return rows


def case_of(desks: Desks, case_id: UUID) -> Case:
    with desks.house.begin(Permission.CASE_READ) as work:
        return work.session.get_one(Case, case_id)


def waits(desk: Desk, case: Case) -> set[str]:
    """What is on somebody's work list of a case."""
    return {item.kind for item in work_items(desk) if item.id == case.id}
