"""The public form: anybody reports without a sign-in, and asks by number and code how it stands."""

import re
from collections.abc import Mapping

import httpx
import pytest
from sqlmodel import select

from console.actions.brought import LARGEST
from console.actions.cases.complaints.handling import accept_complaint, answer_complaint
from console.actions.cases.complaints.lists import list_complaints

# BL
from console.desk import House
from console.web.complaints import LARGEST_BODY
from models.cases.complaints import Complaint, ComplaintKind, Fault
from models.permissions import Permission
from tests.browser import Visitor
from tests.channel.stories import licensed
from tests.conftest import Clock, Desks
from tests.public.doors import visitor_of

PNG = b"\x89PNG\r\n\x1a\n" + b"nothing"
FIELDS = {"kind": "unlicensed_shop", "text": "这家店没有委托还在卖电话卡", "province": "44"}
SITE = {"sec-fetch-site": "same-origin", "origin": "http://127.0.0.1:8501"}


def send(
    visitor: Visitor,
    fields: Mapping[str, str] = FIELDS,
    files: list[tuple[str, tuple[str, bytes, str]]] | None = None,
    **headers: str,
) -> httpx.Response:
    """The form as a browser sends it: with a part for a file even where none was chosen."""
    enclosed = files or [("files", ("", b"", "application/octet-stream"))]
    return visitor.post("/report", data=dict(fields), files=enclosed, headers=SITE | headers)


def kept(house: House) -> list[Complaint]:
    with house.desk().begin(Permission.COMPLAINT_READ) as work:
        return list(work.session.exec(select(Complaint).order_by("number")).all())


def told_once(page: httpx.Response) -> tuple[str, str]:
    """Number and code, as the answer shows them."""
    number = re.search(r"TS-\d{4}-\d{6}", page.text)
    code = re.search(r'number">([A-Z2-7-]{19})<', page.text)
    assert number
    assert code
    return number[0], code[1]


@pytest.mark.requirement("003-7.2-2", "001-4")
def test_anybody_reports_without_cookie_and_is_told_number_and_code_once(
    desks: Desks, house: House
) -> None:
    visitor = visitor_of(house)
    form = visitor.get("/report")
    assert form.status_code == 200
    assert form.headers["cache-control"] == "no-store"
    answer = send(visitor)
    number, code = told_once(answer)

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    assert "set-cookie" not in form.headers
    assert "<script" not in form.text
    assert "中国电信广东" in answer.text
    assert "2026-03-17" in answer.text
    (row,) = list_complaints(desks.manager).rows
    assert (row.number, row.kind) == (number, ComplaintKind.UNLICENSED_SHOP)
    assert code not in repr(row)


def test_how_it_stands_is_told_to_whoever_has_both(desks: Desks, house: House) -> None:
    visitor = visitor_of(house)
    number, code = told_once(send(visitor))
    (row,) = kept(house)
    ask = {"number": number, "code": code}
    first = visitor.post("/report/status", data=ask, headers=SITE)
    assert first.status_code == 200
    assert first.headers["cache-control"] == "no-store"
    assert "已收到" in first.text
    accept_complaint(desks.manager, row.id)
    words = "情况属实。<b>已</b>处理"
    answer_complaint(desks.manager, row.id, answer=words, fault=Fault.OWN)
    last = visitor.post("/report/status", data=ask, headers=SITE).text
    assert "情况属实。&lt;b&gt;已&lt;/b&gt;处理" in last
    for wrong in (ask | {"code": code[:-1]}, ask | {"number": "TS-2026-999999"}, {}, {"code": "x"}):
        no = visitor.post("/report/status", data={"number": "", **wrong}, headers=SITE)
        assert no.status_code == 404
        assert no.headers["cache-control"] == "no-store"
        assert "编号或查询码不对" in no.text


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_files_contact_and_masked_numbers(desks: Desks, house: House) -> None:
    fields = FIELDS | {"contact": "zhang@example.com", "text": "他要我的 11010519491231002X 办卡"}
    files = [("files", ("截图.png", PNG, "image/png")), ("files", ("a.pdf", b"%PDF-1.7", "x/y"))]
    page = send(visitor_of(house), fields, files)
    (row,) = kept(house)

    assert "1 个证件号码" in page.text
    assert [one["media_type"] for one in row.files] == ["image/png", "application/pdf"]
    assert row.contact_mask == "z***@example.com"
    assert "zhang@example.com" not in page.text
    assert row.text == "他要我的 110105********002X 办卡"
    assert row.organisation_id == desks.manager.actor.organisation_id


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_plain_form_without_files_is_taken_too(house: House, desks: Desks) -> None:
    del desks
    answer = visitor_of(house).post("/report", data=FIELDS, headers=SITE)
    assert answer.status_code == 200
    assert len(kept(house)) == 1


Files = list[tuple[str, tuple[str, bytes, str]]]
WRONG: dict[str, tuple[dict[str, str], Files]] = {
    "请把情况说清楚": (FIELDS | {"text": ""}, []),
    "请选择要反映的事情": (FIELDS | {"kind": "nonsense"}, []),
    "不能超过 4000 个字": (FIELDS | {"text": "长" * 4001}, []),
    "zz": (FIELDS | {"province": "zz"}, []),
    "请留空": (FIELDS | {"website": "http://bot.example"}, []),
    "a.png": (FIELDS, [("files", ("a.png", b"MZ nothing", "image/png"))]),
    "big.png": (FIELDS, [("files", ("big.png", PNG + bytes(LARGEST), "image/png"))]),
    "最多附 3 个文件": (FIELDS, [("files", (f"{n}.png", PNG, "x/y")) for n in range(4)]),
}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_is_not_in_order_is_said_and_nothing_typed_is_lost(
    desks: Desks, house: House, clock: Clock
) -> None:
    del desks
    visitor = visitor_of(house)
    for said, (fields, files) in WRONG.items():
        answer = send(visitor, {**fields, "shop": '"><img src=x onerror=1>'}, files)
        clock.pass_(hours=1)
        assert answer.status_code == 422
        assert said in answer.text
        assert "&#34;&gt;&lt;img src=x onerror=1&gt;" in answer.text
        assert "<img src=x" not in answer.text
    assert kept(house) == []


HOSTILE = {
    "nul": FIELDS | {"text": "店铺\0在卖卡\0\0\0", "shop": "\0"},
    "formula": FIELDS | {"text": '=HYPERLINK("http://e.example")', "shop": "@SUM(1)"},
    "markup": FIELDS | {"text": "<script>alert(1)</script>![x](//e.example)", "contact": "<b>"},
    "direction": FIELDS | {"text": "\u202e\u2066卖卡的店铺\u2069", "shop": "a\u0085b\u2028c"},
    "template": FIELDS | {"text": "{{ 7 * 7 }} {% raw %} ${x}", "shop": "%s%n%x"},
    "sql": FIELDS | {"text": "'; DROP TABLE complaints; --", "platform": "' OR 1=1"},
    "numbers": FIELDS | {"text": "CT-44-2026-000001-1 " * 150},
    "addresses": FIELDS | {"text": "http://a.example/ " * 200, "shop": "http://[::1"},
    "path": FIELDS | {"platform": "../../etc", "shop": "../" * 100},
    "form": FIELDS | {"form": "../../x", "unknown": "y"},
}  # fmt: skip


def test_whatever_is_typed_is_kept_as_words_and_shown_as_words(
    desks: Desks, house: House, clock: Clock
) -> None:
    licensed(desks)
    visitor = visitor_of(house)
    for name, fields in HOSTILE.items():
        answer = send(visitor, fields)
        clock.pass_(hours=2)
        assert answer.status_code == 200, name
        assert "<script>alert" not in answer.text
        number, code = told_once(answer)
        page = visitor.post("/report/status", data={"number": number, "code": code}, headers=SITE)
        assert page.status_code == 200, name
    rows = kept(house)
    assert len(rows) == len(HOSTILE)
    assert all("\0" not in f"{row.text}{row.shop}{row.platform}" for row in rows)


BODIES: dict[str, tuple[str, bytes, set[int]]] = {
    "no form": ("application/json", b"[" * 5000, {415}),
    "no boundary": ("multipart/form-data", b"x", {400}),
    "cut off": ("multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="a', {400, 422}),
    "another charset": ("multipart/form-data; boundary=b; charset=unicode_escape", b"--b--", {415}),
    "many fields": ("multipart/form-data; boundary=b", b"".join(
        b'--b\r\nContent-Disposition: form-data; name="f%d"\r\n\r\nx\r\n' % n for n in range(50)
    ) + b"--b--\r\n", {400}),
    "a huge field": ("multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\n' + b"x" * 200_000
        + b"\r\n--b--\r\n", {400}),
    "not utf-8": ("multipart/form-data; boundary=b",
        (b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\n\xff\xfe\xed\xa0\x80\r\n'
         b"--b--\r\n"), {422}),
    "many pairs": ("application/x-www-form-urlencoded", b"a=1&" * 2000, {400}),
    "a long form": ("application/x-www-form-urlencoded", b"text=" + b"x" * 70_000, {413}),
    "a file as a field": ("multipart/form-data; boundary=b",
        b'--b\r\nContent-Disposition: form-data; name="text"; filename="t"\r\n\r\nx\r\n--b--\r\n',
        {422}),
    "nested": ("multipart/form-data; boundary=b",
        (b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n"
         b"--b--\r\n"), {400, 422}),
}  # fmt: skip


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_body_that_is_no_such_form_is_refused(desks: Desks, house: House) -> None:
    del desks
    visitor = visitor_of(house)
    for name, (kind, body, statuses) in BODIES.items():
        answer = visitor.post("/report", content=body, headers={**SITE, "content-type": kind})
        assert answer.status_code in statuses, name
    assert kept(house) == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_body_past_the_limit_is_not_read(house: House) -> None:
    announced = {"content-length": str(LARGEST_BODY + 1), "content-type": "multipart/form-data"}
    assert visitor_of(house).post("/report", headers=SITE | announced).status_code == 413
    # BL2


ELSEWHERE = (
    {"origin": "https://elsewhere.example"},
    {"sec-fetch-site": "cross-site", "origin": "null"},
    {"sec-fetch-site": "same-site", "origin": "https://other.127.0.0.1:8501"},
)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_another_sites_page_sends_nothing(desks: Desks, house: House) -> None:
    del desks
    visitor = visitor_of(house)
    for path in ("/report", "/report/status"):
        for headers in ELSEWHERE:
            answer = visitor.post(path, data=FIELDS, headers=SITE | headers)
            assert answer.status_code == 403, (path, headers)
    assert kept(house) == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_nobody_sends_or_guesses_often(desks: Desks, house: House, clock: Clock) -> None:
    del desks
    visitor = visitor_of(house)
    statuses = [send(visitor).status_code for _ in range(7)]
    assert statuses == [200] * 5 + [429] * 2
    assert len(kept(house)) == 5
    clock.pass_(hours=1, seconds=1)
    assert send(visitor).status_code == 200
    ask = {"number": "TS-2026-000001", "code": "AAAA"}
    guesses = [visitor.post("/report/status", data=ask, headers=SITE) for _ in range(22)]
    assert [one.status_code for one in guesses] == [404] * 20 + [429] * 2
    assert guesses[-1].headers["retry-after"] == "3600"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_double_press_is_one_complaint_with_one_code(desks: Desks, house: House) -> None:
    del desks
    visitor = visitor_of(house)
    page = visitor.get("/report").text
    form = re.search(r'name="form" value="([^"]+)"', page)
    assert form
    fields = FIELDS | {"form": form[1]}
    assert told_once(send(visitor, fields)) == told_once(send(visitor, fields))
    assert len(kept(house)) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_form_is_reached_from_every_public_page_and_filled_in_by_a_badge(
    desks: Desks, house: House
) -> None:
    agent, _, _ = licensed(desks)
    visitor = visitor_of(house)
    for path in ("/", "/agents", f"/agents/{agent.agent_no}", "/b/1"):
        assert 'href="/report' in visitor.get(path).text, path
    filled = visitor.get(
        f"/report?kind=false_badge&agent={agent.agent_no}&contact=x%22%3E&shop=%3Cb%3E"
    )
    assert f"涉及的代理商编号：{agent.agent_no}" in filled.text
    assert '<option value="false_badge" selected>' in filled.text
    assert "&lt;b&gt;" in filled.text
    assert filled.headers["x-robots-tag"] == "noindex"
    english = visitor.get("/report", headers={"accept-language": "en"}).text
    assert "Complain or report" in english
    robots = visitor.get("/robots.txt").text
    assert "Disallow: /report/\n" in robots
