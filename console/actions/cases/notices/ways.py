"""By which way something goes to another organisation, and when it is tried again."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlmodel import select

from console.desk import Work
from integrations.marketplaces.base import SourceError
from models.cases.notices import Mailbox

FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=1)
REMINDED_FOR: Final = timedelta(days=1)
"""How long what could do without it, a reminder or a message, is pushed."""
_LONGEST_WORDS: Final = 1000


def pause_after(tries: int) -> timedelta:
    """How long to wait after so many failed tries: twice as long each time, at most an hour."""
    return min(FIRST_PAUSE * 2 ** min(max(tries - 1, 0), 10), LONGEST_PAUSE)


def mailbox_of(work: Work, recipient_id: UUID) -> Mailbox | None:
    query = select(Mailbox).where(Mailbox.organisation_id == recipient_id)
    return work.session.exec(query).first()


def words_of(no: SourceError) -> str:
    """What the other side's server said, or what stood in the way."""
    return str(no.reason.facts.get("words") or no.reason)[:_LONGEST_WORDS]
