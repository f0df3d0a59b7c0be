"""What the engine's clock does in the channel by itself, with nobody asking."""

import threading
import time

import pytest

from console.actions.channel import licences
from console.actions.channel.agents import agent_record
from console.actions.channel.badges import list_badges
from console.actions.channel.licences import approve_licence
from console.actions.channel.review import review_agent
from console.desk import House
from console.jobs import engine
from console.jobs.clock import Clock as JobClock
from console.jobs.registry import SWEEPS
from models.channel.agents import AgentReason, AgentState
from models.channel.badges import BadgeState
from models.channel.licences import LicenceState
from tests.channel.stories import admitted, deeds, licensed, pending, shop_of, submitted
from tests.conftest import Clock, Desks


def by_itself(desks: Desks) -> None:
    """One round of everything that the registry has by the clock."""
    JobClock(SWEEPS).tick(desks.house)


def test_a_licence_past_its_last_day_ends_with_its_badges_by_itself(
    desks: Desks, clock: Clock
) -> None:
    agent, _, _ = licensed(desks, numbers=("1001", "1002"))
    by_itself(desks)
    assert agent_record(desks.manager, agent.id).licences[0].state is LicenceState.ACTIVE

    clock.pass_(days=364)
    by_itself(desks)
    record = agent_record(desks.manager, agent.id)
    assert record.licences[0].state is LicenceState.EXPIRED
    assert [badge.state for badge in record.badges] == [BadgeState.EXPIRED] * 2
    assert record.agent.state is AgentState.ELIGIBLE


def test_an_application_that_nobody_corrects_lapses_by_itself(desks: Desks, clock: Clock) -> None:
    agent = submitted(desks.manager)
    review_agent(desks.approver, agent.id, passed=False, reasons=[AgentReason.OTHER])
    clock.pass_(days=30)
    by_itself(desks)
    assert agent_record(desks.manager, agent.id).agent.state is AgentState.REJECTED


def left_unsigned(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    """A licence whose approval fell over before its badge was signed."""
    agent = admitted(desks)
    licence = pending(desks, agent, shop_of(desks.manager, agent))

    def fall(*_: object, **__: object) -> None:
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(licences, "finish_badges", fall)
        with pytest.raises(RuntimeError):
            approve_licence(desks.approver, licence.id)
    assert list_badges(desks.manager).rows[0].state is BadgeState.REQUESTED


def test_a_badge_that_a_crash_left_unsigned_is_signed_by_itself(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_unsigned(desks, monkeypatch)
    by_itself(desks)
    by_itself(desks)
    badge = list_badges(desks.manager).rows[0]
    assert badge.state is BadgeState.ISSUED
    assert badge.token is not None
    assert deeds(desks.house).count("badge.issued") == 1


def test_the_engine_finishes_badges_as_it_starts(
    desks: Desks, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_unsigned(desks, monkeypatch)
    started = engine.start(house, kinds=(), pace=0.05)
    try:
        late = time.monotonic() + 20
        while list_badges(desks.manager).rows[0].state is not BadgeState.ISSUED:
            assert time.monotonic() < late, "nobody signed it"
            threading.Event().wait(0.05)
    finally:
        started.stop()
