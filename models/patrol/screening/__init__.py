"""Screening: one function, Arrow batch in, Arrow batch out (SCREENING, DESIGN 3.13)."""

from models.patrol.screening.engine import Screened, screen
from models.patrol.screening.labels import FLAGGED, Label, OfferKind

__all__ = ["FLAGGED", "Label", "OfferKind", "Screened", "screen"]
