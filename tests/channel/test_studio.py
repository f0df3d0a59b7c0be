"""The badge studio on the pages: what a badge looks like, what it lacks, where to get it."""

import pytest

from console.actions.channel.badges import list_badges, mark_copied
from console.actions.channel.logos import put_logo
from console.actions.staff.people import list_organisations
from console.desk import House
from console.i18n import Language, texts
from models.channel.agents import Agent
from models.permissions import Permission
from tests.channel.stories import licensed
from tests.channel.test_embed import of_site
from tests.channel.test_pictures import logo
from tests.conftest import Desks
from tests.pages import Console, checked, errors, press, shown

ZH, EN = texts(Language.ZH), texts(Language.EN)
FIELDS = ("carrier", "logo", "agent", "agent_no", "scope", "qr")


@pytest.fixture
def console(house: House, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(house, monkeypatch)


def the_badge(desks: Desks) -> str:
    return str(list_badges(desks.manager).rows[0].id)


def links(at: object) -> list[str]:
    return [str(one.proto.url) for one in at.get("link_button")]  # type: ignore[attr-defined]


@pytest.mark.requirement("004-3.1-f")
def test_the_six_fields_are_checked_off(console: Console, desks: Desks) -> None:
    licensed(desks)
    at = console.open("badges", desks.manager, id=the_badge(desks))
    words = shown(at)
    assert f":red[:material/cancel:] {ZH['studio.field_logo']}" in words
    assert ZH["studio.draft"] in words
    assert not [link for link in links(at) if link.startswith("/files/badges/")]

    put_logo(desks.manager, "CT-44", logo())
    at = console.open("badges", desks.manager, id=the_badge(desks))
    words = shown(at)
    for field in FIELDS:
        assert f":green[:material/check_circle:] {ZH[f'studio.field_{field}']}" in words
    assert len([link for link in links(at) if "style=card&language=zh" in link]) == 3
    assert ZH["studio.letters_whole"] in words


def test_the_code_alone_needs_no_logo(console: Console, desks: Desks) -> None:
    licensed(desks)
    at = console.open("badges", desks.manager, id=the_badge(desks))
    at.segmented_control("studio:style").set_value("qr").run()
    assert len([link for link in links(at) if "style=qr" in link]) == 3


def test_an_own_site_gets_its_snippet(console: Console, desks: Desks) -> None:
    _, badge = of_site(desks)
    words = shown(console.open("badges", desks.manager, id=str(badge.id)))
    assert f"/embed/{badge.badge_id}" in words
    assert "<iframe" in words
    assert "longteng" in words


def test_a_letter_that_is_not_in_the_font_is_named(
    console: Console, desks: Desks, house: House
) -> None:
    agent, _, _ = licensed(desks)
    put_logo(desks.manager, "CT-44", logo())
    with house.desk().begin(Permission.AGENT_EDIT) as work:
        row = work.get(Agent, agent.id)
        row.name = "深圳市𠮷祥通信有限公司"
        work.record("agent.edited", row)
    at = console.open("badges", desks.manager, id=the_badge(desks))
    (said,) = errors(at)
    assert "𠮷" in said
    assert ZH["badge_card.agent"] in said


def test_a_fallen_badge_is_shown_and_not_handed_out(console: Console, desks: Desks) -> None:
    licensed(desks)
    put_logo(desks.manager, "CT-44", logo())
    badge = list_badges(desks.manager).rows[0]
    mark_copied(desks.manager, badge.id, seen_at="https://lanhai.example/shop/666")
    at = console.open("badges", desks.manager, id=str(badge.id))
    assert not [link for link in links(at) if "/files/badges/" in link]


def test_the_studio_speaks_english(console: Console, desks: Desks) -> None:
    licensed(desks)
    at = console.open("badges", desks.regulator, language="en", id=the_badge(desks))
    assert EN["studio.fields"] in shown(at)


def test_a_manager_puts_the_logo_in_use_on_the_page(console: Console, desks: Desks) -> None:
    licensed(desks)
    at = console.open("badges", desks.manager)
    assert at.button("studio:logo:sure").disabled
    at = checked(at.file_uploader[0].upload("logo.png", logo(), "image/png").run())
    press(at, "studio:logo:sure")
    (row,) = [one for one in list_organisations(desks.manager) if one.code == "CT-44"]
    assert row.logo is not None

    at = console.open("badges", desks.manager)
    at = checked(at.file_uploader[0].upload("logo.png", b"GIF89a", "image/png").run())
    assert errors(press(at, "studio:logo:sure")) == [ZH["pictures.logo_unreadable"]]
    for reader in (desks.approver, desks.platform, desks.regulator):
        assert not console.open("badges", reader).file_uploader
