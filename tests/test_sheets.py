import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from integrations.sheets import Kind, Limits, Row, inert, live, open_table, write_csv, write_xlsx
from models.refusals import Invalid
from tests import bad_files

CHINESE = "代理商名称,城市\n北京通信科技有限公司,北京市\n上海网络有限公司,上海市\n"
RISKY = tuple("=+-@\t\r\n＝＋－＠")


def rows_of(path: Path, **options: str) -> list[Row]:
    with open_table(path, **options) as table:  # pyright: ignore[reportArgumentType]
        return list(table.rows)


def refusal_of(path: Path, limits: Limits = Limits()) -> Invalid:  # noqa: B008
    with pytest.raises(Invalid) as no, open_table(path, limits=limits) as table:
        list(table.rows)
    return no.value


def csv_file(tmp_path: Path, content: str | bytes) -> Path:
    path = tmp_path / "agents.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("encoding", "mark", "told"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8", b"\xef\xbb\xbf", "utf-8"),
        ("gbk", b"", "gb18030"),
        ("gb18030", b"\x84\x31\x95\x33", "gb18030"),
        ("utf-16-le", b"\xff\xfe", "utf-16-le"),
        ("utf-16-be", b"\xfe\xff", "utf-16-be"),
        ("utf-16-le", b"", "utf-16-le"),
        ("utf-16-be", b"", "utf-16-be"),
    ],
)
def test_a_list_of_agents_reads_the_same_in_every_encoding(
    tmp_path: Path, encoding: str, mark: bytes, told: str
) -> None:
    with open_table(csv_file(tmp_path, mark + CHINESE.encode(encoding))) as table:
        assert table.columns == ("代理商名称", "城市")
        assert list(table.rows) == [
            Row(2, ("北京通信科技有限公司", "北京市")),
            Row(3, ("上海网络有限公司", "上海市")),
        ]
        assert (table.encoding, table.kind) == (told, Kind.CSV)


def test_a_chinese_head_over_rows_of_numbers_is_read(tmp_path: Path) -> None:
    text = "批次号,ICCID,IMEI\n" + "IOT-44-2026-000001,89860300000000000008,\n" * 9
    with open_table(csv_file(tmp_path, text.encode("gb18030"))) as table:
        assert (table.columns, table.encoding) == (("批次号", "ICCID", "IMEI"), "gb18030")
        assert len(list(table.rows)) == 9


def test_rare_characters_of_gb18030_are_read(tmp_path: Path) -> None:
    text = CHINESE + "𠮷野科技有限公司,㐀市\n"
    assert rows_of(csv_file(tmp_path, text.encode("gb18030")))[-1].cells[0] == "𠮷野科技有限公司"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("name,city\nCafé,Besançon\nMüller,Köln\n", "cp1252"),
        ("name,city\nCafé noir,Bogotá x\nSeñora,Québec\n", "cp1252"),
        ("name,city\nMüller,Lübeck\nKüster,Jülich\n", "cp1252"),
        ("name,city\n東京の店ですよ,日本のまち\nカードをうるみせ,とうきょう\n", "shift_jis"),
        ("name,city\n東京の店ですよ,日本のまち\nカードをうるみせ,とうきょう\n", "euc_jp"),
        ("name,city\n서울특별시전화카드,대한민국\n통신판매점,부산광역시\n", "euc_kr"),
        ("name,city\n臺灣電信門號專賣店,臺北市\n網路購物商店,高雄市\n", "big5"),
        ("name,city\nA,B\n", "utf-32"),
    ],
)
def test_what_only_looks_like_gbk_is_refused_and_not_read_as_nonsense(
    tmp_path: Path, text: str, encoding: str
) -> None:
    no = refusal_of(csv_file(tmp_path, text.encode(encoding)))
    assert no.code in {"import.encoding", "import.bad_byte"}
    assert no.facts["file"] == "agents.csv"


def test_a_byte_that_does_not_decode_is_named_and_not_replaced(tmp_path: Path) -> None:
    good = CHINESE.encode()
    no = refusal_of(csv_file(tmp_path, good + b"\xff,x\n"))
    assert no.code == "import.bad_byte"
    assert no.facts == {"file": "agents.csv", "encoding": "utf-8", "row": 4, "offset": len(good)}


def test_a_bad_byte_far_in_a_gbk_file_is_named(tmp_path: Path) -> None:
    good = (CHINESE + "河南通信有限公司,郑州市\n" * 40_000).encode("gbk")
    no = refusal_of(csv_file(tmp_path, good + b"\xff,x\n"))
    assert no.code == "import.bad_byte"
    assert (no.facts["row"], no.facts["offset"]) == (40_004, len(good))


def test_a_file_cut_in_the_middle_of_a_character_is_refused(tmp_path: Path) -> None:
    content = CHINESE.encode()[:-2]
    no = refusal_of(csv_file(tmp_path, content))
    assert (no.code, no.facts["row"]) == ("import.bad_byte", 3)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_delimiter_and_line_ends_are_found(tmp_path: Path, mark: str, end: str) -> None:
    lines = [mark.join(cells) for cells in (('"a,;"', "b"), ("1", '"2\n3"'), ("", ""), ("4", "5"))]
    with open_table(csv_file(tmp_path, end.join(lines))) as table:
        assert table.columns == ("a,;", "b")
        assert list(table.batches(1)) == [[Row(2, ("1", "2\n3"))], [Row(5, ("4", "5"))]]


def test_blanks_around_cells_go_and_width_in_headers_is_normal(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "\u3000ＵＳＣＣ （１）,b\u00a0,,\n\u3000 x\u00a0,y,,\nz\n1,2,3\n")
    with open_table(path) as table:
        assert table.columns == ("USCC (1)", "b")
        assert [row.cells for row in table.rows] == [("x", "y"), ("z", ""), ("1", "2", "3")]


@pytest.mark.parametrize(
    ("content", "code", "facts"),
    [
        ("", "import.empty", {}),
        ("\ufeff", "import.empty", {}),
        ("\n\n", "import.empty", {}),
        ("a,b\n", "import.no_rows", {}),
        ("a,b\n,\n", "import.no_rows", {}),
        ("a,,b\n1,2,3\n", "import.header_blank", {"column": 2}),
        ("a,b,a\n1,2,3\n", "import.header_twice", {"name": "a", "first": 1, "second": 3}),
        ("Ａ,A\n1,2\n", "import.header_twice", {"name": "A", "first": 1, "second": 2}),
        ("13800138000,2026-03-01\n1,2\n", "import.no_header", {"value": "13800138000"}),
        ("\na,b\n1,2\n", "import.no_header", {"row": 1}),
    ],
)
def test_a_table_without_a_proper_head_is_refused(
    tmp_path: Path, content: str, code: str, facts: dict[str, object]
) -> None:
    no = refusal_of(csv_file(tmp_path, content))
    assert no.code == code
    assert no.facts["file"] == "agents.csv"
    assert facts.items() <= no.facts.items()


@pytest.mark.parametrize(
    ("content", "code", "row"), [case[1:] for case in bad_files.HEAVY], ids=lambda _: ""
)
def test_a_heavy_csv_is_refused_at_once_and_its_row_named(
    tmp_path: Path, content: bytes, code: str, row: int
) -> None:
    path = csv_file(tmp_path, content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    no = refusal_of(path)
    assert (no.code, no.facts["row"]) == (code, row)
    assert time.monotonic() - began < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


def test_limits_on_rows_and_bytes_hold(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "a\n" + "x\n" * 5)
    assert len(rows_of(path)) == 5
    assert refusal_of(path, Limits(rows=4)).code == "import.too_many_rows"
    assert refusal_of(path, Limits(file_bytes=4)).code == "import.too_large"
    assert refusal_of(tmp_path / "none.csv").code == "import.no_file"


@pytest.mark.parametrize(("make", "code"), bad_files.WORKBOOKS.values(), ids=bad_files.WORKBOOKS)
def test_a_bad_workbook_is_refused_at_once_and_says_why(
    tmp_path: Path, make: Callable[[Path], None], code: str
) -> None:
    path = tmp_path / "agents.xlsx"
    make(path)
    began = time.monotonic()
    no = refusal_of(path, Limits(memory=600_000_000))
    assert (no.code, no.facts["file"]) == (code, "agents.xlsx")
    assert time.monotonic() - began < 30


def test_a_bomb_that_is_packed_badly_is_stopped_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "agents.xlsx"
    bad_files.strings_bomb(path)
    no = refusal_of(path, Limits(ratio=2000, cells=1_000_000))
    assert no.code == "import.too_many_cells"
    assert refusal_of(path, Limits(ratio=2000, unpacked=1_000_000)).code == (
        "import.unpacks_too_large"
    )


def test_a_size_that_the_directory_hides_is_found_while_unpacking(tmp_path: Path) -> None:
    path = tmp_path / "agents.xlsx"
    rows = "".join(f'<row r="{at}"><c r="A{at}"><v>{at}</v></c></row>' for at in range(2, 9000))
    bad_files.workbook(path, bad_files.HEADER + rows)
    size = len(bad_files.sheet(bad_files.HEADER + rows)).to_bytes(4, "little")
    content = path.read_bytes()
    assert content.count(size) == 2
    path.write_bytes(content.replace(size, (100).to_bytes(4, "little")))
    assert refusal_of(path).code == "import.damaged"


def test_a_reader_out_of_time_is_stopped(tmp_path: Path) -> None:
    path = bad_files.workbook(tmp_path / "agents.xlsx", bad_files.HEADER)
    assert refusal_of(path, Limits(seconds=0)).code == "import.too_heavy"


_READING: Final = """
import resource, sys
from pathlib import Path
from integrations.sheets import open_table
with open_table(Path(sys.argv[1])) as table:
    assert sum(1 for _ in table.rows) == 20_000
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_the_process_that_reads_workbooks_stays_small(tmp_path: Path) -> None:
    book = Workbook(write_only=True)
    page = book.create_sheet()
    page.append(["代理商名称", "城市"])
    for number in range(20_000):
        page.append([f"北京通信科技有限公司{number}", "北京市"])
    book.save(tmp_path / "agents.xlsx")
    command = [sys.executable, "-c", _READING, str(tmp_path / "agents.xlsx")]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert int(done.stdout) < Limits().memory // 1024 // 4


def test_cells_of_excel_come_out_as_text(tmp_path: Path) -> None:
    book = Workbook()
    page = book.worksheets[0]
    page.append(["号码", "b", "c", "d", "e", "f", "g", "h"])
    page.append([])
    page.append(
        [
            *(911000060003700012, True, date(2026, 3, 1), datetime(2026, 3, 1, 9, 5)),  # noqa: DTZ001
            *(12.0, 0.5, "#N/A", "'=x"),
        ]
    )
    book.create_sheet("附表").append(["q"])
    book.worksheets[1].append([13800138000])
    book.save(tmp_path / "agents.xlsx")

    assert rows_of(tmp_path / "agents.xlsx") == [
        Row(
            3,
            (
                *("9.110000600037e+17", "TRUE", "2026-03-01", "2026-03-01T09:05:00"),
                *("12", "0.5", "#N/A", "=x"),
            ),
        )
    ]
    assert rows_of(tmp_path / "agents.xlsx", sheet="附表") == [Row(2, ("13800138000",))]
    with pytest.raises(Invalid) as no:
        rows_of(tmp_path / "agents.xlsx", sheet="none")
    assert (no.value.code, no.value.facts["sheets"]) == ("import.no_sheet", "Sheet, 附表")


def test_a_column_that_excel_leaves_out_keeps_its_place(tmp_path: Path) -> None:
    book = Workbook()
    page = book.worksheets[0]
    page["B1"], page["C1"], page["B2"] = "b", "c", 1
    book.save(tmp_path / "agents.xlsx")
    no = refusal_of(tmp_path / "agents.xlsx")
    assert (no.code, no.facts["column"]) == ("import.header_blank", 1)


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_reject_file_runs_nothing_and_reads_back_as_it_was(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"rejects.{suffix}"
    cells = [f"{sign}SUM(A1)" for sign in "=+-@＝＋－＠"] + ["'=1", "''@", "'plain", "' =x", "-5"]
    write = write_csv if suffix == "csv" else write_xlsx
    write(path, ["=名称", "原因"], [(cell, "坏,的\n行") for cell in cells])
    with open_table(path) as table:
        assert table.columns == ("=名称", "原因")
        assert [row.cells for row in table.rows] == [(cell, "坏,的\n行") for cell in cells]


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
CELLS = st.one_of(TEXTS, st.builds(str.__add__, st.sampled_from([*RISKY, "'", "'=", " "]), TEXTS))


@given(CELLS)
def test_an_inert_cell_is_no_formula_and_can_be_undone(text: str) -> None:
    assert not inert(text).startswith(RISKY)
    assert live(inert(text)) == text


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=8))
def test_every_table_reads_back_as_it_was_written(tmp_path: Path, rows: list[list[str]]) -> None:
    rows = [*rows, ["end", "", "x"]]
    write_csv(tmp_path / "rejects.csv", ["a;b;c;d", "b", "c"], rows)
    kept = [tuple(cell.strip() for cell in row) for row in rows]
    assert [row.cells for row in rows_of(tmp_path / "rejects.csv")] == [
        it for it in kept if any(it)
    ]
