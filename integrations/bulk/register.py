"""A register in a file, as the agents that shops are matched with."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, cast

import pyarrow as pa
import pyarrow.parquet as pq

from integrations.sheets import open_table
from models.patrol.matching import COLUMNS
from models.refusals import Invalid, Refusal

MOST: Final = 2_000_000_000
_GZIP: Final = b"\x1f\x8b"
_PARQUET: Final = b"PAR1"
_ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "agent_no": ("agent_no", "agent_id", "number", "代理商编号"),
    "agent_name": ("agent_name", "name", "holder", "代理商名称"),
    "platform": ("platform", "平台"),
    "shop_id": ("shop_id", "店铺id", "店铺编号"),
    "shop_url": ("shop_url", "店铺网址", "店铺链接"),
    "shop_name": ("shop_name", "店铺名称"),
}


def read_agents(path: Path) -> pa.Table:
    """A row for each shop of an agent.

    From the list that `patrol run --register` takes (JSON), the published copy (NDJSON, packed or
    not), or a Parquet or CSV with a column `agent_no`.
    """
    try:
        with path.open("rb") as file:
            head = file.read(4)
            if path.stat().st_size > MOST:
                raise _unreadable(path, f"> {MOST} bytes")
        if head == _PARQUET:
            return _columns(pq.read_table(path), path)
        if head[:2] == _GZIP:
            return _lines(path, gzip.open(path, "rt", encoding="utf-8"))
        if head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in {b"[", b"{"}:
            return _json(path)
        with open_table(path) as table:
            rows = [row.cells[: len(table.columns)] for row in table.rows]
            texts = [pa.array(cells, pa.string()) for cells in zip(*rows, strict=True)]
            return _columns(pa.table(texts, list(table.columns)), path)
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from None
    except (ValueError, KeyError, TypeError, AttributeError, EOFError) as error:
        raise _unreadable(path, str(error)[:200]) from None
    except Refusal as no:
        if no.code.startswith("bulk."):
            raise
        raise _unreadable(path, no.code) from None


def _unreadable(path: Path, problem: str) -> Invalid:
    return Invalid("bulk.register_unreadable", file=path.name, problem=problem)


def _json(path: Path) -> pa.Table:
    text = path.read_text("utf-8-sig")
    if text.lstrip()[:1] == "[":
        return _table(_shops(json.loads(text)))
    return _lines(path, text.splitlines())


def _lines(_path: Path, lines: Iterable[str]) -> pa.Table:
    return _table(_shops(json.loads(line) for line in lines if line.strip()))


def _shops(entries: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    """An agent's shops, each a row; an agent without any is a row of its name."""
    for entry in entries:
        agent = {
            "agent_no": str(entry.get("agent_no") or entry.get("number") or ""),
            "agent_name": str(entry.get("name") or entry.get("holder") or ""),
        }
        if not agent["agent_no"]:
            msg = "agent_no"
            raise KeyError(msg)
        for shop in cast("list[dict[str, Any]]", entry.get("shops") or [{}]):
            yield agent | {
                "platform": str(shop.get("platform") or ""),
                "shop_id": str(shop.get("id") or shop.get("shop") or ""),
                "shop_name": str(shop.get("name") or ""),
                "shop_url": str(shop.get("url") or ""),
            }


def _table(rows: Iterator[dict[str, str]]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), pa.schema([(n, pa.large_string()) for n in COLUMNS]))


def _columns(table: pa.Table, path: Path) -> pa.Table:
    by_lower = {name.lower(): name for name in table.column_names}
    found = {
        wanted: next((by_lower[name] for name in names if name in by_lower), None)
        for wanted, names in _ALIASES.items()
    }
    if found["agent_no"] is None:
        raise _unreadable(path, "agent_no")
    kept = {wanted: table[name].cast(pa.large_string()) for wanted, name in found.items() if name}
    return pa.table(kept)
