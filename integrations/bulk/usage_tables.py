"""Records of use as files have them, under the names and types of `USAGE`."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from integrations.bulk.tables import Listings, Picked, named, open_listings, shown_columns
from models.cards.usage import USAGE
from models.formats.text import without_blanks
from models.refusals import Invalid

ALIASES: Final[Mapping[str, Sequence[str]]] = {
    "iccid": ("iccid", "卡号", "iccid号", "iccid号码", "集成电路卡识别码"),
    "day": ("day", "date", "日期", "使用日期", "统计日期"),
    "bytes": (
        "bytes",
        "volume_bytes",
        "流量字节",
        "流量字节数",
        "流量(字节)",
        "流量（字节）",
        "字节数",
    ),
    "voice": ("voice", "calls", "语音", "语音次数", "通话次数"),
    "sms": ("sms", "短信", "短信条数", "短信次数"),
    "device": ("device", "imei", "设备", "设备号", "设备imei", "设备 imei", "终端", "终端imei"),
    "region": ("region", "cell_region", "地区", "区域", "行政区划", "小区所在地"),
    "targets": ("targets", "hosts", "destinations", "访问目标", "目标", "目标地址", "目的地址"),
}
"""How exports call the columns; the first that is there counts."""
_NEEDED: Final = ("iccid", "day")
_WORDS: Final = ("region", "targets")
"""Of these there are few different ones."""
_DAY: Final = re.compile(r"([0-9]{4})([-/.年]?)([0-9]{1,2})([-/.月]?)([0-9]{1,2})日?(?:[ T].*)?")
_PACKED: Final = 8
"""Digits of a day without anything between."""
_COUNT: Final = r"^\s*([0-9]{1,18})(?:\.0*)?\s*$"
_BETWEEN: Final = "[;；]"
_UNREADABLE: Final = -1
_NUMBERS: Final = {name: USAGE.field(name).type for name in ("bytes", "voice", "sms")}
_MOST: Final = {pa.int64(): (1 << 63) - 1, pa.int32(): (1 << 31) - 1}


def open_usage(path: Path, rows: int) -> AbstractContextManager[Listings]:
    """A file of records: Parquet, CSV or XLSX."""

    def pick(schema: pa.Schema) -> Picked:
        names = usage_columns(schema, path.name)
        return Picked(list(names.values()), [names[one] for one in ("region",) if one in names])

    return open_listings(path, rows, pick)


def usage_columns(schema: pa.Schema, file: str) -> dict[str, str]:
    """The file's name for each column; refused without cards, days, or anything about them."""
    found = named(schema, ALIASES)
    missing = [name for name in _NEEDED if name not in found]
    if missing or len(found) == len(_NEEDED):
        wanted = ", ".join(missing or _NUMBERS)
        raise Invalid("usage.no_columns", file=file, missing=wanted, columns=shown_columns(schema))
    for name, column in found.items():
        kind = schema.field(column).type
        if not _is_readable(name, kind):
            raise Invalid("usage.bad_column", file=file, column=column, kind=str(kind))
    return found


def usage_batch(batch: pa.RecordBatch, columns: Mapping[str, str]) -> pa.RecordBatch:
    """As `read_records` takes it: what is no number is -1, what is no day is null."""
    made: list[pa.Array] = []
    for one in USAGE:
        if one.name not in columns:
            made.append(pa.nulls(batch.num_rows, one.type))
            continue
        column = batch.column(columns[one.name])
        if one.name == "day":
            made.append(_days(column))
        elif one.name in _NUMBERS:
            made.append(_counts(column, one.type))
        elif one.name == "targets":
            made.append(_lists(column))
        else:
            made.append(_texts(column, one.name))
    return pa.RecordBatch.from_arrays(made, USAGE.names)


def _is_readable(name: str, kind: pa.DataType) -> bool:
    kind = _plain(kind)
    if pa.types.is_null(kind):
        return True
    if name == "targets" and (pa.types.is_list(kind) or pa.types.is_large_list(kind)):
        kind = _plain(kind.value_type)
        return _is_text(kind)
    if name == "day":
        return _is_text(kind) or pa.types.is_integer(kind) or pa.types.is_temporal(kind)
    if name in _NUMBERS:
        return _is_text(kind) or any(
            check(kind) for check in (pa.types.is_integer, pa.types.is_floating)
        )
    return _is_text(kind) or (
        name != "targets" and (pa.types.is_integer(kind) or pa.types.is_decimal(kind))
    )


def _plain(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or str(kind) == "string_view"


def _texts(column: pa.Array, name: str) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        if name in _WORDS:
            words = column.dictionary.cast(pa.string())
            return pa.DictionaryArray.from_arrays(column.indices, words)
        column = column.dictionary_decode()
    return column.cast(pa.string())


def _days(column: pa.Array) -> pa.Array:
    if pa.types.is_timestamp(column.type) and column.type.tz:
        column = pc.local_timestamp(column)
    if pa.types.is_temporal(column.type):
        return column.cast(pa.date32(), safe=False)
    words = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    known = [_day(str(text)) for text in words.dictionary.to_pylist()]
    return pa.array(known, pa.date32()).take(words.indices)


def _day(text: str) -> date | None:
    found = _DAY.fullmatch(without_blanks(text))
    if not found or (not found[2] and len(found[3] + found[5]) < _PACKED - 4):
        return None
    try:
        return date(int(found[1]), int(found[3]), int(found[5]))
    except ValueError:
        return None


def _counts(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if column.type == kind:
        return column
    if pa.types.is_floating(column.type):
        whole = pc.equal(pc.floor(column), column)
        fits = pc.and_(whole, pc.less(pc.abs(column), float(1 << 53)))
        column = pc.if_else(fits, column, float(_UNREADABLE)).cast(pa.int64())
    elif pa.types.is_integer(column.type):
        fits = (
            pc.less_equal(column, pa.scalar((1 << 63) - 1, pa.uint64()).cast(column.type))
            if (column.type == pa.uint64())
            else pc.is_valid(column)
        )
        column = pc.if_else(fits, column, pa.scalar(None, column.type)).cast(pa.int64())
    elif not pa.types.is_null(column.type):
        column = _counted(column.cast(pa.string()))
    wide = column.cast(pa.int64())
    fits = pc.less_equal(wide, pa.scalar(_MOST[kind], pa.int64()))
    return pc.if_else(pc.fill_null(fits, fill_value=True), wide, _UNREADABLE).cast(kind)


def _counted(texts: pa.Array) -> pa.Array:
    """Blank is null."""
    found = pc.struct_field(pc.extract_regex(texts, _COUNT.replace("(", "(?P<n>", 1)), "n")
    is_blank = pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(texts)), 0)
    read = found.cast(pa.int64())
    missing = pc.fill_null(is_blank, fill_value=True)
    bad = pc.and_(pc.invert(missing), pc.is_null(read))
    return pc.if_else(bad, pa.scalar(_UNREADABLE, pa.int64()), read)


def _lists(column: pa.Array) -> pa.Array:
    kind = column.type
    if pa.types.is_list(kind) and not pa.types.is_dictionary(kind.value_type):
        return column
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_null(kind):
        return column.cast(USAGE.field("targets").type)
    return pc.split_pattern_regex(_texts(column, "").cast(pa.string()), _BETWEEN)
