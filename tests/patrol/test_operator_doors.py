"""Operators behind shops on their page and by program."""

import pytest

from console.actions.patrol.clusters import list_clusters
from console.desk import House
from models.patrol.links import LinkState, ShopLink
from models.permissions import Role
from tests.cases.test_api import Program, good
from tests.conftest import Desks
from tests.pages import Console, checked, errors, grid, move, moves, shown
from tests.patrol.shop_rows import run_with
from tests.patrol.test_operators import ALIKE
from tests.patrol.walks import row_of, rows_of


@pytest.fixture
def console(house: House, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(house, monkeypatch)


def test_the_page_says_what_to_do_while_nothing_is_linked(console: Console, desks: Desks) -> None:
    assert "还没有发现关联" in shown(console.open("operators", desks.manager))
    assert "No shops are linked" in shown(console.open("operators", desks.manager, language="en"))


def test_a_cluster_shows_why_and_is_judged_at_once(console: Console, desks: Desks) -> None:
    run_with(desks, *ALIKE)
    (cluster,) = list_clusters(desks.manager)

    at = checked(console.open("operators", desks.manager))
    assert len(grid(at)) == 1
    at = checked(console.open("operators", desks.manager, id=str(cluster.id)))
    assert "联系方式：wechat sim" in shown(at)
    assert {"accept", "reject", "all_accept", "all_reject"} <= set(moves(at))
    at = move(at, "all_accept")

    assert errors(at) == []
    (link,) = rows_of(desks.manager, ShopLink)
    assert link.state is LinkState.ACCEPTED


def test_whoever_may_not_judge_sees_and_has_no_moves(console: Console, desks: Desks) -> None:
    run_with(desks, *ALIKE)
    (cluster,) = list_clusters(desks.manager)

    at = console.open("operators", desks.regulator, id=str(cluster.id))

    assert moves(at) == []


def test_a_program_reads_clusters_and_judges_links(desks: Desks) -> None:
    run_with(desks, *ALIKE)
    carrier = Program(desks, "CT-44", Role.CHANNEL_MANAGER)
    stranger = Program(desks, "CU-44", Role.CHANNEL_MANAGER)

    (cluster,) = good(carrier.get("/operators"))
    (link,) = good(carrier.get("/shop-links?state=suggested"))["items"]
    path = f"/shop-links/{link['id']}"
    accepted = good(carrier.post(f"{path}/accept", "once", json={"version": link["version"]}))

    assert (cluster["size"], cluster["is_accepted"]) == (2, False)
    assert accepted["state"] == "accepted"
    assert good(carrier.get(f"/operators/{link['one_id']}"))["is_accepted"]
    assert carrier.post(f"{path}/reopen", json={"reason": ""}).status_code == 422
    assert good(carrier.post(f"{path}/reopen", json={"reason": "误判"}))["state"] == "suggested"
    assert stranger.get(path).status_code == 404
    assert good(stranger.get("/operators")) == []
    stored = row_of(desks.manager, ShopLink, rows_of(desks.manager, ShopLink)[0].id)
    assert stored.reason == "误判"
