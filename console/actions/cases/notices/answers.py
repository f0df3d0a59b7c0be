"""What a recipient does with a notice: receives it, acts or looks it up, and says so with proof."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.brought import media_type_of, nobodys_name
from console.actions.cases.notices.delivering import is_open, must_be_recipient, received
from console.actions.cases.notices.letters import case_of
from console.actions.cases.notices.writing import inquiries_about
from console.actions.cases.tasks import prove
from console.actions.channel.blacklist import must_name_nobodys_number
from console.desk import Desk, Work
from integrations.evidence import Digest
from models.cases.cases import Case
from models.cases.notices import (
    ACTED,
    OUTCOMES,
    WORDLESS,
    Answer,
    AnswerOutcome,
    Notice,
    NoticeChannel,
    NoticeKind,
    NoticeMove,
    NoticeState,
    Proof,
)
from models.cases.tasks import TaskKind
from models.patrol.findings import Finding
from models.patrol.shops import Shop, ShopMove, ShopState
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotFound
from models.rules import china_day

MOST_PROOFS: Final = 10
LONGEST_WORDS: Final = 4000
MOST_ANSWERS: Final = 20
"""To one notice, those counted that came too late."""
_GONE: Final = frozenset({AnswerOutcome.REMOVED, AnswerOutcome.SERVICE_STOPPED})
_STILL_THERE: Final = frozenset({ShopState.PLATFORM_NOTIFIED, ShopState.ESCALATED})
_ON_ITS_WAY: Final = (NoticeState.SENDING, NoticeState.TURNED_DOWN)


@dataclass(frozen=True, slots=True)
class _Kept:
    name: str
    media_type: str
    size: int
    sha256: Digest


def answering(desk: Desk) -> Permission:
    """A platform's officers answer cases; a carrier's people, notices to the carrier."""
    answers = desk.actor.may(Permission.CASE_ANSWER)
    return Permission.CASE_ANSWER if answers else Permission.NOTICE_WRITE


def acknowledge(desk: Desk, notice_id: UUID | str) -> Notice:
    """Say that the notice was received. Saying it again, or too late, changes nothing."""
    with desk.begin(answering(desk)) as work:
        notice = _at_recipient(work, notice_id)
        _arrived(work, notice)
        if notice.state is NoticeState.SENT:
            _acknowledged(work, notice)
        return notice


def answer(
    desk: Desk,
    notice_id: UUID | str,
    outcome: AnswerOutcome,
    words: str,
    proofs: Sequence[tuple[str, bytes]] = (),
) -> Notice:
    """Say what was done, with files that show it. The same answer again changes nothing.

    When the case has ended meanwhile the answer is kept as a late one, and nothing else changes.
    """
    words = _checked_words(outcome, words)
    must_name_nobodys_number(desk, words)
    on = china_day(desk.now())
    files = [(nobodys_name(name, on), data, media_type_of(name, data)) for name, data in proofs]
    _check_count(outcome, files)
    permission = answering(desk)
    with desk.begin(permission) as work:  # before anything is written to disk
        notice = _at_recipient(work, notice_id)
        if outcome not in OUTCOMES[notice.kind]:
            raise Invalid("answer.outcome_not_of_kind", outcome=outcome, notice_kind=notice.kind)
    kept = [
        _Kept(name, kind, len(data), desk.house.evidence.keep(data)) for name, data, kind in files
    ]
    with desk.begin(permission) as work:
        notice = _at_recipient(work, notice_id)
        given = _answers(work, notice)
        if any(_is_the_same(work, one, outcome, words, kept) for one in given):
            return notice
        is_late = _is_over(work, notice)
        if notice.state is NoticeState.ANSWERED and not is_late:
            raise Conflict("notice.answered_already", number=notice.number)
        if len(given) >= MOST_ANSWERS:
            raise Conflict("answer.too_many", number=notice.number, most=MOST_ANSWERS)
        _keep(work, notice, outcome, words, kept, is_late=is_late)
        if not is_late:
            _count(work, notice, outcome)
        return notice


def _at_recipient(work: Work, notice_id: UUID | str) -> Notice:
    """A notice to the actor; one that is being pushed is known to whoever was told its id."""
    try:
        notice = work.get(Notice, notice_id)
    except NotFound:
        pushed = select(Notice).where(
            Notice.id == _uuid(notice_id),
            col(Notice.recipient_id).in_(work.actor.organisations),
            Notice.channel == NoticeChannel.PUSH,
            col(Notice.state).in_(_ON_ITS_WAY),
        )
        notice = work.one(pushed, Notice)
    must_be_recipient(work, notice)
    return notice


def _uuid(text: UUID | str) -> UUID:
    try:
        return UUID(str(text))
    except ValueError:
        raise NotFound("row.not_found", table=Notice.__name__) from None


def _arrived(work: Work, notice: Notice) -> None:
    """The recipient speaks of it, so it is there, whatever became of our own try."""
    if notice.state is NoticeState.TURNED_DOWN:
        notice.move(NoticeMove.SEND_AGAIN)
    if notice.state is NoticeState.SENDING:
        received(work, notice, f"ACK {notice.number}")


def _is_over(work: Work, notice: Notice) -> bool:
    """The thread is closed, or the case that it belongs to goes on no more."""
    if notice.state is NoticeState.CLOSED:
        return True
    case = work.session.get(Case, notice.case_id) if notice.case_id else None
    return case is not None and not is_open(work, case)


def _keep(  # noqa: PLR0913 - an answer's parts
    work: Work,
    notice: Notice,
    outcome: AnswerOutcome,
    words: str,
    kept: Sequence[_Kept],
    *,
    is_late: bool,
) -> None:
    given = work.add(
        Answer(
            notice_id=notice.id,
            outcome=outcome,
            words_given=words,
            answered_by=work.actor.name,
            at=work.at,
            is_late=is_late,
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
    deed = "notice.answered_late" if is_late else "notice.answered"
    work.record(deed, notice, outcome=outcome.value, proofs=[one.sha256 for one in kept])


def _count(work: Work, notice: Notice, outcome: AnswerOutcome) -> None:
    """The answer has its effect: on the notice, on its case, on the shop."""
    _arrived(work, notice)
    if notice.state is NoticeState.SENT:
        _acknowledged(work, notice)
    if outcome is AnswerOutcome.NEEDS_TIME:
        return
    notice.move(NoticeMove.ANSWER)
    notice.answered_at, notice.next_try_at = work.at, None
    if notice.kind is NoticeKind.CASE:
        _move_on(work, notice, outcome)
    elif outcome is AnswerOutcome.NOT_OURS:
        _nobodys(work, notice)


def _acknowledged(work: Work, notice: Notice) -> None:
    notice.move(NoticeMove.ACKNOWLEDGE)
    notice.acknowledged_at, notice.acknowledged_by = work.at, work.actor.name
    work.record("notice.acknowledged", notice)


def _move_on(work: Work, notice: Notice, outcome: AnswerOutcome) -> None:
    """What the platform has done is the proof of the case's task to have it told.

    Before the decision too, of what was to stop at once.
    """
    case = case_of(work, notice)
    if case is None or outcome not in ACTED:
        return
    prove(
        work, case.id, TaskKind.NOTIFY_PLATFORM, target=notice.platform,
        notice=notice.number, outcome=outcome.value,
    )  # fmt: skip
    if case.shop_id is None or notice.platform != case.platform:
        return
    shop = work.session.exec(select(Shop).where(Shop.id == case.shop_id).with_for_update()).one()
    if outcome in _GONE and shop.state in _STILL_THERE:
        shop.move(ShopMove.REMOVED)
        work.record("shop.moved", shop, move=ShopMove.REMOVED.value, case=case.reference)


def _nobodys(work: Work, notice: Notice) -> None:
    """When all carriers that were asked have said no, a suspected shop has no licence (4.7)."""
    work.session.flush()
    held = select(Shop).where(Shop.id == _shop_of(work, notice)).with_for_update()
    shop = work.session.exec(held).first()
    if shop is None or shop.state is not ShopState.SUSPECTED:
        return
    asked = inquiries_about(work, shop)
    for one in asked:
        if one.state is not NoticeState.ANSWERED or not _says_no(work, one):
            return
    shop.move(ShopMove.CONFIRM)
    work.record(
        "shop.moved", shop, move=ShopMove.CONFIRM.value, inquiries=[one.number for one in asked]
    )


def _says_no(work: Work, notice: Notice) -> bool:
    return _answers(work, notice)[-1].outcome is AnswerOutcome.NOT_OURS


def _shop_of(work: Work, notice: Notice) -> UUID | None:
    if notice.finding_id is not None:
        return work.session.get_one(Finding, notice.finding_id).shop_id
    case = work.session.get(Case, notice.case_id) if notice.case_id else None
    return case.shop_id if case else None


def _answers(work: Work, notice: Notice) -> Sequence[Answer]:
    return work.session.exec(
        select(Answer).where(Answer.notice_id == notice.id).order_by(col(Answer.id))
    ).all()


def _is_the_same(
    work: Work, given: Answer, outcome: AnswerOutcome, words: str, kept: Sequence[_Kept]
) -> bool:
    if (given.outcome, given.words_given) != (outcome, words):
        return False
    digests = work.session.exec(select(Proof.sha256).where(Proof.answer_id == given.id)).all()
    return sorted(digests) == sorted(one.sha256 for one in kept)


def _checked_words(outcome: AnswerOutcome, words: str) -> str:
    words = words.strip()
    if len(words) > LONGEST_WORDS:
        raise Invalid("answer.words_too_long", most=LONGEST_WORDS)
    if not words and outcome not in WORDLESS:
        raise Invalid("answer.words_needed", outcome=outcome)
    return words


def _check_count(outcome: AnswerOutcome, files: Sequence[object]) -> None:
    if len(files) > MOST_PROOFS:
        raise Invalid("answer.too_many_proofs", count=len(files), most=MOST_PROOFS)
    if not files and outcome in ACTED:
        raise Invalid("answer.proof_needed", outcome=outcome)
