"""From the words of those who labelled titles to the kinds that the product names."""

from collections.abc import Mapping
from typing import Final

from models.patrol.screening.labels import Label, OfferKind

_K: Final = OfferKind
_WORDS: Final[Mapping[Label, Mapping[str, OfferKind]]] = {
    Label.SELLS_CARD: {
        "电话卡": _K.PHONE_CARD, "语音卡": _K.PHONE_CARD, "虚商卡": _K.PHONE_CARD,
        "外呼卡": _K.PHONE_CARD, "保号卡": _K.PHONE_CARD, "校园卡": _K.PHONE_CARD,
        "手表卡": _K.PHONE_CARD, "老人卡": _K.PHONE_CARD,
        "流量卡": _K.DATA_CARD, "设备流量卡": _K.DATA_CARD, "带卡设备": _K.DATA_CARD,
        "物联网卡": _K.IOT_CARD, "物联卡": _K.IOT_CARD,
        "境外卡": _K.FOREIGN_CARD, "国际漫游卡": _K.FOREIGN_CARD,
        "eSIM": _K.ESIM,
        "号码": _K.NUMBER, "靓号": _K.NUMBER, "号码过户": _K.NUMBER,
        "注册卡": _K.REGISTRATION_CARD,
        "批发": _K.BULK_CARDS, "卡商批发": _K.BULK_CARDS, "批发货源": _K.BULK_CARDS,
    },
    Label.REAL_NAME_SERVICE: {
        "已实名账号": _K.REGISTERED_ACCOUNT,
        "过人脸": _K.FACE_CHECK, "视频审核代过": _K.FACE_CHECK,
        "代实名": _K.OPENING, "代开卡": _K.OPENING, "实名代办": _K.OPENING, "代激活": _K.OPENING,
        "企业实名": _K.OPENING, "代过户": _K.OPENING, "解封复机": _K.OPENING,
        "超限开卡": _K.OPENING, "其他": _K.OPENING, "解除绑定": _K.OPENING,
        "身份资料": _K.IDENTITY_MATERIAL,
    },
    Label.READER_CRACK_TOOL: {
        "虚拟摄像头": _K.VIRTUAL_CAMERA, "过活体": _K.VIRTUAL_CAMERA,
        "过活体软件": _K.VIRTUAL_CAMERA, "人证绕过": _K.VIRTUAL_CAMERA,
        "读卡破解": _K.VIRTUAL_READER, "读卡器破解": _K.VIRTUAL_READER,
        "证件模拟": _K.VIRTUAL_READER, "证件模拟硬件": _K.VIRTUAL_READER,
        "开卡软件": _K.VIRTUAL_READER, "虚拟读卡": _K.VIRTUAL_READER,
    },
    Label.ILLEGAL_DEVICE: {
        "猫池": _K.SIM_BANK, "GOIP": _K.SIM_BANK, "卡池群控": _K.SIM_BANK, "卡池": _K.SIM_BANK,
        "多卡群控": _K.SIM_BANK, "语音对接": _K.SIM_BANK, "SIM银行": _K.SIM_BANK,
        "伪基站": _K.SIM_BANK,
        "改号": _K.CALLER_CHANGER, "改号软件": _K.CALLER_CHANGER,
        "接码": _K.CODE_PLATFORM, "接码平台": _K.CODE_PLATFORM,
    },
    Label.NOT_CARD: {},
}  # fmt: skip
_NAMES: Final = frozenset(kind.value for kind in OfferKind)
_INNOCENT: Final[Mapping[OfferKind, tuple[str, ...]]] = {
    _K.TOP_UP: ("话费", "流量充值", "充值", "流量包", "流量券"),
    _K.COLLECTIBLE: ("收藏", "邮品", "钱币", "老物件"),
    _K.ACCESSORY: (
        "取卡针", "卡套", "卡托", "卡槽", "卡座", "剪卡器", "读卡器", "转接", "卡盒", "卡包",
        "卡册", "手机壳", "天线", "支架", "表带", "配件", "充电", "数据线", "贴膜", "保护膜",
        "后盖", "排线",
    ),
    _K.DEVICE: (
        "手机", "路由", "手表", "对讲机", "平板", "电话机", "摄像头", "定位器", "光猫", "模块",
        "开发板", "网关", "WiFi", "CPE", "阅读器", "考勤", "门禁", "闸机", "存储卡", "内存卡",
        "显卡", "声卡", "网卡", "采集卡", "U盘", "硬盘", "音箱", "相机", "终端", "DTU",
        "行车记录仪",
    ),
    _K.OTHER_CARD: (
        "点卡", "卡牌", "公交卡", "交通卡", "加油卡", "购物卡", "礼品卡", "会员", "健身卡", "餐卡",
        "饭卡", "游戏充值", "小卡", "次卡", "储值卡", "水卡", "门票", "年卡", "贺卡", "识字卡",
        "早教卡",
    ),
}  # fmt: skip

LABEL_OF: Final[Mapping[OfferKind, Label]] = {
    kind: label for label, words in _WORDS.items() for kind in words.values()
} | dict.fromkeys((*_INNOCENT, _K.OTHER), Label.NOT_CARD)


def kind_of(word: str, label: Label, title: str = "") -> OfferKind | None:
    """The product's kind for an author's word; None where it names none."""
    if word in _NAMES:
        return OfferKind(word)
    known = _WORDS[label].get(word)
    if known is not None or label is not Label.NOT_CARD:
        return known
    for kind, words in _INNOCENT.items():
        if any(one in word for one in words):
            return kind
    return None if not word or not title else OfferKind.OTHER
