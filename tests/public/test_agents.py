"""An agent on its public page, whatever became of it."""

import json
import re
import subprocess
import sys

import pytest

from console.actions.channel.licences import resume_licence, revoke_licence, suspend_licence
from console.actions.channel.log import seal_logs
from console.actions.channel.review import suspend_agent
from console.desk import House
from tests.channel import stories
from tests.conftest import Clock, Desks
from tests.public.doors import JSON, Public, visitor_of

REASON, REMEDY = "转委托", "十五日内向本公司申诉"
UNPUBLISHED = (
    "陈启明",
    "0755-2601",
    "legal_representative",
    "contact",
    "转委托",
    "申诉",
    "XY-2026",
)


def logged(index: int) -> dict[str, object]:
    log = "http://127.0.0.1:8501/log"
    return {
        "index": index,
        "entry": f"{log}/entries/{index}",
        "proof": f"{log}/proof.txt?index={index}",
    }


@pytest.mark.requirement("004-3.1-f")
def test_a_licensed_agent_is_shown_with_its_scope_and_shops(public: Public) -> None:
    page = public.page(f"/agents/{public.agent.agent_no}")
    assert page.status_code == 200
    for shown in (
        public.agent.name, public.agent.uscc, "中国电信广东", public.licence.number, "广东",
        "移动电话卡", "2026-03-01 至 2027-02-28", "蓝海商城", "龙腾专营店1001",
        'href="https://lanhai.example/shop/1001"', "有效", "批准授权",
    ):  # fmt: skip
        assert shown in page.text
    english = public.page(f"/agents/{public.agent.agent_no}", "en").text
    assert '<html lang="en">' in english
    assert "Guangdong" in english
    assert "2026-03-01 to 2027-02-28" in english


def test_a_program_gets_the_same_as_json(public: Public) -> None:
    seal_logs(public.desks.house)
    told = {
        one["kind"]: one["index"] for one in public.json("/register/changes?since=0")["changes"]
    }
    approved, issued = told["licence.approved"], told["badge.issued"]
    answer = public.visitor.get(f"/agents/{public.agent.agent_no}", headers=JSON)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.json() == {
        "agent_no": public.agent.agent_no,
        "name": public.agent.name,
        "uscc": public.agent.uscc,
        "status": "active",
        "carrier": "中国电信广东",
        "province": "44",
        "licences": [
            {
                "number": public.licence.number,
                "status": "active",
                "products": ["voice_card"],
                "provinces": ["44"],
                "from": "2026-03-01",
                "until": "2027-02-28",
            }
        ],
        "shops": [
            {
                "platform": "lanhai",
                "id": "1001",
                "name": "龙腾专营店1001",
                "url": "https://lanhai.example/shop/1001",
                "badge": "good",
                "log": logged(issued),
            }
        ],
        "events": [
            {
                "eventAction": "approved",
                "eventDate": "2026-03-02T04:00:00+00:00",
                "licence": public.licence.number,
                "log": logged(approved),
            }
        ],
        "links": [
            {
                "rel": "self",
                "href": f"http://127.0.0.1:8501/agents/{public.agent.agent_no}",
            }
        ],
    }


def test_a_number_never_given_is_404_and_says_so(public: Public) -> None:
    page = public.page("/agents/CT-44-2026-999999-9")
    assert page.status_code == 404
    assert "从未颁发" in page.text
    answer = public.visitor.get("/agents/x", headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (404, "public.agent_missing")


def test_an_applicant_without_a_licence_is_nobody_to_the_public(house: House, desks: Desks) -> None:
    agent = stories.admitted(desks)
    visitor = visitor_of(house)
    assert visitor.get(f"/agents/{agent.agent_no}").status_code == 404
    assert agent.name not in visitor.get("/agents?q=龙腾通信").text


@pytest.mark.requirement("004-3.3-e")
def test_a_revoked_agent_is_shown_as_revoked_for_ever_after(public: Public, clock: Clock) -> None:
    desks, number = public.desks, public.agent.agent_no
    clock.pass_(days=3)
    revoke_licence(desks.approver, public.licence.id, reason=REASON, remedy=REMEDY)
    assert public.json(f"/agents/{number}")["status"] == "active"
    revoke_licence(desks.house, public.licence.id, reason=REASON, remedy=REMEDY)
    clock.pass_(days=800)

    answer = public.visitor.get(f"/agents/{number}", headers=JSON)
    assert answer.status_code == 200
    assert answer.json()["status"] == "revoked"
    assert answer.json()["shops"] == []
    assert [one["eventAction"] for one in answer.json()["events"]] == ["revoked", "approved"]
    page = public.page(f"/agents/{number}").text
    assert "已取消" in page
    assert "application/ld+json" not in page


def test_what_another_process_writes_shows_in_the_very_next_answer(public: Public) -> None:
    path, url = f"/agents/{public.agent.agent_no}", public.desks.house.house.engine.url
    assert [public.json(path)["status"] for _ in range(2)] == ["active", "active"]
    word = "UPDATE licences SET state = 'revoked'"
    lines = f"""
from sqlalchemy import text
from console.database import WRITING, open_engine
engine = open_engine({url.render_as_string(hide_password=False)!r}).execution_options(
    **{{WRITING: True}}
)
with engine.begin() as connection:
    connection.execute(text({word!r}))
"""
    subprocess.run([sys.executable, "-c", lines], check=True)
    assert public.json(path)["status"] == "revoked"
    assert "已取消" in public.page(path).text


def test_a_suspended_agent_is_not_shown_as_licensed(public: Public, clock: Clock) -> None:
    suspend_licence(public.desks.manager, public.licence.id, reason=REASON, remedy=REMEDY)
    known = public.json(f"/agents/{public.agent.agent_no}")
    assert (known["status"], known["shops"][0]["badge"]) == ("suspended", "suspended")
    resume_licence(public.desks.approver, public.licence.id, proof="已整改")
    assert public.json(f"/agents/{public.agent.agent_no}")["status"] == "active"

    clock.pass_(hours=1)
    suspend_agent(public.desks.approver, public.agent.id, reason=REASON, remedy=REMEDY)
    known = public.json(f"/agents/{public.agent.agent_no}")
    assert known["status"] == "suspended"
    actions = [one["eventAction"] for one in known["events"]]
    assert actions == ["suspended", "resumed", "suspended", "approved"]


def test_what_is_not_published_is_nowhere(public: Public) -> None:
    suspend_licence(public.desks.manager, public.licence.id, reason=REASON, remedy=REMEDY)
    for path in (f"/agents/{public.agent.agent_no}", "/agents?q=龙腾", f"/b/{public.digits}"):
        for accept in ("text/html", "application/json"):
            shown = public.visitor.get(path, headers={"accept": accept}).text
            for secret in UNPUBLISHED:
                assert secret not in shown


def test_nobody_is_found_by_the_name_of_a_representative(public: Public) -> None:
    assert public.json("/agents?q=陈启明")["items"] == []
    assert public.json("/agents?q=龙腾")["items"][0]["agent_no"] == public.agent.agent_no


def test_a_search_finds_by_name_number_and_beginning_of_the_code(public: Public) -> None:
    for q in ("龙腾通信", public.agent.agent_no, public.agent.uscc[:10]):
        assert public.agent.agent_no in public.page(f"/agents?q={q}").text
    assert "没有查到“没有的公司”" in public.page("/agents?q=没有的公司").text
    assert "至少输入两个字" in public.page("/agents?q=龙").text
    assert public.visitor.get("/agents?q=龙腾&after=x", headers=JSON).status_code == 422


def test_a_long_list_goes_on_behind_the_last(house: House, desks: Desks) -> None:
    for serial in range(1, 23):
        stories.licensed(desks, serial, (str(1000 + serial),))
    visitor = visitor_of(house)
    first = visitor.get("/agents?q=龙腾", headers=JSON).json()
    rest = visitor.get(f"/agents?q=龙腾&after={first['next']}", headers=JSON).json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (20, 2, None)
    assert f"after={first['next']}" in visitor.get("/agents?q=龙腾").text


def test_a_name_full_of_markup_stays_a_name(house: House, desks: Desks) -> None:
    name = "<script>alert(1)</script>&龙腾"
    agent = stories.submitted(desks.manager, 1, name=name)
    stories.with_papers(desks.manager, agent)
    stories.review_agent(desks.approver, agent.id, passed=True)
    shop = stories.shop_of(desks.manager, agent, name='"><img src=x>')
    stories.approve_licence(desks.approver, stories.pending(desks, agent, shop).id)
    page = visitor_of(house).get(f"/agents/{agent.agent_no}").text
    assert "<script>alert" not in page
    assert "<img src=x>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&amp;龙腾" in page
    block = re.search(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert block is not None
    (permit,) = json.loads(block[1])
    assert permit["about"]["name"] == name
    assert (permit["@type"], permit["validFrom"], permit["validUntil"]) == (
        "Permit", "2026-03-01", "2027-02-28",
    )  # fmt: skip


def test_who_has_the_page_gets_it_again_only_when_it_changed(public: Public) -> None:
    path = f"/agents/{public.agent.agent_no}"
    for accept in ("text/html", "application/json"):
        asked = {"accept": accept}
        first = public.visitor.get(path, headers=asked)
        assert first.headers["cache-control"] == "public, max-age=60"
        assert "Accept" in first.headers["vary"]
        known = {**asked, "if-none-match": f'"x", W/{first.headers["etag"]}'}
        again = public.visitor.get(path, headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    suspend_licence(public.desks.manager, public.licence.id, reason=REASON, remedy=REMEDY)
    assert public.visitor.get(path, headers=known).status_code == 200


def test_a_page_for_somebody_signed_in_is_kept_by_nobody(public: Public) -> None:
    public.visitor.cookies.set("channel", "x" * 32, domain="127.0.0.1")
    page = public.page(f"/agents/{public.agent.agent_no}")
    assert "public" not in page.headers["cache-control"]
    assert public.agent.name in page.text
