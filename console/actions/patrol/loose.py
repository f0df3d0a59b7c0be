"""A run without a plan and without a database: a mapping file in, a line a listing out."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from tempfile import TemporaryFile
from typing import IO, Any

from console.actions.patrol.asking import Road, fault_facts, fetcher_for, put
from console.actions.patrol.listings import shop_key
from console.desk import Desk
from integrations.marketplaces.listing import Listing
from integrations.marketplaces.mapping import Source
from integrations.marketplaces.route import Route
from integrations.marketplaces.walk import first_steps
from models.patrol.judge import Register, ShopFacts, Verdict, judge, numbers_in
from models.patrol.screening import screen
from models.permissions import Permission
from models.rules import china_day


@dataclass(slots=True)
class Summary:
    """What a loose run met."""

    asked: int = 0
    listings: int = 0
    cards: int = 0
    shops: int = 0
    cases: int = 0
    faults: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


@dataclass(slots=True)
class _ShopSoFar:
    name: str = ""
    sells_cards: bool = False
    numbers: dict[str, None] = field(default_factory=dict[str, None])


def run_loose(  # noqa: PLR0913 - what a run needs
    desk: Desk,
    source: Source,
    register: Register,
    out: IO[str],
    *,
    secrets: Mapping[str, str] | None = None,
    on: date | None = None,
) -> Summary:
    """Walk a source and write what was read, what is a card, and whose case it is.

    Offers wait in a file until their shop is known whole, so memory holds shops alone.
    """
    desk.actor.must(Permission.PATROL_RUN)
    summary, shops = Summary(), dict[str, _ShopSoFar]()
    road = Road(source, fetcher_for(desk.house.settings, source), secrets or {}, register)
    with TemporaryFile("w+", encoding="utf-8") as kept:
        for listing in _walk(desk, road, summary):
            kept.write(json.dumps(_line(listing, shops, summary), ensure_ascii=False) + "\n")
        verdicts = _judged(source.platform, shops, register, on or china_day(desk.now()))
        summary.shops = len(shops)
        summary.cases = sum(verdict.against is not None for verdict in verdicts.values())
        kept.seek(0)
        for text in kept:
            line = json.loads(text)
            verdict = verdicts.get(line.pop("key"))
            against = verdict.against if verdict else None
            line["case"] = against is not None
            line["ground"] = against.ground.value if against else None
            line["basis"] = against.basis.value if against else None
            out.write(json.dumps(line, ensure_ascii=False) + "\n")
    return summary


def _walk(desk: Desk, road: Road, summary: Summary) -> Iterator[Listing]:
    route = Route(road.source, set())
    route.add(first_steps(road.source))
    while (step := route.next()) is not None:
        seen = put(desk.house, road, step, "patrol without a plan")
        summary.asked += 1
        for news in route.took(step, seen.done):
            if isinstance(news, Listing):
                yield news
            else:
                summary.faults.append(fault_facts(news))
    summary.faults += [fault_facts(fault) for fault in route.end()]


def _line(listing: Listing, shops: dict[str, _ShopSoFar], summary: Summary) -> dict[str, Any]:
    found = screen(listing.title, listing.description)
    key = shop_key(listing)
    shop = shops.setdefault(key, _ShopSoFar())
    shop.name = shop.name or listing.shop_name
    shop.sells_cards = shop.sells_cards or found.is_card
    shown = [listing.licence_no, *numbers_in(listing.description, listing.title)]
    shop.numbers |= dict.fromkeys(number for number in shown if number)
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
        "score": found.score,
        "reasons": list(found.reasons),
        "operator": None,
        "key": key,
    }


def _judged(
    platform: str, shops: Mapping[str, _ShopSoFar], register: Register, on: date
) -> dict[str, Verdict]:
    return {
        key: judge(ShopFacts(platform, key, shop.name, tuple(shop.numbers)), register, on)
        for key, shop in shops.items()
        if shop.sells_cards
    }
