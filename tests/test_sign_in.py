"""Coming in and going out at the web door."""

import re
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import httpx
import pytest
from pyotp.totp import TOTP
from sqlmodel import select

from console.actions.staff.people import (
    add_user,
    disable_user,
    grant_role,
    new_code_secret,
    use_codes,
    withdraw_role,
)
from console.actions.staff.sign_in import (
    looked_at_by_door,
    sign_out,
    signed_in,
    signed_in_for_run,
)
from console.desk import House
from console.web.forms import local_path
from console.web.site import Site
from models.permissions import Permission, Role
from models.staff import LoginSession, User
from tests.browser import Visitor, form_of, set_cookies, web_app
from tests.conftest import Clock, Desks

PASSWORD = "correct horse battery"
NEW = "another long sentence"


@pytest.fixture
def user(desks: Desks) -> User:
    return add_user(
        desks.admin, organisation="CT-44", login="he.yan", name="何燕", password=PASSWORD
    )[0]


@pytest.fixture
def closed() -> list[UUID]:
    return []


@pytest.fixture
def visitor(house: House, closed: list[UUID]) -> Visitor:
    return Visitor(web_app(Site.of(house, close_sockets=closed.append)))


def token_of(visitor: Visitor) -> str | None:
    return visitor.cookies.get("channel")


def sessions(house: House) -> list[LoginSession]:
    with house.desk().begin(Permission.STAFF_READ) as work:
        return list(work.session.exec(select(LoginSession).order_by("opened_at")))


def test_a_run_has_the_rights_that_the_door_saw_and_the_next_run_those_of_its_own_time(
    house: House, desks: Desks, user: User, visitor: Visitor
) -> None:
    visitor.sign_in("he.yan", PASSWORD)
    token = str(token_of(visitor))
    grant_role(desks.security, user.id, Role.CHANNEL_MANAGER)
    seen = looked_at_by_door(house, token)
    assert seen is not None
    withdraw_role(desks.security, user.id, Role.CHANNEL_MANAGER)
    assert signed_in_for_run(house, token) == seen
    later = signed_in_for_run(house, token)
    assert later is not None
    assert Role.CHANNEL_MANAGER not in later.actor.roles
    sign_out(house, later.session_id)
    assert looked_at_by_door(house, token) is None
    assert signed_in_for_run(house, token) is None


def with_codes(house: House, visitor: Visitor) -> TOTP:
    """The account signs with one-time codes from now on."""
    visitor.sign_in("he.yan", PASSWORD)
    person = signed_in(house, token_of(visitor))
    assert person is not None
    secret = new_code_secret()
    codes = TOTP(secret)
    before = house.now() - timedelta(seconds=30)
    use_codes(house.desk(person.actor), secret, codes.at(before))
    visitor.cookies.clear()
    return codes


def test_a_right_password_opens_a_session_of_its_own(
    house: House, user: User, visitor: Visitor
) -> None:
    answer = visitor.sign_in("He.Yan ", PASSWORD, "/signin?next=%2Fconsole%2Fagents%3Fid%3D7")

    assert (answer.status_code, answer.headers["location"]) == (303, "/console/agents?id=7")
    assert set_cookies(answer) == {"channel": {"httponly", "path=/", "samesite=lax"}}
    person = signed_in(house, token_of(visitor))
    assert person is not None
    assert person.actor.id == user.id
    assert str(token_of(visitor)) not in repr(sessions(house))


def test_under_https_the_cookie_is_bound_to_the_host(house: House, user: User) -> None:
    del user
    settings = house.settings.model_copy(update={"public_url": "https://channel.example"})
    secure = replace(house, settings=type(house.settings)(**settings.model_dump()))
    visitor = Visitor(web_app(Site.of(secure)), base="https://channel.example")
    answer = visitor.sign_in("he.yan", PASSWORD)

    assert set_cookies(answer) == {
        "__Host-channel": {"httponly", "path=/", "samesite=lax", "secure"}
    }


def test_every_wrong_answer_sounds_the_same(user: User, desks: Desks, visitor: Visitor) -> None:
    def heard(login: str, password: str) -> tuple[int, str]:
        answer = visitor.sign_in(login, password)
        body = re.sub(r'value="[^"]*"', "", answer.text)
        return answer.status_code, body

    wrong = heard("he.yan", "wrong")
    assert wrong[0] == 401
    assert "账号、密码或动态口令" in wrong[1]
    assert heard("nobody", PASSWORD) == wrong
    assert heard("", "") == wrong
    disable_user(desks.admin, user.id)
    assert heard("he.yan", PASSWORD) == wrong
    assert token_of(visitor) is None


def test_after_five_failures_the_account_waits(user: User, visitor: Visitor, clock: Clock) -> None:
    del user
    seen = [visitor.sign_in("he.yan", "wrong").status_code for _ in range(5)]
    throttled = visitor.sign_in("he.yan", PASSWORD)

    assert seen == [401] * 5
    assert (throttled.status_code, throttled.headers["retry-after"]) == (429, "900")
    clock.pass_(minutes=16)
    assert visitor.sign_in("he.yan", PASSWORD).status_code == 303


def test_a_code_is_asked_in_a_second_step_and_counts_once(
    house: House, user: User, visitor: Visitor, clock: Clock
) -> None:
    del user
    codes = with_codes(house, visitor)
    clock.pass_(minutes=2)
    asked = visitor.sign_in("he.yan", PASSWORD, "/signin?next=/console/cases")
    assert asked.status_code == 200
    assert PASSWORD not in asked.text
    assert token_of(visitor) is None

    code = codes.at(clock.at)
    assert visitor.send_form(code="000000").status_code == 401
    let_in = visitor.send_form(code=f"{code[:3]} {code[3:]}")
    assert (let_in.status_code, let_in.headers["location"]) == (303, "/console/cases")

    other = Visitor(visitor.app)
    other.sign_in("he.yan", PASSWORD)
    assert other.send_form(code=code).status_code == 401
    assert token_of(other) is None


def test_a_password_waits_five_minutes_for_its_code_and_in_its_own_browser(
    house: House, user: User, visitor: Visitor, clock: Clock
) -> None:
    del user
    codes = with_codes(house, visitor)
    clock.pass_(minutes=2)
    pending = form_of(visitor.sign_in("he.yan", PASSWORD).text)[1]["pending"]

    thief = Visitor(visitor.app)
    thief.get("/signin")
    token = form_of(thief.open_page)[1]["form_token"]
    stolen = {"form_token": token, "pending": pending, "code": codes.at(clock.at)}
    assert thief.post("/signin", data=stolen).status_code == 403

    clock.pass_(minutes=6)
    assert visitor.send_form(code=codes.at(clock.at)).status_code == 403
    assert token_of(visitor) is None


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example/",
        "https:evil.example",
        "javascript:alert(1)",
        "/%2Fevil.example",
        "/%5Cevil.example",
        "%2F%2Fevil.example",
        "/%252Fevil.example",
        "/\t/evil.example",
        "/\r\nset-cookie: a=b",
        "evil.example",
        "/" + "a" * 3000,
    ],
)
def test_nobody_is_led_away_after_signing_in(path: str) -> None:
    assert local_path(path) == "/console/"


@pytest.mark.parametrize(
    "path", ["/console/agents?id=42", "/agents?q=%E5%B9%BF%E5%B7%9E", "/", "/console/?a=1#b"]
)
def test_a_deep_link_is_kept(path: str) -> None:
    assert local_path(path) == path


def test_a_forged_next_leads_to_the_console(user: User, visitor: Visitor) -> None:
    del user
    visitor.get("/signin")
    answer = visitor.send_form(login="he.yan", password=PASSWORD, next="//evil.example")
    assert answer.headers["location"] == "/console/"
    assert visitor.get("/signin?next=//evil.example").headers["location"] == "/console/"


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"origin": "https://evil.example"},
        {"origin": "http://localhost:9999"},
        {"origin": "null"},
        {"origin": "https://evil.example", "sec-fetch-site": "same-origin"},
    ],
)
def test_a_form_from_another_site_is_refused(
    user: User, visitor: Visitor, headers: dict[str, str]
) -> None:
    del user
    visitor.get("/signin")
    visitor.headers = headers
    assert visitor.send_form(login="he.yan", password=PASSWORD).status_code == 403
    assert token_of(visitor) is None


def test_a_form_needs_the_token_that_was_made_for_its_browser(user: User, visitor: Visitor) -> None:
    del user
    fields = {"login": "he.yan", "password": PASSWORD}
    other = Visitor(visitor.app)
    other.get("/signin")
    foreign = form_of(other.open_page)[1]["form_token"]

    assert visitor.post("/signin", data=fields).status_code == 403
    visitor.get("/signin")
    for token in ("", "x", "====", foreign, str(visitor.cookies.get("channel-form"))):
        assert visitor.post("/signin", data={**fields, "form_token": token}).status_code == 403
    assert token_of(visitor) is None


def test_an_own_origin_passes(user: User, visitor: Visitor) -> None:
    del user
    visitor.headers = {"origin": "http://127.0.0.1:8501", "sec-fetch-site": "same-origin"}
    assert visitor.sign_in("he.yan", PASSWORD).status_code == 303


def test_a_session_set_by_a_stranger_is_not_taken_over(
    house: House, user: User, visitor: Visitor, closed: list[UUID]
) -> None:
    del user
    visitor.cookies.set("channel", "planted", domain="127.0.0.1")
    visitor.sign_in("he.yan", PASSWORD)
    assert token_of(visitor) != "planted"
    assert signed_in(house, "planted") is None

    (before,) = sessions(house)
    _, fields = form_of(visitor.get("/signout").text)
    again = {**fields, "login": "he.yan", "password": PASSWORD}
    assert visitor.post("/signin", data=again).status_code == 303
    assert closed == [before.id]
    assert sum(each.ended_at is None for each in sessions(house)) == 1


def test_a_megabyte_of_password_is_refused_unread(user: User, visitor: Visitor) -> None:
    del user
    assert visitor.sign_in("he.yan", "x" * 1_100_000).status_code == 413
    assert visitor.sign_in("he.yan", "x" * 5_000_000).status_code == 413


def test_a_form_in_json_is_refused(visitor: Visitor) -> None:
    assert visitor.post("/signin", json={"login": "x"}).status_code == 415
    assert visitor.post("/signin", content="{}", headers={"content-type": "text/plain"}).is_error


def test_who_is_signed_in_goes_on(user: User, visitor: Visitor) -> None:
    del user
    visitor.sign_in("he.yan", PASSWORD)
    answer = visitor.get("/signin?next=/console/cases")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/cases")


def test_signing_out_ends_the_session_everywhere(
    house: House, user: User, visitor: Visitor, closed: list[UUID]
) -> None:
    del user
    visitor.sign_in("he.yan", PASSWORD)
    token = token_of(visitor)
    asked = visitor.get("/signout")
    assert asked.status_code == 200
    assert signed_in(house, token) is not None

    answer = visitor.send_form()
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert token_of(visitor) is None
    assert signed_in(house, token) is None
    assert closed == [session.id for session in sessions(house)]


def test_a_page_of_ours_may_sign_out_by_fetch(house: House, user: User, visitor: Visitor) -> None:
    del user
    visitor.sign_in("he.yan", PASSWORD)
    token = token_of(visitor)
    forged = {"x-channel": "1", "sec-fetch-site": "cross-site"}
    assert visitor.post("/signout", headers=forged).status_code == 403
    assert visitor.post("/signout").is_error
    assert signed_in(house, token) is not None

    own = {"x-channel": "1", "sec-fetch-site": "same-origin"}
    assert visitor.post("/signout", headers=own).status_code == 303
    assert signed_in(house, token) is None


def test_a_one_time_password_must_be_changed_first(desks: Desks, visitor: Visitor) -> None:
    _, given = add_user(desks.admin, organisation="CT-44", login="ma.li", name="马丽")
    assert given is not None
    answer = visitor.sign_in("ma.li", given, "/signin?next=/console/cases")
    place = answer.headers["location"]
    assert place == "/account/password?next=%2Fconsole%2Fcases"

    asked = visitor.get(place)
    assert "一次性密码" in asked.text
    assert visitor.send_form(old=given, new=NEW, repeat="else").status_code == 422
    assert visitor.send_form(old="wrong", new=NEW, repeat=NEW).status_code == 403
    assert visitor.send_form(old=given, new="short", repeat="short").status_code == 422
    changed = visitor.send_form(old=given, new=NEW, repeat=NEW)
    assert (changed.status_code, changed.headers["location"]) == (303, "/console/cases")

    other = Visitor(visitor.app)
    assert other.sign_in("ma.li", given).status_code == 401
    assert other.sign_in("ma.li", NEW).headers["location"] == "/console/"


def test_codes_are_set_up_by_scanning_and_confirmed_by_a_code(
    user: User, visitor: Visitor, clock: Clock
) -> None:
    del user
    visitor.sign_in("he.yan", PASSWORD)
    asked = visitor.get("/account/codes")
    assert 'src="data:image/svg+xml' in asked.text
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", asked.text)
    assert found is not None
    codes = TOTP(found[1].replace(" ", ""))

    again = visitor.send_form(code="000000")
    assert again.status_code == 422
    assert found[1] in again.text
    assert "已启用" in visitor.send_form(code=codes.at(clock.at)).text
    assert "已启用" in visitor.get("/account").text

    other = Visitor(visitor.app)
    assert "输入动态口令" in other.sign_in("he.yan", PASSWORD).text


def test_own_pages_ask_a_stranger_to_sign_in(visitor: Visitor) -> None:
    for path in ("/account", "/account/password?next=/x", "/account/codes"):
        answer = visitor.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/signin?next=%2Faccount")
    answer = visitor.get("/account", headers={"accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (401, "staff.sign_in")


def test_pages_with_a_form_are_kept_by_nobody(user: User, visitor: Visitor) -> None:
    del user
    answers: list[httpx.Response] = [visitor.get("/signin")]
    visitor.sign_in("he.yan", PASSWORD)
    answers += [visitor.get(path) for path in ("/signout", "/account", "/account/codes", "/")]
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}
