"""Signals: scans that are not a badge's own, what buyers report, and what comes of both."""

import asyncio
import math
import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import httpx
import pytest

from console.actions.channel.badges import get_badge, list_badges
from console.actions.channel.scan_counts import keep_counts
from console.actions.channel.signals import (
    Report,
    close_signal,
    get_signal,
    list_signals,
    report_badge,
    signal_record,
    watch_badges,
)
from console.actions.staff.people import add_client
from console.actions.work import work_items
from console.desk import House
from console.web.api.app import build
from models.channel.badges import Badge, BadgeState
from models.channel.signals import SignalKind, SignalOutcome, SignalState
from models.permissions import Role
from models.provinces import provinces
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from models.scan_watch import NOWHERE, QUIET, Limits, each_day, watch
from tests.channel.stories import deeds, licensed
from tests.conftest import Clock, Desks
from tests.pages import Console, errors, move, moves, shown

LIMITS = Limits.on(date(2026, 11, 22))
EVERYWHERE = list(provinces())
Days = list[dict[str, int]]


# The alarm itself


def poisson(chance: random.Random, mean: float) -> int:
    limit, product, count = math.exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        count += 1
    return count


def scans(chance: random.Random, a_day: float, days: int, copied_from: int, more: float) -> Days:
    """An honest shop of four provinces, with strays; from a day on a copy, from everywhere."""
    home = chance.sample(EVERYWHERE, 4)
    made: Days = []
    for day in range(days):
        own = poisson(chance, a_day)
        copies = poisson(chance, a_day * more) if day >= copied_from else 0
        places = [
            chance.choice(EVERYWHERE if chance.random() < 0.03 else home[: 1 + one % 4])
            for one in range(own)
        ] + chance.choices(EVERYWHERE, k=copies)
        made.append({place: places.count(place) for place in set(places)})
    return made


def alarmed_on(days: Sequence[dict[str, int]], since: int = 0) -> int | None:
    scores = enumerate(each_day(days, LIMITS, since))
    return next((at for at, one in scores if one.is_alarm(LIMITS)), None)


def test_about_one_honest_badge_in_ten_alarms_in_a_year() -> None:
    chance = random.Random(2026)  # noqa: S311 - a simulation
    years = [
        alarmed_on(scans(chance, a_day, 400, 999, 0.0)) for a_day in (1, 5, 20) for _ in range(80)
    ]
    share = sum(one is not None for one in years) / len(years)
    assert 0.03 <= share <= 0.16


@pytest.mark.parametrize(("a_day", "more", "within"), [(1, 3.0, 10), (5, 1.0, 4), (20, 1.0, 2)])
def test_a_copy_with_traffic_alarms_in_days(a_day: int, more: float, within: int) -> None:
    chance = random.Random(7)  # noqa: S311 - a simulation
    waits = [
        (alarmed_on(scans(chance, a_day, 230, 150, more), 150) or 999) - 149 for _ in range(20)
    ]
    assert sorted(waits)[len(waits) // 2] <= within


def test_a_badge_that_is_hardly_known_never_alarms() -> None:
    assert watch([], LIMITS) == QUIET
    assert not watch([{"44": 50}] * 20, LIMITS).is_alarm(LIMITS)
    assert not watch([{"44": 1}] * 3 + [{}] * 100, LIMITS).is_alarm(LIMITS)


def test_scans_that_nobody_can_place_speak_by_their_number_alone() -> None:
    usual = [{NOWHERE: 5}] * 120
    assert not watch(usual, LIMITS).is_alarm(LIMITS)
    risen = watch([*usual, *[{NOWHERE: 30}] * 3], LIMITS)
    assert risen.is_alarm(LIMITS)
    assert (risen.mix, risen.provinces) == (0.0, ())


def test_a_new_place_is_named() -> None:
    found = watch([*[{"44": 5}] * 120, {"44": 5, "65": 4}], LIMITS)
    assert found.is_alarm(LIMITS)
    assert found.provinces == ("65",)
    assert found.score(LIMITS) >= 1


# From counts to a signal


def scanned(house: House, badge: Badge, days: int, **by_province: int) -> None:
    """So many scans on each of the last days, today included."""
    today = house.now().replace(minute=0, second=0, microsecond=0)
    keep_counts(
        house.desk(),
        {
            (badge.badge_id, today - timedelta(days=back), code.removeprefix("p")): scans
            for back in range(days)
            for code, scans in by_province.items()
        },
    )


@pytest.fixture
def badge(desks: Desks) -> Badge:
    licensed(desks)
    return list_badges(desks.manager).rows[0]


@pytest.fixture
def alarmed(house: House, badge: Badge, clock: Clock) -> Badge:
    clock.pass_(days=130)
    scanned(house, badge, 120, p44=6)
    scanned(house, badge, 2, p65=5, p11=4)
    return badge


def test_unusual_scans_become_one_signal_and_no_verdict(
    house: House, desks: Desks, alarmed: Badge, clock: Clock
) -> None:
    assert watch_badges(desks.house) == 1
    assert watch_badges(desks.house) == 0
    (signal,) = list_signals(desks.manager, kind=SignalKind.SCANS).rows
    assert (signal.badge_id, signal.times) == (alarmed.id, 1)
    assert signal.facts["score"] >= 1
    assert set(signal.facts["provinces"]) == {"65", "11"}
    assert get_badge(desks.manager, alarmed.id).state is BadgeState.ISSUED
    (item,) = [one for one in work_items(desks.approver) if one.kind == "signal_scans"]
    assert item.id == signal.id

    clock.pass_(days=1)
    scanned(house, alarmed, 1, p65=9)
    assert watch_badges(desks.house) == 0
    assert get_signal(desks.manager, signal.id).times == 2


def test_what_somebody_looked_at_does_not_alarm_again(
    house: House, desks: Desks, alarmed: Badge, clock: Clock
) -> None:
    watch_badges(desks.house)
    (signal,) = list_signals(desks.manager).rows
    close_signal(desks.manager, signal.id, SignalOutcome.NOTHING, "店铺做了促销")
    assert watch_badges(desks.house) == 0
    clock.pass_(days=1)
    scanned(house, alarmed, 1, p44=6)
    assert watch_badges(desks.house) == 0
    assert [one.state for one in list_signals(desks.manager).rows] == [SignalState.CLOSED]


def test_usual_scans_are_no_signal(house: House, desks: Desks, badge: Badge, clock: Clock) -> None:
    clock.pass_(days=130)
    scanned(house, badge, 120, p44=6)
    assert watch_badges(desks.house) == 0


def test_a_copy_that_was_found_makes_the_badge_void_at_once(
    house: House, desks: Desks, badge: Badge
) -> None:
    report_badge(house, badge.badge_id, Report("lanhai", "666"))
    (signal,) = list_signals(desks.approver).rows
    with pytest.raises(Invalid):
        close_signal(desks.approver, signal.id, SignalOutcome.COPIED, "  ")
    closed = close_signal(desks.approver, signal.id, SignalOutcome.COPIED, "lanhai 666 店")
    assert (closed.state, closed.outcome) == (SignalState.CLOSED, SignalOutcome.COPIED)
    void = get_badge(desks.manager, badge.id)
    assert (void.state, void.reason) == (BadgeState.COMPROMISED, "lanhai 666 店")
    assert deeds(desks.house)[-2:] == ["signal.closed", "badge.compromised"]
    with pytest.raises(Conflict):
        close_signal(desks.manager, signal.id, SignalOutcome.NOTHING, "x")
    report_badge(house, badge.badge_id, Report())
    assert len(list_signals(desks.manager, state=SignalState.OPEN).rows) == 1


def test_who_may_see_a_signal_and_who_may_close_it(
    house: House, desks: Desks, badge: Badge
) -> None:
    signal = report_badge(house, badge.badge_id, Report())
    for desk in (desks.manager, desks.platform, desks.regulator, desks.inspector, desks.auditor):
        assert get_signal(desk, signal.id).id == signal.id
    for desk in (desks.other_manager, desks.other_platform, desks.other_regulator):
        with pytest.raises(NotFound):
            get_signal(desk, signal.id)
    for desk in (desks.iot, desks.privacy, desks.admin):
        with pytest.raises(NotAllowed):
            get_signal(desk, signal.id)
    for desk in (desks.platform, desks.regulator, desks.inspector, desks.auditor):
        with pytest.raises(NotAllowed):
            close_signal(desk, signal.id, SignalOutcome.NOTHING, "x")


def test_a_badge_that_does_not_exist_is_not_reported(house: House, desks: Desks) -> None:
    assert desks.house.now() == house.now()
    with pytest.raises(NotFound):
        report_badge(house, "0" * 16, Report())


def test_signals_are_read_and_closed_by_api(house: House, desks: Desks, badge: Badge) -> None:
    report_badge(house, badge.badge_id, Report("lanhai", "666", "便宜"))
    api = build(house)
    _, key = add_client(
        desks.security, organisation="CT-44", name="t", roles=[Role.CHANNEL_MANAGER]
    )

    def ask(method: str, path: str, **options: Any) -> httpx.Response:  # noqa: ANN401
        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(app=api)
            headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "one"}
            async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
                return await client.request(method, path, headers=headers, **options)

        return asyncio.run(go())

    (row,) = ask("GET", "/signals", params={"state": "open"}).json()["items"]
    assert row["facts"]["shops"][0]["shop"] == "666"
    path = f"/signals/{row['id']}"
    assert ask("GET", path).json() == row
    body = {"outcome": "nothing", "remark": "已核查"}
    closed = ask("POST", f"{path}/close", json=body)
    assert (closed.status_code, closed.json()["state"]) == (200, "closed")
    assert ask("POST", f"{path}/close", json=body).json() == closed.json()


# The pages


@pytest.fixture
def console(house: House, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(house, monkeypatch)


def test_the_page_of_signals_shows_scans_and_reports(
    console: Console, house: House, desks: Desks, alarmed: Badge
) -> None:
    assert "没有线索" in shown(console.open("signals", desks.manager))
    watch_badges(desks.house)
    report_badge(house, alarmed.badge_id, Report("lanhai", "666", "**粗体**"))
    at = console.open("signals", desks.regulator, language="en")
    assert (errors(at), len(at.dataframe)) == ([], 1)
    rows = list_signals(desks.manager).rows
    for signal in rows:
        at = console.open("signals", desks.manager, id=str(signal.id))
        assert errors(at) == []
        assert set(moves(at)) == {"copied", "nothing"}
        assert not moves(console.open("signals", desks.platform, id=str(signal.id)))
        assert signal_record(desks.manager, signal.id).series is not None
    move(console.open("signals", desks.manager, id=str(rows[0].id)), "nothing", "看过了")
    assert get_signal(desks.manager, rows[0].id).outcome is SignalOutcome.NOTHING


def test_a_code_is_judged_on_the_page_in_the_words_of_the_verify_page(
    console: Console, desks: Desks, badge: Badge
) -> None:
    at = console.open("badge_check", desks.manager)
    assert "等待核验" in shown(at)
    at.text_area[0].set_value("https://elsewhere.example/b/1").run()
    (press,) = [one for one in at.button if one.key == "check:sure"]
    at = press.click().run()
    assert not at.exception
    assert "这不是本平台的标识" in shown(at)
    assert badge.badge_id not in shown(at)
