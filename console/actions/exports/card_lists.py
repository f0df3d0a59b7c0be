"""Lists of cards: stock, batches of industry cards, their purchasers, and how cards were used."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from console.actions.cards.industry.batches import list_batches as list_industry
from console.actions.cards.industry.findings import list_usage_findings
from console.actions.cards.industry.purchasers import list_purchasers, purchaser_names
from console.actions.cards.stock import channel_names, list_batches
from console.actions.exports.listed import (
    SCREEN,
    Asked,
    Cell,
    Listed,
    by_age,
    last_day,
    province_word,
)
from console.desk import Desk, Slice
from console.i18n import t
from models.cards.classes import CardClass
from models.cards.industry import BatchState, IndustryBatch
from models.cards.monitoring import FoundBy, UsageFinding, UsageFindingState
from models.cards.purchasers import Purchaser
from models.cards.stock import SourceChannel, StockBatch
from models.cards.usage_rules import UsageRule
from models.permissions import Permission

STOCK_SORTS: Final = by_age(StockBatch.id)
INDUSTRY_SORTS: Final = by_age(IndustryBatch.id)
PURCHASER_SORTS: Final = by_age(Purchaser.id)
USAGE_SORTS: Final = by_age(UsageFinding.id)


def _stock(desk: Desk, asked: Asked, after: str | None) -> Slice[StockBatch]:
    order = asked.order(STOCK_SORTS)
    return list_batches(desk, asked.words(), after=after, limit=SCREEN, order=order)


def _stock_cells(desk: Desk, rows: Sequence[StockBatch]) -> list[Cell[StockBatch]]:
    ids = sorted({row.channel_id for row in rows})
    names: Mapping[UUID, SourceChannel] = channel_names(desk, ids) if ids else {}
    return [
        Cell("stock_page.number", lambda row: row.number),
        Cell(
            "stock_page.channel",
            lambda row: f"{names[row.channel_id].name} {names[row.channel_id].code}",
        ),
        Cell("stock_page.product", lambda row: row.product),
        Cell("stock_page.cards", lambda row: row.cards),
        Cell("stock_page.province", lambda row: province_word(row.province)),
        Cell("stock_page.delivered_on", lambda row: row.delivered_on),
    ]


def _industry(desk: Desk, asked: Asked, after: str | None) -> Slice[IndustryBatch]:
    return list_industry(
        desk,
        asked.words(),
        state=asked.one("state", BatchState),
        card_class=asked.one("class", CardClass),
        late=asked.flag("late"),
        after=after,
        limit=SCREEN,
        order=asked.order(INDUSTRY_SORTS),
    )


def _class_word(card_class: CardClass) -> str:
    return t("industry_page.class_word", code=card_class.value, name=t(f"card_class.{card_class}"))


def _industry_cells(desk: Desk, rows: Sequence[IndustryBatch]) -> list[Cell[IndustryBatch]]:
    ids = {row.purchaser_id for row in rows}
    names: Mapping[UUID, str] = purchaser_names(desk, ids) if ids else {}
    return [
        Cell("industry_page.number", lambda row: row.number),
        Cell("industry_page.state", lambda row: t(f"batch_state.{row.state}")),
        Cell("industry_page.purchaser", lambda row: names[row.purchaser_id]),
        Cell("industry_page.class", lambda row: _class_word(row.card_class)),
        Cell("industry_page.product", lambda row: row.product),
        Cell("industry_page.ordered", lambda row: row.ordered),
        Cell("industry_page.cards", lambda row: row.cards),
        Cell("industry_page.due", lambda row: last_day(row.due_at)),
    ]


def _purchasers(desk: Desk, asked: Asked, after: str | None) -> Slice[Purchaser]:
    return list_purchasers(desk, asked.words(), after, SCREEN, asked.order(PURCHASER_SORTS))


def _purchaser_cells(_desk: Desk, _rows: Sequence[Purchaser]) -> list[Cell[Purchaser]]:
    def maker(row: Purchaser) -> str:
        return t("purchasers_page.is_maker") if row.is_device_maker else ""

    return [
        Cell("purchasers_page.name", lambda row: row.name),
        Cell("purchasers_page.uscc", lambda row: row.uscc),
        Cell("purchasers_page.province", lambda row: province_word(row.province)),
        Cell("purchasers_page.maker", maker),
        Cell("purchasers_page.licence_until", lambda row: row.licence_until),
    ]


def _usage(desk: Desk, asked: Asked, after: str | None) -> Slice[UsageFinding]:
    return list_usage_findings(
        desk,
        state=asked.one("state", UsageFindingState),
        rule=asked.one("rule", UsageRule),
        found_by=asked.one("found_by", FoundBy),
        late=asked.flag("late"),
        after=after,
        limit=SCREEN,
        order=asked.order(USAGE_SORTS),
    )


def _usage_cells(_desk: Desk, _rows: Sequence[UsageFinding]) -> list[Cell[UsageFinding]]:
    def what(row: UsageFinding) -> str:
        return t(f"usage_rule.{row.rule}") if row.rule else t(f"found_by.{row.found_by}")

    return [
        Cell("usage_page.number", lambda row: row.number),
        Cell("usage_page.state", lambda row: t(f"usage_finding_state.{row.state}")),
        Cell("usage_page.what", what),
        Cell("usage_page.card", lambda row: row.iccid or t("usage_page.whole_batch")),
        Cell("usage_page.tier", lambda row: t(f"tier.{row.tier}")),
        Cell("usage_page.last_day", lambda row: row.last_day),
        Cell("usage_page.times", lambda row: row.times),
        Cell("industry_page.due", lambda row: last_day(row.due_at)),
    ]


P = Permission
CARD_LISTS: Final = (
    Listed("stock", P.STOCK_READ, frozenset({"q"}), _stock, _stock_cells, STOCK_SORTS),
    Listed(
        "industry", P.INDUSTRY_READ, frozenset({"q", "state", "class", "late"}), _industry,
        _industry_cells, INDUSTRY_SORTS,
    ),
    Listed(
        "purchasers", P.INDUSTRY_READ, frozenset({"q"}), _purchasers, _purchaser_cells,
        PURCHASER_SORTS,
    ),
    Listed(
        "usage_findings", P.INDUSTRY_READ, frozenset({"state", "rule", "found_by", "late"}),
        _usage, _usage_cells, USAGE_SORTS,
    ),
)  # fmt: skip
