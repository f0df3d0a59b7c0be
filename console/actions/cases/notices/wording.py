"""The words of a notice, in Chinese and below it in English, drafted from what was found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from console.i18n import Language, texts
from models.cases.cases import Case
from models.cases.measures import CaseMeasure, Measure
from models.cases.notices import NoticeKind
from models.patrol.findings import Finding
from models.patrol.shops import SeenListing, Shop
from models.rules import FindingKind, Parameter, Unit, package_rules

MOST_LISTINGS: Final = 50
BOTH: Final = "both"
"""Chinese and below it English; else one of the languages alone."""
_PAUSE: Final = "\n\n----------\n\n"
_SUBJECT_SHOP: Final = 80
_BEIJING: Final = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a notice rests on."""

    case: Case
    shop: Shop | None
    """None of a case against a channel off the platforms."""
    findings: Sequence[Finding]
    listings: Sequence[SeenListing]
    sender: str
    orders: Sequence[CaseMeasure]
    acknowledge: Parameter
    answer: Parameter

    @property
    def asked(self) -> list[Measure]:
        """What is asked for, the gravest last."""
        return [one.measure for one in self.orders]


@dataclass(frozen=True, slots=True)
class About:
    """What one organisation tells or asks another about a shop, without a case between them."""

    kind: NoticeKind
    sender: str
    recipient: str
    shop: Shop | None
    finding: Finding | None
    agent: str
    """Number and name of the agent, or the licence's number, as they are published."""
    words: str
    evidence: Sequence[str]
    acknowledge: Parameter
    answer: Parameter


def languages_of(language: str) -> Sequence[Language]:
    return list(Language) if language == BOTH else [Language(language)]


def subject_of(number: str, grounds: Grounds, language: str = BOTH) -> str:
    shop = grounds.case.shop_name[:_SUBJECT_SHOP]
    words = texts(languages_of(language)[0])
    return words["notice_words.subject"].format(number=number, shop=shop)


def body_of(number: str, grounds: Grounds, language: str = BOTH) -> str:
    return _PAUSE.join(_body(one, number, grounds) for one in languages_of(language))


def subject_about(number: str, about: About, language: str) -> str:
    words = texts(languages_of(language)[0])
    shop = about.shop.name[:_SUBJECT_SHOP] if about.shop else about.agent[:_SUBJECT_SHOP]
    return words[f"notice_{about.kind}.subject"].format(number=number, shop=shop)


def body_about(number: str, about: About, language: str) -> str:
    return _PAUSE.join(_about(one, number, about) for one in languages_of(language))


def _about(language: Language, number: str, about: About) -> str:
    words, shop, finding = texts(language), about.shop, about.finding
    return words[f"notice_{about.kind}.body"].format(
        number=number,
        sender=about.sender,
        recipient=about.recipient,
        agent=about.agent or "—",
        platform=shop.platform if shop else "—",
        shop=shop.name if shop else "—",
        shop_id=shop.shop_key if shop else "—",
        shop_url=(shop.url if shop else "") or "—",
        shown=(shop.licence_shown if shop else "") or "—",
        ground=words[f"notice_ground.{finding.ground}"] if finding else "—",
        rules=_rule(language, finding.kind) if finding else "—",
        words=about.words or "—",
        evidence="\n".join(f"sha256:{digest}" for digest in about.evidence) or "—",
        acknowledge=_within(language, about.acknowledge),
        answer=_within(language, about.answer),
    )


def _body(language: Language, number: str, grounds: Grounds) -> str:
    words, case = texts(language), grounds.case
    kinds = list(dict.fromkeys(one.kind for one in grounds.findings)) or [case.kind]
    evidence = sorted({digest for one in grounds.findings for digest in one.evidence})
    return words["notice_words.body"].format(
        number=number,
        reference=case.reference,
        sender=grounds.sender,
        shop=case.shop_name or "—",
        shop_id=case.shop_key or "—",
        shop_url=(grounds.shop.url if grounds.shop else "") or "—",
        ground=words[f"notice_ground.{case.ground}"],
        rules="\n".join(_rule(language, kind) for kind in kinds),
        listings="\n".join(_listing(words["notice_words.listing"], one) for one in _few(grounds))
        or words["notice_words.no_listing"],
        evidence="\n".join(f"sha256:{digest}" for digest in evidence) or "—",
        asked="\n".join(words[f"notice_asked.{one}"] for one in grounds.asked),
        reason="\n".join(dict.fromkeys(one.reason for one in grounds.orders)),
        acknowledge=_within(language, grounds.acknowledge),
        answer=_within(language, grounds.answer),
        remedy="\n".join(dict.fromkeys(one.remedy for one in grounds.orders)),
        papers="\n".join(dict.fromkeys(one.papers for one in grounds.orders if one.papers)) or "—",
    )


def _few(grounds: Grounds) -> Sequence[SeenListing]:
    return grounds.listings[:MOST_LISTINGS]


def _listing(pattern: str, listing: SeenListing) -> str:
    at = listing.seen_at.astimezone(_BEIJING)
    return pattern.format(
        title=listing.title_seen, url=listing.url, at=f"{at:%Y-%m-%d %H:%M}", id=listing.listing_id
    )


def _rule(language: Language, kind: FindingKind) -> str:
    rule = package_rules().finding(kind)
    name = rule.zh if language is Language.ZH else kind.value.replace("_", " ")
    duties = f" ({', '.join(rule.duties)})" if rule.duties else ""
    return f"{name}: {rule.source}{duties}"


def _within(language: Language, time: Parameter) -> str:
    """How long, in words: the letter is drafted before the moment from which it counts."""
    words = texts(language)
    if time.unit is Unit.AT_ONCE or not time.value:
        return words["notice_words.same_day"]
    key = "working_days" if time.unit is Unit.WORKING_DAYS else "days"
    return words[f"notice_words.{key}"].format(n=time.value)
