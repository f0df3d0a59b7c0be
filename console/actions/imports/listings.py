"""Offers that somebody else collected: one row an offer, judged as if a patrol had seen them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final
from uuid import UUID

from sqlmodel import col, select

from console.actions.imports.rows import Batch, Checker, Given, Reason, RowKind
from console.actions.patrol.listings import keep_page
from console.actions.patrol.plan import new_run
from console.actions.patrol.screened import words
from console.desk import Work
from integrations.marketplaces.listing import Listing, SalesKind
from models.patrol.runs import PatrolRun
from models.patrol.shops import SeenListing
from models.permissions import Permission
from models.refusals import Invalid, NotAllowed
from models.staff import Organisation
from models.tokens import OWN_SITE, canonical_shop

_MOST_MONEY: Final = Decimal(10) ** 12
_MOST_SALES: Final = 2**31 - 1
_CODE: Final = 3


@dataclass(frozen=True, slots=True)
class ListingRow:
    platform: str
    listing_id: str
    title: str
    url: str
    shop_id: str
    shop_name: str
    price: Decimal | None
    currency: str
    sales: int | None
    province: str
    description: str
    licence_no: str


def _owner(work: Work, code: str | None) -> Organisation:
    """The organisation that the actor works for, or the named one among its own."""
    query = select(Organisation)
    if code:
        query = query.where(Organisation.code == code.strip())
    elif work.actor.organisation_id is not None:
        query = query.where(Organisation.id == work.actor.organisation_id)
    else:
        raise Invalid("patrol.organisation_needed")
    owner = work.session.exec(query).first()
    if owner is None:
        raise Invalid("staff.no_such_organisation", code=code or "")
    if not work.actor.is_house and owner.id not in work.actor.organisations:
        raise NotAllowed("patrol.not_yours", title=owner.name)
    return owner


def _check(given: Given, on: date) -> ListingRow | list[Reason]:
    del on
    checker = Checker(given)
    platform = checker.text("platform", 32, needed=True).lower()
    number = checker.text("listing_id", 200, needed=True)
    title = checker.text("title", 1000, needed=True)
    shop_id, shop_name = checker.text("shop_id", 200), checker.text("shop_name", 200)
    if not shop_id and not shop_name:
        checker.wrong("missing", field="shop_id")
    price = _price(checker)
    sales = _sales(checker)
    currency = checker.text("currency", _CODE).upper() or "CNY"
    if platform:
        try:
            canonical_shop(platform, "x" if platform != OWN_SITE else "x.example")
        except Invalid:
            checker.wrong("no_platform", value=platform)
    row = ListingRow(
        platform=platform,
        listing_id=number,
        title=title,
        url=checker.text("url", 2000),
        shop_id=shop_id,
        shop_name=shop_name,
        price=price,
        currency=currency,
        sales=sales,
        province=checker.text("province", 64),
        description=checker.text("description", 20_000),
        licence_no=checker.text("licence_no", 200),
    )
    return checker.reasons or row


def _price(checker: Checker) -> Decimal | None:
    text = checker.text("price", 40).replace(",", "").lstrip("¥￥")
    if not text:
        return None
    try:
        price = Decimal(text)
    except InvalidOperation:
        price = Decimal("NaN")
    if not price.is_finite() or not 0 <= price < _MOST_MONEY:
        checker.wrong("bad_price", value=text)
        return None
    return price


def _sales(checker: Checker) -> int | None:
    text = checker.text("sales", 40).replace(",", "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and int(text) <= _MOST_SALES):
        checker.wrong("bad_sales", value=text)
        return None
    return int(text)


def _keep(batch: Batch, rows: Sequence[ListingRow]) -> list[list[Reason]]:
    runs = _runs(batch, {row.platform for row in rows})
    seen = batch.seen | _known(batch.work, runs)
    verdicts: list[list[Reason]] = []
    taken: dict[str, list[ListingRow]] = {}
    for row in rows:
        reasons: list[Reason] = []
        own = batch.work.actor.platform
        if own is not None and row.platform != own:
            reasons.append(Reason("not_your_platform", {"value": row.platform, "own": own}))
        elif _mark(row) in seen:
            reasons.append(
                Reason("earlier_in_file", {"field": "listing_id", "value": row.listing_id})
            )
        else:
            seen.add(_mark(row))
            taken.setdefault(row.platform, []).append(row)
        verdicts.append(reasons)
    for platform, own_rows in taken.items():
        if platform in runs:
            _put_away(batch, runs[platform], own_rows)
    return verdicts


def _put_away(batch: Batch, run: PatrolRun, rows: Sequence[ListingRow]) -> None:
    listings = [_listing(batch, row) for row in rows]
    keep_page(batch.work, run, listings, batch.imported.sha256, batch.said)


def _runs(batch: Batch, platforms: set[str]) -> Mapping[str, PatrolRun]:
    """The run that each platform's rows become, made with the first of them; a dry run has none."""
    if batch.is_dry:
        return {}
    own = batch.work.actor.platform
    known = batch.work.session.exec(
        select(PatrolRun).where(PatrolRun.import_id == batch.imported.id).with_for_update()
    ).all()
    runs = {run.platform: run for run in known}
    for platform in sorted(platforms - runs.keys()):
        if own is not None and platform != own:
            continue
        run = new_run(batch.work, batch.imported.organisation_id, platform)
        run.import_id = batch.imported.id
        runs[platform] = batch.work.add(run)
        batch.work.session.flush()
        batch.work.record("patrol.planned", run, file=batch.imported.file_name)
    return runs


def _known(work: Work, runs: Mapping[str, PatrolRun]) -> set[str]:
    ids: Mapping[UUID, str] = {run.id: platform for platform, run in runs.items()}
    rows = work.session.exec(
        select(SeenListing.run_id, SeenListing.listing_id).where(
            col(SeenListing.run_id).in_(ids.keys())
        )
    ).all()
    return {f"{ids[run_id]} {listing_id}" for run_id, listing_id in rows}


def _mark(row: ListingRow) -> str:
    return f"{row.platform} {row.listing_id}"


def _listing(batch: Batch, row: ListingRow) -> Listing:
    return Listing(
        platform=row.platform,
        listing_id=row.listing_id,
        title=row.title,
        url=row.url,
        seen_at=batch.work.at,
        shop_id=row.shop_id,
        shop_name=row.shop_name,
        price=row.price,
        currency=row.currency,
        sales=row.sales,
        sales_kind=SalesKind.UNKNOWN,
        province=row.province,
        description=row.description,
        licence_no=row.licence_no,
    )


KIND: Final = RowKind(
    permission=Permission.LISTING_IMPORT,
    owner=_owner,
    fields={
        "platform": ("平台", "所在平台", "平台编码", "平台代码", "电商平台"),
        "listing_id": ("商品id", "商品编号", "商品号", "宝贝id", "itemid", "sku", "id"),
        "title": ("标题", "商品标题", "商品名称", "宝贝标题", "name"),
        "url": ("链接", "商品链接", "网址", "商品网址", "link"),
        "shop_id": ("店铺id", "网店id", "店铺编号", "网店编号", "卖家id", "sellerid"),
        "shop_name": ("店铺名称", "网店名称", "店铺名", "店名", "卖家", "seller"),
        "price": ("价格", "售价", "单价"),
        "currency": ("币种",),
        "sales": ("销量", "月销量", "成交量"),
        "province": ("发货地", "所在地", "省份", "地区"),
        "description": ("描述", "商品描述", "详情"),
        "licence_no": ("许可证号", "授权编号", "代理商编号", "公示编号"),
    },
    needed=(("platform",), ("listing_id",), ("title",), ("shop_id", "shop_name")),
    check=_check,
    keep=_keep,
    marks=lambda row: [_mark(row)],
    words=lambda row: words(row.title, row.description),
    rows_at_once=500,
)
