"""The pages of licences and tellings, as each role works on them."""

import pytest

from console.actions.channel.licences import (
    draft_licence,
    licence_record,
    list_licences,
    suspend_licence,
)
from console.actions.channel.tellings import list_tellings
from console.actions.channel.versions import amend_scope
from console.desk import House
from console.i18n import Language, texts
from models.channel.licences import LicenceState
from tests.channel.stories import admitted, licensed, scope, shop_of, submitted
from tests.conftest import Clock, Desks
from tests.pages import Console, checked, errors, grid, move, moves, press, shown, tick

ZH = texts(Language.ZH)


@pytest.fixture
def console(house: House, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(house, monkeypatch)


def words_of(key: str) -> str:
    return ZH[key].split("{")[0]


@pytest.mark.parametrize("name", ["licences", "tellings"])
@pytest.mark.parametrize("language", list(Language))
def test_an_empty_list_says_what_to_do_next(
    console: Console, desks: Desks, name: str, language: Language
) -> None:
    for desk in (desks.manager, desks.platform, desks.regulator):
        at = console.open(name, desk, language=language)
        assert list(at.dataframe) == []
        assert texts(language)[f"{name}_page.none_next"] in shown(at)


@pytest.mark.parametrize("name", ["licences", "tellings"])
def test_a_filter_that_finds_nothing_says_so(console: Console, desks: Desks, name: str) -> None:
    _, licence, _ = licensed(desks)
    suspend_licence(desks.manager, licence.id, reason="未亮照", remedy="申诉")
    query = {"licences": {"state": "expired"}, "tellings": {"state": "acknowledged"}}[name]
    table = "licence_page" if name == "licences" else "tellings_page"
    assert ZH[f"{table}.none_found"] in shown(console.open(name, desks.manager, **query))


def test_a_draft_names_the_papers_that_are_missing(console: Console, desks: Desks) -> None:
    agent = submitted(desks.manager)
    draft = draft_licence(desks.manager, admitted(desks, 2).id, scope())
    assert agent.agent_no
    at = console.open("licences", desks.manager, id=str(draft.id))
    assert words_of("licence_page.missing") not in shown(at)


def test_a_manager_sees_what_a_change_would_change_before_asking_for_it(
    console: Console, desks: Desks
) -> None:
    _, licence, _ = licensed(desks)
    at = console.open("licences", desks.manager, id=str(licence.id))
    assert ZH["licence_page.no_changes"] in shown(at)
    (places,) = [
        one for one in at.multiselect if "amend" in str(one.key) and "prov" in str(one.key)
    ]
    at = checked(places.set_value(["44", "11"]).run())
    assert "增加 北京" in shown(at)
    (why,) = [one for one in at.text_area if "amend" in str(one.key)]
    why.set_value("扩大范围")
    press(at, "move:amend:")
    assert licence_record(desks.manager, licence.id).pending is not None

    at = console.open("licences", desks.manager, id=str(licence.id))
    assert "增加 北京" in shown(at)
    assert "approve_version" not in moves(at)
    assert "withdraw_version" in moves(at)
    at = console.open("licences", desks.approver, id=str(licence.id))
    assert {"approve_version", "return_version"} <= set(moves(at))
    move(at, "approve_version")
    record = licence_record(desks.manager, licence.id)
    assert record.licence.provinces == ["11", "44"]
    at = console.open("licences", desks.regulator, id=str(licence.id))
    assert moves(at) == []
    assert "增加 北京" in shown(at)  # the last two versions are compared to begin with


def test_an_approver_returns_a_change_with_a_reason(console: Console, desks: Desks) -> None:
    _, licence, (shop,) = licensed(desks)
    amend_scope(desks.manager, licence.id, scope(shop, provinces=["11"]), "扩大范围")
    at = console.open("licences", desks.approver, id=str(licence.id))
    move(at, "return_version", "材料不符")
    assert licence_record(desks.manager, licence.id).pending is None


def test_a_licence_that_runs_out_has_a_chip_and_is_renewed_from_the_list(
    console: Console, desks: Desks, clock: Clock
) -> None:
    _, licence, _ = licensed(desks)
    assert "renew" not in moves(console.open("licences", desks.manager, id=str(licence.id)))
    clock.pass_(days=340)
    at = console.open("licences", desks.manager, ends="30")
    (row,) = grid(at)
    assert ["剩 23 天"] in row
    assert grid(console.open("licences", desks.manager, province="44")) == [row]
    press(tick(at, 0), "bulk:renew")
    (draft,) = list_licences(desks.manager, state=LicenceState.DRAFT).rows
    assert draft.predecessor_id == licence.id
    at = console.open("licences", desks.manager, id=str(licence.id))
    assert "renew" not in moves(at)
    assert any(draft.number in str(one.label) or "续" in str(one.label) for one in at.button)


def test_one_scope_is_granted_to_several_from_the_page(console: Console, desks: Desks) -> None:
    agents = [admitted(desks, serial) for serial in (1, 2)]
    shop_of(desks.manager, agents[0], "1")  # the other has no shop
    at = console.open("licences", desks.manager)
    boxes = {str(one.key).rpartition(":")[2]: one for one in at.multiselect}
    boxes["provinces"].set_value(["44"])
    boxes["agents"].set_value([str(agent.id) for agent in agents])
    at = press(at, "licences:grant:sure")
    (licence,) = list_licences(desks.manager).rows
    assert licence.state is LicenceState.PENDING_APPROVAL
    assert len(at.warning) == 1


def test_a_platform_acknowledges_on_its_page_and_the_carrier_sees_it(
    console: Console, desks: Desks
) -> None:
    _, licence, _ = licensed(desks)
    suspend_licence(desks.manager, licence.id, reason="未亮照", remedy="申诉")
    (telling,) = list_tellings(desks.platform).rows
    (row,) = grid(console.open("tellings", desks.platform))
    assert ZH["telling_event.suspended"] in row
    for desk in (desks.manager, desks.regulator):
        at = console.open("tellings", desk, id=str(telling.id))
        assert (errors(at), moves(at)) == ([], [])
    move(console.open("tellings", desks.platform, id=str(telling.id)), "acknowledge")
    at = console.open("licences", desks.manager, id=str(licence.id))
    assert any(ZH["telling_event.suspended"] in str(row) for row in grid(at, 3))
    assert list_tellings(desks.platform).rows[0].acknowledged_at is not None


@pytest.mark.parametrize("language", list(Language))
def test_every_reader_opens_a_record_with_everything_on_it(
    console: Console, desks: Desks, language: Language
) -> None:
    agent, licence, (shop,) = licensed(desks)
    amend_scope(desks.manager, licence.id, scope(shop, provinces=["11"]), "扩大范围")
    for desk in (desks.manager, desks.approver, desks.platform, desks.regulator, desks.auditor):
        at = console.open("licences", desk, language=language, id=str(licence.id))
        assert errors(at) == []
        links = [one.proto.url for one in at.get("link_button")]
        assert f"/files/licences/{licence.number}.pdf" in links
    assert agent.agent_no
