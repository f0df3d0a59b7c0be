"""Rectification notices as they are read: a list from either side, and one with all of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from sqlmodel import col

from console.actions.audit import history
from console.actions.cases.extensions import extensions_of
from console.actions.cases.rectifications.issuing import issues_of
from console.actions.files import Download, put_on_record, whole
from console.desk import PAGE, Desk, Order, Slice
from integrations.evidence import Digest
from models.audit import AuditEntry
from models.cases.cases import Case
from models.cases.extensions import Extension
from models.cases.instructions import Instruction
from models.cases.rectifications import (
    AT_THE_UNIT,
    Rectification,
    RectificationIssue,
    RectificationState,
)
from models.permissions import Permission
from models.refusals import NotFound
from models.rules import Tier
from models.staff import Organisation, among

_R = Rectification


class Side(StrEnum):
    """Which end of them the reader stands at."""

    ISSUED = "issued"
    RECEIVED = "received"
    ALL = "all"
    """Of whoever watches over others."""


@dataclass(frozen=True, slots=True)
class RectificationRecord:
    row: Rectification
    issuer: Organisation
    issues: Sequence[RectificationIssue]
    extensions: Sequence[Extension]
    case: Case | None
    instruction: Instruction | None
    deeds: Sequence[AuditEntry]


def list_rectifications(  # noqa: PLR0913 - filters
    desk: Desk,
    *,
    side: Side | None = None,
    state: RectificationState | None = None,
    tier: Tier | None = None,
    overdue: bool = False,
    q: str = "",
    after: str | None = None,
    limit: int = PAGE,
    order: Order | None = None,
) -> Slice[Rectification]:
    """Newest first. `q` begins a number, or stands in the unit's name."""
    with desk.begin(Permission.RECTIFICATION_READ) as work:
        query = work.select(_R)
        if side is Side.ISSUED:
            own = among(col(_R.organisation_id), work.actor.organisations)
            query = query if own is None else query.where(own)
        if side is Side.RECEIVED:
            query = query.where(col(_R.unit_id) == work.actor.organisation_id)
            query = query.where(col(_R.state) != RectificationState.DRAFTED)
        if state is not None:
            query = query.where(col(_R.state) == state)
        if tier is not None:
            query = query.where(col(_R.tier) == tier)
        if overdue:
            query = query.where(col(_R.state).in_(AT_THE_UNIT), col(_R.due_at) <= work.at)
        if words := q.strip():
            numbered = col(_R.number).startswith(words.upper(), autoescape=True)
            query = query.where(numbered | col(_R.unit_name).contains(words, autoescape=True))
        return work.slice(query, order or Order.by(_R.id), after, limit)


def rectification_record(desk: Desk, row_id: UUID | str) -> RectificationRecord:
    """With the case and the instruction where the reader may know of them."""
    with desk.begin(Permission.RECTIFICATION_READ) as work:
        row = work.get(_R, row_id)
        case = work.select(Case).where(Case.id == row.case_id)
        wanted = work.select(Instruction).where(Instruction.id == row.instruction_id)
        return RectificationRecord(
            row=row,
            issuer=work.session.get_one(Organisation, row.organisation_id),
            issues=issues_of(work, row),
            extensions=extensions_of(work, row),
            case=work.session.exec(case).first(),
            instruction=work.session.exec(wanted).first(),
            deeds=history(work, row),
        )


def rectifications_of_case(desk: Desk, case_id: UUID) -> Sequence[Rectification]:
    """As far as the reader may know of them, the latest first."""
    with desk.begin(Permission.RECTIFICATION_READ) as work:
        return work.all(
            work.select(_R).where(col(_R.case_id) == case_id).order_by(col(_R.id).desc())
        )


def open_until(row: Rectification) -> datetime | None:
    """What a list shows as due: of whoever has the next step."""
    match row.state:
        case RectificationState.ISSUED:
            return row.acknowledge_due_at
        case RectificationState.SUBMITTED:
            return row.recheck_due_at
        case RectificationState.ACKNOWLEDGED | RectificationState.OVERDUE:
            return row.due_at
        case _:
            return None


def issue_file(desk: Desk, issue_id: UUID | str, round_: int | None = None) -> Download:
    """The file that shows that an issue was put right, of this round or of one before."""
    with desk.begin(Permission.RECTIFICATION_READ) as work:
        issue = work.get(RectificationIssue, issue_id)
        row = work.get(_R, issue.rectification_id)
    said = {"sha256": issue.sha256, "file_name": issue.file_name, "media_type": issue.media_type}
    if round_ is not None and round_ != row.round:
        said = next((one for one in issue.earlier if one.get("round") == round_), {"sha256": ""})
    return _handed_out(desk, row, said["sha256"], said.get("file_name", ""),
                       said.get("media_type", ""))  # fmt: skip


def acknowledgement_file(desk: Desk, row_id: UUID | str) -> Download:
    """The paper on which a unit that does not work here acknowledged."""
    with desk.begin(Permission.RECTIFICATION_READ) as work:
        row = work.get(_R, row_id)
    return _handed_out(
        desk, row, row.acknowledged_sha256, row.acknowledged_name, row.acknowledged_type
    )


def _handed_out(desk: Desk, row: Rectification, sha256: str, name: str, kind: str) -> Download:
    if not sha256:
        raise NotFound("rectification.no_file", number=row.title)
    path: Path = whole(desk.house.evidence, Digest(sha256))
    with put_on_record(desk, "rectification.file_taken", row, sha256=sha256, name=name):
        return Download(name, kind, path)
