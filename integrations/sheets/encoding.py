"""In which encoding a text file is written. The whole file must decode; no byte is replaced."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from integrations.sheets.shape import Limits
from models.refusals import Invalid

_CHUNK: Final = 256 * 1024
_SAMPLES: Final = 4
_MARKS: Final = (
    (b"\xff\xfe\x00\x00", None),
    (b"\x00\x00\xfe\xff", None),  # UTF-32: nobody's spreadsheet writes it
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"\x84\x31\x95\x33", "gb18030"),
)
_TRIED: Final = "UTF-8, GB18030, UTF-16"
_RIVALS: Final = ("shift_jis", "big5", "euc_kr", "euc_jp")
_SURE: Final = 10  # so many wide characters do not decode by chance
_WIDE: Final = re.compile(r"[^\x00-\x7f]")
# The commonest characters of Chinese prose, of its addresses and of this trade.
_COMMON: Final = frozenset(
    "的一是了我不人在他有这个上们来到时大地为子中你说生国年着就那和要她出也得里后自以会家可下而过天去能对小多然"
    "于心学么之都好看起发当没成只如事把还用第样道想作种开美总从无情己面最女但现前些所同日手又行意动方期它头经长"
    "儿回位分爱老因很给名法间斯知世什两次使身者被高已亲其进此话常与活正感见明问力理尔点文几定本公特做外孩相西"
    "果走将月十实向声车全信重三机工物气每并别真打太新比才便夫再书部水像眼等体却加电主界门利海受听表德少克代员许"
    "先口由死安写性马光白或住难望教命花结乐色更拉东神记处让母父应直字场平报友关放至张认接告入笑内英军候民岁往何度"
    "山觉路带万男边风解叫任金快原吃变通师立象数四失满战远格士音轻目条呢病始达深完今提求清王化空业思切怎非找片罗"
    "钱南语元喜曾离飞科言干流欢约各即指合反题必该论交终林请医晚制球决传画保读运及则房早院量苦火布品近坐产答"
    "省市区县镇乡村街号楼室店铺商户司有限责任代理网络通讯卡销售姓证编码类型状态日期开始结束备注名称联系电话手机地址"
    "京沪津渝冀晋辽吉黑苏浙皖闽赣鲁豫鄂湘粤桂琼川贵云藏陕甘青宁州江湖河广福建安徽四二五六七八九零百千米李王赵陈刘杨黄周吴"
    "平台淘宝拼购抖商城套餐流量企业个体经营许可证统一社会用代码营运授权渠道库存批次标题价格图片链接测试甲乙丙丁客服务器数据"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read a file that has been seen whole."""

    encoding: str
    skip: int
    """Bytes of the mark in front."""
    apostrophes: bool
    """Whether any cell may bear an apostrophe of ours."""


@dataclass(slots=True)
class _Scan:
    encoding: str
    skip: int
    offset: int = 0
    line: int = 1
    run: int = 0
    """Characters since the last line break."""
    wide: int = 0
    apostrophes: bool = False
    samples: list[bytes] = field(default_factory=list[bytes])
    broken: int | None = None
    """The first byte that does not decode."""

    def reading(self) -> Reading:
        return Reading(self.encoding, self.skip, self.apostrophes)


def decide(path: Path, limits: Limits) -> Reading:
    """The encoding that the whole file is written in; refused when none is, or it is unclear."""
    with path.open("rb") as file:
        marked = _by_mark(file)
        if marked:
            scan = _scan(path, *marked, limits)
            return _whole(path, scan).reading()
        utf8 = _scan(path, "utf-8", 0, limits)
        if utf8.broken is None or utf8.wide >= _SURE:
            return _whole(path, utf8).reading()
        chinese = _scan(path, "gb18030", 0, limits)
        if not _is_chinese(b"\n".join(chinese.samples), whole=chinese.broken is None):
            raise Invalid("import.encoding", file=path.name, row=utf8.line, tried=_TRIED)
        return _whole(path, chinese).reading()


def _by_mark(file: BinaryIO) -> tuple[str, int] | None:
    head = file.read(4096)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            if encoding is None:
                raise Invalid("import.encoding", file=Path(file.name).name, row=1, tried=_TRIED)
            return encoding, len(mark)
    low, high = head[0::2].count(0), head[1::2].count(0)
    if max(low, high) * 20 < len(head) or min(low, high):
        return None
    encoding = "utf-16-le" if high else "utf-16-be"
    whole = head[: len(head) // 2 * 2].decode(encoding, "ignore")
    return (encoding, 0) if re.search(r"[,;\t\r\n]", whole) else None


def _whole(path: Path, scan: _Scan) -> _Scan:
    if scan.broken is not None:
        raise Invalid(
            "import.bad_byte",
            file=path.name,
            encoding=scan.encoding,
            row=scan.line,
            offset=scan.broken,
        )
    return scan


def _scan(path: Path, encoding: str, skip: int, limits: Limits) -> _Scan:
    scan = _Scan(encoding, skip, offset=skip)
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    with path.open("rb") as file:
        file.seek(skip)
        for chunk in _chunks(file):
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                good = error.object[: error.start].decode(encoding, "ignore")
                _take(scan, good, chunk, path, limits)
                scan.broken = scan.offset - len(error.object) + error.start
                return scan
            _take(scan, text, chunk, path, limits)
    return scan


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    """The file in pieces, and an empty one that tells a decoder that all has come."""
    while chunk := file.read(_CHUNK):
        yield chunk
    yield b""


def _take(scan: _Scan, text: str, chunk: bytes, path: Path, limits: Limits) -> None:
    is_first = scan.offset == scan.skip
    scan.offset += len(chunk)
    _measure_lines(scan, text, path, limits)
    scan.apostrophes = scan.apostrophes or "'" in text
    if not text.isascii():
        scan.wide += len(text.encode("utf-8")) - len(text) if scan.wide < _SURE else 0
        if len(scan.samples) < _SAMPLES:
            lines = chunk.split(b"\n")
            whole = lines[:-1] if is_first else lines[1:-1]  # the head may be all that is Chinese
            scan.samples.append(b"\n".join(whole) if len(lines) > _SAMPLES else chunk)
    if "\0" in text:
        row = scan.line - _breaks(text[text.index("\0") :])
        raise Invalid("import.nul", file=path.name, row=row)


def _measure_lines(scan: _Scan, text: str, path: Path, limits: Limits) -> None:
    """A line longer than a chunk shows as chunks without a break."""
    first = min(text.find("\n") % (len(text) + 1), text.find("\r") % (len(text) + 1))
    if scan.run + first > limits.row_chars:
        raise Invalid("import.row_too_long", file=path.name, row=scan.line, limit=limits.row_chars)
    last = max(text.rfind("\n"), text.rfind("\r"))
    scan.run = len(text) - last - 1 if last >= 0 else scan.run + len(text)
    scan.line += _breaks(text)


def _breaks(text: str) -> int:
    return text.count("\n") or text.count("\r")


def _is_chinese(sample: bytes, *, whole: bool) -> bool:
    """Whether bytes that decode as GB18030 are likely meant so.

    Latin letters with accents, Shift-JIS, Big5 and Korean often decode too, to rare characters.
    Rare characters alone will do only if the whole file decodes, and in no other way.
    """
    wide = _WIDE.findall(sample.decode("gb18030", "ignore"))
    codes = [code for char in wide if len(code := char.encode("gb18030")) > 1]
    if not codes:
        return False
    daily = sum(_is_daily(code) for code in codes)
    common = sum(char in _COMMON for char in wide)
    if 10 * daily >= 7 * len(codes) and 4 * common >= len(codes):
        return True
    if not whole:
        return False
    accents = sum(code[1] < 0x80 for code in codes if len(code) == 2)  # noqa: PLR2004
    return 10 * accents < 6 * len(codes) and not any(_decodes(sample, it) for it in _RIVALS)


def _is_daily(code: bytes) -> bool:
    """In GB 2312: symbols and full-width forms (rows 1 and 3), or hanzi of the first level."""
    return (code[0] in {0xA1, 0xA3} or 0xB0 <= code[0] <= 0xD7) and code[1] >= 0xA1  # noqa: PLR2004


def _decodes(sample: bytes, encoding: str) -> bool:
    try:
        sample.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
