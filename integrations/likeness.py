"""What a stranger's picture is like, and the codes on it; told by a process that may die of it."""

import json
from dataclasses import dataclass
from functools import cache
from typing import Final

import imagehash
import numpy as np
from PIL import Image

from integrations.child import Died, Pool
from integrations.pictures import opened
from models.badge_reading import codes_in

MOST_PIXELS: Final = 8_000_000
"""What of a shop's picture is unpacked: a long page of details has as many."""
MEMORY: Final = 256_000_000
"""What one picture may take of the process that looks at it. The hungriest that are let in are a
lossless WebP of so many pixels with transparency (240 MB: its library keeps two canvases beside
ours) and a progressive JPEG of 24 megapixels in four colours (229 MB: its coefficients, whole).
"""
SECONDS: Final = 10
_PATIENCE: Final = 15.0
_CHILD: Final = "integrations.likeness_child"
_PLAIN: Final = 6.0
"""Below this spread of grey there is nothing on it to know it by."""
_GRID: Final = 2
_LONGEST_CODE: Final = 1000


@dataclass(frozen=True, slots=True)
class Looked:
    width: int
    height: int
    likeness: str
    """Perceptual hash in 16 hexadecimal digits, then 24 of colour; empty of a blank picture."""
    codes: tuple[str, ...]
    """The texts of its QR codes, those that begin with the prefix first."""


class NotAPicture(Exception):
    """No likeness, and why: a word."""

    def __init__(self, word: str) -> None:
        self.word = word
        super().__init__(word)


@cache
def _lookers() -> Pool:
    return Pool(_CHILD, _PATIENCE)


def look(data: bytes, prefix: str = "") -> Looked:
    """Look at a picture in a process of its own; `NotAPicture` when there is nothing to see."""
    try:
        answer = json.loads(_lookers().ask(prefix.encode(), data))
    except Died:
        raise NotAPicture("picture_too_heavy") from None
    if "word" in answer:
        raise NotAPicture(str(answer["word"]))
    return Looked(answer["width"], answer["height"], answer["likeness"], tuple(answer["codes"]))


def look_here(data: bytes, prefix: str) -> Looked:
    """The same in this process; `Invalid` when it is no picture."""
    image = opened(data, MOST_PIXELS)
    codes = codes_in(image, lambda text: text.lower().startswith(prefix))
    texts = tuple(code.text[:_LONGEST_CODE] for code in codes)
    return Looked(image.width, image.height, likeness_of(image), texts)


def likeness_of(image: Image.Image) -> str:
    """The same for one picture in another size or encoding, or nearly so."""
    grey = image.convert("L")
    if float(np.asarray(grey.resize((32, 32))).std()) < _PLAIN:
        return ""
    small = np.asarray(image.convert("YCbCr").resize((_GRID, _GRID), Image.Resampling.BOX))
    return f"{imagehash.dhash(grey)}{small.tobytes().hex()}"
