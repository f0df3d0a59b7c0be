"""Whose shop it is: exactly by id and address, by likeness with the word for how."""

# pyright: basic
# Arrow comes without types.

from itertools import islice, permutations, product

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.patrol.matching import (
    AgentIndex,
    AgentShop,
    Candidate,
    Matcher,
    candidates,
    match_shops,
)
from models.patrol.matching.index import KeyedRows
from models.patrol.matching.names import names_of
from models.patrol.matching.places import url_keys

FIRMS = (
    "广州飞鸿",
    "深圳远帆",
    "昆明云岭",
    "成都锦程",
    "武汉楚天",
    "西安长乐",
    "南京石城",
    "杭州湖滨",
)
AGENTS = [
    AgentShop(f"A{at}", f"{firm}通讯有限公司", "lanhai", f"{100 + at}", "", f"{firm}通讯专营店")
    for at, firm in enumerate(FIRMS)
] + [
    AgentShop("A8", "福州闽江电子商务有限公司", "honghai", "", "https://shop88.honghai.example/"),
    AgentShop("A9", "长沙岳麓网络科技有限公司", "lanhai", "", "", "长沙岳麓网络旗舰店"),
    AgentShop("A10", "海口椰城有限公司", "site", "", "https://Yecheng.example/shop/"),
]
INDEX = AgentIndex(AGENTS)


def matched(
    name: str = "", *, platform: str = "lanhai", shop_id: str = "999", url: str = ""
) -> tuple[str, str, str]:
    """Match, agent and reason of one shop."""
    columns = {"platform": [platform], "shop_id": [shop_id], "shop_name": [name], "shop_url": [url]}
    (row,) = match_shops(pa.RecordBatch.from_pydict(columns), INDEX).to_pylist()
    return row["shop_match"], row["agent_no"], row["reason"]


@pytest.mark.parametrize(
    ("platform", "shop_id", "match"),
    [
        ("lanhai", "103", ("by_id", "A3", "")),
        (" LanHai ", "shop:103", ("by_id", "A3", "")),
        ("honghai", "103", ("none", "", "")),
        ("lanhai", "0103", ("none", "", "")),
        ("lanhai", "", ("none", "", "")),
    ],
)
def test_a_shop_is_an_agents_by_the_very_id_on_the_very_platform(
    platform: str, shop_id: str, match: tuple[str, str, str]
) -> None:
    assert matched(platform=platform, shop_id=shop_id) == match


@pytest.mark.parametrize(
    "url",
    [
        "https://shop88.honghai.example",
        "HTTP://SHOP88.honghai.EXAMPLE/?spm=a1.2&_t=17",
        "//www.shop88.honghai.example:443/#top",
        "https://shop88.honghai.example/?from=singlemessage",
    ],
)
def test_an_address_counts_however_it_is_written(url: str) -> None:
    assert matched(url=url)[:2] == ("by_url", "A8")


@pytest.mark.parametrize(
    "url",
    [
        "https://shop88.honghai.example.evil.example/",
        "https://evil.example\\@shop88.honghai.example/",
        "https://evil.example/#https://shop88.honghai.example",
        "https://evil.example/?u=https://shop88.honghai.example",
        "https://shop88.honghai.example/other",
        "https://shop88.honghai.example:8443/",
        "https://shop88.honghai.example/?id=7",
        "shop88",
        "",
    ],
)
def test_an_address_that_only_resembles_an_agents_counts_for_nothing(url: str) -> None:
    assert matched(url=url)[0] == "none"


def test_an_own_site_is_known_by_host_and_path() -> None:
    for address in ("yecheng.example/shop", "https://www.yecheng.example/shop/?utm_source=x"):
        assert matched(platform="site", shop_id=address)[:2] == ("by_id", "A10")
    assert matched(platform="site", shop_id="yecheng.example")[0] == "none"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("广州飞鸿通讯专营店", "same_name"),
        ("广州飞鸿通讯专营店 ", "same_name"),
        ("广州飞鸿通讯专苫店", "one_changed"),
        ("广州飞大鸿通讯专营店", "one_added"),
        ("广州飞·鸿通讯专营店", "one_added"),
        ("广州飞通讯专营店", "one_dropped"),
        ("广州鸿飞通讯专营店", "swapped"),
        ("廣州飛鴻通訊專營店", "traditional"),
        ("广州飞鸿通讯专营店总店", "suffix"),
        ("广州飞鸿通讯专营店8号", "suffix"),
        ("广州飞洪通讯专营店", "sound"),
        ("广州飞鸿通讯", "same_name"),
    ],
)
def test_a_name_taken_from_an_agent_is_told_with_the_word_for_how(name: str, reason: str) -> None:
    assert matched(name) == ("looks_like", "A0", reason)


@pytest.mark.parametrize(
    "name",
    ["广州通讯专营店", "飞鸿茶叶店", "通讯专营店", "用户1c1e46869", "店", "", "深圳飞鸿数码"],
)
def test_a_shop_with_a_name_of_its_own_is_nobodys_double(name: str) -> None:
    assert matched(name)[0] == "none"


def test_everybodys_name_is_chance_and_a_rare_one_is_not() -> None:
    cities = (
        "广州 深圳 昆明 成都 武汉 西安 南京 杭州 太原 厦门 "
        "重庆 郑州 青岛 上海 东莞 西宁 兰州 宁波 拉萨 合肥"
    )
    words = (
        "恒信 通达 万通 中恒 启航 沃家 乐享 鑫源 新锐 云通 "
        "天诚 天翼 盛世 尚品 宏图 凯旋 瀚海 百灵 金桥 腾达"
    )
    common = [
        AgentShop(f"C{at}", shop_name=f"{city}{word}通讯店", shop_id=f"{at}", platform="x")
        for at, (city, word) in enumerate(product(cities.split(), words.split()))
    ]
    index = AgentIndex(
        [*common, AgentShop("R", shop_name="琅琊鹿鸣通讯店", shop_id="r", platform="x")]
    )
    shops = pa.RecordBatch.from_pydict(
        {
            "platform": ["x"] * 2,
            "shop_id": ["s", "t"],
            "shop_name": ["广州恒信通讯店", "琅琊鹿鸣通讯店"],
        }
    )
    assert [row["shop_match"] for row in match_shops(shops, index).to_pylist()] == [
        "none",
        "looks_like",
    ]


def test_a_name_alone_is_trusted_only_where_the_register_knows_no_place() -> None:
    assert matched("长沙岳麓网络旗舰店") == ("by_name", "A9", "same_name")
    assert matched("长沙岳麓网络旗舰店", platform="honghai")[0] == "looks_like"
    assert matched("长沙岳麓网终旗舰店")[0] == "looks_like"


def test_the_own_shop_of_an_agent_looks_like_nobody() -> None:
    assert matched("广州飞鸿通讯专营店", shop_id="100") == ("by_id", "A0", "")


def test_candidates_come_with_likeness_and_reason_the_likeliest_first() -> None:
    found = candidates("广州飞鸿通迅专营店", INDEX)
    assert found[0] == Candidate("A0", "广州飞鸿通讯有限公司", found[0].likeness, "sound")
    assert 0.8 < found[0].likeness < 1.0
    assert candidates("广州飞鸿通讯专营店", INDEX)[0].likeness == 1.0
    assert candidates("", INDEX) == candidates("完全无关的一家店", INDEX) == []
    assert len(candidates("广州飞鸿通讯专营店", INDEX, most=1)) == 1


def test_an_empty_register_and_no_shops_are_no_accident() -> None:
    shops = pa.RecordBatch.from_pydict({"platform": ["x"], "shop_name": ["广州飞鸿通讯专营店"]})
    assert match_shops(shops, AgentIndex([])).to_pylist()[0]["shop_match"] == "none"
    assert match_shops(shops.slice(0, 0), INDEX).num_rows == 0
    assert candidates("x", AgentIndex([])) == []


def test_columns_that_are_missing_or_null_say_nothing() -> None:
    shops = pa.RecordBatch.from_pydict(
        {"shop_id": [None, "103"], "shop_name": [None, None], "platform": [None, "lanhai"]}
    )
    assert [row["shop_match"] for row in match_shops(shops, INDEX).to_pylist()] == ["none", "by_id"]


def test_a_shop_between_two_agents_is_told_alike_in_any_company() -> None:
    words = ["移动", "号卡", "授权", "网点", "宏图", "通讯", "畅联", "优选", "电信", "专营店"]
    bases = ["".join(one) for one in islice(permutations(words, 5), 0, None, 50)]
    twins = [f"{first}{base}" for base in bases for first in "帀帇"]
    index = AgentIndex([AgentShop(f"A{at}", name, "lanhai") for at, name in enumerate(twins)])
    columns = {"platform": ["lanhai"] * len(bases), "shop_name": [f"庯{base}" for base in bases]}
    shops = pa.RecordBatch.from_pydict(columns)
    together = match_shops(shops, index)

    found = [int(number[1:]) // 2 for number in together.column("agent_no").to_pylist()]
    assert found == list(range(len(bases)))
    for size in (1, 7, 100):
        parts = [match_shops(shops.slice(at, size), index) for at in range(0, len(bases), size)]
        assert pa.concat_batches(parts).equals(together)


def test_a_matcher_that_remembers_names_says_the_same() -> None:
    names = ["广州飞洪通讯专营店", "无关", "昆明云岭通讯专营店二店", "长沙岳麓网络旗舰店", "无关"]
    columns = {"platform": ["lanhai"] * 5, "shop_id": list("abcde"), "shop_name": names}
    shops = pa.RecordBatch.from_pydict(columns)
    matcher = Matcher(INDEX, most=4)
    plain = match_shops(shops, INDEX)
    assert all(matcher.match(shops).equals(plain) for _ in range(3))
    assert matcher.match(shops.slice(2)).equals(plain.slice(2))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), max_size=8))
def test_the_hash_of_a_name_without_a_letter_is_that_of_the_shorter_name(names: list[str]) -> None:
    found = names_of(pa.array(names, pa.string()))
    assert [found.text(row) for row in range(len(found))] == names
    shorter = [name[:at] + name[at + 1 :] for name in names for at in range(len(name))]
    assert found.without_one().tolist() == names_of(pa.array(shorter, pa.string())).whole.tolist()
    assert len(set(found.whole.tolist())) == len(set(names))


@given(st.lists(st.text(max_size=30), max_size=6))
def test_no_text_whatever_breaks_the_match(names: list[str]) -> None:
    clean = [name.encode("utf-8", "replace").decode() for name in names]
    shops = pa.RecordBatch.from_pydict(
        {"platform": clean, "shop_id": clean, "shop_name": clean, "shop_url": clean},
        pa.schema([(n, pa.string()) for n in ("platform", "shop_id", "shop_name", "shop_url")]),
    )
    assert match_shops(shops, INDEX).num_rows == len(names)
    assert len(url_keys(pa.array(clean, pa.large_string()))) == len(names)


def test_rows_are_joined_by_key_with_every_row_of_it() -> None:
    import numpy as np

    keys = np.array([5, 9, 5, 1 << 63], np.uint64)
    kept = KeyedRows(keys, np.arange(4))
    shops, rows = kept.join(np.array([5, 7, 1 << 63], np.uint64), np.array([10, 11, 12]))
    assert sorted(zip(shops.tolist(), rows.tolist(), strict=True)) == [(10, 0), (10, 2), (12, 3)]
