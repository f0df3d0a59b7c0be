"""The tones of what patrols speak of: shops, findings, labels, verdicts."""

from collections.abc import Mapping
from typing import Final

from console.pages.kit import Tone
from models.channel.licences import Ground
from models.patrol.checks import CheckAnswer
from models.patrol.custody import StampState
from models.patrol.findings import FindingState
from models.patrol.links import LinkState
from models.patrol.screening.labels import Label
from models.patrol.shops import ShopState
from models.rules import Tier
from models.tokens import Verdict

SHOPS: Final[Mapping[str, Tone]] = {
    ShopState.DISCOVERED: Tone.WAITING,
    ShopState.LICENSED: Tone.GOOD,
    ShopState.NOT_CARDS: Tone.OVER,
    ShopState.SUSPECTED: Tone.WARNING,
    ShopState.UNLICENSED: Tone.BAD,
    ShopState.NON_COMPLIANT: Tone.BAD,
    ShopState.PLATFORM_NOTIFIED: Tone.BUSY,
    ShopState.ESCALATED: Tone.BAD,
    ShopState.REMOVED: Tone.GOOD,
    ShopState.CLOSED: Tone.OVER,
}
TIERS: Final[Mapping[str, Tone]] = {
    Tier.MINOR: Tone.WAITING,
    Tier.GENERAL: Tone.WARNING,
    Tier.SERIOUS: Tone.BAD,
}
FINDINGS: Final[Mapping[str, Tone]] = {
    FindingState.OPEN: Tone.WAITING,
    FindingState.CONFIRMED: Tone.WARNING,
    FindingState.FALSE_POSITIVE: Tone.OVER,
    FindingState.IN_CASE: Tone.BUSY,
}
GROUNDS: Final[Mapping[str, Tone]] = dict.fromkeys(Ground, Tone.WARNING)
LABELS: Final[Mapping[str, Tone]] = {
    Label.SELLS_CARD: Tone.WARNING,
    Label.REAL_NAME_SERVICE: Tone.BAD,
    Label.READER_CRACK_TOOL: Tone.BAD,
    Label.ILLEGAL_DEVICE: Tone.BAD,
    Label.NOT_CARD: Tone.OVER,
}
ANSWERS: Final[Mapping[str, Tone]] = {
    CheckAnswer.GOOD: Tone.GOOD,
    CheckAnswer.BAD: Tone.BAD,
    CheckAnswer.NOT_APPLICABLE: Tone.OVER,
}
LINKS: Final[Mapping[str, Tone]] = {
    LinkState.SUGGESTED: Tone.WAITING,
    LinkState.ACCEPTED: Tone.WARNING,
    LinkState.REJECTED: Tone.OVER,
}
STAMPS: Final[Mapping[str, Tone]] = {
    StampState.PROMISED: Tone.WAITING,
    StampState.GRANTED: Tone.GOOD,
    StampState.REFUSED: Tone.BAD,
    StampState.GIVEN_UP: Tone.WARNING,
}
VERDICTS: Final[Mapping[str, Tone]] = {
    Verdict.VALID: Tone.GOOD,
    Verdict.VALID_SHOP_UNCHECKED: Tone.BUSY,  # never green: it may be a copy
    Verdict.WRONG_SHOP: Tone.BAD,
    Verdict.REVOKED: Tone.BAD,
    Verdict.SUSPENDED: Tone.WARNING,
    Verdict.EXPIRED: Tone.BAD,
    Verdict.NOT_YET_VALID: Tone.WARNING,
    Verdict.STATUS_UNKNOWN: Tone.WARNING,
    Verdict.FORGED: Tone.BAD,
    Verdict.NOT_OURS: Tone.WARNING,
}
"""As the verify page has them."""
