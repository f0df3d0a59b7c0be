"""All that an agent's shops may show, in one archive."""

import re
import zipfile
from datetime import timedelta, timezone
from html import escape
from pathlib import Path
from typing import Final

from sqlalchemy import func
from sqlmodel import col, select

from console.actions.channel.pictures import (
    SHOWABLE,
    Format,
    Look,
    Shown,
    in_language,
    picture_of,
    shown_of,
    verify_host,
)
from console.desk import Desk, House
from console.i18n import Language, t
from models.badge_picture import Letters, Style
from models.channel.agents import Agent
from models.channel.badges import Badge
from models.channel.public import shop_number
from models.permissions import Permission
from models.refusals import Conflict
from models.tokens import OWN_SITE

MOST: Final = 60
"""Badges of one archive: drawing one in all formats takes a third of a second."""
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_-]+")
_BEIJING: Final = timezone(timedelta(hours=8))
_NAME: Final = 40


def showable_of(desk: Desk, agent_no: str) -> list[Shown]:
    """The agent's badges that may be shown; at least one."""
    with desk.begin(Permission.BADGE_READ) as work:
        agent = work.one(work.select(Agent).where(Agent.agent_no == agent_no), Agent)
        query = (
            work.select(Badge)
            .where(Badge.agent_id == agent.id, col(Badge.state).in_(SHOWABLE))
            .where(col(Badge.token).is_not(None))
        )
        count = work.session.exec(select(func.count()).select_from(query.subquery())).one()
        if not count:
            raise Conflict("pictures.no_badges", agent_no=agent.agent_no)
        if count > MOST:
            raise Conflict("pictures.too_many", count=count, most=MOST)
        badges = work.session.exec(query.order_by(col(Badge.id))).all()
        return [shown_of(work, badge) for badge in badges]


def write_pack(house: House, badges: list[Shown], language: Language, path: Path) -> None:
    """A folder for each badge with every style and format; how to use them in both languages."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as pack:
        _put(pack, "README.txt", _readme(house, badges[0]).encode("utf-8-sig"))
        for shown in badges:
            folder = _folder(shown)
            for name, kind, look in _wanted(language):
                _put(pack, f"{folder}/{name}", picture_of(house, shown, kind, look))
            if shown.shop.platform == OWN_SITE:
                _put(pack, f"{folder}/embed.html", snippet(house, shown.badge).encode())


def snippet(house: House, badge: Badge) -> str:
    """What the agent puts into its own site; no script is needed."""
    title = escape(t("embed.title"), quote=True)
    address = f"{house.settings.public_url.rstrip('/')}/embed/{badge.badge_id}"
    return (
        f'<iframe src="{escape(address, quote=True)}" title="{title}" width="720" height="560" '
        'loading="lazy" referrerpolicy="no-referrer" style="border:0;max-width:100%"></iframe>\n'
    )


def _wanted(language: Language) -> list[tuple[str, Format, Look]]:
    found: list[tuple[str, Format, Look]] = []
    for style in Style:
        look = Look(style, Letters.OUTLINE, language)
        found += [(f"{style}.{kind}", kind, look) for kind in Format]
        if style is not Style.QR:
            found.append((f"{style}-text.svg", Format.SVG, Look(style, Letters.TEXT, language)))
    return found


def _folder(shown: Shown) -> str:
    number = _UNSAFE.sub("_", shop_number(shown.shop.shop_key))[:_NAME].strip("_") or "shop"
    return f"{_UNSAFE.sub('_', shown.shop.platform)}-{number}-{shown.badge.badge_id}"


def _readme(house: House, one: Shown) -> str:
    at = f"{house.now().astimezone(_BEIJING):%Y-%m-%d %H:%M}"
    parts: list[str] = []
    for language in Language:
        with in_language(language):
            parts.append(
                t(
                    "picture_pack.readme",
                    agent=one.agent.name,
                    agent_no=one.agent.agent_no,
                    carrier=one.carrier.name,
                    at=at,
                    host=verify_host(house),
                )
            )
    return "\n\n".join(parts)


def _put(pack: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    pack.writestr(entry, data)
