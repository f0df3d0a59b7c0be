"""What may be done next about a spot check, for exactly those who may do it."""

from datetime import date
from functools import partial

from console.actions.checks.spot_checks import assign_check, repeat_check
from console.actions.checks.spot_lists import CheckRecord
from console.actions.checks.spot_moves import (
    call_off_check,
    follow_up,
    is_open,
    open_session,
    refuse_check,
    review_check,
)
from console.actions.checks.spot_submit import submit_check
from console.desk import Desk
from console.i18n import t
from console.pages.channel_forms import unpacked
from console.pages.channel_words import move_of
from console.pages.kit import Next
from console.pages.spot_forms import assign_fields, follow_up_fields, refuse_fields, session_fields
from models.checks.spot_checks import CheckMove, CheckState, ResultCode, Verdict
from models.permissions import Permission

_P = Permission
_M = CheckMove


def check_moves(desk: Desk, record: CheckRecord) -> list[Next]:
    check = record.check
    is_mine = check.assignee_id is not None and check.assignee_id == desk.actor.id
    doing = _doing(desk, record) if is_mine else []
    return [*doing, *_answering(desk, record, is_mine=is_mine), *_leading(desk, record)]


def _doing(desk: Desk, record: CheckRecord) -> list[Next]:
    """Of whoever it was given to."""
    check = record.check
    open_, version, do = check.open_moves(), check.version, _P.SPOT_CHECK_DO
    is_reading = check.state is CheckState.READING

    def begin(words: str) -> str | None:
        said = unpacked(words)
        open_session(desk, check.id, said["device"], said["shown"], version)
        return None

    def submit(_: str) -> str:
        row = submit_check(desk, check.id, version)
        return t("spot_page.submitted", verdict=t(f"verdict.{row.verdict}"))

    def refuse(words: str) -> None:
        said = unpacked(words)
        refuse_check(desk, check.id, ResultCode(said["result"]), said["reason"], version)

    begins = "spot_page.open_session_again" if is_reading else "spot_page.open_session"
    session = Next(
        "open_session", t(begins), t("spot_page.open_session_will"),
        begin, do, is_open=_M.OPEN_SESSION in open_,
        ask=partial(session_fields, desk, check), icon=":material/sensors:", main=not is_reading,
    )  # fmt: skip
    return [
        move_of("spot_page.submit", submit, do, "task_alt", when=_M.SUBMIT in open_, main=True),
        session,
        move_of("spot_page.refuse", refuse, do, "do_not_disturb_on", when=_M.REFUSE in open_,
                ask=refuse_fields),
    ]  # fmt: skip


def _answering(desk: Desk, record: CheckRecord, *, is_mine: bool) -> list[Next]:
    """The question after a refusal: of whoever did the check, or whoever plans in their place."""
    check, plans = record.check, desk.actor.may(_P.SPOT_CHECK_PLAN)

    def answer(words: str) -> None:
        said = unpacked(words)
        follow_up(desk, check.id, said["refused"], said["note"], check.version)

    permission = _P.SPOT_CHECK_PLAN if plans else _P.SPOT_CHECK_DO
    return [
        move_of("spot_page.follow_up", answer, permission, "contact_support",
                when=record.asks_service and (is_mine or plans), ask=follow_up_fields, main=True),
    ]  # fmt: skip


def _leading(desk: Desk, record: CheckRecord) -> list[Next]:
    """Of whoever plans, and of the second person who reviews."""
    check = record.check
    open_, me, version = check.open_moves(), desk.actor.id, check.version
    is_another = me not in {check.assignee_id, check.submitted_by, check.followed_up_by}
    is_left = check.state is CheckState.READING and not is_open(check, desk.now())
    can_repeat = check.verdict in {Verdict.INCONCLUSIVE, Verdict.ABORTED}

    def assign(words: str) -> None:
        said = unpacked(words)
        assign_check(desk, check.id, said["login"], date.fromisoformat(said["day"]), version)

    def again(_: str) -> str:
        return t("spot_page.planned", number=repeat_check(desk, check.id).number)

    return [
        move_of("spot_page.assign", assign, _P.SPOT_CHECK_PLAN, "person_add",
                when=_M.ASSIGN in open_, ask=partial(assign_fields, desk, check),
                main=check.state is CheckState.PLANNED),
        move_of("spot_page.call_off", lambda why: call_off_check(desk, check.id, why, version),
                _P.SPOT_CHECK_PLAN, "cancel", reason=True, when=is_left),
        move_of("spot_page.repeat", again, _P.SPOT_CHECK_PLAN, "restart_alt",
                when=can_repeat and record.next_check is None),
        move_of("spot_page.review", lambda why: review_check(desk, check.id, why, version),
                _P.SPOT_CHECK_REVIEW, "verified", reason=True, main=True,
                when=_M.REVIEW in open_ and is_another and not record.asks_service),
    ]  # fmt: skip
