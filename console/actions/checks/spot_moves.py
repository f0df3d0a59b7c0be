"""A spot check under way and behind: its session, a refusal, the question after it, the review."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from console.actions.cards.industry.files import written
from console.actions.channel.held import held, must_be_another
from console.actions.checks.device_rows import is_long_silent, span
from console.actions.checks.sealed_reads import fresh_salt
from console.actions.checks.spot_checks import must_be_mine
from console.actions.checks.spot_findings import find_service_given
from console.actions.deadlines import deadline
from console.desk import Desk, Work
from models.checks.devices import DeviceState, ReaderDevice
from models.checks.judging import RULES_VERSION
from models.checks.notice import notice_on
from models.checks.spot_checks import CheckMove, CheckState, ResultCode, SpotCheck, Verdict
from models.permissions import Permission
from models.refusals import Conflict
from models.rules import china_day

_LONGEST: Final = 1000


def open_session(
    desk: Desk,
    check_id: UUID | str,
    device_id: UUID | str,
    notice_shown: bool,  # noqa: FBT001 - one of the interface's four words
    version: int | None = None,
) -> SpotCheck:
    """Let a device read for this check; again, while it is read. One session of a device at once.

    `notice_shown`: the person was shown the notice in force; no document is read without.
    """
    with desk.begin(Permission.SPOT_CHECK_DO) as work:
        # The device first, as the reads of its session take them: nobody waits in a circle.
        device = work.get(ReaderDevice, device_id)
        row = held(work, SpotCheck, check_id, version)
        must_be_mine(work, row)
        row.move(CheckMove.OPEN_SESSION)
        _must_be_ready(work, row, device)
        if row.wants_identity and not notice_shown:
            raise Conflict("spot_check.notice_needed", number=row.number)
        row.device_id = device.id
        row.session_until = deadline(work, "check_session").at
        # One salt for all reads of a check: those of an earlier session still compare.
        row.salt = row.salt or fresh_salt(desk.house, row)
        if notice_shown:
            row.notice_version = notice_on(china_day(work.at)).version
            row.notice_shown_at = work.at
        work.record(
            "spot_check.session_opened", row, device=device.number, notice=row.notice_version,
            until=row.session_until.isoformat(),
        )  # fmt: skip
        return row


def _must_be_ready(work: Work, row: SpotCheck, device: ReaderDevice) -> None:
    """The inspector's own, heard of lately, its clock right, and busy with nothing else."""
    if device.state is not DeviceState.ACTIVE:
        raise Conflict("spot_check.device_not_active", number=device.number, state=device.state)
    if device.holder_id != work.actor.id:
        raise Conflict("spot_check.device_not_yours", number=device.number)
    if not device.is_holder_ready(china_day(work.at)):
        raise Conflict("spot_check.holder_not_ready", number=device.number)
    if is_long_silent(device, work.at):
        raise Conflict("spot_check.device_silent", number=device.number)
    most = span("check_clock_skew", work.at)
    if abs(timedelta(milliseconds=device.skew_ms or 0)) >= most:
        raise Conflict("spot_check.device_clock", number=device.number)
    if (other := _busy_with(work, row, device)) is not None:
        raise Conflict("spot_check.device_busy", number=device.number, check=other.number)


def _busy_with(work: Work, row: SpotCheck, device: ReaderDevice) -> SpotCheck | None:
    query = work.select(SpotCheck).where(
        SpotCheck.device_id == device.id,
        SpotCheck.state == CheckState.READING,
        SpotCheck.id != row.id,
    )
    others = work.session.exec(query).all()
    return next((one for one in others if is_open(one, work.at)), None)


def is_open(row: SpotCheck, at: datetime) -> bool:
    """Its session takes reads at that moment."""
    return row.session_until is not None and row.session_until > at


def refuse_check(
    desk: Desk,
    check_id: UUID | str,
    result: ResultCode,
    reason: str,
    version: int | None = None,
) -> SpotCheck:
    """The person would not be checked, or nobody can tell who they are (004-1-b)."""
    why = written(desk, "reason", reason, _LONGEST)
    with desk.begin(Permission.SPOT_CHECK_DO) as work:
        row = held(work, SpotCheck, check_id, version)
        must_be_mine(work, row)
        row.result, row.reason = result, why
        break_off(work, row, CheckMove.REFUSE)
        work.record("spot_check.refused", row, result=result, reason=why)
        return row


def call_off_check(
    desk: Desk, check_id: UUID | str, reason: str, version: int | None = None
) -> SpotCheck:
    """Break off, by whoever plans, what its inspector left: its session has ended.

    It can be repeated by another; what was read for it stays until its term is over.
    """
    why = written(desk, "reason", reason, _LONGEST)
    with desk.begin(Permission.SPOT_CHECK_PLAN) as work:
        row = held(work, SpotCheck, check_id, version)
        if row.state is CheckState.READING and is_open(row, work.at):
            raise Conflict("spot_check.session_open", number=row.number)
        break_off(work, row, CheckMove.TIMEOUT)
        row.reason, row.submitted_by = why, work.actor.id
        work.record("spot_check.called_off", row, reason=why)
        return row


def break_off(work: Work, row: SpotCheck, move: CheckMove) -> None:
    """No comparison comes of it; the marks that were to be compared are void."""
    row.move(move)
    due = deadline(work, "check_review")
    row.verdict, row.compared_at, row.salt = Verdict.ABORTED, work.at, b""
    row.review_due_at, row.rule_version = due.at, f"{RULES_VERSION} {due.version}"


def follow_up(
    desk: Desk,
    check_id: UUID | str,
    service_refused: bool,  # noqa: FBT001 - the answer to the question
    note: str,
    version: int | None = None,
) -> SpotCheck:
    """Whether service was refused to whom nobody could check; given all the same, it is a finding.

    Asked once (004-1-b) of whoever did the check; whoever plans answers for one who has left.
    """
    said = written(desk, "check_note", note, _LONGEST)
    is_planner = desk.actor.may(Permission.SPOT_CHECK_PLAN)
    allowed = Permission.SPOT_CHECK_PLAN if is_planner else Permission.SPOT_CHECK_DO
    with desk.begin(allowed) as work:
        row = held(work, SpotCheck, check_id, version)
        if not is_planner:
            must_be_mine(work, row)
        if not is_follow_up_open(row):
            raise Conflict("spot_check.no_follow_up", number=row.number)
        row.service_refused, row.follow_up = service_refused, said
        row.followed_up_by = work.actor.id
        row.version += 1
        finding = None if service_refused else find_service_given(desk, work, row)
        work.record(
            "spot_check.followed_up", row, service_refused=service_refused, note=said,
            finding=finding.number if finding else "",
        )  # fmt: skip
        return row


def is_follow_up_open(row: SpotCheck) -> bool:
    """The question whether service was refused waits for its answer."""
    return row.result is not None and row.service_refused is None


def review_check(
    desk: Desk, check_id: UUID | str, note: str, version: int | None = None
) -> SpotCheck:
    """A second person has looked: neither who did the check nor who sent it in or answered."""
    said = written(desk, "check_note", note, _LONGEST)
    with desk.begin(Permission.SPOT_CHECK_REVIEW) as work:
        row = held(work, SpotCheck, check_id, version)
        must_be_another(work, row.assignee_id, row.number)
        must_be_another(work, row.submitted_by, row.number)
        must_be_another(work, row.followed_up_by, row.number)
        row.move(CheckMove.REVIEW)
        if is_follow_up_open(row):
            raise Conflict("spot_check.follow_up_open", number=row.number)
        row.reviewed_by, row.reviewed_at, row.review_note = work.actor.id, work.at, said
        work.record("spot_check.reviewed", row, verdict=row.verdict, note=said)
        return row
