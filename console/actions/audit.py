"""The record of deeds: read it, seal it into the tree, check that nothing was altered."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions import tree_check, trees
from console.actions.tree_check import Verdict
from console.actions.trees import Log, Proof, table_of
from console.desk import Desk, Order, Slice, Work
from models.audit import (
    COMMITTED,
    AuditCheckpoint,
    AuditEntry,
    AuditTile,
    commitment_of,
    raw_commitment_of,
)
from models.base import Table
from models.cases.complaints import Complaint
from models.permissions import Permission
from models.refusals import NotFound

DEEDS: Final = Log(
    name="audit",
    entries=table_of(AuditEntry),
    tiles=table_of(AuditTile),
    heads=table_of(AuditCheckpoint),
    columns=COMMITTED,
    leaf=commitment_of,
    raw_leaf=raw_commitment_of,
    label="deed",
    lock=0x0DEED,
)


def list_deeds(
    desk: Desk,
    after: str | None = None,
    *,
    deed: str | None = None,
    limit: int = 50,
    order: Order | None = None,
) -> Slice[AuditEntry]:
    """Deeds, latest first, as far as the actor may know of them."""
    with desk.begin(Permission.AUDIT_READ) as work:
        query = work.select(AuditEntry)
        if deed:
            query = query.where(col(AuditEntry.deed).startswith(deed, autoescape=True))
        part = work.slice(query, order or Order.by(AuditEntry.seq), after, limit)
        return Slice(_without_own_complaints(work, part.rows), part.next)


def _without_own_complaints(work: Work, rows: Sequence[AuditEntry]) -> Sequence[AuditEntry]:
    """Whoever a complaint is about does not learn of it from the record either (003-7.2-2)."""
    ids = {UUID(one.subject_id) for one in rows if one.subject_kind == Complaint.__name__}
    if not ids or work.actor.id is None:
        return rows
    about = select(Complaint.id).where(
        col(Complaint.id).in_(ids), Complaint.about_id == work.actor.id
    )
    hidden = set(map(str, work.session.exec(about).all()))
    return [one for one in rows if one.subject_id not in hidden]


def history(work: Work, subject: Table) -> Sequence[AuditEntry]:
    """The latest deeds on a record that the actor was just given, whoever did them."""
    return work.session.exec(
        select(AuditEntry)
        .where(AuditEntry.subject_kind == type(subject).__name__)
        .where(AuditEntry.subject_id == str(getattr(subject, "id", "")))
        .where(AuditEntry.deed != "record.seen")
        .order_by(col(AuditEntry.seq).desc())
        .limit(100)
    ).all()


def seal(desk: Desk) -> int:
    """Give every waiting deed its place in the tree and sign the new head; how many there were."""
    return trees.seal(desk, DEEDS)


def verify(desk: Desk) -> Verdict:
    """Hash every deed anew, grow the tree from the leaves, and compare with every signed head."""
    return tree_check.verify(desk, DEEDS)


def latest_checkpoint(desk: Desk) -> AuditCheckpoint | None:
    """The signed head; anyone may see it."""
    with desk.begin(Permission.RULE_READ) as work:
        return work.session.exec(
            select(AuditCheckpoint).order_by(col(AuditCheckpoint.size).desc()).limit(1)
        ).first()


def prove(desk: Desk, leaf: int) -> Proof:
    """The inclusion proof of the deed at that place, under the newest head."""
    with desk.begin(Permission.AUDIT_READ) as work:
        work.one(work.select(AuditEntry).where(AuditEntry.leaf == leaf), AuditEntry)
        connection = work.session.connection()
        head = trees.last_head(connection, DEEDS)
        if head is None:
            raise NotFound("row.not_found", table=AuditEntry.__name__)
        return trees.prove(connection, DEEDS, leaf, head)


def deeds_of(
    desk: Desk, table: type[Table], row_id: UUID | str, permission: Permission
) -> Sequence[AuditEntry]:
    """The history of one record, for whoever may see the record."""
    with desk.begin(permission) as work:
        return history(work, work.get(table, row_id))
