"""The register and the patrols of the large world: as the use cases would have left them."""

from collections import Counter as Tally
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, func, select

from console.actions.channel.agents import list_agents
from console.actions.channel.log import proved_badge, seal_logs, verify_logs
from console.actions.channel.nightly import check_all_badges
from console.actions.channel.register import public_agent
from console.actions.channel.scan import scan
from console.demo.world.firms import drawn_firms
from console.demo.world.made import World
from console.desk import House
from models.base import Table
from models.channel.agents import Agent, AgentState
from models.channel.badges import Badge, BadgeState
from models.channel.imports import Counter
from models.channel.licences import Licence, LicenceState
from models.channel.public import PublicStatus
from models.channel.shops import AuthorisedShop
from models.patrol.findings import Finding, FindingState
from models.patrol.runs import PatrolRun, RunState
from models.patrol.shops import SeenListing, Shop, ShopState
from models.permissions import Permission
from models.rules import china_day
from models.staff import Organisation, OrganisationKind
from models.tokens import Verdict, canonical_shop, digits_of
from tests.demo.conftest import SCALE, at
from tests.pages import Console


def count(house: House, table: type[Table], *conditions: Any) -> int:  # noqa: ANN401 - any clause
    with house.desk().begin(Permission.RULE_READ) as work:
        return work.session.exec(select(func.count()).select_from(table).where(*conditions)).one()


def test_there_is_as_much_of_everything_as_the_scale_says(world: House) -> None:
    for table, whole in ((Agent, 5000), (Shop, 9000), (SeenListing, 60_000)):
        assert whole * SCALE * 0.7 < count(world, table) < whole * SCALE * 1.5 + 60, table
    kinds = OrganisationKind
    for kind, many in (
        (kinds.BASIC_CARRIER_GROUP, 4), (kinds.RESELLER, 39),
        (kinds.PLATFORM, 12), (kinds.COMM_ADMIN, 31),
    ):  # fmt: skip
        assert count(world, Organisation, Organisation.kind == kind) == many


def test_the_same_world_is_drawn_each_time(world: House) -> None:
    def drawn() -> list[tuple[Any, ...]]:
        own = World(world, SCALE, lambda _part, _rows: None, world.now())
        with world.desk().begin(Permission.RULE_READ) as work:
            known = work.session.exec(select(Organisation).order_by(Organisation.code)).all()
        own.organisations = {one.code: one for one in known}
        return [(one.carrier.code, one.applied_at, one.state) for one in drawn_firms(own)]

    assert drawn() == drawn()


def test_every_badge_of_the_world_passes_the_nightly_check_and_stands_in_the_log(
    world: House,
) -> None:
    checked = check_all_badges(world.desk())
    assert checked is not None
    assert (checked.bad, checked.fault) == (0, None)
    assert checked.checked > 5000 * SCALE
    seal_logs(world.desk())
    assert all(verdict.fault is None for verdict in verify_logs(world.desk()).values())


def test_a_stranger_finds_an_agent_and_its_badge_says_the_truth(world: House) -> None:
    seal_logs(world.desk())
    with world.desk().begin(Permission.RULE_READ) as work:
        rows = work.session.exec(
            select(Badge, Agent, AuthorisedShop)
            .join(Agent, col(Agent.id) == col(Badge.agent_id))
            .join(AuthorisedShop, col(AuthorisedShop.id) == col(Badge.shop_id))
            .where(col(Badge.token).is_not(None))
        ).all()
    expected = {
        BadgeState.DISPLAYED: Verdict.VALID, BadgeState.REVOKED: Verdict.REVOKED,
        BadgeState.SUSPENDED: Verdict.SUSPENDED, BadgeState.EXPIRED: Verdict.EXPIRED,
    }  # fmt: skip
    one_each = {badge.state: (badge, agent, shop) for badge, agent, shop in rows}
    assert set(expected) <= set(one_each)
    for state, verdict in expected.items():
        badge, agent, shop = one_each[state]
        assert badge.token is not None
        page = canonical_shop(shop.platform, shop.shop_key)
        assert scan(world, digits_of(badge.token), page).verdict is verdict
        assert public_agent(world, agent.agent_no).name == agent.name
        assert proved_badge(world, badge.badge_id)
    agent = one_each[BadgeState.DISPLAYED][1]
    assert public_agent(world, agent.agent_no).status is PublicStatus.ACTIVE
    assert [one.id for one in list_agents(world.desk(), agent.agent_no).rows] == [agent.id]


def test_an_agent_s_state_fits_its_licences(world: House) -> None:
    with world.desk().begin(Permission.RULE_READ) as work:
        agents = work.session.exec(select(Agent)).all()
        licences = work.session.exec(select(Licence)).all()
        today = china_day(work.at)
    live = Tally(one.agent_id for one in licences if one.state is LicenceState.ACTIVE)
    for one in agents:
        assert (live[one.id] > 0) == (one.state is AgentState.ACTIVE), one.agent_no
    assert all(one.ends_on >= today for one in licences if one.state is LicenceState.ACTIVE)


def test_the_next_numbers_go_on_behind_those_of_the_world(world: House) -> None:
    with world.desk().begin(Permission.RULE_READ) as work:
        counters = {one.name: one.value for one in work.session.exec(select(Counter)).all()}
        assert counters["agents"] == work.session.exec(select(func.max(Agent.serial))).one()
        for table, mark, name in ((Finding, "FD", "findings"), (PatrolRun, "PR", "patrols")):
            year = china_day(work.at).year
            newest = work.session.exec(
                select(func.max(table.number)).where(col(table.number).like(f"{mark}-{year}-%"))
            ).one()
            assert counters[f"{name}:{year}"] == int(newest.rpartition("-")[2])


def test_patrols_went_on_for_eighteen_months_and_what_was_found_leads_on(world: House) -> None:
    with world.desk().begin(Permission.RULE_READ) as work:
        findings = work.session.exec(select(Finding)).all()
        shops = {one.id: one for one in work.session.exec(select(Shop)).all()}
        first = work.session.exec(select(func.min(PatrolRun.started_at))).one()
    assert first is not None
    assert world.now() - first > timedelta(days=400)
    assert len({one.created_at.strftime("%Y-%m") for one in findings}) >= 15
    for one in findings:
        shop = shops[one.shop_id]
        assert shop.first_seen_at <= one.created_at
        if one.state is FindingState.OPEN:
            assert one.look_due_at is not None
            assert one.case_id is None
        if one.state is FindingState.CLOSED and shop.agent_id is None:
            assert shop.state is ShopState.CLOSED
    closed = count(world, PatrolRun, PatrolRun.state == RunState.CLOSED)
    waiting = (
        select(PatrolRun.id)
        .where(PatrolRun.state == RunState.CLOSED)
        .where(col(PatrolRun.id).in_(select(Finding.run_id).where(Finding.state == "open")))
    )
    with world.desk().begin(Permission.RULE_READ) as work:
        assert work.session.exec(waiting).all() == []
    assert closed > 0


PAGES = {
    "chen.ming": ("agents", "licences", "badges", "publications", "imports", "patrols", "findings",
                  "triage", "shops", "sources", "plans", "coverage", "screening"),
    "lan.xin": ("agents", "licences", "badges", "publications"),
    "gd.jianguan": ("agents", "licences", "badges", "publications", "findings", "shops", "patrols"),
    "tang.hua": ("agents", "licences", "publications", "shops", "findings", "patrols"),
    "zhao.lei": ("agents", "licences", "badges", "publications", "patrols"),
}  # fmt: skip
WITHOUT_GRID = {"triage", "coverage", "screening", "plans", "sources"}


@pytest.mark.parametrize(
    ("login", "page"), [(login, page) for login, pages in PAGES.items() for page in pages]
)
def test_a_list_of_the_channel_or_of_patrols_has_rows(
    world: House, monkeypatch: pytest.MonkeyPatch, login: str, page: str
) -> None:
    shown = Console(world, monkeypatch).open(page, at(world, login))
    assert shown.title
    if page not in WITHOUT_GRID:
        assert len(shown.dataframe[0].value) > 0
