"""The overview, the comparisons, the reports and the rows behind a figure, as people see them."""

from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import col, select
from streamlit.testing.v1 import AppTest

from console.actions.oversight.pictures import count_picture, picture
from console.actions.oversight.reports import keep_reports, list_reports
from console.desk import Desk, House
from console.i18n import Language, texts
from console.pages.picture_parts_charts import Order, orders_of, ranked
from console.pages.picture_parts_map import FEW_SHADE, NO_SHADE, PLACES, SHADES, shade_of
from models.oversight.figures import Cut, Indicator, OversightFigure, OversightReport
from models.oversight.reading import Standing, standing
from models.permissions import Permission
from models.provinces import provinces
from tests.cases.world import opened
from tests.conftest import Clock, Desks
from tests.oversight.planted import CARRIERS, PLATFORMS, figure, plant_for
from tests.pages import Console, checked, errors, grid, press, shown, tiles

I = Indicator  # noqa: E741 - its name in these tests
ZH = texts(Language.ZH)


@pytest.fixture
def console(house: House, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(house, monkeypatch)


def columns(at: AppTest, place: int = -1) -> dict[str, list[str]]:
    """A table by its columns."""
    table: Any = at.dataframe[place].value
    return {str(name): [str(cell) for cell in table[name]] for name in table.columns}


def metrics(at: AppTest) -> dict[str, str]:
    return {one["label"]: one["value"] for one in tiles(at)}


def readers(desks: Desks) -> tuple[Desk, ...]:
    return desks.regulator, desks.manager, desks.platform


def counted_by(desk: Desk) -> None:
    assert desk.actor.organisation_id is not None
    count_picture(desk.house, desk.actor.organisation_id)


@pytest.mark.requirement("004-3.4-a")
def test_each_group_sees_at_once_how_things_stand_and_the_way_to_what_is_due(
    console: Console, desks: Desks
) -> None:
    for desk in readers(desks):
        plant_for(desk)
        at = console.open("overview", desk)
        first = [one["label"] for one in tiles(at)][:6]
        assert first[0] == "逾期事项"
        assert {"在售无委托网店", "从通报到清理", "名单按期公布率"} <= set(first)
        assert "到期与待办事项" in shown(at)
        assert "统计截至 2026-03-02 12:00" in shown(at)


def test_a_figure_stands_with_a_word_and_a_sign_and_not_by_colour_alone(
    console: Console, desks: Desks
) -> None:
    plant_for(desks.regulator)
    at = console.open("overview", desks.regulator)
    pills = [one["pill"] for one in tiles(at) if "pill" in one]
    assert any(one["word"] == "不达标" and one["icon"] for one in pills)
    assert "监管账号只读" in shown(at)


def test_every_indicator_has_its_definition_and_its_counting_method_beside_it(
    console: Console, desks: Desks
) -> None:
    plant_for(desks.manager)
    words = shown(console.open("overview", desks.manager))
    for indicator in Indicator:
        assert ZH[f"indicator.{indicator}_definition"] in words, indicator
        assert ZH[f"indicator.{indicator}_method"] in words, indicator


def test_a_figure_leads_to_the_rows_that_it_counted_and_they_to_the_case(
    console: Console, desks: Desks
) -> None:
    case = opened(desks)
    counted_by(desks.regulator)
    at = console.open("behind", desks.regulator, of="cases_open")
    assert [row[0] for row in grid(at)] == [case.title]
    assert console.open("behind", desks.other_regulator, of="cases_open").dataframe == []
    there = console.open("cases", desks.regulator, id=str(case.id))
    assert "案卷为 PDF" in shown(there)


def test_a_reader_who_may_see_the_number_alone_is_told_so(console: Console, desks: Desks) -> None:
    plant_for(desks.privacy)
    assert "逾期事项" in metrics(console.open("overview", desks.privacy))
    at = console.open("behind", desks.privacy, of="cases_open")
    assert "只能看这个指标的数字" in shown(at)


@pytest.mark.parametrize(
    "query",
    [{}, {"of": "nonsense"}, {"of": "overdue", "cut": "x", "named": "y"},
     {"of": "overdue", "cut": "platform", "named": "nobody"}, {"of": "overdue", "which": "z"}],
)  # fmt: skip
def test_a_bad_address_of_rows_says_what_to_choose(
    console: Console, desks: Desks, query: dict[str, str]
) -> None:
    # `name` is what `open` calls the page.
    given = {"name" if key == "named" else key: value for key, value in query.items()}
    at = console.open("behind", desks.manager)
    for key, value in given.items():
        at.query_params[key] = value
    at = checked(at.run())
    assert errors(at) == []
    assert any(word in shown(at) for word in ("请选择一个指标", "现在没有记录"))


def test_a_month_that_is_not_kept_is_refused_in_words(console: Console, desks: Desks) -> None:
    at = console.open("behind", desks.manager, of="overdue", month="1999-01")
    assert "只保留最近 18 个月" in errors(at)[0]


@pytest.mark.parametrize("page", ["overview", "comparisons"])
def test_before_the_first_count_a_page_says_why_it_is_empty_and_what_to_do(
    console: Console, desks: Desks, page: str
) -> None:
    words = shown(console.open(page, desks.manager))
    assert "尚未统计" in words
    assert "先从工作台办起" in words


def test_a_picture_of_nothing_says_so(console: Console, desks: Desks) -> None:
    plant_for(desks.regulator, [])
    words = shown(console.open("overview", desks.regulator))
    assert "范围内暂无数据" in words
    assert "电信企业和平台录入之后" in words


def test_the_map_has_a_tile_for_each_province_and_a_table_behind_it(
    console: Console, desks: Desks
) -> None:
    assert set(PLACES) == set(provinces())
    assert len(set(PLACES.values())) == 31
    plant_for(desks.regulator)
    at = console.open("overview", desks.regulator, view="map", indicator="badges_shown")
    rows = {row[0]: row[1:] for row in grid(at)}
    assert len(rows) == 31
    assert rows["广东"][1] == "57 / 76"
    assert rows["江苏"][0] == "—"
    at = console.open(
        "overview", desks.regulator, view="map", indicator="badges_shown", province="44"
    )
    assert "广东的各项指标" in shown(at)


def test_a_tile_of_few_is_hatched_and_compared_with_none(desks: Desks) -> None:
    whose = desks.regulator.actor.organisation_id
    assert whose is not None
    few, many = (
        figure(whose, I.BADGES_SHOWN, Cut.PROVINCE, code, size=size)
        for code, size in (("11", 5), ("44", 400))
    )
    most = replace_count(many, "33", 399)
    found = {"11": few, "44": many, "33": most}
    assert shade_of(found, "11") is FEW_SHADE
    assert FEW_SHADE.pattern
    assert (shade_of(found, "44"), shade_of(found, "33")) == (SHADES[0], SHADES[-1])
    assert shade_of(found, "65") is NO_SHADE


def replace_count(like: OversightFigure, name: str, count: int) -> OversightFigure:
    return OversightFigure(
        organisation_id=like.organisation_id,
        indicator=like.indicator,
        cut=like.cut,
        name=name,
        count=count,
        base=like.base,
    )


@pytest.mark.parametrize("view", ["trends", "flow", "complaints"])
def test_only_the_chosen_view_is_drawn_and_each_chart_has_its_table(
    console: Console, desks: Desks, view: str
) -> None:
    plant_for(desks.manager)
    at = console.open("overview", desks.manager, view=view)
    charts = at.get("plotly_chart")
    assert len(at.dataframe) == len(charts)
    assert len(charts) == {"trends": 6, "flow": 4, "complaints": 0}[view]


def test_the_trend_has_eighteen_months(console: Console, desks: Desks) -> None:
    plant_for(desks.manager)
    at = console.open("overview", desks.manager, view="trends")
    table: Any = at.dataframe[0].value
    assert (len(table), table.index[-1]) == (18, "2026-03")


def test_who_may_asks_for_a_new_count_and_a_regulator_may_not(
    console: Console, desks: Desks, clock: Clock
) -> None:
    plant_for(desks.manager)
    clock.pass_(minutes=30)
    assert errors(press(console.open("overview", desks.manager), "picture:count")) == []
    again = press(console.open("overview", desks.manager), "picture:count")
    assert "刚刚统计过" in errors(again)[0]
    plant_for(desks.regulator)
    keys = [str(one.key) for one in console.open("overview", desks.regulator).button]
    assert "picture:count" not in keys


@pytest.mark.parametrize("by", ["platform", "carrier", "province"])
def test_comparisons_rank_those_of_enough_and_put_the_few_last(
    console: Console, desks: Desks, by: str
) -> None:
    plant_for(desks.regulator)
    at = console.open("comparisons", desks.regulator, by=by, indicator="badges_shown")
    table = columns(at)
    assert "95% 置信区间" in table
    counts = [int(one.split(" / ")[1]) for one in table["基数"]]
    assert sorted(counts, key=lambda base: base < 20) == counts
    assert all(
        (rank == "不排名") == (base < 20) for rank, base in zip(table["名次"], counts, strict=True)
    )
    if by != "province":
        names = {"platform": "蓝海商城", "carrier": "中国电信广东"}
        assert names[by] in list(table.values())[1]


def test_small_numbers_are_said_to_be_small(console: Console, desks: Desks) -> None:
    whose = desks.regulator.actor.organisation_id
    assert whose is not None
    rows = [figure(whose, I.BADGES_SHOWN, Cut.PLATFORM, one, size=8) for one in PLATFORMS]
    plant_for(desks.regulator, rows)
    at = console.open("comparisons", desks.regulator, by="platform", indicator="badges_shown")
    assert "其中 2 个基数不足" in shown(at)
    assert set(columns(at)["名次"]) == {"不排名"}


def test_the_worst_come_first_or_the_best_as_one_likes(desks: Desks) -> None:
    whose = desks.manager.actor.organisation_id
    assert whose is not None
    late = [
        replace_count(figure(whose, I.OVERDUE, Cut.CARRIER, size=100), name, count)
        for name, count in zip((*CARRIERS, "MV"), (5, 50, 20), strict=True)
    ]
    for order, expected in {
        Order.WORST: [50, 20, 5], Order.BEST: [5, 20, 50], Order.NAME: [5, 50, 20],
    }.items():  # fmt: skip
        assert [one.count for one in ranked(late, order, lambda one: one.name)] == expected
    assert Order.MOST in orders_of(I.NOTICES)
    good = [replace_count(figure(whose, I.REAL_NAME, size=100), name, n) for name, n in
            (("a", 90), ("b", 40))]  # fmt: skip
    assert [one.name for one in ranked(good, Order.WORST, lambda one: one.name)] == ["b", "a"]


def test_a_share_of_few_is_not_judged_but_a_late_list_is(desks: Desks) -> None:
    whose = desks.manager.actor.organisation_id
    assert whose is not None
    few = figure(whose, I.BADGES_SHOWN, size=8)
    assert standing(few) is Standing.FEW
    assert standing(figure(whose, I.LISTS_CURRENT, size=2)) is Standing.BAD
    assert standing(figure(whose, I.OVERDUE, size=100)) is Standing.BAD
    assert standing(figure(whose, I.NOTICES)) is Standing.PLAIN
    assert standing(None) is Standing.PLAIN


def kept(desks: Desks, *whose: Desk) -> None:
    """The week of the clock's first Monday is over, and was counted after its end."""
    for desk in whose:
        plant_for(desk)
    keep_reports(desks.house)


def test_kept_reports_are_listed_opened_and_verified(console: Console, desks: Desks) -> None:
    assert "尚无已保存的报告" in shown(console.open("reports", desks.regulator))
    kept(desks, desks.regulator)
    (week, *_) = (one for one in list_reports(desks.regulator).rows if one.period == "week")
    at = console.open("reports", desks.regulator)
    assert week.name in [row[0] for row in grid(at)]
    at = console.open("reports", desks.regulator, id=str(week.id))
    words = shown(at)
    assert f"周报 {week.name}" in words
    assert week.sha256 in words
    assert "与保存时一致" in words
    assert len(grid(at)) == len(Indicator)
    links = [one.proto.url for one in at.get("link_button")]
    assert f"/files/oversight/{week.id}.pdf?language=zh" in links
    assert f"/files/oversight/{week.id}.xlsx?language=en" in links


def test_a_report_that_was_altered_is_not_handed_out(console: Console, desks: Desks) -> None:
    kept(desks, desks.regulator)
    with desks.house.begin(Permission.SWEEP) as work:
        row = work.session.exec(select(OversightReport).order_by(col(OversightReport.id))).first()
        assert row is not None
        row.figures = row.figures.replace("1", "2", 1)
        work.add(row)
        work.no_deed()
    at = console.open("reports", desks.regulator, id=str(row.id))
    assert "可能被改动过" in errors(at)[0]
    assert list(at.get("link_button")) == []


def test_anothers_report_and_a_bad_address_are_answered_with_the_way_back(
    console: Console, desks: Desks
) -> None:
    kept(desks, desks.regulator)
    report = list_reports(desks.regulator).rows[0]
    for address in (str(report.id), "nonsense"):
        at = console.open("reports", desks.other_regulator, id=address)
        assert len(errors(at)) == 1
        assert "返回列表" in shown(at)


def test_all_of_it_speaks_english(console: Console, desks: Desks) -> None:
    kept(desks, desks.manager)
    for name, title in (("overview", "Overview"), ("comparisons", "Comparisons"),
                        ("reports", "Reports"), ("behind", "Behind the figures")):  # fmt: skip
        at = console.open(name, desks.manager, language="en")
        assert at.title[0].value == title
    words = shown(console.open("overview", desks.manager, language="en"))
    assert texts(Language.EN)["indicator.time_to_gone_definition"] in words


def test_one_read_gives_the_picture_and_it_is_ones_own(desks: Desks) -> None:
    plant_for(desks.manager)
    assert picture(desks.manager).now(I.OVERDUE) is not None
    assert picture(desks.other_manager).made_at is None
    elsewhere = desks.manager.as_(replace(desks.manager.actor, organisation_id=None))
    assert picture(elsewhere).made_at is None
