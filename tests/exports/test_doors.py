"""Lists by the console's own routes: who asks, what comes, and what a refusal says to do."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from console.actions.audit import list_deeds
from console.actions.exports.asking import approve_export, ask_export
from console.actions.staff.people import choose_language
from console.actions.staff.sign_in import (
    _open_session,  # pyright: ignore[reportPrivateUsage]
)
from console.cli.base import choices
from console.cli.main import app
from console.desk import Desk
from console.web import files
from console.web.site import Site
from models.oversight.exports import ExportFormat
from models.refusals import NotAllowed
from tests.browser import Visitor, web_app
from tests.channel.stories import submitted
from tests.conftest import Desks
from tests.exports.rows import FREE, many_agents

AGENTS = "/files/lists/agents.csv"


@pytest.fixture
def visitor(desks: Desks) -> Visitor:
    site = Site.of(desks.house.house)
    return Visitor(web_app(site, files.routes(site)))


def as_(visitor: Visitor, desk: Desk | None) -> Visitor:
    visitor.cookies.clear()
    if desk is not None:
        assert desk.actor.id is not None
        token = _open_session(desk.house, desk.actor.id, "127.0.0.1", "test", None)
        visitor.cookies.set("channel", token, domain="127.0.0.1")
    return visitor


def test_a_list_comes_as_a_file_that_no_browser_opens(desks: Desks, visitor: Visitor) -> None:
    agent = submitted(desks.manager)

    answer = as_(visitor, desks.manager).get(f"{AGENTS}?q={quote(agent.name)}")

    assert answer.status_code == 200
    assert answer.content.startswith("\ufeff".encode())
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row[0] for row in rows[1:]] == [agent.agent_no]
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert answer.headers["cache-control"] == "no-store"
    book = visitor.get("/files/lists/agents.xlsx")
    assert book.content[:2] == b"PK"
    assert [one.deed for one in list_deeds(desks.audit, deed="export.").rows] == [
        "export.taken", "export.taken",
    ]  # fmt: skip


def test_headers_speak_the_readers_language(desks: Desks, visitor: Visitor) -> None:
    choose_language(desks.manager, "en")

    answer = as_(visitor, desks.manager).get(AGENTS)

    assert answer.content.decode("utf-8-sig").startswith('"Agent number"')


def test_a_stranger_gets_no_list_and_a_reader_no_list_beyond_their_rights(
    desks: Desks, visitor: Visitor
) -> None:
    assert as_(visitor, None).get(AGENTS, headers={"accept": "application/json"}).status_code == 401
    assert as_(visitor, desks.privacy).get(AGENTS).status_code == 403
    assert as_(visitor, desks.platform).get("/files/lists/stock.csv").status_code == 403
    assert as_(visitor, desks.manager).get("/files/lists/agents.exe").status_code == 404
    assert visitor.get("/files/lists/persons.csv").status_code == 404
    assert visitor.get(f"{AGENTS}?stat=active").status_code == 422
    assert visitor.get(f"{AGENTS}?q=%00").status_code == 422
    assert visitor.get(f"{AGENTS}?q={'x' * 3000}").status_code == 404


def test_too_many_rows_are_refused_with_what_to_do(desks: Desks, visitor: Visitor) -> None:
    many_agents(desks, FREE + 1)

    told = as_(visitor, desks.manager).get(AGENTS)
    narrowed = as_(visitor, desks.regulator).get(AGENTS)

    assert (told.status_code, narrowed.status_code) == (409, 409)
    assert "提出申请" in told.text
    assert "缩小筛选范围" in narrowed.text


def test_an_approved_list_is_handed_to_who_asked_and_once(desks: Desks, visitor: Visitor) -> None:
    many_agents(desks, FREE + 1)
    request = ask_export(desks.manager, "agents", "", ExportFormat.XLSX, "季度核对")
    address = f"/files/exports/{request.id}"
    assert as_(visitor, desks.manager).get(address).status_code == 409
    approve_export(desks.approver, request.id, request.version)

    assert as_(visitor, desks.other_manager).get(address).status_code == 404
    assert as_(visitor, desks.approver).get(address).status_code == 404
    given = as_(visitor, desks.manager).get(address)

    assert given.content[:2] == b"PK"
    assert visitor.get(address).status_code == 409
    assert visitor.get("/files/exports/none").status_code == 404


@pytest.fixture
def by_command(desks: Desks) -> Iterator[None]:
    choices().opened[:] = [desks.house.house]
    yield
    choices().opened.clear()
    choices().as_json, choices().login = False, None


@pytest.mark.usefixtures("by_command")
def test_a_list_is_taken_by_command_too_as_a_person_and_never_as_the_house(
    desks: Desks, tmp_path: Path
) -> None:
    agent = submitted(desks.manager)
    target = tmp_path / "agents.csv"

    app(["--as", "chen.ming", "export", "agents", str(target)], standalone_mode=False)
    with pytest.raises(NotAllowed) as no:
        app(["export", "agents", str(tmp_path / "more.csv")], standalone_mode=False)

    assert agent.agent_no in target.read_text("utf-8-sig")
    assert no.value.code == "export.people_only"
    (deed,) = list_deeds(desks.audit, deed="export.").rows
    assert (deed.actor_name, deed.door) == ("chen.ming", "cli")
