"""Whether a shop that sells cards may do so: what it shows, against the register of a day.

Anybody may write anything on a shop's page, so a number helps only the shop that it belongs to.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from models.channel.licences import Ground
from models.provinces import provinces
from models.rules import FindingKind, Tier, package_rules

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


class Basis(StrEnum):
    """What a judgement rests on; the text `basis.<word>` says it in full."""

    NOTHING_SHOWN = "nothing_shown"
    NUMBER_UNKNOWN = "number_unknown"
    NUMBER_OF_ANOTHER = "number_of_another"
    SHOP_NOT_NAMED = "shop_not_named"
    PROVINCE_NOT_NAMED = "province_not_named"
    NOT_YET = "not_yet"
    NO_LONGER = "no_longer"
    NOT_ACTIVE = "not_active"
    NO_FIRM = "no_firm"


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

    def ground(self, shop: str | None, provinces: frozenset[str], on: date) -> Ground | None:
        """Why it does not cover that shop on that day; None when it does."""
        if not self.in_force:
            return Ground.NOT_IN_FORCE
        if self.begins_on is not None and on < self.begins_on:
            return Ground.NOT_BEGUN
        if self.ends_on is not None and on > self.ends_on:
            return Ground.EXPIRED
        if self.shops is not None and shop not in self.shops:
            return Ground.OUT_OF_SCOPE
        if self.provinces and not provinces <= self.provinces:
            return Ground.OUT_OF_SCOPE
        return None


class Register:
    """Entries, to be found by shop and by number."""

    def __init__(self, entries: Iterable[Entry], digest: str = "") -> None:
        self.digest = digest
        """SHA-256 of the register as it stood."""
        self._by_shop: dict[str, list[Entry]] = {}
        self._by_number: dict[str, list[Entry]] = {}
        for entry in entries:
            for shop in (entry.shops or frozenset[str]()) | entry.holders_shops:
                self._by_shop.setdefault(shop, []).append(entry)
            for number in filter(None, (entry.number, entry.agent_no)):
                self._by_number.setdefault(plain_number(number), []).append(entry)

    def of_shop(self, platform: str, key: str) -> Sequence[Entry]:
        return self._by_shop.get(f"{platform} {key}", ())

    def of_number(self, number: str) -> Sequence[Entry]:
        return self._by_number.get(plain_number(number), ())


@dataclass(frozen=True, slots=True)
class ShopFacts:
    """A shop and all that its pages said of its right to sell."""

    platform: str
    key: str
    name: str
    numbers: tuple[str, ...] = ()
    sells_in: frozenset[str] = frozenset()
    """The provinces whose buyers it names, GB/T 2260; empty: it names none."""
    has_business_licence: bool | None = None
    """None: the pages do not say."""


@dataclass(frozen=True, slots=True)
class Judgement:
    ground: Ground
    kind: FindingKind
    tier: Tier
    basis: Basis
    claimed: str = ""
    """The number that the shop shows, where the judgement is about it."""
    holder: str = ""
    """Whose it is."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`against` is None for a shop that may sell what it sells, and `by` is its licence."""

    against: Judgement | None
    by: Entry | None = None


_KINDS: Final[Mapping[Ground, FindingKind]] = {
    Ground.NO_BUSINESS_LICENCE: FindingKind.NO_BUSINESS_LICENCE,
    Ground.NO_DELEGATION: FindingKind.NO_DELEGATION,
    Ground.NOT_BEGUN: FindingKind.NO_DELEGATION,
    Ground.EXPIRED: FindingKind.NO_DELEGATION,
    Ground.NOT_IN_FORCE: FindingKind.NO_DELEGATION,
    Ground.OUT_OF_SCOPE: FindingKind.SCOPE_EXCEEDED,
    Ground.SOMEONE_ELSES_NUMBER: FindingKind.FAKE_AGENCY,
}
_BASES: Final[Mapping[Ground, Basis]] = {
    Ground.NOT_BEGUN: Basis.NOT_YET,
    Ground.EXPIRED: Basis.NO_LONGER,
    Ground.NOT_IN_FORCE: Basis.NOT_ACTIVE,
    Ground.OUT_OF_SCOPE: Basis.SHOP_NOT_NAMED,
}
# Of several licences the one that comes nearest to covering the shop says what is wrong.
_NEAREST: Final = (Ground.OUT_OF_SCOPE, Ground.NOT_BEGUN, Ground.EXPIRED, Ground.NOT_IN_FORCE)


def judge(shop: ShopFacts, register: Register, on: date, *, is_reseller: bool = False) -> Verdict:
    """Judge a shop that sells cards. One that sells none is not judged at all.

    `is_reseller`: whose network's cards are sold, where that changes how grave it is.
    """
    at = f"{shop.platform} {shop.key}"
    own = [
        *register.of_shop(shop.platform, shop.key),
        *(
            entry
            for number in shop.numbers
            for entry in register.of_number(number)
            if same_holder(entry.holder, shop.name)
        ),
    ]
    grounds = [(entry.ground(at, shop.sells_in, on), entry) for entry in own]
    lawful = next((entry for ground, entry in grounds if ground is None), None)
    if lawful is not None:
        return Verdict(None, lawful)
    if shop.has_business_licence is False:
        return _against(Ground.NO_BUSINESS_LICENCE, Basis.NO_FIRM, is_reseller=is_reseller)
    for wanted in _NEAREST:
        near = next((entry for ground, entry in grounds if ground is wanted), None)
        if near is not None:
            basis = _basis(wanted, near, at)
            return _against(wanted, basis, near.number, near.holder, is_reseller=is_reseller)
    return _stranger(shop, register, is_reseller=is_reseller)


def _basis(ground: Ground, entry: Entry, at: str) -> Basis:
    if ground is Ground.OUT_OF_SCOPE and (entry.shops is None or at in entry.shops):
        return Basis.PROVINCE_NOT_NAMED
    return _BASES[ground]


def _stranger(shop: ShopFacts, register: Register, *, is_reseller: bool) -> Verdict:
    """No licence is this shop's: whose number it shows, if it shows one, makes the ground."""
    for number in shop.numbers:
        for entry in register.of_number(number):
            return _against(
                Ground.SOMEONE_ELSES_NUMBER,
                Basis.NUMBER_OF_ANOTHER,
                number,
                entry.holder,
                is_reseller=is_reseller,
            )
    claimed = shop.numbers[0] if shop.numbers else ""
    basis = Basis.NUMBER_UNKNOWN if claimed else Basis.NOTHING_SHOWN
    return _against(Ground.NO_DELEGATION, basis, claimed, is_reseller=is_reseller)


def _against(
    ground: Ground, basis: Basis, claimed: str = "", holder: str = "", *, is_reseller: bool
) -> Verdict:
    kind = _KINDS[ground]
    tier = package_rules().finding(kind).tier_for(is_reseller=is_reseller)
    return Verdict(Judgement(ground, kind, tier, basis, claimed, holder))


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
    firm, name = _core(holder), _core(shop)
    return firm == name and len(firm) >= _SHORTEST_CORE


def _core(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold()
    cut = _COMMON.sub("", folded)
    plain = "".join(letter for letter in cut if letter.isalnum())
    for province in provinces().values():  # a firm is 广东蓝天, its shop 蓝天, or the reverse
        rest = re.sub(f"^{province.zh}[省市]?|{province.zh}$", "", plain)
        if rest != plain and len(rest) >= _SHORTEST_CORE:
            return rest
    return plain
