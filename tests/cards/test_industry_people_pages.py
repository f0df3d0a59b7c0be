"""People of a batch, its watched cards and the files of runs, as an IoT manager sees them."""

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from console.actions.cards.industry.accountable import announce_change
from console.actions.cards.industry.batches import list_batches
from console.actions.cards.industry.days import card_usage
from console.actions.cards.industry.findings import list_usage_findings
from console.actions.cards.industry.old_files import sweep_usage_files
from console.actions.cards.industry.purchasers import file_licence, list_purchasers
from console.actions.cards.industry.runs import plan_run, run_monitoring
from console.actions.cards.industry.user_lists import users_screen
from console.actions.cards.industry.users import attribution, mark_unattributed
from console.actions.cards.industry.watch import add_watch
from console.desk import PAGE, Desk
from models.cards.industry import IndustryBatch
from models.cards.numbers import card_key
from models.staff import Role
from tests.cards.answering import bring, card, live_batch, plant_batch
from tests.cards.used import DAY, IMEI, MB, csv_of, days_of, planted
from tests.cases.world import PNG
from tests.cases.world import person as hired
from tests.channel.stories import uscc
from tests.conftest import Clock, Desks
from tests.pages import Console, errors, grid, move, moves, press, tick
from tests.pages import shown as marked_up
from tests.persons import resident, told, told_user

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def shown(page: AppTest) -> str:
    """Every word on the page, as it is read: without the marks that keep it from being rendered."""
    return marked_up(page).replace("\\", "")


@pytest.fixture
def console(desks: Desks, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(desks.house.house, monkeypatch)


def used_by(desks: Desks, *cards: int) -> IndustryBatch:
    """A batch, and one person who uses these cards of it."""
    batch = plant_batch(desks, cards=60)
    rows = [told_user(7, batch=batch.number, iccid=card(batch, at)) for at in cards]
    assert bring(desks.iot, rows).users == len(cards)
    return batch


def users_grid(page: AppTest) -> int:
    """Where the users stand among the grids of the tab."""
    return next(at for at in range(len(page.dataframe)) if "110" in str(grid(page, at)))


@pytest.mark.requirement("004-2.3-d")
def test_each_user_is_listed_by_masks_with_how_many_cards_the_person_has(
    desks: Desks, console: Console
) -> None:
    batch = used_by(desks, 0, 1, 2)
    page = console.open("industry", desks.iot, id=str(batch.id), tab="cards")
    rows = grid(page, users_grid(page))
    assert [row[0] for row in rows] == [card(batch, at)[:19] for at in range(3)]
    assert {row[2] for row in rows} == {"3 / 10"}
    assert {row[3] for row in rows} == {"身份证识别设备读取"}
    assert resident(7) not in str(rows)
    one = console.open("industry", desks.iot, id=str(batch.id), tab="cards", card=card(batch, 1))
    assert [row[0] for row in grid(one, users_grid(one))] == [card(batch, 1)[:19]]


@pytest.mark.requirement("004-2.3-d")
def test_who_is_ticked_uses_the_card_no_more_once_a_reason_is_given(
    desks: Desks, console: Console
) -> None:
    batch = used_by(desks, 0, 1)
    page = console.open("industry", desks.iot, id=str(batch.id), tab="cards")
    assert "end_users" not in moves(page)
    page = tick(page, 0, grid_at=users_grid(page))
    move(page, "end_users", "已退租")
    left = users_screen(desks.iot, batch.id)
    assert [card_key(one.card) for one in left.users.rows] == [card(batch, 1)[:19]]
    assert list(left.cards.values()) == [1]
    (over,) = users_screen(desks.iot, batch.id, ended=True).users.rows
    assert card_key(over.card) == card(batch, 0)[:19]
    page = console.open("industry", desks.iot, id=str(batch.id), tab="cards", when="ended")
    assert "已退租" in shown(page)


def test_a_mark_is_taken_off_with_a_reason_and_only_by_who_edits(
    desks: Desks, console: Console
) -> None:
    batch = plant_batch(desks, cards=6)
    mark_unattributed(desks.iot, batch.id, card(batch, 0), card(batch, 3), reason="共享终端")
    theirs = console.open("industry", desks.auditor, id=str(batch.id), tab="cards")
    assert "标注无法一一对应的卡" in shown(theirs)
    assert "勾选后可撤销标注" not in shown(theirs)
    page = console.open("industry", desks.iot, id=str(batch.id), tab="cards")
    move(tick(page, 0, grid_at=len(page.dataframe) - 1), "unmark", "已逐卡登记")
    assert attribution(desks.iot, batch.id).marked == 0


def test_users_are_shown_a_screen_at_a_time(desks: Desks) -> None:
    batch = plant_batch(desks, cards=60)
    rows = [
        told_user(at, batch=batch.number, iccid=card(batch, at), document_no=resident(at))
        for at in range(PAGE + 2)
    ]
    assert bring(desks.iot, rows).users == PAGE + 2
    first = users_screen(desks.iot, batch.id)
    rest = users_screen(desks.iot, batch.id, after=first.users.next)
    assert (len(first.users.rows), len(rest.users.rows)) == (PAGE, 2)


@pytest.mark.requirement("004-2.3-e")
def test_the_record_says_how_and_when_who_answers_was_verified(
    desks: Desks, console: Console
) -> None:
    batch = live_batch(desks)
    again = told(2, batch=batch.number, verified_how="online_compare", compare_ref="HC-7")
    assert bring(desks.iot, [again]).persons == 1
    page = console.open("industry", desks.auditor, id=str(batch.id), tab="parties")
    rows = grid(page, next(at for at in range(9) if "110" in str(grid(page, at))))
    assert {row[1] for row in rows} == {"身份证识别设备读取", "联网核验（HC-7）"}
    assert {row[4] for row in rows} == {"现任"}
    assert sum("主要" in row[0] for row in rows) == 1


@pytest.mark.requirement("004-2.3-g")
def test_a_watched_cards_days_stand_against_its_limit_with_the_scope_beside(
    desks: Desks, console: Console
) -> None:
    used = planted(desks)
    add_watch(desks.iot, used.id, used.iccid(0), reason="公安通报")
    did = {"bytes": MB, "device": IMEI, "region": "440305", "voice": 2}
    rows = days_of(used, 0, DAY - timedelta(days=2), 3, **did)
    run_monitoring(desks.iot, plan_run(desks.iot, "use.csv", csv_of(rows)).id)
    tab = console.open("industry", desks.iot, id=str(used.id), tab="use")
    assert [one for one in tab.button if one.label == "每日用量"]
    page = console.open("industry", desks.iot, id=str(used.id), tab="use", card=used.iccid(0))
    words = shown(page)
    for said in ("每日流量与限额", "每日通话与短信", "公安通报", "技术限制", "保存至"):
        assert said in words
    stays = [row for at in range(len(page.dataframe)) for row in grid(page, at) if row[0] == IMEI]
    assert [row[-1] for row in stays] == [3]
    assert "只在该卡列入重点监测期间" in shown(
        console.open("industry", desks.iot, id=str(used.id), tab="use", card=used.iccid(1))
    )
    other = console.open("industry", desks.iot, id=str(used.id), tab="use", card="89860300")
    assert errors(other)
    watch = console.open("monitoring", desks.iot, view="watch")
    assert [one for one in watch.button if "每日用量" in one.label]
    (finding, *_) = list_usage_findings(desks.iot).rows
    found = console.open("usage_findings", desks.iot, id=str(finding.id))
    assert [one for one in found.button if "每日用量" in one.label]


def test_stays_are_days_on_end_in_one_device_and_region(desks: Desks) -> None:
    from console.pages.industry_card import stays_of

    used = planted(desks)
    add_watch(desks.iot, used.id, used.iccid(0), reason="公安通报")
    begin = DAY - timedelta(days=9)
    rows = [
        *days_of(used, 0, begin, 2, region="440305"),
        *days_of(used, 0, begin + timedelta(days=2), 1, region="110000"),
        *days_of(used, 0, begin + timedelta(days=3), 2, region="440305"),
    ]
    run_monitoring(desks.iot, plan_run(desks.iot, "use.csv", csv_of(rows)).id)
    stays = stays_of(card_usage(desks.iot, used.id, used.iccid(0)).days)
    assert [(one.region, one.days) for one in stays] == [
        ("440305", 2), ("11", 1), ("440305", 2),
    ]  # fmt: skip


def test_a_run_says_where_its_file_came_from_and_when_it_was_deleted(
    desks: Desks, console: Console, clock: Clock
) -> None:
    used = planted(desks)
    run = run_monitoring(desks.iot, plan_run(desks.iot, "use.csv", csv_of([used.did(0)])).id)
    before = shown(console.open("monitoring", desks.iot, id=str(run.id)))
    assert "整日文件" in before
    assert "至 2027-03-02" in before
    clock.pass_(days=366)
    assert sweep_usage_files(desks.house) == 1
    after = shown(console.open("monitoring", desks.iot, id=str(run.id)))
    assert "文件保存期满，已于 2027-03-03 删除" in after


def typed(page: AppTest, end: str, words: str) -> None:
    (box,) = [one for one in page.text_input if str(one.key).endswith(end)]
    box.set_value(words)


def chosen(page: AppTest, end: str, words: str) -> None:
    (box,) = [one for one in page.selectbox if str(one.key).endswith(end)]
    box.set_value(words)


def add_buyer(console: Console, group: Desk, carrier: str | None) -> AppTest:
    page = console.open("purchasers", group)
    typed(page, ":name", "广州禾苗智能表计有限公司")
    typed(page, ":uscc", uscc(31))
    chosen(page, ":province", "44")
    if carrier:
        chosen(page, ":carrier", carrier)
    return press(page, "purchasers:add:sure")


def test_who_works_for_a_group_says_which_company_sells_and_where_its_cards_are_at_home(
    desks: Desks, console: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    turned_to: list[object] = []

    def turn(_: str | None, row_id: object) -> None:
        """A page by itself can't be left for another."""
        turned_to.append(row_id)

    monkeypatch.setattr("console.pages.kit.open_record", turn)
    group = hired(desks, "group.iot", "CT", Role.IOT_MANAGER)
    add_buyer(console, group, None)
    assert not list_purchasers(group).rows, "nobody knows whose purchaser it would be"
    add_buyer(console, group, "CT-44")
    add_buyer(console, group, "CT")
    of_group, of_province = list_purchasers(group).rows
    for buyer in (of_group, of_province):
        licensed = file_licence(
            group, buyer.id, "执照.png", PNG, licence_name=buyer.name, until=None
        )
        page = console.open("purchasers", group, id=str(licensed.id))
        homes = [one for one in page.selectbox if str(one.key).endswith(":home")]
        assert len(homes) == (buyer is of_group)
        for box in homes:
            box.set_value("51")
        press(page, "move:draft:")
    batches = list_batches(group).rows
    assert [one.province for one in batches] == ["44", "51"]
    assert batches[1].number.startswith("IOT-51-")
    own = console.open("purchasers", desks.iot)
    assert not [one for one in own.selectbox if str(one.key).endswith(":carrier")]


def test_the_list_of_batches_has_one_of_reports_and_one_of_changes_that_are_overdue(
    desks: Desks, console: Console, clock: Clock
) -> None:
    assert "没有逾期未报送的下游登记月报" in shown(
        console.open("industry", desks.iot, list="reports")
    )
    batch = live_batch(desks, is_device_maker=True)
    announce_change(desks.iot, batch.id, "负责人离职")
    clock.pass_(days=60)
    (row,) = grid(console.open("industry", desks.iot, list="reports"))
    assert (row[0], row[4], row[5]) == (batch.number, "2026-03", "2026-04-30")
    (row,) = grid(console.open("industry", desks.auditor, language="en", list="changes"))
    assert (row[0], row[4]) == (batch.number, "负责人离职")
