"""How risky a purchaser and its use are: weighed by somebody else before the sale, and each year.

(004-2.3-c; Anti-Fraud Law art. 12.)
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.batches import in_batches
from console.actions.cards.industry.files import held_batch, last_day, must_not_lack, written
from console.actions.cards.industry.retention import close_records
from console.actions.channel.held import must_be_another
from console.actions.deadlines import deadline
from console.desk import Desk, Work
from models.cards.assessments import AssessmentVerdict, RiskAssessment
from models.cards.classes import risk_form
from models.cards.industry import BatchMove, BatchState, IndustryBatch
from models.permissions import Permission
from models.refusals import Conflict, Invalid
from models.rules import china_day, parameter
from models.staff import User

_S: Final = BatchState
ASSESSED_AGAIN: Final = (_S.APPROVED, _S.CONTRACTED, _S.REGISTERED, _S.IN_USE, _S.RESTRICTED)
"""An assessment may run out before the cards are in use, too."""


def assess_batch(  # noqa: PLR0913 - a filled form
    desk: Desk,
    batch_id: UUID | str,
    answers: Mapping[str, str],
    reason: str = "",
    *,
    fails: bool = False,
    version: int | None = None,
) -> IndustryBatch:
    """Fill the risk form: it alone says what passes. `fails` turns down a batch that would pass.

    A batch that does not pass is refused for good: nothing is sold on it.
    """
    why = written(desk, "reason", reason, 2000, needed=False)
    with desk.begin(Permission.INDUSTRY_REVIEW) as work:
        batch = held_batch(work, batch_id, version)
        must_be_another(work, batch.submitted_by, batch.number)
        if batch.state is not BatchState.PURCHASER_REVIEW:
            raise Conflict("state.cannot_move", state=batch.state, move=BatchMove.ASSESS_PASS)
        made = _weigh(work, batch, answers, why, fails=fails)
        batch.reviewed_by, batch.reviewed_at = work.actor.id, work.at
        batch.review_reason, batch.due_at = why, None
        if made.verdict is AssessmentVerdict.PASSED:
            must_not_lack(work, batch, BatchMove.ASSESS_PASS)
            batch.move(BatchMove.ASSESS_PASS)
        else:
            batch.move(BatchMove.ASSESS_FAIL)
            close_records(work, batch)
        work.record("industry.assessed", batch, **_told(made))
        return batch


def reassess_batch(  # noqa: PLR0913 - a filled form
    desk: Desk,
    batch_id: UUID | str,
    answers: Mapping[str, str],
    reason: str = "",
    *,
    fails: bool = False,
    version: int | None = None,
) -> IndustryBatch:
    """Fill the form once more, each year or when something became known.

    One that fails moves nothing by itself: the batch is flagged, to be acted on within
    iot_abnormal_action, and no step that rests on an assessment can be taken before one passes.
    """
    why = written(desk, "reason", reason, 2000, needed=False)
    with desk.begin(Permission.INDUSTRY_REVIEW) as work:
        batch = held_batch(work, batch_id, version)
        must_be_another(work, batch.submitted_by, batch.number)
        if batch.state not in ASSESSED_AGAIN:
            raise Conflict("industry.not_assessed_again", number=batch.number, state=batch.state)
        made = _weigh(work, batch, answers, why, fails=fails, again=True)
        is_passed = made.verdict is AssessmentVerdict.PASSED
        batch.is_reassess_due = not is_passed
        if batch.state is BatchState.IN_USE:  # in any other state, something else is due
            batch.is_late = False
            batch.due_at = None if is_passed else deadline(work, "iot_abnormal_action").at
        batch.version += 1
        work.record("industry.reassessed", batch, **_told(made))
        return batch


def assessors(desk: Desk, batch_id: UUID | str) -> Mapping[UUID, str]:
    """Who assessed a batch, by id."""
    with desk.begin(Permission.INDUSTRY_READ) as work:
        batch = work.get(IndustryBatch, batch_id)
        made = select(RiskAssessment.assessed_by).where(RiskAssessment.batch_id == batch.id)
        people = work.session.exec(select(User).where(col(User.id).in_(made))).all()
        return {one.id: one.name for one in people}


def sweep_reassessments(desk: Desk) -> int:
    """Flag the batches in use whose assessment ends soon (iot_reassessment_grace); how many."""
    return in_batches(desk, _flag_some)


def _weigh(  # noqa: PLR0913 - a filled form
    work: Work,
    batch: IndustryBatch,
    answers: Mapping[str, str],
    why: str,
    *,
    fails: bool,
    again: bool = False,
) -> RiskAssessment:
    weighed = risk_form().weighed(answers)
    is_passed = weighed.is_passed and not fails
    if not why and not is_passed:
        raise Invalid("channel.reason_needed")
    holds = deadline(work, "iot_reassessment")
    batch.assessed_until = last_day(holds) if is_passed else None
    batch.reassess_on = _again_on(work, batch.assessed_until)
    batch.rule_version = holds.version
    made = work.add(
        RiskAssessment(
            batch_id=batch.id,
            form_version=weighed.version,
            answers=dict(answers),
            score=weighed.score,
            barred_by=list(weighed.barred_by),
            verdict=AssessmentVerdict.PASSED if is_passed else AssessmentVerdict.FAILED,
            reason=why,
            is_yearly=again,
            assessed_by=work.actor.id,
            assessed_at=work.at,
            valid_until=batch.assessed_until,
            rule_version=holds.version,
        )
    )
    work.session.flush()
    return made


def _again_on(work: Work, until: date | None) -> date | None:
    """From when the next is due, so that it is there when this one ends."""
    grace = parameter("iot_reassessment_grace", china_day(work.at)).value
    return until and until - timedelta(days=grace - 1)


def _told(made: RiskAssessment) -> dict[str, object]:
    return {
        "verdict": made.verdict,
        "score": made.score,
        "barred_by": made.barred_by,
        "reason": made.reason,
        "until": made.valid_until.isoformat() if made.valid_until else "",
    }


def _flag_some(work: Work, limit: int) -> int:
    """Those that another sweep has in hand are left to it."""
    batches = work.session.exec(
        select(IndustryBatch)
        .where(
            IndustryBatch.state == BatchState.IN_USE,
            col(IndustryBatch.is_reassess_due).is_(False),
            col(IndustryBatch.reassess_on) <= china_day(work.at),
        )
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for batch in batches:
        batch.move(BatchMove.REASSESS_DUE)
        batch.is_reassess_due = True
        due = deadline(work, "iot_reassessment_grace")
        batch.due_at, batch.rule_version = due.at, due.version
        work.record("industry.reassess_due", batch, due_at=due.at.isoformat())
    return len(batches)
