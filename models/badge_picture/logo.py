"""A carrier's logo: taken from a file of a few kinds, made anew, and asked for its colour."""

import struct
import warnings
from colorsys import hls_to_rgb, rgb_to_hls
from functools import lru_cache
from io import BytesIO
from typing import Final

from PIL import Image, ImageOps

from models.refusals import Invalid

LOGO_LARGEST: Final = 1024 * 1024
"""Bytes of the file that is brought."""
_KINDS: Final = ("PNG", "JPEG", "WEBP")
_MOST_SIDE: Final = 4000
_SIDE: Final = 400
"""Pixels along the longer edge of what is kept: the card shows it at a sixth of its width."""
_PLAIN: Final = "#0b4f6c"
_MOST_COLOURS: Final = 16
_COLOURFUL: Final = 0.25
_LIGHTEST: Final = 0.34
_DARKEST: Final = 0.2


def clean_logo(data: bytes) -> bytes:
    """The picture as a PNG of at most 400 pixels a side, without anything but its pixels.

    The size is read from the file's head and refused there, before a pixel is unpacked.
    """
    if len(data) > LOGO_LARGEST:
        raise Invalid("pictures.logo_too_large", most=LOGO_LARGEST // 1024)
    try:
        _bounded(*_webp_size(data))  # whose reader takes the room of the whole picture at once
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # bounded by us
            opened = Image.open(BytesIO(data), formats=_KINDS)
        _bounded(opened.width, opened.height)
        picture = (ImageOps.exif_transpose(opened) or opened).convert("RGBA")
    except Image.DecompressionBombError:
        raise Invalid("pictures.logo_too_many_pixels", most=_MOST_SIDE) from None
    except (OSError, SyntaxError, ValueError, EOFError, struct.error):
        raise Invalid("pictures.logo_unreadable") from None
    picture.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    bare = Image.new("RGBA", picture.size)
    bare.paste(picture)
    out = BytesIO()
    bare.save(out, "PNG", optimize=True)
    return out.getvalue()


def _bounded(width: int, height: int) -> None:
    if width * height > _MOST_SIDE**2:
        raise Invalid("pictures.logo_too_many_pixels", most=_MOST_SIDE)


def _webp_size(data: bytes) -> tuple[int, int]:
    """Width and height by the head of a WebP file; (0, 0) of anything else."""
    kind = data[12:16] if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else b""
    if kind == b"VP8X":
        wide, high = data[24:27], data[27:30]
        return int.from_bytes(wide, "little") + 1, int.from_bytes(high, "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        wide, high = struct.unpack_from("<HH", data, 26)
        return wide & 0x3FFF, high & 0x3FFF
    return 0, 0


@lru_cache(64)
def accent_of(logo: bytes | None) -> str:
    """The logo's most frequent strong colour, dark enough for white letters; else the house's."""
    if logo is None:
        return _PLAIN
    picture = Image.open(BytesIO(logo), formats=("PNG",)).convert("RGBA")
    picture.thumbnail((64, 64))
    ground = Image.new("RGBA", picture.size, "white")
    ground.alpha_composite(picture)
    small = ground.convert("RGB").quantize(_MOST_COLOURS, method=Image.Quantize.MEDIANCUT)
    palette = small.getpalette() or []
    counted: list[tuple[int, tuple[int, int, int]]] = []
    for count, index in small.getcolors() or []:
        place = 3 * int(str(index))
        counted.append((int(count), (palette[place], palette[place + 1], palette[place + 2])))
    for _, colour in sorted(counted, reverse=True):
        hue, light, strength = rgb_to_hls(*(part / 255 for part in colour))
        if strength > _COLOURFUL and 0.08 < light < 0.85:  # noqa: PLR2004 - neither black nor white
            return _hex(hue, min(max(light, _DARKEST), _LIGHTEST), strength)
    return _PLAIN


def _hex(hue: float, light: float, strength: float) -> str:
    """The colour, darkened until white letters on it have a contrast of 5.5 to 1."""
    while True:
        parts = hls_to_rgb(hue, light, min(strength, 0.85))
        if _luminance(parts) <= 1.05 / 5.5 - 0.05:
            return "#" + "".join(f"{round(255 * part):02x}" for part in parts)
        light -= 0.02


def _luminance(parts: tuple[float, float, float]) -> float:
    """Relative luminance (WCAG 2.2)."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4  # noqa: PLR2004
        for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
