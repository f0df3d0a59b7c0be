"""Where an organisation wants its notices: set by those of it who answer them, and nobody else."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from sqlmodel import col

from console.actions.cases.notices.answers import answering
from console.actions.cases.notices.mailbox_keys import mailbox_seal, new_secret
from console.desk import Desk, Work
from models.cases.notices import Mailbox
from models.permissions import Permission
from models.refusals import Invalid, NotAllowed, NotFound

LONGEST_ADDRESS: Final = 500
LONGEST_KEY: Final = 500


@dataclass(frozen=True, slots=True)
class SetMailbox:
    """A mailbox, and the secret of its deliveries when it is new: shown this once."""

    box: Mailbox
    secret: str = ""


def my_mailbox(desk: Desk) -> Mailbox | None:
    """The organisation's own; None: notices wait in the console."""
    with desk.begin(Permission.CASE_READ) as work:
        return _mailbox(work)


def set_mailbox(desk: Desk, url: str, key: str = "") -> SetMailbox:
    """Have notices posted to `url` with `key` as bearer key from now on, and signed."""
    address = _checked(desk, url)
    with desk.begin(answering(desk)) as work:
        if work.actor.organisation_id is None:
            raise NotAllowed("mailbox.own_only", actor=work.actor.name)
        if len(key) > LONGEST_KEY or not key.isprintable() or not key.isascii():
            raise Invalid("mailbox.bad_key", most=LONGEST_KEY)
        box = _mailbox(work)
        if box is None:
            box = work.add(
                Mailbox(
                    organisation_id=work.actor.organisation_id,
                    url=address,
                    created_at=work.at,
                )
            )
        box.url = address
        box.key = desk.house.vault.seal(key.encode(), mailbox_seal(box)) if key else None
        secret = "" if box.signing_key else new_secret(desk, box, work.at)
        work.record("mailbox.set", box, url=address, has_key=bool(key), new_secret=bool(secret))
        return SetMailbox(box, secret)


def renew_secret(desk: Desk) -> SetMailbox:
    """Another secret; for a day deliveries bear a signature by the old one too."""
    with desk.begin(answering(desk)) as work:
        box = _mailbox(work)
        if box is None:
            raise NotFound("mailbox.none")
        secret = new_secret(desk, box, work.at)
        work.record("mailbox.secret_renewed", box)
        return SetMailbox(box, secret)


def remove_mailbox(desk: Desk) -> None:
    """Notices wait in the console again."""
    with desk.begin(answering(desk)) as work:
        box = _mailbox(work)
        if box is None:
            raise NotFound("mailbox.none")
        work.record("mailbox.removed", box, url=box.url)
        work.session.delete(box)


def _mailbox(work: Work) -> Mailbox | None:
    own = col(Mailbox.organisation_id) == work.actor.organisation_id
    return work.session.exec(work.select(Mailbox).where(own)).first()


def _checked(desk: Desk, url: str) -> str:
    """An https address without a password; plain http only where the office opened a network."""
    address = url.strip()
    try:
        parts = urlsplit(address)
    except ValueError:
        raise Invalid("mailbox.bad_address", url=address[:LONGEST_ADDRESS]) from None
    schemes = {"https", "http"} if desk.house.settings.fetch_allowed_networks else {"https"}
    bad = parts.scheme not in schemes or not parts.hostname or "@" in parts.netloc
    if bad or len(address) > LONGEST_ADDRESS or not address.isascii():
        raise Invalid("mailbox.bad_address", url=address[:LONGEST_ADDRESS])
    return address
