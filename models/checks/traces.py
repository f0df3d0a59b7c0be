"""What is known here of one card: how its number was found, and whether it may be sold there."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from models.channel.licences import Ground
from models.rules import FindingKind


class IccidMatch(StrEnum):
    """By what a card was recognised (DOMAIN 3.3)."""

    EXACT = "exact"
    """All twenty characters, as an order or a parcel names them."""
    FIRST_19 = "first_19"
    """The 20th is a check digit or filler that chips and prints give in different ways."""
    RANGE = "range"
    """It lies between the ends of a delivery."""


class TraceGround(StrEnum):
    """Why a card may not be sold there, or why nobody can say."""

    INDUSTRY_CARD = "industry_card"
    NO_DELEGATION = "no_delegation"
    NOT_BEGUN = "not_begun"
    EXPIRED = "expired"
    NOT_IN_FORCE = "not_in_force"
    OUT_OF_SCOPE = "out_of_scope"
    OTHER_CHANNEL = "other_channel"
    """It was given to a channel that is not the shop's agent."""
    UNKNOWN_CARD = "unknown_card"
    """In no stock and no batch here."""
    NO_AGENT = "no_agent"
    """The channel that has it is no agent's, or the shop is nobody's."""


UNDECIDED: Final = frozenset({TraceGround.UNKNOWN_CARD, TraceGround.NO_AGENT})
"""Grounds for not knowing; all others are against the sale."""
KINDS: Final[Mapping[TraceGround, FindingKind]] = {
    TraceGround.INDUSTRY_CARD: FindingKind.IOT_CARD_ONLINE,
    TraceGround.NO_DELEGATION: FindingKind.NO_DELEGATION,
    TraceGround.NOT_BEGUN: FindingKind.NO_DELEGATION,
    TraceGround.EXPIRED: FindingKind.NO_DELEGATION,
    TraceGround.NOT_IN_FORCE: FindingKind.NO_DELEGATION,
    TraceGround.OUT_OF_SCOPE: FindingKind.SCOPE_EXCEEDED,
    TraceGround.OTHER_CHANNEL: FindingKind.SCOPE_EXCEEDED,
}
_OF_LICENCE: Final[Mapping[Ground, TraceGround]] = {
    Ground.NOT_IN_FORCE: TraceGround.NOT_IN_FORCE,
    Ground.NOT_BEGUN: TraceGround.NOT_BEGUN,
    Ground.EXPIRED: TraceGround.EXPIRED,
    Ground.OUT_OF_SCOPE: TraceGround.OUT_OF_SCOPE,
}


def ground_of(ground: Ground) -> TraceGround:
    """What a licence says against a sale, as a trace says it."""
    return _OF_LICENCE[ground]


@dataclass(frozen=True, slots=True)
class CardSeen:
    """A card that was read, and what its trace says."""

    iccid: str
    in_scope: bool | None
    grounds: tuple[TraceGround, ...] = ()

    @property
    def is_industry(self) -> bool:
        return TraceGround.INDUSTRY_CARD in self.grounds


def in_scope(grounds: tuple[TraceGround, ...]) -> bool | None:
    """False by any ground against the sale; None where there are only grounds for not knowing."""
    if any(one not in UNDECIDED for one in grounds):
        return False
    return None if grounds else True
