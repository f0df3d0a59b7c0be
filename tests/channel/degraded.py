"""A badge's code as shops show it: small, turned, blurred, recompressed, on dark ground."""

import io
import math
import random
from collections.abc import Callable, Mapping

from PIL import Image, ImageDraw, ImageFilter, ImageOps

from models.badge_picture import Code

QUIET = 4
_HIGH = 12


def drawn(text: str, *, quiet: int = QUIET) -> Image.Image:
    """The code of a text at twelve pixels a module, to be made worse."""
    rows = Code(text).rows
    code = Image.frombytes("L", (len(rows), len(rows)), b"".join(rows))
    whole = ImageOps.expand(code.point(lambda level: 255 if level else 0), quiet, 255)
    side = whole.width * _HIGH
    return whole.resize((side, side), Image.Resampling.NEAREST).convert("RGB")


def small(code: Image.Image, side: int) -> Image.Image:
    return code.resize((side, side), Image.Resampling.LANCZOS)


def on(code: Image.Image, ground: str = "white", pad: int = 24) -> Image.Image:
    return ImageOps.expand(code, pad, ground)


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return Image.open(io.BytesIO(out.getvalue())).convert("RGB")


def _corner_cut(code: Image.Image) -> Image.Image:
    image = on(small(code, 240))
    ImageDraw.Draw(image).polygon([(20, 20), (62, 20), (20, 62)], fill=(200, 30, 30))
    return jpeg(image, 75)


def _without_quiet_zone(code: Image.Image) -> Image.Image:
    edge = QUIET * _HIGH
    bare = code.crop((edge, edge, code.width - edge, code.height - edge))
    return jpeg(on(small(bare, 200), "#10121a"), 75)


def _turned(code: Image.Image) -> Image.Image:
    wide = on(small(code, 200), pad=70)
    return jpeg(wide.rotate(23, Image.Resampling.BICUBIC, fillcolor="white"), 75)


def _in_a_banner(code: Image.Image) -> Image.Image:
    image = busy(800, 800, 5)
    image.paste(small(code, 130), (311, 407))
    return jpeg(image, 60)


DEGRADED: Mapping[str, Callable[[Image.Image], Image.Image]] = {
    "1.5 pixels a module": lambda code: jpeg(on(small(code, 98)), 75),
    "jpeg at 40": lambda code: jpeg(on(small(code, 160)), 40),
    "turned": _turned,
    "blurred": lambda code: jpeg(on(small(code, 200)).filter(ImageFilter.GaussianBlur(1.6)), 70),
    "inverted": lambda code: jpeg(on(ImageOps.invert(small(code, 200)), "black"), 70),
    "no quiet zone on dark": _without_quiet_zone,
    "a finder's corner cut": _corner_cut,
    "small in a banner": _in_a_banner,
}


def busy(width: int, height: int, seed: int) -> Image.Image:
    """A shop's banner: colours, bars, checks and spots, and no code."""
    chance = random.Random(seed)  # noqa: S311 - a picture
    image = Image.new("RGB", (width, height), tuple(chance.randrange(256) for _ in range(3)))
    draw = ImageDraw.Draw(image)
    for _ in range(60):
        x, y, side = chance.randrange(width), chance.randrange(height), chance.randrange(20, 240)
        colour = tuple(chance.randrange(256) for _ in range(3))
        match chance.randrange(3):
            case 0:
                draw.ellipse([x, y, x + side, y + side // 2], fill=colour)
            case 1:
                for at in range(0, side, 6):
                    draw.line([x + at, y, x + at, y + side], fill=colour, width=3)
            case _:
                for cell in range((side // 8) ** 2):
                    down, across = divmod(cell, max(1, side // 8))
                    if (down + across) % 2:
                        left, top = x + across * 8, y + down * 8
                        draw.rectangle([left, top, left + 7, top + 7], fill=colour)
    for at in range(0, 360, 15):
        end = x_y(width / 2, height / 2, width / 2, at)
        draw.line([width / 2, height / 2, *end], fill="white")
    return image


def x_y(x: float, y: float, radius: float, degrees: int) -> tuple[float, float]:
    turn = math.radians(degrees)
    return x + radius * math.cos(turn), y + radius * math.sin(turn)
