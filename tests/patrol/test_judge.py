"""Whose licence it is: the table of grounds, and nobody lawful accused."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from console.actions.patrol.register import register_from
from models.channel.licences import Ground
from models.patrol.judge import (
    Basis,
    Entry,
    HolderKind,
    Register,
    ShopFacts,
    judge,
    numbers_in,
    same_holder,
)
from models.refusals import Invalid
from models.rules import FindingKind, Tier

DATA = Path(__file__).parents[1] / "data" / "patrol"
TODAY = date(2026, 3, 2)
OWN = Entry(
    number="SQ-CT-44-2026-000001",
    holder="广东蓝天通信有限公司",
    agent_no="CT-44-2026-000001-8",
    begins_on=date(2026, 1, 1),
    ends_on=date(2026, 12, 31),
    shops=frozenset({"lanhai shop:s-1"}),
    holders_shops=frozenset({"lanhai shop:s-1", "lanhai shop:s-2"}),
    provinces=frozenset({"44", "33"}),
)
SHOP = ShopFacts("lanhai", "shop:s-1", "蓝天通信专营店")
CARRIER = Entry("A2.B1-20190001", "中联移动通信（测试）有限公司", HolderKind.CARRIER)


@pytest.mark.requirement("004-3.1-i", "004-3.3-g")
@pytest.mark.parametrize(
    ("entry", "shop", "ground", "basis"),
    [
        (OWN, SHOP, None, None),
        (OWN, replace(SHOP, key="shop:s-9"), Ground.NO_DELEGATION, Basis.NOTHING_SHOWN),
        (OWN, replace(SHOP, key="shop:s-9", numbers=("X-1",)), Ground.NO_DELEGATION,
         Basis.NUMBER_UNKNOWN),
        (OWN, replace(SHOP, key="shop:s-2"), Ground.OUT_OF_SCOPE, Basis.SHOP_NOT_NAMED),
        (OWN, replace(SHOP, sells_in=frozenset({"11"})), Ground.OUT_OF_SCOPE,
         Basis.PROVINCE_NOT_NAMED),
        (OWN, replace(SHOP, sells_in=frozenset({"44"})), None, None),
        (replace(OWN, ends_on=date(2026, 3, 1)), SHOP, Ground.EXPIRED, Basis.NO_LONGER),
        (replace(OWN, ends_on=TODAY), SHOP, None, None),
        (replace(OWN, begins_on=date(2026, 3, 3)), SHOP, Ground.NOT_BEGUN, Basis.NOT_YET),
        (replace(OWN, in_force=False), SHOP, Ground.NOT_IN_FORCE, Basis.NOT_ACTIVE),
        (OWN, ShopFacts("lanhai", "shop:s-9", "优享网卡", ("SQ-CT-44-2026-000001",)),
         Ground.SOMEONE_ELSES_NUMBER, Basis.NUMBER_OF_ANOTHER),
        (OWN, ShopFacts("lanhai", "shop:s-9", "优享网卡", ("ct 44 2026 000001 8",)),
         Ground.SOMEONE_ELSES_NUMBER, Basis.NUMBER_OF_ANOTHER),
        (OWN, replace(SHOP, key="shop:s-9", has_business_licence=False),
         Ground.NO_BUSINESS_LICENCE, Basis.NO_FIRM),
        (OWN, replace(SHOP, has_business_licence=False), None, None),
    ],
)  # fmt: skip
def test_each_ground_has_its_case(
    entry: Entry, shop: ShopFacts, ground: Ground | None, basis: Basis | None
) -> None:
    found = judge(shop, Register([entry]), TODAY).against

    assert (found.ground if found else None) == ground
    assert (found.basis if found else None) == basis


def test_of_several_licences_one_that_covers_the_shop_is_enough() -> None:
    old = replace(OWN, number="SQ-OLD", ends_on=date(2025, 12, 31))

    verdict = judge(SHOP, Register([old, OWN]), TODAY)

    assert verdict.against is None
    assert verdict.by == OWN


def test_a_shop_that_writes_a_carriers_number_is_not_the_carrier() -> None:
    register = Register([CARRIER])
    own = ShopFacts("lanhai", "shop:c", "中联移动官方旗舰店", ("A2.B1-20190001",))
    other = replace(own, name="正品流量卡批发中心")

    assert judge(own, register, TODAY).against is None
    found = judge(other, register, TODAY).against
    assert found is not None
    assert found.ground is Ground.SOMEONE_ELSES_NUMBER
    assert found.kind is FindingKind.FAKE_AGENCY
    assert found.tier is Tier.SERIOUS
    assert found.holder == "中联移动通信（测试）有限公司"


def test_a_name_without_the_number_proves_nothing() -> None:
    shop = ShopFacts("lanhai", "shop:c", "中联移动官方旗舰店")

    found = judge(shop, Register([CARRIER]), TODAY).against

    assert found is not None
    assert found.ground is Ground.NO_DELEGATION


def test_over_the_whole_catalogue_the_guilty_are_found_and_nobody_else() -> None:
    """The catalogue's sellers show their number in the words of their offers."""
    data = json.loads((DATA / "catalogue.json").read_text("utf-8"))
    register = register_from((DATA / "register.json").read_bytes(), file="register.json")
    sells = {row["seller"] for row in data["listings"] if row["sells_card"]}
    accused = set[str]()
    for seller in data["sellers"]:
        words = [r["description"] for r in data["listings"] if r["seller"] == seller["id"]]
        shop = ShopFacts("oscar", seller["id"], seller["name"], numbers_in(*words))
        if seller["id"] in sells and judge(shop, register, TODAY).against is not None:
            accused.add(seller["id"])

    assert accused == {s["id"] for s in data["sellers"] if s["should_open_case"]}


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("经营许可证：DL-FJ-2021-0022", ("DL-FJ-2021-0022",)),
        ("授权编号 A2.B1-20190001。", ("A2.B1-20190001",)),
        ("代理商编号:CT-44-2026-000001-8，欢迎", ("CT-44-2026-000001-8",)),
        ("License No. DL-1234-5", ("DL-1234-5",)),
        ("经营许可证：见详情", ()),
        ("联系 vx: abc12345", ()),
    ],
)
def test_numbers_are_taken_from_a_pages_words(words: str, numbers: tuple[str, ...]) -> None:
    assert numbers_in(words) == numbers


@pytest.mark.parametrize(
    ("holder", "shop", "same"),
    [
        ("中联移动通信（测试）有限公司", "中联移动官方旗舰店", True),
        ("广东蓝天通信有限公司", "蓝天通信专营店", True),
        ("泉州创通数码", "泉州创通数码", True),
        ("天讯通信股份有限公司", "优享网卡专营", False),
        ("通信有限公司", "官方旗舰店", False),
        ("蓝天通信有限公司", "蓝天白云通信", False),
    ],
)
def test_a_shops_name_is_compared_by_what_tells_it_apart(
    holder: str, shop: str, *, same: bool
) -> None:
    assert same_holder(holder, shop) is same


@pytest.mark.parametrize(
    "text",
    [b"{", b"{}", b'[{"number": "1"}]', b'[{"number": "1", "holder": "x", "valid_to": "y"}]'],
)
def test_a_register_file_that_cannot_be_read_says_where(text: bytes) -> None:
    with pytest.raises(Invalid) as no:
        register_from(text, file="register.json")

    assert no.value.facts["file"] == "register.json"
    assert no.value.facts["where"]
