"""The first page, the two languages, and the pages about problems."""

import re
from string import Formatter

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from structlog.testing import capture_logs

from console.actions.staff.people import add_user
from console.desk import House
from console.i18n import Language, texts
from console.web.site import Published, Site
from models.refusals import Conflict, Invalid, NotAllowed, NotFound, Refusal
from tests.browser import Visitor, web_app
from tests.conftest import NOON, Desks

SECRET = "440106199001011234"
REFUSALS = [
    (NotAllowed("staff.not_allowed", actor="<b>x</b>", permission="y"), 403),
    (NotFound("staff.no_such_user", login="x"), 404),
    (Conflict("staff.code_taken", code="x"), 409),
    (Invalid("staff.bad_province", province="x"), 422),
]


@pytest.fixture
def visitor(house: House) -> Visitor:
    return Visitor(web_app(Site.of(house)))


def refusing(house: House, error: Exception) -> Visitor:
    def fail(_request: Request) -> Response:
        raise error

    return Visitor(web_app(Site.of(house), [Route("/fail", fail), Route("/api/v1/fail", fail)]))


def test_a_visitor_looks_up_an_agent_a_badge_and_a_shop(visitor: Visitor) -> None:
    page = visitor.get("/").text
    for form in ('action="/agents" method="get"', 'action="/badge"', 'action="/lookup"'):
        assert form in page
    for name in ("q", "text", "platform", "shop"):
        assert f'name="{name}"' in page
    assert 'href="/signin"' in page
    assert "尚未公布名单" in page


def test_the_newest_list_is_on_the_first_page(house: House, desks: Desks) -> None:
    del desks
    newest = Published("中国电信<广东>", "2026-3", NOON, 1284, "/register/manifest.json")
    page = Visitor(web_app(Site.of(house, newest_list=lambda: newest))).get("/").text

    assert "中国电信&lt;广东&gt;" in page
    assert "2026-03-02" in page
    assert "1284" in page
    assert '<option value="lanhai">蓝海商城</option>' in page


def test_pages_hold_nothing_inline_and_nothing_from_elsewhere(visitor: Visitor) -> None:
    for path in ("/", "/signin", "/signout", "/nowhere"):
        page = visitor.get(path).text
        assert not re.search(r"<style|\sstyle=|<script|\son[a-z]+=", page)
        assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", page)


def test_each_language_says_so(visitor: Visitor) -> None:
    for accept, lang, words in (("zh-CN,en", "zh-CN", "登录"), ("en-GB", "en", "Sign in")):
        for path in ("/", "/signin", "/signout", "/nowhere"):
            page = visitor.get(path, headers={"accept-language": accept}).text
            assert f'<html lang="{lang}">' in page
            assert words in page


def test_both_languages_have_the_same_texts_and_blanks() -> None:
    def blanks(language: Language) -> dict[str, set[str]]:
        return {
            key: {name for _, name, _, _ in Formatter().parse(text) if name}
            for key, text in texts(language).items()
            if key.startswith("web.")
        }

    assert blanks(Language.ZH) == blanks(Language.EN)


def test_a_visitor_chooses_a_language(visitor: Visitor) -> None:
    answer = visitor.get("/language/en?next=%2Fagents%3Fq%3Dx")
    assert (answer.status_code, answer.headers["location"]) == (303, "/agents?q=x")
    assert '<html lang="en">' in visitor.get("/", headers={"accept-language": "zh"}).text
    assert visitor.get("/language/zh?next=//evil.example").headers["location"] == "/"
    assert visitor.get("/language/xx").status_code == 404


def test_a_person_keeps_their_language_in_the_account(desks: Desks, visitor: Visitor) -> None:
    add_user(desks.admin, organisation="CT-44", login="he", name="何", password="a long password")
    visitor.sign_in("he", "a long password")
    assert '<html lang="zh-CN">' in visitor.get("/", headers={"accept-language": "en"}).text
    visitor.get("/language/en", headers={"sec-fetch-site": "cross-site"})
    assert '<html lang="zh-CN">' in visitor.get("/").text

    visitor.get("/language/en", headers={"sec-fetch-site": "same-origin"})
    visitor.cookies.delete("lang", "127.0.0.1", "/")
    page = visitor.get("/").text
    assert '<html lang="en">' in page
    assert 'href="/console/"' in page


def test_assets_may_be_kept_for_ever(visitor: Visitor) -> None:
    found = re.search(r'href="(/assets/site\.[0-9a-f]{12}\.css)"', visitor.get("/").text)
    assert found is not None
    sheet = visitor.get(found[1])
    assert sheet.headers["content-type"].startswith("text/css")
    assert sheet.headers["cache-control"] == "public, max-age=31536000, immutable"
    for name in ("site.css", "site.000000000000.css", "..%2fsite.py"):
        assert visitor.get(f"/assets/{name}").status_code == 404


@pytest.mark.parametrize(("no", "status"), REFUSALS)
def test_a_refusal_is_a_page_for_people_and_facts_for_programs(
    house: House, no: Refusal, status: int
) -> None:
    visitor = refusing(house, no)
    page = visitor.get("/fail")
    assert page.status_code == status
    assert 'class="card problem"' in page.text
    assert "<b>" not in page.text

    for path, accept in (("/fail", "application/json"), ("/api/v1/fail", "*/*")):
        answer = visitor.get(path, headers={"accept": accept, "accept-language": "en"})
        body = answer.json()
        assert answer.status_code == status
        assert (body["code"], body["facts"]) == (no.code, no.facts)
        assert body["message"] == texts(Language.EN)[no.code].format(**no.facts)


def test_an_unknown_page_is_ours(visitor: Visitor) -> None:
    page = visitor.get("/nowhere")
    assert page.status_code == 404
    assert "找不到这个页面" in page.text
    body = visitor.get("/nowhere", headers={"accept": "application/json"}).json()
    assert body["code"] == "http.not_found"
    assert visitor.ask("DELETE", "/signin").status_code == 405


def test_a_fault_shows_a_number_and_no_trace(house: House) -> None:
    visitor = refusing(house, RuntimeError(SECRET))
    with capture_logs() as logs:
        page = visitor.get("/fail")
        body = visitor.get("/api/v1/fail").json()

    assert page.status_code == 500
    for shown in (page.text, str(body), str(logs)):
        assert SECRET not in shown
    assert "Traceback" not in page.text
    assert "RuntimeError" not in page.text
    (first, second) = logs
    assert first["fault"] in page.text
    assert body["facts"] == {"fault": second["fault"]}
    assert (first["kind"], first["path"]) == ("RuntimeError", "/fail")
    assert first["at"][-1].endswith(" fail")
