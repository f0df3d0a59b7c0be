"""The channel's pages as each role sees them."""

from pathlib import Path

import pytest

from console.actions.channel.agents import add_agent, agent_record, list_agents
from console.actions.channel.badges import list_badges
from console.actions.channel.licences import list_licences, revoke_licence
from console.actions.channel.logos import put_logo
from console.actions.channel.publish import list_publications, prepare_publication, publish
from console.desk import Desk, House
from console.i18n import Language, texts
from models.channel.agents import AgentReason, AgentState
from models.channel.badges import BadgeState
from models.channel.licences import LicenceState
from models.channel.publications import PublicationState
from tests.channel.stories import (
    admitted,
    form,
    licensed,
    pending,
    shop_of,
    submitted,
    with_papers,
)
from tests.channel.test_pictures import logo
from tests.conftest import Desks
from tests.pages import Console, errors, grid, move, moves, press, shown, tick

NAMES = ("agents", "licences", "badges", "publications")
ZH = texts(Language.ZH)


@pytest.fixture
def console(house: House, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(house, monkeypatch)


def readers(desks: Desks) -> list[Desk]:
    return [
        desks.manager,
        desks.approver,
        desks.other_manager,
        desks.platform,
        desks.regulator,
        desks.auditor,
        desks.inspector,
    ]


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_list_says_what_to_do_next(console: Console, desks: Desks, name: str) -> None:
    at = console.open(name, desks.manager)
    assert list(at.dataframe) == []
    assert ZH[f"{name}_page.none"] in shown(at)


@pytest.mark.parametrize("name", NAMES)
def test_every_reader_opens_every_list_in_both_languages(
    console: Console, desks: Desks, name: str
) -> None:
    licensed(desks)
    publish(desks.approver, prepare_publication(desks.manager).id)
    for reader in readers(desks):
        at = console.open(name, reader)
        assert errors(at) == []
    english = console.open(name, desks.manager, language="en")
    assert english.title[0].value == texts(Language.EN)[f"{name}_page.title"]


def test_a_manager_adds_an_agent_and_hands_it_in(console: Console, desks: Desks) -> None:
    at = console.open("agents", desks.manager)
    inputs = {str(one.key).rpartition(":")[2]: one for one in at.text_input}
    inputs["name"].set_value("深圳市龙腾通信有限公司")
    inputs["uscc"].set_value("91110000600037341L")
    inputs["representative"].set_value("陈启明")
    (province,) = [one for one in at.selectbox if str(one.key).startswith("agents:add")]
    province.set_value("44")
    press(at, "agents:add:sure")

    (agent,) = list_agents(desks.manager).rows
    at = console.open("agents", desks.manager, id=str(agent.id))
    assert set(moves(at)) == {"submit", "edit", "add"}
    move(at, "submit")
    assert agent_record(desks.manager, agent.id).agent.state is AgentState.VERIFYING


def test_a_form_without_what_is_needed_says_so(console: Console, desks: Desks) -> None:
    at = press(console.open("agents", desks.manager), "agents:add:sure")
    assert errors(at) == [ZH["console.fill_in"]]
    assert list_agents(desks.manager).rows == []


def test_an_approver_decides_on_a_record(console: Console, desks: Desks) -> None:
    agent = submitted(desks.manager)
    with_papers(desks.manager, agent)
    assert "pass" not in moves(console.open("agents", desks.manager, id=str(agent.id)))

    at = console.open("agents", desks.approver, id=str(agent.id))
    assert {"pass", "refuse", "blacklist"} <= set(moves(at))
    move(at, "pass")
    assert agent_record(desks.manager, agent.id).agent.state is AgentState.ELIGIBLE


def test_an_approver_sends_an_application_back_with_reasons(console: Console, desks: Desks) -> None:
    agent = submitted(desks.manager)
    at = console.open("agents", desks.approver, id=str(agent.id))
    (box,) = [one for one in at.multiselect if str(one.key).startswith("move:refuse:")]
    box.set_value([AgentReason.OTHER.value])
    move(at, "refuse")

    assert agent_record(desks.manager, agent.id).agent.state is AgentState.NEEDS_CORRECTION
    at = console.open("agents", desks.manager, id=str(agent.id))
    assert ZH["agent_reason.other"] in shown(at)


def test_an_approver_passes_several_and_reads_why_one_was_refused(
    console: Console, desks: Desks
) -> None:
    with_papers(desks.manager, submitted(desks.manager, 1))
    lame = submitted(desks.manager, 2)
    at = tick(console.open("agents", desks.approver), 0, 1)
    at = press(at, "bulk:pass")

    states = {row.serial: row.state for row in list_agents(desks.manager).rows}
    assert states == {1: AgentState.ELIGIBLE, 2: AgentState.VERIFYING}
    assert lame.agent_no.replace("-", "\\-") in shown(at)


def test_a_list_is_searched_and_filtered_by_its_address(console: Console, desks: Desks) -> None:
    add_agent(desks.manager, form(1))
    add_agent(desks.manager, form(2, name="广州市远航信息有限公司"))
    assert len(grid(console.open("agents", desks.manager))) == 2
    (row,) = grid(console.open("agents", desks.manager, q="远航"))
    assert "广州市远航信息有限公司" in row
    assert ZH["agents_page.none_found"] in shown(console.open("agents", desks.manager, q="无此"))


def test_a_reader_sees_a_record_without_a_single_move(console: Console, desks: Desks) -> None:
    agent, licence, _ = licensed(desks)
    badge = list_badges(desks.manager).rows[0]
    for reader in (desks.regulator, desks.platform, desks.auditor):
        for name, row_id in (("agents", agent.id), ("licences", licence.id), ("badges", badge.id)):
            at = console.open(name, reader, id=str(row_id))
            assert errors(at) == []
            assert moves(at) == []
    words = shown(console.open("agents", desks.regulator, id=str(agent.id)))
    assert "陈启明" not in words
    assert "2601" not in words


def test_another_carriers_record_is_not_found(console: Console, desks: Desks) -> None:
    agent, _, _ = licensed(desks)
    for row_id in (str(agent.id), "nonsense"):
        at = console.open("agents", desks.other_manager, id=row_id)
        assert errors(at) == [ZH["row.not_found"]]


def test_a_manager_drafts_a_licence_and_an_approver_approves_it(
    console: Console, desks: Desks
) -> None:
    agent = admitted(desks)
    shop_of(desks.manager, agent)
    at = console.open("agents", desks.manager, id=str(agent.id))
    (places,) = [one for one in at.multiselect if str(one.key).endswith(":provinces")]
    places.set_value(["44"])
    move(at, "draft_licence")
    (licence,) = list_licences(desks.manager).rows

    move(console.open("licences", desks.manager, id=str(licence.id)), "submit")
    move(console.open("licences", desks.approver, id=str(licence.id)), "approve")
    (licence,) = list_licences(desks.manager).rows
    assert licence.state is LicenceState.ACTIVE
    assert list_badges(desks.manager).rows[0].state is BadgeState.ISSUED


def test_an_approver_approves_what_is_ticked(console: Console, desks: Desks) -> None:
    agent = admitted(desks)
    pending(desks, agent, shop_of(desks.manager, agent))
    press(tick(console.open("licences", desks.approver), 0), "bulk:approve")
    assert list_licences(desks.manager).rows[0].state is LicenceState.ACTIVE


def test_whoever_asked_for_a_revocation_has_no_button_to_confirm_it(
    console: Console, desks: Desks
) -> None:
    _, licence, _ = licensed(desks)
    revoke_licence(desks.approver, licence.id, reason="转卖", remedy="申诉")
    found = moves(console.open("licences", desks.approver, id=str(licence.id)))
    assert "revoke" not in found
    assert "revoke_second" not in found
    assert "withdraw" in found


def test_a_badge_is_shown_with_its_code_and_pictures(console: Console, desks: Desks) -> None:
    licensed(desks)
    put_logo(desks.manager, "CT-44", logo())
    badge = list_badges(desks.manager).rows[0]
    at = console.open("badges", desks.manager, id=str(badge.id))
    links = " ".join(str(one.proto.url) for one in at.get("link_button"))
    assert f"/files/badges/{badge.badge_id}.svg?style=card" in links
    assert "/b/" in at.code[0].value


def test_a_scanned_code_is_judged_on_the_page(console: Console, desks: Desks) -> None:
    licensed(desks)
    badge = list_badges(desks.manager).rows[0]
    url = console.open("badges", desks.manager, id=str(badge.id)).code[0].value
    at = console.open("badge_check", desks.platform)
    at.text_area(key="check:code").set_value(url).run()
    at.selectbox(key="check:platform").set_value("lanhai")
    at.text_input(key="check:shop").set_value("666")
    assert ZH["verdict.wrong_shop"] in shown(press(at, "check:sure"))


def test_a_list_is_prepared_looked_at_and_published(console: Console, desks: Desks) -> None:
    _, licence, _ = licensed(desks)
    at = console.open("publications", desks.manager)
    (button,) = [one for one in at.button if one.label == ZH["publications_page.prepare"]]
    button.click().run()
    (edition,) = list_publications(desks.manager).rows

    at = console.open("publications", desks.manager, id=str(edition.id))
    assert licence.number in grid(at)[0]
    assert "publish" not in moves(at), "whoever prepared it does not approve it"
    at = console.open("publications", desks.approver, id=str(edition.id))
    move(at, "publish")
    assert list_publications(desks.manager).rows[0].state is PublicationState.PUBLISHED
    assert moves(console.open("publications", desks.regulator, id=str(edition.id))) == []


def test_every_page_file_is_short() -> None:
    for path in Path("console/pages").glob("*.py"):
        assert len(path.read_text("utf-8").splitlines()) < 400, path
