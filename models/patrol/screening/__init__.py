"""Screening: one function, Arrow batch in, Arrow batch out (SCREENING, DESIGN 3.13)."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

from models.patrol.screening.engine import Screened, screen, screen_batch, screen_many
from models.patrol.screening.labels import FLAGGED, Label, OfferKind
from models.patrol.screening.model import Model, shipped_model

__all__ = [
    "FLAGGED",
    "Label",
    "Model",
    "OfferKind",
    "Screened",
    "screen",
    "screen_batch",
    "screen_many",
    "shipped_model",
]
