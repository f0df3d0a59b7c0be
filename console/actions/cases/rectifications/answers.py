"""What the responsible unit does with a rectification notice: acknowledges it, and answers it.

A unit that does not work here, an agent or an office by name, does it on paper: the issuer's
manager enters it for them, with that paper.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from console.actions.brought import media_type_of, nobodys_name
from console.actions.cases.rectifications.issuing import (
    is_due,
    is_unit,
    issues_of,
    must_be_as_shown,
)
from console.actions.channel.blacklist import must_name_nobodys_number
from console.actions.deadlines import deadline
from console.desk import Desk, Work
from integrations.evidence import Digest
from models.cases.rectifications import (
    Rectification,
    RectificationIssue,
    RectificationMove,
    RectificationState,
)
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from models.rules import china_day

LONGEST_WORDS: Final = 2000
_LONGEST_NAME: Final = 64
File = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class IssueAnswer:
    """What was done about one issue, and the file that shows it; or why it will not be done."""

    number: int
    done: str
    file: File | None = None
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class _Kept:
    name: str
    media_type: str
    sha256: Digest


def acknowledge_rectification(
    desk: Desk,
    row_id: UUID | str,
    *,
    by: str = "",
    paper: File | None = None,
    version: int | None = None,
) -> Rectification:
    """Say that it was received. For an agent: `by` whom of theirs, and the paper that says so.

    Saying it again changes nothing.
    """
    checked = None if paper is None else _checked_file(paper)
    must_name_nobodys_number(desk, by)
    with desk.begin(Permission.RECTIFICATION_ANSWER) as work:  # before anything is written to disk
        row = _answered_by_us(work, work.get(Rectification, row_id))
        if row.state is RectificationState.ACKNOWLEDGED:
            return row
        if row.unit_id is None and not (by.strip() and checked):
            raise Invalid("rectification.paper_needed", unit=row.unit_name)
    kept = None if checked is None else _keep(desk, checked)
    with desk.begin(Permission.RECTIFICATION_ANSWER) as work:
        row = _answered_by_us(work, work.get(Rectification, row_id))
        if row.state is RectificationState.ACKNOWLEDGED:
            return row
        must_be_as_shown(row, version)
        row.move(RectificationMove.ACKNOWLEDGE)
        row.acknowledged_at = work.at
        row.acknowledged_by = (by.strip() or work.actor.name)[:_LONGEST_NAME]
        row.reminder_due_at, row.is_reminder_due = None, False
        if kept is not None:
            row.acknowledged_sha256, row.acknowledged_name = kept.sha256, kept.name
            row.acknowledged_type = kept.media_type
        work.record(
            "rectification.acknowledged", row, by=row.acknowledged_by,
            paper=row.acknowledged_sha256, round=row.round,
        )  # fmt: skip
        return row


def submit_rectification(
    desk: Desk,
    row_id: UUID | str,
    answers: Sequence[IssueAnswer],
    *,
    version: int | None = None,
) -> Rectification:
    """Every issue that is open is answered with a file, or refused with the reason."""
    files = {one.number: _checked_file(one.file) for one in answers if one.file is not None}
    must_name_nobodys_number(desk, *(one.done for one in answers))
    with desk.begin(Permission.RECTIFICATION_ANSWER) as work:
        row = _answered_by_us(work, work.get(Rectification, row_id))
        _must_answer_all(row, issues_of(work, row), answers)
    kept = {number: _keep(desk, file) for number, file in files.items()}
    with desk.begin(Permission.RECTIFICATION_ANSWER) as work:
        row = _answered_by_us(work, work.get(Rectification, row_id))
        must_be_as_shown(row, version)
        row.is_late = row.state is RectificationState.OVERDUE or is_due(row, work.at)
        row.move(RectificationMove.SUBMIT)
        issues = issues_of(work, row)
        _must_answer_all(row, issues, answers)
        _file(issues, {one.number: one for one in answers}, kept)
        recheck = deadline(work, "rectification_recheck")
        row.submitted_at, row.recheck_due_at = work.at, recheck.at
        row.submitted_by, row.submitted_by_id = work.actor.name, work.actor.id
        row.reminder_due_at, row.is_reminder_due = None, False
        work.record(
            "rectification.submitted", row, round=row.round, late=row.is_late,
            proofs=[one.sha256 for one in kept.values()],
            refused=[one.number for one in answers if one.is_refused], rule=recheck.version,
        )  # fmt: skip
        return row


def _file(
    issues: Sequence[RectificationIssue],
    said: Mapping[int, IssueAnswer],
    kept: Mapping[int, _Kept],
) -> None:
    for issue in issues:
        answer = said.get(issue.number)
        if answer is None:
            continue
        file = kept.get(issue.number)
        issue.done, issue.is_refused = answer.done.strip(), answer.is_refused
        issue.is_good, issue.remark = None, ""
        issue.sha256 = file.sha256 if file else ""
        issue.file_name = file.name if file else ""
        issue.media_type = file.media_type if file else ""


def _must_answer_all(
    row: Rectification, issues: Sequence[RectificationIssue], answers: Sequence[IssueAnswer]
) -> None:
    open_ = {one.number for one in issues if one.is_good is not True}
    said = [one.number for one in answers]
    if len(set(said)) != len(said) or set(said) - open_:
        raise Invalid("rectification.no_such_issue", number=row.title)
    if missing := sorted(open_ - set(said)):
        raise Conflict("rectification.not_all_answered", missing=", ".join(map(str, missing)))
    for one in answers:
        if not one.done.strip() or len(one.done.strip()) > LONGEST_WORDS:
            raise Invalid("rectification.answer_words", issue=one.number, most=LONGEST_WORDS)
        if one.file is None and not one.is_refused:
            raise Invalid("rectification.proof_needed", issue=one.number)


def _answered_by_us(work: Work, row: Rectification) -> Rectification:
    if not is_unit(work.actor, row):
        raise NotAllowed("rectification.not_the_unit", number=row.title, unit=row.unit_name)
    return row


def _checked_file(file: File) -> tuple[str, bytes, str]:
    name, data = file
    return name, data, media_type_of(name, data)


def _keep(desk: Desk, file: tuple[str, bytes, str]) -> _Kept:
    name, data, kind = file
    name = nobodys_name(name, china_day(desk.now()))
    return _Kept(name, kind, desk.house.evidence.keep(data))
