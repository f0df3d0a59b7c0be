"""Badges put before us as text, digits or a picture, with the page they were seen on."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from PIL import ImageDraw

from console.actions.channel.scan import check_badge, is_ours, scan
from console.desk import Desk, House
from integrations.pictures import opened
from models.badge_reading import Point, codes_in
from models.channel.public import Scan
from models.permissions import Permission
from models.refusals import Invalid
from models.tokens import OWN_SITE, Shop, canonical_shop

MOST_CHECKS: Final = 200
LONGEST_CODE: Final = 4000


@dataclass(frozen=True, slots=True)
class Shown:
    """What is to be judged: the text of a code or only its digits, and where it hangs."""

    text: str = ""
    digits: str = ""
    platform: str = ""
    shop: str = ""
    url: str = ""

    @property
    def page(self) -> Shop | None:
        return page_of(self.platform, self.shop, self.url)


@dataclass(frozen=True, slots=True)
class SeenCode:
    text: str
    corners: tuple[Point, Point, Point, Point]
    box: tuple[int, int, int, int]
    """Left, top, right, bottom, in pixels of the upright picture."""
    scan: Scan


@dataclass(frozen=True, slots=True)
class SeenPicture:
    width: int
    height: int
    codes: Sequence[SeenCode]
    """Ours first; none where no code was read."""


def page_of(platform: str = "", shop: str = "", url: str = "") -> Shop | None:
    """The shop that a badge was seen in; None when nothing is said. Half an answer is Invalid."""
    platform, shop, url = platform.strip(), shop.strip(), url.strip()
    if url and not (platform or shop):
        return canonical_shop(OWN_SITE, url)
    if not (platform or shop or url):
        return None
    if not (platform and shop) or url:
        raise Invalid("badge_check.page_unclear")
    return canonical_shop(platform, shop)


def check_shown(desk: Desk, shown: Shown) -> Scan:
    (found,) = check_all(desk, [shown])
    return found


def check_all(desk: Desk, shown: Sequence[Shown]) -> list[Scan]:
    """The verdict on each, in their order."""
    if len(shown) > MOST_CHECKS:
        raise Invalid("badge_check.too_many", most=MOST_CHECKS, count=len(shown))
    with desk.begin(Permission.BADGE_READ):
        return [_judged(desk.house, one) for one in shown]


def check_picture(desk: Desk, data: bytes, page: Shop | None = None) -> SeenPicture:
    """Every code of a picture with its verdict. Unreadable pictures are Invalid."""
    with desk.begin(Permission.BADGE_READ):
        pass
    return read_picture(desk.house, data, page)


def read_picture(house: House, data: bytes, page: Shop | None = None) -> SeenPicture:
    """The same for a caller that has its own right to ask, as a patrol has."""
    image = opened(data)
    codes = codes_in(image, lambda text: is_ours(house, text))
    seen = [
        SeenCode(code.text, code.corners, code.box, check_badge(house, code.text, page))
        for code in codes
    ]
    return SeenPicture(image.width, image.height, seen)


def marked_picture(data: bytes, seen: SeenPicture) -> bytes:
    """The picture as a small JPEG, each code framed and numbered in the order of `seen`."""
    image = opened(data)
    width = max(2, min(image.size) // 120)
    draw = ImageDraw.Draw(image)
    for number, code in enumerate(seen.codes, 1):
        draw.polygon(code.corners, outline=_FRAME, width=width)
        left, top, _, _ = code.box
        draw.text(
            (left + width, max(0, top - 8 * width)), str(number), fill=_FRAME, font_size=8 * width
        )
    image.thumbnail((_SHOWN, _SHOWN))
    out = BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


_FRAME: Final = (217, 119, 6)
_SHOWN: Final = 900


def _judged(house: House, one: Shown) -> Scan:
    text, digits = one.text.strip(), one.digits.strip()
    if bool(text) is bool(digits) or max(len(text), len(digits)) > LONGEST_CODE:
        raise Invalid("badge_check.one_code", most=LONGEST_CODE)
    return scan(house, digits, one.page) if digits else check_badge(house, text, one.page)
