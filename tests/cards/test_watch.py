"""The watch list: who is on it is judged by lower thresholds, and each day of a card is kept."""

from datetime import date, timedelta

import pytest

from console.actions.cards.industry.days import card_usage
from console.actions.cards.industry.findings import list_usage_findings
from console.actions.cards.industry.runs import plan_run, run_monitoring
from console.actions.cards.industry.sweeps import sweep_watch
from console.actions.cards.industry.watch import add_watch, end_watch, list_watch
from console.actions.cases.late import sweep_deadlines
from models.refusals import Conflict, Invalid, NotAllowed
from tests.cards.used import DAY, IMEI, MB, Row, csv_of, days_of, planted
from tests.conftest import Clock, Desks


@pytest.mark.requirement("004-2.3-g")
def test_what_is_under_watch_is_found_by_less(desks: Desks) -> None:
    """30 % less than 2 MB a month: 1.6 MB are too much for the watched, and for nobody else."""
    card, batch, plain = planted(desks), planted(desks, 2), planted(desks, 3)
    add_watch(desks.iot, card.id, card.iccid(0), reason="公安通报")
    add_watch(desks.approver, batch.id, reason="疑似转售")
    much: Row = {"bytes": int(1.6 * MB)}
    rows = [card.did(0, **much), card.did(1, **much), batch.did(0, **much), plain.did(0, **much)]
    run_monitoring(desks.iot, plan_run(desks.iot, "use.csv", csv_of(rows)).id)
    found = {one.card for one in list_usage_findings(desks.iot).rows}
    assert found == {card.card(0), batch.card(0)}


def test_the_days_of_a_watched_card_are_kept_and_of_no_other(desks: Desks) -> None:
    used = planted(desks)
    add_watch(desks.iot, used.id, used.iccid(0), reason="公安通报")
    did: Row = {"bytes": 100, "device": IMEI, "region": "440305"}
    rows = [*days_of(used, 0, DAY - timedelta(days=2), 3, **did), *days_of(used, 1, DAY, 1)]
    run_monitoring(desks.iot, plan_run(desks.iot, "use.csv", csv_of(rows)).id)
    usage = card_usage(desks.auditor, used.id, used.iccid(0))
    assert [(one.day, one.bytes) for one in usage.days] == [
        (DAY - timedelta(days=at), 100) for at in (2, 1, 0)
    ]
    assert (usage.days[0].device, usage.days[0].region) == (IMEI, "440305")
    assert [one.reason for one in usage.watch] == ["公安通报"]
    assert not card_usage(desks.auditor, used.id, used.iccid(1)).days


def test_a_watch_lasts_ninety_days_or_as_said_and_runs_out_by_itself(
    desks: Desks, clock: Clock
) -> None:
    used = planted(desks)
    usual = add_watch(desks.iot, used.id, reason="疑似转售")
    short = add_watch(desks.iot, used.id, used.iccid(0), reason="通报", until=date(2026, 3, 2))
    assert usual.until == date(2026, 5, 31)
    for until in (date(2026, 3, 1), date(2027, 3, 3)):
        with pytest.raises(Invalid, match=r"watch\.bad_end"):
            add_watch(desks.iot, used.id, used.iccid(1), reason="通报", until=until)
    assert not sweep_watch(desks.house)
    clock.pass_(days=1)
    assert [one.id for one in list_watch(desks.iot).rows] == [usual.id]
    assert sweep_deadlines(desks.house) == 1
    assert not sweep_watch(desks.house)
    ended = [one for one in list_watch(desks.iot, ended=True).rows if one.ended_at]
    assert [one.id for one in ended] == [short.id]
    assert add_watch(desks.iot, used.id, used.iccid(0), reason="再次通报").holds(date(2026, 3, 3))


def test_nobody_is_watched_twice_and_an_ended_watch_ends_once(desks: Desks) -> None:
    used = planted(desks)
    entry = add_watch(desks.iot, used.id, reason="疑似转售")
    with pytest.raises(Conflict, match=r"watch\.already"):
        add_watch(desks.approver, used.id, reason="疑似转售")
    assert end_watch(desks.approver, entry.id, "已核实").ended_why == "已核实"
    with pytest.raises(Conflict, match=r"watch\.ended"):
        end_watch(desks.approver, entry.id, "已核实")
    assert not list_watch(desks.iot).rows
    for desk in (desks.manager, desks.auditor, desks.regulator):
        with pytest.raises(NotAllowed):
            add_watch(desk, used.id, reason="疑似转售")
    assert not list_watch(desks.other_manager, ended=True).rows
