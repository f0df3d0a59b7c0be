"""Whether a page is still as its mapping says: of nearly all items the same field is missing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from integrations.marketplaces.base import Reason
from integrations.marketplaces.steps import SHAPE_CHANGED, Done, Fault, Step

_MISSING: Final = frozenset({"field_missing", "shop_missing"})
_FEWEST: Final = 5
"""Items below which nothing is said of the shape of a source."""
_NEARLY_ALL: Final = 0.9


def judged(done: Done, step: Step, items: int) -> Done:
    """What a page of a list gave; nothing but the fault where the list has another shape now."""
    missed = [fault for fault in done.faults if fault.reason.word in _MISSING]
    found = _worst([(str(fault.reason.facts.get("field")), fault) for fault in missed])
    if found is None:
        return done
    field, count, first = found
    seen = items - done.left_out
    if seen < _FEWEST or count < _NEARLY_ALL * seen:
        return done
    facts = {"url": step.url, "field": field, "tried": first.reason.facts.get("tried", "-"),
             "missing": count, "of": seen}  # fmt: skip
    changed = Fault(Reason(SHAPE_CHANGED, facts), step.url, step.kind)
    return replace(done, listings=(), next_steps=(), faults=(changed, *done.faults))


def changed_shape(listings: int, faults: Sequence[Mapping[str, Any]]) -> Fault | None:
    """Of a run so far, by its listings and its faults as they are kept: has the source changed?

    Pages of one item each show it only together. A listing without a shop counts on both sides.
    """
    missed = [(str(one["facts"].get("field")), one) for one in faults if one["word"] in _MISSING]
    found = _worst(missed)
    if found is None:
        return None
    field, count, first = found
    lost = sum(one["word"] == "field_missing" for _, one in missed)
    if listings + lost < _FEWEST or count < _NEARLY_ALL * (listings + lost):
        return None
    facts = {"url": first["url"], "field": field, "tried": first["facts"].get("tried", "-"),
             "missing": count, "of": listings + lost}  # fmt: skip
    return Fault(Reason(SHAPE_CHANGED, facts), first["url"])


def _worst(missed: Sequence[tuple[str, Any]]) -> tuple[str, int, Any] | None:
    if not missed:
        return None
    ((field, count),) = Counter(field for field, _ in missed).most_common(1)
    return field, count, next(one for name, one in missed if name == field)
