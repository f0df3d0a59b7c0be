"""What is known of a shop when it is judged, and in which words it is judged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from models.channel.licences import Ground
from models.patrol.judge.register import Alike, Entry
from models.patrol.screening.labels import Label, OfferKind
from models.rules import FindingKind, Tier
from models.tokens import Verdict as BadgeVerdict


class Basis(StrEnum):
    """What a judgement rests on; the text `basis.<word>` says it in full."""

    NOTHING_SHOWN = "nothing_shown"
    LOOKS_LIKE = "looks_like"
    """It shows nothing, and its name is nearly an agent's."""
    NUMBER_UNKNOWN = "number_unknown"
    NUMBER_OF_ANOTHER = "number_of_another"
    SHOP_NOT_NAMED = "shop_not_named"
    PROVINCE_NOT_NAMED = "province_not_named"
    PRODUCT_NOT_NAMED = "product_not_named"
    NOT_YET = "not_yet"
    NO_LONGER = "no_longer"
    NOT_ACTIVE = "not_active"
    NO_FIRM = "no_firm"
    OFFERS = "offers"
    """The words of its offers alone."""
    BADGE_OF_ANOTHER = "badge_of_another"
    BADGE_FORGED = "badge_forged"
    BADGE_IMITATED = "badge_imitated"
    BADGE_DEAD = "badge_dead"


@dataclass(frozen=True, slots=True)
class Offer:
    """A flagged offer, as the screen saw it."""

    id: str
    title: str
    label: Label
    kind: OfferKind = OfferKind.OTHER
    score: float = 1.0
    severity: int = 0
    reasons: tuple[str, ...] = ()
    sales: int = 0


@dataclass(frozen=True, slots=True)
class SeenBadge:
    """A badge on one of the shop's pictures or pages, checked with the shop as its page."""

    verdict: BadgeVerdict
    agent_no: str = ""
    picture: str = ""
    """SHA-256 of what it was read from."""
    evidence: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """A shop and all that its pages said of its right to sell."""

    platform: str
    key: str
    name: str
    numbers: tuple[str, ...] = ()
    sells_in: frozenset[str] = frozenset()
    """The provinces whose buyers it names, GB/T 2260; empty: it names none."""
    has_business_licence: bool | None = None
    """None: the pages do not say."""
    url: str = ""
    offers: tuple[Offer, ...] = ()
    """Those that are flagged, whatever their label."""
    seen: int = 0
    """How many offers were seen in all, flagged or not."""
    badges: tuple[SeenBadge, ...] = ()
    alike: tuple[Alike, ...] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    ground: Ground
    kind: FindingKind
    tier: Tier
    basis: Basis
    claimed: str = ""
    """The number that the shop shows, where the judgement is about it."""
    holder: str = ""
    """Whose it is."""
    offers: tuple[Offer, ...] = ()
    badges: tuple[SeenBadge, ...] = ()
    is_unsure: bool = False
    """It rests on one offer that may well be the screen's error: a person should look first."""
    facts: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True)
class Verdict:
    """`against` is None for a shop that may sell what it sells, and `by` is its licence."""

    against: Judgement | None
    by: Entry | None = None
    by_badge: str = ""
    """The agent whose badge, valid for this very shop, is its right where no entry is."""


@dataclass(frozen=True, slots=True)
class Judged:
    """All that is held against one shop."""

    found: tuple[Judgement, ...]
    right: Verdict | None
    """Its right to sell cards; None when it sells none."""
