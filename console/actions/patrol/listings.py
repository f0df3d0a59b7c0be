"""What a page showed, put into tables: shops, offers, and the steps that follow."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped
from sqlmodel import col, select

from console.actions.patrol.screened import Said, clean, words
from console.desk import Desk, Order, Slice, Work
from integrations.marketplaces.listing import Listing
from models.base import Table, new_id
from models.patrol.judge import numbers_in
from models.patrol.runs import PatrolRun, Phase, RunStep
from models.patrol.screening import FLAGGED, Label, Screened
from models.patrol.shops import SeenListing, Shop
from models.permissions import Permission
from models.refusals import Invalid
from models.search import plain_text
from models.tokens import OWN_SITE, canonical_shop, canonical_site

JUDGE: Final = "judge:"
LOOK: Final = "look:"
_MOST_MONEY: Final = Decimal(10) ** 12
_MOST_SALES: Final = 2**31 - 1
_LONG_TEXT: Final = 4000
_LICENCE_ROOM: Final = 200


@dataclass(frozen=True, slots=True)
class Kept:
    """How much of a page was new."""

    listings: int
    cards: int
    shops: int
    flagged: int
    news: int
    """Flagged ones that the organisation never saw on that platform before."""


def insert_new(
    work: Work, table: type[Table], rows: Sequence[Mapping[str, Any]], keys: Sequence[str]
) -> set[UUID]:
    """Insert the rows that are not there yet, by the table's unique key; the ids of the new."""
    if not rows:
        return set()
    dialect = work.session.get_bind().dialect.name
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    identity = cast("Mapped[UUID]", inspect(table).primary_key[0])
    statement = (
        insert(table)
        .values(list(rows))
        .on_conflict_do_nothing(index_elements=list(keys))
        .returning(identity)
    )
    return set(work.session.connection().execute(statement).scalars())


def keep_page(
    work: Work,
    run: PatrolRun,
    listings: Sequence[Listing],
    manifest: str | None,
    said: Said,
) -> Kept:
    """Put the listings of one page away. The same page twice changes nothing but when it was seen.

    Of an offer that a run meets on two pages the first stays.
    """
    if not listings:
        return Kept(0, 0, 0, 0, 0)
    shops, fresh = _keep_shops(work, run, listings)
    found = [said.of[words(one.title, one.description)] for one in listings]
    rows = [
        _row(run, shops[shop_key(listing)].id, listing, one, manifest)
        for listing, one in zip(listings, found, strict=True)
    ]
    once = {row["listing_id"]: row for row in reversed(rows)}
    for known in _known(work, run, once):
        once[known]["is_new"] = False
    new = insert_new(work, SeenListing, list(once.values()), ["run_id", "listing_id"])
    kept = [row for row in once.values() if row["id"] in new]
    flagged = [row for row in kept if row["label"] != Label.NOT_CARD]
    if run.source_id is not None:
        look = {row["shop_id"] for row in flagged}
        _add_shop_steps(work, run, LOOK, sorted(look), Phase.LOOK)
    done = Kept(
        listings=len(kept),
        cards=sum(row["is_card"] for row in kept),
        shops=fresh,
        flagged=len(flagged),
        news=sum(row["is_new"] for row in flagged),
    )
    _count(run, done, said.version)
    return done


def _known(work: Work, run: PatrolRun, ids: Iterable[str]) -> Sequence[str]:
    """Which of these an earlier run of the organisation saw on that platform."""
    return work.session.exec(
        select(SeenListing.listing_id)
        .where(SeenListing.organisation_id == run.organisation_id)
        .where(SeenListing.platform == run.platform, col(SeenListing.listing_id).in_(list(ids)))
        .where(SeenListing.run_id != run.id)
        .distinct()
    ).all()


def _count(run: PatrolRun, kept: Kept, engine: str) -> None:
    run.listings += kept.listings
    run.cards += kept.cards
    run.shops += kept.shops
    run.flagged += kept.flagged
    run.news += kept.news
    run.engine = engine[:100]


def _add_shop_steps(
    work: Work, run: PatrolRun, prefix: str, shops: Iterable[UUID], phase: Phase
) -> None:
    rows: list[dict[str, Any]] = [
        {"id": new_id(), "run_id": run.id, "key": f"{prefix}{shop.hex}",
         "step": {"shop": str(shop)}, "phase": phase, "is_done": False}
        for shop in shops
    ]  # fmt: skip
    run.steps += len(insert_new(work, RunStep, rows, ["run_id", "key"]))


def shop_key(listing: Listing) -> str:
    """The canonical id of an offer's shop; of a shop without one, its name, else its site."""
    try:
        if listing.platform == OWN_SITE:
            return canonical_shop(OWN_SITE, listing.shop_id or _host(listing.url)).id[:300]
        if listing.shop_id:
            return canonical_shop(listing.platform, listing.shop_id).id
    except Invalid:
        return f"id:{_short(clean(listing.shop_id), 200)}"
    if listing.shop_name:
        return f"name:{_short(plain_text(listing.shop_name), 200)}"
    return f"site:{_host(listing.url)[:200]}"


def _host(url: str) -> str:
    try:
        return canonical_site(url).partition("/")[0]
    except Invalid:
        return "unknown"


def _short(text: str, most: int) -> str:
    """Cut, and still one of a kind."""
    if len(text) <= most:
        return text
    return f"{text[: most - 17]}~{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _keep_shops(
    work: Work, run: PatrolRun, listings: Sequence[Listing]
) -> tuple[dict[str, Shop], int]:
    by_key: dict[str, list[Listing]] = {}
    for listing in listings:
        by_key.setdefault(shop_key(listing), []).append(listing)
    rows = [_shop_row(work, run, key, offers) for key, offers in sorted(by_key.items())]
    insert_new(work, Shop, rows, ["organisation_id", "platform", "shop_key"])
    known = work.session.exec(
        select(Shop)
        .where(Shop.organisation_id == run.organisation_id, Shop.platform == run.platform)
        .where(col(Shop.shop_key).in_(by_key))
        .order_by(col(Shop.id))
        .with_for_update()
    ).all()
    fresh = [shop.id for shop in known if _saw(work, run, shop, by_key[shop.shop_key])]
    _add_shop_steps(work, run, JUDGE, fresh, Phase.JUDGE)
    return {shop.shop_key: shop for shop in known}, len(fresh)


def _saw(work: Work, run: PatrolRun, shop: Shop, offers: Sequence[Listing]) -> bool:
    """Note what the shop shows of itself; true when this run meets it for the first time."""
    is_fresh = shop.last_run_id != run.id
    before = "" if is_fresh else shop.licence_shown
    shop.licence_shown = _numbers(before, offers)
    shop.last_run_id, shop.last_seen_at = run.id, work.at
    name = next((clean(one.shop_name) for one in offers if one.shop_name), "")
    shop.name = name[:200] or shop.name
    shop.province_shown = next((clean(o.province)[:64] for o in offers if o.province), "") or (
        shop.province_shown
    )
    return is_fresh


def _numbers(before: str, offers: Sequence[Listing]) -> str:
    """The licence numbers that a shop's pages show, each once, with blanks between."""
    found = dict.fromkeys(before.split())
    for offer in offers:
        shown = "".join(clean(offer.licence_no).split())
        found |= dict.fromkeys(filter(None, [shown, *numbers_in(offer.description, offer.title)]))
    kept = ""
    for number in found:
        if len(kept) + len(number) < _LICENCE_ROOM:
            kept = f"{kept} {number}".strip()
    return kept


def _shop_row(work: Work, run: PatrolRun, key: str, offers: Sequence[Listing]) -> dict[str, Any]:
    name = next((one.shop_name for one in offers if one.shop_name), "")
    return {
        "id": new_id(),
        "organisation_id": run.organisation_id,
        "platform": run.platform,
        "shop_key": key,
        "name": clean(name)[:200] or key[:200],
        "url": "",
        "licence_shown": "",
        "province_shown": "",
        "platform_home": run.platform_home,
        "card_home": run.card_home,
        "state": "discovered",
        "first_seen_at": work.at,
        "last_seen_at": work.at,
        "version": 1,
    }


def _row(
    run: PatrolRun,
    shop_id: UUID,
    listing: Listing,
    found: Screened,
    manifest: str | None,
) -> dict[str, Any]:
    price = listing.price if listing.price is not None else None
    sales = listing.sales
    return {
        "id": new_id(),
        "run_id": run.id,
        "shop_id": shop_id,
        "organisation_id": run.organisation_id,
        "platform": run.platform,
        "listing_id": _short(clean(listing.listing_id), 200),
        "title_seen": clean(listing.title)[:1000],
        "url": clean(listing.url)[:2000],
        "price": price if price is not None and abs(price) < _MOST_MONEY else None,
        "currency": listing.currency[:3],
        "sales": sales if sales is not None and 0 <= sales <= _MOST_SALES else None,
        "province_shown": clean(listing.province)[:64],
        "fields": {
            "description": clean(listing.description)[:_LONG_TEXT],
            "licence_no": clean(listing.licence_no)[:_LICENCE_ROOM],
            "images": [clean(one)[:2000] for one in listing.images[:20]],
            "extra": {name: clean(value)[:500] for name, value in listing.extra.items()},
            "sales_kind": listing.sales_kind.value,
            "sources": dict(listing.sources),
            "record": listing.raw_ref,
            "is_disguised": found.is_disguised,
        },
        "is_card": found.is_card,
        "label": found.label,
        "kind": found.kind,
        "severity": found.severity,
        "is_new": True,
        "score": round(found.score, 4),
        "reasons": list(found.reasons),
        "evidence_sha256": manifest,
        "seen_at": listing.seen_at,
    }


def list_listings(  # noqa: PLR0913 - filters
    desk: Desk,
    after: str | None = None,
    *,
    run_id: UUID | str | None = None,
    shop_id: UUID | str | None = None,
    cards: bool | None = None,
    flagged: bool = False,
    only_new: bool = False,
    limit: int = 50,
) -> Slice[SeenListing]:
    """What runs saw, the latest first."""
    with desk.begin(Permission.PATROL_READ) as work:
        query = work.select(SeenListing)
        if run_id is not None:
            query = query.where(SeenListing.run_id == work.get(PatrolRun, run_id).id)
        if shop_id is not None:
            query = query.where(SeenListing.shop_id == work.get(Shop, shop_id).id)
        if cards is not None:
            query = query.where(col(SeenListing.is_card).is_(cards))
        if flagged:
            query = query.where(col(SeenListing.label).in_(FLAGGED))
        if only_new:
            query = query.where(col(SeenListing.is_new).is_(True))
        return work.slice(query, Order.by(SeenListing.seen_at), after, limit)
