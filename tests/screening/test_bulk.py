"""Whole files screened: every column stays, every engine says the same, nothing half is left."""

# pyright: basic
# Arrow comes without types.

import errno
import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from console.cli.main import app
from integrations.bulk import read_agents, screen_file, tables
from integrations.bulk.parts import RESULT
from models.patrol.matching import AgentIndex, AgentShop
from models.patrol.screening import screen
from models.refusals import Conflict, Invalid, Refusal
from tests.screening.dask import dask, free_port

HOUSE = Path(__file__).parents[2]
TITLES = (
    "中国电信流量卡 19元月租 全国通用", "手机卡套 硅胶", "代实名 过人脸 包激活",
    "猫池 32口 支持短信",
    "读卡器 破解 模拟身份证", "苹果手机壳", "电话鉲 大流量 免实名", "",
)  # fmt: skip
AGENTS = AgentIndex(
    [
        AgentShop(
            "A1", "广州飞鸿通讯有限公司", "lanhai", "100", "https://a.example/1", "广州飞鸿通讯店"
        )
    ]
).table


def listings(rows: int = 40) -> pa.Table:
    shops = ("广州飞鸿通讯店", "广州飞洪通讯店", "别家小店", "")
    return pa.table(
        {
            "sku": pa.array(range(rows), pa.int64()),
            "title": [f"{TITLES[at % len(TITLES)]}" for at in range(rows)],
            "shop_name": [shops[at % 4] for at in range(rows)],
            "platform": ["lanhai"] * rows,
            "shop_id": [str(100 + at % 4) for at in range(rows)],
            "price": pa.array([at / 10 for at in range(rows)], pa.float64()),
            "pictures": pa.array([["a", "b"]] * rows, pa.list_(pa.string())),
        }
    )


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "in.parquet"
    pq.write_table(listings(), path, row_group_size=7)
    return path


def test_every_column_stays_in_its_order_and_the_results_stand_behind(source: Path) -> None:
    target = source.with_name("out.parquet")
    summary = screen_file(source, target, register=AGENTS, rows=9, processes=2)
    out = pq.read_table(target)
    assert out.column_names == [*listings().column_names, *RESULT.names]
    assert out.select(listings().column_names).equals(listings())
    assert [row["label"] for row in out.to_pylist()] == [
        screen(row["title"], shop_name=row["shop_name"]).label.value
        for row in listings().to_pylist()
    ]
    assert out["shop_match"].to_pylist()[:4] == ["by_id", "looks_like", "none", "none"]
    assert out["agent_no"].to_pylist()[:3] == ["A1", "A1", ""]
    assert out["shop_reason"].to_pylist()[1] == "sound"
    assert summary.rows == 40
    assert summary.flagged == sum(word != "not_card" for word in out["label"].to_pylist())
    assert summary.looks_like == 10
    assert {path.name for path in source.parent.iterdir()} == {"in.parquet", "out.parquet"}


def test_the_size_of_the_batches_changes_no_answer(source: Path) -> None:
    one, many = source.with_name("one.parquet"), source.with_name("many.parquet")
    screen_file(source, one, register=AGENTS, rows=1000)
    screen_file(source, many, register=AGENTS, rows=3, processes=2)
    assert pq.read_table(one).equals(pq.read_table(many))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_a_csv_is_read_whatever_its_encoding_and_under_chinese_headings(
    tmp_path: Path, encoding: str
) -> None:
    path, target = tmp_path / "挂牌.csv", tmp_path / "结果.csv"
    rows = "\n".join(f"{at},{title or '无'},广州飞洪通讯店" for at, title in enumerate(TITLES))
    path.write_text(f"编号,商品标题,店铺名称\n{rows}\n", encoding)
    screen_file(path, target, register=AGENTS)
    lines = target.read_text("utf-8-sig").splitlines()
    assert lines[0].startswith('"编号","商品标题","店铺名称","label"')
    assert len(lines) == len(TITLES) + 1
    assert ",sells_card," in lines[1]
    assert ",looks_like,A1," in lines[1]


def test_a_result_in_csv_holds_no_formula(tmp_path: Path) -> None:
    path = tmp_path / "in.parquet"
    pq.write_table(pa.table({"title": ["=1+1", "@SUM(A1)"]}), path)
    screen_file(path, tmp_path / "out.csv")
    lines = (tmp_path / "out.csv").read_text("utf-8-sig").splitlines()
    assert [line[:2] for line in lines[1:]] == ["'=", "'@"]


def test_a_column_that_is_called_like_a_result_is_kept_beside_it(tmp_path: Path) -> None:
    path, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(pa.table({"title": ["流量卡"], "label": ["truth"], "score": [7]}), path)
    screen_file(path, target)
    out = pq.read_table(target)
    assert out.column_names[:3] == ["title", "label_in", "score_in"]
    assert out["label_in"].to_pylist() == ["truth"]


def test_titles_that_are_null_numbers_or_dictionaries_are_read(tmp_path: Path) -> None:
    for name, column in {
        "null": pa.array([None, "流量卡"], pa.string()),
        "large": pa.array(["流量卡", None], pa.large_string()),
        "words": pa.array(["流量卡", "流量卡"]).dictionary_encode(),
        "numbers": pa.array([1, 2]),
    }.items():
        path = tmp_path / f"{name}.parquet"
        pq.write_table(pa.table({"Title": column}), path)
        assert screen_file(path, tmp_path / f"{name}-out.parquet").rows == 2


def test_a_file_without_rows_gives_a_file_without_rows(tmp_path: Path) -> None:
    path, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(listings().slice(0, 0), path)
    assert screen_file(path, target, register=AGENTS).rows == 0
    assert pq.read_table(target).column_names[-1] == RESULT.names[-1]


def refused(source: Path, target: Path, **how: object) -> Refusal:
    with pytest.raises(Refusal) as no:
        screen_file(source, target, **how)  # pyright: ignore[reportArgumentType]
    assert not list(target.parent.glob(".out*")), "a draft is left"
    return no.value


def test_what_cannot_be_screened_is_refused_by_what_is_wrong(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.parquet"
    pq.write_table(pa.table({"name_of_it": ["x"]}), tmp_path / "untitled.parquet")
    no = refused(tmp_path / "untitled.parquet", target)
    assert (no.code, no.facts["columns"]) == ("bulk.no_title", "name_of_it")
    pq.write_table(pa.table({"title": [b"x"]}), tmp_path / "octets.parquet")
    assert refused(tmp_path / "octets.parquet", target).code == "bulk.bad_column"
    (tmp_path / "fake.parquet").write_bytes(b"title\nx\n")
    assert refused(tmp_path / "fake.parquet", target).code == "bulk.not_parquet"
    (tmp_path / "cut.parquet").write_bytes(source.read_bytes()[:-20])
    assert refused(tmp_path / "cut.parquet", target).code == "bulk.not_parquet"
    assert refused(tmp_path / "none.parquet", target).code == "bulk.no_file"
    assert refused(source, tmp_path / "out.xls").code == "bulk.bad_target"
    assert refused(source, source).code == "bulk.same_file"
    assert refused(source, tmp_path / "no" / "out.parquet").code == "bulk.not_written"
    for engine in ("spark", "dask://", "dask://host", ""):
        assert refused(source, target, engine=engine).code == "bulk.no_engine"
    assert not target.exists()


def test_a_file_that_is_damaged_further_in_leaves_no_result(tmp_path: Path) -> None:
    path, target = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pq.write_table(listings(4000), path, row_group_size=500, compression="zstd")
    body = bytearray(path.read_bytes())
    body[len(body) // 2 : len(body) // 2 + 400] = bytes(400)
    path.write_bytes(body)
    target.write_bytes(b"as it was")
    with pytest.raises(Invalid) as no:
        screen_file(path, target, rows=500, processes=1)
    assert no.value.code == "bulk.not_parquet"
    assert target.read_bytes() == b"as it was"


def test_a_full_disc_leaves_the_target_as_it_was(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_given: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tables._ParquetWriter, "write", full)
    target = source.with_name("out.parquet")
    target.write_bytes(b"as it was")
    with pytest.raises(Conflict) as no:
        screen_file(source, target)
    assert no.value.code == "bulk.disc_full"
    assert target.read_bytes() == b"as it was"
    assert {path.name for path in source.parent.iterdir()} == {"in.parquet", "out.parquet"}


def test_a_register_is_read_in_every_form_that_the_house_writes(tmp_path: Path) -> None:
    (tmp_path / "list.json").write_text(
        json.dumps([{"number": "L1", "agent_no": "A1", "holder": "广州飞鸿通讯有限公司",
                     "shops": [{"platform": "lanhai", "shop": "100"}]},
                    {"number": "L2", "holder": "无店公司"}])
    )  # fmt: skip
    shop = {"platform": "lanhai", "id": "100", "name": "广州飞鸿通讯店", "url": ""}
    line = {"agent_no": "A1", "name": "广州飞鸿通讯有限公司", "shops": [shop]}
    (tmp_path / "golden.ndjson").write_text(json.dumps(line) + "\n\n" + json.dumps(line) + "\n")
    import gzip

    (tmp_path / "golden.ndjson.gz").write_bytes(
        gzip.compress((tmp_path / "golden.ndjson").read_bytes())
    )
    pq.write_table(AGENTS, tmp_path / "agents.parquet")
    pyarrow.csv.write_csv(AGENTS, tmp_path / "agents.csv")
    found = {path.name: read_agents(path) for path in sorted(tmp_path.iterdir())}
    assert {name: table.num_rows for name, table in found.items()} == {
        "agents.csv": 1, "agents.parquet": 1, "golden.ndjson": 2, "golden.ndjson.gz": 2,
        "list.json": 2,
    }  # fmt: skip
    for table in found.values():
        first = AgentIndex(table).table.to_pylist()[0]
        assert (first["agent_no"], first["platform"], first["shop_id"]) == ("A1", "lanhai", "100")


@pytest.mark.parametrize("body", [b"[1]", b'{"a": 1}', b"[{", b"x,y\n1,2\n", b"", b"\x1f\x8bx"])
def test_a_file_that_is_no_register_is_refused(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "register").write_bytes(body)
    with pytest.raises(Invalid) as no:
        read_agents(tmp_path / "register")
    assert no.value.code == "bulk.register_unreadable"


def test_the_command_needs_no_database_and_says_what_it_did(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHANNEL_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    pq.write_table(AGENTS, source.with_name("agents.parquet"))
    target = source.with_name("out.parquet")
    given = ["--json", "screen", str(source), str(target), "--register",
             str(source.with_name("agents.parquet"))]  # fmt: skip
    done = CliRunner().invoke(app, given)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["rows"], told["matches"]["by_id"]) == (40, 10)
    assert target.exists()


@pytest.mark.filterwarnings("default")
def test_dask_gives_the_very_same_answers(source: Path) -> None:
    local, there = source.with_name("local.parquet"), source.with_name("dask.parquet")
    screen_file(source, local, register=AGENTS, rows=6)
    with dask() as (engine, _):
        screen_file(source, there, register=AGENTS, rows=6, engine=engine)
    assert pq.read_table(there).equals(pq.read_table(local))


@pytest.mark.filterwarnings("default")
def test_a_scheduler_that_does_not_answer_is_told_by_its_address(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.bulk.engines._PATIENCE", "1s")
    no = refused(source, source.with_name("out.parquet"), engine=f"dask://127.0.0.1:{free_port()}")
    assert no.code == "bulk.no_scheduler"
