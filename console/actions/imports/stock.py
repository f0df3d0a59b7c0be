"""Card stock: which cards went to which channel (004-3.3-h); a card is given out once."""

from bisect import bisect_right, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import bindparam, inspect, update
from sqlalchemy.sql.schema import Table as Columns
from sqlmodel import col, select

from console.actions.cards.places import below, numbers_of, own_issuer
from console.actions.channel.held import carrier_of
from console.actions.channel.numbers import next_numbers
from console.actions.imports.bulk import insert_rows
from console.actions.imports.rows import Batch, Reason, RowKind
from console.actions.imports.stock_rows import StockRow, check_stock
from console.database import one_of_many
from models.base import new_id, new_ids
from models.cards.numbers import CardRange, card_key
from models.cards.stock import SourceChannel, StockBatch, StockRange
from models.channel.agents import Agent
from models.formats import Carrier
from models.permissions import Permission

_LONGEST_CHAIN: Final = 20


@dataclass(frozen=True, slots=True)
class _Known:
    """A batch, of the database or of a row before."""

    id: UUID
    number: str
    channel: str
    delivered_on: object
    is_new: bool


@dataclass(slots=True)
class _Stock:
    """What is known of a carrier's stock, and what the rows of this batch add to it."""

    batch: Batch
    issuer: Carrier | None
    channels: dict[str, SourceChannel]
    agents: Mapping[str, UUID]
    batches: dict[str, _Known]
    taken: list[tuple[int, int, str]]
    """Cards of rows before, in order: first, last, batch."""
    given_out: Mapping[int, tuple[int, str]]
    """By the last card of a range: where the range that begins at or before it ends, its batch."""
    seen: set[str] = field(default_factory=set[str])
    """Codes of channels that a dry run would have made."""
    new: list[SourceChannel] = field(default_factory=list[SourceChannel])
    changed: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    ranges: list[tuple[UUID, UUID, int, int]] = field(
        default_factory=list[tuple[UUID, UUID, int, int]]
    )
    rows: dict[str, StockRow] = field(default_factory=dict[str, StockRow])
    """By new batch the first row of it."""
    counts: dict[str, int] = field(default_factory=dict[str, int])

    def knows(self, code: str) -> bool:
        return code in self.channels or code in self.seen


def _keep(batch: Batch, rows: Sequence[StockRow]) -> list[list[Reason]]:
    stock = _stock(batch, rows)
    verdicts: list[list[Reason]] = []
    with batch.work.session.no_autoflush:  # a changed channel may hang below one not yet inserted
        for row in rows:
            reasons = [*_of_channel(stock, row), *_of_batch(stock, row), *_of_cards(stock, row)]
            if not reasons:
                _take(stock, row)
            verdicts.append(reasons)
    if not batch.is_dry:
        _put_away(stock)
    return verdicts


def _stock(batch: Batch, rows: Sequence[StockRow]) -> _Stock:
    work, carrier = batch.work, batch.imported.organisation_id
    if not batch.is_dry:
        # Two files of one carrier at the same moment wait for each other: no card goes out twice.
        next_numbers(work, f"stock:{carrier}")
    dialect = work.session.get_bind().dialect.name
    codes = {code for row in rows for code in (row.code, row.parent) if code}
    channels = work.session.exec(
        select(SourceChannel)
        .where(SourceChannel.carrier_id == carrier)
        .where(one_of_many(col(SourceChannel.code), codes, dialect))
    ).all()
    agents = work.session.exec(
        select(Agent.agent_no, Agent.id)
        .where(Agent.carrier_id == carrier)
        .where(one_of_many(col(Agent.agent_no), {row.agent_no for row in rows}, dialect))
    ).all()
    stock = _Stock(
        batch=batch,
        issuer=own_issuer(work, carrier),
        channels={one.code: one for one in channels},
        agents=dict(agents),
        batches=_batches(batch, {row.batch for row in rows if row.batch}, dialect),
        taken=[],
        given_out=_given_out(batch, [one for row in rows for one in row.ranges]),
    )
    _remember(stock)
    return stock


def _remember(stock: _Stock) -> None:
    """What earlier rows of a dry run would have taken; of any other run they are in the tables."""
    for mark in stock.batch.seen:
        code, number, day, *ends = mark.split("\t")
        stock.seen.add(code)
        if number:
            known = _Known(UUID(int=0), number, code, day, is_new=False)
            stock.batches.setdefault(number, known)
        stock.taken += [
            (int(first), int(last), number)
            for first, last in zip(ends[::2], ends[1::2], strict=True)
        ]
    stock.taken.sort()


def _batches(batch: Batch, numbers: set[str], dialect: str) -> dict[str, _Known]:
    rows = batch.work.session.exec(
        select(StockBatch, SourceChannel.code)
        .join(SourceChannel, col(SourceChannel.id) == col(StockBatch.channel_id))
        .where(StockBatch.carrier_id == batch.imported.organisation_id)
        .where(one_of_many(col(StockBatch.number), numbers, dialect))
    ).all()
    return {
        one.number: _Known(one.id, one.number, code, one.delivered_on, is_new=False)
        for one, code in rows
    }


def _given_out(batch: Batch, ranges: Sequence[CardRange]) -> Mapping[int, tuple[int, str]]:
    """What of stock begins at or before the end of each range: one step down an index each."""
    found = below(batch.work, [batch.imported.organisation_id], [one.last for one in ranges])
    ends = {number: (place.last, place.batch_id) for number, _, place in found}
    clashing = {
        ends[one.last][1] for one in ranges if one.last in ends and ends[one.last][0] >= one.first
    }
    names = numbers_of(batch.work, clashing)
    return {last: (end, names.get(batch_id, "")) for last, (end, batch_id) in ends.items()}


def _of_channel(stock: _Stock, row: StockRow) -> list[Reason]:
    reasons: list[Reason] = []
    if not stock.knows(row.code):
        if not row.name:
            reasons.append(Reason("channel_unknown", {"value": row.code, "field": "channel_name"}))
        if row.kind is None:
            reasons.append(Reason("channel_unknown", {"value": row.code, "field": "channel_kind"}))
        if not row.province:
            reasons.append(Reason("channel_unknown", {"value": row.code, "field": "province"}))
    if row.parent and not stock.knows(row.parent):
        reasons.append(Reason("no_such_parent", {"value": row.parent}))
    elif row.parent and _leads_back(stock, row):
        reasons.append(Reason("parent_below", {"value": row.parent, "code": row.code}))
    if row.agent_no and row.agent_no not in stock.agents:
        reasons.append(Reason("no_such_agent", {"value": row.agent_no}))
    return reasons


def _leads_back(stock: _Stock, row: StockRow) -> bool:
    """Whether the channel would have its cards from one that has them from it."""
    own, above = stock.channels.get(row.code), stock.channels.get(row.parent)
    if own is None or own.parent_id == (above.id if above else None):
        return False
    new = {one.id: one for one in stock.new}
    for _ in range(_LONGEST_CHAIN):
        if above is None or above.id == own.id:
            break
        up = above.parent_id
        above = None if up is None else new.get(up) or stock.batch.work.session.get(
            SourceChannel, up
        )  # fmt: skip
    return above is not None


def _of_batch(stock: _Stock, row: StockRow) -> list[Reason]:
    known = stock.batches.get(row.batch) if row.batch else None
    if known is None or (
        known.channel == row.code and str(known.delivered_on) == str(row.delivered_on)
    ):
        return []
    facts = {"value": row.batch, "code": known.channel, "day": known.delivered_on}
    return [Reason("batch_differs", facts)]


def _of_cards(stock: _Stock, row: StockRow) -> list[Reason]:
    for one in row.ranges:
        if stock.issuer and one.issuer not in {stock.issuer, Carrier.UNKNOWN}:
            return [
                Reason("other_issuer", {"value": card_key(one.first), "issuer": one.issuer.upper()})
            ]
        end, number = stock.given_out.get(one.last, (None, ""))
        before = bisect_right(stock.taken, one.last, key=lambda taken: taken[0]) - 1
        if (end is None or end < one.first) and before >= 0:
            _, end, number = stock.taken[before]
        if end is not None and end >= one.first:
            facts = {"first": card_key(one.first), "last": card_key(one.last), "batch": number}
            return [Reason("given_out", facts)]
    return []


def _take(stock: _Stock, row: StockRow) -> None:
    if stock.batch.is_dry and not stock.knows(row.code):
        stock.seen.add(row.code)
    elif not stock.batch.is_dry:
        _take_channel(stock, row)
    if not row.batch:
        return
    if row.batch not in stock.batches:
        stock.batches[row.batch] = _Known(
            new_id(), row.batch, row.code, row.delivered_on, is_new=True
        )
        stock.rows[row.batch] = row
    known = stock.batches[row.batch]
    stock.counts[row.batch] = stock.counts.get(row.batch, 0) + row.cards
    for one, range_id in zip(row.ranges, new_ids(len(row.ranges)), strict=True):
        insort(stock.taken, (one.first, one.last, row.batch))
        stock.ranges.append((range_id, known.id, one.first, one.last))


def _take_channel(stock: _Stock, row: StockRow) -> None:
    """A new channel, or what the row says otherwise of a known one."""
    said: dict[str, Any] = {
        "name": row.name,
        "kind": row.kind,
        "uscc": row.uscc,
        "parent_id": stock.channels[row.parent].id if row.parent else None,
        "agent_id": stock.agents[row.agent_no] if row.agent_no else None,
    }
    known = stock.channels.get(row.code)
    if known is None:
        known = SourceChannel(
            carrier_id=stock.batch.imported.organisation_id,
            province=row.province,
            code=row.code,
            created_at=stock.batch.work.at,
            **said,
        )
        stock.channels[row.code] = known
        stock.new.append(known)
        return
    changes = {
        name: value for name, value in said.items() if value and value != getattr(known, name)
    }
    for name, value in changes.items():
        told = stock.changed.setdefault(row.code, {})
        told[name] = f"{getattr(known, name) or ''} → {value}"
        setattr(known, name, value)


_CHANNEL: Final = (
    "id", "carrier_id", "province", "code", "name", "kind", "uscc", "parent_id", "agent_id",
    "created_at",
)  # fmt: skip


def _put_away(stock: _Stock) -> None:
    """Channels, their batches, then the cards; each table in one statement."""
    work, carrier = stock.batch.work, stock.batch.imported.organisation_id
    channels = [[getattr(one, name) for name in _CHANNEL] for one in stock.new]
    insert_rows(work, SourceChannel, {}, _CHANNEL, channels)
    new = set(map(id, stock.new))
    for code, changes in stock.changed.items():
        channel = stock.channels[code]
        if id(channel) not in new:
            work.record("stock.channel_changed", channel, **changes)
    same = {
        "carrier_id": carrier,
        "import_sha256": stock.batch.imported.sha256,
        "created_at": work.at,
    }
    rows = [
        (stock.batches[number].id, number, row.province, stock.channels[row.code].id, row.product,
         stock.counts[number], row.delivered_on)
        for number, row in stock.rows.items()
    ]  # fmt: skip
    names = ("id", "number", "province", "channel_id", "product", "cards", "delivered_on")
    insert_rows(work, StockBatch, same, names, rows)
    _count(stock)
    insert_rows(
        work, StockRange, {"carrier_id": carrier}, ("id", "batch_id", "first", "last"), stock.ranges
    )


def _count(stock: _Stock) -> None:
    """More cards of batches that were there before."""
    more = [
        {"batch": stock.batches[number].id, "more": count}
        for number, count in stock.counts.items()
        if not stock.batches[number].is_new
    ]
    if more:
        columns = cast("Columns", inspect(StockBatch).local_table)
        statement = update(columns).where(columns.c.id == bindparam("batch"))
        counted = statement.values(cards=columns.c.cards + bindparam("more"))
        stock.batch.work.session.connection().execute(counted, more)


def _marks(row: StockRow) -> list[str]:
    ends = [str(end) for one in row.ranges for end in (one.first, one.last)]
    return ["\t".join([row.code, row.batch, str(row.delivered_on), *ends])]


KIND: Final = RowKind(
    permission=Permission.STOCK_IMPORT,
    owner=carrier_of,
    fields={
        "channel_code": ("渠道编码", "渠道编号", "渠道代码", "channel"),
        "channel_name": ("渠道名称", "渠道"),
        "channel_kind": ("渠道类型", "渠道种类", "渠道类别", "channeltype"),
        "parent_code": ("上级渠道编码", "上级渠道编号", "上级渠道", "parent", "parentchannel"),
        "uscc": ("统一社会信用代码", "社会信用代码", "信用代码", "creditcode"),
        "agent_no": ("代理商编号", "代理商编码", "网络代理商编号", "agent"),
        "province": ("省份", "归属省", "归属地", "卡归属地", "号卡归属地", "省"),
        "batch_no": ("批次号", "批次", "批次编号", "配送批次", "batch", "batchnumber"),
        "product": ("产品", "产品名称", "卡品", "套餐"),
        "delivered_on": ("配送日期", "出库日期", "发放日期", "交付日期", "deliverydate"),
        "iccid_first": ("起始iccid", "首iccid", "iccid起", "开始iccid", "起始卡号", "firsticcid"),
        "iccid_last": ("终止iccid", "末iccid", "iccid止", "结束iccid", "终止卡号", "lasticcid"),
        "iccids": ("iccid", "iccid列表", "iccid清单", "卡号", "卡号列表", "iccidlist"),
        "cards": ("数量", "张数", "卡数", "count"),
    },
    needed=(("channel_code",),),
    check=check_stock,
    keep=_keep,
    marks=_marks,
)  # fmt: skip
