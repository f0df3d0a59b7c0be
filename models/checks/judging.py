"""What a spot check comes to: each rule with its answer, and the clause it rests on.

A rule that does not apply is left out. False is a fault that was found, None what nobody can tell.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from models.cards.numbers import card_number
from models.checks.orders import OrderFacts, Route
from models.checks.spot_checks import Verdict
from models.checks.traces import KINDS, CardSeen
from models.formats import Fault, check_iccid
from models.rules import FindingKind, package_rules

RULES_VERSION: Final = "spot_check/2"
"""Kept with every check; a rule that is changed, added or taken out makes another."""
FORGED: Final = "id_forged"


class CheckRule(StrEnum):
    ASKED_IDENTITY = "asked_identity"
    NOT_TYPED = "not_typed"
    CAPTURE_KNOWN = "capture_known"
    COMPARE_REF = "compare_ref"
    COMPARED_BEFORE_SHIPPED = "compared_before_shipped"
    SHIPPED_BEFORE_HANDOVER = "shipped_before_handover"
    HANDOVER_MATCH = "handover_match"
    HANDOVER_BEFORE_ACTIVE = "handover_before_active"
    SHIPPED_INACTIVE = "shipped_inactive"
    HANDOVER_BEFORE_LIVE_CHECK = "handover_before_live_check"
    LIVE_CHECK_REF = "live_check_ref"
    LIVE_CHECK_BEFORE_ACTIVE = "live_check_before_active"
    ROUTE_KNOWN = "route_known"
    CARD_READ = "card_read"
    CARD_IS_ORDERED = "card_is_ordered"
    CARD_IN_SCOPE = "card_in_scope"
    DOCUMENT_READ = "document_read"
    DOCUMENT_VALID = "document_valid"
    HOLDER_IS_DOCUMENT = "holder_is_document"
    DOCUMENT_IS_SUBMITTED = "document_is_submitted"


_R = CheckRule
DUTIES: Final[Mapping[CheckRule, str]] = {
    _R.ASKED_IDENTITY: "004-1-b",
    _R.NOT_TYPED: "004-2.1-c",
    _R.CAPTURE_KNOWN: "004-2.1-b",
    _R.COMPARE_REF: "004-3.2-b",
    _R.COMPARED_BEFORE_SHIPPED: "004-3.2-c",
    _R.SHIPPED_BEFORE_HANDOVER: "004-3.2-d",
    _R.HANDOVER_MATCH: "004-3.2-d",
    _R.HANDOVER_BEFORE_ACTIVE: "004-3.2-e",
    _R.SHIPPED_INACTIVE: "004-3.2-f",
    _R.HANDOVER_BEFORE_LIVE_CHECK: "004-3.2-g",
    _R.LIVE_CHECK_REF: "004-3.2-g",
    _R.LIVE_CHECK_BEFORE_ACTIVE: "004-3.2-g",
    _R.ROUTE_KNOWN: "004-3.2-d",
    _R.CARD_READ: "004-3.3-h",
    _R.CARD_IS_ORDERED: "004-3.2-h",
    _R.CARD_IN_SCOPE: "004-3.3-h",
    _R.DOCUMENT_READ: "004-2.1-b",
    _R.DOCUMENT_VALID: "004-2.1-b",
    _R.HOLDER_IS_DOCUMENT: "004-3.2-h",
    _R.DOCUMENT_IS_SUBMITTED: "004-3.2-h",
}
"""Ids of docs/requirements.csv."""
_KINDS: Final[Mapping[CheckRule, FindingKind]] = {
    _R.ASKED_IDENTITY: FindingKind.NO_REGISTRATION,
    _R.NOT_TYPED: FindingKind.MANUAL_ENTRY,
    _R.COMPARE_REF: FindingKind.SHIPPED_BEFORE_VERIFY,
    _R.COMPARED_BEFORE_SHIPPED: FindingKind.SHIPPED_BEFORE_VERIFY,
    _R.SHIPPED_BEFORE_HANDOVER: FindingKind.HANDOVER_MISMATCH,
    _R.HANDOVER_MATCH: FindingKind.HANDOVER_MISMATCH,
    _R.HANDOVER_BEFORE_ACTIVE: FindingKind.ACTIVATED_BEFORE_VERIFY,
    _R.SHIPPED_INACTIVE: FindingKind.ACTIVATED_BEFORE_VERIFY,
    _R.HANDOVER_BEFORE_LIVE_CHECK: FindingKind.ACTIVATED_BEFORE_VERIFY,
    _R.LIVE_CHECK_REF: FindingKind.ACTIVATED_BEFORE_VERIFY,
    _R.LIVE_CHECK_BEFORE_ACTIVE: FindingKind.ACTIVATED_BEFORE_VERIFY,
    _R.CARD_IS_ORDERED: FindingKind.HANDOVER_MISMATCH,
    _R.DOCUMENT_VALID: FindingKind.FALSE_REGISTRATION,
    _R.HOLDER_IS_DOCUMENT: FindingKind.HANDOVER_MISMATCH,
    _R.DOCUMENT_IS_SUBMITTED: FindingKind.FALSE_REGISTRATION,
}


@dataclass(frozen=True, slots=True)
class Answer:
    rule: CheckRule
    ok: bool | None
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])
    kind: FindingKind | None = None
    """What a false answer is a finding of."""

    @property
    def duty(self) -> str:
        return DUTIES[self.rule]

    def as_row(self) -> dict[str, Any]:
        facts = dict(self.facts)
        return {"rule": self.rule.value, "ok": self.ok, "facts": facts, "duty": self.duty}


@dataclass(frozen=True, slots=True)
class DocumentSeen:
    """An identity document that was read: marks alone."""

    is_valid: bool | None
    """False: its number is none that is given out; None: it has run out, perhaps since."""
    fits: bool | None = None
    """Whether it is of the person who is registered with the card; None: nobody is, here."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a check read and was asked to read."""

    wants_card: bool
    wants_identity: bool
    cards: Sequence[CardSeen] = ()
    documents: Sequence[DocumentSeen] = ()
    faults: Sequence[str] = ()
    """Codes of reads that gave nothing (docs/reader.md)."""


def judge(facts: OrderFacts, seen: Seen) -> list[Answer]:
    """Every rule that applies, in the order in which things happen."""
    answers = list(_of_order(facts)) if facts.is_order else list(_of_asking(facts))
    if facts.is_order and not seen.wants_identity:
        answers += _of_three(facts)
    if seen.wants_card:
        answers += _of_cards(facts, seen)
    if seen.wants_identity:
        answers += _of_documents(facts, seen)
    return answers


def verdict_of(answers: Sequence[Answer]) -> Verdict:
    """Failed by one that is false; passed when all are true, and there are some."""
    said = [one.ok for one in answers]
    if False in said:
        return Verdict.FAILED
    return Verdict.PASSED if said and None not in said else Verdict.INCONCLUSIVE


def gravest(answers: Sequence[Answer]) -> FindingKind | None:
    """Of what the false answers are findings; of the same tier the first."""
    kinds = [one.kind for one in answers if one.ok is False and one.kind is not None]
    rules = package_rules()
    return max(kinds, key=lambda kind: rules.finding(kind).tier, default=None)


def same_card(one: str, other: str) -> bool:
    """By the first 19 characters, on which chip and print agree (DOMAIN 3.3)."""
    cards = check_iccid(one), check_iccid(other)
    if isinstance(cards[0], Fault) or isinstance(cards[1], Fault):
        return False
    return card_number(cards[0].key) == card_number(cards[1].key)


def _answer(rule: CheckRule, ok: bool | None, **facts: object) -> Answer:  # noqa: FBT001 - it is the answer
    return Answer(rule, ok, facts, _KINDS.get(rule) if ok is False else None)


def _of_asking(facts: OrderFacts) -> Iterator[Answer]:
    if facts.asked_identity is not None:
        yield _answer(_R.ASKED_IDENTITY, facts.asked_identity)
    if facts.manual_entry is not None:
        yield _answer(_R.NOT_TYPED, not facts.manual_entry)


def _of_order(facts: OrderFacts) -> Iterator[Answer]:
    """An order has every answer: one that nobody gave stays open."""
    typed = facts.manual_entry
    yield _answer(_R.ASKED_IDENTITY, facts.asked_identity)
    yield _answer(_R.NOT_TYPED, None if typed is None else not typed)
    # By hand is no method at all: what was typed is a fault by itself.
    yield _answer(_R.CAPTURE_KNOWN, ok=True if facts.capture is not None else None)
    yield _compared(facts)
    yield _in_order(_R.COMPARED_BEFORE_SHIPPED, facts.compared_at, facts.shipped_at)
    match facts.route:
        case Route.A:
            yield from _of_route_a(facts)
        case Route.B:
            yield from _of_route_b(facts)
        case None:
            yield _answer(_R.ROUTE_KNOWN, None)


def _compared(facts: OrderFacts) -> Answer:
    """An order that went on without a comparison is at fault; before that, one waits for it."""
    if facts.authority_compare_ref:
        return _answer(_R.COMPARE_REF, ok=True, ref=facts.authority_compare_ref)
    return _answer(_R.COMPARE_REF, ok=False if facts.went_on else None)


def _of_route_a(facts: OrderFacts) -> Iterator[Answer]:
    yield _in_order(_R.SHIPPED_BEFORE_HANDOVER, facts.shipped_at, facts.handed_over_at)
    yield _answer(_R.HANDOVER_MATCH, facts.handover_match)
    yield _then_active(_R.HANDOVER_BEFORE_ACTIVE, facts, facts.handed_over_at)


def _of_route_b(facts: OrderFacts) -> Iterator[Answer]:
    yield _in_order(_R.SHIPPED_BEFORE_HANDOVER, facts.shipped_at, facts.handed_over_at)
    yield _answer(_R.SHIPPED_INACTIVE, _came_inactive(facts))
    if facts.is_active is not False or facts.live_checked_at is not None:
        yield _in_order(_R.HANDOVER_BEFORE_LIVE_CHECK, facts.handed_over_at, facts.live_checked_at)
    if facts.is_active is not False:
        missing = False if facts.is_active else None
        yield _answer(_R.LIVE_CHECK_REF, ok=True if facts.live_check_ref else missing)
        yield _then_active(_R.LIVE_CHECK_BEFORE_ACTIVE, facts, facts.live_checked_at)


def _came_inactive(facts: OrderFacts) -> bool | None:
    """By what was seen when it came, unless the times say that service was open by then."""
    came = facts.handed_over_at or facts.shipped_at
    if facts.activated_at is not None and came is not None and facts.activated_at < came:
        return False
    return None if facts.active_on_arrival is None else not facts.active_on_arrival


def _of_three(facts: OrderFacts) -> Iterator[Answer]:
    """What is said of holder, document and submitted data, where no document was to be read."""
    if facts.holder_is_document is not None:
        yield _answer(_R.HOLDER_IS_DOCUMENT, facts.holder_is_document)
    if facts.compare_agrees is not None:
        yield _answer(_R.DOCUMENT_IS_SUBMITTED, facts.compare_agrees, by="carrier")


def _then_active(rule: CheckRule, facts: OrderFacts, before: datetime | None) -> Answer:
    """Service opens after something else; a card that is not active yet keeps the rule."""
    if facts.active_on_arrival:
        return _answer(rule, ok=False, active_on_arrival=True)
    if facts.activated_at is None:
        return _answer(rule, ok=True if facts.is_active is False else None)
    return _in_order(rule, before, facts.activated_at)


def _in_order(rule: CheckRule, first: datetime | None, then: datetime | None) -> Answer:
    said = {"first": _shown(first), "then": _shown(then)}
    return _answer(rule, None if first is None or then is None else first <= then, **said)


def _shown(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _of_cards(facts: OrderFacts, seen: Seen) -> Iterator[Answer]:
    yield _answer(_R.CARD_READ, ok=True if seen.cards else None, faults=list(seen.faults))
    if facts.iccids:
        strangers = [
            one.iccid for one in seen.cards
            if not any(same_card(one.iccid, own) for own in facts.iccids)
        ]  # fmt: skip
        ok = not strangers if seen.cards else None
        yield _answer(_R.CARD_IS_ORDERED, ok, ordered=list(facts.iccids), strangers=strangers)
    for one in seen.cards:
        said = {"iccid": one.iccid, "grounds": [ground.value for ground in one.grounds]}
        kind = next((KINDS[ground] for ground in one.grounds if ground in KINDS), None)
        yield Answer(_R.CARD_IN_SCOPE, one.in_scope, said, kind)


def _of_documents(facts: OrderFacts, seen: Seen) -> Iterator[Answer]:
    if FORGED in seen.faults:
        yield _answer(_R.DOCUMENT_VALID, ok=False, fault=FORGED)
    yield _answer(_R.DOCUMENT_READ, ok=True if seen.documents else None, faults=list(seen.faults))
    if seen.documents:
        valid = [one.is_valid for one in seen.documents]
        ok = False if False in valid else None if None in valid else True
        yield _answer(_R.DOCUMENT_VALID, ok)
    yield _answer(_R.HOLDER_IS_DOCUMENT, facts.holder_is_document)
    yield _submitted(facts, [one.fits for one in seen.documents if one.fits is not None])


def _submitted(facts: OrderFacts, fits: Sequence[bool]) -> Answer:
    """Who is registered counts before what the carrier says, and a no of either is a no."""
    if not fits or (all(fits) and facts.compare_agrees is False):
        return _answer(_R.DOCUMENT_IS_SUBMITTED, facts.compare_agrees, by="carrier")
    return _answer(_R.DOCUMENT_IS_SUBMITTED, all(fits), by="registered")
