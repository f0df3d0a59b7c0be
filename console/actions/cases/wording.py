"""The words of a notice, in Chinese and below it in English, drafted from what was found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from console.i18n import Language, texts
from models.cases.cases import Case
from models.patrol.findings import Finding
from models.patrol.shops import SeenListing, Shop
from models.rules import FindingKind, Parameter, Unit, package_rules

MOST_LISTINGS: Final = 50
_SUBJECT_SHOP: Final = 80
_BEIJING: Final = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a notice rests on."""

    case: Case
    shop: Shop
    findings: Sequence[Finding]
    listings: Sequence[SeenListing]
    sender: str
    acknowledge: Parameter
    answer: Parameter


def subject_of(number: str, grounds: Grounds) -> str:
    shop = grounds.shop.name[:_SUBJECT_SHOP]
    return texts(Language.ZH)["notice_words.subject"].format(number=number, shop=shop)


def body_of(number: str, grounds: Grounds) -> str:
    parts = [_body(language, number, grounds) for language in (Language.ZH, Language.EN)]
    return "\n\n----------\n\n".join(parts)


def _body(language: Language, number: str, grounds: Grounds) -> str:
    words, case, shop = texts(language), grounds.case, grounds.shop
    kinds = list(dict.fromkeys(one.kind for one in grounds.findings)) or [case.kind]
    evidence = sorted({digest for one in grounds.findings for digest in one.evidence})
    return words["notice_words.body"].format(
        number=number,
        reference=case.reference,
        sender=grounds.sender,
        shop=shop.name,
        shop_id=shop.shop_key,
        shop_url=shop.url or "—",
        ground=words[f"notice_ground.{case.ground}"],
        rules="\n".join(_rule(language, kind) for kind in kinds),
        listings="\n".join(_listing(words["notice_words.listing"], one) for one in _few(grounds))
        or words["notice_words.no_listing"],
        evidence="\n".join(f"sha256:{digest}" for digest in evidence) or "—",
        asked=words[f"notice_asked.{case.measure}"],
        reason=case.reason,
        acknowledge=_within(language, grounds.acknowledge),
        answer=_within(language, grounds.answer),
        remedy=case.remedy,
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
