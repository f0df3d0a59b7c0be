"""A carrier's stock of cards: taken row by row, each card given out once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from sqlmodel import col, select

from console.actions.imports.plan import plan_import
from console.actions.imports.rejects import rejects_file
from console.actions.imports.run import advance_import, run_import
from console.desk import House
from integrations.sheets import write_xlsx
from models.cards.numbers import card_number
from models.cards.stock import ChannelKind, SourceChannel, StockBatch, StockRange
from models.channel.imports import Import, ImportState
from models.permissions import Permission
from models.refusals import NotAllowed
from tests.channel.stories import admitted
from tests.conftest import Desks
from tests.stock.files import HEADER, USUAL, brought, ends, iccid, line, stock_csv, why


def channels(house: House) -> dict[str, SourceChannel]:
    with house.desk().begin(Permission.STOCK_READ) as work:
        return {row.code: row for row in work.session.exec(select(SourceChannel)).all()}


def batches(house: House) -> dict[str, StockBatch]:
    with house.desk().begin(Permission.STOCK_READ) as work:
        return {row.number: row for row in work.session.exec(select(StockBatch)).all()}


def ranges(house: House) -> list[tuple[int, int]]:
    with house.desk().begin(Permission.STOCK_READ) as work:
        rows = work.session.exec(select(StockRange).order_by(col(StockRange.first))).all()
    return [(row.first, row.last) for row in rows]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
@pytest.mark.requirement("004-3.3-h")
def test_a_stock_list_becomes_channels_batches_and_ranges(
    house: House, desks: Desks, encoding: str
) -> None:
    agent = admitted(desks)
    up = {"渠道编码": "QD-00", "渠道名称": "广东省分销中心", "渠道类型": "经销商", "省份": "44"}
    online = {
        "渠道编码": "QD-02", "渠道名称": "龙腾旗舰", "渠道类型": "网络渠道",
        "上级渠道编码": "QD-00", "批次号": "PC-0002", "代理商编号": agent.agent_no,
    }  # fmt: skip
    lines = [up, line(0, 2_999_999, 上级渠道编码="QD-00")]
    lines += [line(5_000_000 + at) | online for at in (0, 1, 9)]
    imported = brought(desks.manager, lines, header=(*HEADER, "代理商编号"), encoding=encoding)
    assert (imported.state, imported.accepted, imported.rejected) == (ImportState.DONE, 5, 0)
    known, held = channels(house), batches(house)
    assert known["QD-02"].agent_id == agent.id
    assert known["QD-02"].parent_id == known["QD-00"].id
    assert known["QD-01"].kind is ChannelKind.SOCIAL
    assert (known["QD-01"].name, known["QD-01"].province) == ("穗通经营部", "44")
    assert held["PC-0001"].cards == 3_000_000
    assert held["PC-0001"].delivered_on == date(2026, 1, 15)
    assert held["PC-0001"].import_sha256 == imported.sha256
    assert held["PC-0002"].cards == 3
    assert ranges(house)[0] == (card_number(iccid(0)), card_number(iccid(2_999_999)))
    assert len(ranges(house)) == 4


def test_cards_named_one_by_one_are_kept_as_few_ranges(house: House, desks: Desks) -> None:
    named = [iccid(7), iccid(9) + "5", f"{iccid(8)[:8]} ", iccid(20), "898603A0112345678905"]
    named[2] = iccid(8)
    row = {**line(0), "起始ICCID": "", "终止ICCID": "", "ICCID清单": "；".join(named), "数量": "5"}
    imported = brought(desks.manager, [row], header=(*HEADER, "ICCID清单", "数量"))
    assert imported.accepted == 1
    kept = [last - first + 1 for first, last in ranges(house)]
    assert sorted(kept) == [1, 1, 3]
    assert batches(house)["PC-0001"].cards == 5


def test_a_workbook_of_stock_is_taken(house: House, desks: Desks, tmp_path: Path) -> None:
    path = tmp_path / "库存.xlsx"
    write_xlsx(path, HEADER, [[line(0, 99).get(name, "") for name in HEADER]])
    imported = run_import(desks.manager, plan_import(desks.manager, "stock", path.name, path).id)
    assert imported.accepted == 1
    assert batches(house)["PC-0001"].cards == 100


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"起始ICCID": "8986"}, "不是 ICCID"),
        ({"起始ICCID": "8.98603000000000E+18"}, "科学计数法"),
        ({"终止ICCID": iccid(1)}, "小于起始"),
        ({"终止ICCID": "8986110000000000009"}, "不是连续号段"),
        ({"终止ICCID": iccid(900_000_000)}, "超过一亿张"),
        (
            {"起始ICCID": iccid(5, "898600"), "终止ICCID": iccid(9, "898600")},
            "其他电信企业（CMCC）",
        ),
        ({"起始ICCID": "", "终止ICCID": ""}, "缺少起始 ICCID"),
        ({"渠道类型": "地摊"}, "没有渠道类型“地摊”"),
        ({"渠道编码": ""}, "缺少渠道编码"),
        ({"渠道编码": "QD-77", "渠道名称": ""}, "首次出现，请填写渠道名称"),
        ({"上级渠道编码": "QD-404"}, "没有上级渠道“QD-404”"),
        ({"上级渠道编码": "QD-01"}, "不能是它自己"),
        ({"省份": "火星"}, "没有省份“火星”"),
        ({"配送日期": "2026-13-01"}, "不是日期"),
        ({"配送日期": "2026-12-01"}, "晚于今天"),
        ({"批次号": ""}, "缺少批次号"),
        ({"渠道名称": "穗通 11010519491231002X"}, "居民身份证号码"),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_bad_row_of_stock_says_what_is_wrong(
    house: House, desks: Desks, changed: dict[str, str], says: str
) -> None:
    usual = line(500, 599)
    imported = brought(desks.manager, [line(0, 99), {**usual, **changed}, line(700)])
    assert (imported.accepted, imported.rejected) == (2, 1)
    (reason,) = why(desks.manager, imported)
    assert says in reason
    assert len(ranges(house)) == 2


def test_a_card_that_was_given_out_is_not_given_out_again(desks: Desks) -> None:
    """Against the tables, against rows before, and named with the batch that has it."""
    assert brought(desks.manager, [line(100, 199)]).accepted == 1
    other = {"批次号": "PC-0009"}
    overlapping = [(0, 99), (199, 250), (150, 150), (90, 300), (200, 260)]
    lines = [line(first, last) | other for first, last in overlapping]
    lines.append(line(260, 261, 批次号="PC-0010"))
    imported = brought(desks.manager, lines)
    assert (imported.accepted, imported.rejected) == (2, 4)
    reasons = why(desks.manager, imported)
    assert [("PC-0001" in reason, "PC-0009" in reason) for reason in reasons] == [
        (True, False), (True, False), (True, False), (False, True),
    ]  # fmt: skip
    theirs = line(0) | ends(iccid(100, "898601"), iccid(199, "898601"))
    assert brought(desks.other_manager, [theirs]).accepted == 1


def test_a_batch_goes_to_one_channel_on_one_day(house: House, desks: Desks) -> None:
    brought(desks.manager, [line(0, 99)])
    other = {"渠道编码": "QD-02", "渠道名称": "乙部"}
    imported = brought(desks.manager, [line(100, 199), line(200) | other,
                                       line(300, 配送日期="2026-01-16")])  # fmt: skip
    assert imported.accepted == 1
    assert all("PC-0001" in one and "2026-01-15" in one for one in why(desks.manager, imported))
    assert batches(house)["PC-0001"].cards == 200


def test_a_channel_may_move_below_another_but_never_below_its_own(
    house: House, desks: Desks
) -> None:
    def channel(code: str, parent: str = "") -> dict[str, str]:
        return {"渠道编码": code, "渠道名称": code, "渠道类型": "distributor", "省份": "44",
                "上级渠道编码": parent}  # fmt: skip

    brought(desks.manager, [channel("A"), channel("B", "A"), channel("C", "B")])
    imported = brought(desks.manager, [channel("A", "C"), channel("D"), channel("C", "D")])
    assert why(desks.manager, imported) == ["“C”是渠道“A”的下级，不能作它的上级"]
    known = channels(house)
    assert known["C"].parent_id == known["D"].id
    assert known["A"].parent_id is None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_dry_run_finds_what_the_real_one_would(house: House, desks: Desks) -> None:
    lines = [line(0, 99), line(50, 60, 批次号="PC-2"), line(100, 上级渠道编码="QD-9"), line(200)]
    tried = brought(desks.manager, lines, dry=True)
    assert (tried.accepted, tried.rejected) == (2, 2)
    assert (ranges(house), channels(house)) == ([], {})
    real = brought(desks.manager, lines)
    assert why(desks.manager, real) == why(desks.manager, tried)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_rejects_of_stock_run_no_formula(desks: Desks) -> None:
    imported = brought(desks.manager, [line(0, 渠道名称="=cmd|'/c calc'!A1", 渠道类型="@SUM(1)")])
    text = rejects_file(desks.manager, imported.id)[0].read_text("utf-8-sig")
    assert "=cmd" in text
    assert not any(
        cell.startswith(("=", "@", "+", "-"))
        for row in text.splitlines()
        for cell in row.split(",")
    )


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_only_who_may_brings_stock(desks: Desks) -> None:
    for desk in (desks.approver, desks.platform, desks.regulator, desks.auditor):
        with pytest.raises(NotAllowed):
            plan_import(desk, "stock", "stock.csv", stock_csv([line(0)]))


def test_two_files_at_the_same_moment_give_no_card_out_twice(house: House, desks: Desks) -> None:
    lines = [line(at * 10, at * 10 + 9, 批次号=f"PC-{at}") for at in range(300)]
    files = [stock_csv(lines), stock_csv(lines[::-1])]
    planned = [plan_import(desks.manager, "stock", "stock.csv", one).id for one in files]
    with ThreadPoolExecutor(2) as hands:
        ended = list(hands.map(run_import, [house.desk()] * 2, planned))
    assert sum(one.accepted for one in ended) == len(lines)
    assert [first for first, _ in ranges(house)] == [
        card_number(iccid(at * 10)) for at in range(300)
    ]


def test_a_killed_import_goes_on_and_gives_no_card_out_twice(house: House, desks: Desks) -> None:
    """Two hands at one import, and one that begins anew behind what was kept."""
    lines = [line(at * 10, at * 10 + 9, 批次号=f"PC-{at % 7}") for at in range(6_000)]
    planned = plan_import(desks.manager, "stock", "stock.csv", stock_csv(lines))
    own = house.desk()
    assert advance_import(own, planned.id)
    from console.actions.imports.reading import close_readings

    close_readings()
    imported = run_import(own, planned.id)
    assert (imported.accepted, imported.rejected) == (6_000, 0)
    assert len(ranges(house)) == 6_000
    assert sum(one.cards for one in batches(house).values()) == 60_000


def test_however_many_cards_a_row_names_one_transaction_keeps_only_so_many(desks: Desks) -> None:
    header = (*HEADER, "ICCID列表")
    lines = [
        {**USUAL, "批次号": f"PC-{row}", "ICCID列表": " ".join(
            iccid(card + 10_000 * row) for card in range(1_400)
        )}
        for row in range(90)
    ]  # fmt: skip
    planned = plan_import(desks.manager, "stock", "s.csv", stock_csv(lines, header), dry=True)
    assert advance_import(desks.house, planned.id)
    with desks.house.begin(Permission.AGENT_READ) as work:
        assert 20 < work.get(Import, planned.id).read < 90
