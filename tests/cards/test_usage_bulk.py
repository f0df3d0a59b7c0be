"""Whole files of use monitored: any format, any engine, any size of the parts, the same answer."""

# pyright: basic
# Arrow comes without types.

import csv
import errno
import json
import os
from collections import defaultdict
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from console.cli.main import app
from integrations.bulk import monitor_file, read_scopes
from integrations.bulk.monitoring import MonitorSummary
from integrations.sheets import write_xlsx
from models.cards.usage import (
    DAYS,
    HITS,
    USAGE,
    WATCHED_DAYS,
    judge_usage,
    scopes_table,
    usage_limits,
)
from models.refusals import Conflict, Invalid, Refusal
from tests.cards.usage_files import (
    FIRST_DAY,
    ISSUED,
    iccid,
    imei,
    random_rows,
    random_scopes,
    record,
    scope,
    table,
)
from tests.persons import resident
from tests.screening.dask import dask

LIMITS = usage_limits(date(2026, 11, 22))
CHANCE = Random(182)  # noqa: S311 - the same again is wanted
SCOPES = scopes_table(random_scopes(CHANCE))
ROWS = random_rows(CHANCE, 2_000)
HEADS = ("卡号", "日期", "流量字节", "语音次数", "短信条数", "IMEI", "地区", "访问目标")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "use.parquet"
    pq.write_table(table(*ROWS), path, row_group_size=300)
    return path


def monitored(source: Path, name: str = "hits.parquet", **how: Any) -> MonitorSummary:  # noqa: ANN401 - as the runner has it
    given = {"scopes": SCOPES, "limits": LIMITS, "processes": 1} | how
    return monitor_file(source, source.with_name(name), **given)


def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integrations.bulk.dealing._A_PART", 200)
    monkeypatch.setattr("integrations.bulk.dealing._BLOCK_BITS", 16 + 2)
    monkeypatch.setattr("integrations.bulk.monitoring.ROWS", 170)


@pytest.mark.requirement("004-2.3-g")
def test_a_file_is_judged_as_its_records_are(source: Path) -> None:
    summary = monitored(source)
    out = pq.read_table(source.with_name("hits.parquet"))
    expected = judge_usage(table(*ROWS), SCOPES, LIMITS)
    assert out.schema.equals(HITS)
    assert out.equals(expected)
    assert summary.records == len(ROWS)
    assert summary.hits.total() == expected.num_rows
    assert summary.hits["region_left"] == expected["rule"].to_pylist().count("region_left")
    held = {row["iccid"] for row in ROWS}
    unknown = {one for one in held if not _is_known(one)}
    assert (summary.cards, summary.unknown_cards) == (len(held) - len(unknown), len(unknown))
    assert summary.batches == 12
    assert (summary.first_day, summary.last_day) == (FIRST_DAY, max(row["day"] for row in ROWS))
    assert summary.versions == LIMITS.versions
    assert {path.name for path in source.parent.iterdir()} == {"use.parquet", "hits.parquet"}


def _is_known(text: str) -> bool:
    card = int(text[:19])
    return any(row["first"] <= card <= row["last"] for row in SCOPES.to_pylist())


def test_parts_on_disc_and_two_processes_change_no_answer(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    besides: dict[str, Any] = {
        name: source.with_name(f"{name}.parquet") for name in ("days", "watched_days")
    }
    watched = pa.array(sorted({int(row["iccid"][:19]) for row in ROWS})[::9])
    one = monitored(source, watched=watched, **besides)
    whole = {name: pq.read_table(path) for name, path in besides.items()}
    small_parts(monkeypatch)
    many = monitored(source, "many.parquet", processes=2, watched=watched, **besides)
    assert many == one
    hits = [pq.read_table(source.with_name(name)) for name in ("hits.parquet", "many.parquet")]
    assert hits[0].equals(hits[1])
    assert {name: pq.read_table(path) for name, path in besides.items()} == whole
    assert not [path for path in source.parent.iterdir() if path.name.startswith(".")]


@pytest.mark.filterwarnings("default")
def test_dask_finds_the_very_same(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monitored(source)
    small_parts(monkeypatch)
    with dask() as (engine, _):
        monitored(source, "dask.parquet", engine=engine)
    tables = [pq.read_table(source.with_name(name)) for name in ("hits.parquet", "dask.parquet")]
    assert tables[0].equals(tables[1])


def _cells(row: dict[str, Any], day: str = "%Y-%m-%d") -> list[str]:
    said = [row["iccid"], format(row["day"], day)]
    said += [str(row[name]) for name in ("bytes", "voice", "sms")]
    return [*said, row["device"] or "", row["region"] or "", ";".join(row["targets"] or [])]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gbk"])
def test_csv_and_xlsx_with_chinese_headings_say_the_same(source: Path, encoding: str) -> None:
    monitored(source)
    sheet = source.with_suffix(".csv")
    with sheet.open("w", encoding=encoding, newline="") as file:
        days = ("%Y-%m-%d", "%Y%m%d", "%Y/%-m/%-d")
        csv.writer(file).writerows(
            [
                [*HEADS, "备注"],
                *([*_cells(row, days[at % 3]), "抄表终端"] for at, row in enumerate(ROWS)),
            ]
        )
    monitored(sheet, "sheet.parquet")
    if encoding == "gbk":
        book = source.with_suffix(".xlsx")
        write_xlsx(book, HEADS, map(_cells, ROWS))
        monitored(book, "book.parquet")
    expected = pq.read_table(source.with_name("hits.parquet"))
    for name in ("sheet.parquet", "book.parquet")[: 1 + (encoding == "gbk")]:
        assert pq.read_table(source.with_name(name)).equals(expected)


def test_columns_of_other_types_are_read_as_what_they_mean(tmp_path: Path) -> None:
    days = [date(2026, 11, 1), date(2026, 11, 2)]
    given = {
        "ICCID": pa.array([iccid(ISSUED + 1)] * 2).dictionary_encode(),
        "Date": pa.array(days).cast(pa.timestamp("us")),
        "calls": pa.array([2.0, None]),
        "sms": pa.array(["3", " "]),
        "bytes": pa.array([1, 2], pa.uint64()),
        "imei": pa.array([imei(1), None]).dictionary_encode(),
        "region": pa.array([44, 440305]),
        "hosts": pa.array([["a"], None], pa.large_list(pa.large_string())),
    }
    path = tmp_path / "use.parquet"
    for change in ({}, {"Date": pa.array([20261101, 20261102])}, {"Date": pa.array(days)}):
        pq.write_table(pa.table({**given, **change}), path)
        one = scopes_table([scope(regions=["44"], targets=["b"])])
        summary = monitored(path, scopes=one)
        assert summary.hits == {"voice_off": 1, "sms_off": 1, "target_outside": 1}
        assert (summary.bad_rows, summary.first_day, summary.last_day) == (0, *days)


def test_records_that_cannot_be_judged_are_counted_and_written_with_why(tmp_path: Path) -> None:
    path = tmp_path / "use.csv"
    good = _cells(record(1, voice=1))
    wrong = {0: "8986", 1: "2026-02-30", 2: "-1", 3: "two", 4: "99999999999"}
    bad = [[cell if at != place else value for at, cell in enumerate(good)]
           for place, value in wrong.items()]  # fmt: skip
    odd = [*good[:5], "unknown", "4x", ""]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([HEADS, good, *bad * 300, odd])
    summary = monitored(path, scopes=scopes_table([scope()]))
    assert (summary.records, summary.bad_rows, summary.cards) == (1502, 1500, 1)
    assert summary.unread == {"device": 1, "region": 1}
    assert summary.hits == {"voice_off": 1}
    path_of_rejects = tmp_path / "hits-rejects.csv"
    assert summary.rejects == path_of_rejects
    with path_of_rejects.open(encoding="utf-8-sig", newline="") as file:
        rejects = list(csv.DictReader(file))
    assert len(rejects) == 1000
    assert [one["reason"] for one in rejects[:5]] == ["iccid", "day", "bytes", "voice", "sms"]
    assert (rejects[0]["record"], rejects[1]["day"]) == ("2", "2026-02-30")
    pq.write_table(table(record(1, voice=1)), path)
    assert monitored(path, scopes=scopes_table([scope()])).rejects is None
    assert not path_of_rejects.exists(), "of the run before"


def test_a_record_with_too_many_targets_is_refused_with_how_many_there_may_be(
    tmp_path: Path,
) -> None:
    path = tmp_path / "use.parquet"
    few, many = ([f"h{at}.example.com" for at in range(count)] for count in (256, 257))
    pq.write_table(table(record(1, targets=few), record(2, targets=many)), path)
    summary = monitored(path, scopes=scopes_table([scope(targets=["iot.example.com"])]))
    assert (summary.records, summary.bad_rows, summary.cards) == (2, 1, 1)
    told = (tmp_path / "hits-rejects.csv").read_text("utf-8-sig")
    (reject,) = csv.DictReader(told.splitlines())
    assert (reject["record"], reject["reason"], reject["detail"]) == ("2", "targets", "257 > 256")


def test_what_is_handed_back_of_a_file_names_nobodys_identity_number(tmp_path: Path) -> None:
    path, number = tmp_path / "use.csv", resident(1)
    with path.open("w", newline="") as file:
        spaced = f"核验 {number[:6]} {number[6:14]} {number[14:]}"
        csv.writer(file).writerows([HEADS, [number, spaced, "1", *[""] * 5]])
    assert monitored(path, scopes=scopes_table([scope()])).bad_rows == 1
    told = (tmp_path / "hits-rejects.csv").read_text("utf-8-sig")
    for first, code in (("姓名,职务,地点", "usage.no_columns"), ("x", "import.no_header")):
        path.write_text(f"{first},{number}\n")
        with path.open("a") as file:
            file.write("1,2,3,4\n")
        no = refused(path)
        assert no.code == code
        told += str(no.facts)
    assert number[6:14] not in told
    assert told.count(f"{number[:6]}********{number[14:]}") == 4, "masked, and not left out"


def test_the_days_of_batches_are_what_their_cards_did(source: Path) -> None:
    monitored(source, days=source.with_name("days.parquet"))
    days = pq.read_table(source.with_name("days.parquet"))
    assert days.schema.equals(DAYS)
    cards: defaultdict[tuple[str, date], defaultdict[str, list[dict[str, Any]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    ranges = SCOPES.to_pylist()
    for row in ROWS:
        number = int(row["iccid"][:19])
        for one in ranges:
            if one["first"] <= number <= one["last"]:
                cards[one["batch"], row["day"]][row["iccid"]].append(row)
    assert {(row["batch"], row["day"]): row for row in days.to_pylist()} == {
        at: {"batch": at[0], "day": at[1], **_of_day(given)} for at, given in cards.items()
    }
    assert days.sort_by([("batch", "ascending"), ("day", "ascending")]).equals(days)


def _of_day(cards: dict[str, list[dict[str, Any]]]) -> dict[str, int]:
    rows = [row for some in cards.values() for row in some]
    volumes = [sum(row["bytes"] for row in some) for some in cards.values()]
    used = [some for some in cards.values()
            if any(row["bytes"] or row["voice"] or row["sms"] for row in some)]  # fmt: skip
    return {
        "cards": len(used),
        "bytes": sum(volumes),
        "top_bytes": max(volumes),
        "voice": sum(row["voice"] for row in rows),
        "sms": sum(row["sms"] for row in rows),
        "devices": len({(row["iccid"], row["device"]) for row in rows if row["device"]}),
        "regions": len({row["region"][:2] for row in rows if row["region"]}),
    }


def test_of_a_watched_card_each_day_is_one_row(tmp_path: Path) -> None:
    path, days = tmp_path / "use.parquet", tmp_path / "days.parquet"
    rows = [
        record(1, 0, bytes=5, device=imei(1), region="44"),
        record(1, 0, bytes=9, voice=1, device=imei(2), region="440305"),
        record(1, 1),
        record(2, 0, bytes=7),
    ]
    pq.write_table(table(*rows), path)
    watched = pa.array([ISSUED + 1, ISSUED + 999])
    monitored(path, scopes=scopes_table([scope()]), watched=watched, watched_days=days)
    found = pq.read_table(days)
    assert found.schema.equals(WATCHED_DAYS)
    card = str(ISSUED + 1)
    assert [tuple(row.values()) for row in found.to_pylist()] == [
        (card, FIRST_DAY, 14, 1, 0, imei(2), "440305"),
        (card, record(1, 1)["day"], 0, 0, 0, None, None),
    ]


def refused(source: Path, name: str = "out.parquet", **how: Any) -> Refusal:  # noqa: ANN401 - as the runner has it
    with pytest.raises(Refusal) as no:
        monitored(source, name, **how)
    left = [path.name for path in source.parent.iterdir() if path.name.startswith(".out")]
    assert left == [], "a draft is left"
    return no.value


def test_what_is_no_file_of_use_is_refused_by_what_is_wrong(source: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.parquet"
    for columns, missing in (({"day": ["x"], "bytes": [1]}, "iccid"),
                             ({"iccid": ["x"], "day": ["x"]}, "bytes, voice, sms")):  # fmt: skip
        pq.write_table(pa.table(columns), other)
        no = refused(other)
        assert (no.code, no.facts["missing"]) == ("usage.no_columns", missing)
    pq.write_table(pa.table({"iccid": ["x"], "day": [b"x"], "sms": [1]}), other)
    assert refused(other).code == "usage.bad_column"
    other.write_bytes(source.read_bytes()[:-20])
    assert refused(other).code == "bulk.not_parquet"
    assert refused(tmp_path / "none.parquet").code == "bulk.no_file"
    assert refused(source, "out.xls").code == "bulk.bad_target"
    assert refused(source, source.name).code == "bulk.same_file"
    assert refused(source, engine="spark").code == "bulk.no_engine"
    overlapping = scopes_table([scope("A"), scope("B", 99)])
    assert refused(source, scopes=overlapping).code == "usage.ranges_overlap"


def test_a_full_disc_leaves_the_target_as_it_was(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_given: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    small_parts(monkeypatch)
    monkeypatch.setattr("integrations.bulk.dealing.Deal.put", full)
    target = source.with_name("out.parquet")
    target.write_bytes(b"as it was")
    no = refused(source)
    assert isinstance(no, Conflict)
    assert no.code == "bulk.disc_full"
    assert target.read_bytes() == b"as it was"


def test_a_file_without_records_gives_a_file_without_hits(source: Path) -> None:
    pq.write_table(USAGE.empty_table(), source)
    summary = monitored(source, days=source.with_name("days.csv"))
    assert (summary.records, summary.first_day) == (0, None)
    assert pq.read_table(source.with_name("hits.parquet")).schema.equals(HITS)


SCOPE = {
    "batch": "WL-2026-1",
    "ranges": [[iccid(ISSUED), iccid(ISSUED + 99)]],
    "card_class": "I1",
    "monthly_bytes": 100,
    "regions": ["44"],
}


def test_the_command_reads_scopes_from_a_file_and_needs_no_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHANNEL_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    path, target, scopes = (tmp_path / name for name in ("use.csv", "out.csv", "scopes.json"))
    with path.open("w", newline="") as file:
        rows = [record(1, bytes=1_234_567_890), record(500, bytes=1), record(1) | {"iccid": "x"}]
        csv.writer(file).writerows([HEADS, *map(_cells, rows)])
    scopes.write_text(json.dumps([SCOPE]))
    given = ["monitor", str(path), str(target), "--scopes", str(scopes)]
    done = CliRunner().invoke(app, ["--json", *given])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["records"], told["unknown_cards"], told["bad_rows"]) == (3, 1, 1)
    assert told["hits"] == {"volume_over_limit": 1}
    lines = target.read_text("utf-8-sig").splitlines()
    card = str(ISSUED + 1)
    assert lines[1] == (
        f"WL-2026-1,{card},volume_over_limit,iot_scope_breach,2026-10-20,2026-10-20,1,"
        "1234567890,100,2026-10"
    )
    done = CliRunner().invoke(app, ["--language", "zh", *given])
    assert "月流量超限：1 项" in done.stdout
    assert "1 张卡不在任何批次中" in done.stdout


@pytest.mark.parametrize(
    "change",
    [{"batch": None}, {"voice": "loud"}, {"ranges": [["1", "2"]]}, {"colour": "red"},
     {"ranges": [SCOPE["ranges"][0][::-1]]}],
)  # fmt: skip
def test_scopes_that_cannot_be_are_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    path = tmp_path / "scopes.json"
    path.write_text(json.dumps([SCOPE | change]))
    with pytest.raises(Invalid) as no:
        read_scopes(path)
    assert no.value.code == "usage.scopes_unreadable"


def test_a_table_of_scopes_may_leave_out_what_it_does_not_limit(tmp_path: Path) -> None:
    path = tmp_path / "scopes.parquet"
    pq.write_table(pa.table({"batch": ["A"], "first": [ISSUED], "last": [ISSUED + 9]}), path)
    found = judge_usage(table(record(1, bytes=1 << 40, voice=1)), read_scopes(path), LIMITS)
    assert found.num_rows == 0
    pq.write_table(pa.table({"batch": ["A"]}), path)
    with pytest.raises(Invalid):
        read_scopes(path)
