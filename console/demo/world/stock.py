"""Stock of the carriers that have cases: channels, deliveries, and the cards of each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from console.demo.codes import made_up_uscc
from console.demo.world.made import Sheaf, World
from models.cards.stock import ChannelKind, SourceChannel, StockBatch, StockRange
from models.provinces import provinces
from models.rules import china_day
from models.staff import Organisation

_FIRST: Final = 8_986_030_100_000_000_000
_APART: Final = 10_000_000
"""Numbers between the cards of two carriers."""
_DELIVERED: Final = 1_000
_CHANNELS: Final = 6
_KINDS: Final = (ChannelKind.OWN_HALL, ChannelKind.SOCIAL, ChannelKind.ONLINE,
                 ChannelKind.DISTRIBUTOR)  # fmt: skip
_NAMES: Final[Mapping[ChannelKind, str]] = {
    ChannelKind.OWN_HALL: "示例营业厅", ChannelKind.SOCIAL: "示例社会渠道",
    ChannelKind.ONLINE: "示例网络渠道", ChannelKind.DISTRIBUTOR: "示例配送商",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Delivery:
    """Cards that went to one channel."""

    channel: UUID
    code: str
    name: str
    kind: ChannelKind
    batch: UUID
    number: str
    first: int
    cards: int = _DELIVERED

    @property
    def chain(self) -> list[dict[str, str]]:
        """As a traced card keeps whom it went through."""
        return [
            {"id": str(self.channel), "code": self.code, "name": self.name,
             "kind": self.kind.value, "agent_no": ""}
        ]  # fmt: skip


Stock = Mapping[UUID, Sequence[Delivery]]


def stocked(world: World, sheaf: Sheaf, carriers: Sequence[Organisation]) -> Stock:
    """By carrier; each has a few channels with a delivery each."""
    for table in (SourceChannel, StockBatch, StockRange):
        sheaf.waiting.setdefault(table, [])
    found: dict[UUID, list[Delivery]] = {}
    for at, carrier in enumerate(carriers):
        found[carrier.id] = [_delivered(world, sheaf, carrier, at, no) for no in range(_CHANNELS)]
        sheaf.breathe()
    return found


def _delivered(world: World, sheaf: Sheaf, carrier: Organisation, at: int, no: int) -> Delivery:
    made, province = world.ago(560 - no), carrier.province or "11"
    kind = _KINDS[no % len(_KINDS)]
    one = Delivery(
        world.id_at(made), f"QD-{carrier.code}-{no + 1:02}",
        f"{provinces()[province].zh}{_NAMES[kind]}{no + 1}", kind, world.id_at(made),
        f"PC-{carrier.code}-{no + 1:03}", _FIRST + at * _APART + no * _DELIVERED,
    )  # fmt: skip
    owner = {"carrier_id": carrier.id, "province": province}
    sheaf.put(
        SourceChannel, id=one.channel, code=one.code, name=one.name, kind=kind,
        uscc=made_up_uscc(at * _CHANNELS % 400 + no), created_at=made, **owner,
    )  # fmt: skip
    sheaf.put(
        StockBatch, id=one.batch, number=one.number, channel_id=one.channel, product="示例青年卡",
        cards=one.cards, delivered_on=china_day(made + timedelta(days=20)), created_at=made,
        **owner,
    )  # fmt: skip
    sheaf.put(
        StockRange, id=world.id_at(made), batch_id=one.batch, carrier_id=carrier.id,
        first=one.first, last=one.first + one.cards - 1,
    )  # fmt: skip
    return one
