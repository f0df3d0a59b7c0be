"""The QR symbol of a badge (BADGE.md 2.5): level M, white round it even on a dark page."""

from io import BytesIO
from typing import Any, Final

import segno
import zxingcpp
from PIL.Image import Image
from segno.consts import MODE_BYTE, MODE_NUMERIC

QUIET_ZONE: Final = 4
"""Modules of white inside the picture: without them no reader finds a code on a dark page."""
_LEVEL: Final = "m"


def qr(url_prefix: str, digits: str) -> segno.QRCode:
    """Bytes for the address, in lower case since cameras take `HTTPS://` for text; then digits."""
    parts: Any = [(url_prefix, MODE_BYTE), (digits, MODE_NUMERIC)]  # segno's stub has no segments
    return segno.make_qr(parts, error=_LEVEL, boost_error=False)


def svg(symbol: segno.QRCode, module: int = 4) -> bytes:
    """`module` is the side of one module in the picture's units."""
    out = BytesIO()
    symbol.save(out, kind="svg", scale=module, border=QUIET_ZONE, dark="#000", light="#fff")
    return out.getvalue()


def png(symbol: segno.QRCode, module: int = 8) -> bytes:
    """`module` is the side of one module in pixels; three is the least to deliver to a screen."""
    out = BytesIO()
    symbol.save(out, kind="png", scale=module, border=QUIET_ZONE, dark="#000", light="#fff")
    return out.getvalue()


def codes_in(image: Image) -> list[str]:
    """What the QR codes of a picture say. Other kinds of code are noise that a reader may see."""
    formats = zxingcpp.barcode_formats_from_str("QRCode")
    return [code.text for code in zxingcpp.read_barcodes(image, formats=formats)]
