"""A run without a plan and without a database: a mapping file in, a line a listing out."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO, Any, Final

from console.actions.patrol.asking import Road, fault_facts, fetcher_for, put_along
from console.actions.patrol.listings import shop_key
from console.actions.patrol.looks import Look, look_at_pictures, page_of_shop
from console.actions.patrol.traits import Words, traits_of
from console.desk import Desk
from integrations.evidence import Capture
from integrations.marketplaces.listing import Listing
from integrations.marketplaces.mapping import Source
from integrations.marketplaces.route import Route
from integrations.marketplaces.walk import first_steps
from integrations.vault import Vault
from models.canonical import canonical
from models.patrol.judge import (
    Judged,
    Offer,
    Register,
    SeenBadge,
    ShopFacts,
    judge_all,
    numbers_in,
)
from models.patrol.links import TraitKind
from models.patrol.operators import Trait, clusters_of, links_of, same_pictures
from models.patrol.screening import Screened, screen
from models.permissions import Permission
from models.rules import china_day
from models.tokens import Verdict as BadgeVerdict

_MOST_OFFERS: Final = 50
"""Flagged offers of one shop that are kept in memory: what is judged and compared."""
_ABOUT: Final = "patrol without a plan"


@dataclass(slots=True)
class Summary:
    """What a loose run met."""

    asked: int = 0
    listings: int = 0
    cards: int = 0
    shops: int = 0
    cases: int = 0
    pictures: int = 0
    operators: int = 0
    """Groups of shops that seem to be one operator's."""
    faults: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


@dataclass(slots=True)
class _ShopSoFar:
    name: str = ""
    seen: int = 0
    numbers: dict[str, None] = field(default_factory=dict[str, None])
    offers: list[Offer] = field(default_factory=list[Offer])
    words: list[Words] = field(default_factory=list[Words])
    images: list[tuple[str, Sequence[str]]] = field(default_factory=list[tuple[str, Sequence[str]]])
    look: Look = field(default_factory=Look)


def run_loose(  # noqa: PLR0913 - what a run needs
    desk: Desk,
    source: Source,
    register: Register,
    out: IO[str],
    *,
    secrets: Mapping[str, str] | None = None,
    on: date | None = None,
) -> Summary:
    """Walk a source and write what was read, what is a card, whose case it is, and which shops
    seem to be one operator's.

    Offers wait in a file until their shop is known whole, so memory holds shops alone.
    """
    desk.actor.must(Permission.PATROL_RUN)
    summary, shops = Summary(), dict[str, _ShopSoFar]()
    road = Road(source, fetcher_for(desk.house.settings, source), secrets or {}, register)
    with TemporaryFile("w+", encoding="utf-8") as kept:
        for listing in _walk(desk, road, summary):
            kept.write(json.dumps(_line(listing, shops, summary), ensure_ascii=False) + "\n")
        for key, shop in shops.items():
            _look(desk, road, key, shop, summary)
        judged = _judged(source.platform, shops, register, on or china_day(desk.now()))
        operators = _operators(shops)
        summary.shops, summary.operators = len(shops), len(set(operators.values()))
        summary.cases = sum(_is_case(one) for one in judged.values())
        kept.seek(0)
        for text in kept:
            line = json.loads(text)
            key = line.pop("key")
            line |= _said(judged.get(key)) | {"operator": operators.get(key)}
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
    return summary


def _walk(desk: Desk, road: Road, summary: Summary) -> Iterator[Listing]:
    route = Route(road.source, set())
    route.add(first_steps(road.source))
    for step, seen in put_along(desk.house, road, route, _ABOUT):
        summary.asked += 1
        for news in route.took(step, seen.done):
            if isinstance(news, Listing):
                yield news
            else:
                summary.faults.append(fault_facts(news))
    summary.faults += [fault_facts(fault) for fault in route.end()]


def _line(listing: Listing, shops: dict[str, _ShopSoFar], summary: Summary) -> dict[str, Any]:
    found = screen(listing.title, listing.description, shop_name=listing.shop_name)
    key = shop_key(listing)
    shop = shops.setdefault(key, _ShopSoFar())
    shop.name = shop.name or listing.shop_name
    shop.seen += 1
    shown = [listing.licence_no, *numbers_in(listing.description, listing.title)]
    shop.numbers |= dict.fromkeys(number for number in shown if number)
    if found.is_flagged and len(shop.offers) < _MOST_OFFERS:
        _remember(shop, listing, found)
    summary.listings += 1
    summary.cards += found.is_card
    return {
        "sku": listing.listing_id,
        "shop_id": listing.shop_id,
        "shop": listing.shop_name,
        "title": listing.title,
        "url": listing.url,
        "price": None if listing.price is None else float(listing.price),
        "currency": listing.currency,
        "sales": listing.sales,
        "flag": found.is_card,
        "label": found.label.value,
        "kind": found.kind.value,
        "score": found.score,
        "reasons": list(found.reasons),
        "operator": None,
        "key": key,
    }


def _remember(shop: _ShopSoFar, listing: Listing, found: Screened) -> None:
    shop.offers.append(
        Offer(
            listing.listing_id,
            listing.title,
            found.label,
            found.kind,
            found.score,
            found.severity,
            tuple(found.reasons),
            listing.sales or 0,
        )
    )
    shop.words.append(Words(listing.title, listing.description, listing.extra))
    shop.images.append((listing.url, listing.images))


def _look(desk: Desk, road: Road, key: str, shop: _ShopSoFar, summary: Summary) -> None:
    """The pictures of what is flagged, each shop's with their own evidence."""
    if not any(images for _, images in shop.images):
        return
    house, url = desk.house, shop.images[0][0]
    with Capture(house.evidence, f"{_ABOUT}: pictures", url, now=house.now) as capture:
        fetcher = road.fetcher.recording(capture.recorder)
        shop.look = look_at_pictures(
            house, fetcher, shop.images, page_of_shop(road.source.platform, key)
        )
        fields = {"shop": key, "pictures": [one.sha256 for one in shop.look.pictures]}
        capture.bundle(fields, canonical({"register_sha256": road.register.digest}))
    summary.asked += len(shop.look.pictures) + len(shop.look.faults)
    summary.pictures += len(shop.look.pictures)
    summary.faults += [fault_facts(fault) for fault in shop.look.faults]


def _judged(
    platform: str, shops: Mapping[str, _ShopSoFar], register: Register, on: date
) -> dict[str, Judged]:
    return {
        key: judge_all(
            ShopFacts(
                platform,
                key,
                shop.name,
                tuple(shop.numbers),
                offers=tuple(shop.offers),
                seen=shop.seen,
                badges=tuple(_badges(shop.look)),
                alike=register.alike(shop.name),
            ),
            register,
            on,
        )
        for key, shop in shops.items()
        if shop.offers
    }


def _badges(look: Look) -> Iterator[SeenBadge]:
    for one in look.pictures:
        if one.badge.verdict:
            yield SeenBadge(BadgeVerdict(one.badge.verdict), one.badge.agent_no, one.sha256)


def _is_case(judged: Judged | None) -> bool:
    """It sells cards without a right to, and of that the machine is sure."""
    if judged is None or judged.right is None or judged.right.against is None:
        return False
    ground = judged.right.against.ground
    return not any(one.is_unsure for one in judged.found if one.ground is ground)


def _said(judged: Judged | None) -> dict[str, Any]:
    against = judged.right.against if judged and judged.right else None
    found = judged.found if judged else ()
    return {
        "case": _is_case(judged),
        "ground": against.ground.value if against else None,
        "basis": against.basis.value if against else None,
        "findings": [
            {"kind": one.kind.value, "ground": one.ground.value, "tier": one.tier.value,
             "basis": one.basis.value, "unsure": one.is_unsure}
            for one in found
        ],
    }  # fmt: skip


def _operators(shops: Mapping[str, _ShopSoFar]) -> dict[str, str]:
    """Of shops with flagged offers, a label for those that seem to be one operator's.

    The key under which contacts are compared is thrown away with the run.
    """
    sharers, likenesses = dict[Trait, dict[str, float]](), dict[str, list[str]]()
    sellers = {key: shop for key, shop in shops.items() if shop.offers}
    with TemporaryDirectory(prefix="loose-") as folder:
        vault = Vault(Path(folder))
        for key, shop in sellers.items():
            for trait, shown in traits_of(shop.words, list(shop.numbers), vault).items():
                sharers.setdefault(trait, {})[key] = shown.strength
            likenesses[key] = [one.likeness for one in shop.look.pictures if one.likeness]
    one_of = same_pictures(value for values in likenesses.values() for value in values)
    for key, values in likenesses.items():
        for value in values:
            sharers.setdefault((TraitKind.PICTURE, one_of[value]), {})[key] = 1.0
    links = links_of(sharers, len(sellers))
    clusters = clusters_of((link.one, link.other) for link in links)
    return {key: f"OP-{number}" for number, keys in enumerate(clusters, 1) for key in keys}
