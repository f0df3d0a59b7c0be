"""Industry cards by the hundred thousand batches: the lists, the counts and the work list.

    python -m tests.bench.bench_industry_lists [sqlite | postgresql]

On both databases unless told. `BATCHES`, `FINDINGS` and `ORDERS` make it smaller.
"""

import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from sqlmodel import col, select

from console.actions.cards.industry.batches import list_batches
from console.actions.cards.industry.counts import industry_counts
from console.actions.cards.industry.findings import list_usage_findings
from console.actions.cards.industry.order_lists import OrderFilters, find_orders
from console.actions.cards.industry.overdue import overdue_changes, overdue_reports
from console.actions.cards.industry.purchasers import list_purchasers
from console.actions.cards.industry.runs import list_runs
from console.actions.cards.industry.scope_check import check_card
from console.actions.cards.industry.user_lists import users_screen
from console.actions.cards.industry.users import list_users
from console.actions.cards.industry.waiting import INDUSTRY_SOURCES
from console.actions.cards.industry.watch import list_watch
from console.actions.checks.test_purchases import list_purchases
from console.actions.checks.waiting import CHECK_SOURCES
from console.actions.staff.sign_in import actor_named
from console.actions.work import work_items
from console.database import migrate
from console.desk import Desk, House
from console.settings import Settings
from models.cards.card_orders import CardMeasure, OrderState
from models.cards.classes import CardClass
from models.cards.industry import BatchState, IndustryBatch
from models.cards.monitoring import FoundBy, MonitoringRun, MonitoringState, UsageFindingState
from models.cards.numbers import card_key
from models.cards.usage_rules import UsageRule
from models.cards.users import CardUser
from models.checks.test_purchases import PurchaseState
from models.permissions import Permission
from models.rules import FindingKind
from models.staff import Door
from tests.bench.bench_cases import LIMIT, TIMES, p95
from tests.bench.case_data import NOW
from tests.bench.figures import Figure, keep
from tests.bench.industry_data import PEOPLE, fill, first_card
from tests.bench.servers import postgres

BATCHES: Final = int(os.environ.get("BATCHES", "100000"))
FINDINGS: Final = int(os.environ.get("FINDINGS", "1000000"))
ORDERS: Final = int(os.environ.get("ORDERS", "200000"))
COUNTED: Final = 1.0
"""Seconds, for figures of everything there is."""
_READ: Final = Permission.INDUSTRY_READ
_MIDDLE: Final = card_key(first_card(BATCHES // 2) + 7)


@dataclass(frozen=True)
class Known:
    """What a list is asked about."""

    batch: IndustryBatch
    """Of one's own, the newest in use."""
    of_users: IndustryBatch
    """With the most users."""
    run: MonitoringRun


Ask = Callable[[Desk, Known], object]


def _batches(**filters: Any) -> Ask:  # noqa: ANN401
    return lambda desk, _: list_batches(desk, **filters)


def _findings(**filters: Any) -> Ask:  # noqa: ANN401
    return lambda desk, _: list_usage_findings(desk, **filters)


def _orders(**filters: Any) -> Ask:  # noqa: ANN401
    return lambda desk, _: find_orders(desk, OrderFilters(**filters))


def _second_screen(desk: Desk, _: Known) -> object:
    return list_usage_findings(desk, after=list_usage_findings(desk).next)


LISTS: Final[Mapping[str, Ask]] = {
    "purchasers": lambda desk, _: list_purchasers(desk),
    "purchasers, a word of many": lambda desk, _: list_purchasers(desk, "智能"),
    "purchasers, a word of none": lambda desk, _: list_purchasers(desk, "没有这样的单位"),
    "purchasers, a code": lambda desk, _: list_purchasers(desk, "91440101MA00000123"),
    "batches": _batches(),
    **{f"batches, {one.value}": _batches(state=one) for one in BatchState},
    **{f"batches, class {one.value}": _batches(card_class=one) for one in CardClass},
    "batches, late": _batches(late=True),
    "batches, months that makers owe": lambda desk, _: overdue_reports(desk),
    "batches, changes overdue": lambda desk, _: overdue_changes(desk),
    "batches, late and restricted": _batches(late=True, state=BatchState.RESTRICTED),
    "batches, a word of many": _batches(q="智能"),
    "batches, a word of none": _batches(q="没有这样的单位"),
    "batches, a number": _batches(q="IOT-44-2026-000123"),
    "batches, one character": _batches(q="9"),
    "findings": _findings(),
    "findings, the second screen": _second_screen,
    **{f"findings, {one.value}": _findings(state=one) for one in UsageFindingState},
    **{f"findings, rule {one.value}": _findings(rule=one) for one in UsageRule},
    "findings, of a kind": _findings(kind=FindingKind.IOT_RESALE),
    "findings, of a kind that is none here": _findings(kind=FindingKind.IOT_CARD_ONLINE),
    "findings, reported": _findings(found_by=FoundBy.REPORT),
    "findings, of complaints": _findings(found_by=FoundBy.COMPLAINT),
    "findings, late": _findings(late=True),
    "findings, late and reported": _findings(late=True, found_by=FoundBy.REPORT),
    "findings, of a batch": lambda desk, of: list_usage_findings(desk, batch=of.batch.id),
    "findings, of a run": lambda desk, of: list_usage_findings(desk, run=of.run.id),
    "findings, open of a run": lambda desk, of: list_usage_findings(
        desk, run=of.run.id, state=UsageFindingState.OPEN
    ),
    "orders": _orders(),
    **{f"orders, {one.value}": _orders(state=one) for one in OrderState},
    **{f"orders, {one.value} as measure": _orders(measure=one) for one in CardMeasure},
    "orders, late": _orders(overdue=True),
    "orders, late appeals": _orders(overdue=True, state=OrderState.APPEALED),
    "orders, of a batch": lambda desk, of: find_orders(desk, OrderFilters(batch_id=of.batch.id)),
    "runs": lambda desk, _: list_runs(desk),
    **{f"runs, {one.value}": lambda desk, _, one=one: list_runs(desk, state=one)
       for one in MonitoringState},
    "watch": lambda desk, _: list_watch(desk),
    "watch, ended too": lambda desk, _: list_watch(desk, ended=True),
    "watch, of a batch": lambda desk, of: list_watch(desk, batch=of.batch.id),
    "users": lambda desk, of: list_users(desk, of.of_users.id),
    "users, as on the page": lambda desk, of: users_screen(desk, of.of_users.id),
    "scope check": lambda desk, _: check_card(desk, _MIDDLE),
    "work list": lambda desk, _: work_items(desk),
    **{f"work list, {one.__name__.lstrip('_')}": lambda desk, _, one=one: list(one(desk))
       for one in (*INDUSTRY_SOURCES, *CHECK_SOURCES)},
}  # fmt: skip
PURCHASES: Final[Mapping[str, Ask]] = {
    "test purchases": lambda desk, _: list_purchases(desk),
    **{f"test purchases, {one.value}": lambda desk, _, one=one: list_purchases(desk, state=one)
       for one in PurchaseState},
    "test purchases, a number": lambda desk, _: list_purchases(desk, words="TP-2026-0001"),
}  # fmt: skip
COUNTS: Final[Mapping[str, Ask]] = {"counts": lambda desk, _: industry_counts(desk)}
BY_RIGHT: Final[Mapping[Permission, Mapping[str, Ask]]] = {
    _READ: LISTS, Permission.STOCK_READ: PURCHASES, Permission.INDUSTRY_COUNT: COUNTS,
}  # fmt: skip


def known(desk: Desk) -> Known:
    with desk.begin(_READ) as work:
        mine = work.select(IndustryBatch).order_by(col(IndustryBatch.id).desc())
        in_use = mine.where(IndustryBatch.state == BatchState.IN_USE)
        by_user = select(CardUser.batch_id).order_by(col(CardUser.id).desc()).limit(1)
        largest = work.session.exec(mine.where(col(IndustryBatch.id).in_(by_user))).first()
        newest = work.session.exec(in_use).first()
        run = work.session.exec(
            work.select(MonitoringRun).order_by(col(MonitoringRun.id).desc())
        ).first()
    assert newest is not None
    assert run is not None
    return Known(newest, largest or newest, run)


def lists(house: House, name: str) -> list[Figure]:
    """The slowest question of each kind, whoever asks."""
    gc.collect()
    gc.freeze()  # as `channel serve` does
    slowest: dict[str, tuple[float, str]] = {}
    for login in PEOPLE:
        desk = house.desk(actor_named(house, login, Door.CONSOLE))
        of = known(desk) if desk.actor.may(_READ) else None
        for right, asks in BY_RIGHT.items():
            for title, ask in asks.items() if desk.actor.may(right) else ():
                worst = _p95_of(ask, desk, of)
                print(f"  {name:<10} {login:<10} {title:<40} {worst * 1000:8.1f} ms", flush=True)
                kind = title.split(",")[0]
                slowest[kind] = max(slowest.get(kind, (0.0, "")), (worst, f"{login}: {title}"))
    return [
        Figure(
            "industry_lists", f"industry {kind}, slowest question's p95 ({name})",
            f"{worst * 1000:.0f} ms", f"≤ {limit * 1000:.0f} ms", worst <= limit, which,
        )
        for kind, (worst, which) in slowest.items()
        for limit in (COUNTED if kind in COUNTS else LIMIT,)
    ]  # fmt: skip


def _p95_of(ask: Any, desk: Desk, of: Known | None) -> float:  # noqa: ANN401 - some ask of nothing
    ask(desk, of)  # the first makes the statements, as the first of a process does
    took: list[float] = []
    while len(took) < TIMES and sum(took) < 3:
        begun = time.perf_counter()
        ask(desk, of)
        took.append(time.perf_counter() - begun)
    return p95(took) if len(took) > 1 else took[0]


def measured(name: str, url: str | None) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=Path(folder), database_url=url)
        house = replace(House.open(settings), now=lambda: NOW)
        migrate(house.engine)
        begun = time.perf_counter()
        fill(house, batches=BATCHES, findings=FINDINGS, orders=ORDERS)
        print(f"  {name}: filled in {time.perf_counter() - begun:.0f} s")
        figures = lists(house, name)
        house.engine.dispose()
    return figures


def main() -> None:
    asked = sys.argv[1:] or ["sqlite", "postgresql"]
    figures: list[Figure] = []
    if "sqlite" in asked:
        figures += measured("sqlite", None)
    if "postgresql" in asked:
        with postgres() as url:
            figures += measured("postgresql", url)
    keep("industry_lists", figures)


if __name__ == "__main__":
    main()
