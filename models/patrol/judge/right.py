"""Whether a shop that sells cards may do so."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Final

from models.channel.licences import Ground, Product
from models.patrol.judge.register import Entry, Register, same_holder
from models.patrol.judge.words import Basis, Judgement, ShopFacts, Verdict
from models.patrol.screening.labels import Label, OfferKind
from models.rules import FindingKind, package_rules
from models.tokens import Verdict as BadgeVerdict

_PRODUCT_OFFERS: Final = 2
"""One offer of another product may be misread; so many are a line of goods."""
_PRODUCT_SCORE: Final = 0.8
_PRODUCTS: Final[Mapping[OfferKind, Product]] = {
    OfferKind.PHONE_CARD: Product.VOICE_CARD,
    OfferKind.NUMBER: Product.VOICE_CARD,
    OfferKind.DATA_CARD: Product.DATA_CARD,
}
_KINDS: Final[Mapping[Ground, FindingKind]] = {
    Ground.NO_BUSINESS_LICENCE: FindingKind.NO_BUSINESS_LICENCE,
    Ground.NO_DELEGATION: FindingKind.NO_DELEGATION,
    Ground.NOT_BEGUN: FindingKind.NO_DELEGATION,
    Ground.EXPIRED: FindingKind.NO_DELEGATION,
    Ground.NOT_IN_FORCE: FindingKind.NO_DELEGATION,
    Ground.OUT_OF_SCOPE: FindingKind.SCOPE_EXCEEDED,
    Ground.SOMEONE_ELSES_NUMBER: FindingKind.FAKE_AGENCY,
}
OF_RIGHT: Final = frozenset(_KINDS.values())
"""The kinds that answer one question: whether the shop may sell cards."""
_BASES: Final[Mapping[Ground, Basis]] = {
    Ground.NOT_BEGUN: Basis.NOT_YET,
    Ground.EXPIRED: Basis.NO_LONGER,
    Ground.NOT_IN_FORCE: Basis.NOT_ACTIVE,
    Ground.OUT_OF_SCOPE: Basis.SHOP_NOT_NAMED,
}
# Of several licences the one that comes nearest to covering the shop says what is wrong.
_NEAREST: Final = (Ground.OUT_OF_SCOPE, Ground.NOT_BEGUN, Ground.EXPIRED, Ground.NOT_IN_FORCE)


def judge(shop: ShopFacts, register: Register, on: date, *, is_reseller: bool = False) -> Verdict:
    """Judge a shop that sells cards. One that sells none is not judged at all.

    `is_reseller`: whose network's cards are sold, where that changes how grave it is.
    """
    names = register.names_of(shop.platform, shop.key, shop.url)
    own = [
        *register.of_names(names),
        *(
            entry
            for number in shop.numbers
            for entry in register.of_number(number)
            if same_holder(entry.holder, shop.name)
        ),
    ]
    grounds = [(entry.ground(names, shop.sells_in, on), entry) for entry in own]
    lawful = [entry for ground, entry in grounds if ground is None]
    if lawful:
        return _within(shop, lawful, is_reseller=is_reseller)
    if shop.has_business_licence is False:
        return _against(Ground.NO_BUSINESS_LICENCE, Basis.NO_FIRM, is_reseller=is_reseller)
    for wanted in _NEAREST:
        near = next((entry for ground, entry in grounds if ground is wanted), None)
        if near is not None:
            basis = _basis(wanted, near, names)
            return _against(wanted, basis, near.number, near.holder, is_reseller=is_reseller)
    return _stranger(shop, register, is_reseller=is_reseller)


def _within(shop: ShopFacts, lawful: list[Entry], *, is_reseller: bool) -> Verdict:
    """It has licences; whether what it sells is among what they name."""
    first = lawful[0]
    named = {product for entry in lawful for product in entry.products}
    lines = Counter(
        _PRODUCTS[offer.kind]
        for offer in shop.offers
        if offer.label is Label.SELLS_CARD
        and offer.kind in _PRODUCTS
        and offer.score >= _PRODUCT_SCORE
    )
    beyond = sorted(
        product
        for product, times in lines.items()
        if times >= _PRODUCT_OFFERS and product not in named
    )
    if not beyond or not all(entry.products for entry in lawful):
        return Verdict(None, first)
    found = _against(
        Ground.OUT_OF_SCOPE,
        Basis.PRODUCT_NOT_NAMED,
        first.number,
        first.holder,
        is_reseller=is_reseller,
    )
    return Verdict(found.against, first)


def _basis(ground: Ground, entry: Entry, names: frozenset[str]) -> Basis:
    if ground is Ground.OUT_OF_SCOPE and (entry.shops is None or names & entry.shops):
        return Basis.PROVINCE_NOT_NAMED
    return _BASES[ground]


def _stranger(shop: ShopFacts, register: Register, *, is_reseller: bool) -> Verdict:
    """No licence is this shop's: whose number it shows, if it shows one, makes the ground."""
    for badge in shop.badges:
        if badge.verdict is BadgeVerdict.VALID:
            return Verdict(None, _entry_of(badge.agent_no, register), badge.agent_no)
    for number in shop.numbers:
        for entry in register.of_number(number):
            return _against(
                Ground.SOMEONE_ELSES_NUMBER,
                Basis.NUMBER_OF_ANOTHER,
                number,
                entry.holder,
                is_reseller=is_reseller,
            )
    claimed = shop.numbers[0] if shop.numbers else ""
    if claimed:
        basis = Basis.NUMBER_UNKNOWN
    else:
        basis = Basis.LOOKS_LIKE if shop.alike else Basis.NOTHING_SHOWN
    return _against(Ground.NO_DELEGATION, basis, claimed, is_reseller=is_reseller)


def _entry_of(agent_no: str, register: Register) -> Entry | None:
    return next(iter(register.of_number(agent_no)), None) if agent_no else None


def _against(
    ground: Ground, basis: Basis, claimed: str = "", holder: str = "", *, is_reseller: bool
) -> Verdict:
    kind = _KINDS[ground]
    tier = package_rules().finding(kind).tier_for(is_reseller=is_reseller)
    return Verdict(Judgement(ground, kind, tier, basis, claimed, holder))
