"""What a row of card stock says: a channel, and the cards that a batch brought it."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from itertools import pairwise
from typing import Final, NamedTuple

from console.actions.imports.agents import day_of, province_named
from console.actions.imports.rows import Checker, Given, Reason
from models.cards.numbers import CardFault, CardRange, card_key, card_of, range_of, ranges_of
from models.cards.stock import ChannelKind
from models.channel.admission import names_identity
from models.formats import Fault, Iccid, check_uscc, compact

MOST_NAMED: Final = 5_000
"""Cards that one row may name one by one."""
_BETWEEN: Final = re.compile(r"[\s,;，；、|/]+")
_CARDS: Final = ("batch_no", "iccid_first", "iccid_last", "iccids", "delivered_on")
_KINDS: Final[Mapping[str, ChannelKind]] = {
    **{kind.value: kind for kind in ChannelKind},
    **dict.fromkeys(("自有营业厅", "自有厅", "自营厅", "营业厅"), ChannelKind.OWN_HALL),
    **dict.fromkeys(("社会渠道", "社会营销渠道", "实体代理"), ChannelKind.SOCIAL),
    **dict.fromkeys(("网络渠道", "网络代理", "网络代理商", "线上渠道"), ChannelKind.ONLINE),
    **dict.fromkeys(("转售企业", "转售", "虚拟运营商"), ChannelKind.RESELLER),
    **dict.fromkeys(("经销商", "分销商", "省级代理", "批发商"), ChannelKind.DISTRIBUTOR),
    **dict.fromkeys(("设备制造企业", "设备厂商", "终端厂商", "终端企业"), ChannelKind.DEVICE_MAKER),
}
_IDENTITY: Final = 17
"""Digits of an identity number; shorter words can't hold one."""


class StockRow(NamedTuple):
    code: str
    name: str
    kind: ChannelKind | None
    parent: str
    uscc: str
    agent_no: str
    province: str
    batch: str
    """Empty of a row that names a channel and brings no cards."""
    product: str
    delivered_on: date | None
    ranges: Sequence[CardRange]

    @property
    def cards(self) -> int:
        return sum(one.cards for one in self.ranges)


def check_stock(given: Given, on: date) -> StockRow | list[Reason]:
    checker = Checker(given)
    has_cards = any(map(given.get, _CARDS))
    name = checker.text("channel_name", 200)
    product = checker.text("product", 64)
    row = StockRow(
        code=checker.text("channel_code", 64, needed=True),
        name=name,
        kind=_kind(checker),
        parent=checker.text("parent_code", 64),
        uscc=_uscc(checker),
        agent_no="".join(checker.text("agent_no", 40).split()).upper(),
        province=_province(checker, needed=has_cards),
        batch=checker.text("batch_no", 64, needed=has_cards),
        product=product,
        delivered_on=_delivered(checker, on, needed=has_cards),
        ranges=_ranges(checker) if has_cards else (),
    )
    for field, words in (("channel_name", name), ("product", product)):
        if len(words) > _IDENTITY and names_identity(words, on):
            checker.wrong("identity_number", field=field)
    if row.parent and row.parent == row.code:
        checker.wrong("own_parent", value=row.code)
    told = checker.text("cards", 20).replace(",", "")
    if has_cards and not checker.reasons and told and told != str(row.cards):
        checker.wrong("count_differs", value=told, n=row.cards)
    return checker.reasons or row


def _kind(checker: Checker) -> ChannelKind | None:
    word = checker.text("channel_kind", 64)
    kind = _KINDS.get(word.lower().replace(" ", "_"))
    if word and kind is None:
        checker.wrong("no_channel_kind", value=word)
    return kind


def _uscc(checker: Checker) -> str:
    text = compact(checker.text("uscc", 64))
    fault = check_uscc(text) if text else None
    if isinstance(fault, Fault):
        checker.wrong("uscc_checksum" if fault is Fault.CHECKSUM else "uscc_format", value=text)
    return text


def _province(checker: Checker, *, needed: bool) -> str:
    word = checker.text("province", 120, needed=needed)
    code = province_named(word)
    if word and code is None:
        checker.wrong("no_province", value=word)
    return code or ""


def _delivered(checker: Checker, on: date, *, needed: bool) -> date | None:
    word = checker.text("delivered_on", 64, needed=needed)
    day = day_of(word)
    if word and day is None:
        checker.wrong("bad_day", field="delivered_on", value=word)
    elif day is not None and day > on:
        checker.wrong("day_ahead", field="delivered_on", value=day)
    return day


def _ranges(checker: Checker) -> Sequence[CardRange]:
    """The cards of a row: from the first to the last, one by one, or both."""
    first, last = checker.text("iccid_first", 64), checker.text("iccid_last", 64)
    named = checker.text("iccids", 30_000)
    if not (first or last or named):
        checker.wrong("missing", field="iccid_first")
        return ()
    found: list[CardRange] = []
    if last and not first:
        checker.wrong("missing", field="iccid_first")
    elif first and (ends := _ends(checker, first, last or first)) is not None:
        found.append(ends)
    found += ranges_of(_one_by_one(checker, named))
    for before, after in pairwise(sorted(found, key=lambda one: one.first)):
        if after.first <= before.last:
            checker.wrong("card_twice", value=card_key(after.first))
            break
    return found


def _ends(checker: Checker, first: str, last: str) -> CardRange | None:
    ends = [_card(checker, "iccid_first", first), _card(checker, "iccid_last", last)]
    if ends[0] is None or ends[1] is None:
        return None
    found = range_of(ends[0], ends[1])
    if isinstance(found, CardFault):
        checker.wrong(found.value, first=first, last=last)
        return None
    return found


def _one_by_one(checker: Checker, named: str) -> list[Iccid]:
    words = [word for word in _BETWEEN.split(named) if word]
    if len(words) > MOST_NAMED:
        checker.wrong("too_many_named", n=len(words), most=MOST_NAMED)
        return []
    cards: list[Iccid] = []
    for word in words:
        card = _card(checker, "iccids", word)
        if card is None:
            return []  # one fault of a list is enough to name
        cards.append(card)
    return cards


def _card(checker: Checker, field: str, word: str) -> Iccid | None:
    card = card_of(word)
    if isinstance(card, CardFault):
        checker.wrong(card.value, field=field, value=word)
        return None
    return card


@cache
def kind_words() -> Sequence[str]:
    """What a kind of channel may be called in a file."""
    return tuple(word for word in _KINDS if not word.isascii())
