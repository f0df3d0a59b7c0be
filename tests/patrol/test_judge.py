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
    Offer,
    Register,
    SeenBadge,
    ShopFacts,
    judge,
    judge_all,
    numbers_in,
    same_holder,
)
from models.patrol.screening.labels import Label, OfferKind
from models.refusals import Invalid
from models.rules import FindingKind, Tier
from models.tokens import Verdict as BadgeVerdict

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


def offer(
    label: Label = Label.SELLS_CARD,
    kind: OfferKind = OfferKind.PHONE_CARD,
    score: float = 0.97,
    severity: int = 60,
    number: int = 1,
) -> Offer:
    return Offer(f"o-{number}", f"商品{number}", label, kind, score, severity, ("流量卡 +5.0",))


def kinds(shop: ShopFacts, register: Register, *, is_reseller: bool = False) -> list[str]:
    judged = judge_all(shop, register, TODAY, is_reseller=is_reseller)
    return [f"{one.kind}/{one.ground}/{one.tier}" for one in judged.found]


LAWFUL = Register([OWN])
STRANGER = replace(SHOP, key="shop:s-9", name="优享网卡")


@pytest.mark.requirement("004-3.3-o")
@pytest.mark.parametrize("shop", [SHOP, STRANGER])
@pytest.mark.parametrize(
    ("label", "found"),
    [
        (Label.REAL_NAME_SERVICE, "false_registration/forbidden_offer/serious"),
        (Label.READER_CRACK_TOOL, "idreader_crack_tool/forbidden_offer/serious"),
        (Label.ILLEGAL_DEVICE, "illegal_device/forbidden_offer/serious"),
    ],
)
def test_what_nobody_may_offer_is_found_in_licensed_shops_too(
    shop: ShopFacts, label: Label, found: str
) -> None:
    offers = (offer(label, OfferKind.OTHER),)

    assert kinds(replace(shop, offers=offers), LAWFUL) == [found]


@pytest.mark.parametrize(("is_reseller", "tier"), [(True, "serious"), (False, "general")])
def test_industry_cards_may_be_sold_online_by_nobody(*, is_reseller: bool, tier: str) -> None:
    shop = replace(SHOP, offers=(offer(kind=OfferKind.IOT_CARD),))

    found = kinds(shop, LAWFUL, is_reseller=is_reseller)

    assert found == [f"iot_card_online/industry_card/{tier}"]


def test_a_shop_is_told_everything_that_is_held_against_it() -> None:
    offers = (
        offer(),
        offer(kind=OfferKind.IOT_CARD, number=2),
        offer(Label.REAL_NAME_SERVICE, OfferKind.FACE_CHECK, number=3),
    )
    badges = (SeenBadge(BadgeVerdict.FORGED, picture="ab" * 32),)

    judged = judge_all(replace(STRANGER, offers=offers, badges=badges), LAWFUL, TODAY)

    assert [one.kind for one in judged.found] == [
        FindingKind.NO_DELEGATION,
        FindingKind.IOT_CARD_ONLINE,
        FindingKind.FALSE_REGISTRATION,
        FindingKind.BADGE_MISUSE,
    ]
    right, industry, service, badge = judged.found
    assert [len(one.offers) for one in judged.found] == [2, 1, 1, 3]
    assert service.facts["cannot_be_lowered"] is True
    assert "blacklist" in str(service.facts["outcomes"])
    assert badge.facts["badges"] == [{"verdict": "forged", "agent_no": "", "picture": "ab" * 32}]
    shown = right.facts["offers"]
    assert isinstance(shown, list)
    assert shown[0]["reasons"] == ["流量卡 +5.0"]
    assert industry.basis is Basis.OFFERS


@pytest.mark.parametrize(
    ("verdict", "found"),
    [
        (BadgeVerdict.VALID, []),
        (BadgeVerdict.VALID_SHOP_UNCHECKED, ["no_delegation/no_delegation/serious"]),
        (BadgeVerdict.STATUS_UNKNOWN, ["no_delegation/no_delegation/serious"]),
        (BadgeVerdict.NOT_YET_VALID, ["no_delegation/no_delegation/serious"]),
        (
            BadgeVerdict.WRONG_SHOP,
            ["no_delegation/no_delegation/serious", "badge_misuse/someone_elses_badge/serious"],
        ),
        (
            BadgeVerdict.FORGED,
            ["no_delegation/no_delegation/serious", "badge_misuse/forged_badge/serious"],
        ),
        (
            BadgeVerdict.NOT_OURS,
            ["no_delegation/no_delegation/serious", "badge_misuse/forged_badge/serious"],
        ),
        (
            BadgeVerdict.REVOKED,
            ["no_delegation/no_delegation/serious", "badge_misuse/not_in_force/serious"],
        ),
        (
            BadgeVerdict.SUSPENDED,
            ["no_delegation/no_delegation/serious", "badge_misuse/not_in_force/serious"],
        ),
        (
            BadgeVerdict.EXPIRED,
            ["no_delegation/no_delegation/serious", "badge_misuse/expired/serious"],
        ),
    ],
)
def test_each_of_the_ten_verdicts_has_its_consequence(
    verdict: BadgeVerdict, found: list[str]
) -> None:
    badge = SeenBadge(verdict, OWN.agent_no)
    shop = replace(STRANGER, offers=(offer(), offer(number=2)), badges=(badge,))

    assert kinds(shop, LAWFUL) == found


def test_an_old_badge_of_its_own_is_a_display_that_lacks() -> None:
    badge = SeenBadge(BadgeVerdict.EXPIRED, OWN.agent_no)
    shop = replace(SHOP, offers=(offer(),), badges=(badge,))

    assert kinds(shop, LAWFUL) == ["badge_missing/expired/minor"]


def test_a_badge_does_not_heal_a_licence_that_is_over() -> None:
    old = Register([replace(OWN, ends_on=date(2026, 2, 1))])
    badge = SeenBadge(BadgeVerdict.VALID_SHOP_UNCHECKED, OWN.agent_no)

    found = kinds(replace(SHOP, offers=(offer(),), badges=(badge,)), old)

    assert found == ["no_delegation/expired/serious"]


@pytest.mark.parametrize(
    ("score", "seen", "is_unsure"),
    [(0.6, 1, True), (0.9, 1, False), (0.9, 20, True), (0.995, 20, False)],
)
def test_one_doubtful_offer_is_a_question_and_no_case(
    score: float, seen: int, *, is_unsure: bool
) -> None:
    shop = replace(STRANGER, offers=(offer(score=score),), seen=seen)

    (found,) = judge_all(shop, LAWFUL, TODAY).found

    assert found.is_unsure is is_unsure
    assert found.facts["unsure"] is is_unsure


def test_two_doubtful_offers_are_hardly_chance() -> None:
    offers = (offer(score=0.6), offer(score=0.6, number=2))

    (found,) = judge_all(replace(STRANGER, offers=offers, seen=20), LAWFUL, TODAY).found

    assert not found.is_unsure


def test_a_name_like_an_agents_explains_and_neither_accuses_nor_licenses() -> None:
    near = replace(STRANGER, name="广东藍天通信有限公司", offers=(offer(), offer(number=2)))
    alike = LAWFUL.alike(near.name)

    (found,) = judge_all(replace(near, alike=alike), LAWFUL, TODAY).found
    lawful = judge_all(replace(SHOP, offers=near.offers, alike=alike), LAWFUL, TODAY)
    no_cards = judge_all(replace(near, alike=alike, offers=()), LAWFUL, TODAY)

    assert (found.ground, found.basis) == (Ground.NO_DELEGATION, Basis.LOOKS_LIKE)
    shown = found.facts["alike"]
    assert isinstance(shown, list)
    assert shown[0]["agent_no"] == OWN.agent_no
    assert shown[0]["reason"]
    assert lawful.found == ()
    assert no_cards.found == ()


@pytest.mark.parametrize(
    ("url", "is_lawful"),
    [
        ("https://www.lantian.example/cards/", True),
        ("http://LANTIAN.example/cards", True),
        ("https://lantian.example/cards?shop=2", False),
        ("https://lantian.example/", False),
        ("https://lantian.example.evil.cn/cards", False),
    ],
)
def test_a_shop_is_known_by_its_address_too(url: str, *, is_lawful: bool) -> None:
    at = {"lantian.example/cards": "lanhai shop:s-1"}
    register = Register([replace(OWN, addresses=at)])
    shop = replace(SHOP, key="name:lantian", name="某店", url=url, offers=(offer(),))

    judged = judge_all(shop, register, TODAY)

    assert (judged.found == ()) is is_lawful


def test_an_address_where_two_shops_stand_is_nobodys() -> None:
    other = replace(OWN, number="SQ-2", addresses={"mall.example/shop": "lanhai shop:s-2"})
    own = replace(OWN, addresses={"mall.example/shop": "lanhai shop:s-1"})
    shop = replace(SHOP, key="shop:s-9", url="https://mall.example/shop", name="某店")

    assert judge(shop, Register([own, other]), TODAY).against is not None


def test_products_that_the_licence_does_not_name_are_out_of_scope() -> None:
    register = Register([replace(OWN, products=frozenset({"data_card"}))])
    one = replace(SHOP, offers=(offer(),))
    line = replace(SHOP, offers=(offer(), offer(number=2)))
    data = replace(SHOP, offers=tuple(offer(kind=OfferKind.DATA_CARD, number=n) for n in (1, 2)))

    assert kinds(one, register) == []
    assert kinds(data, register) == []
    (found,) = judge_all(line, register, TODAY).found
    assert (found.kind, found.basis) == (FindingKind.SCOPE_EXCEEDED, Basis.PRODUCT_NOT_NAMED)
