"""A notice as a mail file (RFC 5322), to be sent by somebody from their own mailbox."""

import hashlib
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from console.actions.cases.notices.delivering import must_be_sender
from console.actions.cases.notices.letters import PACK_PATH
from console.actions.cases.notices.outgoing import left_to_people, subject_of_message
from console.actions.cases.notices.wording import languages_of
from console.actions.files import Download, put_on_record
from console.actions.patrol.packs import notice_pack
from console.desk import Desk, Work
from console.i18n import texts
from models.cases.notices import Message, Notice, NoticeState
from models.cases.outgoing import OutgoingMessage
from models.permissions import Permission
from models.refusals import Conflict
from models.staff import Organisation

LARGEST_ATTACHED: Final = 8 * 1024 * 1024
"""Mail servers often take no more than 10 MB; a larger pack goes as its link and hash."""


def notice_mail(desk: Desk, notice_id: UUID | str) -> Download:
    """The text, the evidence or where it is, and its hash; a mail program opens it as unsent.

    Where a lifting waits to be mailed it is that: the newest word on the notice.
    """
    with desk.begin(Permission.CASE_READ) as work:
        notice = work.get(Notice, notice_id)
        must_be_sender(work, notice)
        lifting = _lifting(work, notice)
        if lifting is None and notice.state in {NoticeState.DRAFT, NoticeState.CLOSED}:
            raise Conflict("notice.not_to_be_mailed", number=notice.number, state=notice.state)
        sender = work.session.get_one(Organisation, notice.organisation_id).name
    if lifting is not None:
        return _lifting_mail(desk, notice, sender, lifting)
    pack = notice_pack(desk, notice.id)
    assert pack.path is not None  # noqa: S101 - packs are files
    try:
        with pack.path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        small = pack.path.stat().st_size <= LARGEST_ATTACHED
        data = pack.path.read_bytes() if small else None
    finally:
        pack.path.unlink(missing_ok=True)
    message = _message(desk, notice, sender)
    key = "attached" if data is not None else "linked"
    link = desk.house.settings.public_url.rstrip("/") + PACK_PATH.format(id=notice.id)
    told = "\n".join(
        texts(one)[f"notice_mail.{key}"].format(name=pack.name, sha256=digest, link=link)
        for one in languages_of(notice.language)
    )
    message.set_content(f"{notice.body}\n\n{told}\n", cte="base64")
    if data is not None:
        message.add_attachment(data, maintype="application", subtype="zip", filename=pack.name)
    with put_on_record(desk, "notice.mail_made", notice, sha256=digest):
        pass
    return Download(f"{notice.number}.eml", "message/rfc822", data=bytes(message))


def _lifting(work: Work, notice: Notice) -> tuple[OutgoingMessage, Message] | None:
    left = left_to_people(work, notice)
    return (left[-1], work.session.get_one(Message, left[-1].message_id)) if left else None


def _lifting_mail(
    desk: Desk, notice: Notice, sender: str, lifting: tuple[OutgoingMessage, Message]
) -> Download:
    row, said = lifting
    message = _message(desk, notice, sender)
    message.replace_header("Subject", subject_of_message(notice, row))
    host = message["Message-ID"].rpartition("@")[2]
    message.replace_header("Message-ID", f"<{row.number}@{host}")
    message["In-Reply-To"] = f"<{notice.number}@{host}"
    message.set_content(f"{said.text}\n", cte="base64")
    with put_on_record(desk, "notice.mail_made", notice, message=row.number):
        pass
    return Download(f"{row.number}.eml", "message/rfc822", data=bytes(message))


def _message(desk: Desk, notice: Notice, sender: str) -> EmailMessage:
    settings = desk.house.settings
    host = urlsplit(settings.public_url).hostname or "localhost"
    message = EmailMessage(policy=SMTP)
    message["Subject"] = " ".join(notice.subject.split())
    message["From"] = Address(sender, addr_spec=settings.smtp_from or f"notices@{host}")
    message["Date"] = format_datetime(desk.now())
    message["Message-ID"] = f"<{notice.number}@{host}>"
    message["X-Unsent"] = "1"
    return message
