"""The picture of a badge (BADGE.md 2.5): its code, its card, and the letters that both are in.

Level M, white round the code even on a dark page, no logo inside it. Pictures are drawn on demand
and never stored: the same facts give the same bytes.
"""

from models.badge_picture.card import Card, CardWords, Letters, Style, check_letters, draw
from models.badge_picture.code import LEAST_MODULE, QUIET_ZONE, Code
from models.badge_picture.drawing import Drawing
from models.badge_picture.letters import FONT_FAMILY, lacking
from models.badge_picture.logo import LOGO_LARGEST, accent_of, clean_logo
from models.badge_picture.raster import least_width, png

__all__ = [
    "FONT_FAMILY",
    "LEAST_MODULE",
    "LOGO_LARGEST",
    "QUIET_ZONE",
    "Card",
    "CardWords",
    "Code",
    "Drawing",
    "Letters",
    "Style",
    "accent_of",
    "check_letters",
    "clean_logo",
    "draw",
    "lacking",
    "least_width",
    "png",
]
