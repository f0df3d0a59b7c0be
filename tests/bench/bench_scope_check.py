"""May this card be used? Asked by API of one card at a time, among a hundred thousand batches.

    python -m tests.bench.bench_scope_check [BATCHES] [--only sqlite|postgresql]

A program's key, JSON out, through the whole ASGI application of the API in this process, one
question after another: no socket, and nobody else who asks meanwhile.
"""

import argparse
import asyncio
import gc
import random
import statistics
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx
from sqlalchemy import inspect, text
from sqlmodel import select

from console.actions.staff.people import add_client, add_organisation
from console.database import migrate
from console.desk import House
from console.settings import Settings
from console.web.api.app import build
from models.base import Table, new_id, new_ids
from models.cards.accountable import AccountablePerson, AccountableUnit
from models.cards.card_orders import CardMeasure, CardOrder, OrderState
from models.cards.classes import CardClass
from models.cards.industry import BatchState, IndustryBatch
from models.cards.numbers import card_key
from models.cards.persons import CaptureMethod, DocumentKind
from models.cards.purchasers import Purchaser
from models.cards.ranges import DeviceLock, IndustryRange
from models.cards.scopes import CardScope
from models.permissions import Permission, Role
from models.staff import Organisation, OrganisationKind
from tests.bench.case_data import Row, load
from tests.bench.figures import Figure, keep
from tests.bench.servers import postgres

LIMIT_MS: Final = 20
RANGES: Final = 10
"""Of each batch."""
CARDS: Final = 50
"""Of each range; as many numbers lie between two."""
ASKED: Final = 2_000
_FIRST: Final = 8986030000000000000
_NOW: Final = datetime.now(UTC)


def fill(house: House, carrier: UUID, batches: int) -> None:
    """Batches with their scopes and who answers; of every thirtieth a range is locked to devices,
    every tenth has an order for one card, each hundredth one for all of its.
    """
    kinds = (IndustryBatch, AccountableUnit, AccountablePerson)
    ids = list(zip(*(new_ids(batches) for _ in kinds), strict=True))
    buyer = _like(Purchaser(carrier_id=carrier, province="44", name="智联科技", uscc="9144",
                            created_at=_NOW))  # fmt: skip
    of = {"carrier_id": carrier, "purchaser_id": buyer["id"]}
    tables: Mapping[type[Any], Iterable[Row]] = {
        Purchaser: [buyer],
        AccountableUnit: (_UNIT | {"id": unit, "batch_id": one} for one, unit, _ in ids),
        AccountablePerson: (
            _PERSON | {"id": who, "batch_id": one, "unit_id": unit} for one, unit, who in ids
        ),
        IndustryBatch: (
            _BATCH | of
            | {"id": one, "unit_id": unit, "person_id": who, "number": f"IOT-44-2026-{at:06}"}
            for at, (one, unit, who) in enumerate(ids)
        ),
        CardScope: (_SCOPE | {"id": new_id(), "batch_id": one} for one, *_ in ids),
        IndustryRange: (
            {"id": new_id(), "batch_id": one, "carrier_id": carrier, "first": first,
             "last": first + CARDS - 1}
            for at, (one, *_) in enumerate(ids)
            for first in (_first(at, place) for place in range(RANGES))
        ),
        DeviceLock: (
            {"card": _first(at, 0) + card, "batch_id": ids[at][0], "locked_at": _NOW,
             "device": f"86012345{card:07}"}
            for at in range(0, batches, 30)
            for card in range(CARDS)
        ),
        CardOrder: (
            _ORDER
            | {"id": new_id(), "batch_id": ids[at][0], "carrier_id": carrier,
               "number": f"IO-2026-{at:06}",
               "cards": [card_key(_first(at, 1))] if at % 100 else []}
            for at in range(0, batches, 10)
        ),
    }  # fmt: skip
    for table, rows in tables.items():
        load(house, table, rows)
    with house.engine.begin() as connection:
        connection.execute(text("ANALYZE"))


def _first(batch: int, place: int) -> int:
    return _FIRST + (batch * RANGES + place) * CARDS * 2


def _like(row: Table) -> Row:
    """What the columns of such a row hold."""
    columns = inspect(type(row)).local_table.columns
    return {column.name: getattr(row, column.name) for column in columns}


_HELD: Final[dict[str, Any]] = {"carrier_id": new_id(), "province": "44"}
_UNIT: Final = _like(AccountableUnit(batch_id=new_id(), name="智联科技", uscc="9144", since=_NOW))
_PERSON: Final = _like(
    AccountablePerson(
        batch_id=new_id(), unit_id=new_id(), since=_NOW, subject_id=new_id(), name_mask="欧阳**",
        name_sealed=b"sealed", document_kind=DocumentKind.RESIDENT, document_mask="110***0012",
        document_sealed=b"sealed", document_index=new_id().bytes, phone_mask="138****0000",
        phone_sealed=b"sealed", verified_how=CaptureMethod.ID_READER, verified_at=_NOW,
    )
)  # fmt: skip
_BATCH: Final = _like(
    IndustryBatch(
        number="", purchaser_id=new_id(), card_class=CardClass.I1, ordered=RANGES * CARDS,
        cards=RANGES * CARDS, product="抄表 30M", state=BatchState.IN_USE, created_at=_NOW, **_HELD,
    )
)  # fmt: skip
_SCOPE: Final = _like(
    CardScope(
        batch_id=new_id(), function="数据", business_scope="抄表", scenario="固定安装",
        product_form="贴片卡", targets=["iot.example.cn", "*.meters.example.cn"], monthly_mb=30,
        device_lock=True, regions=["44"], bound_at=_NOW,
    )
)  # fmt: skip
_ORDER: Final = _like(
    CardOrder(
        number="", batch_id=new_id(), measure=CardMeasure.RESTRICT, reason="超出范围",
        remedy="可以申诉", papers="无", notice_zh="告知书" * 500, notice_en="Notice " * 300,
        state=OrderState.IN_FORCE, ordered_at=_NOW, **_HELD,
    )
)  # fmt: skip


@dataclass
class Answers:
    took: list[float] = field(default_factory=list[float])
    """Milliseconds of each question."""
    busy: list[float] = field(default_factory=list[float])
    """Of the processor, which others don't lengthen by their own work."""
    usable: int = 0

    def p99(self, times: list[float]) -> float:
        return sorted(times)[int(len(times) * 0.99)]


async def asked(house: House, key: str, batches: int) -> Answers:
    chance = random.Random(182)  # noqa: S311 - a sample
    numbers = [_FIRST + chance.randrange(batches * RANGES * CARDS * 2) for _ in range(ASKED)]
    headers = {"authorization": f"Bearer {key}"}
    found = Answers()
    transport = httpx.ASGITransport(build(house))
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", headers=headers
    ) as http:
        for number in numbers[:100]:
            await http.get(f"/industry-cards/{card_key(number)}/scope")
        gc.collect()  # as a server does when it opens
        gc.freeze()
        for number in numbers:
            began, busy = time.perf_counter(), time.process_time()
            answer = await http.get(f"/industry-cards/{card_key(number)}/scope")
            found.took.append((time.perf_counter() - began) * 1_000)
            found.busy.append((time.process_time() - busy) * 1_000)
            found.usable += answer.raise_for_status().json()["is_usable"]
    return found


def run(batches: int, database: str | None) -> Figure:
    with tempfile.TemporaryDirectory() as name:
        house = House.open(Settings(data=Path(name), database_url=database))
        migrate(house.engine)
        own = house.desk()
        kind = OrganisationKind.BASIC_CARRIER_PROVINCE
        add_organisation(own, code="CT-44", kind=kind, name="中国电信广东", province="44")
        _, key = add_client(own, organisation="CT-44", name="网络", roles=[Role.IOT_MANAGER])
        with own.begin(Permission.STAFF_READ) as work:
            carrier = work.session.exec(select(Organisation.id)).one()
        began = time.perf_counter()
        fill(house, carrier, batches)
        print(f"filled in {time.perf_counter() - began:.0f} s")
        found = asyncio.run(asked(house, key, batches))
        house.engine.dispose()
    p50, p99 = statistics.median(found.took), found.p99(found.took)
    where = "PostgreSQL" if database else "SQLite"
    return Figure(
        "scope_check",
        f"scope of one card by API, p99, {batches:,} batches in {batches * RANGES:,} ranges"
        f" on {where}",
        f"{p99:.1f} ms",
        f"≤ {LIMIT_MS} ms",
        p99 <= LIMIT_MS and found.usable > 0,
        f"p50 {p50:.1f} ms; of this processor p50 {statistics.median(found.busy):.1f} ms, p99"
        f" {found.p99(found.busy):.1f} ms; {ASKED:,} cards, {found.usable:,} of them usable",
    )


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("batches", type=int, nargs="?", default=100_000)
    options.add_argument("--only", choices=["sqlite", "postgresql"])
    given = options.parse_args()
    figures: list[Figure] = []
    if given.only != "postgresql":
        figures.append(run(given.batches, None))
    if given.only != "sqlite":
        with postgres() as url:
            figures.append(run(given.batches, url))
    keep("scope_check", figures)


if __name__ == "__main__":
    main()
