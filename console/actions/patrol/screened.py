"""What the screen says of offers: asked before a transaction opens, because it takes long."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from models.patrol.screening import Model, Screened, screen_many, shipped_model

Words = tuple[str, str]
"""The title of an offer and its description, as they are kept."""


@dataclass(frozen=True, slots=True)
class Said:
    version: str
    """Of the model."""
    of: Mapping[Words, Screened]


def screened(offers: Iterable[Words], model: Model | None = None) -> Said:
    """`model`: the organisation's own; None: the shipped one. The same words are read once."""
    model, words = model or shipped_model(), list(dict.fromkeys(offers))
    return Said(model.version, dict(zip(words, screen_many(words, model), strict=True)))


def clean(text: str) -> str:
    """Without the characters that no database takes."""
    return "".join(letter for letter in text if letter >= " " or letter in "\n\t")


def words(title: str, description: str) -> Words:
    return clean(title), clean(description)
