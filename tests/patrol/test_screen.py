"""Screening: on a catalogue that others wrote, on what evasion is made of, on hostile titles."""

# pyright: basic, reportAttributeAccessIssue=false
# Arrow comes without types.

import json
import re
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.patrol.screening import Label, OfferKind, Screened, screen, screen_batch
from models.patrol.screening.disguises import disguised
from models.patrol.screening.letters import Tables, tables
from models.patrol.screening.views import codes_of_texts, look

DATA = Path(__file__).parents[1] / "data" / "patrol"
FIVE_WORDS = re.compile("流量卡|电话卡|手机卡|上网卡|SIM卡", re.IGNORECASE)


def catalogue() -> list[dict[str, Any]]:
    return json.loads((DATA / "catalogue.json").read_text("utf-8"))["listings"]


def f1(pairs: list[tuple[bool, bool]]) -> float:
    hit = sum(said and true for said, true in pairs)
    return 2 * hit / (sum(said for said, _ in pairs) + sum(true for _, true in pairs))


def batch(titles: list[str | None], **more: list[str | None]) -> pa.RecordBatch:
    columns = {"title": titles} | more
    return pa.RecordBatch.from_pydict(
        {name: pa.array(values, pa.string()) for name, values in columns.items()}
    )


def as_rows(found: pa.RecordBatch) -> list[Screened]:
    return [
        Screened(
            Label(row["label"]),
            OfferKind(row["kind"]),
            row["score"],
            row["severity"],
            tuple(row["reasons"]),
            row["is_disguised"],
        )
        for row in found.to_pylist()
    ]


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
    accused = [r["title"] for r in decoys if screen(r["title"], r["description"]).is_flagged]
    assert len(evasive) == 33
    assert len(missed) <= 2, missed  # the target asks for 28 of 33
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
        "氵㐬量卡 月租19",  # taken apart
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
    assert 0 < found.severity <= 100


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
    found = screen(title)

    assert not found.is_flagged, found
    assert found.severity == 0


@pytest.mark.parametrize(
    ("title", "label", "kind"),
    [
        ("手机卡代实名 不用本人到场 秒过", Label.REAL_NAME_SERVICE, OfferKind.OPENING),
        ("抖音微信代过人脸 真人刷脸", Label.REAL_NAME_SERVICE, OfferKind.FACE_CHECK),
        ("身份证读卡器破解 免证读卡 驱动hook", Label.READER_CRACK_TOOL, OfferKind.VIRTUAL_READER),
        ("安卓虚拟摄像头 过人脸 视频注入", Label.READER_CRACK_TOOL, OfferKind.VIRTUAL_CAMERA),
        ("猫池32口 4G 收发短信设备", Label.ILLEGAL_DEVICE, OfferKind.SIM_BANK),
        ("接码平台 验证码接收 API", Label.ILLEGAL_DEVICE, OfferKind.CODE_PLATFORM),
        ("物联网卡 GPS定位器 企业流量池", Label.SELLS_CARD, OfferKind.IOT_CARD),
        ("手机靓号 尾号8888 可过户", Label.SELLS_CARD, OfferKind.NUMBER),
    ],
)
def test_every_label_is_told_with_its_kind(title: str, label: Label, kind: OfferKind) -> None:
    found = screen(title)

    assert (found.label, found.kind) == (label, kind), found


def test_a_disguise_alone_convicts_nobody() -> None:
    innocent = [
        "每日坚果 礼盒装 30包",
        "猫爬架 大型 实木",
        "儿童图画书 全套10册",
        "电饭煲 家用 4升",
    ]
    accused = [
        made for title in innocent for made in disguised(title, 13) if screen(made).is_flagged
    ]

    assert len(accused) <= 2, accused


def test_a_title_that_says_nothing_is_judged_by_its_description() -> None:
    hidden = "卡已备好，100G月包，拍下发小卡片 流量卡"

    assert screen("补差价链接 拍前联系客服", hidden).is_card
    assert screen("补差价链接 拍前联系客服", hidden).reasons
    assert not screen("补差价链接 拍前联系客服", "补运费 1 元").is_card
    assert not screen("每日坚果 礼盒装", hidden).is_card


def test_a_description_cannot_make_a_card_of_what_comes_without_one() -> None:
    assert not screen("随身WiFi（不含卡）", "配流量卡 100G 上网卡 电话卡").is_card


def test_reasons_say_which_words_counted_and_how_much() -> None:
    assert any(re.search(r"流量卡.* \+\d\.\d$", one) for one in screen("电信流量卡").reasons)
    assert all(" +" in one for one in screen("刘量咔 包邮").reasons)


def test_folding_makes_one_spelling_of_many() -> None:
    def folded(text: str) -> str:
        view = look(*codes_of_texts([text]), tables()).folded
        return "".join(map(chr, view.symbols[1:]))

    assert folded("ＳІМ\u200b卡") == "sim卡"
    assert folded("電 話") == "电话"
    assert folded("氵㐬量") == "流量"
    assert folded("📱卡") == "手机卡"


def test_the_tables_outlive_a_round_through_bytes() -> None:
    again = Tables.from_bytes(tables().to_bytes())

    assert again.splits == tables().splits
    assert (again.fold == tables().fold).all()


HOSTILE = [
    "坚果" * 250_000,
    "流量卡" * 170_000,
    "\x00流量卡\x00",
    "\x01" * 500,
    "\u200b" * 100_000,
    "\ud800卡\udfff",
    "氵㐬" * 1000,
    "liuliang" * 1000,
    "👨‍👩‍👧‍👦" * 300,
    "\U000e0041\U0010ffff𠮷",
    "",
]


@pytest.mark.parametrize("title", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_title_is_answered_at_once(title: str) -> None:
    screen("warm")
    began = time.perf_counter()
    found = screen(title, title)

    assert time.perf_counter() - began < 2
    assert 0 <= found.score <= 1


def test_rows_without_a_title_are_answered_too() -> None:
    found = screen_batch(batch([None, "", "流量卡 29元", None], description=[None, "x", None, ""]))

    assert found.column("label").to_pylist() == ["not_card", "not_card", "sells_card", "not_card"]
    assert screen_batch(batch([])).num_rows == 0


TITLES = st.lists(
    st.one_of(
        st.none(),
        st.text(max_size=30),
        st.sampled_from([row["title"] for row in catalogue()]),
        st.text("流量卡刘亮咔 liuang氵㐬📱-\u200bＳＩＭ0９", max_size=12),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(titles=TITLES, cut=st.integers(0, 12), with_descriptions=st.booleans())
def test_an_answer_does_not_depend_on_its_neighbours(
    titles: list[str | None], cut: int, *, with_descriptions: bool
) -> None:
    told: list[str | None] = [(title or "")[::-1] for title in titles]
    more = {"description": told} if with_descriptions else {}
    whole = as_rows(screen_batch(batch(titles, **more)))
    parts = [
        row
        for piece in (slice(0, cut), slice(cut, None))
        for row in as_rows(
            screen_batch(batch(titles[piece], **{name: rows[piece] for name, rows in more.items()}))
        )
    ]
    alone = [
        screen(title or "", (one or "") if with_descriptions else "")
        for title, one in zip(titles, told, strict=True)
    ]
    assert whole == parts
    assert whole == alone
