"""The figures of the overview, within each reader's scope."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from console.actions.overview import overview
from models.cases.cases import CaseState
from models.channel.agents import Agent, AgentState
from models.channel.licences import Licence, LicenceState
from models.channel.publications import Publication, PublicationState
from models.patrol.findings import Finding, FindingState
from models.patrol.shops import ShopState
from models.permissions import Permission
from models.refusals import NotAllowed
from models.staff import Organisation
from tests.cases.world import all_else_proven, case_of, found, opened, removed, sent
from tests.conftest import Clock, Desks


def plant_channel(desks: Desks) -> None:
    """Three agents in Guangdong and one in Beijing; licences, one of them near its end."""
    carrier = desks.manager.actor.organisation_id
    assert carrier is not None
    with desks.house.begin(Permission.AGENT_EDIT) as work:
        for at, (province, state) in enumerate(
            [("44", AgentState.ACTIVE), ("44", AgentState.ACTIVE), ("44", AgentState.VERIFYING),
             ("11", AgentState.ACTIVE)]
        ):  # fmt: skip
            agent = work.add(
                Agent(
                    serial=at + 1, carrier_id=carrier, agent_no=f"CT-{at}", name=f"代理{at}",
                    uscc=f"9144010000000000{at}X", province=province, legal_representative="陈",
                    state=state, created_at=work.at,
                )
            )  # fmt: skip
            work.session.flush()
            work.add(
                Licence(
                    number=f"L-{at}", carrier_id=carrier, agent_id=agent.id, province=province,
                    products=[], provinces=["44"], shop_ids=[], begins_on=date(2026, 1, 1),
                    ends_on=date(2026, 5, 1) + timedelta(days=at), state=LicenceState.ACTIVE,
                    created_at=work.at,
                )
            )  # fmt: skip
        for number, due in (("P-1", 1), ("P-2", 5)):
            work.add(
                Publication(
                    number=number, carrier_id=carrier, province="44", prepared_by="x",
                    state=PublicationState.PUBLISHED, created_at=work.at,
                    published_at=work.at, due_at=datetime(2026, 3, due, 16, tzinfo=UTC),
                )
            )  # fmt: skip
        work.record("channel.planted", work.session.get_one(Organisation, carrier))


@pytest.mark.requirement("004-3.4-a")
def test_each_reader_has_the_figures_of_their_own_scope(desks: Desks, clock: Clock) -> None:
    plant_channel(desks)
    found(desks, state=FindingState.OPEN, shop_no=1)
    found(desks, state=FindingState.CONFIRMED, shop_no=2, platform="honghai")
    opened(desks, shop_no=3)
    notice = sent(desks, shop_no=4)
    clock.pass_(days=2)
    removed(desks, notice)
    all_else_proven(desks, case_of(notice))
    clock.pass_(days=30)

    seen = overview(desks.regulator)
    assert seen.agents == {AgentState.VERIFYING: 1, AgentState.ACTIVE: 2}
    assert seen.licences_ending == 3
    assert (seen.lists.current, seen.lists.stale) == (2, 2)
    assert seen.findings == {
        FindingState.OPEN: 1, FindingState.CONFIRMED: 1, FindingState.IN_CASE: 2,
    }  # fmt: skip
    assert seen.shops == {
        ("honghai", ShopState.SUSPECTED): 1,
        ("lanhai", ShopState.SUSPECTED): 1,
        ("lanhai", ShopState.UNLICENSED): 1,
        ("lanhai", ShopState.REMOVED): 1,
    }
    assert seen.cases == {CaseState.INVESTIGATING: 1, CaseState.WAITING_RECHECK: 1}
    assert (seen.cases_open, seen.overdue) == (2, 2)
    assert (seen.removal.count, seen.removal.median) == (1, timedelta(days=2))
    assert overview(desks.manager).agents[AgentState.ACTIVE] == 3
    elsewhere = overview(desks.other_regulator)
    assert (elsewhere.agents, elsewhere.cases, elsewhere.removal.median) == (
        {AgentState.ACTIVE: 1}, {}, None,
    )  # fmt: skip
    assert overview(desks.platform).cases == {CaseState.WAITING_RECHECK: 1}
    assert overview(desks.other_platform).cases == {}
    assert overview(desks.other_manager).shops == {}
    with pytest.raises(NotAllowed):
        overview(desks.admin)


def test_the_median_is_a_time_that_was_measured(desks: Desks, clock: Clock) -> None:
    notices = [sent(desks, shop_no=no) for no in (1, 2, 3, 4)]
    for days, notice in zip((1, 1, 3, 10), notices, strict=True):
        clock.pass_(days=days)
        removed(desks, notice)

    assert overview(desks.manager).removal.median == timedelta(days=2)
    clock.pass_(days=400)
    assert overview(desks.manager).removal.count == 0


def test_the_overview_is_counted_in_a_handful_of_questions_and_loads_no_row(
    desks: Desks, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(desks)
    asked: list[str] = []
    run = Session.exec

    def noted(self: Session, statement: object, **more: object) -> object:
        asked.append(str(statement))
        return run(self, statement, **more)  # type: ignore[call-overload]

    monkeypatch.setattr(Session, "exec", noted)
    overview(desks.regulator)

    assert len(asked) <= 11
    assert all("count(" in one for one in asked)
    assert str(select(col(Finding.id))) not in asked
