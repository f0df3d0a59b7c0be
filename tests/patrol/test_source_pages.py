"""The page of a source: a form for each kind, keys that are never shown, and what a trial says."""

import pytest

from console.actions.patrol.sources import list_sources, opened_secrets, save_source
from console.actions.patrol.templates import Answers, mapping_text
from console.desk import House
from integrations.marketplaces.mapping import source_from
from integrations.marketplaces.terms import TERMS, Kind
from tests.conftest import Clock, Desks
from tests.marketplaces import replay
from tests.marketplaces.asked import KEYS, text_of
from tests.marketplaces.replay import replayed
from tests.pages import Console, errors, grid, press, shown
from tests.patrol.walks import at_large
from tests.shops import KEY, jsonld_shop, open_shop


@pytest.fixture
def console(house: House, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(at_large(house), monkeypatch)


OPTIONS = {
    Kind.TAOBAO: {"adzone_id": "300", "sign_method": "md5"},
    Kind.PDD: {"pid": "1_2", "custom_parameters": '{"uid":"1"}'},
    Kind.EBAY: {"marketplace": "EBAY_US", "categories": "9394, 146492", "size": "50"},
}


@pytest.mark.parametrize("kind", sorted(TERMS))
def test_a_filled_form_is_a_mapping(kind: Kind) -> None:
    start = "" if kind in {Kind.EBAY, Kind.TAOBAO, Kind.JD, Kind.PDD} else "https://x.example/"
    words = ["流量卡", '“免实名" \\ 卡'] if TERMS[kind].searches else []
    text = mapping_text(Answers(kind, "", start, words, OPTIONS.get(kind, {}), "", 3, 900))
    mapped = source_from(text, file="x.toml")

    assert mapped.kind is kind
    assert list(mapped.queries) == words
    assert (mapped.plausible.least, mapped.plausible.most) == (3, 900)
    assert mapped.is_sample == TERMS[kind].is_sample


def test_a_site_is_tried_by_its_address_alone(console: Console, desks: Desks) -> None:
    with open_shop(jsonld_shop) as stand:
        at = console.open("sources", desks.manager, id="new:小店")
        at.selectbox(key="source:new:kind").set_value(Kind.SITE).run()
        at.text_input(key="source:new:site:start").set_value(f"{stand.url}/")
        at = press(at, "source:try")

    assert errors(at) == []
    assert "站点地图 · JSON-LD" in shown(at) or "JSON-LD · 站点地图" in shown(at)
    ways = grid(at, 1)
    assert "jsonld=offers.price" in str(ways)


def test_affiliates_are_said_to_be_a_sample_and_keys_are_password_fields(
    console: Console, desks: Desks
) -> None:
    at = console.open("sources", desks.manager, id="new:淘宝")
    at.selectbox(key="source:new:kind").set_value(Kind.TAOBAO).run()

    assert "样本" in shown(at)
    assert "推广位" in str([one.label for one in at.text_input])
    at = press(at, "source:save")
    assert "adzone" in errors(at)[0]
    at.text_input(key="source:new:taobao:adzone_id").set_value("300")
    secrets = [one for one in at.text_input if ":secret:" in str(one.key)]
    assert {one.label for one in secrets} == {"app_key *", "app_secret *", "session"}
    assert {one.proto.type for one in secrets} == {1}
    for one in secrets:
        if one.label != "session":
            one.set_value("k-made-up")
    press(at, "source:save")

    (source,) = list_sources(desks.manager).rows
    assert opened_secrets(desks.manager, source) == {
        "app_key": "k-made-up", "app_secret": "k-made-up",
    }  # fmt: skip


def test_keys_on_file_are_used_and_never_shown(
    console: Console, desks: Desks, clock: Clock
) -> None:
    with replayed(replay.taobao) as (stand, state):
        clock.at = replay.NOW
        keys = KEYS["taobao"]
        source = save_source(desks.manager, "淘宝", text_of("taobao", stand), keys)
        at = console.open("sources", desks.manager, id=str(source.id))
        assert [one.value for one in at.text_input if ":secret:" in str(one.key)] == ["", "", ""]
        at = press(at, f"source:{source.id}:1:try")

    assert state.signed == 3
    assert len(grid(at, 0)) == 5
    assert KEY not in shown(at)
    assert keys["app_secret"] not in str(at)
    assert "样本" in shown(at)


def test_a_list_says_what_is_a_sample(console: Console, desks: Desks) -> None:
    with replayed(replay.jd) as (stand, _):
        save_source(desks.manager, "京东", text_of("jd", stand), KEYS["jd"])
    at = console.open("sources", desks.manager)

    assert "京东（联盟） · 样本" in str(grid(at))
