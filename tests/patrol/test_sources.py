"""Sources: a mapping is tried before it is saved, and its keys are never shown again."""

import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.actions.patrol.plan import plan_run
from console.actions.patrol.sources import (
    disable_source,
    edit_source,
    enable_source,
    get_source,
    is_sample,
    list_sources,
    opened_secrets,
    preview_source,
    save_source,
    source_and_history,
    source_named,
)
from console.desk import House
from models.patrol.findings import Finding
from models.patrol.runs import RunState
from models.patrol.shops import Shop
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from tests.conftest import Clock, Desks
from tests.marketplaces import replay
from tests.marketplaces.asked import KEYS, text_of
from tests.marketplaces.replay import Replay, replayed, wares
from tests.patrol.walks import mapping, planned, rows_of, shop_open, walked, walking
from tests.shops import KEY, Answer, Call, open_shop, rest_shop


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


# Keys go where they were given for


def test_keys_must_be_given_again_when_a_mapping_reaches_another_host(desks: Desks) -> None:
    with open_shop(rest_shop) as stand, open_shop(rest_shop) as other:
        text, moved = mapping(stand, "rest"), mapping(other, "rest")
        source = save_source(desks.manager, "接口", text, {"rest": KEY})
        for change in (
            moved,
            f'hosts = ["{other.url[7:]}"]\n{text}',
            text.replace("http:", "https:"),
        ):
            with pytest.raises(Invalid) as no:
                edit_source(desks.manager, source.id, change)
            assert no.value.code == "patrol.keys_again"
            assert no.value.facts["secrets"] == "rest"
            with pytest.raises(Invalid) as no:
                preview_source(walking(desks.manager), change, source_id=source.id)
            assert no.value.code == "patrol.keys_again"
        edited = edit_source(desks.manager, source.id, moved, {"rest": KEY})

    assert stand.calls == other.calls == []
    assert opened_secrets(desks.manager, edited) == {"rest": KEY}


def test_a_run_that_was_planned_for_another_host_gets_no_key(desks: Desks) -> None:
    with open_shop(rest_shop) as stand, open_shop(rest_shop) as other:
        source = save_source(desks.manager, "接口", mapping(stand, "rest"), {"rest": KEY})
        run = plan_run(desks.manager, source.id)
        edit_source(desks.manager, source.id, mapping(other, "rest"), {"rest": "another-key"})
        done = walked(desks.manager, run)

    assert done.state is RunState.FAILED
    assert done.faults[0]["word"] == "patrol.keys_again"
    assert stand.calls == other.calls == []


# Platforms with interfaces of their own


def test_a_connector_is_walked_in_a_run_and_its_pass_is_kept_nowhere(
    desks: Desks, clock: Clock
) -> None:
    with replayed(replay.ebay, Replay(wares(5))) as (stand, state):
        text = text_of("ebay", stand)
        clock.at = replay.NOW
        source = save_source(desks.manager, "易贝", text, KEYS["ebay"])
        run = walked(desks.manager, plan_run(desks.manager, source.id))

    assert (run.listings, state.tokens_given) == (5, 1)
    assert {one.shop_key for one in rows_of(desks.manager, Shop)} == {
        "shop:u-880", "shop:u-881", "shop:u-882",
    }  # fmt: skip
    kept = b"".join(_all_kept(desks.manager.house))
    assert b"7001" in kept
    for secret in (replay.TOKEN, replay.SECRET):
        assert secret.encode() not in kept


def test_what_was_signed_is_kept_without_what_opens_doors(desks: Desks, clock: Clock) -> None:
    with replayed(replay.taobao, Replay(wares(3))) as (stand, _):
        clock.at = replay.NOW
        keys = {**KEYS["taobao"], "session": replay.SESSION}
        source = save_source(desks.manager, "淘宝", text_of("taobao", stand), keys)
        run = walked(desks.manager, plan_run(desks.manager, source.id))
        sent = replay.fields_of(stand.calls[0])

    assert run.listings == 3
    assert is_sample(source)
    kept = b"".join(_all_kept(desks.manager.house))
    assert b"adzone_id=300" in kept
    for secret in (replay.SESSION, replay.SECRET, sent["sign"]):
        assert secret.encode() not in kept


def test_a_source_is_asked_no_oftener_in_a_day_than_it_allows(desks: Desks, clock: Clock) -> None:
    with shop_open() as stand:
        text = f"concurrency = 1\n{mapping(stand)}\n[limits]\ndaily = 4\n"
        source = save_source(desks.manager, "蓝海", text)
        first = walked(desks.manager, plan_run(desks.manager, source.id))
        second = walked(desks.manager, plan_run(desks.manager, source.id))
        assert len(stand.calls) == 4 + stand.asked.count("/robots.txt")
        clock.pass_(days=1)
        third = walked(desks.manager, plan_run(desks.manager, source.id))

    assert [one.faults[0]["word"] for one in (first, second, third)] == ["daily_limit"] * 3
    assert (first.listings, second.listings, third.listings) == (3, 0, 3)


def test_a_source_whose_pages_have_changed_makes_no_findings(desks: Desks) -> None:
    def changed(_call: Call, answer: Answer) -> Answer:
        if isinstance(answer.body, str) and "店铺" in answer.body:
            return Answer(answer.body.replace("店铺", "商家"), answer.status, answer.headers)
        return answer

    with shop_open(changed) as stand:
        run = walked(desks.manager, planned(desks.manager, stand))

    assert run.state is RunState.FAILED
    assert run.faults[-1]["word"] == "shape_changed"
    assert rows_of(desks.manager, Finding) == []


def _all_kept(house: House) -> Iterator[bytes]:
    """All files of the store, unpacked where they are packed."""
    for path in sorted(Path(house.settings.data).rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            yield content
            if content[:2] == b"\x1f\x8b":
                for part in content.split(b"\x1f\x8b\x08")[1:]:
                    yield zlib.decompressobj(47).decompress(b"\x1f\x8b\x08" + part)
