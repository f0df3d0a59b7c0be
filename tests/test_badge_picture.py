"""The picture of a badge, read back by the reader that the patrol uses."""

from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image, ImageOps

from models.badge_picture import QUIET_ZONE, codes_in, png, qr, svg
from models.tokens import Verdict, badge_url, digits_of, sign, url_prefix
from tests.test_tokens import CLAIMS, HOST, KID, NOW, PRIVATE, SHOP, TOKEN, VERIFIER


def seen(picture: bytes, surround: str = "white") -> list[str]:
    image = ImageOps.expand(Image.open(BytesIO(picture)).convert("RGB"), 60, surround)
    return codes_in(image)


@pytest.mark.requirement("004-3.1-f")
@pytest.mark.parametrize("surround", ["white", "black"])
@pytest.mark.parametrize("module", [2, 3, 8])
def test_the_code_in_a_picture_leads_to_the_verdict(surround: str, module: int) -> None:
    picture = png(qr(url_prefix(HOST), digits_of(TOKEN)), module)
    [text] = seen(picture, surround)
    assert text == badge_url(HOST, TOKEN)
    assert VERIFIER.verify(text, SHOP, NOW).verdict is Verdict.VALID


@pytest.mark.parametrize("host", ["v.10086.cn", "v.unicom.com"])
def test_a_short_host_gives_version_10_at_level_m(host: str) -> None:
    prefix = url_prefix(host)
    claims = replace(CLAIMS, status_uri=f"https://{host}/s/1")
    symbol = qr(prefix, digits_of(sign(claims, KID, PRIVATE.sign)))
    assert 21 <= len(prefix) <= 23
    assert symbol.designator == "10-M"


def test_the_quiet_zone_is_white_and_inside_the_picture() -> None:
    symbol = qr(url_prefix(HOST), digits_of(TOKEN))
    image = Image.open(BytesIO(png(symbol, 3))).convert("L")
    side = symbol.symbol_size(scale=3, border=QUIET_ZONE)[0]
    assert image.size == (side, side)
    edge = QUIET_ZONE * 3
    inner = (edge, edge, side - edge, side - edge)
    assert ImageOps.invert(image).getbbox() == inner


def test_the_drawing_carries_its_white_ground() -> None:
    drawing = svg(qr(url_prefix(HOST), digits_of(TOKEN))).decode()
    assert '<path fill="#fff"' in drawing
    assert "<script" not in drawing
