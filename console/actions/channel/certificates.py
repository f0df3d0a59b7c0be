"""The certificate of a licence (委托证书): as it stood at a moment, and how to check it now."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.channel.badges import code_of
from console.actions.channel.pictures import (
    SHOWABLE,
    in_language,
    logo_of,
    platform_names,
    platform_word,
    product_words,
    province_words,
    verify_host,
)
from console.desk import Desk, House, Work
from console.i18n import Language, t
from integrations.documents import Fact, pdf
from models.badge_picture import Code, accent_of, check_letters
from models.channel.agents import Agent
from models.channel.badges import Badge
from models.channel.licences import Licence
from models.channel.public import PublicStatus, public_status, shop_number
from models.channel.shops import AuthorisedShop
from models.permissions import Permission
from models.refusals import Conflict
from models.rules import china_day
from models.staff import Organisation

_MOST_CODES: Final = 24
"""Shops up to which each has its code in print; of more, the first has, and all are linked."""
_ROWS_AT_ONCE: Final = 500
_BEIJING: Final = timezone(timedelta(hours=8))
_WORDS: Final = ("number", "shops", "row", "platform", "shop", "shop_no", "badge", "codes")


@dataclass(frozen=True, slots=True)
class Certified:
    """A licence that was approved once, with all that its certificate says."""

    licence: Licence
    agent: Agent
    carrier: Organisation
    shops: Sequence[AuthorisedShop]
    badges: Mapping[UUID, Badge]
    """Of its shops, those that may be shown."""
    platforms: Mapping[str, str]

    def status_at(self, at: datetime) -> PublicStatus:
        own = self.licence
        return public_status(own.state, self.agent.state, own.begins_on, own.ends_on, china_day(at))


def certified(desk: Desk, number: str) -> Certified:
    with desk.begin(Permission.LICENCE_READ) as work:
        licence = work.one(work.select(Licence).where(Licence.number == number), Licence)
        if licence.approved_at is None:
            raise Conflict("pictures.never_approved", number=licence.number)
        shops = _shops_of(work, licence)
        return Certified(
            licence=licence,
            agent=work.session.get_one(Agent, licence.agent_id),
            carrier=work.session.get_one(Organisation, licence.carrier_id),
            shops=shops,
            badges=_badges_of(work, licence, shops),
            platforms=platform_names(work, [shop.platform for shop in shops]),
        )


def certificate(house: House, told: Certified, language: Language) -> bytes:
    """The certificate as PDF; one that is not in force says so across each page."""
    return pdf("licence", certificate_facts(house, told, language))


def certificate_facts(house: House, told: Certified, language: Language) -> dict[str, Fact]:
    """All that the template shows, in that language."""
    with in_language(language):
        return _facts(house, told, language)


def _facts(house: House, told: Certified, language: Language) -> dict[str, Fact]:
    now = house.now()
    at, status = f"{now.astimezone(_BEIJING):%Y-%m-%d %H:%M}", told.status_at(now)
    number, agent = told.licence.number, told.agent
    word = t(f"public_status.{status}")
    logo = logo_of(house, told.carrier)
    codes = _codes(house, told)
    address = f"{house.settings.public_url.rstrip('/')}/agents"
    check_letters({"carrier": told.carrier.name, "agent": agent.name, "verify_host": address})
    return {
        "language": language.value,
        "title": t("certificate.title", carrier=told.carrier.name, number=number),
        "heading": t("certificate.heading"),
        "statement": t("certificate.statement"),
        "carrier": told.carrier.name,
        "number": number,
        "logo": None if logo is None else _picture(logo),
        "accent": accent_of(logo),
        "watermark": None if status is PublicStatus.ACTIVE else word,
        "rows": _rows(told, word),
        "beware": t("certificate.beware", host=verify_host(house)),
        "how": t("certificate.how", address=address, agent_no=agent.agent_no),
        "as_of": t("certificate.as_of", at=at, status=word),
        "foot": t("certificate.foot", number=number, at=at),
        "code": codes[0]["code"] if codes else None,
        "code_of": t("certificate.code_of", name=codes[0]["name"]) if codes else "",
        "codes": codes if 1 < len(codes) <= _MOST_CODES else [],
        "shops": [_shop(house, told, shop) for shop in told.shops],
        "words": {name: t(f"certificate.{name}") for name in _WORDS},
    }


def _rows(told: Certified, status: str) -> list[Fact]:
    licence, agent = told.licence, told.agent
    approved = licence.approved_at
    period = t(
        "badge_card.period",
        begins=licence.begins_on.isoformat(),
        ends=licence.ends_on.isoformat(),
    )
    shown = {
        "carrier": told.carrier.name,
        "agent": agent.name,
        "uscc": agent.uscc,
        "agent_no": agent.agent_no,
        "products": product_words(licence.products),
        "provinces": t("badge_card.between").join(province_words(licence.provinces)),
        "period": period,
        "version": t("certificate.version_of", version=licence.scope_version),
        "agreement": licence.agreement_no,
        "approved": "" if approved is None else china_day(approved).isoformat(),
        "status": status,
    }
    check_letters({"licence": f"{licence.number}{licence.agreement_no}"})
    return [[t(f"certificate.{name}"), text] for name, text in shown.items() if text]


def _shop(house: House, told: Certified, shop: AuthorisedShop) -> Fact:
    badge = told.badges.get(shop.id)
    platform = platform_word(shop.platform, told.platforms.get(shop.platform, shop.platform))
    number = shop_number(shop.shop_key)
    check_letters({"shop_name": f"{shop.name}{number}", "platform": platform})
    return {
        "platform": platform,
        "name": shop.name,
        "number": number,
        "badge": badge.badge_id if badge else t("certificate.no_badge"),
        "url": code_of(house, badge) if badge else None,
    }


def _codes(house: House, told: Certified) -> list[dict[str, str]]:
    """The codes of the shops in their order; of many shops only the first."""
    found: list[dict[str, str]] = []
    for shop in told.shops:
        badge = told.badges.get(shop.id)
        text = code_of(house, badge) if badge else None
        if badge is None or text is None:
            continue
        found.append({"name": shop.name, "badge": badge.badge_id, "code": _code(text)})
        if len(told.shops) > _MOST_CODES:
            break
    return found


def _code(text: str) -> str:
    code = Code(text)
    side = code.side
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}">'
        f'<rect width="{side}" height="{side}" fill="#fff"/><path d="{code.path}"/></svg>'
    )


def _picture(png: bytes) -> str:
    """A PNG inside an SVG: facts are text."""
    data = b64encode(png).decode()
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        'viewBox="0 0 160 100"><image width="160" height="100" '
        f'preserveAspectRatio="xMidYMid meet" xlink:href="data:image/png;base64,{data}"/></svg>'
    )


def _shops_of(work: Work, licence: Licence) -> list[AuthorisedShop]:
    """All that it names, in the order that they were named, an ended one left out."""
    wanted = [UUID(one) for one in licence.shop_ids]
    found: dict[UUID, AuthorisedShop] = {}
    for start in range(0, len(wanted), _ROWS_AT_ONCE):
        part = wanted[start : start + _ROWS_AT_ONCE]
        query = select(AuthorisedShop).where(col(AuthorisedShop.id).in_(part))
        found |= {shop.id: shop for shop in work.session.exec(query).all()}
    return [found[one] for one in wanted if one in found and found[one].ended_at is None]


def _badges_of(work: Work, licence: Licence, shops: Sequence[AuthorisedShop]) -> dict[UUID, Badge]:
    """Badges that may be shown, by shop."""
    named = {shop.id for shop in shops}
    query = (
        select(Badge)
        .where(Badge.agent_id == licence.agent_id, col(Badge.state).in_(SHOWABLE))
        .order_by(col(Badge.id))
    )
    rows = work.session.exec(query).all()
    return {badge.shop_id: badge for badge in rows if badge.shop_id in named and badge.token}
