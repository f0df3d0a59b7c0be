"""How the states of industry cards look, and words for what a scope allows."""

from collections.abc import Sequence
from typing import Final

from console.i18n import t
from console.pages.kit import NOTHING, Tone
from models.cards.classes import CardClass, class_policy
from models.cards.guards import Lack, Lacking
from models.cards.scopes import CardScope, Faulty

TONES: Final = {
    "purchaser_review": Tone.BUSY,
    "contracted": Tone.BUSY,
    "registered": Tone.BUSY,
    "in_use": Tone.GOOD,
    "restricted": Tone.WARNING,
    "shut_down": Tone.BAD,
    "refused": Tone.BAD,
    "retired": Tone.OVER,
    "passed": Tone.GOOD,
    "in_force": Tone.WARNING,
    "carried_out": Tone.BAD,
    "appealed": Tone.BUSY,
    "lifted": Tone.OVER,
    "in_case": Tone.BUSY,
    "dismissed": Tone.OVER,
    "confirmed": Tone.WARNING,
    "suggested": Tone.WAITING,
}
"""Of batches, assessments, orders and findings: the word alone would mislead."""


def class_word(card_class: CardClass) -> str:
    """`I2 大流量定向`, in the reader's language."""
    return t("industry_page.class_word", code=card_class.value, name=t(f"card_class.{card_class}"))


def lack_word(lacking: Lacking) -> str:
    """What is missing, and what to do about it."""
    facts = dict(lacking.facts)
    if lacking.lack is Lack.SCOPE_FAULTY:
        facts["faults"] = "；".join(t(f"scope_fault.{one}", value="") for one in facts["faults"])
    return t(f"lack.{lacking.lack}", **facts)


def fault_word(faulty: Faulty) -> str:
    return t(f"scope_fault.{faulty.fault}", value=faulty.value)


def sentence(words: str) -> str:
    """A reason that stands by itself, and not in the middle of another's sentence."""
    return words[:1].upper() + words[1:]


def volume_word(scope: CardScope) -> str:
    if scope.monthly_mb is None:
        return t("industry_page.no_volume")
    return t("industry_page.volume", n=f"{scope.monthly_mb:,}")


def listed(words: Sequence[str], most: int = 8, total: int | None = None) -> str:
    """The first few, and how many more there are; `total` where not all of them are at hand."""
    shown, rest = words[:most], (len(words) if total is None else total) - len(words[:most])
    named = ", ".join(shown)
    return t("industry_page.and_more", words=named, n=rest) if shown and rest else named


def lock_word(scope: CardScope, card_class: CardClass) -> str:
    policy = class_policy(card_class)
    parts = [
        t("industry_page.locked") if scope.device_lock else "",
        t("industry_page.chassis_locked") if policy.chassis and scope.chassis else "",
        t("industry_page.tacs_of", words=listed(scope.tacs)) if scope.tacs else "",
    ]
    return " · ".join(filter(None, parts)) or NOTHING
