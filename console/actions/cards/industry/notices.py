"""The letter by which the holder of industry cards learns what is ordered, and why (art. 32).

It is written once, in Chinese and in English, and kept as it was.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from console.actions.channel.pictures import in_language
from console.desk import Work
from console.i18n import Language, spoken, t, texts
from models.cards.card_orders import RESTRICTS_BATCH, CardMeasure
from models.cards.guards import Lacking
from models.cards.industry import IndustryBatch
from models.cards.monitoring import UsageFinding
from models.cards.purchasers import Purchaser
from models.cards.scopes import CardScope
from models.cards.usage_rules import MEGABYTE, UsageRule
from models.rules import FindingKind, china_day, parameter
from models.staff import Organisation

MOST_CARDS: Final = 20
"""ICCIDs that a letter names; of the others it says how many they are."""
LONGEST_LETTER: Final = 8000
_FINDINGS: Final = (10, 6, 3, 1)
"""Findings that a letter tells of, as many as it has room for."""
_SEEN: Final = 5
_LONGEST_SEEN: Final = 160
_IN_WORDS: Final = frozenset(
    {UsageRule.TARGET_OUTSIDE, UsageRule.DEVICE_SWAPPED, UsageRule.REGION_LEFT}
)
"""What was seen says more than how many."""
_IN_BYTES: Final = frozenset(
    {UsageRule.VOLUME_OVER_LIMIT, UsageRule.SILENCE_THEN_BURST, UsageRule.USED_BEFORE_ACTIVATION}
)
BREAK: Final = "\n\n"
"""Between the blocks of a letter."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom the letter goes to, and about what."""

    carrier: Organisation
    purchaser: Purchaser
    batch: IndustryBatch
    scope: CardScope | None


@dataclass(frozen=True, slots=True)
class Letter:
    """What the letter is made of; remedy and papers are the house's own where none are given."""

    number: str
    measure: CardMeasure
    cards: Sequence[str]
    """By their first 19 characters; none: the whole batch."""
    findings: Sequence[UsageFinding]
    reason: str
    remedy: str
    papers: str
    reference: str
    """Of the case, where there is one."""
    at: datetime
    lacks: Sequence[Lacking] = ()
    """What the batch may not be used without, and has no more."""


def holder_of(work: Work, batch: IndustryBatch, scope: CardScope | None) -> Holder:
    return Holder(
        work.session.get_one(Organisation, batch.carrier_id),
        work.session.get_one(Purchaser, batch.purchaser_id),
        batch,
        scope,
    )


def letter(language: Language, holder: Holder, told: Letter) -> str:
    """The whole of it, with as many of the findings as it has room for."""
    with in_language(language):
        written = (BREAK.join(_blocks(holder, told, most)) for most in _FINDINGS)
        shortest = BREAK.join(_blocks(holder, told, 0))
        return next((one for one in written if len(one) <= LONGEST_LETTER), shortest)


def usual_remedy(language: Language, at: datetime, carrier: str) -> str:
    """Whom to appeal to and until when, by the rules of the day (appeal_*)."""
    day = china_day(at)
    codes = {
        "window": "case_appeal_window", "accept": "appeal_acceptance", "decide": "appeal_decision",
    }  # fmt: skip
    days = {name: parameter(code, day).value for name, code in codes.items()}
    return texts(language)["order_letter.usual_remedy"].format(carrier=carrier, **days)


def usual_papers(language: Language) -> str:
    return texts(language)["order_letter.usual_papers"]


def _blocks(holder: Holder, told: Letter, most: int) -> Iterator[str]:
    """A block is its heading and its lines; the first is the heading of the letter."""
    carrier, batch = holder.carrier.name, holder.batch
    yield f"{_word('heading')}\n{_word('number', number=told.number)}"
    opening = _word(
        "opening", carrier=carrier, batch=batch.number, card_class=batch.card_class.value,
        product=batch.product or "—", measure=t(f"card_measure.{told.measure}"),
    )  # fmt: skip
    yield f"{_word('to', unit=holder.purchaser.name)}\n{opening}"
    for number, (heading, lines) in enumerate(_sections(holder, told, most), 1):
        yield _block(number, heading, lines)
    yield f"{carrier}\n{_word('day', day=china_day(told.at).isoformat())}"


def _sections(holder: Holder, told: Letter, most: int) -> Iterator[tuple[str, Iterable[str]]]:
    carrier, language = holder.carrier.name, spoken.get()
    yield "measure", [t(f"order_means.{told.measure}"), *_cards(holder.batch, told.cards)]
    yield "reason", [*_facts(told.findings, most), *_lacks(told.lacks), told.reason, *_case(told)]
    yield "ground", _grounds(told)
    if told.measure in RESTRICTS_BATCH:
        yield "emergency", [_emergency(holder.scope)]
    yield "remedy", [told.remedy or usual_remedy(language, told.at, carrier)]
    yield "papers", [told.papers or usual_papers(language)]
    yield "contact", [_word("contact_of", carrier=carrier)]


def _word(key: str, **facts: object) -> str:
    return t(f"order_letter.{key}", **facts)


def _block(number: int, heading: str, lines: Iterable[str]) -> str:
    """Blank lines among the lines are taken out: they part the blocks."""
    kept = [one.strip() for words in lines for one in words.splitlines() if one.strip()]
    numeral = _word("numerals")[number - 1]
    return "\n".join([_word("section", n=numeral, heading=_word(heading)), *kept])


def _cards(batch: IndustryBatch, cards: Sequence[str]) -> Iterator[str]:
    if not cards:
        yield _word("whole_batch", number=batch.number, n=f"{batch.cards:,}")
        return
    yield _word("these_cards", n=f"{len(cards):,}")
    yield "  ".join(cards[:MOST_CARDS])
    if len(cards) > MOST_CARDS:
        yield _word("more_cards", n=f"{len(cards) - MOST_CARDS:,}")


def _facts(findings: Sequence[UsageFinding], most: int) -> Iterator[str]:
    for one in findings[:most]:
        yield fact_of(one)
    if len(findings) > most:
        yield _word("more_findings", n=len(findings) - most)


def _lacks(lacks: Sequence[Lacking]) -> Iterator[str]:
    for one in lacks:
        yield t(f"order_lack.{one.lack}", **one.facts)


def fact_of(finding: UsageFinding) -> str:
    """What was found, in words and in the reader's language."""
    days = str(finding.first_day)
    if finding.last_day != finding.first_day:
        days = _word("days", first=finding.first_day, last=finding.last_day)
    whom = _word("card", iccid=finding.iccid) if finding.iccid else _word("batch_as_whole")
    by = finding.rule or f"{finding.kind}"
    what = t(f"order_fact.{by}", **_measured(finding))
    return _word(
        "fact", number=finding.number, days=days, whom=whom, what=what, seen=_seen(finding)
    )


def _measured(finding: UsageFinding) -> Mapping[str, str]:
    unit = MEGABYTE if finding.rule in _IN_BYTES else 1
    return {
        name: f"{round(amount / unit, 1):,g}"
        for name, amount in (("value", finding.value), ("limit", finding.threshold))
    }


def _seen(finding: UsageFinding) -> str:
    seen = [str(one) for one in finding.facts.get("seen", ())][:_SEEN]
    if not seen or finding.rule not in _IN_WORDS:
        return ""
    return _word("seen", what=", ".join(seen)[:_LONGEST_SEEN])


def _case(told: Letter) -> Iterator[str]:
    if told.reference:
        yield _word("of_case", reference=told.reference)


def _grounds(told: Letter) -> Iterator[str]:
    """The duty to act (004-2.3-h) or to vet (004-2.3-c), and the articles of the Anti-Fraud Law."""
    if told.lacks:
        yield _word("ground_vetting")
        yield _word("ground_12_unfit")
    else:
        yield _word("ground_duty")
        yield _word("ground_12")
    if any(one.kind is FindingKind.IOT_RESALE for one in told.findings):
        yield _word("ground_31")
    yield _word("ground_32")


def _emergency(scope: CardScope | None) -> str:
    """Also of cards that have no voice: whatever can call reaches help (004-4.3-c)."""
    has_voice = scope is not None and scope.voice != "off"
    return _word("emergency_open" if has_voice else "emergency_no_voice")
