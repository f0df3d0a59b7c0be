"""What a spot check finds: an order with its times, judged by the house's own rules."""

from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from console.demo.world.office import likely
from models.cards.persons import CaptureMethod
from models.checks.judging import Seen, judge, verdict_of
from models.checks.orders import OrderFacts, Route
from models.checks.spot_checks import Verdict
from models.checks.traces import CardSeen

_FIRST: Final = 8_986_030_300_000_000_000
_WORST: Final = 0.24
"""Share of failed checks in the worst province, eighteen months ago."""
_BETTER: Final = 0.45
"""How much of that is gone by now."""
_MONTHS: Final = 18
_HOURS: Final = (70, 69, 50, 30, 29, 28)


def seen_card(at: int) -> str:
    """Nineteen digits, as printed."""
    return str(_FIRST + at * 7)


def order_of(chance: Random, province: str, then: datetime, card: str, months: float) -> OrderFacts:
    """As the rules have it, or with the fault that a province is prone to."""
    at = [then - timedelta(hours=hours) for hours in _HOURS]
    route = Route.A if likely(chance, 0.7) else Route.B
    facts: dict[str, object] = {
        "route": route, "order_no": f"DD-{at[0]:%Y%m%d}-{card[-4:]}", "iccids": (card,),
        "ordered_at": at[0], "authority_compare_ref": f"NC-{card[-6:]}", "compared_at": at[1],
        "compare_agrees": True, "capture": CaptureMethod.ID_READER, "asked_identity": True,
        "manual_entry": False, "shipped_at": at[2], "handed_over_at": at[3],
        "handover_match": True, "active_on_arrival": False, "activated_at": at[5],
        "holder_is_document": True,
    }  # fmt: skip
    if route is Route.B:
        facts |= {"live_check_ref": f"SP-{card[-6:]}", "live_checked_at": at[4]}
    if likely(chance, _share(province, months)):
        facts |= _fault(chance, then)
    return OrderFacts.model_validate(facts)


def _share(province: str, months: float) -> float:
    """Provinces differ, for good; all get better."""
    own = 0.2 + 0.8 * (int(province) * 37 % 100) / 100
    return _WORST * own * (1 - _BETTER * (1 - min(months, _MONTHS) / _MONTHS))


def _fault(chance: Random, then: datetime) -> dict[str, object]:
    faults: tuple[dict[str, object], ...] = (
        {"compared_at": then - timedelta(hours=45)},
        {"asked_identity": False},
        {"handover_match": False},
        {"active_on_arrival": True},
        {"manual_entry": True},
    )
    return chance.choices(faults, (5, 2, 3, 2, 2))[0]


def outcome_of(order: OrderFacts, card: str, *, is_read: bool) -> tuple[dict[str, Any], Verdict]:
    """Each rule with its answer, as a check keeps them."""
    cards = [CardSeen(card, in_scope=True)] if is_read else []
    faults = () if is_read else ("mute",)
    answers = judge(order, Seen(wants_card=True, wants_identity=False, cards=cards, faults=faults))
    return {"answers": [one.as_row() for one in answers], "traces": []}, verdict_of(answers)
