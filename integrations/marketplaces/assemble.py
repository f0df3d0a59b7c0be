"""Readings into a listing: what is mandatory must be there, what is doubtful is said."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from integrations.marketplaces.base import Reason, Unreadable
from integrations.marketplaces.extract import Reading, filled, sales_of
from integrations.marketplaces.links import joined
from integrations.marketplaces.listing import Listing, SalesKind
from integrations.marketplaces.mapping import Kind, Source
from integrations.marketplaces.ways import Fields

_MANDATORY: Final = ("listing_id", "title", "url")
_CODE: Final = re.compile(r"^[A-Z]{3}$")


def templated(
    fields: Fields, readings: Mapping[str, Reading], link: str, base: str, stage: str
) -> dict[str, Reading]:
    """The readings, and those that a template makes of them."""
    known = {"link": link, **blanks_of(readings)}
    found = dict(readings)
    for word, ways in fields.named().items():
        for number, way in enumerate(ways):
            text = filled(way.template, known) if way.template and word not in found else None
            if text and word == "url":
                text = joined(base, text)
            if text:
                found[word] = Reading((text,), str(way), f"{stage}.fields.{word}.{number}")
    return found


def blanks_of(readings: Mapping[str, Reading]) -> dict[str, str]:
    """What may stand in a template's blanks; an extra field goes by its bare name."""
    return {word.removeprefix("extra."): reading.text for word, reading in readings.items()}


def listing_of(
    source: Source,
    readings: Mapping[str, Reading],
    *,
    url: str,
    record: str | None,
    at: datetime,
) -> tuple[Listing, list[Reason]]:
    """The listing and what in it is doubtful; Unreadable without what is mandatory."""
    if source.kind is Kind.HTML and "url" not in readings:
        readings = {**readings, "url": Reading((url,), "the page's address", "url")}
    for word in _MANDATORY:
        if word not in readings or not readings[word].text:
            raise Unreadable("field_missing", url=url, field=word, tried=tried_for(source, word))
    text = {word: reading.text for word, reading in readings.items()}
    price, currency, doubts = _money(source, readings, url)
    sales, kind, more = _sales(source, readings, url)
    listing = Listing(
        platform=source.platform,
        listing_id=text["listing_id"],
        title=text["title"],
        url=text["url"],
        seen_at=at,
        shop_id=text.get("shop_id", ""),
        shop_name=text.get("shop_name", ""),
        price=price,
        currency=currency,
        sales=sales,
        sales_kind=kind,
        province=text.get("province", ""),
        description=text.get("description", ""),
        images=tuple(dict.fromkeys(readings["images"].texts)) if "images" in readings else (),
        licence_no=text.get("licence_no", ""),
        extra={word[6:]: said for word, said in text.items() if word.startswith("extra.")},
        raw_ref=record,
        sources={word: f"{reading.key}: {reading.way}" for word, reading in readings.items()},
    )
    return listing, [*doubts, *more, *_unknown_shop(source, listing)]


def tried_for(source: Source, word: str) -> str:
    """All the ways to a field that the mapping names."""
    stages = [source.listed.fields, *([source.detail.fields] if source.detail else [])]
    ways = [str(way) for fields in stages for way in fields.named().get(word, ())]
    return "; ".join(ways) or "-"


def _unknown_shop(source: Source, listing: Listing) -> list[Reason]:
    """An offer whose shop the mapping names, and the page does not."""
    if listing.shop_id or listing.shop_name:
        return []
    tried = [tried_for(source, word) for word in ("shop_id", "shop_name")]
    named = [ways for ways in tried if ways != "-"]
    if not named:
        return []
    facts = {"url": listing.url, "field": "shop_id", "tried": "; ".join(named)}
    return [Reason("shop_missing", facts)]


def _doubt(word: str, field: str, reading: Reading, url: str) -> Reason:
    facts = {"url": url, "field": field, "found": reading.text[:80], "tried": reading.way}
    return Reason(word, facts)


def _money(
    source: Source, readings: Mapping[str, Reading], url: str
) -> tuple[Decimal | None, str, list[Reason]]:
    said = readings.get("currency")
    currency = said.text.upper() if said else source.currency
    doubts: list[Reason] = []
    if said and not _CODE.match(currency):
        doubts.append(_doubt("currency_unreadable", "currency", said, url))
        currency = source.currency
    price = readings.get("price")
    if price is None or price.problem is not None:
        if price is not None:
            doubts.append(_doubt(price.problem or "", "price", price, url))
        return None, currency, doubts
    return Decimal(price.text), currency, doubts


def _sales(
    source: Source, readings: Mapping[str, Reading], url: str
) -> tuple[int | None, SalesKind, list[Reason]]:
    said = readings.get("sales")
    if said is None:
        return None, source.sales_kind, []
    count = sales_of(said.text)
    if count is None:
        return None, source.sales_kind, [_doubt("sales_unreadable", "sales", said, url)]
    return count[0], SalesKind.TIP_TEXT if count[1] else source.sales_kind, []
