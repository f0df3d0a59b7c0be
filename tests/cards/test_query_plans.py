"""No list of industry cards reads a whole table, nor sorts what it finds: an index has it so."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import pytest

from console.actions.cards.industry.batches import list_batches
from console.actions.cards.industry.counts import industry_counts
from console.actions.cards.industry.downstream import waiting_downstream
from console.actions.cards.industry.findings import list_usage_findings
from console.actions.cards.industry.old_days import sweep_card_days
from console.actions.cards.industry.old_files import sweep_usage_files
from console.actions.cards.industry.order_lists import OrderFilters, find_orders
from console.actions.cards.industry.overdue import (
    overdue_changes,
    overdue_reports,
    sweep_overdue,
)
from console.actions.cards.industry.purchasers import list_purchasers
from console.actions.cards.industry.runs import list_runs
from console.actions.cards.industry.scope_check import check_card
from console.actions.cards.industry.user_lists import marks_of, users_screen
from console.actions.cards.industry.users import list_users
from console.actions.cards.industry.waiting import INDUSTRY_SOURCES
from console.actions.cards.industry.watch import list_watch
from console.actions.cards.industry.whole_days import sweep_parts
from console.actions.checks.test_purchases import list_purchases
from console.actions.checks.waiting import waiting_purchases
from console.desk import Desk
from models.cards.card_orders import CardMeasure, OrderState
from models.cards.classes import CardClass
from models.cards.industry import BatchState
from models.cards.monitoring import FoundBy, MonitoringState, UsageFindingState
from models.cards.usage_rules import UsageRule
from models.checks.test_purchases import PurchaseState
from models.rules import FindingKind
from tests.cards.world import drafted, iccid
from tests.conftest import Desks
from tests.patrol.test_query_plans import plans_of

LARGE: Final = (
    "purchasers", "industry_batches", "usage_findings", "card_orders", "monitoring_runs",
    "watch_entries", "card_users", "industry_ranges", "card_scopes", "accountable_units",
    "device_locks", "downstream_reports", "unattributed_ranges", "test_purchases", "cases",
    "card_days", "user_slots",
)  # fmt: skip
Ask = Callable[[Desk], object]


def batches(**filters: Any) -> Ask:  # noqa: ANN401
    return lambda desk: list_batches(desk, **filters)


def findings(**filters: Any) -> Ask:  # noqa: ANN401
    return lambda desk: list_usage_findings(desk, **filters)


def orders(**filters: Any) -> Ask:  # noqa: ANN401
    return lambda desk: find_orders(desk, OrderFilters(**filters))


LISTS: Final[Mapping[str, Ask]] = {
    "purchasers": list_purchasers,
    "purchasers by a part of their names": lambda desk: list_purchasers(desk, "智能"),
    "batches": batches(),
    "batches in a state": batches(state=BatchState.RESTRICTED),
    "batches of a class": batches(card_class=CardClass.I1),
    "batches that are late": batches(late=True),
    "batches by what is in their names": batches(q="智能"),
    "findings": findings(),
    "findings in a state": findings(state=UsageFindingState.OPEN),
    "findings by a rule": findings(rule=UsageRule.TARGET_OUTSIDE),
    "findings of a kind": findings(kind=FindingKind.IOT_RESALE),
    "findings from somewhere": findings(found_by=FoundBy.REPORT),
    "findings that are late": findings(late=True),
    "orders": orders(),
    "orders in a state": orders(state=OrderState.APPEALED),
    "orders of a measure": orders(measure=CardMeasure.SUSPEND),
    "orders that are late": orders(overdue=True),
    "runs": list_runs,
    "runs in a state": lambda desk: list_runs(desk, state=MonitoringState.FAILED),
    "watch": list_watch,
    "watch with what has ended": lambda desk: list_watch(desk, ended=True),
    "test purchases": list_purchases,
    "test purchases in a state": lambda desk: list_purchases(desk, state=PurchaseState.PLANNED),
}
"""All of them the newest first."""
OTHERS: Final[Mapping[str, Ask]] = {
    "late batches in a state": batches(late=True, state=BatchState.IN_USE),
    "a card's scope": lambda desk: check_card(desk, iccid(7)),
    "counts": industry_counts,
    "days in parts": lambda desk: sweep_parts(desk.house.desk()),
    "old files": lambda desk: sweep_usage_files(desk.house.desk()),
    "old days": lambda desk: sweep_card_days(desk.house.desk()),
    "what is overdue": lambda desk: sweep_overdue(desk.house.desk()),
    "reports that are overdue": overdue_reports,
    "changes that are overdue": overdue_changes,
    "what waits": lambda desk: [list(one(desk)) for one in (*INDUSTRY_SOURCES, waiting_purchases)],
}


def group(desks: Desks) -> Desk:
    """Somebody of a group that has several carriers."""
    carriers = desks.iot.actor.carriers | desks.other_manager.actor.carriers
    return desks.iot.as_(replace(desks.iot.actor, carriers=carriers))


def assert_by_an_index(name: str, lines: Sequence[str]) -> None:
    assert any(table in line for line in lines for table in LARGE), name
    for line in lines:
        for table in LARGE:
            assert f"Seq Scan on {table}" not in line, (name, line)
            if line.startswith(f"SCAN {table}"):
                assert "USING" in line, (name, line)


def sorts(line: str) -> bool:
    """More than the nothing that was found in an empty database."""
    return "TEMP B-TREE FOR ORDER BY" in line or ("Sort  (" in line and "rows=0" not in line)


def test_no_list_of_industry_cards_reads_a_whole_table_or_sorts_it(desks: Desks) -> None:
    """Who has several carriers has the same: each is asked by itself (decision 024)."""
    for desk in (desks.iot, group(desks)):
        for name, ask in LISTS.items():
            lines = plans_of(desk, ask, "sort", "bitmapscan")
            assert_by_an_index(name, lines)
            sorted_first = [line for line in lines if sorts(line)]
            assert not sorted_first, (name, lines)


def test_what_hangs_on_a_batch_is_found_by_it(desks: Desks) -> None:
    batch = drafted(desks)
    asks: list[Ask] = [
        lambda desk: list_users(desk, batch.id),
        lambda desk: users_screen(desk, batch.id),
        lambda desk: users_screen(desk, batch.id, ended=True),
        lambda desk: marks_of(desk, batch.id),
        findings(batch=batch.id),
        orders(batch_id=batch.id),
        lambda desk: list_watch(desk, batch=batch.id),
    ]
    is_sqlite = desks.house.house.engine.dialect.name == "sqlite"
    for ask in asks:
        lines = plans_of(desks.iot, ask)
        assert_by_an_index("of a batch", lines)
        assert not is_sqlite or any("(batch_id=?" in line for line in lines), lines


@pytest.mark.parametrize("name", OTHERS)
def test_nothing_of_industry_cards_reads_a_whole_table(desks: Desks, name: str) -> None:
    for desk in (desks.iot, desks.approver, group(desks)):
        assert_by_an_index(name, plans_of(desk, OTHERS[name]))


def test_what_makers_have_to_report_is_asked_from_the_makers_on(desks: Desks) -> None:
    """Not from all the batches that are in use."""
    lines = plans_of(desks.iot, lambda desk: list(waiting_downstream(desk)))

    assert_by_an_index("makers", lines)
    if desks.house.house.engine.dialect.name == "sqlite":
        assert any("ix_purchasers_makers (carrier_id=? AND" in line for line in lines), lines
        assert not any("industry_batches USING INDEX ix_industry_batches_listed" in line
                       for line in lines), lines  # fmt: skip


def test_an_administration_counts_from_indexes_alone(desks: Desks) -> None:
    lines = plans_of(desks.regulator, industry_counts)

    assert_by_an_index("counts", lines)
    if desks.house.house.engine.dialect.name == "sqlite":
        for table in ("industry_batches", "usage_findings", "card_orders"):
            assert any(f"{table} USING COVERING INDEX" in line for line in lines), table


def test_each_carrier_of_a_group_is_asked_by_itself(desks: Desks) -> None:
    """And all of them make one list, in its order, screen by screen."""
    own = [drafted(desks, serial=at) for at in (1, 2)]
    others = drafted(desks, serial=3, desk=other_iot(desks))
    desk = group(desks)
    newest_first = [others.id, *(one.id for one in reversed(own))]

    first = list_batches(desk, limit=2)
    rest = list_batches(desk, limit=2, after=first.next)

    assert [one.id for one in (*first.rows, *rest.rows)] == newest_first
    assert rest.next is None
    found = [item.id for source in INDUSTRY_SOURCES for item in source(desk)]
    assert sorted(filter(None, found)) == sorted(newest_first)
    assert not [item for source in INDUSTRY_SOURCES for item in source(desks.regulator)]


def other_iot(desks: Desks) -> Desk:
    """Of 中国联通广东."""
    return desks.other_manager.as_(replace(desks.other_manager.actor, roles=desks.iot.actor.roles))
