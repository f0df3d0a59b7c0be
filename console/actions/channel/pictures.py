"""Pictures of badges, drawn when somebody asks and kept nowhere (BADGE 2.5; 004-3.1-f)."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlmodel import col, select

from console.actions.channel.badges import code_of
from console.desk import Desk, House, Work
from console.i18n import Language, spoken, t
from integrations.documents import pdf
from integrations.evidence import Damaged, Digest
from models.badge_picture import Card, CardWords, Code, Drawing, Letters, Style, draw, png
from models.badge_picture import least_width as least
from models.channel.agents import Agent
from models.channel.badges import Badge, BadgeState
from models.channel.licences import Licence
from models.channel.shops import AuthorisedShop
from models.permissions import Permission
from models.provinces import provinces
from models.refusals import Conflict, Invalid
from models.rules import china_day
from models.staff import Organisation
from models.tokens import OWN_SITE

SHOWABLE: Final = (BadgeState.ISSUED, BadgeState.DISPLAYED, BadgeState.SUSPENDED)
"""Of one that fell nobody gets a picture any more."""
WIDEST: Final = 2880
_MILLIMETRES: Final = {Style.CARD: 148.0, Style.COMPACT: 120.0, Style.QR: 60.0}
"""Width of the printed page: the code's side is 39 mm or more, 25 being the least (BADGE 2.5)."""


class Format(StrEnum):
    SVG = "svg"
    PNG = "png"
    PDF = "pdf"

    @property
    def media_type(self) -> str:
        return {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}[self]


@dataclass(frozen=True, slots=True)
class Look:
    """How somebody wants a picture."""

    style: Style = Style.CARD
    letters: Letters = Letters.OUTLINE
    language: Language = Language.ZH
    width: int | None = None
    """Of a PNG, in pixels; else as wide as the drawing."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A badge with all that its card says."""

    badge: Badge
    agent: Agent
    licence: Licence
    shop: AuthorisedShop
    carrier: Organisation
    platform: str
    """The platform's name; empty of an own site."""


@contextmanager
def in_language(language: Language) -> Generator[None]:
    """Texts of a document are in its own language, whoever asks for it."""
    before = spoken.set(language)
    try:
        yield
    finally:
        spoken.reset(before)


def badge_picture(
    desk: Desk, badge_id: UUID | str, kind: str = Format.SVG, look: Look | None = None
) -> bytes:
    """The picture that a shop shows; the same badge gives the same bytes."""
    with desk.begin(Permission.BADGE_READ) as work:
        shown = shown_of(work, work.get(Badge, badge_id))
    return picture_of(desk.house, shown, Format(kind), look or Look())


def picture_of(house: House, shown: Shown, kind: Format, look: Look) -> bytes:
    must_be_showable(shown.badge)
    drawing = drawing_of(house, shown, look, text=kind is Format.PDF)
    if look.style is not Style.QR and shown.carrier.logo is None:
        raise Conflict("pictures.logo_missing", carrier=shown.carrier.name)
    if kind is Format.SVG:
        return drawing.svg
    if kind is Format.PDF:
        return _printed(shown, drawing, look)
    width = look.width or drawing.width
    if width < least(drawing):
        raise Invalid("pictures.too_narrow", width=width, least=least(drawing))
    if width > WIDEST:
        raise Invalid("pictures.too_wide", width=width, most=WIDEST)
    return png(drawing, width)


def drawing_of(house: House, shown: Shown, look: Look, *, text: bool = False) -> Drawing:
    """The drawing itself; without a logo it is a draft, which nobody may download."""
    code = code_of(house, shown.badge)
    if code is None:
        raise Conflict("pictures.not_signed", badge=shown.badge.badge_id)
    with in_language(look.language):
        card = _card(house, shown, Code(code))
    return draw(card, look.style, Letters.TEXT if text else look.letters)


@dataclass(frozen=True, slots=True)
class Preview:
    """A picture to look at, of any badge that was signed; a draft while something is missing."""

    svg: str
    least_width: int
    width: int
    shown: Shown
    logo: bytes | None

    @property
    def missing(self) -> frozenset[str]:
        """Which of the six fields the card lacks."""
        scope = self.shown.licence.products and self.shown.licence.provinces
        there = {
            "carrier": self.shown.carrier.name,
            "logo": self.logo,
            "agent": self.shown.agent.name,
            "agent_no": self.shown.agent.agent_no,
            "scope": scope,
        }
        return frozenset(name for name, value in there.items() if not value)


def preview(desk: Desk, badge_id: UUID | str, look: Look) -> Preview:
    with desk.begin(Permission.BADGE_READ) as work:
        shown = shown_of(work, work.get(Badge, badge_id))
    drawing = drawing_of(desk.house, shown, look)
    logo = logo_of(desk.house, shown.carrier)
    return Preview(drawing.svg.decode(), least(drawing), drawing.width, shown, logo)


def must_be_showable(badge: Badge) -> None:
    if badge.token is None:
        raise Conflict("pictures.not_signed", badge=badge.badge_id)
    if badge.state not in SHOWABLE:
        raise Conflict("pictures.badge_ended", badge=badge.badge_id, state=badge.state)


def shown_of(work: Work, badge: Badge) -> Shown:
    shop = work.session.get_one(AuthorisedShop, badge.shop_id)
    return Shown(
        badge=badge,
        agent=work.session.get_one(Agent, badge.agent_id),
        licence=work.session.get_one(Licence, badge.licence_id),
        shop=shop,
        carrier=work.session.get_one(Organisation, badge.carrier_id),
        platform=platform_names(work, [shop.platform]).get(shop.platform, shop.platform),
    )


def platform_names(work: Work, codes: Sequence[str]) -> dict[str, str]:
    """What marketplaces are called, by their codes; an own site has no name here."""
    query = select(Organisation.code, Organisation.name)
    rows = work.session.exec(query.where(col(Organisation.code).in_(set(codes)))).all()
    return dict(rows)


def platform_word(code: str, name: str) -> str:
    return t("badge_card.own_site") if code == OWN_SITE else name


def logo_of(house: House, carrier: Organisation) -> bytes | None:
    """The carrier's logo as it was put in use."""
    if carrier.logo is None:
        return None
    try:
        return house.evidence.open(Digest(carrier.logo))
    except (OSError, Damaged):
        raise Conflict("file.damaged", sha256=carrier.logo) from None


def verify_host(house: House) -> str:
    return urlsplit(house.settings.public_url).netloc


def product_words(codes: Sequence[str]) -> str:
    return t("badge_card.between").join(t(f"product.{one}") for one in codes)


def province_words(codes: Sequence[str]) -> list[str]:
    """In the language that is spoken, in the order of the standard."""
    known = [one for code, one in provinces().items() if code in codes]
    return [one.zh if spoken.get() is Language.ZH else one.en for one in known]


def period_words(begins: datetime, ends: datetime) -> str:
    """The days in Beijing on which a badge holds: it ends at the midnight after its last one."""
    first, last = china_day(begins), china_day(ends - timedelta.resolution)
    return t("badge_card.period", begins=first.isoformat(), ends=last.isoformat())


def _card(house: House, shown: Shown, code: Code) -> Card:
    names = province_words(shown.licence.provinces)
    licence = shown.licence
    return Card(
        code=code,
        carrier=shown.carrier.name,
        logo=logo_of(house, shown.carrier),
        agent=shown.agent.name,
        agent_no=shown.agent.agent_no,
        products=product_words(licence.products),
        provinces=t("badge_card.between").join(names),
        provinces_short=t(
            "badge_card.provinces_short", first=names[0] if names else "", count=len(names)
        ),
        platform=platform_word(shown.shop.platform, shown.platform),
        shop=shown.shop.name,
        valid=period_words(shown.badge.issued_at, shown.badge.expires_at),
        licence_no=licence.number,
        words=_words(house),
    )


def _words(house: House) -> CardWords:
    return CardWords(
        title=t("badge_card.title"),
        agent=t("badge_card.agent"),
        agent_no=t("badge_card.agent_no"),
        scope=t("badge_card.scope"),
        shop=t("badge_card.shop"),
        until=t("badge_card.until"),
        licence=t("badge_card.licence"),
        scan=t("badge_card.scan"),
        beware=t("badge_card.beware", host=verify_host(house)),
        no_logo=t("badge_card.no_logo"),
    )


def _printed(shown: Shown, drawing: Drawing, look: Look) -> bytes:
    wide = _MILLIMETRES[look.style]
    with in_language(look.language):
        title = f"{t('badge_card.title')} {shown.badge.badge_id}"
    return pdf(
        "badge",
        {
            "title": title,
            "svg": drawing.svg.decode(),
            "width": wide,
            "height": round(wide * drawing.height / drawing.width, 3),
        },
    )
