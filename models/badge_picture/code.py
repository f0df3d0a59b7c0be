"""The QR symbol of a badge: version 10 at level M for a short host."""

from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any, Final

import zxingcpp

QUIET_ZONE: Final = 4
"""Modules of white inside the picture: without them no reader finds a code on a dark page."""
LEAST_MODULE: Final = 3
"""Pixels of one module in what is delivered to a screen."""
_LEVEL: Final = "M"
_OVERLAP: Final = "1.02"
"""Height of a row of modules: a hair more than one, so that no viewer shows seams between rows."""


@dataclass(frozen=True)
class Code:
    """The text of a code: an address in lower case, since cameras take `HTTPS://` for text.

    Digits at its end go into numeric mode: the writer changes modes by itself.
    """

    text: str

    @cached_property
    def rows(self) -> tuple[bytes, ...]:
        """Row by row, a zero for each dark module; without the quiet zone."""
        writer: Any = zxingcpp  # its stub leaves the options open
        made = writer.create_barcode(self.text, zxingcpp.BarcodeFormat.QRCode, ec_level=_LEVEL)
        image: Any = made.to_image(scale=1, add_quiet_zones=False)
        side = int(image.shape[0])
        flat = bytes(memoryview(image).cast("B"))
        return tuple(flat[start : start + side] for start in range(0, side * side, side))

    @property
    def version(self) -> int:
        return (len(self.rows) - 17) // 4

    @property
    def side(self) -> int:
        """Modules along one edge, the quiet zone included."""
        return len(self.rows) + 2 * QUIET_ZONE

    @cached_property
    def path(self) -> str:
        """The dark modules as one SVG path; a module is one unit, the quiet zone is inside."""
        drawn: list[str] = []
        for y, row in enumerate(self.rows):
            x = QUIET_ZONE
            for is_light, run in groupby(row, key=bool):
                length = len(list(run))
                if not is_light:
                    drawn.append(f"M{x} {y + QUIET_ZONE}h{length}v{_OVERLAP}h-{length}z")
                x += length
        return "".join(drawn)
