"""The licences of a day, to be found by shop, by address and by number.

Anybody may write anything on a shop's page, so a number helps only the shop that it belongs to.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cache, cached_property
from typing import Final
from urllib.parse import urlsplit

from models.channel.licences import Ground
from models.patrol.matching import AgentIndex, AgentShop, candidates
from models.provinces import provinces
from models.refusals import Invalid
from models.tokens import OWN_SITE, canonical_site

_SHORTEST_CORE: Final = 2
_NUMBER: Final = re.compile(
    r"(?:许可证|委托书|委托号|授权书?|代理商?|证书|licen[cs]e|permit)\s*(?:编号|号码|号|no\.?)?"
    r"\s*[:：#]?\s*([0-9A-Za-z][0-9A-Za-z.\-_/]{4,39})",
    re.IGNORECASE,
)
# What names of firms and shops have in common and so tells nobody apart.
_COMMON: Final = re.compile(
    r"[(（\[【][^)）\]】]*[)）\]】]|股份有限公司|有限责任公司|有限公司|分公司|公司|集团|股份"
    r"|官方|旗舰|授权|自营|正品|指定|直营|专营|专卖|代理|服务|营业厅|网店|网厅|商城|店铺|店"
    r"|通信|通讯|电讯|科技|网络|信息|技术|数码|贸易|发展"
)


class HolderKind(StrEnum):
    CARRIER = "carrier"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Entry:
    """One licence, as the register has it."""

    number: str
    holder: str
    kind: HolderKind = HolderKind.AGENT
    principal: str = ""
    agent_no: str = ""
    begins_on: date | None = None
    ends_on: date | None = None
    """The last day it holds."""
    in_force: bool = True
    """False when it is suspended, revoked or ended before its time."""
    shops: frozenset[str] | None = None
    """`<platform> <shop key>` of the shops that it names; None: this register knows of no shops."""
    holders_shops: frozenset[str] = frozenset()
    """Those of its holder that other licences may name."""
    provinces: frozenset[str] = frozenset()
    """GB/T 2260; empty: this register names none."""
    agent_id: str = ""
    products: frozenset[str] = frozenset()
    """Words of `Product`; empty: this register names none."""
    addresses: Mapping[str, str] = field(default_factory=dict[str, str], hash=False)
    """Of its holder's shops: the address as `plain_address` makes it, to `<platform> <key>`."""

    def ground(self, shops: frozenset[str], provinces: frozenset[str], on: date) -> Ground | None:
        """Why it covers none of these names of one shop on that day; None when it does."""
        if not self.in_force:
            return Ground.NOT_IN_FORCE
        if self.begins_on is not None and on < self.begins_on:
            return Ground.NOT_BEGUN
        if self.ends_on is not None and on > self.ends_on:
            return Ground.EXPIRED
        if self.shops is not None and not shops & self.shops:
            return Ground.OUT_OF_SCOPE
        if self.provinces and not provinces <= self.provinces:
            return Ground.OUT_OF_SCOPE
        return None


@dataclass(frozen=True, slots=True)
class Alike:
    """An agent whose name the shop's is like. It explains; it neither accuses nor licenses."""

    agent_no: str
    agent_name: str
    likeness: float
    reason: str


class Register:
    """Entries, to be found by shop, by address and by number."""

    def __init__(self, entries: Iterable[Entry], digest: str = "") -> None:
        self.digest = digest
        """SHA-256 of the register as it stood."""
        self.entries = tuple(entries)
        self._by_shop: dict[str, list[Entry]] = {}
        self._by_number: dict[str, list[Entry]] = {}
        self._by_address: dict[str, set[str]] = {}
        for entry in self.entries:
            for shop in (entry.shops or frozenset[str]()) | entry.holders_shops:
                self._by_shop.setdefault(shop, []).append(entry)
            for number in filter(None, (entry.number, entry.agent_no)):
                self._by_number.setdefault(plain_number(number), []).append(entry)
            for address, shop in entry.addresses.items():
                self._by_address.setdefault(address, set()).add(shop)

    @cached_property
    def agents(self) -> AgentIndex:
        """Its holders by name; made when the first name is looked for."""
        return AgentIndex(
            [
                AgentShop(entry.agent_no or entry.number, entry.holder, platform, key)
                for entry in self.entries
                for platform, _, key in (shop.partition(" ") for shop in _shops_of(entry))
            ]
        )

    def alike(self, name: str) -> tuple[Alike, ...]:
        """Holders whose name a shop's is like, the likeliest first."""
        if not self.entries:
            return ()
        found = candidates(name, self.agents)
        return tuple(Alike(c.agent_no, c.agent_name, c.likeness, c.reason) for c in found)

    def of_shop(self, platform: str, key: str) -> Sequence[Entry]:
        return self._by_shop.get(f"{platform} {key}", ())

    def of_number(self, number: str) -> Sequence[Entry]:
        return self._by_number.get(plain_number(number), ())

    def names_of(self, platform: str, key: str, url: str = "") -> frozenset[str]:
        """The names under which the register may have a shop: its id, and its address where only
        one shop of the register stands there.
        """
        names = {f"{platform} {key}"}
        if key.startswith("site:"):
            names.add(f"{OWN_SITE} {key.removeprefix('site:')}")
            url = url or key.removeprefix("site:")
        at = self._by_address.get(plain_address(url), set[str]())
        return frozenset(names | at if len(at) == 1 else names)

    def of_names(self, names: Iterable[str]) -> list[Entry]:
        return [entry for name in sorted(names) for entry in self._by_shop.get(name, ())]


def _shops_of(entry: Entry) -> list[str]:
    return sorted((entry.shops or frozenset[str]()) | entry.holders_shops) or [" "]


def plain_address(url: str) -> str:
    """An address without what says nothing about whose shop it is; empty where its query may be
    all that tells one shop from another.
    """
    try:
        if not url or urlsplit(url).query:
            return ""
        return canonical_site(url)
    except (Invalid, ValueError):
        return ""


def plain_number(text: str) -> str:
    """A number without width, case and what people put between its parts."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in folded if letter.isalnum())


def numbers_in(*texts: str) -> tuple[str, ...]:
    """The licence numbers that stand in a page's words, each once."""
    found = (hit[1].strip(".-_/") for text in texts for hit in _NUMBER.finditer(text))
    return tuple(dict.fromkeys(one for one in found if any(letter.isdigit() for letter in one)))


def same_holder(holder: str, shop: str) -> bool:
    """Whether a shop's name is that of a firm, but for what all firms' and shops' names share."""
    firm, name = core_name(holder), core_name(shop)
    return firm == name and len(firm) >= _SHORTEST_CORE


def core_name(name: str) -> str:
    """What tells a firm or a shop apart from others."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    cut = _COMMON.sub("", folded)
    plain = "".join(letter for letter in cut if letter.isalnum())
    for place in _places():  # a firm is 广东蓝天, its shop 蓝天, or the reverse
        rest = place.sub("", plain)
        if rest != plain and len(rest) >= _SHORTEST_CORE:
            return rest
    return plain


@cache
def _places() -> tuple[re.Pattern[str], ...]:
    return tuple(
        re.compile(f"^{province.zh}[省市]?|{province.zh}$") for province in provinces().values()
    )
