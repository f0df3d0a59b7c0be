"""OpenID Connect, as a client: the code flow with PKCE, state and nonce (OIDC Core 1.0, 3.1).

An identity is taken from an ID token alone, whose signature, issuer, audience, times and nonce
have been checked against the provider's published keys.
"""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.parse import quote_plus

import httpx
from authlib.oauth2.client import OAuth2Client
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ValidationError

from integrations.marketplaces.base import TurnedDown, Unreachable, Unreadable

_TIMEOUT: Final = httpx.Timeout(10, connect=3)
_LEEWAY: Final = 60
_SCOPE: Final = "openid email profile"
_ALGORITHMS: Final = ["RS256", "PS256", "ES256", "EdDSA", "Ed25519"]
"""Public keys only: an HMAC or `none` would let anyone vouch who knows our client's name."""

_Shape = TypeVar("_Shape", bound=BaseModel)


class _Discovery(BaseModel):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]


class _Keys(BaseModel):
    keys: list[dict[str, Any]]


class _Tokens(BaseModel):
    id_token: str
    access_token: str | None = None


class _Person(BaseModel):
    sub: str
    email: str | None = None
    email_verified: bool = False
    preferred_username: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        mail = self.email if self.email_verified else None
        return tuple(filter(None, [mail, self.preferred_username]))


class _Claims(_Person):
    azp: str | None = None
    aud: str | list[str]


@dataclass(frozen=True, slots=True)
class Begun:
    """What must be remembered between sending a person away and their coming back."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def fresh(cls) -> "Begun":
        return cls(*(secrets.token_urlsafe(48) for _ in range(3)))

    def facts(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Identity:
    issuer: str
    subject: str
    names: tuple[str, ...]
    """A verified mail address and a user name, where the provider gives them."""


@dataclass(frozen=True, slots=True)
class Provider:
    issuer: str
    client_id: str
    client_secret: str | None
    returns_to: str
    transport: httpx.BaseTransport | None = None

    def address(self, begun: Begun) -> str:
        """Where to send the person."""
        with self._http() as http:
            found = self._discover(http)
        client = OAuth2Client(
            None,
            self.client_id,
            redirect_uri=self.returns_to,
            scope=_SCOPE,
            code_challenge_method="S256",
        )
        pair: tuple[str, str] = client.create_authorization_url(  # pyright: ignore[reportUnknownMemberType]
            found.authorization_endpoint,
            state=begun.state,
            code_verifier=begun.verifier,
            nonce=begun.nonce,
        )
        return pair[0]

    def identity(self, begun: Begun, answer: Mapping[str, str]) -> Identity:
        """Who came back. `answer` is the query of the callback."""
        if not secrets.compare_digest(answer.get("state", "").encode(), begun.state.encode()):
            raise TurnedDown("oidc.state")
        if "error" in answer:
            raise TurnedDown("oidc.error", error=answer["error"][:100])
        with self._http() as http:
            found = self._discover(http)
            if answer.get("iss", found.issuer) != found.issuer:  # RFC 9207
                raise Unreadable("oidc.issuer", issuer=answer["iss"][:200])
            tokens = self._exchange(http, found, answer.get("code", ""), begun.verifier)
            keys = self._get(http, _Keys, found.jwks_uri)
            claims = self._verified(tokens.id_token, keys, begun.nonce)
            names = claims.names or self._names(http, found, tokens, claims.sub)
        return Identity(self.issuer, claims.sub, names)

    def _http(self) -> httpx.Client:
        return httpx.Client(timeout=_TIMEOUT, transport=self.transport)

    def _discover(self, http: httpx.Client) -> _Discovery:
        base = self.issuer.rstrip("/")
        found = self._get(http, _Discovery, f"{base}/.well-known/openid-configuration")
        if found.issuer != self.issuer:
            raise Unreadable("oidc.issuer", issuer=found.issuer)
        return found

    def _exchange(self, http: httpx.Client, found: _Discovery, code: str, verifier: str) -> _Tokens:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.returns_to,
            "code_verifier": verifier,
        }
        basic = "client_secret_basic" in found.token_endpoint_auth_methods_supported
        if self.client_secret is None:
            form["client_id"] = self.client_id
        elif not basic:
            form |= {"client_id": self.client_id, "client_secret": self.client_secret}
        auth = (
            httpx.BasicAuth(_quoted(self.client_id), _quoted(self.client_secret))
            if basic and self.client_secret is not None
            else None
        )
        request = http.build_request("POST", found.token_endpoint, data=form)
        return _ask(http, request, _Tokens, auth)

    def _get(self, http: httpx.Client, shape: type[_Shape], url: str) -> _Shape:
        return _ask(http, http.build_request("GET", url), shape)

    def _names(
        self, http: httpx.Client, found: _Discovery, tokens: _Tokens, subject: str
    ) -> tuple[str, ...]:
        """Most providers name a person at their userinfo endpoint only (OIDC Core 5.3, 5.4)."""
        if found.userinfo_endpoint is None or tokens.access_token is None:
            return ()
        bearer = {"authorization": f"Bearer {tokens.access_token}"}
        request = http.build_request("GET", found.userinfo_endpoint, headers=bearer)
        person = _ask(http, request, _Person)
        if person.sub != subject:
            raise Unreadable("oidc.userinfo", problem="sub")
        return person.names

    def _verified(self, id_token: str, keys: _Keys, nonce: str) -> _Claims:
        rules = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            usable = KeySet.import_key_set({"keys": keys.keys})  # pyright: ignore[reportArgumentType]
            token = jwt.decode(id_token, usable, algorithms=_ALGORITHMS)
            rules.validate(token.claims)
            claims = _Claims.model_validate(token.claims)
        except (JoseError, ValueError) as error:
            raise Unreadable("oidc.token", problem=type(error).__name__) from error
        several = isinstance(claims.aud, list) and len(claims.aud) > 1
        if claims.azp not in ({self.client_id} if several else {self.client_id, None}):
            raise Unreadable("oidc.token", problem="azp")
        return claims


def _quoted(part: str) -> str:
    """RFC 6749 2.3.1: encoded before it goes into the header."""
    return quote_plus(part)


def _ask(
    http: httpx.Client,
    request: httpx.Request,
    shape: type[_Shape],
    auth: httpx.BasicAuth | None = None,
) -> _Shape:
    try:
        response = http.send(request, auth=auth)
    except httpx.TransportError as error:
        raise Unreachable("oidc.transport", kind=type(error).__name__) from error
    if response.is_server_error or response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        raise Unreachable("oidc.status", status=response.status_code)
    if not response.is_success:
        raise TurnedDown("oidc.status", status=response.status_code, error=_error_in(response))
    try:
        return shape.model_validate_json(response.content)
    except ValidationError as error:
        raise Unreadable("oidc.answer", path=request.url.path) from error


class _Error(BaseModel):
    error: str = ""


def _error_in(response: httpx.Response) -> str:
    try:
        return _Error.model_validate_json(response.content).error[:100]
    except ValidationError:
        return ""
