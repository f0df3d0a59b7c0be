"""Card stock as carriers' systems export it. Every number is made up."""

from collections.abc import Mapping, Sequence

from console.actions.imports.plan import plan_import
from console.actions.imports.rejects import rejects_file
from console.actions.imports.run import run_import
from console.desk import Desk
from models.channel.imports import Import
from tests.imports.files import csv_text, read_csv

HEADER = (
    "渠道编码", "渠道名称", "渠道类型", "上级渠道编码", "省份", "批次号", "产品", "配送日期",
    "起始ICCID", "终止ICCID",
)  # fmt: skip
USUAL: Mapping[str, str] = {
    "渠道编码": "QD-01",
    "渠道名称": "穗通经营部",
    "渠道类型": "社会渠道",
    "省份": "广东",
    "批次号": "PC-0001",
    "产品": "青年卡",
    "配送日期": "2026-01-15",
}
_OWN = "898603"


def iccid(serial: int, issuer: str = _OWN) -> str:
    """The nineteen characters of a made-up card of 中国电信."""
    return f"{issuer}{serial:013d}"


def line(first: int, last: int | None = None, **changed: str) -> dict[str, str]:
    """A row of the usual batch; named columns say otherwise."""
    ends = {"起始ICCID": iccid(first), "终止ICCID": iccid(first if last is None else last)}
    return {**USUAL, **ends, **changed}


def ends(first: str, last: str) -> dict[str, str]:
    return {"起始ICCID": first, "终止ICCID": last}


def stock_csv(
    lines: Sequence[Mapping[str, str]], header: Sequence[str] = HEADER, encoding: str = "utf-8-sig"
) -> bytes:
    rows = [[one.get(name, "") for name in header] for one in lines]
    return csv_text(header, rows).encode(encoding)


def brought(
    desk: Desk,
    lines: Sequence[Mapping[str, str]],
    *,
    dry: bool = False,
    header: Sequence[str] = HEADER,
    encoding: str = "utf-8-sig",
) -> Import:
    content = stock_csv(lines, header, encoding)
    return run_import(desk, plan_import(desk, "stock", "stock.csv", content, dry=dry).id)


def why(desk: Desk, imported: Import) -> list[str]:
    """The reasons of the rejected rows, in the order of the file."""
    return [row["原因"] for row in read_csv(rejects_file(desk, imported.id)[0])]
