"""What firms, people and shops are called that there are not."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Final

from models.formats import organisation_check_character, uscc_check_character

TOWNS: Final[Mapping[str, Sequence[str]]] = {
    "11": ("北京",), "12": ("天津",), "13": ("石家庄", "唐山", "保定", "邯郸"),
    "14": ("太原", "大同", "运城"), "15": ("呼和浩特", "包头", "赤峰"),
    "21": ("沈阳", "大连", "鞍山"), "22": ("长春", "吉林", "延吉"),
    "23": ("哈尔滨", "大庆", "佳木斯"), "31": ("上海",), "32": ("南京", "苏州", "无锡", "徐州"),
    "33": ("杭州", "宁波", "温州", "金华"), "34": ("合肥", "芜湖", "阜阳"),
    "35": ("福州", "厦门", "泉州"), "36": ("南昌", "赣州", "九江"),
    "37": ("济南", "青岛", "临沂", "潍坊"), "41": ("郑州", "洛阳", "南阳", "周口"),
    "42": ("武汉", "襄阳", "宜昌"), "43": ("长沙", "衡阳", "岳阳"),
    "44": ("广州", "深圳", "佛山", "东莞", "惠州", "汕头"), "45": ("南宁", "桂林", "柳州"),
    "46": ("海口", "三亚"), "50": ("重庆",), "51": ("成都", "绵阳", "宜宾"),
    "52": ("贵阳", "遵义"), "53": ("昆明", "大理", "曲靖"), "54": ("拉萨",),
    "61": ("西安", "宝鸡", "咸阳"), "62": ("兰州", "天水"), "63": ("西宁",),
    "64": ("银川",), "65": ("乌鲁木齐", "喀什"),
}  # fmt: skip
_WORDS: Final = (
    "星河", "远景", "云桥", "诚信", "捷联", "海纳", "启航", "恒信", "乐享", "鑫源", "通达", "新锐",
    "云通", "万通", "盛世", "尚品", "和信", "宏图", "凯旋", "瀚海", "百灵", "金桥", "腾达", "正元",
    "卓越", "惠通", "畅联", "联创", "信达", "顺达", "飞扬", "嘉禾", "亿联", "星火", "立信", "博远",
    "瑞丰", "金源", "佳音", "讯捷", "广源", "捷讯", "众鑫", "蓝天", "华信", "青松", "晨光", "长风",
)  # fmt: skip
_TRADES: Final = ("通信", "通讯", "网络科技", "信息技术", "电子商务", "数码", "电讯", "商贸")
_FAMILY: Final = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜"
_GIVEN: Final = "一二三四五六七八九十甲乙丙丁"
_KINDS: Final = ("旗舰店", "专营店", "号卡专营店", "通讯店", "授权店", "小店", "优选店", "数码店")
_NOBODYS: Final = (
    "流量卡批发总汇", "靓号优选", "物联卡工厂直供", "校园卡小王", "随身流量铺", "出行上网卡",
    "天天号卡", "不加班的猫", "老周通讯", "隔壁阿强数码", "南门卡铺", "深夜杂货", "闲置小屋",
    "掌中流量", "阿凯通信", "北方仓", "学长办卡", "卡多多", "速办号卡", "无忧上网",
)  # fmt: skip


def uscc_of(serial: int) -> str:
    """A well-formed code of no firm: its region is nobody's."""
    organisation = f"M{serial:07d}"
    body = f"91440000{organisation}{organisation_check_character(organisation)}"
    return body + uscc_check_character(body)


def firm(chance: Random, province: str, serial: int) -> str:
    """Its number makes it one of a kind; two firms that are called alike are found by it."""
    town = chance.choice(TOWNS[province])
    words = "".join(chance.sample(_WORDS, 2))
    return f"{town}{words}{chance.choice(_TRADES)}有限公司（示例{serial}）"


def person(chance: Random) -> str:
    return f"{chance.choice(_FAMILY)}示{chance.choice(_GIVEN)}"


def shop_of(chance: Random, name: str) -> str:
    """The name under which a firm sells."""
    return name.partition("有限公司")[0] + chance.choice(_KINDS)


def nobodys_shop(chance: Random) -> str:
    if chance.random() < 0.6:  # noqa: PLR2004 - most are called somehow, the others like firms
        return f"{chance.choice(_NOBODYS)}{chance.choice(('', '', '8号', '总店', '二店'))}"
    town = chance.choice(TOWNS[chance.choice(list(TOWNS))])
    words = chance.choice(_WORDS) + chance.choice(_WORDS)
    return town + words + chance.choice(_TRADES) + chance.choice(_KINDS)
