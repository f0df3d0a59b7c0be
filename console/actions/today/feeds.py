"""A calendar feed: an address that shows its owner's due dates to whoever has it."""

import hashlib
import secrets
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from console.actions.staff.sign_in import actor_named
from console.actions.waiting import WorkItem
from console.actions.work import work_items
from console.desk import Desk, House
from console.i18n import language_of, spoken, t
from models.calendar import Component, Due, calendar
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from models.rules import china_day
from models.staff import Door, User
from models.today import CalendarFeed

_TOKEN_BYTES: Final = 32
_LONGEST_TOKEN: Final = 64


def make_feed(desk: Desk) -> str:
    """The address, to be shown once. One that there was before is of no use from now on."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    with desk.begin(Permission.ACCOUNT_USE) as work:
        if work.actor.id is None:
            raise Invalid("filter.nobody")
        for old in work.session.exec(_live(work.actor.id).with_for_update()).all():
            old.revoked_at = work.at
        row = work.add(
            CalendarFeed(user_id=work.actor.id, token_sha256=_digest(token), created_at=work.at)
        )
        work.record("feed.made", row)
    return f"{desk.house.settings.public_url.rstrip('/')}/calendar/{token}.ics"


def revoke_feed(desk: Desk) -> None:
    with desk.begin(Permission.ACCOUNT_USE) as work:
        rows = () if work.actor.id is None else work.session.exec(_live(work.actor.id)).all()
        if not rows:
            raise Conflict("feed.none")
        for row in rows:
            row.revoked_at = work.at
            work.record("feed.revoked", row)


def my_feed(desk: Desk) -> CalendarFeed | None:
    """The one that is live; its address is nowhere."""
    with desk.begin(Permission.ACCOUNT_USE) as work:
        return None if work.actor.id is None else work.session.exec(_live(work.actor.id)).first()


def feed_of(house: House, token: str, component: Component = Component.EVENT) -> bytes:
    """The calendar behind an address; NotFound when it is nobody's, revoked, or its owner's
    account is closed.

    The token is found by its digest: how long that takes says nothing about the token.
    """
    if not 0 < len(token) <= _LONGEST_TOKEN or not token.isascii():
        raise NotFound("feed.not_found")
    with house.desk().begin(Permission.STAFF_READ) as work:
        found = work.session.exec(
            select(CalendarFeed, User)
            .join(User, col(User.id) == col(CalendarFeed.user_id))
            .where(CalendarFeed.token_sha256 == _digest(token))
            .where(col(CalendarFeed.revoked_at).is_(None))
        ).first()
        if found is None:
            raise NotFound("feed.not_found")
    feed, user = found
    try:
        actor = actor_named(house, user.login, Door.API)
    except NotAllowed:
        raise NotFound("feed.not_found") from None
    _note(house, feed)
    spoken.set(language_of(user.language))
    return drawn(house.desk(actor), component)


def drawn(desk: Desk, component: Component = Component.EVENT) -> bytes:
    """What is due for the actor, as their work list shows it."""
    public_url = desk.house.settings.public_url.rstrip("/")
    home = urlsplit(public_url).hostname or "localhost"
    dues = [
        Due(
            key=f"{item.kind}/{item.id or item.title}",
            summary=t(f"work.{item.kind}", title=item.title),
            on=china_day(item.due - timedelta(microseconds=1)),
            url=_address(public_url, item),
        )
        for item in work_items(desk)
        if item.due is not None
    ]
    return calendar(t("feed.name"), dues, desk.now(), home=home, component=component)


def _address(public_url: str, item: WorkItem) -> str:
    record = f"?id={item.id}" if item.id else ""
    return f"{public_url}/console/{item.page}{record}"


def _note(house: House, feed: CalendarFeed) -> None:
    """That a calendar asks is noted once a day."""
    today = china_day(house.now())
    if feed.asked_on == today:
        return
    with house.desk().begin(Permission.ACCOUNT_USE) as work:
        work.get(CalendarFeed, feed.id).asked_on = today
        work.no_deed()


def _live(user_id: UUID) -> SelectOfScalar[CalendarFeed]:
    return select(CalendarFeed).where(
        CalendarFeed.user_id == user_id, col(CalendarFeed.revoked_at).is_(None)
    )


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
