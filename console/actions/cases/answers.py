"""What a platform does with a notice: receives it, acts, and shows that it has."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.brought import clean_name, media_type_of
from console.actions.deadlines import deadline
from console.desk import Desk, Work
from integrations.evidence import Digest
from models.cases.cases import Case, CaseMove, CaseState
from models.cases.notices import (
    ACTED,
    Answer,
    AnswerOutcome,
    Notice,
    NoticeMove,
    NoticeState,
    Proof,
)
from models.patrol.shops import Shop, ShopMove, ShopState
from models.permissions import Permission
from models.refusals import Conflict, Invalid

MOST_PROOFS: Final = 10
LONGEST_WORDS: Final = 4000
_GONE: Final = frozenset({AnswerOutcome.REMOVED, AnswerOutcome.SERVICE_STOPPED})
_STILL_THERE: Final = frozenset({ShopState.PLATFORM_NOTIFIED, ShopState.ESCALATED})


@dataclass(frozen=True, slots=True)
class _Kept:
    name: str
    media_type: str
    size: int
    sha256: Digest


def acknowledge(desk: Desk, notice_id: UUID | str) -> Notice:
    """Say that the notice was received. Saying it again changes nothing."""
    with desk.begin(Permission.CASE_ANSWER) as work:
        notice = work.get(Notice, notice_id)
        if notice.state in {NoticeState.ACKNOWLEDGED, NoticeState.ANSWERED}:
            return notice
        _acknowledged(work, notice)
        return notice


def answer(
    desk: Desk,
    notice_id: UUID | str,
    outcome: AnswerOutcome,
    words: str,
    proofs: Sequence[tuple[str, bytes]] = (),
) -> Notice:
    """Say what was done, with files that show it. The same answer again changes nothing."""
    words = _checked_words(outcome, words)
    files = [(clean_name(name), data, media_type_of(name, data)) for name, data in proofs]
    _check_count(outcome, files)
    with desk.begin(Permission.CASE_ANSWER) as work:  # before anything is written to disk
        work.get(Notice, notice_id)
    kept = [
        _Kept(name, kind, len(data), desk.house.evidence.keep(data)) for name, data, kind in files
    ]
    with desk.begin(Permission.CASE_ANSWER) as work:
        notice = work.get(Notice, notice_id)
        if notice.state is NoticeState.ANSWERED:
            if _is_the_same(work, notice, outcome, words, kept):
                return notice
            raise Conflict("notice.answered_already", number=notice.number)
        _filed(work, notice, outcome, words, kept)
        return notice


def _filed(
    work: Work, notice: Notice, outcome: AnswerOutcome, words: str, kept: Sequence[_Kept]
) -> None:
    """File the answer, and move the case and its shop on when the platform has acted."""
    if notice.state is NoticeState.SENT:
        _acknowledged(work, notice)
    notice.move(NoticeMove.ANSWER)
    notice.answered_at = work.at
    given = work.add(
        Answer(
            notice_id=notice.id,
            outcome=outcome,
            words_given=words,
            answered_by=work.actor.name,
            at=work.at,
        )
    )
    work.session.flush()
    for file in kept:
        work.add(
            Proof(
                answer_id=given.id,
                name=file.name,
                media_type=file.media_type,
                size=file.size,
                sha256=file.sha256,
            )
        )
    work.record(
        "notice.answered", notice, outcome=outcome.value, proofs=[one.sha256 for one in kept]
    )
    _move_on(work, notice, outcome)


def _acknowledged(work: Work, notice: Notice) -> None:
    notice.move(NoticeMove.ACKNOWLEDGE)
    notice.acknowledged_at, notice.acknowledged_by = work.at, work.actor.name
    work.record("notice.acknowledged", notice)


def _move_on(work: Work, notice: Notice, outcome: AnswerOutcome) -> None:
    case = work.session.exec(select(Case).where(Case.id == notice.case_id).with_for_update()).one()
    waits = work.session.exec(
        select(Notice.id).where(
            Notice.case_id == case.id, col(Notice.state) != NoticeState.ANSWERED
        )
    ).first()
    if outcome not in ACTED or waits is not None or case.state is not CaseState.EXECUTING:
        return
    due = deadline(work, "recheck_first")
    case.move(CaseMove.ALL_DONE)
    case.due_at, case.rule_version = due.at, due.version
    work.record("case.all_done", case, notice=notice.number)
    shop = work.session.exec(select(Shop).where(Shop.id == case.shop_id).with_for_update()).one()
    if outcome in _GONE and shop.state in _STILL_THERE:
        shop.move(ShopMove.REMOVED)
        work.record("shop.moved", shop, move=ShopMove.REMOVED.value, case=case.reference)


def _is_the_same(
    work: Work, notice: Notice, outcome: AnswerOutcome, words: str, kept: Sequence[_Kept]
) -> bool:
    last = work.session.exec(
        select(Answer).where(Answer.notice_id == notice.id).order_by(col(Answer.id).desc())
    ).one()
    digests = work.session.exec(select(Proof.sha256).where(Proof.answer_id == last.id)).all()
    return (last.outcome, last.words_given, sorted(digests)) == (
        outcome,
        words,
        sorted(one.sha256 for one in kept),
    )


def _checked_words(outcome: AnswerOutcome, words: str) -> str:
    words = words.strip()
    if len(words) > LONGEST_WORDS:
        raise Invalid("answer.words_too_long", most=LONGEST_WORDS)
    if not words and outcome not in ACTED:
        raise Invalid("answer.words_needed", outcome=outcome)
    return words


def _check_count(outcome: AnswerOutcome, files: Sequence[object]) -> None:
    if len(files) > MOST_PROOFS:
        raise Invalid("answer.too_many_proofs", count=len(files), most=MOST_PROOFS)
    if not files and outcome in ACTED:
        raise Invalid("answer.proof_needed", outcome=outcome)
