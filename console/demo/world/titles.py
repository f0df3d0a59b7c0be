"""What shops offer: fictitious titles that ship with the screen, read by the screen itself."""

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from importlib.resources import files
from random import Random
from typing import Final

from console.actions.patrol.screened import screened
from models.patrol.screening import Label, OfferKind, Screened

_SETS: Final = ("m1", "m3", "m4", "m5", "m6", "m8", "n1", "n2", "n3", "n4", "n8", "o1", "o2", "o5")


class Trade(StrEnum):
    """What a shop lives on, as its titles tell it to the screen."""

    CARDS = "cards"
    INDUSTRY_CARDS = "industry_cards"
    REAL_NAME = "real_name"
    READERS = "readers"
    DEVICES = "devices"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Title:
    words: str
    price: str
    said: Screened
    truth: Label
    """What a person says that it is."""


_BY_LABEL: Final = {
    Label.REAL_NAME_SERVICE: Trade.REAL_NAME,
    Label.READER_CRACK_TOOL: Trade.READERS,
    Label.ILLEGAL_DEVICE: Trade.DEVICES,
    Label.NOT_CARD: Trade.OTHER,
}


@dataclass(frozen=True, slots=True)
class Titles:
    engine: str
    by_trade: Mapping[Trade, Sequence[Title]]

    @classmethod
    def shipped(cls) -> "Titles":
        rows = [row for name in _SETS for row in _rows(name)]
        said = screened([(row["title"], "") for row in rows])
        by_trade: dict[Trade, list[Title]] = defaultdict(list)
        for row in rows:
            title = Title(
                row["title"], row["price_yuan"], said.of[row["title"], ""], Label(row["label"])
            )
            if title.said.label is title.truth:
                by_trade[_trade(title)].append(title)
        return cls(said.version, by_trade)

    def some(self, chance: Random, trade: Trade, count: int) -> Sequence[Title]:
        return chance.sample(self.by_trade[trade], count)

    def mistaken(self, chance: Random) -> Title:
        """No card, and taken for one by a model that had learned less."""
        title = chance.choice(self.by_trade[Trade.OTHER])
        score = round(chance.uniform(0.52, 0.81), 3)
        said = replace(title.said, label=Label.SELLS_CARD, score=score, severity=round(70 * score))
        return replace(title, said=said)


def _rows(name: str) -> Sequence[Mapping[str, str]]:
    text = files("models.data").joinpath(f"titles-{name}.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def _trade(title: Title) -> Trade:
    if title.said.label is Label.SELLS_CARD:
        is_industry = title.said.kind is OfferKind.IOT_CARD
        return Trade.INDUSTRY_CARDS if is_industry else Trade.CARDS
    return _BY_LABEL[title.said.label]
