"""A shop that was closed stands again under another id: watched, told, judged by people."""

import pytest

from console.actions.patrol.judging import judge_shop
from console.actions.patrol.operators import accept_link, suggest_links
from console.actions.patrol.waiting_links import LINK_SOURCES
from console.actions.waiting import WorkItem
from console.desk import Desk
from models.patrol.findings import Finding
from models.patrol.judge import Register
from models.patrol.links import LinkKind, LinkState, ShopLink
from models.patrol.runs import PatrolRun
from models.patrol.shops import Shop, ShopState
from models.permissions import Permission
from tests.conftest import Clock, Desks
from tests.patrol.shop_rows import Seller, run_with
from tests.patrol.walks import row_of, rows_of, shops_by_key

OLD = Seller("s-old", "鑫鑫流量小铺", "秒发流量卡，加微❤ simking_88", ShopState.REMOVED)
NEW = Seller("s-new", "星星数码", "现货，联系 vx：simking_88", ShopState.DISCOVERED)


def judged(desks: Desks, run: PatrolRun) -> None:
    with desks.house.begin(Permission.LISTING_IMPORT) as work:
        row = work.get(PatrolRun, run.id)
        for shop in shops_by_key(desks.manager).values():
            if shop.last_run_id == run.id:
                judge_shop(work, row, shop.id, Register([]))
        work.record("patrol.judged", row)


def relisted(desks: Desks, clock: Clock, old: Seller = OLD) -> ShopLink:
    run_with(desks, old)
    clock.pass_(days=8)
    run = run_with(desks, NEW, suggest=False)
    judged(desks, run)
    suggest_links(desks.house, run.id)
    (link,) = rows_of(desks.manager, ShopLink)
    return link


def waiting(desk: Desk) -> list[WorkItem]:
    return [item for source in LINK_SOURCES for item in source(desk)]


def test_a_closed_shop_that_stands_again_is_told(desks: Desks, clock: Clock) -> None:
    link = relisted(desks, clock)

    assert (link.kind, link.state) == (LinkKind.RELISTED, LinkState.SUGGESTED)
    (finding,) = rows_of(desks.manager, Finding)
    assert finding.facts["relisted"]["name"] == "鑫鑫流量小铺"
    assert finding.facts["tier_hint"] == "serious"


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (ShopState.CLOSED, LinkKind.RELISTED),
        (ShopState.UNLICENSED, LinkKind.RELISTED),
        (ShopState.LICENSED, LinkKind.SAME_OPERATOR),
        (ShopState.SUSPECTED, LinkKind.SAME_OPERATOR),
    ],
)
def test_only_what_was_gone_can_come_again(
    desks: Desks, clock: Clock, state: ShopState, kind: LinkKind
) -> None:
    old = Seller(OLD.key, OLD.name, OLD.description, state)

    assert relisted(desks, clock, old).kind is kind


def test_it_stands_on_the_work_list_until_it_is_judged(desks: Desks, clock: Clock) -> None:
    link = relisted(desks, clock)

    (item,) = waiting(desks.manager)
    assert (item.kind, item.title, item.page) == ("shop_relisted", "星星数码", "operators")
    assert waiting(desks.other_manager) == []
    accept_link(desks.manager, link.id)
    assert waiting(desks.manager) == []


def test_accepting_leaves_both_shops_where_a_person_can_go_on(desks: Desks, clock: Clock) -> None:
    link = relisted(desks, clock)
    accept_link(desks.manager, link.id)

    shops = {shop.shop_key: shop.state for shop in rows_of(desks.manager, Shop)}
    assert shops == {"s-old": ShopState.REMOVED, "s-new": ShopState.SUSPECTED}


def test_the_same_shop_that_comes_back_is_suspected_at_once(desks: Desks, clock: Clock) -> None:
    run_with(desks, OLD)
    clock.pass_(days=8)
    judged(desks, run_with(desks, OLD))

    (shop,) = rows_of(desks.manager, Shop)
    assert row_of(desks.manager, Shop, shop.id).state is ShopState.SUSPECTED
