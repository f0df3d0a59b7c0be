"""What is known of one offer on a foreign shop, and where each part of it was read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class SalesKind(StrEnum):
    """What a shop's number of sales counts."""

    SOLD_30D = "sold_30d"
    SOLD_TOTAL = "sold_total"
    AFFILIATE_ORDERS = "affiliate_orders"
    TIP_TEXT = "tip_text"
    """Rounded by the shop for its visitors, such as "1.2万+"."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Listing:
    platform: str
    listing_id: str
    title: str
    url: str
    seen_at: datetime
    shop_id: str = ""
    shop_name: str = ""
    price: Decimal | None = None
    """In the currency's major unit."""
    currency: str = ""
    sales: int | None = None
    sales_kind: SalesKind = SalesKind.UNKNOWN
    province: str = ""
    description: str = ""
    images: tuple[str, ...] = ()
    licence_no: str = ""
    extra: Mapping[str, str] = field(default_factory=dict[str, str])
    raw_ref: str | None = None
    """The WARC record of the page that settled it."""
    sources: Mapping[str, str] = field(default_factory=dict[str, str])
    """Field to the key of the mapping and the way that gave it."""
