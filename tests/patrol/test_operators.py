"""Operators behind shops: contacts however written, links with reasons, judged and taken back."""

from uuid import UUID

import pytest

from console.actions.audit import history
from console.actions.patrol.clusters import cluster_of, list_clusters
from console.actions.patrol.operators import (
    accept_link,
    judge_links,
    link_record,
    list_links,
    reject_link,
    reopen_link,
    suggest_links,
)
from models.patrol.contacts import contacts_in
from models.patrol.links import (
    LinkMove,
    LinkState,
    ShopLink,
    ShopTrait,
    TraitKind,
)
from models.patrol.operators import clusters_of, links_of, weight_of
from models.patrol.wordings import wordings_of
from models.permissions import Permission
from models.refusals import Conflict, Invalid, NotAllowed
from tests.conftest import Desks
from tests.patrol.shop_rows import Seller, run_with
from tests.patrol.walks import row_of, rows_of

WECHAT = "wechat:simking_88"


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("联系 vx: simking_88", [WECHAT]),
        ("加微❤ simking_88 详聊", [WECHAT]),
        ("薇❤️：ｓｉｍｋｉｎｇ＿８８", [WECHAT]),
        ("V信simking_88", [WECHAT]),
        ("微信号一三八零零一三八零零零", ["phone:13800138000"]),
        ("薇信：1③8 0013 8000", ["phone:13800138000"]),
        ("微\u200b信 simking_88", [WECHAT]),
        ("扣扣：88712345", ["qq:88712345"]),
        ("QQ 000888123", ["qq:000888123"]),
        ("电话：138-0013-8000", ["phone:13800138000"]),
        ("联系电话+86 138 0013 8000", ["phone:13800138000"]),
        ("tel 400-000-7731", ["phone:4000007731"]),
        ("WhatsApp +44 7700 900417", ["phone:447700900417"]),
        ("tg: @simking99", ["telegram:simking99"]),
        ("靓号 13888888888 出售", []),
        ("经营许可证：DL-FJ-2021-0022", []),
        ("vivo手机 v20 支持微信支付", []),
        ("qq音乐会员 30天", []),
        ("客服热线10086", []),
        ("5G流量卡 1000000 积分", []),
    ],
)
def test_contacts_are_read_however_they_are_hidden(words: str, found: list[str]) -> None:
    assert [one.key for one in contacts_in(words)] == found


def test_a_mask_tells_it_again_and_not_whole() -> None:
    (one,) = contacts_in("电话：13800138000")

    assert one.mask == "phone 138***00"


def test_a_wording_is_known_again_whatever_stands_around_it() -> None:
    rare = "本店专供老铁渠道秒发秒激活售后包换不限地区"
    one = wordings_of([f"正品。{rare}。欢迎选购"])
    other = wordings_of([f"流量卡特价！{rare}！联系 vx: abc12345"])

    assert set(one) & set(other)
    assert not set(one) & set(wordings_of(["支持全国大部分地区发货，偏远地区除外，签收后激活"]))


def test_a_title_is_no_wording_of_a_seller() -> None:
    title = "电信大流量卡全国通用首月免费体验套餐包邮"

    assert wordings_of([f"{title}。"], [title]) == {}


def sharing(kind: TraitKind, *shops: str) -> dict[tuple[TraitKind, str], dict[str, float]]:
    return {(kind, "value"): dict.fromkeys(shops, 1.0)}


def test_what_few_share_weighs_much_and_what_many_share_little() -> None:
    contact = weight_of(TraitKind.CONTACT, 2, 1000)
    stock_picture = weight_of(TraitKind.PICTURE, 50, 1000)

    assert contact > 8
    assert stock_picture < 0.5
    assert weight_of(TraitKind.PICTURE, 2, 1000) > 4


def test_one_contact_is_enough_and_one_picture_or_number_is_not() -> None:
    assert links_of(sharing(TraitKind.CONTACT, "a", "b"), 1000)[0].score > 0.9
    for kind in (TraitKind.PICTURE, TraitKind.LICENCE, TraitKind.TEXT):
        assert links_of(sharing(kind, "a", "b"), 1000) == []


def test_two_pictures_are_a_suggestion() -> None:
    both = {(TraitKind.PICTURE, name): {"a": 1.0, "b": 1.0} for name in ("x", "y")}

    (link,) = links_of(both, 1000)

    assert link.score > 0.8
    assert [one.kind for one in link.reasons] == [TraitKind.PICTURE] * 2


def test_a_contact_that_came_with_copied_words_links_nobody() -> None:
    copied = {(TraitKind.CONTACT, "v"): {"own": 1.0, "copier": 0.2}}

    assert links_of(copied, 1000) == []


def test_many_sharers_hang_together_by_few_links() -> None:
    shops = [f"s{number:03}" for number in range(100)]

    links = links_of(sharing(TraitKind.CONTACT, *shops), 1000)

    assert len(links) == 99
    assert clusters_of((one.one, one.other) for one in links) == [shops]


def test_a_platforms_own_hotline_links_nobody() -> None:
    shops = [f"s{number:04}" for number in range(1000)]

    assert links_of(sharing(TraitKind.CONTACT, *shops), 1000) == []


# In the house.

ALIKE = (
    Seller("s-a", "鑫鑫流量小铺", "秒发流量卡，加微❤ simking_88"),
    Seller("s-b", "小欣数码", "电话卡现货。联系 vx：simking_88"),
    Seller("s-c", "大牛网络", "正规渠道，QQ 88712345"),
)


def suggested(desks: Desks) -> ShopLink:
    run_with(desks, *ALIKE)
    (link,) = rows_of(desks.manager, ShopLink)
    return link


def test_shops_with_one_contact_are_suggested_with_the_reason(desks: Desks) -> None:
    link = suggested(desks)

    record = link_record(desks.manager, link.id)
    assert {record.one.name, record.other.name} == {"鑫鑫流量小铺", "小欣数码"}
    assert link.state is LinkState.SUGGESTED
    assert link.score > 0.9
    assert link.reasons[0]["kind"] == "contact"
    assert link.reasons[0]["shown"] == "wechat sim***88"


def test_no_contact_is_kept_in_clear(desks: Desks) -> None:
    suggested(desks)

    contacts = [one for one in rows_of(desks.manager, ShopTrait) if one.kind is TraitKind.CONTACT]
    assert len(contacts) == 3
    for one in contacts:
        assert len(one.value) == 64
        assert "simking" not in one.value + one.shown
        assert "88712345" not in one.shown


def test_another_house_blinds_the_same_contact_otherwise(desks: Desks) -> None:
    suggested(desks)
    before = {one.value for one in rows_of(desks.manager, ShopTrait)}
    assert desks.house.house.vault.blind(WECHAT, "shop contact") in before

    (desks.house.house.settings.data / "keys" / "vault.key").unlink()

    assert desks.house.house.vault.blind(WECHAT, "shop contact") not in before


def test_suggesting_twice_suggests_once(desks: Desks) -> None:
    run = run_with(desks, *ALIKE)

    assert suggest_links(desks.house, run.id) == 0
    assert len(rows_of(desks.manager, ShopLink)) == 1


def test_a_rejected_link_is_not_suggested_again(desks: Desks) -> None:
    link = suggested(desks)
    reject_link(desks.manager, link.id, "同一货源，不是同一家")

    run_with(desks, *ALIKE)

    (again,) = rows_of(desks.manager, ShopLink)
    assert again.state is LinkState.REJECTED
    assert list_clusters(desks.manager) == []


def test_a_link_is_judged_once_and_then_only_reopened(desks: Desks) -> None:
    link = suggested(desks)
    accept_link(desks.manager, link.id)

    for move in (LinkMove.ACCEPT, LinkMove.REJECT):
        (done,) = judge_links(desks.manager, [link.id], move, "理由")
        assert done.refusal is not None
        assert done.refusal.code == "state.cannot_move"
    assert row_of(desks.manager, ShopLink, link.id).state is LinkState.ACCEPTED


def test_a_judgement_is_recorded_and_taken_back(desks: Desks) -> None:
    link = suggested(desks)
    accept_link(desks.manager, link.id, "客服确认同一人")
    with desks.manager.begin(Permission.SHOP_READ) as work:
        (deed,) = [one for one in history(work, link) if one.deed == "link.accepted"]

    reopen_link(desks.manager, link.id, "误判")

    assert deed.facts["reason"] == "客服确认同一人"
    again = row_of(desks.manager, ShopLink, link.id)
    assert (again.state, again.judged_by) == (LinkState.SUGGESTED, None)


def test_rejecting_needs_a_reason_and_a_version_guards_against_haste(desks: Desks) -> None:
    link = suggested(desks)

    with pytest.raises(Invalid):
        reject_link(desks.manager, link.id, "  ")
    with pytest.raises(Conflict):
        accept_link(desks.manager, link.id, version=link.version + 1)


def test_of_many_links_one_that_is_refused_stops_none(desks: Desks) -> None:
    link = suggested(desks)

    done = judge_links(desks.manager, [link.id, UUID(int=7)], LinkMove.ACCEPT)

    assert [one.refusal is None for one in done] == [True, False]


def test_whoever_may_not_judge_links_does_not(desks: Desks) -> None:
    link = suggested(desks)

    with pytest.raises(NotAllowed):
        accept_link(desks.auditor, link.id)


def test_a_cluster_tells_its_shops_links_and_what_people_said(desks: Desks) -> None:
    link = suggested(desks)

    (cluster,) = list_clusters(desks.manager)
    assert (cluster.size, cluster.is_accepted) == (2, False)
    assert list_clusters(desks.manager, accepted=True) == []
    accept_link(desks.manager, link.id)
    (cluster,) = list_clusters(desks.manager, accepted=True)
    assert cluster.is_accepted
    assert {shop.id for shop in cluster_of(desks.manager, link.other_id).shops} == {
        link.one_id, link.other_id,
    }  # fmt: skip
    assert len(list_links(desks.manager, shop_id=link.one_id).rows) == 1


def test_other_organisations_know_of_no_link(desks: Desks) -> None:
    suggested(desks)

    assert list_links(desks.other_manager).rows == []
    assert list_clusters(desks.other_manager) == []
