"""The screen by words: on a catalogue that others wrote, and on what evasion is made of."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from models.patrol.screening import screen
from models.patrol.screening.engine import fold

DATA = Path(__file__).parents[1] / "data" / "patrol"
FIVE_WORDS = re.compile("流量卡|电话卡|手机卡|上网卡|SIM卡", re.IGNORECASE)


def catalogue() -> list[dict[str, Any]]:
    return json.loads((DATA / "catalogue.json").read_text("utf-8"))["listings"]


def f1(pairs: list[tuple[bool, bool]]) -> float:
    hit = sum(said and true for said, true in pairs)
    return 2 * hit / (sum(said for said, _ in pairs) + sum(true for _, true in pairs))


def test_the_screen_leaves_a_reader_of_five_words_far_behind() -> None:
    rows = catalogue()
    ours = f1([(screen(r["title"], r["description"]).is_card, r["sells_card"]) for r in rows])
    plain = f1([(bool(FIVE_WORDS.search(r["title"])), r["sells_card"]) for r in rows])

    assert plain < 0.75
    assert ours >= 0.97


def test_evasive_wording_is_found_and_look_alike_goods_are_not_accused() -> None:
    rows = catalogue()
    evasive = [row for row in rows if row["wording"] == "evasive"]
    decoys = [row for row in rows if row["wording"].startswith("decoy")]

    missed = [r["title"] for r in evasive if not screen(r["title"], r["description"]).is_card]
    accused = [r["title"] for r in decoys if screen(r["title"], r["description"]).is_card]
    assert len(evasive) == 33
    assert missed == []
    assert accused == []


@pytest.mark.parametrize(
    "title",
    [
        "北方牛牛 流-量-卡 29元月租",  # signs between letters
        "大流量卡\u200b\u200b 不限速",  # characters without width
        "ＳＩＭ卡 全新",  # full width
        "SІM саrd for travel",  # Cyrillic look-alikes
        "移動電話卡 無需實名",  # traditional
        "溜亮咔 100G 包邮",  # by sound
        "liuliangka 200G",  # pinyin
        "流liang卡 全国发",  # pinyin and characters
        "靠谱☎️卡 秒激活",  # pictures
        "eSIM Europe 30 days",
        "4G物联网卡 定位器用 包年",
    ],
)
def test_a_card_is_known_under_its_disguise(title: str) -> None:
    found = screen(title)

    assert found.is_card, found
    assert found.score >= 0.5
    assert found.reasons


@pytest.mark.parametrize(
    "title",
    [
        "SIM卡针 取卡针 10支",
        "手机卡托 SIM卡槽",
        "电话卡收藏册 20页",
        "4G路由器 插卡版（不含卡）",
        "监控摄像头 4G（卡另购）",
        "话费充值 慢充 100元",
        "512G 存储卡 高速",
        "老人机 双卡双待",
        "SIM卡读卡器 USB",
        "",
    ],
)
def test_what_only_looks_like_a_card_is_none(title: str) -> None:
    assert not screen(title).is_card


def test_a_title_that_says_nothing_is_judged_by_its_description() -> None:
    hidden = "卡已备好，100G月包，拍下发小卡片"

    assert screen("补差价链接 拍前联系客服", hidden).is_card
    assert not screen("补差价链接 拍前联系客服", "补运费 1 元").is_card
    assert not screen("每日坚果 礼盒装", hidden).is_card


def test_a_description_cannot_make_a_card_of_what_comes_without_one() -> None:
    assert not screen("随身WiFi（不含卡）", "配流量卡 100G 上网卡 电话卡").is_card


def test_reasons_say_which_words_counted() -> None:
    assert "流量卡 +3.5" in screen("电信流量卡").reasons
    assert any(reason.startswith("sound:") for reason in screen("刘量咔 包邮").reasons)
    assert any(reason.startswith("卡套 -") for reason in screen("SIM卡套").reasons)


def test_folding_makes_one_spelling_of_many() -> None:
    assert fold("ＳІМ\u200b卡") == "sim卡"
    assert fold("電話") == "电话"


def test_a_title_of_any_length_is_screened_at_once() -> None:
    assert not screen("坚果" * 500_000, "坚果" * 500_000).is_card
