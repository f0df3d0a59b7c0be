"""Complaints at the console and by API: the list, the record, the moves, the account's own day."""

import asyncio
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from console.actions.cases.complaints.handling import accept_complaint
from console.actions.cases.complaints.lists import complaint_record, list_complaints
from console.actions.cases.complaints.lodging import Enclosed, Lodged, Told, lodge
from console.actions.staff.people import add_client
from console.actions.today.feeds import my_feed
from console.actions.today.filters import (
    MOST_FILTERS,
    list_filters,
    plain_query,
    remove_filter,
    save_filter,
)
from console.desk import House
from console.web.api import complaints as api
from console.web.api.base import handle_errors
from models.cases.complaints import ComplaintKind, ComplaintState
from models.permissions import Role
from models.refusals import Conflict, Invalid, NotAllowed, NotFound
from tests.conftest import Desks
from tests.pages import Console, errors, grid, move, moves, press, shown

PDF = b"%PDF-1.7\n"


@pytest.fixture
def console(house: House, monkeypatch: pytest.MonkeyPatch) -> Console:
    return Console(house, monkeypatch)


def reported(house: House, words: str = "[x](http://e.example) 店里在卖卡") -> Lodged:
    told = Told(ComplaintKind.RESALE, words, "lanhai", "<b>九号店</b>", "44", "13800000000")
    return lodge(house, told, [Enclosed("证据.pdf", PDF)])


# Pages


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_list_says_what_to_do_while_it_is_empty(desks: Desks, console: Console) -> None:
    page = shown(console.open("complaints", desks.manager))
    assert "还没有投诉举报" in page
    assert "登记一件" in page
    english = shown(console.open("complaints", desks.regulator, language="en"))
    assert "No complaints yet" in english


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_list_is_filtered_and_the_record_opens(
    desks: Desks, house: House, console: Console
) -> None:
    lodged = reported(house, "CT-44 的店 http://lanhai.example/1")
    other = lodge(house, Told(ComplaintKind.OTHER, "另外一件事情", province="44"))
    page = console.open("complaints", desks.platform)
    assert [row[0] for row in grid(page)] == [lodged.number]
    mine = console.open("complaints", desks.manager, kind="other")
    assert [row[0] for row in grid(mine)] == [other.number]
    none = console.open("complaints", desks.manager, late="yes")
    assert "没有符合条件" in shown(none)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_record_shows_words_as_words_and_no_contact(
    desks: Desks, house: House, console: Console
) -> None:
    lodged = reported(house)
    record = console.open("complaints", desks.platform, id=str(lodged.id))
    page = shown(record)
    assert "\\[x\\]" in page
    assert "138\\*\\*\\*\\*0000" in page
    assert "13800000000" not in page
    assert moves(record) == ["accept", "link", "about_name", "pass_on"]
    done = move(record, "accept")
    assert errors(done) == []
    assert complaint_record(desks.platform, lodged.id).complaint.state is ComplaintState.ACCEPTED


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_handler_answers_and_looks_at_the_contact(
    desks: Desks, house: House, console: Console
) -> None:
    lodged = reported(house)
    accept_complaint(desks.platform, lodged.id)
    record = console.open("complaints", desks.platform, id=str(lodged.id))
    assert moves(record) == [
        "investigate", "reply", "contact_look", "link", "assign", "about_name",
    ]  # fmt: skip
    looked = move(record, "contact_look")
    assert "13800000000" in [one.value for one in looked.code]
    row = complaint_record(desks.platform, lodged.id)
    assert next(one.deed for one in row.deeds) == "complaint.contact_seen"
    (box,) = [one for one in looked.text_area if str(one.key).endswith(":answer")]
    box.set_value("店铺已关闭")
    (fault,) = [one for one in looked.radio if str(one.key).endswith(":fault")]
    fault.set_value("own")
    done = press(looked, "move:reply:")
    assert errors(done) == []
    assert complaint_record(desks.platform, lodged.id).complaint.answer == "店铺已关闭"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_it_is_passed_on_once_all_lines_of_the_form_are_written(
    desks: Desks, house: House, console: Console
) -> None:
    lodged = reported(house)
    page = console.open("complaints", desks.platform, id=str(lodged.id))
    for line, words in (("to", "CT-44"), ("why", "是电信代理的店")):
        assert list_complaints(desks.manager).rows == []
        keys = [str(one.key) for one in page.text_input]
        (key,) = [key for key in keys if key.startswith("move:pass_on") and key.endswith(line)]
        page.text_input(key).set_value(words)
        page = press(page, "move:pass_on:")
        assert errors(page) == (["请填写完整。"] if line == "to" else [])
    assert [row.id for row in list_complaints(desks.manager).rows] == [lodged.id]
    assert "还没有投诉举报" in shown(page), "it is the carrier's now, and the list is what is left"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_who_only_reads_is_offered_no_move(desks: Desks, house: House, console: Console) -> None:
    lodged = lodge(house, Told(ComplaintKind.OTHER, "另外一件事情", province="44"))
    for reader in (desks.regulator, desks.auditor):
        assert moves(console.open("complaints", reader, id=str(lodged.id))) == []
    hidden = console.open("complaints", desks.other_manager, id=str(lodged.id))
    assert errors(hidden)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_account_makes_a_calendar_and_says_that_there_is_no_mail(
    desks: Desks, console: Console
) -> None:
    page = console.open("account", desks.manager)
    assert "没有配置邮件服务器" in shown(page)
    made = move(page, "feed_make")
    assert any("/calendar/" in one.value for one in made.code)
    assert my_feed(desks.manager)
    english = console.open("account", desks.manager, language="en")
    assert "Change the address" in shown(english)
    revoked = move(english, "feed_revoke")
    assert errors(revoked) == []
    assert my_feed(desks.manager) is None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_filters_in_sight_are_saved_and_come_back_at_one_press(
    desks: Desks, house: House, console: Console
) -> None:
    reported(house)
    page = console.open("complaints", desks.platform, kind="other", q="TS", id="")
    (name,) = [one for one in page.text_input if one.key == "saved:name"]
    name.set_value("其他类")
    kept = press(page, "saved:keep")
    assert errors(kept) == []
    (row,) = list_filters(desks.platform, "complaints")
    assert dict(pair.split("=") for pair in row.query.split("&")) == {"kind": "other", "q": "TS"}
    fresh = console.open("complaints", desks.platform)
    assert len(grid(fresh)) == 1
    back = press(fresh, f"saved:{row.id}")
    assert "没有符合条件" in shown(back)
    assert back.query_params["kind"] in ("other", ["other"])
    gone = press(back, f"saved:remove:{row.id}")
    assert errors(gone) == []
    assert list_filters(desks.platform, "complaints") == []


# Saved filters


def test_a_filter_is_ones_own_unless_it_is_shared(desks: Desks) -> None:
    own = save_filter(desks.manager, "cases", "超期", "?state=open&id=7&after=x&q=")
    shared = save_filter(desks.manager, "cases", "本月", "kind=resale", shared=True)
    assert own.query == "state=open"
    assert [one.name for one in list_filters(desks.manager, "cases")] == ["本月", "超期"]
    assert [one.name for one in list_filters(desks.approver, "cases")] == ["本月"]
    assert list_filters(desks.other_manager, "cases") == []
    assert list_filters(desks.manager, "agents") == []
    with pytest.raises(NotAllowed, match="not_yours"):
        remove_filter(desks.approver, shared.id)
    with pytest.raises(NotFound):
        remove_filter(desks.other_manager, shared.id)
    again = save_filter(desks.manager, "cases", " 本月 ", "kind=other")
    assert (again.id, again.query, again.organisation_id) == (shared.id, "kind=other", None)
    remove_filter(desks.manager, own.id)
    assert len(list_filters(desks.manager, "cases")) == 1


def test_what_is_no_filter_is_refused(desks: Desks) -> None:
    for name, query, code in (
        ("", "a=1", "name_needed"), ("x" * 81, "a=1", "name_needed"), ("a\x1bb", "a=1", "name"),
        ("n", "", "nothing_to_save"), ("n", "id=7", "nothing_to_save"),
        ("n", "a=" + "x" * 1001, "too_long"), ("n", "&".join(["a=1"] * 40), "too_long"),
        ("n", "a=%00", "too_long"), ("11010519491231002X", "a=1", "identity_number"),
    ):  # fmt: skip
        with pytest.raises(Invalid, match=code):
            save_filter(desks.manager, "cases", name, query)
    with pytest.raises(Invalid, match="no_such_page"):
        save_filter(desks.manager, "../cases", "n", "a=1")
    for number in range(MOST_FILTERS):
        save_filter(desks.manager, "cases", f"n{number}", "a=1")
    with pytest.raises(Conflict, match="too_many"):
        save_filter(desks.manager, "cases", "one more", "a=1")
    assert plain_query({"q": "a b&c"}) == "q=a+b%26c"


# By API


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_program_takes_one_down_and_answers_it(desks: Desks, house: House) -> None:
    app = FastAPI()
    app.state.house = house
    handle_errors(app)
    app.include_router(api.router)
    roles = [Role.CHANNEL_MANAGER]
    _, key = add_client(desks.security, organisation="CT-44", name="crm", roles=roles)
    base = {"Authorization": f"Bearer {key}"}

    async def ask(method: str, path: str, body: object = None) -> httpx.Response:
        headers = base | ({"Idempotency-Key": str(uuid4())} if method == "POST" else {})
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as http:
            return await http.request(method, path, json=body, headers=headers)

    def do(method: str, path: str, body: object = None) -> httpx.Response:
        return asyncio.run(ask(method, path, body))

    taken = {"kind": "re_registration", "text": "补登记后号码被停", "source": "ca",
             "source_number": "粤通诉1", "contact": "13800000000"}  # fmt: skip
    made = do("POST", "/complaints", taken).json()
    assert made["contact_mask"] == "138****0000"
    assert "13800000000" not in str(made)
    path = f"/complaints/{made['id']}"
    handler = {"handler_id": str(desks.manager.actor.id)}
    nobody = do("POST", f"{path}/accept", {})
    assert (nobody.status_code, nobody.json()["code"]) == (422, "complaint.handler_needed")
    assert do("POST", f"{path}/accept", handler).json()["state"] == "accepted"
    assert do("POST", f"{path}/assign", handler | {"reason": "改派"}).status_code == 200
    refused = do("POST", f"{path}/answer", {"answer": "已核查", "fault": "none"})
    assert (refused.status_code, refused.json()["code"]) == (403, "complaint.not_its_handler")
    rows = do("GET", "/complaints?state=accepted").json()["items"]
    assert [one["number"] for one in rows] == [made["number"]]
    figures = do("GET", "/complaints/figures?since=2026-03-01&until=2026-03-31").json()
    assert (figures["received"], figures["counted"]) == (1, 1)
    assert do("POST", "/complaints", taken | {"source": "public"}).status_code == 422
    assert do("GET", "/complaints/nonsense").status_code == 422
    assert len(list_complaints(desks.manager).rows) == 1
