"""Reading QR codes from pictures as shops show them: small, recompressed, blurred, on dark ground.

A ladder of rungs (BADGE.md 3.1), cheapest first, climbed until a code of ours is read. What costs
much runs only on small pictures and on cut-outs that look like a code, so that a picture without
one costs little too.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import zxingcpp
from numpy.typing import NDArray
from PIL import Image, ImageFilter, ImageOps

Grey = NDArray[np.uint8]
Point = tuple[float, float]
IsOurs = Callable[[str], bool]

_SMALL: Final = 420 * 420
"""Up to so many pixels the whole picture is its own cut-out."""
_DOUBLED: Final = 1_250_000
"""Up to so many pixels a picture is doubled whole."""
_GLANCE: Final = 4_000_000
"""Above so many pixels a reduced copy is read first."""
_CUT_SIDE: Final = 240
"""A cut-out is reduced to this side; at version 10 that leaves more than four pixels a module."""
_CUT_PIXELS: Final = 64_000
"""Of all cut-outs of one picture together: what bounds the cost."""
_WINDOWS: Final = (96, 144, 208, 304, 448, 640)
_CELL: Final = 8
_BUSY: Final = 12.0
"""Mean step between neighbouring pixels of a cell, both ways, from which on it may be of a code."""
_LEAST_BUSY: Final = 0.55
_SAME_PLACE: Final = 0.5
_INNER: Final = (max, max, min, min)


@dataclass(frozen=True, slots=True)
class Code:
    """A code that was read, and where: its corners in the picture's pixels, clockwise."""

    text: str
    corners: tuple[Point, Point, Point, Point]

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom."""
        across, down = zip(*self.corners, strict=True)
        return int(min(across)), int(min(down)), round(max(across)), round(max(down))


class _View(NamedTuple):
    """A piece of the picture as it is shown to the reader, and the way back."""

    pixels: Grey
    scale: float = 1.0
    left: float = 0.0
    top: float = 0.0

    def of(self, x: float, y: float) -> Point:
        return x / self.scale + self.left, y / self.scale + self.top


_Rung = Callable[[_View], _View | None]


def no_preference(_text: str) -> bool:
    return True


def codes_in(image: Image.Image, is_ours: IsOurs = no_preference) -> list[Code]:
    """Every QR code that was read, ours first. One that is not ours does not end the search."""
    found: list[Code] = []
    for view in _views(grey(image), found):
        for code in _read(view):
            if not any(_is_same(code, known) for known in found):
                found.append(code)
        if any(is_ours(code.text) for code in found):
            break
    return sorted(found, key=lambda code: not is_ours(code.text))


def grey(image: Image.Image) -> Grey:
    """The picture in grey; what is transparent lies on white, as on most pages."""
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        shown = image.convert("RGBA")
        ground = Image.new("RGBA", shown.size, "white")
        image = Image.alpha_composite(ground, shown)
    return np.asarray(image.convert("L"))


def _views(picture: Grey, found: list[Code]) -> Iterator[_View]:
    """The rungs for this picture. `found` grows meanwhile; a place that was read is left alone."""
    whole = _View(picture)
    if picture.size > _GLANCE:
        yield _scaled(whole, (_GLANCE / picture.size) ** 0.5)
    yield whole
    if picture.size <= _SMALL:
        yield from _shown(_RUNGS, whole)
        return
    if picture.size <= _DOUBLED:
        yield _scaled(whole, 2)
    for cut in _cuts(picture, found):
        yield from _shown(_RUNGS, cut)


def _shown(rungs: Iterable[_Rung], view: _View) -> Iterator[_View]:
    return (shown for rung in rungs if (shown := rung(view)) is not None)


def _read(view: _View) -> list[Code]:
    formats = zxingcpp.barcode_formats_from_str("QRCode")
    is_enlarged = view.scale > 1  # and was read smaller before
    codes = zxingcpp.read_barcodes(view.pixels, formats, try_downscale=not is_enlarged)
    return [Code(code.text, _corners(code.position, view)) for code in codes]


def _corners(place: zxingcpp.Position, view: _View) -> tuple[Point, Point, Point, Point]:
    one, two, three, four = (
        view.of(corner.x, corner.y)
        for corner in (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
    )
    return one, two, three, four


def _is_same(one: Code, other: Code) -> bool:
    """The same text in places that overlap by half."""
    if one.text != other.text:
        return False
    ends = zip(one.box, other.box, strict=True)
    left, top, right, bottom = (pick(pair) for pick, pair in zip(_INNER, ends, strict=True))
    shared = max(0, right - left) * max(0, bottom - top)
    return shared >= _SAME_PLACE * min(_area(one.box), _area(other.box))


def _area(box: tuple[int, int, int, int]) -> int:
    left, top, right, bottom = box
    return (right - left) * (bottom - top)


def _as_image(pixels: Grey) -> Image.Image:
    return Image.fromarray(pixels)


def _scaled(view: _View, factor: float) -> _View:
    height, width = view.pixels.shape
    size = max(1, round(width * factor)), max(1, round(height * factor))
    larger = _as_image(view.pixels).resize(size, Image.Resampling.BICUBIC)
    return view._replace(pixels=np.asarray(larger), scale=view.scale * factor)


def _plain(factor: int) -> _Rung:
    return lambda view: _scaled(view, factor)


def _sharp(factor: int, radius: float, percent: int) -> _Rung:
    """Enlarged, then with the blur taken back."""

    def rung(view: _View) -> _View:
        larger = _scaled(view, factor)
        mask = ImageFilter.UnsharpMask(radius, percent, 0)
        return larger._replace(pixels=np.asarray(_as_image(larger.pixels).filter(mask)))

    return rung


def _adaptive(factor: int, radius: float) -> _Rung:
    """Enlarged, each pixel black or white by the mean around it: for glare and shade."""

    def rung(view: _View) -> _View:
        larger = _scaled(view, factor)
        around = np.asarray(_as_image(larger.pixels).filter(ImageFilter.BoxBlur(radius)))
        return larger._replace(pixels=np.where(larger.pixels > around, 255, 0).astype(np.uint8))

    return rung


def _with_quiet_zone(view: _View) -> _View | None:
    """The light part on white: a code without a margin of its own, on a dark ground."""
    light = view.pixels > _threshold(view.pixels)
    rows = np.flatnonzero(light.mean(axis=1) > _SPECK)
    columns = np.flatnonzero(light.mean(axis=0) > _SPECK)
    if not rows.size or not columns.size:
        return None
    top, bottom, left, right = (int(one) for one in (rows[0], rows[-1], columns[0], columns[-1]))
    cut = view.pixels[top : bottom + 1, left : right + 1]
    if max(cut.shape) > _NEARLY_SQUARE * min(cut.shape):
        return None
    margin = max(_CELL, cut.shape[1] // 8)
    framed = np.asarray(ImageOps.expand(_as_image(cut), margin, 255))
    x, y = view.of(left - margin, top - margin)
    return _scaled(_View(framed, view.scale, x, y), 2)


_SPECK: Final = 0.02
_NEARLY_SQUARE: Final = 1.4


def _threshold(pixels: Grey) -> int:
    """Otsu's: the level that parts light from dark best."""
    counts = np.bincount(pixels.ravel(), minlength=256).astype(np.float64)
    below, sums = counts.cumsum(), (counts * np.arange(256)).cumsum()
    above = below[-1] - below
    both = np.maximum(below * above, 1.0)
    apart = (sums[-1] * below / below[-1] - sums) ** 2 / both
    return int(apart.argmax())


_RUNGS: Final[tuple[_Rung, ...]] = (
    _plain(2),
    _with_quiet_zone,
    _plain(3),
    _sharp(2, 5, 400),
    _sharp(4, 6, 400),
    _adaptive(4, 15),
)


def _cuts(picture: Grey, found: Iterable[Code]) -> Iterator[_View]:
    """The places that look most like a code, each reduced to a side that the rungs can afford."""
    left_over = _CUT_PIXELS
    for left, top, side in _places(picture, [code.box for code in found]):
        cut = _View(picture[top : top + side, left : left + side], 1.0, left, top)
        if side > _CUT_SIDE:
            cut = _scaled(cut, _CUT_SIDE / side)
        left_over -= cut.pixels.size
        if left_over < 0:
            return
        yield cut


def _places(
    picture: Grey, taken: Iterable[tuple[int, int, int, int]]
) -> Iterator[tuple[int, int, int]]:
    """Left, top and side of squares full of steps in both directions, the fullest first."""
    busy = _busy(picture)
    for left, top, right, bottom in taken:
        busy[top // _CELL : bottom // _CELL + 1, left // _CELL : right // _CELL + 1] = False
    totals = np.pad(busy.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    scored: list[tuple[float, int, int, int]] = []
    for window in _WINDOWS:
        cells = window // _CELL
        if cells > min(busy.shape):
            break
        inside = (
            totals[cells:, cells:]
            - totals[:-cells, cells:]
            - totals[cells:, :-cells]
            + totals[:-cells, :-cells]
        )
        share = inside / cells**2
        row, column = (int(one) for one in np.unravel_index(int(share.argmax()), share.shape))
        if share[row, column] >= _LEAST_BUSY:
            full = float(share[row, column]) * window**0.25
            scored.append((full, column * _CELL, row * _CELL, window))
    for _, left, top, window in sorted(scored, reverse=True):
        margin = window // 6
        x, y = max(0, left - margin), max(0, top - margin)
        yield x, y, window + 2 * margin


def _busy(picture: Grey) -> NDArray[np.bool_]:
    """Which cells have steps of brightness across and down, as a code has and a stripe has not."""
    height, width = (side // _CELL * _CELL for side in picture.shape)
    cells = picture[:height, :width].astype(np.int16)
    across = np.abs(np.diff(cells, axis=1, append=cells[:, -1:]))
    down = np.abs(np.diff(cells, axis=0, append=cells[-1:]))
    return np.minimum(_by_cell(across), _by_cell(down)) >= _BUSY


def _by_cell(steps: NDArray[Any]) -> NDArray[np.float64]:
    height, width = steps.shape
    parts = steps.reshape(height // _CELL, _CELL, width // _CELL, _CELL)
    return parts.mean(axis=(1, 3))
