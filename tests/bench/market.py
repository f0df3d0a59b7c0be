"""Markets at scale: the shipped sets again and again, and one built of their own words.

The shipped sets hold 20,000 listings, 2,000 agents and 3,000 shops with the truth beside them.
"""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import opencc  # pyright: ignore[reportMissingTypeStubs]
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

SETS: Final = Path(
    os.environ.get("SCREENING_SETS", str(Path(__file__).parents[3] / "shared/screening"))
)
_FIRST_LETTER: Final = 0x5E00
_STEP: Final = 7

CITIES: Final = [
    "太原",
    "厦门",
    "重庆",
    "郑州",
    "青岛",
    "昆明",
    "上海",
    "西安",
    "东莞",
    "西宁",
    "兰州",
    "宁波",
    "拉萨",
    "合肥",
    "大连",
    "哈尔滨",
    "佛山",
    "南京",
    "南昌",
    "杭州",
    "无锡",
    "苏州",
    "银川",
    "成都",
    "南宁",
    "北京",
    "贵阳",
    "石家庄",
    "沈阳",
    "温州",
    "广州",
    "福州",
    "武汉",
    "海口",
    "济南",
    "长春",
    "长沙",
    "乌鲁木齐",
    "呼和浩特",
    "深圳",
]
WORDS: Final = [
    "启航",
    "恒信",
    "沃家",
    "乐享",
    "鑫源",
    "通达",
    "新锐",
    "云通",
    "优选",
    "小灵通",
    "中恒",
    "天诚",
    "万通",
    "天翼",
    "盛世",
    "尚品",
    "和信",
    "宏图",
    "凯旋",
    "瀚海",
    "百灵",
    "金桥",
    "腾达",
    "正元",
    "卓越",
    "惠通",
    "极速",
    "畅联",
    "联创",
    "信达",
    "顺达",
    "飞扬",
    "嘉禾",
    "亿联",
    "星火",
    "宇航",
    "立信",
    "博远",
    "瑞丰",
    "金源",
    "佳音",
    "九州",
    "讯捷",
    "广源",
    "龙腾",
    "捷讯",
    "众鑫",
    "先锋",
    "蓝天",
    "华信",
]
CARRIERS: Final = ("中国移动", "中国电信", "中国联通", "中国广电")
TRADES: Final = [
    "数码配件",
    "物联科技",
    "网络科技",
    "通信",
    "通讯",
    "信息技术",
    "电子商务",
    "电讯",
    "号卡",
    "数码",
]
OTHER_TRADES: Final = [*TRADES, *["百货", "贸易", "生活馆", "电子", "营业厅", "科技", "旗舰店"]]
EDITS: Final = {
    "sub1": 24, "ins": 11, "trad": 11, "exact": 9, "swap": 8, "del": 6, "suffix": 6,
}  # fmt: skip
"""As often as in the shipped set."""
_ODD: Final = "正新原小大聪奏抒宸彤无靛肴锐终申漂铜棺完馘庙咖杈源广百灵云海信通联科技店营专权号"


def repeated(source: pa.Table, times: int, *, agents: bool) -> Iterator[pa.Table]:
    """The table again and again: other ids, and another letter before each name."""
    for copy in range(times):
        table, letter = source, chr(_FIRST_LETTER + _STEP * copy)
        for name in ("agent_id", "true_agent", "y_agent", "shop_id", "item_id"):
            table = _changed(table, name, "", f"k{copy}")
        table = _changed(table, "shop_url", "", "", r"(\d{5,}|[0-9a-f]{20,})", rf"\1k{copy}")
        table = _changed(table, "shop_name", letter, "")
        if not agents:
            table = _changed(table, "title", "", f" {letter}")
        yield table


def _changed(  # noqa: PLR0917 - a change and where
    table: pa.Table, name: str, before: str, behind: str, pattern: str = "", instead: str = ""
) -> pa.Table:
    if name not in table.column_names:
        return table
    column = table[name].cast(pa.string())
    if pattern:
        new = pc.replace_substring_regex(column, pattern, instead)
    else:
        joined = pc.binary_join_element_wise(before, column, behind, "")
        new = pc.if_else(pc.equal(column, ""), column, joined)
    return table.set_column(table.column_names.index(name), name, new)


def write_listings(path: Path, rows: int) -> None:
    source = pq.read_table(SETS / "listings_20000.parquet")
    times = rows // source.num_rows
    writer: pq.ParquetWriter | None = None
    for table in repeated(source, times, agents=False):
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def agents_table(rows: int) -> pa.Table:
    source = pq.read_table(SETS / "agents_20000.parquet")
    tables = pa.concat_tables(repeated(source, rows // source.num_rows, agents=True))
    return tables.rename_columns({"agent_id": "agent_no"})


@dataclass(frozen=True)
class Market:
    agents: pa.Table
    shops: pa.Table
    """With `rel`, `true_agent` and `perturb`, as the shipped set has them."""


def built(agents: int, shops: int, seed: int, taken: float = 0.04) -> Market:
    """Names of the shipped sets' own words; `taken` of the shops take an agent's name."""
    chance = random.Random(seed)  # noqa: S311 - a market, no secret
    simple = opencc.OpenCC("s2t")
    names = [_agent(chance) for _ in range(agents)]
    rows: list[dict[str, str]] = []
    for at in range(shops):
        row = {"platform": chance.choice(["pdd", "taobao", "xianyu", "jd"]),
               "shop_id": f"{5_000_000_000 + at}", "shop_url": "", "rel": "none",
               "true_agent": "", "perturb": ""}  # fmt: skip
        if chance.random() < taken:
            agent = chance.randrange(agents)
            edit = chance.choices(list(EDITS), list(EDITS.values()))[0]
            name = (
                simple.convert(names[agent])
                if edit == "trad"
                else edited(names[agent], edit, chance)
            )
            row |= {"rel": "impersonator", "true_agent": f"AG{agent:06d}", "perturb": edit}
        else:
            name = _other(chance)
        rows.append(row | {"shop_name": name})
    table = pa.table(
        {
            "agent_no": [f"AG{at:06d}" for at in range(agents)],
            "agent_name": [f"{name.removesuffix('店')}有限公司" for name in names],
            "platform": [chance.choice(["pdd", "taobao", "xianyu", "jd"]) for _ in names],
            "shop_id": [f"{1_000_000_000 + at}" for at in range(agents)],
            "shop_name": names,
        }
    )
    return Market(table, pa.Table.from_pylist(rows))


def edited(name: str, edit: str, chance: random.Random) -> str:
    at = chance.randrange(len(name))
    match edit:
        case "sub1":
            return (
                name[:at] + chance.choice([one for one in _ODD if one != name[at]]) + name[at + 1 :]
            )
        case "ins":
            return name[:at] + chance.choice("·.の小新正原") + name[at:]
        case "del":
            return name[:at] + name[at + 1 :]
        case "swap":
            at = chance.choice([at for at in range(len(name) - 1) if name[at] != name[at + 1]])
            return name[:at] + name[at + 1] + name[at] + name[at + 2 :]
        case "suffix":
            return name + chance.choice(["正品", "8号", "总店", "二店"])
        case _:
            return name


def _agent(chance: random.Random) -> str:
    city, word = chance.choice(CITIES), chance.choice(WORDS)
    if chance.random() < 0.26:
        of = chance.choice(["授权专营店", "号卡专营店", "官方授权店", "授权网点"])
        return f"{chance.choice(CARRIERS)}{of}{city}{word}{_maybe(chance, 0.45, WORDS)}"
    kind = chance.choice(["授权店", "旗舰店", "专营店", "店", ""])
    city = _maybe(chance, 0.88, CITIES)
    return f"{city}{word}{chance.choice(WORDS)}{chance.choice(TRADES)}{kind}"


def _other(chance: random.Random) -> str:
    """A shop that has nothing to do with an agent."""
    share = chance.random()
    if share < 0.27:
        of = chance.choice(["用户", "闲鱼", "小红薯", "tb", "pdd"])
        return f"{of}{chance.randrange(16**5, 16**9):x}"
    city, word = chance.choice(CITIES), chance.choice(WORDS)
    if share < 0.31:
        of = chance.choice(
            ["授权专营店", "号卡专营店", "官方授权店", "授权网点", "营业厅", "官方旗舰店"]
        )
        return chance.choice(CARRIERS) + of + chance.choice(["", city + word, f"{city}店"])
    kind = chance.choice(["小店", "直营店", "专营店", "店", "", str(chance.randrange(100, 999))])
    city = _maybe(chance, 0.88, CITIES)
    return f"{city}{word}{_maybe(chance, 0.65, WORDS)}{chance.choice(OTHER_TRADES)}{kind}"


def _maybe(chance: random.Random, share: float, words: list[str]) -> str:
    return chance.choice(words) if chance.random() < share else ""
