"""What platforms sent back to notices."""

from collections.abc import Sequence

from sqlmodel import col, select

from console.desk import Work
from models.cases.notices import Answer, Message, Notice, Proof


def replies_to(work: Work, notices: Sequence[Notice]) -> tuple[Sequence[Answer], Sequence[Proof]]:
    """Answers and their proofs; all hangs on notices that the actor was given."""
    answers = work.session.exec(
        select(Answer)
        .where(col(Answer.notice_id).in_([one.id for one in notices]))
        .order_by(col(Answer.id))
    ).all()
    proofs = work.session.exec(
        select(Proof)
        .where(col(Proof.answer_id).in_([one.id for one in answers]))
        .order_by(col(Proof.name), col(Proof.id))
    ).all()
    return answers, proofs


def messages_to(work: Work, notices: Sequence[Notice]) -> Sequence[Message]:
    """What both sides wrote to each other about notices that the actor was given."""
    return work.session.exec(
        select(Message)
        .where(col(Message.notice_id).in_([one.id for one in notices]))
        .order_by(col(Message.id))
    ).all()
