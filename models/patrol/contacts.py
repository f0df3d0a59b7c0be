"""How a seller is reached, read from words that hide it from the platform."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

_DIGITS: Final = str.maketrans("零〇○一二三四五六七八九壹贰叁肆伍陆柒捌玖幺两",
                               "00012345678912345678912")  # fmt: skip
_SPELT: Final = re.compile(r"[0-9零〇○一二三四五六七八九壹贰叁肆伍陆柒捌玖幺两\s\-—.·_*,，、]{7,}")
_HEARTS: Final = re.compile("[❤♥💗💕💓💖🧡💛💚💙💜♡]\ufe0f?")
_EMOJI_TEN: Final = re.compile("([0-9])\ufe0f?\u20e3")
_WECHAT_WORDS: Final = (
    r"微信号?|微\s*❤号?|薇\s*❤?信?号?|威\s*❤?信?号?|徽信|维信|溦信?|[vv]\s*❤?信号?|we\s*chat|weixin"
    r"|(?<![a-z0-9])(?:vx|wx|wei|v|w❤)(?![a-z0-9])|绿泡泡?|卫星号|加微|加v|❤信"
)
_WECHAT: Final = re.compile(
    rf"(?:{_WECHAT_WORDS})(?:号|id|同号|同步|联系|咨询|添加|搜索?|加)*\s*[:：=→>\-—\s是为(（\[【]*"
    r"([a-z][a-z0-9_\-]{4,19}|1[3-9][0-9](?:[\s\-.·_*]?[0-9]){8}|[0-9]{5,11})(?![a-z0-9_\-])"
)
_QQ: Final = re.compile(
    r"(?:(?<![a-z0-9])q{1,2}(?![a-z])|扣扣|扣\s*q|企鹅|秋秋|球球)(?:号|群|联系|咨询|加)*"
    r"\s*[:：=\-—\s是为]*([1-9０0][0-9]{4,10})(?![0-9])"
)
_CHAT: Final = re.compile(
    r"(?:telegram|(?<![a-z0-9])tg(?![a-z0-9])|纸飞机|电报)(?:号|联系|群)*\s*[:：=\s@是为]*"
    r"(?:https?://)?(?:t\.me/)?([a-z][a-z0-9_]{4,31})"
)
_ABROAD: Final = re.compile(r"\+\s?([0-9](?:[\s\-().]{0,2}[0-9]){7,14})(?![0-9])")
_REACHED: Final = (
    r"(?:电话|手机|座机|热线|客服|联系(?:人|方式)?|致电|来电|咨询|号码|whats\s*app|tel|phone|mobile"
    r"|call|contact|[☎📞📱])[^0-9+]{0,8}"
)
_CALLED: Final = re.compile(
    _REACHED + r"((?:86[\s\-]?)?1[3-9][0-9](?:[\s\-.·_*]{0,2}[0-9]){8}"
    r"|400(?:[\s\-]?[0-9]){7}|0[0-9]{2,3}[\s\-]?[0-9]{7,8})(?![0-9])"
)
_NAMES: Final = frozenset(
    {"contact", "phone", "tel", "telephone", "mobile", "wechat", "weixin", "qq", "whatsapp",
     "telegram", "联系方式", "电话", "手机", "客服电话", "微信", "微信号"}
)  # fmt: skip
_BARE: Final = re.compile(r"(?:86)?(1[3-9][0-9]{9})|(400[0-9]{7})|(0[0-9]{9,11})")
_SHORT: Final = 6


@dataclass(frozen=True, slots=True)
class Contact:
    way: str
    """phone, wechat, qq or telegram. A WeChat name that is a telephone is a telephone."""
    value: str

    @property
    def key(self) -> str:
        return f"{self.way}:{self.value}"

    @property
    def mask(self) -> str:
        """Enough to know it again beside the page, too little to call."""
        kept = 3 if len(self.value) > _SHORT else 1
        tail = 2 if len(self.value) > _SHORT else 1
        return f"{self.way} {self.value[:kept]}***{self.value[-tail:]}"


def contacts_in(*texts: str, extra: Mapping[str, str] | None = None) -> tuple[Contact, ...]:
    """The ways to reach a seller that stand in words, each once.

    A bare number is none: it may be goods, an order or a licence. It needs a word before it that
    says what it is, or a field of that name.
    """
    found = dict[Contact, None]()
    for text in texts:
        found |= dict.fromkeys(_in_text(undisguised(text)))
    for name, value in (extra or {}).items():
        if name.strip().lower() in _NAMES:
            plain = undisguised(value)
            found |= dict.fromkeys(_in_text(f"{name.strip().lower()}: {plain}"))
            found |= dict.fromkeys(_in_text(plain))
    return tuple(found)


def undisguised(text: str) -> str:
    """Full-width, spelt-out and circled digits as digits; hearts as one; no hidden characters."""
    plain = _HEARTS.sub("❤", _EMOJI_TEN.sub(r"\1", text))
    plain = unicodedata.normalize("NFKC", plain).lower()
    plain = "".join(one for one in plain if unicodedata.category(one) not in {"Cf", "Mn"})
    return _SPELT.sub(lambda hit: hit[0].translate(_DIGITS), plain)


def _in_text(plain: str) -> Iterator[Contact]:
    for hit in _WECHAT.finditer(plain):
        yield _named("wechat", hit[1])
    for hit in _QQ.finditer(plain):
        yield Contact("qq", hit[1])
    for hit in _CHAT.finditer(plain):
        yield Contact("telegram", hit[1])
    for hit in _CALLED.finditer(plain):
        yield Contact("phone", _national(_only_digits(hit[1])))
    for hit in _ABROAD.finditer(plain):
        yield Contact("phone", _national(_only_digits(hit[1])))


def _named(way: str, value: str) -> Contact:
    if value[0].isdigit():
        digits = _only_digits(value)
        is_phone = _BARE.fullmatch(digits) is not None
        return Contact("phone", _national(digits)) if is_phone else Contact(way, digits)
    return Contact(way, value)


def _only_digits(text: str) -> str:
    return "".join(one for one in text if one.isdigit())


def _national(digits: str) -> str:
    hit = _BARE.fullmatch(digits)
    return next(filter(None, hit.groups()), digits) if hit else digits
