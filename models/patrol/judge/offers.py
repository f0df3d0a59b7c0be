"""All that is held against one shop: its right, what it offers, and the badges it shows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Final

from models.channel.licences import Ground
from models.patrol.judge.register import Entry, Register
from models.patrol.judge.right import judge
from models.patrol.judge.words import Basis, Judged, Judgement, Offer, SeenBadge, ShopFacts, Verdict
from models.patrol.screening.labels import Label, OfferKind
from models.rules import FindingKind, package_rules
from models.tokens import Verdict as BadgeVerdict

_FORBIDDEN: Final[Mapping[Label, FindingKind]] = {
    Label.REAL_NAME_SERVICE: FindingKind.FALSE_REGISTRATION,
    Label.READER_CRACK_TOOL: FindingKind.IDREADER_CRACK_TOOL,
    Label.ILLEGAL_DEVICE: FindingKind.ILLEGAL_DEVICE,
}
_DEAD: Final[Mapping[BadgeVerdict, Ground]] = {
    BadgeVerdict.REVOKED: Ground.NOT_IN_FORCE,
    BadgeVerdict.SUSPENDED: Ground.NOT_IN_FORCE,
    BadgeVerdict.EXPIRED: Ground.EXPIRED,
}
_BADGES: Final[Mapping[BadgeVerdict, tuple[Ground, Basis]]] = {
    BadgeVerdict.WRONG_SHOP: (Ground.SOMEONE_ELSES_BADGE, Basis.BADGE_OF_ANOTHER),
    BadgeVerdict.FORGED: (Ground.FORGED_BADGE, Basis.BADGE_FORGED),
    BadgeVerdict.NOT_OURS: (Ground.FORGED_BADGE, Basis.BADGE_IMITATED),
}
_SURE: Final = 0.75
_SURE_AMONG_MANY: Final = 0.99
_MANY: Final = 8
_EXPLAINED: Final = 10
"""Offers that a finding explains word by word; it rests on all of them."""


def judge_all(
    shop: ShopFacts, register: Register, on: date, *, is_reseller: bool = False
) -> Judged:
    """Everything against a shop, its right to sell cards first. The lawful have nothing."""
    cards = tuple(offer for offer in shop.offers if offer.label is Label.SELLS_CARD)
    right = judge(shop, register, on, is_reseller=is_reseller) if cards else None
    by = right.by if right else _holder(shop, register)
    offered = [
        replace(one, is_unsure=_unsure(one.offers, shop.seen))
        for one in _of_offers(shop, cards, is_reseller=is_reseller)
    ]
    found = [*_of_right(shop, cards, right), *offered, *_of_badges(shop, right, by)]
    return Judged(tuple(replace(one, facts=_explained(one)) for one in found), right)


def _of_right(
    shop: ShopFacts, cards: tuple[Offer, ...], right: Verdict | None
) -> Iterator[Judgement]:
    if right is not None and right.against is not None:
        alike = [asdict(one) for one in shop.alike]
        facts = {"alike": alike} if alike else dict[str, object]()
        yield replace(
            right.against,
            offers=cards,
            badges=shop.badges,
            is_unsure=_unsure(cards, shop.seen),
            facts=facts,
        )


def _of_offers(
    shop: ShopFacts, cards: tuple[Offer, ...], *, is_reseller: bool
) -> Iterator[Judgement]:
    """What nobody may offer in a shop, licensed or not."""
    industry = tuple(offer for offer in cards if offer.kind is OfferKind.IOT_CARD)
    if industry:
        yield _found(FindingKind.IOT_CARD_ONLINE, Ground.INDUSTRY_CARD, Basis.OFFERS, industry,
                     is_reseller=is_reseller)  # fmt: skip
    for label, kind in _FORBIDDEN.items():
        offers = tuple(offer for offer in shop.offers if offer.label is label)
        if offers:
            yield _found(kind, Ground.FORBIDDEN_OFFER, Basis.OFFERS, offers)


def _of_badges(shop: ShopFacts, right: Verdict | None, by: Entry | None) -> Iterator[Judgement]:
    """One judgement a ground, whatever the number of pictures."""
    seen = dict[tuple[FindingKind, Ground, Basis], list[SeenBadge]]()
    for badge in shop.badges:
        if badge.verdict in _BADGES:
            ground, basis = _BADGES[badge.verdict]
            seen.setdefault((FindingKind.BADGE_MISUSE, ground, basis), []).append(badge)
        elif badge.verdict in _DEAD:
            kind = _dead_kind(badge, right, by)
            key = (kind, _DEAD[badge.verdict], Basis.BADGE_DEAD)
            seen.setdefault(key, []).append(badge)
    for (kind, ground, basis), badges in seen.items():
        found = _found(kind, ground, basis, shop.offers)
        yield replace(found, badges=tuple(badges), claimed=badges[0].agent_no)


def _dead_kind(badge: SeenBadge, right: Verdict | None, by: Entry | None) -> FindingKind:
    """An old badge of its own on a lawful shop is a display that lacks; else it is misuse."""
    is_lawful = right is None or right.against is None
    is_own = by is not None and badge.agent_no in {by.agent_no, ""}
    return FindingKind.BADGE_MISSING if is_lawful and is_own else FindingKind.BADGE_MISUSE


def _holder(shop: ShopFacts, register: Register) -> Entry | None:
    names = register.names_of(shop.platform, shop.key, shop.url)
    return next(iter(register.of_names(names)), None)


def _found(
    kind: FindingKind,
    ground: Ground,
    basis: Basis,
    offers: tuple[Offer, ...],
    *,
    is_reseller: bool = False,
) -> Judgement:
    tier = package_rules().finding(kind).tier_for(is_reseller=is_reseller)
    return Judgement(ground, kind, tier, basis, offers=offers)


def _unsure(offers: Sequence[Offer], seen: int) -> bool:
    """Of a hundred offers that are none the screen takes one for a card. Two in one shop are
    hardly chance; one alone is, the likelier the more other goods stand beside it.
    """
    sure = _SURE if seen < _MANY else _SURE_AMONG_MANY
    return len(offers) == 1 and offers[0].score < sure


def _explained(found: Judgement) -> dict[str, object]:
    """What people read beside the finding; JSON."""
    rule = package_rules().finding(found.kind)
    facts: dict[str, object] = {
        **found.facts,
        "outcomes": [outcome.value for outcome in rule.outcomes],
        "cannot_be_lowered": rule.cannot_be_lowered,
        "unsure": found.is_unsure,
        "offers": [
            {
                "id": offer.id,
                "title": offer.title[:200],
                "label": offer.label.value,
                "kind": offer.kind.value,
                "score": round(offer.score, 3),
                "severity": offer.severity,
                "reasons": list(offer.reasons),
            }
            for offer in sorted(found.offers, key=lambda one: -one.severity)[:_EXPLAINED]
        ],
    }
    if found.claimed:
        facts |= {"number": found.claimed, "holder": found.holder}
    if found.badges:
        facts["badges"] = [
            {"verdict": badge.verdict.value, "agent_no": badge.agent_no, "picture": badge.picture}
            for badge in found.badges
        ]
    return facts
