"""Sources: a mapping is tried before it is saved, and its keys are never shown again."""

import pytest

from console.actions.patrol.plan import plan_run
from console.actions.patrol.sources import (
    disable_source,
    edit_source,
    enable_source,
    get_source,
    list_sources,
    opened_secrets,
    preview_source,
    save_source,
    source_and_history,
    source_named,
)
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from tests.conftest import Desks
from tests.patrol.walks import mapping, shop_open, walked, walking
from tests.shops import KEY, open_shop, rest_shop


def test_a_preview_shows_the_first_listings_and_where_each_field_came_from(desks: Desks) -> None:
    with shop_open() as stand:
        shown = preview_source(walking(desks.manager), mapping(stand))

    assert len(shown.listings) == 5
    assert shown.faults == ()
    assert shown.listings[0].title.startswith("大流量卡")
    assert "table=店铺编号" in shown.listings[0].sources["shop_id"]
    assert shown.empty["price"] == 0
    assert list_sources(desks.manager).rows == []


def test_a_preview_of_a_private_address_is_refused_by_the_guard(desks: Desks) -> None:
    with shop_open() as stand:
        shown = preview_source(desks.manager, mapping(stand))

    assert [fault.reason.word for fault in shown.faults] == ["address"]
    assert stand.calls == []


def test_keys_are_sealed_and_kept_through_an_edit(desks: Desks) -> None:
    with open_shop(rest_shop) as stand:
        text = mapping(stand, "rest")
        with pytest.raises(Invalid) as no:
            save_source(desks.manager, "接口", text)
        assert no.value.code == "source.secret_unknown"
        source = save_source(desks.manager, "接口", text, {"rest": KEY})
        edited = edit_source(desks.manager, source.id, text.replace("# A", "# The"), name="新名")
        shown = preview_source(walking(desks.manager), text, source_id=source.id)

    assert (edited.name, edited.version) == ("新名", 2)
    assert set(edited.secrets) == {"rest"}
    assert KEY not in edited.secrets["rest"]
    assert opened_secrets(desks.manager, edited) == {"rest": KEY}
    assert len(shown.listings) == 5
    _, deeds = source_and_history(desks.manager, source.id)
    assert all(KEY not in str(deed.facts) for deed in deeds)


@pytest.mark.parametrize(
    ("secrets", "code"),
    [
        ({"rest": KEY, "other": "x"}, "patrol.secret_not_named"),
        ({"rest": "a\nb"}, "patrol.secret_unusable"),
        ({"rest": "x" * 2001}, "patrol.secret_unusable"),
    ],
)
def test_a_key_that_cannot_be_used_is_refused(
    desks: Desks, secrets: dict[str, str], code: str
) -> None:
    with open_shop(rest_shop) as stand, pytest.raises(Invalid) as no:
        save_source(desks.manager, "接口", mapping(stand, "rest"), secrets)

    assert no.value.code == code


def test_names_are_one_of_a_kind_and_not_empty(desks: Desks) -> None:
    with shop_open() as stand:
        text = mapping(stand)
    save_source(desks.manager, " 蓝海  一号 ", text)
    assert source_named(desks.manager, "蓝海 一号").platform == "lanhai"
    with pytest.raises(Conflict) as no:
        save_source(desks.manager, "蓝海 一号", text)
    assert no.value.code == "patrol.name_taken"
    save_source(desks.other_manager, "蓝海 一号", text)
    with pytest.raises(Invalid):
        save_source(desks.manager, "", text)


def test_a_bad_mapping_is_refused_by_key(desks: Desks) -> None:
    with shop_open() as stand:
        text = mapping(stand)
    with pytest.raises(Invalid) as no:
        save_source(desks.manager, "一", text.replace("items =", "item ="))
    assert no.value.facts["key"] == "list.item"
    with pytest.raises(Invalid):
        save_source(desks.manager, "一", text.replace('"lanhai"', '"lan.hai"'))


def test_a_platform_patrols_its_own_shops_alone(desks: Desks) -> None:
    with shop_open() as stand:
        text = mapping(stand)
    save_source(desks.platform, "自查", text)
    with pytest.raises(NotAllowed) as no:
        save_source(desks.other_platform, "自查", text)
    assert no.value.code == "patrol.not_your_platform"


def test_a_source_that_is_taken_out_of_use_is_not_walked(desks: Desks) -> None:
    with shop_open() as stand:
        source = save_source(desks.manager, "一", mapping(stand))
        disable_source(desks.manager, source.id, "平台改版")
        with pytest.raises(Conflict):
            plan_run(desks.manager, source.id)
        enable_source(desks.manager, source.id)
        assert walked(desks.manager, plan_run(desks.manager, source.id)).listings == 7


def test_an_edit_on_an_old_screen_is_refused(desks: Desks) -> None:
    with shop_open() as stand:
        text = mapping(stand)
    source = save_source(desks.manager, "一", text)
    edit_source(desks.manager, source.id, text, version=1)
    with pytest.raises(Conflict):
        edit_source(desks.manager, source.id, text, version=1)


def test_sources_are_their_organisations_own(desks: Desks) -> None:
    with shop_open() as stand:
        source = save_source(desks.manager, "一", mapping(stand))

    assert get_source(desks.approver, source.id).name == "一"
    for desk in (desks.other_manager, desks.platform, desks.regulator):
        with pytest.raises(NotFound):
            get_source(desk, source.id)
    for desk in (desks.approver, desks.regulator):
        with pytest.raises(NotAllowed):
            disable_source(desk, source.id, "x")
        with pytest.raises(NotAllowed):
            preview_source(desk, source.mapping)
