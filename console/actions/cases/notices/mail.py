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
from console.actions.cases.notices.wording import languages_of
from console.actions.files import Download, put_on_record
from console.actions.patrol.packs import notice_pack
from console.desk import Desk
from console.i18n import texts
from models.cases.notices import Notice, NoticeState
from models.permissions import Permission
from models.refusals import Conflict
from models.staff import Organisation

LARGEST_ATTACHED: Final = 8 * 1024 * 1024
"""Mail servers often take no more than 10 MB; a larger pack goes as its link and hash."""


def notice_mail(desk: Desk, notice_id: UUID | str) -> Download:
    """The text, the evidence or where it is, and its hash; a mail program opens it as unsent."""
    with desk.begin(Permission.CASE_READ) as work:
        notice = work.get(Notice, notice_id)
        must_be_sender(work, notice)
        if notice.state in {NoticeState.DRAFT, NoticeState.CLOSED}:
            raise Conflict("notice.not_to_be_mailed", number=notice.number, state=notice.state)
        sender = work.session.get_one(Organisation, notice.organisation_id).name
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


def _message(desk: Desk, notice: Notice, sender: str) -> EmailMessage:
    settings = desk.house.settings
    host = urlsplit(settings.public_url).hostname or "localhost"
    message = EmailMessage(policy=SMTP)
    message["Subject"] = notice.subject
    message["From"] = Address(sender, addr_spec=settings.smtp_from or f"notices@{host}")
    message["Date"] = format_datetime(desk.now())
    message["Message-ID"] = f"<{notice.number}@{host}>"
    message["X-Unsent"] = "1"
    return message
