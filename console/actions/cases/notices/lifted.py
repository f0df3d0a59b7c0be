"""Whoever was told to carry a measure out is told that it holds no more, and once.

The word stands in each thread of the case; by the recipient's own way (docs/decisions/022) it goes
once, with the newest of them. It is promised in the transaction that lifts, and a measure is lifted
once, so no retry tells it twice.
"""

from collections.abc import Sequence
from typing import Final

from sqlmodel import and_, col, or_, select

from console.actions.cases.notices.outgoing import Said, send_out
from console.actions.cases.notices.threads import close, close_threads
from console.actions.cases.orders import asked_of_platform
from console.desk import Work
from console.i18n import Language, texts
from models.cases.cases import Case
from models.cases.measures import BY_PLATFORM, CaseMeasure, Measure
from models.cases.notices import Message, Notice, NoticeChannel, NoticeKind, NoticeState
from models.cases.outgoing import MessageEvent

_LONGEST: Final = 4000
_NOT_THERE_YET: Final = (NoticeState.DRAFT, NoticeState.SENDING, NoticeState.TURNED_DOWN)


def tell_lifted(work: Work, case: Case, lifted: Sequence[CaseMeasure], why: str) -> None:
    """Tell what of a case is lifted while the case goes on, and what it still asks for.

    What a graver measure that holds includes is not told as lifted. Where nothing is asked any
    more the threads end; what has not arrived is not sent, for it asks for too much.
    """
    still = [one.measure for one in asked_of_platform(work, case)]
    gravest = max((BY_PLATFORM.index(one) for one in still), default=-1)
    gone = [
        one
        for one in lifted
        if one.measure in BY_PLATFORM and BY_PLATFORM.index(one.measure) > gravest
    ]
    if not gone:
        return
    first = min((one.ordered_at for one in gone if one.ordered_at), default=case.created_at)
    told = [one for one in told_of(work, case) if one.promised_at >= first]
    measures = [one for one in BY_PLATFORM if one in {row.measure for row in gone}]
    text = "\n\n".join(_text(one, case, measures, still, why) for one in (Language.ZH, Language.EN))
    say_lifted(work, told, measures, still, text)
    if not still:
        close_threads(work, case)
        return
    for notice in _not_there_yet(work, case):
        close(work, notice)


def told_of(work: Work, case: Case) -> Sequence[Notice]:
    """Notices of the case that arrived, or may have: a server files some whose receipt is lost."""
    pushed = and_(
        col(Notice.state) == NoticeState.SENDING, col(Notice.channel) == NoticeChannel.PUSH
    )
    return work.session.exec(
        select(Notice)
        .where(Notice.case_id == case.id, Notice.kind == NoticeKind.CASE)
        .where(or_(col(Notice.sent_at).is_not(None), pushed))
        .order_by(col(Notice.id))
        .with_for_update()
    ).all()


def say_lifted(
    work: Work,
    told: Sequence[Notice],
    measures: Sequence[Measure],
    still: Sequence[Measure],
    text: str,
) -> None:
    said = Said(MessageEvent.LIFTED, measures, still)
    newest = {one.recipient_id: one.id for one in told}
    for notice in told:
        message = work.add(
            Message(
                notice_id=notice.id,
                organisation_id=notice.organisation_id,
                author=work.actor.name,
                text=text[:_LONGEST],
                at=work.at,
            )
        )
        words = [one.value for one in measures]
        if newest[notice.recipient_id] != notice.id:
            work.record("notice.said", notice, lifted=words)
            continue
        sent = send_out(work, notice, message, said)
        work.record(
            "notice.lifting_told", notice, message=sent.number, channel=sent.channel.value,
            lifted=words,
        )  # fmt: skip


def _not_there_yet(work: Work, case: Case) -> Sequence[Notice]:
    return work.session.exec(
        select(Notice)
        .where(Notice.case_id == case.id, Notice.kind == NoticeKind.CASE)
        .where(col(Notice.state).in_(_NOT_THERE_YET))
        .order_by(col(Notice.id))
        .with_for_update()
    ).all()


def _text(
    language: Language, case: Case, measures: Sequence[Measure], still: Sequence[Measure], why: str
) -> str:
    words = texts(language)

    def listed(some: Sequence[Measure]) -> str:
        return words["notice_lifting.between"].join(words[f"measure.{one}"] for one in some)

    told = words["notice_lifting.lifted"].format(
        reference=case.reference, measures=listed(measures), why=why or words["notice_lifting.why"]
    )
    if not still:
        return f"{told}{words['notice_lifting.nothing_more']}"
    return told + words["notice_lifting.still"].format(measures=listed(still))
