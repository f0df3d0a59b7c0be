"""What a run may say of a shop: what it sells and shows, against the register of a day."""

from models.patrol.judge.offers import judge_all
from models.patrol.judge.register import (
    Alike,
    Entry,
    HolderKind,
    Register,
    numbers_in,
    plain_number,
    same_holder,
)
from models.patrol.judge.right import OF_RIGHT, judge
from models.patrol.judge.words import (
    Basis,
    Judged,
    Judgement,
    Offer,
    SeenBadge,
    ShopFacts,
    Verdict,
)

__all__ = [
    "OF_RIGHT",
    "Alike",
    "Basis",
    "Entry",
    "HolderKind",
    "Judged",
    "Judgement",
    "Offer",
    "Register",
    "SeenBadge",
    "ShopFacts",
    "Verdict",
    "judge",
    "judge_all",
    "numbers_in",
    "plain_number",
    "same_holder",
]
