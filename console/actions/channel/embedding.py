"""Badges of agents' own sites, shown there live (BADGE 2.6)."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlmodel import select

from console.actions.channel.pictures import Look, Shown, drawing_of, shown_of
from console.actions.channel.scan import scan
from console.desk import House
from console.i18n import Language
from models.badge_picture import Style
from models.channel.badges import Badge
from models.channel.public import Scan
from models.permissions import Permission
from models.refusals import Conflict, NotFound
from models.tokens import OWN_SITE, Shop, digits_of

_BADGE_ID: Final = re.compile(r"[0-9a-fA-F]{16}")
GOOD_FOR: Final = 120
"""Seconds after which what was shown counts no more, and the page asks anew."""


@dataclass(frozen=True, slots=True)
class Embedded:
    shown: Shown
    scan: Scan
    """The verdict on the badge, seen on the site that it is bound to."""
    at: datetime

    @property
    def ancestors(self) -> tuple[str, ...]:
        return ancestors_of(self.shown.shop.shop)


def embedded(house: House, badge_id: str) -> Embedded:
    """A signed badge of an own site, whatever became of it; NotFound of any other."""
    if not _BADGE_ID.fullmatch(badge_id):
        raise NotFound("embed.none")
    with house.desk().begin(Permission.BADGE_READ) as work:
        query = select(Badge).where(Badge.badge_id == badge_id.lower())
        badge = work.session.exec(query.where(Badge.platform == OWN_SITE)).first()
        if badge is None or badge.token is None:
            raise NotFound("embed.none")
        shown = shown_of(work, badge)
        digits = digits_of(badge.token)
    return Embedded(shown, scan(house, digits, shown.shop.shop), house.now())


def embedded_card(house: House, one: Embedded, language: Language) -> bytes:
    """The card; its code alone while a logo or a letter is missing."""
    style = Style.CARD if one.shown.carrier.logo is not None else Style.QR
    try:
        return drawing_of(house, one.shown, Look(style, language=language)).svg
    except Conflict:
        return drawing_of(house, one.shown, Look(Style.QR, language=language)).svg


def ancestors_of(site: Shop) -> tuple[str, ...]:
    """Who may frame it: the site's host with and without `www.`, on its port and no other.

    No scheme is named, so it is that of our own page or a safer one. A path cannot be told apart.
    """
    host = site.id.partition("/")[0]
    return (host, f"www.{host}")
