"""Signing in with a real identity provider, and with ones that misbehave."""

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from console.actions.staff.people import add_user, disable_user
from console.actions.staff.sign_in import signed_in
from console.desk import House
from console.web.site import Site
from integrations.identity import Begun, Identity, Provider
from integrations.marketplaces.base import SourceError, TurnedDown, Unreachable, Unreadable
from tests.browser import PUBLIC, Visitor, set_cookies, web_app
from tests.conftest import Clock, Desks
from tests.oidc import SECRET, OtherHouse, running

CALLBACK = f"{PUBLIC}/signin/oidc/callback"
ISSUER = "https://id.example"
KEY = RSAKey.generate_key(2048, {"kid": "k1"})
BEGUN = Begun("the-state", "the-nonce", "v" * 64)
ANSWER = {"state": "the-state", "code": "c"}


@pytest.fixture(scope="module")
def other_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OtherHouse]:
    with running(tmp_path_factory.mktemp("oidc"), CALLBACK) as provider:
        yield provider


@pytest.fixture
def visitor(house: House, other_house: OtherHouse) -> Visitor:
    return Visitor(web_app(Site.of(told(house, other_house.issuer))))


def told(house: House, issuer: str) -> House:
    given = {
        "oidc_issuer": issuer,
        "oidc_client_id": "channel",
        "oidc_client_secret": SECRET,
        "oidc_name": "集团统一认证",
    }
    return replace(house, settings=house.settings.model_copy(update=given))


def there(visitor: Visitor, path: str = "/signin/oidc") -> str:
    """Where our site sends a person."""
    answer = visitor.get(path)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def back(visitor: Visitor, address: str) -> httpx.Response:
    return visitor.get(address.removeprefix(PUBLIC))


def test_a_person_comes_in_through_their_provider_and_is_known_when_the_mail_changes(
    house: House, desks: Desks, other_house: OtherHouse, visitor: Visitor
) -> None:
    user, _ = add_user(
        desks.admin, organisation="CT-44", login="he@ct.example", name="何", elsewhere=True
    )
    other_house.say("he", email="He@ct.example", email_verified=True)
    assert "使用集团统一认证登录" in visitor.get("/signin?next=/console/cases").text

    address = there(visitor, "/signin/oidc?next=/console/cases")
    asked = parse_qs(urlsplit(address).query)
    assert (asked["code_challenge_method"], asked["response_type"]) == (["S256"], ["code"])
    answer = back(visitor, other_house.sign_in(address, "he"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/cases")
    person = signed_in(house, visitor.cookies.get("channel"))
    assert person is not None
    assert person.actor.id == user.id

    other_house.say("he", email="married@ct.example", email_verified=True)
    later = Visitor(visitor.app)
    answer = back(later, other_house.sign_in(there(later), "he"))
    assert answer.headers["location"] == "/console/"
    again = signed_in(house, later.cookies.get("channel"))
    assert again is not None
    assert again.actor.id == user.id

    disable_user(desks.admin, user.id)
    third = Visitor(visitor.app)
    assert back(third, other_house.sign_in(there(third), "he")).status_code == 403


def test_the_cookie_between_is_sealed_short_and_used_once(
    desks: Desks, other_house: OtherHouse, visitor: Visitor
) -> None:
    add_user(desks.admin, organisation="CT-44", login="wang", name="王", elsewhere=True)
    other_house.say("wang", preferred_username="wang")
    address = there(visitor)
    state = parse_qs(urlsplit(address).query)["state"][0]
    assert visitor.page is not None
    assert set_cookies(visitor.page)["channel-oidc"] == {"httponly", "path=/", "samesite=lax"}
    assert state not in visitor.page.headers["set-cookie"]

    kept = httpx.Cookies(visitor.cookies)
    way = other_house.sign_in(address, "wang")
    assert back(visitor, way).status_code == 303
    assert visitor.cookies.get("channel-oidc") is None
    assert back(visitor, way).status_code == 403

    replayed = Visitor(visitor.app, cookies=kept)
    answer = back(replayed, way)
    assert answer.status_code == 403
    assert "invalid_grant" in answer.text
    assert replayed.cookies.get("channel") is None


def test_an_answer_with_another_state_or_too_late_is_refused(
    desks: Desks, other_house: OtherHouse, visitor: Visitor, clock: Clock
) -> None:
    del desks
    other_house.say("x", preferred_username="chen.ming")
    way = other_house.sign_in(there(visitor), "x")
    state = parse_qs(urlsplit(way).query)["state"][0]
    forged = way.replace(state, "f" * len(state))
    assert "不是从本浏览器发起" in back(visitor, forged).text

    victim = Visitor(visitor.app)
    assert back(victim, way).status_code == 403

    way = other_house.sign_in(there(visitor), "x")
    clock.pass_(minutes=11)
    assert back(visitor, way).status_code == 403
    assert visitor.cookies.get("channel") is None


def test_who_was_not_invited_is_told_so(
    desks: Desks, other_house: OtherHouse, visitor: Visitor
) -> None:
    password = "a long password here"
    add_user(desks.admin, organisation="CT-44", login="own", name="own", password=password)
    other_house.say("stranger", email="stranger@x.example", email_verified=True)
    other_house.say("unverified", email="chen.ming", email_verified=False)
    other_house.say("claimant", preferred_username="own")
    for subject in ("stranger", "unverified", "claimant"):
        guest = Visitor(visitor.app)
        answer = back(guest, other_house.sign_in(there(guest), subject))
        assert answer.status_code == 403
        assert "没有为您开通账号" in answer.text or "没有您的账号" in answer.text
        assert guest.cookies.get("channel") is None


def test_a_person_may_turn_back_at_the_provider(visitor: Visitor) -> None:
    state = parse_qs(urlsplit(there(visitor)).query)["state"][0]
    answer = visitor.get(f"/signin/oidc/callback?state={state}&error=access_denied")
    assert answer.status_code == 403
    assert "access_denied" in answer.text


def test_a_provider_that_is_down_is_named_and_the_password_still_works(house: House) -> None:
    visitor = Visitor(web_app(Site.of(told(house, "http://127.0.0.1:9"))))
    answer = visitor.get("/signin/oidc")
    assert answer.status_code == 502
    assert "暂时连接不上" in answer.text
    assert 'name="password"' in visitor.get("/signin").text


def test_without_a_provider_there_is_no_button(house: House) -> None:
    visitor = Visitor(web_app(Site.of(house)))
    assert "/signin/oidc" not in visitor.get("/signin").text
    assert visitor.get("/signin/oidc").status_code == 404
    assert visitor.get("/signin/oidc/callback?state=x").status_code == 404


def claims(**changed: object) -> dict[str, Any]:
    now = int(time.time())
    given: dict[str, Any] = {
        "iss": ISSUER, "aud": "channel", "sub": "s", "iat": now, "exp": now + 60,
        "nonce": BEGUN.nonce, "preferred_username": "he",
    }  # fmt: skip
    return {name: claim for name, claim in {**given, **changed}.items() if claim is not None}


def signed(payload: dict[str, Any], key: RSAKey = KEY) -> str:
    return jwt.encode({"alg": "RS256", "kid": "k1"}, payload, key)


def provider(id_token: str, **paths: httpx.Response) -> Provider:
    """A provider that answers as told; what it is not told, it does right."""
    found = {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/auth",
        "token_endpoint": f"{ISSUER}/token",
        "jwks_uri": f"{ISSUER}/jwks",
        "userinfo_endpoint": f"{ISSUER}/me",
    }
    right = {
        "openid-configuration": httpx.Response(200, json=found),
        "token": httpx.Response(200, json={"id_token": id_token, "access_token": "a"}),
        "jwks": httpx.Response(200, json={"keys": [KEY.as_dict(private=False)]}),
        "me": httpx.Response(200, json={"sub": "s", "preferred_username": "me"}),
    }

    def answer(request: httpx.Request) -> httpx.Response:
        return {**right, **paths}[request.url.path.rsplit("/", 1)[1]]

    return Provider(ISSUER, "channel", SECRET, CALLBACK, httpx.MockTransport(answer))


def test_an_identity_is_read_from_a_good_token() -> None:
    assert provider(signed(claims())).identity(BEGUN, ANSWER) == Identity(ISSUER, "s", ("he",))


def test_a_name_may_come_from_the_userinfo_of_the_same_person() -> None:
    nameless = signed(claims(preferred_username=None))
    assert provider(nameless).identity(BEGUN, ANSWER).names == ("me",)
    other = httpx.Response(200, json={"sub": "t", "preferred_username": "admin"})
    with pytest.raises(Unreadable):
        provider(nameless, me=other).identity(BEGUN, ANSWER)


def _hmac() -> str:
    """Signed with our own public key as if it were a shared secret (RFC 8725 2.1)."""
    head, body = (
        urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": "HS256", "kid": "k1"}, claims())
    )
    mac = hmac.digest(KEY.as_pem(private=False), head + b"." + body, "sha256")
    return b".".join([head, body, urlsafe_b64encode(mac).rstrip(b"=")]).decode()


@pytest.mark.parametrize(
    "token",
    [
        lambda: signed(claims(iss="https://evil.example")),
        lambda: signed(claims(aud="another")),
        lambda: signed(claims(aud=["channel", "another"])),
        lambda: signed(claims(azp="another")),
        lambda: signed(claims(exp=int(time.time()) - 600)),
        lambda: signed(claims(exp=None)),
        lambda: signed(claims(nonce="another")),
        lambda: signed(claims(nonce=None)),
        lambda: signed(claims(sub=None)),
        lambda: signed(claims(iat=int(time.time()) + 600)),
        lambda: signed(claims(), RSAKey.generate_key(2048, {"kid": "k1"})),
        lambda: "eyJhbGciOiJub25lIn0." + signed(claims()).split(".")[1] + ".",
        _hmac,
        lambda: "not a token",
        lambda: "",
    ],
)
def test_a_token_that_is_not_for_us_now_is_refused(token: Callable[[], str]) -> None:
    with pytest.raises(Unreadable):
        provider(token()).identity(BEGUN, ANSWER)


def test_a_provider_fails_in_three_ways() -> None:
    def failure(**paths: httpx.Response) -> type[SourceError]:
        with pytest.raises(SourceError) as error:
            provider(signed(claims()), **paths).identity(BEGUN, ANSWER)
        return error.type

    assert failure(token=httpx.Response(503)) is Unreachable
    assert failure(token=httpx.Response(400, json={"error": "invalid_grant"})) is TurnedDown
    assert failure(token=httpx.Response(401, text="<html>")) is TurnedDown
    assert failure(token=httpx.Response(200, text="<html>")) is Unreadable
    assert failure(jwks=httpx.Response(200, json={"keys": [{"kty": "x"}]})) is Unreadable
    assert failure(**{"openid-configuration": httpx.Response(200, json={})}) is Unreadable


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"state": "another", "code": "c"}, TurnedDown),
        ({"code": "c"}, TurnedDown),
        ({**ANSWER, "error": "access_denied"}, TurnedDown),
        ({**ANSWER, "iss": "https://evil.example"}, Unreadable),
    ],
)
def test_a_forged_answer_is_refused(answer: dict[str, str], error: type[SourceError]) -> None:
    with pytest.raises(error):
        provider(signed(claims())).identity(BEGUN, answer)
