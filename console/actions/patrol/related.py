"""Who may not look at a shop: whoever had a hand in its agent (4.8)."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.desk import Work
from models.audit import AuditEntry
from models.patrol.shops import Shop

_NOT_A_HAND: Final = "record.seen"


def related_people(
    work: Work, agents: Collection[UUID], people: Collection[UUID]
) -> set[tuple[UUID, UUID]]:
    """(agent, person) wherever that person entered, changed, reviewed or judged the agent."""
    if not agents or not people:
        return set()
    rows = work.session.exec(
        select(AuditEntry.subject_id, AuditEntry.actor_id)
        .where(AuditEntry.subject_kind == "Agent", AuditEntry.deed != _NOT_A_HAND)
        .where(col(AuditEntry.subject_id).in_([str(agent) for agent in agents]))
        .where(col(AuditEntry.actor_id).in_(people))
        .distinct()
    ).all()
    return {(UUID(agent), person) for agent, person in rows if person is not None}


def is_related(work: Work, shop: Shop, person: UUID) -> bool:
    return shop.agent_id is not None and bool(related_people(work, [shop.agent_id], [person]))
