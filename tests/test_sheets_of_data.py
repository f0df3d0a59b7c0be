"""Parquet and JSON by lines: read exactly, or refused with the place named."""

import json
import resource
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from integrations.sheets import USUAL, Kind, open_table
from models.refusals import Invalid

_PA: Any = pa
_PQ: Any = pq


def parquet(path: Path, columns: dict[str, Any], **options: Any) -> Path:  # noqa: ANN401
    _PQ.write_table(_PA.table(columns), path, **options)
    return path


def lines(path: Path, *rows: object) -> Path:
    texts = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    path.write_text("\n".join(texts) + "\n", "utf-8")
    return path


def read(path: Path) -> tuple[tuple[str, ...], list[tuple[int, tuple[str, ...]]]]:
    with open_table(path) as table:
        return table.columns, [(row.number, row.cells) for row in table.rows]


def refused(path: Path, **limits: int) -> Invalid:
    with (
        pytest.raises(Invalid) as no,
        open_table(path, limits=replace(USUAL, **limits)) as table,
    ):
        list(table.rows)
    return no.value


# Parquet


def test_a_parquet_file_is_known_by_its_bytes_and_read_row_by_row(tmp_path: Path) -> None:
    path = parquet(
        tmp_path / "x.dat", {"平台": ["lanhai", None, "lanhai"], "标题": ["流量卡", None, "手机壳"]}
    )
    columns, rows = read(path)

    assert columns == ("平台", "标题")
    assert rows == [(2, ("lanhai", "流量卡")), (4, ("lanhai", "手机壳"))]
    with open_table(path) as table:
        assert table.kind is Kind.PARQUET


@pytest.mark.parametrize(
    ("values", "kind", "texts"),
    [
        ([19.9, 20.0, float("nan")], "float64", ["19.9", "20", "nan"]),
        ([0.5, 1.0, None], "float16", ["0.5", "1", ""]),
        ([2**63, 1, None], "uint64", ["9223372036854775808", "1", ""]),
        ([True, False, None], "bool_", ["TRUE", "FALSE", ""]),
        ([date(2027, 12, 31), None, None], "date32", ["2027-12-31", "", ""]),
        ([b"a", b"\xff\x00", None], "binary", ["a", "ff00", ""]),
        ([None, None, None], "null", ["", "", ""]),
        (["甲", " 乙 ", ""], "large_string", ["甲", "乙", ""]),
    ],
)
def test_values_of_odd_types_are_texts(
    tmp_path: Path, values: list[object], kind: str, texts: list[str]
) -> None:
    column = _PA.array(values, getattr(_PA, kind)())
    _, rows = read(parquet(tmp_path / "x.parquet", {"no": ["1", "2", "3"], "v": column}))

    assert [cells[1] for _, cells in rows] == texts


def test_moments_money_lists_and_words_by_number_are_texts(tmp_path: Path) -> None:
    moment = datetime(2026, 11, 22, 4, 0, 0, 5, tzinfo=UTC)
    path = parquet(
        tmp_path / "x.parquet",
        {
            "at": _PA.array([moment], _PA.timestamp("ns", "UTC")),
            "day": _PA.array([datetime(2026, 11, 22)], _PA.timestamp("ms")),  # noqa: DTZ001
            "money": _PA.array([Decimal("1234.50")], _PA.decimal128(12, 2)),
            "pictures": _PA.array([["a", "b"]]),
            "shop": _PA.array([{"id": "s-1", "since": date(2026, 1, 1)}]),
            "word": _PA.array(["卡"]).dictionary_encode(),
        },
    )
    _, ((_, cells),) = read(path)

    assert cells == (
        "2026-11-22T04:00:00.000005+00:00", "2026-11-22", "1234.50", '["a", "b"]',
        '{"id": "s-1", "since": "2026-01-01"}', "卡",
    )  # fmt: skip


def test_a_damaged_parquet_file_is_refused(tmp_path: Path) -> None:
    whole = parquet(
        tmp_path / "x.parquet", {"a": ["x" * 50] * 500, "b": list(map(str, range(500)))}
    )
    content = whole.read_bytes()
    for bad in (content[:-20], b"PAR1", content[:4] + b"\0" * 400 + content[404:]):
        whole.write_bytes(bad)
        assert refused(whole).code in {"import.damaged", "import.too_heavy"}


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ({"rows": 499}, "import.too_many_rows"),
        ({"columns": 1}, "import.too_many_columns"),
        ({"cells": 999}, "import.too_many_cells"),
        ({"unpacked": 1000}, "import.unpacks_too_large"),
        ({"field_chars": 40}, "import.field_too_long"),
        ({"row_chars": 40}, "import.row_too_long"),
    ],
)
def test_a_parquet_file_beyond_a_limit_is_refused(
    tmp_path: Path, limits: dict[str, int], code: str
) -> None:
    path = parquet(
        tmp_path / "x.parquet",
        {"a": ["x" * 50] * 500, "b": [f"{no:040}" for no in range(500)]},
    )
    assert refused(path, **limits).code == code


def test_a_parquet_bomb_costs_the_parent_nothing(tmp_path: Path) -> None:
    texts = ["x" * 60_000] * 3_000
    bomb = parquet(tmp_path / "x.parquet", {"a": texts}, use_dictionary=False, compression="zstd")
    assert bomb.stat().st_size < 1_000_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert refused(bomb).code == "import.zip_bomb"
    small = parquet(tmp_path / "y.parquet", {"a": texts})  # one word, said 3,000 times
    no = refused(small, memory=400_000_000, rows=2_999)
    assert no.code in {"import.too_many_rows", "import.too_heavy"}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


# JSON by lines


def test_json_by_lines_is_read_with_the_names_of_all_lines(tmp_path: Path) -> None:
    path = lines(
        tmp_path / "x.ndjson",
        {"platform": "lanhai", "listing_id": 12345678901234567890, "price": 19.90},
        "",
        {"listing_id": "2", "title": "流量卡", "shop": {"id": "s-1", "name": None}, "ok": True},
    )
    columns, rows = read(path)

    assert columns == ("platform", "listing_id", "price", "title", "shop.id", "shop.name", "ok")
    assert rows == [
        (1, ("lanhai", "12345678901234567890", "19.9", "", "", "", "")),
        (3, ("", "2", "", "流量卡", "s-1", "", "TRUE")),
    ]


def test_numbers_keep_the_digits_that_were_written(tmp_path: Path) -> None:
    _, ((_, cells),) = read(lines(tmp_path / "x.jsonl", '{"a": 19.90, "b": 1e3, "c": [1, "x"]}'))

    assert cells == ("19.90", "1e3", '["1", "x"]')


@pytest.mark.parametrize(
    ("rows", "code", "row"),
    [
        (['{"a": 1}', "{"], "import.bad_line", 2),
        (['{"a": NaN}'], "import.bad_line", 1),
        (['{"a": 1, "a": 2}'], "import.bad_line", 1),
        (['{"a": {"b": 1}, "a.b": 2}'], "import.bad_line", 1),
        (['{"a": "\\ud800"}'], "import.bad_line", 1),
        (['{"a": "\\u0000"}'], "import.nul", 1),
        (['{"a": 1}', "[1]"], "import.no_object", 2),
        (['{"a": ' + "[" * 5_000 + "]" * 5_000 + "}"], "import.line_too_deep", 1),
        (['{"a": ' + '{"a":' * 40 + "1" + "}" * 41], "import.line_too_deep", 1),
        (['{"a": "' + "x" * 70_000 + '"}'], "import.field_too_long", 1),
        (['{"a": "' + "x" * 1_000_100 + '"}'], "import.row_too_long", 1),
    ],
)
def test_a_bad_line_is_refused_by_its_number(
    tmp_path: Path, rows: Sequence[str], code: str, row: int
) -> None:
    no = refused(lines(tmp_path / "x.ndjson", *rows))

    assert (no.code, no.facts["row"]) == (code, row)


def test_a_line_without_an_end_is_not_taken_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "x.ndjson"
    with path.open("wb") as file:
        file.write(b'{"a": "')
        for _ in range(100):
            file.write(b"x" * 1_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    assert refused(path).code == "import.row_too_long"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_more_names_than_columns_may_be_are_refused(tmp_path: Path) -> None:
    path = lines(tmp_path / "x.ndjson", *[{f"n{no}": "x"} for no in range(300)])

    assert refused(path).code == "import.too_many_columns"


def test_bytes_that_are_no_utf8_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.ndjson"
    path.write_bytes('{"a": "流量卡"}\n'.encode() + '{"a": "流量卡"}\n'.encode("gbk"))

    no = refused(path)
    assert (no.code, no.facts["row"]) == ("import.bad_byte", 2)
