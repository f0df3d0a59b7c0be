"""Drawings as pixels, the same on every machine: no font of the machine is asked."""

from math import ceil

import resvg_py

from models.badge_picture.code import LEAST_MODULE
from models.badge_picture.drawing import Drawing


def png(drawing: Drawing, width: int) -> bytes:
    """An outlined drawing as a PNG of that width on white."""
    return resvg_py.svg_to_bytes(
        svg_string=drawing.svg.decode(), width=width, background="#ffffff", skip_system_fonts=True
    )


def least_width(drawing: Drawing) -> int:
    """The width from which on a module of the code has its three pixels."""
    return ceil(LEAST_MODULE * drawing.width / drawing.module)
